"""Meeting what the lake holds: which staged rows are new, which change a row, which say nothing new.

Runs under the writer's lock, so that two loads of the same keys land one after the other.
"""

from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from septima.lake.mapping import Keep
from septima.lake.sql import count, identifier, parquet, text_literal
from septima.lake.stage import Staged, copy_parquet
from septima.lake.store import Writing
from septima.schema import Table

_PROPERTIES = "properties"
_SMALL_FILE = 4 << 20
_MOST_SMALL_FILES = 32


@dataclass
class Pending:
    """The files of one table as this load will leave them: those of the lake and those it makes."""

    kept: list[str]
    made: dict[str, int] = field(default_factory=dict[str, int])
    removed: list[str] = field(default_factory=list[str])

    @property
    def files(self) -> list[str]:
        """All files of the table, as a reader will see them."""
        return [*self.kept, *self.made]

    def replace(self, old: str, new: Path, rows: int) -> None:
        """Put a rewritten file in the place of an old one."""
        self._drop(old)
        self.made[str(new)] = rows

    def _drop(self, old: str) -> None:
        if old in self.made:
            del self.made[old]
            Path(old).unlink()
        else:
            self.kept.remove(old)
            self.removed.append(old)

    def join_small(self, connection: duckdb.DuckDBPyConnection, writing: Writing, table: str) -> None:
        """Make one of the small files where there are many, as after many small batches: each costs every reader time."""
        small = [path for path in self.files if Path(path).stat().st_size < _SMALL_FILE]
        if len(small) < _MOST_SMALL_FILES:
            return
        target = writing.new_file(table)
        rows = copy_parquet(connection, f"SELECT * FROM {parquet(small)}", target)
        first, *others = small
        self.replace(first, target, rows)
        for path in others:
            self._drop(path)

    def hand_over(self, writing: Writing, table: str) -> None:
        """Tell the writing what changed."""
        for path, rows in self.made.items():
            writing.add(table, Path(path), rows)
        for path in self.removed:
            writing.remove(table, path)


@dataclass(frozen=True)
class Resolved:
    """How many staged rows were new, changed a row or said nothing new."""

    loaded: int
    updated: int
    duplicate: int


def resolve(connection: duckdb.DuckDBPyConnection, writing: Writing, pending: Pending, staged: Staged) -> Resolved:
    """Add the staged rows to the table's files; only files with a changed row are rewritten."""
    total = sum(rows for _, rows in staged.files)
    if total == 0:
        return Resolved(0, 0, 0)
    touched = 0
    if pending.files:
        touched = _find_touched(connection, pending, staged)
    if touched == 0:
        for path, rows in staged.files:
            target = writing.new_file(staged.table.name)
            path.replace(target)
            pending.made[str(target)] = rows
        return Resolved(total, 0, 0)
    updated = count(connection, "SELECT count(*) FROM touched WHERE changed")
    if updated:
        _rewrite(connection, writing, pending, staged)
    if total > touched:
        fresh = (
            f"SELECT {_columns(staged.table, 's')} FROM {_staged(staged)} s ANTI JOIN touched t "
            "ON s.filename = t.new_file AND s.file_row_number = t.new_row"
        )
        target = writing.new_file(staged.table.name)
        pending.made[str(target)] = copy_parquet(connection, fresh, target)
    return Resolved(total - touched, updated, touched - updated)


def _staged(staged: Staged) -> str:
    return parquet([path for path, _ in staged.files], numbered=True)


def _columns(table: Table, alias: str) -> str:
    return ", ".join(f"{alias}.{identifier(name)}" for name in table.column_names)


def _find_touched(connection: duckdb.DuckDBPyConnection, pending: Pending, staged: Staged) -> int:
    """Fill the table `touched` with the staged rows whose key is there: where both stand, and whether it changes."""
    keys = [identifier(name) for name in staged.table.key]
    listed = ", ".join(keys)
    content = ", ".join(identifier(name) for name in staged.filled if name != _PROPERTIES)
    kept = _PROPERTIES if _PROPERTIES in staged.filled else f"CAST(NULL AS VARCHAR) AS {_PROPERTIES}"
    by = "NULL" if staged.keep.by is None else identifier(staged.keep.by)
    same_key = " AND ".join(f"n.{key} = o.{key}" for key in keys)

    def narrow(files: str) -> str:
        return f"(SELECT {listed}, hash({content}) AS content, {by} AS __by, {kept}, filename, file_row_number FROM {files})"

    # Two JSON objects say the same when each contains the other; their texts may differ in order.
    old, joined = f"o.{_PROPERTIES}", _joined_properties()
    same = f"coalesce(json_contains({old}, {joined}) AND json_contains({joined}, {old}), false)"
    changed = f"(n.content <> o.content OR (n.{_PROPERTIES} IS NOT NULL AND NOT {same})) AND {_takes_over(staged.keep)}"
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE touched AS SELECT n.filename AS new_file, n.file_row_number AS new_row, "
        f"o.filename AS old_file, o.file_row_number AS old_row, {changed} AS changed "
        f"FROM {narrow(_staged(staged))} n JOIN {narrow(parquet(pending.files, numbered=True))} o ON {same_key}"
    )
    return count(connection, "SELECT count(*) FROM touched")


def _takes_over(keep: Keep) -> str:
    """SQL of whether a new row with other contents replaces the one that is there."""
    if keep.which == "first":
        return "false" if keep.by is None else "coalesce(n.__by < o.__by, o.__by IS NULL AND n.__by IS NOT NULL)"
    return "true" if keep.by is None else "coalesce(n.__by >= o.__by, o.__by IS NULL)"


def _rewrite(connection: duckdb.DuckDBPyConnection, writing: Writing, pending: Pending, staged: Staged) -> None:
    """Write anew each file with a changed row; columns that the mapping does not fill keep their values."""
    table = staged.table
    taken = {*staged.filled, "source", "loaded_at"}
    new = f"(SELECT t.old_row, s.* FROM touched t JOIN {_staged(staged)} s ON s.filename = t.new_file AND s.file_row_number = t.new_row WHERE t.changed"
    merged = ", ".join(_merged(name) if name in taken else f"o.{identifier(name)}" for name in table.column_names)
    files = [
        str(row[0]) for row in connection.execute("SELECT DISTINCT old_file FROM touched WHERE changed").fetchall()
    ]
    for old in sorted(files):
        here = f"{new} AND t.old_file = {text_literal(old)})"
        query = f"SELECT {merged} FROM {parquet([old], numbered=True)} o LEFT JOIN {here} n ON o.file_row_number = n.old_row"
        target = writing.new_file(table.name)
        pending.replace(old, target, copy_parquet(connection, query, target))


def _merged(name: str) -> str:
    """SQL of a column of the merged row: the new value where there is a new row."""
    column = identifier(name)
    new = _joined_properties() if name == _PROPERTIES else f"n.{column}"
    return f"CASE WHEN n.old_row IS NOT NULL THEN {new} ELSE o.{column} END AS {column}"


def _joined_properties() -> str:
    """SQL of the columns without a canonical name, those of the old row and of the new: none is dropped."""
    old, new = f"o.{_PROPERTIES}", f"n.{_PROPERTIES}"
    return f"CASE WHEN {old} IS NULL THEN {new} WHEN {new} IS NULL THEN {old} ELSE CAST(json_merge_patch({old}, {new}) AS VARCHAR) END"
