"""Web hooks of mail services: SendGrid's and Mailgun's, with the check of their signatures.

Both tell of one address what a letter to it met. The names of what happened are those of Segment's e-mail specification.
"""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from septima.collect.bodies import BodyError, decoded
from septima.collect.message import Json, Message, moment, part, word
from septima.schema import SeptimaError, Text

_FRESH = timedelta(hours=12)
_NAMES = {
    "processed": "Email Sent",
    "accepted": "Email Sent",
    "delivered": "Email Delivered",
    "open": "Email Opened",
    "opened": "Email Opened",
    "click": "Email Link Clicked",
    "clicked": "Email Link Clicked",
    "bounce": "Email Bounced",
    "dropped": "Email Bounced",
    "failed": "Email Bounced",
    "rejected": "Email Bounced",
    "spamreport": "Email Marked as Spam",
    "complained": "Email Marked as Spam",
    "unsubscribe": "Unsubscribed",
    "group_unsubscribe": "Unsubscribed",
    "unsubscribed": "Unsubscribed",
}


class SignatureError(SeptimaError):
    """A web hook was not signed by the service that it names."""


def check_sendgrid(body: bytes, signature: str, timestamp: str, public_key: str, now: datetime) -> None:
    """SignatureError where the body was not signed by the key's owner, or long ago.

    `public_key` is as SendGrid's page shows it, in base64; `signature` and `timestamp` are the headers
    X-Twilio-Email-Event-Webhook-Signature and -Timestamp.
    """
    try:
        key = load_der_public_key(base64.b64decode(public_key))
        if not isinstance(key, ec.EllipticCurvePublicKey):
            raise _unsigned()
        key.verify(base64.b64decode(signature), timestamp.encode() + body, ec.ECDSA(SHA256()))
    except (InvalidSignature, ValueError) as error:
        raise _unsigned() from error
    _check_fresh(timestamp, now)


def check_mailgun(body: bytes, signing_key: str, now: datetime) -> None:
    """SignatureError where the body's own `signature` is not of this key, or of long ago."""
    value = decoded(body)
    signed = part(cast("Json", value), "signature") if isinstance(value, dict) else {}
    timestamp, token = str(signed.get("timestamp", "")), str(signed.get("token", ""))
    meant = hmac.new(signing_key.encode(), (timestamp + token).encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(meant.encode(), str(signed.get("signature", "")).encode()):
        raise _unsigned()
    _check_fresh(timestamp, now)


def sendgrid_events(body: bytes) -> list[object]:
    """The events of a SendGrid web hook; BodyError where it is none."""
    value = decoded(body)
    if not isinstance(value, list):
        raise BodyError(
            Text("a SendGrid web hook is a list […]", "веб-хук SendGrid\u00a0— список […]; проверьте запрос")
        )
    return cast("list[object]", value)


def mailgun_events(body: bytes) -> list[object]:
    """The event of a Mailgun web hook; BodyError where it is none."""
    value = decoded(body)
    if not isinstance(value, dict) or "event-data" not in value:
        raise BodyError(
            Text('a Mailgun web hook has "event-data"', "в\u00a0веб-хуке Mailgun есть «event-data»; проверьте запрос")
        )
    return [cast("Json", value)["event-data"]]


def sendgrid_message(sent: object, received_at: datetime) -> Message | None:
    """An event of SendGrid; None for what is no news of a letter, such as a delay."""
    whole = cast("Json", sent) if isinstance(sent, dict) else {"event": None, "message": sent}
    return _message(
        whole,
        own=whole.get("sg_event_id"),
        address=whole.get("email"),
        user=whole.get("customer_id") or whole.get("user_id") or whole.get("userId"),
        at=whole.get("timestamp"),
        received_at=received_at,
        letter=whole.get("sg_message_id"),
    )


def mailgun_message(sent: object, received_at: datetime) -> Message | None:
    """An event of Mailgun; None for what is no news of a letter, such as a delay."""
    whole = cast("Json", sent) if isinstance(sent, dict) else {"event": None, "message": sent}
    if whole.get("event") == "failed" and whole.get("severity") == "temporary":
        return None
    variables = part(whole, "user-variables")
    return _message(
        whole,
        own=whole.get("id"),
        address=whole.get("recipient"),
        user=variables.get("customer_id") or variables.get("user_id") or variables.get("userId"),
        at=whole.get("timestamp"),
        received_at=received_at,
        letter=part(part(whole, "message"), "headers").get("message-id"),
    )


def address_name(address: str) -> str:
    """By what a customer of whom only the address is known is called: not the address itself, which is personal."""
    return f"email-{hashlib.sha256(address.strip().lower().encode()).hexdigest()[:20]}"


def _message(
    whole: Json, *, own: object, address: object, user: object, at: object, received_at: datetime, letter: object
) -> Message | None:
    happened = word(whole.get("event"))
    if happened in {"deferred", "list_member_uploaded", "stored"}:
        return None
    to = word(address)
    tags = whole.get("category") or whole.get("tags")
    first = cast("list[object]", tags)[0] if isinstance(tags, list) and tags else tags
    properties = {
        "email_id": letter,
        "link_url": whole.get("url"),
        "campaign_id": whole.get("campaign_id") or word(first),
        "reason": whole.get("reason"),
        "event": happened,
    }
    return Message(
        id=word(own),
        kind="track",
        name=_NAMES.get(happened or "", happened),
        user=word(user) or (address_name(to) if to else None),
        visitor=None,
        at=received_at if at is None else moment(at) or str(at),
        properties={name: value for name, value in properties.items() if value is not None},
        traits={"email": to} if to else {},
    )


def _check_fresh(timestamp: str, now: datetime) -> None:
    try:
        signed_at = datetime.fromtimestamp(int(timestamp), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise _unsigned() from error
    if abs(now - signed_at) > _FRESH:
        raise SignatureError(
            Text(
                "the signature is of another day; check the clocks of both sides",
                "подпись другого дня; проверьте часы обеих сторон",
            )
        )


def _unsigned() -> SignatureError:
    return SignatureError(
        Text(
            "the signature is not of the key that is set here; copy the key from the mail service once more",
            "подпись сделана не\u00a0тем ключом, что указан здесь; скопируйте ключ из\u00a0почтовой службы ещё раз",
        )
    )
