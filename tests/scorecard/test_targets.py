"""Targets by period, by formula, from a plan and by member; every number is counted by hand."""

from datetime import date

import ibis
import ibis.expr.types as ir
import pandas as pd
import pytest

from septima.metrics import parse_period
from septima.scorecard.card import SliceRow
from septima.scorecard.definition import DefinitionError, KpiDefinition, TargetRule
from septima.scorecard.targets import (
    KpiTargets,
    PlannedTarget,
    figures_named,
    periods_needed,
    read_plans,
    read_target_formula,
    resolve_targets,
)
from tests.scorecard.stand_ins import card_of, definition_of, history, periods

Q1, Q2, Q3 = periods(3)
YEAR_BACK = {quarter: parse_period(f"2025-{quarter.id[-2:]}") for quarter in (Q1, Q2, Q3)}


def _resolved(kpi: KpiDefinition, **given: object) -> KpiTargets:
    arguments = {"figures": {}, "members_of": lambda *_: {}, "planned": ()} | given
    return resolve_targets([kpi], (Q1, Q2, Q3), **arguments)[kpi.id]  # type: ignore[arg-type]


def test_a_period_that_is_named_goes_before_all_others() -> None:
    rule = TargetRule(number=0.3, by_period={"2026-Q2": 0.35})
    assert _resolved(KpiDefinition("nps", "nps", targets=rule)).values == (0.3, 0.35, 0.3)


def test_last_year_and_five_per_cent() -> None:
    figures = {("revenue", YEAR_BACK[Q1]): 100.0, ("revenue", YEAR_BACK[Q3]): 120.0}
    kpi = KpiDefinition("revenue", "revenue", targets=TargetRule(formula="1.05 * previous_year(revenue)"))
    found = _resolved(kpi, figures=figures).values
    assert found == (pytest.approx(105), None, pytest.approx(126))
    assert periods_needed([kpi.target_rule], [Q1, Q2, Q3]) == 4


def test_a_formula_takes_figures_of_other_metrics_in_the_same_and_the_previous_period() -> None:
    rule = TargetRule(formula="greatest(0.1 * revenue, previous(margin))")
    figures = {("revenue", Q3): 500.0, ("margin", Q2): 60.0, ("revenue", Q2): 900.0, ("margin", Q1): 60.0}
    assert _resolved(KpiDefinition("profit", "margin", targets=rule), figures=figures).values == (None, 90.0, 60.0)
    assert figures_named([rule]) == ("margin", "revenue")
    assert periods_needed([rule], [Q3]) == 1


def test_a_formula_that_divides_by_nothing_gives_the_number_for_all_other_periods_or_none() -> None:
    figures = {("revenue", quarter): 0.0 for quarter in (Q1, Q2, Q3)}
    kpi = KpiDefinition("nps", "nps", targets=TargetRule(number=7, formula="1 / revenue"))
    assert _resolved(kpi, figures=figures).values == (7, 7, 7)


def test_a_member_has_its_own_number_or_the_formula_over_its_own_figures() -> None:
    kpi = KpiDefinition(
        "nps",
        "nps",
        by="channel",
        target=0.4,
        member_targets={"web": TargetRule(0.5), "store": TargetRule(formula="previous(nps) + 0.02")},
    )
    found = _resolved(kpi, members_of=lambda _, at: {"store": 0.3} if at == Q2 else {}, figures={("nps", Q2): 0.9})
    assert found == KpiTargets((0.4, 0.4, 0.4), {"web": 0.5, "store": pytest.approx(0.32)})


def test_a_plan_gives_the_whole_and_the_members_of_the_dimension_that_is_shown() -> None:
    kpi = KpiDefinition("nps", "nps", by="channel", targets=TargetRule(number=0.1, plan="budget"))
    rows = [
        PlannedTarget("budget", "nps", "quarter", date(2026, 7, 1), "", "", 0.42),
        PlannedTarget("budget", "nps", "quarter", date(2026, 8, 15), "channel", "web", 0.5),
        PlannedTarget("budget", "nps", "quarter", date(2026, 7, 1), "region", "North", 0.6),  # not the one shown
        PlannedTarget("budget", "nps", "month", date(2026, 7, 1), "", "", 9.0),  # a month's is no quarter's
        PlannedTarget("other", "nps", "quarter", date(2026, 7, 1), "", "", 9.0),
        PlannedTarget("budget", "cli", "quarter", date(2026, 7, 1), "", "", 9.0),
    ]
    assert _resolved(kpi, planned=rows) == KpiTargets((0.1, 0.1, 0.42), {"web": 0.5})


def test_plans_are_read_from_their_table_and_only_where_one_is_named() -> None:
    rows = pd.DataFrame(
        {
            "plan": ["budget", "old"],
            "kpi": ["nps", "nps"],
            "grain": ["quarter", "quarter"],
            "date": [date(2026, 7, 1), date(2026, 7, 1)],
            "dimension": ["", ""],
            "member": ["", ""],
            "target": [0.42, 0.1],
        }
    )

    def tables(name: str) -> ir.Table:
        assert name == "plans"
        return ibis.memtable(rows)

    assert read_plans(tables, ["budget"], ["nps"]) == (
        PlannedTarget("budget", "nps", "quarter", date(2026, 7, 1), "", "", 0.42),
    )
    assert read_plans(tables, [], ["nps"]) == ()


_CARD = """
perspectives:
  - id: sales
    kpis:
      - id: revenue
        target: {by_period: {2026-Q2: 200}, otherwise: 100}
      - {id: nps, target: 0.4, by: channel, member_targets: {web: 0.5}}
"""


def test_each_period_is_measured_by_its_own_target() -> None:
    definition = definition_of(_CARD)
    targets = resolve_targets(definition.kpis, (Q1, Q2, Q3), {}, lambda *_: {}, ())
    slices = (
        SliceRow("web", history(0.45).observations[0].figure, 50),
        SliceRow("store", history(0.45).observations[0].figure, 50),
    )
    card = card_of(
        definition,
        targets=targets,
        revenue=history(90, 100, 110),
        nps=history(0.3, 0.35, 0.44, slices=slices, members=2),
    )
    revenue, nps = card.perspectives[0].kpis
    # 90 / 100, 100 / 200, 110 / 100
    assert [point.target for point in revenue.trend] == [100, 200, 100]
    assert (revenue.scaled_previous, revenue.scaled.value) == (0.5, pytest.approx(1.1))
    assert revenue.target_source is not None
    assert "all other periods" in revenue.target_source.en
    # The web misses its own target by a tenth, and so is watched; the shops have none of their own.
    assert [(row.target, row.state) for row in nps.slices] == [(0.5, "watch"), (None, "unknown")]
    # (1·100/100 + 1·0.4) / 2 in the last quarter, (1 + 0.4) / 2 in every other as well: targets are achieved by definition.
    assert [point.target for point in card.perspectives[0].composite.trend] == [pytest.approx(0.7)] * 3


def test_a_period_without_a_target_leaves_what_needs_it_undefined_and_says_so() -> None:
    definition = definition_of(_CARD.replace(", otherwise: 100", ""))
    targets = resolve_targets(definition.kpis, (Q1, Q2, Q3), {}, lambda *_: {}, ())
    card = card_of(definition, targets=targets, revenue=history(90, 100, 110), nps=history(0.3, 0.35, 0.44))
    revenue = card.perspectives[0].kpis[0]
    assert (revenue.figure.value, revenue.scaled.value, revenue.state) == (110, None, "unknown")
    assert any("no target" in said.en for said in revenue.statements)
    assert card.perspectives[0].composite.printed.value is None


def test_a_target_that_came_out_below_zero_is_not_divided_by() -> None:
    definition = definition_of(
        _CARD.replace("{by_period: {2026-Q2: 200}, otherwise: 100}", "{formula: previous(nps) - 1}")
    )
    targets = resolve_targets(definition.kpis, (Q1, Q2, Q3), {("nps", Q2): 0.35, ("nps", Q1): 0.3}, lambda *_: {}, ())
    assert targets["revenue"].values == (None, pytest.approx(-0.7), pytest.approx(-0.65))
    card = card_of(definition, targets=targets, revenue=history(90, 100, 110), nps=history(0.3, 0.35, 0.44))
    revenue = card.perspectives[0].kpis[0]
    assert revenue.scaled.value is None
    assert any("0 or below" in said.en for said in revenue.statements)


@pytest.mark.parametrize(
    ("target", "line", "words"),
    [
        ("{by_period: {2026-Q9: 1}}", 6, "2026-Q9"),
        ("{by_period: {2026-Q1: many}}", 6, "number"),
        ("{by_period: {2026-Q1: 0}}", 6, "a target of 0 has no meaning"),
        ("{by_period: {2026-Q1: }}", 6, "no number"),
        ("{otherwise: 3}", 6, "needs `by_period`, `formula` or `plan`"),
        ("{formula: nps, plan: budget}", 6, "not both"),
        ("{formula: 'previous(revenue'}", 6, "previous"),
        ("{formula: revenue * 2}", 6, "made of itself"),
        ("{formula: previous(revenu)}", 6, "did you mean 'revenue'"),
        ("{formula: sqrt(nps)}", 6, "not allowed"),
        ("{by_periods: {2026: 1}}", 6, "by_period"),
    ],
)
def test_a_mistake_in_a_target_is_told_with_its_line_and_remedy(target: str, line: int, words: str) -> None:
    with pytest.raises(DefinitionError, match=f"line {line}") as told:
        definition_of(_CARD.replace("{by_period: {2026-Q2: 200}, otherwise: 100}", target))
    assert words in str(told.value)


def test_targets_of_members_need_the_dimension_and_a_number() -> None:
    with pytest.raises(DefinitionError, match=r"line 7.*need `by`"):
        definition_of(_CARD.replace("by: channel, ", ""))
    with pytest.raises(DefinitionError, match=r"line 7.*`web` has no target"):
        definition_of(_CARD.replace("{web: 0.5}", "{web: }"))


def test_a_formula_is_told_apart_from_the_names_in_it() -> None:
    formula = read_target_formula("previous_year(nps) + previous (nps) + cli")
    assert sorted(formula.figures.values(), key=str) == [("cli", None), ("nps", "previous"), ("nps", "previous_year")]


def test_fiscal_periods_are_named_as_people_write_them() -> None:
    definition = definition_of(_CARD.replace("2026-Q2", "fy2026-q2"))
    assert dict(definition.kpis[0].target_rule.by_period) == {"FY2026-Q2": 200}
