"""What the command `loyalty-economics` reads and prints."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

from septima.chapters.loyalty import loyalty_answer
from septima.cli.options import share_of
from septima.cli.output import Format
from septima.cli.studies import answer_study
from septima.metrics.loyalty_economics import Rule
from septima.schema import Language, SeptimaError

if TYPE_CHECKING:
    from septima.workspace import Workspace

_POINTS = re.compile(r"^(?P<number>[^%\s]+)\s*(pp|pts?|п\.?\s?п\.?)$")


def change_of(given: str, option: str) -> tuple[float, float]:
    """The factor and the points of a change written `+5%` (of itself) or `+5pp` (percentage points)."""
    text = given.strip()
    points = _POINTS.fullmatch(text)
    if points:
        return 1.0, share_of(f"{points['number'].lstrip('+')}%", option)
    if not text.endswith("%"):
        raise SeptimaError(f"{option} {given!r} is no change; write +5% of itself, or +5pp for percentage points")
    return 1.0 + share_of(text.lstrip("+"), option), 0.0


def loyalty_economics(
    workspace: "Workspace",
    language: Language,
    form: Format,
    report: Path | None,
    *,
    retention: str,
    loyalty: str,
    loyal: str,
    least: float | None,
    days: int,
    period_days: int,
    discount_rate: str,
) -> None:
    """Print what loyalty is worth here, beside the rules of thumb, and the what-if."""
    rules: dict[str, Rule] = {"nps": "nps", "cli": "cli", "repeat": "repeat"}
    if loyal not in rules:
        raise SeptimaError(
            f"there is no way {loyal!r} to tell who is loyal; write --loyal with one of: {', '.join(rules)}"
        )
    factor, points = change_of(retention, "--retention")
    share_factor, share_points = change_of(loyalty, "--loyalty")
    if share_points:
        raise SeptimaError(f"--loyalty {loyalty!r}: write a change of the share of itself, such as +2%")
    discount = share_of(discount_rate, "--discount-rate")
    if not 0 <= discount < 10:
        raise SeptimaError(f"--discount-rate {discount_rate!r} must be a share a year, such as 10%")
    answer = loyalty_answer(
        workspace,
        language,
        rule=rules[loyal],
        least=least,
        days=days,
        retention_factor=factor,
        retention_points=points,
        loyalty_change=share_factor - 1,
        period_days=period_days,
        discount_rate=discount,
    )
    answer_study(workspace, answer.study, answer.found, language, form, report)
