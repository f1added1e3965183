"""Scorecards and the rows behind them by the interface."""

from typing import Annotated

from django.http import HttpRequest
from ninja import Router
from pydantic import Field

from septima.web.accounts.audit import note_event
from septima.web.api.authentication import caller
from septima.web.api.problems import ERRORS, Problem
from septima.web.api.schemas import RowsPage, ScorecardOut, scorecard_out
from septima.web.common.workspaces import kept_card, open_workspace

router = Router(tags=["scorecards"])


@router.get("/{period}", response={200: ScorecardOut, ERRORS: Problem}, summary="The scorecard of a period")
def scorecard(request: HttpRequest, period: str) -> ScorecardOut:
    """The card of a year, quarter, month, week or day, such as 2026-Q3: the same figures as on the page."""
    organisation = caller(request, "scorecards:read").organisation
    workspace = open_workspace(organisation)
    shown = kept_card(organisation, workspace, workspace.period(period))
    return scorecard_out(shown.card, behind=shown.is_behind)


@router.get(
    "/{period}/kpis/{perspective}/{kpi}/rows",
    response={200: list[RowsPage], ERRORS: Problem},
    summary="The rows behind a KPI",
)
def rows(
    request: HttpRequest,
    period: str,
    perspective: str,
    kpi: str,
    limit: Annotated[int, Field(ge=1, le=10_000, description="How many rows of each source at most.")] = 1000,
) -> list[RowsPage]:
    """The rows of the data that a KPI's figure is made of; taking them is noted in the organisation's log."""
    who = caller(request, "exports:read")
    workspace = open_workspace(who.organisation)
    shown = kept_card(who.organisation, workspace, workspace.period(period))
    found = workspace.explain(shown.card, f"{perspective}/{kpi}", limit=limit)
    note_event(who.organisation, who.membership.user, "rows.exported", found.path, period=found.period, by="token")
    return [
        RowsPage(
            source=one.source,
            columns=list(one.columns),
            rows=[[None if value is None else str(value) for value in row] for row in one.rows],
            more=one.more,
        )
        for one in found.rows
    ]
