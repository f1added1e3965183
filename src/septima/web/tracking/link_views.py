"""Pages of one link: its builder, its figures, what is given out of it."""

from collections.abc import Iterable
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from septima.schema import SeptimaError
from septima.web.accounts.audit import note_event
from septima.web.common.access import MemberRequest, member
from septima.web.common.csv_files import MOST_BYTES
from septima.web.common.exports import csv_answer, file_answer
from septima.web.common.language import current_language, error_text, said_later, say
from septima.web.common.qr_codes import qr_png, qr_svg
from septima.web.common.requests import origin_of
from septima.web.common.workspaces import open_workspace
from septima.web.surveys.inviting import read_guests
from septima.web.tracking.addresses import final_address, picture_address, short_address, snippet
from septima.web.tracking.figures import figures, figures_at_once
from septima.web.tracking.forms import LinkForm
from septima.web.tracking.known import rules_of
from septima.web.tracking.making import FIXED, LinkError, change_link, make_link, new_token, set_archived
from septima.web.tracking.models import MARKS, TrackedLink
from septima.web.tracking.showing import shown
from septima.web.tracking.targets import TargetError, checked_target, with_marks

_COPIED = ("name", "target", *MARKS, "personal")


class CustomersForm(forms.Form):
    """A list of customers."""

    file = forms.FileField(
        label=said_later("CSV file with a column customer_id", "Файл CSV со\u00a0столбцом customer_id"),
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
    )


@member("manage_links")
def new(request: MemberRequest) -> HttpResponse:
    """The builder; `?from=` begins with what another link has."""
    organisation = request.membership.organisation
    sent = TrackedLink.objects.filter(organisation=organisation, token=request.POST.get("token", "")).first()
    if sent is not None:  # the same form once more
        return redirect("tracking:link", organisation.slug, sent.pk)
    form = LinkForm(organisation, request.POST or None, initial=_begun(request))
    if request.method == "POST" and "preview" not in request.POST and form.is_valid():
        try:
            made = make_link(organisation, request.user, form.link_fields, form.cleaned_data["token"])
        except LinkError as error:
            form.add_error(None, error_text(error))
        else:
            return redirect("tracking:link", organisation.slug, made.pk)
    return _builder(request, form)


@member("manage_links")
def change(request: MemberRequest, pk: int) -> HttpResponse:
    """Change what of a link may be changed."""
    found = _own(request, pk)
    form = LinkForm(found.organisation, request.POST or None, instance=found)
    if request.method == "POST" and "preview" not in request.POST and form.is_valid():
        try:
            change_link(found, request.user, form.link_fields)
        except LinkError as error:
            form.add_error(None, error_text(error))
        else:
            messages.success(request, say("Saved.", "Сохранено."))
            return redirect("tracking:link", found.organisation.slug, pk)
    return _builder(request, form, found)


@member("manage_links")
@require_POST
def preview(request: MemberRequest) -> HttpResponse:
    """Where a link of these fields would lead."""
    return render(request, "tracking/preview.html", _preview(request, request.POST))


@member("view_links")
def link(request: MemberRequest, pk: int) -> HttpResponse:
    """A link: its figures, its addresses, its QR code and its picture for letters."""
    found, origin = _own(request, pk), origin_of(request)
    own, currency, error = None, None, ""
    part = "figures" in request.GET
    try:
        workspace = open_workspace(found.organisation)
        currency = workspace.settings.currency
        read = figures if part or "wait" in request.GET else figures_at_once
        own = read(found.organisation, workspace, [found])
    except SeptimaError as wrong:
        own, error = {}, error_text(wrong)
    context = {
        "link": found,
        "row": shown(found, own, currency, current_language()),
        "error": error,
    }
    if part:
        return render(request, "tracking/link_figures.html", context)
    context |= {
        "short": short_address(found, origin),
        "leads_to": final_address(found),
        "leads_on": _leads_on(found),
        "snippet": snippet(found, origin),
        "customers": CustomersForm(),
    }
    return render(request, "tracking/link.html", context)


@member("manage_links")
@require_POST
def archive(request: MemberRequest, pk: int) -> HttpResponse:
    """Put a link away, or take it back with `undo`."""
    found, undo = _own(request, pk), "undo" in request.POST
    try:
        set_archived(found, request.user, archived=not undo)
    except LinkError as error:
        messages.error(request, error_text(error))
    return redirect("tracking:link", found.organisation.slug, pk)


@member("view_links")
def qr(request: MemberRequest, pk: int, kind: str) -> HttpResponse:
    """The QR code of a link, shown or saved as a file."""
    drawers = {"svg": (qr_svg, "image/svg+xml"), "png": (qr_png, "image/png")}
    if kind not in drawers:
        raise Http404
    found = _own(request, pk)
    draw, content_type = drawers[kind]
    drawn = draw(short_address(found, origin_of(request)))
    if "save" in request.GET:
        return file_answer(f"{found.code}.{kind}", drawn, content_type)
    return HttpResponse(drawn, content_type=content_type)


@member("manage_links")
@require_POST
def addresses(request: MemberRequest, pk: int) -> HttpResponse:
    """The addresses of a personal link for the customers of a list, as a file for a mail service."""
    found, form = _own(request, pk), CustomersForm(request.POST, request.FILES)
    if not found.personal:
        raise Http404
    if not form.is_valid():
        messages.error(request, say("Choose a file with customers.", "Выберите файл с\u00a0клиентами."))
        return redirect("tracking:link", found.organisation.slug, pk)
    try:
        guests = read_guests(form.cleaned_data["file"].read(MOST_BYTES + 1))
    except SeptimaError as error:
        messages.error(request, error_text(error))
        return redirect("tracking:link", found.organisation.slug, pk)
    note_event(found.organisation, request.user, "tracked_link.addresses", found.code, customers=len(guests))
    origin = origin_of(request)

    def lines() -> Iterable[list[object]]:
        for guest in guests:
            customer = guest.customer_id
            yield [customer, short_address(found, origin, customer), picture_address(found, origin, customer)]

    return cast("HttpResponse", csv_answer(f"{found.code}.csv", ["customer_id", "link", "picture"], lines()))


def _builder(request: MemberRequest, form: LinkForm, link: TrackedLink | None = None) -> HttpResponse:
    wrong = request.method == "POST" and "preview" not in request.POST
    context = {
        "form": form,
        "link": link,
        "used": form.used(),
        "has_hosts": bool(rules_of(request.membership.organisation.pk)),
        **_preview(request, form.data if form.is_bound else form.initial, link),
    }
    return render(request, "tracking/builder.html", context, status=422 if wrong else 200)


def _preview(request: MemberRequest, given: Any, link: TrackedLink | None = None) -> dict[str, str]:
    """Where a link would lead by what is in its form, and its short address where that is known."""
    values = {name: str(given.get(name) or "").strip() for name in ("target", "code", *MARKS)}
    if link is not None:
        values |= {name: getattr(link, name) for name in FIXED}
    short = f"{origin_of(request)}/l/{values['code'].lower() or '…'}"
    if not values["target"]:
        return {"final": "", "wrong": "", "short_shown": short}
    try:
        target = checked_target(values["target"], rules_of(request.membership.organisation.pk))
    except TargetError as error:
        return {"final": "", "wrong": error_text(error), "short_shown": short}
    marks = {name: values[name] for name in MARKS}
    return {"final": with_marks(target, marks), "wrong": "", "short_shown": short}


def _begun(request: MemberRequest) -> dict[str, Any]:
    """What a new link begins with."""
    begun: dict[str, Any] = {"token": new_token()}
    if request.GET.get("from", "").isdecimal():
        other = _own(request, int(request.GET["from"][:18]))
        begun |= {name: getattr(other, name) for name in _COPIED}
    return begun


def _leads_on(link: TrackedLink) -> bool:
    """Whether its host is still allowed."""
    try:
        checked_target(link.target, rules_of(link.organisation.pk))
    except TargetError:
        return False
    return True


def _own(request: MemberRequest, pk: int) -> TrackedLink:
    links = TrackedLink.objects.select_related("organisation", "made_by")
    return get_object_or_404(links, organisation=request.membership.organisation, pk=pk)
