"""Loyalty by questionnaires of others: RAPID by Hayes, and indices that are computed elsewhere."""

from collections.abc import Callable

import ibis.expr.types as ir

from septima.metrics import answers, estimates, roles
from septima.metrics.definition import (
    Cells,
    Estimate,
    Expression,
    Measure,
    Metric,
    Parameters,
    Passport,
    Request,
    Rows,
    Source,
)
from septima.metrics.sources import count_true, known, records, total, total_of_products
from septima.schema import Text

_RAPID = {"r": "retention", "a": "advocacy", "p": "purchasing"}


def _rapid(request: Request) -> ir.Table:
    """One row per questionnaire: the mean of the usable items of each index, and whether it asks any."""
    rows = request.rows("answers")
    rows = rows.filter(rows["instrument"] == "rapid", rows["question"].re_search("^[rap][0-9]+$"))
    rows = rows.mutate(
        letter=rows["question"].substr(0, 1), grade=answers.on_scale(rows, 0, 10).ifelse(rows["score"], None)
    )

    def mean(letter: str) -> Callable[[Rows], Expression]:
        return lambda rows: rows["grade"].mean(where=rows["letter"] == letter)

    def asked(letter: str) -> Callable[[Rows], Expression]:
        return lambda rows: (rows["letter"] == letter).any()

    return answers.questionnaires(
        request,
        rows,
        {name: mean(letter) for letter, name in _RAPID.items()}
        | {f"{name}_asked": asked(letter) for letter, name in _RAPID.items()},
    )


_QUESTIONNAIRES = Source(
    "questionnaires_rapid",
    _rapid,
    answers.DIMENSIONS,
    of_customers=True,
    settles_days=answers.FILLED_IN_DAYS,
)


def _rapid_metric(index: str, letter: str, name: Text, description: Text, use: Text) -> Metric:
    """One of Hayes' three indices, from the column `index` and its items, whose questions begin with `letter`."""
    return Metric(
        Passport(
            id=f"{index}_loyalty_index",
            version=1,
            name=name,
            description=description,
            use=use,
            unit="score_0_10",
            direction="more",
            method=Text(
                f"Instrument `rapid`, items `{letter}1`, `{letter}2` … from 0 to 10. The mean of a questionnaire’s usable "
                "items, then the mean over questionnaires. Questionnaires that ask these items without a usable grade are "
                "missing.",
                f"Анкета `rapid`, пункты `{letter}1`, `{letter}2` … от\u00a00 до\u00a010. Среднее пригодных пунктов анкеты, затем "
                "среднее по\u00a0анкетам. Анкеты с\u00a0этими пунктами, но\u00a0без пригодной оценки, считаются пропусками.",
            ),
            formula="Σ mean(items) / n",
            formula_source="Hayes, Measuring Customer Satisfaction and Loyalty, 2008; Hayes, TCE: Total Customer Experience, 2013",
            interval=estimates.STUDENT,
            primary_data=(*answers.PRIMARY_DATA, "answers.response_id", "answers.customer_id"),
            perspective="customer_support",
            group="loyalty",
            owner_role=roles.CUSTOMER_SERVICE,
            minimum_sample=30,
        ),
        {
            "grades": total(_QUESTIONNAIRES, index),
            "squares": total_of_products(_QUESTIONNAIRES, index, index),
            "usable": known(_QUESTIONNAIRES, index),
            "asked": count_true(_QUESTIONNAIRES, f"{index}_asked"),
        },
        estimates.mean("grades", "squares", "usable", "asked"),
    )


def _imported(request: Request) -> ir.Table:
    rows: Rows = answers.graded("index", answers.given_scale)(request)
    lowest, highest = answers.given_scale(request.parameters)
    return rows.mutate(grade=(rows["grade"] - lowest) / (highest - lowest) * 100.0)


_IMPORTED = Source(
    "answers_index", _imported, (*answers.DIMENSIONS, "question"), of_customers=True, parameters=("scale",)
)


def _mean_index(cells: Cells, parameters: Parameters) -> Estimate:
    found = estimates.mean("grades", "squares", "usable", "answers")(cells, parameters)
    note = estimates.when(cells["indices"] > 0, "mixed_indices")
    return Estimate(found.value, found.n, found.lower, found.upper, found.missing_share, note)


METRICS = (
    _rapid_metric(
        "retention",
        "r",
        Text("Retention Loyalty Index (RLI)", "Индекс лояльности удержания (RLI)"),
        Text(
            "How surely customers mean to stay, from 0 to 10.",
            "Насколько твёрдо клиенты намерены остаться, от\u00a00 до\u00a010.",
        ),
        Text(
            "Warns of churn before it shows in sales.",
            "Предупреждает об\u00a0уходе клиентов раньше, чем он виден в\u00a0продажах.",
        ),
    ),
    _rapid_metric(
        "advocacy",
        "a",
        Text("Advocacy Loyalty Index (ALI)", "Индекс лояльности рекомендаций (ALI)"),
        Text(
            "How ready customers are to speak for the company, from 0 to 10.",
            "Насколько клиенты готовы выступать за\u00a0компанию, от\u00a00 до\u00a010.",
        ),
        Text(
            "Tells growth by new customers whom others bring; NPS is one of its items.",
            "Говорит о\u00a0росте за\u00a0счёт новых клиентов по\u00a0рекомендации; NPS\u00a0— один из\u00a0его пунктов.",
        ),
    ),
    _rapid_metric(
        "purchasing",
        "p",
        Text("Purchasing Loyalty Index (PLI)", "Индекс лояльности покупок (PLI)"),
        Text(
            "How ready customers are to buy more and other things, from 0 to 10.",
            "Насколько клиенты готовы покупать больше и\u00a0другое, от\u00a00 до\u00a010.",
        ),
        Text(
            "Tells growth of the revenue per customer: more often, dearer, from other lines.",
            "Говорит о\u00a0росте выручки с\u00a0клиента: чаще, дороже, из\u00a0других линеек.",
        ),
    ),
    Metric(
        Passport(
            id="imported_index",
            version=1,
            name=Text("Index computed elsewhere", "Индекс, рассчитанный вовне"),
            description=Text(
                "Mean of an index that an agency or another system computes for each person, from 0 to 100.",
                "Среднее индекса, который для каждого человека рассчитывает агентство или другая система, от\u00a00 до\u00a0100.",
            ),
            use=Text(
                "Brings brand health, satisfaction by an institute and the like onto the scorecard; slice by `question` where "
                "there are several.",
                "Переносит на\u00a0карту показателей здоровье бренда, индексы институтов и\u00a0подобное; если индексов несколько, "
                "смотрите срез `question`.",
            ),
            unit="score_0_100",
            direction="more",
            method=Text(
                "Instrument `index`; `question` is the name of the index and `score` its value on the `scale`, which is moved "
                "to 0–100. Values that are absent or off the scale are missing.",
                "Анкета `index`; `question`\u00a0— название индекса, `score`\u00a0— его значение на\u00a0шкале `scale`, которая "
                "приводится к\u00a00–100. Значения, которых нет или которые вне шкалы, считаются пропусками.",
            ),
            formula="100 · Σ (score − lowest) / (highest − lowest) / n",
            formula_source="OECD & JRC, Handbook on Constructing Composite Indicators, 2008 (min–max)",
            interval=estimates.STUDENT,
            primary_data=answers.PRIMARY_DATA,
            perspective="customer_support",
            group="loyalty",
            owner_role=roles.CUSTOMER_SERVICE,
            minimum_sample=30,
            parameters={"scale": [0, 100]},
        ),
        {
            "grades": total(_IMPORTED, "grade"),
            "squares": total_of_products(_IMPORTED, "grade", "grade"),
            "usable": count_true(_IMPORTED, "usable"),
            "answers": records(_IMPORTED),
            "indices": Measure(
                _IMPORTED, lambda rows, _: (rows["question"].min() != rows["question"].max()).cast("int64")
            ),
        },
        _mean_index,
    ),
)
