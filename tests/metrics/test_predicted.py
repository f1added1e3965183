"""Figures over the predictions that were kept, counted by hand."""

import pytest
from scipy import stats

from .conftest import figures, only

AT = "2026-03-31 23:59:59"


def prediction(
    customer: str, alive: float | None, purchases: float | None, value: float, currency: str = "RUB"
) -> dict:
    return {
        "customer_id": customer,
        "method": "pareto_nbd",
        "horizon_days": 365,
        "p_alive": alive,
        "expected_purchases": purchases,
        "value": value,
        "currency": currency,
        "at": AT,
        "made_at": "2026-04-01",
    }


PREDICTIONS = [
    prediction("a", 0.9, 4.0, 100),
    prediction("b", 0.5, 1.0, 20),
    prediction("c", 0.1, 0.1, 3),
    prediction("d", None, None, 7),
]


def test_means_over_customers_by_hand() -> None:
    rows = {"predictions": PREDICTIONS}
    alive = only("probability_alive", rows)
    assert (alive.value, alive.n, alive.missing_share) == (pytest.approx(0.5), 3, pytest.approx(1 / 4))
    # Student’s interval of 0.9, 0.5, 0.1 would leave the bounds of a probability.
    low, high = stats.t.interval(0.95, 2, loc=0.5, scale=stats.sem([0.9, 0.5, 0.1]))
    assert low < 0
    assert high > 1
    assert (alive.lower, alive.upper) == (0, 1)
    purchases = only("expected_purchases", rows)
    assert (purchases.value, purchases.n) == (pytest.approx(5.1 / 3), 3)
    value = only("predicted_ltv", rows)
    assert (value.value, value.n, value.missing_share) == (pytest.approx(130 / 4), 4, 0)
    assert (value.lower, value.upper) == pytest.approx(
        stats.t.interval(0.95, 3, loc=32.5, scale=stats.sem([100, 20, 3, 7]))
    )


def test_predictions_stand_in_the_period_whose_purchases_they_rest_on() -> None:
    frame = figures("probability_alive", {"predictions": PREDICTIONS})
    assert [str(period)[:7] for period in frame["period"]] == ["2026-03"]


def test_nobody_predicted_has_no_figure() -> None:
    assert figures("predicted_ltv", {}).empty


def test_currencies_are_not_mixed() -> None:
    mixed = [*PREDICTIONS, prediction("e", 0.5, 1, 10, currency="EUR")]
    assert only("predicted_ltv", {"predictions": mixed}).note == "mixed_currencies"


def test_who_is_likely_to_be_alive_is_a_slice() -> None:
    frame = figures("predicted_ltv", {"predictions": PREDICTIONS}, by=["alive"])
    found = {row["alive"]: row["value"] for row in frame.to_dict(orient="records")}
    assert {name: found[name] for name in ("likely", "unsure", "unlikely")} == {
        "likely": 100,
        "unsure": 20,
        "unlikely": 3,
    }


def order(customer: str, at: str, **columns: object) -> dict:
    return {"order_id": f"{customer}-{at}", "customer_id": customer, "ordered_at": at, "revenue": 10, **columns}


# The predictions know the purchases until 31 March: active are a, b, c, d and, without a prediction, f.
BOUGHT = [
    order("a", "2026-03-30"),
    order("a", "2026-03-01"),
    order("b", "2026-01-05"),  # 85 days before
    order("c", "2026-02-01"),
    order("d", "2026-02-02"),
    order("e", "2025-12-30"),  # 91 days before
    order("f", "2026-03-03"),
    order("e", "2026-03-20", status="cancelled"),
    order("e", "2026-04-02"),  # not known when it was predicted
]
AT_RISK = {"predictions": [*PREDICTIONS, prediction("e", 0.01, 0.0, 1)], "orders": BOUGHT}


def test_predicted_churn_is_of_those_who_are_counted_as_active() -> None:
    churn = only("predicted_churn", AT_RISK)
    # 0.9, 0.5 and 0.1 of a, b and c; nobody knows of d and f.
    assert (churn.value, churn.n, churn.missing_share) == (pytest.approx(0.5), 3, pytest.approx(2 / 5))
    assert (churn.lower, churn.upper) == (0, 1)
    month = only("predicted_churn", AT_RISK, active_days=60)
    assert (month.value, month.n, month.missing_share) == (pytest.approx(1 - 1.0 / 2), 2, pytest.approx(2 / 4))


def test_predicted_churn_has_the_interval_of_the_mean() -> None:
    alive = [0.61, 0.7, 0.55, 0.64, 0.8]
    rows = {
        "predictions": [prediction(f"p{place}", probability, 1, 1) for place, probability in enumerate(alive)],
        "orders": [order(f"p{place}", "2026-03-15") for place in range(len(alive))],
    }
    churn = only("predicted_churn", rows)
    assert churn.value == pytest.approx(0.34)
    assert (churn.lower, churn.upper) == pytest.approx(
        stats.t.interval(0.95, 4, loc=0.34, scale=stats.sem([1 - probability for probability in alive]))
    )


def test_at_risk_are_the_customers_of_a_year_below_the_bound() -> None:
    # Of those who bought within the year c and e, with 0.1 and 0.01.
    risk = only("customers_at_risk", AT_RISK)
    assert (risk.value, risk.n, risk.missing_share) == (pytest.approx(2 / 4), 4, pytest.approx(2 / 6))
    wilson = stats.binomtest(2, 4).proportion_ci(0.95, method="wilson")
    assert (risk.lower, risk.upper) == pytest.approx((wilson.low, wilson.high))
    assert only("customers_at_risk", AT_RISK, below=0.05).value == pytest.approx(1 / 4)
    assert only("customers_at_risk", AT_RISK, below=0.6, active_days=90).value == pytest.approx(2 / 3)


def test_churn_is_predicted_by_slices_that_the_customer_has() -> None:
    rows = {**AT_RISK, "customers": [{"customer_id": name, "region": "north" if name in "ab" else "south"} for name in "abcdef"]}  # fmt: skip
    frame = figures("predicted_churn", rows, by=["region"])
    found = {row["region"]: (row["value"], row["n"]) for row in frame.to_dict(orient="records")}
    assert found == {"north": (pytest.approx(0.3), 2), "south": (pytest.approx(0.9), 1)}


def test_churn_is_predicted_in_the_month_of_the_predictions_alone() -> None:
    frame = figures("predicted_churn", AT_RISK)
    assert [str(period)[:7] for period in frame["period"]] == ["2026-03"]
    assert figures("customers_at_risk", {"orders": BOUGHT}).empty
    assert figures("predicted_churn", AT_RISK, end="2026-03-01").empty


def test_rfm_segments_are_those_of_the_day_of_the_prediction() -> None:
    # By recency, frequency and money a is in the highest quintile of five buyers, e in the lowest.
    orders = []
    for rank, customer in enumerate("edcba"):
        for number in range(rank + 1):
            orders.append(
                {
                    "order_id": f"{customer}{number}",
                    "customer_id": customer,
                    "ordered_at": f"2026-03-{10 + rank + number:02d}",
                    "revenue": 100 * (rank + 1),
                }
            )
    later = {"order_id": "x", "customer_id": "e", "ordered_at": "2026-05-01", "revenue": 9999}
    customers = [prediction(name, 0.5, 1.0, value) for name, value in zip("abcde", (50, 40, 30, 20, 10), strict=True)]
    for given in (orders, [*orders, later]):  # what was bought after the prediction changes no segment
        frame = figures("predicted_ltv", {"predictions": customers, "orders": given}, by=["rfm_segment"])
        found = {row["rfm_segment"]: row["value"] for row in frame.to_dict(orient="records")}
        assert found["champions"] == pytest.approx(45)  # a and b
        assert found["lost"] == pytest.approx(10)  # e
