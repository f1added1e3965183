"""Marking what happened on the charts of metrics."""

from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import Http404, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from septima.web.accounts.audit import note_event
from septima.web.common.access import MemberRequest, member
from septima.web.common.language import current_language, said_later, say
from septima.web.common.workspaces import open_workspace
from septima.web.metrics.models import EVERY_METRIC, Annotation


class AnnotationForm(forms.ModelForm):
    """What happened, and when; without a last day it is one day."""

    everywhere = forms.BooleanField(
        label=said_later("Mark it on every metric", "Отметить на\u00a0всех метриках"), required=False
    )

    class Meta:
        """What a person writes."""

        model = Annotation
        fields = ("text", "start", "end")
        widgets = {
            "start": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "end": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        }

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.fields["end"].required = False

    def clean(self) -> dict[str, Any]:
        """The last day is the first where it is left out, and not before it."""
        given: dict[str, Any] = super().clean() or {}
        start, end = given.get("start"), given.get("end")
        if isinstance(start, date):
            if not 1900 <= start.year <= 2200:
                self.add_error("start", say("Write a year from 1900 to 2200.", "Укажите год от 1900 до 2200."))
            if end is None:
                given["end"] = start
            elif end < start:
                self.add_error("end", say("The last day is before the first.", "Последний день раньше первого."))
            elif end.year > 2200:
                self.add_error("end", say("Write a year from 1900 to 2200.", "Укажите год от 1900 до 2200."))
        return given

    def validate_constraints(self) -> None:
        """The database keeps them, and what was sent twice is no mistake."""


@member("annotate")
@require_POST
def annotate(request: MemberRequest, metric_id: str) -> HttpResponse:
    """Mark something on a metric, or on all."""
    organisation = request.membership.organisation
    name = _name(request, metric_id)
    form = AnnotationForm(request.POST)
    if not form.is_valid():
        context = {
            "form": form,
            "metric_id": metric_id,
            "name": name,
            "back": _back(request, metric_id),
            "query": _query(request),
        }
        return render(request, "metrics/annotation.html", context, status=422)
    made = form.save(commit=False)
    made.organisation, made.author = organisation, request.user
    made.metric = EVERY_METRIC if form.cleaned_data["everywhere"] else metric_id
    try:
        with transaction.atomic():
            made.save()
        note_event(organisation, request.user, "annotation.added", made.metric, day=made.start.isoformat())
    except IntegrityError:
        pass  # sent twice, or marked by somebody else already
    messages.success(request, say("It is marked.", "Отмечено."))
    return HttpResponseRedirect(_back(request, metric_id))


@member("annotate")
@require_http_methods(["GET", "POST"])
def annotation(request: MemberRequest, metric_id: str, pk: int) -> HttpResponse:
    """Change an own mark."""
    found = _own(request, pk)
    name = _name(request, metric_id)
    form = AnnotationForm(request.POST or None, instance=found, initial={"everywhere": found.metric == EVERY_METRIC})
    if request.method == "POST" and form.is_valid():
        changed = form.save(commit=False)
        changed.metric = EVERY_METRIC if form.cleaned_data["everywhere"] else metric_id
        changed.changed_at = timezone.now()
        try:
            with transaction.atomic():
                changed.save()
            note_event(
                found.organisation, request.user, "annotation.changed", changed.metric, day=changed.start.isoformat()
            )
            return HttpResponseRedirect(_back(request, metric_id))
        except IntegrityError:
            form.add_error(None, say("The same is marked already.", "Это уже отмечено."))
    context = {
        "form": form,
        "annotation": found,
        "metric_id": metric_id,
        "name": name,
        "back": _back(request, metric_id),
        "query": _query(request),
    }
    return render(request, "metrics/annotation.html", context, status=422 if form.errors else 200)


@member("annotate")
@require_POST
def delete(request: MemberRequest, metric_id: str, pk: int) -> HttpResponse:
    """Remove an own mark, for good."""
    found = _own(request, pk)
    note_event(found.organisation, request.user, "annotation.removed", found.metric, day=found.start.isoformat())
    found.delete()
    messages.success(request, say("The mark is removed.", "Отметка удалена."))
    return HttpResponseRedirect(_back(request, metric_id))


def _name(request: MemberRequest, metric_id: str) -> str:
    """What the metric is called; Http404 where there is none of that id."""
    found = open_workspace(request.membership.organisation).catalogue.get(metric_id)
    if found is None:
        raise Http404
    return found.passport.name.in_language(current_language())


def _own(request: MemberRequest, pk: int) -> Annotation:
    return get_object_or_404(Annotation, organisation=request.membership.organisation, author=request.user, pk=pk)


def _query(request: MemberRequest) -> str:
    return QueryDict(request.POST["query"]).urlencode() if "query" in request.POST else request.GET.urlencode()


def _back(request: MemberRequest, metric_id: str) -> str:
    """The page of the metric as it was looked at."""
    address = reverse("metrics:metric", args=(request.membership.organisation.slug, metric_id))
    query = _query(request)
    return f"{address}?{query}" if query else address
