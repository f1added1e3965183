"""Work from its beginning to its end: begun once, done by the background worker, stopped, found lost, begun anew.

Work that goes on holds a lock of the operating system, which ends with its process, however that ends. So work that is
written down as running while nobody holds its lock is lost, and can be begun anew.
"""

import logging
import time
from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone, translation

from septima.schema import SeptimaError, Text
from septima.web.accounts.models import Organisation, User
from septima.web.common.language import current_language
from septima.web.work.holding import holding
from septima.web.work.kinds import Kind, kind_of
from septima.web.work.models import LOST, Work

logger = logging.getLogger(__name__)
_TOLD_EVERY_SECONDS = 0.5
_MOST_ATTEMPTS = 3
"""How often work is begun by itself; what takes its worker down each time is not begun for ever."""

_FAULT = Text(
    "An unexpected fault of the program; the administrator finds it in the log. Nothing was lost: start it again.",
    "Непредвиденная ошибка программы; причину администратор найдёт в\u00a0журнале. Ничего не\u00a0потеряно: начните заново.",
)


class Cancelled(BaseException):
    """The person asked the work to stop; nothing catches it on the way but who began the work."""


class Teller:
    """Tells how far work is, now and then, and hears whether it is to stop."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self._told_at = 0.0

    def __call__(self, step: Text, done: int, whole: int | None) -> None:
        """Note the step and what is done of all there is to do; Cancelled where the person asked to stop."""
        work, now = self.work, time.monotonic()
        moved_on = work.step_en != step.en[:300]
        work.step_en, work.step_ru, work.done, work.whole = step.en[:300], step.ru[:300], done, whole
        if not moved_on and now - self._told_at < _TOLD_EVERY_SECONDS:
            return
        self._told_at, work.told_at = now, timezone.now()
        work.save(update_fields=["step_en", "step_ru", "done", "whole", "told_at"])
        if Work.objects.filter(pk=work.pk, cancel_asked=True).exists():
            raise Cancelled


def begin(
    organisation: Organisation,
    kind: str,
    key: str,
    *,
    who: User | None = None,
    subject: str = "",
    options: Mapping[str, Any] | None = None,
    once: bool = False,
) -> Work:
    """Have work done in the background: the work of this key that is under way, or new work.

    With `once` work of this key is done once for all, so that what is done, failed or was cancelled is given as it is. Work
    that was lost, or has lost its place in the queue, is begun anew.
    """
    same = Work.objects.filter(organisation=organisation, key=key)
    known = same.first()
    if known is not None:
        settle(known)
        if (known.is_late or known.was_lost) and known.attempt < _MOST_ATTEMPTS:
            begin_again(known)
            return known
        if once or known.is_active:
            return known
    try:
        with transaction.atomic():
            work = Work.objects.create(
                organisation=organisation,
                kind=kind,
                key=key,
                who=who,
                subject=subject[:300],
                options=dict(options or {}),
                language=current_language(),
            )
    except IntegrityError:  # somebody else asked for the same in this moment
        return same[0]
    _enqueue(work)
    return work


def begin_again(work: Work) -> bool:
    """Begin work anew that has ended without being done, or waits overlong; False where that cannot be, or somebody just did."""
    if not may_begin_again(work):
        return False
    if not work.is_active and not kind_of(work).take_up(work):
        return False
    changed = Work.objects.filter(pk=work.pk, attempt=work.attempt, state=work.state).update(
        state="waiting",
        attempt=work.attempt + 1,
        told_at=timezone.now(),
        begun_at=None,
        finished_at=None,
        step_en="",
        step_ru="",
        done=0,
        whole=None,
        problem_en="",
        problem_ru="",
        cancel_asked=False,
    )
    work.refresh_from_db()
    if not changed:
        return False
    _enqueue(work)
    return True


def may_begin_again(work: Work) -> bool:
    """Whether work has ended without being done, or waits overlong, so that it can be begun anew."""
    return work.state in {"failed", "cancelled"} or work.is_late


def cancel(work: Work) -> bool:
    """Ask work to stop; what waits stops at once, what runs at its next step. False where it is over."""
    now = timezone.now()
    if Work.objects.filter(pk=work.pk, state="waiting").update(state="cancelled", finished_at=now, told_at=now):
        work.refresh_from_db()
        kind_of(work).give_up(work)
        return True
    return bool(Work.objects.filter(pk=work.pk, state="running").update(cancel_asked=True))


def settle(work: Work) -> Work:
    """Work as it stands: such as is written down as running while its process is gone has failed, and says that it was lost."""
    if work.state == "running":
        with holding(work.pk) as free:
            if free:
                now = timezone.now()
                # Between the two looks it may have ended as it should.
                lost = Work.objects.filter(pk=work.pk, state="running").update(
                    state="failed", problem_en=LOST.en, problem_ru=LOST.ru, finished_at=now
                )
                if lost:
                    kind_of(work).give_up(work)
        work.refresh_from_db()
    return work


def settle_all(organisation: Organisation) -> None:
    """Find all work of an organisation that was lost."""
    for work in Work.objects.filter(organisation=organisation, state="running"):
        settle(work)


def carry_out(pk: int, attempt: int) -> None:
    """Do work, if this attempt of it is still wanted and nobody is at it."""
    with holding(pk) as held:
        if not held:
            return
        now = timezone.now()
        claimed = Work.objects.filter(pk=pk, attempt=attempt, state="waiting")
        if not claimed.update(state="running", begun_at=now, told_at=now):
            return
        work = Work.objects.select_related("organisation", "who").get(pk=pk)
        with translation.override(work.language):
            _done(work, kind_of(work))


def _done(work: Work, kind: Kind) -> None:
    """Do work and note how it ended."""
    try:
        work.result = dict(kind.do(work, Teller(work)))
    except Cancelled:
        _end(work, kind, "cancelled")
    except SeptimaError as error:
        _end(work, kind, "failed", error.statement)
    except OSError as error:
        logger.exception("work %s of kind %s failed", work.pk, work.kind)
        told = error.strerror or str(error)
        _end(work, kind, "failed", Text(f"The system refused: {told}.", f"Система отказала: {told}."))
    except Exception:
        logger.exception("work %s of kind %s failed", work.pk, work.kind)
        _end(work, kind, "failed", _FAULT)
    else:
        _end(work, kind, "done")


def _end(work: Work, kind: Kind, state: str, problem: Text | None = None) -> None:
    said = problem or Text("", "")
    work.state, work.problem_en, work.problem_ru = state, said.en, said.ru
    work.finished_at = work.told_at = timezone.now()
    work.save(
        update_fields=[
            *("state", "problem_en", "problem_ru", "result", "finished_at", "told_at"),
            *("step_en", "step_ru", "done", "whole"),
        ]
    )
    if state != "done":
        kind.give_up(work)


def _enqueue(work: Work) -> None:
    from septima.web.work.tasks import do_work  # noqa: PLC0415 - the task does what stands here

    do_work.enqueue(work.pk, work.attempt)
    work.refresh_from_db()
