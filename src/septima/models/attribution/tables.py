"""All methods from a table of paths with counts."""

from collections.abc import Collection, Sequence
from decimal import Decimal

import numpy as np
import pandas as pd

from septima.models.attribution.building import from_credits
from septima.models.attribution.chain import MOST_ORDER, transitions_of
from septima.models.attribution.markov import Order, from_transitions
from septima.models.attribution.paths import SEPARATOR, read_paths
from septima.models.attribution.reading import Frame, counted, money, needed
from septima.models.attribution.replicates import into_groups
from septima.models.attribution.results import Attribution, Attributions
from septima.models.attribution.rules import credited, weights
from septima.models.attribution.shapley import coalitions_of, from_coalitions
from septima.models.attribution.words import METHODS, AttributionError, Method, Worth
from septima.schema.text import Text

DIRECT = ("direct",)


def from_paths(
    frame: pd.DataFrame,
    path: str = "path",
    conversions: str = "conversions",
    value: str | None = None,
    nulls: str | None = None,
    *,
    separator: str = SEPARATOR,
    methods: Sequence[Method] = METHODS,
    order: Order = "auto",
    direct: Collection[str] = DIRECT,
    half_life: float = 1.0,
    worth: Worth = "conversions",
    seed: int = 0,
) -> Attributions:
    r"""Attribution of a table with one row per path: `path`, such as `email > search > email`, oldest touch first.

    `conversions`, `value` and `nulls` name the columns that count the conversions of the path, their money, and how
    often the path came to nothing. A separator within a name is written `\>`; an empty path is no touch, and what it
    brought stays unattributed. `direct` are channels that «last non-direct» passes over; `half_life` is in touches,
    for a table of paths has no time; `worth` is that of `shapley`. 95 % intervals of the shares come from leaving out
    random groups of paths (drawn with `seed`); the amounts of paths in one row are taken as alike.
    AttributionError names column and row where the table is wrong.
    """
    unknown = [name for name in methods if name not in METHODS]
    if unknown:
        raise AttributionError(
            Text(
                f"there is no method {unknown[0]!r}; use one of: {', '.join(METHODS)}",
                f"нет метода «{unknown[0]}»; выберите из\u00a0следующих: {', '.join(METHODS)}",
            )
        )
    if not half_life > 0:
        raise AttributionError(
            Text(
                f"the half-life must be above zero, not {half_life!r}",
                f"период полураспада должен быть больше нуля, а\u00a0указано «{half_life}»",
            )
        )
    table: Frame = frame
    needed(table, [name for name in (path, conversions, value, nulls) if name is not None])
    paths = read_paths(table[path].tolist(), separator)
    counts = counted(table, conversions)
    lost = counted(table, nulls) if nulls is not None else np.zeros(len(frame))
    amounts, _ = money(table, value) if value is not None else (np.zeros(len(frame)), None)
    valueless = (counts == 0) & (amounts > 0)
    if valueless.any():
        raise AttributionError(
            Text(
                f"row {int(valueless.argmax()) + 1}: {value!r} is above zero without a conversion",
                f"строка {int(valueless.argmax()) + 1}: в\u00a0«{value}» число больше нуля, а\u00a0конверсии нет; "
                "исправьте одно из\u00a0них",
            )
        )

    touched = paths.lengths > 0
    converted, untouched = int(counts[touched].sum()), int(counts[~touched].sum())
    total = money(table[touched], value)[1] if value is not None else None
    rest = money(table[~touched], value)[1] if value is not None else None
    grouped, lost_grouped = into_groups(counts, seed), into_groups(lost, seed + 1)
    money_grouped = amounts[:, None] * np.where(counts[:, None] > 0, grouped / np.maximum(counts[:, None], 1), 0.0)

    known_direct = np.array([name in direct for name in paths.channels], dtype=bool)
    found: dict[Method, Attribution] = {}
    for method in dict.fromkeys(methods):
        if method == "markov":
            most = MOST_ORDER if order == "auto" else int(order)
            if most not in range(1, MOST_ORDER + 1):
                raise AttributionError(
                    Text(
                        f"the order of a chain must be 1 to {MOST_ORDER} or 'auto', not {order!r}",
                        f"порядок цепи\u00a0— от\u00a01 до\u00a0{MOST_ORDER} или «auto», а\u00a0указано «{order}»",
                    )
                )
            steps = transitions_of(paths, grouped, lost_grouped, money_grouped, most)
            found[method] = from_transitions(steps, order, total)
        elif method == "shapley":
            coalitions = coalitions_of(paths, grouped, lost_grouped, money_grouped)
            found[method] = from_coalitions(coalitions, total, worth=worth, seed=seed)
        else:
            parts = weights(paths, method, direct=known_direct, half_life=half_life)
            by_conversions, by_value = (credited(paths, parts, part) for part in (grouped, money_grouped))
            found[method] = from_credits(method, paths.channels, (Decimal(converted), total), by_conversions, by_value)
    return Attributions(
        found, paths.channels, converted, int(lost[touched].sum()), Decimal(untouched), rest
    )  # fmt: skip
