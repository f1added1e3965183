"""The card of a slice, against figures that the metrics give by themselves."""

from dataclasses import replace
from pathlib import Path

import pytest

from septima.scorecard.definition import ScorecardDefinition
from septima.scorecard.slice_card import SliceError, Slicing, shared_dimensions, slice_card, slicings
from septima.workspace import Workspace
from tests.web.conftest import PERIOD


@pytest.fixture(scope="module")
def workspace(demo_folder: Path) -> Workspace:
    return Workspace.open(demo_folder)


def _card(workspace: Workspace, dimension: str, member: str, definition: ScorecardDefinition | None = None):
    settings = workspace.settings
    return slice_card(
        definition or workspace.definition,
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


def test_members_are_called_as_metrics_call_them(workspace: Workspace) -> None:
    metrics, kpi = workspace.catalogue, workspace.definition.kpis[0]
    two = tuple(
        replace(kpi, id=name, metric=name, where={}, by=None)
        for name, metric in metrics.items()
        if "online" in metric.dimensions and any(one.startswith("orders.") for one in metric.passport.primary_data)
    )[:2]
    definition = replace(workspace.definition, perspectives=(), own=two)
    found = {one.dimension: one.members for one in slicings(definition, metrics, workspace.tables())}
    assert found["online"] == ("false", "true")
    frame = workspace.metric(two[0].metric, grain="quarter", by=("online",), start=PERIOD, end=PERIOD).frame
    assert set(found["online"]) <= set(frame["online"])


def test_a_kpi_of_another_member_says_so(workspace: Workspace) -> None:
    revenue = next(kpi for kpi in workspace.definition.kpis if kpi.id == "revenue")
    narrow = replace(revenue, where={"segment": "premium"})
    places = [
        replace(one, kpis=tuple(narrow if kpi.id == "revenue" else kpi for kpi in one.kpis))
        for one in workspace.definition.perspectives
    ]
    own = tuple(narrow if kpi.id == "revenue" else kpi for kpi in workspace.definition.own)
    card = _card(workspace, "segment", "mass", replace(workspace.definition, perspectives=tuple(places), own=own))
    kpis = [kpi for one in card.perspectives for kpi in one.kpis] + list(card.own)
    found = next(kpi for kpi in kpis if kpi.id == "revenue")
    assert found.figure.value is None
    assert found.statements[0].en == "This KPI is of segment premium alone, so it has no figure in this slice."


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
