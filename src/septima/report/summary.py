"""What CKPIint says, in words: how it moved, whether that may be chance, what moved most."""

from collections import Counter

from septima.report.number_forms import NumberStyle, number_style, plain
from septima.report.words import sentence
from septima.schema import Language
from septima.scorecard.card import CompositeCard, Figure, KpiCard, PerspectiveCard, Scorecard, TrendPoint

INTEGRAL = "CKPIint"


def summary(scorecard: Scorecard, language: Language) -> list[str]:
    """Whole sentences for the head of the first page, the most important first."""
    said = [_movement(scorecard.integral, language)]
    chance = _chance(scorecard.integral, language)
    said += [chance] if chance else []
    said += _movers(scorecard.perspectives, language)
    said.append(_tally(all_kpis(scorecard), language))
    return said


def all_kpis(scorecard: Scorecard) -> list[KpiCard]:
    """The KPIs of the perspectives and the company's own, in the order of the card."""
    return [*(kpi for perspective in scorecard.perspectives for kpi in perspective.kpis), *scorecard.own]


def composite_style(composite: CompositeCard, language: Language) -> NumberStyle:
    """How the printed form of a composite is written."""
    return number_style("index", composite.printed, language)


def _movement(integral: CompositeCard, language: Language) -> str:
    value, change = integral.printed.value, integral.change
    if value is None:
        return sentence("undefined", language, name=INTEGRAL)
    if change is None:
        return sentence("no_previous", language, name=INTEGRAL)
    style = composite_style(integral, language)
    moved = style.value(abs(change))
    if moved == style.value(0):
        return sentence("unchanged", language, name=INTEGRAL)
    key = "risen" if change > 0 else "fallen"
    return sentence(key, language, name=INTEGRAL, change=moved, previous=style.value(value - change))


def _chance(integral: CompositeCard, language: Language) -> str | None:
    """What the card says of the change; else a comparison of the last two intervals, where both are known."""
    if integral.change_distinct is not None:
        return sentence("beyond_noise" if integral.change_distinct else "within_noise", language)
    if integral.change is None or len(integral.trend) < 2:
        return None
    before, now = (_interval(point) for point in integral.trend[-2:])
    if before is None or now is None:
        return None
    overlap = before[0] <= now[1] and now[0] <= before[1]
    return sentence("by_chance" if overlap else "beyond_chance", language)


def _interval(point: TrendPoint) -> tuple[float, float] | None:
    figure: Figure = point.figure
    return None if figure.lower is None or figure.upper is None else (figure.lower, figure.upper)


def _movers(perspectives: tuple[PerspectiveCard, ...], language: Language) -> list[str]:
    moves = [
        (composite.normalised_change, composite.name.in_language(language))
        for composite in (perspective.composite for perspective in perspectives)
        if composite.normalised_change is not None and abs(composite.normalised_change) >= 0.5
    ]
    if not moves:
        return []
    said: list[str] = []
    most, least = max(moves), min(moves)
    if most[0] > 0:
        change = plain(most[0], 0, language, signed=True)
        said.append(sentence("best_mover", language, name=most[1], change=change))
    if least[0] < 0:
        change = plain(least[0], 0, language, signed=True)
        said.append(sentence("worst_mover", language, name=least[1], change=change))
    return said


def _tally(kpis: list[KpiCard], language: Language) -> str:
    states = Counter(kpi.state for kpi in kpis)
    counted = {state: str(states[state]) for state in ("good", "watch", "bad", "unknown")}
    return sentence("tally", language, all=str(len(kpis)), **counted)
