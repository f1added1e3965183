"""What customers are expected to do, from the predictions that were kept last."""

from collections.abc import Callable
from dataclasses import replace

import ibis
import ibis.expr.types as ir
import numpy as np

from septima.metrics import estimates, rfm, roles
from septima.metrics.definition import (
    Cells,
    Estimate,
    Measure,
    Metric,
    Parameters,
    Passport,
    Request,
    Rows,
    Source,
    Unit,
)
from septima.metrics.purchases import purchases
from septima.metrics.sources import days, known, records, several_currencies, total, total_of_products
from septima.schema import Text

_ALIVE, _GONE = 0.8, 0.2


def _predictions(request: Request) -> ir.Table:
    """One row per customer at the moment up to which purchases were known."""
    return _sorted(request, request.rows("predictions"))


def _active_customers(request: Request) -> ir.Table:
    """One row per customer who had ordered in the `active_days` before that moment, be there a prediction or not."""
    predictions = request.rows("predictions")
    lifetime = ibis.literal(days(request.parameters["active_days"]))
    orders, _ = purchases(request)
    rows = orders.rename(ordered_at="at").cross_join(predictions.aggregate(at=predictions["at"].max()))
    rows = rows.filter(rows["ordered_at"] <= rows["at"], rows["ordered_at"] + lifetime >= rows["at"])
    active = rows.select("customer_id", "at").distinct()
    return _sorted(request, active.left_join(predictions.drop("at"), "customer_id").drop("customer_id_right"))


def _sorted(request: Request, rows: Rows) -> Rows:
    """The predictions before the end that is asked for, by `alive` (likely, unsure or unlikely) and by RFM segment."""
    rows = request.before_end(rows, "at")
    alive = rows["p_alive"]
    band = (alive >= _ALIVE).ifelse("likely", (alive < _GONE).ifelse("unlikely", "unsure"))
    rows = rows.mutate(alive=alive.notnull().ifelse(band, None))
    return _with_rfm_segment(request, rows) if rfm.SEGMENT in request.by else rows


def _with_rfm_segment(request: Request, rows: Rows) -> Rows:
    """The predictions with the RFM segment that each customer was in when they were made."""
    newest = request.rows("predictions")["at"].max().as_scalar()

    def then(name: str) -> Rows:
        table = request.rows(name)
        return table.filter(table["ordered_at"] <= newest) if name == "orders" else table

    parameters = {"window_days": rfm.WINDOW_DAYS}
    past = replace(request, tables=then, grain="all", by=(rfm.SEGMENT,), start=None, end=None, parameters=parameters)
    segments = rfm.scored_customers(past).select("customer_id", rfm.SEGMENT)
    return rows.left_join(segments, "customer_id").drop("customer_id_right")


# A new run of predictions replaces all rows, of whatever period.
_DIMENSIONS = ("alive", "method", rfm.SEGMENT)
_PREDICTED = Source("predictions", _predictions, _DIMENSIONS, of_customers=True, settles_days=None)
_ACTIVE = Source(
    "active_predictions",
    _active_customers,
    _DIMENSIONS,
    of_customers=True,
    parameters=("active_days",),
    settles_days=None,
)


def _measures(source: Source, column: str) -> dict[str, Measure]:
    return {
        "total": total(source, column),
        "squares": total_of_products(source, column, column),
        "known": known(source, column),
        "records": records(source),
    }


def _at_risk(rows: Rows, parameters: Parameters) -> ir.Value:
    return rows.count(where=rows["p_alive"] < parameters["below"])


_mean = estimates.mean("total", "squares", "known", "records")


def _mean_probability(cells: Cells, parameters: Parameters) -> Estimate:
    found = _mean(cells, parameters)
    return replace(found, lower=np.clip(found.lower, 0, 1), upper=np.clip(found.upper, 0, 1))


def _predicted_churn(cells: Cells, parameters: Parameters) -> Estimate:
    alive = _mean_probability(cells, parameters)
    return replace(alive, value=1 - alive.value, lower=1 - alive.upper, upper=1 - alive.lower)


_KEPT = Text(
    "Mean over the customers whose predictions were kept last (`septima ltv DIR --method … --save`), in the period in which "
    "the purchases end that they rest on; there are none before. ",
    "Среднее по\u00a0клиентам, чьи прогнозы сохранены последними (`septima ltv DIR --method … --save`), в\u00a0том периоде, которым "
    "заканчиваются покупки в\u00a0их основе; раньше прогнозов нет. ",
)
_MODELS = "Fader, Hardie & Lee, 2005; Schmittlein, Morrison & Colombo, 1987"


def _metric(
    id_: str,
    unit: Unit,
    column: str,
    name: Text,
    description: Text,
    use: Text,
    method: Text,
    *,
    formula_source: str,
    perspective: str,
    owner_role: Text,
    estimate: Callable[[Cells, Parameters], Estimate],
) -> Metric:
    money = {"currencies": several_currencies(_PREDICTED)} if unit == "currency" else {}
    return Metric(
        Passport(
            id=id_,
            version=1,
            name=name,
            description=description,
            use=use,
            unit=unit,
            direction="more",
            method=Text(_KEPT.en + method.en, _KEPT.ru + method.ru),
            formula=f"mean(predictions.{column})",
            formula_source=formula_source,
            interval=estimates.STUDENT,
            primary_data=("predictions.customer_id", "predictions.at", f"predictions.{column}", *(("predictions.currency",) if money else ())),
            perspective=perspective,
            group="loyalty",
            owner_role=owner_role,
            minimum_sample=30,
        ),
        {**_measures(_PREDICTED, column), **money},
        estimate,
    )  # fmt: skip


_OF_ACTIVE = Text(
    "Of the customers who had ordered in the last `active_days` days before the moment up to which the predictions kept last "
    "know the purchases (`septima ltv DIR --method … --save`), in the period of that moment; there are none before. ",
    "По клиентам, заказывавшим за последние `active_days` дней до момента, которым заканчиваются покупки в основе "
    "последних сохранённых прогнозов (`septima ltv DIR --method … --save`), в периоде этого момента; раньше прогнозов нет. ",
)
_UNPREDICTED = Text(
    " Those of them without a probability are missing.",
    " Те из\u00a0них, у\u00a0кого вероятности нет, считаются пропусками.",
)


def _metric_of_active(
    id_: str,
    name: Text,
    description: Text,
    use: Text,
    method: Text,
    *,
    formula: str,
    interval: Text,
    parameters: Parameters,
    measures: dict[str, Measure],
    estimate: Callable[[Cells, Parameters], Estimate],
) -> Metric:
    return Metric(
        Passport(
            id=id_,
            version=1,
            name=name,
            description=description,
            use=use,
            unit="share",
            direction="less",
            method=Text(
                _OF_ACTIVE.en + method.en + _UNPREDICTED.en,
                _OF_ACTIVE.ru + method.ru + _UNPREDICTED.ru,
            ),
            formula=formula,
            formula_source=f"{_MODELS}; active customers: Farris, Bendle, Pfeifer & Reibstein, Marketing Metrics, 2010",
            interval=interval,
            primary_data=(
                "predictions.customer_id",
                "predictions.at",
                "predictions.p_alive",
                "orders.customer_id",
                "orders.ordered_at",
                "orders.status",
            ),
            perspective="marketing",
            group="loyalty",
            owner_role=roles.MARKETING,
            minimum_sample=30,
            parameters={"active_days": 90, **parameters},
        ),
        measures,
        estimate,
    )


METRICS = (
    _metric(
        "probability_alive",
        "share",
        "p_alive",
        Text("Probability of being a customer still", "Вероятность, что клиент ещё с\u00a0нами"),
        Text(
            "Mean probability that a customer has not left for good; the expected share of the base that is alive.",
            "Средняя вероятность того, что клиент не\u00a0ушёл навсегда; ожидаемая доля живой базы.",
        ),
        Text(
            "Sees churn before it shows: by RFM segment it tells whose silence is usual and whose is a farewell.",
            "Видит отток раньше, чем он проявится: по\u00a0сегментам RFM ясно, чьё молчание обычно, а\u00a0чьё\u00a0— прощание.",
        ),
        Text(
            "Predictions by methods that tell no probability are missing.",
            "Прогнозы методов, которые не\u00a0дают вероятности, считаются пропусками.",
        ),
        formula_source=_MODELS,
        perspective="marketing",
        owner_role=roles.MARKETING,
        estimate=_mean_probability,
    ),
    _metric(
        "expected_purchases",
        "ratio",
        "expected_purchases",
        Text("Expected purchases per customer", "Ожидаемое число покупок на\u00a0клиента"),
        Text(
            "Purchases that a customer is expected to make over the horizon of the prediction.",
            "Сколько покупок клиент, как ожидается, сделает за\u00a0горизонт прогноза.",
        ),
        Text(
            "Says in which segments demand lies ahead; multiplied by the number of customers it is a forecast of orders.",
            "Показывает, в\u00a0каких сегментах спрос впереди; умноженное на\u00a0число клиентов, это прогноз заказов.",
        ),
        Text(
            "Predictions by methods that tell no purchases are missing.",
            "Прогнозы методов, которые не\u00a0дают числа покупок, считаются пропусками.",
        ),
        formula_source=_MODELS,
        perspective="sales",
        owner_role=roles.SALES,
        estimate=_mean,
    ),
    _metric(
        "predicted_ltv",
        "currency",
        "value",
        Text("Predicted lifetime value", "Прогнозная ценность клиента"),
        Text(
            "Margin that a customer is expected to bring over the horizon of the prediction, discounted.",
            "Маржа, которую клиент, как ожидается, принесёт за\u00a0горизонт прогноза, с\u00a0учётом дисконта.",
        ),
        Text(
            "How much may be spent on keeping a customer of a segment; the method is in the slice `method`.",
            "Сколько можно потратить на\u00a0удержание клиента сегмента; метод виден в\u00a0срезе `method`.",
        ),
        Text(
            "Of all methods, the one whose predictions were kept.",
            "Из\u00a0всех методов\u00a0— тот, чьи прогнозы сохранены.",
        ),
        formula_source="Fader & Hardie, The Gamma-Gamma Model of Monetary Value, 2013, and the sources of the other methods",
        perspective="finance",
        owner_role=roles.FINANCE,
        estimate=_mean,
    ),
    _metric_of_active(
        "predicted_churn",
        Text("Predicted churn", "Прогнозный отток"),
        Text(
            "Expected share of the active customers who have left for good already, though it does not show yet.",
            "Ожидаемая доля активных клиентов, которые уже ушли навсегда, хотя этого ещё не видно.",
        ),
        Text(
            "Stands before the churn rate, which notices a loss only after `active_days` days of silence; slice by `rfm_segment` "
            "to see where it is coming.",
            "Опережает отток, который замечает потерю лишь после `active_days` дней молчания; срез `rfm_segment` показывает, "
            "где она назревает.",
        ),
        Text(
            "One less their mean P(alive).",
            "Единица минус их средняя P(alive).",
        ),
        formula="1 − mean(predictions.p_alive) of active customers",
        interval=estimates.STUDENT,
        parameters={},
        measures=_measures(_ACTIVE, "p_alive"),
        estimate=_predicted_churn,
    ),
    _metric_of_active(
        "customers_at_risk",
        Text("Customers at risk", "Клиенты под угрозой ухода"),
        Text(
            "Share of the last year’s customers who have more likely left than not.",
            "Доля покупавших за\u00a0последний год, которые скорее ушли, чем остались.",
        ),
        Text(
            "How many to write to while a word from you may still bring them back; who they are stands in the table `predictions`.",
            "Скольким написать, пока это ещё может их вернуть; кто они, видно в\u00a0таблице `predictions`.",
        ),
        Text(
            "Those with P(alive) below `below`, divided by all with a probability.",
            "Те, у кого P(alive) ниже `below`, делённые на всех с вероятностью.",
        ),
        formula="customers with p_alive < below / customers with p_alive",
        interval=estimates.WILSON,
        parameters={"active_days": rfm.WINDOW_DAYS, "below": 0.5},
        measures={
            "at_risk": Measure(_ACTIVE, _at_risk),
            "known": known(_ACTIVE, "p_alive"),
            "records": records(_ACTIVE),
        },
        estimate=estimates.share("at_risk", "known", "records"),
    ),
)
