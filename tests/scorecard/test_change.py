"""Why composites changed: by hand, by other definitions, and what adds up to what."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from septima.scorecard.card import Figure, Scorecard
from septima.scorecard.change import FORMS, Change, ChangeError, explain_change
from septima.scorecard.definition import ScorecardDefinition
from septima.scorecard.simulation import INTEGRAL
from tests.scorecard.stand_ins import METRICS, card_of, definition_of, history

PASSPORTS = {name: made.passport for name, made in METRICS.items()}
SUPPORT = """
aggregation: {aggregation}
perspectives:
- id: customer_support
  weight: {first}
  kpis:
  - {{id: cli, weight: {cli}, target: 0.8}}
  - {{id: nps, weight: 1.0, target: {nps_target}, normalisation: min_max, worst: -1, best: 1}}
  - {{id: cci, weight: {cci}, target: 0.1, normalisation: min_max, worst: -0.5, best: 0.5}}
- id: sales
  weight: {second}
  kpis:
  - {{id: open_rate, target: 0.5}}
  - {{id: revenue, target: {revenue}}}
"""


def _definition(**given: object) -> ScorecardDefinition:
    usual = {
        "aggregation": "arithmetic", "first": 1, "second": 1, "cli": 1.2, "cci": 0.8, "nps_target": 0.4, "revenue": 100,
    }  # fmt: skip
    return definition_of(SUPPORT.format(**{**usual, **given}))


def _card(definition: ScorecardDefinition, *, cli: float = 0.72) -> Scorecard:
    return card_of(
        definition,
        cli=history(0.80, Figure(cli, cli - 0.02, cli + 0.02)),
        nps=history(Figure(0.45, 0.44, 0.46), Figure(0.35, 0.34, 0.36)),
        cci=history(0.10, 0.10),
        open_rate=history(0.30, 0.40),
        revenue=history(90.0, 80.0),
    )


def _why(definition: ScorecardDefinition, earlier: Scorecard | None = None) -> Change:
    return explain_change(_card(definition), definition, PASSPORTS, earlier=earlier, draws=500)


def test_the_support_card_by_hand() -> None:
    found = _why(_definition()).of("customer_support")
    # Now (1.2·0.72 + 1.0·0.35 + 0.8·0.10) / 3 = 1.294 / 3; before (1.2·0.80 + 0.45 + 0.08) / 3 = 1.49 / 3.
    assert found.now.value == pytest.approx(1.294 / 3)
    assert found.before.value == pytest.approx(1.49 / 3)
    parts = {driver.id: driver.total.value for driver in found.drivers}
    assert parts == pytest.approx({"cli": 1.2 * -0.08 / 3, "nps": -0.10 / 3, "cci": 0.0})
    assert found.change.value == pytest.approx(-0.196 / 3)


def test_contributions_have_the_intervals_of_both_periods() -> None:
    found = {driver.id: driver for driver in _why(_definition()).of("customer_support").drivers}
    nps = found["nps"]
    # Two errors of ±0.01 each make ±0.01·√2; a third of it enters.
    assert nps.total.lower == pytest.approx((-0.10 - 0.01 * 2**0.5) / 3, abs=4e-4)
    assert nps.total.upper == pytest.approx((-0.10 + 0.01 * 2**0.5) / 3, abs=4e-4)
    assert nps.distinct is True
    assert found["cci"].distinct is None  # no interval, so nothing is known of chance


def test_a_change_within_chance_is_told_so() -> None:
    definition = _definition()
    card = _card(definition, cli=0.79)
    cli = next(d for d in explain_change(card, definition, PASSPORTS).of("customer_support").drivers if d.id == "cli")
    assert cli.distinct is False


@pytest.mark.parametrize("aggregation", ["arithmetic", "geometric"])
def test_every_level_adds_up_to_the_one_above(aggregation: str) -> None:
    change = _why(_definition(aggregation=aggregation))
    for form in FORMS:
        integral = change.of(INTEGRAL, form)
        step = (integral.now.value or 0) - (integral.before.value or 0)
        assert sum(driver.total.value or 0 for driver in integral.drivers) == pytest.approx(step)
        for (name, below), driver in zip(integral.below, integral.drivers, strict=True):
            assert driver.id == name
            assert sum(kpi.total.value or 0 for kpi in below) == pytest.approx(driver.by_value.value)
        for name in ("customer_support", "sales"):
            one = change.of(name, form)
            step = (one.now.value or 0) - (one.before.value or 0)
            assert one.change.value == pytest.approx(step)
            assert sum(driver.total.value or 0 for driver in one.drivers) == pytest.approx(step)
            for kpi in one.drivers:
                parts = (kpi.by_value.value or 0) + (kpi.by_weight.value or 0) + (kpi.by_scale.value or 0)
                assert parts == pytest.approx(kpi.total.value)


def test_weights_and_targets_of_an_earlier_card_get_their_own_part() -> None:
    old = _definition(cli=1.0, cci=1.0, revenue=80)
    earlier = replace(_card(old), period="2026-Q2")
    change = _why(_definition(), earlier)
    support = {driver.id: driver for driver in change.of("customer_support").drivers}
    # The values are the same; CLI's weight went from 1/3 to 0.4 at 0.72, CCI's from 1/3 to 0.8/3 at 0.10.
    assert support["cli"].by_weight.value == pytest.approx((0.4 - 1 / 3) * 0.72)
    assert support["cci"].by_weight.value == pytest.approx((0.8 / 3 - 1 / 3) * 0.10)
    assert (support["cli"].by_value.value, support["nps"].total.value) == (pytest.approx(0), pytest.approx(0))
    revenue = next(driver for driver in change.of("sales").drivers if driver.id == "revenue")
    # 80 of 80 was all of the target; 80 of 100 is 0.8, half of which enters.
    assert revenue.by_scale.value == pytest.approx(-0.1)
    assert revenue.by_value.value == pytest.approx(0)
    assert "another definition" in change.notes[0].en


def test_value_and_target_that_both_change_share_what_they_do_together() -> None:
    old = _definition(revenue=80)
    earlier = card_of(
        old,
        cli=history(0.8, 0.8),
        nps=history(0.45, 0.45),
        cci=history(0.1, 0.1),
        open_rate=history(0.3, 0.3),
        revenue=history(60.0, 60.0),
    )
    revenue = next(d for d in _why(_definition(), earlier).of("sales").drivers if d.id == "revenue")
    # x/t from 60/80 to 80/100, by hand: value ½[(80−60)/80 + (80−60)/100], target ½[60/100 − 60/80 + 80/100 − 80/80]; halved.
    assert revenue.by_value.value == pytest.approx(0.5 * 0.5 * (20 / 80 + 20 / 100))
    assert revenue.by_scale.value == pytest.approx(0.5 * 0.5 * (0.6 - 0.75 + 0.8 - 1.0))


def test_another_rule_of_joining_is_a_driver_of_its_own() -> None:
    old = _definition(aggregation="geometric")
    earlier = replace(_card(old), period="2026-Q2")
    one = _why(_definition(), earlier).of("customer_support", "normalised")
    step = (one.now.value or 0) - (one.before.value or 0)
    assert one.by_aggregation is not None
    assert one.by_aggregation.value == pytest.approx(step)  # nothing else changed
    assert [driver.total.value for driver in one.drivers] == pytest.approx([0, 0, 0])


def test_a_perspective_that_is_new_comes_by_its_weight() -> None:
    definition = _definition()
    card = _card(definition)
    less = replace(card, perspectives=card.perspectives[:1], integral=card.perspectives[0].composite, definition="old")
    integral = explain_change(card, definition, PASSPORTS, earlier=replace(less, period="2026-Q2")).of(INTEGRAL)
    sales = next(driver for driver in integral.drivers if driver.id == "sales")
    assert sales.by_value.value == pytest.approx(0)
    assert sales.weight_before == 0
    total = sum(driver.total.value or 0 for driver in integral.drivers)
    assert total == pytest.approx((integral.now.value or 0) - (integral.before.value or 0))


def test_an_old_rule_that_the_card_does_not_tell_is_counted_on_the_old_value_and_said() -> None:
    text = SUPPORT.replace("worst: -1, best: 1", "worst: -0.5, best: 1")
    usual = {
        "aggregation": "arithmetic",
        "first": 1,
        "second": 1,
        "cli": 1.2,
        "cci": 0.8,
        "nps_target": 0.4,
        "revenue": 100,
    }
    old = definition_of(text.format(**usual))
    change = _why(_definition(), replace(_card(old), period="2026-Q2"))
    nps = next(driver for driver in change.of("customer_support", "normalised").drivers if driver.id == "nps")
    # 0.35 scored 100·0.85/1.5 and scores 100·1.35/2 now; a third enters.
    assert nps.by_scale.value == pytest.approx((67.5 - 85 / 1.5) / 3)
    assert "earlier value only" in change.notes[1].en


def test_what_is_undefined_has_no_drivers() -> None:
    definition = _definition()
    card = card_of(
        definition,
        cli=history(None, 0.72),
        nps=history(0.45, 0.35),
        cci=history(0.1, 0.1),
        open_rate=history(0.3, 0.4),
        revenue=history(90.0, 80.0),
    )
    change = explain_change(card, definition, PASSPORTS)
    assert change.of("customer_support").drivers == ()
    assert change.of(INTEGRAL).drivers == ()
    assert len(change.of("sales").drivers) == 2


def test_a_card_is_not_compared_with_itself_and_names_must_be_known() -> None:
    definition = _definition()
    card = _card(definition)
    later = replace(card, start=card.end, period="2026-Q4")
    with pytest.raises(ChangeError, match="2026-Q4 is not before 2026-Q3"):
        explain_change(card, definition, PASSPORTS, earlier=later)
    with pytest.raises(ChangeError, match="an earlier period, or a snapshot of other data"):
        explain_change(card, definition, PASSPORTS, earlier=card)
    with pytest.raises(ChangeError, match="there are: integral, customer_support, sales"):
        explain_change(card, definition, PASSPORTS).of("suport")


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0.05, 0.95), st.floats(0.05, 0.95)), min_size=3, max_size=3),
    st.sampled_from(["arithmetic", "geometric"]),
)
def test_kpis_that_do_not_move_bring_nothing(pairs: list[tuple[float, float]], aggregation: str) -> None:
    definition = _definition(aggregation=aggregation)
    (cli, _), nps, rate = pairs
    card = card_of(
        definition,
        cli=history(cli, cli),
        nps=history(*nps),
        cci=history(0.1, 0.1),
        open_rate=history(*rate),
        revenue=history(90.0, 80.0),
    )
    for form in FORMS:
        one = explain_change(card, definition, PASSPORTS, draws=2).of("customer_support", form)
        parts = {driver.id: driver.total.value for driver in one.drivers}
        assert parts["cli"] == pytest.approx(0, abs=1e-12)
        assert parts["nps"] == pytest.approx((one.now.value or 0) - (one.before.value or 0), abs=1e-9)
