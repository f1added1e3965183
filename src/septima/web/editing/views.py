"""Pages of definition files: which there are, each with its text and history."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from septima.schema import SeptimaError
from septima.web.common.access import MemberRequest, member
from septima.web.common.errors import cannot
from septima.web.common.language import current_language, error_text, say
from septima.web.editing import register
from septima.web.editing.files import METRICS_KIND, FileError, names, starting_text, text_of
from septima.web.editing.models import OPEN_STATES, Draft, Version
from septima.web.editing.shapes import shape_of
from septima.web.editing.showing import (
    fields_between,
    known_kind,
    lines_between,
    mistakes_in,
    text_for,
    workspace_or_none,
)


@dataclass(frozen=True)
class FileRow:
    """A file as the overview shows it."""

    name: str
    title: str
    about: str
    exists: bool
    may_begin: bool
    mistakes: int
    version: Version | None
    drafts: list[Draft]

    @property
    def at(self) -> datetime | None:
        """When it was changed last."""
        return self.version.at if self.version else None


@member("view_definitions")
@require_GET
def overview(request: MemberRequest) -> HttpResponse:
    """All definition files: what each is, who changed it last, whether it is right, and what is under way."""
    organisation = request.membership.organisation
    trouble = _look(request)
    newest = {
        one.file: one
        for one in Version.objects.filter(organisation=organisation)
        .order_by("number")
        .select_related("author", "approver")
        .defer("text")
    }
    open_drafts = list(
        Draft.objects.filter(organisation=organisation, state__in=OPEN_STATES)
        .select_related("author")
        .defer("text", "base_text")
    )
    rows = [_row(request, name, newest, open_drafts) for name in names(organisation.directory)]
    waiting = [draft for draft in open_drafts if draft.state == "submitted"]
    return render(
        request, "editing/overview.html", {"rows": rows, "waiting": waiting, "trouble": trouble, "drafts": open_drafts}
    )


@member("view_definitions")
@require_GET
def file(request: MemberRequest, name: str) -> HttpResponse:
    """A file: its text with line numbers, what is wrong with it, who made which version."""
    organisation, kind = request.membership.organisation, known_kind(name)
    trouble = _look(request)
    try:
        text = text_of(organisation.directory, name)
    except FileError as error:
        return cannot(request, say("This file cannot be shown", "Этот файл не показать"), error_text(error))
    versions = (
        Version.objects.filter(organisation=organisation, file=name).select_related("author", "approver").defer("text")
    )
    if text is None and not versions and not kind.may_begin:
        raise Http404
    drafts = (
        Draft.objects.filter(organisation=organisation, file=name)
        .select_related("author", "reviewer")
        .defer("text", "base_text")
    )
    found = () if text is None else mistakes_in(organisation, name, text)
    shown = text_for(request.membership, text or "")
    wrong_lines = {one.line for one in found if not one.file}
    return render(
        request,
        "editing/file.html",
        {
            "name": name,
            "kind": kind,
            "title": kind.name.in_language(current_language()),
            "text": text,
            "lines": [(number, line, number in wrong_lines) for number, line in enumerate(shown.splitlines(), 1)],
            "mistakes": found,
            "versions": versions[:100],
            "drafts": drafts[:30],
            "trouble": trouble,
        },
    )


@member("view_definitions")
@require_GET
def version(request: MemberRequest, name: str, number: int) -> HttpResponse:
    """A version, and what differs between it and another one: the one before, unless `against` names one."""
    organisation, kind = request.membership.organisation, known_kind(name)
    every = Version.objects.filter(organisation=organisation, file=name).select_related("author", "approver")
    found = get_object_or_404(every, number=number)
    asked = request.GET.get("against", "")
    against = (
        get_object_or_404(every, number=int(asked))
        if asked.isdecimal() and len(asked) < 9
        else every.filter(number__lt=number).first()
    )
    old = against.text if against else ""
    return render(
        request,
        "editing/version.html",
        {
            "name": name,
            "title": kind.name.in_language(current_language()),
            "version": found,
            "against": against,
            "others": every.exclude(number=number).defer("text")[:100],
            "lines": lines_between(request.membership, old, found.text),
            "fields": fields_between(request.membership, old, found.text),
            "text": text_for(request.membership, found.text),
            "is_newest": not every.filter(number__gt=number).exists(),
        },
    )


@member("edit_definitions")
@require_POST
def edit(request: MemberRequest, name: str) -> HttpResponse:
    """Begin a draft of a file, or go on with one's own."""
    return _begun(request, name)


def _begun(request: MemberRequest, name: str) -> HttpResponse:
    organisation, kind = request.membership.organisation, known_kind(name)
    try:
        register.look(organisation)
        text = None
        if text_of(organisation.directory, name) is None:
            workspace = workspace_or_none(organisation)
            if workspace is None or not kind.may_begin:
                raise Http404
            has_draft = Draft.objects.filter(organisation=organisation, file=name, author=request.user, state="draft")
            text = None if has_draft.exists() else starting_text(workspace, name)
        draft = register.begin(organisation, request.user, name, text)
    except SeptimaError as error:
        return cannot(request, say("No draft could be begun", "Черновик не начать"), error_text(error))
    has_form = shape_of(kind.id, current_language()) is not None
    view = "editing:form" if has_form else "editing:text"
    return HttpResponseRedirect(reverse(view, args=(organisation.slug, draft.pk)))


@member("edit_definitions")
@require_POST
def begin_metrics(request: MemberRequest) -> HttpResponse:
    """Begin another file of the company's own metrics, by the name that was given."""
    organisation = request.membership.organisation
    stem = request.POST.get("name", "").strip().removesuffix(".yaml")
    name = f"metrics/{stem}.yaml"
    try:
        right = known_kind(name) is METRICS_KIND
    except Http404:
        right = False
    if not right:
        messages.error(
            request,
            say(
                "Name the file by Latin letters, digits, - and _.", "Назовите файл латинскими буквами, цифрами, - и _."
            ),
        )
        return HttpResponseRedirect(reverse("editing:overview", args=(organisation.slug,)))
    return _begun(request, name)


@member("edit_definitions")
@require_POST
def restore(request: MemberRequest, name: str, number: int) -> HttpResponse:
    """Begin a draft with the text of an earlier version; nothing changes until it is approved."""
    organisation = request.membership.organisation
    known_kind(name)
    found = get_object_or_404(Version, organisation=organisation, file=name, number=number)
    existing = Draft.objects.filter(organisation=organisation, file=name, author=request.user, state="draft").first()
    if existing is not None and existing.text not in (existing.base_text, found.text):
        return cannot(
            request,
            say("You have a draft of this file already", "У вас уже есть черновик этого файла"),
            say(
                "Submit or withdraw it first; nothing of it was touched.",
                "Сначала отправьте или отзовите его; в нём ничего не тронуто.",
            ),
        )
    note = say(f"Back to version {number}", f"Возврат к версии {number}")
    try:
        draft = register.begin(organisation, request.user, name, found.text, note)
    except SeptimaError as error:
        return cannot(request, say("No draft could be begun", "Черновик не начать"), error_text(error))
    return HttpResponseRedirect(reverse("editing:draft", args=(organisation.slug, draft.pk)))


def _look(request: MemberRequest) -> str:
    try:
        register.look(request.membership.organisation)
    except (SeptimaError, OSError) as error:
        return error_text(error)
    return ""


def _row(request: MemberRequest, name: str, newest: dict[str, Version], drafts: list[Draft]) -> FileRow:
    organisation, kind = request.membership.organisation, known_kind(name)
    try:
        text = text_of(organisation.directory, name)
        wrong = 0 if text is None else len(mistakes_in(organisation, name, text))
    except FileError:
        text, wrong = "", 1
    language = current_language()
    return FileRow(
        name,
        kind.name.in_language(language),
        kind.about.in_language(language),
        text is not None,
        kind.may_begin,
        wrong,
        newest.get(name),
        [draft for draft in drafts if draft.file == name],
    )
