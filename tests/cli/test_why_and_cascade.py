"""The commands `why` and `cascade` over a small shop."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Ended

Septima = Callable[..., Ended]

SCORECARD = """trend: 4
perspectives:
- id: sales
  kpis: [{id: revenue, target: 500}]
- id: customer_support
  kpis: [{id: complaints, metric: complaints_per_1000_orders, target: 10}]
"""


@pytest.fixture
def small(shop: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    shutil.copytree(shop, folder)
    (folder / "scorecard.yaml").write_text(SCORECARD, encoding="utf-8")
    return folder


def test_why_tells_of_a_period_and_against_another(septima: Septima, small: Path, tmp_path: Path) -> None:
    told = septima(
        "why", small, "--period", "2026-Q3", "--lang", "en", "--format", "json", "--report", tmp_path / "w.html"
    )
    assert told.code == 0, told.err
    answer = json.loads(told.out)
    assert (answer["period"], answer["before"]) == ("2026-Q3", "2026-Q2")
    assert "integral" in answer["sentences"]
    assert "<svg" in (tmp_path / "w.html").read_text(encoding="utf-8") or answer["composites"][0]["drivers"] == []
    again = septima("why", small, "--period", "2026-Q3", "--against", "2026-Q1", "--of", "sales", "--lang", "ru")
    assert again.code == 0, again.err
    assert "Почему изменилось" in again.out


def test_why_names_what_there_is(septima: Septima, small: Path) -> None:
    wrong = septima("why", small, "--period", "2026-Q3", "--of", "salse")
    assert wrong.code != 0
    assert "did you mean 'sales'" in " ".join(wrong.err.split())
    other = septima("why", small, "--period", "2026-Q3", "--of", "sales", "--by", "chanel")
    assert "'channel'" in " ".join(other.err.split())


def test_cascade_begins_with_a_file_and_reads_it(septima: Septima, small: Path) -> None:
    absent = septima("cascade", small, "--period", "2026-Q3")
    assert "septima cascade DIR --new" in " ".join(absent.err.split())
    assert septima("cascade", small, "--new").code == 0
    assert (small / "cascade.yaml").exists()
    assert septima("cascade", small, "--new").code != 0  # what is there is not overwritten
    told = septima("cascade", small, "--period", "2026-Q3", "--format", "json", "--lang", "en")
    assert told.code == 0, told.err
    answer = json.loads(told.out)
    assert answer["unreconciled"] < 1e-9
    assert [one["id"] for one in answer["departments"]] == ["customer_service"]
    one = septima("cascade", small, "--period", "2026-Q3", "--department", "customer_service", "--lang", "ru")
    assert one.code == 0, one.err
    assert "Каскад" in one.out
