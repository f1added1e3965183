"""Seals: by them a batch is known to be in the lake, however long ago it came, so that it is brought exactly once."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from septima.durable import write_over
from septima.lake.load import LoadResult, TableCounts
from septima.lake.store import Lake, StoreError, Writing


@dataclass(frozen=True)
class Seal:
    """The mark of a batch that is in the lake: the commit that brought it, and its counts by table.

    The batch is known by its name within its source and `tables`, which says what it is of. The mark is written before the
    commit is published and counts only once that commit is there, so that neither can be without the other.
    """

    lake: Lake
    source: str
    tables: str
    batch: str

    @property
    def _path(self) -> Path:
        name = hashlib.sha256(json.dumps([self.source, self.tables, self.batch]).encode()).hexdigest()
        return self.lake.root / "batches" / f"{name}.json"

    def result(self) -> LoadResult | None:
        """What became of the batch; None where it is not in the lake."""
        try:
            content = json.loads(self._path.read_text(encoding="utf-8"))
            landed = self.lake.commit(content["version"]).writer == content["writer"]
        except (FileNotFoundError, StoreError):
            return None
        counts = {table: TableCounts(**of) for table, of in content["counts"].items()}
        return LoadResult(counts, self.lake.version) if landed else None

    def set(self, writing: Writing, tables: Mapping[str, TableCounts]) -> None:
        """Mark the batch as brought by the commit that is about to be published, or by the last where nothing changed."""
        last = self.lake.commit()
        version, writer = (last.version + 1, writing.id) if writing.changed_tables else (last.version, last.writer)
        counts = {table: vars(of) for table, of in tables.items()}
        write_over(self._path, json.dumps({"version": version, "writer": writer, "counts": counts}))
