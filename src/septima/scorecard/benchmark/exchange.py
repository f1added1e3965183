"""What an exchange file holds: aggregates of one organisation and period, and a word on each that is left out.

No row, no customer, no employee, no slice: composites and, where asked for, metrics of the whole organisation, each of at
least k records.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Literal, get_args

from septima.metrics import Passport
from septima.schema import Text
from septima.scorecard.benchmark.errors import BenchmarkError
from septima.scorecard.benchmark.privacy import (
    Reach,
    entry_slope,
    noisy,
    normalised_slope,
    reach_of_composite,
    reach_of_mean,
)
from septima.scorecard.card import CompositeCard, Figure, KpiCard, Scorecard
from septima.scorecard.definition import KpiDefinition, ScorecardDefinition
from septima.scorecard.simulate import bounds_of

LEAST_GROUP = 5
INTEGRAL = "integral"
_AMOUNTS = ("currency", "currency_per_day", "count")
"""Units that say how large an organisation is and not how well it does."""

TRADES: dict[str, Text] = {
    "online_shop": Text("online shop", "интернет-магазин"),
    "retail_chain": Text("retail chain", "розничная сеть"),
    "b2b_services": Text("B2B services", "услуги для\u00a0бизнеса"),
    "bank_telecom": Text("bank or telecom", "банк или\u00a0связь"),
    "insurance": Text("insurance", "страхование"),
    "healthcare": Text("health care", "медицина"),
    "education": Text("education", "образование"),
    "transport": Text("transport", "транспорт"),
    "manufacturing": Text("manufacturing", "производство"),
    "hospitality": Text("hospitality", "гостиницы и\u00a0рестораны"),
    "utilities": Text("utilities", "коммунальные услуги"),
    "government": Text("government", "госуслуги"),
    "non_profit": Text("non-profit", "некоммерческая организация"),
    "public_service": Text("public service", "общественные услуги"),
    "other": Text("other", "другое"),
}
"""Trades that an organisation can say it is of."""

Why = Literal["too_few", "undefined", "unbounded"]
WHYS: tuple[Why, ...] = get_args(Why)
_WHY_RU: dict[Why, str] = {"too_few": "мало записей", "undefined": "не\u00a0определён", "unbounded": "без границ"}
Band = tuple[int, int]


@dataclass(frozen=True)
class SharedComposite:
    """A composite as it is shared: CKPI of a perspective, or CKPIint.

    `metrics` are the ids of what it is made of (perspectives of CKPIint) and `n` the band that the smallest sample behind
    it lies in. Either form may be missing where it is undefined or left out.
    """

    id: str
    name: Text
    weight: float
    metrics: tuple[str, ...]
    n: Band
    printed: Figure
    normalised: Figure


@dataclass(frozen=True)
class SharedMetric:
    """A metric of the catalogue, with its usual parameters and over the whole organisation."""

    id: str
    unit: str
    n: Band
    figure: Figure


@dataclass(frozen=True)
class LeftOut:
    """A figure that is not in the file: `form` is printed, normalised, value or all."""

    id: str
    form: str
    why: Why


@dataclass(frozen=True)
class NoisyFigure:
    """What one figure costs: how far one record can move it (`sensitivity`), and the `scale` of its Laplace noise."""

    id: str
    form: str
    sensitivity: float
    scale: float


@dataclass(frozen=True)
class Noise:
    """What noise the figures carry: `epsilon` in all, in equal parts, and who is protected by it."""

    epsilon: float
    figures: tuple[NoisyFigure, ...]
    mechanism: str = "laplace"
    unit: str = "one record in every sample, replaced, added or taken away"


@dataclass(frozen=True)
class Exchange:
    """The content of an exchange file.

    `start` is the first day of the period and `end` the day after the last. `k` is the least number of records that any
    figure rests on. `pseudonym` tells that `organisation` is not its name.
    """

    organisation: str
    pseudonym: bool
    trade: str
    country: str | None
    period: str
    start: date
    end: date
    made_at: datetime
    k: int
    normalisation: str
    aggregation: str
    integral: SharedComposite | None
    perspectives: tuple[SharedComposite, ...]
    metrics: tuple[SharedMetric, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    noise: Noise | None = None

    @property
    def composites(self) -> tuple[SharedComposite, ...]:
        """CKPIint, where it is there, and the perspectives."""
        return (*(() if self.integral is None else (self.integral,)), *self.perspectives)


@dataclass(frozen=True)
class _Candidate:
    """A figure that may go into the file: of which entry and form, its reach, and the values that it can take."""

    id: str
    form: str
    figure: Figure
    reach: Reach | None
    bounds: tuple[float, float]


def band_of(n: float, k: int) -> Band:
    """The band of the series 1, 2, 5, 10, 20 … that n lies in: its least, which is k or more, and its greatest number."""
    size = 10 ** math.floor(math.log10(n))
    steps = [size * step for step in (1, 2, 5, 10)]
    low = max(step for step in steps if step <= n)
    high = next(step for step in steps if step > n) - 1
    return max(low, k), max(high, k)


def exchange_of(
    card: Scorecard,
    definition: ScorecardDefinition,
    passports: Mapping[str, Passport],
    *,
    trade: str,
    name: str | None = None,
    country: str | None = None,
    k: int = LEAST_GROUP,
    with_metrics: bool = False,
    epsilon: float | None = None,
    now: datetime | None = None,
) -> Exchange:
    """What an organisation shares of its card of a period; `name` is a pseudonym, `passports` are those of metrics by id.

    With `epsilon` every figure that has a bound gets Laplace noise, and the others are left out. BenchmarkError where the
    trade or country is none, k is below 5, the period is not over, or nothing is left to share.
    """
    _check(card, trade, country, k, epsilon)
    kpis = {kpi.id: kpi for kpi in definition.kpis}
    metrics = tuple(_metrics(card, kpis, k)) if with_metrics else ()
    composites = _composites(card, k)
    candidates = [*_of_composites(card, definition, passports, composites, k), *_of_metrics(metrics, passports)]
    left = tuple(_left_out(card, metrics, candidates, k, with_metrics=with_metrics, noise=epsilon is not None))
    shared = [one for one in candidates if one.figure.value is not None and (epsilon is None or one.reach is not None)]
    if not shared:
        listed = "; ".join(f"{one.id} ({one.why.replace('_', ' ')})" for one in left)
        listed_ru = "; ".join(f"{one.id} ({_WHY_RU[one.why]})" for one in left)
        noise_en, noise_ru = ("", "")
        if epsilon is not None:
            noise_en, noise_ru = "; without --noise there would be", "; без --noise осталось\u00a0бы"
        raise BenchmarkError(
            Text(f"nothing is left to share: {listed}{noise_en}", f"делиться нечем: {listed_ru}{noise_ru}")
        )
    figures, noise = _with_noise(shared, epsilon)
    found = [_shown(composite, figures) for composite in composites]
    known = [one for one in found if one.printed.value is not None or one.normalised.value is not None]
    return Exchange(
        organisation=name or card.organisation,
        pseudonym=name is not None,
        trade=trade,
        country=country,
        period=card.period,
        start=card.start,
        end=card.end,
        made_at=(now or datetime.now(UTC)).astimezone(UTC).replace(tzinfo=None, microsecond=0),
        k=k,
        normalisation=card.normalisation,
        aggregation=card.aggregation,
        integral=next((one for one in known if one.id == INTEGRAL), None),
        perspectives=tuple(one for one in known if one.id != INTEGRAL),
        metrics=tuple(replace(one, figure=figures[one.id, "value"]) for one in metrics if (one.id, "value") in figures),
        left_out=left,
        noise=noise,
    )


def _check(card: Scorecard, trade: str, country: str | None, k: int, epsilon: float | None) -> None:
    if trade not in TRADES:
        raise BenchmarkError(
            Text(
                f"there is no trade {trade!r}; write --trade with one of: {', '.join(TRADES)}",
                f"нет отрасли «{trade}»; укажите в\u00a0--trade одну из: {', '.join(TRADES)}",
            )
        )
    if country is not None and not (
        len(country) == 2 and country.isascii() and country.isalpha() and country.isupper()
    ):
        raise BenchmarkError(
            Text(
                f"{country!r} is no country; write two letters of ISO 3166, such as KZ",
                f"«{country}»\u00a0— не\u00a0страна; укажите две буквы ISO 3166, например KZ",
            )
        )
    if k < LEAST_GROUP:
        raise BenchmarkError(
            Text(
                f"k is {k}; a figure of fewer than {LEAST_GROUP} records is never shared: write 5 or more",
                f"k равно {k}, а\u00a0значение по\u00a0менее чем {LEAST_GROUP} записям не\u00a0передаётся никогда: "
                "укажите 5 или больше",
            )
        )
    if not card.complete:
        raise BenchmarkError(
            Text(
                f"{card.period} is not over; share a period that is, such as the one before",
                f"{card.period} ещё не\u00a0закончился; поделитесь законченным периодом, например предыдущим",
            )
        )
    if epsilon is not None and not 0 < epsilon <= 100:
        raise BenchmarkError(
            Text(
                f"--noise {epsilon:g} is no epsilon; write a number above 0, such as 1 (less is more noise)",
                f"--noise {epsilon:g}\u00a0— не\u00a0эпсилон; укажите число больше 0, например 1 (чем меньше, тем "
                "больше шума)",
            )
        )


def _composites(card: Scorecard, k: int) -> tuple[SharedComposite, ...]:
    """The composites whose every KPI has at least k records, CKPIint first."""
    found: list[SharedComposite] = []
    for perspective in card.perspectives:
        least = _least(perspective.kpis)
        if least >= k:
            found.append(_composite(perspective.composite, [kpi.metric for kpi in perspective.kpis], band_of(least, k)))
    if len(found) == len(card.perspectives):
        least = min(_least(perspective.kpis) for perspective in card.perspectives)
        ids = [perspective.composite.id for perspective in card.perspectives]
        found.insert(0, _composite(card.integral, ids, band_of(least, k)))
    return tuple(found)


def _composite(card: CompositeCard, metrics: Sequence[str], n: Band) -> SharedComposite:
    return SharedComposite(card.id, card.name, card.weight, tuple(metrics), n, card.printed, card.normalised)


def _least(kpis: Sequence[KpiCard]) -> float:
    return min((0.0 if kpi.n is None else kpi.n for kpi in kpis), default=0.0)


def _metrics(card: Scorecard, definitions: Mapping[str, KpiDefinition], k: int) -> Iterator[SharedMetric]:
    """KPIs that others can have too: a metric of the catalogue that is no amount, of no slice, without parameters of its own."""
    seen: set[str] = set()
    for kpi in (*(kpi for perspective in card.perspectives for kpi in perspective.kpis), *card.own):
        definition = definitions[kpi.id]
        plain = not definition.where and not definition.parameters and "·" not in kpi.definition
        plain = plain and kpi.unit not in _AMOUNTS
        if plain and kpi.metric not in seen and kpi.n is not None and kpi.n >= k and kpi.figure.value is not None:
            seen.add(kpi.metric)
            yield SharedMetric(kpi.metric, kpi.unit, band_of(kpi.n, k), kpi.figure)


def _of_composites(
    card: Scorecard,
    definition: ScorecardDefinition,
    passports: Mapping[str, Passport],
    shared: Sequence[SharedComposite],
    k: int,
) -> Iterator[_Candidate]:
    printed: list[Reach | None] = []
    normalised: list[Reach | None] = []
    for perspective, defined in zip(card.perspectives, definition.perspectives, strict=True):
        pairs = [
            _reaches(kpi, one, passports[kpi.metric], definition, k)
            for kpi, one in zip(perspective.kpis, defined.kpis, strict=True)
        ]
        weights = [kpi.weight for kpi in perspective.kpis]
        printed.append(reach_of_composite([pair[0] for pair in pairs], weights))
        normalised.append(reach_of_composite([pair[1] for pair in pairs], weights, definition.aggregation))
    reaches = {
        perspective.composite.id: pair
        for perspective, *pair in zip(card.perspectives, printed, normalised, strict=True)
    }
    weights = [perspective.composite.weight for perspective in card.perspectives]
    reaches[INTEGRAL] = [
        reach_of_composite(printed, weights),
        reach_of_composite(normalised, weights, definition.aggregation),
    ]
    for one in shared:
        of_printed, of_normalised = reaches[one.id]
        yield _Candidate(one.id, "printed", one.printed, of_printed, (-math.inf, math.inf))
        yield _Candidate(one.id, "normalised", one.normalised, of_normalised, (0.0, 100.0))


def _reaches(
    kpi: KpiCard, defined: KpiDefinition, passport: Passport, definition: ScorecardDefinition, k: int
) -> tuple[Reach | None, Reach | None]:
    """The reach of what enters the printed composite, and of the 0–100 form."""
    if kpi.n is None or kpi.n < k:
        return None, None
    # By the least of the band: the scale of the noise then tells no more of n than the file does.
    raw = reach_of_mean(passport, dict(kpi.parameters), band_of(kpi.n, k)[0])
    if raw is None:
        return None, None
    rule = defined.rule(passport.direction, definition.normalisation)
    entry = defined.enters_as(passport.unit, passport.direction)
    return raw.through(entry_slope(entry, rule)), raw.through(normalised_slope(rule))


def _of_metrics(metrics: Sequence[SharedMetric], passports: Mapping[str, Passport]) -> Iterator[_Candidate]:
    for one in metrics:
        passport = passports[one.id]
        reach = reach_of_mean(passport, passport.parameters, one.n[0])
        yield _Candidate(one.id, "value", one.figure, reach, bounds_of(passport))


def _left_out(
    card: Scorecard,
    metrics: Sequence[SharedMetric],
    candidates: Sequence[_Candidate],
    k: int,
    *,
    with_metrics: bool,
    noise: bool,
) -> Iterator[LeftOut]:
    there = {one.id for one in candidates}
    for composite in (*(perspective.composite for perspective in card.perspectives), card.integral):
        if composite.id not in there:
            yield LeftOut(composite.id, "all", "too_few")
    for one in candidates:
        if one.figure.value is None:
            yield LeftOut(one.id, one.form, "undefined")
        elif noise and one.reach is None:
            yield LeftOut(one.id, one.form, "unbounded")
    shared = {one.id for one in metrics}
    for kpi in (kpi for perspective in card.perspectives for kpi in perspective.kpis) if with_metrics else ():
        if kpi.metric not in shared and (kpi.n is None or kpi.n < k):
            yield LeftOut(kpi.metric, "value", "too_few")


def _with_noise(
    shared: Sequence[_Candidate], epsilon: float | None
) -> tuple[dict[tuple[str, str], Figure], Noise | None]:
    """The figures by id and form; with noise each gets an equal part of epsilon, and the parts add up to it."""
    if epsilon is None:
        return {(one.id, one.form): one.figure for one in shared}, None
    figures: dict[tuple[str, str], Figure] = {}
    costs: list[NoisyFigure] = []
    for one in shared:
        if one.figure.value is not None and one.reach is not None:
            figure, scale = noisy(one.figure.value, one.reach, epsilon / len(shared), one.bounds)
            figures[one.id, one.form] = figure
            costs.append(NoisyFigure(one.id, one.form, one.reach.sensitivity, scale))
    return figures, Noise(epsilon, tuple(costs))


def _shown(composite: SharedComposite, figures: Mapping[tuple[str, str], Figure]) -> SharedComposite:
    printed, normalised = (figures.get((composite.id, form), Figure(None)) for form in ("printed", "normalised"))
    return replace(composite, printed=printed, normalised=normalised)
