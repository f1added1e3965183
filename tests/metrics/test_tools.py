"""What becomes of messages, counted by hand."""

import pytest
from scipy import stats

from .conftest import figures, only


def touch(
    number: int, kind: str, customer: str | None, at: str = "2025-01-10", campaign: str | None = "k1", **more: object
) -> dict:
    shared = {"touch_id": f"t{number}", "kind": kind, "customer_id": customer, "at": at, "campaign_id": campaign}
    return {"channel": "email", **shared, **more}


TOUCHES = {
    "touches": [
        touch(1, "delivered", "a"),
        touch(2, "opened", "a", "2025-01-11"),
        touch(3, "opened", "a", "2025-02-09"),  # again: counts once
        touch(4, "clicked", "a", "2025-02-09"),  # on the thirtieth day
        touch(5, "delivered", "b", "2025-01-31"),
        touch(6, "opened", "b", "2025-02-03"),  # opened later: belongs to January
        touch(7, "delivered", "c", "2025-01-12"),
        touch(8, "delivered", "a", "2025-02-01", "k2", channel="sms"),
        touch(9, "opened", "d", "2025-01-20"),  # never reported delivered
        touch(10, "delivered", None, "2025-01-20"),  # nobody’s
        touch(11, "delivered", "a", "2025-01-20", None),  # of no campaign and without a number
        touch(12, "delivered", "a", "2025-01-21", None, message_id="m1"),
        touch(13, "sent", "e"),
        touch(14, "visit", "a"),
    ]
}


def test_open_rate_by_month_of_delivery() -> None:
    # January: a and b of a, b, c and the numbered message; three more records could not be used.
    frame = figures("open_rate", TOUCHES)
    assert frame["value"].tolist() == [0.5, 0]
    assert frame["n"].tolist() == [4, 1]
    assert frame["missing_share"].tolist() == pytest.approx([3 / 7, 0])
    expected = stats.binomtest(2, 4).proportion_ci(0.95, method="wilson")
    assert (frame["lower"][0], frame["upper"][0]) == pytest.approx((expected.low, expected.high))


def test_click_through_rate() -> None:
    assert figures("click_through_rate", TOUCHES)["value"].tolist() == [0.25, 0]


def test_what_follows_later_than_the_reaction_days_does_not_count() -> None:
    assert figures("click_through_rate", TOUCHES, reaction_days=29)["value"].tolist() == [0, 0]
    assert figures("open_rate", TOUCHES, reaction_days=2)["value"].tolist() == [0.25, 0]


def test_a_message_reported_delivered_long_after_it_was_opened_stays_where_it_was_opened() -> None:
    rows = {"touches": [touch(1, "opened", "a", "2025-01-10"), touch(2, "delivered", "a", "2025-03-10")]}
    frame = figures("open_rate", rows)
    assert frame["missing_share"].tolist() == [1]
    assert figures("open_rate", rows, reaction_days=90)["value"].tolist() == [1]


def test_touches_of_nobody_stand_each_in_its_own_month() -> None:
    rows = {"touches": [touch(number, "delivered", None, f"2025-0{number}-10") for number in (1, 2, 3)]}
    assert figures("open_rate", rows)["missing_share"].tolist() == [1, 1, 1]
    clicked = {
        "touches": [touch(number, "clicked", None, f"2025-0{number}-10") for number in (1, 3)],
        "orders": [{"order_id": "o", "ordered_at": "2025-06-01", "customer_id": "a"}],
    }
    missing = figures("conversion_rate", clicked)["missing_share"]
    assert missing.tolist() == pytest.approx([1, float("nan"), 1], nan_ok=True)


def test_what_is_reported_after_the_reaction_days_of_an_unsent_message_changes_nothing() -> None:
    first = [touch(1, "clicked", "a", "2025-01-10"), touch(2, "delivered", "b", "2025-01-10")]
    late = touch(3, "opened", "a", "2025-03-10")
    for name in ("open_rate", "click_through_rate", "click_to_open_rate"):
        before, after = (figures(name, {"touches": rows}) for rows in (first, [*first, late]))
        assert after["missing_share"].tolist() == pytest.approx(before["missing_share"].tolist(), nan_ok=True)


def test_a_message_begun_before_the_start_is_no_message_of_the_start() -> None:
    rows = {
        "touches": [
            touch(1, "delivered", "a", "2025-01-10"),
            touch(2, "delivered", "a", "2025-03-10"),  # the same message reported once more
            touch(3, "delivered", "b", "2025-03-11"),
            touch(4, "opened", "b", "2025-03-12"),
        ]
    }
    whole, since = figures("open_rate", rows), figures("open_rate", rows, start="2025-03-01")
    assert since[["value", "n"]].iloc[0].tolist() == whole[["value", "n"]].iloc[-1].tolist() == [1, 1]


def test_rates_by_channel_and_campaign() -> None:
    frame = figures("open_rate", TOUCHES, "year", by=["channel", "campaign_id"])
    cells = {(row.channel, row.campaign_id): (row.value, row.n) for row in frame.itertuples()}
    assert cells["email", "k1"] == (pytest.approx(2 / 3), 3)
    assert cells["sms", "k2"] == (0, 1)
    assert cells["email", None] == (0, 1)


def test_opening_of_an_undelivered_message_only() -> None:
    found = only("open_rate", {"touches": [touch(1, "opened", "a")]})
    assert (found.n, found.missing_share, found.note) == (0, 1, "none_usable")


REACTIONS = {
    "touches": [
        touch(1, "sent", "a"),
        touch(2, "delivered", "a"),
        touch(3, "opened", "a"),
        touch(4, "clicked", "a", link_id="l1"),
        touch(5, "clicked", "a", link_id="l2"),
        touch(6, "sent", "b", "2025-01-31"),
        touch(7, "delivered", "b", "2025-02-01"),
        touch(8, "clicked", "b", "2025-02-02", link_id="l1"),  # opening not recorded: the click shows it
        touch(9, "unsubscribed", "b", "2025-02-02"),
        touch(10, "sent", "c"),
        touch(11, "bounced", "c"),
        touch(12, "sent", "d"),
        touch(13, "delivered", "e"),  # never reported sent
        touch(14, "opened", "e"),
        touch(15, "complained", "e"),
        touch(16, "sent", None),  # to nobody
        touch(17, "clicked", None, link_id="l1"),
        touch(18, "impression", "a"),
    ]
}


@pytest.mark.parametrize(
    ("name", "value", "n", "missing"),
    [
        ("delivery_rate", 2 / 4, 4, 2 / 6),  # a, b of a, b, c, d; e was not sent, one to nobody
        ("bounce_rate", 1 / 4, 4, 1 / 5),
        ("open_rate", 2 / 3, 3, 0),  # a, e of a, b, e
        ("click_through_rate", 2 / 3, 3, 1 / 4),
        ("click_to_open_rate", 2 / 3, 3, 1 / 4),
        ("unsubscribe_rate", 1 / 3, 3, 0),
        ("spam_complaint_rate", 1 / 3, 3, 0),
    ],
)
def test_rates_of_messages(name: str, value: float, n: int, missing: float) -> None:
    found = only(name, REACTIONS)
    assert (found.value, found.n, found.missing_share) == pytest.approx((value, n, missing))
    successes = round(value * n)
    expected = stats.binomtest(successes, n).proportion_ci(0.95, method="wilson")
    assert (found.lower, found.upper) == pytest.approx((expected.low, expected.high))


def test_delivery_belongs_to_the_month_of_sending() -> None:
    assert figures("delivery_rate", REACTIONS, start="2025-01-01", end="2025-02-28")["n"].tolist() == [4, 0]


def test_clicks_by_link_are_held_against_all_messages() -> None:
    frame = figures("click_through_rate", REACTIONS, "year", by=["link_id", "chain_id"])
    cells = {row.link_id: row for row in frame.itertuples()}
    assert {name: (cell.value, cell.n) for name, cell in cells.items()} == {
        "l1": (pytest.approx(2 / 3), 3),
        "l2": (pytest.approx(1 / 3), 3),
        None: (0, 3),
    }
    assert cells["l2"].missing_share == 1 / 4
    by_campaign = figures("click_through_rate", REACTIONS, "year", by=["campaign_id", "link_id"])
    assert by_campaign["value"].tolist() == pytest.approx([2 / 3, 1 / 3, 0])


def test_no_messages_give_no_rate() -> None:
    assert figures("delivery_rate", {"touches": [touch(1, "visit", "a")]}).empty
