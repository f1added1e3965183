"""Forgetting work that is over."""

from datetime import datetime, timedelta

from django.core.management import call_command
from django.db.models import Max
from django.utils import timezone

from septima.web.work.kinds import all_kinds
from septima.web.work.models import Work


def purge(now: datetime | None = None) -> int:
    """Forget works that ended longer ago than their kind is kept, with what they left behind; how many went.

    The last that was done of each kind stays in every organisation, since pages show what came of it.
    """
    moment, gone = now or timezone.now(), 0
    last = Work.objects.filter(state="done").order_by().values("organisation", "kind").annotate(last=Max("pk"))
    kept = [one["last"] for one in last]
    for kind in all_kinds():
        if kind.kept_days is None:
            continue
        over = Work.objects.filter(kind=kind.id).exclude(pk__in=kept)
        undone = over.filter(
            state__in=("failed", "cancelled"), finished_at__lt=moment - timedelta(days=kind.undone_kept_days)
        )
        done = over.filter(state="done", finished_at__lt=moment - timedelta(days=kind.kept_days))
        for work in [*undone, *done]:
            kind.forget(work)
            gone += Work.objects.filter(pk=work.pk, state=work.state, attempt=work.attempt).delete()[0]
    return gone


def purge_queue() -> None:
    """Forget tasks of the queue that ended more than two weeks ago."""
    call_command("prune_db_task_results", queue_name="*", min_age_days=14, verbosity=0)
