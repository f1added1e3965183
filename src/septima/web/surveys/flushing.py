"""From the inbox to the lake, each submission exactly once.

Batches go in the order of their arrivals, so that a later change of a questionnaire is never overtaken by what it changed.
"""

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from septima.lake.append import append
from septima.web.accounts.models import Organisation
from septima.web.common.batches import batches
from septima.web.common.workspaces import open_workspace
from septima.web.surveys.models import CHANGEABLE_FOR, Arrival, Response

SOURCE = "surveys"
_MOST_ROWS = 50_000
_MOST_ARRIVALS = 5_000
_DRAFTS_LAST = timedelta(days=30)
_OVERDUE = timedelta(seconds=60)


def flush(organisation: Organisation) -> int:
    """Bring all that waits now in the inbox of an organisation into its lake; gives the number of submissions.

    StoreError where another writes to the lake for too long; then nothing is lost, and the next call goes on.
    """
    moved = 0
    sizes = ("rows", len)
    for batch in batches(waiting(organisation), most_rows=_MOST_ARRIVALS, most_in_all=_MOST_ROWS, size_of=sizes):
        moved += _bring(organisation, batch)
    return moved


def organisations_overdue() -> list[Organisation]:
    """Organisations with submissions that should have been brought by now: the task that was to do it was cut off or failed."""
    since = timezone.now() - _OVERDUE
    overdue = Arrival.objects.filter(arrived_at__lte=since).values("survey__organisation").distinct()
    return list(Organisation.objects.filter(pk__in=overdue))


def forget_settled(organisation: Organisation) -> None:
    """Empty what the lake has and nobody may change any more, and drop drafts that were left a month ago."""
    now = timezone.now()
    own = Response.objects.filter(survey__organisation=organisation)
    settled = own.filter(submitted_at__lte=now - CHANGEABLE_FOR, arrival=None).exclude(answers={}, filed={})
    settled.update(answers={}, filed={})
    own.filter(submitted_at=None, started_at__lte=now - _DRAFTS_LAST).delete()


def waiting(organisation: Organisation) -> QuerySet[Arrival]:
    """What stands in the inbox of an organisation, oldest first."""
    return Arrival.objects.filter(survey__organisation=organisation).order_by("pk")


def _bring(organisation: Organisation, batch: str) -> int:
    arrivals = list(Arrival.objects.filter(batch=batch).order_by("pk").values_list("pk", "rows"))
    rows: list[dict[str, Any]] = [row for _, own in arrivals for row in own]
    append(open_workspace(organisation).lake, "answers", rows, SOURCE, batch=batch, author=SOURCE)
    Arrival.objects.filter(batch=batch).delete()
    return len(arrivals)
