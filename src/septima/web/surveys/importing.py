"""Answers from a CSV file: previewed first, then added to the lake by its own checks, bad rows to the quarantine.

A row is one questionnaire: `response_id`, `customer_id`, `at`, `department`, `channel` and a column for each question,
as the export writes them. Several choices are numbers with spaces between them.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils import timezone

from septima.lake.append import append
from septima.schema import Text
from septima.web.accounts.models import User
from septima.web.common.csv_files import CsvError, read_csv
from septima.web.common.language import say
from septima.web.common.numerals import whole_number
from septima.web.common.workspaces import open_workspace
from septima.web.surveys.flushing import SOURCE
from septima.web.surveys.models import ImportedFile, Response, Survey
from septima.web.surveys.questions import LONGEST_TEXT, Question

MOST_ROWS = 10_000
_AT_ONCE = 50_000
_OWN = ("response_id", "customer_id", "at", "department", "channel")


@dataclass(frozen=True)
class Preview:
    """What a file would bring: its columns, which of them nothing reads, first rows, and cells that look wrong."""

    columns: Sequence[str]
    ignored: Sequence[str]
    rows: Sequence[Sequence[str]]
    total: int
    doubts: Sequence[str]


def keep_file(survey: Survey, name: str, content: bytes, user: User) -> ImportedFile:
    """Keep a file until its preview is confirmed; the same file again is the one that is kept.

    CsvError where it is no CSV file, too large, or has no column of a question.
    """
    heads, rows = read_csv(content)
    if len(rows) > MOST_ROWS:
        raise CsvError(
            Text(
                f"A file may have {MOST_ROWS:,} rows at most.",
                f"В\u00a0файле может быть не\u00a0больше {MOST_ROWS} строк.",
            )
        )
    keys = [one.key for one in survey.asked]
    if not set(heads) & set(keys):
        raise CsvError(
            Text(
                f"None of the columns is a question of this survey; the questions are: {', '.join(keys)}.",
                f"Ни\u00a0один столбец не\u00a0назван вопросом этого опроса; вопросы: {', '.join(keys)}.",
            )
        )
    if "at" not in heads:
        raise CsvError(
            Text(
                "The file needs a column at: when each questionnaire was answered, such as 2026-05-31 14:30.",
                "В\u00a0файле нужен столбец at: когда дан ответ, например 2026-05-31 14:30.",
            )
        )
    token = hashlib.sha256(content).hexdigest()
    try:
        with transaction.atomic():
            return ImportedFile.objects.create(survey=survey, token=token, name=name[:200], rows=rows, made_by=user)
    except IntegrityError:
        return ImportedFile.objects.get(survey=survey, token=token)


def preview(file: ImportedFile, *, most: int = 20) -> Preview:
    """What a kept file would bring."""
    survey = file.survey
    columns = list(dict.fromkeys(name for row in file.rows for name in row))
    questions = {one.key: one for one in survey.asked}
    known = {*_OWN, *questions}
    doubts = list[str]()
    for number, row in enumerate(file.rows, start=2):
        for key, question in questions.items():
            if row.get(key) and not _fits(question, row[key]):
                doubts.append(
                    say(f"Line {number}, {key}: “{row[key][:40]}”", f"Строка {number}, {key}: «{row[key][:40]}»")
                )
    return Preview(
        columns,
        [name for name in columns if name not in known],
        [[row.get(name, "") for name in columns] for row in file.rows[:most]],
        len(file.rows),
        doubts,
    )


def load(file: ImportedFile) -> dict[str, int]:
    """Add a kept file's answers to the lake, once however often it is asked for; gives the lake's counts.

    What the file held is then forgotten here. LoadError or StoreError where the lake cannot take it; it may then be asked for again.
    """
    survey = file.survey
    given = {row["response_id"] for row in file.rows if row.get("response_id")}
    own = set(Response.objects.filter(survey=survey, code__in=given).values_list("code", flat=True))
    records = [
        record
        for number, row in enumerate(file.rows, start=1)
        for record in _records(survey, row, _name(survey, file, row.get("response_id", ""), number, own))
    ]
    lake, counts = open_workspace(survey.organisation).lake, Counter[str]()
    for start in range(0, len(records), _AT_ONCE):
        batch = f"import-{survey.code}-{file.token}-{start}"
        part = append(lake, "answers", records[start : start + _AT_ONCE], SOURCE, batch=batch, author=SOURCE)
        counts.update(vars(part.counts))
    file.loaded_at, file.rows, file.counts = timezone.now(), [], dict(counts)
    file.save(update_fields=["loaded_at", "rows", "counts"])
    return dict(counts)


def _name(survey: Survey, file: ImportedFile, given: str, number: int, own: set[str]) -> str:
    """How the lake names a questionnaire of a file: a name of its own cannot meet one of another survey."""
    if given in own or given.startswith(f"{survey.code}-"):
        return given
    return f"{survey.code}-{given or f'{file.token[:12]}-{number}'}"


def _records(survey: Survey, row: Mapping[str, str], response: str) -> list[dict[str, object]]:
    common: dict[str, object] = {
        "survey_id": survey.survey_id,
        "response_id": response,
        "customer_id": row.get("customer_id") or None,
        "at": row.get("at") or None,
        "channel": row.get("channel") or "import",
        "department": row.get("department") or survey.department or None,
    }
    return [
        {**common, "answer_id": f"{response}-{question.instrument}-{name}", "instrument": question.instrument, **own}
        for question in survey.asked
        if row.get(question.key)
        for name, own in _values(question, row[question.key])
    ]


def _values(question: Question, cell: str) -> list[tuple[str, dict[str, object]]]:
    name = question.filed_as
    if question.kind == "text":
        return [(name, {"question": name, "text": cell[:LONGEST_TEXT], "score": None})]
    if question.kind == "several":
        if not _fits(question, cell):
            return [(name, {"question": name, "text": None, "score": cell})]
        chosen = set(cell.split())
        return [
            (f"{name}_{number}", {"question": f"{name}_{number}", "text": None, "score": float(str(number) in chosen)})
            for number in range(1, len(question.options) + 1)
        ]
    # A cell that is no number goes to the lake as it is: its check says why it cannot be taken.
    return [(name, {"question": name, "text": None, "score": cell.replace(",", ".")})]


def _fits(question: Question, cell: str) -> bool:
    if question.kind == "text":
        return len(cell) <= LONGEST_TEXT
    allowed = question.grades if question.kind == "scale" else range(1, len(question.options) + 1)
    parts = cell.split() if question.kind == "several" else [cell.removesuffix(".0")]
    return bool(parts) and all(whole_number(part) in allowed for part in parts)
