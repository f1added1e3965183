"""CloudEvents 1.0 in JSON: one, a batch, or the body of one whose attributes stand in headers (CNCF, 2019)."""

from collections.abc import Mapping
from datetime import datetime
from typing import cast

from septima.collect.bodies import BodyError, decoded
from septima.collect.message import Json, Message, moment, part, word
from septima.schema import Text

_REQUIRED = ("id", "source", "type", "specversion")


def events_of(body: bytes, content_type: str, headers: Mapping[str, str]) -> list[object]:
    """The events of a request; `headers` by their names in small letters. BodyError where it holds none."""
    value = decoded(body) if body else None
    if content_type == "application/cloudevents-batch+json":
        if not isinstance(value, list):
            raise BodyError(
                Text("a batch of CloudEvents is a list […]", "пакет CloudEvents\u00a0— список […]; проверьте запрос")
            )
        return cast("list[object]", value)
    if content_type == "application/cloudevents+json":
        return [value]
    attributes = {name.removeprefix("ce-"): text for name, text in headers.items() if name.startswith("ce-")}
    missing = [name for name in _REQUIRED if name not in attributes]
    if missing:
        raise BodyError(
            Text(
                f"a CloudEvent needs the header ce-{missing[0]}, or the type application/cloudevents+json",
                f"событию CloudEvents нужен заголовок ce-{missing[0]} или тип application/cloudevents+json",
            )
        )
    return [{**attributes, "data": value}]


def message_of(sent: object, received_at: datetime) -> Message:
    """An event as a message: its `source` and `id` together tell it from all others, `subject` is the customer."""
    whole = cast("Json", sent) if isinstance(sent, dict) else {"data": {"message": sent}}
    source, own = word(whole.get("source")), word(whole.get("id"))
    data, named = part(whole, "data"), whole.get("time")
    user = data.get("userId") or data.get("user_id") or data.get("customer_id") or whole.get("subject")
    return Message(
        id=f"{source}/{own}" if source and own else None,
        kind="track",
        name=word(whole.get("type")),
        user=word(user),
        visitor=word(data.get("anonymousId") or data.get("anonymous_id")),
        at=received_at if named is None else moment(named) or str(named),
        properties=data or ({} if whole.get("data") is None else {"data": whole["data"]}),
        context={"source": source} if source else {},
    )
