"""Pages on which a draft is read, submitted, approved or refused."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from septima.schema import SeptimaError, Text
from septima.web.common.access import MemberRequest, member
from septima.web.common.language import current_language, error_text, say
from septima.web.common.permissions import allowed
from septima.web.editing import register
from septima.web.editing.comparing import merged
from septima.web.editing.effect import touches_card
from septima.web.editing.files import FileError, digest_of, text_of
from septima.web.editing.models import Draft
from septima.web.editing.shapes import shape_of
from septima.web.editing.showing import (
    draft_of,
    fields_between,
    known_kind,
    lines_between,
    mistakes_in,
    shown_effect,
    text_for,
)
from septima.web.scorecards.background import ask_for_renewal

_LONGEST_NOTE = 500


@member("view_definitions")
@require_GET
def draft(request: MemberRequest, pk: int) -> HttpResponse:
    """A draft: what it changes in the file and on the card, what has happened to it, what can be done."""
    with suppress(SeptimaError, OSError):  # the page of all files says what is wrong there
        register.look(request.membership.organisation)
    found = draft_of(request, pk)
    membership, own = request.membership, found.author_id == request.user.pk  # pyright: ignore[reportAttributeAccessIssue]
    stale = found.is_open and register.is_stale(found)
    wrong = mistakes_in(found.organisation, found.file, found.text) if found.is_open else ()
    may_approve = (
        allowed(membership.role, "approve_definitions") and found.state == "submitted" and not stale and not wrong
    )
    alone = own and register.is_alone(found.organisation, request.user)
    kind = known_kind(found.file)
    context: dict[str, Any] = {
        "draft": found,
        "title": kind.name.in_language(current_language()),
        "has_form": shape_of(kind.id, current_language()) is not None,
        "own": own,
        "is_stale": stale,
        "mistakes": wrong,
        "lines": lines_between(membership, found.base_text, found.text),
        "fields": fields_between(membership, found.base_text, found.text),
        "may_write": own and found.state == "draft" and allowed(membership.role, "edit_definitions"),
        "may_submit": own and found.state == "draft" and not stale and not wrong and found.text != found.base_text,
        "may_approve": may_approve and (not own or alone),
        "alone": alone,
        "waits_for_another": own and found.state == "submitted" and not alone,
        "has_effect": touches_card(found.file) and found.is_open and not wrong,
        "conflicts": (),
        "seen": digest_of(found.text),
    }
    if stale:
        current = _current(found)
        context["conflicts"] = [
            tuple(text_for(membership, part) for part in one)
            for one in merged(found.base_text, found.text, current).conflicts
        ]
        context["meanwhile"] = lines_between(membership, found.base_text, current)
    return render(request, "editing/draft.html", context)


@member("view_definitions")
@require_GET
def effect(request: MemberRequest, pk: int) -> HttpResponse:
    """What the draft would change on the card of the newest period."""
    found = draft_of(request, pk)
    shown = shown_effect(found.organisation, found.file, found.base_text, found.text)
    context = {"draft": found, "shown": shown, "compact": request.GET.get("compact") == "1"}
    return render(request, "editing/effect.html" if request.htmx else "editing/effect_page.html", context)


@member("edit_definitions")
@require_POST
def submit(request: MemberRequest, pk: int) -> HttpResponse:
    """Offer the draft for approval."""
    found = draft_of(request, pk)

    def act() -> str:
        if mistakes_in(found.organisation, found.file, found.text):
            raise register.EditingError(Text("mend what is wrong first", "сначала исправьте ошибки"))
        register.submit(found, request.user, _note(request))
        return say("The draft waits for approval.", "Черновик ждёт утверждения.")

    return _acted(request, found, act)


@member("edit_definitions")
@require_POST
def withdraw(request: MemberRequest, pk: int) -> HttpResponse:
    """Take the draft back."""
    found = draft_of(request, pk)

    def act() -> str:
        register.withdraw(found, request.user)
        return say(
            "The draft is withdrawn; its text can still be read.", "Черновик отозван; его текст можно прочитать."
        )

    return _acted(request, found, act)


@member("edit_definitions")
@require_POST
def reopen(request: MemberRequest, pk: int) -> HttpResponse:
    """Go on with the text of a draft that is no longer written."""
    found = draft_of(request, pk)
    try:
        if found.author_id != request.user.pk:  # pyright: ignore[reportAttributeAccessIssue]
            raise register.EditingError(Text("only the author goes on with it", "продолжить может только автор"))
        fresh = register.reopen(found, request.user)
    except SeptimaError as error:
        messages.error(request, error_text(error))
        fresh = found
    return HttpResponseRedirect(reverse("editing:draft", args=(found.organisation.slug, fresh.pk)))


@member("edit_definitions")
@require_POST
def rebase(request: MemberRequest, pk: int) -> HttpResponse:
    """Bring the draft up to the file as it is now."""
    found = draft_of(request, pk)

    def act() -> str:
        register.rebase(found, request.user, "theirs" if request.POST.get("prefer") == "theirs" else "ours")
        return say("The draft now begins from the file as it is.", "Теперь черновик начинается от нынешнего файла.")

    return _acted(request, found, act)


@member("approve_definitions")
@require_POST
def approve(request: MemberRequest, pk: int) -> HttpResponse:
    """Put the draft into force."""
    found = draft_of(request, pk)

    def act() -> str:
        if mistakes_in(found.organisation, found.file, found.text):
            raise register.EditingError(
                Text(
                    "the text is wrong; reject it, so that it can be mended",
                    "в тексте ошибка; отклоните его, чтобы её исправили",
                )
            )
        made = register.approve(found, request.user, request.POST.get("seen", ""))
        if touches_card(found.file):
            with suppress(SeptimaError):  # the card's own page tells what is wrong
                ask_for_renewal(found.organisation, request.user)
        return say(
            f"{found.file} is now version {made.number}.", f"{found.file}: теперь действует версия {made.number}."
        )

    return _acted(request, found, act)


@member("approve_definitions")
@require_POST
def reject(request: MemberRequest, pk: int) -> HttpResponse:
    """Refuse the draft, with the reason."""
    found = draft_of(request, pk)

    def act() -> str:
        register.reject(found, request.user, _note(request))
        return say("The draft is rejected; its author sees why.", "Черновик отклонён; автор увидит почему.")

    return _acted(request, found, act)


def _acted(request: MemberRequest, found: Draft, act: Callable[[], str]) -> HttpResponse:
    try:
        messages.success(request, act())
    except (SeptimaError, OSError) as error:
        messages.error(request, error_text(error))
    return HttpResponseRedirect(reverse("editing:draft", args=(found.organisation.slug, found.pk)))


def _note(request: MemberRequest) -> str:
    return request.POST.get("note", "").replace("\0", "").strip()[:_LONGEST_NOTE]


def _current(found: Draft) -> str:
    try:
        return text_of(found.organisation.directory, found.file) or ""
    except FileError:
        return ""
