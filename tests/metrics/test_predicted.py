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
