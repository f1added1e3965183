"""Tokens of customers in personal links: nobody can make one or read the customer from it (AES-SIV, RFC 5297).

A token is of one customer and one link. The site's key makes it; keys in SECRET_KEY_FALLBACKS are still taken.
"""

import base64
import binascii
import hashlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from django.conf import settings

LONGEST_CUSTOMER = 200
_LONGEST_TOKEN = 1_200
_ciphers: dict[str, AESSIV] = {}


def token_of(customer: str, code: str) -> str:
    """The token of a customer for the link of this code; the same whenever it is asked for."""
    sealed = _cipher(settings.SECRET_KEY).encrypt(customer.encode(), [code.encode()])
    return _written(sealed)


def customer_of(token: str, code: str) -> str | None:
    """The customer of a token; None where it was forged or is of another link."""
    if not token or len(token) > _LONGEST_TOKEN:
        return None
    try:
        sealed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    if _written(sealed) != token:  # bits that base64 leaves over were changed
        return None
    for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        try:
            return _cipher(key).decrypt(sealed, [code.encode()]).decode()
        except (InvalidTag, ValueError):
            continue
    return None


def _written(sealed: bytes) -> str:
    return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()


def _cipher(key: str) -> AESSIV:
    if key not in _ciphers:
        _ciphers[key] = AESSIV(hashlib.sha256(f"customers in tracked links\0{key}".encode()).digest())
    return _ciphers[key]
