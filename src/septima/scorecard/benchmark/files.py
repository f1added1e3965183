"""Exchange files: canonical JSON with a signature, written whole and read with distrust."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TypeVar, cast

from septima.durable import write_over
from septima.schema import Text
from septima.schema.wording import hinted
from septima.scorecard.benchmark.canonical import canonical, parse
from septima.scorecard.benchmark.errors import BenchmarkError
from septima.scorecard.benchmark.exchange import (
    INTEGRAL,
    LEAST_GROUP,
    TRADES,
    WHYS,
    Band,
    Exchange,
    LeftOut,
    Noise,
    NoisyFigure,
    SharedComposite,
    SharedMetric,
)
from septima.scorecard.benchmark.signature import SigningKey, fingerprint, is_signed
from septima.scorecard.card import Figure
from septima.scorecard.composite import AGGREGATIONS
from septima.scorecard.normalise import NORMALISATIONS

FORM = "septima-benchmark"
VERSION = 1
_MOST_BYTES = 1_000_000
_MOST_LETTERS = 120
_CLOCK_ERROR = timedelta(days=1)
_ASK = Text("ask the sender to send it again", "попросите отправителя прислать файл ещё раз")
_ENVELOPE = {"content", "fingerprint", "form", "key", "signature", "version"}

Found = TypeVar("Found")


@dataclass(frozen=True)
class Signed:
    """An exchange file whose signature holds: what it says, and the fingerprint of the key that signed it."""

    path: Path
    content: Exchange
    fingerprint: str


def signed_bytes(exchange: Exchange, key: SigningKey) -> bytes:
    """The bytes of the file: canonical JSON, its signature over the canonical bytes of all the rest."""
    envelope: dict[str, object] = {
        "form": FORM,
        "version": VERSION,
        "content": to_content(exchange),
        "key": key.public.hex(),
        "fingerprint": fingerprint(key.public),
    }
    return canonical({**envelope, "signature": key.sign(canonical(envelope)).hex()})


def write_exchange(path: Path, exchange: Exchange, key: SigningKey) -> None:
    """Write the signed file, whole or not at all; BenchmarkError where another file stands there."""
    content = signed_bytes(exchange, key)
    if path.is_dir():
        raise BenchmarkError(
            Text(
                f"{path} is a folder; name a file such as {path / 'ours.json'}",
                f"{path}\u00a0— папка; назовите файл, например {path / 'ours.json'}",
            )
        )
    write_over(path, content)


def read_exchange(path: Path, *, now: datetime | None = None) -> Signed:
    """Read a file and check form, signature, k and clock; BenchmarkError names the file, what is wrong and what to do."""
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        raise BenchmarkError(
            Text(
                f"{path}: there is no such file; name one that a partner sent",
                f"{path}: нет такого файла; назовите файл, который прислал партнёр",
            )
        ) from None
    except OSError as error:
        raise BenchmarkError(Text(f"{path}: cannot be read: {error}", f"{path}: не\u00a0прочитать: {error}")) from error
    if len(content) > _MOST_BYTES:
        raise _refusal(path, "is larger than an exchange file can be", "больше, чем бывает файл обмена")
    return checked(content, path, now=now)


def checked(content: bytes, path: Path, *, now: datetime | None = None) -> Signed:
    """What the bytes of a file say, where all of it holds; `path` is told in errors, which are those of `read_exchange`."""
    try:
        envelope = parse(content)
    except (ValueError, RecursionError) as error:
        raise _refusal(
            path,
            f"is no JSON, or was cut short or altered on its way ({error})",
            f"не\u00a0JSON, или файл обрезан либо изменён в\u00a0пути ({error})",
        ) from error
    if not isinstance(envelope, dict) or cast("dict[str, object]", envelope).get("form") != FORM:
        raise _refusal(
            path,
            "is no exchange file of a benchmark, or was altered",
            "не\u00a0файл обмена для сравнения, или он изменён",
        )
    fields = cast("dict[str, object]", envelope)
    if fields.get("version") != VERSION:
        raise BenchmarkError(
            Text(
                f"{path}: has version {fields.get('version')!r} of the form, and this program reads {VERSION}; take the Septima "
                f"that the sender has, or {_ASK.en}",
                f"{path}: версия формы\u00a0— {fields.get('version')!r}, а\u00a0эта программа читает {VERSION}; "
                f"возьмите такую\u00a0же версию Septima, как у\u00a0отправителя, или {_ASK.ru}",
            )
        )
    if set(fields) != _ENVELOPE:
        raise _refusal(path, "has other fields than an exchange file", "поля не\u00a0те, что у\u00a0файла обмена")
    key, signature = (_bytes(fields[name], path) for name in ("key", "signature"))
    message = {name: value for name, value in fields.items() if name != "signature"}
    if not _is_canonical(fields, content) or not is_signed(key, signature, canonical(message)):
        raise _refusal(
            path,
            "the signature does not fit, for something in the file was altered",
            "подпись не\u00a0подходит: в\u00a0файле что-то изменено",
        )
    if fields["fingerprint"] != fingerprint(key):
        raise _refusal(path, "the fingerprint is not that of the key", "отпечаток не\u00a0от\u00a0этого ключа")
    exchange = from_content(fields["content"], path)
    moment = (now or datetime.now(UTC)).astimezone(UTC).replace(tzinfo=None)
    if exchange.made_at > moment + _CLOCK_ERROR:
        raise BenchmarkError(
            Text(
                f"{path}: was made on {exchange.made_at:%Y-%m-%d %H:%M} UTC, which is still to come; set your clock, or ask the "
                "sender to set theirs and send it again",
                f"{path}: создан {exchange.made_at:%Y-%m-%d %H:%M} UTC, а\u00a0это ещё не\u00a0наступило; переведите "
                "свои часы или попросите отправителя перевести его часы и\u00a0прислать файл снова",
            )
        )
    return Signed(path, exchange, fingerprint(key))


def repeated(files: Iterable[Signed]) -> tuple[tuple[Signed, Signed], ...]:
    """Pairs of files of one organisation and period, by the name or by the key that signed them."""
    first: dict[tuple[str, str, date, date], Signed] = {}
    pairs: list[tuple[Signed, Signed]] = []
    for file in files:
        content = file.content
        keys = [("name", content.organisation), ("key", file.fingerprint)]
        earlier = [first.setdefault((*key, content.start, content.end), file) for key in keys]
        other = next((one for one in earlier if one is not file), None)
        if other is not None:
            pairs.append((other, file))
    return tuple(pairs)


def refuse_repeats(files: Sequence[Signed]) -> None:
    """BenchmarkError where two files speak of the same organisation and period."""
    for one, other in repeated(files):
        newer = max((one, other), key=lambda file: file.content.made_at)
        raise BenchmarkError(
            Text(
                f"{one.path} and {other.path} both speak of {other.content.organisation!r} in {other.content.period}; keep one, "
                f"as a rule the newer: {newer.path}",
                f"{one.path} и\u00a0{other.path} оба об\u00a0организации «{other.content.organisation}» "
                f"за\u00a0{other.content.period}; оставьте один, обычно более новый: {newer.path}",
            )
        )


def to_content(exchange: Exchange) -> dict[str, object]:
    """The content as JSON values."""
    content: dict[str, object] = asdict(exchange)
    return {
        **content,
        "start": exchange.start.isoformat(),
        "end": exchange.end.isoformat(),
        "made_at": exchange.made_at.isoformat(),
    }


def from_content(content: object, path: Path) -> Exchange:
    """The content that `to_content` gave; BenchmarkError names the field that does not fit, and unknown ones are refused."""
    read = _Reader(path, "content", _mapping(content, path, "content"))
    exchange = Exchange(
        organisation=read.word("organisation"),
        pseudonym=read.one("pseudonym", (False, True)),
        trade=read.one("trade", tuple(TRADES)),
        country=read.optional("country", read.word),
        period=read.word("period"),
        start=read.moment("start", date.fromisoformat),
        end=read.moment("end", date.fromisoformat),
        made_at=read.moment("made_at", datetime.fromisoformat),
        k=read.whole("k", LEAST_GROUP),
        normalisation=read.one("normalisation", NORMALISATIONS),
        aggregation=read.one("aggregation", AGGREGATIONS),
        integral=read.optional("integral", lambda name: _composite(read.part(name), read.whole("k", LEAST_GROUP))),
        perspectives=tuple(_composite(part, read.whole("k", LEAST_GROUP)) for part in read.parts("perspectives")),
        metrics=tuple(_metric(part, read.whole("k", LEAST_GROUP)) for part in read.parts("metrics")),
        left_out=tuple(
            LeftOut(part.word("id"), part.one("form", ("all", "printed", "normalised", "value")), part.one("why", WHYS))
            for part in read.parts("left_out")
        ),
        noise=read.optional("noise", lambda name: _noise(read.part(name))),
    )
    _check_whole(exchange, read)
    # Whatever was not read above, such as a field that someone added to carry more than figures, shows here.
    if canonical(to_content(exchange)) != canonical(content):
        raise _refusal(
            path,
            "holds fields that an exchange file does not have",
            "есть поля, которых не\u00a0бывает в\u00a0файле обмена",
        )
    return exchange


def _check_whole(exchange: Exchange, read: "_Reader") -> None:
    if exchange.start >= exchange.end:
        raise read.wrong("end", exchange.end.isoformat())
    for entries in (exchange.composites, exchange.metrics):
        ids = [entry.id for entry in entries]
        twice = next((one for one in ids if ids.count(one) > 1), None)
        if twice is not None:
            raise _refusal(
                read.path,
                f"{read.place}.id cannot be {twice!r} twice",
                f"в\u00a0{read.place}.id не\u00a0может дважды стоять «{twice}»",
            )
    if exchange.integral is not None and exchange.integral.id != INTEGRAL:
        raise read.wrong("integral", exchange.integral.id)


@dataclass(frozen=True)
class _Reader:
    """A mapping of the content and its place; each reader of a field raises BenchmarkError where it does not fit."""

    path: Path
    place: str
    data: Mapping[str, object]

    def wrong(self, name: str, found: object) -> BenchmarkError:
        return _refusal(
            self.path,
            f"{self.place}.{name} cannot be {found!r}",
            f"в\u00a0{self.place}.{name} не\u00a0может стоять «{found}»",
        )

    def optional(self, name: str, read: Callable[[str], Found]) -> Found | None:
        return None if self.data.get(name) is None else read(name)

    def word(self, name: str) -> str:
        found = self.data.get(name)
        if not isinstance(found, str) or not found.strip() or len(found) > _MOST_LETTERS or not found.isprintable():
            raise self.wrong(name, found)
        return found

    def one(self, name: str, choices: Sequence[Found]) -> Found:
        found = self.data.get(name)
        for choice in choices:
            if type(choice) is type(found) and choice == found:
                return choice
        raise self.wrong(name, found)

    def number(self, name: str) -> float:
        found = self.data.get(name)
        if isinstance(found, bool) or not isinstance(found, int | float):
            raise self.wrong(name, found)
        return float(found)

    def whole(self, name: str, least: int) -> int:
        found = self.data.get(name)
        if isinstance(found, bool) or not isinstance(found, int) or found < least:
            raise self.wrong(name, found)
        return found

    def moment(self, name: str, read: Callable[[str], Found]) -> Found:
        try:
            return read(self.word(name))
        except ValueError as error:
            raise self.wrong(name, self.data.get(name)) from error

    def part(self, name: str) -> "_Reader":
        place = f"{self.place}.{name}"
        return _Reader(self.path, place, _mapping(self.data.get(name), self.path, place))

    def parts(self, name: str) -> "list[_Reader]":
        found = self.data.get(name)
        if not isinstance(found, list):
            raise self.wrong(name, found)
        places = [(f"{self.place}.{name}[{number}]", item) for number, item in enumerate(cast("list[object]", found))]
        return [_Reader(self.path, place, _mapping(item, self.path, place)) for place, item in places]

    def words(self, name: str) -> tuple[str, ...]:
        found = self.data.get(name)
        if not isinstance(found, list) or not all(isinstance(item, str) for item in cast("list[object]", found)):
            raise self.wrong(name, found)
        return tuple(cast("list[str]", found))

    def band(self, name: str, least: int) -> Band:
        found = self.data.get(name)
        bounds = cast("list[object]", found) if isinstance(found, list) else []
        if len(bounds) != 2 or not all(type(bound) is int for bound in bounds):
            raise self.wrong(name, found)
        low, high = cast("list[int]", bounds)
        if not least <= low <= high:
            raise _refusal(
                self.path,
                f"{self.place} rests on {low} records, while the file promises {least} or more",
                f"{self.place} опирается на\u00a0{low} записей, а\u00a0файл обещает не\u00a0меньше {least}",
            )
        return low, high

    def figure(self, name: str) -> Figure:
        part = self.part(name)
        bounds = [part.optional(bound, part.number) for bound in ("value", "lower", "upper")]
        value, lower, upper = bounds
        ordered = (lower is None) == (upper is None) and (lower is None or upper is None or lower <= upper)
        if not ordered or (value is None and lower is not None):
            raise self.wrong(name, dict(part.data))
        return Figure(value, lower, upper)


def _composite(part: _Reader, k: int) -> SharedComposite:
    name = part.part("name")
    return SharedComposite(
        id=part.word("id"),
        name=Text(name.word("en"), name.word("ru")),
        weight=part.number("weight"),
        metrics=part.words("metrics"),
        n=part.band("n", k),
        printed=part.figure("printed"),
        normalised=part.figure("normalised"),
    )


def _metric(part: _Reader, k: int) -> SharedMetric:
    return SharedMetric(part.word("id"), part.word("unit"), part.band("n", k), part.figure("figure"))


def _noise(part: _Reader) -> Noise:
    figures = tuple(
        NoisyFigure(one.word("id"), one.word("form"), one.number("sensitivity"), one.number("scale"))
        for one in part.parts("figures")
    )
    return Noise(part.number("epsilon"), figures, part.word("mechanism"), part.word("unit"))


def _mapping(found: object, path: Path, place: str) -> Mapping[str, object]:
    if not isinstance(found, dict):
        raise _refusal(path, f"{place} must hold fields", f"в\u00a0{place} должны быть поля")
    return cast("dict[str, object]", found)


def _is_canonical(fields: Mapping[str, object], content: bytes) -> bool:
    """Whether the bytes are the one form of what they say; whoever changes as much as a blank changes the file."""
    try:
        return canonical(fields) == content
    except (ValueError, UnicodeEncodeError):
        return False


def _bytes(found: object, path: Path) -> bytes:
    """Bytes from lower-case hexadecimal digits, the only form there is of them."""
    try:
        content = bytes.fromhex(str(found))
    except ValueError:
        content = b""
    if not content or content.hex() != found:
        raise _refusal(path, "its key or signature was altered", "ключ или подпись изменены")
    return content


def _refusal(path: Path, en: str, ru: str) -> BenchmarkError:
    """The error that names the file, what is wrong with it, and what to do: nobody mends a signed file by hand."""
    return BenchmarkError(hinted(f"{path}: {en}", f"{path}: {ru}", _ASK))
