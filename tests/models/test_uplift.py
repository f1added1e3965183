"""Effects of experiments against SciPy and tea-tasting."""

import numpy as np
import pandas as pd
import pytest
import tea_tasting as tt
from scipy import stats

from septima.models import uplift


def test_welch_is_that_of_scipy() -> None:
    treated, control = np.array([12.0, 15, 9, 20, 31]), np.array([8.0, 11, 10, 9, 7, 6, 14])
    parts = np.array([treated.var(ddof=1) / 5, control.var(ddof=1) / 7])
    degrees = uplift.welch_degrees(np.array([parts.sum()]), np.array([parts[0] ** 2 / 4 + parts[1] ** 2 / 6]))
    lower, upper = uplift.welch(np.array([treated.mean() - control.mean()]), np.array([parts.sum()]), degrees)
    expected = stats.ttest_ind(treated, control, equal_var=False).confidence_interval(0.95)
    assert (lower[0], upper[0]) == pytest.approx((expected.low, expected.high))


def test_no_degrees_no_interval() -> None:
    assert np.isnan(uplift.welch(np.array([1.0]), np.array([np.nan]), np.array([np.nan]))).all()


def test_arms_that_do_not_vary_have_no_interval() -> None:
    degrees = uplift.welch_degrees(np.array([0.0]), np.array([0.0]))
    assert np.isnan(uplift.welch(np.array([3.0]), np.array([0.0]), degrees)).all()


def test_sample_ratio_is_that_of_scipy() -> None:
    expected = stats.chisquare([120, 95, 85], [100, 100, 100]).pvalue
    assert uplift.sample_ratio_p_value(np.array([[120.0, 95, 85]]), [1, 1, 1])[0] == pytest.approx(expected)


def test_sample_ratio_is_that_of_tea_tasting() -> None:
    data = pd.DataFrame({"variant": [0] * 5400 + [1] * 94_600})
    # Its normal approximation of the binomial, uncorrected, is the square root of χ².
    check = tt.SampleRatio(19, method="norm", correction=False).analyze(data, 0, 1, variant="variant")
    p = uplift.sample_ratio_p_value(np.array([[5400.0, 94_600]]), [0.05, 0.95])
    assert p[0] == pytest.approx(check.pvalue)
    assert p[0] < uplift.MISMATCH
