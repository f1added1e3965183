"""Composites, cards and their history.

`ckpi` and `ckpi_integral` load nothing heavy; the rest comes when it is asked for, so that importing
this room stays quick.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from septima.scorecard.composite import CompositeError, aggregate, ckpi, ckpi_integral, rescale

if TYPE_CHECKING:
    from septima.scorecard.assembly import build
    from septima.scorecard.definition import DefinitionError, ScorecardDefinition
    from septima.scorecard.explanation import ExplainError, Explanation, explain
    from septima.scorecard.reading import read_definition
    from septima.scorecard.snapshot import SnapshotError, read_snapshot, save_snapshot, snapshots, to_json
    from septima.scorecard.starter import starter_definition

_HOMES = {
    "build": "assembly",
    "DefinitionError": "definition",
    "ScorecardDefinition": "definition",
    "ExplainError": "explanation",
    "Explanation": "explanation",
    "explain": "explanation",
    "read_definition": "reading",
    "SnapshotError": "snapshot",
    "read_snapshot": "snapshot",
    "save_snapshot": "snapshot",
    "snapshots": "snapshot",
    "to_json": "snapshot",
    "starter_definition": "starter",
}

__all__ = [
    "CompositeError",
    "DefinitionError",
    "ExplainError",
    "Explanation",
    "ScorecardDefinition",
    "SnapshotError",
    "aggregate",
    "build",
    "ckpi",
    "ckpi_integral",
    "explain",
    "read_definition",
    "read_snapshot",
    "rescale",
    "save_snapshot",
    "snapshots",
    "starter_definition",
    "to_json",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"septima.scorecard.{_HOMES[name]}"), name)
