"""Answers to surveys as sources take them: grades on a scale, whole questionnaires, and the themes of «why»."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import cast

import ibis
import ibis.expr.types as ir

from septima.metrics.definition import Expression, MetricError, Parameters, Request, Rows
from septima.schema import Text

DIMENSIONS = ("channel", "department", "survey_id")
THEMED = (*DIMENSIONS, "theme")
PRIMARY_DATA = ("answers.instrument", "answers.question", "answers.score", "answers.at")
FILLED_IN_DAYS = 7
"""Days in which a person fills in one questionnaire: `settles_days` of sources that bring its answers together."""

WHY = "why"
_KEYS = ("response", "respondent", "moment")
_NO_MOMENT = datetime(1970, 1, 1)  # noqa: DTZ001 - moments are naive UTC

Scale = Callable[[Parameters], tuple[float, float]]


def between(lowest: float, highest: float) -> Scale:
    """A scale that never changes."""
    return lambda _: (lowest, highest)


def given_scale(parameters: Parameters) -> tuple[float, float]:
    """The parameter `scale`: its least and its greatest grade; MetricError where it is no such pair."""
    given = parameters["scale"]
    if isinstance(given, list | tuple):
        bounds = [bound for bound in cast("list[float]", given) if _is_number(bound)]
        if len(bounds) == len(cast("list[float]", given)) == 2 and bounds[0] < bounds[1]:
            return float(bounds[0]), float(bounds[1])
    raise MetricError(
        Text(
            f"parameter 'scale' must be the least and the greatest grade, such as [0, 10], not {given!r}",
            "параметр «scale»\u00a0— это наименьшая и\u00a0наибольшая оценка, например [0, 10], а\u00a0указано "
            f"«{given}»",
        )
    )


def graded(instrument: str, scale: Scale, question: str | None = None) -> Callable[[Request], ir.Table]:
    """Answers to one question (or all but «why») of an instrument; `usable` ones are on its scale, `grade` is null elsewhere."""

    def build(request: Request) -> ir.Table:
        answers = request.rows("answers")
        answers = answers.filter(answers["instrument"] == instrument)
        # The open question «why» has words and no grade.
        answers = answers.filter(answers["question"] == question if question else answers["question"] != WHY)
        usable = on_scale(answers, *scale(request.parameters))
        answers = answers.mutate(usable=usable, grade=usable.ifelse(answers["score"], None))
        return _with_theme(request, _keyed(answers)) if "theme" in request.by else answers

    return build


def on_scale(answers: Rows, lowest: float, highest: float) -> Expression:
    """Whether an answer has a grade between both bounds."""
    return answers["score"].between(lowest, highest).fill_null(False)


def questionnaires(request: Request, answers: Rows, columns: Mapping[str, Callable[[Rows], Expression]]) -> Rows:
    """One row per questionnaire: `at`, `customer_id`, the slices asked for and `columns`, aggregates of its answers.

    A questionnaire without its own id is the customer's answers of one moment.
    """
    rows = _keyed(answers)
    own = {name: rows[name].max() for name in request.by if name in DIMENSIONS}
    made = {name: column(rows) for name, column in columns.items()}
    rows = rows.group_by(*_KEYS).aggregate(at=rows["at"].min(), customer_id=rows["customer_id"].max(), **own, **made)
    return _with_theme(request, rows) if "theme" in request.by else rows.drop(*_KEYS)


def _keyed(answers: Rows) -> Rows:
    """Answers with the three columns that tell questionnaires apart, none of them null."""
    alone = answers["response_id"].isnull()
    return answers.mutate(
        response=answers["response_id"].fill_null(""),
        respondent=alone.ifelse(answers["customer_id"], None).fill_null(""),
        moment=alone.ifelse(answers["at"], ibis.literal(_NO_MOMENT)),
    )


def _with_theme(request: Request, rows: Rows) -> Rows:
    """Rows with the theme of the questionnaire's answer to «why», the surest where there are several; null without one."""
    answers = request.rows("answers")
    why = _keyed(answers.filter(answers["question"] == WHY).select("answer_id", "response_id", "customer_id", "at"))
    themes = request.rows("themes").select("answer_id", "theme", "weight")
    found = why.inner_join(themes, "answer_id")
    # Without a questionnaire and a customer nothing says whose words they are.
    found = found.filter((found["response"] != "") | (found["respondent"] != ""))
    surest = ibis.window(
        group_by=_KEYS, order_by=[found["weight"].desc(), found["theme"].asc(), found["answer_id"].asc()]
    )
    found = found.mutate(place=ibis.row_number().over(surest))
    found = found.filter(found["place"] == 0).select(*_KEYS, "theme")
    joined = rows.left_join(found, list(_KEYS))
    return joined.drop(*_KEYS, *(f"{name}_right" for name in _KEYS))


def checked_weights(metric: str, weights: object) -> dict[str, float]:
    """Weights by question; MetricError where they are no mapping of questions to numbers above zero."""
    if not isinstance(weights, Mapping):
        raise MetricError(
            Text(
                f"parameter 'weights' of metric {metric!r} must be a mapping of questions to numbers",
                f"параметр «weights» метрики «{metric}» должен задавать каждому вопросу число",
            )
        )
    given = cast("Mapping[object, object]", weights)
    checked: dict[str, float] = {}
    for name, weight in given.items():
        if not isinstance(weight, int | float) or not _is_number(weight) or weight < 0:
            raise MetricError(
                Text(
                    f"the weight of {name!r} in metric {metric!r} must be a number of at least 0, not {weight!r}",
                    f"вес «{name}» в\u00a0метрике «{metric}» должен быть числом не\u00a0меньше 0, а\u00a0указано "
                    f"«{weight}»",
                )
            )
        checked[str(name)] = float(weight)
    if not sum(checked.values()) > 0:
        raise MetricError(
            Text(
                f"the weights of metric {metric!r} must have a sum above 0",
                f"сумма весов метрики «{metric}» должна быть больше 0",
            )
        )
    return checked


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < float("inf")
