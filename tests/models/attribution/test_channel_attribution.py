"""Equality with the package ChannelAttribution, where somebody has installed it (it is under the GPL, so Septima does not)."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from septima.models.attribution import from_paths

peer: Any = pytest.importorskip("ChannelAttribution")


@pytest.fixture(scope="module")
def simulated() -> pd.DataFrame:
    random = np.random.default_rng(1)
    names = np.array(["a", "b", "c", "d", "e"])
    following = random.dirichlet(np.ones(5) / 2, 5)
    paths: list[str] = []
    for length in random.geometric(0.3, 3_000).clip(1, 12):
        path = [int(random.integers(5))]
        while len(path) < length:
            path.append(int(random.choice(5, p=following[path[-1]])))
        paths.append(" > ".join(names[path]))
    conversions = random.poisson(2, len(paths))
    value = np.round(conversions * random.gamma(2, 50, len(paths)), 2)
    return pd.DataFrame({"path": paths, "conv": conversions, "value": value, "null": random.poisson(6, len(paths))})


@pytest.mark.parametrize("rule", ["first", "last", "linear"])
def test_rules_to_the_cent(simulated: pd.DataFrame, rule: Any) -> None:
    theirs = peer.heuristic_models(simulated, "path", "conv", "value", flg_pro=False).set_index("channel_name")
    ours = from_paths(simulated, "path", "conv", "value", methods=[rule])[rule]
    for name, credit in (("conversions", ours.conversions), ("value", ours.value)):
        assert credit is not None
        column = theirs.loc[list(ours.channels), f"{rule}_touch_{name}"]
        assert [float(amount) for amount in credit.amounts] == pytest.approx(list(column), abs=0.005)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_markov_within_the_simulation_error(simulated: pd.DataFrame, order: Any) -> None:
    theirs = peer.markov_model(
        simulated, "path", "conv", "value", "null", order=order, nsim_start=1_000_000, max_step=100_000,
        out_more=True, seed=1, flg_pro=False,
    )["removal_effects"].set_index("channel_name")  # fmt: skip
    ours = from_paths(simulated, "path", "conv", "value", "null", methods=["markov"], order=order)["markov"]
    assert ours.markov is not None
    column = theirs.loc[list(ours.channels), "removal_effects_conversion"]
    assert ours.markov.removal_effects == pytest.approx(np.array(column), abs=0.01)
