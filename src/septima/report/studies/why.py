"""Why a card changed, as a study: waterfalls from composite to KPIs, a sentence for each driver, and slices."""

from collections.abc import Mapping, Sequence

from septima.report.points import Step
from septima.report.studies.study import (
    Assumption,
    Cell,
    Interval,
    Measure,
    Number,
    Section,
    Study,
    Table,
    Waterfall,
    bare,
    heads,
    percent,
    told,
    word,
)
from septima.report.studies.why_words import (
    composite_name,
    composite_sentence,
    driver_sentence,
    member_name,
    ranked,
    signed,
    slices_sentence,
    written,
)
from septima.schema import Language, Text
from septima.scorecard.card import Figure
from septima.scorecard.change import CompositeChange, Driver
from septima.scorecard.simulation import INTEGRAL
from septima.scorecard.slice_change import SliceChange
from septima.scorecard.why import Why

TITLE = Text("Why it changed", "Почему изменилось")
_UNITS = {"printed": "index", "normalised": "score_0_100"}
_W: Mapping[str, Text] = {
    "against": Text("{now} against {before}", "{before} → {now}"),
    "question": Text(
        "What moved the composites: which functions, which KPIs, and which slices of them?",
        "Что сдвинуло индексы: какие функции, какие показатели и\u00a0какие их срезы?",
    ),
    "before": Text("before", "было"),
    "now": Text("now", "стало"),
    "change": Text("change", "изменение"),
    "input": Text("driver", "что изменилось"),
    "weight": Text("weight", "вес"),
    "brought": Text("contribution", "вклад"),
    "to_integral": Text("to CKPIint", "в\u00a0CKPIint"),
    "interval": Text("95 % interval", "интервал 95 %"),
    "by_value": Text("by value", "значение"),
    "by_weight": Text("by weight", "вес"),
    "by_scale": Text("by target and scale", "цель и\u00a0шкала"),
    "verdict": Text("more than chance", "больше случайного"),
    "yes": Text("yes", "да"),
    "no": Text("no", "нет"),
    "unknown": Text("—", "—"),
    "kpis": Text("KPIs", "Показатели"),
    "scores": Text("On 0–100", "На\u00a0шкале 0–100"),
    "scores_lead": Text(
        "The same by the normalised form, in points of 100. What is past its target already brings nothing here.",
        "То же по\u00a0нормированной форме, в\u00a0пунктах из\u00a0100. Кто уже перевыполнил цель, здесь ничего не\u00a0добавляет.",
    ),
    "slices": Text("Down to slices", "До\u00a0срезов"),
    "slice": Text("slice", "срез"),
    "share_before": Text("share before", "доля была"),
    "share_now": Text("share now", "доля стала"),
    "by_rate": Text("by its figure", "своё значение"),
    "by_mix": Text("by its share", "доля"),
    "by_mean": Text("by its mean", "среднее"),
    "by_volume": Text("by its volume", "объём"),
    "aggregation": Text("another rule of joining", "другой способ объединения"),
    "method": Text("Exact Shapley contributions", "Точные вклады по\u00a0Шепли"),
    "method_1": Text(
        "What a part brings is its effect averaged over all orders in which parts can come over from the earlier to the later "
        "period. Contributions add up to the change exactly; a part that did not change brings nothing, and equal parts "
        "bring the same.",
        "Вклад части — её влияние, усреднённое по\u00a0всем порядкам, в\u00a0которых части переходят от\u00a0прежнего периода к\u00a0новому. "
        "Вклады в\u00a0сумме точно равны изменению; что не\u00a0менялось, не\u00a0даёт ничего; одинаковое даёт поровну.",
    ),
    "method_2": Text(
        "Perspectives add up to CKPIint, KPIs to their perspective, and value, weight and scale to the KPI. Intervals carry "
        "the sampling errors of both periods. A pale bar may be chance.",
        "Перспективы складываются в\u00a0CKPIint, показатели — в\u00a0свою перспективу, а\u00a0значение, вес и\u00a0шкала — в\u00a0показатель. "
        "Интервалы учитывают ошибки выборки обоих периодов. Бледная полоса может быть случайностью.",
    ),
    "method_3": Text(
        "Of a slice the figure and the share come over apart, by the metric’s own formula; its intervals take the numbers of records as they are.",
        "У\u00a0среза отдельно переходят его значение и\u00a0его доля, по\u00a0формуле самой метрики; интервалы принимают число записей как есть.",
    ),
}
_SOURCE = "Shapley, 1953; Owen, Essays in Mathematical Economics and Game Theory, 1977; Shorrocks, Journal of Economic Inequality, 2013"


def why_study(why: Why, language: Language, currency: str | None = None) -> Study:
    """The study of why a card changed."""
    change = why.change
    printed = [change.of(name) for name in why.shown]
    integral = change.of(INTEGRAL)
    subtitle = word(_W, "against", language).format(
        now=change.period_label.in_language(language), before=change.before_label.in_language(language)
    )
    scores = [change.of(name, "normalised") for name in why.shown]
    sections = [_section(one, why, language, currency) for one in printed]
    if scores:
        sections.append(_scores(scores, language, currency))
    if why.slices:
        sections.append(_slices(why, language, currency))
    if change.notes and sections:
        notes = tuple(note.in_language(language) for note in change.notes)
        sections[0] = Section(
            sections[0].title,
            (*sections[0].lead, *notes),
            sections[0].drawings,
            sections[0].tables,
            sections[0].remarks,
        )
    return Study(
        TITLE.in_language(language),
        subtitle,
        word(_W, "question", language),
        _measures(printed[0] if printed else integral, language),
        tuple(sections),
        (
            Assumption(
                word(_W, "method", language),
                tuple(word(_W, key, language) for key in ("method_1", "method_2", "method_3")),
                "φᵢ = Σ_S |S|!(n−|S|−1)!/n! · (v(S∪i) − v(S))",
                _SOURCE,
            ),
        ),
    )


def sentences(why: Why, language: Language, currency: str | None = None) -> dict[str, list[str]]:
    """The sentences of each composite and its drivers, by its id, and of slices by the KPI's."""
    found: dict[str, list[str]] = {}
    for name in why.shown:
        one = why.change.of(name)
        found[name] = [
            composite_sentence(one, language),
            *(driver_sentence(driver, one, language, currency) for driver in ranked(one)),
        ]
    for one in why.slices:
        found.setdefault(one.kpi, []).append(slices_sentence(one, why.names[one.kpi], language, currency))
    return found


def _measures(change: CompositeChange, language: Language) -> tuple[Measure, ...]:
    name = composite_name(change, language)
    found: list[Measure] = []
    for key, figure in (("before", change.before), ("now", change.now)):
        number, interval = told("index", figure, language)
        found.append(Measure(f"{name}, {word(_W, key, language)}", number, interval))
    number, interval = told("index", change.change, language, change=True)
    found.append(Measure(word(_W, "change", language), number, interval))
    return tuple(found)


def _section(change: CompositeChange, why: Why, language: Language, currency: str | None) -> Section:
    title = composite_name(change, language)
    lead = (composite_sentence(change, language),)
    if not change.drivers:
        return Section(title, lead)
    if change.id == INTEGRAL:
        told_of: tuple[str, ...] = ()
    else:
        told_of = tuple(driver_sentence(driver, change, language, currency) for driver in ranked(change))
    # Of two bars the sentences above say all; a page of one composite has room for them.
    drawn = len(change.drivers) > (1 if len(why.shown) == 1 else 2)
    drawings = (_waterfall(change, language),) if drawn else ()
    below = dict(why.change.of(INTEGRAL).below).get(change.id, ())
    table = _drivers(change, language, currency, {driver.id: driver.total for driver in below})
    return Section(title, (*lead, *told_of), drawings, (table,))


def _waterfall(change: CompositeChange, language: Language) -> Waterfall:
    unit = _UNITS[change.form]
    level = change.before.value or 0.0
    steps = [Step(word(_W, "before", language), level, level, written(unit, change.before, language), whole=True)]
    brought = [(one.name.in_language(language), one.total, one.distinct) for one in ranked(change)]
    if change.by_aggregation is not None:
        brought.append((word(_W, "aggregation", language), change.by_aggregation, None))
    for name, figure, distinct in brought:
        step = figure.value or 0.0
        steps.append(Step(name, level, level + step, signed(unit, figure, language), faint=distinct is False))
        level += step
    steps.append(Step(word(_W, "now", language), level, level, written(unit, change.now, language), whole=True))
    says = "; ".join(f"{step.name} {step.label}" for step in steps)
    return Waterfall("", tuple(steps), "", f"{composite_name(change, language)}: {says}.")


def _drivers(
    change: CompositeChange, language: Language, currency: str | None, to_integral: Mapping[str, Figure]
) -> Table:
    unit = _UNITS[change.form]
    parts = [
        (key, of)
        for key, of in (("by_value", _by_value), ("by_weight", _by_weight), ("by_scale", _by_scale))
        if any(abs(of(driver).value or 0.0) > 1e-12 for driver in change.drivers)
    ]
    parts = parts if len(parts) > 1 else []
    rows: list[tuple[Cell, ...]] = []
    for driver in ranked(change):
        total, interval = told(unit, driver.total, language, change=True)
        before, now = _ends(driver, language, currency)
        row: list[Cell] = [driver.name.in_language(language), before, now, bare(driver.weight_now, 2, language)]
        row += [told(unit, of(driver), language, change=True)[0] for _, of in parts]
        row += [total, interval]
        if to_integral:
            row.append(told(unit, to_integral[driver.id], language, change=True)[0])
        verdict = "unknown" if driver.distinct is None else "yes" if driver.distinct else "no"
        rows.append((*row, word(_W, verdict, language)))
    columns = [
        "input",
        "before",
        "now",
        "weight",
        *(key for key, _ in parts),
        "brought",
        "interval",
        *(("to_integral",) if to_integral else ()),
        "verdict",
    ]
    return Table("", heads(_W, columns, language), tuple(rows))


def _scores(changes: Sequence[CompositeChange], language: Language, currency: str | None) -> Section:
    first, *others = changes
    tables = (_drivers(first, language, currency, {}),) if first.drivers else ()
    said = tuple(composite_sentence(one, language) for one in (first, *others))
    return Section(
        word(_W, "scores", language), (word(_W, "scores_lead", language), *said[:1]), tables=tables, remarks=said[1:]
    )


def _slices(why: Why, language: Language, currency: str | None) -> Section:
    lead = tuple(slices_sentence(one, why.names[one.kpi], language, currency) for one in why.slices)
    tables = tuple(_slice_table(one, why, language, currency) for one in why.slices if one.drivers)
    return Section(word(_W, "slices", language), lead, tables=tables)


def _slice_table(change: SliceChange, why: Why, language: Language, currency: str | None) -> Table:
    kpi = why.names[change.kpi]
    rows: list[tuple[Cell, ...]] = []
    mixed = change.kind != "whole" and change.note is None
    largest = change.drivers[0].total
    for one in change.drivers:
        # The digits of the largest one hold for all, so that the columns can be compared at a glance.
        style = told(kpi.unit, largest, language, currency, change=True)[0].style
        row: list[Cell] = [
            member_name(one, language),
            percent(one.share_before, language, 0),
            percent(one.share_now, language, 0),
            *(told(kpi.unit, end, language, currency)[0] for end in (one.before, one.now)),
        ]
        if mixed:
            row += [Number(part, style, signed=True) for part in (one.by_rate.value, one.by_mix)]
        if change.note is None:
            row += [Number(one.total.value, style, signed=True), Interval(one.total, style)]
        rows.append(tuple(row))
    parts = ("by_rate", "by_mix") if change.kind == "share" else ("by_mean", "by_volume")
    columns = ["slice", "share_before", "share_now", "before", "now"]
    columns += list(parts) if mixed else []
    columns += ["brought", "interval"] if change.note is None else []
    title = f"{kpi.name.in_language(language)}: {change.dimension_name.in_language(language)}"
    return Table(title, heads(_W, columns, language), tuple(rows))


def _ends(driver: Driver, language: Language, currency: str | None) -> tuple[Cell, Cell]:
    before, now = (told(driver.unit, end, language, currency)[0] for end in (driver.before, driver.now))
    return before, now


def _by_value(driver: Driver) -> Figure:
    return driver.by_value


def _by_weight(driver: Driver) -> Figure:
    return driver.by_weight


def _by_scale(driver: Driver) -> Figure:
    return driver.by_scale
