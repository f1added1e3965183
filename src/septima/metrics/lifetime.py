"""Lifetime value ten ways over the same customers, horizon, discount and margin, and a backtest that ranks them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from septima.metrics.compute import request_of
from septima.metrics.definition import FloatArray, Request, Tables
from septima.metrics.lifetime_methods import (
    FEWEST,
    Evidence,
    Valuation,
    fit_method,
    with_all,
    without_discount,
)
from septima.metrics.lifetime_summary import (
    Customers,
    LifetimeSettings,
    Regularity,
    Span,
    acquisition_cost,
    before_registration,
    customer_batches,
    grouped_customers,
    regularity,
    span,
)
from septima.metrics.lifetime_words import METHOD_BY_KEY, METHODS, Method
from septima.metrics.period import DEFAULT_CALENDAR, Calendar
from septima.models.intervals import Z
from septima.models.lifetime import (
    Accuracy,
    FrequencyCalibration,
    Independence,
    LifetimeError,
    LikelihoodRatio,
    accuracy,
    frequency_calibration,
    spend_independence,
)
from septima.schema import Text

CONTRACT_REGULARITY = 10.0
"""Shape of the gaps between purchases from which they look like payments of a contract."""

FINE_ORDERS = 200_000
"""Orders up to whose number days are not joined into bins."""

_SHORTEST_BACKTEST = 28
_EPOCH = date(1970, 1, 1)

Progress = Callable[[Text, int, int | None], None]


@dataclass(frozen=True)
class MemberValue:
    """The value of one member (a segment, a cohort …; None is unknown), or of all customers where `whole`.

    `value` is the mean margin per customer over the horizon, discounted (and less CAC, in the method that takes it off),
    with its interval of 95 % for the doubt of the method’s parameters; `total` that of all its customers. `unlimited` is
    the textbook’s value without a horizon (of an active customer, or of a new one). NaN where there are too few customers.
    """

    member: str | None
    whole: bool
    customers: int
    value: float
    lower: float
    upper: float
    total: float
    unlimited: float
    to_date: float


@dataclass(frozen=True)
class MethodResult:
    """What a method gave: rows (all customers first), or in `statement` why there is no figure.

    `fits` says whether the method is made for such a business. `parameters` are name → (value, standard error; NaN
    where the jackknife stands for it). `segments` tests whether members differ, `calibration` compares the numbers of
    repeat purchases with those expected.
    """

    method: Method
    rows: tuple[MemberValue, ...]
    fits: bool
    statement: Text | None = None
    notes: tuple[Text, ...] = ()
    parameters: dict[str, tuple[float, float]] = field(default_factory=dict[str, tuple[float, float]])
    log_likelihood: float | None = None
    segments: LikelihoodRatio | None = None
    calibration: FrequencyCalibration | None = None


@dataclass(frozen=True)
class BacktestResult:
    """How one method did on the rest of the time line; `rank` 1 is the best, None where it could not be fitted."""

    method: Method
    accuracy: Accuracy | None
    rank: int | None
    statement: Text | None = None


@dataclass(frozen=True)
class Backtest:
    """Methods fitted to what was known on the day `fitted_to`, compared with the margin of `days` after it, undiscounted.

    Ranked by the mean of four ranks: of |bias|, mean absolute error, distance of the deciles and Gini.
    """

    fitted_to: date
    days: int
    customers: int
    results: tuple[BacktestResult, ...]
    notes: tuple[Text, ...] = ()


@dataclass(frozen=True)
class LifetimeReport:
    """Lifetime value of a company’s customers by every method asked for.

    Days are `first` to `as_of`. `margin` is the share of revenue (given, or `margin_measured` from costs), `kept` the
    share of gross revenue that is not refunded, `cac` the cost of winning a customer (None where none is recorded).
    `regularity` and `contractual` say which kind of business it is, in words in `business`. `independence` is the test of
    spend against frequency. `missing_share` is the share of orders without a customer or an amount; `notes` state how
    doubtful records were treated.
    """

    settings: LifetimeSettings
    currency: str | None
    first: date
    as_of: date
    customers: int
    repeat_buyers: int
    groups: int
    margin: float
    margin_measured: bool
    kept: float
    cac: float | None
    regularity: Regularity
    contractual: bool
    business: Text
    independence: Independence | None
    missing_share: float
    results: tuple[MethodResult, ...]
    backtest: Backtest | None
    notes: tuple[Text, ...]


@dataclass(frozen=True)
class _Known:
    """What is known up to one day."""

    request: Request
    settings: LifetimeSettings
    found: Span
    until: int
    evidence: Evidence


def lifetime_value(
    tables: Tables,
    settings: LifetimeSettings | None = None,
    *,
    methods: Sequence[str] = (),
    backtest: bool = False,
    calendar: Calendar = DEFAULT_CALENDAR,
    currency: str | None = None,
    progress: Progress | None = None,
) -> LifetimeReport:
    """Value the customers by the `methods` (all ten where left out).

    LifetimeError where there are no purchases of known customers or several currencies; a method that cannot be fitted
    says so in its result.
    """
    settings = settings or LifetimeSettings()
    keys = method_keys(methods)
    request = request_of(tables, calendar, currency)
    known = _learn(request, settings, None, progress)
    evidence, found = known.evidence, known.found
    rhythm = regularity(request, known.until)
    contractual, business = _business(settings, rhythm)
    independence = _independence(evidence)
    results: list[MethodResult] = []
    for number, key in enumerate(keys):
        _tell(progress, _FITTING, number, len(keys))
        results.append(_result(key, evidence, contractual, independence))
    tested = None
    if backtest:
        tested = _backtest(request, settings, found, keys, progress)
    repeat = float(evidence.customers.counts[evidence.customers.frequency > 0].sum())
    unusable = found.without_customer + found.without_amount
    return LifetimeReport(
        settings=settings,
        currency=currency,
        first=_EPOCH + timedelta(days=found.first),
        as_of=_EPOCH + timedelta(days=known.until),
        customers=round(evidence.customers.number),
        repeat_buyers=round(repeat),
        groups=len(evidence.customers),
        margin=evidence.margin,
        margin_measured=settings.margin is None and found.margin is not None,
        kept=evidence.worth / evidence.margin,
        cac=evidence.cac,
        regularity=rhythm,
        contractual=contractual,
        business=business,
        independence=independence,
        missing_share=min(unusable / found.orders, 1.0),
        results=tuple(results),
        backtest=tested,
        notes=_treatments(settings, found, evidence),
    )


def backtest_methods(
    tables: Tables,
    settings: LifetimeSettings | None = None,
    *,
    methods: Sequence[str] = (),
    calendar: Calendar = DEFAULT_CALENDAR,
    currency: str | None = None,
    progress: Progress | None = None,
) -> Backtest:
    """Fit the methods to the first part of the time line and compare them with the rest.

    LifetimeError where the time line is too short to be parted.
    """
    settings = settings or LifetimeSettings()
    request = request_of(tables, calendar, currency)
    return _backtest(request, settings, _look(request, settings), method_keys(methods), progress)


@dataclass(frozen=True)
class Predictions:
    """Predictions of one method for every customer, batch by batch, in a bounded memory.

    Each batch has customer_id, p_alive, expected_purchases (null where the method has none), value, lower and upper (the
    interval of the expected value; null where the method gives none of a single customer).
    """

    method: Method
    as_of: date
    horizon_days: int
    customers: int
    batches: Iterator[pa.RecordBatch] = field(repr=False)


def predict_customers(
    tables: Tables,
    settings: LifetimeSettings | None = None,
    *,
    method: str = "pareto_nbd",
    calendar: Calendar = DEFAULT_CALENDAR,
    currency: str | None = None,
    progress: Progress | None = None,
) -> Predictions:
    """Fit one method and predict every customer; LifetimeError where it cannot be fitted."""
    settings = settings or LifetimeSettings()
    (key,) = method_keys([method])
    known = _learn(request_of(tables, calendar, currency), settings, None, progress)
    valuation = fit_method(key, known.evidence)
    return Predictions(
        valuation.method,
        _EPOCH + timedelta(days=known.until),
        settings.horizon_days,
        round(known.evidence.customers.number),
        _predicted(known, valuation, progress),
    )


def _predicted(known: _Known, valuation: Valuation, progress: Progress | None) -> Iterator[pa.RecordBatch]:
    members, done, number = known.evidence.customers.members, 0, round(known.evidence.customers.number)
    for batch, customers in customer_batches(known.request, known.settings, known.until, members):
        values = valuation.values(customers) - valuation.subtracted
        columns = {"customer_id": batch.column("customer_id")}
        if valuation.purchases is not None:
            told = valuation.purchases(customers)
            columns["p_alive"], columns["expected_purchases"] = pa.array(told.p_alive), pa.array(told.purchases)
        else:
            columns["p_alive"] = columns["expected_purchases"] = pa.nulls(len(values), pa.float64())
        columns["value"] = pa.array(values)
        if valuation.value_errors is not None:
            half = Z * valuation.value_errors(customers)
            columns["lower"], columns["upper"] = pa.array(values - half), pa.array(values + half)
        else:
            columns["lower"] = columns["upper"] = pa.nulls(len(values), pa.float64())
        done += len(values)
        _tell(progress, _PREDICTING, done, number)
        yield pa.RecordBatch.from_pydict(columns)


def method_keys(methods: Sequence[str]) -> list[str]:
    """The keys of these methods, of all where there are none; LifetimeError names those there are."""
    chosen = list(dict.fromkeys(methods)) or list(METHOD_BY_KEY)
    for key in chosen:
        if key not in METHOD_BY_KEY:
            listed = ", ".join(METHOD_BY_KEY)
            raise LifetimeError(
                Text(
                    f"There is no method {key!r} of lifetime value; write one of: {listed}, or all.",
                    f"Метода «{key}» нет; выберите один из\u00a0следующих: {listed}, или all.",
                )
            )
    return chosen


def _look(request: Request, settings: LifetimeSettings) -> Span:
    found = span(request, settings.as_of)
    if found is None or found.orders == found.without_customer:
        raise LifetimeError(_NO_PURCHASES)
    if found.currencies:
        raise LifetimeError(_CURRENCIES)
    return found


def _learn(request: Request, settings: LifetimeSettings, until: int | None, progress: Progress | None) -> _Known:
    """Sum up the purchases up to a day (the last where None)."""
    _tell(progress, _READING, 0, None)
    found = _look(request, settings)
    until = found.last if until is None else until
    customers, spending = grouped_customers(request, settings, found, until, fine=found.orders <= FINE_ORDERS)
    if not len(customers):
        raise LifetimeError(_NO_PURCHASES)
    margin = settings.margin if settings.margin is not None else found.margin
    if margin is not None and margin <= 0:
        raise LifetimeError(_NO_MARGIN)
    margin = 1.0 if margin is None else margin
    net = float(customers.counts @ customers.spent)
    kept = net / spending.gross if spending.gross > 0 else 0.0
    if kept <= 0:
        raise LifetimeError(_ALL_RETURNED)
    cac = acquisition_cost(request, until, customers.number)
    evidence = Evidence(request, settings, until, customers, spending, until - found.first, margin, margin * kept, cac)
    return _Known(request, settings, found, until, evidence)


def _independence(evidence: Evidence) -> Independence | None:
    spending = evidence.spending
    try:
        return spend_independence(spending.frequency, spending.value, spending.counts)
    except LifetimeError:
        return None


def _business(settings: LifetimeSettings, found: Regularity) -> tuple[bool, Text]:
    k = f"{found.k:.1f}" if np.isfinite(found.k) else "∞"
    regular = found.k >= CONTRACT_REGULARITY
    if settings.business != "auto":
        contractual = settings.business == "contractual"
        kind = _CONTRACTUAL if contractual else _NON_CONTRACTUAL
        if not np.isnan(found.k) and regular != contractual:
            return contractual, Text(
                f"{kind.en} So it was set; the gaps between purchases say otherwise (regularity k\u00a0=\u00a0{k}).",
                f"{kind.ru} Так задано; промежутки между покупками говорят об\u00a0ином (регулярность k\u00a0=\u00a0{_comma(k)}).",
            )
        return contractual, Text(f"{kind.en} So it was set.", f"{kind.ru} Так задано.")
    if np.isnan(found.k):
        return False, Text(
            f"{_NON_CONTRACTUAL.en} Too few customers bought three times or more to tell it from the data.",
            f"{_NON_CONTRACTUAL.ru} Слишком мало клиентов купили трижды и\u00a0больше, чтобы судить об\u00a0этом по\u00a0данным.",
        )
    kind = _CONTRACTUAL if regular else _NON_CONTRACTUAL
    return regular, Text(
        f"{kind.en} Told from the gaps between purchases: regularity k\u00a0=\u00a0{k}, where 1 is chance and "
        f"{CONTRACT_REGULARITY:.0f} or more is a timetable.",
        f"{kind.ru} Это видно по\u00a0промежуткам между покупками: регулярность k\u00a0=\u00a0{_comma(k)}; 1\u00a0— случайность, "
        f"{CONTRACT_REGULARITY:.0f} и\u00a0больше\u00a0— расписание.",
    )


def _result(key: str, evidence: Evidence, contractual: bool, independence: Independence | None) -> MethodResult:
    method = METHOD_BY_KEY[key]
    fits = method.setting in ("either", "contractual" if contractual else "non_contractual")
    try:
        valuation = fit_method(key, evidence)
    except LifetimeError as error:
        return MethodResult(method, (), fits, statement=error.statement)
    notes = list(valuation.notes)
    if valuation.model is not None and independence is not None and not independence.holds:
        notes.append(_dependent(independence))
    calibration = None
    customers = evidence.customers
    if valuation.model is not None and len(valuation.model.names) == valuation.model.positive:
        calibration = frequency_calibration(valuation.model, customers.frequency, customers.age, customers.counts)
    return MethodResult(
        method,
        _rows(valuation, evidence),
        fits,
        notes=tuple(notes),
        parameters=dict(valuation.parameters),
        log_likelihood=valuation.model.log_likelihood if valuation.model else None,
        segments=valuation.segments,
        calibration=calibration,
    )


def _rows(valuation: Valuation, evidence: Evidence) -> tuple[MemberValue, ...]:
    customers = evidence.customers
    sizes = customers.sizes
    value = with_all(customers.means(valuation.values(customers)), sizes) - valuation.subtracted
    lower, upper = (bound - valuation.subtracted for bound in valuation.bounds(customers))
    to_date = with_all(customers.means(customers.spent), sizes) * evidence.margin
    unlimited = with_all(valuation.unlimited, sizes)
    counts = np.append(sizes, sizes.sum())
    enough = counts >= FEWEST

    def shown(values: FloatArray, place: int) -> float:
        return float(values[place]) if enough[place] else np.nan

    rows = [
        MemberValue(
            member,
            place == len(sizes),
            round(counts[place]),
            shown(value, place),
            shown(lower, place),
            shown(upper, place),
            shown(value * counts, place),
            shown(unlimited, place),
            float(to_date[place]),
        )
        for place, member in enumerate((*customers.members, None))
    ]
    return (rows[-1], *rows[:-1]) if evidence.settings.by else (rows[-1],)


def _backtest(
    request: Request, settings: LifetimeSettings, found: Span, keys: Sequence[str], progress: Progress | None
) -> Backtest:
    days = min(settings.horizon_days, found.days // 2)
    if days < _SHORTEST_BACKTEST:
        raise LifetimeError(_too_short_to_part(found.days))
    until = found.last - days
    past = without_discount(settings, days)
    # What is known is the past; the margin is a setting, and the same in both parts.
    margin = settings.margin if settings.margin is not None else found.margin
    known = _learn(request, replace(past, margin=margin), until, progress)
    fitted: dict[str, Valuation] = {}
    failed: dict[str, Text] = {}
    for key in keys:
        try:
            fitted[key] = fit_method(key, known.evidence)
        except LifetimeError as error:
            failed[key] = error.statement
    # Half as exact as doubles, and half as large: one number per customer and method is all that is held.
    actual: list[npt.NDArray[np.float32]] = []
    told: dict[str, list[npt.NDArray[np.float32]]] = {key: [] for key in fitted}
    done, number = 0, round(known.evidence.customers.number)
    batches = customer_batches(request, known.settings, until, known.evidence.customers.members, outcome=True)
    for batch, customers in batches:
        came = batch.column("came").to_numpy(zero_copy_only=False) * known.evidence.margin
        actual.append(came.astype(np.float32))
        for key, valuation in fitted.items():
            told[key].append(valuation.values(customers).astype(np.float32))
        done += len(customers)
        _tell(progress, _TESTING, done, number)
    outcome = np.concatenate(actual)
    measured = {key: accuracy(np.concatenate(told.pop(key)), outcome) for key in fitted}
    ranks = _ranks(measured)
    notes = () if days == settings.horizon_days else (_shortened(days, settings.horizon_days),)
    return Backtest(
        _EPOCH + timedelta(days=until),
        days,
        len(outcome),
        tuple(BacktestResult(METHOD_BY_KEY[key], measured.get(key), ranks.get(key), failed.get(key)) for key in keys),
        notes,
    )


def decile_error(found: Accuracy) -> float:
    """Mean distance of predicted and actual deciles, relative to the mean outcome."""
    distance = np.abs(found.decile_predicted - found.decile_actual).mean()
    return float(distance / abs(found.mean_outcome)) if found.mean_outcome else np.nan


def _ranks(measured: dict[str, Accuracy]) -> dict[str, int]:
    if not measured:
        return {}
    table = np.array(
        [[abs(a.bias), a.mean_absolute_error, decile_error(a), -a.gini] for a in measured.values()], np.float64
    )
    table = np.where(np.isfinite(table), table, np.inf)
    # Equal figures share the better rank.
    places = np.array([[(column < value).sum() for value in column] for column in table.T], np.float64).mean(axis=0)
    order = np.argsort(places, kind="stable")
    return {key: int(np.flatnonzero(order == place)[0]) + 1 for place, key in enumerate(measured)}


def _treatments(settings: LifetimeSettings, found: Span, evidence: Evidence) -> tuple[Text, ...]:
    notes: list[Text] = []
    if settings.margin is None and found.margin is None:
        notes.append(_REVENUE_ALONE)
    n = before_registration(evidence.request, evidence.until)
    if n:
        notes.append(
            Text(
                f"Orders before the customer’s registration: {n:,}. They count: a customer’s life begins with the first order.",
                f"Заказов раньше регистрации клиента: {n}. Они учтены: жизнь клиента начинается с\u00a0первого заказа.",
            )
        )
    if evidence.worth < evidence.margin:
        back = 100 * (1 - evidence.worth / evidence.margin)
        notes.append(
            Text(
                f"Returns booked as negative amounts took back {back:.1f}\u00a0% of sales. Such a day is no purchase; the models of "
                "spend see the sales alone, and their values are lowered by this share.",
                f"Возвраты, записанные отрицательными суммами, отняли {_comma(f'{back:.1f}')}\u00a0% продаж. Такой день не\u00a0считается покупкой; "
                "модели сумм видят только продажи, а\u00a0их результат уменьшен на\u00a0эту долю.",
            )
        )
    return tuple(notes)


def _dependent(found: Independence) -> Text:
    correlation, lower, upper = (f"{number:.2f}" for number in (found.correlation, found.lower, found.upper))
    return Text(
        f"The mean amount goes with the frequency (correlation {correlation}, 95\u00a0% interval {lower} to "
        f"{upper}), which Gamma-Gamma takes not to be: trust the purchases more than the amounts.",
        f"Средняя сумма связана с\u00a0частотой (корреляция {_comma(correlation)}, 95\u00a0% интервал от\u00a0{_comma(lower)} "
        f"до\u00a0{_comma(upper)}), а\u00a0Gamma-Gamma считает, что связи нет: числу покупок можно верить больше, чем суммам.",
    )


def _too_short_to_part(days: int) -> Text:
    return Text(
        f"The time line of {days} days is too short for a backtest, which needs {2 * _SHORTEST_BACKTEST}.",
        f"История в\u00a0{days} дней слишком коротка для проверки на\u00a0отложенном времени: нужно {2 * _SHORTEST_BACKTEST}.",
    )


def _shortened(days: int, asked: int) -> Text:
    return Text(
        f"The time line is too short to leave {asked} days for the backtest; the last {days} were left.",
        f"История слишком коротка, чтобы отложить {asked} дней; отложены последние {days}.",
    )


def _comma(number: str) -> str:
    """A number as it is written in Russian."""
    return number.replace(".", ",").replace("-", "−")


def _tell(progress: Progress | None, step: Text, done: int, total: int | None) -> None:
    if progress is not None:
        progress(step, done, total)


_READING = Text("Summing up purchases", "Сводка покупок")
_FITTING = Text("Fitting methods", "Подгонка методов")
_TESTING = Text("Backtest", "Проверка на\u00a0отложенном времени")
_PREDICTING = Text("Predicting customers", "Прогноз по\u00a0клиентам")
_CONTRACTUAL = Text(
    "The business is contractual: customers pay regularly and their leaving is seen; methods of retention fit it.",
    "Бизнес договорный: клиенты платят регулярно, и\u00a0их уход виден; ему подходят методы удержания.",
)
_NON_CONTRACTUAL = Text(
    "The business is not contractual: customers buy when they like and leave unseen; models of purchases fit it.",
    "Бизнес не\u00a0договорный: клиенты покупают, когда захотят, и\u00a0уходят незаметно; ему подходят модели покупок.",
)
_NO_PURCHASES = Text(
    "There are no purchases of known customers to value; load `orders` with `customer_id`.",
    "Нет покупок известных клиентов, которые можно было\u00a0бы оценить; загрузите `orders` с\u00a0`customer_id`.",
)
_CURRENCIES = Text(
    "There are amounts in several currencies that cannot be added up; load `rates` or set the company’s currency.",
    "Есть суммы в\u00a0нескольких валютах, которые нельзя сложить; загрузите курсы (`rates`) или укажите валюту компании.",
)
_NO_MARGIN = Text(
    "Costs are greater than revenue, so there is no margin to value customers by; check `orders.cost` or give a margin.",
    "Себестоимость больше выручки, поэтому оценить клиентов по\u00a0марже нельзя; проверьте `orders.cost` или задайте маржу.",
)
_ALL_RETURNED = Text(
    "Returns are as great as the purchases or greater, so nothing is left to value.",
    "Возвраты не\u00a0меньше покупок, поэтому оценивать нечего.",
)
_REVENUE_ALONE = Text(
    "No costs of orders are known and no margin was given, so the value is revenue and not margin.",
    "Себестоимость заказов неизвестна и\u00a0маржа не\u00a0задана, поэтому ценность считается по\u00a0выручке, а\u00a0не\u00a0по\u00a0марже.",
)

__all__ = [
    "METHODS",
    "Backtest",
    "BacktestResult",
    "Customers",
    "LifetimeReport",
    "LifetimeSettings",
    "MemberValue",
    "Method",
    "MethodResult",
    "Predictions",
    "backtest_methods",
    "decile_error",
    "lifetime_value",
    "method_keys",
    "predict_customers",
]
