"""What a draft would change on the card, computed without writing anything.

Both cards are made of the data as they are now, so that they differ by the definition alone. The figures are read once for
all definitions that ask for the same ones: while weights and targets are moved, only the card is put together anew.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings as site_settings

from septima.metrics import Metric, Period, compute
from septima.report.number_forms import count, number_style, plain
from septima.schema import Language, SeptimaError, Text
from septima.schema.version import VERSION
from septima.scorecard.audit import definition_texts
from septima.scorecard.card import CompositeCard, Figure, KpiCard, Scorecard, State
from septima.scorecard.readings import Readings
from septima.settings import Settings
from septima.web.accounts.models import Organisation
from septima.web.common.workspaces import default_period, kept
from septima.web.editing.checking import settings_of
from septima.web.editing.files import kind_of, texts_with
from septima.web.editing.layout import at, content
from septima.workspace import Definitions, Workspace, definitions_of, metrics_of

_QUARTERS = 4
_MOST_METRICS = 5
_FIGURES = ("id", "metric", "parameters", "where", "by", "targets", "member_targets")
"""What of a KPI's definition its figures depend on; all else is put to the card afterwards."""


@dataclass(frozen=True)
class Row:
    """A composite or a KPI before and after, as written; `changed` where any of it differs."""

    name: Text
    level: str
    weight: tuple[str, str]
    target: tuple[str, str]
    value: tuple[str, str]
    scaled: tuple[str, str]
    scaled_change: str
    normalised: tuple[str, str]
    normalised_change: str
    state: tuple[State | None, State | None]

    @property
    def changed(self) -> bool:
        """Whether the draft changes anything of it."""
        pairs = (self.weight, self.target, self.value, self.scaled, self.normalised, self.state)
        return any(before != after for before, after in pairs)


@dataclass(frozen=True)
class Effect:
    """The card of a period by the file and by the draft, row by row."""

    period: Text
    rows: tuple[Row, ...]
    statements: tuple[Text, ...]

    @property
    def changed(self) -> bool:
        """Whether anything on the card changes."""
        return any(row.changed for row in self.rows)


@dataclass(frozen=True)
class OwnFigures:
    """What a metric of one's own comes to in the newest quarters, oldest first: label, value and number of records."""

    name: Text
    id: str
    figures: tuple[tuple[str, str, str], ...]


def own_figures(
    organisation: Organisation, workspace: Workspace, name: str, base: str, text: str, language: Language
) -> tuple[OwnFigures, ...]:
    """The figures of metrics in a file that are new or differ from the base; SeptimaError where one cannot be computed."""
    directory, version = workspace.directory, workspace.lake.version
    old, new = texts_with(directory, name, base), texts_with(directory, name, text)
    if not base:
        old.pop(name)
    digest = hashlib.sha256(json.dumps([name, old, new], sort_keys=True).encode()).hexdigest()[:32]
    key = f"own-{organisation.pk}-{version}-{default_period(workspace).id}-{VERSION}-{language}-{digest}"
    return kept(key, lambda: _own_figures(workspace, name, old, new, language))


def _own_figures(
    workspace: Workspace, name: str, old: Mapping[str, str], new: Mapping[str, str], language: Language
) -> tuple[OwnFigures, ...]:
    settings = settings_of(new)
    metrics = metrics_of(new, settings)
    try:
        before = metrics_of(old, settings_of(old))
    except SeptimaError:  # a file that was wrong gave no metrics
        before = dict[str, Metric]()
    period = default_period(workspace)
    start, end = period.shift(1 - _QUARTERS).start, period.end
    shown: list[OwnFigures] = []
    for id_ in (str(at(entry, ("id",))) for entry in at(content(new[name]), ("metrics",)) or []):
        metric = metrics[id_]
        if id_ in before and before[id_].passport.definition == metric.passport.definition:
            continue
        if len(shown) == _MOST_METRICS:
            break
        given = {id_: dict(settings.metrics.get(id_, {}))}
        results = compute(
            [metric],
            workspace.tables(),
            grain="quarter",
            start=start,
            end=end,
            parameters=given,
            calendar=settings.calendar,
            currency=settings.currency,
        )
        rows = results[id_].to_pandas().to_dict("records")
        shown.append(OwnFigures(metric.passport.name, id_, _figures(rows, metric, settings, language)))
    return tuple(shown)


def _figures(
    rows: list[dict[Any, Any]], metric: Metric, settings: Settings, language: Language
) -> tuple[tuple[str, str, str], ...]:
    """The figures of all quarters, as precise as the newest one deserves."""
    if not rows:
        return ()
    value, lower, upper = (_defined(rows[-1][name]) for name in ("value", "lower", "upper"))
    style = number_style(metric.passport.unit, Figure(value, lower, upper), language, currency=settings.currency)
    return tuple(
        (
            settings.calendar.period_of(row["period"], "quarter").label.in_language(language),
            style.value(_defined(row["value"])),
            count(_defined(row["n"]), language),
        )
        for row in rows
    )


def _defined(number: Any) -> float | None:
    return None if number is None or math.isnan(number) else float(number)


def touches_card(name: str) -> bool:
    """Whether a file has a say in what stands on the card."""
    return kind_of(name).id in ("scorecard", "metrics", "settings")


def effect(
    organisation: Organisation, workspace: Workspace, name: str, base: str, text: str, language: Language
) -> Effect:
    """The card by `base` and by `text`, both of them right in themselves; SeptimaError where one cannot be made."""
    directory, version = workspace.directory, workspace.lake.version
    old, new = texts_with(directory, name, base), texts_with(directory, name, text)
    if not base:
        old = definition_texts(directory)
    period = default_period(workspace)
    digests = [hashlib.sha256(json.dumps(one, sort_keys=True).encode()).hexdigest()[:24] for one in (old, new)]
    key = f"effect-{organisation.pk}-{version}-{period.id}-{VERSION}-{language}-{digests[0]}-{digests[1]}"
    return kept(key, lambda: _effect(workspace, old, new, version, language))


def card_by(workspace: Workspace, texts: Mapping[str, str], version: int) -> Scorecard:
    """The card of the newest period by definitions that are given as texts."""
    given = definitions_of(texts)
    calendar = given.settings.calendar
    period = calendar.period_of(calendar.today(datetime.now(UTC)), "quarter").shift(-1)
    readings = _readings(workspace, given, period, texts, version)
    return workspace.card_by(given, readings, version, now=datetime.now(UTC))


def _readings(
    workspace: Workspace, given: Definitions, period: Period, texts: Mapping[str, str], version: int
) -> Readings:
    asked = {
        "kpis": [
            {name: value for name, value in asdict(kpi).items() if name in _FIGURES} for kpi in given.scorecard.kpis
        ],
        "trend": given.scorecard.trend,
        "others": {name: text for name, text in texts.items() if name == "septima.yaml" or name.startswith("metrics/")},
        "at": [version, period.id, VERSION, str(workspace.directory), str(site_settings.SITE_FOLDER)],
    }
    digest = hashlib.sha256(json.dumps(asked, sort_keys=True, default=str).encode()).hexdigest()[:32]
    return kept(f"readings-{digest}", lambda: workspace.read_by(given, period, version))


def _effect(
    workspace: Workspace, old: Mapping[str, str], new: Mapping[str, str], version: int, language: Language
) -> Effect:
    before, after = card_by(workspace, old, version), card_by(workspace, new, version)
    rows = [_composite(before.integral, after.integral, language, "integral")]
    earlier = {one.composite.id: one for one in before.perspectives}
    later = {one.composite.id: one for one in after.perspectives}
    for id_ in dict.fromkeys((*later, *earlier)):
        first, second = earlier.get(id_), later.get(id_)
        rows.append(
            _composite(
                first.composite if first else None, second.composite if second else None, language, "perspective"
            )
        )
        kpis = _paired(first.kpis if first else (), second.kpis if second else ())
        rows += [_kpi(one, other, language, after.currency) for one, other in kpis]
    rows += [_kpi(one, other, language, after.currency, own=True) for one, other in _paired(before.own, after.own)]
    return Effect(after.period_label, tuple(rows), after.integral.statements)


def _paired(before: tuple[KpiCard, ...], after: tuple[KpiCard, ...]) -> list[tuple[KpiCard | None, KpiCard | None]]:
    earlier, later = {one.id: one for one in before}, {one.id: one for one in after}
    return [(earlier.get(id_), later.get(id_)) for id_ in dict.fromkeys((*later, *earlier))]


def _composite(before: CompositeCard | None, after: CompositeCard | None, language: Language, level: str) -> Row:
    shown = after or before
    if shown is None:
        raise ValueError("a row is of one card at least")
    both = (before, after)
    printed = [None if one is None else one.printed.value for one in both]
    normalised = [None if one is None else one.normalised.value for one in both]
    return Row(
        shown.name,
        level,
        _pair([_plain(None if one is None or level == "integral" else one.weight, language) for one in both]),
        _pair([_number(None if one is None else one.target, 3, language) for one in both]),
        ("", ""),
        _pair([_number(value, 3, language) for value in printed]),
        _change(printed, 3, language),
        _pair([_number(value, 1, language) for value in normalised]),
        _change(normalised, 1, language),
        (before.state if before else None, after.state if after else None),
    )


def _kpi(
    before: KpiCard | None, after: KpiCard | None, language: Language, currency: str | None, *, own: bool = False
) -> Row:
    shown = after or before
    if shown is None:
        raise ValueError("a row is of one card at least")
    both = (before, after)
    targets = [None if one is None else one.target for one in both]
    style = number_style(shown.unit, shown.figure, language, currency=currency, others=targets)
    scaled = [None if one is None or own else one.scaled.value for one in both]
    normalised = [None if one is None else one.normalised.value for one in both]
    return Row(
        shown.name,
        "own" if own else "kpi",
        _pair([_plain(None if one is None or own else one.weight, language) for one in both]),
        _pair(["—" if target is None else style.given(target) for target in targets]),
        _pair(["—" if one is None else style.value(one.figure.value) for one in both]),
        _pair([_number(value, 3, language) for value in scaled]),
        _change(scaled, 3, language),
        _pair([_number(value, 1, language) for value in normalised]),
        _change(normalised, 1, language),
        (before.state if before else None, after.state if after else None),
    )


def _pair(values: list[Any]) -> tuple[str, str]:
    before, after = values
    return before, after


def _number(value: float | None, decimals: int, language: Language) -> str:
    return plain(value, decimals, language)


def _plain(value: float | None, language: Language) -> str:
    if value is None:
        return ""
    decimals = next((places for places in range(5) if abs(round(value, places) - value) < 1e-9), 4)
    return plain(value, decimals, language)


def _change(values: list[float | None], decimals: int, language: Language) -> str:
    before, after = values
    if before is None or after is None or abs(after - before) < 0.5 * 10**-decimals:
        return ""
    return plain(after - before, decimals, language, signed=True)
