"""What the figures of a card will be by the end of the next periods, and how likely they are to reach their targets."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from septima.metrics.period import Calendar, Period
from septima.models.forecast import Coverage, Form, backtest, fit, from_scale, paths, scale_for, slope_of, to_scale
from septima.schema import Text
from septima.scorecard.card import CompositeCard, Direction, Figure, KpiCard, Scorecard, TrendPoint
from septima.scorecard.normalise import ENTRIES, Entry, enter
from septima.scorecard.simulate import NORMAL_95, UNIT_BOUNDS, generator

FloatArray = npt.NDArray[np.float64]

DRAWS = 4000
AHEAD = 2
FEWEST = 4
"""Periods that a forecast rests on: a random walk needs three steps to tell how long its steps are."""
_SEED = 7
_SEASONS = {"quarter": 4, "month": 12}


@dataclass(frozen=True)
class Forecast:
    """A KPI or composite in the next periods.

    `past` are the complete periods that it rests on, `ahead` the figures of the next ones with 95 % intervals. `chance` is
    that of reaching the card's target in each; None where there is no target. `form` of the model is None of a composite, which is made
    of its KPIs' forecasts. `note` says why there is none.
    """

    id: str
    name: Text
    unit: str
    direction: Direction
    past: tuple[TrendPoint, ...]
    ahead: tuple[TrendPoint, ...]
    target: float | None
    chance: tuple[float | None, ...]
    form: Form | None = None
    coverage: Coverage | None = None
    note: Text | None = None


@dataclass(frozen=True)
class ForecastReport:
    """Forecasts of a card: CKPIint, each perspective with its KPIs, and the company's own.

    `periods` are the labels of the periods ahead; the first is the card's own where that is not over.
    """

    organisation: str
    period_label: Text
    currency: str | None
    complete: bool
    periods: tuple[Text, ...]
    integral: Forecast
    perspectives: tuple[tuple[Forecast, tuple[Forecast, ...]], ...]
    own: tuple[Forecast, ...]

    @property
    def kpis(self) -> tuple[Forecast, ...]:
        """All KPIs, those of the perspectives first."""
        return (*(kpi for _, kpis in self.perspectives for kpi in kpis), *self.own)

    @property
    def coverage(self) -> Coverage:
        """How all KPIs' forecasts of their own past did, together."""
        found = [kpi.coverage for kpi in self.kpis if kpi.coverage is not None]
        return Coverage(
            sum(one.forecasts for one in found),
            sum(one.within_80 for one in found),
            sum(one.within_95 for one in found),
        )


def forecast_card(card: Scorecard, calendar: Calendar, *, ahead: int = AHEAD, draws: int = DRAWS) -> ForecastReport:
    """Forecast all figures of a card `ahead` periods on; of a period that is not over, its own end is the first.

    Figures rest on the complete periods of the card's trend. Chances compare with the targets of the card's period. KPIs are
    drawn independently. Each series is put to the test on its own past too.
    """
    work = _work(card, calendar, ahead, draws)
    perspectives = [([work.kpi(kpi) for kpi in part.kpis], part.composite) for part in card.perspectives]
    own = tuple(work.kpi(kpi)[0] for kpi in card.own)
    joined = [
        (
            work.composite(
                composite, [(kpi, drawn) for (_, drawn), kpi in zip(found, part.kpis, strict=True)], _entered
            ),
            tuple(one for one, _ in found),
        )
        for (found, composite), part in zip(perspectives, card.perspectives, strict=True)
    ]
    composites = [(part.composite, drawn) for ((_, drawn), _), part in zip(joined, card.perspectives, strict=True)]
    integral, _ = work.composite(card.integral, composites, _as_it_is)
    return ForecastReport(
        card.organisation,
        card.period_label,
        card.currency,
        card.complete,
        tuple(one.label for one in work.periods),
        integral,
        tuple((composite, kpis) for (composite, _), kpis in joined),
        own,
    )


def forecast_kpi(
    card: Scorecard, kpi: KpiCard, calendar: Calendar, *, ahead: int = AHEAD, draws: int = DRAWS
) -> Forecast:
    """The forecast of one KPI of a card, the same as in `forecast_card`."""
    return _work(card, calendar, ahead, draws).kpi(kpi)[0]


def _work(card: Scorecard, calendar: Calendar, ahead: int, draws: int) -> "_Work":
    period = calendar.parse(card.period)
    first = 1 if card.complete else 0
    periods = tuple(period.shift(step) for step in range(first, first + ahead))
    return _Work(card, periods, _SEASONS.get(period.grain, 0), draws)


@dataclass(frozen=True)
class _Work:
    card: Scorecard
    periods: tuple[Period, ...]
    season: int
    draws: int

    def past(self, trend: Sequence[TrendPoint]) -> tuple[TrendPoint, ...]:
        """The periods that are over."""
        return tuple(trend if self.card.complete else trend[:-1])

    def kpi(self, kpi: KpiCard) -> tuple[Forecast, FloatArray | None]:
        """The forecast of a KPI and its draws, steps × draws."""
        past = self.past(kpi.trend)
        known = past[_last_stretch(past) :]
        if len(known) < FEWEST:
            return _nothing(kpi, past, kpi.unit, kpi.direction), None
        values = np.array([point.figure.value for point in known], dtype=np.float64)
        bounds = UNIT_BOUNDS.get(kpi.unit, (-math.inf, math.inf))
        scale = scale_for(values, bounds)
        scaled = to_scale(values, scale, bounds)
        errors = np.array([_error(point.figure) for point in known]) * slope_of(values, scale, bounds)
        fitted = fit(scaled, self.season, float(errors[-1]))
        random = generator(_SEED, "forecast", kpi.id)
        drawn = from_scale(paths(fitted, len(self.periods), self.draws, random), scale, bounds)
        forecast = Forecast(
            kpi.id,
            kpi.name,
            kpi.unit,
            kpi.direction,
            past,
            self.ahead(drawn, kpi.target),
            kpi.target,
            tuple(_chance(one, kpi) for one in drawn),
            fitted.form,
            backtest(scaled, self.season, errors),
        )
        return forecast, drawn

    def ahead(self, draws: FloatArray, target: float | None) -> tuple[TrendPoint, ...]:
        """The periods ahead with the median of each and its 95 % interval."""
        lower, middle, upper = np.quantile(draws, (0.025, 0.5, 0.975), axis=1)
        return tuple(
            TrendPoint(
                period.start, period.id, Figure(*map(float, (middle[place], lower[place], upper[place]))), target
            )
            for place, period in enumerate(self.periods)
        )

    def composite(
        self,
        composite: CompositeCard,
        parts: "Sequence[tuple[KpiCard | CompositeCard, FloatArray | None]]",
        form: "Callable[[KpiCard | CompositeCard, FloatArray], FloatArray]",
    ) -> tuple[Forecast, FloatArray | None]:
        """The forecast of a composite in the printed form, Σ A·x / n of its parts' draws."""
        past = self.past(composite.trend)
        drawn = [form(part, draws) for part, draws in parts if draws is not None]
        if len(drawn) < len(parts) or composite.printed.value is None:
            return _nothing(composite, past, "index", "more"), None
        weights = np.array([part.weight for part, _ in parts])
        joined = np.tensordot(weights, np.stack(drawn), axes=1) / len(parts)
        target = composite.target
        chance = tuple(None if target is None else float(np.mean(one >= target)) for one in joined)
        forecast = Forecast(
            composite.id, composite.name, "index", "more", past, self.ahead(joined, target), target, chance
        )
        return forecast, joined


def _entered(part: KpiCard | CompositeCard, draws: FloatArray) -> FloatArray:
    """A KPI as it enters the printed composite, by the target of the card's period."""
    if isinstance(part, CompositeCard):
        return draws
    entry: Entry = next(known for known in ENTRIES if known == part.entry)
    return enter(draws, entry, part.direction, part.target)


def _as_it_is(_: KpiCard | CompositeCard, draws: FloatArray) -> FloatArray:
    return draws


def _chance(draws: FloatArray, kpi: KpiCard) -> float | None:
    """The share of draws that reach the target; of a target that is best itself none can be told."""
    if kpi.target is None or kpi.direction == "target":
        return None
    reached = draws <= kpi.target if kpi.direction == "less" else draws >= kpi.target
    return float(reached.mean())


def _last_stretch(past: Sequence[TrendPoint]) -> int:
    """Where the figures that stand without a gap at the end begin."""
    return max((place + 1 for place, point in enumerate(past) if point.figure.value is None), default=0)


def _error(figure: Figure) -> float:
    """The standard error that a 95 % interval tells of; 0 of a figure without one."""
    if figure.lower is None or figure.upper is None:
        return 0.0
    return (figure.upper - figure.lower) / (2 * NORMAL_95)


def _nothing(part: KpiCard | CompositeCard, past: tuple[TrendPoint, ...], unit: str, direction: Direction) -> Forecast:
    note = Text(
        "Four complete periods without a gap are needed at least.",
        "Нужны хотя\u00a0бы четыре завершённых периода подряд без\u00a0пропусков.",
    )
    if isinstance(part, CompositeCard):
        note = Text(
            "A part of the index has no figure or no forecast.", "У\u00a0части индекса нет значения или\u00a0прогноза."
        )
    return Forecast(part.id, part.name, unit, direction, past, (), part.target, (), note=note)
