"""The definition that a new workspace starts from."""

from importlib import resources


def starter_definition() -> str:
    """YAML text of a scorecard with the seven perspectives and two own KPIs, explained in English and Russian."""
    return (resources.files("septima.scorecard") / "starter.yaml").read_text(encoding="utf-8")
