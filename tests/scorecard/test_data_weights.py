"""Weights that are found in the card's periods: against closed forms, and what is said where there are none."""

import numpy as np
import pytest

from septima.scorecard.card import Scorecard
from septima.scorecard.data_weights import LEAST_PERIODS

from .stand_ins import card_of, definition_of, history

PERIODS = 8
X = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]
Y = [0.2, 0.1, 0.4, 0.3, 0.6, 0.5, 0.8, 0.7]
SUPPORT = """
normalisation: min_max
trend: 8
perspectives:
  - id: customer_support
    weights: {{method: {method}}}
    kpis:
      - {{id: cli, target: 0.7, worst: 0, best: 1}}
      - {{id: nps, target: 0.7, worst: 0, best: 1}}
"""
TWO = """
normalisation: min_max
trend: 8
weights: {{method: {method}}}
perspectives:
  - id: customer_support
    kpis: [{{id: cli, target: 0.7, worst: 0, best: 1}}]
  - id: marketing
    kpis: [{{id: nps, target: 0.7, worst: 0, best: 1}}]
"""


def support(method: str, cli: list[float], nps: list[float]) -> Scorecard:
    return card_of(definition_of(SUPPORT.format(method=method)), cli=history(*cli), nps=history(*nps))


def weights(card: Scorecard) -> list[float]:
    return [kpi.weight for kpi in card.perspectives[0].kpis]


def test_two_kpis_load_alike_on_their_first_component() -> None:
    card = support("principal_component", X, Y)
    assert weights(card) == [1.0, 1.0]
    assert card.perspectives[0].composite.printed.value == pytest.approx((0.8 + 0.7) / 2)
    (said,) = card.perspectives[0].composite.statements
    explained = (1 + np.corrcoef(X, Y)[0, 1]) / 2  # the greater eigenvalue of [[1, r], [r, 1]], of 2 in all
    assert (
        f"the first principal component of 8 periods, which carries {100 * explained:.1f}% of their variance" in said.en
    )
    assert "CLI\u00a01.00; NPS\u00a01.00" in said.en


def test_a_component_that_carries_little_and_a_kpi_against_it_are_told() -> None:
    card = support("principal_component", X, [0.5, 0.6, 0.45, 0.55, 0.5, 0.4, 0.55, 0.47])
    (said,) = card.perspectives[0].composite.statements
    assert "Against the others moved" in said.en
    assert weights(card) == [1.0, 1.0]
    crossed = support("principal_component", [0, 1, 0, 1, 0, 1, 0, 1], [0, 0, 1, 1, 0, 0, 1, 1])
    assert "which carries 50.0% of their variance" in crossed.perspectives[0].composite.statements[0].en
    assert "less than 60%" in crossed.perspectives[0].composite.statements[0].en


def test_entropy_weighs_what_tells_periods_apart() -> None:
    def divergence(values: list[float]) -> float:
        shares = [value / sum(values) for value in values]
        return 1 + sum(share * np.log(share) for share in shares) / np.log(len(values))

    flat = [0.5, 0.52, 0.5, 0.51, 0.5, 0.5, 0.49, 0.5]
    card = support("entropy", X, flat)
    one, other = divergence(X), divergence(flat)
    assert weights(card) == pytest.approx([2 * one / (one + other), 2 * other / (one + other)], abs=1e-4)
    assert sum(weights(card)) == pytest.approx(2, abs=1e-12)
    assert card.perspectives[0].composite.formula == f"({weights(card)[0]:g}·cli + {weights(card)[1]:g}·nps) / 2"


def test_a_kpi_that_never_moved_weighs_nothing_by_entropy_and_stops_a_component() -> None:
    still = [0.5] * PERIODS
    card = support("entropy", X, still)
    assert weights(card) == [2.0, 0.0]
    assert "Without any change, and so of no weight: NPS" in card.perspectives[0].composite.statements[0].en
    stopped = support("principal_component", X, still).perspectives[0].composite
    assert stopped.printed.value is None
    assert "no change of NPS" in stopped.statements[0].en
    assert support("entropy", still, still).perspectives[0].composite.normalised.value is None


def test_too_few_periods_leave_the_composite_undefined_and_say_what_to_do() -> None:
    card = support("entropy", X[1:], Y[1:])
    composite = card.perspectives[0].composite
    assert (composite.printed.value, composite.target, card.integral.printed.value) == (None, None, None)
    assert (
        f"of which 7 have all figures, and {LEAST_PERIODS} are needed. Show more with `trend`"
        in composite.statements[0].en
    )
    assert "полных среди них\u00a0— 7" in composite.statements[0].ru


def test_perspectives_are_weighed_by_their_composites() -> None:
    card = card_of(definition_of(TWO.format(method="entropy")), cli=history(*X), nps=history(*[0.5] * PERIODS))
    assert [perspective.composite.weight for perspective in card.perspectives] == [2.0, 0.0]
    assert card.integral.printed.value == pytest.approx(0.8)
    assert (
        "weights by entropy over 8 periods: Customer support\u00a02.00; Marketing\u00a00.00"
        in card.integral.statements[0].en
    )
    component = card_of(definition_of(TWO.format(method="principal_component")), cli=history(*X), nps=history(*Y))
    assert component.integral.printed.value == pytest.approx(0.75)


def test_a_group_of_one_needs_no_periods() -> None:
    text = SUPPORT.format(method="entropy").replace("      - {id: nps, target: 0.7, worst: 0, best: 1}\n", "")
    card = card_of(definition_of(text), cli=history(0.4, 0.5))
    assert card.perspectives[0].composite.printed.value == 0.5


def test_the_method_and_not_the_weights_found_is_part_of_the_version() -> None:
    definition = definition_of(SUPPORT.format(method="entropy"))
    assert support("entropy", X, Y).definition == support("entropy", Y, X).definition == definition.version
    assert definition.version != definition_of(SUPPORT.format(method="principal_component")).version
    assert definition.version != definition_of(SUPPORT.format(method="equal")).version
