"""Sales opportunities: how many are won and how fast money comes through the funnel."""

import ibis
import ibis.expr.types as ir
import numpy as np

from septima.metrics import estimates, roles
from septima.metrics.definition import Cells, Estimate, Metric, Parameters, Passport, Request, Source
from septima.metrics.sources import (
    all_known,
    count_true,
    days_between,
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


def _won(request: Request) -> ir.Table:
    """Won deals; `amount` and `days` of the cycle are null where either cannot be told."""
    deals = request.rows("deals")
    deals = deals.filter(deals["outcome"] == "won")
    usable = all_known(deals, "amount", "opened_at", "closed_at")
    usable = (usable & (deals["opened_at"] <= deals["closed_at"])).fill_null(False)
    return deals.mutate(
        at=ibis.coalesce(deals["closed_at"], deals["opened_at"]),
        usable=usable,
        amount=usable.ifelse(deals["amount"], None),
        days=usable.ifelse(days_between(deals["opened_at"], deals["closed_at"]), None),
    )


CLOSED_DEALS = Source("closed_deals", _closed, _DIMENSIONS, of_customers=True)
WON_DEALS = Source("won_deals", _won, _DIMENSIONS, of_customers=True)


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
)
