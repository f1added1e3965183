"""NPS, CSI and CLI, counted by hand."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from septima.metrics import MetricError

from .conftest import figures, only

Z = stats.norm.ppf(0.975)


def answers(
    instrument: str, scores: list[object], question: str = "recommend", **more: object
) -> list[dict[str, object]]:
    return [
        {
            "answer_id": f"{instrument}-{question}-{number}-{more}",
            "instrument": instrument,
            "question": question,
            "score": None if score is None else float(score),  # type: ignore[arg-type]
            "at": "2025-05-05",
            **more,
        }
        for number, score in enumerate(scores)
    ]


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


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(-1, 12), min_size=1, max_size=40))
def test_nps_lies_between_minus_one_and_one(scores: list[int]) -> None:
    for name in ("nps", "nps_classic"):
        found = only(name, {"answers": answers(name, list(scores))})
        if found.n:
            assert -1 <= found.lower <= found.value <= found.upper <= 1


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


def questionnaire(number: int, scores: list[object]) -> list[dict[str, object]]:
    return [
        answer
        for item, score in enumerate(scores, start=1)
        for answer in answers("c11", [score], f"q{item:02d}", response_id=f"r{number}")
    ]


FIVE_AND_ONE = {
    "answers": [
        *questionnaire(1, [5] * 11),  # index 1
        *questionnaire(2, [1] * 11),  # index 0
        *questionnaire(3, [3] * 10 + [5]),  # index (10·½ + 1)/11 = 6/11
        *questionnaire(4, [3] * 10),  # one answer short
        *questionnaire(5, [3] * 10 + [6]),  # one off the scale
    ]
}


def test_cli_with_equal_weights() -> None:
    found = only("cli", FIVE_AND_ONE)
    expected = stats.ttest_1samp([1, 0, 6 / 11], 0).confidence_interval(0.95)
    assert (found.value, found.n, found.missing_share) == (pytest.approx((1 + 6 / 11) / 3), 3, pytest.approx(2 / 5))
    assert (found.lower, found.upper) == pytest.approx((max(expected.low, 0), min(expected.high, 1)))


def test_cli_with_given_weights() -> None:
    # Only the last two questions count, 1 : 3: 1, 0 and (½ + 3·1)/4 = 0.875.
    found = only("cli", FIVE_AND_ONE, weights={"q10": 1, "q11": 3})
    assert found.value == pytest.approx(1.875 / 3)


def test_cli_by_distance_to_the_ideal() -> None:
    # Distances 0, √11 and √(10·¼): 1, 0 and 1 − √(2.5/11).
    found = only("cli", FIVE_AND_ONE, form="distance")
    assert found.value == pytest.approx((1 + 1 - math.sqrt(2.5 / 11)) / 3)


def test_cli_with_weights_of_the_first_component() -> None:
    random = np.random.default_rng(11)
    common = random.integers(1, 4, size=(25, 1))
    scores = common + random.integers(0, 3, size=(25, 11))
    rows = {"answers": [row for number, line in enumerate(scores) for row in questionnaire(number, [*line])]}
    grades = (scores - 1) / 4
    loadings = np.abs(np.linalg.svd(grades - grades.mean(axis=0))[2][0])
    expected = (grades @ (loadings / loadings.sum())).mean()
    assert only("cli", rows, weights="first_principal_component").value == pytest.approx(expected)

    own, whole = grades.var(axis=0, ddof=1).sum(), grades.sum(axis=1).var(ddof=1)
    assert only("cli_reliability", rows).value == pytest.approx(1.1 * (1 - own / whole))


def test_a_questionnaire_without_its_number_is_a_customers_of_one_moment() -> None:
    rows = {
        "answers": [
            {**answer, "response_id": None, "customer_id": "c1", "at": at}
            for at in ("2025-05-05", "2025-05-06")
            for answer in questionnaire(1, [5] * 11)
        ]
    }
    assert only("cli", rows).n == 2


@pytest.mark.parametrize(
    ("options", "words"),
    [({"form": "cosine"}, "weighted, distance"), ({"weights": {"q12": 1}}, "q12"), ({"weights": "some"}, "weights")],
)
def test_cli_refuses_what_it_does_not_know(options: dict, words: str) -> None:
    with pytest.raises(MetricError, match=words):
        only("cli", FIVE_AND_ONE, **options)
