"""What alert rules ask of the data: the age of a table, the share of rows in quarantine, the chances of a forecast."""

from collections.abc import Mapping
from datetime import datetime, time
from typing import Any

import pandas as pd

from septima.lake.quarantine import open_entries
from septima.lake.store import Lake
from septima.metrics.definition import Tables
from septima.schema import TABLES
from septima.scorecard.alerts.definition import INTEGRAL
from septima.scorecard.forecast import ForecastReport


def newest_record(tables: Tables, name: str) -> datetime | None:
    """The moment (UTC, without a zone) of a table's newest record; of a table by days the beginning of the day."""
    column: Any = tables(name)[str(TABLES[name].time)]
    newest: Any = column.max().to_pandas()
    if newest is None or newest is pd.NaT:
        return None
    return newest if isinstance(newest, datetime) else datetime.combine(newest, time())


def quarantined_share(lake: Lake, tables: Tables) -> float:
    """Entries that wait in quarantine, as a share of them and of the rows in the canonical tables."""
    waiting = sum(open_entries(lake).values())
    if not waiting:
        return 0.0
    counts: list[Any] = [tables(name).count().to_pandas() for name in TABLES if lake.files(name)]
    held = sum(map(int, counts))
    return waiting / (waiting + held)


def chances_of(found: ForecastReport) -> Mapping[str, float | None]:
    """The chance to reach the target in the nearest period, by id of KPI and perspective, and of CKPIint."""
    parts = (*found.kpis, *(composite for composite, _ in found.perspectives))
    chances = {part.id: part.chance[0] if part.chance else None for part in parts}
    return {**chances, INTEGRAL: found.integral.chance[0] if found.integral.chance else None}
