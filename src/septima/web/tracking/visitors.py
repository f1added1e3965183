"""Telling visitors of one day apart without keeping who they are.

The name of a visitor is a hash of address and browser, salted by random bits of the day that are thrown away when the
day (UTC) is over: then nobody, not even whoever has the site's folder, can go back from it or follow anybody to another day.
"""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

from septima.durable import OWNER_ALONE, write_once
from septima.web.common.requests import sender_of

_SALT = "salt-"
_BYTES = 32
_known: dict[Path, tuple[str, bytes]] = {}


def asks_not_to_be_tracked(environ: Mapping[str, str]) -> bool:
    """Whether a request says so, by Global Privacy Control or by Do Not Track."""
    return environ.get("HTTP_SEC_GPC") == "1" or environ.get("HTTP_DNT") == "1"


def visitor_of(environ: Mapping[str, str], day: str, folder: Path) -> str:
    """The name of a visitor on this day; `folder` holds the day's salt, which all processes share."""
    known = _known.get(folder)
    if known is None or known[0] != day:
        known = _known[folder] = day, _salt(day, folder)
    seen = f"{sender_of(environ)}\0{environ.get('HTTP_USER_AGENT', '')}"
    return hashlib.blake2b(seen.encode("utf-8", "replace"), key=known[1], digest_size=8).hexdigest()


def forget_all() -> None:
    """Remember no salt, as a process that has just begun."""
    _known.clear()


def _salt(day: str, folder: Path) -> bytes:
    """The salt of a day, made where there is none; those of days before are thrown away."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{_SALT}{day}"
    for old in folder.glob(f"{_SALT}*"):
        if old.name < path.name:
            old.unlink(missing_ok=True)
    write_once(path, os.urandom(_BYTES), OWNER_ALONE)
    return path.read_bytes()
