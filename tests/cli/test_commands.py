"""The commands, called as a person or a program calls them."""

import csv
import io
import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.cli.conftest import Ended

Septima = Callable[..., Ended]


def test_init_makes_a_workspace_once(septima: Septima, tmp_path: Path) -> None:
    made = septima(
        "init", tmp_path / "shop", "--organisation", "Лавка", "--currency", "RUB", "--lang", "ru", "--format", "json"
    )
    assert made.code == 0
    assert json.loads(made.out)["organisation"] == "Лавка"
    assert (tmp_path / "shop" / "septima.yaml").exists()
    again = septima("init", tmp_path / "shop")
    assert again.code == 1
    assert again.err.count("\n") == 1
    assert "is a workspace already" in again.err


def test_init_leaves_a_folder_with_other_files_alone(septima: Septima, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear", encoding="utf-8")
    ended = septima("init", tmp_path)
    assert ended.code == 1
    assert "holds other files" in ended.err
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_load_counts_every_row_and_a_second_load_finds_duplicates(
    septima: Septima, tmp_path: Path, sources: Path
) -> None:
    septima("init", tmp_path / "shop")
    first = json.loads(septima("load", tmp_path / "shop", sources / "shop.yaml", "--format", "json").out)
    assert first["orders"] == {"read": 6, "loaded": 5, "updated": 0, "duplicate": 0, "quarantined": 1}
    assert first["answers"] == {"read": 4, "loaded": 4, "updated": 0, "duplicate": 0, "quarantined": 0}
    second = json.loads(septima("load", tmp_path / "shop", sources / "shop.yaml", "--format", "json").out)
    assert second["orders"] == {"read": 6, "loaded": 0, "updated": 0, "duplicate": 5, "quarantined": 1}


def test_quarantine_names_file_row_column_and_value(septima: Septima, shop: Path) -> None:
    entries = json.loads(septima("quarantine", shop, "--format", "json").out)
    assert [(e["file"], e["row"], e["table"], e["column"], e["value"]) for e in entries] == [
        ("orders.csv", 7, "orders", "ordered_at", "2026-09-31")
    ]
    shown = septima("quarantine", shop)
    assert "2026-09-31" in shown.out
    assert "--retry" in shown.out


def test_a_mended_row_is_loaded_by_retry(septima: Septima, tmp_path: Path, sources: Path) -> None:
    for path in sources.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    septima("init", tmp_path / "shop")
    septima("load", tmp_path / "shop", tmp_path / "shop.yaml")
    orders = tmp_path / "orders.csv"
    orders.write_text(orders.read_text(encoding="utf-8").replace("2026-09-31", "2026-09-29"), encoding="utf-8")
    retried = json.loads(septima("quarantine", tmp_path / "shop", "--retry", "--format", "json").out)
    assert retried["orders"]["loaded"] == 1
    assert json.loads(septima("quarantine", tmp_path / "shop", "--format", "json").out) == []
    assert "is empty" in septima("quarantine", tmp_path / "shop").out


def test_tables_tells_rows_and_days(septima: Septima, shop: Path) -> None:
    held = {row["table"]: row for row in json.loads(septima("tables", shop, "--format", "json").out)}
    assert (held["orders"]["rows"], held["orders"]["first"], held["orders"]["last"]) == (5, "2026-04-03", "2026-09-30")
    assert (held["deals"]["rows"], held["deals"]["first"]) == (0, None)


def test_a_metric_as_json_csv_and_table_tells_the_same(septima: Septima, shop: Path) -> None:
    arguments = ("metric", shop, "revenue", "--grain", "quarter", "--start", "2026-Q2", "--end", "2026-Q3")
    records = json.loads(septima(*arguments, "--format", "json").out)
    assert [(record["period"][:10], record["value"], record["n"]) for record in records] == [
        ("2026-04-01", 400.0, 2.0),
        ("2026-07-01", 400.0, 2.0),
    ]
    rows = list(csv.DictReader(io.StringIO(septima(*arguments, "--format", "csv").out)))
    assert [float(row["value"]) for row in rows] == [400.0, 400.0]
    table = septima(*arguments).out
    assert "Выручка" in table
    assert "400" in table


def test_a_metric_by_slice_and_with_a_parameter(septima: Septima, shop: Path) -> None:
    by_channel = json.loads(
        septima("metric", shop, "revenue", "--grain", "all", "--by", "channel", "--format", "json").out
    )
    assert {record["channel"]: record["value"] for record in by_channel} == {"store": 550.0, "web": 250.0}
    active = (
        "metric",
        shop,
        "active_customers",
        "--grain",
        "quarter",
        "--start",
        "2026-Q3",
        "--end",
        "2026-Q3",
        "--format",
        "json",
    )
    # At the newest order, 30 September: with 90 days anna (12 July) and clara; with 30 clara alone.
    assert json.loads(septima(*active).out)[0]["value"] == 2.0
    assert json.loads(septima(*active, "--parameter", "active_days=30").out)[0]["value"] == 1.0


def test_nps_by_hand(septima: Septima, shop: Path) -> None:
    # 9 and 10 promote, 5 is passive, 3 detracts: (2 − 1) / 4.
    [record] = json.loads(septima("metric", shop, "nps", "--grain", "quarter", "--format", "json").out)
    assert record["value"] == 0.25
    assert record["lower"] < 0.25 < record["upper"]
    assert record["note"] == "too_few"


def test_metrics_lists_the_catalogue_and_prints_a_passport_in_both_languages(septima: Septima, shop: Path) -> None:
    listed = json.loads(septima("metrics", shop, "--format", "json").out)
    assert {"nps", "cci", "revenue"} <= {passport["id"] for passport in listed}
    assert "Сторонники" in septima("metrics", shop, "nps").out
    assert "Promoters" in septima("metrics", shop, "nps", "--lang", "en").out
    assert json.loads(septima("metrics", shop, "nps", "--format", "json").out)["unit"] == "index"


def test_scorecard_as_table_and_json(septima: Septima, shop: Path) -> None:
    shown = septima("scorecard", shop, "--period", "2026-Q3")
    assert shown.code == 0
    assert "Лавка" in shown.out
    assert "3-й квартал 2026" in shown.out.replace("\u00a0", " ")
    card = json.loads(septima("scorecard", shop, "--period", "2026-Q3", "--format", "json").out)
    support = next(p for p in card["perspectives"] if p["composite"]["id"] == "customer_support")
    # Three complaints in the second quarter and one in the third, and four answers: fewer than a figure asks for.
    kpis = {kpi["id"]: (kpi["figure"]["value"], kpi["n"], kpi["too_few"]) for kpi in support["kpis"]}
    assert kpis == {"cli": (None, 0.0, False), "nps": (None, 4.0, True), "cci": (None, 4.0, True)}
    assert shown.out.count("мало записей") >= 2
    assert "Слишком мало записей, чтобы показать значение: 4" in shown.out.replace("\u00a0", " ").replace("\n", " ")
    assert support["composite"]["printed"]["value"] is None


def test_days_and_years_are_those_of_the_company(septima: Septima, tmp_path: Path, sources: Path) -> None:
    # Orders of midnight of UTC are of the evening before in New York, whose company's year here begins in July.
    septima("init", tmp_path / "shop")
    settings = tmp_path / "shop" / "septima.yaml"
    written = settings.read_text(encoding="utf-8").replace("currency: EUR", "currency: RUB")
    written = written.replace("time_zone: UTC", "time_zone: America/New_York")
    settings.write_text(written.replace("fiscal_year_start: january", "fiscal_year_start: july"), encoding="utf-8")
    septima("load", tmp_path / "shop", sources / "shop.yaml")

    def revenue(*arguments: str) -> list[tuple[str, float]]:
        shown = septima("metric", tmp_path / "shop", "revenue", *arguments, "--format", "json").out
        return [(record["period"][:10], record["value"]) for record in json.loads(shown)]

    assert revenue("--grain", "day", "--start", "2026-04-02", "--end", "2026-04-02") == [("2026-04-02", 100.0)]
    assert revenue("--grain", "quarter", "--start", "FY2026-Q4", "--end", "FY2027-Q1") == [
        ("2026-04-01", 400.0), ("2026-07-01", 400.0)
    ]  # fmt: skip
    quarter = ("--period", "FY2027-Q1", "--lang", "en")
    card = septima("scorecard", tmp_path / "shop", *quarter).out.replace("\u00a0", " ")
    assert "Q1 FY2027 (July – September 2026)" in card
    below = septima("scorecard", tmp_path / "shop", *quarter, "--explain", "own/revenue").out
    assert "FY2027-Q1 (FY2026-Q4)" in below
    refused = septima("scorecard", tmp_path / "shop", "--period", "2026-Q3")
    assert refused.code == 1
    assert "write FY2026-Q3 (January – March 2026) or FY2027-Q1 (July – September 2026)" in refused.err


def test_a_period_that_is_not_over_is_marked(septima: Septima, tmp_path: Path) -> None:
    today = datetime.now(UTC)
    orders = f"order_id,ordered_at,revenue\n1,2020-01-31T10:00,10\n2,{today:%Y-%m-%dT%H:%M},20\n"
    (tmp_path / "orders.csv").write_text(orders, encoding="utf-8")
    columns = "{order_id: order_id, ordered_at: ordered_at, revenue: revenue}"
    (tmp_path / "shop.yaml").write_text(
        f"source: shop\nfiles:\n  - file: orders.csv\n    tables:\n      orders:\n        columns: {columns}\n",
        encoding="utf-8",
    )
    septima("init", tmp_path / "shop", "--lang", "ru")
    septima("load", tmp_path / "shop", tmp_path / "shop.yaml")
    yearly = ("metric", tmp_path / "shop", "revenue", "--grain", "year")
    records = json.loads(septima(*yearly, "--format", "json").out)
    assert [records[0]["complete"], records[-1]["complete"]] == [True, False]
    assert septima(*yearly, "--format", "csv").out.splitlines()[0].endswith(",note,complete")
    shown = septima(*yearly).out.replace("\u00a0", " ")
    assert f"{today.year} год ◐" in shown
    assert "2020 год ◐" not in shown
    assert "◐ Период ещё не закончился." in shown
    assert "◐ The period is not over." in septima(*yearly, "--lang", "en").out
    assert "◐" not in septima(*yearly, "--end", "2020").out


def test_a_saved_card_is_a_new_snapshot_each_time(septima: Septima, tmp_path: Path, sources: Path) -> None:
    septima("init", tmp_path / "shop")
    septima("load", tmp_path / "shop", sources / "shop.yaml")
    for _ in range(2):
        assert septima("scorecard", tmp_path / "shop", "--period", "2026-Q3", "--save").code == 0
    kept = list((tmp_path / "shop" / "snapshots").rglob("*.json"))
    assert len(kept) == 2
    assert all(json.loads(path.read_text(encoding="utf-8"))["scorecard"]["data_version"] == 1 for path in kept)


def test_explain_walks_down_to_the_rows(septima: Septima, shop: Path) -> None:
    explained = json.loads(
        septima("scorecard", shop, "--period", "2026-Q3", "--explain", "customer_support/nps", "--format", "json").out
    )
    assert explained["passport"]["id"] == "nps"
    [rows] = explained["rows"]
    assert len(rows["rows"]) == 4
    shown = septima("scorecard", shop, "--period", "2026-Q3", "--explain", "customer_support/nps", "--lang", "en")
    assert "promoters" in shown.out.lower()
    top = septima("scorecard", shop, "--period", "2026-Q3", "--explain", "/")
    assert "customer_support" in top.out


@pytest.mark.parametrize(
    ("form", "start"), [("html", b"<!doctype html"), ("pdf", b"%PDF"), ("xlsx", b"PK"), ("json", b"{")]
)
def test_report_writes_a_file_and_prints_its_path(
    septima: Septima, shop: Path, tmp_path: Path, form: str, start: bytes
) -> None:
    path = tmp_path / "out" / f"card.{form}"
    ended = septima("report", shop, "--period", "2026-Q3", "--format", form, "--output", path)
    assert ended.code == 0, ended.err
    assert Path(json.loads(ended.out)["report"] if form == "json" else ended.out.strip()) == path
    assert path.read_bytes().lower().lstrip().startswith(start.lower())


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        (("metric", "{shop}", "npx"), "nps"),
        (("metric", "{shop}", "nps", "--grain", "fortnight"), "month"),
        (("metric", "{shop}", "nps", "--by", "colour"), "channel"),
        (("metric", "{shop}", "nps", "--start", "spring"), "2026-Q3"),
        (("metric", "{shop}", "churn_rate", "--parameter", "active_days"), "NAME=VALUE"),
        (("metric", "{shop}", "churn_rate", "--parameter", "day=3"), "active_days"),
        (("scorecard", "{shop}", "--period", "2026-Q5"), "2026-Q3"),
        (("scorecard", "{shop}", "--period", "2026-Q3", "--explain", "customer_support/npx"), "customer_support/nps"),
        (("scorecard", "{shop}", "--period", "2026-Q3", "--lang", "fr"), "en, ru"),
        (("report", "{shop}", "--period", "2026-Q3", "--format", "docx"), "pdf"),
        (("load", "{shop}", "absent.yaml"), "absent.yaml"),
        (("metrics", "{shop}/absent"), "septima init"),
        (("metric", "{shop}", "nps", "--engine", "oracle"), "duckdb"),
    ],
)
def test_an_error_is_one_line_that_says_what_to_do(
    septima: Septima, shop: Path, arguments: tuple[str, ...], remedy: str
) -> None:
    ended = septima(*(argument.format(shop=shop) for argument in arguments))
    assert ended.code == 1
    assert ended.out == ""
    assert ended.err.startswith("septima: ")
    assert ended.err.count("\n") == 1
    assert remedy in ended.err
    assert "unexpected error" not in ended.err


def test_draft_guesses_a_mapping_that_loads(septima: Septima, tmp_path: Path) -> None:
    orders = tmp_path / "orders.csv"
    orders.write_text(
        "Номер заказа;Клиент;Дата заказа;Сумма;Статус\n"
        "1;Анна;01.02.2026;1 200,50;Оплачен\n"
        "2;Борис;13.02.2026;900,00;Отменён\n",
        encoding="cp1251",
    )
    septima("init", tmp_path / "shop", "--currency", "RUB")
    drafted = septima("draft", tmp_path / "shop", orders)
    assert drafted.code == 0, drafted.err
    counts = json.loads(septima("load", tmp_path / "shop", tmp_path / "orders.yaml", "--format", "json").out)
    assert counts["orders"]["loaded"] == 2
    [record] = json.loads(septima("metric", tmp_path / "shop", "revenue", "--format", "json").out)
    assert record["value"] == 1200.5
    again = septima("draft", tmp_path / "shop", orders)
    assert again.code == 1
    assert "--output" in again.err


def test_debug_shows_where_an_error_arose(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from septima.cli import main
    from septima.settings import SettingsError

    monkeypatch.setattr("sys.argv", ["septima", "metrics", str(tmp_path), "--debug"])
    with pytest.raises(SettingsError):
        main()


def test_values_from_files_are_never_taken_for_markup(septima: Septima, tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text(
        "order_id,ordered_at,channel,revenue\n1,2026-01-01,[/bold],5\n2,2026-01-01,[red]x,five\n", encoding="utf-8"
    )
    septima("init", tmp_path / "shop")
    septima("draft", tmp_path / "shop", tmp_path / "orders.csv")
    assert septima("load", tmp_path / "shop", tmp_path / "orders.yaml").code == 0
    by_channel = septima("metric", tmp_path / "shop", "revenue", "--by", "channel")
    assert by_channel.code == 0
    assert "[/bold]" in by_channel.out
    assert "five" in septima("quarantine", tmp_path / "shop").out


def test_compute_tells_what_it_did_and_then_that_there_is_nothing_to_do(
    septima: Septima, shop: Path, tmp_path: Path
) -> None:
    own = tmp_path / "shop"
    shutil.copytree(shop, own)
    first = septima("compute", own, "--metric", "revenue", "--metric", "cci", "--grain", "month")
    assert first.code == 0
    assert "all periods" in first.out
    assert "Computed" in first.out
    again = septima("compute", own, "--metric", "revenue", "--metric", "cci", "--grain", "month")
    assert again.code == 0
    assert "Nothing to do" in again.out
    told = json.loads(septima("compute", own, "--metric", "revenue", "--full", "--format", "json").out)
    assert {one["metric"] for one in told["series"]} == {"revenue"}
    assert {(one["new"], one["changed"], one["gone"]) for one in told["series"] if one["grain"] == "month"} == {
        (0, 0, 0)
    }
    assert told["failures"] == []


def test_compute_says_which_metric_failed_and_ends_with_an_error(septima: Septima, shop: Path, tmp_path: Path) -> None:
    own = tmp_path / "shop"
    shutil.copytree(shop, own)
    settings = own / "septima.yaml"
    text = settings.read_text(encoding="utf-8").replace("metrics: {}", "metrics: {churn_rate: {active_days: -1}}")
    settings.write_text(text, encoding="utf-8")
    ended = septima("compute", own, "--metric", "revenue", "--metric", "churn_rate", "--grain", "quarter")
    assert ended.code == 1
    assert "Not computed: churn_rate by quarter: parameter 'active_days'" in ended.err
    assert "Computed" in ended.out


def test_a_history_by_no_grain_is_refused(septima: Septima, shop: Path) -> None:
    ended = septima("compute", shop, "--grain", "all")
    assert ended.code != 0
    assert "there is no history by 'all'; write one of: day, week, month, quarter, year" in ended.err


def test_a_workspace_begins_with_the_scorecard_of_its_trade(septima: Septima, tmp_path: Path) -> None:
    assert septima("init", tmp_path / "office", "--template", "public_service").code == 0
    card = json.loads(septima("scorecard", tmp_path / "office", "--period", "2026-Q3", "--format", "json").out)
    assert card["perspectives"][0]["composite"]["name"]["en"] == "Citizens"
    refused = septima("init", tmp_path / "bakery", "--template", "bakery")
    assert refused.code == 1
    assert "online_shop, retail_chain" in refused.err
    assert not (tmp_path / "bakery").exists()


def test_what_if_shows_both_cards_and_is_kept_under_a_name(septima: Septima, shop: Path, tmp_path: Path) -> None:
    loaded = shutil.copytree(shop, tmp_path / "shop")

    def told(*options: str) -> Ended:
        return septima("scorecard", loaded, "--period", "2026-Q3", *options)

    change = told("--what-if", "revenue.value=123456", "--save-as", "bold")
    assert change.code == 0
    assert "Предположено" in change.out
    assert "123\u00a0456" in change.out
    again = json.loads(told("--what-if", "bold", "--format", "json").out)
    assert again["suppositions"] == ["revenue.value=123456"]
    (supposed,) = (kpi for kpi in again["then"]["own"] if kpi["id"] == "revenue")
    assert supposed["figure"]["value"] == 123456
    assert again["now"]["statements"] != again["then"]["statements"]
    page = tmp_path / "card.html"
    (loaded / "what-if" / "old.yaml").write_text("- gone.value=1\n", encoding="utf-8")
    assert septima("report", loaded, "--period", "2026-Q3", "--output", page).code == 0
    assert "Что, если: bold" in page.read_text(encoding="utf-8")
    assert "в\u00a0карте нет «gone»" in page.read_text(encoding="utf-8")
    (loaded / "what-if" / "old.yaml").unlink()
    for options, said in (
        (("--report", page), "--report goes with --what-if"),
        (("--what-if", "revenue.value=1", "--save"), "a snapshot is a record"),
        (("--save-as", "x"), "nothing is supposed"),
        (("--what-if", "cold"), "kept are: bold"),
        (("--what-if", "revenue.value=1", "--save-as", "bold"), "holds other suppositions"),
    ):
        refused = told(*options)
        assert refused.code == 1
        assert said in refused.err


def test_goals_begin_with_a_file_and_stand_in_the_report(septima: Septima, shop: Path, tmp_path: Path) -> None:
    shop = shutil.copytree(shop, tmp_path / "shop")
    asked = septima("goals", shop, "--period", "2026-Q3")
    assert asked.code == 1
    assert "septima goals DIR --new" in asked.err
    assert septima("goals", shop, "--new").code == 0
    again = septima("goals", shop, "--new")
    assert (again.code, "is there already" in again.err) == (1, True)
    (shop / "goals.yaml").write_text(
        "goals:\n  - id: heard\n    name: {en: Heard, ru: Услышаны}\n    owner: CEO\n    perspective: customer_support\n"
        "    start: 2026-07-01\n    due: 2026-12-31\n    kpis:\n      - {kpi: revenue, baseline: 200, target: 600}\n",
        encoding="utf-8",
    )
    told = json.loads(septima("goals", shop, "--period", "2026-Q3", "--format", "json").out)
    (goal,) = told["goals"]
    # Two completed orders are fewer than the least sample, so nothing is said of the progress but why.
    assert goal["progress"]["value"] is None
    assert "2" in goal["kpis"][0]["note"]
    assert goal["status"] == "unknown"
    assert goal["expected"] == pytest.approx(92 / 184)
    page = tmp_path / "card.html"
    assert septima("report", shop, "--period", "2026-Q3", "--lang", "ru", "--output", page).code == 0
    assert "Услышаны" in page.read_text(encoding="utf-8")
