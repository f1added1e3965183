"""Weights of a group from judgements: what is read, what stands on the card, and what is told of each mistake."""

import math
import textwrap

import pytest

from septima.schema import Text
from septima.scorecard import statements as say
from septima.scorecard.definition import DefinitionError, ScorecardDefinition
from septima.scorecard.reading import parse_definition
from septima.scorecard.weighting import Weighting, weights_by_budget, weights_by_comparison

from ..both_languages import check_both
from .stand_ins import METRICS

CARD = """\
normalisation: min_max
perspectives:
  - id: customer_support
    {weights}
    kpis:
      - {{id: cli, target: 0.75, worst: 0, best: 1}}
      - {{id: nps, target: 0.4, worst: -1, best: 1}}
      - {{id: cci, target: 0.1, worst: -1, best: 1}}
"""


def read(weights: str) -> ScorecardDefinition:
    return parse_definition(CARD.format(weights=textwrap.indent(weights, "    ").strip()), metrics=METRICS)


def test_comparisons_become_weights_that_average_one() -> None:
    """A consistent set: cli matters twice as much as nps and four times as much as cci, so 4 : 2 : 1 of 3."""
    (support,) = read("weights: {method: ahp, comparisons: {cli/nps: 2, cci/cli: 1/4, nps/cci: 2}}").perspectives
    assert support.weights == pytest.approx({"cli": 12 / 7, "nps": 6 / 7, "cci": 3 / 7}, abs=1e-4)
    assert math.fsum(support.weights.values()) == pytest.approx(3, abs=1e-9)
    assert support.weighting is not None
    assert support.weighting.consistency_ratio == pytest.approx(0, abs=1e-9)
    assert support.weighting.worst == ""


def test_points_become_weights_and_every_person_counts_alike() -> None:
    (one,) = read("weights: {method: budget, points: {cli: 60, nps: 30, cci: 10}}").perspectives
    assert one.weights == pytest.approx({"cli": 1.8, "nps": 0.9, "cci": 0.3})
    (two,) = read(
        "weights:\n  method: budget\n  points:\n    Anna: {cli: 6, nps: 3, cci: 1}\n    Boris: {cli: 20, nps: 40, cci: 40}"
    ).perspectives
    assert two.weights == pytest.approx({"cli": 1.2, "nps": 1.05, "cci": 0.75})
    assert two.weighting is not None
    assert two.weighting.people == 2


TWO = """\
normalisation: min_max
{weights}
perspectives:
  - id: customer_support
    {support}
    kpis: [{{id: cli, target: 0.75, worst: 0, best: 1}}]
  - id: sales
    {sales}
    kpis: [{{id: nps, target: 0.4, worst: -1, best: 1}}]
"""


def test_perspectives_may_be_weighted_so_too_and_the_choice_is_part_of_the_version() -> None:
    judged = TWO.format(
        weights="weights: {method: ahp, comparisons: {customer_support/sales: 3}}", support="", sales=""
    )
    by_hand = TWO.format(weights="", support="weight: 1.5", sales="weight: 0.5")
    definitions = [parse_definition(text, metrics=METRICS) for text in (judged, by_hand)]
    for definition in definitions:
        assert definition.weights == pytest.approx({"customer_support": 1.5, "sales": 0.5})
    assert definitions[0].version != definitions[1].version


@pytest.mark.parametrize(
    ("weights", "line", "said"),
    [
        ("weights: {method: ahp}", 4, "needs `comparisons`"),
        ("weights: {method: vote}", 4, "there are: ahp, budget, entropy, equal, principal_component"),
        ("weights: {}", 4, "needs a `method`"),
        ("weights: {method: equal, points: {cli: 1}}", 4, "takes no `points`"),
        ("weights: {method: ahp, comparisons: {cli/nps: 2}}", 4, "comparisons are missing: cli/cci, nps/cci"),
        ("weights:\n  method: ahp\n  comparisons:\n    cli/nps: 12", 7, "the scale goes from 1/9"),
        ("weights:\n  method: ahp\n  comparisons:\n    cli/nps: 2\n    nps/cli: 3", 8, "is there already as 'cli/nps'"),
        ("weights:\n  method: ahp\n  comparisons:\n    cli/sales: 2", 7, "compares 'sales', which is not in the group"),
        ("weights:\n  method: ahp\n  comparisons:\n    cli/cli: 1", 7, "with itself"),
        ("weights:\n  method: ahp\n  comparisons:\n    cli/nps: twice", 7, "give a number"),
        ("weights: {method: budget, points: {cli: 1, nps: 2}}", 4, "points are missing for cci"),
        ("weights: {method: budget, points: {cli: 0, nps: 0, cci: 0}}", 4, "all points are 0"),
        ("weights: {method: budget, points: {cli: -1, nps: 0, cci: 2}}", 4, "must be 0 or more"),
        ("weights: {method: budget, points: {Anna: {cli: 1, nps: 1, cci: 1}, cli: 4}}", 4, "all by person and id"),
        ("weights: [1, 2]", 4, "`name: value` pairs"),
        ("weights: {method: equal, because: x}", 4, "unknown field 'because'"),
    ],
)
def test_each_mistake_is_told_with_its_line_and_remedy(weights: str, line: int, said: str) -> None:
    with pytest.raises(DefinitionError) as raised:
        read(weights)
    assert f"line {line}:" in str(raised.value)
    assert said in check_both(raised.value).en


def test_a_weight_beside_the_weights_of_its_group_is_refused() -> None:
    text = CARD.format(weights="weights: {method: equal}").replace("{id: nps,", "{id: nps, weight: 1.2,")
    with pytest.raises(DefinitionError, match=r"line 7: the group has `weights` on line 4; remove one of the two"):
        parse_definition(text, metrics=METRICS)


def test_the_card_says_how_weights_came_about_and_what_contradicts() -> None:
    name = Text("CKPI “Support”", "CKPI «Поддержка»")
    ids = ["a", "b", "c"]
    _, sound = weights_by_comparison(ids, {"a/b": 2, "a/c": 4, "b/c": 2})
    assert say.weighted(name, sound).en.endswith("(Saaty, 1980); consistency ratio 0.00.")
    _, circle = weights_by_comparison(ids, {"a/b": 9, "b/c": 9, "c/a": 9})
    told = say.weighted(name, circle)
    # (1 + 9 + 1/9 − 3) / 2 over 0.58, the random index of three.
    assert "consistency ratio 6.13, above 0.10" in told.en
    assert "отношение согласованности 6,13" in told.ru
    assert any(pair in told.en for pair in ("a/b", "b/c", "c/a"))
    _, budget = weights_by_budget(ids, {"Anna": dict.fromkeys(ids, 1.0), "Boris": dict.fromkeys(ids, 2.0)})
    assert "people asked: 2" in say.weighted(name, budget).en
    assert say.weighted(name, Weighting("equal")).ru == "CKPI «Поддержка»: все веса одинаковы."
