"""Rows of a canonical table by their keys."""

import json
from collections.abc import Sequence
from typing import Any

from septima.lake.sql import connect, identifier, parquet
from septima.lake.store import Lake
from septima.schema import table

_PROPERTIES = "properties"


def rows_by_key(lake: Lake, name: str, keys: Sequence[str]) -> list[dict[str, Any]]:
    """The rows of a table whose key, which is of one column, is among `keys`; `properties` is an object or None."""
    declared, files = table(name), lake.files(name)
    if not files or not keys:
        return []
    (key,) = declared.key
    query = f"SELECT * FROM {parquet(files)} WHERE {identifier(key)} IN (SELECT unnest(?))"
    with lake.staging() as folder, connect(folder) as connection:
        cursor = connection.execute(query, [list(keys)])
        names = [column[0] for column in cursor.description or ()]
        found = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return [{**row, _PROPERTIES: json.loads(row[_PROPERTIES] or "null")} for row in found]
