"""What a survey has brought so far: figures by the metrics of the catalogue, distributions, reasons.

The answers are those of the lake and those that still wait in the inbox, so that a figure moves as soon as somebody
answers. Groups below `LEAST_GROUP` are not shown to anybody.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

import ibis
import pandas as pd
import pyarrow as pa
from django.core.cache import caches
from django.db.models import Count

from septima.lake.store import arrow_schema
from septima.metrics import NOTES, catalogue, compute
from septima.metrics.definition import Tables
from septima.schema import TABLES, Text
from septima.scorecard.benchmark.exchange import LEAST_GROUP
from septima.scorecard.card import Figure
from septima.web.common.workspaces import definitions_digest
from septima.web.surveys.instruments import IMPORTANCE, INSTRUMENTS
from septima.web.surveys.models import Arrival, Link, Response, Survey
from septima.web.surveys.questions import Question
from septima.workspace import Workspace

SLICES = ("department", "segment")
_MOST_THEMES = 12


@dataclass(frozen=True)
class Rate:
    """How many were invited, opened their link and answered; without personal links only the answers are known."""

    invited: int
    opened: int
    answered: int
    answered_in_all: int


@dataclass(frozen=True)
class Measured:
    """A figure of the survey; `figure` is None where its group is too small to be shown."""

    metric: str
    name: Text
    unit: str
    figure: Figure | None
    n: int
    note: Text | None = None


@dataclass(frozen=True)
class Member:
    """The figures of one department or segment; `name` is None for those of whom it is not known."""

    name: str | None
    measured: Sequence[Measured]
    n: int


@dataclass(frozen=True)
class Distribution:
    """How the answers to a question are spread: counts by grade or option, and their sum; None where too few."""

    question: Question
    counts: Sequence[int] | None
    n: int


@dataclass(frozen=True)
class Results:
    """What a survey has brought so far."""

    measured: Sequence[Measured]
    slices: Mapping[str, Sequence[Member]]
    distributions: Sequence[Distribution]
    daily: Sequence[tuple[date, int]]
    themes: Sequence[tuple[str, int]]
    questionnaires: int


@dataclass(frozen=True)
class Reason:
    """An answer in words, with the grade that stands beside it."""

    text: str
    at: datetime
    score: float | None
    department: str | None


def rate_of(survey: Survey) -> Rate:
    """Invited, opened, answered."""
    return rates_of([survey])[survey.pk]


def rates_of(surveys: Sequence[Survey]) -> dict[int, Rate]:
    """Invited, opened, answered by key of survey, for as many as there are at the cost of one."""
    links = Link.objects.filter(survey__in=surveys).values("survey")
    counted = links.annotate(invited=Count("pk"), opened=Count("opened_at"), answered=Count("answered_at"))
    of_links = {row["survey"]: (row["invited"], row["opened"], row["answered"]) for row in counted}
    submitted = Response.objects.filter(survey__in=surveys).values("survey").annotate(n=Count("submitted_at"))
    in_all = {row["survey"]: row["n"] for row in submitted}
    return {one.pk: Rate(*of_links.get(one.pk, (0, 0, 0)), in_all.get(one.pk, 0)) for one in surveys}


def results_of(workspace: Workspace, survey: Survey) -> Results:
    """The results as of now, made anew where answers or definitions have changed since they were kept.

    SeptimaError where a metric or the lake cannot be read.
    """
    seen = _fingerprint(workspace, survey)
    pages, key = caches["pages"], f"survey-results-{survey.pk}"
    kept = cast("tuple[str, Results] | None", pages.get(key))
    if kept is not None and kept[0] == seen:
        return kept[1]
    made = _made(workspace, survey)
    pages.set(key, (seen, made))
    return made


def answers_of(workspace: Workspace, survey: Survey) -> pa.Table:
    """All answers to a survey as rows of the canonical table: those of the lake, those in the inbox over them."""
    # The inbox first: what leaves it meanwhile is in the lake, and stands there under the same key.
    waiting = {
        row["answer_id"]: row
        for rows in Arrival.objects.filter(survey=survey).order_by("pk").values_list("rows", flat=True)
        for row in rows
    }
    answers: Any = workspace.table("answers")
    schema = arrow_schema(TABLES["answers"])
    found = answers.filter(answers["survey_id"] == survey.survey_id).select(*schema.names).to_pyarrow()
    rows = [row for row in found.cast(schema).to_pylist() if row["answer_id"] not in waiting]
    return pa.Table.from_pylist([*rows, *(_canonical(row) for row in waiting.values())], schema=schema)


def reasons_of(workspace: Workspace, survey: Survey, *, most: int = 200) -> list[Reason]:
    """The answers in words, newest first. They are for those who may see rows."""
    rows = answers_of(workspace, survey).to_pylist()
    grades = {
        row["response_id"]: row["score"]
        for row in rows
        if row["score"] is not None and row["question"] in ("recommend", "overall")
    }
    words = sorted((row for row in rows if row["text"]), key=lambda row: (row["at"], row["answer_id"]), reverse=True)
    return [Reason(row["text"], row["at"], grades.get(row["response_id"]), row["department"]) for row in words[:most]]


def questionnaires_of(workspace: Workspace, survey: Survey) -> tuple[list[str], list[list[object]]]:
    """All answers with a questionnaire to a row: heads and rows, as the import reads them again."""
    asked = survey.asked
    rows = sorted(answers_of(workspace, survey).to_pylist(), key=lambda row: (row["at"], row["response_id"] or ""))
    heads = ["response_id", "at", "customer_id", "department", "channel", *(one.key for one in asked)]
    given = {
        (row["response_id"], row["instrument"], row["question"]): row["score"] if row["text"] is None else row["text"]
        for row in rows
    }
    first = {row["response_id"]: row for row in reversed(rows)}
    return heads, [
        [
            response,
            row["at"].isoformat(sep=" ", timespec="seconds"),
            row["customer_id"],
            row["department"],
            row["channel"],
            *(_cell(question, response, given) for question in asked),
        ]
        for response, row in reversed(first.items())
    ]


def _cell(question: Question, response: str, given: Mapping[tuple[str, str, str], Any]) -> object:
    if question.kind == "several":
        names = range(1, len(question.options) + 1)
        chosen = [n for n in names if given.get((response, question.instrument, f"{question.filed_as}_{n}")) == 1]
        return " ".join(map(str, chosen))
    value = given.get((response, question.instrument, question.filed_as))
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    return value


def _canonical(row: Mapping[str, Any]) -> dict[str, Any]:
    moment = datetime.fromisoformat(row["at"]).replace(tzinfo=None)
    return {**{name: row.get(name) for name in TABLES["answers"].column_names}, "at": moment}


def _made(workspace: Workspace, survey: Survey) -> Results:
    table = answers_of(workspace, survey)
    frame = table.to_pandas()
    answered = frame[frame["score"].notna() | frame["text"].notna()]
    tables = _tables(workspace, table)
    metrics = [name for name in INSTRUMENTS[survey.instrument].metrics if not frame.empty]
    parameters = _parameters(workspace, metrics, frame)
    measured = [one for member in _computed(workspace, tables, metrics, parameters, None) for one in member.measured]
    slices = {
        by: _protected(_computed(workspace, tables, metrics, parameters, by)) for by in SLICES if metrics and len(frame)
    }
    return Results(
        measured=measured,
        slices={by: members for by, members in slices.items() if any(member.name is not None for member in members)},
        distributions=[_distribution(question, answered) for question in survey.asked if question.kind != "text"],
        daily=_daily(answered),
        themes=_themes(workspace, table),
        questionnaires=int(answered["response_id"].nunique()) if len(answered) else 0,
    )


def _tables(workspace: Workspace, answers: pa.Table) -> Tables:
    others, own = workspace.tables(), ibis.memtable(answers)
    return lambda name: own if name == "answers" else others(name)


def _parameters(workspace: Workspace, metrics: Sequence[str], frame: pd.DataFrame) -> dict[str, dict[str, Any]]:
    given = {name: dict(workspace.settings.metrics.get(name, {})) for name in metrics}
    asked: Any = frame[(frame["instrument"] == IMPORTANCE) & frame["score"].between(1, 5)]
    if "csi_weighted" in given and len(asked):
        # What respondents call important goes before weights that somebody set.
        given["csi_weighted"]["weights"] = {
            str(name): float(weight) for name, weight in asked.groupby("question")["score"].mean().items()
        }
    return given


def _computed(
    workspace: Workspace,
    tables: Tables,
    metrics: Sequence[str],
    parameters: Mapping[str, Mapping[str, Any]],
    by: str | None,
) -> list[Member]:
    known = catalogue()
    asked = [known[name] for name in metrics if by is None or by in known[name].dimensions]
    if not asked:
        return []
    made = compute(
        asked,
        tables,
        grain="all",
        by=(by,) if by else (),
        parameters={one.id: parameters[one.id] for one in asked},
        calendar=workspace.settings.calendar,
    )
    members: dict[str | None, list[Measured]] = {}
    for one in asked:
        for row in cast("Any", made[one.id].frame.itertuples()):
            name = getattr(row, by) if by else None
            n = int(row.n) if row.n == row.n else 0
            figure = Figure(_finite(row.value), _finite(row.lower), _finite(row.upper)) if n >= LEAST_GROUP else None
            shown = Measured(one.id, one.passport.name, one.passport.unit, figure, n, NOTES.get(row.note or ""))
            members.setdefault(name if isinstance(name, str) else None, []).append(shown)
    found = [Member(name, measured, max(one.n for one in measured)) for name, measured in members.items()]
    return sorted(found, key=lambda member: (member.name is None, -member.n, member.name or ""))


def _protected(members: Sequence[Member]) -> list[Member]:
    """Members, so that no small one can be told from the whole and the others: one alone takes the next small with it."""
    small = [member for member in members if member.n < LEAST_GROUP]
    if len(small) != 1:
        return list(members)
    others = [member for member in members if member not in small]
    taken = min(others, key=lambda member: member.n, default=None)
    return [
        Member(member.name, [_hidden(one) for one in member.measured], member.n) if member is taken else member
        for member in members
    ]


def _hidden(one: Measured) -> Measured:
    return Measured(one.metric, one.name, one.unit, None, one.n)


def _distribution(question: Question, answered: Any) -> Distribution:
    own = answered[answered["instrument"] == question.instrument]
    if question.kind == "several":
        names = [f"{question.filed_as}_{number}" for number in range(1, len(question.options) + 1)]
        marked = own[own["question"].isin(names)]
        n = int(marked["response_id"].nunique())
        counts = [int(((marked["question"] == name) & (marked["score"] == 1)).sum()) for name in names]
    else:
        scores = own[own["question"] == question.filed_as]["score"]
        places = question.grades if question.kind == "scale" else range(1, len(question.options) + 1)
        counts = [int((scores == place).sum()) for place in places]
        n = sum(counts)
    return Distribution(question, counts if n >= LEAST_GROUP else None, n)


def _daily(answered: pd.DataFrame) -> list[tuple[date, int]]:
    if answered.empty:
        return []
    days = answered.drop_duplicates("response_id").set_index("at").resample("D")["response_id"].count()
    return [(moment.date(), int(count)) for moment, count in cast("Any", days.items())]


def _themes(workspace: Workspace, answers: pa.Table) -> list[tuple[str, int]]:
    if not workspace.lake.files("themes"):
        return []
    own = ibis.memtable(pa.table({"answer_id": answers["answer_id"]}))
    found: Any = workspace.table("themes").semi_join(own, "answer_id")
    counted = found.group_by("theme").aggregate(n=found.count()).to_pyarrow().to_pylist()
    shown = [(row["theme"], int(row["n"])) for row in counted if row["n"] >= LEAST_GROUP]
    return sorted(shown, key=lambda theme: (-theme[1], theme[0]))[:_MOST_THEMES]


def _fingerprint(workspace: Workspace, survey: Survey) -> str:
    arrivals = Arrival.objects.filter(survey=survey).order_by("-pk")
    parts = [workspace.lake.version, arrivals.count(), arrivals.values_list("pk", flat=True).first(), survey.questions]
    return hashlib.sha256(f"{definitions_digest(workspace)}{json.dumps(parts)}".encode()).hexdigest()


def _finite(value: float) -> float | None:
    return float(value) if value == value and abs(value) != float("inf") else None  # noqa: PLR0124 - NaN is unlike itself
