"""The command `sensitivity`, as a person calls it, and its page."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Ended

CARD = """
perspectives:
  - id: customer_support
    kpis:
      - {id: nps, target: 0.4, normalisation: min_max, worst: -1, best: 1}
      - {id: average_order_value, target: 150}
"""


@pytest.fixture
def small(shop: Path, tmp_path: Path) -> Path:
    """A copy of the shop whose card rests on figures of a handful of records."""
    folder = tmp_path / "shop"
    shutil.copytree(shop, folder)
    (folder / "scorecard.yaml").write_text(CARD, encoding="utf-8")
    return folder


def test_an_undefined_index_is_told_in_one_sentence(small: Path, septima: Callable[..., Ended]) -> None:
    ended = septima("sensitivity", small, "--period", "2026-Q3")
    assert ended.code == 1
    assert "integral of 2026-Q3 is undefined" in ended.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--weights", "much"), "--weights 'much' is no share; write it as 5% or 0.05"),
        (("--weights", "120%"), "give a share from 0 to below 1, such as 25%"),
        (("--of", "sales"), "there is no composite 'sales'; there are: integral, customer_support"),
        (("--shared-customers",), "no two KPIs have figures in 10 groups of customers or more"),
    ],
)
def test_what_cannot_be_done_is_told_with_what_can(
    small: Path, septima: Callable[..., Ended], options: tuple[str, ...], said: str
) -> None:
    ended = septima("sensitivity", small, "--period", "2026-Q3", *options)
    assert ended.code == 1
    assert said in ended.err.replace("\n", " ")


def test_the_command_prints_and_writes_what_the_index_depends_on(
    small: Path, septima: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Records are few here, so the catalogue is let show figures of one.
    _undemanding(monkeypatch)
    page = small / "page.html"
    ended = septima("sensitivity", small, "--period", "2026-Q3", "--lang", "en", "--report", page)
    assert ended.code == 0, ended.err
    assert "Whichever weights one chooses within ±25%, it stays within" in ended.out
    assert "What the index depends on" in page.read_text(encoding="utf-8")
    told = json.loads(septima("sensitivity", small, "--period", "2026-Q3", "--lang", "ru", "--format", "json").out)
    assert told["sensitivity"]["id"] == "integral"
    low, high = told["sensitivity"]["printed"]["by_weights"]
    assert low <= told["sensitivity"]["printed"]["value"] <= high
    assert told["shared_customers"] is None


def _undemanding(monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from septima.metrics import catalogue

    easy = {
        name: replace(metric, passport=replace(metric.passport, minimum_sample=1))
        for name, metric in catalogue().items()
    }
    monkeypatch.setattr("septima.workspace.catalogue", lambda: easy)
