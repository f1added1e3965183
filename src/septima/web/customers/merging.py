"""Duplicates: two cards side by side, merging them, taking them apart again, and pairs that look alike."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from septima.lake.identity import keep_apart, merge, merges, unmerge
from septima.lake.lookup import find_customers
from septima.report.number_forms import day
from septima.schema import SeptimaError, Text
from septima.web.accounts.audit import note_event
from septima.web.accounts.models import Organisation
from septima.web.common.access import MemberRequest, member
from septima.web.common.language import current_language, error_text, say
from septima.web.common.paging import newest_first
from septima.web.common.workspaces import open_workspace
from septima.web.customers.links import mark_of, seal, unseal
from septima.web.customers.models import Suggestion
from septima.web.customers.reading import PersonRows, people_named
from septima.web.customers.story import Event, Story
from septima.web.customers.views import SearchForm, card_address, hit_of, known_person, story_of
from septima.web.customers.words import called
from septima.web.customers.works import SEARCH, begin_of_all, newest
from septima.web.work.doing import settle
from septima.web.work.models import Work
from septima.web.work.showing import progress_answer

RULES = {
    "exact_email": Text("the same e-mail", "одна почта"),
    "exact_phone": Text("the same telephone", "один телефон"),
    "same_identifier": Text("the same identifier", "один идентификатор"),
    "probabilistic": Text("likeness", "сходство"),
    "by_hand": Text("by hand", "вручную"),
}
EVIDENCE = {
    "name": Text("name", "имя"),
    "email": Text("e-mail", "почта"),
    "phone": Text("telephone", "телефон"),
    "birth_date": Text("date of birth", "дата рождения"),
    "region": Text("region", "регион"),
}


_MOST_SHOWN = 100
_MOST_EVENTS = 12


@dataclass(frozen=True)
class Side:
    """One of two cards that stand side by side."""

    token: str
    person: PersonRows
    story: Story

    @property
    def events(self) -> list[Event]:
        """What happened last; letters, which tell little of who somebody is, only where there is nothing else."""
        telling = [one for one in self.story.events if one.kind != "touch"]
        return list(telling or self.story.events)[:_MOST_EVENTS]


@dataclass(frozen=True)
class Likeness:
    """A line of the comparison: what is compared, both values, and whether they agree (None where one is unknown)."""

    what: str
    one: str
    other: str
    agree: bool | None


@member("merge_customers")
@never_cache
def compare(request: MemberRequest, token: str, other: str = "") -> HttpResponse:
    """Two cards side by side, to merge them or to say that they are two persons; the second is looked for first."""
    organisation = request.membership.organisation
    workspace = open_workspace(organisation)
    person = known_person(workspace.lake, unseal(organisation, token))
    one = Side(seal(organisation, person.customer_id), person, story_of(workspace, person))
    if not other:
        form = SearchForm(request.POST or None)
        context: dict[str, Any] = {"one": one, "form": form, "hits": None}
        if request.method == "POST" and form.is_valid():
            found = find_customers(workspace.tables(resolved=False), form.cleaned_data["text"])
            context["hits"] = [hit_of(organisation, hit) for hit in found if hit.customer_id not in person.members]
            note_event(organisation, request.user, "customers.searched", found=len(found))
        return render(request, "customers/find_other.html", context)
    second = known_person(workspace.lake, unseal(organisation, other))
    two = Side(seal(organisation, second.customer_id), second, story_of(workspace, second))
    if second.customer_id == person.customer_id:
        messages.info(request, say("Both are one person already.", "Это уже один человек."))
        return HttpResponseRedirect(card_address(organisation, person.customer_id))
    context = {"one": one, "two": two, "both": (one, two), "likeness": _likeness(one, two)}
    return render(request, "customers/compare.html", context)


@member("merge_customers")
@require_POST
def join(request: MemberRequest, token: str, other: str) -> HttpResponse:
    """Merge two customers; the older record becomes the master."""
    organisation = request.membership.organisation
    one, two = unseal(organisation, token), unseal(organisation, other)
    lake = open_workspace(organisation).lake
    if known_person(lake, one).customer_id == known_person(lake, two).customer_id:
        # Sent twice, or merged by somebody else meanwhile: what was asked for holds.
        messages.info(request, say("Both are one person already.", "Это уже один человек."))
        return HttpResponseRedirect(card_address(organisation, known_person(lake, one).customer_id))
    try:
        master = merge(lake, one, two, author=request.user.email)
    except SeptimaError as error:
        return _could_not(request, error, card_address(organisation, one))
    _decide(organisation, one, two, "merged")
    marks = {"one": mark_of(organisation, one), "other": mark_of(organisation, two)}
    note_event(organisation, request.user, "customers.merged", mark_of(organisation, master), **marks)
    messages.success(
        request,
        say(
            "The records are one person now. To undo it, press “Take apart” beside the record.",
            "Теперь это один человек. Чтобы отменить, нажмите «Разъединить» рядом с\u00a0записью.",
        ),
    )
    return HttpResponseRedirect(card_address(organisation, master) + "#records")


@member("merge_customers")
@require_POST
def take_apart(request: MemberRequest, token: str) -> HttpResponse:
    """Undo the merge of one record; looking for duplicates will not merge it again."""
    organisation = request.membership.organisation
    customer_id = unseal(organisation, token)
    lake = open_workspace(organisation).lake
    master = known_person(lake, customer_id).customer_id
    try:
        unmerge(lake, customer_id, author=request.user.email)
    except SeptimaError as error:
        return _could_not(request, error, card_address(organisation, master))
    _decide(organisation, customer_id, master, "")
    note_event(organisation, request.user, "customers.unmerged", mark_of(organisation, customer_id))
    messages.success(
        request,
        say(
            "The record stands by itself again. It can be merged again by hand.",
            "Запись снова сама по\u00a0себе. Объединить её снова можно вручную.",
        ),
    )
    return HttpResponseRedirect(card_address(organisation, master))


@member("merge_customers")
@require_POST
def apart(request: MemberRequest, token: str, other: str) -> HttpResponse:
    """Declare that two customers are two persons, so that nothing proposes them again."""
    organisation = request.membership.organisation
    one, two = unseal(organisation, token), unseal(organisation, other)
    lake = open_workspace(organisation).lake
    known_person(lake, one)
    known_person(lake, two)
    try:
        keep_apart(lake, one, two, author=request.user.email)
    except SeptimaError as error:
        return _could_not(request, error, card_address(organisation, one))
    _decide(organisation, one, two, "apart")
    note_event(
        organisation, request.user, "customers.kept_apart", mark_of(organisation, one), other=mark_of(organisation, two)
    )
    messages.success(request, say("They stay two persons.", "Это два разных человека."))
    return HttpResponseRedirect(reverse("customers:duplicates", args=[organisation.slug]))


@member("merge_customers")
@never_cache
def duplicates(request: MemberRequest) -> HttpResponse:
    """Pairs that look alike, the last search for them, and the merges that are in force."""
    organisation = request.membership.organisation
    if request.method == "POST":
        merge = "merge" in request.POST
        begin_of_all(organisation, SEARCH, request.user, merge=merge)
        note_event(organisation, request.user, "customers.duplicates_sought", merge=merge)
        return HttpResponseRedirect(reverse("customers:duplicates", args=[organisation.slug]))
    search = newest(organisation, SEARCH)
    if search is not None and request.htmx and request.GET.get("progress"):
        return progress_answer(request, search)
    if search is not None:
        settle(search)
    page = newest_first(request, Suggestion.objects.filter(organisation=organisation, decision=""), size=30)
    ids = [name for one in page.rows for name in (one.one, one.other)]
    lake = open_workspace(organisation).lake
    in_force = merges(lake)
    listed = in_force[:_MOST_SHOWN]
    names = people_named(lake, [*ids, *(name for row in listed for name in (row.customer_id, row.master_id))])
    pairs = [
        (
            one,
            (seal(organisation, one.one), names.get(one.one, one.one)),
            (seal(organisation, one.other), names.get(one.other, one.other)),
            ", ".join(called(EVIDENCE, part.strip()) for part in one.evidence.split(",") if part.strip()),
            round(one.score * 100),
        )
        for one in page.rows
    ]
    joined = [
        (
            seal(organisation, row.customer_id),
            names.get(row.customer_id, row.customer_id),
            row.customer_id,
            seal(organisation, row.master_id),
            names.get(row.master_id, row.master_id),
            called(RULES, row.rule),
            row.decided_at,
        )
        for row in listed
    ]
    run = search.result.get("run") if search else None
    context = {
        "work": search,
        "sure": _sure(search),
        "may_undo": run is not None and any(row.run == run for row in in_force),
        "pairs": pairs,
        "pager": page,
        "merges": joined,
        "merged": len(in_force),
    }
    return render(request, "customers/duplicates.html", context)


@member("merge_customers")
@require_POST
def undo(request: MemberRequest) -> HttpResponse:
    """Take apart what the last search merged; looking for duplicates will not merge it again."""
    organisation = request.membership.organisation
    address = reverse("customers:duplicates", args=[organisation.slug])
    search = newest(organisation, SEARCH)
    run = search.result.get("run") if search else None
    if run is None:
        return HttpResponseRedirect(address)
    try:
        undone = unmerge(open_workspace(organisation).lake, run=run, author=request.user.email)
    except SeptimaError as error:
        return _could_not(request, error, address)
    note_event(organisation, request.user, "customers.unmerged", records=undone)
    messages.success(
        request, say("Records that stand by themselves again: {n}.", "Снова сами по себе: {n}.").format(n=undone)
    )
    return HttpResponseRedirect(address)


def _sure(search: Work | None) -> list[tuple[str, int]]:
    """How many records are beyond doubt, by rule: those that the search merged, or would have."""
    merged: dict[str, int] = search.result.get("merged", {}) if search else {}
    return [(called(RULES, rule), number) for rule, number in merged.items()]


def _likeness(one: Side, two: Side) -> list[Likeness]:
    """What agrees and what does not."""
    heads = (one.story.head, two.story.head)

    def written(value: date | None) -> str:
        return day(value, current_language()) if value else ""

    def line(what: str, first: str, second: str, *, tells: bool = True) -> Likeness:
        agree = first.casefold() == second.casefold() if tells and first and second else None
        return Likeness(what, first or "—", second or "—", agree)

    found = [
        line(say("Name", "Имя"), *(head.name for head in heads)),
        line(say("Date of birth", "Дата рождения"), *(written(head.birth_date) for head in heads)),
        line(say("Region", "Регион"), *(head.region for head in heads)),
        line(say("Segment", "Сегмент"), *(head.segment for head in heads)),
        line(
            say("Known since", "Известен с"),
            *(day(head.since.date(), current_language()) if head.since else "" for head in heads),
            tells=False,
        ),
        line(say("Orders", "Заказов"), *(str(side.story.figures.orders) for side in (one, two)), tells=False),
        line(say("Revenue", "Выручка"), *(side.story.figures.revenue for side in (one, two)), tells=False),
    ]
    shared = {contact.value.casefold() for contact in heads[0].contacts} & {
        contact.value.casefold() for contact in heads[1].contacts
    }
    contacts = ["\n".join(dict.fromkeys(contact.value for contact in head.contacts)) for head in heads]
    agree = bool(shared) if all(contacts) else None
    found.insert(1, Likeness(say("Contacts", "Контакты"), contacts[0] or "—", contacts[1] or "—", agree))
    return found


def _decide(organisation: Organisation, one: str, other: str, decision: str) -> None:
    for first, second in ((one, other), (other, one)):
        Suggestion.objects.filter(organisation=organisation, one=first, other=second).update(decision=decision)


def _could_not(request: MemberRequest, error: SeptimaError, address: str) -> HttpResponse:
    messages.error(request, error_text(error))
    return HttpResponseRedirect(address)
