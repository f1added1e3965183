"""Incremental revenue, counted by hand and against tea-tasting."""

import math
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest
import tea_tasting as tt
from scipy import stats

from septima.metrics import MetricError

from .conftest import figures, only

START = datetime.fromisoformat("2025-01-10")


def trial(arms: dict[str, list[float | None]], experiment: str = "x1") -> dict[str, list[dict[str, object]]]:
    """Customers of each arm with what each spent a day after the assignment; None is an order of unknown amount."""
    rows: dict[str, list[dict[str, object]]] = {"assignments": [], "orders": []}
    for arm, spent in arms.items():
        for number, amount in enumerate(spent):
            customer = f"{experiment}-{arm}-{number}"
            rows["assignments"].append(
                {"experiment_id": experiment, "customer_id": customer, "arm": arm, "assigned_at": START}
            )
            if amount != 0:
                rows["orders"].append(
                    {
                        "order_id": customer,
                        "customer_id": customer,
                        "ordered_at": START + timedelta(days=1),
                        "revenue": amount,
                    }
                )
    return rows


def joined(*parts: dict[str, list[dict[str, object]]]) -> dict[str, list[dict[str, object]]]:
    return {name: [row for part in parts for row in part[name]] for name in ("assignments", "orders")}


TWO_ARMS = trial({"control": [0, 4, 0, 8, 0, 12], "letter": [10, 0, 20, 6]})


def test_incremental_revenue_of_two_arms() -> None:
    # Means 9 and 4, so 5 more per customer, 4 × 5 = 20 in all; the interval of the difference is tea-tasting’s.
    data = pd.DataFrame({"variant": [0] * 6 + [1] * 4, "revenue": [0, 4, 0, 8, 0, 12, 10, 0, 20, 6.0]})
    expected = tt.Mean("revenue", equal_var=False).analyze(data, 0, 1, variant="variant")
    each = only("incremental_revenue_per_customer", TWO_ARMS)
    assert (each.value, each.n, each.missing_share, each.note) == (5, 10, 0, "too_few")
    assert (each.lower, each.upper) == pytest.approx((expected.effect_size_ci_lower, expected.effect_size_ci_upper))
    whole = only("incremental_revenue", TWO_ARMS)
    assert whole.value == 20
    assert (whole.lower, whole.upper) == pytest.approx((4 * each.lower, 4 * each.upper))


def test_arms_share_their_control() -> None:
    # n·mean: 2·(7 − 4) + 3·(5 − 4) = 9; variance 2·s² + 3·s² of the arms and 5²·s²/3 of the control.
    arms = {"control": [2, 4, 6], "letter": [6, 8], "call": [4, 5, 6]}
    found = only("incremental_revenue", trial(arms))
    parts = np.array([2 * 2, 3 * 1, 25 * 4 / 3])
    degrees = parts.sum() ** 2 / (parts**2 / np.array([1, 2, 2])).sum()
    half = stats.t.ppf(0.975, degrees) * math.sqrt(parts.sum())
    assert (found.value, found.n) == (9, 8)
    assert (found.lower, found.upper) == pytest.approx((9 - half, 9 + half))


def test_by_arm_each_is_held_to_the_control() -> None:
    arms = {"control": [2, 4, 6], "letter": [6, 8], "call": [4, 5, 6]}
    frame = figures("incremental_revenue_per_customer", trial(arms), "all", by=["arm"])
    cells = {row.arm: row for row in frame.itertuples()}
    assert (cells["call"].value, cells["letter"].value) == (1, 3)
    assert (cells["call"].n, cells["call"].missing_share) == (6, 0)
    assert math.isnan(cells["control"].value)
    assert cells["control"].note == "control_group"


def test_experiments_are_summed_each_against_its_own_control() -> None:
    rows = joined(TWO_ARMS, trial({"control": [1, 3], "letter": [5, 7, 9]}, "x2"))
    assert only("incremental_revenue", rows).value == 20 + 3 * 5
    frame = figures("incremental_revenue", rows, by=["experiment_id"])
    assert frame["value"].tolist() == [20, 15]


def test_an_experiment_without_control_is_missing() -> None:
    found = only("incremental_revenue", joined(TWO_ARMS, trial({"letter": [5, 7]}, "x2")))
    assert (found.value, found.missing_share) == (20, pytest.approx(2 / 12))
    alone = only("incremental_revenue", trial({"letter": [5, 7]}))
    assert math.isnan(alone.value)
    assert (alone.missing_share, alone.note) == (1, "no_control")


def test_a_customer_with_an_unknown_amount_is_missing() -> None:
    found = only("incremental_revenue", trial({"control": [0, 4, None], "letter": [6, 8]}))
    assert (found.value, found.n, found.missing_share) == (10, 4, pytest.approx(0.2))


def test_only_orders_of_the_window_count() -> None:
    rows = trial({"control": [0, 0], "letter": [0, 0]})
    buyer = {"customer_id": "x1-letter-0", "revenue": 1}
    for number, (days, status) in enumerate(
        [(-0.001, "paid"), (0, "paid"), (9.999, "paid"), (10, "paid"), (1, "returned")]
    ):
        rows["orders"].append(
            {**buyer, "order_id": str(number), "ordered_at": START + timedelta(days=days), "status": status}
        )
    assert only("incremental_revenue", rows, days=10).value == 2


def test_the_control_arm_may_have_another_name() -> None:
    rows = trial({"No E-Mail": [1, 3], "Mens E-Mail": [5, 7]})
    assert only("incremental_revenue_per_customer", rows, control="No E-Mail").value == 4
    assert only("incremental_revenue_per_customer", rows).note == "no_control"


def test_sizes_that_do_not_fit_the_plan_are_noted() -> None:
    rows = trial({"control": [1.0] * 40, "letter": [2.0] * 160})
    # Against 1 : 1 χ² = 72, against 1 : 4 it is 0.
    assert only("incremental_revenue", rows, shares={"control": 0.5, "letter": 0.5}).note == "sample_ratio_mismatch"
    assert only("incremental_revenue", rows, shares={"control": 0.2, "letter": 0.8}).note is None


@pytest.mark.parametrize("shares", [{"control": 1}, {"control": 0, "letter": 1}, {"control": 0.5, "call": 0.5}, "half"])
def test_shares_that_are_none_are_refused(shares: object) -> None:
    with pytest.raises(MetricError, match="share"):
        only("incremental_revenue", TWO_ARMS, shares=shares)


def moved(rows: dict[str, list[dict[str, object]]], days: int) -> dict[str, list[dict[str, object]]]:
    """The same trial with other customers, so many days later."""
    later = timedelta(days=days)
    return {
        "assignments": [
            {**row, "customer_id": f"{days}-{row['customer_id']}", "assigned_at": row["assigned_at"] + later}
            for row in rows["assignments"]
        ],
        "orders": [
            {
                **row,
                "order_id": f"{days}-{row['order_id']}",
                "customer_id": f"{days}-{row['customer_id']}",
                "ordered_at": row["ordered_at"] + later,
            }
            for row in rows["orders"]
        ],
    }


def test_growth_is_the_difference_of_two_periods() -> None:
    # January: 2·(7 − 4) = 6 with variance 2·2 + 4·4/3; February: 2·(9 − 2) = 14 with variance 2·8 + 4·1/3.
    january = trial({"control": [2, 4, 6], "letter": [6, 8]})
    february = moved(trial({"control": [1, 2, 3], "letter": [7, 11]}), 30)
    frame = figures("incremental_revenue_growth", joined(january, february))
    assert math.isnan(frame["value"][0])
    assert frame["note"].tolist() == ["no_previous_period", "too_few"]
    parts = np.array([2 * 2, 4 * 4 / 3, 2 * 8, 4 * 1 / 3])
    degrees = parts.sum() ** 2 / (parts**2 / np.array([1, 2, 1, 2])).sum()
    half = stats.t.ppf(0.975, degrees) * math.sqrt(parts.sum())
    assert (frame["value"][1], frame["n"][1], frame["missing_share"][1]) == (8, 10, 0)
    assert (frame["lower"][1], frame["upper"][1]) == pytest.approx((8 - half, 8 + half))
    bounded = figures("incremental_revenue_growth", joined(january, february), start="2025-02-01", end="2025-03-01")
    assert bounded["value"].tolist() == [8]


def test_growth_is_told_by_slice_and_of_what_stood_in_the_way() -> None:
    lone = moved(trial({"letter": [7, 11]}, "x2"), 0)
    rows = joined(TWO_ARMS, moved(trial({"control": [1, 3], "letter": [5, 7, 9]}), 30), lone)
    frame = figures("incremental_revenue_growth", joined(rows, moved(TWO_ARMS, 90)), by=["experiment_id"])
    cells = {(row.experiment_id, row.period.month): row for row in frame.itertuples()}
    assert cells["x1", 2].value == 15 - 20
    assert cells["x1", 3].note == "no_data"
    assert cells["x1", 4].note == "no_previous_period"  # nobody was assigned in March
    assert cells["x2", 1].note == "no_control"
