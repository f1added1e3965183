"""After any sequence of loads, computing what they reach gives what computing everything gives."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, time
from pathlib import Path
from random import Random
from typing import Any

import pandas as pd
import pytest

from septima.lake.changes import moments
from septima.lake.tables import LAKE_TABLES
from septima.metrics import catalogue, compute, parse_period
from septima.metrics.record import Update, update
from septima.metrics.recorded import Recorded
from septima.metrics.series import Series, series_of

from .conftest import company
from .small_lake import SmallLake

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FIRST = datetime.fromisoformat("2024-01-01")
METRICS = list(catalogue().values())


class History:
    """The rows of a small company, loaded day by day with all that goes wrong."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.random = Random(seed)  # noqa: S311
        self.shop = SmallLake.create(folder)
        rows = company(seed)
        dated = [(self._day(name, row), name, row) for name, given in rows.items() for row in given]
        self.day = 300
        early = [entry for entry in dated if entry[0] < self.day]
        self.late = [entry for entry in early if self.random.random() < 0.03]
        self.coming = [entry for entry in dated if entry[0] >= self.day]
        left_out = {id(entry) for entry in self.late}
        self._load(entry for entry in early if id(entry) not in left_out)

    def load(self, kind: str) -> None:
        """New days, late rows, altered columns, moved moments, or all of these."""
        batch: list[Any] = []
        if kind in ("day", "mixed"):
            until = self.day + self.random.choice([1, 3, 15, 40])
            batch += [entry for entry in self.coming if entry[0] < until]
            self.coming = [entry for entry in self.coming if entry[0] >= until]
            self.day = until
        if kind in ("late", "mixed"):
            for _ in range(min(len(self.late), self.random.choice([1, 3, 10]))):
                batch.append(self.late.pop(self.random.randrange(len(self.late))))
        if kind in ("update", "move", "mixed"):
            altered = [self._altered(moved=kind == "move") for _ in range(self.random.choice([2, 4]))]
            taken = {(name, tuple(row[key] for key in LAKE_TABLES[name].key)) for _, name, row in batch}
            for name, row in altered:
                place = (name, tuple(row[key] for key in LAKE_TABLES[name].key))
                if place not in taken:
                    taken.add(place)
                    batch.append((0, name, row))
        self._load(batch)

    def _load(self, entries: Iterable[tuple[int, str, Mapping[str, Any]]]) -> None:
        batch: dict[str, list[Mapping[str, Any]]] = {}
        for _, name, row in entries:
            batch.setdefault(name, []).append(row)
        self.shop.load(batch)

    def _day(self, name: str, row: Mapping[str, Any]) -> int:
        """The day on which a row comes: that of its first moment, any where it has none."""
        given = [row[column] for column, _ in moments(LAKE_TABLES[name]) if row.get(column) is not None]
        stamps = [datetime.fromisoformat(value) if isinstance(value, str) else value for value in given]
        stamps = [stamp if isinstance(stamp, datetime) else datetime.combine(stamp, time()) for stamp in stamps]
        return (min(stamps) - FIRST).days if stamps else self.random.randrange(400)

    def _altered(self, *, moved: bool) -> tuple[str, dict[str, Any]]:
        """A row of the lake with one column as it is in another row; a moment may be lost."""
        while True:
            name = self.random.choice([name for name in LAKE_TABLES if self.shop.rows(name)])
            table, rows = LAKE_TABLES[name], self.shop.rows(name)
            times = {column for column, _ in moments(table)}
            columns = [
                column
                for column in table.columns
                if column.name not in (*table.key, "source", "loaded_at") and (column.name in times) == moved
            ]
            if not columns:
                continue
            column, row = self.random.choice(columns), self.random.choice(rows)
            value = self.random.choice(rows).get(column.name)
            if moved and not column.required and self.random.random() < 0.3:
                value = None
            return name, {**{key: row[key] for key in table.key}, column.name: value}


def run(history: History, series: list[Series], *, full: bool = False) -> Update:
    shop, version = history.shop, history.shop.lake.version
    made = update(shop.lake, shop.tables(version), series, version=version, author="test", full=full, now=NOW)
    assert made.failures == ()
    return made


@pytest.mark.slow
def test_what_changed_gives_what_everything_gives(tmp_path: Path) -> None:
    """New days, late rows, altered columns and moved moments at once, by a slice."""
    history = History(3, tmp_path)
    series = [series_of(metric, "month", ("region",)) for metric in METRICS if "region" in metric.dimensions]
    run(history, series)
    history.load("mixed")
    assert sum(one.since is not None for one in run(history, series).series) > 10
    assert [one for one in run(history, series, full=True).series if one.new or one.changed or one.gone] == []


@pytest.mark.slow
@pytest.mark.parametrize("by", [("region",)])
def test_what_was_recorded_is_what_is_computed_between_any_bounds(tmp_path: Path, by: tuple[str, ...]) -> None:
    history = History(4, tmp_path)
    metrics = [metric for metric in METRICS if set(by) <= set(metric.dimensions)]
    series = {metric.id: series_of(metric, "month", by) for metric in metrics}
    run(history, list(series.values()))
    recorded = Recorded(history.shop.lake, history.shop.lake.version, NOW)
    last = parse_period("2024-08")
    first = last.shift(-3)
    bounds = {"start": first.start, "end": last.end}
    live = compute(metrics, history.shop.tables(), grain="month", by=by, now=NOW, **bounds)
    for metric in metrics:
        frame = recorded.figures(series[metric.id], first.start, last.end)
        assert frame is not None, metric.id
        pd.testing.assert_frame_equal(frame, live[metric.id].frame, rtol=1e-9, obj=metric.id)
