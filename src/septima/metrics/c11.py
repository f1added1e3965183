"""The eleven questions of C11: questionnaires, and the sums, products and covariances of their grades."""

from collections.abc import Callable
from itertools import combinations_with_replacement
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np

from septima.metrics import answers
from septima.metrics.definition import Cells, Expression, FloatArray, Measure, Parameters, Request, Rows, Source
from septima.metrics.sources import count_true, records
from septima.models.intervals import divide

QUESTIONS = tuple(f"q{number:02d}" for number in range(1, 12))
PRIMARY_DATA = (*answers.PRIMARY_DATA, "answers.response_id", "answers.customer_id")


def _questionnaires(request: Request) -> ir.Table:
    """One row per questionnaire: eleven grades on 0…1, whether all are there, and 1 − distance to the ideal / √11."""
    rows = request.rows("answers")
    rows = rows.filter(rows["instrument"] == "c11", rows["question"].isin(QUESTIONS))
    rows = rows.mutate(grade=answers.on_scale(rows, 1, 5).ifelse((rows["score"] - 1) / 4, None))
    rows = answers.questionnaires(request, rows, {question: _grade(question) for question in QUESTIONS})
    complete = rows[QUESTIONS[0]].notnull()
    squares: Any = 0.0
    for question in QUESTIONS:
        complete = complete & rows[question].notnull()
        squares = squares + (1.0 - rows[question]) * (1.0 - rows[question])
    return rows.mutate(complete=complete, closeness=1.0 - (squares / 11.0).sqrt())


def _grade(question: str) -> Callable[[Rows], Expression]:
    return lambda rows: rows["grade"].max(where=rows["question"] == question)


C11 = Source(
    "questionnaires_c11",
    _questionnaires,
    answers.DIMENSIONS,
    of_customers=True,
    settles_days=answers.FILLED_IN_DAYS,
)


def by_question(
    name: str, questions: Callable[[Parameters], tuple[str, ...]], parameters: tuple[str, ...] = ()
) -> Source:
    """The questionnaires, once for each of `questions` where they are sliced by `question`."""

    def build(request: Request) -> ir.Table:
        rows, shown = _questionnaires(request), list(questions(request.parameters))
        return rows.mutate(question=ibis.array(shown).unnest()) if "question" in request.by else rows

    return Source(
        name,
        build,
        (*answers.DIMENSIONS, "question"),
        of_customers=True,
        parameters=parameters,
        settles_days=answers.FILLED_IN_DAYS,
    )


def sum_of_complete(source: Source, expression: Callable[[Rows], Expression]) -> Measure:
    """Sum of an expression over the questionnaires with all eleven grades."""
    return Measure(source, lambda rows, _: expression(rows).sum(where=rows["complete"]))


def moment_measures(source: Source) -> dict[str, Measure]:
    """What `moments` needs: the number of questionnaires, sums of grades and of their products."""

    def one(question: str) -> Measure:
        return sum_of_complete(source, lambda rows: rows[question])

    def product(question: str, other: str) -> Measure:
        return sum_of_complete(source, lambda rows: rows[question] * rows[other])

    return {
        "complete": count_true(source, "complete"),
        "questionnaires": records(source),
        **{question: one(question) for question in QUESTIONS},
        **{f"{first}·{other}": product(first, other) for first, other in combinations_with_replacement(QUESTIONS, 2)},
    }


def moments(cells: Cells) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Number of questionnaires (c,), sums of grades (c, 11) and sums of their products (c, 11, 11)."""
    n = cells["complete"]
    sums = np.stack([cells[question] for question in QUESTIONS], axis=-1)
    products = np.empty((len(n), 11, 11))
    for (i, one), (j, other) in combinations_with_replacement(enumerate(QUESTIONS), 2):
        products[:, i, j] = products[:, j, i] = cells[f"{one}·{other}"]
    return n, sums, products


def covariance(n: FloatArray, sums: FloatArray, products: FloatArray) -> FloatArray:
    """Sample covariances from sums; NaN below two questionnaires."""
    outer = divide(sums[..., :, None] * sums[..., None, :], n[..., None, None])
    centred = products - outer
    # What rounding leaves of a difference of two nearly equal sums counts as zero.
    centred = np.where(np.abs(centred) <= 4 * np.finfo(np.float64).eps * np.abs(products), 0.0, centred)
    return divide(centred, np.where(n > 1, n - 1, np.nan)[..., None, None])
