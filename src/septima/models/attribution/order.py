"""How many touches a chain should remember: held-out paths decide."""

import numpy as np

from septima.models.attribution.chain import Transitions, state_keys
from septima.models.attribution.paths import Integers
from septima.models.attribution.results import OrderScore
from septima.models.attribution.words import NO_NULLS, ORDER_UNCLEAR
from septima.models.intervals import FloatArray, divide
from septima.schema.text import Text

FOLDS = 4


def choose_order(transitions: Transitions) -> tuple[int, tuple[OrderScore, ...], Text | None]:
    """The order to take of those up to that of `transitions`, how each did, and what stands in the way.

    The groups of paths make four folds. In each, chains fitted to the other three rank the held-out paths by the
    share of conversions among paths that ended in the same state (a state not met before stands for what it
    remembers less), and the area under the ROC curve is taken (Anderl et al., 2016). The smallest order within one
    standard error of the best is taken (Breiman et al., 1984).
    """
    ends = transitions.to >= transitions.conversion
    if not transitions.counts[transitions.to == transitions.null].sum() > 0:
        return 1, (), NO_NULLS
    history, counts = transitions.history[ends], transitions.counts[ends]
    converted = (transitions.to[ends] == transitions.conversion)[:, None]
    fold = np.arange(counts.shape[1]) % FOLDS
    by_fold = np.stack([counts[:, fold == number].sum(axis=1) for number in range(FOLDS)], axis=1)
    good, bad = by_fold * converted, by_fold * ~converted
    scores: list[OrderScore] = []
    estimate = np.broadcast_to(divide(_others(good).sum(axis=0), _others(good + bad).sum(axis=0)), by_fold.shape)
    for order in range(1, transitions.order + 1):
        keys = state_keys(history[:, transitions.order - order :], len(transitions.channels))
        _, place = np.unique(keys, return_inverse=True)
        known = divide(_by_state(place, _others(good)), _by_state(place, _others(good + bad)))
        estimate = np.where(np.isnan(known), estimate, known)
        areas = np.array([auc(estimate[:, number], good[:, number], bad[:, number]) for number in range(FOLDS)])
        error = float(areas.std(ddof=1) / np.sqrt(FOLDS)) if np.isfinite(areas).all() else float("nan")
        scores.append(OrderScore(order, float(areas.mean()), error))
    if any(np.isnan(score.auc) for score in scores):
        return 1, (), ORDER_UNCLEAR
    best = max(scores, key=lambda score: score.auc)
    return next(score.order for score in scores if score.auc >= best.auc - best.standard_error), tuple(scores), None


def auc(score: FloatArray, good: FloatArray, bad: FloatArray) -> float:
    """Area under the ROC curve of `score` (rows,) where each row stands for so many `good` and `bad` ones.

    The probability that a good one is ranked above a bad one, ties counting half (Hanley & McNeil, 1982); NaN where
    there are none of one kind.
    """
    if not good.sum() > 0 or not bad.sum() > 0:
        return float("nan")
    _, place = np.unique(score, return_inverse=True)
    better, worse = np.bincount(place, weights=good), np.bincount(place, weights=bad)
    below = np.cumsum(worse) - worse
    return float((better * (below + worse / 2)).sum() / (good.sum() * bad.sum()))


def _others(by_fold: FloatArray) -> FloatArray:
    """What is not of each fold (rows, folds)."""
    return by_fold.sum(axis=1, keepdims=True) - by_fold


def _by_state(place: Integers, by_fold: FloatArray) -> FloatArray:
    """Sums over rows of one state, at each of its rows."""
    return np.stack([np.bincount(place, weights=column)[place].astype(np.float64) for column in by_fold.T], axis=1)
