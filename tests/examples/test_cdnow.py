"""CDNOW: 69,659 purchases of 23,570 customers, read again here with pandas alone."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from .loading import Example, counted, load_again

pytestmark = pytest.mark.xdist_group("cdnow")

PURCHASES, CUSTOMERS = 69_659, 23_570


@pytest.fixture(scope="module")
def cdnow(example: Callable[[str], Example]) -> Example:
    return example("cdnow")


@pytest.fixture(scope="module")
def file(real_data: Path) -> pd.DataFrame:
    """The file's lines in its order; dollars also as whole cents, which add up exactly."""
    path = real_data / "cdnow" / "CDNOW_master.txt"
    purchases = pd.read_csv(path, sep=r"\s+", dtype=str)
    return purchases.assign(
        date=pd.to_datetime(purchases["date"], format="%Y%m%d"),
        cents=(purchases["dollar_value"].str.replace(".", "", regex=False)).astype("int64"),
        month=lambda rows: rows["date"].dt.to_period("M").dt.start_time,
    )


def wilson(successes: int, n: int) -> tuple[float, float]:
    interval = stats.binomtest(successes, n).proportion_ci(confidence_level=0.95, method="wilson")
    return interval.low, interval.high


def test_the_file_holds_what_its_publishers_say(file: pd.DataFrame) -> None:
    assert len(file) == PURCHASES
    assert file["customer_id"].nunique() == CUSTOMERS
    assert file["dollar_value"].str.fullmatch(r"\d+\.\d\d").all()


def test_every_purchase_loads_though_neither_day_nor_contents_tell_them_apart(
    cdnow: Example, file: pd.DataFrame
) -> None:
    pairs = file.groupby(["customer_id", "date"]).size()
    same_in_all = file.duplicated(["customer_id", "date", "number_of_cds", "dollar_value"], keep=False)
    assert (int((pairs > 1).sum()), int(same_in_all.sum())) == (1_774, 470)  # as the mapping's comment says
    assert cdnow.counts == {
        "orders": counted(PURCHASES, loaded=PURCHASES),
        "customers": counted(PURCHASES, loaded=CUSTOMERS, duplicate=PURCHASES - CUSTOMERS),
    }


def test_orders_hold_the_same_customers_days_and_cents(cdnow: Example, file: pd.DataFrame) -> None:
    orders = cdnow.rows("orders")
    loaded = pd.DataFrame(
        {
            "customer_id": orders["customer_id"],
            "date": orders["ordered_at"],
            "cents": (orders["revenue"] * 100).astype("int64"),
            "cds": orders["properties"].str.extract(r'^\{"number_of_cds":"(\d+)"\}$')[0],
        }
    )
    expected = file[["customer_id", "date", "cents"]].assign(cds=file["number_of_cds"])
    columns = ["customer_id", "date", "cents", "cds"]
    pd.testing.assert_frame_equal(
        loaded.sort_values(columns, ignore_index=True),
        expected.sort_values(columns, ignore_index=True),
        check_dtype=False,
    )
    assert set(orders["currency"]) == {"USD"}
    assert (loaded["cents"] == 0).sum() == 80


def test_a_customer_is_known_from_the_first_purchase(cdnow: Example, file: pd.DataFrame) -> None:
    created = cdnow.rows("customers").set_index("customer_id")["created_at"].sort_index()
    first = file.groupby("customer_id")["date"].min()
    pd.testing.assert_series_equal(created, first, check_names=False, check_dtype=False)


def test_loading_the_file_again_changes_nothing(cdnow: Example, real_data: Path) -> None:
    version = cdnow.lake.version
    again = load_again("cdnow", real_data / "cdnow", cdnow.lake)
    assert again == {table: counted(PURCHASES, loaded=0, duplicate=PURCHASES) for table in ("orders", "customers")}
    assert cdnow.lake.version == version


def test_revenue_by_month(cdnow: Example, file: pd.DataFrame) -> None:
    figures = cdnow.figures("revenue", grain="month")
    by_month = file.groupby("month")["cents"].agg(["sum", "size"])
    assert len(by_month) == 18
    assert list(figures.index) == list(by_month.index)
    np.testing.assert_allclose(figures["value"] * 100, by_month["sum"], rtol=1e-12)
    np.testing.assert_array_equal(figures["n"], by_month["size"])
    assert (figures["missing_share"] == 0).all()
    assert file["cents"].sum() == 250_031_563  # 2,500,315.63 dollars
    np.testing.assert_allclose(cdnow.figures("revenue", grain="all")["value"], 2_500_315.63, rtol=1e-12)


def test_average_order_value_has_the_interval_of_scipy(cdnow: Example, file: pd.DataFrame) -> None:
    figures = cdnow.figures("average_order_value", grain="month")
    for month, cents in file.groupby("month")["cents"]:
        dollars = cents.to_numpy() / 100
        interval = stats.ttest_1samp(dollars, 0).confidence_interval(0.95)
        np.testing.assert_allclose(
            figures.loc[month, ["value", "lower", "upper"]].astype(float),
            [dollars.mean(), interval.low, interval.high],
            rtol=1e-9,
        )


def test_repeat_rate_by_month(cdnow: Example, file: pd.DataFrame) -> None:
    figures = cdnow.figures("repeat_rate", grain="month")
    for month in sorted(file["month"].unique()):
        until_then = file[file["month"] <= month].groupby("customer_id").size()
        buyers = file.loc[file["month"] == month, "customer_id"].unique()
        repeat = int((until_then.loc[buyers] >= 2).sum())
        row = figures.loc[month]
        assert row["n"] == len(buyers)
        np.testing.assert_allclose(row["value"], repeat / len(buyers), rtol=1e-12)
        np.testing.assert_allclose((row["lower"], row["upper"]), wilson(repeat, len(buyers)), rtol=1e-9)


def test_repeat_rate_of_the_whole_time_is_that_of_the_papers(cdnow: Example, file: pd.DataFrame) -> None:
    purchases = file.groupby("customer_id").size()
    whole = cdnow.figures("repeat_rate", grain="all").iloc[0]
    assert whole["n"] == CUSTOMERS
    assert int((purchases == 1).sum()) == 11_908
    np.testing.assert_allclose(whole["value"], (CUSTOMERS - 11_908) / CUSTOMERS, rtol=1e-12)


def test_after_march_every_buyer_of_the_sample_has_bought_before(cdnow: Example, file: pd.DataFrame) -> None:
    """As the mapping's comment warns."""
    assert file.groupby("customer_id")["date"].min().max() < pd.Timestamp("1997-04-01")
    assert (cdnow.figures("repeat_rate", grain="month").loc["1997-04-01":, "value"] == 1).all()


@pytest.mark.parametrize("days", [30, 90])
def test_active_base_and_churn_by_month(cdnow: Example, file: pd.DataFrame, days: int) -> None:
    """Active at an end, or where the data end before it: the last purchase lies at most `days` back."""
    months = sorted(file["month"].unique())
    reach = file["date"].max()
    active: list[set[str]] = [set()]
    for month in months:
        end = month + pd.offsets.MonthBegin(1)
        last = file[file["date"] < end].groupby("customer_id")["date"].max()
        lapsed = last + pd.Timedelta(days=days) < min(end, reach)
        active.append(set(last.index[~lapsed]))
    bases = cdnow.figures("active_customers", grain="month", active_days=days)
    churn = cdnow.figures("churn_rate", grain="month", active_days=days)
    assert list(bases["value"].iloc[: len(months)]) == [len(base) for base in active[1:]]
    for month, before, after in zip(months, active[:-1], active[1:], strict=True):
        left = len(before - after)
        assert churn.loc[month, "n"] == len(before)
        if before:
            np.testing.assert_allclose(churn.loc[month, "value"], left / len(before), rtol=1e-12)
            bounds = churn.loc[month, ["lower", "upper"]].astype(float)
            np.testing.assert_allclose(bounds, wilson(left, len(before)), rtol=1e-9, atol=1e-12)
        else:
            assert np.isnan(churn.loc[month, "value"])
            assert churn.loc[month, "note"] == "nobody_active_before"
