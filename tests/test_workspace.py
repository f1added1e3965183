"""A workspace from Python, as its first users will call it."""

import importlib.metadata
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pytest

import septima
from septima.lake.load import load
from septima.lake.mapping import read_mapping
from septima.lake.store import StoreError
from septima.metrics import MetricError
from septima.metrics.recorded import RecordError
from septima.scorecard.card import Scorecard
from septima.workspace import Workspace, WorkspaceError


def test_the_program_knows_its_version() -> None:
    assert septima.__version__ == importlib.metadata.version("septima")


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


SHOWN = ("revenue", "active_customers", "repeat_rate")
SCORECARD = """\
trend: 3
perspectives:
  - id: sales
    kpis:
      - {id: revenue, target: 60, by: channel}
      - {id: web, metric: revenue, target: 60, where: {channel: web}}
  - id: marketing
    kpis:
      - {id: base, metric: active_customers, target: 3, parameters: {active_days: 20}}
      - {id: repeat_rate, target: 0.5}
"""


@pytest.fixture
def firm(tmp_path: Path) -> Workspace:
    """A workspace with a scorecard of slices, members and parameters over a few orders."""
    made = Workspace.create(tmp_path / "firm", organisation="Firm", currency="EUR")
    (made.directory / "scorecard.yaml").write_text(SCORECARD, encoding="utf-8")
    load_orders(
        made, ["1,a,2026-01-05,web,10", "2,b,2026-02-05,store,30", "3,a,2026-02-07,web,20", "4,c,2026-03-08,web,5"]
    )
    return made


def load_orders(workspace: Workspace, lines: list[str]) -> None:
    folder = workspace.directory.parent
    header = "order_id,customer_id,ordered_at,channel,revenue"
    (folder / "firm.csv").write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    columns = ", ".join(f"{name}: {name}" for name in header.split(","))
    columns += ", currency: {constant: EUR}"
    mapping = (
        f"source: firm\nfiles:\n  - file: firm.csv\n    tables:\n      orders: {{columns: {{{columns}}}, keep: last}}\n"
    )
    (folder / "firm.yaml").write_text(mapping, encoding="utf-8")
    load(workspace.lake, read_mapping(folder / "firm.yaml"))


def without_time(card: Scorecard) -> Scorecard:
    return replace(card, computed_at=datetime(2026, 1, 1, tzinfo=UTC), data_version=0)


def test_the_card_read_from_the_record_is_the_card_computed(firm: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    periods = ("2026-03", "2026-02", "2026-Q1")
    live = {period: without_time(firm.scorecard(period)) for period in periods}
    kpi = live["2026-03"].perspectives[0].kpis[0]
    assert [point.figure.value for point in kpi.trend] == [None, None, None]  # far too few orders for a figure
    assert kpi.n == 1
    firm.compute(metrics=SHOWN)

    def refuse(*_: object) -> object:
        raise AssertionError("a raw table was read")

    monkeypatch.setattr("septima.workspace.open_table", refuse)
    for period in periods[:2]:
        assert without_time(firm.scorecard(period)) == live[period]
    # The first quarter is the first of the data: what looks back is computed, to see that there is nothing before.
    with pytest.raises(AssertionError, match="a raw table was read"):
        firm.scorecard("2026-Q1")
    monkeypatch.undo()
    assert without_time(firm.scorecard("2026-Q1")) == live["2026-Q1"]


def test_a_card_of_changed_data_is_computed_until_the_record_has_followed(firm: Workspace) -> None:
    firm.compute(metrics=SHOWN)
    load_orders(firm, ["3,a,2026-02-07,web,40", "5,d,2026-03-09,web,7"])
    fresh = without_time(firm.scorecard("2026-03"))
    assert fresh.perspectives[0].kpis[0].n == 2
    made = firm.compute(metrics=SHOWN)
    assert {one.since for one in made.series if one.metric == "revenue" and one.grain == "month"} == {date(2026, 2, 1)}
    assert without_time(firm.scorecard("2026-03")) == fresh


def test_what_is_recorded_follows_settings_and_scorecard(firm: Workspace) -> None:
    (firm.directory / "septima.yaml").write_text(
        "organisation: Firm\ncompute:\n  grains: [quarter]\n  by:\n    - [channel, region]\n", encoding="utf-8"
    )
    made = septima.open(firm.directory).compute(metrics=SHOWN)
    assert {one.grain for one in made.series} == {"quarter"}
    assert made.failures == ()
    of_revenue = [(one.by, dict(one.parameters)) for one in made.series if one.metric == "revenue"]
    assert of_revenue == [((), {}), (("channel", "region"), {}), (("channel",), {})]
    assert {"active_days": 20} in [dict(one.parameters) for one in made.series if one.metric == "active_customers"]
    few = septima.open(firm.directory).compute(metrics=["revenue"], grains=["month"], full=True)
    assert [(one.metric, one.grain, one.by) for one in few.series] == [
        ("revenue", "month", ()),
        ("revenue", "month", ("channel", "region")),
        ("revenue", "month", ("channel",)),
    ]
    with pytest.raises(MetricError, match="did you mean"):
        firm.compute(metrics=["revenu"])


def test_a_slice_that_no_metric_has_is_told_with_its_line(firm: Workspace) -> None:
    (firm.directory / "septima.yaml").write_text("organisation: F\ncompute:\n  by:\n    - [chanel]\n", encoding="utf-8")
    with pytest.raises(MetricError, match=r"septima\.yaml, line 4: no metric can be sliced by 'chanel'"):
        septima.open(firm.directory).compute()


def test_recorded_figures_are_those_of_the_metric(firm: Workspace) -> None:
    firm.compute(metrics=["revenue"])
    recorded, computed = firm.figures("revenue").frame, firm.metric("revenue").frame
    assert list(recorded["value"]) == [10, 50, 5]
    pd.testing.assert_frame_equal(recorded, computed)
    sliced = firm.figures("revenue", by=["channel"], start="2026-02", end="2026-02").frame
    assert dict(zip(sliced["channel"], sliced["value"], strict=True)) == {"store": 30, "web": 20}
    with pytest.raises(RecordError, match="septima compute"):
        firm.figures("revenue", grain="week")
