"""What all pages around a card share: the choice of the address, what is dear kept and shown when it is there, what went wrong."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from septima.metrics.period import PeriodError
from septima.schema import Language, SeptimaError
from septima.scorecard.card import Scorecard
from septima.web.accounts.models import Organisation
from septima.web.common.access import MemberRequest
from septima.web.common.errors import cannot
from septima.web.common.language import current_language, error_text, say
from septima.web.common.permissions import allowed
from septima.web.common.workspaces import kept, look_up, open_workspace
from septima.web.scorecards.cards import card_is_kept, card_of
from septima.web.scorecards.choice import GRAINS, Choice, neighbour, of_grain, offered, read_choice
from septima.web.scorecards.first_page import ShownCard, first_page_key, peek, slice_name
from septima.web.scorecards.navigation import navigation
from septima.web.scorecards.standing import Standing, standing
from septima.workspace import Workspace

P = ParamSpec("P")
FILL = "fill"
"""The parameter by which a page that was shown without its content asks for that alone."""

WAIT = "wait"
"""The parameter by which a person without JavaScript waits for the whole page."""


@dataclass(frozen=True)
class Asked:
    """A request for a page about the card of a choice."""

    request: MemberRequest
    organisation: Organisation
    now: Standing
    choice: Choice
    language: Language

    @property
    def wants_all(self) -> bool:
        """Whether the answer is waited for, however long it takes."""
        return FILL in self.request.GET or WAIT in self.request.GET

    @property
    def shown(self) -> ShownCard | None:
        """The first page of the choice, if it is kept."""
        return peek(first_page_key(self.organisation, self.now, self.choice, self.language))


CardPage = Callable[Concatenate[MemberRequest, Asked, P], HttpResponse]


def asks_for_a_card(view: CardPage[P]) -> Callable[Concatenate[MemberRequest, P], HttpResponse]:
    """Give a view what its address asks for; a page that says why where the workspace or the period cannot be read."""

    @wraps(view)
    def asked(request: MemberRequest, *arguments: P.args, **named: P.kwargs) -> HttpResponse:
        organisation = request.membership.organisation
        try:
            now = standing(organisation)
        except SeptimaError as error:
            return cannot(request, *trouble(error, organisation))
        try:
            choice = read_choice(request.GET, now.settings.calendar)
        except PeriodError as error:
            return unknown_period(request, organisation, now, error_text(error))
        return view(request, Asked(request, organisation, now, choice, current_language()), *arguments, **named)

    return asked


def dear_page(
    asked: Asked,
    template: str,
    name: str,
    draw: Callable[[Workspace, Scorecard], str],
    context: dict[str, Any] | None = None,
    *,
    waits: bool = True,
) -> HttpResponse:
    """A page about a card whose content is kept by the card and `name`.

    Where it is not there yet, the page is shown at once and asks for it; a person without JavaScript has a link for that.
    With `waits` false what is cheap is made at once where the card is there.
    """
    content = _content(asked, name, draw, waits=waits)
    if FILL in asked.request.GET:
        answer = HttpResponse(format_html('<div id="dear">{}</div>', content or ""))
        answer["Cache-Control"] = "no-store"
        return answer
    given = {**frame(asked), **(context or {}), "content": content}
    return render(asked.request, template, given)


def _content(asked: Asked, name: str, draw: Callable[[Workspace, Scorecard], str], *, waits: bool) -> SafeString | None:
    try:
        workspace = open_workspace(asked.organisation)
        if not asked.wants_all and not card_is_kept(asked.organisation, workspace, asked.choice):
            return None
        found = card_of(asked.organisation, workspace, asked.choice)
        key = f"{found.key}-{asked.organisation.slug}-{name}-{asked.language}"
        known = look_up(key)
        if known is None and waits and not asked.wants_all:
            return None
        return mark_safe(known if isinstance(known, str) else kept(key, lambda: draw(workspace, found.card)))  # noqa: S308 - drawn by us, texts escaped
    except SeptimaError as error:
        return trouble_html(asked, error)


def frame(asked: Asked, shown: ShownCard | None = None) -> dict[str, Any]:
    """What the frame around every page of the section shows: the picker of periods and slices, the pages around the card.

    `shown` is the first page of the choice, where it has been looked up already.
    """
    calendar, period = asked.now.settings.calendar, asked.choice.period
    today = calendar.today(datetime.now(UTC))
    shown = shown or asked.shown
    return {
        "asked": asked,
        "query": asked.choice.query,
        "period": period,
        "period_label": period.label.in_language(asked.language),
        "earlier": neighbour(period, -1),
        "later": _begun(neighbour(period, 1), today),
        "grains": [
            (grain, of_grain(period, calendar, grain).id, _GRAINS[asked.language][grain], grain == period.grain)
            for grain in GRAINS
        ],
        "offered": [(one.id, one.label.in_language(asked.language)) for one in offered(period, calendar, today)],
        "slice_name": slice_name(asked.choice, shown.slicings if shown else (), asked.language),
        "kept_query": _rest(asked.request, ("period",)),
        "around": navigation(asked.request, asked.choice.query),
        "is_behind": shown is not None and shown.data_version != asked.now.version,
        "full_path": asked.request.get_full_path(),
        "fill_path": _with(asked.request, FILL),
        "wait_path": _with(asked.request, WAIT),
    }


def trouble(error: SeptimaError, organisation: Organisation) -> tuple[str, str]:
    """What a person is told of an error: a title and the error's own words, without the folder of the server."""
    folder = str(organisation.directory.absolute())
    told = error_text(error).replace(f"{folder}/", "").replace(folder, organisation.name)
    return say("The card cannot be shown", "Карту не\u00a0показать"), told


def trouble_html(asked: Asked, error: SeptimaError) -> SafeString:
    """The state of a page whose content cannot be made."""
    title, told = trouble(error, asked.organisation)
    membership = asked.request.membership
    given = {
        "title": title,
        "told": told,
        "kind": type(error).__name__,
        "may_edit": allowed(membership.role, "view_definitions"),
        "organisation": asked.organisation,
        "query": asked.choice.query,
        "period": asked.choice.period,
    }
    return render_to_string("scorecards/trouble.html", given)


def unknown_period(request: MemberRequest, organisation: Organisation, now: Standing, told: str) -> HttpResponse:
    """The state of a page whose address names a period that there is not."""
    choice = read_choice({}, now.settings.calendar)
    given = {**frame(Asked(request, organisation, now, choice, current_language())), "told": told}
    return render(request, "scorecards/unknown_period.html", given, status=404)


def _begun(period: Any, today: Any) -> Any:
    return period if period is not None and period.start <= today else None


def _rest(request: MemberRequest, without: tuple[str, ...]) -> str:
    """What the address holds besides, to stand behind another period."""
    given = request.GET.copy()
    for name in (*without, FILL, WAIT, "form"):
        given.pop(name, None)
    return f"&{given.urlencode()}" if given else ""


def _with(request: MemberRequest, name: str) -> str:
    given = request.GET.copy()
    given[name] = "1"
    return f"{request.path}?{given.urlencode()}"


_GRAINS = {
    "en": {"year": "Year", "quarter": "Quarter", "month": "Month"},
    "ru": {"year": "Год", "quarter": "Квартал", "month": "Месяц"},
}
