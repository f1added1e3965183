"""The card: numbers followed by hand, and what is said where there is none."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from septima.schema import Text
from septima.scorecard.card import UNDEFINED, Figure, KpiCard, Scorecard
from septima.scorecard.composite import rescale
from septima.scorecard.definition import KpiDefinition, PerspectiveDefinition, ScorecardDefinition
from septima.scorecard.history import KpiHistory
from septima.scorecard.simulate import NORMAL_95

from .stand_ins import card_of, definition_of, history

SUPPORT = """
perspectives:
  - id: customer_support
    kpis:
      - {id: cli, weight: 1.2, target: 0.75}
      - {id: nps, weight: 0.9, target: 0.4, normalisation: min_max, worst: -1, best: 1}
      - {id: cci, weight: 0.9, target: 0.1, normalisation: min_max, worst: -0.5, best: 0.5}
"""


def around(value: float, deviation: float) -> Figure:
    return Figure(value, value - NORMAL_95 * deviation, value + NORMAL_95 * deviation)


def english(texts: tuple[Text, ...]) -> str:
    return " | ".join(text.en for text in texts).replace("\u00a0", " ")


def russian(texts: tuple[Text, ...]) -> str:
    return " | ".join(text.ru for text in texts).replace("\u00a0", " ")


def kpi_of(card: Scorecard, identifier: str) -> KpiCard:
    kpis = [kpi for perspective in card.perspectives for kpi in perspective.kpis]
    return next(kpi for kpi in (*kpis, *card.own) if kpi.id == identifier)


def support_card(**changes: KpiHistory) -> Scorecard:
    given_histories = {"cli": history(0.70, 0.75), "nps": history(0.5, 0.4), "cci": history(0.2, 0.1)}
    return card_of(definition_of(SUPPORT), **{**given_histories, **changes})


def test_the_printed_composite_follows_the_printed_formula() -> None:
    card = support_card()
    support = card.perspectives[0].composite
    # (1.2·0.75 + 0.9·0.4 + 0.9·0.1) / 3, and before (1.2·0.7 + 0.9·0.5 + 0.9·0.2) / 3 = 1.47 / 3 = 0.49.
    assert support.printed == Figure(pytest.approx(0.45))  # type: ignore[arg-type]
    assert support.change == pytest.approx(-0.04)
    assert support.formula == "(1.2·cli + 0.9·nps + 0.9·cci) / 3"
    assert [point.figure.value for point in support.trend] == pytest.approx([0.49, 0.45])
    assert [point.label for point in support.trend] == ["2026-Q2", "2026-Q3"]
    assert card.integral.printed.value == pytest.approx(0.45)
    assert card.integral.formula == "(1·CKPI[customer_support]) / 1"


def test_the_normalised_composite_joins_the_normalised_kpis() -> None:
    card = support_card()
    # CLI 100 of its target; NPS (0.4 + 1) / 2 = 70; CCI (0.1 + 0.5) / 1 = 60.
    assert [kpi.normalised.value for kpi in card.perspectives[0].kpis] == pytest.approx([100, 70, 60])
    assert card.perspectives[0].composite.normalised.value == pytest.approx((1.2 * 100 + 0.9 * 70 + 0.9 * 60) / 3)
    geometric = card_of(
        definition_of("aggregation: geometric" + SUPPORT),
        cli=history(0.70, 0.75),
        nps=history(0.5, 0.4),
        cci=history(0.2, 0.1),
    )
    assert geometric.perspectives[0].composite.normalised.value == pytest.approx(100**0.4 * 70**0.3 * 60**0.3)
    assert geometric.perspectives[0].composite.printed.value == pytest.approx(0.45)


def test_the_interval_of_the_composite_has_its_closed_form() -> None:
    card = support_card(
        cli=history(around(0.7, 0.02), around(0.75, 0.02)),
        nps=history(around(0.5, 0.03), around(0.4, 0.03)),
        cci=history(around(0.2, 0.05), around(0.1, 0.05)),
    )
    deviation = ((0.4 * 0.02) ** 2 + (0.3 * 0.03) ** 2 + (0.3 * 0.05) ** 2) ** 0.5
    printed = card.perspectives[0].composite.printed
    # Three times what chance does to a quantile of 4,000 draws: √(0.025·0.975/4000) over the density there, 0.058, is 0.042.
    assert printed.lower == pytest.approx(0.45 - NORMAL_95 * deviation, abs=0.126 * deviation)
    assert printed.upper == pytest.approx(0.45 + NORMAL_95 * deviation, abs=0.126 * deviation)
    # The change is −0.04 with a deviation of 0.019·√2 = 0.027: chance could do it.
    assert card.perspectives[0].composite.change_distinct is False
    said = card.perspectives[0].composite.change_statement
    assert said is not None
    assert said.en.replace("\u00a0", " ") == "Down by 0.04 against Q2 2026: chance alone could explain it."


def test_a_change_beyond_the_errors_stands_out() -> None:
    nps = kpi_of(support_card(nps=history(around(0.5, 0.02), around(0.4, 0.02))), "nps")
    assert nps.change == pytest.approx(-0.1)
    assert (nps.previous, nps.change_distinct) == (0.5, True)
    assert nps.change_statement is not None
    assert nps.change_statement.ru.replace("\u00a0", " ") == (
        "Снижение на 0,10 к предыдущему периоду (2-й квартал 2026 года): это больше, чем можно объяснить случайностью."
    )


def test_a_change_without_intervals_is_not_called_distinct() -> None:
    nps = kpi_of(support_card(), "nps")
    assert nps.change_distinct is None
    assert "without an interval" in (nps.change_statement or Text("", "")).en


def test_amounts_enter_by_achievement_and_shares_of_which_less_is_better_by_their_complement() -> None:
    definition = definition_of("""
perspectives:
  - id: sales
    kpis:
      - {id: revenue, target: 200}
      - {id: complaints, target: 20}
      - {id: churn_rate, target: 0.05}
      - {id: open_rate, target: 0.5}
      - {id: stock, target: 10}
""")
    card = card_of(
        definition,
        revenue=history(100, Figure(150, 140, 170)),
        complaints=history(30, Figure(25, 20, 40)),
        churn_rate=history(0.1, Figure(0.08, 0.05, 0.1)),
        open_rate=history(0.3, Figure(0.4, 0.38, 0.43)),
        stock=history(10, 12),
    )
    scaled = {kpi.id: kpi.scaled for kpi in card.perspectives[0].kpis}
    assert scaled["revenue"] == Figure(0.75, 0.7, 0.85)
    assert scaled["complaints"] == Figure(0.8, 0.5, 1.0)
    assert scaled["churn_rate"] == Figure(pytest.approx(0.92), pytest.approx(0.9), pytest.approx(0.95))  # type: ignore[arg-type]
    assert scaled["open_rate"] == Figure(0.4, 0.38, 0.43)
    assert scaled["stock"].value == pytest.approx(0.8)
    composite = card.perspectives[0].composite
    assert composite.printed.value == pytest.approx((0.75 + 0.8 + 0.92 + 0.4 + 0.8) / 5)
    # Targets in the printed form: 1, 1, 0.95, 0.5, 1.
    assert composite.target == pytest.approx(4.45 / 5)
    assert composite.formula == (
        "(1·(revenue / 200) + 1·min(2, 20 / complaints) + 1·(1 − churn_rate) + 1·open_rate + 1·(1 − |stock − 10| / |10|)) / 5"
    )


def test_achievement_that_is_cut_is_said_to_be() -> None:
    definition = definition_of("perspectives: [{id: operations, kpis: [{id: complaints, target: 20}]}]")
    card = card_of(definition, complaints=history(30, 5))
    kpi = kpi_of(card, "complaints")
    assert kpi.scaled.value == 2
    assert "enters the composite as 200%" in english(kpi.statements)


@pytest.mark.parametrize(
    ("value", "state"), [(0.41, "good"), (0.4, "good"), (0.37, "watch"), (0.35, "bad"), (None, "unknown")]
)
def test_the_state_compares_with_the_target(value: float | None, state: str) -> None:
    # Within a tenth of the target, from 0.36, it is to be watched.
    note = None if value else "no_data"
    assert kpi_of(support_card(nps=history(0.5, value, note=note)), "nps").state == state


@pytest.mark.parametrize(
    ("kpi", "value", "state"),
    [
        ("{id: churn_rate, target: 0.1}", 0.1, "good"),
        ("{id: churn_rate, target: 0.1}", 0.105, "watch"),
        ("{id: churn_rate, target: 0.1}", 0.12, "bad"),
        ("{id: stock, target: 10}", 10.9, "good"),
        ("{id: stock, target: 10}", 8.5, "watch"),
        ("{id: stock, target: 10}", 7.5, "bad"),
        ("{id: nps, normalisation: piecewise, thresholds: {bad: 0, watch: 0.3, good: 0.5}}", 0.31, "watch"),
        ("{id: nps, normalisation: piecewise, thresholds: {bad: 0, watch: 0.3, good: 0.5}}", 0.29, "bad"),
        ("{id: nps, normalisation: z_score}", 0.29, "unknown"),
    ],
)
def test_the_state_honours_direction_and_thresholds(kpi: str, value: float, state: str) -> None:
    definition = definition_of(f"perspectives: [{{id: hr, kpis: [{kpi}]}}]")
    identifier = definition.kpis[0].id
    assert kpi_of(card_of(definition, **{identifier: history(1, value)}), identifier).state == state


def test_a_composite_is_good_when_it_would_be_with_every_kpi_at_its_target() -> None:
    # (1.2·0.75 + 0.9·0.4 + 0.9·0.1) / 3 is the composite of the targets.
    support = support_card().perspectives[0].composite
    assert support.target == pytest.approx(0.45)
    assert support.state == "good"
    assert support_card(cli=history(0.7, 0.76)).perspectives[0].composite.state == "good"
    assert support_card(cli=history(0.7, 0.70)).perspectives[0].composite.state == "watch"
    assert support_card(cli=history(0.7, 0.5)).perspectives[0].composite.state == "bad"


def test_previous_complaints_of_zero_leave_the_composite_undefined_and_say_why() -> None:
    card = support_card(cci=history(0.2, None, note="previous_is_zero"))
    cci, support = kpi_of(card, "cci"), card.perspectives[0].composite
    assert (cci.figure, cci.scaled, cci.normalised, cci.state) == (UNDEFINED, UNDEFINED, UNDEFINED, "unknown")
    assert "previous period had none" in english(cci.statements)
    assert (support.printed, support.normalised, support.change, support.state) == (
        UNDEFINED,
        UNDEFINED,
        None,
        "unknown",
    )
    # The rest: weights 1.2 and 0.9 become 1.2·2/2.1 = 1.1429 and 0.8571; (1.2·0.75 + 0.9·0.4) / 2.1 = 0.6.
    assert english(support.statements) == (
        "CKPI “Customer support” is undefined: there is no figure for CCI. | For reference: a composite over the rest "
        "alone, with the weights rescaled (CLI — 1.1429; NPS — 0.8571), would be 0.60 (87.1 on 0–100); it does not "
        "compare with the whole one."
    )
    assert "CKPI «Поддержка клиентов» не определён: нет значения для «CCI»." in russian(support.statements)
    assert "был бы равен 0,60 (в форме 0–100 — 87,1)" in russian(support.statements)
    assert card.integral.printed == UNDEFINED
    assert "there is no figure for Customer support" in english(card.integral.statements)


def test_a_kpi_without_data_always_has_a_statement() -> None:
    card = support_card(nps=history(0.5, None, n=0, note="no_data"), cli=history(0.5, None))
    assert "no records for this period" in english(kpi_of(card, "nps").statements)
    assert "do not give a figure" in english(kpi_of(card, "cli").statements)
    assert "there is no figure for CLI, NPS" in english(card.perspectives[0].composite.statements)


def test_too_few_records_are_named_with_the_least_that_would_do() -> None:
    kpi = kpi_of(support_card(nps=history(0.5, None, n=12, note="too_few")), "nps")
    assert kpi.too_few
    assert english(kpi.statements) == ("Too few records for a figure: 12, while a dependable one needs at least 30.")
    assert russian(kpi.statements) == (
        "Слишком мало записей, чтобы показать значение: 12, а для надёжного нужно не меньше 30."
    )


def test_weights_that_do_not_average_one_leave_the_composite_undefined_with_the_remedy() -> None:
    definition = definition_of(SUPPORT.replace("weight: 1.2", "weight: 1.5"))
    card = card_of(definition, cli=history(0.7, 0.75), nps=history(0.5, 0.4), cci=history(0.2, 0.1))
    support = card.perspectives[0].composite
    assert (support.printed, support.normalised, support.target) == (UNDEFINED, UNDEFINED, None)
    assert [point.figure for point in support.trend] == [UNDEFINED, UNDEFINED]
    assert english(support.statements) == (
        "CKPI “Customer support” is undefined: its weights add up to 3.3, but must add up to 3, so that they average 1. "
        "In the same proportions, write in scorecard.yaml (from line 3): cli: 1.3636, nps: 0.8182, cci: 0.8182."
    )
    assert "сумма весов равна 3,3, а должна быть равна 3" in russian(support.statements)
    assert kpi_of(card, "cli").figure.value == 0.75
    assert card.integral.printed == UNDEFINED


def test_wrong_weights_of_perspectives_leave_only_the_integral_undefined() -> None:
    definition = definition_of(SUPPORT.replace("- id: customer_support", "- id: customer_support\n    weight: 2"))
    card = card_of(definition, cli=history(0.7, 0.75), nps=history(0.5, 0.4), cci=history(0.2, 0.1))
    assert card.perspectives[0].composite.printed.value == pytest.approx(0.45)
    assert card.integral.printed == UNDEFINED
    assert "write in scorecard.yaml (from line 3): customer_support: 1." in english(card.integral.statements)


def test_a_z_score_without_history_leaves_only_the_normalised_form_undefined() -> None:
    definition = definition_of("normalisation: z_score\nperspectives: [{id: hr, kpis: [{id: nps}, {id: cli}]}]")
    card = card_of(definition, nps=history(0.1, 0.2, 0.3, 0.4), cli=history(0.5, 0.5, 0.5, 0.6))
    nps, cli = card.perspectives[0].kpis
    # Mean 0.2 and deviation 0.1 of the three earlier periods: z = 2.
    assert nps.normalised.value == pytest.approx(70)
    assert cli.normalised == UNDEFINED
    assert "too few different earlier periods" in english(cli.statements)
    composite = card.perspectives[0].composite
    assert composite.printed.value == pytest.approx(0.5)
    assert composite.normalised == UNDEFINED
    assert "The 0–100 form of CKPI “People” is undefined: there is none for CLI." in english(composite.statements)


def test_a_running_and_a_future_period_are_said_to_be() -> None:
    inputs = {"cli": history(0.7, 0.75), "nps": history(0.5, 0.4), "cci": history(0.2, 0.1)}
    running = card_of(definition_of(SUPPORT), now=datetime(2026, 9, 30, 23, tzinfo=UTC), **inputs)
    assert not running.complete
    assert "The period is not over: its last day is September 30, 2026." in english(running.statements)
    future = card_of(definition_of(SUPPORT), now=datetime(2026, 6, 30, 23, tzinfo=UTC), **inputs)
    assert not future.complete
    assert "Период ещё не начался: его первый день — 1 июля 2026 года." in russian(future.statements)
    over = card_of(definition_of(SUPPORT), now=datetime(2026, 10, 1, tzinfo=UTC), **inputs)
    assert over.complete
    assert over.statements == ()


def test_more_than_ten_headline_figures_are_warned_of() -> None:
    names = ["customer_support", "marketing", "sales", "governance", "operations", "hr", "finance"]
    kpis = {name: KpiDefinition(f"nps_{name}", "nps", target=0.4) for name in names}
    own = tuple(KpiDefinition(f"own_{n}", "nps", weight=0.0, target=0.4) for n in range(3))
    seven = ScorecardDefinition(
        tuple(PerspectiveDefinition(name, Text(name, name), (kpi,)) for name, kpi in kpis.items()), own[:2]
    )
    inputs = {kpi.id: history(0.3, 0.5) for kpi in (*kpis.values(), *own)}
    assert card_of(seven, **inputs).statements == ()
    assert "The card has 11 headline figures" in english(card_of(replace(seven, own=own), **inputs).statements)


def test_own_kpis_enter_no_composite() -> None:
    definition = definition_of(SUPPORT + "own: [{id: revenue}, {id: churn_rate, target: 0.1}]")
    inputs = {"cli": history(0.7, 0.75), "nps": history(0.5, 0.4), "cci": history(0.2, 0.1)}
    card = card_of(definition, **inputs, revenue=history(100, 150), churn_rate=history(0.2, 0.3))
    assert card.integral.printed.value == pytest.approx(0.45)
    revenue, churn = card.own
    assert (revenue.figure.value, revenue.normalised, revenue.state) == (150, UNDEFINED, "unknown")
    assert (churn.normalised.value, churn.state) == (pytest.approx(100 / 3), "bad")


def test_a_kpi_without_an_interval_is_named_in_the_method() -> None:
    card = support_card(nps=history(around(0.5, 0.02), around(0.4, 0.02)))
    assert card.method is not None
    assert "their error is left out: CLI, CCI." in card.method.en
    assert "4 000 розыгрышей" in card.method.ru.replace("\u00a0", " ")


@settings(max_examples=25, deadline=None)
@given(st.permutations(["cli", "nps", "cci", "open_rate"]), st.lists(st.floats(0.1, 5), min_size=4, max_size=4))
def test_the_order_of_kpis_does_not_matter(order: list[str], raw: list[float]) -> None:
    names = ["cli", "nps", "cci", "open_rate"]
    weights = rescale(dict(zip(names, raw, strict=True)))
    figures = {"cli": 0.7, "nps": 0.3, "cci": 0.1, "open_rate": 0.2}

    def card(names: list[str]) -> Scorecard:
        kpis = tuple(KpiDefinition(name, name, weights[name], target=0.5) for name in names)
        definition = ScorecardDefinition((PerspectiveDefinition("hr", Text("People", "Персонал"), kpis),))
        return card_of(definition, **{name: history(around(0.2, 0.02), around(figures[name], 0.02)) for name in names})

    one, other = card(names).perspectives[0].composite, card(order).perspectives[0].composite
    assert one.printed == other.printed
    assert one.normalised == other.normalised
