"""What stands in a card's report after its perspectives, a chapter for each thing the workspace has to say; and the report."""

import json
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Literal, get_args

from septima.chapters.alerts import alerts_chapter
from septima.chapters.benchmark import benchmark_chapter
from septima.chapters.cascade import cascade_chapter
from septima.chapters.forecast import forecast_chapter
from septima.chapters.goals import goals_chapter
from septima.chapters.journey import journey_chapter
from septima.chapters.processes import processes_chapter
from septima.chapters.proof import proof_chapter
from septima.chapters.rollout import rollout_chapter
from septima.chapters.sensitivity import sensitivity_chapter
from septima.chapters.what_if import what_if_chapters
from septima.chapters.why import why_chapter
from septima.report import render
from septima.report.studies.study import Study
from septima.schema import Language, SeptimaError, Text
from septima.scorecard.card import Scorecard
from septima.scorecard.snapshot import to_json
from septima.workspace import Workspace

CardForm = Literal["html", "pdf", "xlsx", "json"]
CARD_FORMS: tuple[CardForm, ...] = get_args(CardForm)

Chapter = Callable[[Workspace, Scorecard, Language], Study | None]
"""A study of the card's period, or None where the workspace defines nothing that it would show."""

CHAPTERS: Mapping[str, Chapter] = MappingProxyType(
    {
        "goals": goals_chapter,
        "why": why_chapter,
        "sensitivity": sensitivity_chapter,
        "forecast": forecast_chapter,
        "alerts": alerts_chapter,
        "cascade": cascade_chapter,
        "processes": processes_chapter,
        "journey": journey_chapter,
        "rollout": rollout_chapter,
        "benchmark": benchmark_chapter,
        "proof": proof_chapter,
    }
)
"""The chapters by name, in the order of the report; those of `what_if_chapters` stand last."""


def card_chapters(workspace: Workspace, card: Scorecard, language: Language) -> Iterator[Study]:
    """The chapters of a card's report, in its order; DefinitionError where a file that one rests on is wrong."""
    for chapter in CHAPTERS.values():
        study = chapter(workspace, card, language)
        if study is not None:
            yield study
    yield from what_if_chapters(workspace, card, language)


def card_form(form: str) -> CardForm:
    """The form of a card's report that a person named; SeptimaError names those there are."""
    for known in CARD_FORMS:
        if known == form:
            return known
    there = ", ".join(CARD_FORMS)
    raise SeptimaError(
        Text(f"there is no report form {form!r}; there are: {there}", f"нет вида отчёта «{form}»; есть: {there}")
    )


def card_report(workspace: Workspace, card: Scorecard, form: CardForm, language: Language) -> bytes:
    """The report on a card with all its chapters, or as `json` the card for programs, as the bytes of one file.

    ReportError where what draws reports is not installed; DefinitionError as of `card_chapters`.
    """
    if form == "json":
        return json.dumps(to_json(card), ensure_ascii=False, indent=2).encode()
    chapters = tuple(card_chapters(workspace, card, language))
    return render(card, format=form, language=language, chapters=chapters)
