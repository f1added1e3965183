"""A workspace from Python, as its first users will call it."""

from pathlib import Path

import pytest

import septima
from septima.lake.load import load
from septima.lake.mapping import read_mapping
from septima.lake.store import StoreError
from septima.workspace import Workspace, WorkspaceError


@pytest.fixture
def shop(tmp_path: Path) -> Workspace:
    orders = "order_id,customer_id,ordered_at,revenue\n1,a,2026-01-05,10\n2,b,2026-02-05,30\n3,a,2026-02-07,20\n"
    (tmp_path / "orders.csv").write_text(orders, encoding="utf-8")
    columns = "{order_id: order_id, customer_id: customer_id, ordered_at: ordered_at, revenue: revenue}"
    mapping = f"source: shop\nfiles:\n  - file: orders.csv\n    tables:\n      orders:\n        columns: {columns}\n"
    (tmp_path / "orders.yaml").write_text(mapping, encoding="utf-8")
    workspace = Workspace.create(tmp_path / "shop", organisation="Shop", currency="EUR")
    load(workspace.lake, read_mapping(tmp_path / "orders.yaml"))
    return workspace


def test_a_metric_as_a_frame(shop: Workspace) -> None:
    frame = septima.open(shop.directory).metric("revenue", grain="month").to_pandas()
    assert list(frame["value"]) == [10.0, 50.0]
    assert list(frame["n"]) == [1.0, 2.0]


def test_bounds_as_periods_and_as_days_are_the_same(shop: Workspace) -> None:
    from datetime import date

    by_period = shop.metric("revenue", start="2026-02", end="2026-02").to_pandas()
    by_day = shop.metric("revenue", start=date(2026, 2, 1), end=date(2026, 3, 1)).to_pandas()
    assert by_period.equals(by_day)
    assert list(by_period["value"]) == [50.0]


def test_a_table_is_an_ibis_table(shop: Workspace) -> None:
    assert shop.table("orders").count().to_pandas() == 3
    with pytest.raises(StoreError, match="there is no table 'order'; there are: customers"):
        shop.table("order")


def test_parameters_of_the_call_go_before_settings_and_passport(shop: Workspace) -> None:
    path = shop.directory / "septima.yaml"
    path.write_text("organisation: Shop\nmetrics:\n  active_customers: {active_days: 20}\n", encoding="utf-8")
    reopened = septima.open(shop.directory)

    def active(workspace: Workspace, **parameters: int) -> float:
        frame = workspace.metric("active_customers", grain="month", parameters=parameters).to_pandas()
        return float(frame["value"].iloc[-1])

    # At the newest order, 7 February, both had bought within 20 days; within one day only customer a.
    assert active(reopened) == 2.0
    assert active(reopened, active_days=1) == 1.0


def test_the_engine_of_the_call_goes_before_the_environment_and_the_settings(
    shop: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert septima.open(shop.directory).engine == "duckdb"
    monkeypatch.setenv("SEPTIMA_ENGINE", "local[2]")
    assert septima.open(shop.directory).engine == "local[2]"
    assert septima.open(shop.directory, engine="duckdb").engine == "duckdb"


@pytest.mark.spark
def test_spark_gives_the_same_figures_by_the_environment(
    shop: Workspace, monkeypatch: pytest.MonkeyPatch, spark_session: object
) -> None:
    monkeypatch.setenv("SEPTIMA_ENGINE", "local[2]")
    frame = septima.open(shop.directory).metric("revenue", grain="month").to_pandas()
    assert list(frame["value"]) == [10.0, 50.0]


def test_a_workspace_is_not_made_over_another(shop: Workspace) -> None:
    with pytest.raises(WorkspaceError, match="is a workspace already"):
        Workspace.create(shop.directory)


def test_figures_of_one_call_come_from_one_version(shop: Workspace, tmp_path: Path) -> None:
    tables = shop.tables()
    assert tables("customers").count().to_pandas() == 0
    text = (tmp_path / "orders.csv").read_text(encoding="utf-8") + "4,c,2026-03-01,5\n"
    (tmp_path / "orders.csv").write_text(text, encoding="utf-8")
    load(shop.lake, read_mapping(tmp_path / "orders.yaml"))
    assert tables("orders").count().to_pandas() == 3
    assert shop.table("orders").count().to_pandas() == 4
