"""Pages of the quarantine: what waits and why, mending one row or many, dismissing, export."""

import secrets
from dataclasses import replace
from typing import Any, cast
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from septima.lake.quarantine import QuarantinedRow, QuarantineError, entry_history
from septima.lake.store import Lake
from septima.schema import TABLES, SeptimaError
from septima.web.accounts.audit import note_event
from septima.web.common.access import MemberRequest, member
from septima.web.common.exports import csv_answer
from septima.web.common.language import current_language, error_text, say
from septima.web.common.permissions import allowed
from septima.web.common.workspaces import open_workspace
from septima.web.data.asking import MEND, begin_computing, key_of_button
from septima.web.data.mending import can_be_mended, dismiss, dismissed_ids, mend_row, restore
from septima.web.data.models import Dismissal
from septima.web.data.reasons import reason_text
from septima.web.data.waiting import (
    Filters,
    all_waiting,
    commonest_values,
    entries_with_value,
    ids_waiting,
    number_with_value,
    record_of,
    waiting_page,
)
from septima.web.work.doing import begin

_PAGE = 50
_PREVIEWED = 10


def sees_values(role: str) -> bool:
    """Whether a role may see what stands in rows, which may be personal data."""
    return allowed(role, "view_rows") or allowed(role, "load_data")


@member("view_data")
def quarantine(request: MemberRequest) -> HttpResponse:
    """What waits in quarantine, by reason and row by row."""
    organisation, filters = request.membership.organisation, _filters(request)
    lake = _lake(request)
    dismissed = dismissed_ids(organisation)
    page = waiting_page(lake, filters, dismissed, after=request.GET.get("after") or None, limit=_PAGE)
    sees = sees_values(request.membership.role)
    if sees and page.entries:
        note_event(organisation, request.user, "quarantine.seen", filters.reason, rows=len(page.entries))
    why = {}
    if filters.dismissed:
        shown = [entry.quarantine_id for entry in page.entries]
        found = Dismissal.objects.filter(organisation=organisation, quarantine_id__in=shown, undone_at=None)
        why = {one.quarantine_id: one for one in found.select_related("user")}
    query = filters.query()
    context = {
        "filters": filters,
        "page": page,
        "entries": [(entry, reason_text(entry.reason), why.get(entry.quarantine_id)) for entry in page.entries],
        "reasons": [
            (one, reason_text(one.reason), _address(filters, one.table, one.column, one.reason)) for one in page.reasons
        ],
        "reason_words": reason_text(filters.reason),
        "sees": sees,
        "one_reason": bool(filters.reason),
        "dismissed_number": len(dismissed),
        "query": urlencode(query),
        "query_fields": query.items(),
        "once": secrets.token_hex(16),
        "pager": {
            "previous": f"?{urlencode(query)}" if request.GET.get("after") else "",
            "next": f"?{urlencode({**query, 'after': page.after})}" if page.after else "",
        },
        "here": "quarantine",
    }
    return render(request, "data/quarantine.html", context)


@member("view_data")
def entry(request: MemberRequest, entry: str) -> HttpResponse:
    """One row of the quarantine: where it stands, what is wrong with it, and its values to be mended."""
    lake = _lake(request)
    found, earlier = _entry(lake, entry)
    sees = sees_values(request.membership.role)
    if sees:
        note_event(request.membership.organisation, request.user, "quarantine.row_seen", f"{found.file}:{found.row}")
    return render(request, "data/entry.html", _entry_page(request, found, earlier))


def _entry_page(
    request: MemberRequest, found: QuarantinedRow, earlier: list[QuarantinedRow], given: dict[str, str] | None = None
) -> dict[str, object]:
    organisation = request.membership.organisation
    # A row of another file with the same name may stand at the same place.
    siblings = [one for one in earlier if one.resolved_at is None and one.record == found.record]
    wrong = {one.column for one in siblings}
    record = record_of(found)
    values = {**record, **(given or {})}
    dismissal = Dismissal.objects.filter(
        organisation=organisation, quarantine_id=found.quarantine_id, undone_at=None
    ).select_related("user")
    table = TABLES.get(found.table)
    return {
        "entry": found,
        "reason": reason_text(found.reason),
        "meaning": table.meaning.in_language(current_language()) if table else found.table,
        "problems": [(one, reason_text(one.reason)) for one in siblings],
        "past": [(one, reason_text(one.reason)) for one in earlier if one.resolved_at is not None],
        "values": [(name, value, name in wrong) for name, value in values.items()],
        "mendable": can_be_mended(found) and found.resolved_at is None,
        "line": record.get("line", "") if set(record) == {"line"} else "",
        "dismissal": dismissal.first(),
        "sees": sees_values(request.membership.role),
        "here": "quarantine",
    }


@member("load_data")
@require_POST
def mend(request: MemberRequest, entry: str) -> HttpResponse:
    """Correct values of one row and load it."""
    organisation, lake = request.membership.organisation, _lake(request)
    found, earlier = _entry(lake, entry)
    record = record_of(found)
    given = {
        name: _as_it_was(value, request.POST.get(f"value-{index}", value))
        for index, (name, value) in enumerate(record.items())
    }
    changes = {name: (value or None) for name, value in given.items() if value != record[name]}
    try:
        mended, still = mend_row(lake, entry, changes, str(request.user))
    except SeptimaError as error:
        messages.error(request, error_text(error))
        return render(request, "data/entry.html", _entry_page(request, found, earlier, given), status=422)
    note_event(
        organisation,
        request.user,
        "quarantine.mended",
        f"{found.file}:{found.row}",
        passed=mended.passed,
        wrong=mended.wrong,
    )
    if still is not None:
        messages.error(
            request,
            say(
                f"Still wrong: {still.column}: {still.reason}",
                f"Ещё не\u00a0так: {still.column}: {reason_text(still.reason)}",
            ),
        )
        return redirect("data:entry", organisation.slug, still.quarantine_id)
    begin_computing(organisation, request.user, lake.version)
    messages.success(
        request,
        say(
            f"Row {found.row} of {found.file} is loaded.",
            f"Строка {found.row} файла {found.file} загружена.",
        ),
    )
    return _back(request, Filters(source=found.source, table=found.table, reason=found.reason, column=found.column))


def _as_it_was(before: str, given: str) -> str:
    """A value as a person gave it, with the line ends that it had: browsers send them their own way."""
    return given if "\r\n" in before else given.replace("\r\n", "\n")


@member("load_data")
def bulk(request: MemberRequest) -> HttpResponse:
    """Replace one value by another in all rows that are wrong for one reason: choose, preview, and begin."""
    organisation, filters = request.membership.organisation, _filters(request)
    if not filters.reason or not filters.column:
        return _back(request, filters)
    lake, dismissed = _lake(request), dismissed_ids(organisation)
    # Values may be a person's: they come in the form, never in the address.
    asked = request.POST
    old = asked.get("old")
    value = None if asked.get("empty") == "1" else old
    new = asked.get("new", "")
    chosen = old is not None or asked.get("empty") == "1"
    if chosen and asked.get("step") == "mend":
        options = {"filters": vars(filters), "change": [value, new or None]}
        return _begin_mending(request, filters.reason, options)
    shown = list(entries_with_value(lake, filters, dismissed, value, limit=_PREVIEWED)) if chosen else []
    if chosen:
        note_event(organisation, request.user, "quarantine.seen", filters.reason, rows=len(shown))
    context = {
        "filters": filters,
        "reason": reason_text(filters.reason),
        "common": commonest_values(lake, filters, dismissed),
        "chosen": chosen,
        "old": value,
        "new": new,
        "number": number_with_value(lake, filters, dismissed, value) if chosen else 0,
        "shown": shown,
        "query_fields": filters.query().items(),
        "once": secrets.token_hex(16),
        "back": _address(filters, filters.table, filters.column, filters.reason),
        "here": "quarantine",
    }
    return render(request, "data/bulk.html", context)


@member("load_data")
@require_POST
def retry_all(request: MemberRequest) -> HttpResponse:
    """Try all rows that the filters ask for again, as they are."""
    filters = _filters(request)
    return _begin_mending(request, filters.reason or filters.source, {"filters": vars(filters)})


def _begin_mending(request: MemberRequest, subject: str, options: dict[str, Any]) -> HttpResponse:
    organisation, key = request.membership.organisation, key_of_button(request)
    work = begin(organisation, MEND, key, who=request.user, subject=subject, options=options, once=True)
    return redirect("data:work", organisation.slug, work.pk)


@member("load_data")
@require_POST
def dismiss_some(request: MemberRequest) -> HttpResponse:
    """Dismiss one row, or all that the filters ask for, and say why."""
    organisation, why = request.membership.organisation, request.POST.get("why", "").strip()
    filters, lake = _filters(request), _lake(request)
    one = request.POST.get("entry", "")
    if not why:
        messages.error(request, say("Say why they are dismissed.", "Напишите, почему строки отклоняются."))
        return redirect("data:entry", organisation.slug, one) if one else _back(request, filters)
    if one:
        found, _ = _entry(lake, one)
        ids = [found.quarantine_id]
    else:
        ids = ids_waiting(lake, filters, dismissed_ids(organisation))
    number = dismiss(organisation, request.user, ids, why)
    note_event(organisation, request.user, "quarantine.dismissed", filters.reason, entries=number, why=why[:100])
    messages.success(
        request, say(f"Dismissed: {number}. It can be undone.", f"Отклонено: {number}. Это можно отменить.")
    )
    return _back(request, Filters(filters.source, filters.table, filters.file))


@member("load_data")
@require_POST
def restore_some(request: MemberRequest) -> HttpResponse:
    """Undo the dismissal of one row, or of all that the filters ask for."""
    organisation, filters, lake = request.membership.organisation, _filters(request), _lake(request)
    one = request.POST.get("entry", "")
    ids = [one] if one else ids_waiting(lake, replace(filters, dismissed=True), dismissed_ids(organisation))
    number = restore(organisation, request.user, ids)
    note_event(organisation, request.user, "quarantine.restored", filters.reason, entries=number)
    messages.success(request, say(f"They wait again: {number}.", f"Снова ждут: {number}."))
    return _back(request, Filters(filters.source, filters.table, filters.file))


@member("view_data")
def export(request: MemberRequest) -> HttpResponse:
    """What the filters ask for as CSV. Cells that a spreadsheet would take for formulas are made text."""
    organisation, filters, lake = request.membership.organisation, _filters(request), _lake(request)
    sees = sees_values(request.membership.role)
    note_event(organisation, request.user, "quarantine.exported", filters.reason)
    heads = ["source", "file", "row", "table", "column", "reason", "loaded_at", *(["value", "record"] if sees else [])]
    found = all_waiting(lake, filters, dismissed_ids(organisation))
    rows = ([getattr(one, head) for head in heads] for one in found)
    answer = csv_answer(f"quarantine-{timezone.now():%Y-%m-%d}.csv", heads, rows)
    answer["Cache-Control"] = "no-store"
    return cast("HttpResponse", answer)


def _lake(request: MemberRequest) -> Lake:
    return open_workspace(request.membership.organisation).lake


def _entry(lake: Lake, entry: str) -> tuple[QuarantinedRow, list[QuarantinedRow]]:
    """The entry and all that was ever wrong with its row; 404 where there is none."""
    try:
        earlier = entry_history(lake, entry)
    except QuarantineError:
        raise Http404 from None
    return next(one for one in earlier if one.quarantine_id == entry), earlier


def _filters(request: MemberRequest) -> Filters:
    asked = request.POST if request.method == "POST" else request.GET
    named = {name: asked.get(name, "")[:2000] for name in ("source", "table", "file", "reason", "column")}
    return Filters(**named, dismissed=asked.get("dismissed") == "1")


def _address(filters: Filters, table: str, column: str, reason: str) -> str:
    narrowed = Filters(filters.source, table, filters.file, reason, column, filters.dismissed)
    return f"?{urlencode(narrowed.query())}"


def _back(request: MemberRequest, filters: Filters) -> HttpResponse:
    address = reverse("data:quarantine", args=(request.membership.organisation.slug,))
    query = urlencode(filters.query())
    return redirect(f"{address}?{query}" if query else address)
