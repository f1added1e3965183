"""Metrics and their figures by the interface."""

import math
from collections.abc import Mapping
from typing import Annotated, Any

import pandas as pd
from django.http import HttpRequest
from ninja import Router
from ninja.errors import HttpError
from pydantic import Field

from septima.metrics import Grain, Metric
from septima.metrics.recorded import RecordError
from septima.web.api.authentication import caller
from septima.web.api.problems import ERRORS, Problem
from septima.web.api.schemas import FigurePage, MetricFigure, MetricOut, MetricPage, metric_out
from septima.web.common.workspaces import kept, open_workspace
from septima.workspace import Workspace

router = Router(tags=["metrics"])

Limit = Annotated[int, Field(ge=1, le=1000, description="How many there are on a page.")]
Cursor = Annotated[str, Field(max_length=200, description="`next` of the page before; empty for the first.")]


@router.get("", response={200: MetricPage, ERRORS: Problem}, summary="All metrics, by id")
def metrics(request: HttpRequest, group: str = "", cursor: Cursor = "", limit: Limit = 100) -> MetricPage:
    """The metrics of the catalogue and the company's own, of one `group` where it is named."""
    known = open_workspace(caller(request, "metrics:read").organisation).catalogue
    found = sorted(name for name, one in known.items() if group in {"", one.passport.group} and name > cursor)
    page = found[:limit]
    return MetricPage(
        items=[metric_out(known[name]) for name in page], next=page[-1] if len(found) > limit and page else None
    )


@router.get("/{metric_id}", response={200: MetricOut, ERRORS: Problem}, summary="One metric's passport")
def metric(request: HttpRequest, metric_id: str) -> MetricOut:
    """What a figure describes, how it is computed and from which data."""
    known = open_workspace(caller(request, "metrics:read").organisation).catalogue
    return metric_out(_found(known, metric_id))


@router.get("/{metric_id}/figures", response={200: FigurePage, ERRORS: Problem}, summary="A metric's figures")
def figures(
    request: HttpRequest,
    metric_id: str,
    grain: Grain = "quarter",
    by: Annotated[str, Field(max_length=200, description="Dimensions to slice by, divided by commas.")] = "",
    start: Annotated[str, Field(max_length=20, description="First period, such as 2025-Q1.")] = "",
    end: Annotated[str, Field(max_length=20, description="Last period, such as 2026-Q3.")] = "",
    cursor: Annotated[str, Field(pattern=r"^([0-9]{1,18}\.[0-9]{1,9})?$")] = "",
    limit: Limit = 500,
) -> FigurePage:
    """Figures by period and slice, from the record where there is one, computed otherwise."""
    organisation = caller(request, "metrics:read").organisation
    workspace = open_workspace(organisation)
    one = _found(workspace.catalogue, metric_id)
    dimensions = tuple(part.strip() for part in by.split(",") if part.strip())
    version = workspace.lake.version
    place = _place(cursor, version)
    key = f"api-figures-{organisation.pk}-{version}-{one.passport.definition}-{grain}-{dimensions}-{start}-{end}"
    recorded, frame = kept(key, lambda: _frame(workspace, metric_id, grain, dimensions, start, end))
    page = frame.iloc[place : place + limit]
    return FigurePage(
        metric=metric_id,
        definition=one.passport.definition,
        grain=grain,
        recorded=recorded,
        data_version=version,
        items=[_figure(row, dimensions) for row in page.to_dict("records")],
        next=f"{version}.{place + limit}" if place + limit < len(frame) else None,
    )


def _found(known: Mapping[str, Metric], metric_id: str) -> Metric:
    if metric_id not in known:
        raise HttpError(404, f"there is no metric {metric_id!r}; GET /api/v1/metrics lists them")
    return known[metric_id]


def _frame(
    workspace: Workspace, metric_id: str, grain: Grain, by: tuple[str, ...], start: str, end: str
) -> tuple[bool, pd.DataFrame]:
    first, last = start or None, end or None
    try:
        return True, workspace.figures(metric_id, grain=grain, by=by, start=first, end=last).frame
    except RecordError:
        return False, workspace.metric(metric_id, grain=grain, by=by, start=first, end=last).frame


def _place(cursor: str, version: int) -> int:
    """The place that a cursor names; 422 where the data have changed since, so that no page repeats or skips."""
    if not cursor:
        return 0
    of, _, place = cursor.partition(".")
    if int(of) != version:
        raise HttpError(422, "the data have changed since that page; begin again without a cursor")
    return int(place)


def _figure(row: dict[str, Any], dimensions: tuple[str, ...]) -> MetricFigure:
    def number(name: str) -> float | None:
        value = row[name]
        return None if value is None or not math.isfinite(value) else float(value)

    def text(value: object) -> str | None:
        return str(value) if isinstance(value, str) else None

    return MetricFigure(
        period=row["period"],
        slice={name: text(row[name]) for name in dimensions},
        value=number("value"),
        lower=number("lower"),
        upper=number("upper"),
        n=number("n"),
        missing_share=number("missing_share"),
        note=text(row["note"]),
        complete=bool(row["complete"]),
    )
