"""A finished scorecard: values only, ready to be shown by any page, table or program."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from septima.schema import Text

State = Literal["good", "watch", "bad", "unknown"]
Direction = Literal["more", "less", "target"]


@dataclass(frozen=True)
class Figure:
    """A number with the interval that its sample leaves open; None where it is undefined."""

    value: float | None
    lower: float | None = None
    upper: float | None = None


UNDEFINED = Figure(None)


@dataclass(frozen=True)
class TrendPoint:
    """The value of one period of the history, oldest first in a trend, and the target that it had then."""

    period: date
    label: str
    figure: Figure
    target: float | None = None


@dataclass(frozen=True)
class KpiCard:
    """One KPI of a perspective in one period.

    `figure` is in the metric's own unit. `scaled` is what enters the printed composite: the value
    itself for shares and indices, the achievement of the target for amounts (`entry` says which:
    value, complement or achievement). `normalised` is 0–100. `change` is the value less that of the
    previous period; `change_distinct` tells whether it stands out from noise (None: not known) and
    `change_statement` says so in a sentence. `statements` say what is wrong or worth knowing, in
    whole sentences; a KPI without a figure always has one. `scaled_previous` is what entered the
    composite of the previous period. `target` is that of the card's period, and `target_source` says where it comes from
    where it is not one number for all periods. `parameters` and `where` are as text, ready to be shown. `too_few` is
    true where there is no figure because there are fewer records than `minimum_sample`.
    """

    id: str
    metric: str
    name: Text
    description: Text
    unit: str
    direction: Direction
    weight: float
    figure: Figure
    scaled: Figure
    normalised: Figure
    target: float | None
    previous: float | None
    change: float | None
    n: float | None
    missing_share: float | None
    minimum_sample: int
    state: State
    method: Text
    formula: str
    formula_source: str
    definition: str
    primary_data: tuple[str, ...]
    trend: tuple[TrendPoint, ...] = ()
    statements: tuple[Text, ...] = ()
    by_dimension: Text | None = None
    slices: tuple["SliceRow", ...] = ()
    entry: str = "value"
    scaled_previous: float | None = None
    change_distinct: bool | None = None
    change_statement: Text | None = None
    normalisation: str = "target"
    owner: str | None = None
    parameters: tuple[tuple[str, str], ...] = ()
    where: tuple[tuple[str, str], ...] = ()
    too_few: bool = False
    target_source: Text | None = None


@dataclass(frozen=True)
class SliceRow:
    """The KPI's value for one member of a dimension in the card's period, and the member's own target."""

    member: str
    figure: Figure
    n: float | None
    target: float | None = None
    state: State = "unknown"


@dataclass(frozen=True)
class CompositeCard:
    """CKPI of a perspective, or CKPIint of the company.

    `printed` follows the printed formula Σ A·x / n; `normalised` is 0–100. `change` and
    `normalised_change` are against the previous period; `change_distinct` and `change_statement` as
    on a KPI. `target` is the printed value with every KPI at its target, None where one has none;
    the state compares with it. `trend` is of the printed form, `normalised_trend` of the other.
    """

    id: str
    name: Text
    weight: float
    printed: Figure
    normalised: Figure
    change: float | None
    normalised_change: float | None
    state: State
    formula: str
    trend: tuple[TrendPoint, ...] = ()
    statements: tuple[Text, ...] = ()
    target: float | None = None
    change_distinct: bool | None = None
    change_statement: Text | None = None
    normalised_trend: tuple[TrendPoint, ...] = ()


@dataclass(frozen=True)
class PerspectiveCard:
    """A business function: its composite and the KPIs it is made of."""

    composite: CompositeCard
    kpis: tuple[KpiCard, ...]


@dataclass(frozen=True)
class Scorecard:
    """The company's card for one period.

    `start` is the first day of the period and `end` the day after the last. `method` says how the
    composites and their intervals were made; `complete` is false while the period is not over.
    """

    organisation: str
    period: str
    period_label: Text
    start: date
    end: date
    currency: str | None
    integral: CompositeCard
    perspectives: tuple[PerspectiveCard, ...]
    own: tuple[KpiCard, ...]
    data_version: int
    definition: str
    computed_at: datetime
    normalisation: str
    aggregation: str
    complete: bool = True
    statements: tuple[Text, ...] = field(default=())
    method: Text | None = None
