"""The command `loyalty-economics`, as a person calls it."""

import csv
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from septima.lake.load import load
from septima.lake.mapping import read_mapping
from septima.workspace import Workspace
from tests.cli.conftest import Ended

Septima = Callable[..., Ended]
MAPPING = """source: shop
files:
  - file: orders.csv
    tables:
      orders:
        columns: {order_id: id, customer_id: customer, ordered_at: at, revenue: revenue, cost: cost, currency: {constant: RUB}}
  - file: answers.csv
    tables:
      answers:
        columns: {answer_id: id, customer_id: customer, at: at, score: score, instrument: {constant: nps}, question: {constant: recommend}}
"""
END = datetime.fromisoformat("2026-07-01")


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two hundred customers over two years: the loyal half buys every 60 days, the others once or twice."""
    folder = tmp_path_factory.mktemp("company")
    with (folder / "orders.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "customer", "at", "revenue", "cost"])
        for number in range(200):
            first, step = (number % 30, 60) if number < 100 else (4 * (number - 100) + number % 2 * 370, 500)
            for day in range(first, 740, step):
                writer.writerow([f"o{number}-{day}", f"c{number}", END - timedelta(days=day), 100 + number % 9, 60])
    with (folder / "answers.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "customer", "at", "score"])
        for number in range(200):
            writer.writerow([f"a{number}", f"c{number}", END - timedelta(days=300), 9 if number < 100 else 5])
    (folder / "map.yaml").write_text(MAPPING, encoding="utf-8")
    workspace = Workspace.create(folder / "company", organisation="Лавка", currency="RUB", language="ru")
    load(workspace.lake, read_mapping(folder / "map.yaml"))
    return folder / "company"


def test_loyalty_in_json(septima: Septima, company: Path) -> None:
    told = json.loads(septima("loyalty-economics", company, "--format", "json", "--lang", "en").out)
    assert (told["loyal_customers"], told["other_customers"]) == (100, 100)
    buy = next(one for one in told["comparisons"] if one["key"] == "buy")
    assert buy["loyal"]["value"] == 1
    assert buy["times"]["lower"] > 1
    assert len(told["claims"]) == 11
    assert told["claims"][0]["claim"]["statement"].startswith("Five per cent more loyalty")
    scenario = told["retention"]
    assert scenario["changed_retention"] == pytest.approx(1.05 * scenario["retention"]["value"])


def test_what_if_is_a_slider(septima: Septima, company: Path) -> None:
    def relative(change: str) -> float:
        told = json.loads(septima("loyalty-economics", company, f"--retention={change}", "--format", "json").out)
        return told["retention"]["relative"]["value"]

    assert relative("-5%") < relative("+0%") == 0 < relative("+1%") < relative("5%") < relative("+5pp")


def test_tables_in_both_languages(septima: Septima, company: Path) -> None:
    russian, english = (septima("loyalty-economics", company, "--lang", language) for language in ("ru", "en"))
    assert (russian.code, english.code) == (0, 0)
    assert "Лояльные: последний ответ" in russian.out
    assert "в\u00a0шесть раз" in " ".join(russian.out.split("\n")).replace("  ", " ")
    assert "six times likelier" in english.out
    assert "cannot tell" in " ".join(english.out.split())


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--retention", "more"), "is no change"),
        (("--retention", "x%"), "is no share"),
        (("--loyalty", "+2pp"), "such as +2%"),
        (("--loyal", "everybody"), "nps, cli, repeat"),
        (("--loyal", "cli"), "eleven questions"),
        (("--days", "3000"), "take fewer"),
        (("--discount-rate", "-5%"), "share a year"),
    ],
)
def test_what_cannot_be_is_told_in_words(
    septima: Septima, company: Path, arguments: tuple[str, str], told: str
) -> None:
    ended = septima("loyalty-economics", company, "=".join(arguments))
    assert ended.code == 1
    assert told in ended.err
    assert "unexpected" not in ended.err
