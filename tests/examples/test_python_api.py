"""The example of the Python interface, run on a company of six orders."""

import re
import runpy
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from septima.lake.load import load
from septima.lake.mapping import read_mapping
from septima.workspace import Workspace

from .loading import EXAMPLES

MAPPING = """
source: shop
files:
  - file: orders.csv
    tables:
      orders:
        columns:
          {order_id: order, customer_id: customer, ordered_at: at, channel: channel, status: status, revenue: amount, currency: {constant: EUR}}
  - file: deliveries.csv
    tables:
      deliveries:
        columns: {delivery_id: order, order_id: order, promised_at: promised, delivered_at: arrived, status: {constant: delivered}}
"""
ORDERS = """order,customer,at,channel,status,amount
1,ann,2026-07-01,web,completed,10.00
2,ann,2026-07-02,store,completed,20.50
3,bob,2026-07-03,web,completed,30.00
4,cid,2026-07-04,web,cancelled,99.00
5,cid,2026-08-05,web,completed,40.00
6,dan,2026-07-06,store,completed,5.00
"""
DELIVERIES = """order,promised,arrived
1,2026-07-05,2026-07-04
2,2026-07-05,2026-07-06
3,2026-07-07,2026-07-07
6,2026-07-09,2026-07-08
"""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("company")
    for name, text in (("mapping.yaml", MAPPING), ("orders.csv", ORDERS), ("deliveries.csv", DELIVERIES)):
        (folder / name).write_text(text)
    made = Workspace.create(folder / "workspace", organisation="Shop")
    load(made.lake, read_mapping(folder / "mapping.yaml"))
    return made.directory


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def run_example(*arguments: str) -> None:
        monkeypatch.setattr(sys, "argv", ["python_api.py", *arguments])
        runpy.run_path(str(EXAMPLES / "python_api.py"), run_name="__main__")

    return run_example


def test_it_prints_the_metric_the_table_and_the_scorecard(
    workspace: Path, run: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    run(str(workspace), "2026-07")
    printed = capsys.readouterr().out
    rows = re.findall(r"^ *(web|store) 2026-07-01 +([\d.]+) .* ([\d.]+) +0\.0$", printed, re.M)
    figures = {channel: (float(value), float(n)) for channel, value, n in rows}
    assert figures == {"web": (40.0, 2), "store": (25.5, 2)}  # the cancelled order brings nothing
    assert dict(re.findall(r"^ *(completed|cancelled) +(\d)$", printed, re.M)) == {"completed": "5", "cancelled": "1"}
    # Four deliveries and three buyers are fewer than a card makes figures of.
    assert re.search(r"^  on_time_delivery: None, .* n 4(\.0)?$", printed, re.M)
    assert "Too few records for a figure: 4, while a dependable one needs at least 30." in printed
    assert re.search(r"^  repeat_rate: None, .* n 3(\.0)?$", printed, re.M)
    # No survey was loaded: a KPI without data is none, never a number, and says so.
    assert re.search(r"^  nps: None, .*\n    \S", printed, re.M)
    assert "CKPIint: None" in printed


def test_an_error_of_the_caller_ends_with_one_clear_line(tmp_path: Path, run: Callable[..., None]) -> None:
    with pytest.raises(SystemExit, match=r"^[^\n]*nowhere[^\n]*$"):
        run(str(tmp_path / "nowhere"), "2026-07")


def test_without_arguments_it_says_how_to_call_it(run: Callable[..., None]) -> None:
    with pytest.raises(SystemExit, match=r"python examples/python_api\.py DIR PERIOD"):
        run()
