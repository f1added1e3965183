"""From the inbox to the lake, each message exactly once.

What spoils a batch is found by bringing its parcels one by one, and is left aside.
"""

import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
from django.db import transaction
from django.utils import timezone

from septima.collect.canonical import portions_of
from septima.collect.orders import known_orders, order_ids
from septima.lake.append import append_portions
from septima.lake.sql import LoadError
from septima.lake.store import Lake
from septima.web.accounts.models import Organisation
from septima.web.collect.forms import messages_of
from septima.web.collect.models import Parcel, Source
from septima.web.common.batches import batches
from septima.web.common.workspaces import open_workspace

logger = logging.getLogger(__name__)
_MOST_MESSAGES = 25_000
_MOST_PARCELS = 2_000


@dataclass(frozen=True)
class Brought:
    """How many parcels went to the lake and how many were left aside."""

    parcels: int = 0
    aside: int = 0


def organisations_that_wait() -> list[Organisation]:
    """Organisations whose inbox holds something to be brought."""
    waiting = Parcel.objects.filter(problem="").values("source__organisation").distinct()
    return list(Organisation.objects.filter(pk__in=waiting))


def bring(organisation: Organisation) -> Brought:
    """Bring all that waits now in the inbox of an organisation into its lake.

    StoreError where another writes to the lake for too long, LoadError where the disk takes nothing; then nothing is lost,
    and the next call goes on.
    """
    lake, brought = open_workspace(organisation).lake, Brought()
    rows = Parcel.objects.filter(source__organisation=organisation, problem="")
    sizes = ("messages", int)
    for batch in batches(rows, most_rows=_MOST_PARCELS, most_in_all=_MOST_MESSAGES, size_of=sizes, alike="source"):
        found = _bring_batch(lake, batch)
        brought = Brought(brought.parcels + found.parcels, brought.aside + found.aside)
    return brought


def _bring_batch(lake: Lake, batch: str) -> Brought:
    parcels = list(Parcel.objects.filter(batch=batch).select_related("source").order_by("pk"))
    try:
        _append(lake, parcels, batch)
    except _SPOILS as error:
        if _is_of_the_disk(error):
            raise
        if len(parcels) == 1:
            logger.exception("parcel %s cannot be brought to the lake", parcels[0].pk)
            parcels[0].batch, parcels[0].problem = "", f"{type(error).__name__}: {error}"[:2_000]
            parcels[0].save(update_fields=["batch", "problem"])
            return Brought(aside=1)
        _split(batch, parcels)
        return Brought()
    Source.objects.filter(pk=parcels[0].source.pk).update(last_at=timezone.now())
    Parcel.objects.filter(batch=batch).delete()
    return Brought(parcels=len(parcels))


# What a body may make of our own code is not known beforehand; the store's refusal is no fault of the parcel.
_SPOILS = (LoadError, ValueError, TypeError, KeyError, AttributeError, ArithmeticError, LookupError, RecursionError)


def _is_of_the_disk(error: BaseException | None) -> bool:
    """Whether what went wrong began with the disk: then no parcel is at fault, and all of them wait until it takes them."""
    while error is not None:
        if isinstance(error, OSError | duckdb.IOException):
            return True
        error = error.__cause__
    return False


def _append(lake: Lake, parcels: Sequence[Parcel], batch: str) -> None:
    messages = [message for parcel in parcels for message in messages_of(parcel)]
    source = parcels[0].source.name
    known = known_orders(lake, order_ids(messages))
    append_portions(lake, portions_of(messages, source, known), source, batch=batch, author=source)


def _split(batch: str, parcels: Sequence[Parcel]) -> None:
    """Make a batch of each parcel of a batch that could not be brought whole."""
    with transaction.atomic():
        for parcel in parcels:
            Parcel.objects.filter(pk=parcel.pk, batch=batch).update(batch=uuid.uuid4().hex)
