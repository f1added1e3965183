"""The schedule: what is done by itself, when next, and what became of it last."""

from dataclasses import dataclass
from datetime import datetime

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from septima.schema import SeptimaError, Text
from septima.web.accounts.audit import note_event
from septima.web.common.access import MemberRequest, member
from septima.web.common.language import current_language, error_text, said_later, say
from septima.web.common.workspaces import open_workspace
from septima.web.schedule.models import Due
from septima.web.schedule.planning import begin_now, last_of
from septima.web.schedule.rules import ALL, DOINGS, FILE, Rule, add_rule, read_rules, remove_rule, whats
from septima.web.work.doing import settle
from septima.workspace import Workspace

_WHENS = {
    "30 2 * * *": Text("every night at 2:30", "каждую ночь в\u00a02:30"),
    "0 * * * *": Text("every hour", "каждый час"),
    "*/15 * * * *": Text("every quarter of an hour", "каждые 15\u00a0минут"),
    "0 7 * * 1-5": Text("on weekdays at 7:00", "по\u00a0будням в\u00a07:00"),
    "0 7 * * 1": Text("on Mondays at 7:00", "по\u00a0понедельникам в\u00a07:00"),
    "0 7 1 * *": Text("on the first of a month at 7:00", "первого числа месяца в\u00a07:00"),
}


@dataclass(frozen=True)
class Shown:
    """A rule as the page shows it."""

    rule: Rule
    doing: str
    what: str
    when: str
    next_at: datetime
    last: Due | None


class RuleForm(forms.Form):
    """What is done, of what, and when."""

    doing = forms.ChoiceField(label=said_later("What is done, and of what", "Что делать и\u00a0с\u00a0чем"))
    when = forms.ChoiceField(label=said_later("When", "Когда"), required=False)
    cron = forms.CharField(
        label=said_later("Another time, as cron writes it", "Другое время в\u00a0записи cron"),
        max_length=100,
        required=False,
        help_text=said_later(
            "Minute, hour, day, month, weekday: 30 2 * * * is half past two each night. It goes before the choice above.",
            "Минута, час, день, месяц, день недели: 30 2 * * *\u00a0— каждую ночь в\u00a0половине третьего. Важнее выбора выше.",
        ),
    )
    name = forms.CharField(
        label=said_later("Name", "Название"),
        max_length=100,
        required=False,
        help_text=said_later("For people; may be left empty.", "Для людей; можно не\u00a0заполнять."),
    )

    def __init__(self, workspace: Workspace, *given: object) -> None:
        """Choices are those of the workspace."""
        super().__init__(*given)  # pyright: ignore[reportArgumentType]
        known = whats(workspace)
        self.fields["doing"].choices = [  # pyright: ignore[reportAttributeAccessIssue] # a field of choices
            (f"{do}/{what}", _named(do, what)) for do in DOINGS for what in known.get(do, [""])
        ]
        self.fields["when"].choices = [(cron, words.in_language(current_language())) for cron, words in _WHENS.items()]  # pyright: ignore[reportAttributeAccessIssue]


@member("view_data")
def rules(request: MemberRequest) -> HttpResponse:
    """All rules, with their next moment and what became of the last."""
    return _page(request, RuleForm(open_workspace(request.membership.organisation)))


@member("load_data")
@require_POST
def add(request: MemberRequest) -> HttpResponse:
    """One more rule."""
    organisation = request.membership.organisation
    workspace = open_workspace(organisation)
    form = RuleForm(workspace, request.POST)
    if form.is_valid():
        do, _, what = form.cleaned_data["doing"].partition("/")
        cron = form.cleaned_data["cron"] or form.cleaned_data["when"]
        try:
            add_rule(workspace, form.cleaned_data["name"] or _named(do, what), do, what, cron)
        except SeptimaError as error:
            form.add_error("cron", error_text(error))
        else:
            note_event(organisation, request.user, "schedule.added", f"{do} {what}".strip(), cron=cron)
            messages.success(request, say("The rule is in the schedule.", "Правило добавлено в\u00a0расписание."))
            return redirect("schedule:rules", organisation=organisation.slug)
    return _page(request, form, status=422)


@member("load_data")
@require_POST
def remove(request: MemberRequest) -> HttpResponse:
    """Take a rule out; what it began goes on."""
    organisation = request.membership.organisation
    key = request.POST.get("rule", "")
    try:
        removed = remove_rule(open_workspace(organisation), key)
    except SeptimaError as error:
        messages.error(request, error_text(error))
    else:
        if removed:
            note_event(organisation, request.user, "schedule.removed", key[:200])
            messages.success(
                request,
                say("The rule is no longer in the schedule.", "Правила больше нет в\u00a0расписании."),
            )
    return redirect("schedule:rules", organisation=organisation.slug)


@member("load_data")
@require_POST
def now(request: MemberRequest) -> HttpResponse:
    """Do what a rule says at once; pressed twice, it is done once."""
    organisation = request.membership.organisation
    known = {rule.key: rule for rule in read_rules(open_workspace(organisation))}
    rule = known.get(request.POST.get("rule", ""))
    if rule is None:
        raise Http404
    work = begin_now(organisation, rule, request.user)
    note_event(organisation, request.user, "schedule.begun", rule.key[:200])
    return redirect("data:work", organisation=organisation.slug, pk=work.pk)


def _page(request: MemberRequest, form: RuleForm, status: int = 200) -> HttpResponse:
    organisation = request.membership.organisation
    workspace, wrong = open_workspace(organisation), ""
    shown: list[Shown] = []
    try:
        found = read_rules(workspace)
    except SeptimaError as error:
        wrong, found = error_text(error), []
    moment = timezone.now()
    for rule in found:
        last = last_of(organisation, rule)
        if last is not None and last.work is not None:
            settle(last.work)
        known = _WHENS.get(rule.cron)
        when = known.in_language(current_language()) if known else rule.cron
        doing = DOINGS[rule.do].in_language(current_language())
        shown.append(Shown(rule, doing, _what(rule.what), when, rule.next_after(moment), last))
    context = {
        "rules": shown,
        "wrong": wrong,
        "form": form,
        "file": FILE,
        "zone": workspace.settings.calendar.time_zone,
        "here": "schedule",
    }
    return render(request, "schedule/rules.html", context, status=status)


def _named(do: str, what: str) -> str:
    doing = next(words for each, words in DOINGS.items() if each == do).in_language(current_language())
    return f"{doing}: {_what(what)}" if what else doing


def _what(what: str) -> str:
    return say("each of them", "каждому") if what == ALL else what.upper() if what in {"pdf", "xlsx", "html"} else what
