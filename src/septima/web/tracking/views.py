"""The list of an organisation's links with their figures, and many of them at once as a file."""

from typing import cast

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render

from septima.schema import SeptimaError
from septima.web.accounts.audit import note_event
from septima.web.common.access import MemberRequest, member
from septima.web.common.csv_files import MOST_BYTES
from septima.web.common.exports import csv_answer
from septima.web.common.language import current_language, error_text, said_later, say
from septima.web.common.paging import newest_first
from septima.web.common.requests import origin_of
from septima.web.common.workspaces import open_workspace
from septima.web.tracking import exchanging
from septima.web.tracking.figures import figures, figures_at_once
from septima.web.tracking.models import TargetHost, TrackedLink
from septima.web.tracking.showing import HEADS, shown


class FileForm(forms.Form):
    """A file of links."""

    file = forms.FileField(
        label=said_later("CSV file", "Файл CSV"),
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
        help_text=said_later(
            "Columns as the export writes them; name, target, source, medium and campaign are needed.",
            "Столбцы\u00a0— как в\u00a0выгрузке; нужны name, target, source, medium и\u00a0campaign.",
        ),
    )


@member("view_links")
def links(request: MemberRequest) -> HttpResponse:
    """The list; figures that must be read from the data come after it, or with `wait` at once."""
    context = _table(request, at_once="wait" not in request.GET)
    has_hosts = TargetHost.objects.filter(organisation=request.membership.organisation).exists()
    return render(request, "tracking/links.html", {**context, "has_hosts": has_hosts})


@member("view_links")
def table(request: MemberRequest) -> HttpResponse:
    """The table of the list with its figures."""
    return render(request, "tracking/table.html", _table(request, at_once=False))


@member("view_links")
def file(request: MemberRequest) -> HttpResponse:
    """All links as a file, those put away left out."""
    organisation = request.membership.organisation
    note_event(organisation, request.user, "tracked_links.exported")
    rows = exchanging.lines_of(_own(request, archived=False).iterator(2_000), origin_of(request))
    heads = [*exchanging.COLUMNS, "short_address", "leads_to"]
    return cast("HttpResponse", csv_answer("links.csv", heads, rows))


@member("manage_links")
def take(request: MemberRequest) -> HttpResponse:
    """Make the links of a file, all or none."""
    form = FileForm(request.POST or None, request.FILES or None)
    mistakes: tuple[str, ...] = ()
    if request.method == "POST" and form.is_valid():
        content = form.cleaned_data["file"].read(MOST_BYTES + 1)
        try:
            taken = exchanging.take_file(request.membership.organisation, request.user, content)
        except SeptimaError as error:
            form.add_error("file", error_text(error))
        else:
            if not taken.mistakes:
                said = say(
                    f"Links made: {taken.made}; there already: {taken.known}.",
                    f"Создано ссылок: {taken.made}; уже были: {taken.known}.",
                )
                messages.success(request, said)
                return redirect("tracking:links", request.membership.organisation.slug)
            mistakes = taken.mistakes
    status = 422 if request.method == "POST" else 200
    values = {"form": form, "mistakes": mistakes, "columns": exchanging.COLUMNS}
    return render(request, "tracking/import.html", values, status=status)


def _own(request: MemberRequest, *, archived: bool) -> QuerySet[TrackedLink]:
    own = TrackedLink.objects.filter(organisation=request.membership.organisation)
    return own.exclude(archived_at=None) if archived else own.filter(archived_at=None)


def _table(request: MemberRequest, *, at_once: bool) -> dict[str, object]:
    """Links and their figures; `at_once` is that figures are not waited for."""
    organisation, archived = request.membership.organisation, "archived" in request.GET
    page = newest_first(request, _own(request, archived=archived))
    found, currency, error = None, None, ""
    if page.rows:
        try:
            workspace = open_workspace(organisation)
            currency = workspace.settings.currency
            found = (figures_at_once if at_once else figures)(organisation, workspace, page.rows)
        except SeptimaError as wrong:
            found, error = {}, error_text(wrong)
    language = current_language()
    return {
        "archived": archived,
        "pager": page,
        "rows": [shown(link, found, currency, language) for link in page.rows],
        "is_read": found is not None or not page.rows,
        "heads": [head.in_language(language) for head in HEADS.values()],
        "error": error,
        "query": request.GET.urlencode(),
    }
