"""The ten methods as functions from customers to the margin of their horizon.

A method is fitted by member (segment, cohort …) from sums or groups. What it gives of a customer depends on the
parameters of the member alone, or on the customer’s own history too.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from scipy import stats

from septima.metrics.definition import FloatArray, Request
from septima.metrics.lifetime_summary import (
    BUCKETS,
    Customers,
    LifetimeSettings,
    Schedule,
    Spending,
    Sums,
    age_curve,
    flow_schedule,
    schedule,
    sums,
)
from septima.metrics.lifetime_words import METHOD_BY_KEY, Method
from septima.models.intervals import CONFIDENCE, Bounds, Z, divide
from septima.models.lifetime import (
    BgNbd,
    Covariates,
    GammaGamma,
    LifetimeError,
    LikelihoodRatio,
    Outlook,
    ParetoNbd,
    PurchaseModel,
    fit_bg_nbd,
    fit_gamma_gamma,
    fit_pareto_nbd,
    fit_shifted_beta_geometric,
    likelihood_ratio,
    outlook,
)
from septima.models.survival import kaplan_meier
from septima.schema import Text

FEWEST = 30
"""Customers of a member below which it gets no figure of its own."""

_YEAR = 365.25
_SEGMENT_CUSTOMERS = 100
_MOST_SEGMENTS = 12
_SIGNIFICANT = 0.01
_FOR_ERRORS = 8_000  # groups from which the standard errors of means are taken
_T_QUANTILE = float(stats.t.ppf((1 + CONFIDENCE) / 2, BUCKETS - 1))


@dataclass(frozen=True)
class Valuation:
    """A fitted method.

    `values(customers)` is the margin that each brings over the horizon, discounted; `bounds(customers)` the interval of
    95 % of its mean for each member, and last for all. `unlimited` is the textbook’s value without a horizon by member
    (NaN where the method has none); `subtracted` what the value of a customer is lessened by besides (CAC).
    `parameters` are name → (value, standard error), `model` and `spend` the fitted models, `segments` the test of
    differences between members, `notes` what is to be known.
    """

    method: Method
    values: Callable[[Customers], FloatArray] = field(repr=False)
    bounds: Callable[[Customers], Bounds] = field(repr=False)
    unlimited: FloatArray = field(repr=False)
    subtracted: float = 0.0
    parameters: Mapping[str, tuple[float, float]] = field(default_factory=dict[str, tuple[float, float]])
    purchases: Callable[[Customers], Outlook] | None = field(default=None, repr=False)
    value_errors: Callable[[Customers], FloatArray] | None = field(default=None, repr=False)
    model: PurchaseModel | None = None
    spend: GammaGamma | None = None
    segments: LikelihoodRatio | None = None
    notes: tuple[Text, ...] = ()


@dataclass(frozen=True)
class Evidence:
    """What the methods are fitted to: groups and sums of one company up to the day `until`, and what money is worth.

    `worth` is the margin that a unit of gross revenue brings (refunds taken off), `margin` of a unit of net revenue.
    `sums` and `curve` (the net amount per customer by period of age) are asked of the engine where a method needs them.
    """

    request: Request = field(repr=False)
    settings: LifetimeSettings
    until: int
    customers: Customers = field(repr=False)
    spending: Spending = field(repr=False)
    span_days: int
    margin: float
    worth: float
    cac: float | None

    @cached_property
    def sums(self) -> Sums:
        """Sums by member and jackknife part."""
        return sums(self.request, self.settings, self.until, self.customers.members)

    @cached_property
    def curve(self) -> FloatArray:
        """Net amount per customer and period of age."""
        return age_curve(self.request, self.settings, self.until, self.customers.members, self.sums)


def fit_method(key: str, evidence: Evidence) -> Valuation:
    """Fit one method; LifetimeError says why it cannot be."""
    return _FITTING[key](METHOD_BY_KEY[key], evidence)


def with_all(by_member: FloatArray, sizes: FloatArray) -> FloatArray:
    """Means by member (…, members) and, last, that of all customers."""
    usable = np.where(sizes > 0, by_member, 0.0)
    whole = divide((usable * sizes).sum(axis=-1), sizes.sum())
    return np.concatenate([by_member, whole[..., None]], axis=-1)


def _jackknife(replicates: FloatArray) -> Bounds:
    """Interval around replicate 0 from those that leave one part out each (Kott, 2001)."""
    value, others = replicates[0], replicates[1:]
    parts = len(others)
    variance = (parts - 1) / parts * ((others - others.mean(axis=0)) ** 2).sum(axis=0)
    half = _T_QUANTILE * np.sqrt(variance)
    return value - half, value + half


def _simple_valuation(
    method: Method,
    values: Callable[[Customers, int], FloatArray],
    unlimited: FloatArray,
    *,
    subtracted: float = 0.0,
    parameters: Mapping[str, tuple[float, float]] | None = None,
    notes: Sequence[Text] = (),
) -> Valuation:
    """A method whose parameters are known for each jackknife replicate."""

    def bounds(customers: Customers) -> Bounds:
        sizes = customers.sizes
        means = [with_all(customers.means(values(customers, number)), sizes) for number in range(BUCKETS + 1)]
        return _jackknife(np.stack(means))

    return Valuation(
        method,
        lambda customers: values(customers, 0),
        bounds,
        unlimited,
        subtracted,
        parameters or {},
        notes=tuple(notes),
    )


def _active(customers: Customers, settings: LifetimeSettings) -> FloatArray:
    return (customers.silence < settings.active_days).astype(np.float64)


def _nothing(evidence: Evidence) -> FloatArray:
    return np.full(len(evidence.customers.members), np.nan)


def _historical(method: Method, evidence: Evidence) -> Valuation:
    factor = schedule(evidence.settings).mean_factor * evidence.margin
    by_member = divide(evidence.sums.trailing, evidence.sums.customers) * factor

    def bounds(_: Customers) -> Bounds:
        # The mean of the customers’ own money: its doubt is that of the customers themselves.
        return _jackknife(np.stack([with_all(row, evidence.sums.customers[0]) for row in by_member]))

    return Valuation(method, lambda customers: customers.trailing * factor, bounds, _nothing(evidence))


def _simple(method: Method, evidence: Evidence) -> Valuation:
    found, settings = evidence.sums, evidence.settings
    order = divide(found.spent, found.occasions)
    daily = divide(found.trailing_occasions, found.exposure)
    life = divide(found.life, found.customers)
    factor = schedule(settings).mean_factor * evidence.margin
    values = order * daily * np.minimum(life, settings.horizon_days) * factor
    unlimited = (order * daily * life * evidence.margin)[0]
    whole = {
        "order_value": (_whole(found.spent, found.occasions), np.nan),
        "orders_per_year": (_whole(found.trailing_occasions, found.exposure) * _YEAR, np.nan),
        "lifespan_days": (_whole(found.life, found.customers), np.nan),
    }
    return _simple_valuation(method, lambda customers, r: values[r][customers.member], unlimited, parameters=whole)


def _whole(numerator: FloatArray, denominator: FloatArray) -> float:
    return float(divide(numerator[0].sum(), denominator[0].sum()))


@dataclass(frozen=True)
class _Activity:
    """Churn and margin per active customer and period, by replicate and member."""

    churn: FloatArray
    margin: FloatArray
    parameters: Mapping[str, tuple[float, float]]


def _activity(evidence: Evidence) -> _Activity:
    found, period = evidence.sums, evidence.settings.active_days
    windows = min(found.windows, evidence.span_days // period - 1)
    if windows < 1:
        raise LifetimeError(_short(2 * period))
    bought, before, kept, money = (
        part.sum(axis=-1)
        for part in (
            found.bought[..., :windows],
            found.bought[..., 1 : windows + 1],
            found.kept[..., :windows],
            found.money[..., :windows],
        )
    )
    churn = 1 - divide(kept, before)
    parameters = {
        "churn": (1 - _whole(kept, before), np.nan),
        "arpu": (_whole(money, bought), np.nan),
    }
    return _Activity(churn, divide(money, bought) * evidence.margin, parameters)


def _churn(method: Method, evidence: Evidence) -> Valuation:
    activity, plan = _activity(evidence), schedule(evidence.settings)
    periods = np.arange(len(plan.shares))
    stays = (1 - activity.churn[..., None]) ** periods
    values = activity.margin * (stays @ (plan.shares * plan.factors))
    return _simple_valuation(
        method,
        lambda customers, r: values[r][customers.member] * _active(customers, evidence.settings),
        divide(activity.margin, activity.churn)[0],
        parameters=activity.parameters,
    )


def _retention(method: Method, evidence: Evidence) -> Valuation:
    activity, plan, settings = _activity(evidence), schedule(evidence.settings), evidence.settings
    retained = 1 - activity.churn
    discount = (1 + settings.discount) ** (settings.active_days / _YEAR) - 1
    ends = (1 + settings.discount) ** (-plan.edges[1:] / _YEAR)
    stays = retained[..., None] ** np.arange(1, len(plan.shares) + 1)
    values = activity.margin * (stays @ (plan.shares * ends))
    unlimited = activity.margin * divide(retained, 1 + discount - retained)
    return _simple_valuation(
        method,
        lambda customers, r: values[r][customers.member] * _active(customers, settings),
        unlimited[0],
        parameters=activity.parameters,
    )


def _cash_flow(method: Method, evidence: Evidence) -> Valuation:
    found, settings = evidence.sums, evidence.settings
    if evidence.span_days < settings.horizon_days or found.existing[0].sum() < FEWEST:
        raise LifetimeError(_short(settings.horizon_days))
    plan = flow_schedule(settings)
    flows = divide(found.flows, found.existing[..., None]) * evidence.margin
    values = flows @ plan.factors
    notes = () if evidence.cac is not None else (_NO_CAC,)
    return _simple_valuation(
        method,
        lambda customers, r: values[r][customers.member],
        _nothing(evidence),
        subtracted=evidence.cac or 0.0,
        notes=notes,
    )


def _cohort(method: Method, evidence: Evidence) -> Valuation:
    settings, plan = evidence.settings, schedule(evidence.settings)
    seen = int(np.isfinite(evidence.curve[0]).sum(axis=-1).max(initial=0))
    if seen < 2:
        raise LifetimeError(_short(2 * settings.active_days))
    oldest = evidence.curve.shape[-1]
    curve = _extended(evidence.curve, oldest + len(plan.shares) + 1) * evidence.margin
    weights = plan.shares * plan.factors
    ahead = np.stack(
        [curve[..., age : age + len(weights)] @ weights for age in range(oldest + 1)], axis=-1
    )  # what comes from a whole number of periods of age on

    def values(customers: Customers, r: int) -> FloatArray:
        age = customers.age / settings.active_days
        whole = np.minimum(age.astype(np.intp), oldest - 1)
        part = np.clip(age - whole, 0, 1)
        by_age = ahead[r]
        return (1 - part) * by_age[customers.member, whole] + part * by_age[customers.member, whole + 1]

    longest = np.isfinite(evidence.curve[0]).sum(axis=-1).max() * settings.active_days
    notes = (_extrapolated(int(longest)),) if longest < evidence.span_days + settings.horizon_days else ()
    return _simple_valuation(method, values, ahead[0][:, 0], notes=notes)


def _extended(curve: FloatArray, length: int) -> FloatArray:
    """Curves (…, ages) lengthened past the last age that is known, falling on at the pace of its last two thirds."""
    flat = curve.reshape(-1, curve.shape[-1])
    made = np.zeros((len(flat), length))
    for row, known in zip(made, flat, strict=True):  # one curve by replicate and member, none by customer
        end = int(np.isfinite(known).sum())
        row[:end] = known[:end]
        third = max(end // 3, 1)
        if end >= 2 * third:
            late, early = known[end - third : end].mean(), known[end - 2 * third : end - third].mean()
            pace = np.clip(late / early, 0, 1) ** (1 / third) if early > 0 else 0.0
            row[end:] = max(late, 0.0) * pace ** ((third + 1) / 2 + np.arange(length - end))
    return made.reshape(*curve.shape[:-1], length)


def _survival_values(
    method: Method,
    evidence: Evidence,
    survival: FloatArray,
    notes: Sequence[Text],
    parameters: Mapping[str, tuple[float, float]],
) -> Valuation:
    """Values from shares (replicates, members, periods) of customers who stay so many periods, from period 0 on."""
    found, settings, plan = evidence.sums, evidence.settings, schedule(evidence.settings)
    oldest = found.present.shape[-1]
    number = np.arange(oldest)
    lived = found.ended @ number + found.going_on @ (number + 0.5)
    money = divide(found.spent, lived) * evidence.margin
    weights = plan.shares * plan.factors
    ratio = divide(
        np.stack([survival[..., age + 1 : age + 1 + len(weights)] @ weights for age in range(oldest)], axis=-1),
        survival[..., :oldest],
    )
    values = money[..., None] * np.nan_to_num(ratio)
    return _simple_valuation(
        method,
        lambda customers, r: (
            values[r][customers.member, np.minimum((customers.age // settings.active_days).astype(np.intp), oldest - 1)]
            * _active(customers, settings)
        ),
        _nothing(evidence),
        parameters=parameters,
        notes=notes,
    )


def _shifted_beta_geometric(method: Method, evidence: Evidence) -> Valuation:
    found = evidence.sums
    oldest = found.present.shape[-1]
    length = oldest + len(schedule(evidence.settings).shares) + 1
    periods = np.arange(1, oldest)
    pooled = fit_shifted_beta_geometric(periods, found.ended[0].sum(axis=0)[1:], found.going_on[0].sum(axis=0)[1:])
    survival = np.broadcast_to(
        pooled.survival(np.arange(length)), (BUCKETS + 1, len(evidence.customers.members), length)
    )
    survival, fallen_back = survival.copy(), False
    for member in range(survival.shape[1]):
        try:
            for replicate in range(BUCKETS + 1):
                own = fit_shifted_beta_geometric(
                    periods, found.ended[replicate, member, 1:], found.going_on[replicate, member, 1:]
                )
                survival[replicate, member] = own.survival(np.arange(length))
        except LifetimeError:
            survival[:, member] = pooled.survival(np.arange(length))
            fallen_back = True
    parameters = {name: (value, pooled.standard_errors[name]) for name, value in pooled.params.items()}
    return _survival_values(method, evidence, survival, (_POOLED,) if fallen_back else (), parameters)


def _kaplan_meier(method: Method, evidence: Evidence) -> Valuation:
    found = evidence.sums
    if found.ended[0].sum() == 0:
        raise LifetimeError(_NOBODY_LEFT)
    oldest = found.present.shape[-1]
    estimate = kaplan_meier(np.arange(1.0, oldest), found.ended[..., 1:], found.going_on[..., 1:]).survival
    ones = np.ones((*estimate.shape[:-1], 1))
    beyond = np.repeat(estimate[..., -1:], len(schedule(evidence.settings).shares) + 2, axis=-1)
    survival = np.concatenate([ones, estimate, beyond], axis=-1)
    return _survival_values(method, evidence, survival, (), {})


def _bg_nbd(method: Method, evidence: Evidence) -> Valuation:
    return _purchases(method, evidence, fit_bg_nbd)


def _pareto_nbd(method: Method, evidence: Evidence) -> Valuation:
    return _purchases(method, evidence, fit_pareto_nbd)


def _purchases(method: Method, evidence: Evidence, fit: Callable[..., BgNbd] | Callable[..., ParetoNbd]) -> Valuation:
    """Purchases by a model of histories times the amount of each by Gamma-Gamma."""
    model, dummies, test, notes = _fit_purchases(evidence.customers, fit)
    spends, notes = _fit_spends(evidence, notes)
    plan = schedule(evidence.settings)

    def looked(customers: Customers, fitted: PurchaseModel) -> Outlook:
        found = [np.zeros(len(customers)) for _ in range(3)]
        for member in np.unique(customers.member):
            chosen = np.flatnonzero(customers.member == member)
            own = fitted.of({name: float(column[member]) for name, column in dummies.items()})
            part = outlook(
                own,
                plan.edges,
                plan.factors,
                customers.frequency[chosen],
                customers.recency[chosen],
                customers.age[chosen],
            )
            for array, values in zip(found, (part.p_alive, part.purchases, part.discounted), strict=True):
                array[chosen] = values
        return Outlook(*found)

    def amounts(customers: Customers, fitted: Sequence[GammaGamma]) -> FloatArray:
        valued = np.where(np.isfinite(customers.value), customers.frequency, 0.0)
        mean = np.nan_to_num(customers.value)
        found = np.zeros(len(customers))
        for member, spend in enumerate(fitted):
            own = customers.member == member
            found[own] = spend.expected_value(valued[own], mean[own])
        return found * evidence.worth

    def values(customers: Customers) -> FloatArray:
        return looked(customers, model).discounted * amounts(customers, spends)

    def errors(customers: Customers, average: Callable[[FloatArray], FloatArray]) -> FloatArray:
        """Standard errors of what `average` makes of the values: the doubt of both models, which are independent."""
        purchases, money = looked(customers, model).discounted, amounts(customers, spends)
        of_purchases = model.standard_error_of(lambda at: average(looked(customers, at).discounted * money))
        variance = of_purchases**2
        for spend in {id(spend): spend for spend in spends}.values():
            own = [place for place, other in enumerate(spends) if other is spend]

            def varied(at: GammaGamma, own: list[int] = own) -> FloatArray:
                return average(purchases * amounts(customers, [at if m in own else s for m, s in enumerate(spends)]))

            variance = variance + spend.standard_error_of(varied) ** 2
        return np.sqrt(variance)

    def bounds(customers: Customers) -> Bounds:
        sample = customers.pick(slice(None, None, max(len(customers) // _FOR_ERRORS, 1)))
        sizes = customers.sizes
        spread = errors(sample, lambda found: with_all(sample.means(found), sizes))
        centre = with_all(customers.means(values(customers)), sizes)
        return centre - Z * spread, centre + Z * spread

    fitted_spend = spends[0] if len(set(map(id, spends))) == 1 else None
    return Valuation(
        method,
        values,
        bounds,
        _nothing(evidence),
        parameters={name: (value, model.standard_errors[name]) for name, value in model.params.items()},
        purchases=lambda customers: looked(customers, model),
        value_errors=lambda customers: errors(customers, lambda found: found),
        model=model,
        spend=fitted_spend,
        segments=test,
        notes=tuple(notes),
    )


def _fit_purchases(
    customers: Customers, fit: Callable[..., BgNbd] | Callable[..., ParetoNbd]
) -> tuple[PurchaseModel, dict[str, FloatArray], LikelihoodRatio | None, list[Text]]:
    """The model of purchases, the dummies of the members that it has, and the test of whether they differ."""
    histories = (customers.frequency, customers.recency, customers.age)
    plain = fit(*histories, counts=customers.counts)
    sizes = customers.sizes
    large = [place for place in np.argsort(-sizes).tolist() if sizes[place] >= _SEGMENT_CUSTOMERS]
    if len(large) < 2 or len(large) > _MOST_SEGMENTS:
        return plain, {}, None, []
    # The largest member, and those too small to be told apart, are what the others are compared with.
    names = {
        place: str(customers.members[place] if customers.members[place] is not None else "—") for place in large[1:]
    }
    dummies = {name: (np.arange(len(sizes)) == place).astype(np.float64) for place, name in names.items()}
    given: Covariates = {name: column[customers.member] for name, column in dummies.items()}
    try:
        informed = fit(*histories, counts=customers.counts, covariates=given)
    except LifetimeError:
        return plain, {}, None, [_SEGMENTS_NOT_FITTED]
    test = likelihood_ratio(plain, informed)
    return (informed, dummies, test, []) if test.p_value < _SIGNIFICANT else (plain, {}, test, [])


def _fit_spends(evidence: Evidence, notes: list[Text]) -> tuple[list[GammaGamma], list[Text]]:
    """Gamma-Gamma of each member, that of all where a member has too few repeat buyers."""
    spending = evidence.spending
    pooled = fit_gamma_gamma(spending.frequency, spending.value, spending.counts)
    spends: list[GammaGamma] = []
    members = len(evidence.customers.members)
    for member in range(members):
        own = spending.member == member
        if members == 1 or spending.counts[own].sum() < _SEGMENT_CUSTOMERS:
            spends.append(pooled)
            continue
        try:
            spends.append(fit_gamma_gamma(spending.frequency[own], spending.value[own], spending.counts[own]))
        except LifetimeError:
            spends.append(pooled)
    return spends, notes


def without_discount(settings: LifetimeSettings, horizon_days: int) -> LifetimeSettings:
    """The same with another horizon, money of any day counted in full: as outcomes are."""
    return replace(settings, discount=0.0, horizon_days=horizon_days)


_FITTING: Mapping[str, Callable[[Method, Evidence], Valuation]] = {
    "historical": _historical,
    "simple": _simple,
    "churn": _churn,
    "retention": _retention,
    "cash_flow": _cash_flow,
    "cohort": _cohort,
    "bg_nbd": _bg_nbd,
    "pareto_nbd": _pareto_nbd,
    "sbg": _shifted_beta_geometric,
    "kaplan_meier": _kaplan_meier,
}


def _short(days: int) -> Text:
    return Text(
        f"The history is too short: this method needs orders over at least {days} days, and {FEWEST} customers then.",
        f"История слишком коротка: для этого метода нужны заказы не\u00a0менее чем за\u00a0{days} дней и\u00a0{FEWEST} клиентов "
        "на\u00a0её начало.",
    )


def _extrapolated(days: int) -> Text:
    return Text(
        f"Customers older than {days} days were not seen; past that age the curve is extrapolated.",
        f"Клиентов старше {days} дней ещё не\u00a0было; за\u00a0этим возрастом кривая продолжена расчётом.",
    )


_NO_CAC = Text(
    "No marketing cost is recorded, so no cost of acquisition is taken off.",
    "Маркетинговые расходы не\u00a0записаны, поэтому стоимость привлечения не\u00a0вычтена.",
)
_POOLED = Text(
    "Members for which the model could not be fitted have the parameters of all customers.",
    "Группам, для которых модель не\u00a0удалось подогнать, приписаны параметры всех клиентов.",
)
_NOBODY_LEFT = Text(
    "No customer has fallen silent for longer than the active days, so survival is not known to end.",
    "Ни\u00a0один клиент не\u00a0молчал дольше срока активности, поэтому о\u00a0конце дожития ничего не\u00a0известно.",
)
_SEGMENTS_NOT_FITTED = Text(
    "The model with differences between the members did not converge; all have the parameters of all customers.",
    "Модель с\u00a0различиями между группами не\u00a0сошлась; у\u00a0всех параметры всех клиентов.",
)
__all__ = [
    "FEWEST",
    "Evidence",
    "Schedule",
    "Valuation",
    "fit_method",
    "with_all",
    "without_discount",
]
