"""The process model as IDEF0 sheets with live figures."""

from septima.chapters.answer import Answer
from septima.report.studies.processes import processes_study
from septima.report.studies.study import Study
from septima.schema import Language, SeptimaError, Text
from septima.scorecard.card import Scorecard
from septima.scorecard.processes import FILE
from septima.scorecard.processes.measured import MeasuredProcesses
from septima.workspace import Workspace


def processes_answer(
    workspace: Workspace, period: str | Scorecard | None, language: Language, *, node: str | None = None
) -> Answer[MeasuredProcesses]:
    """The process model with the figures of a period or card in its boxes, or without any; only the sheet `node` where named.

    DefinitionError where `processes.yaml` is absent or wrong; SeptimaError names the sheets where there is no such `node`.
    """
    found = workspace.processes(card=period) if isinstance(period, Scorecard) else workspace.processes(period)
    nodes = [sheet.node for sheet in found.model.sheets]
    if node is not None and node not in nodes:
        there = ", ".join(nodes)
        raise SeptimaError(
            Text(f"there is no sheet {node!r}; there are: {there}", f"нет листа «{node}»; есть: {there}")
        )
    return Answer(found, processes_study(found, language, node=node))


def processes_chapter(workspace: Workspace, card: Scorecard, language: Language) -> Study | None:
    """The chapter of a card's report; None where the workspace has no model, DefinitionError where it is wrong."""
    if not (workspace.directory / FILE).exists():
        return None
    return processes_answer(workspace, card, language).study
