"""What every model finds in the company's data, each with its usual settings: its studies, and the report of them."""

from collections.abc import Iterator

from septima.chapters.attribution import attribution_chapter
from septima.chapters.documents import studies_report
from septima.chapters.experiments import experiment_chapter, plan_chapter
from septima.chapters.lifetime import lifetime_chapter
from septima.chapters.loyalty import loyalty_chapter
from septima.metrics.experiment_assignment import experiment_names
from septima.metrics.lifetime import Progress
from septima.report import Format
from septima.report.studies.study import Study
from septima.schema import Language, Text
from septima.workspace import Workspace

_EXPERIMENTS = Text("Analysing experiments", "Анализ экспериментов")
_LOYALTY = Text("Comparing loyal customers", "Сравнение лояльных клиентов")


def model_chapters(workspace: Workspace, language: Language, *, progress: Progress | None = None) -> Iterator[Study]:
    """The studies of lifetime value, of attribution, of each experiment (of a plan, where there is none) and of loyalty.

    In place of a model that cannot be figured stands why.
    """
    yield lifetime_chapter(workspace, language, progress=progress)
    yield attribution_chapter(workspace, language, progress=progress)
    names = experiment_names(workspace.request())
    for number, name in enumerate(names):
        if progress is not None:
            progress(_EXPERIMENTS, number, len(names))
        yield experiment_chapter(workspace, name, language)
    if not names:
        yield plan_chapter(workspace, language)
    if progress is not None:
        progress(_LOYALTY, 0, None)
    yield loyalty_chapter(workspace, language)


def model_report(workspace: Workspace, form: Format, language: Language, *, progress: Progress | None = None) -> bytes:
    """What every model finds, as the bytes of one file; ReportError as of `report.render`."""
    studies = tuple(model_chapters(workspace, language, progress=progress))
    return studies_report(workspace, studies, form, language)
