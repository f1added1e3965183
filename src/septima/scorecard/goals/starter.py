"""The file of goals that a company begins with."""

from datetime import date, timedelta
from importlib import resources

from septima.scorecard.definition import ScorecardDefinition


def starter_goals(scorecard: ScorecardDefinition, today: date) -> str:
    """YAML text with one strategic and one tactical goal over the first KPIs of the scorecard, due in a year."""
    text = (resources.files("septima.scorecard.goals") / "starter.yaml").read_text(encoding="utf-8")
    first, *others = scorecard.kpis
    values = {
        "{start}": today.isoformat(),
        "{due}": (today + timedelta(days=365)).isoformat(),
        "{first}": first.id,
        "{second}": (others or [first])[0].id,
    }
    for place, value in values.items():
        text = text.replace(place, value)
    return text
