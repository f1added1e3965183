"""Writing reports to files: the scorecard of a period, and what the models found."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from septima.cli.chapters import chapters
from septima.cli.experiments import planned_shares
from septima.cli.output import progress
from septima.cli.studies import report_format, write_studies
from septima.metrics.experiment_analysis import analyse
from septima.metrics.experiment_assignment import experiment_names
from septima.metrics.experiment_plan import plan
from septima.metrics.lifetime import LifetimeError, LifetimeReport, lifetime_value
from septima.metrics.loyalty_economics import loyalty_economics_of
from septima.report import FORMATS, Format
from septima.report.studies import attribution, experiment, lifetime, loyalty
from septima.report.studies.study import Study
from septima.schema import Language, SeptimaError, Text

if TYPE_CHECKING:
    from septima.workspace import Workspace

Progress = Callable[[Text, int, int | None], None]

_FORMS = ("html", "pdf", "xlsx", "json")
_EFFECT = 0.05
_EXPERIMENTS = Text("Analysing experiments", "Анализ экспериментов")
_LOYALTY = Text("Comparing loyal customers", "Сравнение лояльных клиентов")


def write_report(workspace: "Workspace", period: str, form: str, language: Language, output: Path | None) -> Path:
    """Write the scorecard of `period` in the form asked for; returns the path of the file.

    SeptimaError where the form is unknown, ReportError where what draws reports is not installed.
    """
    if form not in _FORMS:
        raise SeptimaError(f"there is no report form {form!r}; write --format with one of: {', '.join(_FORMS)}")
    card = workspace.scorecard(period)
    if form == "json":
        from septima.scorecard.snapshot import to_json

        content = json.dumps(to_json(card), ensure_ascii=False, indent=2).encode()
    else:
        from septima.report import render

        told: Format = next(known for known in FORMATS if known == form)
        content = render(card, format=told, language=language, chapters=tuple(chapters(workspace, card, language)))
    path = output or workspace.directory / "reports" / f"scorecard-{card.period}-{language}.{form}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def write_models(workspace: "Workspace", form: str, language: Language, output: Path | None) -> Path:
    """Write what every model finds in the company's data, each with its usual settings; returns the path of the file.

    Of a model that cannot be figured the page says why. SeptimaError where the form is unknown.
    """
    if form not in FORMATS:
        raise SeptimaError(
            f"there are no pages of models in the form {form!r}; write --format with one of: {', '.join(FORMATS)}"
        )
    path = output or workspace.directory / "reports" / f"models-{language}.{form}"
    report_format(path)
    with progress(workspace.settings.language) as step:
        studies = tuple(model_studies(workspace, language, step))
    return write_studies(workspace, studies, language, path)


def model_studies(workspace: "Workspace", language: Language, step: Progress) -> Iterator[Study]:
    """The studies of lifetime value, of attribution, of each experiment (of a plan, where there is none) and of loyalty."""
    request = workspace.request()
    yield _or_why(lifetime.TITLE, lambda: lifetime.lifetime_study(_lifetime(workspace, step), language), language)
    yield _or_why(
        attribution.TITLE,
        lambda: attribution.attribution_study(workspace.attribution(progress=step), language),
        language,
    )
    names = experiment_names(request)
    for number, name in enumerate(names):
        step(_EXPERIMENTS, number, len(names))
        yield _or_why(experiment.TITLE, partial(_experiment, workspace, name, language), language, name)
    if not names:
        yield _or_why(
            experiment.PLAN_TITLE, lambda: experiment.plan_study(plan(request, effect=_EFFECT), language), language
        )
    step(_LOYALTY, 0, None)
    yield _or_why(loyalty.TITLE, lambda: loyalty.loyalty_study(loyalty_economics_of(request), language), language)


def _lifetime(workspace: "Workspace", step: Progress) -> LifetimeReport:
    value = partial(
        lifetime_value,
        workspace.tables(),
        calendar=workspace.settings.calendar,
        currency=workspace.settings.currency,
        progress=step,
    )
    try:
        return value(backtest=True)
    except LifetimeError as error:  # what there is may still be too short to be parted for a test, and the page says so
        found = value()
        return replace(found, notes=(*found.notes, error.statement))


def _experiment(workspace: "Workspace", name: str, language: Language) -> Study:
    found = analyse(
        workspace.request(),
        name,
        shares=planned_shares(workspace, name, ()),
        unresolved=workspace.tables(resolved=False),
    )
    return experiment.experiment_study(found, language)


def _or_why(title: Text, build: Callable[[], Study], language: Language, name: str = "") -> Study:
    """The study, or in its place why this company's data allow none."""
    try:
        return build()
    except SeptimaError as error:
        why = error.statement.in_language(language) if isinstance(error, LifetimeError) else str(error)
        return Study(title.in_language(language).format(name), "", why, (), (), ())
