"""What the background worker does for metrics."""

import logging

from django_tasks import task

from septima.web.metrics.digests import due, send
from septima.web.metrics.models import Subscription

_LOG = logging.getLogger(__name__)


@task()
def send_digest(subscription: int, period: str) -> bool:
    """Send one digest; whether it went, for it may have gone already."""
    found = Subscription.objects.select_related("organisation", "user").filter(pk=subscription).first()
    return found is not None and send(found, period)


@task()
def send_due_digests() -> int:
    """Send every digest that is due; how many went. One that cannot be made or sent keeps no other, and is tried again next time."""
    sent = 0
    for subscription, period in due():
        try:
            sent += send(subscription, period.id)
        except Exception:  # noqa: BLE001 - whatever is wrong with one letter is noted, and the others go
            _LOG.exception("the digest of %s to subscription %s could not be sent", period.id, subscription.pk)
    return sent
