"""Secrets that must be read again, and therefore are kept encrypted by a key made from the site's own."""

import base64
import hashlib

from cryptography.fernet import Fernet
from django.conf import settings


def closed(text: str, purpose: str) -> str:
    """A secret as it is kept; what is kept for one purpose cannot be read for another."""
    return _cipher(purpose).encrypt(text.encode()).decode() if text else ""


def opened(kept: str, purpose: str) -> str:
    """A secret as it was given."""
    return _cipher(purpose).decrypt(kept.encode()).decode() if kept else ""


def _cipher(purpose: str) -> Fernet:
    key = hashlib.sha256(f"{purpose}\0{settings.SECRET_KEY}".encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))
