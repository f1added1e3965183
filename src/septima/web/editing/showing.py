"""What pages of editing have in common: the workspace, texts as a person may see them, what is wrong with them."""

import hashlib
import json
from dataclasses import dataclass

from django.http import Http404
from django.shortcuts import get_object_or_404

from septima.schema import SeptimaError
from septima.schema.version import VERSION
from septima.scorecard.audit import plain_json, without_secrets
from septima.scorecard.differences import differences
from septima.web.accounts.models import Membership, Organisation
from septima.web.common.access import MemberRequest
from septima.web.common.language import current_language, error_text, say
from septima.web.common.permissions import allowed
from septima.web.common.workspaces import kept, open_workspace
from septima.web.editing import checking
from septima.web.editing.comparing import Line, compared
from septima.web.editing.effect import Effect, OwnFigures, effect, own_figures, touches_card
from septima.web.editing.files import FileError, Kind, kind_of, texts_with
from septima.web.editing.layout import LayoutError, content
from septima.web.editing.limits import refusal
from septima.web.editing.mistakes import Mistake
from septima.web.editing.models import Draft
from septima.workspace import Workspace

_MOST_DIFFERENCES = 100


@dataclass(frozen=True)
class ShownEffect:
    """What a draft does to the card, or why that cannot be said."""

    effect: Effect | None = None
    own: tuple[OwnFigures, ...] = ()
    reason: str = ""
    mistakes: tuple[Mistake, ...] = ()


@dataclass(frozen=True)
class ShownDifference:
    """A field before and after, as it is written."""

    path: str
    old: str
    new: str


def known_kind(name: str) -> Kind:
    """What the file of this name is; 404 where it defines nothing."""
    try:
        return kind_of(name)
    except FileError:
        raise Http404 from None


def draft_of(request: MemberRequest, pk: int) -> Draft:
    """The draft of the person's organisation; 404 where there is none."""
    found = Draft.objects.select_related("author", "reviewer", "organisation")
    return get_object_or_404(found, pk=pk, organisation=request.membership.organisation)


def workspace_or_none(organisation: Organisation) -> Workspace | None:
    """The workspace; None where its settings are so wrong that it does not open, which is mended here."""
    try:
        return open_workspace(organisation)
    except SeptimaError:
        return None


def may_see_secrets(membership: Membership) -> bool:
    """Whether a person may see values of fields such as `password`: who edits the file anyway."""
    return allowed(membership.role, "edit_definitions")


def text_for(membership: Membership, text: str) -> str:
    """A text as a person may see it."""
    return text if may_see_secrets(membership) else without_secrets(text)


def mistakes_in(organisation: Organisation, name: str, text: str) -> tuple[Mistake, ...]:
    """What is wrong with a text in place of the file; kept, for the readers take their time."""
    refused = refusal(text)
    if refused is not None:
        return (refused,)
    every = json.dumps(
        [VERSION, name, current_language(), texts_with(organisation.directory, name, text)], sort_keys=True
    )
    key = f"mistakes-{organisation.pk}-{hashlib.sha256(every.encode()).hexdigest()[:32]}"
    people = _employees(organisation) if name == "cascade.yaml" else None
    if people is not None:
        return checking.mistakes(organisation.directory, name, text, people)
    return kept(key, lambda: checking.mistakes(organisation.directory, name, text))


def shown_effect(organisation: Organisation, name: str, base: str, text: str) -> ShownEffect:
    """What a text in place of the base does to the card."""
    if not touches_card(name):
        return ShownEffect(
            reason=say("This file has no say in the figures of the card.", "Этот файл не влияет на числа карты.")
        )
    wrong = mistakes_in(organisation, name, text)
    if wrong:
        return ShownEffect(mistakes=wrong)
    workspace = workspace_or_none(organisation)
    if workspace is None:
        return ShownEffect(
            reason=say(
                "The settings are wrong now, so there is no card to compare with.",
                "Параметры сейчас ошибочны, и сравнить не с чем.",
            )
        )
    try:
        language = current_language()
        own = own_figures(organisation, workspace, name, base, text, language) if name.startswith("metrics/") else ()
        return ShownEffect(effect(organisation, workspace, name, base, text, language), own)
    except SeptimaError as error:
        why = error_text(error)
        return ShownEffect(
            reason=say(f"The card before cannot be made: {why}", f"Карту до\u00a0изменения не\u00a0составить: {why}")
        )


def lines_between(membership: Membership, old: str, new: str) -> tuple[Line, ...]:
    """The lines in which two texts differ, as a person may see them."""
    return compared(text_for(membership, old), text_for(membership, new))


def fields_between(membership: Membership, old: str, new: str) -> tuple[ShownDifference, ...]:
    """The fields in which two texts differ; none where one of them cannot be read."""
    if refusal(old) or refusal(new):
        return ()
    try:
        before, after = (content(text_for(membership, text)) or {} for text in (old, new))
    except LayoutError:
        return ()
    found = differences(before, after)[:_MOST_DIFFERENCES]
    return tuple(ShownDifference(one.path, plain_json(one.old), plain_json(one.new)) for one in found)


def _employees(organisation: Organisation) -> frozenset[str] | None:
    workspace = workspace_or_none(organisation)
    if workspace is None:
        return None
    try:
        ids = workspace.table("employees").employee_id.cast("string").execute()
    except SeptimaError:
        return None
    return frozenset(map(str, ids))
