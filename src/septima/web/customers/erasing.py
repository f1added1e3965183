"""Export and erasure of a person's data, with certificates of what was erased."""

import base64
import secrets
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from septima.lake.lookup import find_customers
from septima.report.number_forms import plain
from septima.schema import SeptimaError, Text
from septima.scorecard.closing import revisions
from septima.web.accounts.audit import note_event
from septima.web.common.access import MemberRequest, member
from septima.web.common.errors import cannot
from septima.web.common.exports import file_answer
from septima.web.common.language import current_language, error_text, said_later, say
from septima.web.common.paging import newest_first
from septima.web.common.workspaces import open_workspace
from septima.web.customers.links import mark_of, seal, unseal
from septima.web.customers.models import Erasure
from septima.web.customers.person import exported_person
from septima.web.customers.story import Story
from septima.web.customers.views import SearchForm, hit_of, known_person, story_of
from septima.web.customers.works import begin_erasing
from septima.web.work.doing import begin_again, may_begin_again, settle
from septima.web.work.showing import progress_answer


class EraseForm(forms.Form):
    """What a person types before somebody's data are erased."""

    name = forms.CharField(
        label=said_later("Type the customer’s name again", "Введите имя клиента ещё раз"),
        max_length=300,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    reason = forms.CharField(
        label=said_later("Reason", "Основание"),
        max_length=500,
        help_text=said_later(
            "Such as the number and day of the request. It stands in the certificate: name no person here.",
            "Например, номер и\u00a0дата требования. Попадёт в\u00a0свидетельство: не\u00a0называйте здесь человека.",
        ),
    )
    token = forms.CharField(widget=forms.HiddenInput, max_length=64)

    def __init__(self, *arguments: Any, story: Story, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._story = story

    def clean_name(self) -> str:
        """The name as the card has it, letters of any case."""
        typed = " ".join(self.cleaned_data["name"].split())
        if typed.casefold() != " ".join(self._story.head.name.split()).casefold():
            raise forms.ValidationError(
                say(
                    "This is not the name on the card; type it as it stands there.",
                    "Это не\u00a0то имя, что на\u00a0карточке; введите его, как там.",
                )
            )
        return typed

    def clean_reason(self) -> str:
        """The reason, in which the customer may not be named."""
        reason = self.cleaned_data["reason"]
        head = self._story.head
        personal = [head.name, *(one.value for one in head.contacts)]
        if any(one.casefold() in reason.casefold() for one in personal if len(one) > 3):
            raise forms.ValidationError(
                say(
                    "The reason names the customer, and the certificate would keep it; write the number of the request.",
                    "В\u00a0основании назван клиент, и\u00a0свидетельство это сохранит; укажите номер требования.",
                )
            )
        return reason


@member("erase_customers")
@require_POST
def export(request: MemberRequest, token: str) -> HttpResponse:
    """All that is kept of a person, as a zip file for the person."""
    organisation = request.membership.organisation
    customer_id = unseal(organisation, token)
    workspace = open_workspace(organisation)
    person = known_person(workspace.lake, customer_id)
    try:
        content = exported_person(organisation, workspace.lake, person.members)
    except SeptimaError as error:
        return cannot(request, say("The data cannot be exported", "Данные не\u00a0выгрузить"), error_text(error))
    mark = mark_of(organisation, person.customer_id)
    note_event(organisation, request.user, "customer.exported", mark)
    answer = file_answer(f"customer-{mark}.zip", content, "application/zip")
    answer["Cache-Control"] = "no-store"
    return answer


@member("erase_customers")
@never_cache
def erasures(request: MemberRequest) -> HttpResponse:
    """Certificates of what was erased; and finding the person who asks for export or erasure."""
    organisation = request.membership.organisation
    form = SearchForm(request.POST or None)
    context: dict[str, Any] = {"form": form, "hits": None, "actions": True}
    if request.method == "POST" and form.is_valid():
        try:
            tables = open_workspace(organisation).tables(resolved=False)
            found = find_customers(tables, form.cleaned_data["text"])
        except SeptimaError as error:
            return cannot(
                request, say("The data cannot be read", "Данные не\u00a0прочитать"), error_text(error), status=503
            )
        note_event(organisation, request.user, "customers.searched", found=len(found))
        context["hits"] = [hit_of(organisation, one) for one in found]
    context["pager"] = newest_first(
        request, Erasure.objects.filter(organisation=organisation).select_related("asked_by", "work")
    )
    return render(request, "customers/erasures.html", context)


@member("erase_customers")
@never_cache
def erase(request: MemberRequest, token: str) -> HttpResponse:
    """What would be erased, and the name typed again with a reason; nothing is erased before the second question."""
    organisation = request.membership.organisation
    workspace = open_workspace(organisation)
    person = known_person(workspace.lake, unseal(organisation, token))
    story = story_of(workspace, person)
    initial = {"token": secrets.token_urlsafe(24)}
    form = EraseForm(request.POST or None, story=story, initial=initial)
    if request.method == "POST" and form.is_valid():
        erasure, made = Erasure.objects.get_or_create(
            token=form.cleaned_data["token"],
            defaults={
                "organisation": organisation,
                "asked_by": request.user,
                "customer_id": person.customer_id,
                "reason": form.cleaned_data["reason"],
            },
        )
        if erasure.organisation != organisation:
            raise Http404
        if made:
            note_event(organisation, request.user, "erasure.asked", mark_of(organisation, person.customer_id))
        return HttpResponseRedirect(reverse("customers:confirm", args=[organisation.slug, erasure.pk]))
    counts = [(name, len(rows)) for name, rows in person.tables.items() if rows and name not in _OTHERS]
    context = {
        "form": form,
        "story": story,
        "token": seal(organisation, person.customer_id),
        "counts": counts,
        "closed": _closed_periods(workspace),
    }
    return render(request, "customers/erase.html", context)


@member("erase_customers")
@never_cache
def confirm(request: MemberRequest, number: int) -> HttpResponse:
    """The second question; after it the background worker erases."""
    erasure = _own(request, number)
    organisation = erasure.organisation
    # What another confirmed in this very moment can no longer be withdrawn.
    unconfirmed = Erasure.objects.filter(pk=erasure.pk, confirmed_at=None)
    if request.method == "POST" and "withdraw" in request.POST and unconfirmed.delete()[0]:
        note_event(organisation, request.user, "erasure.withdrawn", erasure.name)
        messages.info(request, say("Nothing was erased.", "Ничего не\u00a0удалено."))
        return HttpResponseRedirect(reverse("customers:erasures", args=[organisation.slug]))
    if request.method == "POST":
        # Of two who confirm at once, one starts the erasure.
        if "withdraw" not in request.POST and unconfirmed.update(confirmed_at=datetime.now(UTC)):
            note_event(organisation, request.user, "erasure.confirmed", erasure.name)
            begin_erasing(erasure)
        return HttpResponseRedirect(reverse("customers:erasure", args=[organisation.slug, erasure.pk]))
    if erasure.confirmed_at is not None:
        return HttpResponseRedirect(reverse("customers:erasure", args=[organisation.slug, erasure.pk]))
    workspace = open_workspace(organisation)
    story = story_of(workspace, known_person(workspace.lake, erasure.customer_id))
    context = {"erasure": erasure, "story": story, "closed": _closed_periods(workspace)}
    return render(request, "customers/confirm.html", context)


@member("erase_customers")
@never_cache
def erasure(request: MemberRequest, number: int) -> HttpResponse:
    """How far an erasure has come, and its certificate."""
    found = _own(request, number)
    here = reverse("customers:erasure", args=[found.organisation.slug, found.pk])
    if found.confirmed_at is None:
        return HttpResponseRedirect(reverse("customers:confirm", args=[found.organisation.slug, found.pk]))
    if found.work is None:
        begin_erasing(found)  # the request that confirmed it died before it could
    assert found.work is not None  # noqa: S101 - begun just now
    if request.method == "POST":
        if begin_again(settle(found.work)):
            note_event(found.organisation, request.user, "erasure.retried", found.name)
        return HttpResponseRedirect(here)
    if request.htmx:
        return progress_answer(request, found.work)
    settle(found.work)
    context = {
        "erasure": found,
        "work": found.work,
        "can_retry": may_begin_again(found.work),
        "certificate": _certificate(found),
    }
    return render(request, "customers/erasure.html", context)


@member("erase_customers")
@never_cache
def certificate_pdf(request: MemberRequest, number: int) -> HttpResponse:
    """The certificate as PDF."""
    erasure = _own(request, number)
    if erasure.erased_at is None:
        raise Http404
    try:
        from septima.report.document import pdf_document  # noqa: PLC0415 - an extra
    except ImportError:
        title = say("PDF cannot be made here", "PDF здесь не\u00a0сделать")
        return cannot(
            request, title, say("Print the certificate’s page instead.", "Напечатайте страницу свидетельства.")
        )
    fonts = {
        weight: base64.b64encode(
            (files("septima.report") / "fonts" / f"SeptimaSans-{name}.woff2").read_bytes()
        ).decode()
        for weight, name in ((400, "Regular"), (600, "SemiBold"))
    }
    context = {
        "erasure": erasure,
        "certificate": _certificate(erasure),
        "fonts": fonts,
        "language": current_language(),
        "organisation": erasure.organisation,
    }
    pdf = pdf_document(render_to_string("customers/certificate_pdf.html", context))
    return file_answer(f"erasure-{erasure.pk}.pdf", pdf, "application/pdf")


_OTHERS = ("products", "campaigns", "employees")
"""Tables that are read for the card and hold nothing of the person."""


def _own(request: MemberRequest, number: int) -> Erasure:
    found = Erasure.objects.select_related("organisation", "asked_by", "work")
    return get_object_or_404(found, pk=number, organisation=request.membership.organisation)


_SITE = {
    "openings": Text("openings of the card", "открытия карточки"),
    "suggestions": Text("likely duplicates", "возможные дубли"),
    "valuations": Text("values by method", "оценки ценности"),
    "surveys": Text("answers to surveys", "ответы на\u00a0опросы"),
    "uploads": Text("uploaded files", "загруженные файлы"),
}


def _certificate(erasure: Erasure) -> dict[str, Any]:
    """What a certificate shows: facts, rows by table, rows by application of the site."""
    told = erasure.certificate
    if not told:
        return {}
    versions = ", ".join(map(str, told["versions"])) or "—"
    facts = [
        (say("Certificate of the lake", "Свидетельство хранилища"), told["id"]),
        (say("Files deleted", "Удалено файлов"), plain(told["files"], 0, current_language())),
        (
            say("Versions that can no longer be read whole", "Версии, которые больше не\u00a0прочитать целиком"),
            versions,
        ),
        (say("Seal (SHA-256)", "Контрольная сумма (SHA-256)"), told["hash"]),
    ]
    site = [
        (_SITE[name].in_language(current_language()) if name in _SITE else name, n) for name, n in told["site"].items()
    ]
    return {"facts": facts, "tables": [(name, *rows) for name, rows in told["tables"].items()], "site": site}


def _closed_periods(workspace: Any) -> list[str]:
    """Closed periods, whose kept cards an erasure leaves as they are."""
    try:
        return sorted({one.period for one in revisions(workspace.directory)})
    except SeptimaError:
        return []
