"""Which channels, campaigns or chains revenue is due to."""

from collections.abc import Sequence
from datetime import date

from septima.chapters.answer import Answer, study_or_why
from septima.metrics.attribution import CompanyAttribution, Progress
from septima.metrics.attribution_sums import Scope
from septima.models.attribution.markov import Order
from septima.models.attribution.words import METHODS, Method, Worth
from septima.report.studies.attribution import TITLE, Value, attribution_study
from septima.report.studies.study import Study
from septima.schema import Language
from septima.workspace import Workspace


def attribution_answer(
    workspace: Workspace,
    language: Language,
    scope: Scope | None = None,
    *,
    methods: Sequence[Method] = METHODS,
    order: Order = "auto",
    worth: Worth = "conversions",
    start: date | str | None = None,
    end: date | str | None = None,
    value: Value = "revenue",
    progress: Progress | None = None,
) -> Answer[CompanyAttribution]:
    """The attribution by several methods, options and errors as of `Workspace.attribution`; `value` is what the study shows."""
    found = workspace.attribution(
        scope, methods=methods, order=order, worth=worth, start=start, end=end, progress=progress
    )
    return Answer(found, attribution_study(found, language, value))


def attribution_chapter(workspace: Workspace, language: Language, *, progress: Progress | None = None) -> Study:
    """The study of revenue by channels and all methods, or why there is none."""
    return study_or_why(
        TITLE.in_language(language),
        lambda: attribution_answer(workspace, language, progress=progress).study,
        language,
    )
