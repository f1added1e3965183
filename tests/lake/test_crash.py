"""Whatever happens to a load, the lake holds all of it or none."""

import random
import resource
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from septima.lake.load import TableCounts, load
from septima.lake.mapping import Mapping, read_mapping
from septima.lake.sql import LoadError
from septima.lake.store import Lake
from septima.schema import SeptimaError
from tests.forked import Forked, fork

Rows = Callable[[str, str], list[tuple[Any, ...]]]

ROWS = 20_000
MAPPING = """\
source: shop
files:
  - file: orders.csv
    tables:
      orders: {columns: {order_id: id, ordered_at: at, revenue: sum}, keep: last}
      customers: {columns: {customer_id: who, created_at: at}, keep: {first: created_at}}
"""


def write_orders(path: Path, generation: int) -> None:
    """Orders of which a half changes with every generation, one new one comes and one is bad."""
    with path.open("w") as file:
        file.write("id,at,sum,who\n")
        for row in range(ROWS):
            file.write(f"{row},2024-01-{row % 28 + 1:02d},{generation if row % 2 else 7},c{row % 500}\n")
        file.write(f"new{generation},2024-02-01,1,c1\nbad{generation},2024-02-01,x,c1\n")


def load_it(say: Callable[[str], None], root: Path, mapping: Path, largest_file: int | None) -> None:
    """Load; with an exit code of 7 and a sentence where that was refused."""
    if largest_file is not None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))
    try:
        load(Lake.open(root), read_mapping(mapping))
    except SeptimaError as error:
        say(str(error))
        sys.exit(7)


def start_load(lake: Lake, mapping: Path, largest_file: int | None = None) -> Forked:
    return fork(load_it, lake.root, mapping, largest_file)


def state(rows_of: Rows) -> tuple[int, ...]:
    """Rows of each table, and the generation that the changing half of the orders shows, if but one."""
    ((orders, low, high),) = rows_of(
        "orders",
        "count(*), min(revenue) FILTER (revenue <> 7 AND order_id NOT LIKE 'new%'), max(revenue) FILTER (revenue <> 7 AND order_id NOT LIKE 'new%')",
    ) or [(0, 0, 0)]
    ((customers,),) = rows_of("customers", "count(*)") or [(0,)]
    ((bad,),) = rows_of("quarantine", "count(*)") or [(0,)]
    assert low == high, "half of a load is there"
    return int(orders), int(customers), int(bad), int(low)


@pytest.mark.slow
def test_killed_at_any_moment_a_load_is_there_whole_or_not_at_all(folder: Path, lake: Lake, rows_of: Rows) -> None:
    mapping = folder / "mapping.yaml"
    mapping.write_text(MAPPING)
    generator = random.Random(11)  # noqa: S311 - moments to kill at, not secrets
    write_orders(folder / "orders.csv", 100)
    started = time.monotonic()
    load(lake, read_mapping(mapping))
    takes = time.monotonic() - started
    assert state(rows_of) == (ROWS + 1, 500, 1, 100)
    landed = 1
    killed = 0
    last = generation = 100
    while killed < 20:
        generation += 1
        write_orders(folder / "orders.csv", generation)
        process = start_load(lake, mapping)
        time.sleep(generator.uniform(0.02, 1.0) * takes)
        process.kill()
        code, _ = process.end()
        if code == -signal.SIGKILL:
            killed += 1
        else:
            takes *= 0.8  # it ended before it was killed: this machine is quicker than at first
        now = state(rows_of)
        if now[3] == generation:
            landed, last = landed + 1, generation
        assert now == (ROWS + landed, 500, landed, last)
    write_orders(folder / "orders.csv", generation + 1)
    load(lake, read_mapping(mapping))
    assert state(rows_of) == (ROWS + landed + 1, 500, landed + 1, generation + 1)
    assert list((lake.root / "staging").iterdir()) == []


def test_two_loads_of_the_same_keys_at_once_both_land(folder: Path, lake: Lake, rows_of: Rows) -> None:
    loads: list[Forked] = []
    for name in ("one", "two"):
        (folder / f"{name}.csv").write_text(
            "id,at,sum,who\n"
            + "".join(f"{row},2024-01-01,5,c{row}\n" for row in range(3000))
            + f"{name},2024-01-02,1,{name}\n"
        )
        path = folder / f"{name}.yaml"
        path.write_text(MAPPING.replace("orders.csv", f"{name}.csv"))
        loads.append(start_load(lake, path))
    assert [process.end() for process in loads] == [(0, [])] * 2
    assert rows_of("orders", "count(*), count(DISTINCT order_id)") == [(3002, 3002)]
    assert rows_of("customers", "count(*), count(DISTINCT customer_id)") == [(3002, 3002)]
    counts = [commit.details["tables"]["orders"] for commit in lake.commits()]
    assert counts == [
        vars(TableCounts(read=3001, loaded=3001)),
        vars(TableCounts(read=3001, loaded=1, duplicate=3000)),
    ]


def test_a_full_disk_is_one_clear_error_and_nothing_is_written(folder: Path, lake: Lake, rows_of: Rows) -> None:
    (folder / "mapping.yaml").write_text(MAPPING)
    write_orders(folder / "orders.csv", 100)
    load(lake, read_mapping(folder / "mapping.yaml"))
    before = state(rows_of), lake.version
    write_orders(folder / "orders.csv", 101)
    for size in (0, 20_000, 60_000):
        code, (sentence,) = start_load(lake, folder / "mapping.yaml", size).end()
        assert code == 7
        assert "nothing of" in sentence
        assert "\n" not in sentence
        assert (state(rows_of), lake.version) == before
        assert list((lake.root / "staging").iterdir()) == []
    load(lake, read_mapping(folder / "mapping.yaml"))
    assert state(rows_of) == (ROWS + 2, 500, 2, 101)


def test_a_file_that_changes_while_it_is_read_is_told(
    folder: Path, lake: Lake, mapping_of: Callable[[str], Mapping]
) -> None:
    write_orders(folder / "orders.csv", 100)

    def meddle(_step: object, done: int, _total: int | None) -> None:
        if done:
            with (folder / "orders.csv").open("a") as file:
                file.write("late,2024-01-01,1,c1\n")

    with pytest.raises(LoadError, match=r"orders.csv changed while it was read"):
        load(lake, mapping_of(MAPPING), progress=meddle)
    assert lake.version == 0
