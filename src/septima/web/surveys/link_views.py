"""Pages on which links to a survey are given out."""

import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.db.models import Count, QuerySet
from django.http import Http404, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from septima.schema import SeptimaError
from septima.web.accounts.audit import note_event
from septima.web.common.access import MemberRequest, member
from septima.web.common.csv_files import MOST_BYTES
from septima.web.common.exports import csv_answer, file_answer
from septima.web.common.language import error_text, say
from septima.web.common.paging import newest_first
from septima.web.common.qr_codes import qr_svg
from septima.web.common.requests import origin_of
from septima.web.common.workspaces import open_workspace
from septima.web.surveys import inviting, letters, links, tasks
from septima.web.surveys.forms import IssueForm, SitesForm
from septima.web.surveys.models import Issue, Letter, Link, Survey
from septima.web.surveys.views import own_survey, page_of, to
from septima.workspace import Workspace


@member("build_surveys")
def overview(request: MemberRequest, pk: int) -> HttpResponse:
    """The open link with its QR code, the snippet for other sites, and the personal links given out so far."""
    survey = own_survey(request, pk)
    form = SitesForm(request.POST or None, initial={"sites": survey.allowed_sites})
    if request.method == "POST" and form.is_valid():
        survey.allowed_sites = form.cleaned_data["sites"]
        survey.save(update_fields=["allowed_sites"])
        note_event(
            survey.organisation, request.user, "survey.sites_changed", survey.name, survey=pk, sites=survey.sites
        )
        messages.success(request, say("Saved.", "Сохранено."))
        return to(request, "surveys:links", pk)
    origin = origin_of(request)
    page = newest_first(request, _with_counts(Issue.objects.filter(survey=survey).select_related("made_by")))
    values = {
        "form": form,
        "open_link": links.anonymous_address(survey, origin),
        "snippet": _snippet(survey, origin) if survey.sites else "",
        "pager": page,
    }
    return page_of(request, "surveys/links.html", survey, values)


@member("build_surveys")
def qr(request: MemberRequest, pk: int) -> HttpResponse:
    """The QR code of the open link, shown or saved as a file."""
    survey = own_survey(request, pk)
    drawn = qr_svg(links.anonymous_address(survey, origin_of(request)))
    if "save" in request.GET:
        return file_answer(f"{survey.name}.svg", drawn, "image/svg+xml")
    return HttpResponse(drawn, content_type="image/svg+xml")


@member("build_surveys")
def give_out(request: MemberRequest, pk: int) -> HttpResponse:
    """Give personal links to customers of a list or of segments, sparing those whom the guard spares."""
    survey = own_survey(request, pk)
    try:
        workspace = open_workspace(survey.organisation)
        segments, guard = inviting.segments_of(workspace), inviting.default_guard(workspace.settings)
    except SeptimaError as error:
        messages.error(request, error_text(error))
        return to(request, "surveys:links", pk)
    initial = {
        "token": secrets.token_urlsafe(12),
        "touches": guard.touches,
        "days": guard.days,
        "consent": guard.consent,
        "subject": letters.default_subject(survey),
        "text": letters.default_text(survey),
    }
    form = IssueForm(request.POST or None, request.FILES or None, initial=initial)
    cast("forms.MultipleChoiceField", form.fields["segments"]).choices = [(name, name) for name in segments]
    if request.method == "POST" and form.is_valid():
        if form.cleaned_data["channel"] == "email" and not survey.takes_answers:
            form.add_error(
                None, say("Open the survey before letters go out.", "Сначала откройте опрос, потом рассылайте письма.")
            )
        else:
            try:
                issue, made = _issued(request, survey, workspace, form)
            except SeptimaError as error:
                form.add_error("file" if request.FILES else None, error_text(error))
            else:
                if made and issue.counts["issued"] == 0:
                    messages.error(request, say("Nobody is left to ask.", "Спрашивать некого."))
                return to(request, "surveys:issue", pk, issue.pk)
    return page_of(request, "surveys/give_out.html", survey, {"form": form, "groups": _groups(form)})


@member("build_surveys")
def issue(request: MemberRequest, pk: int, issue: int) -> HttpResponse:
    """One giving out: who was spared and why, how letters go."""
    survey, found = _own(request, pk, issue)
    return page_of(request, "surveys/issue.html", survey, {"shown": _shown(found), "can_send": _can_send(found)})


@member("build_surveys")
def addresses(request: MemberRequest, pk: int, issue: int) -> HttpResponse:
    """The links as a file for a mailing system: all, or those that nobody has answered by."""
    survey, found = _own(request, pk, issue)
    rows = Link.objects.filter(issue=found).select_related("survey").order_by("pk")
    silent = "unanswered" in request.GET
    if silent:
        rows = rows.filter(answered_at=None)
    note_event(survey.organisation, request.user, "survey.links_exported", survey.name, survey=pk, links=rows.count())
    origin = origin_of(request)

    def lines() -> Iterable[list[object]]:
        for link in rows.iterator(2_000):
            yield [link.customer_id, links.address_of(link, origin), link.expires_at]

    name = f"{survey.name} {found.pk}{'-unanswered' if silent else ''}.csv"
    return cast("HttpResponse", csv_answer(name, ["customer_id", "link", "expires_at"], lines()))


@member("build_surveys")
@require_POST
def send(request: MemberRequest, pk: int, issue: int) -> HttpResponse:
    """Go on with letters that wait, or remind now those who have not answered."""
    survey, found = _own(request, pk, issue)
    origin = origin_of(request)
    if request.POST.get("do") == "remind" and found.channel == "email" and found.reminded_at is None:
        tasks.remind.enqueue(found.pk, origin)
    elif request.POST.get("do") == "go_on":
        for kind in ("invitation", "reminder"):
            tasks.send_letters.enqueue(found.pk, kind, origin)
    else:
        raise Http404
    note_event(survey.organisation, request.user, "survey.letters_asked_for", survey.name, survey=pk, issue=found.pk)
    messages.success(request, say("The letters are on their way.", "Письма отправляются."))
    return to(request, "surveys:issue", pk, found.pk)


def _issued(request: MemberRequest, survey: Survey, workspace: Workspace, form: IssueForm) -> tuple[Issue, bool]:
    given: dict[str, Any] = form.cleaned_data
    if given["file"]:
        # One byte more than is allowed tells that there is too much.
        guests = inviting.read_guests(given["file"].read(MOST_BYTES + 1))
    else:
        guests = inviting.guests_of(
            workspace, segments=given["segments"], ordered_within=given["ordered_within"], most=given["most"]
        )
    guard = inviting.Guard(given["touches"], given["days"], given["consent"])
    chosen = inviting.choose(workspace, survey, guests, guard)
    by_mail = given["channel"] == "email"
    made, is_new = inviting.give_out(
        survey,
        chosen,
        request.user,
        token=given["token"],
        channel=given["channel"],
        subject=given["subject"] if by_mail else "",
        text=given["text"] if by_mail else "",
        consent=given["consent"],
        expires_at=form.expires_at,
        remind_after_days=given["remind_after_days"] if by_mail else None,
    )
    if is_new:
        note_event(
            survey.organisation, request.user, "survey.links_given", survey.name, survey=survey.pk, **made.counts
        )
        if by_mail:
            _enqueue(made, origin_of(request))
    return made, is_new


def _enqueue(issue: Issue, origin: str) -> None:
    tasks.send_letters.enqueue(issue.pk, "invitation", origin)
    if issue.remind_after_days and tasks.can_wait():
        later = timezone.now() + timedelta(days=issue.remind_after_days)
        tasks.remind.using(run_after=later).enqueue(issue.pk, origin)


def _own(request: MemberRequest, pk: int, issue: int) -> tuple[Survey, Issue]:
    survey = own_survey(request, pk)
    issues = _with_counts(Issue.objects.select_related("survey__organisation", "made_by"))
    found = issues.filter(pk=issue, survey=survey).first()
    if found is None:
        raise Http404
    return survey, found


def _with_counts(issues: QuerySet[Issue]) -> QuerySet[Issue]:
    """With how many of its links were `opened` and `answered`."""
    return issues.annotate(opened=Count("link__opened_at"), answered=Count("link__answered_at"))


def _shown(issue: Issue) -> dict[str, Any]:
    return {
        "issue": issue,
        "letters": letters.counts_of(issue) if issue.channel == "email" else None,
        "reminder_due": issue.created_at + timedelta(days=issue.remind_after_days) if issue.remind_after_days else None,
    }


def _can_send(issue: Issue) -> bool:
    return Letter.objects.filter(link__issue=issue, state="waiting").exists()


def _groups(form: IssueForm) -> list[tuple[str, list[forms.BoundField]]]:
    names = (
        (say("Whom to ask", "Кого спросить"), ("file", "segments", "ordered_within", "most")),
        (say("Whom to spare", "Кого не\u00a0беспокоить"), ("touches", "days", "consent")),
        (
            say("How it goes out", "Как отправить"),
            ("channel", "expires_in", "subject", "text", "remind_after_days"),
        ),
    )
    return [(title, [form[name] for name in own]) for title, own in names]


def _snippet(survey: Survey, origin: str) -> str:
    title = survey.title.in_language(survey.spoken[0])
    escaped = title.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    return (
        f'<iframe src="{links.embedded_address(survey, origin)}" title="{escaped}" '
        'width="100%" height="640" style="border:0" loading="lazy"></iframe>'
    )
