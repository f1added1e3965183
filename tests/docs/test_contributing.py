"""What CONTRIBUTING shows of adding a metric is true: one definition and one test."""

import re
import sys
import types
from pathlib import Path

import pytest

from septima.metrics.definition import Metric

PAGE = (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text(encoding="utf-8")
DEFINITION, TEST = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def test_the_definition_and_its_test_run_as_they_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    defined: dict[str, object] = {}
    exec(compile(DEFINITION, "definition", "exec"), defined)  # noqa: S102 - the page is ours
    (metric,) = defined["METRICS"]
    assert isinstance(metric, Metric)
    module = sys.modules["septima.metrics.catalogue"]
    monkeypatch.setattr(module, "_discovered", lambda: types.MappingProxyType({metric.id: metric}))
    written: dict[str, object] = {"__name__": "tests.metrics.shown", "__package__": "tests.metrics"}
    exec(compile(TEST, "test", "exec"), written)  # noqa: S102
    written["test_share_of_orders_placed_online"]()
