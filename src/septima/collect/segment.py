"""Messages of Segment's HTTP tracking API, which many tracking clients speak (Segment, Spec: Common Fields)."""

from datetime import datetime, timedelta
from typing import cast

from septima.collect.message import KINDS, Json, Message, moment, part, word

_WITHIN = timedelta(days=36_500)


def message_of(sent: object, sent_at: str | None, received_at: datetime) -> Message:
    """A message as it stands in a batch; `sent_at` is the batch's own, where the message names none."""
    whole = cast("Json", sent) if isinstance(sent, dict) else {"properties": {"message": sent}}
    context, kind = part(whole, "context"), KINDS.get(str(whole.get("type")), "unknown")
    traits = {**part(context, "traits"), **part(whole, "traits")} if kind == "identify" else part(whole, "traits")
    name = whole.get("event") if kind == "track" else whole.get("name")
    return Message(
        id=word(whole.get("messageId")),
        kind=kind,
        name=word(name),
        user=word(whole.get("userId")),
        visitor=word(whole.get("anonymousId")),
        at=_at(whole, sent_at, received_at),
        properties=part(whole, "properties"),
        traits=traits,
        context=context,
        previous=word(whole.get("groupId") if kind == "group" else whole.get("previousId")),
    )


def _at(whole: Json, batch_sent_at: str | None, received_at: datetime) -> datetime | str:
    """When it happened, by the server's clock.

    A device's clock may be wrong, but it is as wrong when the message is sent as when it was made: what lies between is
    counted back from when it was received.
    """
    named = whole.get("originalTimestamp") or whole.get("timestamp")
    if named is None:
        return received_at
    made, sent = moment(named), moment(whole.get("sentAt") or batch_sent_at)
    if made is None:
        return str(named)
    if sent is None or abs(sent - made) > _WITHIN:
        return made
    return received_at - (sent - made)
