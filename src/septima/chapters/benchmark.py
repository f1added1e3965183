"""A card beside those of other organisations."""

from collections.abc import Sequence
from pathlib import Path

from septima.chapters.answer import Answer, study_or_why
from septima.report.studies.benchmark import TITLE, benchmark_study
from septima.report.studies.study import Study
from septima.schema import Language
from septima.scorecard.benchmark.comparison import FOLDER, Comparison
from septima.scorecard.card import Scorecard
from septima.workspace import Workspace


def benchmark_answer(
    workspace: Workspace,
    period: str | Scorecard,
    language: Language,
    *,
    files: Sequence[Path] = (),
    folder: Path | None = None,
    trade: str | None = None,
) -> Answer[Comparison]:
    """The card of a period beside exchange files and a folder of them; BenchmarkError as of `Workspace.benchmark`."""
    found = workspace.benchmark(period, files=files, folder=folder, trade=trade)
    return Answer(found, benchmark_study(found, language))


def benchmark_chapter(workspace: Workspace, card: Scorecard, language: Language) -> Study | None:
    """The chapter of a card's report, or why the files of others cannot be used; None where none lie in the workspace."""
    if not any((workspace.directory / FOLDER).glob("*.json")):
        return None
    return study_or_why(
        TITLE.in_language(language), lambda: benchmark_answer(workspace, card, language).study, language
    )
