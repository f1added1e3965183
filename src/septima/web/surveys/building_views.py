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
from septima.web.surveys.changing import change_questions, differences, digest_of
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
            "seen": digest_of(one),
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
        saved = form.save(commit=False)
        # Of its own fields alone: somebody may be changing the questions.
        saved.save(update_fields=list(form.Meta.fields))
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

        def change(now: Survey) -> list[Question]:
            return [*now.asked, *_added(form, kind, asked.free_key(now.asked), now)]

        try:
            change_questions(found, change)
        except QuestionError as error:
            form.add_error(None, error_text(error))
        else:
            _note(request, found, "survey.question_added", found.asked[-1].key)
            return to(request, "surveys:survey", found.pk)
    values = {"form": form, "kind": kind, "kind_words": KIND_NAMES[kind].in_language(current_language()), "new": True}
    return page_of(request, "surveys/question.html", found, values)


@member("build_surveys")
def question(request: MemberRequest, pk: int, key: str) -> HttpResponse:
    """The words of a question; of a draft's own question also its form.

    What somebody else has made of it since the form was opened is shown beside what was typed, and not written over unseen.
    """
    return _edited(request, own_survey(request, pk), key)


def _edited(request: MemberRequest, found: Survey, key: str) -> HttpResponse:
    old = next((one for one in found.asked if one.key == key), None)
    if old is None:
        return _gone(request, found)
    seen = request.POST.get("seen", "")
    form = QuestionForm(found, old.kind, old, request.POST or None)
    unseen = bool(seen) and seen != digest_of(old)
    if request.method == "POST" and form.is_valid() and not unseen:

        def change(now: Survey) -> list[Question]:
            if _question(now, key) != old:
                raise _Unseen
            made = form.made(key) if survey_is_free(now) else asked.reworded(old, form.made(key))
            asked.checked(made, now.spoken)
            return [made if one.key == key else one for one in now.asked]

        try:
            change_questions(found, change)
        except QuestionError as error:
            form.add_error(None, error_text(error))
        except _Unseen:
            return _edited(request, found, key)
        else:
            _note(request, found, "survey.question_changed", key)
            return to(request, "surveys:survey", found.pk)
    values = {
        "form": form,
        "seen": digest_of(old),
        "kind": old.kind,
        "unseen": unseen,
        "differences": differences(form) if unseen else [],
        "kind_words": KIND_NAMES[old.kind].in_language(current_language()),
        "frozen": not survey_is_free(found),
    }
    return page_of(request, "surveys/question.html", found, values, status=409 if unseen else 200)


@member("build_surveys")
@require_POST
def arrange_question(request: MemberRequest, pk: int, key: str) -> HttpResponse:
    """Move a question up or down, make it required or not, or take it out."""
    found = own_survey(request, pk)
    old = _question(found, key)
    if not survey_is_free(found):
        return _frozen(request, found)
    wanted, seen = request.POST.get("do", ""), request.POST.get("seen", "")
    if wanted == "remove" and seen and seen != digest_of(old):
        messages.error(
            request,
            say(
                "Somebody changed this question meanwhile. Look at it, and take it out again if you still want to.",
                "Кто-то тем временем изменил этот вопрос. Посмотрите на него и уберите ещё раз, если всё ещё нужно.",
            ),
        )
        return to(request, "surveys:survey", found.pk)
    change_questions(found, lambda now: _arranged(now, key, wanted))
    _note(request, found, "survey.question_arranged", key)
    return to(request, "surveys:survey", found.pk)


class _Unseen(Exception):  # noqa: N818 - no error, but a case
    """Somebody changed the question in this moment."""


def _gone(request: MemberRequest, found: Survey) -> HttpResponse:
    """What was typed into a question that somebody took out meanwhile, as a new question; 404 where nothing was typed."""
    kind = request.POST.get("kind", "")
    if kind not in KINDS:
        raise Http404
    if not survey_is_free(found):
        return _frozen(request, found)
    form = QuestionForm(found, kind, None, request.POST)
    values = {"form": form, "kind": kind, "kind_words": KIND_NAMES[kind].in_language(current_language())}
    return page_of(request, "surveys/question.html", found, {**values, "new": True, "gone": True}, status=409)


def _added(form: QuestionForm, kind: str, key: str, survey: Survey) -> list[Question]:
    """The questions that a form adds under a key."""
    made = form.made(key)
    words = Text(made.text.en, made.text.ru)
    added = [attribute(key, words), importance(key, words)] if kind == "attribute" else [made]
    for one in added:
        asked.checked(one, survey.spoken)
    return added


def _arranged(survey: Survey, key: str, wanted: str) -> list[Question]:
    """The questions with one of them moved, made required or not, or taken out."""
    old, questions = _question(survey, key), list(survey.asked)
    if wanted in ("up", "down"):
        return list(asked.moved(questions, key, -1 if wanted == "up" else 1))
    if wanted == "require":
        return [replace(one, required=not one.required) if one.key == key else one for one in questions]
    if wanted == "remove" and _removable(survey, old):
        gone = {key, f"importance_{old.filed_as}"} if old.instrument == _CSI else {key}
        return [one for one in questions if one.key not in gone]
    raise Http404


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


def _note(request: MemberRequest, found: Survey, action: str, key: str) -> None:
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
