"""What goes into an exchange file, what is left out, and how noise protects it."""

import json
import math
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from septima.metrics import Passport
from septima.metrics.estimates import POISSON, STUDENT, WILSON
from septima.scorecard.benchmark.errors import BenchmarkError
from septima.scorecard.benchmark.exchange import TRADES, Exchange, band_of, exchange_of
from septima.scorecard.benchmark.files import checked, signed_bytes
from septima.scorecard.benchmark.privacy import (
    Reach,
    Spent,
    entry_slope,
    noisy,
    normalised_slope,
    reach_of_composite,
    reach_of_mean,
    read_ledger,
    spend,
)
from septima.scorecard.benchmark.signature import new_key
from septima.scorecard.card import Figure
from septima.scorecard.composite import aggregate, ckpi
from septima.scorecard.normalise import Rule, Thresholds, enter, normalise
from septima.scorecard.starter import TRADES as TEMPLATES
from tests.scorecard.stand_ins import METRICS, card_of, definition_of, history

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
DEFINITION = definition_of("""
perspectives:
- id: customer_support
  kpis:
  - {id: nps, weight: 1.2, target: 0.5, normalisation: min_max, worst: -1, best: 1}
  - {id: open_rate, weight: 0.8, target: 0.8}
- id: sales
  kpis:
  - {id: churn_rate, weight: 1, target: 0.2}
own:
- {id: revenue, target: 100}
- {id: complaints, target: 10}
""")


def passport(identifier: str = "open_rate", **changed: object) -> Passport:
    return replace(METRICS[identifier].passport, **changed)  # type: ignore[arg-type]


PASSPORTS = {
    **{name: metric.passport for name, metric in METRICS.items()},
    "nps": passport("nps", bounds=(-1.0, 1.0)),
    "open_rate": passport(interval=WILSON),
    "churn_rate": passport("churn_rate", interval=WILSON),
    "complaints": passport("complaints", interval=POISSON),
}


def card(nps_n: float = 250, churn_n: float = 40, complaints_n: float = 900):
    return card_of(
        DEFINITION,
        nps=history(0.3, Figure(0.4, 0.3, 0.5), n=nps_n),
        open_rate=history(0.5, Figure(0.6, 0.5, 0.7), n=1000),
        churn_rate=history(0.2, Figure(0.1, 0.05, 0.2), n=churn_n),
        revenue=history(90.0, Figure(95.0, 90.0, 100.0), n=300),
        complaints=history(9.0, Figure(8.0, 7.0, 9.0), n=complaints_n),
    )


def shared(**given: object) -> Exchange:
    options: dict[str, object] = {"trade": "government", "now": NOW, **given}
    return exchange_of(options.pop("card", card()), DEFINITION, PASSPORTS, **options)  # type: ignore[arg-type]


def test_composites_are_those_of_the_card_with_bands_of_n():
    made = shared(name="Участник 7", country="KZ")
    # By hand: (1.2·0.4 + 0.8·0.6) / 2 = 0.48; of 0–100: nps (0.4 + 1) / 2 = 70, opened 0.6 / 0.8 = 75; 1.2·70 + 0.8·75 = 144 / 2.
    support, sales = made.perspectives
    assert support.printed.value == pytest.approx(0.48)
    assert support.normalised.value == pytest.approx(72.0)
    assert support.n == (200, 499)
    assert (sales.n, sales.metrics) == ((20, 49), ("churn_rate",))
    assert made.integral is not None
    # Less churn is better, so sales enters as 1 − 0.1 and CKPIint is (0.48 + 0.9) / 2.
    assert made.integral.printed.value == pytest.approx(0.69)
    assert made.integral.n == (20, 49)
    assert (made.organisation, made.pseudonym, made.country) == ("Участник 7", True, "KZ")
    assert made.metrics == made.left_out == ()


def test_the_file_holds_no_field_for_persons_slices_or_remarks():
    content = json.loads(signed_bytes(shared(with_metrics=True), new_key()))["content"]
    assert set(content) == {
        "organisation", "pseudonym", "trade", "country", "period", "start", "end", "made_at", "k", "normalisation",
        "aggregation", "integral", "perspectives", "metrics", "left_out", "noise",
    }  # fmt: skip
    assert set(content["perspectives"][0]) == {"id", "name", "weight", "metrics", "n", "printed", "normalised"}
    assert set(content["metrics"][0]) == {"id", "unit", "n", "figure"}


def test_metrics_of_the_catalogue_are_shared_where_asked_for_but_no_amounts():
    made = shared(with_metrics=True)
    assert [one.id for one in made.metrics] == ["nps", "open_rate", "churn_rate", "complaints"]
    assert made.metrics[0].figure == Figure(0.4, 0.3, 0.5)
    assert checked(signed_bytes(made, new_key()), Path("a.json"), now=NOW).content == made


def test_a_figure_of_fewer_than_k_records_is_left_out_with_all_that_holds_it():
    made = shared(card=card(churn_n=4), with_metrics=True)
    assert [one.id for one in made.perspectives] == ["customer_support"]
    assert made.integral is None
    assert {(one.id, one.why) for one in made.left_out} == {
        ("sales", "too_few"),
        ("integral", "too_few"),
        ("churn_rate", "too_few"),
    }
    assert "churn_rate" not in {one.id for one in made.metrics}


def test_k_can_be_raised_but_not_lowered():
    assert [one.id for one in shared(k=41).perspectives] == ["customer_support"]
    with pytest.raises(BenchmarkError, match="never shared: write 5 or more"):
        shared(k=4)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"trade": "piracy"}, "no trade 'piracy'.*online_shop"),
        ({"country": "Kazakhstan"}, "ISO 3166"),
        ({"epsilon": 0.0}, "no epsilon"),
        ({"epsilon": math.nan}, "no epsilon"),
        ({"k": 2000}, "nothing is left to share: .*too few"),
    ],
)
def test_what_cannot_be_shared_is_refused_with_the_remedy(given: dict[str, object], told: str):
    with pytest.raises(BenchmarkError, match=told):
        shared(**given)


def test_a_period_that_is_not_over_is_refused():
    with pytest.raises(BenchmarkError, match="2026-Q3 is not over"):
        shared(card=replace(card(), complete=False))


def test_every_template_has_its_trade():
    assert set(TEMPLATES) - {"general"} <= set(TRADES)


@pytest.mark.parametrize(
    ("n", "k", "band"),
    [(5, 5, (5, 9)), (9.5, 5, (5, 9)), (10, 5, (10, 19)), (49, 5, (20, 49)), (50, 5, (50, 99)), (8, 7, (7, 9)), (1e6, 5, (1_000_000, 1_999_999))],
)  # fmt: skip
def test_bands_by_hand(n: float, k: int, band: tuple[int, int]):
    assert band_of(n, k) == band


@given(st.integers(5, 10**9), st.integers(5, 50))
def test_n_lies_in_its_band(n: int, k: int):
    low, high = band_of(max(n, k), k)
    assert k <= low <= max(n, k) <= high


# Sensitivity: closed forms against brute force over neighbouring samples.


def test_the_sensitivity_of_a_share_is_that_of_every_neighbouring_sample():
    n = 12
    reach = reach_of_mean(passport(interval=WILSON), {}, n)
    assert reach is not None
    assert reach.sensitivity == pytest.approx(1 / n)
    for successes in range(n + 1):
        neighbours = [
            value
            for value in (
                (successes + 1) / n if successes < n else None,
                (successes - 1) / n if successes else None,
                successes / (n + 1),
                (successes + 1) / (n + 1),
                successes / (n - 1) if successes < n else None,
                (successes - 1) / (n - 1) if successes else None,
            )
            if value is not None
        ]
        assert max(abs(value - successes / n) for value in neighbours) <= reach.sensitivity + 1e-12


def test_the_reach_of_means_by_hand():
    csi = passport("nps", id="csi", unit="score_1_5", interval=STUDENT, bounds=None)
    # (5 − 1) / 40 and (5 − 1) / (2·√40).
    assert reach_of_mean(csi, {}, 40) == Reach(pytest.approx(0.1), pytest.approx(0.316227766))  # type: ignore[arg-type]
    assert reach_of_mean(PASSPORTS["nps"], {}, 40) == Reach(pytest.approx(0.05), pytest.approx(0.158113883))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "unbounded",
    [
        passport("revenue", interval=STUDENT),
        passport("complaints", interval=POISSON),
        passport(interval=WILSON, fingerprint="abc"),
        passport(interval=WILSON, primary_data=("predictions.value",)),
    ],
)
def test_what_has_no_bound_has_no_reach(unbounded: Passport):
    assert reach_of_mean(unbounded, {}, 100) is None


def test_weights_from_the_data_have_no_reach():
    cli = passport("cli", interval=STUDENT, bounds=(0.0, 1.0))
    assert reach_of_mean(cli, {"weights": "equal"}, 100) is not None
    assert reach_of_mean(cli, {"weights": "first_principal_component"}, 100) is None


RULES = [
    Rule("target", "more", 0.4),
    Rule("target", "less", 0.2),
    Rule("target", "target", 0.5),
    Rule("min_max", "more", None, -1.0, 1.0),
    Rule("min_max", "target", 0.5, 0.1),
    Rule("piecewise", "more", None, None, None, Thresholds(0.1, 0.4, 0.5)),
]


@pytest.mark.parametrize("rule", RULES)
def test_no_slope_of_a_form_is_steeper_than_said(rule: Rule):
    values = np.linspace(-1, 1, 200_001)
    step = values[1] - values[0]
    slope = normalised_slope(rule)
    assert slope is not None
    steepest = float(np.abs(np.diff(normalise(values, rule))).max() / step)
    assert steepest <= slope * (1 + 1e-6)
    assert steepest >= slope * 0.99
    if rule.target is not None:
        entered = entry_slope("achievement", rule)
        assert entered is not None
        found = np.abs(np.diff(enter(values, "achievement", rule.direction, rule.target))).max() / step
        assert 0.99 * entered <= found <= entered * (1 + 1e-6)


@pytest.mark.parametrize(
    "rule",
    [
        Rule("z_score", "more"),
        Rule("piecewise", "more", None, None, None, Thresholds(0.4, 0.4, 0.5)),
        Rule("target", "more"),
    ],
)
def test_a_form_that_jumps_or_hangs_on_history_has_no_slope(rule: Rule):
    assert normalised_slope(rule) is None


def test_the_reach_of_a_composite_by_hand():
    reach = reach_of_composite([Reach(0.1, 0.3), Reach(0.2, 0.4)], [1.2, 0.8])
    # 0.6·0.1 + 0.4·0.2, and √((0.6·0.3)² + (0.4·0.4)²).
    assert reach == Reach(pytest.approx(0.14), pytest.approx(math.hypot(0.18, 0.16)))  # type: ignore[arg-type]
    assert reach_of_composite([Reach(0.1, 0.3), None], [1.0, 1.0]) is None


@given(
    st.lists(st.tuples(st.floats(0, 100), st.floats(0.1, 3)), min_size=1, max_size=4),
    st.floats(0.01, 20),
    st.sampled_from(["arithmetic", "geometric"]),
)
def test_no_change_of_the_parts_moves_a_composite_further_than_its_reach(parts, moved, method):
    total = sum(weight for _, weight in parts)
    weights = {str(at): weight * len(parts) / total for at, (_, weight) in enumerate(parts)}
    values = {str(at): value for at, (value, _) in enumerate(parts)}
    after = {key: max(value - moved, 0.0) for key, value in values.items()}
    reach = reach_of_composite([Reach(moved, 0.0)] * len(parts), list(weights.values()), method)
    assert reach is not None
    join = (
        (lambda one: aggregate(one, weights, "geometric"))
        if method == "geometric"
        else (lambda one: ckpi(one, weights))
    )
    assert abs(join(values) - join(after)) <= reach.sensitivity * (1 + 1e-9)


# Noise.


def test_probabilities_of_neighbouring_inputs_differ_by_e_to_the_epsilon_at_most():
    """Over bins of the output, within 4.5 standard errors of the logarithm of a ratio of two counts."""
    epsilon, sensitivity, draws = 1.0, 0.1, 2000
    reach = Reach(sensitivity, 0.0)
    wide = (-math.inf, math.inf)
    outputs = [
        np.array([noisy(value, reach, epsilon, wide)[0].value for _ in range(draws)])
        for value in (0.5, 0.5 + sensitivity)
    ]
    edges = np.quantile(np.concatenate(outputs), np.linspace(0, 1, 7))
    edges[[0, -1]] = -np.inf, np.inf
    first, second = (np.histogram(output, edges)[0] for output in outputs)
    ratios = np.abs(np.log(first / second))
    error = np.sqrt(1 / first + 1 / second)
    assert (ratios <= epsilon + 4.5 * error).all()
    # And the noise is no larger than it needs to be: somewhere the bound is nearly met.
    assert ratios.max() > 0.8 * epsilon


def test_the_noise_is_laplace_of_the_scale_that_the_file_states():
    reach = Reach(0.05, 0.0)
    drawn = [noisy(0.0, reach, 0.5, (-math.inf, math.inf)) for _ in range(800)]
    assert {round(scale, 9) for _, scale in drawn} == {round(0.1 * (1 + 1e-9), 9)}
    assert stats.kstest([figure.value for figure, _ in drawn], stats.laplace(scale=0.1).cdf).pvalue > 1e-4


def test_the_interval_covers_the_truth_under_sampling_and_noise():
    """A true share of ½, which has the greatest variance there is, in 95 % of cases or more."""
    chance, n, covered, runs = np.random.default_rng(5), 50, 0, 600
    reach = reach_of_mean(passport(interval=WILSON), {}, n)
    assert reach is not None
    for _ in range(runs):
        figure, _ = noisy(chance.binomial(n, 0.5) / n, reach, 1.0, (0.0, 1.0))
        assert figure.lower is not None
        assert figure.upper is not None
        covered += figure.lower <= 0.5 <= figure.upper
    assert covered >= stats.binom.ppf(0.001, runs, 0.95)


def test_with_noise_only_bounded_figures_are_shared_and_epsilon_is_split_among_them():
    from opendp.domains import atom_domain
    from opendp.measurements import make_laplace
    from opendp.metrics import absolute_distance

    made = shared(with_metrics=True, epsilon=2.0)
    assert made.noise is not None
    released = {(one.id, one.form): one for one in made.noise.figures}
    assert {("complaints", "value", "unbounded")} == {(one.id, one.form, one.why) for one in made.left_out}
    assert set(released) == {
        *((name, form) for name in ("customer_support", "sales", "integral") for form in ("printed", "normalised")),
        *((name, "value") for name in ("nps", "open_rate", "churn_rate")),
    }
    # By the least of the bands: nps 2/200, opened 1/1000, churn 1/20.
    assert released["nps", "value"].sensitivity == pytest.approx(0.01)
    assert released["customer_support", "printed"].sensitivity == pytest.approx((1.2 * 0.01 + 0.8 * 0.001) / 2)
    assert released["customer_support", "normalised"].sensitivity == pytest.approx(
        (1.2 * 0.01 * 50 + 0.8 * 0.001 * 125) / 2
    )
    assert released["sales", "normalised"].sensitivity == pytest.approx(0.05 * 100 / 0.2)
    spent = [
        make_laplace(atom_domain(T=float, nan=False), absolute_distance(T=float), scale=one.scale).map(one.sensitivity)
        for one in made.noise.figures
    ]
    assert sum(spent) <= 2.0
    assert sum(spent) == pytest.approx(2.0, abs=1e-6)
    assert checked(signed_bytes(made, new_key()), Path("a.json"), now=NOW).content == made
    for one in (*made.composites, *made.metrics):
        figure = one.figure if hasattr(one, "figure") else one.normalised
        assert figure.lower <= figure.value <= figure.upper


def test_noise_is_drawn_anew_each_time():
    one, other = (shared(epsilon=1.0) for _ in range(2))
    assert asdict(one)["perspectives"][0]["printed"] != asdict(other)["perspectives"][0]["printed"]


# The ledger.


def spent(epsilon: float | None) -> Spent:
    return Spent(NOW.replace(tzinfo=None), "2026-Q3", epsilon)


def test_what_is_spent_adds_up_and_stops_at_the_budget(tmp_path: Path):
    assert read_ledger(tmp_path) == ()
    assert spend(tmp_path, spent(1.0)) == 1.0
    assert spend(tmp_path, spent(None)) == 1.0
    assert spend(tmp_path, spent(2.0)) == 3.0
    with pytest.raises(BenchmarkError, match=r"3 of the privacy budget of 3 are spent and 0.5 more"):
        spend(tmp_path, spent(0.5))
    assert read_ledger(tmp_path) == (spent(1.0), spent(None), spent(2.0))
    assert spend(tmp_path, spent(0.5), budget=4.0) == 3.5


@pytest.mark.parametrize("text", ["{", "[{}]", '[{"at": "x", "period": "p", "epsilon": 1}]', '[{"at": "2026-01-01", "period": "p", "epsilon": -1}]'])  # fmt: skip
def test_a_spoilt_ledger_stops_exports(tmp_path: Path, text: str):
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "ledger.json").write_text(text, encoding="utf-8")
    with pytest.raises(BenchmarkError, match="what was spent is not known"):
        spend(tmp_path, spent(0.1))
