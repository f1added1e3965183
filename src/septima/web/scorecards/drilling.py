"""The way down from the card: a perspective, a KPI, its slices, the rows behind it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO
from typing import cast
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from septima.metrics.recorded import Recorded
from septima.report.number_forms import count, number_style
from septima.report.view import kpi_page, perspective_page
from septima.report.words import words_in
from septima.schema import SeptimaError, Text
from septima.scorecard.card import Figure, KpiCard, Scorecard
from septima.scorecard.definition import OWN, KpiDefinition
from septima.scorecard.dimensions import dimension_name
from septima.scorecard.explanation import ExplainError, Explanation, Rows, explain
from septima.scorecard.history import read_members
from septima.web.accounts.audit import note_event
from septima.web.common.access import MemberRequest, member
from septima.web.common.exports import csv_answer, file_answer, safe_cell
from septima.web.common.language import current_language, say
from septima.web.common.permissions import allowed
from septima.web.common.workspaces import open_workspace
from septima.web.scorecards.asking import Asked, asks_for_a_card, dear_page, frame, trouble_html
from septima.web.scorecards.cards import card_of, definition_of, metrics_of, narrowed
from septima.web.scorecards.first_page import LinkedRow, all_kpis
from septima.workspace import Workspace

ROWS_SHOWN = 100
ROWS_EXPORTED = 50_000
MEMBERS_SHOWN = 60
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True)
class SliceLine:
    """A member of a dimension with the KPI's figure; `records` opens the rows behind it."""

    member: str
    value: str
    interval: str
    n: str
    share: float | None


@member("view_scorecard")
@asks_for_a_card
def perspective(request: MemberRequest, asked: Asked, perspective: str) -> HttpResponse:
    """One function: its CKPI, what it is made of, its KPIs."""
    name = perspective_name(asked, perspective)

    def draw(workspace: Workspace, card: Scorecard) -> str:
        page = perspective_page(card, asked.language, perspective)
        given = {
            "page": page,
            "linked": [LinkedRow(row, f"{perspective}/{row.anchor.removeprefix('kpi-')}") for row in page.rows]
            if page
            else [],
            "asked_query": urlencode(asked.choice.query),
            "perspective": perspective,
            "organisation": asked.organisation,
            "query": asked.choice.query,
            "w": words_in(asked.language),
        }
        return render_to_string("scorecards/perspective_part.html", given)

    return dear_page(asked, "scorecards/perspective.html", f"of-{perspective}", draw, {"title": name, "w": words_in(asked.language)})  # fmt: skip


@member("view_scorecard")
@asks_for_a_card
def kpi(request: MemberRequest, asked: Asked, perspective: str, kpi: str) -> HttpResponse:
    """One KPI: figure, course, passport, and its slices by a dimension (`split`)."""
    definition = _kpi_definition(asked, perspective, kpi)
    metric = metrics_of(open_workspace(asked.organisation))[definition.metric]
    dimensions = [name for name in metric.dimensions if name not in definition.where]
    split = request.GET.get("split", definition.by or "")
    split = split if split in dimensions else ""
    may_see_rows = allowed(request.membership.role, "view_rows")

    def draw(workspace: Workspace, card: Scorecard) -> str:
        page = kpi_page(card, asked.language, kpi)
        found = next((one for one in all_kpis(card) if one.id == kpi), None)
        if page is None or found is None:
            raise ExplainError(
                Text(f"there is no {perspective}/{kpi} on the card", f"на\u00a0карте нет {perspective}/{kpi}")
            )
        given = {
            "k": page,
            "perspective": perspective,
            "kpi": kpi,
            "metric": definition.metric,
            "dimensions": [(name, dimension_name(name).in_language(asked.language)) for name in dimensions],
            "split": split,
            "split_name": dimension_name(split).in_language(asked.language) if split else "",
            "may_see_rows": may_see_rows,
            "lines": _lines(workspace, card, found, split, asked) if split else [],
            "organisation": asked.organisation,
            "query": asked.choice.query,
            "w": words_in(asked.language),
        }
        return render_to_string("scorecards/kpi_part.html", given)

    context = {
        "title": (definition.name or metric.passport.name).in_language(asked.language),
        "perspective": perspective,
        "perspective_name": perspective_name(asked, perspective),
        "kpi": kpi,
    }
    return dear_page(asked, "scorecards/kpi.html", f"of-{perspective}-{kpi}-{split}-{may_see_rows}", draw, context)


@member("view_rows")
@asks_for_a_card
def rows(request: MemberRequest, asked: Asked, perspective: str, kpi: str) -> HttpResponse:
    """The rows behind a KPI, or behind one of its slices (`split`, `part`), on a page or as a file (`form`)."""
    definition = _kpi_definition(asked, perspective, kpi)
    form = request.GET.get("form", "")
    path = f"{perspective}/{kpi}"
    try:
        found = _explained(asked, path, ROWS_EXPORTED if form in ("csv", "xlsx") else ROWS_SHOWN)
    except SeptimaError as error:
        given = {**frame(asked), "title": kpi, "content": trouble_html(asked, error)}
        return render(request, "scorecards/around.html", given, status=422)
    details = {"period": asked.choice.period.id, "rows": sum(len(one.rows) for one in found.rows)}
    if form in ("csv", "xlsx"):
        note_event(asked.organisation, request.user, "card.rows_exported", path, form=form, **details)
        return _export(found, form, f"{asked.choice.period.id} {kpi}", request.GET.get("source", ""))
    note_event(asked.organisation, request.user, "card.rows_opened", path, **details)
    style = number_style("count", Figure(None), asked.language)
    context = {
        **frame(asked),
        "title": found.name.in_language(asked.language),
        "perspective": perspective,
        "perspective_name": perspective_name(asked, perspective),
        "kpi": kpi,
        "earlier_label": asked.now.settings.calendar.parse(found.previous_period).label.in_language(asked.language),
        "sources": [
            (one.source, one.columns, [list(map(_cell, row)) for row in one.rows], one.more) for one in found.rows
        ],
        "measures": [(one.name, style.value(one.value), style.value(one.previous)) for one in found.measures],
        "split": request.GET.get("split", ""),
        "part": request.GET.get("part", ""),
        "split_name": dimension_name(request.GET.get("split", "")).in_language(asked.language),
        "metric": definition.metric,
        "most": ROWS_EXPORTED,
    }
    return render(request, "scorecards/rows.html", context)


def perspective_name(asked: Asked, perspective: str) -> str:
    """The name of a perspective of the definition; Http404 where there is none."""
    if perspective == OWN:
        return words_in(asked.language)["own"]
    try:
        known = open_workspace(asked.organisation).definition.perspectives
    except SeptimaError:
        return perspective  # the page below says what is wrong with the definition
    for one in known:
        if one.id == perspective:
            return one.name.in_language(asked.language)
    raise Http404


def _kpi_definition(asked: Asked, perspective: str, kpi: str) -> KpiDefinition:
    """The definition of a KPI at its place on the card; Http404 where there is none."""
    definition = definition_of(open_workspace(asked.organisation), asked.choice)
    places = {one.id: one.kpis for one in definition.perspectives} | {OWN: definition.own}
    found = next((one for one in places.get(perspective, ()) if one.id == kpi), None)
    if found is None:
        raise Http404
    return found


def _explained(asked: Asked, path: str, most: int) -> Explanation:
    workspace = open_workspace(asked.organisation)
    card = card_of(asked.organisation, workspace, asked.choice).card
    definition = definition_of(workspace, asked.choice)
    split, part = asked.request.GET.get("split", ""), asked.request.GET.get("part", "")
    if split:
        kpi = path.split("/")[1]
        known = next(one for one in definition.kpis if one.id == kpi)
        if split not in workspace.catalogue[known.metric].dimensions:
            raise ExplainError(
                Text(
                    f"{kpi} cannot be split by {split!r}",
                    f"{kpi} нельзя разбить по\u00a0«{split}»; выберите другой разрез",
                )
            )
        definition = narrowed(definition, kpi, {split: part})
    return explain(
        card,
        path,
        definition=definition,
        tables=workspace.tables(),
        parameters=workspace.settings.metrics,
        metrics=workspace.catalogue,
        calendar=workspace.settings.calendar,
        limit=most,
    )


def _lines(workspace: Workspace, card: Scorecard, kpi: KpiCard, dimension: str, asked: Asked) -> list[SliceLine]:
    """The members of a dimension, those of most records first."""
    definition = next(one for one in definition_of(workspace, asked.choice).kpis if one.id == kpi.id)
    settings = workspace.settings
    members = read_members(
        [definition],
        dimension,
        workspace.catalogue,
        workspace.tables(),
        asked.choice.period,
        settings.metrics,
        settings.calendar,
        settings.currency,
        Recorded(workspace.lake, workspace.lake.version),
    )[kpi.id]
    values = [one.figure.value for one in members.values() if one.figure.value is not None]
    style = number_style(kpi.unit, kpi.figure, asked.language, currency=card.currency, others=tuple(values))
    largest = max((abs(value) for value in values), default=0.0)
    few = words_in(asked.language)["too_few"]
    ordered = sorted(members.items(), key=lambda item: (-(item[1].n or 0.0), item[0]))[:MEMBERS_SHOWN]
    return [
        SliceLine(
            name,
            few if one.note == "too_few" and one.figure.value is None else style.value(one.figure.value),
            style.interval(one.figure),
            count(one.n, asked.language),
            None if one.figure.value is None or largest == 0 else abs(one.figure.value) / largest,
        )
        for name, one in ordered
    ]


def _export(found: Explanation, form: str, name: str, source: str) -> HttpResponse:
    """The rows as a file: of CSV those of one source, of XLSX a sheet for each."""
    if form == "csv":
        chosen = next((one for one in found.rows if one.source == source), found.rows[0])
        lines: Iterator[list[object]] = ([_plain(cell) for cell in row] for row in chosen.rows)
        return cast("HttpResponse", csv_answer(f"{name} {chosen.source}.csv", chosen.columns, lines))
    return file_answer(f"{name}.xlsx", _workbook(found.rows), _XLSX)


def _workbook(sources: tuple[Rows, ...]) -> bytes:
    import xlsxwriter  # noqa: PLC0415 - of the extra `report`

    written = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(written, options) as book:
        head = book.add_format({"bold": True})
        for number, one in enumerate(sources, 1):
            sheet = book.add_worksheet(f"{number} {one.source}"[:31])
            sheet.write_row(0, 0, one.columns, head)
            for line, row in enumerate(one.rows, 1):
                for column, cell in enumerate(row):
                    value = _plain(cell)
                    if isinstance(value, (int, float)) and not isinstance(value, bool):
                        sheet.write_number(line, column, value)
                    elif value not in (None, ""):
                        sheet.write_string(line, column, str(safe_cell(value)))
    return written.getvalue()


def _plain(cell: object) -> object:
    """A cell as files take it."""
    if isinstance(cell, Decimal):
        return float(cell)
    if cell is None or isinstance(cell, (bool, int, float, str, datetime)):
        return cell
    return str(cell)


def _cell(value: object) -> str:
    """A cell as the page shows it."""
    if value is None:
        return "—"
    if isinstance(value, bool):
        return say("yes", "да") if value else say("no", "нет")
    if isinstance(value, datetime):
        moment = value.astimezone(UTC) if value.tzinfo else value
        return moment.strftime("%Y-%m-%d %H:%M")
    if isinstance(value, (Decimal, float)):
        text = f"{value:.4f}".rstrip("0").rstrip(".")
        return text.replace(".", ",") if current_language() == "ru" else text
    return str(value)
