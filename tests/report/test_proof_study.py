"""Closed periods, changes and alerts as a reader of the report sees them."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from septima.report.studies.alerts import alerts_study
from septima.report.studies.proof import proof_study
from septima.report.studies.study import Study, text_of
from septima.schema import Language, Text
from septima.scorecard.alerts.definition import Alert, CheckReport, Failure
from septima.scorecard.audit import Entry, read_log, record_changes
from septima.scorecard.card import Figure, Scorecard
from septima.scorecard.closing import Basis, Revision, store
from tests.scorecard.stand_ins import card_of, definition_of, history

NOW = datetime(2026, 11, 28, 12, 30, tzinfo=UTC)
TEXT = "perspectives:\n- id: customer_support\n  kpis:\n  - {{id: nps, weight: {}, target: 0.5}}\n"


@pytest.fixture
def card() -> Scorecard:
    return card_of(definition_of(TEXT.format(1)), nps=history(0.4, Figure(0.45, 0.4, 0.5)))


@pytest.fixture
def proved(tmp_path: Path, card: Scorecard) -> tuple[list[Revision], tuple[Entry, ...]]:
    found: list[Revision] = []
    changed = replace(card.perspectives[0].kpis[0], target=0.6)
    later = replace(card, perspectives=(replace(card.perspectives[0], kpis=(changed,)),))
    for weight, author, made in ((1, "Anna", card), (2, "Boris", later)):
        texts = {"scorecard.yaml": TEXT.format(weight)}
        record_changes(tmp_path, texts, author, now=NOW)
        newest = read_log(tmp_path)[-1]
        basis = Basis(texts, "0.1.0")
        kept = store(tmp_path, made, basis, author=author, note=None, line=(newest.number, newest.hash), now=NOW)
        assert kept is not None
        found.append(kept)
    return found, read_log(tmp_path)


def cells(study: Study) -> list[tuple[str, ...]]:
    tables = [table for section in study.sections for table in section.tables]
    return [tuple(map(text_of, row)) for table in tables for row in table.rows]


@pytest.mark.parametrize(
    ("language", "target", "different"),
    [("en", "customer_support/nps, target", "differs"), ("ru", "customer_support/nps, цель", "отличается")],
)
def test_revisions_and_changes_are_told(
    card: Scorecard,
    proved: tuple[list[Revision], tuple[Entry, ...]],
    language: Language,
    target: str,
    different: str,
) -> None:
    study = proof_study(card, *proved, language)
    rows = cells(study)
    assert [row[2] for row in rows[:2]] == ["Anna", "Boris"]
    assert ("scorecard.yaml: customer_support/nps.weight", "1", "2") in rows
    figures = {"en": ("0.5000", "0.6000"), "ru": ("0,5000", "0,6000")}
    assert (target, *figures[language]) in rows
    assert rows[-1][1:] == ("Boris", "scorecard.yaml", "customer_support/nps.weight", "1", "2")
    assert different in study.sections[0].lead[0]
    assert [measure.number.text for measure in study.measures] == ["1", "1"]


def test_a_period_that_is_not_closed_says_so(card: Scorecard) -> None:
    study = proof_study(card, [], (), "en")
    assert study.sections[0].lead == ("This period is not closed.",)
    assert cells(study) == []


def test_alerts_stand_with_the_critical_first() -> None:
    low = Alert("low", "threshold", "warning", "nps", Text("NPS", "NPS"), 0.3, 0.4, "index", None, None)
    stale = replace(low, rule="old", kind="stale", severity="critical", subject="orders", value=3.0, limit=2.0, unit="days", who=Text("Vera", "Вера"))  # fmt: skip
    failure = Failure("f", Text("there is no figure", "нет значения"))
    report = CheckReport("Shop", "2026-Q3", Text("Q3 2026", "3-й квартал"), None, NOW, (low, stale), (failure,))
    study = alerts_study(report, "en")
    assert cells(study) == [
        (
            "critical",
            "The table orders is stale: its newest record is 3.0\u00a0days old, 2\u00a0days are allowed.",
            "Vera",
        ),
        ("warning", "NPS: 0.30 is below 0.40.", ""),
    ]
    assert study.sections[0].tables[0].strong == (0,)
    assert study.sections[0].remarks == ("Rule “f” could not be evaluated: there is no figure.",)
    nothing = alerts_study(replace(report, alerts=(), failures=()), "ru")
    assert nothing.sections[0].lead == ("Ни\u00a0одно правило не\u00a0сработало.",)
