"""How satisfied customers are: CSI, and what they felt against what they had expected."""

from collections.abc import Callable, Mapping

import ibis.expr.types as ir
import numpy as np

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
from septima.models import intervals
from septima.models.intervals import divide
from septima.schema import Text

_GRADES = answers.between(1, 5)
_CSI, _ATTRIBUTES = (
    Source(
        name,
        answers.graded("csi", _GRADES, question),
        answers.THEMED,
        of_customers=True,
        settles_days=answers.FILLED_IN_DAYS,  # the words of «why» may follow the grade
    )
    for name, question in (("answers_csi", "overall"), ("answers_csi_attributes", None))
)
_DELIGHT = 5


def _grade_measures(source: Source) -> dict[str, Measure]:
    return {
        "grades": Measure(source, lambda rows, _: rows["grade"].sum()),
        "squares": Measure(source, lambda rows, _: (rows["grade"] * rows["grade"]).sum()),
        "top": Measure(source, lambda rows, _: rows.count(where=rows["grade"] >= 4)),
        "usable": count_true(source, "usable"),
        "answers": records(source),
    }


def _csi_weighted(cells: Cells, parameters: Parameters) -> Estimate:
    """Weighted mean of the attributes' means; an attribute that nobody graded in a cell is left out there."""
    questions = cells.frame["question"]
    weights = _importance(parameters["weights"], set(questions) - {"overall", None})
    weight = questions.map(lambda name: weights.get(name, 0.0)).to_numpy(np.float64)
    n = cells["usable"]
    weight = np.where(n > 0, weight, 0.0)
    mean = np.where(weight > 0, divide(cells["grades"], n), 0.0)
    spread = divide(intervals.variance(cells["grades"], cells["squares"], n), n)
    whole = cells.total_within(weight)
    value = divide(cells.total_within(weight * mean), whole)
    used, given = (
        cells.total_within(np.where(weight > 0, n, 0)),
        cells.total_within(np.where(weight > 0, cells["answers"], 0)),
    )
    uncertain = cells.total_within(np.where((weight > 0) & np.isnan(spread), 1.0, 0.0)) > 0
    variance = divide(cells.total_within(np.where(weight > 0, np.nan_to_num(weight**2 * spread), 0.0)), whole**2)
    half = intervals.Z * np.sqrt(np.where(uncertain, np.nan, variance))
    return Estimate(value, used, value - half, value + half, estimates.missing(used, given))


def _importance(weights: object, observed: set[str]) -> Mapping[str, float]:
    if weights == "equal":
        return dict.fromkeys(observed, 1.0)
    return answers.checked_weights("csi_weighted", weights)


def _feelings(request: Request) -> ir.Table:
    """One row per questionnaire: what was expected and felt, 1 (outrage) … 5 (delight), and `gap` where both are known."""
    rows = request.rows("answers")
    rows = rows.filter(rows["instrument"] == "feelings", rows["question"].isin(("expectation", "experience")))
    feeling = answers.on_scale(rows, 1, 5) & (rows["score"] == rows["score"].floor()).fill_null(False)
    rows = rows.mutate(feeling=feeling.ifelse(rows["score"], None))

    def felt(question: str) -> Callable[[Rows], Expression]:
        return lambda rows: rows["feeling"].max(where=rows["question"] == question)

    rows = answers.questionnaires(request, rows, {name: felt(name) for name in ("expectation", "experience")})
    return rows.mutate(gap=rows["experience"] - rows["expectation"])


_FEELINGS = Source(
    "questionnaires_feelings",
    _feelings,
    answers.DIMENSIONS,
    of_customers=True,
    settles_days=answers.FILLED_IN_DAYS,
)
_PAIRS = {"pairs": known(_FEELINGS, "gap"), "questionnaires": records(_FEELINGS)}
_SCALE = Text(
    "Five feelings are graded: outrage\u00a01, displeasure\u00a02, satisfaction\u00a03, joy\u00a04, delight\u00a05.",
    "Пять чувств переведены в\u00a0оценки: возмущение\u00a01, недовольство\u00a02, удовлетворение\u00a03, радость\u00a04, "
    "восторг\u00a05.",
)
_FEELINGS_SOURCE = (
    "Oliver, Journal of Marketing Research, 1980 (expectancy disconfirmation); five feelings of the CRM methodology"
)
_FEELINGS_DATA = (*answers.PRIMARY_DATA, "answers.response_id", "answers.customer_id")

METRICS = (
    Metric(
        Passport(
            id="csi",
            version=1,
            name=Text("CSI, mean grade", "CSI, средняя оценка"),
            description=Text(
                "How satisfied customers are on the whole, from 1 to 5.",
                "Насколько клиенты довольны в\u00a0целом, от\u00a01 до\u00a05.",
            ),
            use=Text(
                "Shows how a visit, a call or a delivery was felt; slice by department to see where it fails.",
                "Показывает впечатление от\u00a0визита, звонка или доставки; срез по\u00a0подразделениям показывает, где сбой.",
            ),
            unit="score_1_5",
            direction="more",
            method=Text(
                "Mean of the grades from 1 to 5 of the question about the whole. Answers without a grade or off the scale "
                "are missing.",
                "Среднее оценок от\u00a01 до\u00a05 на\u00a0вопрос «в\u00a0целом». Ответы без оценки или вне шкалы считаются пропусками.",
            ),
            formula="Σ score / n",
            formula_source="Hill & Alexander, The Handbook of Customer Satisfaction and Loyalty Measurement, 2006",
            interval=estimates.STUDENT,
            primary_data=answers.PRIMARY_DATA,
            perspective="customer_support",
            group="loyalty",
            owner_role=roles.CUSTOMER_SERVICE,
            minimum_sample=30,
        ),
        _grade_measures(_CSI),
        estimates.mean("grades", "squares", "usable", "answers"),
    ),
    Metric(
        Passport(
            id="csi_top_2_box",
            version=1,
            name=Text("CSI, share of satisfied", "CSI, доля довольных"),
            description=Text(
                "Share of customers who grade the whole 4 or 5 of 5.",
                "Доля клиентов, которые в\u00a0целом ставят 4 или\u00a05 из\u00a05.",
            ),
            use=Text(
                "Easier to explain than a mean and surer when grades crowd at the top.",
                "Проще объяснить, чем среднее, и\u00a0надёжнее, когда оценки собираются у\u00a0верхнего края.",
            ),
            unit="share",
            direction="more",
            method=Text(
                "Grades of 4 and above divided by all grades from 1 to 5 of the question about the whole.",
                "Оценки 4 и\u00a0выше, делённые на\u00a0все оценки от\u00a01 до\u00a05 на\u00a0вопрос «в\u00a0целом».",
            ),
            formula="count(score ≥ 4) / n",
            formula_source="Hill & Alexander, The Handbook of Customer Satisfaction and Loyalty Measurement, 2006",
            interval=estimates.WILSON,
            primary_data=answers.PRIMARY_DATA,
            perspective="customer_support",
            group="loyalty",
            owner_role=roles.CUSTOMER_SERVICE,
            minimum_sample=30,
        ),
        _grade_measures(_CSI),
        estimates.share("top", "usable", "answers"),
    ),
    Metric(
        Passport(
            id="csi_weighted",
            version=1,
            name=Text("CSI, weighted by importance", "CSI, взвешенный по\u00a0важности"),
            description=Text(
                "Satisfaction with attributes of the service, the important ones counting for more.",
                "Удовлетворённость свойствами сервиса с\u00a0учётом их важности.",
            ),
            use=Text(
                "Shows satisfaction where customers care; the weights come from a study of importance.",
                "Показывает удовлетворённость тем, что важно клиентам; веса берут из\u00a0исследования важности.",
            ),
            unit="score_1_5",
            direction="more",
            method=Text(
                "Weighted mean of the mean grades (1–5) of every question except the one about the whole. Weights are "
                "given by question or equal, and are divided by their sum over the questions that were graded.",
                "Взвешенное среднее средних оценок (1–5) по\u00a0всем вопросам, кроме вопроса «в\u00a0целом». Веса заданы "
                "по\u00a0вопросам или равны и\u00a0делятся на\u00a0свою сумму по\u00a0вопросам, где есть оценки.",
            ),
            formula="Σ w·mean(score) / Σ w",
            formula_source="Hill & Alexander, The Handbook of Customer Satisfaction and Loyalty Measurement, 2006",
            interval=Text(
                "Normal interval of a weighted sum of independent means, 95 %",
                "Нормальный интервал взвешенной суммы независимых средних, 95\u00a0%",
            ),
            primary_data=answers.PRIMARY_DATA,
            perspective="customer_support",
            group="loyalty",
            owner_role=roles.CUSTOMER_SERVICE,
            minimum_sample=30,
            parameters={"weights": "equal"},
        ),
        _grade_measures(_ATTRIBUTES),
        _csi_weighted,
        within=("question",),
    ),
    Metric(
        Passport(
            id="experience_gap",
            version=1,
            name=Text("Experience against expectation", "Впечатление против ожидания"),
            description=Text(
                "By how many steps of feeling the purchase was better than the customer had expected.",
                "На\u00a0сколько ступеней чувств покупка оказалась лучше, чем клиент ожидал.",
            ),
            use=Text(
                "Above zero promises are outdone; below zero either the service or the advertising is to be mended.",
                "Выше нуля\u00a0— обещания превзойдены; ниже нуля пора менять либо сервис, либо рекламу.",
            ),
            unit="index",
            direction="more",
            method=Text(
                f"{_SCALE.en} The mean difference of experience and expectation of one questionnaire. Questionnaires "
                "with only one of the two are missing.",
                f"{_SCALE.ru} Средняя разность впечатления и\u00a0ожидания одной анкеты. Анкеты, где есть только что-то одно, "
                "считаются пропусками.",
            ),
            formula="Σ (experience − expectation) / n",
            formula_source=_FEELINGS_SOURCE,
            interval=Text(
                "Student’s t interval of a mean of paired differences, 95 % (Student, 1908)",
                "Интервал Стьюдента для средней разности пар, 95\u00a0% (Student, 1908)",
            ),
            primary_data=_FEELINGS_DATA,
            perspective="customer_support",
            group="loyalty",
            owner_role=roles.CUSTOMER_SERVICE,
            minimum_sample=30,
            bounds=(-4.0, 4.0),
        ),
        {**_PAIRS, "gaps": total(_FEELINGS, "gap"), "squares": total_of_products(_FEELINGS, "gap", "gap")},
        estimates.mean("gaps", "squares", "pairs", "questionnaires"),
    ),
    Metric(
        Passport(
            id="exceeded_expectations",
            version=1,
            name=Text("Expectations exceeded", "Ожидания превзойдены"),
            description=Text(
                "Share of customers who felt better than they had expected.",
                "Доля клиентов, чьё впечатление оказалось лучше ожидания.",
            ),
            use=Text(
                "Tells how many were pleasantly surprised, where the mean difference hides who was disappointed.",
                "Показывает, скольких удалось приятно удивить; средняя разность скрывает разочарованных.",
            ),
            unit="share",
            direction="more",
            method=Text(
                f"{_SCALE.en} Questionnaires whose experience is above their expectation, divided by those with both.",
                f"{_SCALE.ru} Анкеты, где впечатление выше ожидания, делённые на\u00a0анкеты, где есть и\u00a0то, и\u00a0другое.",
            ),
            formula="count(experience > expectation) / n",
            formula_source=_FEELINGS_SOURCE,
            interval=estimates.WILSON,
            primary_data=_FEELINGS_DATA,
            perspective="customer_support",
            group="loyalty",
            owner_role=roles.CUSTOMER_SERVICE,
            minimum_sample=30,
        ),
        {
            **_PAIRS,
            "exceeded": Measure(_FEELINGS, lambda rows, _: rows.count(where=(rows["gap"] > 0).fill_null(False))),
        },
        estimates.share("exceeded", "pairs", "questionnaires"),
    ),
    Metric(
        Passport(
            id="delighted_share",
            version=1,
            name=Text("Delighted customers", "Доля восхищённых клиентов"),
            description=Text(
                "Share of customers who were delighted, the best of five feelings.",
                "Доля клиентов, испытавших восторг\u00a0— лучшее из\u00a0пяти чувств.",
            ),
            use=Text(
                "Delight brings customers back and makes them tell others; satisfaction alone seldom does.",
                "Восторг возвращает клиентов и\u00a0заставляет рассказывать о\u00a0компании; одного удовлетворения мало.",
            ),
            unit="share",
            direction="more",
            method=Text(
                f"{_SCALE.en} Questionnaires with an experience of 5, divided by those whose experience is known.",
                f"{_SCALE.ru} Анкеты с\u00a0впечатлением\u00a05, делённые на\u00a0анкеты, где впечатление известно.",
            ),
            formula="count(experience = 5) / n",
            formula_source="Oliver, Rust & Varki, Journal of Retailing, 1997 (delight); five feelings of the CRM methodology",
            interval=estimates.WILSON,
            primary_data=_FEELINGS_DATA,
            perspective="customer_support",
            group="loyalty",
            owner_role=roles.CUSTOMER_SERVICE,
            minimum_sample=30,
        ),
        {
            "delighted": Measure(
                _FEELINGS, lambda rows, _: rows.count(where=(rows["experience"] == _DELIGHT).fill_null(False))
            ),
            "felt": known(_FEELINGS, "experience"),
            "questionnaires": _PAIRS["questionnaires"],
        },
        estimates.share("delighted", "felt", "questionnaires"),
    ),
)
