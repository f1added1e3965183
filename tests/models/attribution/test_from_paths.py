"""Rules counted by hand, paths as they are written, and sums that lose nothing."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from septima.models.attribution import METHODS, RULES, AttributionError, from_paths, read_paths
from septima.models.attribution.rounding import hand_out

TABLE = pd.DataFrame(
    {
        "path": [
            "email > search > direct",
            "search",
            "direct > direct",
            "email > social > search > direct > email",
            "",
        ],
        "conversions": [2, 3, 1, 4, 5],
        "value": ["20.00", "30.00", "1.00", "40.00", "7.77"],
        "nulls": [6, 1, 2, 3, 0],
    }
)
CHANNELS = ("direct", "email", "search", "social")
# Half-lives of one touch: 1 : 2 : 4 of seven, and 1 : 2 : 4 : 8 : 16 of 31.
BY_HAND = {
    "last": (2 + 1, 4, 3, 0),
    "last_non_direct": (1, 4, 2 + 3, 0),
    "first": (1, 2 + 4, 3, 0),
    "linear": (2 / 3 + 1 + 4 / 5, 2 / 3 + 8 / 5, 2 / 3 + 3 + 4 / 5, 4 / 5),
    "time_decay": (
        2 * 4 / 7 + 1 + 4 * 8 / 31,
        2 * 1 / 7 + 4 * 17 / 31,
        2 * 2 / 7 + 3 + 4 * 4 / 31,
        4 * 2 / 31,
    ),
    "position": (
        2 * 0.4 + 1 + 4 * 0.2 / 3,
        2 * 0.4 + 4 * 0.8,
        2 * 0.2 + 3 + 4 * 0.2 / 3,
        4 * 0.2 / 3,
    ),
}


@pytest.mark.parametrize("rule", RULES)
def test_rules_by_hand(rule: str) -> None:
    found = from_paths(TABLE, value="value", nulls="nulls", methods=[rule])[rule]  # pyright: ignore[reportArgumentType]
    assert found.channels == CHANNELS
    assert found.conversions is not None
    assert [float(amount) for amount in found.conversions.amounts] == pytest.approx(BY_HAND[rule], abs=1e-4)
    assert found.conversions.shares == pytest.approx(np.array(BY_HAND[rule]) / 10)


def test_position_of_one_and_two_touches() -> None:
    frame = pd.DataFrame({"path": ["a", "b > c"], "conversions": [1, 1]})
    found = from_paths(frame, methods=["position"])["position"].conversions
    assert found is not None
    assert found.amounts == (Decimal(1), Decimal("0.5"), Decimal("0.5"))


def test_everything_handed_out_and_left_sums_to_the_whole() -> None:
    random = np.random.default_rng(2)
    names = [f"channel {number}" for number in range(7)]
    size = 500
    conversions = random.integers(0, 5, size)
    frame = pd.DataFrame(
        {
            "path": [" > ".join(random.choice(names, random.integers(0, 6))) for _ in range(size)],
            "conversions": conversions,
            "value": [Decimal(int(units)) / 10_000 if n else None for units, n in zip(random.integers(1, 10**11, size), conversions, strict=True)],
            "nulls": random.integers(0, 5, size),
        }
    )  # fmt: skip
    found = from_paths(frame, value="value", nulls="nulls")
    assert tuple(found.methods) == METHODS
    everything = sum((amount for amount in frame["value"] if pd.notna(amount)), Decimal(0))
    assert found.unattributed_value is not None
    for attribution in found.methods.values():
        assert attribution.conversions is not None
        assert attribution.value is not None
        assert sum(attribution.conversions.amounts) + found.unattributed_conversions == int(conversions.sum())
        assert sum(attribution.value.amounts) + found.unattributed_value == everything


def test_what_an_empty_path_brought_stays_unattributed() -> None:
    found = from_paths(TABLE, value="value", methods=["last"])
    assert (found.converted, found.unattributed_conversions) == (10, 5)
    assert found.unattributed_value == Decimal("7.77")
    assert found["last"].value is not None
    assert found["last"].value.total == Decimal("91.00")


def test_largest_remainders() -> None:
    # 10.0000 by 1/3, 1/3, 1/3: one unit is left, for the first of equals.
    assert hand_out(Decimal(10), np.full(3, 1 / 3)) == (Decimal("3.3334"), Decimal("3.3333"), Decimal("3.3333"))
    # Units 1.5, 0.9 and 0.6 of three: down to 1, 0, 0, and one more each for .9 and .6.
    assert hand_out(Decimal("0.0003"), np.array([0.5, 0.3, 0.2])) == (Decimal("0.0001"), Decimal("0.0001"), Decimal("0.0001"))  # fmt: skip
    # Units 4.2 and −1.2: down to 4 and −2, and one more for the .8 of the second.
    assert hand_out(Decimal("0.0003"), np.array([1.4, -0.4])) == (Decimal("0.0004"), Decimal("-0.0001"))
    assert sum(hand_out(Decimal("99999999999999.9999"), np.full(7, 1 / 7))) == Decimal("99999999999999.9999")


def test_names_with_separators_and_backslashes() -> None:
    paths = read_paths([r"a\>b > c\\d >  e f ", None, "  ", r"\\\>"])
    assert paths.channels == (r"\>", "a>b", r"c\d", "e f")
    assert paths.lengths.tolist() == [3, 0, 0, 1]
    assert paths.codes.tolist() == [1, 2, 3, 0]
    assert read_paths(["a > b|c"], separator="|").channels == ("a > b", "c")


@pytest.mark.parametrize("path", ["a > > b", "> a", "a >", ">"])
def test_a_touch_without_a_name_is_refused(path: str) -> None:
    with pytest.raises(AttributionError, match=r"row 2: the path .* has a touch without a name"):
        read_paths(["a", path])


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"conversions": [1, -1]}, "row 2: 'conversions' is below zero"),
        ({"conversions": [1, 0.5]}, "row 2: 'conversions' is not whole"),
        ({"conversions": [None, 1]}, "row 1: 'conversions' is not a number"),
        ({"conversions": ["x", 1]}, "row 1: 'conversions' is not a number"),
        ({"nulls": [1, float("inf")]}, "row 2: 'nulls' is not a number"),
        ({"value": [1, -3]}, "row 2: 'value' is below zero; refunds are no conversions"),
        ({"value": [1, "much"]}, "row 2: 'value' is not an amount of money"),
        ({"value": [float("inf"), 1]}, "row 1: 'value' is no amount of money"),
        ({"conversions": [1, 0]}, "row 2: 'value' is above zero without a conversion"),
    ],
)
def test_wrong_numbers_are_refused_by_row(changed: dict[str, list[object]], message: str) -> None:
    table = {"path": ["a", "b"], "conversions": [1, 1], "value": [1.5, 2.5], "nulls": [0, 0], **changed}
    with pytest.raises(AttributionError, match=message):
        from_paths(pd.DataFrame(table), value="value", nulls="nulls")


def test_wrong_options_are_refused() -> None:
    with pytest.raises(AttributionError, match="no method 'u-shaped'; use one of: last"):
        from_paths(TABLE, methods=["u-shaped"])  # pyright: ignore[reportArgumentType]
    with pytest.raises(AttributionError, match="no column 'revenue'; it has: path, conversions, value, nulls"):
        from_paths(TABLE, value="revenue")
    with pytest.raises(AttributionError, match="1 to 4 or 'auto', not 7"):
        from_paths(TABLE, order=7)  # pyright: ignore[reportArgumentType]
    with pytest.raises(AttributionError, match="half-life must be above zero"):
        from_paths(TABLE, half_life=0)
    with pytest.raises(AttributionError, match="the separator ' ' cannot part names"):
        from_paths(TABLE, separator=" ")


def test_no_conversions_is_said_and_gives_no_figure() -> None:
    found = from_paths(pd.DataFrame({"path": ["a > b"], "conversions": [0], "nulls": [9]}), nulls="nulls")
    for attribution in found.methods.values():
        assert attribution.conversions is None
        assert [statement.en for statement in attribution.statements] == [
            "No path ended in a conversion, so there is nothing to hand out."
        ]


def test_an_empty_table_gives_no_figure() -> None:
    empty = pd.DataFrame({"path": [], "conversions": [], "value": []})
    for attribution in from_paths(empty, value="value").methods.values():
        assert (attribution.conversions, attribution.value, attribution.channels) == (None, None, ())


def test_one_channel_has_everything_and_no_interval() -> None:
    found = from_paths(pd.DataFrame({"path": ["a", "a > a"], "conversions": [5, 2], "nulls": [3, 1]}), nulls="nulls")
    for attribution in found.methods.values():
        assert attribution.conversions is not None
        assert attribution.conversions.amounts == (Decimal(7),)
        assert np.isnan(attribution.conversions.lower).all()
        assert any(
            statement.en.startswith("All conversions came through one channel") for statement in attribution.statements
        )


def test_conversions_without_money_hand_out_their_number_only() -> None:
    found = from_paths(pd.DataFrame({"path": ["a", "b"], "conversions": [5, 2], "value": [0, 0]}), value="value")
    for attribution in found.methods.values():
        assert attribution.conversions is not None
        assert attribution.value is None
        assert any("adds up to nothing" in statement.en for statement in attribution.statements)


def test_interval_of_a_rule_is_that_of_a_share() -> None:
    # By the last touch a has a binomial share: 300 of 1,000, give or take 1.96 × √(0.3 × 0.7 / 1,000) = 0.0284.
    frame = pd.DataFrame({"path": ["a", "b"], "conversions": [300, 700]})
    widths = []
    for seed in range(60):
        found = from_paths(frame, methods=["last"], seed=seed)["last"].conversions
        assert found is not None
        widths.append((found.upper[0] - found.lower[0]) / 2)
    # Student's t of 15 degrees is 2.131, and the mean of χ with 15 degrees over √15 is 0.983.
    assert np.mean(widths) == pytest.approx(2.131 * 0.983 * np.sqrt(0.21 / 1000), rel=0.08)
