"""What the passport of a company's own metric says of its method, in words and as a formula."""

from septima.metrics import estimates
from septima.metrics.custom.definition import OwnMetric, OwnRows
from septima.schema import Text

FIELLER = Text(
    "Fieller’s interval of a ratio of independent sums, 95 % (Fieller, 1954)",
    "Интервал Филлера для отношения независимых сумм, 95\u00a0% (Fieller, 1954)",
)
CONDITIONAL = Text(
    "Exact conditional interval of a ratio of two Poisson counts, 95 % (Przyborowski & Wileński, 1940)",
    "Точный условный интервал отношения двух пуассоновских чисел событий, 95\u00a0% (Przyborowski & Wileński, 1940)",
)
DERIVED = Text(
    "Delta method from the intervals of the parts, taken as independent, 95 % (Zou & Donner, 2008); where the parts "
    "rest on the same records it may be too wide or too narrow",
    "Дельта-метод по\u00a0интервалам составляющих, принятых независимыми, 95\u00a0% (Zou & Donner, 2008); если они считаются "
    "по\u00a0одним записям, интервал может быть слишком широким или узким",
)
_CUMULATIVE = {
    "all": Text(
        "Every period holds the sum from the first record on.", "Каждый период включает всё с\u00a0первой записи."
    ),
    "year": Text(
        "Every period holds the sum from the start of its (fiscal) year on.",
        "Каждый период включает всё с\u00a0начала своего (финансового) года.",
    ),
}
_MISSING = Text(
    "Rows for which a condition or a value is unknown are missing.",
    "Строки, для которых условие или значение неизвестно, считаются пропусками.",
)


def method(metric: OwnMetric) -> Text:
    """How the metric is computed."""
    sentences = [_of_kind(metric)]
    if metric.kind != "derived":
        sentences.append(_MISSING)
    if metric.cumulative is not None:
        sentences.append(_CUMULATIVE[metric.cumulative])
    return Text(" ".join(one.en for one in sentences), " ".join(one.ru for one in sentences))


def formula(metric: OwnMetric) -> str:  # noqa: PLR0911 - one form for each kind
    """The formula as one line."""
    if metric.formula is not None:
        return metric.formula.text
    rows, against = metric.rows, metric.against
    if rows is None:
        return "—"
    if metric.kind == "ratio" and against is not None:
        return f"{_aggregate(against)} / {_aggregate(rows)}"
    if metric.kind == "conversion" and against is not None:
        span = f"{metric.within_days:g} days"
        return f"n({_selection(rows)} → {_selection(against)} within {span}) / n({_selection(rows)})"
    if metric.kind == "mean":
        return f"{_aggregate(rows)} / n"
    if metric.kind == "quantile" and rows.value is not None:
        return f"quantile {metric.quantile:g} of {rows.value.text}{_where(rows)}"
    return _aggregate(rows)


def interval(metric: OwnMetric, *, subset: bool) -> Text:
    """The kind of interval; `subset` says that a ratio counts part of the rows of its denominator."""
    if metric.kind == "ratio" and metric.rows is not None and metric.against is not None and not subset:
        if same_rows(metric.rows, metric.against):
            return estimates.DELTA
        counts = metric.rows.value is None and metric.against.value is None
        return CONDITIONAL if counts else FIELLER
    return {
        "count": estimates.POISSON,
        "sum": estimates.COMPOUND_POISSON,
        "mean": estimates.STUDENT,
        "quantile": estimates.ORDER_STATISTICS,
        "ratio": estimates.WILSON,
        "conversion": estimates.WILSON,
        "derived": DERIVED,
    }[metric.kind]


def same_rows(one: OwnRows, other: OwnRows) -> bool:
    """Whether both speak of the same rows of one table, each at the same moment."""
    canonical = one.table.data is None and other.table.data is None
    same = one.table.name == other.table.name if canonical else one.table is other.table
    return same and one.at.text == other.at.text


def _of_kind(metric: OwnMetric) -> Text:  # noqa: PLR0911 - one sentence for each kind
    if metric.formula is not None:
        return Text(
            f"Computed from the values of other metrics: {metric.formula.text}. Undefined where one of them is. "
            "n is the least and the missing share the greatest among them.",
            f"Считается по\u00a0значениям других показателей: {metric.formula.text}. Не\u00a0определён, если не\u00a0определён один "
            "из\u00a0них. n\u00a0— наименьшее, доля пропусков\u00a0— наибольшая среди них.",
        )
    rows, against = metric.rows, metric.against
    if rows is None:
        return Text("—", "—")
    of, moment = _selection(rows), rows.at.text
    if metric.kind == "ratio" and against is not None:
        return Text(
            f"{_aggregate(against)} divided by {_aggregate(rows)}, by {_moments(against, rows)}.",
            f"{_aggregate(against)}, делённое на\u00a0{_aggregate(rows)}, по\u00a0{_moments(against, rows)}.",
        )
    if metric.kind == "conversion" and against is not None:
        days = f"{metric.within_days:g}"
        return Text(
            f"Share of rows ({of}) that the same customer followed by a row ({_selection(against)}) within {days} days, "
            f"by {moment} of the first. Rows whose {days} days are not over yet, or without a customer, are missing.",
            f"Доля строк ({of}), за\u00a0которыми у\u00a0того же клиента в\u00a0течение {days}\u00a0дн. следует строка "
            f"({_selection(against)}), по\u00a0{moment} первой. Строки, для которых {days}\u00a0дн. ещё не\u00a0прошли, и\u00a0строки без "
            "клиента считаются пропусками.",
        )
    if metric.kind == "count":
        if rows.distinct is not None:
            return Text(
                f"Number of different values of {rows.distinct} in rows ({of}), by {moment}.",
                f"Число разных значений {rows.distinct} в\u00a0строках ({of}), по\u00a0{moment}.",
            )
        return Text(f"Number of rows ({of}), by {moment}.", f"Число строк ({of}), по\u00a0{moment}.")
    value = "" if rows.value is None else rows.value.text
    if metric.kind == "quantile":
        return Text(
            f"Quantile {metric.quantile:g} of {value} over rows ({of}), by {moment}.",
            f"Квантиль {metric.quantile:g} величины {value} по\u00a0строкам ({of}), по\u00a0{moment}.",
        )
    en, ru = ("Sum", "Сумма") if metric.kind == "sum" else ("Mean", "Среднее")
    return Text(
        f"{en} of {value} over rows ({of}), by {moment}.", f"{ru} {value} по\u00a0строкам ({of}), по\u00a0{moment}."
    )


def _aggregate(rows: OwnRows) -> str:
    if rows.value is not None:
        value = rows.value.text
        return f"Σ {value if rows.value.column else f'({value})'}{_where(rows)}"
    if rows.distinct is not None:
        return f"n(different {rows.distinct}{_where(rows)})"
    return f"n({_selection(rows)})"


def _selection(rows: OwnRows) -> str:
    return f"{rows.table.name}{_where(rows)}"


def _where(rows: OwnRows) -> str:
    return "" if rows.condition is None else f" where {rows.condition.text}"


def _moments(*parts: OwnRows) -> str:
    return " and ".join(dict.fromkeys(part.at.text for part in parts))
