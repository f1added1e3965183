"""Own metrics written as YAML, computed over small tables."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from septima.metrics import Grain, Metric, compute
from septima.metrics.custom import own_metrics

from ..conftest import Rows, canonical

WORDS = "name: Own, description: Own, direction: more, perspective: sales, "


def own(body: str, id_: str = "own", **options: Any) -> Metric:
    """The metric of a flow mapping's `body`; name, description, direction and perspective are given."""
    text = f"metrics:\n  - {{id: {id_}, {WORDS}{body}}}\n"
    return own_metrics([("metrics/own.yaml", text)], **options)[id_]


def figures(
    metric: Metric, rows: Rows, grain: Grain = "all", by: Sequence[str] = (), parameters: Any = None, **options: Any
) -> pd.DataFrame:
    """The figures of a metric over `rows`."""
    given = {metric.id: parameters or {}}
    return compute([metric], canonical(rows), grain=grain, by=by, parameters=given, **options)[metric.id].frame


def figure(body: str, rows: Rows, parameters: Any = None, **options: Any) -> Any:
    """The one figure, for all time, of a metric given by its body."""
    frame = figures(own(body), rows, parameters=parameters, **options)
    assert len(frame) == 1
    return next(frame.itertuples())
