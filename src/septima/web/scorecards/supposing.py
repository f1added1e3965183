"""What if: the card beside what it would be with other weights, targets or values."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST

from septima.report import study_fragment
from septima.report.number_forms import number_style
from septima.report.studies.what_if import what_if_study
from septima.schema import SeptimaError, Text
from septima.scorecard.card import CompositeCard, KpiCard, Scorecard
from septima.scorecard.what_if import (
    FIELDS,
    Supposition,
    WhatIfError,
    kept_scenarios,
    read_scenario,
    read_supposition,
    save_scenario,
)
from septima.web.accounts.audit import note_event
from septima.web.common.access import MemberRequest, member
from septima.web.common.language import error_text, say
from septima.web.common.workspaces import open_workspace
from septima.web.scorecards.asking import FILL, Asked, asks_for_a_card, frame, trouble_html
from septima.web.scorecards.cards import card_is_kept, card_of
from septima.web.scorecards.choice import Choice
from septima.workspace import Workspace

CardBy = Callable[[Sequence[Supposition]], Scorecard]
_MAKERS_KEPT = 4
_makers: dict[str, CardBy] = {}
_lock = Lock()


@dataclass(frozen=True)
class Entry:
    """A field that one may suppose: its name in the address, the number that stands now, the number that was typed."""

    name: str
    now: str
    typed: str


@dataclass(frozen=True)
class SupposedLine:
    """A perspective or a KPI with its fields; None where there is no such field."""

    is_composite: bool
    name: str
    weight: Entry | None
    target: Entry | None
    value: Entry | None


@member("view_scorecard")
@asks_for_a_card
def what_if(request: MemberRequest, asked: Asked) -> HttpResponse:
    """The form of suppositions and their effect; all of it is in the address. `kept` names some that were saved."""
    name = request.GET.get("kept", "")
    whole = Asked(request, asked.organisation, asked.now, Choice(asked.choice.period), asked.language)
    try:
        workspace = open_workspace(asked.organisation)
        if name:
            return _opened(workspace, name, whole)
        if not whole.wants_all and not card_is_kept(asked.organisation, workspace, whole.choice):
            return render(request, "scorecards/what_if.html", {**frame(whole), "lines": []})
        found = card_of(asked.organisation, workspace, whole.choice)
        if FILL in request.GET:
            answer = HttpResponse()
            answer["HX-Refresh"] = "true"
            return answer
    except SeptimaError as error:
        given = {**frame(whole), "content": trouble_html(whole, error), "lines": []}
        return render(request, "scorecards/what_if.html", given, status=422)
    typed, effect, problem = _typed(whole), "", ""
    suppositions: tuple[Supposition, ...] = ()
    try:
        suppositions = tuple(read_supposition(f"{key}={value}") for key, value in typed.items())
        if suppositions:
            card_by = _maker(f"{found.key}-{asked.now.version}", workspace, whole.choice)
            study = what_if_study(card_by(()), card_by(suppositions), asked.language)
            effect = study_fragment([study], asked.language)
    except SeptimaError as error:
        problem = error_text(error)
    given = {
        **frame(whole),
        "content": "",
        "lines": _form(found.card, typed, whole),
        "effect": effect,
        "problem": problem,
        "suppositions": suppositions,
        "kept_names": kept_scenarios(workspace.directory),
        "of_whole": bool(asked.choice.dimension),
    }
    partial = request.headers.get("HX-Target") == "effect"
    return render(request, "scorecards/what_if_effect.html" if partial else "scorecards/what_if.html", given)


@member("annotate")
@asks_for_a_card
def save(request: MemberRequest, asked: Asked) -> HttpResponse:
    """Keep suppositions under a name, as the command `septima scorecard --what-if … --save-as NAME` does."""
    return _save(request, asked)


@require_POST
def _save(request: MemberRequest, asked: Asked) -> HttpResponse:
    name = request.POST.get("name", "").strip()
    back = f"{reverse('scorecards:what_if', kwargs={'organisation': asked.organisation.slug})}"
    lines = request.POST.getlist("supposition")
    query = {"period": asked.choice.period.id}
    with suppress(WhatIfError):
        query |= {f"{one.id}.{one.field}": f"{one.number:g}" for one in map(read_supposition, lines)}
    try:
        suppositions = tuple(map(read_supposition, lines))
        if not suppositions:
            raise WhatIfError(Text("nothing is supposed", "ничего не\u00a0предположено"))
        save_scenario(asked.organisation.directory, name, suppositions)
    except SeptimaError as error:
        folder = f"{asked.organisation.directory.absolute()}/"
        messages.error(request, say("Not kept: ", "Не\u00a0сохранено: ") + error_text(error).replace(folder, ""))
    else:
        note_event(
            asked.organisation, request.user, "what_if.kept", name, suppositions=[str(one) for one in suppositions]
        )
        messages.success(
            request,
            say(
                f"Kept as “{name}”; it is also a chapter of the card’s report.",
                f"Сохранено как «{name}»; войдёт и\u00a0главой в\u00a0отчёт по\u00a0карте.",
            ),
        )
    return HttpResponseRedirect(f"{back}?{urlencode(query)}")


def _opened(workspace: Workspace, name: str, asked: Asked) -> HttpResponse:
    """Lead to the address of suppositions that were kept."""
    query = {"period": asked.choice.period.id}
    query |= {f"{one.id}.{one.field}": f"{one.number:g}" for one in read_scenario(workspace.directory, name)}
    back = reverse("scorecards:what_if", kwargs={"organisation": asked.organisation.slug})
    return HttpResponseRedirect(f"{back}?{urlencode(query)}")


def _typed(asked: Asked) -> dict[str, str]:
    """What was typed into fields, by their names."""
    return {
        key: value.strip()
        for key, value in asked.request.GET.items()
        if value.strip() and key.rpartition(".")[2] in FIELDS and "." in key
    }


def _maker(key: str, workspace: Workspace, choice: Choice) -> CardBy:
    """What makes the card by suppositions; the figures that it reads once are held for the next ones."""
    with _lock:
        if key not in _makers:
            while len(_makers) >= _MAKERS_KEPT:
                del _makers[next(iter(_makers))]
            _makers[key] = workspace.supposed(choice.period)
        return _makers[key]


def _form(card: Scorecard, typed: dict[str, str], asked: Asked) -> list[SupposedLine]:
    lines: list[SupposedLine] = []
    for one in card.perspectives:
        lines.append(_perspective(one.composite, typed, asked))
        lines += [_kpi(kpi, card.currency, typed, asked, weighs=True) for kpi in one.kpis]
    return [*lines, *(_kpi(kpi, card.currency, typed, asked, weighs=False) for kpi in card.own)]


def _perspective(composite: CompositeCard, typed: dict[str, str], asked: Asked) -> SupposedLine:
    weight = _entry(f"{composite.id}.weight", _plain(composite.weight, asked), typed)
    return SupposedLine(True, composite.name.in_language(asked.language), weight, None, None)


def _kpi(kpi: KpiCard, currency: str | None, typed: dict[str, str], asked: Asked, *, weighs: bool) -> SupposedLine:
    style = number_style(kpi.unit, kpi.figure, asked.language, currency=currency, others=(kpi.target,))

    def written(value: float | None) -> str:
        return "—" if value is None else style.value(value) if kpi.unit == "share" else _plain(value, asked)

    return SupposedLine(
        False,
        kpi.name.in_language(asked.language),
        _entry(f"{kpi.id}.weight", _plain(kpi.weight, asked), typed) if weighs else None,
        _entry(f"{kpi.id}.target", written(kpi.target), typed),
        _entry(f"{kpi.id}.value", written(kpi.figure.value), typed),
    )


def _entry(name: str, now: str, typed: dict[str, str]) -> Entry:
    return Entry(name, now, typed.get(name, ""))


def _plain(value: float, asked: Asked) -> str:
    """A number as a person would type it in place of it."""
    text = f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return text.replace(".", ",").replace("-", "−") if asked.language == "ru" else text.replace("-", "−")
