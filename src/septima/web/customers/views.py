"""Finding a customer, and the card: one person's whole story across departments."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from babel.dates import format_date
from django import forms
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from septima.lake.lookup import FoundCustomer, find_customers
from septima.lake.store import Lake, StoreError
from septima.metrics.lifetime_words import METHOD_BY_KEY
from septima.report.number_forms import plain
from septima.schema import SeptimaError
from septima.web.accounts.audit import note_event
from septima.web.accounts.models import Organisation
from septima.web.common.access import MemberRequest, member
from septima.web.common.errors import cannot
from septima.web.common.language import current_language, error_text, said_later, say
from septima.web.common.workspaces import open_workspace
from septima.web.customers import words
from septima.web.customers.links import mark_of, seal, unseal
from septima.web.customers.models import Opening, Suggestion
from septima.web.customers.openings import note_opening
from septima.web.customers.reading import PersonRows, people_named, read_person
from septima.web.customers.story import Event, Story, money, tell
from septima.web.customers.tasks import ask_for_flush
from septima.web.customers.valuations import Valued, values_of, versions_of
from septima.web.customers.words import called
from septima.web.customers.works import VALUE, begin_of_all, newest
from septima.web.work.doing import settle
from septima.web.work.models import Work
from septima.web.work.showing import progress_answer
from septima.workspace import Workspace

_FOUND = 20
_PAGE = 30
_RECENT = 8


class SearchForm(forms.Form):
    """What a person at a desk knows of a customer."""

    text = forms.CharField(
        label=said_later("Name, telephone, e-mail or id", "Имя, телефон, почта или код"),
        max_length=200,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off", "autofocus": True}),
    )


@dataclass(frozen=True)
class Hit:
    """A customer found, with the address of the card."""

    token: str
    found: FoundCustomer
    matched: str
    segment: str


@member("view_customers")
@never_cache
def search(request: MemberRequest) -> HttpResponse:
    """Find customers. What is sought is sent in the request's body, so that no address and no log holds it."""
    organisation = request.membership.organisation
    form = SearchForm(request.POST or None)
    context: dict[str, Any] = {"form": form, "hits": None}
    if request.method == "POST" and form.is_valid():
        try:
            workspace = open_workspace(organisation)
            found = find_customers(workspace.tables(resolved=False), form.cleaned_data["text"], _FOUND)
        except SeptimaError as error:
            return _no_data(request, error)
        note_event(organisation, request.user, "customers.searched", found=len(found))
        context |= {"hits": [hit_of(organisation, one) for one in found], "most": _FOUND}
    if request.htmx:
        return render(request, "customers/found.html", context)
    context["recent"] = _recently_opened(request)
    context["suggestions"] = Suggestion.objects.filter(organisation=organisation, decision="").count()
    return render(request, "customers/search.html", context)


@member("view_customers")
@never_cache
def card(request: MemberRequest, token: str) -> HttpResponse:
    """One person's whole story; that it was opened is kept."""
    organisation = request.membership.organisation
    customer_id = unseal(organisation, token)
    try:
        workspace = open_workspace(organisation)
        person = known_person(workspace.lake, customer_id)
    except StoreError as error:
        return _no_data(request, error)
    if person.customer_id != customer_id:
        # The person was merged: the card stands under the master's name.
        return HttpResponseRedirect(card_address(organisation, person.customer_id))
    if note_opening(request.membership, customer_id):
        note_event(organisation, request.user, "customer.opened", mark_of(organisation, customer_id))
        ask_for_flush(organisation)
    story = story_of(workspace, person)
    timeline = _timeline(request, workspace, story)
    context = {"token": token, "story": story, "timeline": timeline}
    if request.htmx:
        return render(request, "customers/timeline.html", context)
    context |= {
        "head": story.head,
        "figures": _figures(story),
        "values": _values(organisation, workspace, person, story),
        "valuation": None if (valuing := newest(organisation, VALUE)) is None else settle(valuing),
        "others": [(one, seal(organisation, one)) for one in person.members[1:]],
        "mark": mark_of(organisation, customer_id),
        "most": plain(5_000, 0, current_language()),
    }
    return render(request, "customers/card.html", context)


@member("view_models")
@require_POST
def value(request: MemberRequest) -> HttpResponse:
    """Have the background worker value all customers, unless it does so already."""
    organisation = request.membership.organisation
    begin_of_all(organisation, VALUE, request.user)
    note_event(organisation, request.user, "customers.valuation_asked")
    token = request.POST.get("customer", "")
    if token:
        return HttpResponseRedirect(card_address(organisation, unseal(organisation, token)))
    return HttpResponseRedirect(reverse("customers:search", args=[organisation.slug]))


@member("view_customers")
@never_cache
def valuing(request: MemberRequest) -> HttpResponse:
    """How far the valuation of all customers is."""
    organisation = request.membership.organisation
    work = newest(organisation, VALUE)
    if work is None:
        return HttpResponseRedirect(reverse("customers:search", args=[organisation.slug]))
    return progress_answer(request, work)


def known_person(lake: Lake, customer_id: str) -> PersonRows:
    """The rows of a person; Http404 where there is no such customer."""
    person = read_person(lake, customer_id)
    if not person.is_known:
        raise Http404
    return person


def story_of(workspace: Workspace, person: PersonRows) -> Story:
    """The story of a person, by the settings of the workspace."""
    return tell(
        person,
        datetime.now(UTC).replace(tzinfo=None),
        parameters=workspace.settings.metrics,
        currency=workspace.settings.currency,
        directory=workspace.directory,
    )


def card_address(organisation: Organisation, customer_id: str) -> str:
    """The address of a customer's card."""
    return reverse("customers:card", args=[organisation.slug, seal(organisation, customer_id)])


def hit_of(organisation: Organisation, found: FoundCustomer) -> Hit:
    """A customer found, with words for what was hit."""
    by = {
        "id": say("by id", "по\u00a0коду"),
        "email": say("by e-mail", "по\u00a0почте"),
        "phone": say("by telephone", "по\u00a0телефону"),
        "identifier": say("by identifier", "по\u00a0идентификатору"),
        "name": say("by name", "по\u00a0имени"),
    }
    token = seal(organisation, found.customer_id)
    return Hit(token, found, by.get(found.matched, ""), called(words.SEGMENTS, found.segment))


def _no_data(request: MemberRequest, error: SeptimaError) -> HttpResponse:
    return cannot(request, say("The data cannot be read", "Данные не\u00a0прочитать"), error_text(error), status=503)


def _recently_opened(request: MemberRequest) -> list[tuple[str, str, datetime]]:
    """The cards that this person opened last: address, name, when."""
    organisation = request.membership.organisation
    newest: dict[str, datetime] = {}
    own = Opening.objects.filter(organisation=organisation, user=request.user).order_by("-at")
    for one in own[: _RECENT * 5]:
        newest.setdefault(one.customer_id, one.at)
    chosen = list(newest)[:_RECENT]
    try:
        names = people_named(open_workspace(organisation).lake, chosen)
    except SeptimaError:
        return []
    return [
        (seal(organisation, one), names.get(one) or say("Customer without a name", "Клиент без имени"), newest[one])
        for one in chosen
    ]


@dataclass(frozen=True)
class Timeline:
    """A page of what happened, and what it is narrowed by."""

    events: list[tuple[Event, str, str]]
    kinds: list[tuple[str, str, int, bool]]
    departments: list[tuple[str, str, bool]]
    total: int
    page: int
    query: str
    has_more: bool


def _timeline(request: MemberRequest, workspace: Workspace, story: Story) -> Timeline:
    chosen = [kind for kind in request.GET.getlist("kind") if kind in words.EVENTS]
    department = request.GET.get("department", "")
    page = int(asked) if (asked := request.GET.get("page", "1")).isdecimal() and len(asked) < 6 else 1
    of_department = [one for one in story.events if not department or one.department == department]
    events = [one for one in of_department if not chosen or one.kind in chosen]
    first = max(page - 1, 0) * _PAGE
    kinds = [
        (kind, called(words.EVENTS, kind), sum(one.kind == kind for one in of_department), kind in chosen)
        for kind in story.kinds
    ]
    query = request.GET.copy()
    query.pop("page", None)
    directory = workspace.directory
    return Timeline(
        events=[
            (
                one,
                words.department_called(directory, one.department),
                format_date(one.at, "LLLL y", locale=current_language()),
            )
            for one in events[first : first + _PAGE]
        ],
        kinds=kinds,
        departments=[(one, words.department_called(directory, one), one == department) for one in story.departments],
        total=len(events),
        page=max(page, 1),
        query=query.urlencode(),
        has_more=len(events) > first + _PAGE,
    )


def _figures(story: Story) -> list[tuple[str, str, str]]:
    """Label, figure and what is to be known about it."""
    figures = story.figures
    unsold = say("{n} cancelled or returned", "отменено или возвращено: {n}").format(n=figures.unsold)
    return [
        (say("Orders", "Заказы"), plain(figures.orders, 0, current_language()), unsold if figures.unsold else ""),
        (say("Revenue", "Выручка"), figures.revenue, ""),
        (say("Margin", "Маржа"), figures.margin, ""),
        (say("Average order", "Средний чек"), figures.average, ""),
    ]


@dataclass(frozen=True)
class Values:
    """What models expect of the person: probability to be a customer still, and value by method as it is written."""

    p_alive: str
    p_alive_share: float | None
    by: str
    rows: list[tuple[str, str, str, str]]
    as_of: str
    horizon_days: int
    is_behind: bool


def _values(organisation: Organisation, workspace: Workspace, person: PersonRows, story: Story) -> Values | None:
    """Values of all methods where the worker kept them, or the one prediction that was recorded in the lake."""
    made = Work.objects.filter(organisation=organisation, key=VALUE, state="done").first()
    found = values_of(organisation, person.members) if made else []
    language = current_language()
    if made and found:
        currency = made.result.get("currency")
        best = next((one for one in found if one.method.key == "pareto_nbd" and one.p_alive is not None), None)
        best = best or next((one for one in found if one.p_alive is not None), None)
        return Values(
            p_alive=_percent(best.p_alive if best else None),
            p_alive_share=best.p_alive if best else None,
            by=best.method.name.in_language(language) if best else "",
            rows=[_value_row(one, currency) for one in found],
            as_of=str(made.result.get("as_of") or ""),
            horizon_days=int(made.result.get("horizon_days") or 0),
            is_behind=made.result.get("versions") != versions_of(workspace.lake),
        )
    told = story.prediction
    if told is None:
        return None
    method = METHOD_BY_KEY.get(told["method"])
    name = method.name.in_language(language) if method else str(told["method"])
    interval = _interval(told["lower"], told["upper"], told["currency"])
    purchases = plain(told["expected_purchases"], 1, language)
    return Values(
        p_alive=_percent(told["p_alive"]),
        p_alive_share=told["p_alive"],
        by=name,
        rows=[(name, money(told["value"], told["currency"]), interval, purchases)],
        as_of=told["at"].date().isoformat(),
        horizon_days=told["horizon_days"],
        is_behind=False,
    )


def _value_row(one: Valued, currency: str | None) -> tuple[str, str, str, str]:
    language = current_language()
    purchases = plain(one.expected_purchases, 1, language) if one.expected_purchases is not None else "—"
    return (
        one.method.name.in_language(language),
        money(one.value, currency),
        _interval(one.lower, one.upper, currency),
        purchases,
    )


def _interval(lower: float | None, upper: float | None, currency: str | None) -> str:
    if lower is None or upper is None:
        return ""
    dash = "…" if current_language() == "ru" else "–"
    return f"{money(lower, currency)}{dash}{money(upper, currency)}"


def _percent(share: float | None) -> str:
    if share is None:
        return "—"
    if 0 < share < 0.005:
        return "<\u00a01\u00a0%" if current_language() == "ru" else "<1%"
    return plain(share * 100, 0, current_language()) + ("\u00a0%" if current_language() == "ru" else "%")
