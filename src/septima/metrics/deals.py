"""Sales opportunities: how many are opened and won, how large they are and how fast money comes through the funnel."""

import ibis
import ibis.expr.types as ir
import numpy as np

from septima.metrics import estimates, roles
from septima.metrics.definition import Cells, Estimate, Measure, Metric, Parameters, Passport, Request, Rows, Source
from septima.metrics.sources import (
    all_known,
    amount_measures,
    count_true,
    days_between,
    known,
    quantile_measures,
    records,
    several_currencies,
    total,
    total_of_products,
)
from septima.models import intervals
from septima.models.intervals import divide
from septima.schema import Text

_DIMENSIONS = ("channel", "employee_id", "product_id", "currency")


def _closed(request: Request) -> ir.Table:
    """Deals that ended; `usable` ones have both an outcome and the moment of it."""
    deals = request.rows("deals")
    ended = deals["outcome"].isin(("won", "lost")).fill_null(False)
    rows = deals.mutate(
        at=ibis.coalesce(deals["closed_at"], deals["opened_at"]),
        usable=ended & deals["closed_at"].notnull(),
        won=(ended & deals["closed_at"].notnull() & (deals["outcome"] == "won")).fill_null(False),
        ended=ended,
    )
    return rows.filter(rows["ended"] | rows["closed_at"].notnull()).drop("ended")


def _opened(request: Request) -> ir.Table:
    """Deals by their opening; those without its moment stand at their closing."""
    deals = request.rows("deals")
    return deals.mutate(at=ibis.coalesce(deals["opened_at"], deals["closed_at"]))


def _pipeline(request: Request) -> ir.Table:
    """Openings (`step` 1) and closings (−1) of deals with their `open_amount`, signed as the step; running sums are the state.

    `step` is 0 where it cannot be told how long a deal was open: it has no opening, or it ended at an unknown moment.
    """
    deals = request.rows("deals")
    ended = deals["outcome"].isin(("won", "lost")).fill_null(False)
    placed = deals["opened_at"].notnull() & (deals["closed_at"].notnull() | ~ended)
    deals = deals.mutate(placed=placed, step=placed.cast("int64"))
    begun = deals.mutate(at=ibis.coalesce(deals["opened_at"], deals["closed_at"]))
    closed = deals.filter(deals["placed"], deals["closed_at"].notnull())
    closed = closed.mutate(at=ibis.greatest(closed["opened_at"], closed["closed_at"]), step=-closed["step"])
    columns = ("deal_id", "customer_id", *_DIMENSIONS, "at", "step", "amount")
    rows: Rows = begun.select(*columns).union(closed.select(*columns))
    known_step = rows["amount"].notnull().ifelse(rows["step"], 0)
    return rows.mutate(known_step=known_step, open_amount=rows["amount"] * known_step)


def _won(request: Request) -> ir.Table:
    """Won deals; `amount` and `days` of the cycle are null where either cannot be told.

    `won_amount` and `cycle` are those that are known by themselves of deals with a moment of closing.
    """
    deals = request.rows("deals")
    deals = deals.filter(deals["outcome"] == "won")
    usable = all_known(deals, "amount", "opened_at", "closed_at")
    usable = (usable & (deals["opened_at"] <= deals["closed_at"])).fill_null(False)
    cycle = days_between(deals["opened_at"], deals["closed_at"])
    return deals.mutate(
        at=ibis.coalesce(deals["closed_at"], deals["opened_at"]),
        usable=usable,
        amount=usable.ifelse(deals["amount"], None),
        days=usable.ifelse(cycle, None),
        won_amount=deals["closed_at"].notnull().ifelse(deals["amount"], None),
        cycle=(cycle >= 0).ifelse(cycle, None),
    )


CLOSED_DEALS = Source("closed_deals", _closed, _DIMENSIONS, of_customers=True)
WON_DEALS = Source("won_deals", _won, _DIMENSIONS, of_customers=True, ranked="cycle")
_OPENED_DEALS = Source("opened_deals", _opened, _DIMENSIONS, of_customers=True)
_PIPELINE = Source("pipeline", _pipeline, _DIMENSIONS, of_customers=True)


def _funnel_velocity(cells: Cells, _: Parameters) -> Estimate:
    """won · mean amount / mean cycle = n·A / C with A = Σ amount, C = Σ days.

    All three are sums over deals that come at random, so the delta method gives the variance
    Σ (n/C·a − A·n/C²·c + A/C)² over the deals.
    """
    amount, cycle, n = cells["amount"], cells["days"], cells["usable"]
    value = divide(amount * n, cycle)
    of_amount, of_cycle, of_one = divide(n, cycle), -divide(value, cycle), divide(amount, cycle)
    variance = (
        of_amount**2 * cells["amount_squares"]
        + of_cycle**2 * cells["days_squares"]
        + of_one**2 * n
        + 2 * of_amount * of_cycle * cells["products"]
        + 2 * of_amount * of_one * amount
        + 2 * of_cycle * of_one * cycle
    )
    half = intervals.Z * np.sqrt(np.where(n > 1, np.maximum(variance, 0), np.nan))
    missing = estimates.missing(n, cells["deals"])
    return Estimate(value, n, value - half, value + half, missing, estimates.currency_note(cells))


def _deals_opened(cells: Cells, _: Parameters) -> Estimate:
    n = cells["known"]
    lower, upper = intervals.poisson(n)
    return Estimate(n, n, lower, upper, estimates.missing(n, cells["deals"]))


def _pipeline_amount(cells: Cells, _: Parameters) -> Estimate:
    """Σ amount over open deals, each of which is there or not by chance, so that Var Σx is estimated by Σx²."""
    amount, squares, known, open_ = (
        cells.total_within(cells.cumulative(name)) for name in ("amount", "squares", "known", "open")
    )
    value = np.where((known == 0) & (open_ > 0), np.nan, amount)
    half = intervals.Z * np.sqrt(np.where(known > 0, np.maximum(squares, 0), np.nan))
    unplaced = cells.total_within(cells["unplaced"])
    missing = estimates.missing(known, open_ + unplaced)
    named = cells.frame["currency"].notna().to_numpy()
    currencies = cells.total_within(((cells.cumulative("known") > 0) & named).astype(np.float64))
    note = estimates.when(currencies > 1, "mixed_currencies")
    return Estimate(value, known, np.maximum(value - half, 0), value + half, missing, note)


METRICS = (
    Metric(
        Passport(
            id="deal_win_rate",
            version=1,
            name=Text("Deal win rate", "Доля выигранных сделок"),
            description=Text("Share of finished deals that were won.", "Доля завершённых сделок, которые выиграны."),
            use=Text(
                "Shows how well opportunities are chosen and led; slice by employee and channel.",
                "Показывает, насколько хорошо отбирают и\u00a0ведут сделки; смотрите срезы по\u00a0сотрудникам и\u00a0каналам.",
            ),
            unit="share",
            direction="more",
            method=Text(
                "Deals won divided by deals won or lost, by the moment of closing. Closed deals without an outcome and "
                "ended ones without the moment (placed by their opening) are missing.",
                "Выигранные сделки, делённые на\u00a0выигранные и\u00a0проигранные, по\u00a0моменту закрытия. Закрытые сделки "
                "без исхода и\u00a0завершённые без момента закрытия (относятся к\u00a0моменту открытия) считаются пропусками.",
            ),
            formula="won / (won + lost)",
            formula_source="Farris, Bendle, Pfeifer & Reibstein, Marketing Metrics, 2010 (sales funnel)",
            interval=estimates.WILSON,
            primary_data=("deals.outcome", "deals.closed_at", "deals.opened_at"),
            perspective="sales",
            group="money",
            owner_role=roles.SALES,
            minimum_sample=30,
        ),
        {
            "won": count_true(CLOSED_DEALS, "won"),
            "usable": count_true(CLOSED_DEALS, "usable"),
            "deals": records(CLOSED_DEALS),
        },
        estimates.share("won", "usable", "deals"),
    ),
    Metric(
        Passport(
            id="funnel_velocity",
            version=1,
            name=Text("Funnel velocity", "Скорость воронки продаж"),
            description=Text(
                "Money that the funnel brings per day of a deal’s cycle.",
                "Деньги, которые воронка приносит за\u00a0день цикла сделки.",
            ),
            use=Text(
                "Joins number, size and speed of deals in one figure; a fall says to look which of them fell.",
                "Объединяет число, размер и\u00a0скорость сделок; при снижении смотрите, что из\u00a0них упало.",
            ),
            unit="currency_per_day",
            direction="more",
            method=Text(
                "Closed opportunities × win rate × mean won amount / mean days from opening to closing of won deals, which "
                "is the won amount divided by the mean cycle. Won deals without amount, opening or closing, or closed "
                "before they were opened, are missing.",
                "Закрытые сделки × доля выигранных × средняя сумма выигранной / среднее число дней от\u00a0открытия до\u00a0закрытия "
                "выигранной, то есть сумма выигранных, делённая на\u00a0средний цикл. Выигранные сделки без суммы, открытия "
                "или закрытия, а\u00a0также закрытые раньше открытия считаются пропусками.",
            ),
            formula="Σ amount(won) / mean(closed_at − opened_at)",
            formula_source="Pipeline (sales) velocity: opportunities × win rate × deal size / cycle; Jordan & Vazzana, Cracking the Sales Management Code, 2011",
            interval=Text(
                "Delta method for sums over deals that come at random, 95 %",
                "Дельта-метод для сумм по\u00a0сделкам, число которых случайно, 95\u00a0%",
            ),
            primary_data=("deals.outcome", "deals.amount", "deals.opened_at", "deals.closed_at", "deals.currency"),
            perspective="sales",
            group="money",
            owner_role=roles.SALES,
            minimum_sample=10,
        ),
        {
            "amount": total(WON_DEALS, "amount"),
            "days": total(WON_DEALS, "days"),
            "amount_squares": total_of_products(WON_DEALS, "amount", "amount"),
            "days_squares": total_of_products(WON_DEALS, "days", "days"),
            "products": total_of_products(WON_DEALS, "amount", "days"),
            "usable": count_true(WON_DEALS, "usable"),
            "deals": records(WON_DEALS),
            "currencies": several_currencies(WON_DEALS),
        },
        _funnel_velocity,
    ),
    Metric(
        Passport(
            id="deal_cycle_median",
            version=1,
            name=Text("Median deal cycle", "Медианный цикл сделки"),
            description=Text(
                "Days from opening to closing in which half of won deals are won.",
                "За\u00a0сколько дней от\u00a0открытия до\u00a0закрытия выигрывается половина выигранных сделок.",
            ),
            use=Text(
                "Tells when money can be counted on; slice by product and employee, and look into stages where it grows.",
                "Показывает, когда можно рассчитывать на\u00a0деньги; смотрите срезы по\u00a0товару и\u00a0сотруднику, а\u00a0при "
                "росте\u00a0— время по\u00a0этапам.",
            ),
            unit="days",
            direction="less",
            method=Text(
                "Median number of days from opening to closing of the deals won, by the moment of closing. Won deals without "
                "opening or closing, or closed before they were opened, are missing.",
                "Медиана числа дней от\u00a0открытия до\u00a0закрытия выигранных сделок, по\u00a0моменту закрытия. Выигранные сделки без "
                "открытия или закрытия, а\u00a0также закрытые раньше открытия считаются пропусками.",
            ),
            formula="median(closed_at − opened_at), outcome = won",
            formula_source="Hyndman & Fan, 1996 (quantile of type 7); Jordan & Vazzana, Cracking the Sales Management Code, 2011",
            interval=estimates.ORDER_STATISTICS,
            primary_data=("deals.outcome", "deals.opened_at", "deals.closed_at"),
            perspective="sales",
            group="money",
            owner_role=roles.SALES,
            minimum_sample=10,
        ),
        quantile_measures(WON_DEALS, 0.5),
        estimates.quantile(0.5),
    ),
    Metric(
        Passport(
            id="average_deal_amount",
            version=1,
            name=Text("Average deal amount", "Средняя сумма сделки"),
            description=Text(
                "Money of one won deal on average.", "Сколько денег в\u00a0среднем в\u00a0одной выигранной сделке."
            ),
            use=Text(
                "Tells growth by larger deals from growth by more deals; falls where discounts buy the win.",
                "Отличает рост за\u00a0счёт крупных сделок от\u00a0роста их\u00a0числа; падает, когда сделки выигрывают скидками.",
            ),
            unit="currency",
            direction="more",
            method=Text(
                "Summed amount of the deals won divided by their number, by the moment of closing. Won deals without amount or "
                "closing are missing.",
                "Сумма выигранных сделок, делённая на\u00a0их\u00a0число, по\u00a0моменту закрытия. Выигранные сделки без суммы или "
                "момента закрытия считаются пропусками.",
            ),
            formula="Σ amount(won) / won",
            formula_source="Farris, Bendle, Pfeifer & Reibstein, Marketing Metrics, 2010 (sales funnel)",
            interval=estimates.STUDENT,
            primary_data=("deals.outcome", "deals.amount", "deals.closed_at", "deals.currency"),
            perspective="sales",
            group="money",
            owner_role=roles.SALES,
            minimum_sample=10,
        ),
        amount_measures(WON_DEALS, "won_amount"),
        estimates.mean("amount", "squares", "known", "records"),
    ),
    Metric(
        Passport(
            id="deals_opened",
            version=1,
            name=Text("Deals opened", "Открытые за\u00a0период сделки"),
            description=Text("Sales opportunities on which work began.", "Сделки, работа над которыми началась."),
            use=Text(
                "Shows the inflow that later sales are made of.",
                "Показывает приток, из\u00a0которого потом складываются продажи.",
            ),
            unit="count",
            direction="more",
            method=Text(
                "Number of deals by the moment of opening. Deals without it (placed by their closing) are missing.",
                "Число сделок по\u00a0моменту открытия. Сделки без этого момента (относятся к\u00a0моменту закрытия) считаются "
                "пропусками.",
            ),
            formula="count(deals)",
            formula_source="Farris, Bendle, Pfeifer & Reibstein, Marketing Metrics, 2010 (sales funnel)",
            interval=estimates.POISSON,
            primary_data=("deals.opened_at", "deals.closed_at"),
            perspective="sales",
            group="money",
            owner_role=roles.SALES,
            minimum_sample=1,
        ),
        {"known": known(_OPENED_DEALS, "opened_at"), "deals": records(_OPENED_DEALS)},
        _deals_opened,
    ),
    Metric(
        Passport(
            id="pipeline_amount",
            version=1,
            name=Text("Open pipeline", "Сумма открытых сделок"),
            description=Text(
                "Money of the deals that are open at the period’s end.", "Сумма сделок, открытых на\u00a0конец периода."
            ),
            use=Text(
                "Multiplied by the win rate it tells what to expect; set it against the plan of sales.",
                "Умноженная на\u00a0долю выигранных, показывает, чего ожидать; сопоставляйте с\u00a0планом продаж.",
            ),
            unit="currency",
            direction="more",
            method=Text(
                "Summed amount of the deals opened and not closed by the period’s end (or until now, where it goes on). "
                "Open deals without an amount are missing and, in the period of their opening, so are deals that ended at "
                "an unknown moment and, in that of their closing, deals without an opening.",
                "Сумма сделок, которые открыты и\u00a0не\u00a0закрыты к\u00a0концу периода (или к\u00a0настоящему времени, если он ещё "
                "идёт). Пропусками считаются открытые сделки без суммы, а\u00a0также: в\u00a0периоде открытия\u00a0— сделки, "
                "завершённые неизвестно когда, в\u00a0периоде закрытия\u00a0— сделки без момента открытия.",
            ),
            formula="Σ amount: opened_at < end, closed_at ≥ end or none",
            formula_source="Jordan & Vazzana, Cracking the Sales Management Code, 2011",
            interval=Text(
                "Normal interval of a total of amounts that come at random, ±1.96·√Σx², not below 0, 95 % "
                "(Klugman, Panjer & Willmot, 2012)",
                "Нормальный интервал суммы случайного числа сумм, ±1,96·√Σx², не\u00a0ниже 0, 95\u00a0% "
                "(Klugman, Panjer & Willmot, 2012)",
            ),
            primary_data=("deals.opened_at", "deals.closed_at", "deals.outcome", "deals.amount", "deals.currency"),
            perspective="sales",
            group="money",
            owner_role=roles.SALES,
            minimum_sample=10,
        ),
        {
            "amount": total(_PIPELINE, "open_amount"),
            "squares": total_of_products(_PIPELINE, "open_amount", "amount"),
            "known": total(_PIPELINE, "known_step"),
            "open": total(_PIPELINE, "step"),
            "unplaced": Measure(_PIPELINE, lambda rows, _: rows.count(where=rows["step"] == 0)),
        },
        _pipeline_amount,
        history="all",
        within=("currency",),
    ),
)
