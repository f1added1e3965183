"""Pages of what a survey has brought: live results, export and import of answers."""

from dataclasses import dataclass
from typing import Any, cast

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_POST

from septima.models.intervals import divide, wilson
from septima.report import charts, pictures
from septima.report.number_forms import count, number_style
from septima.report.points import Point
from septima.schema import Language, SeptimaError
from septima.scorecard.card import Figure
from septima.web.accounts.audit import note_event
from septima.web.common.access import MemberRequest, member
from septima.web.common.csv_files import MOST_BYTES, CsvError
from septima.web.common.errors import cannot
from septima.web.common.exports import csv_answer
from septima.web.common.language import current_language, error_text, say
from septima.web.common.permissions import allowed
from septima.web.common.workspaces import open_workspace
from septima.web.surveys import importing, tasks
from septima.web.surveys import results as found_results
from septima.web.surveys.forms import FileForm
from septima.web.surveys.models import Arrival, ImportedFile, Survey
from septima.web.surveys.questions import said_in
from septima.web.surveys.results import LEAST_GROUP, Distribution, Measured, Results
from septima.web.surveys.views import own_survey, page_of, to

_FEW_DAYS = 3
_MOST_REASONS = 60


@dataclass(frozen=True)
class Said:
    """A figure in words."""

    name: str
    value: str
    interval: str
    n: str
    note: str


@member("view_surveys")
def results(request: MemberRequest, pk: int) -> HttpResponse:
    """Live results; `?part=1` gives the part of the page that htmx asks for again and again."""
    survey = own_survey(request, pk)
    language = current_language()
    try:
        workspace = open_workspace(survey.organisation)
        made = found_results.results_of(workspace, survey)
        sees_rows = allowed(request.membership.role, "view_rows")
        reasons = found_results.reasons_of(workspace, survey, most=_MOST_REASONS) if sees_rows else []
    except SeptimaError as error:
        return cannot(request, say("The results cannot be shown", "Результаты не\u00a0показать"), error_text(error))
    if sees_rows and "part" not in request.GET:
        note_event(survey.organisation, request.user, "survey.results_opened", survey.name, survey=pk)
    if Arrival.objects.filter(survey=survey).exists():
        tasks.ask_for_flush(survey.organisation.pk)
    values = {
        "rate": _rate(survey, language),
        "figures": [_said(one, language) for one in made.measured],
        "slices": _slices(made, language),
        "distributions": [_spread(one, language) for one in made.distributions],
        "over_time": _over_time(made, language),
        "themes": made.themes,
        "themes_total": sum(n for _, n in made.themes),
        "reasons": reasons,
        "most_reasons": _MOST_REASONS if len(reasons) == _MOST_REASONS else 0,
        "sees_rows": sees_rows,
        "questionnaires": made.questionnaires,
        "least": LEAST_GROUP,
        "live": survey.takes_answers,
    }
    template = "surveys/results_part.html" if "part" in request.GET else "surveys/results.html"
    answer = page_of(request, template, survey, values)
    answer["Cache-Control"] = "private, no-store"
    return answer


@member("view_rows")
def export(request: MemberRequest, pk: int) -> HttpResponse:
    """All answers as CSV, a questionnaire to a row."""
    survey = own_survey(request, pk)
    try:
        heads, rows = found_results.questionnaires_of(open_workspace(survey.organisation), survey)
    except SeptimaError as error:
        return cannot(request, say("The answers cannot be read", "Ответы не\u00a0прочитать"), error_text(error))
    note_event(survey.organisation, request.user, "survey.answers_exported", survey.name, survey=pk, rows=len(rows))
    return cast("HttpResponse", csv_answer(f"{survey.name}.csv", heads, rows))


@member("build_surveys")
def import_file(request: MemberRequest, pk: int) -> HttpResponse:
    """Choose a file of answers; what was imported so far."""
    survey = own_survey(request, pk)
    form = FileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data["file"]
        try:
            # One byte more than is allowed tells that there is too much.
            kept = importing.keep_file(survey, given.name, given.read(MOST_BYTES + 1), request.user)
        except CsvError as error:
            form.add_error("file", error_text(error))
        else:
            return to(request, "surveys:imported", pk, kept.pk)
    heads = ["response_id", "customer_id", "at", "department", "channel", *(one.key for one in survey.asked)]
    files = ImportedFile.objects.filter(survey=survey).defer("rows")
    return page_of(request, "surveys/import.html", survey, {"form": form, "heads": heads, "files": files})


@member("build_surveys")
def imported(request: MemberRequest, pk: int, file: int) -> HttpResponse:
    """The preview of a file, or what became of it."""
    survey = own_survey(request, pk)
    kept = _file(survey, file)
    return page_of(request, "surveys/imported.html", survey, {"file": kept, "preview": importing.preview(kept)})


@member("build_surveys")
@require_POST
def load_import(request: MemberRequest, pk: int, file: int) -> HttpResponse:
    """Load a previewed file, or drop it."""
    survey = own_survey(request, pk)
    kept = _file(survey, file)
    if request.POST.get("do") == "drop" and kept.loaded_at is None:
        kept.delete()
        return to(request, "surveys:import", pk)
    if kept.loaded_at is None:
        try:
            counts = importing.load(kept)
        except SeptimaError as error:
            messages.error(request, error_text(error))
        else:
            note_event(survey.organisation, request.user, "survey.answers_imported", survey.name, survey=pk, **counts)
            messages.success(request, say("The answers are in.", "Ответы загружены."))
    return to(request, "surveys:imported", pk, kept.pk)


def _file(survey: Survey, pk: int) -> ImportedFile:
    found = ImportedFile.objects.filter(pk=pk, survey=survey).first()
    if found is None:
        raise Http404
    return found


def _rate(survey: Survey, language: Language) -> dict[str, Any]:
    rate = found_results.rate_of(survey)
    share = _share(rate.answered, rate.invited, language)
    return {
        "rate": rate,
        "opened": _share(rate.opened, rate.invited, language)[0],
        "answered": share[0],
        "interval": share[1],
    }


def _share(hits: int, n: int, language: Language) -> tuple[str, str]:
    if n == 0:
        return "", ""
    import numpy as np  # noqa: PLC0415

    one, whole = np.array([float(hits)]), np.array([float(n)])
    lower, upper = wilson(one, whole)
    figure = Figure(float(divide(one, whole)[0]), float(lower[0]), float(upper[0]))
    style = number_style("share", figure, language)
    return style.value(figure.value), style.interval(figure)


def _said(one: Measured, language: Language) -> Said:
    if one.figure is None:
        return Said(
            one.name.in_language(language), "—", "", say(f"fewer than {LEAST_GROUP}", f"меньше {LEAST_GROUP}"), ""
        )
    style = number_style(one.unit, one.figure, language)
    return Said(
        one.name.in_language(language),
        style.value(one.figure.value),
        style.interval(one.figure),
        count(one.n, language),
        one.note.in_language(language) if one.note else "",
    )


def _slices(made: Results, language: Language) -> list[dict[str, Any]]:
    titles = {
        "department": say("By department", "По\u00a0подразделениям"),
        "segment": say("By segment", "По\u00a0сегментам"),
    }
    return [
        {
            "title": titles[by],
            "heads": [one.name.in_language(language) for one in members[0].measured],
            "rows": [
                {
                    "name": member.name or say("unknown", "неизвестно"),
                    "n": count(member.n, language) if member.n >= LEAST_GROUP else say(f"fewer than {LEAST_GROUP}", f"меньше {LEAST_GROUP}"),
                    "cells": [_said(one, language) for one in member.measured],
                }
                for member in members
            ],
        }
        for by, members in made.slices.items()
    ]  # fmt: skip


def _spread(one: Distribution, language: Language) -> dict[str, Any]:
    question = one.question
    text = said_in(question.text, language)
    if one.counts is None:
        return {"text": text, "picture": "", "n": one.n, "rows": []}
    words = [said_in(option, language) for option in question.options]
    names = words or [str(grade) for grade in question.grades]
    labels = [
        f"{count(n, language)} · {number_style('share', Figure(n / one.n), language).value(n / one.n)}"
        for n in one.counts
    ]
    drawn = charts.bars(names, one.counts, labels, width=320, names_width=220)
    said = "; ".join(f"{name}: {label}" for name, label in zip(names, labels, strict=True))
    return {"text": text, "picture": mark_safe(pictures.svg(drawn, language, f"{text} {said}")), "n": one.n}  # noqa: S308 - our own SVG, its words escaped


def _over_time(made: Results, language: Language) -> str:
    if len(made.daily) < _FEW_DAYS:
        return ""
    points = [Point(day, Figure(float(n))) for day, n in made.daily]
    # The line at zero lets the axis begin there, as counts should.
    drawn = charts.trend(points, target=0.0, tick_format="%d.%m" if language == "ru" else "%b %d")
    total = sum(n for _, n in made.daily)
    said = say(f"Answers by day, {total} in all.", f"Ответы по\u00a0дням, всего {total}.")
    return mark_safe(pictures.svg(drawn, language, said))  # noqa: S308 - our own SVG, its words escaped
