"""Markov attribution against chains solved by hand, in fractions, and an independent dense solution."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from septima.models.attribution import CONVERSION, NULL, AttributionError, from_paths, markov
from septima.models.attribution.chain import _iterated, chain_of, transitions_of
from septima.models.attribution.order import auc
from septima.models.attribution.paths import read_paths


def steps(*rows: tuple[object, ...]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=["from", "to", "count", "value"][: len(rows[0])])


# Of ten paths six begin with a and four with b. From a: 3 to b, 2 convert, 1 is lost. From b (4 + 3): 2 to c,
# 1 converts, 4 are lost. From c: 1 converts, 1 is lost.
THREE = steps(
    ("", "a", 6),
    ("", "b", 4),
    ("a", "b", 3),
    ("a", CONVERSION, 2),
    ("a", NULL, 1),
    ("b", "c", 2),
    ("b", CONVERSION, 1),
    ("b", NULL, 4),
    ("c", CONVERSION, 1),
    ("c", NULL, 1),
)


def test_three_channels_by_hand() -> None:
    from_c = Fraction(1, 2)
    from_b = Fraction(1, 7) + Fraction(2, 7) * from_c
    from_a = Fraction(1, 3) + Fraction(1, 2) * from_b
    whole = Fraction(3, 5) * from_a + Fraction(2, 5) * from_b
    without_a = Fraction(2, 5) * from_b
    without_b = Fraction(3, 5) * Fraction(1, 3)
    without_c = Fraction(3, 5) * (Fraction(1, 3) + Fraction(1, 2) * Fraction(1, 7)) + Fraction(2, 5) * Fraction(1, 7)
    effects = [1 - part / whole for part in (without_a, without_b, without_c)]
    assert whole == Fraction(2, 5)  # four of ten, as counted

    found = markov(THREE)
    assert found.markov is not None
    assert found.markov.conversion_probability == pytest.approx(float(whole), abs=1e-15)
    assert found.markov.removal_effects == pytest.approx([float(effect) for effect in effects], abs=1e-14)
    assert found.conversions is not None
    assert found.conversions.shares == pytest.approx([float(effect / sum(effects)) for effect in effects], abs=1e-14)
    # Effects 5/7, 1/2 and 1/4 of 41/28: 80/41, 56/41 and 28/41 conversions.
    assert found.conversions.amounts == (Decimal("1.9512"), Decimal("1.3659"), Decimal("0.6829"))
    assert sum(found.conversions.amounts) == 4
    assert found.value is None


def test_loop_of_two_channels_by_hand() -> None:
    # a leads to b or to c, b back to a or to a conversion, c to nothing or a conversion.
    loop = steps(
        ("", "a", 8),
        ("a", "b", 9),
        ("a", "c", 3),
        ("b", "a", 4),
        ("b", CONVERSION, 5),
        ("c", CONVERSION, 1),
        ("c", NULL, 2),
    )
    # From a: A = 3/4·B + 1/4·1/3, from b: B = 4/9·A + 5/9; so A(1 − 1/3) = 5/12 + 1/12.
    whole = Fraction(3, 4)
    found = markov(loop)
    assert found.markov is not None
    assert found.markov.conversion_probability == pytest.approx(float(whole), abs=1e-15)
    without_b, without_c = Fraction(1, 12), Fraction(5, 12) / (1 - Fraction(1, 3))
    effects = [1, float(1 - without_b / whole), float(1 - without_c / whole)]
    assert found.markov.removal_effects == pytest.approx(effects, abs=1e-14)


def test_value_follows_the_money_of_the_last_step() -> None:
    worth = steps(
        ("", "a", 2, 0),
        ("", "b", 2, 0),
        ("a", "b", 1, None),
        ("a", CONVERSION, 1, "90.00"),
        ("b", CONVERSION, 1, "10.01"),
        ("b", NULL, 2, 0),
    )
    # A path brings 100.01 / 4. Without a those from b remain: 1/2 × 10.01/3; without b those of a: 1/2 × 1/2 × 90.
    expected = Fraction("100.01") / 4
    effects = [1 - Fraction(1, 2) * Fraction("10.01") / 3 / expected, 1 - Fraction(90, 4) / expected]
    found = markov(worth)
    assert found.markov is not None
    assert found.markov.value_removal_effects == pytest.approx([float(effect) for effect in effects], abs=1e-14)
    assert found.value is not None
    assert found.value.total == sum(found.value.amounts) == Decimal("100.01")


def test_second_order_tells_histories_apart() -> None:
    # After «a > b» all convert, after «c > b» none; a chain of order 1 sees one b.
    frame = pd.DataFrame({"path": ["a > b", "c > b"], "conversions": [3, 0], "nulls": [0, 3]})
    one, two = (from_paths(frame, nulls="nulls", methods=["markov"], order=order)["markov"] for order in (1, 2))
    assert one.markov is not None
    assert two.markov is not None
    assert one.markov.removal_effects == pytest.approx([1 / 2, 1, 1 / 2])
    assert two.markov.removal_effects == pytest.approx([1, 1, 0])
    matrix = two.markov.transition_matrix().set_index(["from", "to"])["probability"]
    assert matrix["a > b", CONVERSION] == 1
    assert matrix["c > b", NULL] == 1
    assert matrix["", "a"] == 1 / 2


def test_an_order_as_long_as_the_paths_gives_the_share_of_conversions_that_meet_a_channel() -> None:
    # A chain that forgets nothing walks the very paths: 12 conversions, of which 11 meet a, 9 meet b and 6 meet c.
    frame = pd.DataFrame(
        {
            "path": ["a > b > c", "a > b", "c", "b > a > b > a", "a > a > c"],
            "conversions": [3, 2, 1, 4, 2],
            "nulls": [5, 10, 3, 6, 8],
        }
    )
    found = from_paths(frame, nulls="nulls", methods=["markov"], order=4)["markov"]
    assert found.markov is not None
    assert found.markov.removal_effects == pytest.approx([11 / 12, 9 / 12, 6 / 12])
    assert found.markov.conversion_probability == pytest.approx(12 / 44)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_against_a_dense_solution_by_another_way(order: int) -> None:
    # The probability to convert and to have met a channel, on a chain that remembers whether it was met.
    random = np.random.default_rng(order)
    names = np.array(["a", "b", "c", "d"])
    paths = [list(names[random.integers(0, 4, random.integers(1, 7))]) for _ in range(60)]
    conversions, nulls = random.integers(0, 4, 60), random.integers(0, 6, 60)
    frame = pd.DataFrame({"path": [" > ".join(path) for path in paths], "conversions": conversions, "nulls": nulls})
    found = from_paths(frame, nulls="nulls", methods=["markov"], order=order)["markov"].markov
    assert found is not None

    counts: dict[tuple[str, ...], dict[object, float]] = {}
    for path, good, bad in zip(paths, conversions, nulls, strict=True):
        for place in range(len(path) + 1):
            state = tuple(path[max(0, place - order) : place])
            if place < len(path):
                counts.setdefault(state, {}).setdefault(path[place], 0.0)
                counts[state][path[place]] += good + bad
            else:
                for end, times in (("good", good), ("bad", bad)):
                    counts.setdefault(state, {}).setdefault((end,), 0.0)
                    counts[state][(end,)] += times
    for number, name in enumerate(names):
        states = [(state, met) for state in counts for met in (False, True)]
        place = {state: at for at, state in enumerate(states)}
        matrix, ended = np.eye(len(states)), np.zeros((len(states), 2))
        for (state, met), at in place.items():
            for step, times in counts[state].items():
                chance = times / max(sum(counts[state].values()), 1e-300)
                if isinstance(step, str):
                    following = (*state, step)[-order:]
                    matrix[at, place[following, met or step == name]] -= chance
                elif step == ("good",):
                    ended[at, int(met)] += chance
        unmet, met = np.linalg.solve(matrix, ended)[place[(), False]]
        assert found.removal_effects[number] == pytest.approx(met / (met + unmet), abs=1e-12)


def test_iteration_gives_the_digits_of_factors() -> None:
    random = np.random.default_rng(5)
    texts = [" > ".join(random.choice(list("abcde"), random.integers(1, 9))) for _ in range(400)]
    good, bad = random.integers(0, 3, (400, 1)).astype(float), random.integers(1, 5, (400, 1)).astype(float)
    made = transitions_of(read_paths(texts), good, bad, good, 2)
    chain = chain_of(made)
    solution = chain.solve(made.counts[:, 0], made.value[:, 0])
    probability = made.counts[:, 0] / solution.leaving
    kept = np.concatenate([np.ones((chain.states, 1)), ~chain.holds], axis=1).astype(float)
    matrix = np.zeros((chain.states, chain.states))
    matrix[chain.source[chain.inner], chain.target[chain.inner]] = probability[chain.inner]
    gain = np.bincount(chain.source[chain.converts], probability[chain.converts], chain.states)
    iterated = _iterated(matrix, gain[:, None] * kept, kept)
    assert iterated == pytest.approx(solution.probability, abs=1e-13)


def test_longer_states_are_shortened_to_the_order_asked_for() -> None:
    long = steps(
        ("", "a", 3), ("a", "b", 2), ("a", NULL, 1), ("a > b", CONVERSION, 1), ("a > b", NULL, 1)
    )  # fmt: skip
    short = steps(("", "a", 3), ("a", "b", 2), ("a", NULL, 1), ("b", CONVERSION, 1), ("b", NULL, 1))
    one, other = markov(long, 1).markov, markov(short, 1).markov
    assert one is not None
    assert other is not None
    assert one.removal_effects == pytest.approx(other.removal_effects)


def test_two_runs_give_the_same_digits() -> None:
    frame = pd.DataFrame({"path": ["a > b", "b > c", "c > a > b"], "conversions": [30, 10, 7], "nulls": [5, 50, 90]})
    one, other = (from_paths(frame, nulls="nulls")["markov"].frame() for _ in range(2))
    pd.testing.assert_frame_equal(one, other, check_exact=True)


def test_held_out_paths_choose_the_order() -> None:
    # Whether b converts depends on what came before it, and that alone: a chain must remember two touches.
    frame = pd.DataFrame(
        {"path": ["a > b", "c > b", "a > c > b", "c > a > b"], "conversions": [900, 100, 100, 900], "nulls": [100, 900, 900, 100]}
    )  # fmt: skip
    found = from_paths(frame, nulls="nulls", methods=["markov"])["markov"].markov
    assert found is not None
    assert found.order == 2
    by_order = {score.order: score.auc for score in found.scores}
    assert list(by_order) == [1, 2, 3, 4]
    assert by_order[1] == pytest.approx(0.5)  # every path ends in b
    assert by_order[2] == pytest.approx(0.9, abs=0.01)


def test_area_under_the_curve_of_weighted_rows() -> None:
    # Of 3 × 4 pairs the good one is above in 1·1 + 2·(1 + 2); 1·2 + 2·1 are ties.
    score, good, bad = np.array([0.1, 0.5, 0.9]), np.array([0.0, 1.0, 2.0]), np.array([1.0, 2.0, 1.0])
    assert auc(score, good, bad) == pytest.approx((7 + 4 / 2) / 12)
    assert np.isnan(auc(score, good, np.zeros(3)))


def test_interval_of_a_share_covers_it_as_often_as_it_says() -> None:
    random = np.random.default_rng(11)
    texts = ["a", "b", "a > b", "b > a", "a > c", "c"]
    chances, conversion = np.array([0.2, 0.2, 0.2, 0.1, 0.1, 0.2]), np.array([0.1, 0.2, 0.4, 0.3, 0.5, 0.05])
    many = pd.DataFrame(
        {"path": texts, "conversions": np.rint(1e8 * chances * conversion), "nulls": np.rint(1e8 * chances * (1 - conversion))}
    )  # fmt: skip
    truth = from_paths(many, nulls="nulls", methods=["markov"], order=1)["markov"].conversions
    assert truth is not None
    inside = np.zeros(3)
    for run in range(200):
        paths = random.multinomial(2_000, chances)
        good = random.binomial(paths, conversion)
        frame = pd.DataFrame({"path": texts, "conversions": good, "nulls": paths - good})
        drawn = from_paths(frame, nulls="nulls", methods=["markov"], order=1, seed=run)["markov"].conversions
        assert drawn is not None
        inside += (drawn.lower <= truth.shares) & (truth.shares <= drawn.upper)
    # 95 % of 200, give or take three standard deviations.
    assert (np.abs(inside / 200 - 0.95) < 3 * np.sqrt(0.95 * 0.05 / 200)).all()


def test_no_path_that_came_to_nothing() -> None:
    found = from_paths(pd.DataFrame({"path": ["a > b", "a"], "conversions": [1, 3]}), methods=["markov"])["markov"]
    assert found.markov is not None
    assert (found.markov.order, found.markov.conversion_probability) == (1, pytest.approx(1))
    # From a three in four convert at once and one goes on to b: without b those three remain.
    assert found.markov.removal_effects == pytest.approx([1, 1 / 4])
    assert any("no path that came to nothing" in statement.en for statement in found.statements)


def test_broken_chains_are_refused_by_name() -> None:
    with pytest.raises(AttributionError, match="step from '' to 'a' leads where no step leaves"):
        markov(steps(("", "a", 1), ("b", CONVERSION, 1)))
    with pytest.raises(AttributionError, match="no step leaves from the start"):
        markov(steps(("a", CONVERSION, 1)))
    with pytest.raises(AttributionError, match="no column 'count'"):
        markov(pd.DataFrame({"from": [""], "to": ["a"]}))
    with pytest.raises(AttributionError, match="row 2: 'to' must be one channel"):
        markov(steps(("", "a", 1), ("a", "b > c", 1)))
    with pytest.raises(AttributionError, match="remembers 5 touches, more than 4"):
        markov(steps(("a > b > c > a > b", CONVERSION, 1)))
    with pytest.raises(AttributionError, match="1 to 4 or 'auto', not 5"):
        markov(THREE, 5)  # pyright: ignore[reportArgumentType]
    with pytest.raises(AttributionError, match="only steps to"):
        markov(steps(("", "a", 1, 5), ("a", CONVERSION, 1, 5)))
