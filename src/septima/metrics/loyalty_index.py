"""CLI by the eleven questions of C11: the index, and whether they measure one thing."""

import numpy as np

from septima.metrics import answers, c11, estimates, roles
from septima.metrics.definition import Cells, Estimate, FloatArray, Metric, MetricError, Parameters, Passport
from septima.models import intervals, reliability
from septima.models.intervals import divide
from septima.schema import Text

_FORMS = ("weighted", "distance")
_C11 = {
    **c11.moment_measures(c11.C11),
    "closeness": c11.sum_of_complete(c11.C11, lambda rows: rows["closeness"]),
    "closeness_squares": c11.sum_of_complete(c11.C11, lambda rows: rows["closeness"] * rows["closeness"]),
}
_QUESTIONS = c11.by_question("questionnaires_c11_by_question", lambda _: c11.QUESTIONS)


def _cli(cells: Cells, parameters: Parameters) -> Estimate:
    n, sums, products = c11.moments(cells)
    form = parameters["form"]
    if form == "weighted":
        weights = _weights(parameters["weights"], n, sums, products)
        total, squares = sums @ weights, np.einsum("i,cij,j->c", weights, products, weights)
    elif form == "distance":
        total, squares = cells["closeness"], cells["closeness_squares"]
    else:
        raise MetricError(
            Text(
                f"parameter 'form' of metric 'cli' must be one of {', '.join(_FORMS)}, not {form!r}",
                f"параметр «form» метрики «cli»\u00a0— одно из\u00a0{', '.join(_FORMS)}, а\u00a0указано «{form}»",
            )
        )
    lower, upper = intervals.mean_t(total, squares, n)
    missing = estimates.missing(n, cells["questionnaires"])
    return Estimate(divide(total, n), n, np.maximum(lower, 0), np.minimum(upper, 1), missing)


def _weights(given: object, n: FloatArray, sums: FloatArray, products: FloatArray) -> FloatArray:
    """Weights of the eleven questions, summing to 1: equal, of the first principal component, or given."""
    if given == "equal":
        return np.full(11, 1 / 11)
    if given == "first_principal_component":
        # One set of weights for all cells, else their indices could not be compared.
        pooled = c11.covariance(n.sum(keepdims=True), sums.sum(axis=0)[None], products.sum(axis=0)[None])
        return reliability.first_principal_component(pooled[0])
    weights = answers.checked_weights("cli", given)
    unknown = set(weights) - set(c11.QUESTIONS)
    if unknown:
        raise MetricError(
            Text(
                f"metric 'cli' has no question {min(unknown)!r}; there are {', '.join(c11.QUESTIONS)}",
                f"в\u00a0метрике «cli» нет вопроса «{min(unknown)}»; есть {', '.join(c11.QUESTIONS)}",
            )
        )
    chosen = np.array([weights.get(question, 0.0) for question in c11.QUESTIONS])
    return chosen / chosen.sum()


def _cli_reliability(cells: Cells, _: Parameters) -> Estimate:
    n, sums, products = c11.moments(cells)
    alpha = reliability.cronbach_alpha(c11.covariance(n, sums, products))
    lower, upper = reliability.alpha_interval(alpha, n, len(c11.QUESTIONS))
    return Estimate(alpha, n, lower, upper, estimates.missing(n, cells["questionnaires"]))


def _item_rest(cells: Cells, _: Parameters) -> Estimate:
    """Of one question where cells are sliced by it, else the mean of the eleven."""
    n, sums, products = c11.moments(cells)
    correlations = reliability.item_rest_correlations(c11.covariance(n, sums, products))
    if "question" in cells.keys:
        place = cells.frame["question"].map(c11.QUESTIONS.index).to_numpy(np.int64)
        correlations = np.take_along_axis(correlations, place[:, None], axis=-1)
    value, lower, upper = reliability.mean_correlation(correlations, n)
    return Estimate(value, n, lower, upper, estimates.missing(n, cells["questionnaires"]))


METRICS = (
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
            primary_data=c11.PRIMARY_DATA,
            perspective="customer_support",
            group="loyalty",
            owner_role=roles.CUSTOMER_SERVICE,
            minimum_sample=30,
            bounds=(0.0, 1.0),
            parameters={"form": "weighted", "weights": "equal"},
        ),
        _C11,
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
            primary_data=c11.PRIMARY_DATA,
            perspective="customer_support",
            group="loyalty",
            owner_role=roles.CUSTOMER_SERVICE,
            minimum_sample=50,
        ),
        _C11,
        _cli_reliability,
    ),
    Metric(
        Passport(
            id="item_rest_correlation",
            version=1,
            name=Text("Question against the rest of CLI", "Связь вопроса с\u00a0остальными вопросами CLI"),
            description=Text(
                "How closely a question of C11 goes with the ten others.",
                "Насколько вопрос C11 согласован с\u00a0десятью остальными.",
            ),
            use=Text(
                "Slice by `question`: below 0.3 a question measures something else and is to be reworded or read apart.",
                "Смотрите срез `question`: ниже 0,3 вопрос измеряет что-то другое\u00a0— его стоит переписать или читать отдельно.",
            ),
            unit="index",
            direction="more",
            method=Text(
                "Corrected item–total correlation: of a question’s grade with the sum of the ten others, over complete "
                "questionnaires. Not sliced by `question`, the mean of the eleven as Fisher’s z.",
                "Скорректированная корреляция вопроса с\u00a0итогом: оценки вопроса с\u00a0суммой десяти других по\u00a0полным "
                "анкетам. Без среза `question`\u00a0— среднее одиннадцати в\u00a0виде z Фишера.",
            ),
            formula="corr(x, Σ x − x)",
            formula_source="Nunnally, Psychometric Theory, 1978 (corrected item–total correlation)",
            interval=Text(
                "Fisher’s z, 95 % (Fisher, 1921); of the mean of the eleven not narrower than needed",
                "По\u00a0z Фишера, 95\u00a0% (Fisher, 1921); для среднего одиннадцати\u00a0— с\u00a0запасом",
            ),
            primary_data=c11.PRIMARY_DATA,
            perspective="customer_support",
            group="loyalty",
            owner_role=roles.CUSTOMER_SERVICE,
            minimum_sample=50,
            bounds=(-1.0, 1.0),
        ),
        c11.moment_measures(_QUESTIONS),
        _item_rest,
    ),
)
