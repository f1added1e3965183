"""What loyalty is worth here: rules of thumb beside the same quantities of this company, and a what-if.

Customers are sorted into loyal and others by what is known on one day, and compared by what they do in the days after
it, so that nobody counts as loyal for what is being measured. Sums by group leave the engine.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Literal

import ibis
import numpy as np
import pandas as pd

from septima.metrics import answers, c11
from septima.metrics.catalogue import find_metric
from septima.metrics.definition import NOTES, Expression, MetricError, Request, Rows
from septima.metrics.estimated import NOTHING, Estimated, estimated, known
from septima.metrics.experiment_outcomes import VISITS, moment_of
from septima.metrics.loyalty_claims import CLAIMS, Claim, Quantity
from septima.metrics.sources import days as stretch
from septima.metrics.sources import is_sold
from septima.models import intervals, loyalty_economics
from septima.models.loyalty_economics import RatioSums, RetentionSums
from septima.schema import Text

Rule = Literal["nps", "cli", "repeat"]

LEAST: Mapping[Rule, float] = {"nps": 8.0, "cli": 0.75, "repeat": 2.0}
"""From which on a customer is loyal: the grade of NPS, the index by C11, the number of orders."""

PRICE_CUT = 0.10
_AFTER_MESSAGE_DAYS = 7
_REACTION_DAYS = 30
_SATISFIED = 4.0
_SUMS = ("a", "b", "aa", "bb", "ab")

_RULES: Mapping[Rule, Callable[[float], Text]] = {
    "nps": lambda least: Text(
        f"Loyal: the last answer to “would you recommend” was {least:g} or more of 10; others answered less.",
        f"Лояльные: последний ответ на\u00a0вопрос о\u00a0рекомендации\u00a0— {least:g} и\u00a0выше из\u00a010; остальные ответили ниже.",
    ),
    "cli": lambda least: Text(
        f"Loyal: the index of the last eleven questions of C11 was {least:g} or more; others had less.",
        f"Лояльные: индекс по\u00a0последним одиннадцати вопросам C11\u00a0— {least:g} и\u00a0выше; у\u00a0остальных ниже.",
    ),
    "repeat": lambda least: Text(
        f"Loyal: had made {least:g} orders or more; others had bought less often. Who bought often tends to buy again for "
        "that reason alone, so these ratios tell of habit more than of attitude.",
        f"Лояльные: уже сделали не\u00a0меньше {least:g} заказов; остальные покупали реже. Кто покупал часто, и\u00a0дальше "
        "покупает чаще, поэтому эти отношения говорят скорее о\u00a0привычке, чем об\u00a0отношении.",
    ),
}


@dataclass(frozen=True)
class Comparison:
    """One quantity of loyal customers and of others, and how many times the others' that of the loyal is.

    `unit` is share, ratio or currency. `loyal_records` and `other_records` are what the figures rest on (customers,
    orders, messages or answers). `missing_share` of the records could not be used. `statement` says why there is no
    figure.
    """

    key: str
    name: Text
    unit: str
    loyal: Estimated
    other: Estimated
    times: Estimated
    loyal_records: int
    other_records: int
    missing_share: float
    statement: Text | None


@dataclass(frozen=True)
class Measured:
    """A claim beside what was measured: a comparison of that name or a figure of its own, or why there is neither."""

    claim: Claim
    comparison: Comparison | None
    figure: Estimated
    finding: Text


@dataclass(frozen=True)
class RetentionScenario:
    """Profit per customer at another retention, from those who bought in the first of the two periods since `since`.

    `relative` is the change of profit per customer as a share of it. `statement` says why it cannot be told.
    """

    period_days: int
    since: date
    until: date
    customers: int
    discount: float
    retention: Estimated
    margin: Estimated
    value: Estimated
    changed_retention: float | None
    changed_value: float | None
    change: Estimated
    relative: Estimated
    missing_share: float
    statement: Text | None


@dataclass(frozen=True)
class LoyaltyScenario:
    """Profit of all customers where the share of loyal ones grows by `change` of itself and they do as the loyal do now."""

    change: float
    loyal_share: float
    margin_share: Estimated
    relative: Estimated
    statement: Text | None


@dataclass(frozen=True)
class LoyaltyEconomics:
    """All of it: who is loyal and since when, comparisons, claims beside them, and both scenarios.

    `decided` is the day on which it was known who is loyal; the comparisons are of the `days` from then on.
    `break_even` is the growth of sales that a price cut of PRICE_CUT needs to leave the margin as it was.
    """

    rule: Rule
    least: float
    definition: Text
    decided: date
    days: int
    loyal_customers: int
    other_customers: int
    comparisons: tuple[Comparison, ...]
    claims: tuple[Measured, ...]
    retention: RetentionScenario | None
    loyalty: LoyaltyScenario
    break_even: Estimated
    statements: tuple[Text, ...]
    currency: str | None


def loyalty_economics_of(
    request: Request,
    *,
    rule: Rule = "nps",
    least: float | None = None,
    days: int = 180,
    retention_factor: float = 1.05,
    retention_points: float = 0.0,
    loyalty_change: float = 0.02,
    period_days: int = 365,
    discount_rate: float = 0.10,
) -> LoyaltyEconomics:
    """Measure what loyalty is worth in this company.

    `rule` and `least` say who is loyal (LEAST where left out). The what-if has retention r·`retention_factor` +
    `retention_points` and the share of the loyal greater by `loyalty_change` of itself; `discount_rate` is a year's.
    MetricError where there are no orders, or nobody of whom it is known whether they are loyal.
    """
    bound = LEAST[rule] if least is None else least
    first, newest = _span(request)
    decided = newest - timedelta(days=days)
    if days < 1 or decided <= first:
        raise MetricError(
            Text(
                f"the orders span {(newest - first).days} days, and {days} of them are to be looked at; take fewer: --days",
                f"заказы охватывают {(newest - first).days} дней, а\u00a0рассматривать надо {days}; возьмите меньше "
                "дней (--days)",
            )
        )
    base = _base(request, rule, bound, decided)
    counted: Any = base.group_by("loyal").aggregate(customers=base.count()).to_pandas()
    sizes = {bool(flag): int(number) for flag, number in zip(counted["loyal"], counted["customers"], strict=True)}
    if not sizes:
        raise MetricError(_nobody(rule))
    window = _Window(decided, decided + timedelta(days=days))
    found = [*_of_orders(request, base, window), *_of_messages(request, base, window)]
    found += [*_of_referrals(request, base, window), *_of_answers(request, base, window)]
    found += _of_complaints(request, base, window)
    comparisons = {part.key: _comparison(part, sizes) for part in found}
    scenario = _retention(request, first, newest, period_days, discount_rate, retention_factor, retention_points)
    margin = next(part for part in found if part.key == "margin")
    loyalty = _loyalty(margin, sizes, loyalty_change)
    break_even = _break_even(next(part for part in found if part.key == "margin_rate"), sizes)
    local = request.calendar.local
    economics = LoyaltyEconomics(
        rule,
        bound,
        _RULES[rule](bound),
        local(decided).date(),
        days,
        sizes.get(True, 0),
        sizes.get(False, 0),
        tuple(comparison for key, comparison in comparisons.items() if key != "margin_rate"),
        (),
        scenario,
        loyalty,
        break_even,
        _ASSUMPTIONS,
        request.currency,
    )
    return replace(economics, claims=tuple(_measured(claim, comparisons, economics) for claim in CLAIMS))


@dataclass(frozen=True)
class _Window:
    since: datetime
    until: datetime

    def holds(self, at: Expression) -> Expression:
        return (at >= ibis.literal(self.since)) & (at < ibis.literal(self.until))


@dataclass(frozen=True)
class _Part:
    """Sums of one quantity by group: rows `loyal`, `a`, `b`, `aa`, `bb`, `ab` and `records`; `b` counts customers where absent."""

    key: str
    quantity: Quantity
    frame: pd.DataFrame
    missing_share: float
    mixed_currencies: bool = False

    def sums(self, sizes: Mapping[bool, int], loyal: bool) -> RatioSums:
        row: Any = self.frame[self.frame["loyal"] == loyal]
        parts = {name: float(row[name].sum()) for name in _SUMS}
        n = float(sizes.get(loyal, 0))
        if self.quantity.per_customer:
            parts |= {"b": n, "bb": n, "ab": parts["a"]}
        return RatioSums(np.asarray(n), **{name: np.asarray(value) for name, value in parts.items()})


def _span(request: Request) -> tuple[datetime, datetime]:
    orders = request.rows("orders")
    bounds: Any = orders.aggregate(first=orders["ordered_at"].min(), newest=orders["ordered_at"].max()).to_pandas()
    first, newest = (moment_of(bounds[name].iloc[0]) for name in ("first", "newest"))
    if first is None or newest is None:
        raise MetricError(
            Text(
                "there are no orders; load `orders`, for without them nothing is known of what loyalty brings",
                "нет заказов; загрузите `orders`: без них о\u00a0том, что приносит лояльность, ничего не\u00a0узнать",
            )
        )
    return first, newest


def _nobody(rule: Rule) -> Text:
    if rule == "repeat":
        return Text(
            "no customer had bought before; take fewer --days",
            "ни\u00a0один клиент раньше не\u00a0покупал; возьмите меньше дней (--days)",
        )
    survey = Text("`nps` with the question `recommend`", "`nps` с\u00a0вопросом `recommend`")
    if rule != "nps":
        survey = Text("`c11` with its eleven questions", "`c11` с\u00a0его одиннадцатью вопросами")
    return Text(
        f"nobody had answered the survey {survey.en} before; load `answers`, or sort customers by --loyal repeat",
        f"раньше никто не\u00a0отвечал на\u00a0опрос {survey.ru}; загрузите `answers` или делите клиентов "
        "по\u00a0повторным покупкам (--loyal repeat)",
    )


def _base(request: Request, rule: Rule, least: float, decided: datetime) -> Rows:
    """Customers of whom it was known by then whether they are loyal: customer_id, loyal."""
    moment = ibis.literal(decided)
    if rule == "repeat":
        orders = request.rows("orders")
        orders = orders.filter(is_sold(orders), orders["customer_id"].notnull(), orders["ordered_at"] < moment)
        buyers = orders.group_by("customer_id").aggregate(orders=orders.count())
        return buyers.select("customer_id", loyal=buyers["orders"] >= least)
    if rule == "nps":
        given = request.rows("answers")
        given = given.filter(given["instrument"] == "nps", given["question"] == "recommend")
        given = given.filter(answers.on_scale(given, 1, 10))
        graded = given.select("customer_id", "at", grade=given["score"])
    else:
        sheets: Rows = c11.C11.build(request)
        sheets = sheets.filter(sheets["complete"])
        total: Expression = sheets[c11.QUESTIONS[0]]
        for question in c11.QUESTIONS[1:]:
            total = total + sheets[question]
        graded = sheets.select("customer_id", "at", grade=total / len(c11.QUESTIONS))
    graded = graded.filter(graded["customer_id"].notnull(), graded["at"] < moment)
    # Of several answers at one moment the lowest counts: whether somebody is loyal is not to be overstated.
    newest = ibis.window(group_by="customer_id", order_by=[graded["at"].desc(), graded["grade"]])
    graded = graded.mutate(place=ibis.row_number().over(newest))
    graded = graded.filter(graded["place"] == 0)
    return graded.select("customer_id", loyal=graded["grade"] >= least)


def _summed(person: Rows, columns: Mapping[str, tuple[str, str]]) -> pd.DataFrame:
    """Sums, squares and products by group of pairs of columns of a table with one row per customer; `one` is 1 in it."""
    person = person.mutate(one=ibis.literal(1.0))
    sums: dict[str, Expression] = {}
    for key, (numerator, denominator) in columns.items():
        a, b = person[numerator], person[denominator]
        parts = {"a": a, "b": b, "aa": a * a, "bb": b * b, "ab": a * b}
        sums |= {f"{key}_{name}": part.sum() for name, part in parts.items()}
    return person.group_by("loyal").aggregate(**sums).to_pandas()


def _parts(frame: pd.DataFrame, quantities: Mapping[str, Quantity], missing: Mapping[str, float]) -> list[_Part]:
    found: list[_Part] = []
    for key, quantity in quantities.items():
        own: Any = frame[["loyal", *(f"{key}_{name}" for name in _SUMS)]]
        own = own.rename(columns={f"{key}_{name}": name for name in _SUMS})
        own = own.astype(dict.fromkeys(_SUMS, "float64")).fillna(0.0)
        found.append(_Part(key, quantity, own, missing[key]))
    return found


_NAMES_ORDERS: Mapping[str, Quantity] = {
    "buy": Quantity(Text("Bought at all", "Купили хотя\u00a0бы раз"), "share", per_customer=True),
    "buy_again": Quantity(Text("Of the buyers, bought again", "Из\u00a0купивших купили снова"), "share"),
    "orders": Quantity(Text("Orders per customer", "Заказов на\u00a0клиента"), "ratio", per_customer=True),
    "revenue": Quantity(
        Text("Revenue per customer", "Выручка на\u00a0клиента"), "currency", per_customer=True, of_money=True
    ),
    "margin": Quantity(
        Text("Margin per customer", "Прибыль на\u00a0клиента"), "currency", per_customer=True, of_money=True
    ),
    "discount": Quantity(Text("Discount off the full price", "Скидка от\u00a0полной цены"), "share", of_money=True),
    "discounted": Quantity(Text("Orders with a discount", "Заказы со\u00a0скидкой"), "share"),
    "margin_rate": Quantity(Text("Margin of revenue", "Доля прибыли в\u00a0выручке"), "share", of_money=True),
}
_NAMES_MESSAGES: Mapping[str, Quantity] = {
    "opened": Quantity(Text("Messages opened", "Открытые сообщения"), "share"),
    "clicked": Quantity(Text("Messages clicked", "Сообщения с\u00a0переходом"), "share"),
    "came": Quantity(
        Text(
            f"Messages followed by a visit in {_AFTER_MESSAGE_DAYS} days",
            f"Сообщения, после которых был визит за\u00a0{_AFTER_MESSAGE_DAYS}\u00a0дней",
        ),
        "share",
    ),
}
_REFERRAL = Quantity(Text("Brought a new customer", "Привели нового клиента"), "share", per_customer=True)
_SATISFACTION = Quantity(Text("Content (4 or 5 of 5)", "Довольны (4 или 5 из\u00a05)"), "share")
_COMPLAINT = Quantity(Text("Complained", "Жаловались"), "share", per_customer=True)


def _of_orders(request: Request, base: Rows, window: _Window) -> list[_Part]:
    orders = request.rows("orders")
    sold = orders.filter(is_sold(orders), window.holds(orders["ordered_at"]))
    revenue, cost, discount = (sold[name].cast("float64") for name in ("revenue", "cost", "discount"))
    sold = sold.select("customer_id", "currency", revenue=revenue, margin=revenue - cost, discount=discount)
    priced = sold["revenue"].notnull() & sold["discount"].notnull()
    costed = sold["margin"].notnull()
    whole = _row(
        sold.aggregate(
            orders=sold.count(),
            currencies=sold["currency"].nunique(),
            anonymous=sold.count(where=sold["customer_id"].isnull()),
            amounts=sold.count(where=sold["customer_id"].notnull() & sold["revenue"].notnull()),
            margins=sold.count(where=sold["customer_id"].notnull() & costed),
            prices=sold.count(where=sold["customer_id"].notnull() & priced),
        )
    )
    rows = sold.inner_join(base, "customer_id")
    priced = rows["revenue"].notnull() & rows["discount"].notnull()
    costed = rows["margin"].notnull()

    def total(name: str, where: Expression | None = None) -> Expression:
        return rows[name].sum(where=where).fill_null(0.0)

    person = rows.group_by("customer_id", "loyal").aggregate(
        orders=rows.count().cast("float64"),
        revenue=total("revenue"),
        margin=total("margin"),
        costed_revenue=total("revenue", costed),
        discount=total("discount", priced),
        paid=total("revenue", priced),
        priced=rows.count(where=priced).cast("float64"),
        discounted=rows.count(where=priced & (rows["discount"] > 0)).cast("float64"),
    )
    person = person.mutate(again=(person["orders"] > 1).cast("float64"), full_price=person["discount"] + person["paid"])
    frame = _summed(
        person,
        {
            "buy": ("one", "one"),
            "buy_again": ("again", "one"),
            "orders": ("orders", "one"),
            "revenue": ("revenue", "one"),
            "margin": ("margin", "one"),
            "discount": ("discount", "full_price"),
            "discounted": ("discounted", "priced"),
            "margin_rate": ("margin", "costed_revenue"),
        },
    )
    usable = {
        **dict.fromkeys(("buy", "buy_again", "orders"), whole["orders"] - whole["anonymous"]),
        "revenue": whole["amounts"],
        **dict.fromkeys(("margin", "margin_rate"), whole["margins"]),
        **dict.fromkeys(("discount", "discounted"), whole["prices"]),
    }
    missing = {name: _lacking(number, whole["orders"]) for name, number in usable.items()}
    mixed = request.currency is None and whole["currencies"] > 1
    return [replace(part, mixed_currencies=mixed) for part in _parts(frame, _NAMES_ORDERS, missing)]


def _of_messages(request: Request, base: Rows, window: _Window) -> list[_Part]:
    """Reactions to the messages delivered in the window, as the rates of the catalogue count them."""
    source = find_metric("open_rate").sources[0]
    asked = replace(request, parameters={"reaction_days": _REACTION_DAYS})
    messages: Rows = source.build(asked)
    messages = messages.filter(window.holds(messages["at"]))
    whole = _row(messages.aggregate(rows=messages.count(), usable=messages.count(where=messages["usable"])))
    messages = messages.filter(messages["usable"])
    key = ["customer_id", "campaign_id", "message_id", "channel"]
    own = messages.select(*key, "at", "opened", "clicked").inner_join(base, "customer_id")
    touches = request.rows("touches")
    visits = touches.filter(touches["kind"].isin(VISITS)).select("customer_id", came_at="at")
    near = own.inner_join(visits, "customer_id")
    near = near.filter(
        near["came_at"] >= near["at"], near["came_at"] < near["at"] + ibis.literal(stretch(_AFTER_MESSAGE_DAYS))
    )
    followed = near.select(*key, "at").distinct()
    followed = followed.group_by("customer_id").aggregate(came=followed.count())
    person = own.group_by("customer_id", "loyal").aggregate(
        messages=own.count().cast("float64"),
        opened=own.count(where=own["opened"] | own["clicked"]).cast("float64"),
        clicked=own.count(where=own["clicked"]).cast("float64"),
    )
    person = person.left_join(followed, "customer_id")
    person = person.mutate(came=person["came"].fill_null(0).cast("float64"))
    frame = _summed(person, {name: (name, "messages") for name in _NAMES_MESSAGES})
    missing = _lacking(whole["usable"], whole["rows"])
    return _parts(frame, _NAMES_MESSAGES, dict.fromkeys(_NAMES_MESSAGES, missing))


def _of_referrals(request: Request, base: Rows, window: _Window) -> list[_Part]:
    customers = request.rows("customers")
    customers = customers.filter(window.holds(customers["created_at"]).fill_null(False))
    customers = customers.filter((customers["referrer_id"] != customers["customer_id"]).fill_null(False))
    who = customers.select(customer_id=customers["referrer_id"]).distinct().inner_join(base, "customer_id")
    return _parts(_summed(who, {"recommend": ("one", "one")}), {"recommend": _REFERRAL}, {"recommend": 0.0})


def _of_answers(request: Request, base: Rows, window: _Window) -> list[_Part]:
    given = request.rows("answers")
    given = given.filter(given["instrument"] == "csi", given["question"] == "overall", window.holds(given["at"]))
    usable = answers.on_scale(given, 1, 5) & given["customer_id"].notnull()
    whole = _row(given.aggregate(rows=given.count(), usable=given.count(where=usable)))
    rows = given.filter(usable).select("customer_id", "score").inner_join(base, "customer_id")
    person = rows.group_by("customer_id", "loyal").aggregate(
        content=rows.count(where=rows["score"] >= _SATISFIED).cast("float64"), answers=rows.count().cast("float64")
    )
    frame = _summed(person, {"content": ("content", "answers")})
    missing = _lacking(whole["usable"], whole["rows"])
    return _parts(frame, {"content": _SATISFACTION}, {"content": missing})


def _of_complaints(request: Request, base: Rows, window: _Window) -> list[_Part]:
    complaints = request.rows("complaints")
    complaints = complaints.filter(window.holds(complaints["opened_at"]).fill_null(False))
    whole = _row(
        complaints.aggregate(
            rows=complaints.count(), usable=complaints.count(where=complaints["customer_id"].notnull())
        )
    )
    who = complaints.select("customer_id").distinct().inner_join(base, "customer_id")
    missing = _lacking(whole["usable"], whole["rows"])
    return _parts(_summed(who, {"complained": ("one", "one")}), {"complained": _COMPLAINT}, {"complained": missing})  # fmt: skip


def _row(aggregates: Rows) -> dict[str, float]:
    """The only row of a table of numbers; an empty sum is 0."""
    frame: Any = aggregates.to_pandas().astype("float64").fillna(0.0)
    return {str(name): float(frame[name].iloc[0]) for name in frame.columns}


def _lacking(usable: float, records: float) -> float:
    return 1 - usable / records if records else 0.0


def _comparison(part: _Part, sizes: Mapping[bool, int]) -> Comparison:
    loyal, other = (part.sums(sizes, flag) for flag in (True, False))
    quantity = part.quantity
    figures = [_figure(one, quantity) for one in (loyal, other)]
    times = estimated(*loyalty_economics.times_as_much(loyal, other))
    silent = float(loyal.b) == 0 or float(other.b) == 0
    statement: Text | None = None
    if part.mixed_currencies and quantity.of_money:
        figures, times, statement = [NOTHING, NOTHING], NOTHING, NOTES["mixed_currencies"]
    elif silent or (float(loyal.a) == 0 and float(other.a) == 0):
        statement = Text("Nothing of the kind is recorded.", "Таких записей нет.")
    elif times.value is None:
        statement = Text(
            "Too little is recorded of one of both groups to set one against the other.",
            "Об\u00a0одной из\u00a0групп записано слишком мало, чтобы сравнивать.",
        )
    return Comparison(
        part.key,
        quantity.name,
        quantity.unit,
        figures[0],
        figures[1],
        times,
        int(loyal.n if quantity.of_money else loyal.b),
        int(other.n if quantity.of_money else other.b),
        part.missing_share,
        statement,
    )


def _figure(sums: RatioSums, quantity: Quantity) -> Estimated:
    if quantity.unit == "share" and quantity.per_customer:
        return estimated(sums.ratio, intervals.wilson(sums.a, sums.n))
    return estimated(sums.ratio, sums.bounds)


def _loyalty(margin: _Part, sizes: Mapping[bool, int], change: float) -> LoyaltyScenario:
    loyal, other = (margin.sums(sizes, flag) for flag in (True, False))
    n = loyal.n + other.n
    share = float(loyal.n / n)
    # Of what all bring as b the loyal bring a: a customer of another group adds to b alone.
    part = RatioSums(n, loyal.a, loyal.a + other.a, loyal.aa, loyal.aa + other.aa, loyal.aa)
    nothing = LoyaltyScenario(change, share, NOTHING, NOTHING, None)
    if margin.mixed_currencies:
        return replace(nothing, statement=NOTES["mixed_currencies"])
    if not 0 < share < 1:
        return replace(
            nothing,
            statement=Text(
                "All customers are in one group, so a change of its share means nothing.",
                "Все клиенты в\u00a0одной группе, поэтому изменение её доли ничего не\u00a0значит.",
            ),
        )
    if float(part.b) <= 0 or share * (1 + change) >= 1:
        return replace(
            nothing,
            statement=Text(
                "Customers brought no margin in these days, or there cannot be so many loyal ones.",
                "За\u00a0эти дни клиенты не\u00a0принесли прибыли, или лояльных столько быть не\u00a0может.",
            ),
        )
    relative = estimated(*loyalty_economics.more_loyal(part, np.asarray(share), change))
    return LoyaltyScenario(change, share, estimated(part.ratio, part.bounds), relative, None)


def _break_even(rate: _Part, sizes: Mapping[bool, int]) -> Estimated:
    if rate.mixed_currencies:
        return NOTHING
    both = rate.sums(sizes, True) + rate.sums(sizes, False)
    return estimated(*loyalty_economics.break_even_growth(both.ratio, both.bounds, PRICE_CUT))


def _retention(
    request: Request,
    first: datetime,
    newest: datetime,
    period_days: int,
    discount_rate: float,
    factor: float,
    points: float,
) -> RetentionScenario | None:
    """The what-if over the buyers of the period before the last one; None where the data do not hold two periods."""
    middle = newest - timedelta(days=period_days)
    begin = middle - timedelta(days=period_days)
    if begin < first or period_days < 1:
        return None
    orders = request.rows("orders")
    sold = orders.filter(is_sold(orders), orders["customer_id"].notnull())
    sold = sold.filter(sold["ordered_at"] >= ibis.literal(begin))
    before = sold["ordered_at"] < ibis.literal(middle)
    margin = sold["revenue"].cast("float64") - sold["cost"].cast("float64")
    person = sold.group_by("customer_id").aggregate(
        bought=sold.count(where=before),
        unknown=sold.count(where=before & margin.isnull()),
        margin=margin.sum(where=before).fill_null(0.0),
        stayed=sold.count(where=~before),
        lowest=sold["currency"].min(where=before),
        highest=sold["currency"].max(where=before),
    )
    person = person.filter(person["bought"] > 0)
    usable = person["unknown"] == 0
    stayed = (person["stayed"] > 0).cast("float64")
    row = _row(
        person.aggregate(
            all=person.count(),
            currencies=person["highest"].nunique(),
            several=person.count(where=person["lowest"] != person["highest"]),
            n=person.count(where=usable),
            m=person["margin"].sum(where=usable),
            mm=(person["margin"] * person["margin"]).sum(where=usable),
            s=stayed.sum(where=usable),
            ms=(person["margin"] * stayed).sum(where=usable),
        )
    )
    sums = RetentionSums(*(np.asarray(row[name]) for name in ("n", "m", "mm", "s", "ms")))
    mixed = request.currency is None and (row["currencies"] > 1 or row["several"] > 0)
    if mixed:
        sums = RetentionSums(*(np.zeros(()) for _ in range(5)))
    discount = (1 + discount_rate) ** (period_days / 365) - 1
    found = loyalty_economics.retention_value(sums, discount, factor=factor, points=points)
    return RetentionScenario(
        period_days,
        request.calendar.local(begin).date(),
        request.calendar.local(newest).date(),
        int(row["n"]),
        discount,
        estimated(found.retention, found.retention_bounds),
        estimated(found.margin, found.margin_bounds),
        estimated(found.value, found.value_bounds),
        known(found.changed_retention),
        known(found.changed_value),
        estimated(found.change, found.change_bounds),
        estimated(found.relative, found.relative_bounds),
        _lacking(row["n"], row["all"]),
        _no_scenario(row, found, mixed=mixed),
    )


def _no_scenario(row: Mapping[str, float], found: loyalty_economics.RetentionValue, *, mixed: bool) -> Text | None:
    if np.isfinite(found.relative):
        return None
    if mixed:
        return NOTES["mixed_currencies"]
    if not row["n"]:
        return Text(
            "No buyer’s margin is known: load `revenue` and `cost` of the orders.",
            "Прибыль не\u00a0известна ни\u00a0по\u00a0одному покупателю: загрузите `revenue` и\u00a0`cost` заказов.",
        )
    return Text(
        "Retention cannot be changed so: nobody stays, or all would.",
        "Так изменить удержание нельзя: не\u00a0остаётся никто или остались\u00a0бы все.",
    )


_ASSUMPTIONS = (
    Text(
        "Loyal customers and others differ in more than loyalty, so these ratios say what goes with it, not what it causes. "
        "What a change brings, an experiment tells.",
        "Лояльные клиенты отличаются от\u00a0остальных не\u00a0только лояльностью, поэтому эти отношения показывают, что ей "
        "сопутствует, а\u00a0не\u00a0что она вызывает. Что даст изменение, покажет эксперимент.",
    ),
    Text(
        "Profit per customer is m·r/(1 + d − r) (Gupta & Lehmann, 2003): margin and retention of a period go on for good, and "
        "costs of acquiring and of raising retention are not in it.",
        "Прибыль на\u00a0клиента\u00a0— m·r/(1 + d − r) (Gupta & Lehmann, 2003): прибыль и\u00a0удержание за\u00a0период считаются "
        "неизменными, затраты на\u00a0привлечение и\u00a0на\u00a0рост удержания не\u00a0учтены.",
    ),
)


def _measured(claim: Claim, comparisons: Mapping[str, Comparison], economics: LoyaltyEconomics) -> Measured:
    """The claim with what stands beside it."""
    if claim.comparison is not None:
        comparison = comparisons[claim.comparison]
        return Measured(claim, comparison, comparison.times, comparison.statement or claim.finding)
    if claim.key == "retention":
        scenario = economics.retention
        if scenario is None:
            return Measured(claim, None, NOTHING, _TOO_SHORT)
        return Measured(claim, None, scenario.relative, scenario.statement or claim.finding)
    if claim.key == "price_cut":
        return Measured(claim, None, economics.loyalty.relative, economics.loyalty.statement or claim.finding)
    return Measured(claim, None, NOTHING, claim.finding)


_TOO_SHORT = Text(
    "The orders do not span two periods, so retention is not known; take a shorter one: --period-days.",
    "Заказы не\u00a0охватывают двух периодов, поэтому удержание неизвестно; возьмите период короче: --period-days.",
)
