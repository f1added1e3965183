"""What the tests of the ready mappings share: loading by one of them, and asking for its figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from septima.lake.engine import connect, open_table
from septima.lake.load import load
from septima.lake.mapping import read_mapping
from septima.lake.store import Lake
from septima.metrics import compute, find_metric

if TYPE_CHECKING:
    from ibis.backends import BaseBackend

EXAMPLES = Path(__file__).parents[2] / "examples"
COUNTS = ("read", "loaded", "updated", "duplicate", "quarantined")


@dataclass(frozen=True)
class Example:
    """A lake that holds what one mapping loaded, and what became of the rows of each table."""

    lake: Lake
    counts: dict[str, dict[str, int]]
    backend: "BaseBackend"

    def rows(self, table: str) -> pd.DataFrame:
        return open_table(self.backend, self.lake, table).to_pandas()

    def figures(self, metric: str, *, grain: str, by: Sequence[str] = (), **parameters: Any) -> pd.DataFrame:
        """The figures of a metric, indexed by slice and period."""
        result = compute(
            [find_metric(metric)],
            lambda name: open_table(self.backend, self.lake, name),
            grain=grain,
            by=by,
            parameters={metric: parameters},
        )
        return result[metric].to_pandas().set_index([*by, "period"])


def load_example(name: str, data: Path, folder: Path) -> Example:
    """Load the files in `data` by the example's mapping into a new lake."""
    lake = Lake.create(folder / "lake")
    return Example(lake, load_again(name, data, lake), connect(memory="1GB"))


def load_again(name: str, data: Path, lake: Lake) -> dict[str, dict[str, int]]:
    """Load by the example's mapping into a lake; what became of the rows, by table."""
    result = load(lake, read_mapping(EXAMPLES / name / "mapping.yaml"), data=data)
    return {table: {part: getattr(count, part) for part in COUNTS} for table, count in result.tables.items()}


def counted(read: int, *, loaded: int, duplicate: int = 0, quarantined: int = 0) -> dict[str, int]:
    """What a first load should report."""
    return {"read": read, "loaded": loaded, "updated": 0, "duplicate": duplicate, "quarantined": quarantined}
