"""Intervals of composites by simulation: correlated errors, order, seeds and what must not change them."""

from dataclasses import replace

import numpy as np
import pytest

from septima.scorecard.assembly import assemble
from septima.scorecard.card import Figure, Scorecard
from septima.scorecard.simulate import NORMAL_95, ErrorCorrelation

from .stand_ins import METRICS, NOW, card_of, definition_of, history, periods

TEXT = """
normalisation: min_max
perspectives:
  - id: customer_support
    kpis:
      - {id: cli, target: 0.7, worst: 0, best: 1}
      - {id: nps, target: 0.7, worst: -1, best: 1}
"""


def around(value: float, deviation: float) -> Figure:
    return Figure(value, value - NORMAL_95 * deviation, value + NORMAL_95 * deviation)


def card(correlation: ErrorCorrelation | None, draws: int = 20_000, seed: int = 7, trend: int = 2) -> Scorecard:
    return assemble(
        definition_of(TEXT),
        {name: made.passport for name, made in METRICS.items()},
        {name: history(*[around(0.4, 0.02)] * trend) for name in ("cli", "nps")},
        periods(trend),
        organisation="x",
        data_version=1,
        currency=None,
        parameters={},
        now=NOW,
        seed=seed,
        draws=draws,
        correlation=correlation,
    )


@pytest.mark.parametrize("correlation", [-0.6, 0.0, 0.5, 1.0])
def test_errors_that_move_together_widen_the_composite_as_by_its_closed_form(correlation: float) -> None:
    # Var((x + y) / 2) = σ²·(1 + ρ) / 2.
    given = ErrorCorrelation(("cli", "nps"), np.array([[1, correlation], [correlation, 1]]))
    found = card(given).perspectives[0].composite.printed
    deviation = 0.02 * ((1 + correlation) / 2) ** 0.5
    assert found.value == pytest.approx(0.4)
    assert found.lower == pytest.approx(0.4 - NORMAL_95 * deviation, abs=0.06 * deviation)
    assert found.upper == pytest.approx(0.4 + NORMAL_95 * deviation, abs=0.06 * deviation)


def test_independence_given_is_independence_left_out() -> None:
    given = card(ErrorCorrelation(("cli", "nps"), np.eye(2)))
    assert given.perspectives[0].kpis == card(None).perspectives[0].kpis
    one, other = (found.integral.printed for found in (given, card(None)))
    assert one.lower == pytest.approx(other.lower, abs=2e-3)
    assert given.method is not None
    assert "correlated as measured" in given.method.en


def test_a_kpi_that_is_not_on_the_card_and_one_without_interval_are_let_be() -> None:
    given = ErrorCorrelation(("cli", "gone"), np.array([[1, 0.5], [0.5, 1]]))
    assert card(given).integral.printed == card(None).integral.printed


def test_a_correlation_needs_a_row_for_each_id() -> None:
    with pytest.raises(ValueError, match="each id"):
        ErrorCorrelation(("cli",), np.eye(2))
    with pytest.raises(ValueError, match="each id once"):
        ErrorCorrelation(("cli", "cli"), np.eye(2))


def test_the_same_seed_gives_the_same_card_whatever_the_trend_and_the_order() -> None:
    short, long = card(None, trend=2), card(None, trend=7)
    assert short.integral.printed == long.integral.printed
    assert card(None).integral.printed == short.integral.printed
    assert card(None, seed=8).integral.printed != short.integral.printed
    definition = definition_of(TEXT)
    (support,) = definition.perspectives
    turned = replace(definition, perspectives=(replace(support, kpis=support.kpis[::-1]),))
    histories = {name: history(*[around(0.4, 0.02)] * 2) for name in ("cli", "nps")}
    assert card_of(turned, **histories).integral == replace(
        card_of(definition, **histories).integral, trend=card_of(turned, **histories).integral.trend
    )


def test_neighbouring_periods_are_independent_so_a_change_has_twice_the_variance() -> None:
    for now, distinct in ((0.05, False), (0.06, True)):
        found = card_of(
            definition_of(TEXT), cli=history(around(0.4, 0.02), around(0.4 + now, 0.02)), nps=history(0.4, 0.4)
        )
        # 1.96·0.02·√2 = 0.0554 is the least change beyond chance.
        assert found.perspectives[0].kpis[0].change_distinct is distinct


def test_a_curve_that_turns_has_the_interval_of_its_draws() -> None:
    text = TEXT.replace(
        "worst: 0, best: 1}", "normalisation: utility, utility: {points: [[0, 0], [0.5, 100], [1, 0]]}}", 1
    )
    found = card_of(definition_of(text), cli=history(0.4, around(0.5, 0.05)), nps=history(0.4, 0.4))
    normalised = found.perspectives[0].kpis[0].normalised
    # 100 − 200·|e| with e normal of deviation 0.05: between the 97.5 % and the 2.5 % quantile of |e|, 2.241 and 0.0313 deviations.
    assert normalised.value == pytest.approx(100)
    assert normalised.lower == pytest.approx(100 - 200 * 0.05 * 2.2414, abs=0.3)
    assert normalised.upper == pytest.approx(100 - 200 * 0.05 * 0.0313, abs=0.05)
