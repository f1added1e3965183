"""The customer base: how many buy, how many come, come back and leave."""

from typing import Literal

import ibis.expr.types as ir
import numpy as np

from septima.metrics import estimates, roles
from septima.metrics.activity import ACTIVITY
from septima.metrics.definition import Cells, Estimate, FloatArray, Measure, Metric, Parameters, Passport, Rows, Unit
from septima.metrics.purchases import IDENTIFIED, IDENTIFIED_SHOWN, missing_customers
from septima.metrics.sources import total
from septima.models import intervals
from septima.models.intervals import divide
from septima.schema import Text

_PARAMETERS = {"active_days": 90}
_PRIMARY_DATA = ("orders.customer_id", "orders.ordered_at", "orders.status")
_MARKETING_METRICS = "Farris, Bendle, Pfeifer & Reibstein, Marketing Metrics, 2010"


def _lost(rows: Rows, _: Parameters) -> ir.Value:
    return rows.count(where=rows["change"] < 0)


_CHANGE = total(ACTIVITY, "change")
_JOINED = total(ACTIVITY, "joined")
_NEW = total(ACTIVITY, "new")
_LOST = Measure(ACTIVITY, _lost)


def _active_at_start(cells: Cells) -> FloatArray:
    return cells.cumulative("change") - cells["change"]


def _counted(count: FloatArray, cells: Cells) -> Estimate:
    lower, upper = intervals.poisson(count)
    return Estimate(count, count, lower, upper, missing_customers(cells))


def _active_customers(cells: Cells, _: Parameters) -> Estimate:
    return _counted(cells.cumulative("change"), cells)


def _new_customers(cells: Cells, _: Parameters) -> Estimate:
    return _counted(cells["new"], cells)


def _returned_customers(cells: Cells, _: Parameters) -> Estimate:
    return _counted(cells["joined"] - cells["new"], cells)


def _churned_customers(cells: Cells, _: Parameters) -> Estimate:
    return _counted(cells["joined"] - cells["change"], cells)


def _net_growth(cells: Cells, _: Parameters) -> Estimate:
    """The change of the base; those who came and left again within the period are on neither side of it."""
    lost = cells["lost"]
    gained = cells["change"] + lost
    lower, upper = intervals.difference(gained, intervals.poisson(gained), lost, intervals.poisson(lost))
    return Estimate(cells["change"], gained + lost, lower, upper, missing_customers(cells))


def _base_growth_rate(cells: Cells, parameters: Parameters) -> Estimate:
    growth, before = _net_growth(cells, parameters), _active_at_start(cells)
    value, lower, upper = (divide(figure, before) for figure in (growth.value, growth.lower, growth.upper))
    # No more can leave than were there.
    note = estimates.when(before == 0, "nobody_active_before")
    return Estimate(value, before, np.maximum(lower, -1), upper, growth.missing_share, note)


def _churn_rate(cells: Cells, _: Parameters) -> Estimate:
    before, lost = _active_at_start(cells), cells["lost"]
    lower, upper = intervals.wilson(lost, before)
    note = estimates.when(before == 0, "nobody_active_before")
    return Estimate(divide(lost, before), before, lower, upper, missing_customers(cells), note)


def _churn_change(cells: Cells, _: Parameters) -> Estimate:
    now, lost = _active_at_start(cells), cells["lost"]
    then, lost_then = now - cells.previous("change"), cells.previous("lost")
    rate, rate_then = divide(lost, now), divide(lost_then, then)
    lower, upper = intervals.difference(rate, intervals.wilson(lost, now), rate_then, intervals.wilson(lost_then, then))
    note = estimates.when(now == 0, "nobody_active_before")
    note = estimates.when(~(then > 0), "no_previous_period", note)
    n = np.where(then > 0, now, 0.0)
    return Estimate(rate - rate_then, n, lower, upper, missing_customers(cells), note)


def _passport(
    id: str,  # noqa: A002 - the passport's own name for it
    unit: Unit,
    direction: Literal["more", "less"],
    name: Text,
    description: Text,
    use: Text,
    method: Text,
    formula: str,
    *,
    formula_source: str,
    interval: Text,
    minimum_sample: int,
    bounds: tuple[float | None, float | None] | None = None,
) -> Passport:
    """What the metrics of the base have in common."""
    return Passport(
        id=id,
        version=1,
        name=name,
        description=description,
        use=use,
        unit=unit,
        direction=direction,
        method=method,
        formula=formula,
        formula_source=formula_source,
        interval=interval,
        primary_data=_PRIMARY_DATA,
        perspective="marketing",
        group="loyalty",
        owner_role=roles.MARKETING,
        minimum_sample=minimum_sample,
        parameters=_PARAMETERS,
        bounds=bounds,
    )


_SQUARE_AND_ADD = Text(
    "Square-and-add of the Poisson intervals of gains and losses, 95 % (Zou & Donner, 2008)",
    "Сложение квадратов отклонений границ Пуассона для прироста и\u00a0потерь, 95\u00a0% (Zou & Donner, 2008)",
)
_NEWCOMBE = Text(
    "Difference of two shares by Wilson’s intervals, 95 % (Newcombe, 1998, method 10)",
    "Разность двух долей по\u00a0интервалам Уилсона, 95\u00a0% (Newcombe, 1998, метод 10)",
)
_MOVEMENT = "Gupta, Lehmann & Stuart, Valuing Customers, 2004 (acquired and retained customers make the base)"

METRICS = (
    Metric(
        _passport(
            "active_customers",
            "count",
            "more",
            Text("Active customers", "Активные клиенты"),
            Text(
                "Customers who bought not long before the period’s end.",
                "Клиенты, которые покупали незадолго до\u00a0конца периода.",
            ),
            Text(
                "The base that brings the next sales; its growth is new and returned customers less those who left.",
                "База будущих продаж; её рост складывается из\u00a0новых и\u00a0вернувшихся за\u00a0вычетом ушедших.",
            ),
            Text(
                "Customers with an order in the last `active_days` days before the period’s end (before the newest order, "
                "where the period goes on past it). Cancelled and returned orders are left out; orders without a customer "
                "are missing.",
                "Клиенты с\u00a0заказом за\u00a0последние `active_days` дней до\u00a0конца периода (до\u00a0самого нового заказа, "
                "если период ещё идёт). Отменённые и\u00a0возвращённые заказы не\u00a0учитываются, заказы без клиента "
                "считаются пропусками.",
            ),
            "count(customers: last order ≥ end − active_days)",
            formula_source=f"{_MARKETING_METRICS} (recency)",
            interval=estimates.POISSON,
            minimum_sample=1,
        ),
        {"change": _CHANGE, **IDENTIFIED_SHOWN},
        _active_customers,
        history="all",
    ),
    Metric(
        _passport(
            "new_customers",
            "count",
            "more",
            Text("New customers", "Новые клиенты"),
            Text("Customers who bought for the first time.", "Клиенты, которые купили впервые."),
            Text(
                "Shows what acquisition brings; with the returned, it must outweigh those who left.",
                "Показывает отдачу привлечения; вместе с\u00a0вернувшимися новые должны перевешивать ушедших.",
            ),
            Text(
                "Customers whose first purchase of all lies in the period, also where they have stopped being active by its "
                "end. Cancelled and returned orders are left out; orders without a customer are missing. Sliced by channel, "
                "the first purchase in that channel counts.",
                "Клиенты, чья самая первая покупка пришлась на\u00a0период, даже если к\u00a0его концу они уже не\u00a0активны. "
                "Отменённые и\u00a0возвращённые заказы не\u00a0учитываются, заказы без клиента считаются пропусками. В\u00a0срезе "
                "по\u00a0каналу считается первая покупка в\u00a0этом канале.",
            ),
            "count(customers: first order in the period)",
            formula_source=_MOVEMENT,
            interval=estimates.POISSON,
            minimum_sample=1,
        ),
        {"new": _NEW, **IDENTIFIED},
        _new_customers,
    ),
    Metric(
        _passport(
            "returned_customers",
            "count",
            "more",
            Text("Returned customers", "Вернувшиеся клиенты"),
            Text(
                "Customers who had lapsed and bought again.",
                "Клиенты, которые перестали покупать, а\u00a0затем купили снова.",
            ),
            Text(
                "Shows whether win-back works; a lapsed customer is cheaper to bring back than a new one to find.",
                "Показывает, удаётся\u00a0ли возвращать ушедших; вернуть прежнего клиента дешевле, чем найти нового.",
            ),
            Text(
                "Customers who had bought before the period, were not active at its start (no order in the `active_days` days "
                "before it) and bought in it; each once. Orders without a customer are missing.",
                "Клиенты, которые покупали до\u00a0периода, на\u00a0его начало не\u00a0были активны (ни\u00a0одного заказа "
                "за\u00a0предыдущие `active_days` дней) и\u00a0купили в\u00a0нём; каждый один раз. Заказы без клиента считаются "
                "пропусками.",
            ),
            "count(customers: bought before, not active at start, bought in the period)",
            formula_source=_MOVEMENT,
            interval=estimates.POISSON,
            minimum_sample=1,
        ),
        {"joined": _JOINED, "new": _NEW, **IDENTIFIED},
        _returned_customers,
    ),
    Metric(
        _passport(
            "churned_customers",
            "count",
            "less",
            Text("Churned customers", "Ушедшие клиенты"),
            Text(
                "Customers who were active in the period and are not at its end.",
                "Клиенты, которые были активны в\u00a0периоде, а\u00a0к\u00a0его концу перестали.",
            ),
            Text(
                "How many must be replaced by new and returned ones for the base to stay as it is.",
                "Сколько новых и\u00a0вернувшихся нужно, чтобы база не\u00a0сократилась.",
            ),
            Text(
                "Customers active at the period’s start, or who bought in it, with no order in the last `active_days` days "
                "before its end; each once. Unlike the churn rate, it counts those who came and left within the period. "
                "A lapse that the data do not reach yet has not happened. Orders without a customer are missing.",
                "Клиенты, которые были активны на\u00a0начало периода или купили в\u00a0нём и\u00a0у\u00a0которых нет заказа "
                "за\u00a0последние `active_days` дней до\u00a0его конца; каждый один раз. В\u00a0отличие от\u00a0доли оттока, считаются "
                "и\u00a0те, кто пришёл и\u00a0ушёл внутри периода. Уход, до\u00a0которого данные ещё не\u00a0дошли, не\u00a0наступил. "
                "Заказы без клиента считаются пропусками.",
            ),
            "count(customers: active at start or bought in the period, not active at end)",
            formula_source=_MOVEMENT,
            interval=estimates.POISSON,
            minimum_sample=1,
        ),
        {"joined": _JOINED, "change": _CHANGE, **IDENTIFIED},
        _churned_customers,
    ),
    Metric(
        _passport(
            "net_growth",
            "count",
            "more",
            Text("Net growth of the base", "Чистый прирост базы"),
            Text(
                "By how many customers the active base grew or shrank.",
                "На\u00a0сколько клиентов выросла или сократилась активная база.",
            ),
            Text(
                "Below zero, the company lives on what it has: more leave than come and come back.",
                "Ниже нуля компания проедает базу: уходит больше, чем приходит и\u00a0возвращается.",
            ),
            Text(
                "New and returned customers less churned ones, to the customer; the same as active customers at the period’s "
                "end less those at its start. n is the number of customers who changed sides. Orders without a customer are "
                "missing.",
                "Новые и\u00a0вернувшиеся минус ушедшие, с\u00a0точностью до\u00a0клиента; то\u00a0же, что активные на\u00a0конец периода "
                "минус активные на\u00a0начало. n\u00a0— число клиентов, сменивших состояние. Заказы без клиента считаются "
                "пропусками.",
            ),
            "new + returned − churned",
            formula_source=_MOVEMENT,
            interval=_SQUARE_AND_ADD,
            minimum_sample=1,
            bounds=(None, None),
        ),
        {"change": _CHANGE, "lost": _LOST, **IDENTIFIED},
        _net_growth,
    ),
    Metric(
        _passport(
            "base_growth_rate",
            "share",
            "more",
            Text("Growth rate of the base", "Темп прироста базы"),
            Text(
                "Net growth as a share of the customers active at the period’s start.",
                "Чистый прирост относительно клиентов, активных на\u00a0начало периода.",
            ),
            Text(
                "Makes growth comparable between segments and companies of different size.",
                "Позволяет сравнивать рост сегментов и\u00a0компаний разного размера.",
            ),
            Text(
                "Net growth (new and returned customers less churned ones) divided by active customers at the period’s start, "
                "all by `active_days`. Undefined where nobody was active then. Orders without a customer are missing.",
                "Чистый прирост (новые и\u00a0вернувшиеся минус ушедшие), делённый на\u00a0активных на\u00a0начало периода, "
                "всё по\u00a0`active_days`. Не\u00a0определён, если тогда активных не\u00a0было. Заказы без клиента считаются "
                "пропусками.",
            ),
            "(new + returned − churned) / active at start",
            formula_source=_MOVEMENT,
            interval=_SQUARE_AND_ADD,
            minimum_sample=30,
            bounds=(-1, None),
        ),
        {"change": _CHANGE, "lost": _LOST, **IDENTIFIED_SHOWN},
        _base_growth_rate,
        history="all",
    ),
    Metric(
        _passport(
            "churn_rate",
            "share",
            "less",
            Text("Churn rate", "Отток клиентов"),
            Text(
                "Share of the customers active at the period’s start who are no more active at its end.",
                "Доля активных на\u00a0начало периода клиентов, которые к\u00a0его концу перестали быть активными.",
            ),
            Text(
                "An early sign of lost revenue; slice by segment and channel to see who leaves.",
                "Ранний признак потери выручки; срезы по\u00a0сегменту и\u00a0каналу показывают, кто уходит.",
            ),
            Text(
                "A customer is active for `active_days` days after an order. Those active at the period’s start and not at "
                "its end, divided by those active at its start. Undefined where nobody was active at the start.",
                "Клиент активен `active_days` дней после заказа. Активные на\u00a0начало и\u00a0не\u00a0активные на\u00a0конец "
                "периода, делённые на\u00a0активных на\u00a0начало. Не\u00a0определён, если на\u00a0начало активных не\u00a0было.",
            ),
            "(active at start and not at end) / active at start",
            formula_source=f"{_MARKETING_METRICS} (retention rate)",
            interval=estimates.WILSON,
            minimum_sample=30,
        ),
        {"change": _CHANGE, "lost": _LOST, **IDENTIFIED_SHOWN},
        _churn_rate,
        history="all",
    ),
    Metric(
        _passport(
            "churn_change",
            "share",
            "less",
            Text("Change of churn", "Изменение оттока"),
            Text(
                "Churn rate of the period less that of the period before.",
                "Доля оттока за\u00a0период минус доля за\u00a0предыдущий период.",
            ),
            Text(
                "Tells whether loyalty work holds customers better than before, or whether the difference may be chance.",
                "Показывает, стала\u00a0ли компания лучше удерживать клиентов или разница может быть случайной.",
            ),
            Text(
                "The churn rate, by `active_days`, less the churn rate of the previous period; below zero fewer leave. Both "
                "shares are taken as of independent samples, which makes the interval a little wide, for many customers are "
                "the same. Undefined where nobody was active at the start of either period.",
                "Доля оттока, по\u00a0`active_days`, минус доля оттока предыдущего периода; ниже нуля уходит меньше. Обе доли "
                "считаются независимыми, поэтому интервал немного широк: многие клиенты в\u00a0них общие. Не\u00a0определено, если "
                "на\u00a0начало одного из\u00a0периодов активных не\u00a0было.",
            ),
            "churn rate − churn rate of the previous period",
            formula_source=f"{_MARKETING_METRICS} (retention rate); Newcombe, 1998",
            interval=_NEWCOMBE,
            minimum_sample=30,
            bounds=(-1, 1),
        ),
        {"change": _CHANGE, "lost": _LOST, **IDENTIFIED_SHOWN},
        _churn_change,
        history="all",
    ),
)
