"""CSI, and feelings against expectations, counted by hand."""

import math

import pytest
from scipy import stats

from septima.metrics import MetricError

from .conftest import figures, only
from .survey_rows import answers, questionnaire

Z = stats.norm.ppf(0.975)

CSI = {
    "answers": [
        *answers("csi", [5, 4, 3, 2, 6, None], "overall", department="claims"),
        *answers("csi", [5, 5], "speed"),
        *answers("csi", [1, 3, 2], "care"),
        *answers("csi", [None], "why"),
    ]
}


def test_csi_is_the_mean_grade_of_the_whole() -> None:
    found = only("csi", CSI)
    expected = stats.ttest_1samp([5, 4, 3, 2], 0).confidence_interval(0.95)
    assert (found.value, found.n, found.missing_share) == (3.5, 4, pytest.approx(1 / 3))
    assert (found.lower, found.upper) == pytest.approx((expected.low, expected.high))
    assert figures("csi", CSI, by=["department"])["department"].tolist() == ["claims"]


def test_csi_share_of_satisfied() -> None:
    found = only("csi_top_2_box", CSI)
    expected = stats.binomtest(2, 4).proportion_ci(0.95, method="wilson")
    assert (found.value, found.n) == (0.5, 4)
    assert (found.lower, found.upper) == pytest.approx((expected.low, expected.high))


def test_csi_weighted_by_importance() -> None:
    # speed 5 (no variance), care 2 with variance 1 over 3 grades: (3·5 + 1·2)/4, variance (1/4)²·1/3.
    found = only("csi_weighted", CSI, weights={"speed": 3, "care": 1})
    half = Z * math.sqrt(1 / 16 / 3)
    assert (found.value, found.n, found.missing_share) == (4.25, 5, 0)
    assert (found.lower, found.upper) == pytest.approx((4.25 - half, 4.25 + half))
    assert only("csi_weighted", CSI).value == 3.5


@pytest.mark.parametrize("weights", [{"speed": -1}, {"speed": 0}, {"speed": "much"}, {"speed": math.inf}, "heavy", {}])
def test_weights_that_are_none_are_refused(weights: object) -> None:
    with pytest.raises(MetricError, match="weight"):
        only("csi_weighted", CSI, weights=weights)


def feelings(number: int, expectation: object, experience: object, **more: object) -> list[dict[str, object]]:
    return questionnaire("feelings", f"r{number}", {"expectation": expectation, "experience": experience}, **more)


FEELINGS = {
    "answers": [
        *feelings(1, 3, 5, channel="web"),  # from satisfaction to delight
        *feelings(2, 4, 2, channel="web"),  # from joy to displeasure
        *feelings(3, 3, 4),
        *feelings(4, 5, 5),
        *feelings(5, 4, None),
        *feelings(6, 6, 5),  # no such feeling to expect
        *feelings(7, 3.5, 1),  # nor is there one between two
    ]
}


def test_experience_gap_is_a_paired_difference() -> None:
    found = only("experience_gap", FEELINGS)
    expected = stats.ttest_rel([5, 2, 4, 5], [3, 4, 3, 5]).confidence_interval(0.95)
    assert (found.value, found.n, found.missing_share) == (0.25, 4, pytest.approx(3 / 7))
    assert (found.lower, found.upper) == pytest.approx((expected.low, expected.high))
    by_channel = figures("experience_gap", FEELINGS, "all", by=["channel"]).set_index("channel")
    assert by_channel.loc["web", "value"] == 0


def test_exceeded_expectations() -> None:
    found = only("exceeded_expectations", FEELINGS)
    expected = stats.binomtest(2, 4).proportion_ci(0.95, method="wilson")
    assert (found.value, found.n, found.missing_share) == (0.5, 4, pytest.approx(3 / 7))
    assert (found.lower, found.upper) == pytest.approx((expected.low, expected.high))


def test_delight_needs_no_expectation() -> None:
    found = only("delighted_share", FEELINGS)
    assert (found.value, found.n, found.missing_share) == (pytest.approx(3 / 6), 6, pytest.approx(1 / 7))


def test_feelings_where_none_is_known() -> None:
    rows = {"answers": feelings(1, None, None)}
    for metric in ("experience_gap", "exceeded_expectations", "delighted_share"):
        found = only(metric, rows)
        assert (found.n, found.missing_share, found.note) == (0, 1, "none_usable")
