"""What a scorecard is made of, whatever the organisation: perspectives, KPIs, weights and targets."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from septima.schema import SeptimaError, Text
from septima.scorecard.card import Direction
from septima.scorecard.composite import Aggregation
from septima.scorecard.normalise import Entry, Normalisation, Rule, Thresholds, Utility
from septima.scorecard.weighting import Weighting

SCALED_UNITS = ("share", "index")
"""Units whose values enter the printed composite as they are; all others are amounts."""

PERSPECTIVES: dict[str, Text] = {
    "customer_support": Text("Customer support", "Поддержка клиентов"),
    "marketing": Text("Marketing", "Маркетинг"),
    "sales": Text("Sales", "Продажи"),
    "governance": Text("Governance", "Управление"),
    "operations": Text("Operations", "Операции"),
    "hr": Text("People", "Персонал"),
    "finance": Text("Finance", "Финансы"),
}
"""The seven business functions of the methodology."""

OWN = "own"
"""The id under which the company's own KPIs stand beside the perspectives."""


class DefinitionError(SeptimaError):
    """A scorecard definition that cannot be used; the message names file, line and remedy."""


@dataclass(frozen=True)
class TargetRule:
    """Where targets come from: by id of the period, else by formula or plan, else one number for all periods."""

    number: float | None = None
    by_period: Mapping[str, float] = field(default_factory=dict[str, float])
    formula: str | None = None
    plan: str | None = None


@dataclass(frozen=True)
class KpiDefinition:
    """A KPI: a metric with parameters and slice, its weight, its target and how it is normalised.

    `where` restricts the metric to a slice (dimension → member); `by` names the dimension whose
    members are shown. `target` is one number for all periods, `targets` a rule in its place, and `member_targets` are
    those of members of `by`. `guard` is the id of the KPI that must not get worse while this one gets better. `entry`
    and `normalisation` are None where the scorecard's rule holds. `line` is where the file speaks of it.
    """

    id: str
    metric: str
    weight: float = 1.0
    name: Text | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict[str, Any])
    where: Mapping[str, str | None] = field(default_factory=dict[str, "str | None"])
    by: str | None = None
    target: float | None = None
    targets: TargetRule | None = None
    member_targets: Mapping[str, TargetRule] = field(default_factory=dict[str, TargetRule])
    worst: float | None = None
    best: float | None = None
    thresholds: Thresholds | None = None
    utility: Utility | None = None
    normalisation: Normalisation | None = None
    entry: Entry | None = None
    owner: str | None = None
    guard: str | None = None
    line: int | None = None

    @property
    def target_rule(self) -> TargetRule:
        """Where the KPI's targets come from."""
        return self.targets or TargetRule(self.target)

    @property
    def has_target(self) -> bool:
        """Whether the KPI is given targets, be it that some periods lack one."""
        return self.targets is not None or self.target is not None

    def rule(self, direction: Direction, default: Normalisation) -> Rule:
        """How the KPI is brought to 0–100, by its own normalisation or else the scorecard's; `target` is that of all periods."""
        method = self.normalisation or default
        return Rule(method, direction, self.target, self.worst, self.best, self.thresholds, self.utility)

    def enters_as(self, unit: str, direction: Direction) -> Entry:
        """How the KPI enters the printed composite.

        As the definition says; else shares and indices as they are, amounts by achievement of the
        target. A share of which less is better enters as 1 − share and an index by achievement, for
        otherwise the composite would rise as things get worse.
        """
        if self.entry is not None:
            return self.entry
        if unit not in SCALED_UNITS:
            return "achievement"
        if direction == "more":
            return "value"
        return "complement" if unit == "share" and direction == "less" else "achievement"


@dataclass(frozen=True)
class PerspectiveDefinition:
    """A business function with the KPIs of its composite; `weighting` is how their weights came about, if not by hand."""

    id: str
    name: Text
    kpis: tuple[KpiDefinition, ...]
    weight: float = 1.0
    weighting: Weighting | None = None
    line: int | None = None

    @property
    def weights(self) -> dict[str, float]:
        """The weights of the KPIs by id."""
        return {kpi.id: kpi.weight for kpi in self.kpis}


@dataclass(frozen=True)
class ScorecardDefinition:
    """A scorecard, independent of the organisation, the period and the data.

    `trend` is the number of periods shown, the card's own among them. `watch_band` is how far a
    value may stay behind its target, as a share of it, and be watched rather than bad. `own` are
    the company's own KPIs, which enter no composite. `weighting` is how the perspectives' weights came about, if not by
    hand. `file` is where it was read from.
    """

    perspectives: tuple[PerspectiveDefinition, ...]
    own: tuple[KpiDefinition, ...] = ()
    normalisation: Normalisation = "target"
    aggregation: Aggregation = "arithmetic"
    trend: int = 8
    watch_band: float = 0.1
    weighting: Weighting | None = None
    file: str | None = None

    @property
    def weights(self) -> dict[str, float]:
        """The weights of the perspectives by id."""
        return {perspective.id: perspective.weight for perspective in self.perspectives}

    @property
    def kpis(self) -> tuple[KpiDefinition, ...]:
        """All KPIs, those of the perspectives first."""
        return (*(kpi for perspective in self.perspectives for kpi in perspective.kpis), *self.own)

    @property
    def version(self) -> str:
        """Twelve hexadecimal digits of the SHA-256 of the content; comments, layout and place do not count."""
        content = asdict(_without_places(self))
        text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


def _without_places(definition: ScorecardDefinition) -> ScorecardDefinition:
    perspectives = tuple(
        replace(perspective, line=None, kpis=_without_lines(perspective.kpis))
        for perspective in definition.perspectives
    )
    return replace(definition, perspectives=perspectives, own=_without_lines(definition.own), file=None)


def _without_lines(kpis: tuple[KpiDefinition, ...]) -> tuple[KpiDefinition, ...]:
    return tuple(replace(kpi, line=None) for kpi in kpis)
