"""Absorbing Markov chains of order k over channels, solved exactly."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse
from scipy.sparse import linalg

from septima.models.attribution.paths import Codes, Integers, Paths, write_state
from septima.models.attribution.words import AttributionError
from septima.models.intervals import FloatArray, divide
from septima.schema.text import Text

CONVERSION = "(conversion)"
NULL = "(null)"
START = -1
MOST_ORDER = 4

# Up to so many states each chain is factorised; larger ones, whose factors would be dense, are iterated to the last digit.
_FACTORISED = 2_000
_SWEEPS = 100_000
_ROUNDING = 1e-16
_NEGLIGIBLE = 1e-12


@dataclass(frozen=True)
class Transitions:
    """Counted steps of paths.

    `history` (steps, order) holds the places in `channels` of the touches before, the nearest last, START before the
    path began; `to` (steps,) the next one, or `conversion` or `null`. `counts` and, of steps to the conversion, `value`
    (steps, groups) are kept apart by groups of paths.
    """

    channels: tuple[str, ...]
    history: Codes
    to: Codes
    counts: FloatArray
    value: FloatArray

    @property
    def order(self) -> int:
        """How many touches a state remembers."""
        return self.history.shape[1]

    @property
    def conversion(self) -> int:
        """The place that stands for a conversion."""
        return len(self.channels)

    @property
    def null(self) -> int:
        """The place that stands for the end of a path that came to nothing."""
        return len(self.channels) + 1

    def of_order(self, order: int) -> "Transitions":
        """The same steps as states that remember less see them."""
        history = self.history[:, self.order - order :]
        rows = np.arange(len(history))
        return Transitions(
            self.channels, *_counted(len(self.channels), history, self.to, rows, self.counts, self.value)
        )

    def frame(self) -> pd.DataFrame:
        """`from` (a state, oldest touch first; empty is the start), `to`, `count` and `probability`, in that order."""
        targets = [write_state([name]) for name in self.channels] + [CONVERSION, NULL]
        keys = state_keys(self.history, len(self.channels))
        _, first, place = np.unique(keys, return_index=True, return_inverse=True)
        names = [write_state([self.channels[code] for code in state if code != START]) for state in self.history[first]]
        counts = self.counts.sum(axis=1)
        leaving = np.bincount(place, weights=counts, minlength=len(first))
        return pd.DataFrame(
            {
                "from": [names[at] for at in place],
                "to": [targets[code] for code in self.to],
                "count": counts,
                "probability": divide(counts, leaving[place]),
            }
        )


def state_keys(history: Codes, channels: int) -> Integers:
    """One whole number per state (steps, order); the start is 0."""
    keys = np.zeros(len(history), dtype=np.int64)
    for column in range(history.shape[1]):
        keys = keys * (channels + 1) + (history[:, column] + 1)
    return keys


def transitions_of(
    paths: Paths, conversions: FloatArray, nulls: FloatArray, value: FloatArray, order: int
) -> Transitions:
    """Count the steps of paths, of which `conversions`, `nulls` and `value` (paths, groups) are known."""
    path, position = paths.path, paths.position
    history = np.full((len(paths.codes), order), START, dtype=np.int32)
    for back in range(1, order + 1):
        known = np.flatnonzero(position >= back)
        history[known, order - back] = paths.codes[known - back]
    last = np.cumsum(paths.lengths)[paths.lengths > 0] - 1
    final = np.concatenate([history[last, 1:], paths.codes[last, None]], axis=1)
    channels, both, none = len(paths.channels), conversions + nulls, np.zeros_like(value)
    parts = [
        _counted(channels, history, paths.codes, path, both, none),
        _counted(channels, final, np.full(len(last), channels, np.int32), path[last], conversions, value),
        _counted(channels, final, np.full(len(last), channels + 1, np.int32), path[last], nulls, none),
    ]
    history, to, counts, worth = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Transitions(paths.channels, history, to, counts, worth)


def _counted(
    channels: int, history: Codes, to: Codes, path: Integers, counts: FloatArray, value: FloatArray
) -> tuple[Codes, Codes, FloatArray, FloatArray]:
    """Each step that was taken, once, with sums of `counts` and `value` (paths, groups) of its paths."""
    _, first, place = np.unique(
        state_keys(history, channels) * (channels + 2) + to, return_index=True, return_inverse=True
    )
    gather: Any = sparse.csr_array((np.ones(len(place)), (place, path)), shape=(len(first), len(counts)))
    summed = gather @ counts
    taken = summed.any(axis=1)
    return history[first[taken]], to[first[taken]], summed[taken], (gather @ value)[taken]


@dataclass(frozen=True)
class Chain:
    """The chain that transitions make: states, where each step leads, and which channels a state holds."""

    channels: int
    states: int
    source: Integers
    target: Integers
    inner: npt.NDArray[np.bool_]
    converts: npt.NDArray[np.bool_]
    holds: npt.NDArray[np.bool_]

    def solve(self, counts: FloatArray, value: FloatArray) -> "Solution":
        """Solve the chain whose steps are weighed by `counts`, those to the conversion worth `value` (steps,)."""
        leaving = self._by_source(counts, np.arange(len(counts)))[self.source]
        share, worth = np.nan_to_num(divide(counts, leaving)), np.nan_to_num(divide(value, leaving))
        steps: Any = sparse.csr_array(
            (share[self.inner], (self.source[self.inner], self.target[self.inner])), shape=(self.states, self.states)
        )
        converted = np.flatnonzero(self.converts)
        gain = np.stack([self._by_source(part[converted], converted) for part in (share, worth)], axis=1)
        begun = np.zeros((self.states, 1))
        begun[0] = 1.0
        kept = np.concatenate([np.ones((self.states, 1)), (~self.holds).astype(np.float64)], axis=1)
        if self.states <= _FACTORISED:
            probability, expected, visits = _factorised(steps, gain, begun, kept)
        else:
            probability, expected = (_iterated(steps, part[:, None] * kept, kept) for part in gain.T)
            visits = _iterated(steps.T.tocsr(), begun * kept, kept)
        return Solution(self, leaving, probability, expected, visits)

    def _by_source(self, amounts: FloatArray, steps: Integers) -> FloatArray:
        """Sums by state of what the steps that leave it have."""
        return np.bincount(self.source[steps], weights=amounts, minlength=self.states).astype(np.float64)


def _factorised(steps: Any, gain: FloatArray, begun: FloatArray, kept: FloatArray) -> list[FloatArray]:
    found = [np.zeros(kept.shape) for _ in range(3)]
    for column in range(kept.shape[1]):
        left = np.flatnonzero(kept[:, column])
        factors: Any = linalg.splu(sparse.csc_array(sparse.eye_array(len(left)) - steps[left][:, left]))
        found[0][left, column], found[1][left, column] = factors.solve(gain[left]).T
        found[2][left, column] = factors.solve(begun[left, 0], trans="T")
    return found


def _iterated(steps: Any, gains: FloatArray, kept: FloatArray) -> FloatArray:
    """The solution x = kept · (steps x + gains), by repeated substitution until no digit changes."""
    found = gains
    for _ in range(_SWEEPS):
        following = kept * (steps @ found + gains)
        moved = np.abs(following - found).max()
        found = following
        if moved <= _ROUNDING * np.abs(found).max():
            return found
    raise AttributionError(
        Text(
            "the chain does not settle: its paths hardly ever end; give paths that end in a conversion or come to nothing",
            "цепь не\u00a0сходится: её пути почти никогда не\u00a0кончаются; дайте пути, которые кончаются "
            "конверсией или ничем",
        )
    )


@dataclass(frozen=True)
class Solution:
    """A solved chain, each array (states, 1 + channels) whole and then without each channel.

    From every state the `probability` of a conversion and the `expected` value, and how often a path is expected to
    come by (`visits`). `leaving` (steps,) are the counts of the state that each step leaves.
    """

    chain: Chain
    leaving: FloatArray
    probability: FloatArray
    expected: FloatArray
    visits: FloatArray

    def at_start(self) -> tuple[FloatArray, FloatArray]:
        """Probability of a conversion and expected value of a path (1 + channels,), whole and without each channel."""
        return self.probability[0], self.expected[0]

    def without_groups(self, counts: FloatArray, value: FloatArray) -> tuple[FloatArray, FloatArray]:
        """What `at_start` would be, to the first order, without each group of `counts` and `value` (steps, groups).

        Shape (1 + channels, groups). The infinitesimal jackknife (Jaeckel, 1972): where a state is visited y times, a
        step more from it changes the outcome by y / (steps from it) × (outcome after the step − outcome of the state).
        """
        chain, groups = self.chain, counts.shape[1]
        weight = np.nan_to_num(divide(self.visits[chain.source], self.leaving[:, None]))
        scale = groups / (groups - 1) if groups > 1 else 0.0

        def moved(outcome: FloatArray, ended: FloatArray) -> FloatArray:
            after = np.where(chain.inner[:, None], outcome[chain.target], ended[:, None])
            return (weight * (after - outcome[chain.source])).T @ counts

        converts = chain.converts.astype(np.float64)
        by_probability = moved(self.probability, converts)
        by_value = moved(self.expected, np.zeros_like(converts)) + weight.T @ value
        at_start = self.at_start()
        return at_start[0][:, None] - scale * by_probability, at_start[1][:, None] - scale * by_value


def chain_of(transitions: Transitions) -> Chain:
    """Number the states of transitions; AttributionError where one is entered and never left."""
    channels = len(transitions.channels)
    keys = state_keys(transitions.history, channels)
    states, first, source = np.unique(keys, return_index=True, return_inverse=True)
    inner = transitions.to < channels
    following = (keys * (channels + 1) + transitions.to + 1) % (channels + 1) ** transitions.order
    target = np.minimum(np.searchsorted(states, following), len(states) - 1)
    lost = inner & (states[target] != following)
    if lost.any():
        at = transitions.history[int(lost.argmax())]
        name = write_state([transitions.channels[code] for code in at if code != START])
        further = transitions.channels[int(transitions.to[int(lost.argmax())])]
        raise AttributionError(
            Text(
                f"the step from {name!r} to {further!r} leads where no step leaves from; every path must end in "
                f"{CONVERSION!r} or {NULL!r}",
                f"шаг от\u00a0«{name}» к\u00a0«{further}» ведёт туда, откуда нет шагов; каждый путь должен кончаться "
                f"«{CONVERSION}» или «{NULL}»",
            )
        )
    if not len(states) or states[0] != 0:
        raise AttributionError(
            Text(
                "no step leaves from the start, whose name is the empty text",
                "от\u00a0начала, имя которого\u00a0— пустой текст, нет ни\u00a0одного шага; добавьте его",
            )
        )
    history = transitions.history[first]
    holds = np.zeros((len(states), channels), dtype=bool)
    for column in range(transitions.order):
        known = np.flatnonzero(history[:, column] != START)
        holds[known, history[known, column]] = True
    return Chain(channels, len(states), source, target, inner, transitions.to == transitions.conversion, holds)


def removal_effects(outcomes: FloatArray) -> FloatArray:
    """What is lost without each channel (channels, …), from outcomes whole and without each (1 + channels, …)."""
    effects = 1 - divide(outcomes[1:], outcomes[:1])
    # A channel that no conversion meets has no effect; what rounding leaves of it is none.
    return np.where(np.abs(effects) < _NEGLIGIBLE, 0.0, effects)
