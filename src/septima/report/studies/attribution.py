"""Attribution as a study: who was there before the purchases, by each method, and what control groups prove beside it."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from septima.metrics.attribution import CompanyAttribution, label
from septima.metrics.attribution_calibration import Calibration
from septima.metrics.attribution_sums import By
from septima.metrics.estimated import Estimated, known
from septima.models.attribution.results import Attribution, Credit
from septima.models.attribution.words import Method
from septima.report.number_forms import NumberStyle, count, day, number_style, plain
from septima.report.points import Dot
from septima.report.studies.study import (
    Assumption,
    Cell,
    Dots,
    Interval,
    Measure,
    Number,
    Section,
    Study,
    Table,
    bare,
    percent,
    told,
    word,
)
from septima.schema import Language, Text
from septima.scorecard.card import Figure

TITLE = Text("Attribution", "Атрибуция")
Value = Literal["revenue", "conversions"]

_SHORT: dict[Method, Text] = {
    "last": Text("last", "последнее"),
    "last_non_direct": Text("last non-direct", "последнее непрямое"),
    "first": Text("first", "первое"),
    "linear": Text("linear", "линейно"),
    "time_decay": Text("time decay", "по\u00a0давности"),
    "position": Text("position", "по\u00a0позиции"),
    "markov": Text("Markov", "Марков"),
    "shapley": Text("Shapley", "Шепли"),
}
_BY: dict[By, Text] = {
    "channel": Text("channel", "канал"),
    "campaign": Text("campaign", "кампания"),
    "chain": Text("chain", "цепочка"),
}
_W = {
    "question": Text(
        "To which touches are the purchases due? The methods share the same purchases out by different rules; only control "
        "groups show what would not have come without a touch.",
        "Каким касаниям обязаны покупки? Методы делят одни и\u00a0те\u00a0же покупки по\u00a0разным правилам; чего не\u00a0было\u00a0бы "
        "без касания, показывают только контрольные группы.",
    ),
    "revenue": Text("revenue", "выручка"),
    "conversions": Text("conversions", "конверсии"),
    "purchases": Text("Purchases", "Покупок"),
    "converted": Text("With touches before them", "С\u00a0касаниями перед ними"),
    "all_revenue": Text("Revenue", "Выручка"),
    "proven": Text("Proven by control groups", "Доказано контрольными группами"),
    "base": Text("would have come anyway", "пришло\u00a0бы и\u00a0так"),
    "share": Text("share", "доля"),
    "interval": Text("95 % interval", "интервал 95 %"),
    "removal": Text("removal effect", "эффект удаления"),
    "sampling": Text("error of sampling", "ошибка выборки"),
    "total": Text("in all", "всего"),
    "attributed": Text("attributed", "приписано"),
    "tested": Text("to tested campaigns", "проверенным кампаниям"),
    "incremental": Text("incremental", "дополнительная"),
    "ratio": Text("ratio", "отношение"),
    "calibrated": Text("calibrated", "с\u00a0поправкой"),
    "touches": Text("touches", "касаний"),
    "online": Text("online", "онлайн"),
    "offline": Text("offline", "офлайн"),
    "met": Text("Touches that were met", "Какие были касания"),
    "chain": Text("The Markov chain", "Марковская цепь"),
    "order": Text("order", "порядок"),
    "auc": Text("AUC on held-out paths", "AUC на\u00a0отложенных путях"),
    "standard_error": Text("standard error", "стандартная ошибка"),
    "proof": Text("Attributed and incremental", "Приписанное и\u00a0дополнительное"),
}
_TITLE = Text("Attribution, {}", "Атрибуция, {}")
_SUBTITLE = Text("look-back window of {} days, purchases {}", "окно {}\u00a0дней до\u00a0покупки, покупки {}")
_SHARES = Text("Share of revenue that touches preceded, {}", "Доля в\u00a0выручке с\u00a0касаниями, {}")
_CONVERSION_SHARES = Text(
    "Share of conversions that touches preceded, {}", "Доля в\u00a0конверсиях с\u00a0касаниями, {}"
)
_CALIBRATION = Text(
    "Revenue beside what control groups prove: {}", "Выручка рядом с\u00a0тем, что доказывают контрольные группы: {}"
)
_COVERAGE = Text(
    "Purchases {}, with touches before them {}; paths that came to nothing {}.",
    "Покупок {}, из\u00a0них с\u00a0касаниями {}; путей без покупки {}.",
)
_CHAIN = Text("Markov chain of order {}; conversion of a path {}.", "Марковская цепь порядка {}; конверсия пути {}.")
_SCORES = Text(
    "The order is the least whose held-out AUC lies within one standard error of the best.",
    "Порядок\u00a0— наименьший из\u00a0тех, чей AUC на\u00a0отложенных путях не\u00a0ниже лучшего больше чем на\u00a0стандартную ошибку.",
)
_GAME = Text("Shapley values sampled over {} permutations.", "Значения Шепли оценены по\u00a0{} перестановкам.")
_DATES = (
    Text("of all time", "за\u00a0всё время"),
    Text("from {} on", "с\u00a0{}"),
    Text("before {}", "до\u00a0{}"),
    Text("from {} to {}", "с\u00a0{} до\u00a0{}"),
)
_NO_PROOF = Text(
    "No campaign of the period had a control group, so nothing here shows what would have come anyway: hold out some customers "
    "(septima experiment assign) and these figures can be held against the proof.",
    "Ни\u00a0у\u00a0одной кампании не\u00a0было контрольной группы, поэтому здесь не\u00a0видно, что пришло\u00a0бы и\u00a0так: оставьте часть "
    "клиентов без касаний (septima experiment assign), и\u00a0эти цифры можно будет сверить с\u00a0доказательством.",
)


def attribution_study(found: CompanyAttribution, language: Language, value: Value = "revenue") -> Study:
    """The study of an attribution; `value` is what its tables hand out."""
    attributions = list(found.attributions.methods.values())
    calibration = _shown_calibration(found)
    handed = _one(found, attributions[0], language, value) if len(attributions) == 1 else _all(found, language, value)
    drawing = _drawn(found, language, value)
    cover = found.coverage
    figures = (count(float(number), language) for number in (cover.conversions, cover.converted, cover.nulls))
    said = dict.fromkeys([*found.statements, *(statement for one in attributions for statement in one.statements)])
    sections = [
        Section(
            "",
            lead=(_COVERAGE.in_language(language).format(*figures),),
            drawings=(drawing,) if drawing else (),
            tables=(handed,),
            remarks=tuple(statement.in_language(language) for statement in said),
        )
    ]
    if calibration is not None:
        sections.append(_calibrated(found, calibration, language))
    else:
        sections.append(Section(word(_W, "proof", language), lead=(_NO_PROOF.in_language(language),)))
    sections += [section for one in attributions for section in _detail(one, language)]
    sections.append(_touches(found, language))
    return Study(
        TITLE.in_language(language),
        _SUBTITLE.in_language(language).format(found.scope.window_days, _dates(found, language)),
        word(_W, "question", language),
        _measures(found, calibration, language),
        tuple(sections),
        tuple(
            Assumption(
                one.name.in_language(language),
                tuple(assumption.in_language(language) for assumption in one.assumptions),
                source=one.source,
            )
            for one in attributions
        ),
    )


def _dates(found: CompanyAttribution, language: Language) -> str:
    known_days = [day(bound, language) for bound in (found.start, found.end) if bound is not None]
    form = _DATES[(found.start is not None) + 2 * (found.end is not None)]
    return form.in_language(language).format(*known_days)


def _measures(found: CompanyAttribution, calibration: Calibration | None, language: Language) -> tuple[Measure, ...]:
    cover = found.coverage
    measures: list[Measure] = []
    if cover.revenue is not None:
        style = number_style("currency", Figure(float(cover.revenue)), language, currency=found.currency)
        measures.append(Measure(word(_W, "all_revenue", language), Number(float(cover.revenue), style)))
    measures.append(Measure(word(_W, "purchases", language), bare(cover.conversions, 0, language)))
    if cover.conversions:
        share = percent(cover.converted / cover.conversions, language)
        measures.append(Measure(word(_W, "converted", language), share))
    if calibration is not None:
        incremental: Any = calibration.frame["incremental"]
        proven = float(np.nansum(incremental.to_numpy(np.float64)))
        style = number_style("currency", Figure(proven), language, currency=found.currency)
        measures.append(Measure(word(_W, "proven", language), Number(proven, style)))
    return tuple(measures)


def _all(found: CompanyAttribution, language: Language, value: Value) -> Table:
    """All methods side by side."""
    attributions = found.attributions.methods
    credits_of = {method: _credit(one, value) for method, one in attributions.items()}
    style = _style(found, value, language, list(credits_of.values()))
    rows: list[tuple[Cell, ...]] = []
    for place, name in enumerate(found.attributions.channels):
        amounts = [Number(float(one.amounts[place]) if one else None, style) for one in credits_of.values()]
        rows.append((label(name).in_language(language), *amounts))
    rest = _rest(found, value)
    totals = [None if one is None or rest is None else float(one.total) + rest for one in credits_of.values()]
    rows.append((label(None).in_language(language), *([Number(rest, style)] * len(credits_of))))
    rows.append((word(_W, "total", language), *(Number(total, style) for total in totals)))
    columns = (_BY[found.scope.by].in_language(language), *(_SHORT[one].in_language(language) for one in attributions))
    title = _TITLE.in_language(language).format(word(_W, value, language))
    return Table(title, columns, tuple(rows), strong=(len(rows) - 1,))


def _one(found: CompanyAttribution, one: Attribution, language: Language, value: Value) -> Table:
    """One method with its intervals."""
    credit = _credit(one, value)
    style = _style(found, value, language, [credit])
    effects = one.markov.removal_effects if one.markov else None
    errors = one.shapley.standard_errors if one.shapley and not one.shapley.exact else None
    columns = [_BY[found.scope.by].in_language(language)]
    columns += [word(_W, name, language) for name in (value, "share", "interval")]
    columns += [word(_W, "removal", language)] if effects is not None else []
    columns += [word(_W, "sampling", language)] if errors is not None else []
    rows: list[tuple[Cell, ...]] = []
    for place, name in enumerate(one.channels):
        row: list[Cell] = [label(name).in_language(language)]
        if credit is None:
            row += ["—", "—", ""]
        else:
            row += [Number(float(credit.amounts[place]), style), *told("share", _share(credit, place), language)]
        row += [percent(float(effects[place]), language)] if effects is not None else []
        row += [percent(float(errors[place]), language)] if errors is not None else []
        rows.append(tuple(row))
    blank = [""] * (len(columns) - 2)
    rest = _rest(found, value)
    rows.append((label(None).in_language(language), Number(rest, style), *blank))
    strong: tuple[int, ...] = ()
    if credit is not None and rest is not None:
        strong = (len(rows),)
        rows.append((word(_W, "total", language), Number(float(credit.total) + rest, style), *blank))
    return Table(one.name.in_language(language), tuple(columns), tuple(rows), strong)


def _drawn(found: CompanyAttribution, language: Language, value: Value) -> Dots | None:
    """Shares by the chain, or by the first method that gives any."""
    methods = found.attributions.methods
    one = methods.get("markov") or next(iter(methods.values()), None)
    credit = None if one is None else _credit(one, value)
    if one is None or credit is None or len(one.channels) < 2:
        return None
    dots: list[Dot] = []
    for place, name in enumerate(one.channels):
        number, interval = told("share", _share(credit, place), language)
        shown = interval.figure
        on_axis = Figure(*(None if bound is None else 100 * bound for bound in (shown.value, shown.lower, shown.upper)))
        dots.append(Dot(label(name).in_language(language), on_axis, number.text))
    dots.sort(key=lambda dot: -(dot.figure.value or 0))
    form = _SHARES if value == "revenue" else _CONVERSION_SHARES
    title = form.in_language(language).format(one.name.in_language(language))
    says = f"{title}: " + "; ".join(f"{dot.member} {dot.label}" for dot in dots) + "."
    return Dots(title, tuple(dots), "%", says)


def _detail(one: Attribution, language: Language) -> list[Section]:
    if one.markov is not None:
        chain = one.markov
        conversion = percent(chain.conversion_probability, language).text
        lead = [_CHAIN.in_language(language).format(chain.order, conversion)]
        tables: list[Table] = []
        if chain.scores:
            lead.append(_SCORES.in_language(language))
            columns = tuple(word(_W, name, language) for name in ("order", "auc", "standard_error"))
            rows = tuple(
                (bare(score.order, 0, language), bare(score.auc, 4, language), bare(score.standard_error, 4, language))
                for score in chain.scores
            )
            chosen = tuple(place for place, score in enumerate(chain.scores) if score.order == chain.order)
            tables.append(Table("", columns, rows, strong=chosen))
        return [Section(word(_W, "chain", language), lead=tuple(lead), tables=tuple(tables))]
    if one.shapley is not None and not one.shapley.exact:
        said = _GAME.in_language(language).format(plain(one.shapley.permutations, 0, language))
        return [Section(one.name.in_language(language), lead=(said,))]
    return []


def _touches(found: CompanyAttribution, language: Language) -> Section:
    members: Any = found.members
    columns = (
        _BY[found.scope.by].in_language(language),
        *(word(_W, name, language) for name in ("touches", "online", "offline")),
    )
    rows: list[tuple[Cell, ...]] = [
        (
            label(cells["name"]).in_language(language),
            *(bare(float(cells[name]), 0, language) for name in ("touches", "online", "offline")),
        )
        for cells in members.to_dict(orient="records")
    ]
    return Section(word(_W, "met", language), tables=(Table("", columns, tuple(rows)),) if rows else ())


def _shown_calibration(found: CompanyAttribution) -> Calibration | None:
    """That of the one method asked for; of several that of the chain, which is the nearest to a cause, or of the first."""
    of_methods = found.calibrations
    return of_methods.get("markov") or next(iter(of_methods.values()), None)


def _calibrated(found: CompanyAttribution, calibration: Calibration, language: Language) -> Section:
    frame: Any = calibration.frame
    proven = frame[frame["incremental"].notna()]
    largest = float(np.nanmax(np.abs(proven[["attributed", "incremental", "upper"]].to_numpy(np.float64))))
    money = number_style("currency", Figure(largest, None, None), language, currency=found.currency)
    rows: list[tuple[Cell, ...]] = [
        (
            label(cells["channel"]).in_language(language),
            Number(known(cells["attributed"]), money),
            Number(known(cells["tested"]), money),
            Number(known(cells["incremental"]), money),
            Interval(Figure(known(cells["incremental"]), known(cells["lower"]), known(cells["upper"])), money),
            bare(known(cells["ratio"]), 2, language),
            Number(known(cells["calibrated"]), money),
            percent(known(cells["calibrated_share"]), language),
        )
        for cells in proven.to_dict(orient="records")
    ]
    names = ("attributed", "tested", "incremental", "interval", "ratio", "calibrated", "share")
    columns = (_BY[found.scope.by].in_language(language), *(word(_W, name, language) for name in names))
    title = _CALIBRATION.in_language(language).format(found[calibration.method].name.in_language(language))
    base = f"{word(_W, 'base', language)}: {money.value(calibration.base)} ({percent(calibration.base_share, language).text})"
    return Section(
        word(_W, "proof", language),
        tables=(Table(title, columns, tuple(rows)),),
        remarks=(base, *(assumption.in_language(language) for assumption in calibration.assumptions)),
    )


def _credit(one: Attribution, value: Value) -> Credit | None:
    return one.value if value == "revenue" else one.conversions


def _share(credit: Credit, place: int) -> Estimated:
    return Estimated(*(known(bounds[place]) for bounds in (credit.shares, credit.lower, credit.upper)))


def _rest(found: CompanyAttribution, value: Value) -> float | None:
    rest = found.attributions
    amount = rest.unattributed_value if value == "revenue" else rest.unattributed_conversions
    return None if amount is None else float(amount)


def _style(found: CompanyAttribution, value: Value, language: Language, shown: Sequence[Credit | None]) -> NumberStyle:
    largest = max((float(max(one.amounts)) for one in shown if one is not None and one.amounts), default=0.0)
    unit = "currency" if value == "revenue" else "count"
    return number_style(unit, Figure(largest, None, None), language, currency=found.currency)
