"""The catalogue's figures by month, as an analyst would write them for DuckDB alone.

`python -m benchmarks.hand_written WORKSPACE` reads the same Parquet files with the same memory. Of each query a
column `month` is the first day of the month, a column called like a metric is its value, and the others are the sums
and counts from which n, interval and missing share follow.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from benchmarks.hand_written import base, coordination, money, organisation, service, surveys, tools, trust
from septima.lake.store import Lake, arrow_schema
from septima.lake.tables import LAKE_TABLES

MEMORY = "3GB"
QUERIES = {
    name: query
    for family in (money, base, tools, coordination, service, surveys, organisation, trust)
    for name, query in family.QUERIES.items()
}


@contextmanager
def connected(workspace: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """DuckDB with the tables of a workspace as views over their files; a table without files is empty."""
    lake = Lake.open(workspace / "lake")
    with (
        tempfile.TemporaryDirectory() as spilled,
        duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": spilled}) as connection,
    ):
        connection.execute("set enable_progress_bar = false")
        for name, declared in LAKE_TABLES.items():
            files = [str(file) for file in lake.files(name)]
            if files:
                connection.execute(f'create view "{name}" as select * from read_parquet({files})')
            else:
                connection.register(name, arrow_schema(declared).empty_table())
        yield connection
