"""Whether what customers say goes with what they do: NPS answers beside the change of the customer’s own sales."""

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from septima.metrics import estimates, roles
from septima.metrics.definition import (
    CUSTOMER_DIMENSIONS,
    Cells,
    Estimate,
    Expression,
    Metric,
    Parameters,
    Passport,
    Request,
    Rows,
    Source,
)
from septima.metrics.purchases import newest_order, with_attributes
from septima.metrics.sources import (
    LONGEST_SILENCE,
    count_true,
    days,
    is_sold,
    records,
    several_currencies_in_sums,
    total_of_products,
)
from septima.models import intervals
from septima.models.intervals import divide
from septima.schema import Text

_WINDOW_DAYS = 180
_LOWEST, _HIGHEST, _MIDDLE = 1.0, 10.0, 5.5


def _window(request: Request) -> Expression:
    return ibis.literal(days(request.parameters["window_days"]))


def _answers(request: Request) -> Rows:
    """The last answer of each customer in each period; `on_scale` is false in rows of unusable ones, one each."""
    answers = request.rows("answers")
    answers = answers.filter(
        answers["instrument"] == "nps", answers["question"] == "recommend", answers["at"].notnull()
    )
    answers = request.before_end(answers, "at")
    if request.start is not None:
        answers = answers.filter(answers["at"] >= request.moment(request.start))
    usable = answers["score"].between(_LOWEST, _HIGHEST) & answers["customer_id"].notnull()
    answers = answers.select("answer_id", "customer_id", "at", "score", on_scale=usable.fill_null(False))
    one_customer = [answers["on_scale"], answers["customer_id"], request.period(answers["at"])]
    later = ibis.row_number().over(group_by=one_customer, order_by=[answers["at"].desc(), answers["answer_id"].desc()])
    answers = answers.mutate(later=later)
    return answers.filter(~answers["on_scale"] | (answers["later"] == 0)).drop("later")


def _sales(request: Request, answers: Rows) -> Rows:
    """By answer: revenue in the window after it less that in the window before it, and whether currencies differ."""
    orders = request.rows("orders")
    orders = orders.filter(is_sold(orders), orders["customer_id"].notnull(), orders["revenue"].notnull())
    window = _window(request)
    orders = orders.select("customer_id", "ordered_at", "currency", "revenue")
    asked = answers.select("answer_id", "customer_id", answered="at")
    near = asked.join(orders, "customer_id")
    near = near.filter(near["ordered_at"] >= near["answered"] - window, near["ordered_at"] < near["answered"] + window)
    after = near["ordered_at"] >= near["answered"]
    return near.group_by("answer_id").aggregate(
        change=after.ifelse(near["revenue"], -near["revenue"]).sum(),
        lowest=near["currency"].min(),
        highest=near["currency"].max(),
    )


def _quadrant(rows: Rows) -> Expression:
    side = (rows["score"] > _MIDDLE).ifelse("promoter", "detractor")
    growing = rows["usable"] & (rows["change"] > 0)
    falling = rows["usable"] & (rows["change"] < 0)
    return ibis.cases(
        (growing, side + "_growing"),
        (falling, side + "_falling"),
        (rows["usable"], "unchanged"),
        else_=ibis.null("string"),
    )


def _paired(request: Request) -> ir.Table:
    """The last answer of each customer in each period with the `change` of their sales, and mean ranks of both.

    `usable` is false where the answer is off the scale or anonymous, or where the data do not reach the whole
    window on either side. Ranks are taken within period × slice.
    """
    answers = _answers(request)
    sales = _sales(request, answers)
    orders = request.rows("orders")
    window = _window(request)
    rows = with_attributes(request, answers.left_join(sales, "answer_id").drop("answer_id_right"))
    reached = (rows["at"] - window >= orders["ordered_at"].min().as_scalar()) & (
        rows["at"] + window <= newest_order(request)
    )
    rows = rows.mutate(usable=(rows["on_scale"] & reached).fill_null(False), change=rows["change"].fill_null(0))
    if "quadrant" in request.by:
        rows = rows.mutate(quadrant=_quadrant(rows))
    alike = [request.period(rows["at"]), *(rows[name] for name in request.by), rows["usable"]]

    def mean_rank(column: str) -> Expression:
        same = rows.count().over(group_by=[*alike, rows[column]])
        least = ibis.rank().over(group_by=alike, order_by=rows[column])
        return least.cast("float64") + 1 + (same.cast("float64") - 1) / 2

    def usable(value: Expression) -> Expression:
        return rows["usable"].ifelse(value, None)

    return rows.mutate(
        score_rank=usable(mean_rank("score")),
        change_rank=usable(mean_rank("change")),
        lowest=usable(rows["lowest"]),
        highest=usable(rows["highest"]),
    )


_PAIRED = Source(
    "loyalty_sales",
    _paired,
    ("quadrant", *CUSTOMER_DIMENSIONS),
    parameters=("window_days",),
    settles_days=_WINDOW_DAYS + LONGEST_SILENCE,
)


def _correlation(cells: Cells, _: Parameters) -> Estimate:
    """Pearson’s correlation of the mean ranks; the ranks of n values sum to n (n + 1) / 2 whatever the ties."""
    n = cells["usable"]
    centre = n * (n + 1) ** 2 / 4
    spread = np.sqrt((cells["score_squares"] - centre) * (cells["change_squares"] - centre))
    rho = np.clip(divide(cells["products"] - centre, spread), -1, 1)
    lower, upper = intervals.spearman(rho, n)
    missing = estimates.missing(n, cells["answers"])
    note = estimates.when((n > 0) & np.isnan(rho), "no_variation", estimates.currency_note(cells))
    return Estimate(rho, n, lower, upper, missing, note)


def _quadrants(cells: Cells, _: Parameters) -> Estimate:
    count, n = cells["usable"], cells.whole("usable", over="quadrant")
    if "quadrant" in cells.keys:
        # Customers whose quadrant is unknown are a share of nothing.
        n = np.where(pd.isna(cells.frame["quadrant"]), 0.0, n)
    lower, upper = intervals.wilson(count, n)
    missing = estimates.missing(cells.whole("usable", over="quadrant"), cells.whole("answers", over="quadrant"))
    return Estimate(divide(count, n), n, lower, upper, missing)


_COUNTS = {"usable": count_true(_PAIRED, "usable"), "answers": records(_PAIRED)}
_WHOSE = Text(
    "Of each customer the last NPS answer (1–10) of the period and the revenue of the `window_days` days after it less that of "
    "as many days before it. ",
    "Для каждого клиента берётся последний за\u00a0период ответ NPS (1–10) и\u00a0выручка за\u00a0`window_days` дней после него минус "
    "выручка за\u00a0столько\u00a0же дней до\u00a0него. ",
)
_MISSING = Text(
    " Cancelled and returned orders are left out. Customers whose windows the data do not reach, and answers that are anonymous "
    "or off the scale, are missing.",
    " Отменённые и\u00a0возвращённые заказы не\u00a0учитываются. Клиенты, чьи окна данные не\u00a0покрывают, анонимные ответы "
    "и\u00a0ответы вне шкалы считаются пропусками.",
)
_PRIMARY_DATA = (
    "answers.customer_id",
    "answers.score",
    "answers.at",
    "orders.customer_id",
    "orders.ordered_at",
    "orders.revenue",
    "orders.status",
    "orders.currency",
)

METRICS = (
    Metric(
        Passport(
            id="loyalty_sales_correlation",
            version=1,
            name=Text("Loyalty against change of sales", "Связь лояльности и\u00a0динамики продаж"),
            description=Text(
                "Whether customers who recommend the company go on to buy more.",
                "Начинают\u00a0ли больше покупать клиенты, которые готовы рекомендовать компанию.",
            ),
            use=Text(
                "Above zero, NPS tells of money to come in this company; around zero it does not, and sales must be watched "
                "by themselves.",
                "Выше нуля\u00a0— NPS в\u00a0этой компании предвещает деньги; около нуля\u00a0— нет, и\u00a0продажи надо отслеживать "
                "отдельно.",
            ),
            unit="index",
            direction="more",
            method=Text(
                f"{_WHOSE.en}Spearman’s rank correlation of the two over customers; equal values share their mean rank. It "
                f"shows that they go together, not that one brings the other.{_MISSING.en}",
                f"{_WHOSE.ru}Ранговая корреляция Спирмена между ними по\u00a0клиентам; у\u00a0равных значений общий средний ранг. "
                f"Она говорит, что одно сопутствует другому, а\u00a0не\u00a0что одно вызывает другое.{_MISSING.ru}",
            ),
            formula="ρ = corr(rank(score), rank(revenue after − revenue before))",
            formula_source="Spearman, The Proof and Measurement of Association between Two Things, 1904",
            interval=Text(
                "Fisher’s z with variance (1 + ρ²/2) / (n − 3), 95 % (Bonett & Wright, 2000)",
                "z\u00a0Фишера с\u00a0дисперсией (1 + ρ²/2) / (n − 3), 95\u00a0% (Bonett & Wright, 2000)",
            ),
            primary_data=_PRIMARY_DATA,
            perspective="marketing",
            group="loyalty",
            owner_role=roles.MARKETING,
            minimum_sample=30,
            parameters={"window_days": _WINDOW_DAYS},
            bounds=(-1, 1),
        ),
        {
            **_COUNTS,
            "score_squares": total_of_products(_PAIRED, "score_rank", "score_rank"),
            "change_squares": total_of_products(_PAIRED, "change_rank", "change_rank"),
            "products": total_of_products(_PAIRED, "score_rank", "change_rank"),
            "currencies": several_currencies_in_sums(_PAIRED),
        },
        _correlation,
    ),
    Metric(
        Passport(
            id="loyalty_quadrants",
            version=1,
            name=Text("Loyalty and sales by quadrant", "Лояльность и\u00a0продажи по\u00a0квадрантам"),
            description=Text(
                "Share of customers by what they say (promoter’s or detractor’s side) and what they do (buy more or less).",
                "Доля клиентов по\u00a0тому, что они говорят (сторона промоутеров или критиков) и\u00a0что делают (покупают больше "
                "или меньше).",
            ),
            use=Text(
                "Those who praise and buy less are about to go quietly; those who scold and buy more have no choice yet. Slice "
                "by `quadrant`.",
                "Кто хвалит, но\u00a0покупает меньше, уходит молча; кто ругает, но\u00a0покупает больше, пока не\u00a0имеет выбора. "
                "Смотрите срез `quadrant`.",
            ),
            unit="share",
            direction="target",
            method=Text(
                f"{_WHOSE.en}A grade above the middle of the scale (6–10) is the promoter’s side, one below it (1–5) the "
                "detractor’s; sales grow or fall, and where they are the same to the penny, as with nothing bought on either "
                f"side, the customer is `unchanged`. Share of all customers with both.{_MISSING.en}",
                f"{_WHOSE.ru}Оценка выше середины шкалы (6–10)\u00a0— сторона промоутеров, ниже (1–5)\u00a0— критиков; продажи растут "
                "или падают, а\u00a0если они равны до\u00a0копейки, например покупок не\u00a0было ни\u00a0до, ни\u00a0после, клиент "
                f"относится к\u00a0`unchanged`. Доля от\u00a0всех клиентов, у\u00a0которых известно и\u00a0то, и\u00a0другое.{_MISSING.ru}",
            ),
            formula="customers of the quadrant / customers with an answer and both windows",
            formula_source="Jones & Sasser, Why Satisfied Customers Defect, 1995 (attitude × behaviour)",
            interval=estimates.WILSON,
            primary_data=_PRIMARY_DATA,
            perspective="marketing",
            group="loyalty",
            owner_role=roles.MARKETING,
            minimum_sample=30,
            parameters={"window_days": _WINDOW_DAYS},
        ),
        _COUNTS,
        _quadrants,
    ),
)
