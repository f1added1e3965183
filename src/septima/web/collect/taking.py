"""Taking what a request brings: known by its key, read as far as to be sure that it can be, and on disk before it is answered."""

import base64
import binascii
import time
from collections.abc import Mapping, Sequence

from django.db.models import Sum
from django.http import HttpRequest
from django.utils import timezone

from septima.schema import SeptimaError, Text
from septima.web.accounts.models import token_hash
from septima.web.collect.forms import FORMS, packed
from septima.web.collect.models import Parcel, Source
from septima.web.common.together import Together

MOST_WAITING = 1_000_000
"""Messages that may wait in the inbox of an organisation; past it senders are asked to come again."""
COME_AGAIN_S = 15
_KNOWN_FOR_S = 5.0
_COUNTED_FOR_S = 1.0
_sources: dict[str, tuple[float, Source | None]] = {}
_waiting: dict[int, tuple[float, int]] = {}


class UnknownKeyError(SeptimaError):
    """The write key is of no source that takes anything."""


class FullError(SeptimaError):
    """So much waits to be brought to the lake that no more is taken for a while."""


def key_of(request: HttpRequest, in_body: str | None = None) -> str:
    """The write key of a request: the user of Basic authentication, a bearer token, or `writeKey` in the body."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(given.strip()).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    if scheme.lower() == "bearer":
        return given.strip()
    return in_body or ""


def source_of(key: str, kind: str) -> Source:
    """The source of a write key; UnknownKeyError where there is none of this kind that is open.

    It is remembered for some seconds, so that a key that was closed may be taken for as long.
    """
    name, now = token_hash(key), time.monotonic()
    at, source = _sources.get(name, (-_KNOWN_FOR_S, None))
    if source is None or now - at > _KNOWN_FOR_S:
        source = Source.objects.select_related("organisation").filter(key_hash=name, closed_at=None).first()
        if source is not None:
            _sources[name] = now, source
        else:
            _sources.pop(name, None)
    if source is None or source.kind != kind:
        raise UnknownKeyError(
            Text(
                "the write key is not known; copy it from the page of the source once more",
                "ключ записи не\u00a0известен; скопируйте его ещё раз со\u00a0страницы источника",
            )
        )
    return source


def take(source: Source, form: str, body: bytes, headers: Mapping[str, str] | None = None) -> int:
    """Keep a body until the lake has it; when this returns, the database has it on disk. Gives the number of messages.

    BodyError where it cannot be read; FullError where too much waits already. Then nothing was kept.
    """
    kept = dict(headers or {})
    messages = len(FORMS[form].messages(body, kept).messages)
    if messages == 0:
        return 0
    if waiting(source.organisation_id) > MOST_WAITING:  # pyright: ignore[reportAttributeAccessIssue] # Django adds it
        raise FullError(
            Text(
                f"so much waits here already; send it again in {COME_AGAIN_S} seconds",
                f"здесь уже слишком много ждёт; пришлите ещё раз через {COME_AGAIN_S} секунд",
            )
        )
    parcel = Parcel(
        source=source, form=form, body=packed(body), headers=kept, messages=messages, received_at=timezone.now()
    )
    _parcels.put(parcel)
    return messages


def _write(parcels: Sequence[Parcel]) -> None:
    Parcel.objects.bulk_create(parcels)


_parcels = Together(_write)


def waiting(organisation: int) -> int:
    """How many messages of an organisation wait, as of a second ago at most."""
    at, count = _waiting.get(organisation, (-_COUNTED_FOR_S, 0))
    now = time.monotonic()
    if now - at > _COUNTED_FOR_S:
        rows = Parcel.objects.filter(source__organisation=organisation, problem="")
        count = rows.aggregate(sum=Sum("messages"))["sum"] or 0
        _waiting[organisation] = now, count
    return count


def forget_all() -> None:
    """Remember nothing of sources and of what waits, as a process that has just begun."""
    _sources.clear()
    _waiting.clear()
