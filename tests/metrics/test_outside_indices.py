"""RAPID and indices computed elsewhere, counted by hand."""

import math

import pytest
from scipy import stats

from septima.metrics import MetricError

from .conftest import figures, only
from .survey_rows import answers, questionnaire

RAPID = {
    "answers": [
        *questionnaire("rapid", "r1", {"r1": 10, "r2": 8, "a1": 7, "a2": 0, "a3": 2, "p1": 5}, channel="web"),
        *questionnaire("rapid", "r2", {"r1": 4, "r2": None, "a1": 9, "a2": 9, "a3": 9, "p1": 11}, channel="web"),
        *questionnaire("rapid", "r3", {"r1": None, "r2": 12, "a1": 10}, channel="store"),
        *questionnaire("rapid", "r4", {"recommend": 1, "product": 1, "r": 1, "why": None}),  # no items
        *questionnaire("nps", "r5", {"r1": 1}),
    ]
}


@pytest.mark.parametrize(
    ("metric", "means", "asked"),
    [
        ("retention_loyalty_index", [9, 4], 3),  # (10 + 8)/2, 4 alone; none usable in r3
        ("advocacy_loyalty_index", [3, 9, 10], 3),
        ("purchasing_loyalty_index", [5], 2),  # 11 is off the scale; r3 does not ask
    ],
)
def test_rapid_is_the_mean_over_questionnaires_of_the_mean_of_items(metric: str, means: list[int], asked: int) -> None:
    found = only(metric, RAPID)
    assert (found.value, found.n) == (pytest.approx(sum(means) / len(means)), len(means))
    assert found.missing_share == pytest.approx(1 - len(means) / asked)
    if len(means) > 1:
        expected = stats.ttest_1samp(means, 0).confidence_interval(0.95)
        assert (found.lower, found.upper) == pytest.approx((expected.low, expected.high))
    else:
        assert math.isnan(found.lower)


def test_rapid_by_channel() -> None:
    found = figures("advocacy_loyalty_index", RAPID, "all", by=["channel"]).set_index("channel")
    assert found.loc[["web", "store"], "value"].tolist() == [6, 10]


INDEX = {
    "answers": [
        *answers("index", [60, 80, 100, 101, None], "brand_health"),
        *answers("index", [0, 50], "trust", channel="web"),
        *answers("index", [None], "why"),
    ]
}


def test_imported_index_by_name() -> None:
    found = figures("imported_index", INDEX, "all", by=["question"]).set_index("question")
    expected = stats.ttest_1samp([60, 80, 100], 0).confidence_interval(0.95)
    brand = found.loc["brand_health"]
    assert (brand["value"], brand["n"], brand["missing_share"]) == (80, 3, pytest.approx(2 / 5))
    assert (brand["lower"], brand["upper"]) == pytest.approx((expected.low, expected.high))
    assert found.loc["trust", "value"] == 25
    assert "mixed_indices" not in set(found["note"])


def test_several_indices_averaged_as_one_are_noted() -> None:
    found = only("imported_index", INDEX)
    assert (found.value, found.n, found.note) == (58, 5, "mixed_indices")


def test_imported_index_of_another_scale_is_moved_to_a_hundred() -> None:
    # 1, 2 and 4 on 0…4: 25, 50 and 100; 5 is off the scale.
    found = only("imported_index", {"answers": answers("index", [1, 2, 4, 5], "loyalty")}, scale=[0, 4])
    assert (found.value, found.n, found.missing_share) == (pytest.approx(175 / 3), 3, 0.25)


def test_a_scale_that_is_none_is_refused() -> None:
    with pytest.raises(MetricError, match=r"such as \[0, 10\]"):
        only("imported_index", INDEX, scale=5)
