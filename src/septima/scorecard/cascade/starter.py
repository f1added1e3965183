"""The cascade that a company begins with."""

from collections.abc import Sequence
from importlib import resources

from septima.scorecard.definition import ScorecardDefinition

_DEFAULT = ("customer_service",)


def starter_cascade(scorecard: ScorecardDefinition, departments: Sequence[str]) -> str:
    """YAML text with these departments, or one where there are none, which share the first KPI of the scorecard equally."""
    text = (resources.files("septima.scorecard.cascade") / "starter.yaml").read_text(encoding="utf-8")
    names = sorted(departments) or _DEFAULT
    lines = "\n".join(f"  - id: {_quoted(name)}" for name in names)
    shares = ", ".join(f"{_quoted(name)}: {_share(len(names), at)}" for at, name in enumerate(names))
    return text.replace("{departments}", lines).replace("{kpi}", scorecard.kpis[0].id).replace("SHARES", shares)


def _share(count: int, place: int) -> str:
    """An equal share of four decimals; the first takes what rounding leaves over."""
    each = round(1 / count, 4)
    return f"{each if place else 1 - each * (count - 1):.4f}"


def _quoted(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
