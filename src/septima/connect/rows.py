"""Rows as a pipeline is given them: every value as text, for the lake to check, and every column that was met so far."""

from collections.abc import Callable
from typing import Any

import pyarrow as pa

from septima.connect.definition import Read
from septima.lake.append import as_text

Record = dict[str, Any]
Report = Callable[[str, int], None]
"""Hears of a read how many rows it has brought so far."""


def batch_table(batch: list[Record], columns: dict[str, None], read: Read) -> pa.Table:
    """Rows as text; `columns` grows by those that are new and not to be ignored."""
    unread = read.mapping.unread
    for row in batch:
        columns.update(dict.fromkeys(name for name in row if name not in unread))
    return pa.table({name: pa.array([as_text(row.get(name)) for row in batch], pa.string()) for name in columns})
