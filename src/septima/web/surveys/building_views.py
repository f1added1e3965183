"""Pages on which a survey is built: its words, its questions, and how respondents will see it."""

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.views.decorators.http import require_POST

from septima.schema import Language, Text
from septima.web.accounts.audit import note_event
from septima.web.common.access import MemberRequest, member
from septima.web.common.language import current_language, error_text, say
from septima.web.common.numerals import whole_number
from septima.web.surveys import questions as asked
from septima.web.surveys import respond_views
from septima.web.surveys.forms import KIND_NAMES, QuestionForm, SurveyForm, survey_is_free
from septima.web.surveys.instruments import IMPORTANCE, attribute, importance
from septima.web.surveys.models import Response, Survey
from septima.web.surveys.questions import KINDS, MOST_QUESTIONS, Question, QuestionError
from septima.web.surveys.views import own_survey, page_of, to

_CSI = "csi"


@member("build_surveys")
def survey(request: MemberRequest, pk: int) -> HttpResponse:
    """A survey: its questions in order and its words."""
    found = own_survey(request, pk)
    language = current_language()
    rows = [
        {
            "question": one,
            "text": asked.said_in(one.text, language),
            "kind": KIND_NAMES[one.kind].in_language(language),
            "removable": _removable(found, one),
        }
        for one in found.asked
    ]
    kinds = [*KINDS, *(["attribute"] if found.instrument == _CSI else [])]
    values: dict[str, Any] = {
        "rows": rows,
        "kinds": [(kind, KIND_NAMES[kind].in_language(language)) for kind in kinds],
        "free": survey_is_free(found),
        "answered": Response.objects.filter(survey=found).exclude(submitted_at=None).count(),
        "is_dropable": survey_is_free(found),
    }
    return page_of(request, "surveys/survey.html", found, values)


@member("build_surveys")
def words(request: MemberRequest, pk: int) -> HttpResponse:
    """The survey's name, title, consent, thanks, languages and dates."""
    found = own_survey(request, pk)
    form = SurveyForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        saved = form.save()
        note_event(saved.organisation, request.user, "survey.words_changed", saved.name, survey=saved.pk)
        messages.success(request, say("Saved.", "Сохранено."))
        return to(request, "surveys:survey", saved.pk)
    return page_of(request, "surveys/words.html", found, {"form": form})


@member("build_surveys")
def add_question(request: MemberRequest, pk: int) -> HttpResponse:
    """A question of the company's own, or an attribute of CSI."""
    found = own_survey(request, pk)
    kind = request.POST.get("kind") or request.GET.get("kind", "scale")
    if kind not in (*KINDS, "attribute") or (kind == "attribute" and found.instrument != _CSI):
        raise Http404
    if not survey_is_free(found):
        return _frozen(request, found)
    if len(found.asked) >= MOST_QUESTIONS:
        messages.error(
            request,
            say(
                f"A survey asks {MOST_QUESTIONS} questions at most.",
                f"В\u00a0опросе не\u00a0больше {MOST_QUESTIONS} вопросов.",
            ),
        )
        return to(request, "surveys:survey", pk)
    form = QuestionForm(found, kind, None, request.POST or None)
    if request.method == "POST" and form.is_valid():
        questions = list(found.asked)
        key = asked.free_key(questions)
        made = form.made(key)
        added = [made]
        if kind == "attribute":
            words = Text(made.text.en, made.text.ru)
            added = [attribute(key, words), importance(key, words)]
        try:
            for one in added:
                asked.checked(one, found.spoken)
        except QuestionError as error:
            form.add_error(None, error_text(error))
        else:
            _keep(request, found, [*questions, *added], "survey.question_added", key)
            return to(request, "surveys:survey", found.pk)
    values = {"form": form, "kind": kind, "kind_words": KIND_NAMES[kind].in_language(current_language()), "new": True}
    return page_of(request, "surveys/question.html", found, values)


@member("build_surveys")
def question(request: MemberRequest, pk: int, key: str) -> HttpResponse:
    """The words of a question; of a draft's own question also its form."""
    found = own_survey(request, pk)
    old = _question(found, key)
    form = QuestionForm(found, old.kind, old, request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = form.made(key)
        if not survey_is_free(found):
            made = asked.reworded(old, made)
        try:
            asked.checked(made, found.spoken)
        except QuestionError as error:
            form.add_error(None, error_text(error))
        else:
            _keep(
                request, found, [made if one.key == key else one for one in found.asked], "survey.question_changed", key
            )
            return to(request, "surveys:survey", found.pk)
    values = {
        "form": form,
        "kind_words": KIND_NAMES[old.kind].in_language(current_language()),
        "frozen": not survey_is_free(found),
    }
    return page_of(request, "surveys/question.html", found, values)


@member("build_surveys")
@require_POST
def arrange_question(request: MemberRequest, pk: int, key: str) -> HttpResponse:
    """Move a question up or down, make it required or not, or take it out."""
    found = own_survey(request, pk)
    old = _question(found, key)
    if not survey_is_free(found):
        return _frozen(request, found)
    wanted, questions = request.POST.get("do"), list(found.asked)
    if wanted in ("up", "down"):
        questions = list(asked.moved(questions, key, -1 if wanted == "up" else 1))
    elif wanted == "require":
        questions = [replace(one, required=not one.required) if one.key == key else one for one in questions]
    elif wanted == "remove" and _removable(found, old):
        gone = {key, f"importance_{old.filed_as}"} if old.instrument == _CSI else {key}
        questions = [one for one in questions if one.key not in gone]
    else:
        raise Http404
    _keep(request, found, questions, "survey.question_arranged", key)
    return to(request, "surveys:survey", found.pk)


@member("build_surveys")
def preview(request: MemberRequest, pk: int) -> HttpResponse:
    """The survey as respondents see it."""
    found = own_survey(request, pk)
    asked_in = request.GET.get("language")
    language: Language = "ru" if (asked_in or current_language()) == "ru" else "en"
    if language not in found.spoken:
        language = found.spoken[0]
    return respond_views.preview(request, found, language, whole_number(request.GET.get("page", "")) or 1)


def _question(found: Survey, key: str) -> Question:
    for one in found.asked:
        if one.key == key:
            return one
    raise Http404


def _removable(found: Survey, one: Question) -> bool:
    """Whether the survey still measures what it is meant to without the question."""
    if one.instrument in (_CSI, IMPORTANCE):
        return one.filed_as != "overall"
    return one.is_own or one.filed_as == "why" or found.instrument == "rapid"


def _keep(request: MemberRequest, found: Survey, questions: list[Question], action: str, key: str) -> None:
    found.questions = asked.to_json(questions)
    found.save(update_fields=["questions"])
    note_event(found.organisation, request.user, action, found.name, survey=found.pk, question=key)


def _frozen(request: MemberRequest, found: Survey) -> HttpResponse:
    messages.error(
        request,
        say(
            "The survey was opened, so its questions stay as they are; make a new version to change them.",
            "Опрос уже открывали, поэтому вопросы не\u00a0меняются; чтобы изменить их, сделайте новую версию.",
        ),
    )
    return to(request, "surveys:survey", found.pk)
