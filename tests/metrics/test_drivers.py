"""Relative weights of the questions of C11, against singular values by NumPy."""

import numpy as np
import pytest

from septima.metrics import MetricError

from .conftest import figures, only
from .test_loyalty_index import c11, sample


def johnson(drivers: np.ndarray, outcome: np.ndarray) -> np.ndarray:
    """Relative weights by the way of the paper: Z = PQ′ of the singular values X = PΔQ′ of the standardised drivers."""
    x = (drivers - drivers.mean(axis=0)) / drivers.std(axis=0) / np.sqrt(len(drivers))
    y = (outcome - outcome.mean()) / outcome.std() / np.sqrt(len(outcome))
    p, _, q = np.linalg.svd(x, full_matrices=False)
    z = p @ q
    return (z.T @ x).T ** 2 @ (z.T @ y) ** 2


@pytest.mark.parametrize("outcome", ["q03", "q11"])
def test_importance_by_question_and_as_a_whole(outcome: str) -> None:
    scores, rows = sample(120)
    rows["answers"] += c11(999, [5] * 10)  # incomplete
    place = int(outcome[1:]) - 1
    others = np.delete(scores, place, axis=1).astype(float)
    found = figures("driver_importance", rows, "all", by=["question"], outcome=outcome)
    assert found["question"].tolist() == [f"q{item:02d}" for item in range(1, 12) if item != place + 1]
    assert found["value"].to_numpy() == pytest.approx(johnson(others, scores[:, place]))

    whole = only("driver_importance", rows, outcome=outcome)
    design = np.column_stack([np.ones(len(others)), others])
    residuals = scores[:, place] - design @ np.linalg.lstsq(design, scores[:, place], rcond=None)[0]
    assert whole.value == pytest.approx(1 - residuals.var() / scores[:, place].var())
    assert whole.value == pytest.approx(found["value"].sum())
    assert (whole.n, whole.missing_share) == (120, pytest.approx(1 / 121))
    assert ((found["lower"] <= found["value"]) & (found["value"] <= found["upper"])).all()


def test_too_few_questionnaires_for_ten_drivers() -> None:
    _, rows = sample(11)
    assert np.isnan(only("driver_importance", rows).value)


def test_an_outcome_that_is_no_question_is_refused() -> None:
    with pytest.raises(MetricError, match="q01, q02"):
        only("driver_importance", sample(20)[1], outcome="q12")
