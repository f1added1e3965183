"""The commands `processes` and `journey`, as a person calls them."""

import json
import shutil
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Ended

Septima = Callable[..., Ended]
SCORECARD = (
    "perspectives:\n- id: sales\n  name: {en: Sales, ru: Продажи}\n  kpis:\n  - {id: new_customers, target: 1}\n"
)


@pytest.fixture
def copied(shop: Path, tmp_path: Path) -> Path:
    """A copy of the shop with a card of one KPI, to write into."""
    folder = tmp_path / "shop"
    shutil.copytree(shop, folder)
    (folder / "scorecard.yaml").write_text(SCORECARD, encoding="utf-8")
    return folder


def test_a_new_model_is_written_checked_and_drawn(septima: Septima, copied: Path) -> None:
    ended = septima("processes", copied, "--new")
    assert ended.code == 0
    assert str(copied / "processes.yaml") in ended.out
    again = septima("processes", copied, "--new")
    assert again.code != 0
    assert "is there already" in again.err
    checked = septima("processes", copied, "--check")
    assert checked.code == 0
    assert "Sheets: 2, boxes: 4" in checked.out
    drawn = septima("processes", copied, "--svg", copied / "sheets", "--lang", "en")
    assert drawn.code == 0
    assert sorted(path.name for path in (copied / "sheets").iterdir()) == ["A-0.svg", "A0.svg"]
    ET.parse(copied / "sheets" / "A0.svg")  # noqa: S314
    assert "Customers' requests" in " ".join(drawn.out.split())


def test_figures_of_a_period_stand_in_the_boxes(septima: Septima, copied: Path) -> None:
    septima("processes", copied, "--new")
    path = copied / "processes.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("metrics: [revenue]", "kpis: [new_customers]"), encoding="utf-8"
    )
    report = copied / "page.html"
    told = septima(
        "processes",
        copied,
        "--period",
        "2026-Q3",
        "--node",
        "A0",
        "--format",
        "json",
        "--lang",
        "en",
        "--report",
        report,
    )
    assert told.code == 0, told.err
    (figure,) = json.loads(told.out)["figures"]["A2"]
    # Only clara first ordered in the third quarter.
    assert (figure["figure"]["value"], figure["target"], figure["state"]) == (1, 1, "good")
    assert "IDEF0" in report.read_text(encoding="utf-8")


def test_mistakes_end_the_check_with_their_lines(septima: Septima, copied: Path) -> None:
    septima("processes", copied, "--new")
    path = copied / "processes.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("outputs: [orders]", "outputs: [crm]"), encoding="utf-8")
    checked = septima("processes", copied, "--check", "--format", "json")
    assert checked.code == 1
    mistakes = json.loads(checked.out)["mistakes"]
    assert mistakes
    assert all(f"{path}, line " in mistake for mistake in mistakes)
    shown = septima("processes", copied)
    assert shown.code != 0
    assert "line" in shown.err


def test_unknown_sheets_and_absent_files_are_told(septima: Septima, copied: Path) -> None:
    absent = septima("processes", copied)
    assert absent.code != 0
    assert "--new" in absent.err
    septima("processes", copied, "--new")
    unknown = septima("processes", copied, "--node", "A9")
    assert "there are: A-0, A0" in unknown.err
    assert "--new" in septima("journey", copied, "--period", "2026-Q3").err
    assert "--period" in septima("journey", copied).err


def test_a_journey_counts_the_shop_s_customers(septima: Septima, copied: Path) -> None:
    assert septima("journey", copied, "--new").code == 0
    stages = (
        "stages:\n- {id: order, name: {en: Orders, ru: Заказ}, events: [{table: orders, where: {status: completed}}]}\n"
        "- {id: rate, name: {en: Rates, ru: Оценка}, expected: joy, events: [{table: answers}]}\n"
        "intended:\n- {from: order, to: rate}\n"
    )
    (copied / "journey.yaml").write_text(stages, encoding="utf-8")
    told = json.loads(septima("journey", copied, "--period", "2026-Q3", "--lang", "en", "--format", "json").out)
    # anna rates on 3 July and orders on the 12th; clara rates on 5 August and orders on 30 September; boris and dina only rate.
    measures = told["measures"]
    assert (measures["customers"], measures["walkers"], measures["steps"]) == (4, 2, 2)
    assert measures["conformance"]["value"] == 0
    assert [stage["reached"] for stage in measures["stages"]] == [2, 4]
    (only,) = measures["transitions"]
    assert (only["source"], only["target"], only["steps"], only["intended"]) == (1, 0, 2, False)
    printed = septima("journey", copied, "--period", "2026-Q3", "--lang", "ru", "--report", copied / "page.html")
    assert printed.code == 0
    assert "Оценка → Заказ" in printed.out


def test_both_stand_in_the_card_s_report(septima: Septima, copied: Path) -> None:
    for command in ("processes", "journey"):
        septima(command, copied, "--new")
    path = copied / "report.html"
    ended = septima("report", copied, "--period", "2026-Q3", "--lang", "en", "--output", path)
    assert ended.code == 0, ended.err
    page = path.read_text(encoding="utf-8")
    assert page.index(">Processes<") < page.index(">Customer journey<")
