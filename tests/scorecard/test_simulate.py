"""Draws from intervals, against closed forms."""

import numpy as np
import pytest

from septima.metrics import catalogue
from septima.scorecard.card import UNDEFINED, Figure
from septima.scorecard.simulate import (
    DRAWS,
    NORMAL_95,
    bounds_of,
    combine,
    distinguishable,
    draw,
    generator,
    summarise,
)

FREE = (-np.inf, np.inf)


def test_draws_give_the_interval_back_on_both_sides() -> None:
    drawn = draw(Figure(0.5, 0.45, 0.65), FREE, generator(1, "a"), 20_000)
    assert np.quantile(drawn, [0.025, 0.5, 0.975]).tolist() == pytest.approx([0.45, 0.5, 0.65], abs=5e-4)


def test_a_linear_combination_of_normals_has_its_closed_form_interval() -> None:
    # Standard deviations 0.02, 0.03 and 0.05; weights 1.2, 0.9, 0.9 over 3 give 0.4, 0.3, 0.3.
    figures = [
        Figure(mean, mean - NORMAL_95 * s, mean + NORMAL_95 * s) for mean, s in ((0.75, 0.02), (0.4, 0.03), (0.1, 0.05))
    ]
    draws = np.stack([draw(figure, FREE, generator(7, str(n)), 40_000) for n, figure in enumerate(figures)])
    found = summarise(0.45, combine(draws, np.array([1.2, 0.9, 0.9])))
    deviation = np.sqrt((0.4 * 0.02) ** 2 + (0.3 * 0.03) ** 2 + (0.3 * 0.05) ** 2)
    assert found.lower == pytest.approx(0.45 - NORMAL_95 * deviation, abs=deviation * 0.03)
    assert found.upper == pytest.approx(0.45 + NORMAL_95 * deviation, abs=deviation * 0.03)


def test_draws_stay_within_what_the_metric_can_be() -> None:
    drawn = draw(Figure(0.95, 0.8, 0.99), bounds_of(catalogue()["open_rate"].passport), generator(1, "a"))
    assert drawn.max() == 1.0
    assert bounds_of(catalogue()["nps"].passport) == (-1.0, 1.0)
    assert bounds_of(catalogue()["cci"].passport) == (-np.inf, 1.0)
    assert bounds_of(catalogue()["revenue"].passport) == FREE


def test_a_kpi_gets_the_same_draws_wherever_it_stands() -> None:
    figure = Figure(1.0, 0.0, 2.0)
    first = draw(figure, FREE, generator(7, "nps", "2026-Q3"))
    assert (first == draw(figure, FREE, generator(7, "nps", "2026-Q3"))).all()
    assert abs(np.corrcoef(first, draw(figure, FREE, generator(7, "cli", "2026-Q3")))[0, 1]) < 0.06
    assert abs(np.corrcoef(first, draw(figure, FREE, generator(8, "nps", "2026-Q3")))[0, 1]) < 0.06


def test_a_geometric_composite_of_exact_values_is_exact() -> None:
    draws = np.array([[25.0, 25.0], [100.0, 100.0]])
    assert combine(draws, np.array([1.0, 1.0]), "geometric").tolist() == pytest.approx([50.0, 50.0])


def test_without_an_interval_there_is_none_of_the_composite() -> None:
    assert summarise(2.0, draw(Figure(2.0), FREE, generator(1, "a"))) == Figure(2.0)
    assert summarise(None, draw(UNDEFINED, FREE, generator(1, "a"))) == UNDEFINED


def test_a_difference_stands_out_only_beyond_both_errors() -> None:
    def drawn(value: float, name: str) -> np.ndarray:
        return draw(Figure(value, value - NORMAL_95, value + NORMAL_95), FREE, generator(3, name))

    # Two deviations of 1 give one of 1.41 for the difference: 2.5 is within 1.96 of those, 3.2 is beyond.
    assert distinguishable(drawn(2.5, "now"), drawn(0, "before")) is False
    assert distinguishable(drawn(3.2, "now"), drawn(0, "before")) is True
    assert distinguishable(drawn(-3.2, "now"), drawn(0, "before")) is True
    assert distinguishable(drawn(3.2, "now"), np.full(DRAWS, np.nan)) is None
    assert distinguishable(drawn(3.2, "now"), np.zeros(DRAWS)) is None
