"""How much of a KPI's change comes from each slice: from its rate, and from its share in the volume (the mix).

A whole can fall while every one of its slices rises, when the weaker ones grow (Simpson, 1951). So each slice is two
players, its rate and its volume, each of which comes over from the earlier to the later period; what they bring is exact
Shapley over all orders (Shapley, 1953), worked out on the metric's own formula.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from septima.models.shapley_change import shapley
from septima.schema import Text
from septima.scorecard.card import UNDEFINED, Figure
from septima.scorecard.dimensions import dimension_name
from septima.scorecard.slice_cells import SliceCells

FloatArray = npt.NDArray[np.float64]
Kind = Literal["share", "volume", "whole"]

MOST_SLICES = 7
"""Slices that stand alone with the rest joined into the last: two players each make 2¹⁴ coalitions."""

_CLOSE = 1e-9

NOT_REBUILT = Text(
    "This metric cannot be made again from its slices (it counts different customers, ranks or looks back over all time): only the slices’ own figures are shown.",
    "Эту метрику нельзя собрать из\u00a0срезов (она считает разных клиентов, упорядочивает или смотрит на\u00a0всю историю): показаны только "
    "значения самих срезов.",
)


@dataclass(frozen=True)
class SliceDriver:
    """A slice's figures before and now, its share in the records of each, and what it brought to the whole's change.

    `by_rate` is due to the change within the slice, `by_mix` to that of its share (or, of a sum, its volume); both add up to
    `total`. The intervals take the records as counted: they come from the figures' own (a difference by MOVER; Zou & Donner, 2008).
    `joined` is how many members it holds; `member` is None for the unknown one.
    """

    member: str | None
    joined: int
    before: Figure
    now: Figure
    share_before: float
    share_now: float
    total: Figure
    by_rate: Figure
    by_mix: float | None


@dataclass(frozen=True)
class SliceChange:
    """A KPI's change by the members of a dimension, the largest contribution first.

    `kind` says what moves beside the rate: the `share` of a slice, its `volume` (of a sum), or nothing apart from the slice as a
    `whole` (where the metric compares periods itself). Totals add up to the change; where `note` says why not, there are none.
    """

    kpi: str
    dimension: str
    dimension_name: Text
    before: float | None
    now: float | None
    kind: Kind
    drivers: tuple[SliceDriver, ...]
    note: Text | None = None

    @property
    def change(self) -> float | None:
        """The later value less the earlier one."""
        return None if self.before is None or self.now is None else self.now - self.before


def slice_change(ends: tuple[float | None, float | None], cells: SliceCells, earlier: int = -2) -> SliceChange:
    """Split the change of a KPI over the slices of which `cells` has the aggregates.

    `ends` are its figures of the period at place `earlier` and of the last one, as the card shows them: where the slices do
    not give just these, the metric cannot be made again from slices, and nothing is split.
    """
    if not cells.members:
        return not_split(cells.kpi.id, cells.dimension, ends)
    name = dimension_name(cells.dimension)
    groups = _largest(cells, earlier)
    before, now = (_joined(cells.at(place), groups) for place in (earlier, -1))
    states = ((before, earlier), (now, -1))
    whole = [float(cells.estimate(sums.sum(axis=0)[None], place).value[0]) for sums, place in states]
    figures = [cells.estimate(sums, place) for sums, place in states]
    volumes = [np.nan_to_num(one.n) for one in figures]
    same = all(_close(end, made) for end, made in zip(ends, whole, strict=True))
    kind: Kind = "whole" if cells.lead else "share" if _scale_free(cells, now, whole[1]) else "volume"
    parts = _split(cells, before, now, volumes, kind) if same else None
    if parts is not None and not _close(whole[1] - whole[0], float(parts.sum())):
        parts = None
    shown = [[_figure(one.value[at], one.lower[at], one.upper[at]) for at in range(len(groups))] for one in figures]
    drivers = [
        _driver(
            cells,
            groups[at],
            (shown[0][at], shown[1][at]),
            _shares(volumes, at),
            None if parts is None else parts[at],
            kind,
        )
        for at in range(len(groups))
    ]
    drivers.sort(key=lambda one: -abs(one.total.value or 0.0))
    return SliceChange(
        cells.kpi.id,
        cells.dimension,
        name,
        ends[0],
        ends[1],
        kind,
        tuple(drivers),
        None if parts is not None else NOT_REBUILT,
    )


def not_split(kpi: str, dimension: str, ends: tuple[float | None, float | None]) -> SliceChange:
    """What is said of a KPI that has no cells: that its metric cannot be made again from slices."""
    return SliceChange(kpi, dimension, dimension_name(dimension), *ends, "whole", (), NOT_REBUILT)


def told_dimension(dimensions: Sequence[str], shown: str | None, wanted: str | None = None) -> str | None:
    """The dimension to split by: the one wanted, else the KPI's own, else the first of the usual ones that it has."""
    if wanted is not None:
        return wanted if wanted in dimensions else None
    if shown is not None:
        return shown
    return next((name for name in ("channel", "department", "region") if name in dimensions), None)


def _close(one: float | None, other: float) -> bool:
    return one is not None and abs(one - other) <= _CLOSE * max(1.0, abs(one))


def _largest(cells: SliceCells, earlier: int) -> list[list[int]]:
    """Places of the members by group: the largest alone, the others together."""
    sizes = sum(np.nan_to_num(cells.estimate(cells.at(place), place).n) for place in (earlier, -1))
    order = [int(at) for at in np.argsort(-np.asarray(sizes), kind="stable")]
    if len(order) <= MOST_SLICES:
        return [[at] for at in order]
    return [*([at] for at in order[: MOST_SLICES - 1]), order[MOST_SLICES - 1 :]]


def _joined(sums: FloatArray, groups: list[list[int]]) -> FloatArray:
    return np.stack([sums[group].sum(axis=0) for group in groups])


def _scale_free(cells: SliceCells, now: FloatArray, whole: float) -> bool:
    """Whether twice the records of all slices would give the same figure, as of a rate, and not twice as much, as of a sum."""
    doubled = float(cells.estimate(2 * now.sum(axis=0)[None]).value[0])
    return abs(doubled - whole) <= _CLOSE * max(1.0, abs(whole))


def _split(
    cells: SliceCells, before: FloatArray, now: FloatArray, volumes: Sequence[FloatArray], kind: Kind
) -> FloatArray:
    """Contributions of each group: groups × (rate, mix), or groups × 1 where only the whole slice can come over."""
    count = len(before)
    if kind == "whole":
        # The two periods' own neighbours come along: a slice is replaced with all that its figure looks back on.
        numbers = np.arange(1 << count)
        sums = np.zeros((len(numbers), *before.shape[1:]))
        for at in range(count):
            over = ((numbers >> at) & 1).astype(bool)
            sums += np.where(over[:, None, None], now[at], before[at])
        return shapley(cells.estimate(sums).value)[:, None]
    numbers = np.arange(1 << 2 * count)
    sums = np.zeros((len(numbers), *before.shape[1:]))
    totals = [max(float(volume.sum()), 1e-300) for volume in volumes]
    for at in range(count):
        sizes = [float(volume[at]) for volume in volumes]
        if any(size == 0 and state[at].any() for state, size in zip((before, now), sizes, strict=True)):
            # Records that no volume stands against (complaints by a channel without orders) have no rate: the slice comes whole.
            units = totals if kind == "share" else [1.0, 1.0]
            wholes = np.stack([state[at] / unit for state, unit in zip((before, now), units, strict=True)])
            sums += wholes[(numbers >> 2 * at) & 1]
            continue
        rates = [state[at] / size if size > 0 else None for state, size in zip((before, now), sizes, strict=True)]
        # A slice without records in one period has no rate of its own there: the other's stands, and all is mix.
        known = [rate for rate in rates if rate is not None]
        if not known:
            continue
        filled = [known[0] if rate is None else rate for rate in rates]
        weights = [size / total if kind == "share" else size for size, total in zip(sizes, totals, strict=True)]
        rate, volume = (numbers >> 2 * at) & 1, (numbers >> 2 * at + 1) & 1
        products = np.stack([[weight * one for weight in weights] for one in filled])
        sums += products[rate, volume]
    if kind == "share":
        # A mean over all records of both periods: estimates that refuse small samples see none.
        sums *= sum(totals)
    return shapley(cells.estimate(sums).value).reshape(count, 2)


def _shares(volumes: Sequence[FloatArray], at: int) -> tuple[float, float]:
    before, now = (float(volume[at] / volume.sum()) if volume.sum() > 0 else 0.0 for volume in volumes)
    return before, now


def _driver(
    cells: SliceCells,
    group: list[int],
    figures: tuple[Figure, Figure],
    shares: tuple[float, float],
    parts: FloatArray | None,
    kind: Kind,
) -> SliceDriver:
    member = cells.members[group[0]] if len(group) == 1 else None
    if parts is None:
        return SliceDriver(member, len(group), *figures, *shares, UNDEFINED, UNDEFINED, None)
    rate, mix = float(parts[0]), None if kind == "whole" else float(parts[1])
    whole = rate + (mix or 0.0)
    if kind == "volume":
        # Of a sum the slice's own total is what has an interval; its volume and its mean share one.
        return SliceDriver(member, len(group), *figures, *shares, _around(whole, 1.0, figures), Figure(rate), mix)
    before, now = (figure.value for figure in figures)
    step = None if before is None or now is None else now - before
    mean = sum(shares) / 2
    worth = rate / step if step else mean
    by_rate = _around(rate, worth, figures) if kind == "share" else Figure(rate)
    shift = mix or 0.0
    total = Figure(
        whole,
        None if by_rate.lower is None else by_rate.lower + shift,
        None if by_rate.upper is None else by_rate.upper + shift,
    )
    return SliceDriver(member, len(group), *figures, *shares, total, by_rate, mix)


def _around(value: float, worth: float, figures: tuple[Figure, Figure]) -> Figure:
    """`value` with the interval of the difference of two figures (MOVER), each step of which is worth `worth`."""
    (before, low_before, high_before), (now, low_now, high_now) = ((one.value, one.lower, one.upper) for one in figures)
    if (
        before is None
        or now is None
        or low_before is None
        or high_before is None
        or low_now is None
        or high_now is None
    ):
        return Figure(value)
    below = float(np.hypot(now - low_now, high_before - before))
    above = float(np.hypot(high_now - now, before - low_before))
    ends = (
        sorted((value - worth * below, value + worth * above))
        if worth >= 0
        else sorted((value + worth * above, value - worth * below))
    )
    return Figure(value, ends[0], ends[1])


def _figure(value: float, lower: float, upper: float) -> Figure:
    if not np.isfinite(value):
        return UNDEFINED
    if not (np.isfinite(lower) and np.isfinite(upper)):
        return Figure(float(value))
    return Figure(float(value), float(lower), float(upper))
