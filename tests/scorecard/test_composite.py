"""The printed formulas and what they refuse."""

import math
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from septima.schema import SeptimaError
from septima.scorecard import CompositeError, ckpi, ckpi_integral, rescale
from septima.scorecard.composite import aggregate

SUPPORT = {"cli": 0.75, "nps": 0.4, "cci": 0.1}
PRINTED_WEIGHTS = {"cli": 1.2, "nps": 0.9, "cci": 0.9}

finite = st.floats(-1e6, 1e6)
ids = st.text("abcdefgh", min_size=1, max_size=4)
positive_weights = st.dictionaries(ids, st.floats(0.01, 100), min_size=1, max_size=8)


def test_ckpi_of_customer_support_is_the_printed_formula() -> None:
    # By hand: (1.2·0.75 + 0.9·0.4 + 0.9·0.1) / 3 = (0.9 + 0.36 + 0.09) / 3 = 1.35 / 3.
    assert ckpi(SUPPORT, PRINTED_WEIGHTS) == pytest.approx(0.45, abs=1e-15)


def test_ckpi_integral_of_seven_perspectives_divides_by_seven() -> None:
    composites = {
        "support": 0.45,
        "marketing": 0.2,
        "sales": 0.3,
        "governance": 0.9,
        "operations": 1.1,
        "hr": 0.95,
        "finance": 0.4,
    }
    weights = {"support": 2, "marketing": 1, "sales": 1, "governance": 0.5, "operations": 1, "hr": 0.5, "finance": 1}
    # By hand: 0.9 + 0.2 + 0.3 + 0.45 + 1.1 + 0.475 + 0.4 = 3.825.
    assert ckpi_integral(composites, weights) == pytest.approx(3.825 / 7, abs=1e-15)


def test_weights_that_do_not_average_one_are_refused_with_the_sum_and_weights_that_would_do() -> None:
    with pytest.raises(ValueError, match=r"add up to 2\.4, but must add up to 3") as refused:
        ckpi(SUPPORT, {"cli": 1.2, "nps": 0.6, "cci": 0.6})
    assert "cli: 1.5, nps: 0.75, cci: 0.75" in str(refused.value)
    assert isinstance(refused.value, SeptimaError)


def test_the_sum_may_err_by_a_billionth_and_no_more() -> None:
    assert ckpi({"a": 2.0}, {"a": 1 + 9e-10}) == pytest.approx(2.0)
    with pytest.raises(CompositeError, match="must add up to 1"):
        ckpi({"a": 2.0}, {"a": 1 + 2e-9})


@pytest.mark.parametrize(
    ("values", "weights", "message"),
    [
        ({"cli": 1.0, "nps": 1.0}, {"cli": 1.0, "npx": 1.0}, "no weight for 'nps'.*no value for 'npx'"),
        ({"cli": math.nan}, {"cli": 1.0}, "value of 'cli' is nan"),
        ({"cli": math.inf}, {"cli": 1.0}, "value of 'cli' is inf"),
        ({"cli": 1.0, "nps": 1.0}, {"cli": 3.0, "nps": -1.0}, "weight of 'nps' is -1.0; a weight must be 0 or more"),
        ({"cli": 1.0}, {"cli": math.nan}, "weight of 'cli' is nan"),
        ({}, {}, "at least one value"),
    ],
)
def test_what_gives_no_composite_is_refused_and_named(
    values: dict[str, float], weights: dict[str, float], message: str
) -> None:
    with pytest.raises(CompositeError, match=message):
        ckpi(values, weights)


@given(positive_weights)
def test_rescaled_weights_are_accepted_and_keep_the_proportions(weights: dict[str, float]) -> None:
    rescaled = rescale(weights)
    assert ckpi(dict.fromkeys(weights, 5.0), rescaled) == pytest.approx(5.0)
    mean = sum(weights.values()) / len(weights)
    # Four decimals each; the largest also takes up what rounding left of all the others.
    for key, weight in weights.items():
        assert rescaled[key] == pytest.approx(weight / mean, abs=0.00005 * len(weights) + 1e-9)


def test_weights_of_nothing_but_zeros_become_equal() -> None:
    assert rescale({"a": 0.0, "b": 0.0}) == {"a": 1.0, "b": 1.0}


@given(st.dictionaries(ids, st.tuples(finite, st.floats(0.01, 100)), min_size=1, max_size=8), st.randoms())
def test_the_order_of_the_inputs_does_not_matter(inputs: dict[str, tuple[float, float]], random: object) -> None:
    weights = rescale({key: weight for key, (_, weight) in inputs.items()})
    values = {key: value for key, (value, _) in inputs.items()}
    shuffled = list(inputs)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert ckpi({key: values[key] for key in shuffled}, weights) == ckpi(values, weights)


def test_arithmetic_aggregation_is_the_weighted_mean() -> None:
    assert aggregate({"a": 20.0, "b": 80.0}, {"a": 1.5, "b": 0.5}, "arithmetic") == pytest.approx(35.0)


def test_geometric_aggregation_is_the_weighted_root_of_the_product() -> None:
    assert aggregate({"a": 25.0, "b": 100.0}, {"a": 1.0, "b": 1.0}, "geometric") == pytest.approx(50.0)
    # (16^1.5 · 81^0.5)^(1/2) = (64 · 9)^(1/2) = 24.
    assert aggregate({"a": 16.0, "b": 81.0}, {"a": 1.5, "b": 0.5}, "geometric") == pytest.approx(24.0)


def test_geometric_aggregation_takes_less_than_one_for_one() -> None:
    assert aggregate({"a": 0.0, "b": 100.0}, {"a": 1.0, "b": 1.0}, "geometric") == pytest.approx(10.0)


@given(st.lists(st.floats(1, 100), min_size=1, max_size=6))
def test_the_geometric_mean_never_exceeds_the_arithmetic_one(scores: list[float]) -> None:
    values = {str(position): score for position, score in enumerate(scores)}
    equal = dict.fromkeys(values, 1.0)
    assert aggregate(values, equal, "geometric") <= aggregate(values, equal, "arithmetic") + 1e-9


def test_importing_ckpi_loads_neither_an_engine_nor_frames() -> None:
    program = (
        "import sys; from septima.scorecard import ckpi; "
        "print([name for name in ('ibis', 'pandas', 'numpy', 'duckdb', 'babel') if name in sys.modules])"
    )
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"
