"""CLI by C11, counted by hand and with NumPy."""

import math

import numpy as np
import pytest
from scipy import stats

from septima.metrics import MetricError

from .conftest import figures, only
from .survey_rows import questionnaire


def c11(number: int, scores: list[object]) -> list[dict[str, object]]:
    return questionnaire("c11", f"r{number}", {f"q{item:02d}": score for item, score in enumerate(scores, start=1)})


FIVE_AND_ONE = {
    "answers": [
        *c11(1, [5] * 11),  # index 1
        *c11(2, [1] * 11),  # index 0
        *c11(3, [3] * 10 + [5]),  # index (10·½ + 1)/11 = 6/11
        *c11(4, [3] * 10),  # one answer short
        *c11(5, [3] * 10 + [6]),  # one off the scale
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
    rows = {"answers": [row for number, line in enumerate(scores) for row in c11(number, [*line])]}
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
            for answer in c11(1, [5] * 11)
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


def sample(size: int) -> tuple[np.ndarray, dict[str, list[dict[str, object]]]]:
    random = np.random.default_rng(3)
    scores = np.clip(random.integers(1, 5, size=(size, 1)) + random.integers(-1, 3, size=(size, 11)), 1, 5)
    return scores, {"answers": [row for number, line in enumerate(scores) for row in c11(number, [*line])]}


def test_item_rest_correlation_by_question() -> None:
    scores, rows = sample(40)
    rows["answers"] += c11(99, [5] * 10)  # incomplete
    found = figures("item_rest_correlation", rows, "all", by=["question"])
    assert found["question"].tolist() == [f"q{item:02d}" for item in range(1, 12)]
    for place, figure in enumerate(found.itertuples()):
        expected = stats.pearsonr(scores[:, place], np.delete(scores, place, axis=1).sum(axis=1))
        bounds = expected.confidence_interval(0.95)
        assert figure.value == pytest.approx(expected.statistic)
        assert (figure.lower, figure.upper) == pytest.approx((bounds.low, bounds.high))
        assert (figure.n, figure.missing_share) == (40, pytest.approx(1 / 41))


def test_item_rest_correlation_as_a_whole_is_the_mean_of_fishers_z() -> None:
    scores, rows = sample(40)
    z = [
        np.arctanh(stats.pearsonr(scores[:, place], np.delete(scores, place, axis=1).sum(axis=1)).statistic)
        for place in range(11)
    ]
    found = only("item_rest_correlation", rows)
    half = stats.norm.ppf(0.975) / math.sqrt(37)
    assert found.value == pytest.approx(np.tanh(np.mean(z)))
    assert (found.lower, found.upper) == pytest.approx((np.tanh(np.mean(z) - half), np.tanh(np.mean(z) + half)))


def test_a_question_that_all_answer_alike_has_no_correlation() -> None:
    rows = {"answers": [*c11(1, [1] * 10 + [5]), *c11(2, [5] * 11), *c11(3, [3] * 10 + [5])]}
    found = figures("item_rest_correlation", rows, "all", by=["question"]).set_index("question")
    assert math.isnan(found.loc["q11", "value"])
    assert found.loc["q01", "value"] == pytest.approx(1)
