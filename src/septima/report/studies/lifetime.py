"""Lifetime value as a study: what ten methods give, why they differ, and which did best on held-out time."""

from septima.metrics.estimated import Estimated, known
from septima.metrics.lifetime import (
    Backtest,
    BacktestResult,
    LifetimeReport,
    MemberValue,
    MethodResult,
    decile_error,
)
from septima.models.lifetime.calibration import FrequencyCalibration
from septima.report.number_forms import NumberStyle, day, number_style, plain
from septima.report.studies.study import (
    Assumption,
    Cell,
    Dots,
    Interval,
    Measure,
    Number,
    Pairs,
    Section,
    Study,
    Table,
    bare,
    dots_of,
    percent,
    told,
    with_sign,
    word,
)
from septima.schema import Language, Text
from septima.scorecard.card import Figure
from septima.scorecard.dimensions import dimension_name

TITLE = Text("Lifetime value", "Ценность клиента")
UNFIT_MARK = "○"
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_DECILES_SHOWN = 3

_W = {
    "question": Text(
        "What will a customer still bring? Ten methods answer over the same customers, horizon, discount and margin.",
        "Сколько ещё принесёт клиент? Десять методов отвечают на\u00a0одних и\u00a0тех\u00a0же клиентах, горизонте, дисконте и\u00a0марже.",
    ),
    "one": Text("What will a customer still bring?", "Сколько ещё принесёт клиент?"),
    "customers": Text("Customers", "Клиентов"),
    "repeat_buyers": Text("Bought again", "Купили снова"),
    "margin": Text("Margin in revenue", "Маржа в\u00a0выручке"),
    "cac": Text("Cost of winning a customer", "Затраты на\u00a0привлечение клиента"),
    "best": Text("Value of a customer: {}", "Ценность клиента: {}"),
    "method": Text("method", "метод"),
    "of_customers": Text("customers", "клиентов"),
    "value": Text("value per customer", "ценность клиента"),
    "interval": Text("95 % interval", "интервал 95 %"),
    "unlimited": Text("without a horizon", "без горизонта"),
    "to_date": Text("to date", "на\u00a0сегодня"),
    "all": Text("all", "все"),
    "unknown": Text("unknown", "неизвестно"),
    "methods": Text("What the methods give", "Что дают методы"),
    "differ": Text("Why they differ", "Почему они различаются"),
    "unfit": Text(
        f"{UNFIT_MARK} The method is made for the other kind of business.",
        f"{UNFIT_MARK} Метод рассчитан на\u00a0бизнес другого рода.",
    ),
    "backtest": Text("Backtest", "Проверка на\u00a0отложенном времени"),
    "rank": Text("rank", "место"),
    "bias": Text("bias", "смещение"),
    "error": Text("mean error", "средняя ошибка"),
    "deciles": Text("error of deciles", "ошибка децилей"),
    "gini": Text("Gini", "Джини"),
    "how_ranked": Text(
        "Ranked by the mean place in four: how far the sum is out (bias), how far a customer is out on average, how far the ten "
        "groups by prediction are out, and how well the order of customers is told (Gini: 1 is perfect, 0 is chance).",
        "Место\u00a0— по\u00a0среднему из\u00a0четырёх мест: насколько неверна сумма (смещение), насколько в\u00a0среднем неверен прогноз "
        "по\u00a0клиенту, насколько неверны десять групп по\u00a0прогнозу и\u00a0насколько верно упорядочены клиенты (Джини: "
        "1\u00a0— идеально, 0\u00a0— наугад).",
    ),
    "predicted": Text("predicted", "прогноз"),
    "came": Text("came", "пришло"),
    "decile_axis": Text(
        "tenths of customers, from the least prediction", "десятые доли клиентов, от\u00a0наименьшего прогноза"
    ),
    "models": Text("The fitted models", "Подогнанные модели"),
    "parameter": Text("parameter", "параметр"),
    "estimate": Text("estimate", "оценка"),
    "standard_error": Text("standard error", "стандартная ошибка"),
    "observed": Text("observed", "было"),
    "expected": Text("expected by the model", "ожидает модель"),
    "purchases_axis": Text("repeat purchases", "повторных покупок"),
}
_PARAMETERS = {
    "order_value": Text("order value", "средний чек"),
    "orders_per_year": Text("orders a year", "заказов в\u00a0год"),
    "lifespan_days": Text("lifespan, days", "срок жизни, дней"),
    "churn": Text("churn in a period", "отток за\u00a0период"),
    "arpu": Text("revenue of an active customer in a period", "выручка активного клиента за\u00a0период"),
    "purchase": Text("purchase rate", "частота покупок"),
    "dropout": Text("dropout rate", "частота ухода"),
    "dropout_a": Text("dropout, a", "уход, a"),
    "dropout_b": Text("dropout, b", "уход, b"),
}
_LIKELIHOOD = Text("{}: logarithm of the likelihood {}.", "{}: логарифм правдоподобия {}.")
_SEGMENTS = Text(
    "{}: that the members do not differ is tested by the ratio of likelihoods: χ² = {}, degrees of freedom {}, p {}.",
    "{}: гипотеза, что группы не\u00a0различаются, проверена отношением правдоподобий: χ² = {}, степеней свободы {}, p {}.",
)
_INDEPENDENT = Text(
    "Whether spend depends on frequency: correlation {} ({}) among {} repeat buyers. {}",
    "Зависят\u00a0ли траты от\u00a0частоты: корреляция {} ({}) у\u00a0{} повторных покупателей. {}",
)
_TRUSTED = {
    True: Text(
        "That is weak: Gamma-Gamma, which takes them for independent, may be trusted.",
        "Связь слабая: модели Gamma-Gamma, для которой они независимы, можно доверять.",
    ),
    False: Text(
        "Gamma-Gamma takes them for independent, which they are not here: read its values with caution.",
        "Модель Gamma-Gamma считает их независимыми, а\u00a0здесь это не\u00a0так: её оценки требуют осторожности.",
    ),
}


def lifetime_study(found: LifetimeReport, language: Language) -> Study:
    """The study of a lifetime report."""
    several = len(found.results) > 1
    days, discount = found.settings.horizon_days, f"{100 * found.settings.discount:g}\u00a0%"
    subtitle = Text(
        f"margin of {days} days after {day(found.as_of, 'en')}, discounted by {discount} a year",
        f"маржа за\u00a0{days}\u00a0дн. после {day(found.as_of, 'ru')}, дисконт {discount} в\u00a0год",
    )
    sections = [_methods(found, language)]
    if several:
        terms = tuple(
            (_name(result, language), result.method.differs.in_language(language)) for result in found.results
        )
        sections.append(Section(word(_W, "differ", language), terms=terms))
    if found.backtest is not None:
        sections.append(_backtest(found.backtest, found.currency, language))
    models = _models(found, language)
    if models.tables or models.drawings or models.remarks:
        sections.append(models)
    return Study(
        TITLE.in_language(language),
        subtitle.in_language(language),
        word(_W, "question" if several else "one", language),
        _measures(found, language),
        tuple(sections),
        tuple(
            Assumption(
                _name(result, language),
                (result.method.assumptions.in_language(language),),
                result.method.formula.in_language(language),
                result.method.source,
            )
            for result in found.results
        ),
    )


def _measures(found: LifetimeReport, language: Language) -> tuple[Measure, ...]:
    measures: list[Measure] = []
    best = _best(found)
    if best is not None:
        figure = _estimated(best.rows[0])
        number, interval = told("currency", figure, language, found.currency)
        measures.append(Measure(word(_W, "best", language).format(_name(best, language)), number, interval))
    measures += [
        Measure(word(_W, "customers", language), bare(found.customers, 0, language)),
        Measure(word(_W, "repeat_buyers", language), bare(found.repeat_buyers, 0, language)),
        Measure(word(_W, "margin", language), percent(found.margin, language)),
    ]
    if found.cac is not None:
        measures.append(Measure(word(_W, "cac", language), _money(found.cac, found.currency, language)))
    return tuple(measures)


def _best(found: LifetimeReport) -> MethodResult | None:
    """The one method, or that of the first rank in the backtest; without either none stands out."""
    valued = [result for result in found.results if result.rows]
    if len(valued) == 1:
        return valued[0]
    ranks = {tested.method.key: tested.rank for tested in found.backtest.results} if found.backtest else {}
    return next((result for result in valued if ranks.get(result.method.key) == 1), None)


def _methods(found: LifetimeReport, language: Language) -> Section:
    marks: dict[Text, str] = {}
    by = found.settings.by
    columns = ["method", "of_customers", "value", "interval", "unlimited", "to_date"]
    names = [word(_W, column, language) for column in columns]
    if by is not None:
        names.insert(1, dimension_name(by).in_language(language))
    rows: list[tuple[Cell, ...]] = []
    strong: list[int] = []
    for result in found.results:
        strong += [len(rows)] if by is not None else []
        rows += _rows(result, found, marks, language)
    notes = [word(_W, "unfit", language)] if not all(result.fits for result in found.results) else []
    notes += [f"{mark} {note.in_language(language)}" for note, mark in marks.items()]
    table = Table(word(_W, "methods", language), (*names, ""), tuple(rows), tuple(strong), tuple(notes))
    drawing = _drawn_methods(found, language)
    return Section(
        "",
        lead=tuple(statement.in_language(language) for statement in (found.business, *found.notes)),
        drawings=(drawing,) if drawing else (),
        tables=(table,),
    )


def _rows(
    result: MethodResult, found: LifetimeReport, marks: dict[Text, str], language: Language
) -> list[tuple[Cell, ...]]:
    by = found.settings.by
    noted = [*((result.statement,) if result.statement else ()), *result.notes]
    for note in noted:
        marks.setdefault(note, f"{_LETTERS[len(marks) % len(_LETTERS)]})")
    sign = " ".join([UNFIT_MARK] * (not result.fits) + [marks[note] for note in noted])
    name = _name(result, language)
    if not result.rows:
        return [(name, *([""] if by else []), "", "—", "", "", "", sign)]
    rows: list[tuple[Cell, ...]] = []
    for row in result.rows:
        number, interval = told("currency", _estimated(row), language, found.currency)
        member = word(_W, "all", language) if row.whole else row.member or word(_W, "unknown", language)
        rows.append(
            (
                name if row.whole else "",
                *([member] if by else []),
                bare(row.customers, 0, language),
                number,
                interval,
                Number(known(row.unlimited), number.style),
                Number(known(row.to_date), number.style),
                sign if row.whole else "",
            )
        )
    return rows


def _drawn_methods(found: LifetimeReport, language: Language) -> Dots | None:
    named: list[tuple[str, Number, Interval]] = []
    for result in found.results:
        if result.rows:
            sign = "" if result.fits else f" {UNFIT_MARK}"
            named.append(
                (
                    _name(result, language) + sign,
                    *told("currency", _estimated(result.rows[0]), language, found.currency),
                )
            )
    return dots_of(word(_W, "value", language), named, word(_W, "value", language))


def _backtest(backtest: Backtest, currency: str | None, language: Language) -> Section:
    fitted = Text(
        f"Fitted to {day(backtest.fitted_to, 'en')}, compared with the {backtest.days} days after it.",
        f"Подгонка по\u00a0{day(backtest.fitted_to, 'ru')}, сравнение с\u00a0{backtest.days}\u00a0дн. после.",
    )
    ranked = sorted(backtest.results, key=lambda tested: tested.rank or len(backtest.results) + 1)
    columns = tuple(word(_W, name, language) for name in ("rank", "method", "bias", "error", "deciles", "gini"))
    rows = tuple(_tested(tested, currency, language) for tested in ranked)
    drawn = [
        _deciles(tested, currency, language)
        for tested in ranked
        if tested.accuracy is not None and tested.rank is not None and tested.rank <= _DECILES_SHOWN
    ]
    return Section(
        word(_W, "backtest", language),
        lead=(fitted.in_language(language), word(_W, "how_ranked", language)),
        drawings=tuple(drawn),
        tables=(Table("", (*columns, ""), rows),),
        remarks=tuple(note.in_language(language) for note in backtest.notes),
    )


def _tested(tested: BacktestResult, currency: str | None, language: Language) -> tuple[Cell, ...]:
    name, accuracy = tested.method.name.in_language(language), tested.accuracy
    if accuracy is None:
        return ("—", name, "", "", "", "", tested.statement.in_language(language) if tested.statement else "")
    return (
        bare(tested.rank, 0, language),
        name,
        with_sign(percent(accuracy.bias, language)),
        _money(accuracy.mean_absolute_error, currency, language),
        percent(decile_error(accuracy), language),
        bare(accuracy.gini, 2, language),
        "",
    )


def _deciles(tested: BacktestResult, currency: str | None, language: Language) -> Pairs:
    accuracy = tested.accuracy
    assert accuracy is not None  # noqa: S101 - only tested methods are drawn
    values = [float(value) for value in (*accuracy.decile_actual, *accuracy.decile_predicted)]
    style = number_style("currency", Figure(max(values)), language, currency=currency)
    came, predicted = (
        tuple(style.shown(float(value)) for value in tenths)
        for tenths in (accuracy.decile_actual, accuracy.decile_predicted)
    )
    name = tested.method.name.in_language(language)
    top = style.value(float(accuracy.decile_predicted[-1])), style.value(float(accuracy.decile_actual[-1]))
    says = Text(
        f"{name}: in the tenth with the greatest prediction {top[0]} per customer were predicted and {top[1]} came.",
        f"{name}: в\u00a0десятой доле с\u00a0наибольшим прогнозом ожидалось {top[0]} на\u00a0клиента, пришло {top[1]}.",
    )
    return Pairs(
        name,
        tuple(str(place + 1) for place in range(len(came))),
        came,
        predicted,
        (word(_W, "came", language), word(_W, "predicted", language)),
        word(_W, "decile_axis", language),
        style.axis_unit,
        says.in_language(language),
    )


def _models(found: LifetimeReport, language: Language) -> Section:
    rows: list[tuple[Cell, ...]] = []
    remarks: list[str] = []
    drawings: list[Pairs] = []
    for result in found.results:
        name = _name(result, language)
        for place, (parameter, (value, error)) in enumerate(result.parameters.items()):
            digits = 4 if abs(value) < 100 else 1
            rows.append(
                (
                    name if place == 0 else "",
                    _parameter(parameter, language),
                    bare(value, digits, language),
                    bare(known(error), digits, language) if known(error) is not None else "",
                )
            )
        if result.log_likelihood is not None:
            likelihood = plain(result.log_likelihood, 1, language)
            remarks.append(_LIKELIHOOD.in_language(language).format(name, likelihood))
        if result.segments is not None:
            test = result.segments
            remarks.append(
                _SEGMENTS.in_language(language).format(
                    name, plain(test.statistic, 1, language), test.degrees, _probability(test.p_value, language)
                )
            )
        if result.calibration is not None:
            drawings.append(_frequencies(name, result.calibration, language))
    if found.independence is not None:
        test = found.independence
        bounds = Interval(Figure(test.correlation, test.lower, test.upper), NumberStyle("", language, None, 1, 3))
        remarks.append(
            _INDEPENDENT.in_language(language).format(
                plain(test.correlation, 3, language),
                bounds.text,
                plain(test.n, 0, language),
                _TRUSTED[test.holds].in_language(language),
            )
        )
    columns = tuple(word(_W, name, language) for name in ("method", "parameter", "estimate", "standard_error"))
    return Section(
        word(_W, "models", language),
        drawings=tuple(drawings),
        tables=(Table("", columns, tuple(rows)),) if rows else (),
        remarks=tuple(remarks),
    )


def _parameter(name: str, language: Language) -> str:
    """A parameter in words where it has any; that of a member, `purchase[premium]`, as `purchase rate: premium`."""
    stem, _, member = name.partition("[")
    words = _PARAMETERS[stem].in_language(language) if stem in _PARAMETERS else stem
    return f"{words}: {member.removesuffix(']')}" if member else words


def _frequencies(name: str, calibration: FrequencyCalibration, language: Language) -> Pairs:
    observed, expected = (
        [float(number) for number in numbers] for numbers in (calibration.observed, calibration.expected)
    )
    names = [str(int(number)) for number in calibration.purchases]
    names[-1] += "+"
    none = plain(observed[0], 0, language), plain(expected[0], 0, language)
    says = Text(
        f"{name}: {none[0]} customers bought once and never again, the model expects {none[1]}.",
        f"{name}: купили один раз и\u00a0больше не\u00a0покупали {none[0]} клиентов, модель ожидает {none[1]}.",
    )
    return Pairs(
        name,
        tuple(names),
        tuple(observed),
        tuple(expected),
        (word(_W, "observed", language), word(_W, "expected", language)),
        word(_W, "purchases_axis", language),
        word(_W, "of_customers", language),
        says.in_language(language),
    )


def _probability(value: float, language: Language) -> str:
    return f"= {plain(value, 3, language)}" if value >= 0.0005 else f"< {plain(0.001, 3, language)}"


def _estimated(row: MemberValue) -> Estimated:
    return Estimated(known(row.value), known(row.lower), known(row.upper))


def _money(value: float, currency: str | None, language: Language) -> Number:
    return Number(value, number_style("currency", Figure(value), language, currency=currency))


def _name(result: MethodResult, language: Language) -> str:
    return result.method.name.in_language(language)
