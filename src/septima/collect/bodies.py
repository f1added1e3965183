"""Bodies of requests: how large, how deep and how many they may be, and the messages that they hold."""

import json
import zlib
from dataclasses import dataclass
from typing import Any, cast

from septima.schema import SeptimaError, Text

MOST_BATCH_BYTES = 500_000
"""Of a batch, unpacked (Segment's HTTP tracking API)."""
MOST_MESSAGE_BYTES = 32_000
"""Of one message in it (Segment's HTTP tracking API)."""
MOST_MESSAGES = 5_000
_DEEPEST = 64
_CHUNK = 65_536

Json = dict[str, Any]


class BodyError(SeptimaError):
    """A body cannot be taken as it is; its sender is told what is wrong."""


class TooLargeError(BodyError):
    """A body is larger than its sender was told that it may be."""


@dataclass(frozen=True)
class Body:
    """What a request brought: the messages as they stand, the time at which the sender sent them, and its write key."""

    messages: list[object]
    sent_at: str | None
    write_key: str | None


def unpacked(raw: bytes, encoding: str, most: int = MOST_BATCH_BYTES) -> bytes:
    """The bytes of a body as its `Content-Encoding` says; TooLargeError past `most`, however small it was packed."""
    if encoding in {"", "identity"}:
        if len(raw) > most:
            raise _too_large(most)
        return raw
    if encoding not in {"gzip", "x-gzip"}:
        raise BodyError(
            Text(
                f"the encoding {encoding!r} is not known; send the body plain or as gzip",
                f"кодировка {encoding!r} не\u00a0известна; присылайте тело без сжатия или в\u00a0gzip",
            )
        )
    unpacker = zlib.decompressobj(wbits=31)
    try:
        content = unpacker.decompress(raw, most + 1)
    except zlib.error as error:
        raise BodyError(
            Text(
                f"the body is no gzip: {error}; pack it anew", f"тело\u00a0— не\u00a0gzip: {error}; упакуйте его заново"
            )
        ) from error
    if len(content) > most:
        raise _too_large(most)
    if not unpacker.eof:
        raise BodyError(Text("the gzip body ends early; send it again", "тело gzip обрывается; пришлите его ещё раз"))
    return content


def decoded(body: bytes) -> object:
    """The JSON value of a body.

    BodyError where it is none, or where it is nested too deep.
    """
    try:
        value: object = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BodyError(
            Text(f"the body is not JSON: {error}", f"тело\u00a0— не\u00a0JSON: {error}; проверьте запрос")
        ) from error
    if _deeper_than(value, _DEEPEST):
        raise BodyError(
            Text(
                f"the body is nested more than {_DEEPEST} deep; send flat properties",
                f"вложенность тела больше {_DEEPEST}; присылайте плоские свойства",
            )
        )
    return value


def batch_of(body: bytes) -> Body:
    """The messages of a batch: `{"batch": [...], "sentAt": ..., "writeKey": ...}`, with `context` of all of them."""
    value = _object(decoded(body))
    messages = value.get("batch")
    if not isinstance(messages, list):
        raise BodyError(
            Text(
                'the body has no list "batch"; send {"batch": […]}',
                'в\u00a0теле нет списка «batch»; присылайте {"batch": […]}',
            )
        )
    listed = cast("list[object]", messages)
    if len(listed) > MOST_MESSAGES:
        raise TooLargeError(
            Text(
                f"a batch holds at most {MOST_MESSAGES:,} messages; send it in parts",
                f"в\u00a0пакете может быть не\u00a0больше {MOST_MESSAGES} сообщений; разделите его",
            )
        )
    for number, message in enumerate(listed, start=1):
        if len(body) > MOST_MESSAGE_BYTES and len(json.dumps(message)) > MOST_MESSAGE_BYTES:
            raise TooLargeError(
                Text(
                    f"message {number} is larger than {MOST_MESSAGE_BYTES:,} bytes; shorten its properties",
                    f"сообщение {number} больше {MOST_MESSAGE_BYTES} байт; сократите его свойства",
                )
            )
    shared = value.get("context")
    if isinstance(shared, dict):
        listed = [_with_context(message, cast("Json", shared)) for message in listed]
    return Body(listed, _text(value.get("sentAt")), _text(value.get("writeKey")))


def single_of(body: bytes, kind: str) -> Body:
    """The one message of a call such as `/v1/track`."""
    if len(body) > MOST_MESSAGE_BYTES:
        raise _too_large(MOST_MESSAGE_BYTES)
    value = _object(decoded(body))
    return Body([{**value, "type": kind}], _text(value.get("sentAt")), _text(value.get("writeKey")))


def _object(value: object) -> Json:
    if not isinstance(value, dict):
        raise BodyError(Text("the body is no JSON object {…}", "тело\u00a0— не\u00a0объект JSON {…}; проверьте запрос"))
    return cast("Json", value)


def _with_context(message: object, shared: Json) -> object:
    if not isinstance(message, dict):
        return message
    own = cast("Json", message)
    context = own.get("context")
    return {**own, "context": {**shared, **cast("Json", context)} if isinstance(context, dict) else shared}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _too_large(most: int) -> TooLargeError:
    return TooLargeError(
        Text(f"the body is larger than {most:,} bytes; send it in parts", f"тело больше {most} байт; разделите его")
    )


def _deeper_than(value: object, most: int) -> bool:
    """Whether lists and objects stand in one another more than `most` deep; walked level by level, not by calling itself."""
    level: list[object] = [value]
    for _ in range(most):
        inner: list[object] = []
        for one in level:
            if isinstance(one, dict):
                inner.extend(part for part in cast("Json", one).values() if isinstance(part, dict | list))
            elif isinstance(one, list):
                inner.extend(part for part in cast("list[object]", one) if isinstance(part, dict | list))
        if not inner:
            return False
        level = inner
    return True
