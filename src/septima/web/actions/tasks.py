"""Reminding of actions before they are due, and telling the lake which were kept."""

import logging
from datetime import UTC, date, datetime, time, timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import override
from django_tasks import task

from septima.web.accounts.models import Organisation
from septima.web.actions.days import days_of, today_of
from septima.web.actions.keeping import tell_the_lake
from septima.web.actions.models import OPEN_STATES, Action
from septima.web.common.language import say

REMIND_BEFORE = timedelta(days=3)
_HOUR = time(6, 0)
"""When a day's letters go, by the clocks of the organisation."""
_LOG = logging.getLogger(__name__)


@task()
def tell(action: int) -> bool:
    """Tell the lake how an action stands; False where there is nothing to tell."""
    found = Action.objects.filter(pk=action).first()
    return found is not None and tell_the_lake(found, today_of(found.organisation))


def follow_up(action: Action) -> None:
    """Have the lake told of an action that is closed or was told of before; called after every change.

    What its days bring, `remind_everybody` does.
    """
    if not action.is_open or action.planned_on is not None:
        tell.enqueue(action.pk)


def remind_everybody(now: datetime | None = None) -> int:
    """`remind_all` for every organisation, from the hour of letters on; how many went.

    What goes wrong in one organisation is noted, keeps no other, and is tried again by the next call.
    """
    letters = 0
    for organisation in Organisation.objects.all():
        there = days_of(organisation).local(now or datetime.now(UTC))
        if there.time() < _HOUR:
            continue
        try:
            letters += remind_all(organisation.pk, there.date())
        except Exception:  # noqa: BLE001 - whatever it is
            _LOG.exception("the actions of organisation %s could not be followed", organisation.pk)
    return letters


def remind_all(organisation: int, today: date) -> int:
    """Remind of everything of an organisation that is due soon, and tell the lake what is over; how many letters went."""
    due = Action.objects.select_related("organisation", "owner__user").filter(
        organisation_id=organisation, state__in=OPEN_STATES, due_on__lte=today + REMIND_BEFORE
    )
    letters = sum(remind(action, today) for action in due.filter(due_on__gte=today))
    for action in due.filter(due_on__lt=today, planned_on=None):
        tell_the_lake(action, today)
    return letters


def remind(action: Action, today: date) -> bool:
    """Write to the owner of an action that is due within three days, once for each day due; whether a letter went."""
    if not action.is_open or action.reminded_for == action.due_on:
        return False
    if not today <= action.due_on <= today + REMIND_BEFORE:
        return False
    owner = action.owner
    if owner is None or owner.ended_at is not None or not owner.user.is_active:
        return False
    with override(owner.user.language or "en"):
        subject, text = _letter(action)
    not_yet = Action.objects.filter(pk=action.pk).filter(~Q(reminded_for=F("due_on")) | Q(reminded_for=None))
    # Of two workers at once, one writes.
    if not not_yet.update(reminded_for=F("due_on")):
        return False
    try:
        send_mail(subject, text, settings.DEFAULT_FROM_EMAIL, [owner.user.email])
    except OSError as error:  # its text may hold the address; what did not go is tried again
        Action.objects.filter(pk=action.pk).update(reminded_for=action.reminded_for)
        _LOG.error("the letter of action %s could not be sent: %s", action.pk, type(error).__name__)
        return False
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
