"""`septima.yaml`: what a workspace says of itself."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, cast

from babel.numbers import list_currencies
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import MarkedYAMLError

from septima.lake.engine import DEFAULT_ENGINE
from septima.lake.sql import DEFAULT_MEMORY
from septima.metrics.period import DEFAULT_CALENDAR, GRAINS, Calendar, Grain, PeriodError, month_number
from septima.schema import LANGUAGES, Language, SeptimaError, Text, line_of

FILE = "septima.yaml"
SITE_FOLDER = "site"
"""Where a workspace that is served keeps the site."""
_KEYS = (
    "organisation",
    "currency",
    "language",
    "time_zone",
    "fiscal_year_start",
    "engine",
    "memory",
    "metrics",
    "allow_sql",
    "compute",
)
_COMPUTE_KEYS = ("grains", "by")


class SettingsError(SeptimaError):
    """`septima.yaml` is absent or says something that cannot be."""


@dataclass(frozen=True)
class ComputeSettings:
    """Which histories `septima compute` keeps besides those of the scorecard: every metric by these grains, unsliced
    and by each set of dimensions in `by` that it has. `lines` are where the file names these sets.
    """

    grains: tuple[Grain, ...] = ("month", "quarter")
    by: tuple[tuple[str, ...], ...] = ()
    lines: tuple[int, ...] = ()


@dataclass(frozen=True)
class Settings:
    """The workspace's own words: whose it is, in which money and language, and which engine computes.

    `calendar` is by what clocks its days and from what month its years are counted; `metrics` gives
    parameters by metric id, over the defaults of the metric's passport. `allow_sql` lets the company's own
    metrics be written as queries. `compute` says which histories of figures are kept.
    """

    organisation: str
    currency: str | None = None
    language: Language = "en"
    engine: str = DEFAULT_ENGINE
    memory: str = DEFAULT_MEMORY
    metrics: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    calendar: Calendar = DEFAULT_CALENDAR
    allow_sql: bool = False
    compute: ComputeSettings = ComputeSettings()


def no_workspace(folder: Path) -> Text:
    """There is no workspace in the folder."""
    return Text(
        f"there is no workspace at {folder}; make one: septima init {folder}",
        f"в\u00a0{folder} нет рабочего пространства; создайте его: septima init {folder}",
    )


def read_settings(path: Path) -> Settings:
    """The settings in the file at `path`; SettingsError names the line and the remedy."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SettingsError(no_workspace(path.parent)) from None
    return parse_settings(text, path)


@lru_cache(maxsize=64)
def parse_settings(text: str, path: Path) -> Settings:
    """The settings that a text holds; errors name `path`. See `read_settings`.

    The same text is read once: a site asks for it with every page.
    """
    try:
        content = YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        said = Text(f"this is not YAML: {error.problem}", f"это не\u00a0YAML: {error.problem}")
        raise _wrong(path, line, said) from None
    if not isinstance(content, CommentedMap):
        raise SettingsError(
            Text(
                f"{path}: write one `key: value` a line; `organisation: My company` is the least",
                f"{path}: пишите по\u00a0одному «ключ: значение» на\u00a0строке; нужно хотя\u00a0бы «organisation: Моя компания»",
            )
        )
    settings = cast("dict[str, Any]", content)

    def wrong(key: str, said: Text) -> SettingsError:
        return _wrong(path, int(content.lc.key(key)[0]) + 1 if key in content else 1, said)

    for key in settings:
        if key not in _KEYS:
            near = difflib.get_close_matches(str(key), _KEYS, 1)
            known = ", ".join(_KEYS)
            hint = Text(f"there are: {known}", f"есть: {known}")
            if near:
                hint = Text(f"did you mean {near[0]!r}?", f"возможно, имелось в\u00a0виду «{near[0]}»?")
            raise wrong(key, hint.after(Text(f"unknown setting {key!r}; ", f"неизвестная настройка «{key}»; ")))
    organisation = settings.get("organisation")
    if not isinstance(organisation, str) or not organisation.strip():
        said = Text(
            "`organisation` must be the name that stands on the scorecard",
            "«organisation»\u00a0— это название, которое стоит на\u00a0карте показателей; укажите его",
        )
        raise wrong("organisation", said)
    currency = settings.get("currency")
    if currency is not None and currency not in list_currencies():
        said = Text(
            f"currency {currency!r} is no ISO 4217 code such as RUB, EUR or USD",
            f"валюта «{currency}»\u00a0— не\u00a0код ISO 4217; укажите, например, RUB, EUR или USD",
        )
        raise wrong("currency", said)
    language = settings.get("language", "en")
    if language not in LANGUAGES:
        known = ", ".join(LANGUAGES)
        said = Text(
            f"language {language!r} is not spoken here; write one of: {known}",
            f"языка «{language}» здесь нет; укажите один из: {known}",
        )
        raise wrong("language", said)
    try:
        calendar = Calendar(time_zone=settings.get("time_zone", DEFAULT_CALENDAR.time_zone))
    except PeriodError as error:
        raise wrong("time_zone", error.statement) from None
    try:
        calendar = replace(calendar, fiscal_year_start=month_number(settings.get("fiscal_year_start", 1)))
    except PeriodError as error:
        raise wrong("fiscal_year_start", error.statement) from None
    metrics = settings.get("metrics") or {}
    if not isinstance(metrics, dict) or not all(isinstance(value, dict) for value in metrics.values()):  # pyright: ignore[reportUnknownVariableType]
        said = Text(
            "`metrics` holds parameters by metric id, such as `churn_rate: {days: 60}`",
            "в\u00a0«metrics» стоят параметры по\u00a0id метрик, например «churn_rate: {days: 60}»",
        )
        raise wrong("metrics", said)
    allow_sql = settings.get("allow_sql", False)
    if not isinstance(allow_sql, bool):
        said = Text(
            f"`allow_sql` is true or false, not {allow_sql!r}",
            f"«allow_sql» может быть true или false, а\u00a0не\u00a0«{allow_sql}»",
        )
        raise wrong("allow_sql", said)
    return Settings(
        organisation,
        currency,
        language,
        str(settings.get("engine", DEFAULT_ENGINE)),
        str(settings.get("memory", DEFAULT_MEMORY)),
        cast("dict[str, Mapping[str, Any]]", metrics),
        calendar,
        allow_sql,
        _compute_settings(content, path),
    )


def _compute_settings(content: Any, path: Path) -> ComputeSettings:
    """The section `compute` of the file at `path`."""
    section: Any = content.get("compute")
    if section is None:
        return ComputeSettings()

    def wrong(line: int, said: Text) -> SettingsError:
        return _wrong(path, line + 1, said)

    example = "compute: {grains: [month, quarter], by: [[channel]]}"
    form = Text(f"`compute` is written as `{example}`", f"«compute» пишется так: «{example}»")
    if not isinstance(section, CommentedMap):
        raise wrong(content.lc.key("compute")[0], form)
    place: Any = section.lc
    for key in cast("dict[str, Any]", section):
        if key not in _COMPUTE_KEYS:
            said = Text(
                f"unknown setting {key!r} of `compute`; there are: grains, by",
                f"неизвестная настройка «{key}» в\u00a0«compute»; есть: grains, by",
            )
            raise wrong(place.key(key)[0], said)
    default = ComputeSettings()
    grains: Any = section.get("grains", list(default.grains))
    known = [grain for grain in GRAINS if grain != "all"]
    if not isinstance(grains, list) or not grains or not all(grain in known for grain in cast("list[Any]", grains)):
        there = ", ".join(known)
        said = Text(
            f"`grains` of `compute` is a list of: {there}", f"«grains» в\u00a0«compute»\u00a0— это список из: {there}"
        )
        raise wrong(place.key("grains")[0], said)
    by: Any = section.get("by") or []
    if not isinstance(by, list):
        raise wrong(place.key("by")[0], form)
    sets: list[Any] = [*cast("list[Any]", by)]
    lines = [int(cast(Any, by).lc.item(position)[0]) for position in range(len(sets))]
    for names, line in zip(sets, lines, strict=True):
        if (
            not isinstance(names, list)
            or not names
            or not all(isinstance(name, str) for name in cast("list[Any]", names))
        ):
            said = Text(
                f"each set of slices is a list of dimensions, such as [channel]; this is {names!r}",
                f"каждый набор разрезов\u00a0— это список измерений, например [channel], а\u00a0здесь {names!r}",
            )
            raise wrong(line, said)
    return ComputeSettings(
        tuple(dict.fromkeys(cast("list[Grain]", grains))),
        tuple(tuple(names) for names in sets),
        tuple(line + 1 for line in lines),
    )


def _wrong(path: Path, line: int, said: Text) -> SettingsError:
    return SettingsError(said.after(": ").after(line_of(path, line)))


def write_starter(path: Path, *, organisation: str, currency: str, language: Language) -> None:
    """Write a commented `septima.yaml` for a new workspace."""
    yaml = YAML(typ="rt")
    content = yaml.load(resources.files("septima").joinpath("septima.yaml").read_text(encoding="utf-8"))
    content["organisation"] = organisation
    content["currency"] = currency
    content["language"] = language
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(content, file)
    read_settings(path)
