import dataclasses

from septima.report.summary import summary
from septima.scorecard.card import UNDEFINED, Figure, TrendPoint


def with_history(card, before: Figure, now: Figure):
    first, last = card.integral.trend[-2:]
    trend = (TrendPoint(first.period, first.label, before), TrendPoint(last.period, last.label, now))
    change = now.value - before.value
    return dataclasses.replace(
        card, integral=dataclasses.replace(card.integral, printed=now, change=change, trend=trend)
    )


def test_overlapping_intervals_are_said_to_allow_chance(card):
    said = summary(with_history(card, Figure(0.5, 0.45, 0.55), Figure(0.54, 0.5, 0.58)), "en")
    assert said[0] == "CKPIint rose by 0.04 from 0.50 in the previous period."
    assert "may be chance" in said[1]


def test_separate_intervals_are_said_to_be_more_than_chance(card):
    said = summary(with_history(card, Figure(0.5, 0.48, 0.52), Figure(0.4, 0.38, 0.42)), "ru")
    # The half-width of 0.02 keeps two digits, which is three decimals.
    assert said[0] == "CKPIint снизился на 0,100: в предыдущем периоде было 0,500."
    assert "больше того, что объясняет случайность" in said[1]


def test_an_undefined_index_is_said_to_be_undefined(card):
    integral = dataclasses.replace(card.integral, printed=UNDEFINED, change=None)
    assert summary(dataclasses.replace(card, integral=integral), "ru")[0] == "CKPIint за этот период не определён."


def test_the_movers_and_the_tally_are_those_of_the_card(card):
    said = " ".join(summary(card, "en"))
    assert "“Sales” gained most (+4 of 100)" in said
    assert "“Customer support” lost most (−3 of 100)" in said
    assert "KPIs: 17 in all; 6 on track, 7 to watch, 3 behind, 1 not rated." in said
