"""The cascade on paper: a tree, tables of departments, and nobody's name."""

import pytest

from septima.report.studies.cascade import cascade_study, member_study
from septima.report.studies.study import Scheme, StudyReport, text_of
from septima.report.studies.view import study_views
from septima.schema import LANGUAGES
from septima.scorecard.card import Figure
from septima.scorecard.cascade.facts import Fact, Facts
from tests.scorecard.stand_ins import NOW
from tests.scorecard.test_cascade import PEOPLE, cascade_of_stand_ins


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_chapter_names_no_person(language: str) -> None:
    study = cascade_study(cascade_of_stand_ins(), language)  # type: ignore[arg-type]
    (view,) = study_views(StudyReport("", language, NOW, 1, (study,)))  # type: ignore[arg-type]
    assert not any(person.name in repr(view) for person in PEOPLE if person.name)
    (drawing,) = study.sections[0].drawings
    assert isinstance(drawing, Scheme)
    assert 'role="img"' in drawing.svg
    assert "<title>" in drawing.svg


def test_too_few_records_stand_as_words_and_the_companys_figure_is_marked() -> None:
    few = Facts({("nps", "support"): Fact(n=3, too_few=True), ("cli", "support"): Fact(Figure(0.6), 99)}, {}, {})
    cascade = cascade_of_stand_ins(few)
    (owned, teams) = member_study(cascade, cascade.department("support"), "en").sections
    rows = {text_of(row[0]): [text_of(cell) for cell in row] for row in owned.tables[0].rows}
    assert rows["NPS"][2] == "too few"
    assert (rows["CLI"][2], rows["CLI"][5]) == ("0.60", "◆ behind")
    assert [text_of(row[1]) for row in teams.tables[0].rows] == ["day", "night"]
    (sold, _) = member_study(cascade, cascade.department("sales"), "en").sections
    assert any(text_of(row[0]).endswith("*") for row in sold.tables[0].rows)


def test_a_team_lists_its_people_when_asked_for() -> None:
    cascade = cascade_of_stand_ins()
    (_, people) = member_study(cascade, cascade.team("day"), "ru").sections
    assert [text_of(row[0]) for row in people.tables[0].rows] == ["Anna", "Boris"]
    assert member_study(cascade, cascade.person("e4"), "en").sections[0].remarks == ("KPIs not for this role: 1",)
    assert len(member_study(cascade, cascade.role("Seller"), "en").sections) == 1
