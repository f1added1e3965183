"""NPS in its forms, counted by hand."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from septima.metrics import MetricError

from .conftest import figures, only
from .survey_rows import answers, questionnaire

Z = stats.norm.ppf(0.975)


def test_nps_in_the_seed_form() -> None:
    # 8, 9, 10 for; 1, 3.9 against; 4, 7, 7.9 between; 0, 11 and none are unusable: (3 − 2)/8.
    rows = {"answers": answers("nps", [8, 9, 10, 1, 3.9, 4, 7, 7.9, 0, 11, None])}
    found = only("nps", rows)
    assert (found.value, found.n, found.missing_share) == (1 / 8, 8, pytest.approx(3 / 11))
    half = Z * math.sqrt((7 / 10 - (1 / 10) ** 2) / 10)
    assert (found.lower, found.upper) == pytest.approx((0.1 - half, 0.1 + half))


def test_nps_in_the_classic_form() -> None:
    # 9, 10 for; 0, 6 against; 7, 8 between: 0 of 6; the seed form does not see these answers.
    rows = {"answers": answers("nps_classic", [9, 10, 0, 6, 7, 8, 11])}
    found = only("nps_classic", rows)
    assert (found.value, found.n, found.missing_share) == (0, 6, pytest.approx(1 / 7))
    assert figures("nps", rows).empty


def test_the_question_why_is_no_grade() -> None:
    rows = {"answers": answers("nps", [10, 10]) + answers("nps", [None], "why", text="good")}
    found = only("nps", rows)
    assert (found.value, found.n, found.missing_share) == (1, 2, 0)


def test_all_grades_null() -> None:
    found = only("nps", {"answers": answers("nps", [None, None])})
    assert math.isnan(found.value)
    assert (found.n, found.missing_share, found.note) == (0, 1, "none_usable")


@settings(max_examples=10, deadline=None)
@given(st.lists(st.integers(-1, 12), min_size=1, max_size=40))
def test_nps_lies_between_minus_one_and_one(scores: list[int]) -> None:
    for name in ("nps", "nps_classic"):
        found = only(name, {"answers": answers(name, list(scores))})
        if found.n:
            assert -1 <= found.lower <= found.value <= found.upper <= 1


def test_cuts_and_scale_of_ones_own() -> None:
    # On −5…5 from 3 on for, below 1 against: 5, 3 for; 0.9, −5 against; 1, 2.9 between; 6 is off the scale.
    rows = {"answers": answers("nps", [5, 3, 0.9, -5, 1, 2.9, 6])}
    found = only("nps", rows, scale=[-5, 5], promoter_from=3, passive_from=1)
    assert (found.value, found.n, found.missing_share) == (0, 6, pytest.approx(1 / 7))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"promoter_from": 3}, "must ascend"),
        ({"promoter_from": 11}, "must ascend"),
        ({"passive_from": 1}, "must ascend"),
        ({"scale": [10, 1]}, "scale"),
        ({"scale": [1, 5, 10]}, "scale"),
        ({"scale": "0-10"}, "scale"),
        ({"scale": [True, 10]}, "scale"),
    ],
)
@pytest.mark.parametrize("metric", ["nps", "nps_heavy"])
def test_cuts_that_do_not_fit_are_refused(metric: str, options: dict[str, object], words: str) -> None:
    with pytest.raises(MetricError, match=words):
        only(metric, {"answers": answers("nps", [5])}, **options)


def pair(number: int, recommend: object, again: object, **more: object) -> list[dict[str, object]]:
    return questionnaire("nps", f"r{number}", {"recommend": recommend, "buy_again": again}, **more)


HEAVY = {
    "answers": [
        *pair(1, 8, 10, channel="web"),
        *pair(2, 9, 8, channel="web"),
        *pair(3, 10, 3, channel="store"),
        *pair(4, 1, 3.9, channel="store"),
        *pair(5, 4, 7, channel="store"),
        *pair(6, 9, None),  # one grade is absent
        *pair(7, 0, 9),  # one is off the scale
        *questionnaire("nps", "r8", {"recommend": 10}),  # the light form does not ask to buy again
        # Without a number: the customer's answers of one moment, here a promoter twice and no second grade.
        *questionnaire("nps", None, {"recommend": 8, "buy_again": 8}, customer_id="c1", at="2025-05-06"),
        *questionnaire("nps", None, {"recommend": 8, "buy_again": None}, customer_id="c1", at="2025-05-07"),
    ]
}


def test_heavy_form_counts_those_who_promote_twice() -> None:
    # 3 promote on both, 1 detracts on both, of 6 with both grades; 3 more lack one.
    found = only("nps_heavy", HEAVY)
    half = Z * math.sqrt((6 / 8 - (2 / 8) ** 2) / 8)
    assert (found.value, found.n, found.missing_share) == (pytest.approx(2 / 6), 6, pytest.approx(3 / 9))
    assert (found.lower, found.upper) == pytest.approx((2 / 8 - half, 2 / 8 + half))


def test_heavy_form_by_channel() -> None:
    found = figures("nps_heavy", HEAVY, "all", by=["channel"]).set_index("channel")
    assert found.loc["web", ["value", "n"]].tolist() == [1, 2]
    assert found.loc["store", "value"] == pytest.approx(-1 / 3)


def test_heavy_groups_are_shares_of_the_questionnaires() -> None:
    found = figures("nps_heavy_groups", HEAVY, "all", by=["group"])
    known = found[found["group"].notna()].set_index("group")
    assert known["value"].to_dict() == {
        "promoter_promoter": pytest.approx(3 / 6),
        "promoter_detractor": pytest.approx(1 / 6),
        "detractor_detractor": pytest.approx(1 / 6),
        "passive_passive": pytest.approx(1 / 6),
    }
    assert set(known["n"]) == {6}
    assert set(known["missing_share"].round(12)) == {round(3 / 9, 12)}
    expected = stats.binomtest(3, 6).proportion_ci(0.95, method="wilson")
    assert known.loc["promoter_promoter", ["lower", "upper"]].tolist() == pytest.approx([expected.low, expected.high])
    # Without both grades there is no group and no share.
    (unknown,) = found[found["group"].isna()].itertuples()
    assert math.isnan(unknown.value)
    assert unknown.n == 0


def test_heavy_groups_by_channel_sum_to_one_in_each() -> None:
    found = figures("nps_heavy_groups", HEAVY, "all", by=["channel", "group"])
    known = found[found["group"].notna() & found["channel"].notna()]
    assert known.groupby("channel")["value"].sum().to_dict() == pytest.approx({"web": 1, "store": 1})


def test_no_questionnaire_of_the_heavy_form() -> None:
    assert figures("nps_heavy", {"answers": answers("nps", [10, 9])}).empty
    found = only("nps_heavy", {"answers": pair(1, None, None)})
    assert (found.n, found.missing_share, found.note) == (0, 1, "none_usable")


def theme(answer: str, name: str, weight: float = 1.0) -> dict[str, object]:
    return {"answer_id": answer, "theme": name, "weight": weight, "at": "2025-05-05"}


def why(answer: str, response: str | None, **more: object) -> dict[str, object]:
    row = {"answer_id": answer, "instrument": "nps", "question": "why", "response_id": response, "at": "2025-05-05"}
    return row | more


THEMED = {
    "answers": [
        *questionnaire("nps", "r1", {"recommend": 10}),
        *questionnaire("nps", "r2", {"recommend": 2}),
        *questionnaire("nps", "r3", {"recommend": 9}),
        *questionnaire("nps", "r4", {"recommend": 1}),
        *questionnaire("nps", None, {"recommend": 8}, customer_id="c1"),
        *questionnaire("nps", None, {"recommend": 8}, customer_id="c2"),
        *questionnaire("nps", None, {"recommend": 3}),  # nobody knows whose
        why("w1", "r1"),
        why("w2a", "r2"),
        why("w2b", "r2", instrument="csi"),
        why("w3", "r3"),
        why("w5", None, customer_id="c1"),
        why("w6", None, customer_id="c2", at="2025-05-06"),  # another moment
        why("w7", None),
    ],
    "themes": [
        theme("w1", "price"),
        theme("w2a", "price", 0.4),
        theme("w2b", "delivery", 0.6),
        theme("w5", "delivery"),
        theme("w6", "delivery"),
        theme("w7", "price"),
        theme("gone", "price"),
    ],
}


def test_nps_by_the_theme_of_the_questionnaire() -> None:
    found = figures("nps", THEMED, "all", by=["theme"])
    told = found[found["theme"].notna()].set_index("theme")
    # price: r1 for. delivery: r2 against, where it is the surer of two, and the customer c1 for.
    assert told["value"].to_dict() == {"price": 1, "delivery": 0}
    assert told["n"].to_dict() == {"price": 1, "delivery": 2}
    # Without a theme: r3 and c2 for, r4 and the unknown person against.
    assert found[found["theme"].isna()][["value", "n"]].to_numpy().tolist() == [[0, 4]]


def test_heavy_form_by_theme() -> None:
    rows = {"answers": [*HEAVY["answers"], why("w1", "r1"), why("w4", "r4")], "themes": [theme("w1", "price")]}
    found = figures("nps_heavy", rows, "all", by=["theme"])
    assert found[found["theme"].notna()][["theme", "value", "n"]].to_numpy().tolist() == [["price", 1, 1]]
