"""Asking the background worker for work on a card, each piece once."""

from django.db import IntegrityError, transaction
from django.utils import timezone

from septima.schema import Language
from septima.web.accounts.models import Organisation, User
from septima.web.scorecards.choice import Choice
from septima.web.scorecards.models import DEAD_AFTER, CardWork
from septima.web.scorecards.standing import Standing


def ask_for_refresh(organisation: Organisation, now: Standing, choice: Choice, language: Language) -> CardWork:
    """Have the card of a choice brought up to the data as they stand; what failed for these data is not tried again."""
    from septima.web.scorecards.tasks import refresh  # noqa: PLC0415 - tasks draw, and what draws asks for work

    key = f"refresh-{choice.key}-{language}-{now.digest}-{now.version}"
    failed = CardWork.objects.filter(organisation=organisation, key=key, state="failed").first()
    if failed is not None:
        return failed
    work, is_new = _one(organisation, key, choice, language, kind="refresh", form="", asked_by=None)
    if is_new:
        refresh.enqueue(work.pk)
        work.refresh_from_db()
    return work


def ask_for_report(
    organisation: Organisation, key: str, choice: Choice, language: Language, form: str, asked_by: User
) -> CardWork:
    """Have a report made; the one that was made by the same key, or is being made, where there is one."""
    from septima.web.scorecards.tasks import make_report  # noqa: PLC0415 - as above

    for made in CardWork.objects.filter(organisation=organisation, kind="report", key=key, state="done"):
        if made.is_there:
            return made
    work, is_new = _one(organisation, key, choice, language, kind="report", form=form, asked_by=asked_by)
    if is_new:
        make_report.enqueue(work.pk)
        work.refresh_from_db()
    return work


def bury_lost(organisation: Organisation) -> None:
    """Take work for failed that has given no sign of life for long: its worker was stopped."""
    under_way = CardWork.objects.filter(organisation=organisation, state__in=["waiting", "running"])
    lost = under_way.filter(seen_at__lt=timezone.now() - DEAD_AFTER)
    lost.update(state="failed", problem="lost", finished_at=timezone.now())


def _one(
    organisation: Organisation, key: str, choice: Choice, language: str, *, kind: str, form: str, asked_by: User | None
) -> tuple[CardWork, bool]:
    """The work of this key that is under way, or a new one; whether it is new."""
    under_way = CardWork.objects.filter(organisation=organisation, key=key, state__in=["waiting", "running"])
    bury_lost(organisation)
    found = under_way.first()
    if found is not None:
        return found, False
    try:
        with transaction.atomic():
            made = CardWork.objects.create(
                organisation=organisation,
                key=key,
                choice=choice.query,
                language=language,
                kind=kind,
                form=form,
                asked_by=asked_by,
            )
    except IntegrityError:  # somebody else asked for the same in this moment
        return under_way.get(), False
    return made, True
