"""Who is put into which arm: counted against Python's own hashes, and never moved."""

import hashlib
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from septima.lake.engine import connect, open_table
from septima.lake.resolved import unresolved_tables
from septima.lake.store import Lake
from septima.metrics.compute import request_of
from septima.metrics.definition import Request
from septima.metrics.experiment_assignment import Eligible, assign, assigned_arms
from septima.metrics.experiment_design import (
    Design,
    ExperimentError,
    HeldOut,
    arm_of,
    hexadecimal,
    read_design,
    write_design,
)
from septima.metrics.period import DEFAULT_CALENDAR

from .conftest import Rows, canonical
from .small_lake import SmallLake

AT = datetime.fromisoformat("2026-03-01")
LETTER = Design("spring", "salt", {"control": 0.2, "letter": 0.8})


def people(count: int, first: int = 0, **more: Any) -> Rows:
    return {"customers": [{"customer_id": f"клиент-{first + number}", **more} for number in range(count)]}


def request(rows: Rows) -> Request:
    return request_of(canonical(rows), DEFAULT_CALENDAR, None)


def arms(rows: Rows, design: Design, **options: Any) -> dict[str, str]:
    frame = assigned_arms(request(rows), design, Eligible(**options)).to_pandas()
    assert frame["customer_id"].is_unique
    return dict(zip(frame["customer_id"], frame["arm"], strict=True))


def test_the_engine_assigns_as_sha256_does() -> None:
    found = arms(people(500), LETTER)
    for customer, arm in found.items():
        share = int(hashlib.sha256(f"salt:{customer}".encode()).hexdigest(), 16) / 2**256
        assert arm == ("control" if share < 0.2 else "letter")
        assert arm == arm_of(LETTER, customer)
    assert Counter(found.values())["control"] == pytest.approx(100, abs=4 * (500 * 0.2 * 0.8) ** 0.5)


def test_arms_do_not_change_as_customers_come() -> None:
    few, many = arms(people(50), LETTER), arms(people(400), LETTER)
    assert few.items() <= many.items()


def test_another_salt_is_another_draw() -> None:
    one, other = arms(people(400), LETTER), arms(people(400), Design("spring", "pepper", LETTER.arms))
    both = sum(one[customer] == other[customer] == "control" for customer in one)
    assert both == pytest.approx(400 * 0.2 * 0.2, abs=4 * (400 * 0.04) ** 0.5)


def test_several_arms_take_their_shares_in_order() -> None:
    design = Design("x", "x", {"letter": 0.25, "call": 0.25, "control": 0.5})
    assert design.thresholds == (("control", "8000000000000"), ("call", "c000000000000"), ("letter", "fffffffffffff"))
    found = Counter(arms(people(2_000), design).values())
    assert found["call"] == pytest.approx(500, abs=80)
    assert found["letter"] == pytest.approx(500, abs=80)


def test_the_global_control_group_is_control_in_every_campaign() -> None:
    held = HeldOut("workspace", 0.1)
    campaigns = [arms(people(2_000), Design(name, name, {"control": 0.05, "letter": 0.95}, (), held)) for name in "ab"]
    away = {
        customer
        for customer in campaigns[0]
        if hashlib.sha256(f"workspace:{customer}".encode()).hexdigest()[:13] < hexadecimal(0.1)
    }
    assert len(away) == pytest.approx(200, abs=55)
    for found in campaigns:
        assert all(found[customer] == "control" for customer in away)
        others = [arm for customer, arm in found.items() if customer not in away]
        assert others.count("control") == pytest.approx(0.05 * len(others), abs=40)
    assert campaigns[0] != campaigns[1]


def test_planned_shares_hold_the_global_control_too() -> None:
    design = Design("x", "x", {"control": 0.05, "letter": 0.95}, (), HeldOut("w", 0.1))
    assert design.shares == {"control": pytest.approx(0.145), "letter": pytest.approx(0.855)}


def stratified(sizes: dict[str | None, int]) -> Rows:
    return {
        "customers": [
            {"customer_id": f"{segment}-{number}", "segment": segment}
            for segment, size in sizes.items()
            for number in range(size)
        ]
    }


def test_the_share_holds_within_each_stratum_to_about_a_customer() -> None:
    sizes: dict[str | None, int] = {"a": 1_000, "b": 137, "c": 40, None: 500}
    found = arms(stratified(sizes), Design("x", "x", {"control": 0.05, "letter": 0.95}, ("segment",)))
    for segment, size in sizes.items():
        control = sum(arm == "control" for customer, arm in found.items() if customer.startswith(f"{segment}-"))
        assert abs(control - 0.05 * size) <= 1.5, segment


def test_strata_keep_their_share_however_few_come_at_a_time() -> None:
    design = Design("x", "x", {"control": 0.25, "letter": 0.75}, ("segment",))
    assigned: list[dict[str, Any]] = []
    for size in (3, 4, 10, 11, 12, 40, 41, 80):
        rows = {**stratified({"a": size}), "assignments": assigned}
        new = arms(rows, design)
        assert not new.keys() & {row["customer_id"] for row in assigned}
        assigned += [
            {"experiment_id": "x", "customer_id": customer, "arm": arm, "assigned_at": AT}
            for customer, arm in new.items()
        ]
        assert len(assigned) == size
        control = sum(row["arm"] == "control" for row in assigned)
        assert abs(control - 0.25 * size) <= 1.5, size


def test_in_small_strata_everybody_has_the_same_chance() -> None:
    # 3,000 strata of one customer each: a rule that begins with the control would leave them all alone.
    rows = stratified({f"s{number}": 1 for number in range(3_000)})
    found = Counter(arms(rows, Design("x", "x", {"control": 0.1, "letter": 0.9}, ("segment",))).values())
    assert found["control"] == pytest.approx(300, abs=4 * 270**0.5)


def test_who_is_held_out_takes_no_place_of_a_stratum() -> None:
    design = Design("x", "x", {"control": 0.5, "letter": 0.5}, ("segment",), HeldOut("w", 0.3))
    frame = assigned_arms(request(stratified({"a": 600})), design).to_pandas()
    others = frame[~frame["held_out"]]
    assert 130 < frame["held_out"].sum() < 230
    assert abs((others["arm"] == "control").sum() - len(others) / 2) <= 1.5
    assert (frame.loc[frame["held_out"], "arm"] == "control").all()


def test_the_arm_of_a_stratified_customer_cannot_be_told_alone() -> None:
    with pytest.raises(ExperimentError, match="stratum"):
        arm_of(Design("x", "x", LETTER.arms, ("segment",)), "c1")


def test_only_those_eligible_are_assigned() -> None:
    rows = {
        "customers": [
            {"customer_id": "a", "segment": "mass", "consent": True},
            {"customer_id": "b", "segment": "mass", "consent": None},
            {"customer_id": "c", "segment": None, "consent": True},
        ]
    }
    assert set(arms(rows, LETTER, segments=("mass",))) == {"a", "b"}
    assert set(arms(rows, LETTER, consent=True)) == {"a", "c"}


@pytest.fixture
def small(tmp_path: Path) -> SmallLake:
    return SmallLake.create(tmp_path)


def of_lake(lake: Lake) -> Request:
    backend = connect()
    return request_of(unresolved_tables(lambda name: open_table(backend, lake, name)), DEFAULT_CALENDAR, None)


def stored(lake: Lake) -> pd.DataFrame:
    return open_table(connect(), lake, "assignments").to_pandas().set_index("customer_id").sort_index()


def test_assigning_again_adds_newcomers_and_moves_nobody(small: SmallLake) -> None:
    lake = small.lake
    small.load(people(60))
    first = assign(lake, of_lake(lake), LETTER, at=AT)
    assert (first.added, {arm.arm: arm.added for arm in first.arms}) == (60, Counter(arms(people(60), LETTER).values()))
    again = assign(lake, of_lake(lake), LETTER, at=datetime.fromisoformat("2026-04-01"))
    assert (again.added, again.version) == (0, first.version)
    before = stored(lake)

    small.load(people(40, first=60))
    # Newcomers by another rule: those who are there keep their arm, whatever it would be now.
    later = assign(
        lake, of_lake(lake), Design("spring", "pepper", LETTER.arms), at=datetime.fromisoformat("2026-04-01")
    )
    assert (later.added, sum(arm.customers for arm in later.arms)) == (40, 100)
    now = stored(lake)
    pd.testing.assert_frame_equal(now.loc[before.index], before)
    assert set(now["assigned_at"]) == {pd.Timestamp(AT), pd.Timestamp("2026-04-01")}


def test_what_was_assigned_by_another_meanwhile_stays(small: SmallLake) -> None:
    lake = small.lake
    small.load(people(30))
    stale = of_lake(lake)
    assign(lake, of_lake(lake), LETTER, at=AT)
    before = stored(lake)
    assign(lake, stale, Design("spring", "pepper", LETTER.arms), at=datetime.fromisoformat("2026-04-01"))
    pd.testing.assert_frame_equal(stored(lake), before)


def test_nobody_eligible_is_an_error(small: SmallLake) -> None:
    with pytest.raises(ExperimentError, match="no customer is eligible"):
        assign(small.lake, of_lake(small.lake), LETTER, at=AT)


def test_a_design_is_kept_as_it_is(tmp_path: Path) -> None:
    design = Design("spring", "соль", {"control": 0.05, "letter": 0.45, "call": 0.5}, ("region",), HeldOut("w", 0.02))
    write_design(tmp_path, design)
    assert read_design(tmp_path, "spring") == design
    assert read_design(tmp_path, "autumn") is None


@pytest.mark.parametrize(
    "content", ["nonsense: 1", "[1, 2]", "experiment: x", "{broken", "arms: {control: 0.5, a: 0.5}"]
)
def test_a_file_that_is_no_design_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "experiments").mkdir()
    (tmp_path / "experiments" / "x.yaml").write_text(content, encoding="utf-8")
    with pytest.raises(ExperimentError, match=r"x\.yaml"):
        read_design(tmp_path, "x")


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        ({"letter": 1.0}, "needs 'control'"),
        ({"control": 1.0}, "needs 'control'"),
        ({"control": 0.5, "letter": 0.6}, "add up to 1.1"),
        ({"control": 0.0, "letter": 1.0}, "above 0"),
    ],
)
def test_arms_that_cannot_be(shares: dict[str, float], message: str) -> None:
    with pytest.raises(ExperimentError, match=message):
        Design("x", "x", shares)


@pytest.mark.parametrize("name", ["", "a/b", "../x", "a b", "x" * 81])
def test_a_name_that_is_no_file_is_refused(name: str) -> None:
    with pytest.raises(ExperimentError, match="no name"):
        Design(name, "x", LETTER.arms)


def test_an_attribute_that_there_is_not() -> None:
    with pytest.raises(ExperimentError, match="stratified by 'colour'"):
        Design("x", "x", LETTER.arms, ("colour",))
