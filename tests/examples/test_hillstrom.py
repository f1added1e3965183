"""Hillstrom's e-mail test: 64,000 customers in three arms, counted here with pandas and SciPy alone."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from septima.lake.quarantine import quarantined

from .loading import Example, counted, load_again, load_example

pytestmark = pytest.mark.xdist_group("hillstrom")

ARMS = {"control": "No E-Mail", "mens": "Mens E-Mail", "womens": "Womens E-Mail"}


@pytest.fixture(scope="module")
def hillstrom(example: Callable[[str], Example]) -> Example:
    return example("hillstrom")


@pytest.fixture(scope="module")
def file(real_data: Path) -> pd.DataFrame:
    return pd.read_csv(real_data / "hillstrom" / "hillstrom.csv")


def test_every_customer_loads_though_thousands_of_rows_are_alike(hillstrom: Example, file: pd.DataFrame) -> None:
    assert len(file) == 64_000
    assert int(file.duplicated().sum()) == 6_562  # as the mapping's comment says
    mailed, visited = int((file["segment"] != "No E-Mail").sum()), int((file["visit"] == 1).sum())
    bought = int((file["spend"] > 0).sum())
    assert (mailed, visited, bought) == (42_694, 9_394, 578)
    assert hillstrom.counts == {
        "customers": counted(64_000, loaded=64_000),
        "assignments": counted(64_000, loaded=64_000),
        "orders": counted(bought, loaded=bought),
        "touches": counted(mailed + visited, loaded=mailed + visited),
    }


def test_arms_have_the_published_sizes(hillstrom: Example, file: pd.DataFrame) -> None:
    sizes = hillstrom.rows("assignments")["arm"].value_counts().to_dict()
    assert sizes == {"mens": 21_307, "womens": 21_387, "control": 21_306}
    assert sizes == {arm: int((file["segment"] == segment).sum()) for arm, segment in ARMS.items()}


def test_orders_and_visits_stand_with_the_right_arm(hillstrom: Example, file: pd.DataFrame) -> None:
    arms = hillstrom.rows("assignments").set_index("customer_id")["arm"]
    orders, touches = hillstrom.rows("orders"), hillstrom.rows("touches")
    cents = (orders["revenue"] * 100).astype("int64").groupby(orders["customer_id"].map(arms)).sum()
    visits = touches.loc[touches["kind"] == "visit", "customer_id"].map(arms).value_counts()
    sent = touches.loc[touches["kind"] == "sent", "customer_id"].map(arms).value_counts()
    for arm, segment in ARMS.items():
        rows = file[file["segment"] == segment]
        assert cents[arm] == (rows["spend"] * 100).round().astype("int64").sum()
        assert visits[arm] == rows["visit"].sum()
        assert sent.get(arm, 0) == (0 if arm == "control" else len(rows))


def test_customers_keep_what_has_no_canonical_name(hillstrom: Example, file: pd.DataFrame) -> None:
    customers = hillstrom.rows("customers")
    kept = pd.DataFrame(customers["properties"].map(pd.io.json.ujson_loads).tolist())
    assert sorted(kept.columns) == ["channel", "history", "mens", "newbie", "recency", "womens"]
    assert kept["newbie"].astype(int).sum() == file["newbie"].sum()
    assert kept["channel"].value_counts().to_dict() == file["channel"].value_counts().to_dict()
    assert customers["region"].value_counts().to_dict() == {
        name.replace("Surburban", "Suburban"): count for name, count in file["zip_code"].value_counts().items()
    }


def test_a_customer_is_known_by_the_number_of_the_row(hillstrom: Example, file: pd.DataFrame) -> None:
    customers = hillstrom.rows("customers").set_index("customer_id")["segment"]
    rows = file["history_segment"].set_axis([f"hillstrom-{number}" for number in range(2, len(file) + 2)])
    pd.testing.assert_series_equal(
        customers.sort_index(), rows.sort_index(), check_names=False, check_dtype=False, check_index_type=False
    )


def test_a_broken_row_does_not_give_its_number_to_the_next(real_data: Path, tmp_path: Path) -> None:
    with (real_data / "hillstrom" / "hillstrom.csv").open(encoding="utf-8") as whole:
        lines = [next(whole) for _ in range(200)]
    data = tmp_path / "data"
    data.mkdir()
    path = data / "hillstrom.csv"
    path.write_text("".join([*lines[:100], "one,field,too,many," + lines[100], *lines[101:]]), encoding="utf-8")
    first = load_example("hillstrom", data, tmp_path)
    assert first.counts["customers"] == counted(199, loaded=198, quarantined=1)
    assert {row.row for row in quarantined(first.lake)} == {101}

    path.write_text("".join(lines), encoding="utf-8")
    again = load_again("hillstrom", data, first.lake)
    assert again["customers"] == counted(199, loaded=1, duplicate=198)
    numbers = first.rows("customers")["customer_id"].str.removeprefix("hillstrom-").astype(int)
    assert sorted(numbers) == list(range(2, 201))


def test_loading_the_file_again_changes_nothing(hillstrom: Example, real_data: Path) -> None:
    again = load_again("hillstrom", real_data / "hillstrom", hillstrom.lake)
    for table, counts in hillstrom.counts.items():
        assert again[table] == counted(counts["read"], loaded=0, duplicate=counts["read"])


@pytest.fixture(scope="module")
def spend(file: pd.DataFrame) -> dict[str, np.ndarray]:
    return {arm: file.loc[file["segment"] == segment, "spend"].to_numpy() for arm, segment in ARMS.items()}


@pytest.mark.parametrize(("arm", "published"), [("mens", 0.77), ("womens", 0.42)])
def test_incremental_revenue_is_the_published_one_with_welchs_interval(
    hillstrom: Example, spend: dict[str, np.ndarray], arm: str, published: float
) -> None:
    interval = stats.ttest_ind(spend[arm], spend["control"], equal_var=False).confidence_interval(0.95)
    difference = spend[arm].mean() - spend["control"].mean()
    assert round(difference, 2) == published
    expected = np.array([difference, interval.low, interval.high])
    n = len(spend[arm]) + len(spend["control"])
    for metric, customers in (("incremental_revenue_per_customer", 1), ("incremental_revenue", len(spend[arm]))):
        row = hillstrom.figures(metric, grain="all", by=["arm"]).loc[arm].iloc[0]
        found = row[["value", "lower", "upper"]].to_numpy(float) / customers
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)
        assert row["n"] == n
        assert row["missing_share"] == 0
        assert row["note"] is None


def test_the_control_arm_has_no_effect_of_its_own(hillstrom: Example) -> None:
    row = hillstrom.figures("incremental_revenue_per_customer", grain="all", by=["arm"]).loc["control"].iloc[0]
    assert np.isnan(row["value"])
    assert row["note"] == "control_group"


def test_both_arms_together_share_one_control(hillstrom: Example, spend: dict[str, np.ndarray]) -> None:
    """What all e-mails brought: Σ n·(mean − mean of control), whose variance counts the control once."""
    control = spend["control"]
    treated = [spend["mens"], spend["womens"]]
    size = sum(map(len, treated))
    total = sum(arm.sum() - len(arm) * control.mean() for arm in treated)
    parts = [len(arm) * arm.var(ddof=1) for arm in treated] + [size**2 * control.var(ddof=1) / len(control)]
    degrees = sum(parts) ** 2 / sum(
        part**2 / (len(arm) - 1) for part, arm in zip(parts, [*treated, control], strict=True)
    )
    half = stats.t.ppf(0.975, degrees) * np.sqrt(sum(parts))
    row = hillstrom.figures("incremental_revenue", grain="all").iloc[0]
    np.testing.assert_allclose(
        row[["value", "lower", "upper"]].astype(float), [total, total - half, total + half], rtol=1e-9
    )


def test_the_split_fits_thirds_and_not_another_plan(hillstrom: Example) -> None:
    sizes = [21_306, 21_307, 21_387]
    assert stats.chisquare(sizes).pvalue > 0.8
    for shares, note in (
        ({"control": 1, "mens": 1, "womens": 1}, None),
        ({"control": 5, "mens": 4, "womens": 4}, "sample_ratio_mismatch"),
    ):
        figures = hillstrom.figures("incremental_revenue", grain="all", shares=shares)
        assert figures["note"].iloc[0] == note
