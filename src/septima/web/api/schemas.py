"""What the interface gives, as its description says it."""

from datetime import date, datetime

from ninja import Schema

from septima.metrics import Metric
from septima.schema import Text
from septima.scorecard.card import CompositeCard, Figure, KpiCard, Scorecard


class Words(Schema):
    """A phrase in both languages."""

    en: str
    ru: str


class FigureOut(Schema):
    """A value with its 95 % interval; null where it is undefined."""

    value: float | None
    lower: float | None
    upper: float | None


class CallerOut(Schema):
    """Whom a token speaks for and what it may do."""

    organisation: str
    name: str
    role: str
    scopes: list[str]
    expires_at: datetime


class MetricOut(Schema):
    """A metric's passport."""

    id: str
    definition: str
    name: Words
    description: Words
    unit: str
    direction: str
    perspective: str
    group: str
    method: Words
    formula: str
    formula_source: str
    primary_data: list[str]
    dimensions: list[str]
    minimum_sample: int


class MetricPage(Schema):
    """A page of metrics; `next` is the cursor of the page after it, null at the end."""

    items: list[MetricOut]
    next: str | None


class MetricFigure(Schema):
    """A figure of a metric in a period and slice; `note` says why there is none."""

    period: date
    slice: dict[str, str | None]
    value: float | None
    lower: float | None
    upper: float | None
    n: float | None
    missing_share: float | None
    note: str | None
    complete: bool


class FigurePage(Schema):
    """A page of figures; `recorded` says whether they were taken from the record."""

    metric: str
    definition: str
    grain: str
    recorded: bool
    data_version: int
    items: list[MetricFigure]
    next: str | None


class KpiOut(Schema):
    """A KPI of a card."""

    id: str
    metric: str
    definition: str
    name: Words
    unit: str
    weight: float
    state: str
    figure: FigureOut
    normalised: FigureOut
    target: float | None
    change: float | None
    n: float | None
    missing_share: float | None
    too_few: bool
    owner: str | None


class CompositeOut(Schema):
    """A composite: as printed, and of 0–100."""

    id: str
    name: Words
    weight: float
    state: str
    printed: FigureOut
    normalised: FigureOut
    target: float | None
    change: float | None
    formula: str


class PerspectiveOut(Schema):
    """A perspective: its composite and its KPIs."""

    composite: CompositeOut
    kpis: list[KpiOut]


class ScorecardOut(Schema):
    """A scorecard of a period; `behind` says that the data have changed since it was made."""

    organisation: str
    period: str
    start: date
    end: date
    currency: str | None
    complete: bool
    behind: bool
    definition: str
    data_version: int
    computed_at: datetime
    integral: CompositeOut
    perspectives: list[PerspectiveOut]
    own: list[KpiOut]
    statements: list[Words]


class RowsPage(Schema):
    """Rows behind a KPI: the source they are of, its columns, and the rows, each value as text or null."""

    source: str
    columns: list[str]
    rows: list[list[str | None]]
    more: bool


def words(text: Text) -> Words:
    """A phrase for the interface."""
    return Words(en=text.en, ru=text.ru)


def metric_out(metric: Metric) -> MetricOut:
    """A metric for the interface."""
    passport = metric.passport
    return MetricOut(
        id=metric.id,
        definition=passport.definition,
        name=words(passport.name),
        description=words(passport.description),
        unit=passport.unit,
        direction=passport.direction,
        perspective=passport.perspective,
        group=passport.group,
        method=words(passport.method),
        formula=passport.formula,
        formula_source=passport.formula_source,
        primary_data=list(passport.primary_data),
        dimensions=list(metric.dimensions),
        minimum_sample=passport.minimum_sample,
    )


def scorecard_out(card: Scorecard, *, behind: bool) -> ScorecardOut:
    """A card for the interface."""
    return ScorecardOut(
        organisation=card.organisation,
        period=card.period,
        start=card.start,
        end=card.end,
        currency=card.currency,
        complete=card.complete,
        behind=behind,
        definition=card.definition,
        data_version=card.data_version,
        computed_at=card.computed_at,
        integral=_composite(card.integral),
        perspectives=[
            PerspectiveOut(composite=_composite(one.composite), kpis=[_kpi(kpi) for kpi in one.kpis])
            for one in card.perspectives
        ],
        own=[_kpi(kpi) for kpi in card.own],
        statements=[words(said) for said in card.statements],
    )


def figure_out(figure: Figure) -> FigureOut:
    """A figure for the interface."""
    return FigureOut(value=figure.value, lower=figure.lower, upper=figure.upper)


def _composite(one: CompositeCard) -> CompositeOut:
    return CompositeOut(
        id=one.id,
        name=words(one.name),
        weight=one.weight,
        state=one.state,
        printed=figure_out(one.printed),
        normalised=figure_out(one.normalised),
        target=one.target,
        change=one.change,
        formula=one.formula,
    )


def _kpi(one: KpiCard) -> KpiOut:
    return KpiOut(
        id=one.id,
        metric=one.metric,
        definition=one.definition,
        name=words(one.name),
        unit=one.unit,
        weight=one.weight,
        state=one.state,
        figure=figure_out(one.figure),
        normalised=figure_out(one.normalised),
        target=one.target,
        change=one.change,
        n=one.n,
        missing_share=one.missing_share,
        too_few=one.too_few,
        owner=one.owner,
    )
