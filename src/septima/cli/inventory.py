"""What the lake holds."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from septima.schema import TABLES

if TYPE_CHECKING:
    from septima.workspace import Workspace


@dataclass(frozen=True)
class Holding:
    """A canonical table: its rows, the days of its first and last, and what it is about."""

    table: str
    rows: int
    first: str | None
    last: str | None
    meaning: str


def inventory(workspace: "Workspace") -> list[Holding]:
    """What is held of every canonical table, in the order of their declaration."""
    table = workspace.tables()
    found: list[Holding] = []
    for name, declared in TABLES.items():
        rows = table(name)
        time = rows[declared.time] if declared.time else None
        ends = [] if time is None else [time.min().name("first"), time.max().name("last")]
        summary = workspace.backend.to_pyarrow(rows.aggregate([rows.count().name("rows"), *ends])).to_pylist()[0]
        first, last = (str(summary[end])[:10] if summary.get(end) else None for end in ("first", "last"))
        meaning = declared.meaning.in_language(workspace.settings.language)
        found.append(Holding(name, summary["rows"], first, last, meaning))
    return found
