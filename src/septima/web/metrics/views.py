"""The catalogue of metrics, and the page of each."""

import hashlib
import re
from dataclasses import dataclass, replace
from typing import Any

from django.http import Http404, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_GET

from septima.metrics import Metric
from septima.schema import SeptimaError
from septima.scorecard.dimensions import dimension_name
from septima.web.accounts.audit import note_event
from septima.web.common.access import MemberRequest, member
from septima.web.common.errors import cannot
from septima.web.common.exports import csv_answer, file_answer
from septima.web.common.language import current_language, error_text, say
from septima.web.common.workspaces import kept, open_workspace
from septima.web.metrics import exports
from septima.web.metrics.annotating import AnnotationForm
from septima.web.metrics.asking import GRAINS, Ask, asked, looks_of
from septima.web.metrics.catalogue import Filter, group_name, search
from septima.web.metrics.chart_script import chart_script, script_version
from septima.web.metrics.digests import annotations_of
from septima.web.metrics.exploring import exploration
from septima.web.metrics.figures import Figures, figures_at_once, figures_key
from septima.web.metrics.figures import figures as figures_of
from septima.web.metrics.models import Annotation, Subscription
from septima.web.metrics.outlook import Outlook, outlook_of
from septima.web.metrics.page import (
    MetricPage,
    Reader,
    cohort_triangle,
    flow,
    funnel,
    metric_page,
    newest_period,
    passport_lines,
)
from septima.web.metrics.subscribing import SubscriptionForm
from septima.workspace import Workspace

_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True)
class _Opened:
    """A metric that was asked for, in its workspace, and by whom."""

    workspace: Workspace
    metric: Metric
    ask: Ask
    reader: Reader


@member("view_scorecard")
@require_GET
def catalogue(request: MemberRequest) -> HttpResponse:
    """All metrics, searched by words, group, perspective and table; htmx gets the list alone."""
    try:
        workspace = open_workspace(request.membership.organisation)
        metrics = workspace.catalogue
    except SeptimaError as error:
        return cannot(request, say("The metrics cannot be shown", "Метрики не\u00a0показать"), error_text(error))
    try:
        on_card = [kpi.metric for kpi in workspace.definition.kpis]
    except SeptimaError:  # a scorecard that is wrong is told of on its own page
        on_card = []
    given = request.GET
    wanted = Filter(
        given.get("q", "").strip()[:200],
        given.get("group", ""),
        given.get("perspective", ""),
        given.get("table", ""),
        bool(given.get("own")),
    )
    context = {"found": search(metrics, wanted, current_language(), on_card), "wanted": wanted}
    part = request.htmx and request.htmx.target == "found"
    return render(request, "metrics/found.html" if part else "metrics/catalogue.html", context)


@member("view_scorecard")
@require_GET
def metric(request: MemberRequest, metric_id: str) -> HttpResponse:
    """The page of a metric: what is kept or recorded at once, what must be computed after it, or with `wait` at once."""
    try:
        opened = _open(request, metric_id)
    except SeptimaError as error:
        return cannot(request, say("The metrics cannot be shown", "Метрики не\u00a0показать"), error_text(error))
    passport, language, ask = opened.metric.passport, current_language(), opened.ask
    found: Figures | None = None
    error = ""
    try:
        if "wait" in request.GET:
            found = figures_of(request.membership.organisation, opened.workspace, ask.of_figures)
        else:
            found = figures_at_once(request.membership.organisation, opened.workspace, ask.of_figures)
            if found is None and "grain" not in request.GET and ask.look == "time":
                # Where a person does not care, a quarter that is recorded goes before a month that is not.
                quarters = replace(opened, ask=replace(ask, grain="quarter"))
                found = figures_at_once(request.membership.organisation, quarters.workspace, quarters.ask)
                opened, ask = (quarters, quarters.ask) if found is not None else (opened, ask)
    except SeptimaError as raised:
        error = error_text(raised)
    given, marks = opened.workspace.settings.metrics.get(opened.metric.id, {}), _marks(request, opened)
    mine = Subscription.objects.filter(
        organisation=request.membership.organisation, user=request.user, metric=passport.id, ended_at=None
    )
    context: dict[str, Any] = {
        "metric_id": passport.id,
        "name": passport.name.in_language(language),
        "description": passport.description.in_language(language),
        "group": passport.group,
        "group_name": group_name(passport.group, language),
        "passport": [(term, _with_names(said)) for term, said in passport_lines(opened.metric, given, language)],
        "ask": ask,
        "grains": [(grain, _GRAIN_WORDS[grain]()) for grain in GRAINS],
        "dimensions": [(name, dimension_name(name).in_language(language)) for name in opened.metric.dimensions],
        "looks": [(look, _LOOK_WORDS[look]()) for look in looks_of(opened.metric)],
        "annotation_form": AnnotationForm(auto_id="mark_%s"),
        "subscription_form": SubscriptionForm(auto_id="letter_%s"),
        "subscribed": mine.exists(),
        "error": error,
        "marks": marks,
    }
    if found is not None:
        context |= _figures_context(request, opened, found, marks)
    return render(request, "metrics/metric.html", context, status=422 if error else 200)


@member("view_scorecard")
@require_GET
def figures(request: MemberRequest, metric_id: str) -> HttpResponse:
    """The figures of a metric as a piece of its page, computed where they must be; `anew` computes them in any case."""
    if not request.htmx:
        query = request.GET.copy()
        query["wait"] = "1"
        address = reverse("metrics:metric", args=(request.membership.organisation.slug, metric_id))
        return HttpResponseRedirect(f"{address}?{query.urlencode()}")
    opened = _open(request, metric_id)
    marks = _marks(request, opened)
    context: dict[str, Any] = {"metric_id": metric_id, "ask": opened.ask, "marks": marks}
    try:
        anew = "anew" in request.GET
        found = figures_of(request.membership.organisation, opened.workspace, opened.ask.of_figures, anew=anew)
        context |= _figures_context(request, opened, found, marks)
    except SeptimaError as error:
        context["error"] = error_text(error)
    return render(request, "metrics/figures.html", context)


@member("view_scorecard")
@require_GET
def specification(request: MemberRequest, metric_id: str) -> HttpResponse:
    """The chart over time for the browser to draw."""
    opened = _open(request, metric_id)
    try:
        found = figures_of(request.membership.organisation, opened.workspace, opened.ask)
    except SeptimaError as error:
        return JsonResponse({"error": error_text(error)}, status=422)
    if found.by or newest_period(found.rows) is None:
        raise Http404
    marks = list(annotations_of(request.membership.organisation.pk, metric_id))
    outlook = _outlook(request, opened, found)
    return JsonResponse(exploration(opened.metric, found, opened.ask.grain, marks, opened.reader, outlook))


@member("view_scorecard")
@require_GET
def script(request: MemberRequest, version: str) -> HttpResponse:
    """The script that draws such charts; browsers keep it until its version changes."""
    if version != script_version():
        raise Http404
    answer = HttpResponse(chart_script(), content_type="text/javascript; charset=utf-8")
    answer["Content-Encoding"] = "gzip"
    answer["Cache-Control"] = "private, max-age=31536000, immutable"
    return answer


@member("view_scorecard")
@require_GET
def export(request: MemberRequest, metric_id: str, form: str) -> HttpResponse:
    """The figures as `csv`, `xlsx`, `png` or `pdf`."""
    opened = _open(request, metric_id)
    organisation, ask = request.membership.organisation, opened.ask
    if form not in ("csv", "xlsx", "png", "pdf"):
        raise Http404
    try:
        found = figures_of(organisation, opened.workspace, ask.of_figures)
        name = f"{metric_id}-{ask.grain}.{form}"
        note_event(organisation, request.user, "metric.exported", metric_id, form=form)
        if form == "csv":
            rows = exports.table_rows(found, opened.reader)
            content = csv_answer(name, exports.heads(found, opened.reader), rows).getvalue()
            return file_answer(name, content, "text/csv; charset=utf-8")
        if form == "xlsx":
            return file_answer(name, exports.workbook(opened.metric, found, opened.reader, organisation.name), _SHEET)
        grain = ask.of_figures.grain
        outlook = _outlook(request, opened, found)
        if form == "pdf":
            made = exports.document(opened.metric, found, grain, opened.reader, opened.workspace, outlook)
            return file_answer(name, made, "application/pdf")
        marks = list(annotations_of(organisation.pk, metric_id))
        drawing = exports.picture(opened.metric, found, grain, marks, opened.reader, outlook)
    except SeptimaError as error:
        return cannot(request, say("The file cannot be made", "Файл не\u00a0создать"), error_text(error))
    if drawing is None:
        return cannot(
            request,
            say("There is no chart to save", "Нет графика, который можно сохранить"),
            say(
                "A picture is made of a metric over time, without slices, where there are figures.",
                "Картинка делается из\u00a0метрики во\u00a0времени, без срезов, если значения есть.",
            ),
        )
    return file_answer(name, drawing, "image/png")


def _open(request: MemberRequest, metric_id: str) -> _Opened:
    """The metric in the workspace of the organisation; Http404 where there is none of that name."""
    workspace = open_workspace(request.membership.organisation)
    found = workspace.catalogue.get(metric_id)
    if found is None:
        raise Http404
    settings = workspace.settings
    reader = Reader(current_language(), settings.calendar, settings.currency)
    return _Opened(workspace, found, asked(found, request.GET), reader)


def _with_names(text: str) -> SafeString:
    """A text of a passport with the names in it, which stand between ` signs, set as such."""
    return mark_safe(re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text)))  # noqa: S308 - all of it is escaped


def _marks(request: MemberRequest, opened: _Opened) -> list[Annotation]:
    return list(annotations_of(request.membership.organisation.pk, opened.metric.id))


def _outlook(request: MemberRequest, opened: _Opened, found: Figures) -> Outlook | None:
    if opened.ask.look != "time":
        return None
    return outlook_of(request.membership.organisation, opened.workspace, opened.metric, found, opened.ask.grain)


def _figures_context(
    request: MemberRequest, opened: _Opened, found: Figures, marks: list[Annotation]
) -> dict[str, Any]:
    """What the template of figures needs, for whichever look; what is written and drawn is kept with the figures."""
    ask, reader = opened.ask, opened.reader
    context: dict[str, Any] = {"found": found, "chart_version": script_version()}
    marked = [(mark.pk, mark.changed_at.isoformat()) for mark in marks]
    outlook = _outlook(request, opened, found)
    drawn_from = repr((ask.look, reader.language, found.recorded, marked, outlook))
    key = figures_key(request.membership.organisation, opened.workspace, ask.of_figures)
    key = f"page-{hashlib.sha256(f'{key} {drawn_from}'.encode()).hexdigest()}"
    if ask.look == "time":
        shown: MetricPage = kept(key, lambda: metric_page(opened.metric, found, ask.grain, marks, reader, outlook))
        of_card = outlook.period if outlook is not None else ""
        can_explore = bool(shown.pictures) and not found.by
        return context | {"page": shown, "can_explore": can_explore, "of_card": of_card}
    draw = {"cohorts": cohort_triangle, "funnel": funnel, "flow": flow}[ask.look]
    last = newest_period(found.rows) if ask.look != "cohorts" else None
    label = reader.period(last, ask.grain) if last is not None else ""
    return context | {"picture": draw(opened.metric, found, reader), "label": label}


_GRAIN_WORDS = {
    "day": lambda: say("by day", "по\u00a0дням"),
    "week": lambda: say("by week", "по\u00a0неделям"),
    "month": lambda: say("by month", "по\u00a0месяцам"),
    "quarter": lambda: say("by quarter", "по\u00a0кварталам"),
    "year": lambda: say("by year", "по\u00a0годам"),
}
_LOOK_WORDS = {
    "time": lambda: say("Over time", "Во\u00a0времени"),
    "cohorts": lambda: say("By cohort", "По\u00a0когортам"),
    "funnel": lambda: say("Funnel", "Воронка"),
    "flow": lambda: say("From department to department", "Между подразделениями"),
}
