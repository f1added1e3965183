"""Pages on which a draft is written: its form, its text, and what it would change."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from septima.metrics import Metric
from septima.schema import SeptimaError, Text
from septima.scorecard.audit import definition_texts
from septima.scorecard.definition import PERSPECTIVES
from septima.web.common.access import MemberRequest, member
from septima.web.common.errors import cannot
from septima.web.common.language import current_language, error_text, say
from septima.web.editing import register
from septima.web.editing.checking import settings_of
from septima.web.editing.effect import touches_card
from septima.web.editing.files import digest_of
from septima.web.editing.forms import Form, FormError, answered_form, done, form_of, place_mistakes, with_answers
from septima.web.editing.layout import LayoutError, at, content
from septima.web.editing.limits import LONGEST, has_aliases, refusal
from septima.web.editing.models import Draft
from septima.web.editing.shapes import FileShape, shape_of
from septima.web.editing.showing import draft_of, known_kind, mistakes_in, shown_effect
from septima.workspace import metrics_of

_MOST_FOUND = 60


@member("edit_definitions")
@require_http_methods(["GET", "POST"])
def form(request: MemberRequest, pk: int) -> HttpResponse:
    """The draft as a form; what is answered changes its text at those places alone."""
    draft = draft_of(request, pk)
    refused = _not_mine(request, draft)
    if refused is not None:
        return refused
    shape = shape_of(known_kind(draft.file).id, current_language())
    if shape is None:
        return HttpResponseRedirect(_address(draft, "text"))
    try:
        shown = _form(draft.text, draft.organisation, shape)
    except FormError as error:
        if request.method == "POST":
            messages.error(request, error_text(error))
            return HttpResponseRedirect(_address(draft, "text"))
        found = mistakes_in(draft.organisation, draft.file, draft.text)
        return _page(
            request, draft, "editing/form.html", {"form": None, "reason": error_text(error), "mistakes": found}
        )
    if request.method == "POST":
        return _answered(request, draft, shown, shape)
    left = place_mistakes(shown, draft.text, mistakes_in(draft.organisation, draft.file, draft.text))
    asked = request.GET.get("effect") == "1"
    effect = shown_effect(draft.organisation, draft.file, draft.base_text, draft.text) if asked else None
    return _page(request, draft, "editing/form.html", {"form": shown, "mistakes": left, "shown": effect})


@member("edit_definitions")
@require_POST
def preview(request: MemberRequest, pk: int) -> HttpResponse:
    """What the form as it is filled in now would change on the card; nothing is kept."""
    draft = draft_of(request, pk)
    refused = _not_mine(request, draft)
    shape = shape_of(known_kind(draft.file).id, current_language())
    if refused is not None or shape is None:
        return refused or HttpResponse(status=404)
    try:
        shown, changes = answered_form(_form(draft.text, draft.organisation, shape), draft.text, _answers(request))
        wrong = [f"{one.label}: {error}" for one in shown.fields() for error in one.errors]
        if wrong:
            return render(request, "editing/effect.html", {"reasons": wrong, "compact": True, "draft": draft})
        text = with_answers(draft.text, changes)
    except SeptimaError as error:
        return render(request, "editing/effect.html", {"reasons": [error_text(error)], "compact": True, "draft": draft})
    effect = shown_effect(draft.organisation, draft.file, draft.base_text, text)
    return render(request, "editing/effect.html", {"shown": effect, "compact": True, "draft": draft})


@member("edit_definitions")
@require_http_methods(["GET", "POST"])
def text(request: MemberRequest, pk: int) -> HttpResponse:
    """The draft as text with numbered lines; it is kept even where it is wrong, and told what is."""
    draft = draft_of(request, pk)
    refused = _not_mine(request, draft)
    if refused is not None:
        return refused
    shown = draft.text
    status = 200
    if request.method == "POST":
        given = _as_before(request.POST.get("text", ""), draft.text)
        wrong = refusal(given)
        if wrong is not None and (len(given) > LONGEST or "\0" in given):
            messages.error(request, wrong.message)
            return HttpResponseRedirect(_address(draft, "text"))
        try:
            register.keep(draft, given, request.POST.get("seen", ""))
        except register.EditingError as error:
            messages.error(request, error_text(error))
            shown, status = given, 409
        else:
            messages.success(request, say("The draft is kept.", "Черновик сохранён."))
            return HttpResponseRedirect(_address(draft, "text"))
    found = mistakes_in(draft.organisation, draft.file, shown)
    wrong_lines = {one.line for one in found if not one.file}
    count = shown.count("\n") + 1
    return _page(
        request,
        draft,
        "editing/text.html",
        {
            "text": shown,
            "numbers": [(number, number in wrong_lines) for number in range(1, count + 1)],
            "mistakes": found,
            "rows": count + 2,
            "status": status,
        },
    )


@member("edit_definitions")
@require_GET
def add(request: MemberRequest, pk: int) -> HttpResponse:
    """Metrics of the catalogue that a list of KPIs can take in, by words that are looked for."""
    draft = draft_of(request, pk)
    refused = _not_mine(request, draft)
    if refused is not None:
        return refused
    path = tuple(int(part) if part.isdecimal() else part for part in request.GET.get("to", "own").split("."))
    words = request.GET.get("q", "").strip().lower().split()
    language = current_language()
    used: set[str] = set()
    with suppress(LayoutError):
        used = _kpi_ids(content(draft.text))
    found: list[dict[str, Any]] = []
    for id_, metric in _metrics(draft.organisation).items():
        passport = metric.passport
        said = f"{id_} {passport.name.en} {passport.name.ru} {passport.description.in_language(language)}".lower()
        if all(word in said for word in words):
            found.append(
                {
                    "id": id_,
                    "name": passport.name.in_language(language),
                    "about": passport.description.in_language(language),
                    "used": id_ in used,
                }
            )
    context = {
        "found": found[:_MOST_FOUND],
        "more": max(0, len(found) - _MOST_FOUND),
        "q": request.GET.get("q", ""),
        "to": ".".join(map(str, path)),
    }
    template = "editing/found.html" if request.htmx and not request.htmx.boosted else "editing/add.html"
    return _page(request, draft, template, context)


def _answered(request: MemberRequest, draft: Draft, shown: Form, shape: FileShape) -> HttpResponse:
    data = _answers(request)
    order = data.get("do", "")
    language = current_language()
    try:
        if digest_of(draft.text) != data.get("seen"):
            register.keep(draft, draft.text, data.get("seen", ""))
        shown, changes = answered_form(shown, draft.text, data)
        if shown.is_wrong:
            return _page(request, draft, "editing/form.html", {"form": shown, "mistakes": (), "status": 422})
        result = with_answers(draft.text, changes)
        if ":" in order:
            result = done(result, form_of(result, shape, language), order, shape)
        if result != draft.text:
            register.keep(draft, result, data["seen"])
    except (FormError, register.EditingError) as error:
        messages.error(request, error_text(error))
        return HttpResponseRedirect(_address(draft, "form"))
    match order.partition(":")[0]:
        case "effect":
            return HttpResponseRedirect(_address(draft, "form") + "?effect=1#effect")
        case "add" | "remove" | "up" | "down" | "rescale":
            return HttpResponseRedirect(_address(draft, "form") + _anchor(order))
        case _:
            messages.success(request, say("The draft is kept.", "Черновик сохранён."))
            return HttpResponseRedirect(_address(draft, "form"))


def _answers(request: MemberRequest) -> dict[str, str]:
    return {name: str(value) for name, value in request.POST.items()}


def _anchor(order: str) -> str:
    action, _, rest = order.partition(":")
    path = rest.partition(":")[0].split(".")
    if action in ("up", "down") and path[-1].isdecimal():
        path[-1] = str(int(path[-1]) + (1 if action == "down" else -1))
    if action == "remove":
        path = path[:-1]
    return "#part-" + "-".join(path)


def _form(text: str, organisation: Any, shape: FileShape) -> Form:
    if refusal(text) is not None:
        raise FormError(
            Text(
                "the text cannot be read; mend it as text first", "текст не прочитать; сначала исправьте его как текст"
            )
        )
    if has_aliases(text):
        raise FormError(
            Text(
                "this file says things once and means them in several places (&name and *name); edit it as text",
                "в этом файле одно место используется в нескольких (&имя и *имя); правьте его как текст",
            )
        )
    return form_of(text, shape, current_language(), _suggestions(organisation))


def _suggestions(organisation: Any) -> Mapping[str, Sequence[tuple[str, str]]]:
    language = current_language()
    metrics = _metrics(organisation)
    dimensions = sorted({name for metric in metrics.values() for name in metric.dimensions})
    kpis: list[str] = []
    with suppress(LayoutError):
        kpis = sorted(_kpi_ids(content(definition_texts(organisation.directory).get("scorecard.yaml", ""))))
    named: dict[str, Text] = {id_: metric.passport.name for id_, metric in metrics.items()}
    return {
        "metrics": [(id_, name.in_language(language)) for id_, name in named.items()],
        "kpis": [(id_, named[id_].in_language(language) if id_ in named else id_) for id_ in kpis],
        "dimensions": [(one, one) for one in dimensions],
        "perspectives": [(id_, name.in_language(language)) for id_, name in PERSPECTIVES.items()],
    }


def _kpi_ids(whole: Any) -> set[str]:
    groups = [at(whole, ("own",)) or [], *(at(one, ("kpis",)) or [] for one in at(whole, ("perspectives",)) or [])]
    return {str(at(kpi, ("id",)) or at(kpi, ("metric",))) for group in groups for kpi in group}


def _metrics(organisation: Any) -> dict[str, Metric]:
    texts = definition_texts(organisation.directory)
    try:
        return metrics_of(texts, settings_of(texts))
    except SeptimaError:  # what is wrong in them is told where they are edited
        return metrics_of({}, settings_of({"septima.yaml": "organisation: x\n"}))


def _as_before(given: str, before: str) -> str:
    """The text that a browser sent, with the line ends that the file has."""
    plain = given.replace("\r\n", "\n")
    if plain == before.replace("\r\n", "\n"):
        return before
    return plain.replace("\n", "\r\n") if before.count("\r\n") * 2 > before.count("\n") else plain


def _not_mine(request: MemberRequest, draft: Draft) -> HttpResponse | None:
    if draft.author_id == request.user.pk and draft.state == "draft":  # pyright: ignore[reportAttributeAccessIssue]
        return None
    return cannot(
        request,
        say("This draft is not open for writing", "Этот черновик не открыт для правки"),
        say(
            "Only its author writes it, until it is submitted. Begin a draft of your own from the page of the file.",
            "Его правит только автор, пока не отправит на утверждение. Начните свой черновик на странице файла.",
        ),
        status=403 if draft.author_id != request.user.pk else 409,  # pyright: ignore[reportAttributeAccessIssue]
    )


def _address(draft: Draft, page: str) -> str:
    return reverse(f"editing:{page}", args=(draft.organisation.slug, draft.pk))


def _page(request: MemberRequest, draft: Draft, template: str, context: Mapping[str, Any]) -> HttpResponse:
    kind = known_kind(draft.file)
    language = current_language()
    common: dict[str, Any] = {
        "draft": draft,
        "title": kind.name.in_language(language),
        "has_form": shape_of(kind.id, language) is not None,
        "has_effect": touches_card(draft.file),
        "seen": digest_of(draft.text),
        "is_stale": register.is_stale(draft),
    }
    return render(request, template, {**common, **context}, status=context.get("status", 200))
