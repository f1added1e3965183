"""What customers are worth, by ten methods."""

from collections.abc import Sequence
from dataclasses import replace

from septima.chapters.answer import Answer, study_or_why
from septima.metrics.lifetime import LifetimeError, LifetimeReport, LifetimeSettings, Progress, lifetime_value
from septima.report.studies.lifetime import TITLE, lifetime_study
from septima.report.studies.study import Study
from septima.schema import Language
from septima.workspace import Workspace


def lifetime_answer(
    workspace: Workspace,
    language: Language,
    settings: LifetimeSettings | None = None,
    *,
    methods: Sequence[str] = (),
    backtest: bool = False,
    progress: Progress | None = None,
) -> Answer[LifetimeReport]:
    """The value of customers by the `methods` (all where left out); LifetimeError as of `metrics.lifetime.lifetime_value`."""
    found = _valued(workspace, settings, methods=methods, backtest=backtest, progress=progress)
    return Answer(found, lifetime_study(found, language))


def lifetime_chapter(workspace: Workspace, language: Language, *, progress: Progress | None = None) -> Study:
    """The study by all methods with a test on held-out time, where the data are long enough for one; or why there is none."""

    def tell() -> Study:
        try:
            found = _valued(workspace, backtest=True, progress=progress)
        except LifetimeError as error:
            # What there is may still be too short to be parted for a test, and the page says so.
            found = _valued(workspace, progress=progress)
            found = replace(found, notes=(*found.notes, error.statement))
        return lifetime_study(found, language)

    return study_or_why(TITLE.in_language(language), tell, language)


def _valued(
    workspace: Workspace,
    settings: LifetimeSettings | None = None,
    *,
    methods: Sequence[str] = (),
    backtest: bool = False,
    progress: Progress | None = None,
) -> LifetimeReport:
    return lifetime_value(
        workspace.tables(),
        settings,
        methods=methods,
        backtest=backtest,
        calendar=workspace.settings.calendar,
        currency=workspace.settings.currency,
        progress=progress,
    )
