"""From an inbox in the database to the lake in named batches, each exactly once.

Rows are claimed under the name of a batch before the batch is appended; the lake remembers the names that it has. After a
crash at any moment the same batch is appended again under the same name, and the lake knows whether it has it.
"""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

from django.db import transaction
from django.db.models import Max, Model, QuerySet


def batches(
    waiting: QuerySet[Any],
    *,
    most_rows: int,
    most_in_all: int | None = None,
    size_of: tuple[str, Callable[[Any], int]] = ("pk", lambda _: 1),
    alike: str | None = None,
) -> Iterator[str]:
    """Names of batches of what waits now, the oldest first; each is to be brought, and to wait no more, before the next is asked for.

    `waiting` are the rows that are not brought yet, with a column `batch` that is empty until they are claimed. A batch has
    at most so many rows, whose sizes, by a column and what is counted of it, come to no more than `most_in_all`, unless it
    is one row; with `alike` all of them have the same of that column. What comes in meanwhile waits for the next call, so
    that this one ends however fast rows come.
    """
    newest = waiting.aggregate(newest=Max("pk"))["newest"]
    if newest is None:
        return
    waiting = waiting.filter(pk__lte=newest).order_by("pk")
    while (batch := _claimed(waiting, most_rows, most_in_all, size_of, alike)) is not None:
        yield batch


def _claimed(
    waiting: QuerySet[Model],
    most_rows: int,
    most_in_all: int | None,
    size_of: tuple[str, Callable[[Any], int]],
    alike: str | None,
) -> str | None:
    """The batch to bring next: one that a crash left, or a new one; None where nothing waits."""
    with transaction.atomic():
        left = waiting.exclude(batch="").values_list("batch", flat=True).first()
        if left is not None:
            return str(left)
        free = waiting.filter(batch="")
        if alike is not None:
            free = free.filter(**{alike: free.values_list(alike, flat=True).first()})
        column, measure = size_of
        taken, size = list[int](), 0
        for pk, measured in free.select_for_update(of=("self",)).values_list("pk", column)[:most_rows]:
            size += measure(measured)
            if taken and most_in_all is not None and size > most_in_all:
                break
            taken.append(pk)
        if not taken:
            return None
        name = uuid.uuid4().hex
        waiting.model._default_manager.filter(pk__in=taken).update(batch=name)
        return name
