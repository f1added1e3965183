"""What the background worker does for customers by itself."""

from datetime import UTC, datetime, timedelta

from django_tasks import task

from septima.web.accounts.models import Organisation
from septima.web.customers.openings import flush, is_flush_due

FLUSH_AFTER = timedelta(minutes=2)


@task()
def flush_openings(organisation: int) -> int:
    """Bring the openings of an organisation's cards to its lake; how many came."""
    found = Organisation.objects.filter(pk=organisation).first()
    return flush(found) if found else 0


def ask_for_flush(organisation: Organisation) -> None:
    """Have openings brought to the lake a little later, together with those that come until then."""
    if not is_flush_due(organisation):
        return
    asked = flush_openings
    if asked.get_backend().supports_defer:
        asked = asked.using(run_after=datetime.now(UTC) + FLUSH_AFTER)
    asked.enqueue(organisation.pk)
