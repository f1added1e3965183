"""The roll-out on the command line and in the report."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from septima.workspace import Workspace
from tests.cli.conftest import Ended

ROAD = """phases:
- id: pilot
  name: {en: Pilot, ru: Пилот}
  milestones:
  - {id: team, name: {en: First team, ru: Первая команда}, planned: 2026-08-01, done: 2026-08-11}
  - {id: tools, name: {en: Tools, ru: Инструменты}, planned: 2026-09-01, after: [team]}
"""


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rollout") / "company"
    Workspace.create(folder, organisation="Лавка", currency="RUB", language="ru")
    return folder


def test_a_new_road_map_is_written_once_and_can_be_used(tmp_path: Path, septima: Callable[..., Ended]):
    Workspace.create(tmp_path / "new", organisation="Лавка", currency="RUB", language="en")
    written = septima("rollout", tmp_path / "new", "--new")
    assert written.code == 0
    assert "rollout.yaml" in written.out
    shown = septima("rollout", tmp_path / "new", "--period", "2026-Q1")
    assert shown.code == 0, shown.err
    assert "Processes drawn" in shown.out
    again = septima("rollout", tmp_path / "new", "--new")
    assert again.code == 1
    assert "is there already; change it, or remove it first" in again.err


def test_the_road_map_is_printed_and_given_to_programs(company: Path, tmp_path: Path, septima: Callable[..., Ended]):
    (company / "rollout.yaml").write_text(ROAD, encoding="utf-8")
    page = tmp_path / "rollout.html"
    shown = septima("rollout", company, "--period", "2026-Q3", "--report", page)
    assert shown.code == 0, shown.err
    assert "Сделано вех: 1 из 2, просрочено: 1." in shown.out.replace("\u00a0", " ")
    assert "Инструменты" in page.read_text(encoding="utf-8")
    told = json.loads(septima("rollout", company, "--period", "2026-Q3", "--format", "json").out)
    assert told["schedule"]["spi"] == 0.5
    assert [one["late"] for one in told["schedule"]["milestones"]] == [10, 30]


def test_the_report_has_a_chapter_of_it(company: Path, tmp_path: Path, septima: Callable[..., Ended]):
    (company / "rollout.yaml").write_text(ROAD, encoding="utf-8")
    page = tmp_path / "card.html"
    assert septima("report", company, "--period", "2026-Q3", "--output", page, "--lang", "en").code == 0
    assert "Roll-out of the CRM approach" in page.read_text(encoding="utf-8")


def test_without_a_file_or_a_period_the_remedy_is_told(shop: Path, septima: Callable[..., Ended]):
    absent = septima("rollout", shop, "--period", "2026-Q3")
    assert absent.code == 1
    assert "septima rollout DIR --new" in absent.err
    assert "write --period" in septima("rollout", shop).err


def test_a_wrong_road_map_is_told_with_its_line(company: Path, septima: Callable[..., Ended]):
    (company / "rollout.yaml").write_text(ROAD.replace("[team]", "[tools]"), encoding="utf-8")
    ended = septima("rollout", company, "--period", "2026-Q3")
    assert ended.code == 1
    assert "rollout.yaml, line 6: milestone 'tools' comes after itself" in ended.err
