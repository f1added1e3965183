"""Attribution by the removal effect in a Markov chain (Anderl, Becker, von Wangenheim & Schumann, 2016)."""

from dataclasses import replace
from decimal import Decimal
from typing import Any, Literal

import numpy as np
import pandas as pd

from septima.models.attribution.building import Shares, attribution, shares_of
from septima.models.attribution.chain import (
    CONVERSION,
    MOST_ORDER,
    NULL,
    START,
    Solution,
    Transitions,
    chain_of,
    removal_effects,
)
from septima.models.attribution.order import choose_order
from septima.models.attribution.paths import read_paths
from septima.models.attribution.reading import Frame, counted, money, needed
from septima.models.attribution.replicates import into_groups
from septima.models.attribution.results import Attribution, MarkovChain, OrderScore
from septima.models.attribution.words import NO_NULLS, TOO_LARGE_FOR_INTERVALS, AttributionError
from septima.models.intervals import FloatArray
from septima.schema.text import Text

Order = Literal["auto", 1, 2, 3, 4]
# Steps of a chain × channels up to which intervals are found: seconds, not minutes.
_MOST_FOR_INTERVALS = 3_000_000


def markov(transitions: pd.DataFrame, order: Order = 1, *, seed: int = 0) -> Attribution:
    """Attribution from a table of counted transitions.

    Columns: `from`, a state written as the path of the last touches, at most `order` of them, oldest first (`a > b`),
    empty at the start; `to`, a channel, `(conversion)` or `(null)`; `count`, a whole number; and `value`, where it is
    known, the money of those steps to the conversion. States of a longer memory than `order` are shortened, and with
    «auto» the order is chosen by held-out paths. Intervals take the steps as drawn independently (Billingsley, 1961).
    AttributionError, naming row or state, where the table makes no chain.
    """
    steps, total = _read(transitions, order, seed)
    return from_transitions(steps, order, total)


def from_transitions(
    transitions: Transitions,
    order: Order,
    value: Decimal | None,
) -> Attribution:
    """Attribution from counted steps, whose conversions are worth `value` in all (None: unknown)."""
    if order != "auto" and order not in range(1, MOST_ORDER + 1):
        raise AttributionError(
            Text(
                f"the order of a chain must be 1 to {MOST_ORDER} or 'auto', not {order!r}",
                f"порядок цепи\u00a0— от\u00a01 до\u00a0{MOST_ORDER} или «auto», а\u00a0указано «{order}»",
            )
        )
    scores: tuple[OrderScore, ...] = ()
    unclear: Text | None = None
    chosen = order
    ending = transitions.to == transitions.conversion
    converted = transitions.counts[ending].sum()
    if chosen == "auto":
        chosen, scores, unclear = choose_order(transitions) if converted > 0 else (1, (), None)
    chosen = min(chosen, transitions.order)
    totals = (Decimal(round(converted)), value)
    nothing: Shares = (np.full(len(transitions.channels), np.nan), None)
    if not converted > 0:
        return attribution("markov", transitions.channels, totals, nothing, nothing)
    steps = transitions.of_order(chosen)
    chain = chain_of(steps)
    counts, worth = steps.counts.sum(axis=1), steps.value.sum(axis=1)
    solution = chain.solve(counts, worth)
    probability, expected = solution.at_start()
    effects, value_effects = removal_effects(probability), removal_effects(expected)
    valued = value is not None and expected[0] > 0
    shares: Shares = (shares_of(effects), shares_of(value_effects) if valued else None)
    statements = [] if unclear is None else [unclear]
    if unclear is None and not steps.counts[steps.to == steps.null].sum() > 0:
        statements.append(NO_NULLS)
    if len(counts) * chain.channels <= _MOST_FOR_INTERVALS:
        replicates = _replicates(solution, steps)
    else:
        none = np.zeros((chain.channels, 0))
        replicates = (none, none)
        statements.append(TOO_LARGE_FOR_INTERVALS)
    detail = MarkovChain(chosen, float(probability[0]), effects, value_effects if valued else None, scores, steps)
    return attribution("markov", transitions.channels, totals, shares, replicates, statements=statements, markov=detail)


def _replicates(solution: Solution, steps: Transitions) -> tuple[FloatArray, FloatArray]:
    """Shares of conversions and value (channels, groups) without each group that holds anything."""
    present = steps.counts.sum(axis=0) > 0
    conversions, value = solution.without_groups(steps.counts[:, present], steps.value[:, present])
    return shares_of(removal_effects(conversions)), shares_of(removal_effects(value))


def _read(frame: Frame, order: Order, seed: int) -> tuple[Transitions, Decimal | None]:
    needed(frame, ("from", "to", "count"))
    counts = counted(frame, "count")
    worth, total = money(frame, "value") if "value" in frame else (np.zeros(len(frame)), None)
    named: Any = frame["to"].astype(str)
    ending = named.isin([CONVERSION, NULL]).to_numpy(bool)
    if total is not None and worth[(named != CONVERSION).to_numpy(bool)].any():
        raise AttributionError(
            Text(
                f"only steps to {CONVERSION!r} have a value; leave it empty or 0 in the others",
                f"стоимость бывает только у\u00a0шагов к\u00a0«{CONVERSION}»; у\u00a0остальных оставьте пусто или 0",
            )
        )
    states = read_paths(frame["from"].tolist())
    targets = read_paths(named.where(~ending, "").tolist())
    wrong = np.flatnonzero((targets.lengths != 1) & ~ending)
    if len(wrong):
        raise AttributionError(
            Text(
                f"row {wrong[0] + 1}: 'to' must be one channel, {CONVERSION!r} or {NULL!r}",
                f"строка {wrong[0] + 1}: в\u00a0«to» должен быть один канал, «{CONVERSION}» или «{NULL}»",
            )
        )
    channels = tuple(sorted({*states.channels, *targets.channels}))
    place = {name: code for code, name in enumerate(channels)}
    longest = int(states.lengths.max(initial=0))
    if longest > MOST_ORDER:
        raise AttributionError(
            Text(
                f"a state remembers {longest} touches, more than {MOST_ORDER}; shorten it",
                f"состояние помнит {longest} касаний, больше {MOST_ORDER}; сократите его",
            )
        )
    width = max(longest, 1)
    history = np.full((len(frame), width), START, dtype=np.int32)
    codes = np.array([place[name] for name in states.channels], dtype=np.int32)
    history[states.path, width - states.length + states.position] = codes[states.codes] if len(codes) else 0
    to = np.where((named == CONVERSION).to_numpy(bool), len(channels), len(channels) + 1).astype(np.int32)
    onward = np.array([place[name] for name in targets.channels], dtype=np.int32)
    to[~ending] = onward[targets.codes] if len(onward) else 0
    groups = into_groups(counts, seed)
    share = np.where(counts[:, None] > 0, groups / np.maximum(counts[:, None], 1), 0.0)
    steps = Transitions(channels, history, to, groups, worth[:, None] * share)
    kept = width if order == "auto" else min(order, width) if order in range(1, MOST_ORDER + 1) else width
    return (steps.of_order(kept) if len(frame) else replace(steps)), total
