"""Forecasts of a card: chances by closed form, composites from their parts, and which periods are ahead."""

from datetime import UTC, datetime

import numpy as np
import pytest
from scipy.stats import t

from septima.metrics.period import DEFAULT_CALENDAR
from septima.scorecard.forecast import ForecastReport, forecast_card
from tests.scorecard.stand_ins import METRICS, card_of, definition_of, history

CARD = """
perspectives:
  - id: customer_support
    kpis:
      - {id: cli, weight: 1.5, target: 0.8}
      - {id: nps, weight: 0.5, target: 0.4}
  - id: marketing
    kpis:
      - {id: complaints, target: 2}
own:
  - {id: revenue}
"""
FIGURES = {
    "cli": history(0.7, 0.74, 0.7, 0.72, 0.76),
    "nps": history(0.3, 0.36, 0.3, 0.3, 0.36),
    "complaints": history(2.0, 2.0, 2.0, 2.0, 2.0),
    "revenue": history(10.0, 12.0, None, 11.0, 12.0),
}
OVER = datetime(2026, 11, 24, tzinfo=UTC)
BEFORE_ITS_END = datetime(2026, 9, 1, tzinfo=UTC)


def _forecast(now: datetime = OVER, **options: int) -> ForecastReport:
    return forecast_card(card_of(definition_of(CARD), now, **FIGURES), DEFAULT_CALENDAR, draws=100_000, **options)


def test_the_chance_to_reach_a_target_is_that_of_a_random_walk() -> None:
    cli = next(kpi for kpi in _forecast().kpis if kpi.id == "cli")
    deviation = np.sqrt(np.mean(np.square([0.04, -0.04, 0.02, 0.04])))  # of its steps
    expected = 1 - t.cdf((0.8 - 0.76) / deviation, 4)
    assert cli.form == "random_walk"
    assert cli.chance[0] == pytest.approx(expected, abs=0.005)
    assert [point.label for point in cli.ahead] == ["2026-Q4", "2027-Q1"]
    assert cli.ahead[1].figure.upper - cli.ahead[1].figure.value == pytest.approx(
        t.ppf(0.975, 4) * deviation * np.sqrt(2), rel=0.03
    )


def test_where_less_is_better_reaching_is_being_at_or_below() -> None:
    complaints = next(kpi for kpi in _forecast().kpis if kpi.id == "complaints")
    assert complaints.chance == (1.0, 1.0)
    assert METRICS["complaints"].passport.direction == "less"


def test_a_composite_is_made_of_its_parts_forecasts() -> None:
    found = _forecast()
    support, kpis = found.perspectives[0]
    # The middle of (1.5·CLI + 0.5·NPS) / 2 is that of two symmetric parts; its width that of their sum.
    middle = (1.5 * 0.76 + 0.5 * 0.36) / 2
    assert support.ahead[0].figure.value == pytest.approx(middle, abs=0.002)
    assert support.target == pytest.approx((1.5 * 0.8 + 0.5 * 0.4) / 2)
    widths = [(kpi.ahead[0].figure.upper or 0) - (kpi.ahead[0].figure.lower or 0) for kpi in kpis]
    width = (support.ahead[0].figure.upper or 0) - (support.ahead[0].figure.lower or 0)
    assert width < 1.5 / 2 * widths[0] + 0.5 / 2 * widths[1]  # errors of independent parts add up by squares
    assert width > 1.5 / 2 * widths[0]
    assert found.integral.ahead[0].figure.value == pytest.approx((middle + 1.0) / 2, abs=0.005)


def test_a_period_that_is_not_over_is_the_first_ahead_and_counts_as_no_past() -> None:
    found = _forecast(BEFORE_ITS_END, ahead=1)
    cli = next(kpi for kpi in found.kpis if kpi.id == "cli")
    assert (found.complete, [point.label for point in cli.ahead]) == (False, ["2026-Q3"])
    assert cli.past[-1].label == "2026-Q2"
    assert cli.ahead[0].figure.value == pytest.approx(0.72, abs=0.001)


def test_what_cannot_be_forecast_says_why_and_leaves_its_composite_without() -> None:
    found = _forecast()
    (revenue,) = found.own
    assert (revenue.ahead, revenue.note is not None) == ((), True)
    short = forecast_card(
        card_of(definition_of(CARD), OVER, **{name: history(0.3, 0.31, 0.32) for name in FIGURES}), DEFAULT_CALENDAR
    )
    assert short.integral.ahead == ()
    assert short.integral.note is not None


def test_the_same_card_gives_the_same_forecast() -> None:
    assert _forecast() == _forecast()
