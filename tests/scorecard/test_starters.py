"""Starters: each trade's definition can be read, is weighted rightly, and asks for no more than can be steered by."""

import pytest

from septima.metrics import catalogue
from septima.scorecard.assembly import HEADLINE_LIMIT
from septima.scorecard.composite import weights_average_one
from septima.scorecard.reading import parse_definition
from septima.scorecard.starter import TRADES, Trade, starter_definition


@pytest.mark.parametrize("trade", TRADES)
def test_each_trade_has_a_scorecard_that_can_be_steered_by(trade: Trade) -> None:
    definition = parse_definition(starter_definition(trade))
    headline = len(definition.perspectives) + 1 + len(definition.own)
    assert 7 <= headline <= HEADLINE_LIMIT
    for perspective in definition.perspectives:
        assert 1 <= len(perspective.kpis) <= 3
        assert weights_average_one(perspective.weights)
        assert all(kpi.target is not None for kpi in perspective.kpis)
    assert weights_average_one(definition.weights)
    metrics = [kpi.metric for kpi in definition.kpis]
    assert len(set(metrics)) == len(metrics)


def test_trades_differ_in_what_they_look_at() -> None:
    chosen = {trade: {kpi.metric for kpi in parse_definition(starter_definition(trade)).kpis} for trade in TRADES}
    for trade, metrics in chosen.items():
        others = set[str]().union(*(chosen[other] for other in TRADES if other != trade))
        assert metrics - others, trade


def test_a_target_of_a_share_is_a_share() -> None:
    known = catalogue()
    for trade in TRADES:
        for kpi in parse_definition(starter_definition(trade)).kpis:
            if known[kpi.metric].passport.unit == "share" and kpi.target is not None:
                assert 0 < kpi.target < 1, (trade, kpi.id)
