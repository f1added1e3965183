"""Pages that show what lies in the lake: sources and tables, trust, the history of its versions."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePath

from babel.dates import format_timedelta
from django.http import Http404, HttpResponse
from django.shortcuts import render

from septima.lake.store import Commit
from septima.report.number_forms import NBSP, number_style, period_name
from septima.schema import TABLES, SeptimaError, Text
from septima.scorecard.card import Figure
from septima.web.common.access import MemberRequest, member
from septima.web.common.errors import cannot
from septima.web.common.language import current_language, error_text, say
from septima.web.common.workspaces import open_workspace
from septima.web.data.mending import dismissed_ids
from septima.web.data.models import Upload
from septima.web.data.sources import (
    Arrived,
    Held,
    TrustFigure,
    counts_of,
    held_rows,
    history,
    newest_commits,
    trust_figures,
)
from septima.web.data.waiting import waiting_number
from septima.web.work.doing import settle_all
from septima.web.work.models import ACTIVE, Work
from septima.workspace import Workspace

_LABELS = {
    "load": Text("Rows loaded", "Загружены строки"),
    "compute": Text("Figures computed", "Вычислены показатели"),
    "identify": Text("Duplicates of customers found", "Найдены дубли клиентов"),
    "merge": Text("Customers merged by hand", "Клиенты объединены вручную"),
    "unmerge": Text("A merge undone", "Объединение отменено"),
    "mend": Text("Quarantined rows mended", "Исправлены строки карантина"),
    "append": Text("Records added by the site", "Записи добавлены сайтом"),
    "themes": Text("Themes of answers found", "Найдены темы ответов"),
    "predictions": Text("Predictions made", "Сделаны прогнозы"),
    "erase": Text("A person erased", "Удалены данные человека"),
}


@dataclass(frozen=True)
class SourceLine:
    """One source of one table, as the page shows it."""

    held: Held
    arrived: Arrived
    freshness: str
    author: str


@dataclass(frozen=True)
class TableLines:
    """A table, its rows altogether and its sources."""

    name: str
    meaning: str
    rows: int
    lines: list[SourceLine]


@dataclass(frozen=True)
class TrustLine:
    """A figure of trust in words."""

    metric: str
    name: str
    description: str
    value: str
    interval: str
    n: int
    period: str


@dataclass(frozen=True)
class CommitLine:
    """One version of the lake in words; `counts` are by table: read, loaded, updated, duplicate, quarantined."""

    version: int
    at: datetime
    what: str
    who: str
    source: str
    counts: list[tuple[str, dict[str, int]]]


@member("view_data")
def overview(request: MemberRequest) -> HttpResponse:
    """What lies in the lake, where it came from, how fresh and how trustworthy it is."""
    organisation = request.membership.organisation
    try:
        workspace = open_workspace(organisation)
        held = held_rows(organisation, workspace.lake)
        arrived = history(organisation, workspace.lake).arrived
        trust = [_trust_line(workspace, figure) for figure in trust_figures(organisation, workspace)]
        waiting = waiting_number(workspace.lake, dismissed_ids(organisation))
    except SeptimaError as error:
        return cannot(request, say("The data cannot be shown", "Данные не показать"), error_text(error))
    now = datetime.now(UTC)
    authors = _authors(request)
    tables = [
        TableLines(
            name,
            TABLES[name].meaning.in_language(current_language()),
            sum(one.rows for one in held if one.table == name),
            [
                _source_line(one, arrived.get((one.source, name), Arrived()), now, authors)
                for one in held
                if one.table == name
            ],
        )
        for name in dict.fromkeys(one.table for one in held)
    ]
    past = [one.last for one in held if one.last is not None and one.last <= now]
    settle_all(organisation)
    context = {
        "tables": tables,
        "rows": sum(one.rows for one in held),
        "sources": len({one.source for one in held}),
        "newest": max(past, default=None),
        "newest_ago": since(max(past), now) if past else "",
        "loaded_at": max((one.loaded_at for one in held if one.loaded_at), default=None),
        "waiting": waiting,
        "version": workspace.lake.version,
        "trust": trust,
        "running": Work.objects.filter(organisation=organisation, kind__startswith="data.", state__in=ACTIVE).count(),
        "here": "overview",
    }
    return render(request, "data/overview.html", context)


@member("view_data")
def loads(request: MemberRequest) -> HttpResponse:
    """The versions of the lake, newest first: what each brought and who brought it."""
    organisation = request.membership.organisation
    try:
        before = request.GET.get("before")
        version = None if before is None else int(before)
    except ValueError:
        raise Http404 from None
    try:
        lake = open_workspace(organisation).lake
        commits, further = newest_commits(lake, before=version)
    except SeptimaError as error:
        return cannot(request, say("The history cannot be shown", "Историю не показать"), error_text(error))
    authors = _authors(request)
    context = {
        "commits": [_commit_line(commit, authors) for commit in commits],
        "pager": {"previous": "?" if version is not None else "", "next": f"?before={further}" if further else ""},
        "here": "loads",
    }
    return render(request, "data/loads.html", context)


def since(moment: datetime, now: datetime) -> str:
    """How long ago a moment was, in words; what lies ahead is said so."""
    language = current_language()
    words = format_timedelta(moment - now, add_direction=True, threshold=1.2, locale=language)
    return words.replace(" ", NBSP, 1)


def _authors(request: MemberRequest) -> dict[str, str]:
    """Who brought the file of each upload, by its token."""
    found = Upload.objects.filter(organisation=request.membership.organisation, lake_version__isnull=False)
    return {upload.token: str(upload.user) if upload.user else "" for upload in found.select_related("user")}


def _who(mapping: str, author: str, authors: dict[str, str]) -> str:
    """The person behind a commit: of a file, who uploaded it; else who the commit names, or who sits at the machine."""
    if author:
        return author
    token = PurePath(mapping).parent.name if mapping else ""
    return authors.get(token) or say("command line", "командная строка")


def _source_line(held: Held, arrived: Arrived, now: datetime, authors: dict[str, str]) -> SourceLine:
    freshness = since(held.last, now) if held.last else ""
    return SourceLine(held, arrived, freshness, _who(arrived.mapping, arrived.author, authors) if arrived.loads else "")


def _trust_line(workspace: Workspace, figure: TrustFigure) -> TrustLine:
    language = current_language()
    passport = workspace.catalogue[figure.metric].passport
    given = Figure(figure.value, figure.lower, figure.upper)
    style = number_style(passport.unit, given, language)
    period = workspace.period(figure.period)
    return TrustLine(
        figure.metric,
        passport.name.in_language(language),
        passport.description.in_language(language),
        style.value(figure.value),
        style.interval(given),
        int(figure.n or 0),
        period_name(period.start, (period.end - period.start).days, period.id, language),
    )


def _commit_line(commit: Commit, authors: dict[str, str]) -> CommitLine:
    # A label may go on with what concerns a person; its first word says what was done.
    kind = commit.label.split(" ", 1)[0]
    known = _LABELS.get(kind)
    return CommitLine(
        commit.version,
        commit.at,
        known.in_language(current_language()) if known else kind,
        _who(str(commit.details.get("mapping", "")), str(commit.details.get("author", "")), authors),
        str(commit.details.get("source", "")),
        [(name, vars(counts)) for name, counts in counts_of(commit).items()],
    )
