"""A lake of an earlier version, which lacks tables that were declared since, opens and is written to."""

import shutil
from pathlib import Path

from septima.lake.append import append
from septima.lake.tables import LAKE_TABLES
from septima.workspace import Workspace

_LATER = ("predictions", "merges", "themes")


def test_a_lake_that_is_older_than_some_tables_opens(tmp_path: Path) -> None:
    before = Workspace.create(tmp_path / "shop", organisation="Shop", currency="EUR")
    append(before.lake, "customers", [{"customer_id": "C1"}], "crm", batch="1")
    for name in (*_LATER, "deals"):
        assert name in LAKE_TABLES
        shutil.rmtree(before.lake.table_folder(name))
    workspace = Workspace.open(tmp_path / "shop")
    assert workspace.table("customers")["customer_id"].to_pyarrow().to_pylist() == ["C1"]
    assert workspace.table("deals").count().to_pyarrow().as_py() == 0
    append(workspace.lake, "deals", [{"deal_id": "D1", "customer_id": "C1"}], "crm", batch="2")
    append(workspace.lake, "customers", [{"customer_id": "C2"}], "crm", batch="3")
    opened = Workspace.open(tmp_path / "shop")
    assert opened.table("deals")["deal_id"].to_pyarrow().to_pylist() == ["D1"]
    assert sorted(opened.table("customers")["customer_id"].to_pyarrow().to_pylist()) == ["C1", "C2"]
