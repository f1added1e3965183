"""The commands about experiments, as a person calls them."""

import csv
import json
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import openpyxl
import pytest

from septima.lake.load import load
from septima.lake.mapping import read_mapping
from septima.workspace import Workspace
from tests.cli.conftest import Ended

Septima = Callable[..., Ended]
START = datetime.fromisoformat("2026-03-01")
MAPPING = """source: shop
files:
  - file: customers.csv
    tables:
      customers:
        columns: {customer_id: id, created_at: since, segment: segment, name: name, phone: phone}
  - file: orders.csv
    tables:
      orders:
        columns: {order_id: id, customer_id: customer, ordered_at: at, revenue: revenue, currency: {constant: RUB}}
"""


def _write(folder: Path, customers: int, *, first: int = 0) -> None:
    """Customers who buy for 100 every tenth day or so, from sixty days before the experiment until forty after."""
    with (folder / "customers.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "since", "segment", "name", "phone"])
        for number in range(first, first + customers):
            name = "=HYPERLINK(1)" if number % 10 == 0 else f"Имя {number}"
            writer.writerow([f"c{number}", "2025-01-01", ("mass", "premium")[number % 2], name, f"+7900{number:07}"])
    with (folder / "orders.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "customer", "at", "revenue"])
        for number in range(first, first + customers):
            for day in range(-60 + number % 10, 41, 10 + number % 3):
                writer.writerow(
                    [f"o{number}-{day}", f"c{number}", START + timedelta(days=day, hours=1), 100 + number % 7]
                )


@pytest.fixture
def company(tmp_path: Path) -> Path:
    folder = tmp_path / "company"
    workspace = Workspace.create(folder, organisation="Лавка", currency="RUB", language="ru")
    (tmp_path / "map.yaml").write_text(MAPPING, encoding="utf-8")
    _write(tmp_path, 400)
    load(workspace.lake, read_mapping(tmp_path / "map.yaml"))
    return folder


def _more(company: Path, customers: int, first: int) -> None:
    _write(company.parent, customers, first=first)
    load(Workspace.open(company).lake, read_mapping(company.parent / "map.yaml"))


def _arms(company: Path, experiment: str) -> dict[str, str]:
    rows = Workspace.open(company).table("assignments").to_pandas()
    rows = rows[rows["experiment_id"] == experiment]
    return dict(zip(rows["customer_id"], rows["arm"], strict=True))


def test_an_experiment_from_plan_to_effect(septima: Septima, company: Path) -> None:
    planned = json.loads(
        septima("experiment", "plan", company, "--effect", "50%", "--before-days", 30, "--format", "json").out
    )
    assert planned["customers"] == 400
    assert {line["outcome"] for line in planned["lines"]} == {"revenue", "orders", "visits"}

    assigned = json.loads(
        septima(
            "experiment", "assign", company, "spring", "--control", "20%", "--by", "segment", "--at", START.isoformat(),
            "--format", "json",
        ).out
    )  # fmt: skip
    assert assigned["added"] == 400
    by_arm = {arm["arm"]: arm["customers"] for arm in assigned["arms"]}
    assert abs(by_arm["control"] - 80) <= 3
    assert Counter(_arms(company, "spring").values()) == by_arm

    checked = json.loads(septima("experiment", "check", company, "spring", "--days", 14, "--format", "json").out)
    assert checked["sound"]
    assert {arm["arm"]: arm["planned_share"] for arm in checked["arms"]} == {"control": 0.2, "treated": 0.8}

    found = json.loads(septima("experiment", "analyse", company, "spring", "--days", 14, "--format", "json").out)
    revenue = next(effect for effect in found["effects"] if effect["outcome"] == "revenue")
    assert revenue["name"] == "Выручка"
    assert revenue["control_customers"] + revenue["treated_customers"] == 400
    assert revenue["difference"]["lower"] < 0 < revenue["difference"]["upper"]  # nothing was done to anybody
    assert found["months"][0]["month"] == "2026-03-01"


def test_tables_speak_the_language_that_is_asked_for(septima: Septima, company: Path) -> None:
    septima("experiment", "assign", company, "spring", "--control", "20%", "--at", START.isoformat())
    for command in (
        ("plan", company),
        ("assign", company, "spring"),
        ("check", company, "spring"),
        ("analyse", company, "spring"),
    ):
        english, russian = (septima("experiment", *command, "--lang", language) for language in ("en", "ru"))
        assert (english.code, russian.code) == (0, 0)
        assert "customers" in english.out
        assert "клиентов" in russian.out


def test_newcomers_are_added_by_the_same_design_and_nobody_is_moved(septima: Septima, company: Path) -> None:
    septima("experiment", "assign", company, "spring", "--control", "0,25", "--arm", "letter", "--arm", "call=30 %")
    before = _arms(company, "spring")
    _more(company, 200, first=400)
    again = septima("experiment", "assign", company, "spring", "--format", "json")
    assert json.loads(again.out)["added"] == 200
    now = _arms(company, "spring")
    assert before.items() <= now.items()
    planned = {arm["arm"]: arm["planned_share"] for arm in json.loads(again.out)["arms"]}
    assert planned == {"control": 0.25, "call": pytest.approx(0.3), "letter": pytest.approx(0.45)}

    other = septima("experiment", "assign", company, "spring", "--control", "10%")
    assert other.code == 1
    assert "another design" in other.err
    assert _arms(company, "spring") == now


def test_the_global_control_group_is_left_alone_by_all(septima: Septima, company: Path) -> None:
    septima("experiment", "assign", company, "global_control", "--control", "10%")
    away = {customer for customer, arm in _arms(company, "global_control").items() if arm == "control"}
    assert 15 < len(away) < 70
    _more(company, 200, first=400)
    for campaign in ("spring", "summer"):
        told = json.loads(septima("experiment", "assign", company, campaign, "--format", "json").out)
        found = _arms(company, campaign)
        assert all(found[customer] == "control" for customer in away)
        assert told["held_out"] >= len(away)
        assert {arm["arm"]: arm["planned_share"] for arm in told["arms"]}["control"] == pytest.approx(0.145)
    assert len(_arms(company, "global_control")) == 600  # newcomers stand in it too


def test_the_list_for_the_mailing_tool(septima: Septima, company: Path, tmp_path: Path) -> None:
    sheet, text = tmp_path / "list.xlsx", tmp_path / "list.csv"
    columns = ("--column", "name", "--column", "phone")
    septima("experiment", "assign", company, "spring", "--export", text, *columns)
    septima("experiment", "assign", company, "spring", "--export", sheet, *columns)
    arms = _arms(company, "spring")
    with text.open(encoding="utf-8", newline="") as file:
        listed = {row["customer_id"]: row for row in csv.DictReader(file)}
    assert {customer: row["arm"] for customer, row in listed.items()} == arms
    # What a spreadsheet would take for a formula is told to be text; a telephone number stays one.
    assert listed["c10"]["name"] == "'=HYPERLINK(1)"
    assert (listed["c11"]["name"], listed["c11"]["phone"]) == ("Имя 11", "+79000000011")
    cells = list(openpyxl.load_workbook(sheet).active.iter_rows())
    assert [cell.value for cell in cells[0]] == ["customer_id", "arm", "name", "phone"]
    of_c10 = next(row for row in cells if row[0].value == "c10")
    assert (of_c10[2].value, of_c10[2].data_type) == ("=HYPERLINK(1)", "s")
    assert len(cells) == 401


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("assign", "spring", "--control", "much"), "is no share"),
        (("assign", "spring", "--control", "0"), "above 0"),
        (("assign", "spring", "--arm", "control"), "treated arm"),
        (("assign", "spring", "--arm", "a=80%", "--arm", "b=40%"), "add up to"),
        (("assign", "a/b"), "no name"),
        (("assign", "spring", "--by", "colour"), "stratified"),
        (("assign", "spring", "--segment", "nobody"), "no customer is eligible"),
        (("assign", "spring", "--export", "list.pdf"), "CSV or XLSX"),
        (("assign", "spring", "--export", "list.csv", "--column", "shoe_size"), "shoe_size"),
        (("check", "spring"), "nobody is assigned"),
        (("analyse", "spring"), "nobody is assigned"),
        (("check", "spring", "--share", "control"), "ARM=SHARE"),
        (("analyse", "spring", "--correction", "magic"), "holm, bh"),
        (("plan", "--effect", "0"), "other than 0"),
    ],
)
def test_what_cannot_be_is_told_in_words(
    septima: Septima,
    company: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    told: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    command, *rest = arguments
    ended = septima("experiment", command, company, *rest)
    assert ended.code == 1
    assert told in ended.err
    assert "unexpected" not in ended.err


def test_a_design_by_which_nobody_could_be_assigned_is_not_kept(septima: Septima, company: Path) -> None:
    septima("experiment", "assign", company, "spring", "--segment", "nobody", "--control", "50%")
    told = json.loads(septima("experiment", "assign", company, "spring", "--format", "json").out)
    assert {arm["arm"]: arm["planned_share"] for arm in told["arms"]}["control"] == 0.05


def test_an_experiment_that_was_loaded_gets_no_newcomers(septima: Septima, company: Path) -> None:
    septima("experiment", "assign", company, "spring")
    (company / "experiments" / "spring.yaml").unlink()
    _more(company, 10, first=400)
    ended = septima("experiment", "assign", company, "spring")
    assert ended.code == 1
    assert "not kept here" in ended.err
