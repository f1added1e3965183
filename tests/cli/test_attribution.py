"""The command `attribution`: what it prints, and what it refuses."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from septima.lake.load import load
from septima.lake.mapping import read_mapping
from septima.workspace import Workspace
from tests.cli.conftest import Ended

Septima = Callable[..., Ended]

# Anna came by email and then by search, Boris by search; Clara bought without a touch, and Dina did not buy.
ORDERS = """order_id,customer_id,ordered_at,revenue
o1,anna,2026-04-03,100
o2,boris,2026-04-11,300
o3,clara,2026-07-12,50
"""
TOUCHES = """touch_id,customer_id,at,channel,kind,campaign_id
t1,anna,2026-04-01,email,clicked,spring
t2,anna,2026-04-02,search,visit,
t3,boris,2026-04-10,search,visit,
t4,dina,2026-04-10,email,clicked,spring
t5,dina,2026-04-09,email,delivered,spring
"""
MAPPING = """source: shop
files:
  - file: orders.csv
    tables:
      orders:
        columns: {order_id: order_id, customer_id: customer_id, ordered_at: ordered_at, revenue: revenue, currency: {constant: RUB}}
  - file: touches.csv
    tables:
      touches:
        columns: {touch_id: touch_id, customer_id: customer_id, at: at, channel: channel, kind: kind, campaign_id: campaign_id}
"""


@pytest.fixture(scope="module")
def touched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("attribution")
    for name, content in {"orders.csv": ORDERS, "touches.csv": TOUCHES, "shop.yaml": MAPPING}.items():
        (folder / name).write_text(content, encoding="utf-8")
    workspace = Workspace.create(folder / "shop", organisation="Лавка", currency="RUB", language="ru")
    load(workspace.lake, read_mapping(folder / "shop.yaml"))
    return folder / "shop"


def test_all_methods_in_one_table(septima: Septima, touched: Path) -> None:
    told = septima("attribution", touched)
    assert told.code == 0
    handed_out, _ = told.out.split("Приписанное и\u00a0дополнительное")
    lines = {line.split("  ")[0].strip(): line for line in handed_out.splitlines()}
    # Last touch, last non-direct, first and linear of search.
    assert [part.strip() for part in lines["search"].split("  ") if part.strip()][1:5] == [
        "400\u00a0₽",
        "400\u00a0₽",
        "300\u00a0₽",
        "350\u00a0₽",
    ]
    assert lines["без\u00a0касаний"].count("50\u00a0₽") == 8
    assert lines["всего"].count("450\u00a0₽") == 8
    assert "Покупок 3, из\u00a0них с\u00a0касаниями 2; путей без покупки 1." in told.out


def test_one_method_with_its_intervals_and_assumptions(septima: Septima, touched: Path) -> None:
    told = septima("attribution", touched, "--method", "markov", "--value", "conversions", "--lang", "en")
    lines = told.out.splitlines()
    assert "removal effect" in lines[lines.index(next(x for x in lines if x.startswith("Markov chain, removal"))) + 1]
    assert "The chain is solved exactly" in told.out
    assert "Anderl, Becker" in told.out
    assert "Markov chain of order 1; conversion of a path 66.7%." in told.out


def test_json_and_csv_hold_the_same_and_lose_nothing(septima: Septima, touched: Path) -> None:
    found = json.loads(septima("attribution", touched, "--format", "json").out)
    assert list(found["methods"]) == [
        "last", "last_non_direct", "first", "linear", "time_decay", "position", "markov", "shapley",
    ]  # fmt: skip
    assert found["unattributed"] == {"conversions": 1.0, "value": 50.0}
    rows = list(csv.DictReader(io.StringIO(septima("attribution", touched, "--format", "csv").out)))
    for method, told in found["methods"].items():
        assert sum(channel["value"] for channel in told["channels"]) == pytest.approx(400)
        assert sum(float(row["value"]) for row in rows if row["method"] == method) == pytest.approx(450)
    assert found["methods"]["markov"]["markov"]["scores"] == []
    assert {step["to"] for step in found["methods"]["markov"]["markov"]["transitions"]} == {
        "email", "search", "(conversion)", "(null)",
    }  # fmt: skip


def test_options_reach_the_computation(septima: Septima, touched: Path) -> None:
    def last(*options: object) -> dict[str, float]:
        told = json.loads(septima("attribution", touched, "--method", "last", "--format", "json", *options).out)
        return {channel["channel"]: channel["value"] for channel in told["methods"]["last"]["channels"]}

    assert last() == {"email": 0, "search": 400}
    assert last("--kind", "clicked") == {"email": 100}
    assert last("--by", "campaign") == {"(none)": 400, "spring": 0}
    assert last("--until", "2026-04-05", "--since", "2026-04") == {"email": 0, "search": 100}
    # One day reaches no further back than the search, so that the e-mail of Anna came to nothing too.
    narrow = json.loads(septima("attribution", touched, "--window", 1, "--method", "last", "--format", "json").out)
    assert (narrow["window_days"], narrow["coverage"]["nulls"]) == (1, 2)


def test_shapley_by_the_rate(septima: Septima, touched: Path) -> None:
    told = json.loads(septima("attribution", touched, "--method", "shapley", "--worth", "rate", "--format", "json").out)
    # Alone email converts 0 of 1 and search 1 of 1, both together 2 of 3.
    shares = {one["channel"]: one["conversions_share"] for one in told["methods"]["shapley"]["channels"]}
    assert shares["email"] == pytest.approx(((0 + 2 / 3 - 1) / 2) / (2 / 3))


def test_nothing_there_is_said(septima: Septima, touched: Path) -> None:
    told = septima("attribution", touched, "--since", "2030", "--lang", "en")
    assert told.code == 0
    assert "No path ended in a conversion, so there is nothing to hand out." in told.out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--method", "u-shaped"), "--method 'u-shaped' is not known; write one of: last, last_non_direct"),
        (("--by", "city"), "--by 'city' is not known; write one of: channel, campaign, chain"),
        (("--order", "5"), "--order '5' is not known; write one of: auto, 1, 2, 3, 4"),
        (("--value", "profit"), "--value 'profit' is not known; write one of: revenue, conversions"),
        (("--kind", "sneeze"), "--kind 'sneeze' is not known; write one of: sent, delivered"),
        (("--worth", "fame"), "--worth 'fame' is not known; write one of: conversions, rate"),
        (("--window", "0"), "the look-back window is 1 to 365 days, not 0"),
        (("--since", "soon"), "soon"),
    ],
)
def test_what_does_not_fit_is_refused_with_what_does(
    septima: Septima, touched: Path, options: tuple[str, ...], message: str
) -> None:
    told = septima("attribution", touched, *options)
    assert told.code == 1
    assert message in told.err.replace("\n", " ")


def test_the_page_is_written_beside_the_table(septima: Septima, touched: Path, tmp_path: Path) -> None:
    page = tmp_path / "pages" / "attribution.html"
    told = septima("attribution", touched, "--report", page, "--lang", "en")
    assert told.code == 0
    assert str(page) in told.err.replace("\n", "")
    assert "Share of revenue that touches preceded" in page.read_text(encoding="utf-8")
    refused = septima("attribution", touched, "--report", tmp_path / "attribution.docx")
    assert refused.code == 1
    assert "html, pdf, xlsx" in refused.err


def test_the_pages_of_all_models_say_why_where_there_is_no_figure(
    septima: Septima, touched: Path, tmp_path: Path
) -> None:
    told = septima("report", touched, "--models", "--format", "xlsx", "--lang", "en", "--output", tmp_path / "m.xlsx")
    assert told.code == 0, told.err
    book = openpyxl.load_workbook(tmp_path / "m.xlsx")
    assert book.sheetnames == [
        "Lifetime value", "Attribution", "Plan of an experiment", "What loyalty is worth", "About",
    ]  # fmt: skip
    loyalty = [cell.value for row in book["What loyalty is worth"].iter_rows(max_col=1) for cell in row if cell.value]
    assert len(loyalty) == 2
    assert "the orders span 100 days" in loyalty[1]
    both = septima("report", touched, "--models", "--period", "2026-Q2")
    neither = septima("report", touched)
    assert (both.code, neither.code) == (1, 1)
    assert "--models" in both.err
