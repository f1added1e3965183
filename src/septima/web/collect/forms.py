"""How the bodies of requests are read: as messages to be counted when they come, and as rows when they go to the lake."""

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from septima.collect import bodies, cloudevents, mail, segment
from septima.collect.bodies import Body
from septima.collect.message import Message
from septima.web.collect.models import Parcel

Headers = Mapping[str, str]


@dataclass(frozen=True)
class Form:
    """A form of body: the messages in it as they stand, and how one of them is meant; None for what says nothing."""

    messages: Callable[[bytes, Headers], Body]
    meant: Callable[[object, Body, datetime], Message | None]


def _segment(read: Callable[[bytes], Body]) -> Form:
    return Form(lambda body, _: read(body), lambda sent, of, at: segment.message_of(sent, of.sent_at, at))


def _single(kind: str) -> Form:
    return _segment(lambda body: bodies.single_of(body, kind))


def _listed(read: Callable[[bytes], list[object]]) -> Callable[[bytes, Headers], Body]:
    return lambda body, _: Body(read(body), None, None)


FORMS: dict[str, Form] = {
    "batch": _segment(bodies.batch_of),
    **{kind: _single(kind) for kind in ("track", "identify", "page", "screen", "group", "alias")},
    "cloudevents": Form(
        lambda body, headers: Body(cloudevents.events_of(body, headers.get("content-type", ""), headers), None, None),
        lambda sent, _, at: cloudevents.message_of(sent, at),
    ),
    "sendgrid": Form(_listed(mail.sendgrid_events), lambda sent, _, at: mail.sendgrid_message(sent, at)),
    "mailgun": Form(_listed(mail.mailgun_events), lambda sent, _, at: mail.mailgun_message(sent, at)),
}


def packed(body: bytes) -> bytes:
    """A body as the inbox keeps it."""
    return zlib.compress(body, 1)


def messages_of(parcel: Parcel) -> list[Message]:
    """The messages of a parcel; one without a name of its own is named by its place in the parcel."""
    form = FORMS[parcel.form]
    body = form.messages(zlib.decompress(parcel.body), parcel.headers)
    meant = (form.meant(sent, body, parcel.received_at) for sent in body.messages)
    return [
        message if message.id else _named(message, f"{parcel.pk}-{place}")
        for place, message in enumerate(meant, start=1)
        if message is not None
    ]


def _named(message: Message, name: str) -> Message:
    return message if message.kind == "unknown" else replace(message, id=name)
