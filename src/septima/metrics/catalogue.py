"""The catalogue: every metric of every family of this package.

A family is a module of this package that exports `METRICS`; a new one is found by itself.
"""

import difflib
import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import cast

import septima.metrics as families
from septima.metrics.definition import Metric, MetricError
from septima.schema import Text
from septima.schema.wording import hinted


def catalogue() -> dict[str, Metric]:
    """All metrics by id, in the order of their families and of declaration."""
    return dict(_discovered())


def find_metric(id: str, metrics: Mapping[str, Metric] | None = None) -> Metric:  # noqa: A002 - found by its id
    """The metric called `id` among `metrics` (the catalogue where left out); MetricError, naming near ones, if none."""
    known = _discovered() if metrics is None else metrics
    found = known.get(id)
    if found is None:
        raise MetricError(hinted(f"there is no metric {id!r}", f"нет метрики «{id}»", _hint(id, known)))
    return found


@cache
def _discovered() -> MappingProxyType[str, Metric]:
    metrics: dict[str, Metric] = {}
    for module in sorted(pkgutil.iter_modules(families.__path__), key=lambda module: module.name):
        family = importlib.import_module(f"{families.__name__}.{module.name}")
        for metric in cast(Sequence[Metric], getattr(family, "METRICS", ())):
            if metric.id in metrics:
                raise TypeError(f"two metrics are called {metric.id!r}; the second is in {module.name}.py")
            metrics[metric.id] = metric
    return MappingProxyType(metrics)


def _hint(id_: str, known: Mapping[str, Metric]) -> Text:
    near = difflib.get_close_matches(id_, known, n=3, cutoff=0.5)
    if near:
        return Text(f"did you mean {', '.join(near)}?", f"возможно, имелось в\u00a0виду {', '.join(near)}?")
    return Text(f"there are: {', '.join(known)}", f"есть: {', '.join(known)}")
