"""Equality with the package `lifetimes`, which fits the same models by other numerics, on the CDNOW summary that it ships."""

import warnings
from typing import Any

import numpy as np
import pytest
from lifetimes import BetaGeoFitter, GammaGammaFitter, ParetoNBDFitter
from lifetimes.datasets import load_cdnow_summary, load_cdnow_summary_data_with_monetary_value

from septima.models.lifetime import fit_bg_nbd, fit_gamma_gamma, fit_pareto_nbd

WEEKS = 39.0


@pytest.fixture(scope="module", autouse=True)
def _quiet() -> Any:
    """The package steps outside the domain of a logarithm on its way."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.fixture(scope="module")
def cdnow() -> Any:
    return load_cdnow_summary()


@pytest.mark.parametrize(("theirs", "ours"), [(BetaGeoFitter, fit_bg_nbd), (ParetoNBDFitter, fit_pareto_nbd)])
def test_models_of_purchases_agree_customer_by_customer(cdnow: Any, theirs: Any, ours: Any) -> None:
    given = [cdnow[name] for name in ("frequency", "recency", "T")]
    peer, model = theirs().fit(*given), ours(*given)
    assert list(model.params.values()) == pytest.approx(list(peer.params_), rel=5e-3)
    x, recency, age = (np.asarray(column, np.float64) for column in given)
    alive = np.asarray(peer.conditional_probability_alive(x, recency, age), np.float64)
    expected = np.asarray(peer.conditional_expected_number_of_purchases_up_to_time(WEEKS, x, recency, age), np.float64)
    assert model.p_alive(frequency=x, recency=recency, T=age) == pytest.approx(alive, abs=2e-3)
    assert model.expected_purchases(WEEKS, frequency=x, recency=recency, T=age) == pytest.approx(
        expected, rel=5e-3, abs=1e-3
    )


def test_gamma_gamma_agrees() -> None:
    frame = load_cdnow_summary_data_with_monetary_value()
    again = frame[frame["frequency"] > 0]
    peer = GammaGammaFitter().fit(again["frequency"], again["monetary_value"])
    model = fit_gamma_gamma(again["frequency"], again["monetary_value"])
    assert [model.params[name] for name in ("p", "q", "gamma")] == pytest.approx(
        [peer.params_[name] for name in ("p", "q", "v")], rel=5e-3
    )
    theirs = peer.conditional_expected_average_profit(again["frequency"], again["monetary_value"])
    assert model.expected_value(again["frequency"], again["monetary_value"]) == pytest.approx(
        np.asarray(theirs), rel=2e-3
    )
