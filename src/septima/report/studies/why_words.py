"""Sentences on why figures changed: one for each driver, in either language."""

from collections.abc import Mapping

from septima.metrics.estimated import Estimated
from septima.report.studies.study import told
from septima.schema import Language, Text
from septima.scorecard.card import Figure, KpiCard
from septima.scorecard.change import CompositeChange, Driver
from septima.scorecard.simulation import INTEGRAL
from septima.scorecard.slice_change import SliceChange, SliceDriver

_UP = Text("rose", "вырос")
_DOWN = Text("fell", "снизился")
_MOST = 2
_TENTH = 0.1
"""Drivers that bring less than this share of the largest are not worth a sentence of their own."""


def composite_name(change: CompositeChange, language: Language) -> str:
    """CKPIint, or CKPI with the name of its perspective in quotes."""
    name = change.name.in_language(language)
    if change.id == INTEGRAL:
        return name
    return f"CKPI\u00a0«{name}»" if language == "ru" else f"CKPI “{name}”"


def composite_sentence(change: CompositeChange, language: Language) -> str:
    """What became of a composite and what most of it comes from."""
    name = composite_name(change, language)
    step = change.change.value
    if step is None or not change.drivers:
        told_so = Text(
            f"{name} is undefined in one of the two periods, so there is no change to explain.",
            f"{name} не\u00a0определён в\u00a0одном из\u00a0двух периодов, поэтому объяснять нечего.",
        )
        return told_so.in_language(language)
    unit = "index" if change.form == "printed" else "score_0_100"
    before, now = written(unit, change.before, language), written(unit, change.now, language)
    if before == now:
        return Text(f"{name} hardly changed: {now}.", f"{name} почти не\u00a0изменился: {now}.").in_language(language)
    verb = (_UP if step > 0 else _DOWN).in_language(language)
    by = written(unit, Figure(abs(step), change.change.lower, change.change.upper), language)
    first = Text(
        f"{name} {verb} by {by}, from {before} to {now}", f"{name} {verb} на\u00a0{by}, с\u00a0{before} до\u00a0{now}"
    )
    noise = ""
    if change.distinct is False:
        noise = Text("; chance alone could explain that", "; это можно объяснить случайностью").in_language(language)
    leading = [driver for driver in ranked(change) if (driver.total.value or 0) * step > 0][:1]
    if not leading:
        return f"{first.in_language(language)}{noise}."
    driver = leading[0]
    part = signed(unit, driver.total, language)
    who = driver.name.in_language(language)
    whole = abs(driver.total.value or 0.0) > abs(step) / 2
    most = Text(
        f"{'Most of it' if whole else 'The largest part'}, {part}, comes from {who}.",
        f"{'Больше половины' if whole else 'Наибольшая часть'}, {part},\u00a0— это {_quoted(who)}.",
    )
    return f"{first.in_language(language)}{noise}. {most.in_language(language)}"


def driver_sentence(driver: Driver, change: CompositeChange, language: Language, currency: str | None) -> str:
    """What one driver did and what that brought."""
    unit = "index" if change.form == "printed" else "score_0_100"
    part = signed(unit, driver.total, language)
    name = driver.name.in_language(language)
    before, now = (written(driver.unit, end, language, currency) for end in (driver.before, driver.now))
    place = composite_name(change, language)
    old, new = driver.before.value, driver.now.value
    if old is None or new is None:
        moved = Text(f"{name}: now {now}", f"«{name}»: сейчас {now}")
    elif before == now:
        moved = Text(f"{name} stayed at {now}", f"{_quoted(name)} не\u00a0изменился ({now})")
    else:
        verb = (_UP if new > old else _DOWN).in_language(language)
        moved = Text(
            f"{name} {verb} from {before} to {now}", f"Показатель {_quoted(name)} {verb} с\u00a0{before} до\u00a0{now}"
        )
    brought = Text(f" and brought {part} to {place}", f", его вклад в\u00a0{place}: {part}")
    reasons = _reasons(driver, unit, language)
    noise = ""
    if driver.distinct is False:
        noise = Text("; this may be chance", "; это может быть случайностью").in_language(language)
    return f"{moved.in_language(language)}{brought.in_language(language)}{reasons}{noise}."


def slices_sentence(change: SliceChange, kpi: KpiCard, language: Language, currency: str | None) -> str:
    """Which slices most of a KPI's change comes from."""
    name, step = kpi.name.in_language(language), change.change
    dimension = change.dimension_name.in_language(language)
    if change.note is not None or step is None:
        said = change.note.in_language(language) if change.note else ""
        return f"{name}. {said}" if language == "en" else f"«{name}». {said}"
    verb = (_UP if step > 0 else _DOWN).in_language(language)
    ends = [written(kpi.unit, Figure(end), language, currency) for end in (change.before, change.now)]
    first = Text(
        f"{name} {verb} from {ends[0]} to {ends[1]}",
        f"Показатель {_quoted(name)} {verb} с\u00a0{ends[0]} до\u00a0{ends[1]}",
    )
    largest = abs(change.drivers[0].total.value or 0.0)
    leading = [one for one in change.drivers if abs(one.total.value or 0.0) > _TENTH * largest][:_MOST]
    parts = "; ".join(_slice(one, change, kpi, language, currency) for one in leading)
    by = Text(f"; by {dimension}: ", f"; срез «{dimension}»: ").in_language(language)
    return f"{first.in_language(language)}{by}{parts}."


def member_name(driver: SliceDriver, language: Language) -> str:
    """The name of a slice: its member, the unknown one, or how many are joined."""
    if driver.joined > 1:
        return Text(f"others ({driver.joined})", f"прочие ({driver.joined})").in_language(language)
    return driver.member if driver.member is not None else Text("unknown", "не\u00a0указано").in_language(language)


def ranked(change: CompositeChange) -> list[Driver]:
    """The drivers, from the largest contribution to the smallest."""
    return sorted(change.drivers, key=lambda one: -abs(one.total.value or 0.0))


def written(unit: str, figure: Figure, language: Language, currency: str | None = None) -> str:
    """A figure in the digits that it deserves."""
    return told(unit, Estimated(figure.value, figure.lower, figure.upper), language, currency)[0].text


def signed(unit: str, figure: Figure, language: Language, currency: str | None = None) -> str:
    """A change with its sign."""
    return told(unit, Estimated(figure.value, figure.lower, figure.upper), language, currency, change=True)[0].text


def _slice(one: SliceDriver, change: SliceChange, kpi: KpiCard, language: Language, currency: str | None) -> str:
    total = signed(kpi.unit, one.total, language, currency)
    name = member_name(one, language)
    if one.by_mix is None or one.total.value is None or abs(one.by_mix) < _TENTH * abs(one.total.value):
        return f"{name} {total}"
    rate = signed(kpi.unit, Figure(one.by_rate.value, one.total.lower, one.total.upper), language, currency)
    mix = signed(kpi.unit, Figure(one.by_mix, one.total.lower, one.total.upper), language, currency)
    words: Mapping[str, Text] = {
        "share": Text(
            f"of it {rate} by its own figure, {mix} by its share",
            f"из\u00a0них {rate}\u00a0— своё значение, {mix}\u00a0— доля",
        ),
        "volume": Text(
            f"of it {rate} by its mean, {mix} by its volume", f"из\u00a0них {rate}\u00a0— среднее, {mix}\u00a0— объём"
        ),
    }
    return f"{name} {total} ({words[change.kind].in_language(language)})"


def _reasons(driver: Driver, unit: str, language: Language) -> str:
    """How much of a contribution is due to another weight or scale; nothing where neither changed."""
    found: list[str] = []
    for figure, name in (
        (driver.by_weight, Text("by its weight", "из-за веса")),
        (driver.by_scale, Text("by its target or scale", "из-за цели или шкалы")),
    ):
        if figure.value is not None and abs(figure.value) > 1e-12:
            found.append(f"{signed(unit, figure, language)} {name.in_language(language)}")
    if not found:
        return ""
    return Text(f" (of it {', '.join(found)})", f" (из\u00a0них {', '.join(found)})").in_language(language)


def _quoted(name: str) -> str:
    return f"«{name}»"
