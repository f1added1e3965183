"""What a composite depends on as a study: weights, normalisation, aggregation and errors, and how firm its places are."""

from collections.abc import Mapping, Sequence

from septima.metrics.estimated import Estimated
from septima.report.number_forms import NumberStyle, number_style
from septima.report.studies.study import (
    Assumption,
    Cell,
    Drawing,
    Interval,
    Measure,
    Number,
    Section,
    Study,
    Table,
    bare,
    dots_of,
    heads,
    percent,
    told,
    word,
)
from septima.schema import Language, Text
from septima.scorecard.card import Figure
from septima.scorecard.sensitivity import Factor, Outcome, Place, Sensitivity
from septima.scorecard.shared_customers import SharedCustomers

TITLE = Text("What the index depends on", "От\u00a0чего зависит индекс")
_SINGLE_SHOWN = 10
_WORTH_SHOWING = 0.01
_PAIRS_SHOWN = 8
_METHODS: Mapping[str, Text] = {
    "target": Text("achievement of the target", "достижение цели"),
    "min_max": Text("worst to best", "от худшего к\u00a0лучшему"),
    "z_score": Text("z-score", "z-оценка"),
    "piecewise": Text("thresholds", "пороги"),
    "utility": Text("curve of utility", "кривая полезности"),
}
_W: Mapping[str, Text] = {
    "question": Text(
        "Would the index and its places be others, had we chosen other weights or ways to compute it, or drawn another sample?",
        "Были\u00a0бы индекс и\u00a0места другими при иных весах, ином способе расчёта или иной выборке?",
    ),
    "printed": Text("Printed form", "Печатная форма"),
    "normalised": Text("Form from 0 to 100", "Форма 0–100"),
    "by_weights": Text("whichever weights", "при любых весах"),
    "by_all": Text("95 % over all choices", "95\u00a0% по\u00a0всем вариантам"),
    "choice": Text("choice", "что меняется"),
    "alone": Text("alone", "само по\u00a0себе"),
    "together": Text("with the others", "вместе с\u00a0прочим"),
    "interval": Text("95 % interval", "интервал 95 %"),
    "drawn": Text(
        "Share of the variance, with what it does together with the others",
        "Доля дисперсии вместе с\u00a0взаимодействиями",
    ),
    "single_drawn": Text(
        "Single weights and errors: share of the variance", "Отдельные веса и\u00a0ошибки: доля дисперсии"
    ),
    "places": Text("How firm the places are", "Насколько устойчивы места"),
    "part": Text("", ""),
    "place": Text("place", "место"),
    "range": Text("places of 95 %", "места в\u00a095\u00a0%"),
    "changes": Text("another place in", "место другое в"),
    "shared": Text("Errors that share customers", "Ошибки показателей с\u00a0общими клиентами"),
    "pair": Text("figures", "показатели"),
    "seen": Text("correlation seen", "корреляция по\u00a0группам"),
    "taken": Text("taken", "принята"),
    "independent": Text("errors independent", "ошибки независимы"),
    "correlated": Text("errors correlated", "ошибки коррелируют"),
}


def sensitivity_study(
    found: Sensitivity,
    language: Language,
    *,
    shared: SharedCustomers | None = None,
    intervals: tuple[Figure, Figure] | None = None,
) -> Study:
    """The study of what a composite depends on.

    `shared` is the correlation of errors that it was found with, and `intervals` then the composite as printed, with errors
    taken as independent and as correlated.
    """
    sections = [_outcome(found, found.printed, "printed", language)]
    if found.normalised is not None:
        sections.append(_outcome(found, found.normalised, "normalised", language))
    if found.period_place is not None or found.perspectives:
        sections.append(_places(found, language))
    if shared is not None:
        sections.append(_shared(shared, intervals, language))
    called = found.name if found.id == "integral" else Text(f"CKPI “{found.name.en}”", f"CKPI «{found.name.ru}»")
    return Study(
        TITLE.in_language(language),
        f"{called.in_language(language)}, {found.period_label.in_language(language)}",
        word(_W, "question", language),
        _measures(found, language),
        tuple(sections),
        (_assumption(found, language),),
    )


def _measures(found: Sensitivity, language: Language) -> tuple[Measure, ...]:
    measures: list[Measure] = []
    for form, outcome in (("printed", found.printed), ("normalised", found.normalised)):
        if outcome is not None:
            style = _style(outcome, form, language)
            name = f"{word(_W, form, language)}, {word(_W, 'by_weights', language)}"
            bounds = Interval(Figure(outcome.value, *outcome.by_weights), style)
            measures.append(Measure(name, Number(outcome.value, style), bounds))
    return tuple(measures)


def _style(outcome: Outcome, form: str, language: Language) -> NumberStyle:
    unit = "index" if form == "printed" else "score_0_100"
    return number_style(unit, Figure(outcome.value, *outcome.by_weights), language)


def _outcome(found: Sensitivity, outcome: Outcome, form: str, language: Language) -> Section:
    style = _style(outcome, form, language)
    kinds = [factor for factor in outcome.kinds if form == "normalised" or factor.kind in ("weights", "errors")]
    single = [factor for factor in outcome.single if (factor.total.value or 0.0) >= _WORTH_SHOWING][:_SINGLE_SHOWN]
    drawings: list[Drawing] = []
    for title, factors in (("drawn", kinds), ("single_drawn", single)):
        named = [(_capital(factor.name, language), *_told(factor.total, language)) for factor in factors]
        drawn = dots_of(word(_W, title, language), named, word(_W, title, language))
        if drawn is not None:
            drawings.append(drawn)
    left = len(outcome.single) - len(single)
    least = percent(_WORTH_SHOWING, language, 0).text
    remarks = [_most(kinds, language)]
    if form == "normalised" and any(kind.kind == "normalisation" for kind in kinds) and "z_score" in found.methods:
        remarks.append(
            Text(
                "A z-score lies about 50 by its making, so that taking it instead of the achievement of targets shifts the "
                "whole scale; look at the places below for what remains.",
                "z-оценка по\u00a0построению лежит около 50, поэтому её выбор вместо достижения цели сдвигает всю шкалу; "
                "что остаётся, видно по\u00a0местам ниже.",
            ).in_language(language)
        )
    if left > 0:
        remarks.append(
            Text(
                f"Of single weights and errors those are shown that make {least} of the variance or more, {_SINGLE_SHOWN} at most; "
                f"left out: {left}.",
                f"Из\u00a0отдельных весов и\u00a0ошибок показаны те, на\u00a0которые приходится {least} дисперсии и\u00a0больше, "
                f"не\u00a0более {_SINGLE_SHOWN}; не\u00a0показано: {left}.",
            ).in_language(language)
        )
    return Section(
        word(_W, form, language),
        lead=(_bounded(found, outcome, style, language),),
        drawings=tuple(drawings),
        tables=(_table(kinds, language),),
        remarks=tuple(remarks),
    )


def _bounded(found: Sensitivity, outcome: Outcome, style: NumberStyle, language: Language) -> str:
    share = percent(found.weight_share, language, 0).text
    value = style.value(outcome.value)
    weights = style.interval(Figure(outcome.value, *outcome.by_weights))
    everything = style.interval(Figure(outcome.value, *outcome.by_all))
    called = found.name if found.id == "integral" else Text(f"CKPI “{found.name.en}”", f"CKPI «{found.name.ru}»")
    return Text(
        f"{called.en} is {value}. Whichever weights one chooses within ±{share}, it stays within {weights}; with all choices and "
        f"errors varied at once, 95% of the results lie within {everything}.",
        f"{called.ru} равен {value}. Какие\u00a0бы веса ни\u00a0выбрать в\u00a0пределах ±{share}, он остаётся в\u00a0интервале {weights}; "
        f"если менять сразу всё, вместе с\u00a0ошибками, 95\u00a0% результатов лежат в\u00a0интервале {everything}.",
    ).in_language(language)


def _most(factors: Sequence[Factor], language: Language) -> str:
    """The sentence that names what matters most."""
    most = max(factors, key=lambda factor: factor.total.value or 0.0)
    if not (most.total.value or 0.0) > 0:
        return Text(
            "None of these choices moves it.", "Ни\u00a0один из\u00a0этих вариантов его не\u00a0меняет."
        ).in_language(language)
    number, interval = _told(most.total, language)
    return Text(
        f"It depends most on {most.name.en}: {number.text} of the variance ({interval.text}), with what it does together with "
        "the others.",
        f"Сильнее всего влияет: {most.name.ru}\u00a0— {number.text} дисперсии ({interval.text}) вместе с\u00a0взаимодействиями.",
    ).in_language(language)


def _table(factors: Sequence[Factor], language: Language) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (_capital(factor.name, language), *_told(factor.first, language), *_told(factor.total, language))
        for factor in factors
    ]
    return Table("", heads(_W, ("choice", "alone", "interval", "together", "interval"), language), tuple(rows))


def _told(figure: Figure, language: Language) -> tuple[Number, Interval]:
    """A share of the variance; what chance puts below 0 or above 1 is cut."""
    cut = [None if part is None else min(max(part, 0.0), 1.0) for part in (figure.value, figure.lower, figure.upper)]
    return told("share", Estimated(*cut), language)


def _places(found: Sensitivity, language: Language) -> Section:
    rows: list[tuple[Cell, ...]] = []
    remarks: list[str] = []
    if found.period_place is not None:
        rows.append(_place_row(found.period_place, _period_called(found, language), language))
        remarks += _of_places(Text("The period's place", "Место периода"), found.period_kinds, language)
    rows += [_place_row(place, place.name.in_language(language), language) for place in found.perspectives]
    remarks += _of_places(Text("The places of perspectives", "Места перспектив"), found.perspective_kinds, language)
    columns = ("part", "place", "range", "changes")
    lead = Text(
        "Places by the form from 0 to 100, 1 being the best, with all choices and errors varied at once.",
        "Места по\u00a0форме 0–100, первое\u00a0— лучшее, если менять сразу всё, вместе с\u00a0ошибками.",
    )
    return Section(
        word(_W, "places", language),
        lead=(lead.in_language(language),),
        tables=(Table("", heads(_W, columns, language), tuple(rows)),),
        remarks=tuple(remarks),
    )


def _period_called(found: Sensitivity, language: Language) -> str:
    among = 0 if found.period_place is None else found.period_place.among
    period = found.period_label
    return Text(f"{period.en} among {among} periods", f"{period.ru} среди периодов ({among})").in_language(language)


def _of_places(what: Text, factors: Sequence[Factor], language: Language) -> list[str]:
    if not factors or not any(factor.total.value for factor in factors):
        return []
    listed = "; ".join(
        f"{factor.name.in_language(language)}\u00a0{percent(min(factor.total.value or 0.0, 1.0), language, 0).text}"
        for factor in sorted(factors, key=lambda factor: -(factor.total.value or 0.0))
    )
    said = Text(f"{what.en}, shares of the variance: {listed}.", f"{what.ru}, доли дисперсии: {listed}.")
    return [said.in_language(language)]


def _place_row(place: Place, name: str, language: Language) -> tuple[Cell, ...]:
    dash = Text("–", "…").in_language(language)
    between = f"{place.lower}{dash}{place.upper}" if place.lower != place.upper else str(place.lower)
    return name, bare(place.rank, 0, language), between, percent(place.changes, language, 0)


def _shared(shared: SharedCustomers, intervals: tuple[Figure, Figure] | None, language: Language) -> Section:
    pairs = shared.pairs[:_PAIRS_SHOWN]
    rows: list[tuple[Cell, ...]] = [
        (
            f"{shared.names[one].in_language(language)}\u00a0/ {shared.names[other].in_language(language)}",
            bare(seen, 2, language),
            bare(taken, 2, language),
        )
        for one, other, seen, taken in pairs
    ]
    remarks: list[str] = []
    if intervals is not None:
        style = number_style("index", intervals[0], language)
        apart, together = (style.interval(figure) or "—" for figure in intervals)
        widths = [(figure.upper or 0.0) - (figure.lower or 0.0) for figure in intervals]
        change = "" if not widths[0] else percent(widths[1] / widths[0] - 1, language, 0).text
        sign = "+" if widths[0] and widths[1] > widths[0] else ""
        remarks.append(
            Text(
                f"With independent errors the interval of the index is {apart}, with correlated ones {together}: its width "
                f"changes by {sign}{change}.",
                f"При независимых ошибках интервал индекса {apart}, при коррелирующих\u00a0— {together}: ширина меняется "
                f"на\u00a0{sign}{change}.",
            ).in_language(language)
        )
    left = len(shared.pairs) - len(pairs)
    if left > 0:
        remarks.append(
            Text(f"Weaker pairs left out: {left}.", f"Более слабых пар не\u00a0показано: {left}.").in_language(language)
        )
    if shared.apart:
        listed = ", ".join(shared.names[name].in_language(language) for name in shared.apart)
        remarks.append(
            Text(f"Taken as independent: {listed}.", f"Приняты независимыми: {listed}.").in_language(language)
        )
    shrunk = percent(shared.shrinkage, language, 0).text
    lead = Text(
        f"Customers were put into {shared.groups} random groups, each figure was computed within every group, and the figures' "
        f"correlation over the groups is that of their errors; it is drawn {shrunk} of the way to none, since some of it is chance.",
        f"Клиенты случайно разбиты на\u00a0группы ({shared.groups}), каждый показатель вычислен в\u00a0каждой; корреляция показателей "
        f"по\u00a0группам\u00a0— это корреляция их ошибок. Она приближена к\u00a0нулю на\u00a0{shrunk}, поскольку отчасти случайна.",
    )
    return Section(
        word(_W, "shared", language),
        lead=(lead.in_language(language),),
        tables=(Table("", heads(_W, ("pair", "seen", "taken"), language), tuple(rows)),),
        remarks=tuple(remarks),
    )


def _assumption(found: Sensitivity, language: Language) -> Assumption:
    share = percent(found.weight_share, language, 0).text
    methods = ", ".join(_METHODS[name].in_language(language) for name in found.methods)
    statements = [
        Text(
            f"Every weight varies alone by up to ±{share}, all sizes alike; its group is brought back to the mean 1.",
            f"Каждый вес меняется сам по\u00a0себе до\u00a0±{share}, все величины равновероятны; затем среднее группы снова\u00a01.",
        ),
        Text(
            "The aggregation is arithmetic or geometric, either as likely.",
            "Объединение арифметическое или геометрическое, равновероятно.",
        ),
    ]
    if found.methods:
        statements.append(
            Text(
                f"Besides the normalisation of the card these are as likely: {methods}; a KPI that does not give what one needs "
                "keeps its own. For the period's place a KPI is normalised alike in all periods, and never by z-score.",
                f"Кроме нормировки карты, равновероятны: {methods}; показатель без нужных для неё данных сохраняет свою. "
                "Для места периода показатель нормируется одинаково во\u00a0всех периодах и\u00a0не\u00a0по\u00a0z-оценке.",
            )
        )
    errors = (
        Text(
            "Errors of KPIs that share customers correlate as measured; those of different periods are independent.",
            "Ошибки показателей с\u00a0общими клиентами коррелируют, как измерено; ошибки разных периодов независимы.",
        )
        if found.correlated
        else Text(
            "Errors of different KPIs and periods are independent; --shared-customers measures how far they are not.",
            "Ошибки разных показателей и\u00a0периодов независимы; --shared-customers измеряет, насколько это не\u00a0так.",
        )
    )
    return Assumption(
        TITLE.in_language(language),
        tuple(said.in_language(language) for said in (*statements, errors)),
        "S = V[E(Y|X)] / V(Y);  T = 1 − V[E(Y|¬X)] / V(Y)",
        "Sobol, 2001; Saltelli et al., 2010; Saisana, Saltelli & Tarantola, 2005",
    )


def _capital(name: Text, language: Language) -> str:
    said = name.in_language(language)
    return said[:1].upper() + said[1:]
