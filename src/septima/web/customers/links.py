"""Addresses of customers that say nothing: a customer's id, which may itself be personal, is sealed into them.

The same customer of an organisation always has the same address. One that was forged, or made for another organisation,
opens nothing.
"""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from django.conf import settings
from django.http import Http404

from septima.web.accounts.models import Organisation


def seal(organisation: Organisation, customer_id: str) -> str:
    """What stands for the customer in addresses of this organisation."""
    sealed = _cipher().encrypt(customer_id.encode(), [_of(organisation)])
    return urlsafe_b64encode(sealed).decode().rstrip("=")


def unseal(organisation: Organisation, token: str) -> str:
    """The customer's id; Http404 where the token is none of this organisation's."""
    try:
        sealed = urlsafe_b64decode(token + "=" * (-len(token) % 4))
        # One customer has one address: what decodes to the same bytes by other letters is not it.
        if urlsafe_b64encode(sealed).decode().rstrip("=") != token:
            raise Http404
        return _cipher().decrypt(sealed, [_of(organisation)]).decode()
    except (InvalidTag, Error, ValueError) as error:
        raise Http404 from error


def _of(organisation: Organisation) -> bytes:
    return f"organisation {organisation.pk}".encode()


def _cipher() -> AESSIV:
    return AESSIV(hashlib.sha512(b"customers\0" + settings.SECRET_KEY.encode()).digest())


def mark_of(organisation: Organisation, customer_id: str) -> str:
    """What stands for the customer in the audit log: always the same, and never to be turned back into the id."""
    secret = b"marks of customers\0" + settings.SECRET_KEY.encode()
    told = hmac.new(secret, f"{organisation.pk}\0{customer_id}".encode(), hashlib.sha256)
    return told.hexdigest()[:12]
