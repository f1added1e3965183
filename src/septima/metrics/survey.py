"""What customers answer to surveys: NPS, CSI and CLI."""

from collections.abc import Callable, Mapping
from itertools import combinations_with_replacement
from typing import Any, cast

import ibis.expr.types as ir
import numpy as np

from septima.metrics import estimates, roles
from septima.metrics.definition import (
    Cells,
    Estimate,
    FloatArray,
    Measure,
    Metric,
    MetricError,
    Parameters,
    Passport,
    Request,
    Rows,
    Source,
)
from septima.metrics.sources import count_true, records
from septima.models import intervals, reliability
from septima.models.intervals import divide
from septima.schema import Text

_DIMENSIONS = ("channel", "department", "survey_id", "question")
C11_QUESTIONS = tuple(f"q{number:02d}" for number in range(1, 12))
_C11_FORMS = ("weighted", "distance")


def _answers(
    instrument: str, lowest: float, highest: float, question: str | None = None
) -> Callable[[Request], ir.Table]:
    """Answers to one question (or all) of an instrument; `usable` ones are on its scale, `grade` is null elsewhere."""

    def build(request: Request) -> ir.Table:
        answers = request.rows("answers")
        answers = answers.filter(answers["instrument"] == instrument)
        if question:
            answers = answers.filter(answers["question"] == question)
        else:
            # The open question «why» has words and no grade.
            answers = answers.filter(answers["question"] != "why")
        usable = answers["score"].between(lowest, highest).fill_null(False)
        return answers.mutate(usable=usable, grade=usable.ifelse(answers["score"], None))

    return build


_NPS_SEED = Source("answers_nps", _answers("nps", 1, 10, "recommend"), _DIMENSIONS[:3], of_customers=True)
_NPS_CLASSIC = Source(
    "answers_nps_classic", _answers("nps_classic", 0, 10, "recommend"), _DIMENSIONS[:3], of_customers=True
)
_CSI = Source("answers_csi", _answers("csi", 1, 5, "overall"), _DIMENSIONS[:3], of_customers=True)
_CSI_ATTRIBUTES = Source("answers_csi_attributes", _answers("csi", 1, 5), _DIMENSIONS[:3], of_customers=True)


def _nps(cells: Cells, _: Parameters) -> Estimate:
    promoters, detractors, n = cells["promoters"], cells["detractors"], cells["usable"]
    lower, upper = intervals.net_share(promoters, detractors, n)
    value = divide(promoters - detractors, n)
    return Estimate(value, n, lower, upper, estimates.missing(n, cells["answers"]))


def _nps_measures(source: Source, promoter_from: float, passive_from: float) -> dict[str, Measure]:
    return {
        "promoters": Measure(source, lambda rows, _: rows.count(where=rows["grade"] >= promoter_from)),
        "detractors": Measure(source, lambda rows, _: rows.count(where=rows["grade"] < passive_from)),
        "usable": count_true(source, "usable"),
        "answers": records(source),
    }


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
    return _checked_weights("csi_weighted", weights)


def _checked_weights(metric: str, weights: object) -> dict[str, float]:
    """Weights by question; MetricError where they are no mapping of questions to numbers above zero."""
    if not isinstance(weights, Mapping):
        raise MetricError(f"parameter 'weights' of metric {metric!r} must be a mapping of questions to numbers")
    given = cast(Mapping[object, object], weights)
    checked: dict[str, float] = {}
    for name, weight in given.items():
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 <= weight < float("inf"):
            raise MetricError(
                f"the weight of {name!r} in metric {metric!r} must be a number of at least 0, not {weight!r}"
            )
        checked[str(name)] = float(weight)
    if not sum(checked.values()) > 0:
        raise MetricError(f"the weights of metric {metric!r} must have a sum above 0")
    return checked


def _c11(request: Request) -> ir.Table:
    """One row per questionnaire: eleven grades on 0…1, whether all are there, and 1 − distance to the ideal / √11."""
    answers = request.rows("answers")
    answers = answers.filter(answers["instrument"] == "c11", answers["question"].isin(C11_QUESTIONS))
    # A questionnaire without its own id is the customer's answers of one moment.
    answers = answers.mutate(
        response=answers["response_id"].fill_null(""),
        respondent=answers["response_id"].isnull().ifelse(answers["customer_id"], None),
        moment=answers["response_id"].isnull().ifelse(answers["at"], None),
        grade=answers["score"].between(1, 5).ifelse((answers["score"] - 1) / 4, None),
    )
    own = [name for name in request.by if name in _DIMENSIONS]
    grades = {question: answers["grade"].max(where=answers["question"] == question) for question in C11_QUESTIONS}
    rows = answers.group_by("response", "respondent", "moment").aggregate(
        at=answers["at"].min(),
        customer_id=answers["customer_id"].max(),
        **{name: answers[name].max() for name in own},
        **grades,
    )
    complete = rows[C11_QUESTIONS[0]].notnull()
    squares: Any = 0.0
    for question in C11_QUESTIONS:
        complete = complete & rows[question].notnull()
        squares = squares + (1.0 - rows[question]) * (1.0 - rows[question])
    rows = rows.mutate(complete=complete, closeness=1.0 - (squares / 11.0).sqrt())
    return rows.drop("response", "respondent", "moment")


_C11 = Source("answers_c11", _c11, _DIMENSIONS[:3], of_customers=True)


def _sum_of_complete(expression: Callable[[Rows], Any]) -> Measure:
    return Measure(_C11, lambda rows, _: expression(rows).sum(where=rows["complete"]))


def _c11_sum(question: str) -> Measure:
    return _sum_of_complete(lambda rows: rows[question])


def _c11_product(one: str, other: str) -> Measure:
    return _sum_of_complete(lambda rows: rows[one] * rows[other])


_C11_MEASURES = {
    "complete": count_true(_C11, "complete"),
    "questionnaires": records(_C11),
    **{question: _c11_sum(question) for question in C11_QUESTIONS},
    **{f"{one}·{other}": _c11_product(one, other) for one, other in combinations_with_replacement(C11_QUESTIONS, 2)},
    "closeness": _sum_of_complete(lambda rows: rows["closeness"]),
    "closeness_squares": _sum_of_complete(lambda rows: rows["closeness"] * rows["closeness"]),
}


def _c11_moments(cells: Cells) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Number of questionnaires (c,), sums of grades (c, 11) and sums of their products (c, 11, 11)."""
    n = cells["complete"]
    sums = np.stack([cells[question] for question in C11_QUESTIONS], axis=-1)
    products = np.empty((len(n), 11, 11))
    for (i, one), (j, other) in combinations_with_replacement(enumerate(C11_QUESTIONS), 2):
        products[:, i, j] = products[:, j, i] = cells[f"{one}·{other}"]
    return n, sums, products


def _covariance(n: FloatArray, sums: FloatArray, products: FloatArray) -> FloatArray:
    """Sample covariances from sums; NaN below two questionnaires."""
    outer = divide(sums[..., :, None] * sums[..., None, :], n[..., None, None])
    return divide(products - outer, np.where(n > 1, n - 1, np.nan)[..., None, None])


def _cli(cells: Cells, parameters: Parameters) -> Estimate:
    n, sums, products = _c11_moments(cells)
    form = parameters["form"]
    if form == "weighted":
        weights = _c11_weights(parameters["weights"], n, sums, products)
        total, squares = sums @ weights, np.einsum("i,cij,j->c", weights, products, weights)
    elif form == "distance":
        total, squares = cells["closeness"], cells["closeness_squares"]
    else:
        raise MetricError(f"parameter 'form' of metric 'cli' must be one of {', '.join(_C11_FORMS)}, not {form!r}")
    lower, upper = intervals.mean_t(total, squares, n)
    missing = estimates.missing(n, cells["questionnaires"])
    return Estimate(divide(total, n), n, np.maximum(lower, 0), np.minimum(upper, 1), missing)


def _c11_weights(given: object, n: FloatArray, sums: FloatArray, products: FloatArray) -> FloatArray:
    """Weights of the eleven questions, summing to 1: equal, of the first principal component, or given."""
    if given == "equal":
        return np.full(11, 1 / 11)
    if given == "first_principal_component":
        # One set of weights for all cells, else their indices could not be compared.
        pooled = _covariance(n.sum(keepdims=True), sums.sum(axis=0)[None], products.sum(axis=0)[None])
        return reliability.first_principal_component(pooled[0])
    weights = _checked_weights("cli", given)
    unknown = set(weights) - set(C11_QUESTIONS)
    if unknown:
        raise MetricError(f"metric 'cli' has no question {min(unknown)!r}; there are {', '.join(C11_QUESTIONS)}")
    chosen = np.array([weights.get(question, 0.0) for question in C11_QUESTIONS])
    return chosen / chosen.sum()


def _cli_reliability(cells: Cells, _: Parameters) -> Estimate:
    n, sums, products = _c11_moments(cells)
    alpha = reliability.cronbach_alpha(_covariance(n, sums, products))
    lower, upper = reliability.alpha_interval(alpha, n, len(C11_QUESTIONS))
    return Estimate(alpha, n, lower, upper, estimates.missing(n, cells["questionnaires"]))


_MULTINOMIAL = Text(
    "Multinomial interval of a difference of two shares of one sample, 95 % (Bonett & Price, 2012)",
    "Мультиномиальный интервал разности двух долей одной выборки, 95\u00a0% (Bonett & Price, 2012)",
)
_ANSWERS = ("answers.instrument", "answers.question", "answers.score", "answers.at")

METRICS = (
    Metric(
        Passport(
            id="nps",
            version=1,
            name=Text("NPS (1–10)", "NPS (1–10)"),
            description=Text(
                "How many more customers would recommend the company than would warn against it.",
                "На\u00a0сколько доля клиентов, готовых рекомендовать компанию, больше доли тех, кто не\u00a0советует её.",
            ),
            use=Text(
                "Follows loyalty between periods and compares channels and departments; read the answers to «why» beside it.",
                "Следит за\u00a0лояльностью по\u00a0периодам, сравнивает каналы и\u00a0подразделения; рядом читайте ответы на\u00a0вопрос «почему».",
            ),
            unit="index",
            direction="more",
            method=Text(
                "One question, “would you recommend us?”, from 1 to 10. Promoters answer 8–10, passives from 4 to below 8, "
                "detractors below 4. The share of promoters less the share of detractors, from −1 to 1. "
                "Answers without a grade or off the scale are missing.",
                "Один вопрос, «порекомендуете ли вы нас?», от\u00a01 до\u00a010. Сторонники отвечают 8–10, нейтральные\u00a0— "
                "от\u00a04 до\u00a08 (не\u00a0включая), критики\u00a0— ниже\u00a04. Доля сторонников минус доля критиков, "
                "от\u00a0−1 до\u00a01. Ответы без оценки или вне шкалы считаются пропусками.",
            ),
            formula="(promoters − detractors) / all",
            formula_source="Reichheld, Harvard Business Review, 2003; cuts 8 and 4 on 1–10 by the CRM methodology",
            interval=_MULTINOMIAL,
            primary_data=_ANSWERS,
            perspective="customer_support",
            group="loyalty",
            owner_role=roles.CUSTOMER_SERVICE,
            minimum_sample=30,
            bounds=(-1.0, 1.0),
        ),
        _nps_measures(_NPS_SEED, 8, 4),
        _nps,
    ),
    Metric(
        Passport(
            id="nps_classic",
            version=1,
            name=Text("NPS, classic (0–10)", "NPS, классический (0–10)"),
            description=Text(
                "Net Promoter Score by the classic cuts, comparable with other companies.",
                "Индекс чистой поддержки с\u00a0классическими границами, сравнимый с\u00a0другими компаниями.",
            ),
            use=Text(
                "Compares with published figures; for the company’s own course use one form and keep to it.",
                "Служит для сравнения с\u00a0опубликованными значениями; для собственной динамики держитесь одной формы.",
            ),
            unit="index",
            direction="more",
            method=Text(
                "One question, “would you recommend us?”, from 0 to 10. Promoters answer 9–10, detractors 0–6 (below 7). "
                "The share of promoters less the share of detractors, from −1 to 1. Answers without a grade or off the "
                "scale are missing.",
                "Один вопрос, «порекомендуете ли вы нас?», от\u00a00 до\u00a010. Сторонники отвечают 9–10, критики\u00a0— "
                "0–6 (ниже\u00a07). Доля сторонников минус доля критиков, от\u00a0−1 до\u00a01. Ответы без оценки или "
                "вне шкалы считаются пропусками.",
            ),
            formula="(promoters − detractors) / all",
            formula_source="Reichheld, Harvard Business Review, 2003",
            interval=_MULTINOMIAL,
            primary_data=_ANSWERS,
            perspective="customer_support",
            group="loyalty",
            owner_role=roles.CUSTOMER_SERVICE,
            minimum_sample=30,
            bounds=(-1.0, 1.0),
        ),
        _nps_measures(_NPS_CLASSIC, 9, 7),
        _nps,
    ),
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
            primary_data=_ANSWERS,
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
            primary_data=_ANSWERS,
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
            primary_data=_ANSWERS,
            perspective="customer_support",
            group="loyalty",
            owner_role=roles.CUSTOMER_SERVICE,
            minimum_sample=30,
            parameters={"weights": "equal"},
        ),
        _grade_measures(_CSI_ATTRIBUTES),
        _csi_weighted,
        within=("question",),
    ),
    Metric(
        Passport(
            id="cli",
            version=1,
            name=Text("CLI by eleven questions", "CLI по\u00a0одиннадцати вопросам"),
            description=Text(
                "Loyalty as eleven attitudes to the brand, from 0 (none) to 1 (ideal).",
                "Лояльность как одиннадцать отношений к\u00a0марке, от\u00a00 (нет) до\u00a01 (идеал).",
            ),
            use=Text(
                "Tells what loyalty is made of, where NPS gives only the outcome.",
                "Показывает, из\u00a0чего складывается лояльность, тогда как NPS даёт только итог.",
            ),
            unit="index",
            direction="more",
            method=Text(
                "Eleven questions with five grades, turned into 0, ¼, ½, ¾ and 1. Form “weighted”: the weighted mean, with "
                "weights that are given by question, “equal” or “first_principal_component” (of all questionnaires in "
                "the request). Form “distance”: 1 less the distance to the ideal point divided by √11. The mean over "
                "complete questionnaires; incomplete ones are missing.",
                "Одиннадцать вопросов с\u00a0пятью оценками, переведёнными в\u00a00, ¼, ½, ¾ и\u00a01. Форма weighted: взвешенное "
                "среднее с\u00a0весами, заданными по\u00a0вопросам, равными (equal) или по\u00a0первой главной компоненте "
                "(first_principal_component) всех анкет запроса. Форма distance: единица минус расстояние до\u00a0идеальной "
                "точки, делённое на\u00a0√11. Среднее по\u00a0полным анкетам; неполные считаются пропусками.",
            ),
            formula="Σ w·x / Σ w; 1 − √(Σ (1 − x)²) / √11",
            formula_source="C11 questionnaire of the CRM methodology; first principal component: Hotelling, 1933",
            interval=estimates.STUDENT,
            primary_data=(*_ANSWERS, "answers.response_id"),
            perspective="customer_support",
            group="loyalty",
            owner_role=roles.CUSTOMER_SERVICE,
            minimum_sample=30,
            bounds=(0.0, 1.0),
            parameters={"form": "weighted", "weights": "equal"},
        ),
        _C11_MEASURES,
        _cli,
    ),
    Metric(
        Passport(
            id="cli_reliability",
            version=1,
            name=Text("Reliability of CLI", "Надёжность CLI"),
            description=Text(
                "Whether the eleven questions measure one thing: Cronbach’s alpha.",
                "Измеряют ли одиннадцать вопросов одно и\u00a0то\u00a0же: альфа Кронбаха.",
            ),
            use=Text(
                "From 0.7 on the index may be read as one number; below, look at the questions apart.",
                "От\u00a00,7 индекс можно читать как одно число; ниже смотрите на\u00a0вопросы по\u00a0отдельности.",
            ),
            unit="index",
            direction="more",
            method=Text(
                "Cronbach’s alpha of the eleven grades over complete questionnaires.",
                "Альфа Кронбаха по\u00a0одиннадцати оценкам полных анкет.",
            ),
            formula="11/10 · (1 − Σ var(x) / var(Σ x))",
            formula_source="Cronbach, Psychometrika, 1951",
            interval=Text("F distribution, 95 % (Feldt, 1965)", "По\u00a0распределению F, 95\u00a0% (Feldt, 1965)"),
            primary_data=(*_ANSWERS, "answers.response_id"),
            perspective="customer_support",
            group="loyalty",
            owner_role=roles.CUSTOMER_SERVICE,
            minimum_sample=50,
        ),
        _C11_MEASURES,
        _cli_reliability,
    ),
)
