"""Making and changing actions: every change leaves a line of history, and the lake learns which decisions were kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction
from filelock import FileLock

from septima.lake.append import append
from septima.metrics import Period
from septima.web.accounts.audit import note_event
from septima.web.accounts.models import Membership, Organisation, User
from septima.web.actions.models import Action, Change, Note
from septima.web.common.workspaces import open_workspace

SOURCE = "septima_site"
FIELDS = ("what", "cause", "owner", "employee_id", "department", "due_on", "state")


@dataclass(frozen=True)
class Wanted:
    """What an action is to be; `owner` is a member, or None where `employee_id` says who answers."""

    what: str
    cause: str
    owner: Membership | None
    employee_id: str
    department: str
    due_on: date


def begin(
    organisation: Organisation, user: User, kpi: str, period: Period, wanted: Wanted, token: str, site: str = ""
) -> Action:
    """A new action; the one that the same form made before, where it is sent twice."""
    action, made = Action.objects.get_or_create(
        organisation=organisation,
        token=token,
        defaults={
            "kpi": kpi,
            "period": period.id,
            "period_start": period.start,
            "created_by": user,
            "site": site,
            **vars(wanted),
        },
    )
    if made:
        note_event(organisation, user, "action.begun", kpi, number=action.pk)
    return action


def change(action: Action, user: User, values: Mapping[str, object]) -> list[Change]:
    """Set fields of an action; the lines of history that this made, none where nothing differs."""
    with transaction.atomic():
        now = Action.objects.select_for_update(of=("self",)).select_related("owner__user").get(pk=action.pk)
        changed = [name for name in FIELDS if name in values and getattr(now, name) != values[name]]
        lines = [_line(now, user, name, values[name]) for name in changed]
        for name in changed:
            setattr(now, name, values[name])
        if "state" in changed:
            now.closed_at = None if now.is_open else datetime.now(UTC)
        if changed:
            now.revision += 1
            now.save()
            Change.objects.bulk_create(lines)
    if changed:
        note_event(now.organisation, user, "action.changed", now.kpi, number=now.pk, fields=changed)
    for name in (*FIELDS, "closed_at", "revision"):
        setattr(action, name, getattr(now, name))
    return lines


def say_of(action: Action, user: User, text: str, token: str) -> Note:
    """A note on an action; the one that is there, where the same form is sent twice."""
    note, made = Note.objects.get_or_create(token=token, action=action, defaults={"user": user, "text": text})
    if made:
        note_event(action.organisation, user, "action.noted", action.kpi, number=action.pk)
    return note


def tell_the_lake(action: Action, today: date) -> bool:
    """Bring an action to the lake's `milestones` as a decision, once it was carried out or its day has passed.

    What was dropped before its day was no decision in the end. The day by which it was planned stays the one that was told
    first. False where there is nothing to tell; StoreError where another writes to the lake.
    """
    locks = Path(settings.SITE_FOLDER) / "locks"
    locks.mkdir(parents=True, exist_ok=True)
    # One after another, so that an older state never follows a newer one.
    workspace = open_workspace(action.organisation)
    with FileLock(locks / f"actions-{action.organisation.pk}"):
        now = Action.objects.select_related("organisation").get(pk=action.pk)
        if now.planned_on is None and now.state != "done" and not now.is_overdue(today):
            return False
        if now.planned_on is None:
            Action.objects.filter(pk=now.pk).update(planned_on=now.due_on)
            now.planned_on = now.due_on
        done = now.closed_at if now.state == "done" else None
        record = {
            "milestone_id": f"{SOURCE}:action:{now.pk}",
            "kind": "decision",
            "department": now.department or None,
            "planned_at": workspace.settings.calendar.moment(now.planned_on).replace(tzinfo=UTC),
            "done_at": done,
            "kpi": now.kpi,
        }
        batch = f"action-{now.pk}-{now.revision}"
        append(workspace.lake, "milestones", [record], SOURCE, batch=batch, author="septima")
    return True


def _line(action: Action, user: User, name: str, value: object) -> Change:
    return Change(action=action, user=user, field=name, before=_written(getattr(action, name)), after=_written(value))


def _written(value: object) -> str:
    if isinstance(value, Membership):
        return str(value.user)
    return "" if value is None else str(value)
