"""Olist: orders, deliveries, reviews and leads, counted here with pandas and SciPy alone."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from septima.lake.quarantine import quarantined

from .loading import Example, counted, load_again

pytestmark = pytest.mark.xdist_group("olist")

STATUS = {
    "created": "new",
    "approved": "paid",
    "invoiced": "paid",
    "processing": "paid",
    "shipped": "shipped",
    "delivered": "completed",
    "canceled": "cancelled",
    "unavailable": "cancelled",
}


@pytest.fixture(scope="module")
def olist(example: Callable[[str], Example]) -> Example:
    return example("olist")


@pytest.fixture(scope="module")
def file(real_data: Path) -> Callable[[str], pd.DataFrame]:
    """Reads one of the files as text; blank is missing."""

    def read(name: str) -> pd.DataFrame:
        rows = pd.read_csv(real_data / "olist" / f"olist_{name}_dataset.csv", dtype=str, keep_default_na=False)
        return rows.map(str.strip).replace("", None)

    return read


def test_what_was_read_is_loaded_table_by_table(olist: Example, file: Callable[[str], pd.DataFrame]) -> None:
    orders, leads, won = file("orders"), file("marketing_qualified_leads"), file("closed_deals")
    reviews = file("order_reviews")
    words = reviews[reviews["review_comment_title"].notna() | reviews["review_comment_message"].notna()]
    repeated = int(reviews["review_id"].duplicated().sum())
    repeated_words = int(words["review_id"].duplicated().sum())
    assert (len(orders), len(reviews), repeated, len(words), repeated_words) == (8_135, 8_225, 34, 4_223, 14)
    assert (len(leads), len(won)) == (8_000, 842)
    answers = len(reviews) + len(words)
    assert olist.counts == {
        "orders": counted(8_135, loaded=8_135),
        "deliveries": counted(8_135, loaded=8_135),
        "customers": counted(8_135, loaded=8_135),
        "identities": counted(8_135, loaded=8_135),
        "order_items": counted(8_365, loaded=8_365),
        "products": counted(5_460, loaded=5_460),
        "answers": counted(answers, loaded=answers - repeated - repeated_words, duplicate=repeated + repeated_words),
        "deals": {**counted(8_842, loaded=8_000), "updated": 842},
        "deal_stages": counted(8_842, loaded=8_842),
    }
    assert quarantined(olist.lake) == []


def test_repeated_reviews_differ_in_nothing_but_the_order(file: Callable[[str], pd.DataFrame]) -> None:
    """What lets the mapping count them once."""
    reviews = file("order_reviews")
    repeated = reviews[reviews["review_id"].duplicated(keep=False)]
    assert repeated["review_id"].nunique() == 28
    assert repeated.drop(columns="order_id").drop_duplicates()["review_id"].is_unique


def test_loading_the_files_again_changes_nothing(olist: Example, real_data: Path) -> None:
    version = olist.lake.version
    again = load_again("olist", real_data / "olist", olist.lake)
    for table, counts in olist.counts.items():
        assert again[table] == counted(counts["read"], loaded=0, duplicate=counts["read"])
    assert olist.lake.version == version


def test_orders_by_status(olist: Example, file: Callable[[str], pd.DataFrame]) -> None:
    expected = file("orders")["order_status"].map(STATUS).value_counts().to_dict()
    assert olist.rows("orders")["status"].value_counts().to_dict() == expected
    assert expected == {"completed": 5_172, "cancelled": 1_234, "shipped": 1_107, "paid": 617, "new": 5}


def test_revenue_says_that_it_is_not_known(olist: Example, file: Callable[[str], pd.DataFrame]) -> None:
    sold = file("orders")["order_status"].map(STATUS).ne("cancelled").sum()
    row = olist.figures("revenue", grain="all").iloc[0]
    assert np.isnan(row["value"])
    assert row["missing_share"] == 1
    assert (row["n"], sold) == (0, 6_901)


def test_the_mappings_comments_tell_the_files_own_numbers(file: Callable[[str], pd.DataFrame]) -> None:
    orders, items, payments = file("orders"), file("order_items"), file("order_payments")
    unavailable = orders.loc[orders["order_status"] == "unavailable", "order_id"]
    assert int(unavailable.isin(items["order_id"]).sum()) == 6
    delivered = orders["order_status"] == "delivered"
    assert int(orders.loc[delivered, "order_delivered_customer_date"].isna().sum()) == 8
    assert payments.groupby("order_id").size().max() == 29
    assert int(file("products")["product_category_name"].isna().sum()) == 111


def test_items_hold_the_prices_to_the_cent(olist: Example, file: Callable[[str], pd.DataFrame]) -> None:
    cents = file("order_items")["price"].map(lambda price: round(float(price) * 100)).sum()
    items = olist.rows("order_items")
    assert int((items["price"] * items["quantity"] * 100).sum()) == cents == 109_326_435
    assert set(items["product_id"]) == set(olist.rows("products")["product_id"])
    assert set(items["order_id"]) <= set(olist.rows("orders")["order_id"])


def test_identities_tell_which_orders_are_one_persons(olist: Example, file: Callable[[str], pd.DataFrame]) -> None:
    persons = file("customers").groupby("customer_unique_id").size()
    assert (len(persons), int((persons > 1).sum())) == (8_016, 73)
    loaded = olist.rows("identities").groupby("id_value").size()
    pd.testing.assert_series_equal(loaded.sort_index(), persons.sort_index(), check_names=False, check_index_type=False)
    assert set(olist.rows("orders")["customer_id"]) == set(olist.rows("identities")["customer_id"])
    # Orders keep the customer of one order, so nobody buys twice, as the mapping's comment warns.
    assert olist.figures("repeat_rate", grain="all")["value"].iloc[0] == 0


@pytest.fixture(scope="module")
def due(file: Callable[[str], pd.DataFrame]) -> pd.DataFrame:
    """Deliveries not cancelled that arrived, or were promised before the newest arrival and did not."""
    orders = file("orders")
    arrived = pd.to_datetime(orders["order_delivered_customer_date"])
    promised = pd.to_datetime(orders["order_estimated_delivery_date"])
    rows = pd.DataFrame(
        {
            "status": orders["order_status"],
            "promised": promised,
            "arrived": arrived,
            "in_time": arrived.dt.normalize() <= promised,
        }
    )
    rows = rows[~rows["status"].isin(["canceled", "unavailable"])]
    overdue = rows["arrived"].isna() & (rows["status"] != "delivered") & (rows["promised"] < arrived.max().normalize())
    return rows[rows["arrived"].notna() | overdue]


def test_a_parcel_is_on_time_until_the_promised_day_ends(olist: Example, due: pd.DataFrame) -> None:
    row = olist.figures("on_time_delivery", grain="all").iloc[0]
    in_time, n = int(due["in_time"].sum()), len(due)
    interval = stats.binomtest(in_time, n).proportion_ci(0.95, method="wilson")
    assert row["n"] == n
    np.testing.assert_allclose(row["missing_share"], 8 / (n + 8), rtol=1e-12)
    np.testing.assert_allclose(
        row[["value", "lower", "upper"]].astype(float), [in_time / n, interval.low, interval.high], rtol=1e-9
    )


def test_on_time_share_by_quarter(olist: Example, due: pd.DataFrame) -> None:
    by_quarter = due.groupby(due["promised"].dt.to_period("Q").dt.start_time)["in_time"].agg(["mean", "size"])
    figures = olist.figures("on_time_delivery", grain="quarter").dropna(subset="value")
    assert list(figures.index) == list(by_quarter.index)
    np.testing.assert_allclose(figures["value"], by_quarter["mean"], rtol=1e-12)
    np.testing.assert_array_equal(figures["n"], by_quarter["size"])


def test_reviews_are_csi_answers_each_opinion_once(olist: Example, file: Callable[[str], pd.DataFrame]) -> None:
    scores = file("order_reviews").drop_duplicates("review_id")["review_score"].astype(int)
    interval = stats.ttest_1samp(scores, 0).confidence_interval(0.95)
    row = olist.figures("csi", grain="all").iloc[0]
    assert row["n"] == len(scores) == 8_191
    np.testing.assert_allclose(
        row[["value", "lower", "upper"]].astype(float), [scores.mean(), interval.low, interval.high], rtol=1e-9
    )
    top = int((scores >= 4).sum())
    share = stats.binomtest(top, len(scores)).proportion_ci(0.95, method="wilson")
    row = olist.figures("csi_top_2_box", grain="all").iloc[0]
    np.testing.assert_allclose(
        row[["value", "lower", "upper"]].astype(float), [top / len(scores), share.low, share.high], rtol=1e-9
    )


def test_words_of_reviews_stay_with_their_grade(olist: Example, file: Callable[[str], pd.DataFrame]) -> None:
    answers = olist.rows("answers")
    why = answers[answers["question"] == "why"].set_index("response_id")["text"].sort_index()
    reviews = file("order_reviews").drop_duplicates("review_id").set_index("review_id").sort_index()
    title, message = reviews["review_comment_title"], reviews["review_comment_message"]
    both = (title + " — " + message).where(title.notna() & message.notna())
    expected = both.fillna(message).fillna(title).dropna()
    assert len(expected) == 4_209
    pd.testing.assert_series_equal(why, expected, check_names=False, check_dtype=False, check_index_type=False)
    graded = answers.loc[answers["question"] == "overall", "response_id"]
    assert set(why.index) <= set(graded)


def test_leads_are_open_deals_until_won(olist: Example, file: Callable[[str], pd.DataFrame]) -> None:
    leads = file("marketing_qualified_leads").set_index("mql_id")
    won = file("closed_deals").set_index("mql_id")
    deals = olist.rows("deals").set_index("deal_id")
    assert deals["outcome"].value_counts().to_dict() == {"open": 7_158, "won": 842}
    assert set(deals.index[deals["outcome"] == "won"]) == set(won.index) <= set(leads.index)
    # No lead is ever lost in these files, so the win rate says nothing, as the mapping's comment warns.
    rate = olist.figures("deal_win_rate", grain="all").iloc[0]
    assert (rate["value"], rate["n"]) == (1, 842)
    # Both files in one row: the first contact of one and the signing of the other.
    expected = pd.DataFrame(
        {
            "opened_at": pd.to_datetime(leads["first_contact_date"], format="%Y-%m-%d"),
            "closed_at": pd.to_datetime(won["won_date"], format="%m/%d/%Y %H:%M").reindex(leads.index),
            "channel": leads["origin"],
            "customer_id": won["seller_id"].reindex(leads.index),
            "employee_id": won["sr_id"].reindex(leads.index),
        }
    )
    loaded = deals[list(expected.columns)].loc[leads.index]
    pd.testing.assert_frame_equal(loaded, expected, check_dtype=False, check_names=False, check_index_type=False)
    assert deals["properties"].str.contains('"landing_page_id"').all()


def test_stages_keep_both_moments_of_a_lead(olist: Example) -> None:
    stages = olist.rows("deal_stages")
    assert stages["stage"].value_counts().to_dict() == {"lead": 8_000, "won": 842}
    days = stages.pivot(index="deal_id", columns="stage", values="entered_at").dropna()
    # One lead of the files was won before its first contact.
    assert int((days["won"] < days["lead"]).sum()) == 1
