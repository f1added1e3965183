"""A design is kept as long as somebody was assigned by it, whatever happens on the way."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from septima.chapters import experiments
from septima.chapters.experiments import design_of, put_into_arms
from septima.lake.append import append
from septima.metrics.experiment_assignment import Assigned, Eligible, arm_counts
from septima.metrics.experiment_design import read_design
from septima.workspace import Workspace

AT = datetime(2026, 3, 1)  # noqa: DTZ001 - as all times of the lake


def test_a_design_is_taken_back_only_where_nobody_was_assigned_by_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = Workspace.create(tmp_path / "shop", organisation="Shop")
    rows = [{"customer_id": f"c{number}", "created_at": AT.replace(tzinfo=UTC)} for number in range(20)]
    append(workspace.lake, "customers", rows, "shop", batch="1")
    design = design_of(workspace, "spring", {"control": 0.5, "treated": 0.5})
    assign = experiments.assign

    def stopped(*given: Any, before: bool, **named: Any) -> Assigned:
        if not before:
            assign(*given, **named)
        raise KeyboardInterrupt

    for before in (True, False):
        monkeypatch.setattr(
            experiments, "assign", lambda *given, now=before, **named: stopped(*given, before=now, **named)
        )
        with pytest.raises(KeyboardInterrupt):
            put_into_arms(workspace, design, Eligible(), at=AT)
        assert (read_design(workspace.directory, "spring") is None) == before
    assert sum(arm_counts(workspace.request(), "spring").values()) == 20
