"""The card beside what it would be: only what differs is shown, by numbers counted by hand."""

from dataclasses import replace

import pytest

from septima.report.studies.study import Number
from septima.report.studies.what_if import what_if_study
from septima.schema import Language, Text
from septima.scorecard import statements as say
from tests.scorecard.stand_ins import card_of, definition_of, history

CARD = """
perspectives:
  - id: customer_support
    kpis:
      - {id: cli, weight: 1.2, target: 0.75}
      - {id: nps, weight: 1.0, target: 0.4}
      - {id: cci, weight: 0.8, target: 0.1}
  - id: marketing
    kpis:
      - {id: open_rate, target: 0.5}
"""


@pytest.mark.parametrize(("language", "title"), [("en", "What if: bold"), ("ru", "Что, если: bold")])
def test_only_what_differs_is_shown(language: Language, title: str) -> None:
    figures = {
        "cli": history(0.7, 0.72),
        "nps": history(0.3, 0.35),
        "cci": history(0.1, 0.1),
        "open_rate": history(0.3, 0.3),
    }
    now = card_of(definition_of(CARD), **figures)
    then = card_of(definition_of(CARD), **figures | {"nps": history(0.3, 0.5)})
    then = replace(then, statements=(say.supposed(["nps.value=0.5"]), *then.statements))
    study = what_if_study(now, then, language, name="bold")
    assert study.title == title
    (section,) = study.sections
    (table,) = section.tables
    assert "nps.value=0.5" in section.lead[0]
    differences = {str(row[0]): row[5].value for row in table.rows if isinstance(row[5], Number)}
    # The index of support is (1.2·0.72 + 1.0·x + 0.8·0.1) / 3, that of the company half the difference.
    support = now.perspectives[0].composite.name.in_language(language)
    assert differences == {
        "CKPIint": pytest.approx(0.025), support: pytest.approx(0.05), "NPS": pytest.approx(0.15),
    }  # fmt: skip


def test_a_card_that_stays_as_it_is_says_so() -> None:
    figures = {
        "cli": history(0.7, 0.72),
        "nps": history(0.3, 0.35),
        "cci": history(0.1, 0.1),
        "open_rate": history(0.3, 0.3),
    }
    now = card_of(definition_of(CARD), **figures)
    then = replace(now, statements=(Text("Supposed: nothing.", "Ничего."),))
    (section,) = what_if_study(now, then, "en").sections
    assert section.lead == ("Supposed: nothing.", "Nothing on the card changes.")
    assert section.tables == ()
