"""The definitions that a new workspace can start from, one for each of some trades."""

from importlib import resources
from typing import Literal, get_args

Trade = Literal["general", "online_shop", "retail_chain", "b2b_services", "bank_telecom", "public_service"]
TRADES: tuple[Trade, ...] = get_args(Trade)


def starter_definition(trade: Trade = "general") -> str:
    """YAML text of a scorecard for the trade, with two own KPIs, explained in English and Russian."""
    folder = resources.files("septima.scorecard") / "starters"
    return "".join((folder / f"{part}.yaml").read_text(encoding="utf-8") for part in ("head", trade))
