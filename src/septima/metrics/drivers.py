"""What drives loyalty: the relative weights of the questions of C11."""

import numpy as np

from septima.metrics import c11, estimates, roles
from septima.metrics.definition import Cells, Estimate, Metric, MetricError, Parameters, Passport
from septima.models.relative_weights import relative_weights
from septima.schema import Text


def _drivers(parameters: Parameters) -> tuple[str, ...]:
    """The questions but the outcome; MetricError where the outcome is none of them."""
    outcome = parameters["outcome"]
    if outcome not in c11.QUESTIONS:
        raise MetricError(
            Text(
                f"parameter 'outcome' of metric 'driver_importance' must be one of {', '.join(c11.QUESTIONS)}, not {outcome!r}",
                f"параметр «outcome» метрики «driver_importance»\u00a0— одно из\u00a0{', '.join(c11.QUESTIONS)}, "
                f"а\u00a0указано «{outcome}»",
            )
        )
    return tuple(question for question in c11.QUESTIONS if question != outcome)


_SOURCE = c11.by_question("questionnaires_c11_by_driver", _drivers, parameters=("outcome",))


def _importance(cells: Cells, parameters: Parameters) -> Estimate:
    """The weight of one driver where cells are sliced by `question`, else R² of all."""
    drivers = _drivers(parameters)
    order = [c11.QUESTIONS.index(question) for question in (*drivers, parameters["outcome"])]
    n, sums, products = c11.moments(cells)
    covariance = c11.covariance(n, sums, products)[:, order][:, :, order]
    found = relative_weights(covariance, n)
    missing = estimates.missing(n, cells["questionnaires"])
    if "question" not in cells.keys:
        whole = found.r_squared
        return Estimate(whole.value, n, whole.lower, whole.upper, missing)
    row, place = np.arange(len(n)), cells.frame["question"].map(drivers.index).to_numpy(np.int64)
    value, lower, upper = (part[row, place] for part in (found.weights.value, found.weights.lower, found.weights.upper))
    return Estimate(value, n, lower, upper, missing)


METRICS = (
    Metric(
        Passport(
            id="driver_importance",
            version=1,
            name=Text("Drivers of loyalty", "Движущие силы лояльности"),
            description=Text(
                "How much of the differences in readiness to advise the company the other questions of C11 account for.",
                "Какую часть различий в\u00a0готовности советовать компанию объясняют остальные вопросы C11.",
            ),
            use=Text(
                "Slice by `question`: what weighs most is what to work on first, if its grade is low.",
                "Смотрите срез `question`: начинать стоит с\u00a0того, что весит больше всего, если его оценка низка.",
            ),
            unit="share",
            direction="target",
            method=Text(
                "R² of the regression of `outcome` (q03, would advise) on the ten other questions of C11, over complete "
                "questionnaires. Sliced by `question`, its relative weight: the part of R² that falls to it by way of the "
                "orthogonal variables nearest to the questions; the weights sum to R². It tells association, not cause.",
                "R² регрессии `outcome` (q03, готовность советовать) на\u00a0десять остальных вопросов C11 по\u00a0полным анкетам. "
                "В\u00a0срезе `question`\u00a0— его относительный вес: доля R², которая приходится на\u00a0вопрос через ближайшие "
                "к\u00a0вопросам ортогональные переменные; сумма весов равна R². Это связь, а\u00a0не\u00a0причина.",
            ),
            formula="(Λ∘Λ)(β∘β), Λ = R^½, β = Λ⁻¹r; Σ = R²",
            formula_source="Johnson, Multivariate Behavioral Research, 2000 (relative weights)",
            interval=Text(
                "Delta method for covariances of normal variables, on the square root of adjusted R² and its parts, 95 % "
                "(Anderson, 2003; Ezekiel, 1930)",
                "Дельта-метод для ковариаций нормальных величин, на\u00a0квадратном корне скорректированного R² и\u00a0его "
                "частей, 95\u00a0% (Anderson, 2003; Ezekiel, 1930)",
            ),
            primary_data=c11.PRIMARY_DATA,
            perspective="customer_support",
            group="loyalty",
            owner_role=roles.CUSTOMER_SERVICE,
            minimum_sample=200,
            parameters={"outcome": "q03"},
        ),
        c11.moment_measures(_SOURCE),
        _importance,
    ),
)
