"""What a request says of itself: at which address it reached the site, and from which it came."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest

LOOPBACK = frozenset({"127.0.0.1", "::1", ""})
"""Addresses of this machine itself; a socket of the file system has none."""


def origin_of(request: HttpRequest) -> str:
    """The site's own origin, as the person reached it."""
    return f"{request.scheme}://{request.get_host()}"


def sender_of(environ: Mapping[str, Any]) -> str:
    """The address that a request came from; of what a proxy on this machine passes on, the one that it speaks for."""
    address = str(environ.get("REMOTE_ADDR", ""))
    if address in LOOPBACK:
        return str(environ.get("HTTP_X_FORWARDED_FOR", "")).rpartition(",")[2].strip() or address
    return address
