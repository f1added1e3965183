"""A process killed anywhere: the next fetch goes on without gap or duplicate."""

import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from septima.connect.fetch import fetch
from septima.lake.quarantine import quarantined
from septima.workspace import Workspace
from tests.connect.conftest import SHOP, fill

ROOT = Path(__file__).parents[2]
PLACES = (
    "in the middle of extract",
    "between extract and normalize",
    "in the middle of laying down",
    "in the middle of load",
    "between load and clearing away",
)


@pytest.fixture(scope="module")
def broken(new_workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A workspace for each place, in which a fetch was killed there."""
    folders: dict[str, Path] = {}
    for number, place in enumerate(PLACES):
        folder = shutil.copytree(new_workspace, tmp_path_factory.mktemp("broken") / str(number))
        (folder / "connections" / "shop.yaml").write_text(SHOP, encoding="utf-8")
        with sqlite3.connect(folder / "shop.db", isolation_level=None) as opened:
            fill(opened)
        folders[place] = folder
    arguments = [part for place, folder in folders.items() for part in (place, str(folder))]
    ended = subprocess.run(
        [sys.executable, "-m", "tests.connect.ending", *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ended.stdout.splitlines() == [f"{place} {-signal.SIGKILL}" for place in PLACES]
    return folders


@pytest.mark.parametrize("place", PLACES)
def test_a_killed_fetch_leaves_neither_gap_nor_duplicate(broken: dict[str, Path], place: str) -> None:
    workspace = Workspace.open(broken[place])
    with sqlite3.connect(workspace.directory / "shop.db", isolation_level=None) as opened:
        opened.execute("update orders set total = 7.25, changed = '2026-02-01 10:00:00' where id = 5")
        opened.execute("insert into orders values (301, '2026-02-01 09:00:00', '2026-02-01 10:00:00', 3, 2, null)")
        fetch(workspace, "shop")
        wanted = opened.execute("select id, total from orders where id <> 999 order by id").fetchall()
    rows = workspace.table("orders").select("order_id", "revenue").execute()
    held = sorted((int(key), float(total)) for key, total in rows.itertuples(index=False))
    assert held == [(int(key), float(total)) for key, total in wanted]
    assert [entry.value for entry in quarantined(workspace.lake)] == ["someday"]
    # Nothing that was read lies about.
    assert not list((workspace.directory / "connections").rglob("*.parquet"))
