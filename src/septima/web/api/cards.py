"""Scorecards and the rows behind them by the interface."""

from typing import Annotated

from django.http import HttpRequest
from ninja import Router
from ninja.errors import HttpError
from pydantic import Field

from septima.metrics import Period
from septima.metrics.period import PeriodError
from septima.scorecard.explanation import ExplainError
from septima.web.accounts.audit import note_event
from septima.web.api.authentication import caller
from septima.web.api.problems import ERRORS, Problem
from septima.web.api.schemas import RowsPage, ScorecardOut, scorecard_out
from septima.web.common.language import error_text
from septima.web.common.workspaces import kept_card, open_workspace
from septima.workspace import Workspace

router = Router(tags=["scorecards"])


@router.get("/{period}", response={200: ScorecardOut, ERRORS: Problem}, summary="The scorecard of a period")
def scorecard(request: HttpRequest, period: str) -> ScorecardOut:
    """The card of a year, quarter, month, week or day, such as 2026-Q3: the same figures as on the page."""
    organisation = caller(request, "scorecards:read").organisation
    workspace = open_workspace(organisation)
    shown = kept_card(organisation, workspace, _period(workspace, period))
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
    shown = kept_card(who.organisation, workspace, _period(workspace, period))
    try:
        found = workspace.explain(shown.card, f"{perspective}/{kpi}", limit=limit)
    except ExplainError as error:
        raise HttpError(404, error_text(error)) from None
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


def _period(workspace: Workspace, text: str) -> Period:
    """The period that an address names; 404 where it names none."""
    try:
        return workspace.period(text)
    except PeriodError as error:
        raise HttpError(404, error_text(error)) from None
