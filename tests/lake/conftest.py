"""A lake in a temporary folder and short ways to load into it."""

import shutil
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from septima.lake.load import LoadResult, load
from septima.lake.mapping import Mapping, read_mapping
from septima.lake.store import Lake


@pytest.fixture(scope="session")
def empty_lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake that nothing was ever written to; it is dearer to make than to copy."""
    return Lake.create(tmp_path_factory.mktemp("empty") / "lake").root


@pytest.fixture
def lake(tmp_path: Path, empty_lake: Path) -> Lake:
    return Lake.open(shutil.copytree(empty_lake, tmp_path / "workspace" / "lake"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a test's source files and mappings lie."""
    made = tmp_path / "data"
    made.mkdir()
    return made


@pytest.fixture
def mapping_of(folder: Path) -> Callable[[str], Mapping]:
    """Write a mapping and read it."""

    def make(text: str, name: str = "mapping.yaml") -> Mapping:
        path = folder / name
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return read_mapping(path)

    return make


@pytest.fixture
def load_text(lake: Lake, mapping_of: Callable[[str], Mapping]) -> Callable[[str], LoadResult]:
    """Load by the text of a mapping."""
    return lambda text: load(lake, mapping_of(text))


@pytest.fixture
def rows_of(lake: Lake) -> Callable[[str, str], list[tuple[Any, ...]]]:
    """Columns of a table of the lake, read with DuckDB alone, sorted."""

    def read(table: str, columns: str) -> list[tuple[Any, ...]]:
        files = lake.files(table)
        if not files:
            return []
        return duckdb.execute(f"SELECT {columns} FROM read_parquet(?) ORDER BY ALL", [files]).fetchall()  # noqa: S608

    return read
