"""Secrets of web hooks, which must be read again and therefore are kept encrypted by a key made from the site's own."""

import base64
import hashlib

from cryptography.fernet import Fernet
from django.conf import settings


def closed(text: str) -> str:
    """A secret as it is kept."""
    return _cipher().encrypt(text.encode()).decode() if text else ""


def opened(kept: str) -> str:
    """A secret as it was given."""
    return _cipher().decrypt(kept.encode()).decode() if kept else ""


def _cipher() -> Fernet:
    key = hashlib.sha256(b"secrets of sources\0" + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))
