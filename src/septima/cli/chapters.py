"""What stands in a scorecard's report after its perspectives: a chapter for each thing the workspace has to say."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from septima.cli.benchmark import benchmark_chapter
from septima.cli.cascade import cascade_chapter
from septima.cli.check import alerts_chapter
from septima.cli.closing import proof_chapter
from septima.cli.forecast import forecast_chapter
from septima.cli.goals import goals_chapter
from septima.cli.journey import journey_chapter
from septima.cli.processes import processes_chapter
from septima.cli.rollout import rollout_chapter
from septima.cli.sensitivity import sensitivity_chapter
from septima.cli.what_if import what_if_chapters
from septima.cli.why import why_chapter
from septima.report.studies.study import Study
from septima.schema import Language
from septima.scorecard.card import Scorecard

if TYPE_CHECKING:
    from septima.workspace import Workspace

Chapter = Callable[["Workspace", Scorecard, Language], Study | None]
"""A study of the card's period, or None where the workspace defines nothing that it would show."""


def chapters(workspace: "Workspace", card: Scorecard, language: Language) -> Iterator[Study]:
    """The chapters of a card's report, in the order of the report."""
    for chapter in _CHAPTERS:
        study = chapter(workspace, card, language)
        if study is not None:
            yield study
    yield from what_if_chapters(workspace, card, language)


_CHAPTERS: tuple[Chapter, ...] = (
    goals_chapter,
    why_chapter,
    sensitivity_chapter,
    forecast_chapter,
    alerts_chapter,
    cascade_chapter,
    processes_chapter,
    journey_chapter,
    rollout_chapter,
    benchmark_chapter,
    proof_chapter,
)
