"""Forecasts as a study: each figure in the next periods, with its interval and its chance to reach the target."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from septima.models.forecast import Form
from septima.models.intervals import wilson
from septima.report.number_forms import NumberStyle, number_style
from septima.report.points import Point
from septima.report.studies.study import (
    Assumption,
    Cell,
    Fan,
    Interval,
    Measure,
    Number,
    Section,
    Study,
    Table,
    percent,
    told,
    word,
)
from septima.schema import Language, Text
from septima.scorecard.card import Figure, TrendPoint
from septima.scorecard.forecast import Forecast, ForecastReport

TITLE = Text("What is to be expected", "Чего ожидать")
_FORMS: Mapping[Form, Text] = {
    "level": Text("level", "уровень"),
    "damped_trend": Text("damped trend", "затухающий тренд"),
    "season": Text("level with seasons", "уровень с\u00a0сезонностью"),
    "random_walk": Text("random walk", "случайное блуждание"),
}
_W: Mapping[str, Text] = {
    "question": Text(
        "Where will the figures be in the next periods, and will they reach their targets?",
        "Какими будут показатели в\u00a0следующих периодах и\u00a0достигнут\u00a0ли целей?",
    ),
    "integral_chance": Text("Chance that CKPIint reaches its target, {period}", "Вероятность, что CKPIint достигнет цели, {period}"),
    "integral": Text("CKPIint expected, {period}", "Ожидаемый CKPIint, {period}"),
    "indices": Text("Indices", "Индексы"),
    "key": Text(
        "Line and band: what was, with its interval; dashed line in the grey band: what is expected, with its 95 % interval.",
        "Линия с\u00a0полосой — что было, с\u00a0интервалом; пунктир в\u00a0серой полосе — чего ожидать, с\u00a095%-м интервалом.",
    ),
    "figures": Text("Figures", "Показатели"),
    "figure": Text("index or KPI", "индекс или показатель"),
    "last": Text("last", "последнее"),
    "interval": Text("95 % interval", "интервал 95 %"),
    "expected": Text("expected", "ожидается"),
    "target": Text("target", "цель"),
    "chance": Text("chance to reach it", "вероятность достичь"),
    "method": Text("model", "модель"),
    "of_parts": Text("of its parts", "из\u00a0частей"),
    "target_line": Text("target {target}", "цель {target}"),
    "not_over": Text(
        "The period is not over: the first forecast is of its own end and rests on the complete periods before it.",
        "Период не\u00a0закончен: первый прогноз — на\u00a0его конец, по\u00a0завершённым периодам до\u00a0него.",
    ),
    "forecast": Text("Forecast", "Прогноз"),
    "taken": Text(
        "The past goes on as it went: nothing is known of what is planned or of what will happen. Shares are projected on the logit "
        "scale and amounts on the log scale; the model with the least AICc is taken, of a series of fewer than eight periods a random "
        "walk. Intervals widen by Student’s t for what the parameters cost and are never narrower than sampling alone.",
        "Прошлое продолжается так, как шло: о\u00a0планах и\u00a0будущих событиях ничего не\u00a0известно. Доли прогнозируются "
        "в\u00a0логит-шкале, величины — в\u00a0логарифмической; берётся модель с\u00a0наименьшим AICc, для ряда короче восьми периодов — "
        "случайное блуждание. Интервалы расширены по\u00a0Стьюденту за\u00a0оценку параметров и\u00a0не\u00a0бывают уже одной ошибки выборки.",
    ),
    "independent": Text(
        "An index is made of its KPIs’ forecasts, drawn independently of each other and taken by the targets of today. Chances compare with "
        "the targets of the card’s period.",
        "Индекс складывается из\u00a0прогнозов показателей, независимых друг от\u00a0друга, по\u00a0сегодняшним целям. Вероятности — "
        "относительно целей периода карты.",
    ),
}  # fmt: skip


def forecast_study(found: ForecastReport, language: Language) -> Study:
    """The study of what is to be expected."""
    lead = (word(_W, "key", language), *(() if found.complete else (word(_W, "not_over", language),)))
    composites = [found.integral, *(composite for composite, _ in found.perspectives)]
    fans = tuple(_fan(one, found, language) for one in composites if one.ahead)
    return Study(
        TITLE.in_language(language),
        found.period_label.in_language(language),
        word(_W, "question", language),
        tuple(_measures(found, language)),
        (
            *((Section(word(_W, "indices", language), lead=lead, drawings=fans),) if fans else ()),
            Section(
                word(_W, "figures", language),
                tables=(_table(found, language),),
                remarks=tuple(_remarks(found, language)),
            ),
        ),
        (
            Assumption(
                word(_W, "forecast", language),
                (word(_W, "taken", language), word(_W, "independent", language)),
                source="Hyndman, Koehler, Ord & Snyder, Forecasting with Exponential Smoothing, 2008",
            ),
        ),
    )


def _measures(found: ForecastReport, language: Language) -> Iterator[Measure]:
    if not found.integral.ahead:
        return
    period = found.periods[0].in_language(language)
    point, chance = found.integral.ahead[0], found.integral.chance[0]
    number, interval = told("index", point.figure, language)
    yield Measure(word(_W, "integral", language).format(period=period), number, interval)
    if chance is not None:
        yield Measure(word(_W, "integral_chance", language).format(period=period), percent(chance, language, 0))


def _fan(one: Forecast, found: ForecastReport, language: Language) -> Fan:
    style = _style(one, found, language)
    name = one.name.in_language(language)
    last = one.ahead[-1]
    said = f"{name}: {style.value(last.figure.value)} ({style.interval(last.figure)})."
    target = None if one.target is None else style.shown(one.target)
    days = (one.ahead[0].period - one.past[-1].period).days
    return Fan(
        name,
        _points(one.past, style),
        _points(one.ahead, style),
        target,
        "" if one.target is None else word(_W, "target_line", language).format(target=style.value(one.target)),
        style.axis_unit,
        "year" if days > 200 else "quarter" if days > 40 else "month" if days > 10 else "day",
        said,
    )


def _table(found: ForecastReport, language: Language) -> Table:
    rows: list[tuple[Cell, ...]] = []
    strong: list[int] = []
    for one in _order(found):
        if one.form is None and one.unit == "index" and one not in found.kpis:
            strong.append(len(rows))
        rows.append(tuple(_row(one, found, language)))
    heads = ("figure", "last", "expected", "interval", "target", "chance", "method")
    title = found.periods[0].in_language(language)
    return Table(title, tuple(word(_W, head, language) for head in heads), tuple(rows), tuple(strong))


def _row(one: Forecast, found: ForecastReport, language: Language) -> Iterator[Cell]:
    style = _style(one, found, language)
    yield one.name.in_language(language)
    last = one.past[-1].figure.value if one.past else None
    yield Number(last, style)
    figure = one.ahead[0].figure if one.ahead else Figure(None)
    yield Number(figure.value, style)
    yield Interval(figure, style)
    yield Number(one.target, style)
    yield percent(one.chance[0] if one.chance else None, language, 0)
    if not one.ahead:
        yield "—"
    else:
        yield _FORMS[one.form].in_language(language) if one.form else word(_W, "of_parts", language)


def _remarks(found: ForecastReport, language: Language) -> Iterator[str]:
    tested = found.coverage
    if tested.forecasts:
        bounds = wilson(np.array([float(tested.within_80)]), np.array([float(tested.forecasts)]))
        lower, upper = (float(bound[0]) for bound in bounds)
        share = percent(tested.within_80 / tested.forecasts, language, 0).text
        between = f"{percent(lower, language, 0).text}–{percent(upper, language, 0).text}"
        meant = percent(0.8, language, 0).text
        yield Text(
            f"Put to the test on the company’s own past: of {tested.forecasts} earlier figures, each projected from those before it, the "
            f"{meant} interval covered {tested.within_80}, which is {share} ({between}).",
            f"Проверка на\u00a0прошлом компании: из\u00a0{tested.forecasts} прежних значений, каждое из\u00a0которых предсказано по\u00a0предыдущим, "
            f"в\u00a0интервал {meant} попало {tested.within_80}, то\u00a0есть {share} ({between}).",
        ).in_language(language)
    for one in _order(found):
        if one.note is not None:
            yield f"{one.name.in_language(language)}: {one.note.in_language(language)}"


def _order(found: ForecastReport) -> Sequence[Forecast]:
    return [found.integral, *(one for composite, kpis in found.perspectives for one in (composite, *kpis)), *found.own]


def _style(one: Forecast, found: ForecastReport, language: Language) -> NumberStyle:
    figure = one.ahead[0].figure if one.ahead else one.past[-1].figure if one.past else Figure(None)
    return number_style(one.unit, figure, language, currency=found.currency, others=(one.target,))


def _points(points: Sequence[TrendPoint], style: NumberStyle) -> tuple[Point, ...]:
    return tuple(
        Point(
            point.period,
            Figure(
                *(
                    None if bound is None else style.shown(bound)
                    for bound in (point.figure.value, point.figure.lower, point.figure.upper)
                )
            ),
        )
        for point in points
    )
