"""Figures of a workspace before a merge, after it and after it is undone."""

from pathlib import Path

import pytest

from septima.lake.identity import identify, merge, unmerge
from septima.lake.load import load
from septima.lake.mapping import read_mapping
from septima.workspace import Workspace

MAPPING = """\
source: shop
files:
  - file: customers.csv
    tables:
      customers: {columns: {customer_id: id, created_at: created, email: email}}
  - file: orders.csv
    tables:
      orders: {columns: {order_id: id, customer_id: who, ordered_at: at, revenue: sum}}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Workspace:
    """Three buyers; a and b, who bought once each, have one address."""
    customers = "id,created,email\na,2026-01-01,Ann@x.example\nb,2026-01-02,ann@X.example\nc,2026-01-01,c@x.example\n"
    (tmp_path / "customers.csv").write_text(customers)
    (tmp_path / "orders.csv").write_text("id,who,at,sum\n1,a,2026-02-01,10\n2,b,2026-02-03,20\n3,c,2026-02-04,30\n")
    (tmp_path / "mapping.yaml").write_text(MAPPING)
    workspace = Workspace.create(tmp_path / "shop", organisation="Shop", currency="EUR")
    load(workspace.lake, read_mapping(tmp_path / "mapping.yaml"))
    return workspace


def measured(workspace: Workspace) -> tuple[float, float, float]:
    """Active customers, share of buyers who bought twice, share of unique records; all at the newest month."""
    ids = ("active_customers", "repeat_rate", "uniqueness")
    return tuple(float(workspace.metric(id_, grain="all").to_pandas()["value"].iloc[-1]) for id_ in ids)  # type: ignore[return-value]


BEFORE = (3, 0, 1)
AFTER = (2, 1 / 2, pytest.approx(2 / 3))


def test_figures_follow_a_merge_and_its_undoing(shop: Workspace) -> None:
    tables = shop.tables()
    assert measured(shop) == BEFORE
    identify(shop.lake)
    assert measured(shop) == AFTER
    # Tables that were handed out before stay as of their version.
    assert tables("customers").count().to_pandas() == 3
    assert shop.table("customers").count().to_pandas() == 2
    assert shop.table("customers", resolved=False).count().to_pandas() == 3
    unmerge(shop.lake, "b")
    assert measured(shop) == BEFORE
    merge(shop.lake, "b", "a")
    assert measured(shop) == AFTER


@pytest.mark.spark
def test_spark_gives_the_same(shop: Workspace, spark_session: object) -> None:
    identify(shop.lake)
    assert measured(Workspace.open(shop.directory, engine="local[2]")) == AFTER
