"""What the study of sensitivity says, in both languages."""

import re

import numpy as np
import pytest

from septima.report.studies.sensitivity import sensitivity_study
from septima.report.studies.study import Study, text_of
from septima.schema import Language, Text
from septima.scorecard.card import Figure
from septima.scorecard.sensitivity import Factor, Kind, Outcome, Place, Sensitivity
from septima.scorecard.shared_customers import SharedCustomers
from septima.scorecard.simulate import ErrorCorrelation


def factor(name: str, kind: Kind, total: float) -> Factor:
    return Factor(name, kind, Text(name, "имя"), Figure(total / 2, 0, total), Figure(total, total - 0.1, total + 0.1))


OUTCOME = Outcome(
    0.625,
    (0.53, 0.73),
    (0.58, 0.66),
    (factor("weights", "weights", 0.7), factor("errors", "errors", 0.3)),
    (factor("weight of a", "weight", 0.6), factor("error of b", "error", 0.2), factor("error of c", "error", 0.001)),
)
FOUND = Sensitivity(
    id="integral",
    name=Text("CKPIint", "CKPIint"),
    period="2026-Q3",
    period_label=Text("Q3 2026", "3-й квартал 2026 года"),
    weight_share=0.25,
    methods=("z_score",),
    samples=1024,
    printed=OUTCOME,
    normalised=None,
    period_place=Place("2026-Q3", Text("Q3", "3 кв."), 2, 1, 4, 0.78, 8),
    period_kinds=(factor("errors", "errors", 0.9), factor("weights", "weights", 0.2)),
    perspectives=(Place("sales", Text("Sales", "Продажи"), 5, 5, 5, 0.0, 7),),
    perspective_kinds=(factor("errors", "errors", 1.02), factor("weights", "weights", 0.0)),
    correlated=True,
)
SHARED = SharedCustomers(
    "2026-Q3",
    84,
    ErrorCorrelation(("a", "b"), np.eye(2)),
    0.45,
    (("a", "b", -0.77, -0.42),),
    ("c",),
    {"a": Text("First", "Первый"), "b": Text("Second", "Второй"), "c": Text("Third", "Третий")},
)


def words(study: Study) -> str:
    parts = [
        study.title,
        study.subtitle,
        study.question,
        *(said for one in study.assumptions for said in one.statements),
    ]
    for section in study.sections:
        parts += [section.title, *section.lead, *section.remarks]
        for table in section.tables:
            parts += [*table.columns, *(text_of(cell) for row in table.rows for cell in row)]
    return "\n".join(parts).replace("\u00a0", " ")


def test_the_bounds_and_what_matters_most_are_said_in_plain_words() -> None:
    said = words(sensitivity_study(FOUND, "en"))
    assert "CKPIint is 0.63. Whichever weights one chooses within ±25%, it stays within 0.53–0.73" in said
    assert "It depends most on weights: 70% of the variance (60–80%)" in said
    assert "left out: 1." in said
    assert "The period's place, shares of the variance: errors 90%; weights 20%." in said
    assert "The places of perspectives, shares of the variance: errors 100%; weights 0%." in said


def test_what_shared_customers_changed_is_said() -> None:
    said = words(
        sensitivity_study(FOUND, "en", shared=SHARED, intervals=(Figure(0.6, 0.55, 0.65), Figure(0.6, 0.54, 0.66)))
    )
    assert "First / Second\n−0.77\n−0.42" in said
    assert "With independent errors the interval of the index is 0.55–0.65, with correlated ones 0.54–0.66" in said
    assert "its width changes by +20%" in said
    assert "Taken as independent: Third." in said


@pytest.mark.parametrize("language", ["en", "ru"])
def test_each_language_speaks_itself(language: Language) -> None:
    said = words(sensitivity_study(FOUND, language, shared=SHARED))
    if language == "ru":
        assert "Какие бы веса ни выбрать в пределах ±25 %, он остаётся в интервале 0,53…0,73" in said
        foreign = re.sub(r"CKPI\w*|z-|weight of \w|error of \w|`[^`]+`|Q3", "", said)
        assert not re.search(r"[A-Za-z]{4,}", foreign)
    else:
        assert not re.search(r"[А-Яа-я]", said)
