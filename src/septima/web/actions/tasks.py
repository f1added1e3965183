"""Reminding of actions before they are due, and telling the lake which were kept."""

from datetime import UTC, date, datetime, time, timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import override
from django_tasks import task

from septima.web.actions.keeping import tell_the_lake
from septima.web.actions.models import OPEN_STATES, Action
from septima.web.common.language import say

REMIND_BEFORE = timedelta(days=3)
_HOUR = time(6, 0, tzinfo=UTC)


@task()
def follow(action: int, day: str) -> None:
    """On a day of an action: remind of it before it is due, tell the lake afterwards."""
    found = Action.objects.select_related("organisation", "owner__user").filter(pk=action).first()
    if found is None:
        return
    today = max(datetime.now(UTC).date(), date.fromisoformat(day))
    remind(found, today)
    tell_the_lake(found, today)


@task()
def remind_all(organisation: int) -> int:
    """Remind of everything of an organisation that is due soon, and tell the lake what is over; how many letters went."""
    today = datetime.now(UTC).date()
    due = Action.objects.select_related("organisation", "owner__user").filter(
        organisation_id=organisation, state__in=OPEN_STATES, due_on__lte=today + REMIND_BEFORE
    )
    letters = sum(remind(action, today) for action in due)
    for action in due.filter(due_on__lt=today, planned_on=None):
        tell_the_lake(action, today)
    return letters


def follow_up(action: Action) -> None:
    """Have an action followed on the days that matter, and now where it is closed; called after every change.

    Where the worker cannot wait, `remind_all` does it once a day.
    """
    if follow.get_backend().supports_defer and action.is_open:
        for day in (action.due_on - REMIND_BEFORE, action.due_on + timedelta(days=1)):
            moment = datetime.combine(day, _HOUR)
            if moment > datetime.now(UTC):
                follow.using(run_after=moment).enqueue(action.pk, day.isoformat())
    if not action.is_open or action.planned_on is not None:
        follow.enqueue(action.pk, datetime.now(UTC).date().isoformat())


def remind(action: Action, today: date) -> bool:
    """Write to the owner of an action that is due within three days, once for each day due; whether a letter went."""
    if not action.is_open or not today <= action.due_on <= today + REMIND_BEFORE:
        return False
    owner = action.owner
    if owner is None or owner.ended_at is not None or not owner.user.is_active:
        return False
    not_yet = Action.objects.filter(pk=action.pk).filter(~Q(reminded_for=F("due_on")) | Q(reminded_for=None))
    # Of two workers at once, one writes.
    if not not_yet.update(reminded_for=F("due_on")):
        return False
    with override(owner.user.language or "en"):
        subject, text = _letter(action)
    send_mail(subject, text, settings.DEFAULT_FROM_EMAIL, [owner.user.email])
    return True


def _letter(action: Action) -> tuple[str, str]:
    day = action.due_on.isoformat()
    # What people type may not break out of the subject's line.
    what = " ".join(action.what.split())
    address = action.site.rstrip("/") + reverse("actions:action", args=[action.organisation.slug, action.pk])
    subject = say("Due on {day}: {what}", "Срок {day}: {what}").format(day=day, what=what)
    text = say(
        "{organisation} expects of you by {day}:\n\n{what}\n\nKPI: {kpi}\n{address}\n",
        "{organisation} ждёт от\u00a0вас к\u00a0{day}:\n\n{what}\n\nПоказатель: {kpi}\n{address}\n",
    )
    name = action.organisation.name
    return subject, text.format(organisation=name, day=day, what=what, kpi=action.kpi, address=address)
