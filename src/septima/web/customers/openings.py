"""Who opened whose card: kept durably at once, brought to the lake's table `accesses` in batches."""

from datetime import UTC, datetime, timedelta

from django.db.models import Min

from septima.lake.append import append
from septima.lake.store import Lake
from septima.web.accounts.models import Membership, Organisation
from septima.web.common.batches import batches
from septima.web.common.workspaces import open_workspace
from septima.web.customers.models import Opening

SLOT = timedelta(minutes=15)
SOURCE = "septima_site"
_BATCH_ROWS = 5_000
_KEPT = timedelta(days=30)
_OVERDUE = timedelta(minutes=10)


def who(membership: Membership) -> str:
    """By what the lake knows the person: the employee_id, or `user:` and the account's number where there is none."""
    return membership.employee_id or f"user:{membership.user.pk}"


def note_opening(membership: Membership, customer_id: str, *, now: datetime | None = None) -> bool:
    """Keep that the person opened the card; False where that is known of this quarter of an hour already."""
    moment = now or datetime.now(UTC)
    _, made = Opening.objects.get_or_create(
        organisation=membership.organisation,
        who=who(membership),
        customer_id=customer_id,
        slot=int(moment.timestamp() // SLOT.total_seconds()),
        defaults={"user": membership.user, "at": moment},
    )
    return made


def is_flush_due(organisation: Organisation, *, now: datetime | None = None) -> bool:
    """Whether a flush should be asked for: an opening waits alone, or the oldest has waited so long that one was lost."""
    waiting = Opening.objects.filter(organisation=organisation, in_lake_at=None)
    oldest = waiting.aggregate(oldest=Min("at"))["oldest"]
    if oldest is None:
        return False
    return waiting.count() == 1 or oldest < (now or datetime.now(UTC)) - _OVERDUE


def flush(organisation: Organisation, lake: Lake | None = None) -> int:
    """Bring all openings that wait now to the lake, each exactly once; how many came. StoreError where another writes there."""
    lake = lake or open_workspace(organisation).lake
    brought = 0
    waiting = Opening.objects.filter(organisation=organisation, in_lake_at=None)
    for batch in batches(waiting, most_rows=_BATCH_ROWS):
        rows = waiting.filter(batch=batch)
        records = [{"employee_id": one.who, "customer_id": one.customer_id, "at": one.at} for one in rows]
        append(lake, "accesses", records, SOURCE, batch=batch, author="septima")
        brought += rows.update(in_lake_at=datetime.now(UTC))
    Opening.objects.filter(organisation=organisation, in_lake_at__lt=datetime.now(UTC) - _KEPT).delete()
    return brought
