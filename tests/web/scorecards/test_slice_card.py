"""The card of a slice, against figures that the metrics give by themselves."""

from pathlib import Path

import pytest

from septima.scorecard.slice_card import SliceError, Slicing, shared_dimensions, slice_card, slicings
from septima.workspace import Workspace
from tests.web.conftest import PERIOD


@pytest.fixture(scope="module")
def workspace(demo_folder: Path) -> Workspace:
    return Workspace.open(demo_folder)


def _card(workspace: Workspace, dimension: str, member: str):
    settings = workspace.settings
    return slice_card(
        workspace.definition,
        workspace.catalogue,
        workspace.tables(),
        workspace.period(PERIOD),
        dimension,
        member,
        organisation=settings.organisation,
        data_version=workspace.lake.version,
        currency=settings.currency,
        parameters=settings.metrics,
        calendar=settings.calendar,
    )


def test_dimensions_that_many_kpis_share_are_offered_with_their_members(workspace: Workspace) -> None:
    shared = shared_dimensions(workspace.definition, workspace.catalogue)
    assert {"region", "segment", "channel"} <= set(shared)
    assert "table" not in shared
    found: dict[str, Slicing] = {
        one.dimension: one for one in slicings(workspace.definition, workspace.catalogue, workspace.tables())
    }
    customers = workspace.table("customers").to_pyarrow().to_pandas()
    assert set(found["region"].members) == set(customers["region"].dropna())


def test_a_kpi_that_knows_the_dimension_is_computed_within_it_and_the_others_say_why_not(workspace: Workspace) -> None:
    region = slicings(workspace.definition, workspace.catalogue, workspace.tables())[0]
    card = _card(workspace, "segment", "mass")
    kpis = {kpi.id: kpi for one in card.perspectives for kpi in one.kpis} | {kpi.id: kpi for kpi in card.own}
    frame = workspace.metric("revenue", grain="quarter", by=("segment",), start=PERIOD, end=PERIOD).frame
    assert kpis["revenue"].figure.value == pytest.approx(float(frame.loc[frame["segment"] == "mass", "value"].iloc[0]))
    assert kpis["revenue"].target is None, "a part of a sum is not held to the target of the whole"
    assert kpis["on_time_delivery"].target == 0.93
    assert kpis["staff_turnover"].figure.value is None
    assert "not split by segment" in kpis["staff_turnover"].statements[0].en
    assert card.integral.printed.value is None
    assert region.kpis >= 2


def test_a_dimension_that_no_kpi_knows_is_refused(workspace: Workspace) -> None:
    with pytest.raises(SliceError, match="region"):
        _card(workspace, "moon_phase", "full")
