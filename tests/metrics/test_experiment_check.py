"""What a check says of experiments that went wrong in one known way each."""

from datetime import timedelta
from typing import Any

import pytest
from scipy import stats

from septima.metrics.compute import request_of
from septima.metrics.experiment_check import Check, Finding, check
from septima.metrics.experiment_design import ExperimentError
from septima.metrics.experiment_outcomes import Window
from septima.metrics.period import DEFAULT_CALENDAR

from .conftest import Rows, arrow_tables, canonical, in_duckdb
from .test_experiment_outcomes import START, order, touch


def checked(rows: Rows, **options: Any) -> Check:
    request = request_of(canonical(rows), DEFAULT_CALENDAR, None)
    return check(request, "x", window=Window(10, 20), unresolved=in_duckdb(arrow_tables(rows)), **options)


def sized(**arms: int) -> list[dict[str, Any]]:
    return [
        {"experiment_id": "x", "customer_id": f"{arm}{number}", "arm": arm, "assigned_at": START}
        for arm, size in arms.items()
        for number in range(size)
    ]


def finding(found: Check, key: str) -> Finding:
    return next(one for one in found.findings if one.key == key)


def keys(found: Check) -> set[str]:
    return {one.key for one in found.findings}


def test_sizes_against_the_plan() -> None:
    rows = {"assignments": sized(control=30, letter=170)}
    fine = checked(rows, shares={"control": 0.15, "letter": 0.85})
    assert (fine.sample_ratio_p, fine.sound) == (1.0, True)
    assert [(arm.arm, arm.customers, arm.planned_share) for arm in fine.arms] == [("control", 30, 0.15), ("letter", 170, 0.85)]  # fmt: skip
    broken = checked(rows, shares={"control": 1, "letter": 1})
    assert broken.sample_ratio_p == pytest.approx(stats.chisquare([30, 170]).pvalue)
    assert not broken.sound
    assert "no effect is figured" in finding(broken, "sample_ratio").statement.en
    assert finding(checked(rows), "no_plan").level == "note"


def test_an_arm_that_nobody_planned_or_nobody_is_in() -> None:
    rows = {"assignments": sized(control=30, letter=170)}
    assert finding(checked(rows, shares={"control": 0.2, "call": 0.8}), "unplanned_arm").level == "broken"
    empty = checked(rows, shares={"control": 0.1, "letter": 0.5, "call": 0.4})
    assert empty.sample_ratio_p == pytest.approx(stats.chisquare([30, 170, 0], [20, 100, 80]).pvalue)


def test_a_single_arm_and_an_experiment_without_control() -> None:
    alone = checked({"assignments": sized(letter=9)})
    assert not alone.sound
    assert (finding(alone, "single_arm").count, finding(alone, "single_arm").of) == (9, 9)
    assert "«letter»" in finding(alone, "single_arm").statement.ru
    two = checked({"assignments": sized(letter=9, call=9)})
    assert finding(two, "no_control").level == "broken"
    assert checked({"assignments": sized(letter=9, call=9)}, control="call").sound


def test_an_experiment_that_there_is_not() -> None:
    with pytest.raises(ExperimentError, match="there are: y"):
        checked({"assignments": [{"experiment_id": "y", "customer_id": "a", "arm": "control", "assigned_at": START}]})
    with pytest.raises(ExperimentError, match="none in `assignments`"):
        checked({})


def test_whom_the_campaign_touched() -> None:
    rows = {
        "assignments": sized(control=4, letter=6),
        "touches": [
            touch("control0", 1, "sent", campaign_id="x"),
            touch("control0", 2, "opened", campaign_id="x"),
            touch("control1", 1, "visit", campaign_id="x", direction="in"),  # came by themselves
            touch("control2", 1, "sent", campaign_id="other"),
            touch("letter0", 1, "sent", campaign_id="x"),
            touch("letter1", -1, "sent", campaign_id="x"),
            touch("stranger", 1, "sent", campaign_id="x"),
        ],
    }
    found = checked(rows)
    spilt, reached, late = (finding(found, key) for key in ("spill_over", "reached", "assigned_late"))
    assert (spilt.level, spilt.count, spilt.of) == ("warning", 1, 4)
    assert (reached.level, reached.count, reached.of) == ("note", 2, 6)
    assert (late.level, late.count) == ("warning", 1)
    assert found.sound
    by_two = checked(rows, campaigns=("x", "other"))
    assert finding(by_two, "spill_over").count == 2
    assert "no_touches" in keys(checked(rows, campaigns=("elsewhere",)))


def test_a_person_in_two_arms_under_two_names() -> None:
    rows = {
        "assignments": sized(control=5, letter=5),
        "merges": [
            {"customer_id": one, "master_id": other, "linked_id": other, "rule": "by_hand", "score": 1.0, "evidence": "",
             "run": 1, "decided_at": START, "author": "a", "recorded_at": START}
            for one, other in (("letter0", "control0"), ("letter1", "letter2"))
        ],
    }  # fmt: skip
    found = checked(rows)
    assert (finding(found, "two_arms").count, finding(found, "two_arms").level) == (1, "warning")
    assert {arm.arm: arm.customers for arm in found.arms} == {"control": 5, "letter": 3}


def test_orders_before_the_registration() -> None:
    rows = {
        "assignments": sized(control=2, letter=2),
        "customers": [
            {"customer_id": name, "created_at": START - timedelta(days=5)} for name in ("control0", "letter0")
        ],
        "orders": [
            order("control0", -7, 1),
            order("control0", -6, 1),
            order("letter0", -4, 1),
            order("letter1", -9, 1),
        ],
    }
    found = finding(checked(rows), "before_registration")
    assert (found.count, found.of, found.level) == (1, 4, "note")


def test_balance_by_hand() -> None:
    # Orders before: control 0, 0, 1, 1 and letter 2, 2, 3, 3, so 2 / √(1/3) of a standard deviation apart.
    before = {"control2": 1, "control3": 1, "letter0": 2, "letter1": 2, "letter2": 3, "letter3": 3}
    rows = {
        "assignments": sized(control=4, letter=4),
        "orders": [order(name, -1 - number, 1) for name, orders in before.items() for number in range(orders)],
        "customers": [
            {"customer_id": f"{arm}{number}", "region": "north" if number < north else "south"}
            for arm, north in (("control", 2), ("letter", 2))
            for number in range(4)
        ],
    }
    found = checked(rows)
    by_name = {one.covariate: one for one in found.balance}
    orders = by_name["orders"]
    assert (orders.control_mean, orders.arm_mean) == (0.5, 2.5)
    assert orders.difference == pytest.approx(2 / (1 / 3) ** 0.5)
    assert orders.unlike
    north = by_name["region=north"]
    assert (north.control_mean, north.difference, north.unlike) == (0.5, 0, False)
    assert "Orders before" in finding(found, "balance").statement.en
    assert "visits" not in by_name  # nobody came, so nothing varies


def test_arms_that_were_alike_are_said_to_be() -> None:
    rows = {
        "assignments": sized(control=2, letter=2),
        "orders": [order(name, -1, 5) for name in ("control0", "letter0")],
    }
    assert finding(checked(rows), "balance").level == "fine"
