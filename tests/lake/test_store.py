"""Several Delta tables change together or not at all."""

import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import duckdb
import pytest
from deltalake import DeltaTable

from septima.lake import store
from septima.lake.store import Lake, StoreError, Writing, arrow_schema


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake.create(tmp_path / "lake")


def put(writing: Writing, table: str, *keys: str) -> Path:
    """Write rows that hold nothing but their first key."""
    schema = arrow_schema(writing.lake.schema_of(table))
    key = schema.names[0]
    path = writing.new_file(table)
    rows = schema.empty_table().from_pylist([{key: value} for value in keys], schema=schema)
    duckdb.connect().from_arrow(rows).write_parquet(str(path))
    writing.add(table, path, len(keys))
    return path


def keys(lake: Lake, table: str, version: int | None = None) -> list[str]:
    files = lake.files(table, version)
    key = lake.schema_of(table).key[0]
    return sorted(row[0] for row in duckdb.read_parquet(files).project(key).fetchall()) if files else []


def test_an_empty_lake_has_version_zero_and_no_files(lake: Lake) -> None:
    assert lake.version == 0
    assert lake.files("orders") == []
    assert lake.commits() == []


def test_tables_written_together_are_published_as_one_version(lake: Lake) -> None:
    with lake.write("first") as writing:
        put(writing, "orders", "a", "b")
        put(writing, "customers", "c")
        writing.details["note"] = "two tables"
    assert lake.version == 1
    assert keys(lake, "orders") == ["a", "b"]
    assert keys(lake, "customers") == ["c"]
    assert lake.commit().details == {"note": "two tables"}


def test_files_and_their_folder_are_on_the_disk_before_the_log_names_them(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[Path] = []
    monkeypatch.setattr(store, "flush", flushed.append)
    with lake.write("orders") as writing:
        made = put(writing, "orders", "a")
    folder = lake.table_folder("orders")
    log = next(path for path in flushed if path.parent == folder / "_delta_log")
    assert flushed.index(made) < flushed.index(folder) < flushed.index(log)


def test_a_write_without_changes_publishes_nothing(lake: Lake) -> None:
    with lake.write("nothing"):
        pass
    assert lake.version == 0
    assert not (lake.root / "writer.json").exists()


def test_commits_of_other_processes_and_another_lake_in_its_place_are_seen(lake: Lake, tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        with lake.write(name) as writing:
            put(writing, "orders", name)
    copy = tmp_path / "copy"
    shutil.copytree(lake.root, copy)
    program = (
        "import sys; sys.path.insert(0, '.')\n"
        "from tests.lake.test_store import Lake, Path, put\n"
        "for name in ('d', 'e'):\n"
        f"    with Lake.open(Path({str(lake.root)!r})).write(name) as writing: put(writing, 'orders', name)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parents[2])
    assert lake.version == 5
    # The lake is put back from a backup, which is older than what this process has seen.
    shutil.rmtree(lake.root)
    copy.rename(lake.root)
    assert (lake.version, keys(lake, "orders")) == (3, ["a", "b", "c"])


def test_the_newest_version_is_found_without_listing_all_commits(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b"):
        with lake.write(name) as writing:
            put(writing, "orders", name)

    def listed(_: Lake) -> None:
        raise AssertionError("commits are listed")

    monkeypatch.setattr(Lake, "_commit_files", listed)
    assert Lake.open(lake.root).version == 2


def test_an_earlier_version_stays_readable_after_files_are_replaced(lake: Lake) -> None:
    with lake.write("first") as writing:
        old = put(writing, "orders", "a", "b")
    with lake.write("second") as writing:
        writing.remove("orders", old)
        put(writing, "orders", "a", "z")
    assert keys(lake, "orders") == ["a", "z"]
    assert keys(lake, "orders", 1) == ["a", "b"]


def test_other_readers_of_delta_see_the_published_rows_and_types(lake: Lake) -> None:
    with lake.write("first") as writing:
        put(writing, "orders", "a")
    table = DeltaTable(str(lake.table_folder("orders"))).to_pyarrow_dataset().to_table()
    assert table.num_rows == 1
    assert str(table.schema.field("ordered_at").type) == "timestamp[us]"
    assert str(table.schema.field("revenue").type) == "decimal128(18, 4)"


def test_an_error_inside_a_write_leaves_nothing_behind(lake: Lake) -> None:
    def break_off() -> None:
        with lake.write("broken") as writing:
            put(writing, "orders", "a")
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        break_off()
    assert lake.version == 0
    assert list(lake.table_folder("orders").glob("*.parquet")) == []


@pytest.mark.parametrize("moment", ["_publish", "advance", "none"])
def test_what_a_killed_writer_left_is_put_back_by_the_next(lake: Lake, moment: str) -> None:
    with lake.write("before") as writing:
        put(writing, "orders", "a")
        put(writing, "customers", "a")
    script = textwrap.dedent("""
        import os, signal, sys
        from pathlib import Path
        from septima.lake.store import Lake, Writing
        sys.path.insert(0, sys.argv[3])
        from test_store import put
        die = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
        advanced = []
        def die_at_second(writing, table, advance=Writing.advance):
            if advanced:
                die()
            advanced.append(advance(writing, table))
            return advanced[0]
        if sys.argv[2] == "_publish":
            Lake._publish = die
        if sys.argv[2] == "advance":
            Writing.advance = die_at_second
        with Lake.open(Path(sys.argv[1])).write("killed") as writing:
            put(writing, "orders", "b")
            put(writing, "customers", "b")
            if sys.argv[2] == "none":
                die()
    """)
    folder = str(Path(__file__).parent)
    ended = subprocess.run([sys.executable, "-c", script, str(lake.root), moment, folder], check=False)
    assert ended.returncode == -9
    assert keys(lake, "orders") == ["a"]
    assert keys(lake, "customers") == ["a"]
    with lake.write("after") as writing:
        put(writing, "orders", "c")
    assert keys(lake, "orders") == ["a", "c"]
    assert keys(lake, "customers") == ["a"]
    # A reader that knows nothing of commits finds the same rows.
    assert DeltaTable(str(lake.table_folder("orders"))).to_pyarrow_dataset().to_table().num_rows == 2
    assert DeltaTable(str(lake.table_folder("customers"))).to_pyarrow_dataset().to_table().num_rows == 1
    assert len(list(lake.table_folder("orders").glob("*.parquet"))) == 2
    with lake.write("last") as writing:
        put(writing, "customers", "d")
    assert keys(lake, "customers") == ["a", "d"]


def test_a_second_writer_is_told_to_wait(lake: Lake) -> None:
    other = Lake.open(lake.root)
    with (
        lake.write("first"),
        pytest.raises(StoreError, match="wait until it ends"),
        other.write("second", wait_seconds=0.05),
    ):
        pass


def test_staging_is_swept_once_its_process_has_died(lake: Lake) -> None:
    script = (
        "import os, signal, sys; from pathlib import Path; from septima.lake.store import Lake\n"
        "with Lake.open(Path(sys.argv[1])).staging() as folder:\n"
        "    (folder / 'rows.parquet').write_text('half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(lake.root)], check=False)
    assert len(list((lake.root / "staging").iterdir())) == 2
    with lake.staging() as mine, Lake.open(lake.root).staging() as other:
        assert mine.is_dir()
        assert other.is_dir()
        assert {path.stem for path in (lake.root / "staging").iterdir()} == {mine.name, other.name}
    assert list((lake.root / "staging").iterdir()) == []


def test_a_folder_without_a_lake_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="septima init"):
        Lake.open(tmp_path / "lake")


def test_a_version_that_is_not_there_is_refused(lake: Lake) -> None:
    with pytest.raises(StoreError, match="no version 7"):
        lake.files("orders", 7)
