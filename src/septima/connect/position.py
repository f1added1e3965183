"""How far a table was read: the newest value of its cursor, and from where the next read begins."""

import math
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from septima.connect.definition import Read
from septima.connect.errors import ConnectError
from septima.schema import Text

Value = int | float | Decimal | str | date | datetime
Packed = int | float | str | list[str]


def packed(value: Value) -> Packed:
    """A value of a cursor as it is kept in the state of a pipeline."""
    if isinstance(value, datetime):
        return ["moment", value.isoformat()]
    if isinstance(value, date):
        return ["day", value.isoformat()]
    return ["decimal", str(value)] if isinstance(value, Decimal) else value


def unpacked(kept: Packed | None) -> Value | None:
    """The value that was packed; None where none was."""
    if not isinstance(kept, list):
        return kept
    kind, text = kept
    if kind == "moment":
        return datetime.fromisoformat(text)
    return date.fromisoformat(text) if kind == "day" else Decimal(text)


def start(position: Value, read: Read) -> Value:
    """From where to read on: the position less the overlap; ConnectError where the overlap does not fit the cursor."""
    seconds, count = read.overlap.seconds, read.overlap.count
    if isinstance(position, int | float | Decimal):
        if count is None:
            raise _unfit(read, Text("a number, such as `overlap: 1000`", "число, например `overlap: 1000`"))
        return position - count
    if seconds is None:
        raise _unfit(read, Text("a time, such as `overlap: 2 hours`", "время, например `overlap: 2 hours`"))
    if isinstance(position, datetime):
        return position - timedelta(seconds=seconds)
    if isinstance(position, date):
        return position - timedelta(days=math.ceil(seconds / 86400))
    return _text_start(position, seconds, read)


def _text_start(position: str, seconds: float, read: Read) -> str:
    if seconds == 0:
        return position
    try:
        moment = datetime.fromisoformat(position)
    except ValueError:
        raise ConnectError(
            read.place.before(
                Text(
                    f"{read.origin}: {position!r} in the cursor {read.cursor} is no time of the form 2026-11-29 10:00:00, so no "
                    "overlap can be taken from it; choose another cursor, or leave it out to read the whole table each time",
                    f"{read.origin}: «{position}» в\u00a0курсоре {read.cursor}\u00a0— не\u00a0время вида 2026-11-29 10:00:00, "
                    "поэтому перекрытие не\u00a0отсчитать; выберите другой курсор или уберите его, чтобы читать таблицу целиком",
                )
            )
        ) from None
    if len(position) == 10:
        return (moment.date() - timedelta(days=math.ceil(seconds / 86400))).isoformat()
    # Without offset or fraction it sorts before all texts of the same second, however they go on.
    return (moment - timedelta(seconds=seconds)).replace(tzinfo=None).isoformat(sep=position[10], timespec="seconds")


def newest(known: Value | None, values: Iterable[Value | None], read: Read) -> Value | None:
    """The newest of the values and the one known; a time that is yet to come counts as now, so that it hides nothing."""
    found = [value for value in values if value is not None]
    try:
        best = max(found, default=None)  # pyright: ignore[reportArgumentType] - values of one column compare
        if best is None:
            return known
        best = _no_future(best, read)
        return best if known is None else max(known, best)  # pyright: ignore[reportArgumentType]
    except TypeError:
        raise ConnectError(
            read.place.before(
                Text(
                    f"{read.origin}: the cursor {read.cursor} holds values of several kinds, which have no order; "
                    "choose another, or leave it out to read the whole table each time",
                    f"{read.origin}: в\u00a0курсоре {read.cursor} значения разных видов, порядка у\u00a0них нет; "
                    "выберите другой или уберите его, чтобы читать таблицу целиком",
                )
            )
        ) from None


def _no_future(value: Value, read: Read) -> Value:
    now = datetime.now(ZoneInfo(read.mapping.forms.timezone or "UTC"))
    if isinstance(value, datetime):
        return min(value, now if value.tzinfo else now.replace(tzinfo=None))
    if isinstance(value, date):
        return min(value, now.date())
    if isinstance(value, str):
        return _no_future_text(value, now)
    return value


def _no_future_text(value: str, now: datetime) -> str:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return value
    limit = now.astimezone(UTC) if moment.tzinfo else now.replace(tzinfo=None)
    if moment <= limit:
        return value
    return limit.date().isoformat() if len(value) == 10 else limit.replace(tzinfo=None).isoformat(value[10], "seconds")


def _unfit(read: Read, form: Text) -> ConnectError:
    return ConnectError(
        read.place.before(
            Text(
                f"{read.origin}: the overlap does not fit the cursor {read.cursor}; it takes {form.en}",
                f"{read.origin}: перекрытие не\u00a0подходит курсору {read.cursor}; нужно {form.ru}",
            )
        )
    )
