"""What a company's own metric is: rows of tables, what is counted of them, and the words about it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from septima.metrics.custom.expressions import Field, OwnExpression
from septima.metrics.custom.formula import Formula
from septima.metrics.definition import MetricError, Request, Rows, Unit
from septima.schema import Text

METRIC_ID = re.compile(r"[a-z][a-z0-9_]{0,62}")

OwnKind = Literal["count", "sum", "mean", "ratio", "quantile", "conversion", "derived"]
Cumulative = Literal["all", "year"]


class OwnMetricsError(MetricError):
    """The company's own metrics cannot be used; `mistakes` are all that is wrong, each with file, line and remedy."""

    def __init__(self, mistakes: tuple[Text, ...]) -> None:
        self.mistakes = mistakes
        super().__init__(mistakes[0] if len(mistakes) == 1 else _numbered(mistakes))


def _numbered(mistakes: tuple[Text, ...]) -> Text:
    english, russian = (
        "; ".join(f"({number}) {one.in_language(language)}" for number, one in enumerate(mistakes, 1))
        for language in ("en", "ru")
    )
    return Text(
        f"{len(mistakes)} mistakes in the company's own metrics: {english}",
        f"ошибок в\u00a0собственных метриках компании: {len(mistakes)}: {russian}",
    )


@dataclass(frozen=True)
class OwnTable:
    """A canonical table or a query's answer: its columns, and the way to its rows.

    `time` is the column that gives the moment where nothing else is said. `data` are the columns of canonical
    tables that stand behind it whatever is asked. `settled` is False where any later record may change any row.
    """

    name: str
    fields: Mapping[str, Field]
    rows: Callable[[Request], Rows] = field(repr=False)
    time: str | None
    data: tuple[str, ...] | None = None
    settled: bool = True

    @property
    def of_customers(self) -> bool:
        """Whether its rows have a customer."""
        return "customer_id" in self.fields


@dataclass(frozen=True)
class OwnRows:
    """Rows of a table at their moment, those for which the condition is true, and what is computed of each.

    `value` is what is summed, averaged or ranked; `distinct` the column of which different values are counted;
    with neither the rows are counted.
    """

    table: OwnTable
    at: OwnExpression
    condition: OwnExpression | None = None
    value: OwnExpression | None = None
    distinct: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it reads, as table.column."""
        if self.table.data is not None:
            return self.table.data
        read = [name for part in (self.at, self.condition, self.value) if part is not None for name in part.columns]
        read += [self.distinct] if self.distinct is not None else []
        return tuple(f"{self.table.name}.{name}" for name in dict.fromkeys(read))

    @property
    def parameters(self) -> tuple[str, ...]:
        """The parameters that it reads."""
        parts = (self.at, self.condition, self.value)
        return tuple(dict.fromkeys(name for part in parts if part is not None for name in part.parameters))

    @property
    def of_money(self) -> bool:
        """Whether what is computed is money that has a currency."""
        fields = self.table.fields
        return (
            self.value is not None and "currency" in fields and any(fields[name].money for name in self.value.columns)
        )


@dataclass(frozen=True)
class OwnMetric:
    """A metric as its file describes it.

    `rows` are those of count, sum, mean, quantile, the base of a conversion and the denominator of a ratio;
    `against` the target of a conversion and the numerator of a ratio. `formula` is that of a derived metric.
    `place` says where the file speaks of it, `fingerprint` changes with any change of its content.
    """

    id: str
    version: int
    name: Text
    description: Text
    use: Text
    unit: Unit
    direction: Literal["more", "less", "target"]
    perspective: str
    group: str
    owner: Text
    minimum_sample: int
    formula_source: str
    kind: OwnKind
    parameters: Mapping[str, Any]
    by: tuple[str, ...]
    place: Text
    fingerprint: str
    bounds: tuple[float | None, float | None] | None = None
    rows: OwnRows | None = None
    against: OwnRows | None = None
    quantile: float = 0.5
    within_days: float = 0.0
    cumulative: Cumulative | None = None
    formula: Formula | None = None
