"""Weights that a group of KPIs or perspectives takes from people's judgements or from data, in place of a number for each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Literal, get_args

import numpy as np

from septima.models.weighting import LARGEST, MOST_COMPARED, budget_weights, pairwise_weights
from septima.schema import SeptimaError, Text
from septima.scorecard.composite import rescale

WeightingMethod = Literal["equal", "budget", "ahp", "principal_component", "entropy"]
WEIGHTING_METHODS: tuple[WeightingMethod, ...] = get_args(WeightingMethod)
DATA_METHODS: tuple[WeightingMethod, ...] = ("principal_component", "entropy")
"""Methods whose weights are found when the card is assembled, see `data_weights`."""
SEPARATOR = "/"


class WeightingError(SeptimaError):
    """Judgements from which no weights can be made; `key` is the one at fault, empty where none is."""

    def __init__(self, said: Text, key: str = "") -> None:
        super().__init__(said)
        self.key = key


@dataclass(frozen=True)
class Weighting:
    """How a group's weights came about.

    `judgements` are what was given: comparisons by `a/b`, or points by person and id. `people` is how many gave points.
    `consistency_ratio` is that of comparisons, and `worst` the one farthest from the others, empty where all agree.
    """

    method: WeightingMethod
    judgements: Mapping[str, float] = field(default_factory=dict[str, float])
    people: int = 0
    consistency_ratio: float | None = None
    worst: str = ""


def weights_by_comparison(ids: Sequence[str], comparisons: Mapping[str, float]) -> tuple[dict[str, float], Weighting]:
    """Weights that average 1 by the analytic hierarchy process; `comparisons` say by `a/b` how many times a matters as b.

    WeightingError where a pair is missing, twice there or unknown, or a number lies off the scale of 1/9 to 9.
    """
    if len(ids) > MOST_COMPARED:
        raise WeightingError(
            Text(
                f"{len(ids)} are to be compared; past {MOST_COMPARED} nobody can, so give a budget instead",
                f"сравнить надо {len(ids)}, а\u00a0больше {MOST_COMPARED} не\u00a0под силу никому; раздайте вместо "
                "этого баллы",
            )
        )
    matrix = np.eye(len(ids))
    seen: dict[frozenset[str], str] = {}
    for key, times in comparisons.items():
        first, _, second = key.partition(SEPARATOR)
        for name in (first, second):
            if name not in ids:
                raise WeightingError(
                    Text(
                        f"{key!r} compares {name!r}, which is not in the group; there are: {', '.join(ids)}",
                        f"«{key}» сравнивает «{name}», которого нет в\u00a0группе; есть: {', '.join(ids)}",
                    ),
                    key,
                )
        if first == second:
            raise WeightingError(
                Text(
                    f"{key!r} compares {first!r} with itself; take it out",
                    f"«{key}» сравнивает «{first}» с\u00a0ним же; уберите это",
                ),
                key,
            )
        if (pair := frozenset((first, second))) in seen:
            raise WeightingError(
                Text(
                    f"{key!r} is there already as {seen[pair]!r}; take one of them out",
                    f"«{key}» уже есть как «{seen[pair]}»; уберите одно из\u00a0двух",
                ),
                key,
            )
        if not 1 / LARGEST - 1e-9 <= times <= LARGEST + 1e-9:
            raise WeightingError(
                Text(
                    f"{key!r} is {times:g}; the scale goes from 1/9 (far less) by 1 (alike) to 9 (far more)",
                    f"в\u00a0«{key}» стоит {times:g}; шкала\u00a0— от\u00a01/9 (намного меньше) через 1 (одинаково) "
                    "до\u00a09 (намного больше)",
                ),
                key,
            )
        seen[pair] = key
        row, column = ids.index(first), ids.index(second)
        matrix[row, column], matrix[column, row] = times, 1 / times
    absent = [SEPARATOR.join(pair) for pair in combinations(ids, 2) if frozenset(pair) not in seen]
    if absent:
        raise WeightingError(
            Text(
                f"comparisons are missing: {', '.join(absent)}; add them, each as a number from 1/9 to 9",
                f"не\u00a0хватает сравнений: {', '.join(absent)}; добавьте их, каждое числом от\u00a01/9 до\u00a09",
            )
        )
    found = pairwise_weights(matrix)
    worst = "" if found.worst is None else seen[frozenset(ids[place] for place in found.worst)]
    weights = rescale(dict(zip(ids, map(float, found.weights), strict=True)))
    return weights, Weighting("ahp", dict(comparisons), consistency_ratio=found.consistency_ratio, worst=worst)


def weights_by_budget(
    ids: Sequence[str], points: Mapping[str, Mapping[str, float]]
) -> tuple[dict[str, float], Weighting]:
    """Weights that average 1 from points that people handed out, `points` by person and id; each person counts alike.

    WeightingError where somebody names what is not in the group, leaves one out, or gives less than nothing.
    """
    rows: list[list[float]] = []
    judgements: dict[str, float] = {}
    for person, given in points.items():
        for name, number in given.items():
            if name not in ids:
                raise WeightingError(
                    Text(
                        f"points for {name!r}, which is not in the group; there are: {', '.join(ids)}",
                        f"баллы для «{name}», которого нет в\u00a0группе; есть: {', '.join(ids)}",
                    ),
                    name,
                )
            if number < 0:
                raise WeightingError(
                    Text(
                        f"the points of {name!r} are {number:g}; they must be 0 or more",
                        f"баллы «{name}»\u00a0— {number:g}; они должны быть не\u00a0меньше 0",
                    ),
                    name,
                )
            judgements[f"{person}{SEPARATOR}{name}" if person else name] = number
        absent = [name for name in ids if name not in given]
        if absent:
            raise WeightingError(
                Text(
                    f"points are missing for {', '.join(absent)}; add them, 0 where one does not matter",
                    f"не\u00a0хватает баллов для {', '.join(absent)}; добавьте их, а\u00a0если что-то "
                    "не\u00a0важно\u00a0— 0",
                )
            )
        rows.append([given[name] for name in ids])
        if not sum(rows[-1]) > 0:
            raise WeightingError(
                Text(
                    "all points are 0; hand out some, such as 100 in all",
                    "все баллы\u00a0— 0; раздайте сколько-нибудь, например 100 на\u00a0всех",
                )
            )
    if not rows:
        raise WeightingError(
            Text(
                "nobody handed out points; give `points` by id, or by person and id",
                "никто не\u00a0раздал баллы; укажите `points` по\u00a0id или по\u00a0людям и\u00a0id",
            )
        )
    weights = rescale(dict(zip(ids, map(float, budget_weights(rows)), strict=True)))
    return weights, Weighting("budget", judgements, people=len(rows))


def equal_weights(ids: Sequence[str]) -> tuple[dict[str, float], Weighting]:
    """Weight 1 for each."""
    return dict.fromkeys(ids, 1.0), Weighting("equal")


def weights_from_data(ids: Sequence[str], method: WeightingMethod) -> tuple[dict[str, float], Weighting]:
    """Weight 1 for each until the card's periods are known, and the method that finds them then."""
    return dict.fromkeys(ids, 1.0), Weighting(method)
