"""What the lake holds."""

from typing import TYPE_CHECKING

import ibis
from pandas import isna

from septima.schema import TABLES

if TYPE_CHECKING:
    from septima.workspace import Workspace


def inventory(workspace: "Workspace") -> list[dict[str, object]]:
    """Rows and first and last moment of every canonical table, in the order of their declaration."""
    table = workspace.tables()
    meaning = {name: declared.meaning.in_language(workspace.settings.language) for name, declared in TABLES.items()}
    found: list[dict[str, object]] = []
    for name, declared in TABLES.items():
        rows = table(name)
        time = rows[declared.time] if declared.time else ibis.null("timestamp")
        summary = workspace.backend.to_pandas(rows.agg(rows=rows.count(), first=time.min(), last=time.max()))
        first, last = (None if isna(summary[end][0]) else str(summary[end][0])[:10] for end in ("first", "last"))
        found.append(
            {"table": name, "rows": int(summary["rows"][0]), "first": first, "last": last, "meaning": meaning[name]}
        )
    return found
