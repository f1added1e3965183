"""What is done in the background: emptying the inbox, letters with links, reminders."""

import time
from datetime import timedelta

from django.utils import timezone
from django_tasks import task

from septima.web.accounts.models import Organisation
from septima.web.surveys import flushing

_DELAY_S = 10.0
_ASK_AGAIN_AFTER_S = 8.0
_asked: dict[int, float] = {}


@task()
def flush_answers(organisation: int) -> int:
    """Bring the inbox of an organisation into its lake, and forget what has settled; gives the number of submissions."""
    own = Organisation.objects.get(pk=organisation)
    moved = flushing.flush(own)
    flushing.forget_settled(own)
    return moved


@task()
def send_letters(issue: int, kind: str, origin: str) -> int:
    """Send the letters of a giving out of links that wait; gives how many were sent."""
    from septima.web.surveys import letters  # noqa: PLC0415

    return letters.send_waiting(issue, kind, origin)


@task()
def remind(issue: int, origin: str) -> int:
    """Remind those who have not answered, once; gives how many."""
    from septima.web.surveys import letters  # noqa: PLC0415

    return letters.remind(issue, origin)


def ask_for_flush(organisation: int) -> None:
    """Have the inbox emptied a few seconds from now.

    Within these seconds one asking is enough, as the task begins later than any submission that relies on it commits.
    """
    if not flush_answers.get_backend().supports_defer:
        return  # done at once it would wait for the lake within the respondent's transaction
    now = time.monotonic()
    if now - _asked.get(organisation, -_DELAY_S) < _ASK_AGAIN_AFTER_S:
        return
    _asked[organisation] = now
    flush_answers.using(run_after=timezone.now() + timedelta(seconds=_DELAY_S)).enqueue(organisation)


def can_wait() -> bool:
    """Whether tasks can be told to begin later."""
    return flush_answers.get_backend().supports_defer
