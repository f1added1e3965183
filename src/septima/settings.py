"""`septima.yaml`: what a workspace says of itself."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
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
from septima.schema import LANGUAGES, Language, SeptimaError

FILE = "septima.yaml"
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


def read_settings(path: Path) -> Settings:
    """The settings in the file at `path`; SettingsError names the line and the remedy."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SettingsError(f"there is no workspace at {path.parent}; make one: septima init {path.parent}") from None
    return parse_settings(text, path)


def parse_settings(text: str, path: Path) -> Settings:
    """The settings that a text holds; errors name `path`. See `read_settings`."""
    try:
        content = YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise SettingsError(f"{path}, line {line}: this is not YAML: {error.problem}") from None
    if not isinstance(content, CommentedMap):
        raise SettingsError(f"{path}: write one `key: value` a line; `organisation: My company` is the least")
    settings = cast("dict[str, Any]", content)

    def wrong(key: str, message: str) -> SettingsError:
        line = int(content.lc.key(key)[0]) + 1 if key in content else 1
        return SettingsError(f"{path}, line {line}: {message}")

    for key in settings:
        if key not in _KEYS:
            near = difflib.get_close_matches(str(key), _KEYS, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(_KEYS)}"
            raise wrong(key, f"unknown setting {key!r}; {hint}")
    organisation = settings.get("organisation")
    if not isinstance(organisation, str) or not organisation.strip():
        raise wrong("organisation", "`organisation` must be the name that stands on the scorecard")
    currency = settings.get("currency")
    if currency is not None and currency not in list_currencies():
        raise wrong("currency", f"currency {currency!r} is no ISO 4217 code such as RUB, EUR or USD")
    language = settings.get("language", "en")
    if language not in LANGUAGES:
        raise wrong("language", f"language {language!r} is not spoken here; write one of: {', '.join(LANGUAGES)}")
    try:
        calendar = Calendar(time_zone=settings.get("time_zone", DEFAULT_CALENDAR.time_zone))
    except PeriodError as error:
        raise wrong("time_zone", str(error)) from None
    try:
        calendar = replace(calendar, fiscal_year_start=month_number(settings.get("fiscal_year_start", 1)))
    except PeriodError as error:
        raise wrong("fiscal_year_start", str(error)) from None
    metrics = settings.get("metrics") or {}
    if not isinstance(metrics, dict) or not all(isinstance(value, dict) for value in metrics.values()):  # pyright: ignore[reportUnknownVariableType]
        raise wrong("metrics", "`metrics` holds parameters by metric id, such as `churn_rate: {days: 60}`")
    allow_sql = settings.get("allow_sql", False)
    if not isinstance(allow_sql, bool):
        raise wrong("allow_sql", f"`allow_sql` is true or false, not {allow_sql!r}")
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

    def wrong(line: int, message: str) -> SettingsError:
        return SettingsError(f"{path}, line {line + 1}: {message}")

    form = "`compute` is written as `compute: {grains: [month, quarter], by: [[channel]]}`"
    if not isinstance(section, CommentedMap):
        raise wrong(content.lc.key("compute")[0], form)
    place: Any = section.lc
    for key in cast("dict[str, Any]", section):
        if key not in _COMPUTE_KEYS:
            raise wrong(place.key(key)[0], f"unknown setting {key!r} of `compute`; there are: grains, by")
    default = ComputeSettings()
    grains: Any = section.get("grains", list(default.grains))
    known = [grain for grain in GRAINS if grain != "all"]
    if not isinstance(grains, list) or not grains or not all(grain in known for grain in cast("list[Any]", grains)):
        raise wrong(place.key("grains")[0], f"`grains` of `compute` is a list of: {', '.join(known)}")
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
            raise wrong(line, f"each set of slices is a list of dimensions, such as [channel]; this is {names!r}")
    return ComputeSettings(
        tuple(dict.fromkeys(cast("list[Grain]", grains))),
        tuple(tuple(names) for names in sets),
        tuple(line + 1 for line in lines),
    )


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
