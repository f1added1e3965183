"""A soft limit on how fast one address answers an open link. Addresses are never written anywhere, not even hashed.

Each process counts for itself and forgets within a minute: the limit is there to slow a flood down, not to count.
"""

import hashlib
import os
import time
from collections import OrderedDict

from django.http import HttpRequest

from septima.web.common.requests import LOOPBACK, sender_of

WINDOW_S = 60
MOST = 60
"""Submissions of one address in a minute: a call centre behind one address stays below, a flood does not."""
_MOST_KNOWN = 10_000
_SALT = os.urandom(16)
_counts: OrderedDict[bytes, tuple[float, int]] = OrderedDict()


def too_fast(request: HttpRequest) -> bool:
    """Whether this address has sent too much within the last minute; counts the request.

    What comes from this machine itself, without a proxy's word for whom, is no flood from outside.
    """
    if sender_of(request.META) in LOOPBACK:
        return False
    name, now = _name(request), time.monotonic()
    began, count = _counts.pop(name, (now, 0))
    if now - began >= WINDOW_S:
        began, count = now, 0
    _counts[name] = began, count + 1
    while len(_counts) > _MOST_KNOWN:
        _counts.popitem(last=False)
    return count >= MOST


def forget_all() -> None:
    """Begin anew."""
    _counts.clear()


def _name(request: HttpRequest) -> bytes:
    return hashlib.sha256(_SALT + sender_of(request.META).encode()).digest()
