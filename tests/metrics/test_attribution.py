"""Paths found in the engine, counted by hand; and the same figures on Spark."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from septima.metrics import MetricError
from septima.metrics.attribution import CompanyAttribution, attribute, label
from septima.metrics.attribution_sums import NONE, OTHER, Scope, members, path_sums, totals
from septima.metrics.compute import request_of
from septima.metrics.definition import Request
from septima.metrics.period import DEFAULT_CALENDAR
from septima.models.attribution import METHODS, RULES, AttributionError, from_paths

from .conftest import Rows, arrow_tables, canonical, company, figures, in_duckdb, in_spark


def touch(
    id_: str, customer: str | None, at: str, channel: str | None, kind: str = "visit", **more: Any
) -> dict[str, Any]:
    return {"touch_id": id_, "customer_id": customer, "at": at, "channel": channel, "kind": kind, **more}


def order(id_: str, customer: str | None, at: str, revenue: float | None, **more: Any) -> dict[str, Any]:
    return {"order_id": id_, "customer_id": customer, "ordered_at": at, "revenue": revenue, "currency": "EUR", **more}


# Paths: anna «email > search» and, after that order, «store»; eve «search» with two orders at one moment; ben «search»
# and dina «social», whose order came 50 days later, to nothing; finn «email» is open where the data end.
SHOP: Rows = {
    "touches": [
        touch("t1", "anna", "2026-01-01 10:00", "email", "clicked", online=True),
        touch("t2", "anna", "2026-01-03 10:00", "search", online=True),
        touch("t3", "anna", "2026-01-06 10:00", "store", "store_visit", online=False),
        touch("t4", "ben", "2026-01-02 10:00", "search", online=True),
        touch("t5", "dina", "2026-01-01 10:00", "social", online=True),
        touch("t6", "eve", "2026-01-09 10:00", "search", online=True),
        touch("t7", "finn", "2026-02-25 10:00", "email", "clicked", online=True),
        touch("t8", "anna", "2026-01-04 10:00", "email", "delivered", online=True),
        touch("t9", None, "2026-01-04 10:00", "search", online=True),
    ],
    "orders": [
        order("o1", "anna", "2026-01-05 10:00", 100),
        order("o2", "anna", "2026-01-07 10:00", 50.01),
        order("o3", "clara", "2026-03-01 10:00", 30),
        order("o4", "dina", "2026-02-20 10:00", 20),
        order("o5", "eve", "2026-01-10 10:00", 10),
        order("o6", "eve", "2026-01-10 10:00", 5),
        order("o7", None, "2026-01-11 10:00", 7),
        order("o8", "eve", "2026-01-12 10:00", 99, status="returned"),
        order("o9", "eve", "2026-01-13 10:00", -3),
        order("o10", "eve", "2026-01-14 10:00", None),
    ],
}


def asked(rows: Rows, start: str | None = None, end: str | None = None, currency: str | None = None) -> Request:
    request = request_of(canonical(rows), DEFAULT_CALENDAR, currency)
    bounds = [None if day is None else date.fromisoformat(day) for day in (start, end)]
    return Request(
        request.tables, "all", (), {}, bounds[0], bounds[1], DEFAULT_CALENDAR, currency, request.unconverted
    )  # fmt: skip


def amounts(found: CompanyAttribution, method: Any, of: str = "value") -> dict[str, float]:
    credit = getattr(found[method], of)
    return dict(zip(found[method].channels, map(float, credit.amounts), strict=True))


def test_paths_by_hand() -> None:
    found = attribute(asked(SHOP), order=1)
    assert (found.coverage.converted, found.coverage.nulls, found.coverage.open) == (3, 2, 1)
    # Purchases: o1 to o4, o5 with o6, o10 and that of nobody known.
    assert (found.coverage.orders, found.coverage.conversions) == (9, 7)
    assert amounts(found, "last") == {"email": 0, "search": 115, "social": 0, "store": 50.01}
    assert amounts(found, "first") == {"email": 100, "search": 15, "social": 0, "store": 50.01}
    assert amounts(found, "linear") == {"email": 50, "search": 65, "social": 0, "store": 50.01}
    # Two days apart and a half-life of seven: the earlier touch has 2^(−4/7) to 2^(−2/7).
    early = 2 ** (-4 / 7) / (2 ** (-4 / 7) + 2 ** (-2 / 7))
    assert amounts(found, "time_decay")["email"] == pytest.approx(100 * early, abs=1e-4)
    assert amounts(found, "shapley", "conversions") == {"email": 0.5, "search": 1.5, "social": 0, "store": 1}


def test_the_chain_is_that_of_the_paths() -> None:
    found = attribute(asked(SHOP), methods=["markov"], order=2)["markov"].markov
    assert found is not None
    table = pd.DataFrame(
        {"path": ["email > search", "store", "search", "social"], "conversions": [1, 1, 1, 0], "nulls": [0, 0, 1, 1]}
    )
    by_hand = from_paths(table, nulls="nulls", methods=["markov"], order=2)["markov"].markov
    assert by_hand is not None
    assert found.removal_effects == pytest.approx(by_hand.removal_effects)
    pd.testing.assert_frame_equal(found.transition_matrix(), by_hand.transition_matrix())


@pytest.mark.parametrize("method", METHODS)
def test_what_is_handed_out_and_what_is_left_is_all_there_was(method: Any) -> None:
    found = attribute(asked(SHOP), methods=[method])
    frame = found.frame()
    assert frame["value"].sum() == Decimal("100") + Decimal("50.01") + 30 + 20 + 10 + 5 + 7 - 3
    assert frame["conversions"].sum() == 7
    # No touch: clara, dina, nobody known and o10; the refund lowers their money.
    rest = frame[frame["channel"].isna()].iloc[0]
    assert (rest["conversions"], rest["value"]) == (4, Decimal("54.0000"))


def test_the_metric_of_revenue_is_the_whole() -> None:
    found = attribute(asked(SHOP), methods=["last"])
    assert float(found.frame()["value"].sum()) == pytest.approx(figures("revenue", SHOP, "all")["value"].iloc[0])


def test_what_is_left_out_is_said() -> None:
    found = attribute(asked(SHOP), methods=["last"])
    said = [statement.en for statement in found.statements]
    assert "Orders of unknown customers, which no touch can be set before and which stay unattributed: 1." in said
    assert "Orders of unknown amount, which count as conversions without money: 1." in said
    assert "Orders below zero, which are no conversions and whose money stays unattributed: 1." in said
    assert "Paths whose window has not run out where the data end, left out: 1." in said
    assert found.coverage.missing_share == pytest.approx(2 / 9)
    assert found.coverage.refunded == -3


def test_kinds_of_touches_are_the_askers_choice() -> None:
    found = attribute(asked(SHOP), Scope(kinds=("delivered", "clicked")), methods=["last"])
    assert amounts(found, "last") == {"email": 100}
    assert found.coverage.converted == 1


def test_a_touch_outside_the_window_leads_nowhere() -> None:
    # Three days reach from o1 back to t2 and no further, so t1 is a path of its own that came to nothing.
    found = attribute(asked(SHOP), Scope(window_days=3), methods=["first"])
    assert amounts(found, "first") == {"email": 0, "search": 115, "social": 0, "store": 50.01}
    assert found.coverage.nulls == 4  # t1, t4, t5 and t7
    wide = attribute(asked(SHOP), Scope(window_days=60), methods=["first"])
    assert amounts(wide, "first")["social"] == 20


def test_edges_of_the_window() -> None:
    rows: Rows = {
        "touches": [
            touch("t1", "a", "2026-01-01 10:00", "just in"),
            touch("t2", "b", "2026-01-01 09:59:59", "just out"),
            touch("t3", "c", "2026-01-31 10:00", "too late"),
        ],
        "orders": [order(f"o{customer}", customer, "2026-01-31 10:00", 1) for customer in "abc"],
    }
    assert amounts(attribute(asked(rows), methods=["last"]), "last")["just in"] == 1
    assert attribute(asked(rows), methods=["last"]).coverage.converted == 1


def test_silence_parts_paths_that_came_to_nothing() -> None:
    rows: Rows = {
        "touches": [
            touch("t1", "a", "2026-01-01", "x"),
            touch("t2", "a", "2026-01-31", "x"),  # thirty days later: the same path
            touch("t3", "a", "2026-03-05", "y"),  # longer: another
            touch("t4", "z", "2026-12-01", "x"),
        ],
        "orders": [order("o", "z", "2026-12-02", 1)],
    }
    found = attribute(asked(rows), methods=["markov"], order=1)
    assert (found.coverage.nulls, found.coverage.converted) == (2, 1)
    assert found["markov"].markov is not None
    counts = found["markov"].markov.transition_matrix().set_index(["from", "to"])["count"]
    assert (counts["x", "x"], counts["", "y"]) == (1, 1)


def test_touches_of_one_moment_are_in_the_order_of_their_names() -> None:
    rows: Rows = {
        "touches": [touch("t2", "a", "2026-01-01", "second"), touch("t1", "a", "2026-01-01", "first")],
        "orders": [order("o", "a", "2026-01-02", 1)],
    }
    assert amounts(attribute(asked(rows), methods=["first"]), "first") == {"first": 1, "second": 0}


def test_last_non_direct_passes_over_direct_visits() -> None:
    rows: Rows = {
        "touches": [
            touch("t1", "a", "2026-01-01", "search"),
            touch("t2", "a", "2026-01-02", "web"),
            touch("t3", "b", "2026-01-02", "web"),
        ],
        "orders": [order("o", "a", "2026-01-03", 10), order("p", "b", "2026-01-03", 1)],
    }
    found = attribute(asked(rows), methods=["last", "last_non_direct"])
    assert amounts(found, "last") == {"search": 0, "web": 11}
    assert amounts(found, "last_non_direct") == {"search": 10, "web": 1}
    given = attribute(asked(rows), Scope(direct=("search",)), methods=["last_non_direct"])
    assert amounts(given, "last_non_direct") == {"search": 0, "web": 11}


def test_rules_in_the_engine_are_those_of_the_model() -> None:
    rows = company()
    request = asked(rows)
    scope = Scope(
        window_days=120, half_life_days=7, kinds=("visit", "clicked", "opened", "delivered", "sent", "store_visit")
    )
    whole, of = totals(request), members(request, scope)
    assert whole.known_until is not None
    sums = path_sums(request, scope, of, whole.known_until, RULES, 4)
    assert sums.converted > 50
    assert sums.transitions is not None
    for rule in RULES:
        # Each path is shared whole.
        assert sums.conversions[rule].sum() == pytest.approx(sums.converted)
        assert sums.value[rule].sum() == pytest.approx(float(sums.revenue))
    ending = sums.transitions.to == sums.transitions.conversion
    last = np.bincount(sums.transitions.history[ending, -1], sums.transitions.counts[ending].sum(axis=1), len(of.names))
    assert sums.conversions["last"].sum(axis=1) == pytest.approx(last)


def test_a_period_takes_touches_before_it_and_leaves_earlier_purchases_out() -> None:
    found = attribute(asked(SHOP, "2026-01-06", "2026-02-01"), methods=["first", "shapley"])
    # o2, o5 with o6, o10 and o7; the touches of o1 led to o1.
    assert (found.coverage.conversions, found.coverage.converted) == (4, 2)
    assert amounts(found, "first") == {"email": 0, "search": 15, "social": 0, "store": 50.01}
    # Where the data end on 14 January, nothing of January has run out of its window.
    assert found.coverage.open == 2


def test_by_campaign_with_touches_of_none() -> None:
    rows: Rows = {
        "touches": [
            touch("t1", "a", "2026-01-01", "email", "clicked", campaign_id="spring", chain_id="news"),
            touch("t2", "a", "2026-01-02", "web"),
        ],
        "orders": [order("o", "a", "2026-01-03", 8)],
    }
    found = attribute(asked(rows), Scope(by="campaign"), methods=["last", "last_non_direct"])
    assert amounts(found, "last") == {NONE: 8, "spring": 0}
    assert amounts(found, "last_non_direct") == {NONE: 0, "spring": 8}
    assert label(NONE).ru == "не\u00a0указано"
    assert amounts(attribute(asked(rows), Scope(by="chain"), methods=["first"]), "first") == {NONE: 0, "news": 8}


def test_members_past_the_bound_are_gathered() -> None:
    channels = ["a", "b", "b", "c", "d"]
    rows: Rows = {
        "touches": [touch(f"t{n}", f"p{n}", "2026-01-01", name, online=n > 0) for n, name in enumerate(channels)],
        "orders": [order(f"o{n}", f"p{n}", "2026-01-02", 10**n) for n in range(5)],
    }
    found = attribute(asked(rows), Scope(most=2), methods=["last"])
    assert amounts(found, "last") == {"a": 1, "b": 110, OTHER: 11_000}
    assert found.members.set_index("name")["offline"].to_dict() == {"a": 1, "b": 0, OTHER: 0}
    assert "Members with few touches that are gathered into “all others”: 2." in [text.en for text in found.statements]
    kept = attribute(asked(rows), Scope(most=2, keep=("d",)), methods=["last"])
    assert amounts(kept, "last") == {"b": 110, "d": 10_000, OTHER: 1_001}


def test_money_is_converted_and_what_has_no_rate_is_said() -> None:
    rows: Rows = {
        "touches": [touch("t1", "a", "2026-01-01", "x"), touch("t2", "b", "2026-01-01", "y")],
        "orders": [order("o", "a", "2026-01-02", 10), {**order("p", "b", "2026-01-02", 10), "currency": "USD"}],
        "rates": [{"date": "2026-01-01", "currency": "USD", "to_currency": "EUR", "rate": 0.8}],
    }
    assert amounts(attribute(asked(rows, currency="EUR"), methods=["last"]), "last") == {"x": 10, "y": 8}
    mixed = attribute(asked(rows), methods=["last", "markov", "shapley"])
    unrated = attribute(asked({**rows, "rates": []}, currency="EUR"), methods=["last", "markov", "shapley"])
    for found in (mixed, unrated):
        assert found.attributions.unattributed_value is None
        assert all(attribution.value is None for attribution in found.attributions.methods.values())
        assert amounts(found, "markov", "conversions") == {"x": 1, "y": 1}
        assert any("revenue is not handed out" in statement.en for statement in found.statements)


def experiment(campaign: str, spent: dict[str, tuple[float, ...]]) -> list[dict[str, Any]]:
    return [
        {"experiment_id": campaign, "customer_id": f"{campaign}-{arm}-{n}", "arm": arm, "assigned_at": "2026-01-01"}
        for arm, given in spent.items()
        for n in range(len(given))
    ]


def test_incremental_revenue_beside_the_attributed() -> None:
    # Treated spend 10 and 20 and clicked before the 20; the control group spends 5 and 7: (15 − 6) × 2 = 18 incremental.
    spent = {"treated": (10.0, 20.0), "control": (5.0, 7.0)}
    rows: dict[str, Any] = {
        "assignments": experiment("spring", spent),
        "campaigns": [{"campaign_id": "spring", "channel": "email"}],
        "orders": [
            order(f"{arm}{n}", f"spring-{arm}-{n}", "2026-01-05", revenue)
            for arm, given in spent.items()
            for n, revenue in enumerate(given)
        ]
        + [order("other", "zoe", "2026-01-05", 58)],
        "touches": [
            touch("t1", "spring-treated-1", "2026-01-04", "email", "clicked", campaign_id="spring"),
            touch("t2", "zoe", "2026-01-04", "email", "clicked", campaign_id="autumn"),
        ],
    }
    by_campaign = attribute(asked(rows), Scope(by="campaign"), methods=["last"]).calibrations["last"]
    frame = by_campaign.frame.set_index("channel")
    assert frame.loc["spring", ["attributed", "tested", "incremental", "calibrated"]].tolist() == [20, 20, 18, 18]
    assert frame.loc["spring", "ratio"] == pytest.approx(18 / 20)
    assert frame.loc["spring", "calibrated_share"] == pytest.approx(18 / 100)
    assert frame.loc["autumn", "calibrated"] == 58
    assert np.isnan(frame.loc["autumn", "incremental"])
    assert by_campaign.base == pytest.approx(100 - 18 - 58)
    # Welch's interval by the metric of incremental revenue: the same half-width on either side.
    metric = figures("incremental_revenue", rows, "all", by=["experiment_id"]).iloc[0]
    assert frame.loc["spring", ["lower", "upper"]].tolist() == pytest.approx([metric["lower"], metric["upper"]])

    channel = attribute(asked(rows), methods=["last"]).calibrations["last"].frame.set_index("channel").loc["email"]
    assert (channel["attributed"], channel["tested"], channel["calibrated"]) == (78, 20, 76)


def test_no_holdout_no_calibration() -> None:
    assert attribute(asked(SHOP)).calibrations == {}


@pytest.mark.parametrize(
    ("rows", "statement"),
    [
        ({}, "No path ended in a conversion"),
        ({"touches": SHOP["touches"]}, "No path ended in a conversion"),
        ({"orders": SHOP["orders"]}, "There was no touch before any conversion"),
    ],
)
def test_nothing_to_hand_out_is_said(rows: Rows, statement: str) -> None:
    found = attribute(asked(rows))
    for attribution in found.attributions.methods.values():
        assert (attribution.conversions, attribution.value) == (None, None)
        assert attribution.statements[0].en.startswith(statement)
    assert float(found.frame()["conversions"].fillna(0).sum()) == found.coverage.conversions * len(METHODS)


def test_one_channel_has_everything() -> None:
    rows: Rows = {"touches": [touch("t", "a", "2026-01-01", "x")], "orders": [order("o", "a", "2026-01-02", 3)]}
    found = attribute(asked(rows))
    for method in METHODS:
        assert amounts(found, method) == {"x": 3}
        assert any(text.en.startswith("All conversions came through one") for text in found[method].statements)


def test_options_that_do_not_fit_are_refused() -> None:
    for scope, message in (
        ({"by": "city"}, "credit is given by channel, campaign, chain, not by 'city'"),
        ({"window_days": 0}, "1 to 365 days, not 0"),
        ({"half_life_days": 0}, "above 0 days"),
        ({"most": 51}, "1 to 50 members"),
        ({"kinds": ()}, "no kind of touch counts"),
    ):
        with pytest.raises(MetricError, match=message):
            Scope(**scope)
    with pytest.raises(AttributionError, match="no method 'w'"):
        attribute(asked(SHOP), methods=["w"])  # pyright: ignore[reportArgumentType]
    with pytest.raises(AttributionError, match="1 to 4 or 'auto', not 0"):
        attribute(asked(SHOP), order=0)  # pyright: ignore[reportArgumentType]


@pytest.mark.spark
def test_the_same_on_spark(spark_session: Any, tmp_path: Path) -> None:
    arrow = arrow_tables(company())
    scope = Scope(window_days=60, kinds=("visit", "clicked", "opened", "delivered", "sent", "store_visit", "call"))
    frames: list[pd.DataFrame] = []
    for tables in (in_duckdb(arrow), in_spark(spark_session, arrow, tmp_path)):
        request = request_of(tables, DEFAULT_CALENDAR, "EUR")
        bounded = Request(
            request.tables, "all", (), {}, date(2024, 2, 1), date(2025, 1, 1), DEFAULT_CALENDAR, "EUR", tables
        )
        found = attribute(bounded, scope, worth="rate", calibrate=False)
        frame = found.frame()
        frames.append(frame.assign(conversions=frame["conversions"].astype(float), value=frame["value"].astype(float)))
        assert found.coverage.converted > 20
        assert found.coverage.nulls > 20
    pd.testing.assert_frame_equal(*frames, rtol=1e-8, atol=1e-3)


def by_channel(rows: Rows, **options: Any) -> dict[Any, float]:
    frame = figures("attributed_revenue", rows, "all", by=["channel"], **options)
    return dict(zip(frame["channel"], frame["value"], strict=True))


def test_metric_by_rule_adds_up_to_the_revenue() -> None:
    rest = 30 + 20 + 7 - 3
    assert by_channel(SHOP) == {"search": 115, "store": pytest.approx(50.01), None: rest}
    assert by_channel(SHOP, rule="first") == {"email": 100, "search": 15, "store": pytest.approx(50.01), None: rest}
    assert by_channel(SHOP, rule="linear")["email"] == 50
    assert by_channel(SHOP, rule="first", window_days=60)["social"] == 20


def test_metric_of_a_period_looks_back_before_it() -> None:
    found = figures(
        "attributed_revenue",
        SHOP,
        "month",
        by=["channel"],
        start="2026-02-01",
        end="2026-03-01",
        rule="first",
        window_days=60,
    )
    assert dict(zip(found["channel"], found["value"], strict=True))["social"] == 20


def test_metric_counts_purchases_and_orders_without_amount_as_missing() -> None:
    found = figures("attributed_revenue", SHOP, "all").iloc[0]
    # o1, o2, o5 with o6; o3, o4, o7, the refund; and o10, whose amount is unknown.
    assert found["n"] == pytest.approx(7)
    assert found["missing_share"] == pytest.approx(1 / 8)
    # Parts of purchases: a compound Poisson sum with a refund in it has ±1.96·√Σx².
    half = 1.959964 * np.sqrt(100**2 + 50.01**2 + 15**2 + 30**2 + 20**2 + 7**2 + 3**2)
    assert found["upper"] - found["value"] == pytest.approx(half, rel=1e-6)


def test_metric_is_the_attribution_of_its_rule() -> None:
    rows = company()
    for rule in RULES:
        frame = figures(
            "attributed_revenue", rows, "all", by=["channel"], rule=rule, start="2024-03-01", end="2024-11-01"
        )
        metric = dict(zip(frame["channel"], frame["value"], strict=True))
        found = attribute(asked(rows, "2024-03-01", "2024-11-01"), methods=[rule], calibrate=False)
        assert found.coverage.converted > 5
        for name, amount in amounts(found, rule).items():
            assert metric.get(name, 0.0) == pytest.approx(amount, abs=1e-3)


def test_metric_refuses_a_rule_that_there_is_not() -> None:
    with pytest.raises(MetricError, match=r"parameter 'rule' must be one of last, .*, not 'u'"):
        figures("attributed_revenue", SHOP, "all", rule="u")
