"""Beginning what a schedule says when its time comes, each moment once.

Whoever keeps the schedule notes a moment before the work for it is begun, and the database lets it be noted once. What was
missed while nobody kept the schedule is made up for once, however often it was due.
"""

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone, translation

from septima.schema import SeptimaError
from septima.web.accounts.models import Organisation, User
from septima.web.common.workspaces import open_workspace
from septima.web.schedule.models import Due
from septima.web.schedule.rules import Rule, read_rules
from septima.web.work.doing import begin
from septima.web.work.models import Work

logger = logging.getLogger(__name__)
SCHEDULED = "data.scheduled"
"""The kind of work of rules."""


def begin_what_is_due(organisation: Organisation, now: datetime | None = None) -> list[Work]:
    """Begin the work of all rules that have become due; DefinitionError where the schedule cannot be read."""
    moment = now or timezone.now()
    workspace = open_workspace(organisation)
    with translation.override(workspace.settings.language):
        return [work for rule in read_rules(workspace) if (work := _begin_if_due(organisation, rule, moment))]


def begin_now(organisation: Organisation, rule: Rule, who: User) -> Work:
    """Begin the work of a rule at once; what it is due at stays."""
    return _begin(organisation, rule, who)


def last_of(organisation: Organisation, rule: Rule) -> Due | None:
    """When a rule was last due, with what became of it; None before the first time."""
    return _newest(Due.objects.filter(organisation=organisation, rule=rule.key).exclude(work=None))


def _newest(found: QuerySet[Due]) -> Due | None:
    return found.select_related("work").order_by("-planned_at").first()


def _begin_if_due(organisation: Organisation, rule: Rule, now: datetime) -> Work | None:
    known = _newest(Due.objects.filter(organisation=organisation, rule=rule.key))
    if known is None:
        _note(organisation, rule, now, is_begun=True)
        return None
    if not known.is_begun:  # the one who noted it did not live to begin it
        _begin_for(organisation, rule, known)
    planned = rule.last_before(now)
    if planned <= known.planned_at:
        return None
    noted = _note(organisation, rule, planned)
    return None if noted is None else _begin_for(organisation, rule, noted)


def _begin_for(organisation: Organisation, rule: Rule, noted: Due) -> Work:
    work = _begin(organisation, rule, None)
    Due.objects.filter(pk=noted.pk).update(work=work, is_begun=True)
    return work


def _begin(organisation: Organisation, rule: Rule, who: User | None) -> Work:
    options: Mapping[str, Any] = {"do": rule.do, "what": rule.what}
    return begin(
        organisation, SCHEDULED, f"{SCHEDULED}-{rule.do}-{rule.what}"[:200], who=who, subject=rule.name, options=options
    )


def _note(organisation: Organisation, rule: Rule, planned: datetime, *, is_begun: bool = False) -> Due | None:
    """Note that a rule was due; None where somebody else has."""
    try:
        with transaction.atomic():
            return Due.objects.create(organisation=organisation, rule=rule.key, planned_at=planned, is_begun=is_begun)
    except IntegrityError:
        return None


def keep(now: datetime | None = None) -> None:
    """Begin what is due in all organisations; a schedule that cannot be read keeps no other from its own."""
    for organisation in Organisation.objects.all():
        try:
            begin_what_is_due(organisation, now)
        except (SeptimaError, OSError):
            logger.exception("the schedule of %s cannot be kept", organisation.slug)
