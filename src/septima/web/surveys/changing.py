"""Changing the questions of a survey that somebody else may be changing at the same moment."""

import hashlib
import json
from collections.abc import Callable, Sequence

from django.db.models import F

from septima.web.surveys.forms import QuestionForm
from septima.web.surveys.models import Survey
from septima.web.surveys.questions import Question, to_json

_TRIES = 20


def digest_of(question: Question) -> str:
    """What a question is told by from what somebody makes of it meanwhile."""
    return hashlib.sha256(json.dumps(to_json([question]), sort_keys=True).encode()).hexdigest()[:16]


def change_questions(survey: Survey, change: Callable[[Survey], Sequence[Question]]) -> None:
    """Make of the questions what `change` makes of them as they are now, so that of two changes at once none is lost.

    `change` is asked anew where somebody else was quicker; whatever it raises ends it.
    """
    for _ in range(_TRIES):
        questions = to_json(change(survey))
        same = Survey.objects.filter(pk=survey.pk, revision=survey.revision)
        if same.update(questions=questions, revision=F("revision") + 1):
            survey.refresh_from_db(fields=["questions", "revision"])
            return
        survey.refresh_from_db()
    raise RuntimeError(f"survey {survey.pk} changes without end")


def differences(form: QuestionForm) -> list[tuple[str, str, str]]:
    """Where what somebody typed differs from the question as it is: the field, what stands there, what they typed."""
    found: list[tuple[str, str, str]] = []
    for field in form.visible_fields():
        now, typed = str(field.initial or ""), str(field.value() or "")
        if now.split() != typed.split():
            found.append((str(field.label), now, typed))
    return found
