"""Advice on the choice of KPIs: what says the same, what nobody owns, what is gamed."""

import math
import textwrap

import numpy as np
import pytest

from septima.schema import Text
from septima.scorecard.card import Figure
from septima.scorecard.definition import DefinitionError, ScorecardDefinition
from septima.scorecard.reading import parse_definition

from .stand_ins import METRICS, card_of, history

RANDOM = np.random.default_rng(3)


def definition(cli: str = "", nps: str = "", churn: str = "") -> ScorecardDefinition:
    text = f"""\
        normalisation: min_max
        perspectives:
          - id: customer_support
            kpis:
              - {{id: cli, target: 0.75, worst: 0, best: 1{cli}}}
              - {{id: nps, target: 0.4, worst: -1, best: 1{nps}}}
              - {{id: churn_rate, target: 0.2, worst: 1, best: 0{churn}}}
        """
    return parse_definition(textwrap.dedent(text), metrics=METRICS)


def said(made: ScorecardDefinition, **histories: object) -> list[Text]:
    return list(card_of(made, **histories).statements)  # type: ignore[arg-type]


def noise(count: int) -> list[float]:
    return [float(value) for value in RANDOM.uniform(0.2, 0.8, count)]


def test_kpis_that_move_together_are_named_with_their_correlation() -> None:
    one = noise(12)
    other = [0.5 * value + 0.01 * place % 0.03 for place, value in enumerate(one)]
    correlation = float(np.corrcoef(one, other)[0, 1])
    (found,) = said(definition(), cli=history(*one), nps=history(*other), churn_rate=history(*noise(12)))
    # Three pairs are looked at: 1 − 0.025/3 of the normal distribution lies below 2.394.
    half = 2.394 / math.sqrt(12 - 3)
    lower, upper = (math.tanh(math.atanh(correlation) + sign * half) for sign in (-1, 1))
    assert found.en == (
        f"“CLI” and “NPS” have moved together over 12 periods (ρ {correlation:.2f}, {lower:.2f} to {upper:.2f}): one of the two "
        "may be enough."
    )
    assert "возможно, достаточно одного" in found.ru.replace("\u00a0", " ")


def test_opposites_say_the_same_and_a_guard_may() -> None:
    one = noise(12)
    histories = {"cli": history(*one), "nps": history(*(1 - value for value in one)), "churn_rate": history(*noise(12))}
    (found,) = said(definition(), **histories)
    assert "ρ −1.00" in found.en
    assert said(definition(cli=", guard: nps"), **histories) == []


def test_few_periods_prove_nothing() -> None:
    """Of eight periods ρ = 0.905 is not sure to lie past a half, however it looks; of seven nothing is."""
    one, other = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8], [0.2, 0.1, 0.45, 0.25, 0.55, 0.65, 0.6, 0.8]
    assert float(np.corrcoef(one, other)[0, 1]) > 0.9
    assert said(definition(), cli=history(*one), nps=history(*other), churn_rate=history(*noise(8))) == []
    assert said(definition(), cli=history(*one[:7]), nps=history(*one[:7]), churn_rate=history(*noise(7))) == []


def test_chance_alone_is_hardly_ever_taken_for_likeness() -> None:
    """Three KPIs of pure noise over eight periods: the bound holds all pairs together to 5 %, and ρ beyond 0.9 to far less."""
    random = np.random.default_rng(11)
    names = ("cli", "nps", "churn_rate")
    flagged = sum(
        bool(said(definition(), **{name: history(*map(float, random.uniform(0.2, 0.8, 8))) for name in names}))
        for _ in range(60)
    )
    assert flagged <= 1


def test_who_owns_nothing_is_named_once_somebody_owns_something() -> None:
    steady = {name: history(*[0.5] * 8) for name in ("cli", "nps", "churn_rate")}
    assert said(definition(), **steady) == []
    (found,) = said(definition(cli=", owner: Anna"), **steady)
    assert found.en == "Nobody owns: NPS, CHURN_RATE. Name an `owner` for each."
    assert said(definition(", owner: Anna", ", owner: Boris", ", owner: Boris"), **steady) == []


def exact(value: float) -> Figure:
    return Figure(value, value - 0.001, value + 0.001)


def test_a_kpi_that_improves_at_the_cost_of_its_guard_is_told() -> None:
    made = definition(churn=", guard: nps")
    steady = history(*map(exact, [0.5] * 8))
    fell = history(*map(exact, [*[0.4] * 7, 0.3]))
    rose = history(*map(exact, [*[0.4] * 7, 0.5]))
    # Churn fell, which is better, and so did NPS, which is worse.
    (found,) = said(made, cli=steady, nps=fell, churn_rate=history(*map(exact, [*[0.3] * 7, 0.2])))
    assert found.en.startswith("“CHURN_RATE” got better while its guard, “NPS”, got worse")
    assert said(made, cli=steady, nps=rose, churn_rate=history(*map(exact, [*[0.3] * 7, 0.2]))) == []
    assert said(made, cli=steady, nps=fell, churn_rate=history(*map(exact, [*[0.2] * 7, 0.3]))) == []
    # Within chance nothing is said.
    wide = history(*(Figure(value, value - 0.2, value + 0.2) for value in [*[0.4] * 7, 0.3]))
    assert said(made, cli=steady, nps=wide, churn_rate=history(*map(exact, [*[0.3] * 7, 0.2]))) == []


@pytest.mark.parametrize("guard", ["csi", "cli"])
def test_a_guard_must_be_another_kpi_of_the_file(guard: str) -> None:
    with pytest.raises(
        DefinitionError, match=rf"line 5: the guard of 'cli' must be another KPI of the file, not '{guard}'"
    ):
        definition(cli=f", guard: {guard}")
