"""A CRM's opportunities, read again here with Python's csv module and its own date parser."""

import csv
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from shutil import copyfile
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from septima.lake.quarantine import quarantined

from .loading import Example, counted, load_again, load_example

pytestmark = pytest.mark.xdist_group("crm-sales")

Rows = list[dict[str, str]]


@pytest.fixture(scope="module")
def crm(example: Callable[[str], Example]) -> Example:
    return example("crm-sales")


@pytest.fixture(scope="module")
def folder(real_data: Path) -> Path:
    return real_data / "crm-sales"


@pytest.fixture(scope="module")
def pipeline(folder: Path) -> Rows:
    return read(folder / "sales_pipeline.csv")


def read(path: Path) -> Rows:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def day(text: str) -> datetime | None:
    """Day, month and two digits of a year; None where that is no date."""
    if not text:
        return None
    parts = [int(part) for part in text.split("-")]
    return datetime(2000 + parts[2], parts[1], parts[0])  # noqa: DTZ001 - the file names no zone


def quarter(moment: datetime) -> str:
    return f"Q{(moment.month + 2) // 3} {moment.year}"


def start_of_quarter(moment: datetime) -> datetime:
    return moment.replace(month=(moment.month - 1) // 3 * 3 + 1, day=1)


def test_the_day_stands_first_as_the_files_own_quarters_bear_out(pipeline: Rows) -> None:
    for row in pipeline:
        for name in ("engage", "close"):
            moment = day(row[f"{name}_date"])
            assert row[f"{name}_quarter"] == ("" if moment is None else quarter(moment))


def test_what_was_read_is_loaded_table_by_table(crm: Example, folder: Path, pipeline: Rows) -> None:
    people = read(folder / "sales_teams.csv")
    managers = {row["manager"] for row in people}
    engaged = sum(1 for row in pipeline if row["engage_date"])
    assert (len(pipeline), engaged, len(people), len(managers)) == (8_800, 8_300, 35, 6)
    assert crm.counts == {
        "deals": counted(8_800, loaded=8_800),
        "deal_stages": counted(8_300, loaded=8_300),
        "customers": counted(85, loaded=85),
        "products": counted(7, loaded=7),
        "employees": counted(70, loaded=41, duplicate=29),
    }


def test_deals_hold_the_files_days_money_and_blanks(crm: Example, pipeline: Rows) -> None:
    deals = crm.rows("deals").set_index("deal_id").sort_index()
    outcome = {"Won": "won", "Lost": "lost", "Engaging": "open", "Prospecting": "open"}
    expected = pd.DataFrame(
        {
            "deal_id": row["opportunity_id"],
            "customer_id": row["account"] or None,
            "opened_at": day(row["engage_date"]),
            "closed_at": day(row["close_date"]),
            "amount": float(row["close_value"]) if row["deal_stage"] == "Won" else np.nan,
            "employee_id": row["sales_agent"],
            "outcome": outcome[row["deal_stage"]],
        }
        for row in pipeline
    ).set_index("deal_id")
    loaded = deals[list(expected.columns)].assign(amount=deals["amount"].astype(float))
    pd.testing.assert_frame_equal(loaded, expected.sort_index(), check_dtype=False)
    assert int(deals["customer_id"].isna().sum()) == 1_425
    assert deals["outcome"].value_counts().to_dict() == {"won": 4_238, "lost": 2_473, "open": 2_089}


def test_misspelt_names_are_mended_so_that_tables_meet(crm: Example, pipeline: Rows) -> None:
    assert sum(row["product"] == "GTXPro" for row in pipeline) == 1_480
    deals, products = crm.rows("deals"), crm.rows("products")
    assert int((deals["product_id"] == "GTX Pro").sum()) == 1_480
    assert set(deals["product_id"]) == set(products["product_id"])
    assert set(deals["customer_id"].dropna()) == set(crm.rows("customers")["customer_id"])
    assert set(deals["employee_id"]) < set(crm.rows("employees")["employee_id"])
    assert "technology" in set(crm.rows("customers")["segment"])
    assert "technolgy" not in set(crm.rows("customers")["segment"])


def test_everyone_reports_to_a_manager_who_is_an_employee(crm: Example) -> None:
    employees = crm.rows("employees").set_index("employee_id")
    managers = employees[employees["role"] == "sales manager"]
    agents = employees[employees["role"] == "sales agent"]
    assert (len(agents), len(managers)) == (35, 6)
    assert set(agents["manager_id"]) == set(managers.index)
    assert managers["manager_id"].isna().all()


def test_loading_the_files_again_changes_nothing(crm: Example, folder: Path) -> None:
    again = load_again("crm-sales", folder, crm.lake)
    for table, counts in crm.counts.items():
        assert again[table] == counted(counts["read"], loaded=0, duplicate=counts["read"])


def test_win_rate_by_quarter(crm: Example, pipeline: Rows) -> None:
    closed: dict[datetime, Counter[str]] = defaultdict(Counter)
    for row in pipeline:
        moment = day(row["close_date"])
        if moment is not None:
            closed[start_of_quarter(moment)][row["deal_stage"]] += 1
    figures = crm.figures("deal_win_rate", grain="quarter")
    assert [start.to_pydatetime() for start in figures.index] == sorted(closed)
    for start, ended in closed.items():
        row, n = figures.loc[start], ended.total()
        interval = stats.binomtest(ended["Won"], n).proportion_ci(0.95, method="wilson")
        assert row["n"] == n
        np.testing.assert_allclose(
            row[["value", "lower", "upper"]].astype(float), [ended["Won"] / n, interval.low, interval.high], rtol=1e-9
        )


def test_funnel_velocity_by_quarter(crm: Example, pipeline: Rows) -> None:
    """Won amount of a quarter divided by the mean days from opening to closing of its won deals."""
    amounts: dict[datetime, list[int]] = defaultdict(list)
    days: dict[datetime, list[int]] = defaultdict(list)
    for row in pipeline:
        opened, closed = day(row["engage_date"]), day(row["close_date"])
        if row["deal_stage"] == "Won":
            assert opened is not None
            assert closed is not None
            amounts[start_of_quarter(closed)].append(int(row["close_value"]))
            days[start_of_quarter(closed)].append((closed - opened).days)
    figures = crm.figures("funnel_velocity", grain="quarter")
    assert [start.to_pydatetime() for start in figures.index] == sorted(amounts)
    for start, won in amounts.items():
        row = figures.loc[start]
        assert row["n"] == len(won)
        assert row["missing_share"] == 0
        np.testing.assert_allclose(row["value"], sum(won) / np.mean(days[start]), rtol=1e-12)


def test_won_amount_by_quarter(crm: Example, pipeline: Rows) -> None:
    won: Counter[datetime] = Counter()
    for row in pipeline:
        if row["deal_stage"] == "Won":
            moment = day(row["close_date"])
            assert moment is not None
            won[start_of_quarter(moment)] += int(row["close_value"])
    deals = crm.rows("deals")
    deals = deals[deals["outcome"] == "won"]
    loaded = deals.groupby(deals["closed_at"].dt.to_period("Q").dt.start_time)["amount"].sum()
    assert {start.to_pydatetime(): int(amount) for start, amount in loaded.items()} == dict(won)
    assert won.total() == 10_005_534


# The file's dates are dirty in one way only, all of them are days of a calendar. What becomes of
# rows that are not is tried on a copy with some of its cells spoilt.

SPOILT = {
    # row of the file: (column, what is written there, what goes into quarantine)
    5: ("engage_date", "2016-10-25", {"deals": "opened_at", "deal_stages": "entered_at"}),
    18: ("close_date", "31-02-17", {"deals": "closed_at", "deal_stages": "left_at"}),
    30: ("close_value", "1,0x4", {"deals": "amount"}),
    40: ("deal_stage", "Wonn", {"deals": "outcome"}),
    53: ("engage_date", "soon", {"deals": "opened_at", "deal_stages": "entered_at"}),
    65: ("opportunity_id", "", {"deals": "deal_id", "deal_stages": "deal_id"}),
}


@pytest.fixture(scope="module")
def spoilt(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Example, Path]:
    copy = tmp_path_factory.mktemp("spoilt")
    for path in folder.glob("*.csv"):
        copyfile(path, copy / path.name)
    rows = read(copy / "sales_pipeline.csv")
    for number, (column, value, _) in SPOILT.items():
        row = rows[number - 2]  # row 1 holds the names
        assert row["deal_stage"] == "Won"
        row[column] = value
    write(copy / "sales_pipeline.csv", rows)
    return load_example("crm-sales", copy, tmp_path_factory.mktemp("lake")), copy


def write(path: Path, rows: Rows) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def test_what_cannot_be_read_is_quarantined_and_all_else_is_loaded(spoilt: tuple[Example, Path]) -> None:
    counts = spoilt[0].counts
    in_deals = sum("deals" in tables for *_, tables in SPOILT.values())
    in_stages = sum("deal_stages" in tables for *_, tables in SPOILT.values())
    assert (in_deals, in_stages) == (6, 4)
    assert counts["deals"] == counted(8_800, loaded=8_794, quarantined=6)
    assert counts["deal_stages"] == counted(8_300, loaded=8_296, quarantined=4)


def test_the_quarantine_tells_file_row_column_value_and_reason(spoilt: tuple[Example, Path]) -> None:
    entries: dict[tuple[int, str], Any] = {(row.row, row.table): row for row in quarantined(spoilt[0].lake)}
    expected = {(number, table) for number, (*_, tables) in SPOILT.items() for table in tables}
    assert set(entries) == expected
    for number, (column, value, tables) in SPOILT.items():
        for table in tables:
            entry = entries[number, table]
            assert entry.file == "sales_pipeline.csv"
            assert entry.value == (value or None)
            assert entry.reason
            if column in ("engage_date", "close_date"):
                assert entry.column == column
                assert "%d-%m-%y" in entry.reason


def test_what_was_mended_loads_by_loading_again(spoilt: tuple[Example, Path], folder: Path) -> None:
    example, copy = spoilt
    rows = read(copy / "sales_pipeline.csv")
    mended = read(folder / "sales_pipeline.csv")
    rows[5 - 2] = mended[5 - 2]
    write(copy / "sales_pipeline.csv", rows)
    again = load_again("crm-sales", copy, example.lake)
    assert again["deals"]["loaded"] == 1
    assert again["deals"]["quarantined"] == 5
    deals = example.rows("deals").set_index("deal_id")
    assert deals.loc[mended[5 - 2]["opportunity_id"], "opened_at"] == day(mended[5 - 2]["engage_date"])
