"""The command `ltv`: what is printed, exported and kept."""

import csv
import io
import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from septima.cli.lifetime import horizon_days
from septima.lake.load import load
from septima.lake.mapping import read_mapping
from septima.schema import SeptimaError
from septima.workspace import Workspace
from tests.cli.conftest import Ended

Septima = Callable[..., Ended]
MAPPING = """source: shop
files:
  - file: orders.csv
    tables:
      orders:
        columns: {order_id: id, customer_id: customer, ordered_at: at, revenue: revenue, cost: cost, currency: {constant: RUB}}
  - file: customers.csv
    tables:
      customers:
        columns: {customer_id: id, segment: segment}
"""
CUSTOMERS = 400


@pytest.fixture(scope="module")
def buyers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with two years of purchases at random of customers who leave unseen; of every ruble 60 kopecks are cost."""
    random = np.random.default_rng(5)
    source, folder = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("workspaces") / "buyers"
    orders, number = ["id,customer,at,revenue,cost"], 0
    for customer in range(CUSTOMERS):
        rate, stays = random.gamma(1.5, 1 / 50), random.exponential(1 / random.gamma(1.5, 1 / 500))
        born = random.uniform(0, 300)
        for time in born + np.concatenate([[0], np.cumsum(random.exponential(1 / rate, 150))]):
            if time < min(730, born + stays) or time == born:
                revenue = round(float(random.gamma(5, 200)) + 1, 2)
                orders.append(
                    f"o{number},c{customer},{date(2024, 1, 1) + timedelta(days=int(time))},{revenue},{revenue * 0.6:.2f}"
                )
                number += 1
    (source / "orders.csv").write_text("\n".join(orders), encoding="utf-8")
    members = [f"c{customer},{'premium' if customer % 4 == 0 else 'mass'}" for customer in range(CUSTOMERS)]
    (source / "customers.csv").write_text("\n".join(["id,segment", *members]), encoding="utf-8")
    (source / "shop.yaml").write_text(MAPPING, encoding="utf-8")
    workspace = Workspace.create(folder, organisation="Лавка", currency="RUB", language="ru")
    load(workspace.lake, read_mapping(source / "shop.yaml"))
    return folder


@pytest.mark.parametrize(("text", "days"), [("90d", 90), ("26w", 182), ("12m", 365), ("2y", 730), (" 1Y ", 365)])
def test_a_horizon_is_read_as_people_write_it(text: str, days: int) -> None:
    assert horizon_days(text) == days


@pytest.mark.parametrize("text", ["", "12", "m", "0d", "1.5y", "-3m"])
def test_a_horizon_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(SeptimaError, match="such as 12m"):
        horizon_days(text)


def test_all_methods_are_compared_explained_and_ranked(septima: Septima, buyers: Path) -> None:
    ended = septima("ltv", buyers, "--backtest", "--horizon", "6m")
    assert ended.code == 0, ended.err
    for words in (
        "Историческая маржа",
        "BG/NBD × Gamma-Gamma",
        "Почему они различаются",
        "Проверка на\u00a0отложенном времени",
    ):
        assert words in ended.out
    english = septima("ltv", buyers, "--method", "pareto_nbd", "--lang", "en").out
    assert "The business is not contractual" in english
    assert "Why they differ" not in english  # of one method there is nothing to compare


def test_json_holds_what_a_page_needs(septima: Septima, buyers: Path) -> None:
    ended = septima(
        "ltv", buyers, "--by", "segment", "--method", "churn", "--method", "bg_nbd", "--format", "json", "--lang", "en"
    )
    found = json.loads(ended.out)
    assert (found["customers"], found["currency"], found["contractual"]) == (CUSTOMERS, "RUB", False)
    assert found["margin"] == pytest.approx(0.4, abs=1e-4)
    churn, model = found["results"]
    assert [row["member"] for row in model["rows"]] == [None, "mass", "premium"]
    assert [row["customers"] for row in model["rows"]] == [CUSTOMERS, 300, 100]
    assert churn["method"]["name"] == "ARPU ÷ churn"
    assert not churn["fits"]
    assert model["fits"]
    assert set(model["parameters"]) >= {"r", "alpha", "a", "b"}


def test_csv_has_a_line_for_each_method_and_member(septima: Septima, buyers: Path) -> None:
    ended = septima("ltv", buyers, "--by", "segment", "--format", "csv", "--margin", "0.25", "--method", "historical")
    lines = list(csv.DictReader(io.StringIO(ended.out)))
    assert [(line["method"], line["member"]) for line in lines] == [
        ("historical", ""),
        ("historical", "mass"),
        ("historical", "premium"),
    ]
    half = septima("ltv", buyers, "--format", "csv", "--margin", "0.5", "--method", "historical")
    (whole,) = csv.DictReader(io.StringIO(half.out))
    assert float(whole["value"]) == pytest.approx(2 * float(lines[0]["value"]))


def test_predictions_are_kept_and_listed(septima: Septima, buyers: Path) -> None:
    ended = septima("ltv", buyers, "--method", "bg_nbd", "--save", "--format", "json", "--lang", "en")
    assert f"predictions of {CUSTOMERS} customers" in ended.err
    rows = Workspace.open(buyers).table("predictions").to_pyarrow().to_pylist()
    assert len({row["customer_id"] for row in rows}) == len(rows) == CUSTOMERS
    mean = sum(row["value"] for row in rows) / CUSTOMERS
    assert mean == pytest.approx(json.loads(ended.out)["results"][0]["rows"][0]["value"], rel=1e-9)
    assert {row["method"] for row in rows} == {"bg_nbd"}
    newest = max(Workspace.open(buyers).table("orders").to_pyarrow().column("ordered_at").to_pylist())
    assert {row["at"].date() for row in rows} == {newest.date()}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--save",), "--save keeps the predictions of one method"),
        (("--method", "magic"), "There is no method 'magic'"),
        (("--by", "colour"), "cannot be sliced by 'colour'"),
        (("--horizon", "soon"), "the horizon 'soon' is not understood"),
        (("--business", "odd"), "there is no business 'odd'"),
        (("--margin", "30"), "the margin is a share of revenue"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(
    septima: Septima, buyers: Path, arguments: tuple[str, ...], said: str
) -> None:
    ended = septima("ltv", buyers, *arguments)
    assert ended.code != 0
    assert said in ended.err


def test_an_empty_company_has_nothing_to_value(septima: Septima, tmp_path: Path) -> None:
    Workspace.create(tmp_path / "empty")
    ended = septima("ltv", tmp_path / "empty")
    assert ended.code != 0
    assert "no purchases of known customers" in ended.err
