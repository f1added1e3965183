"""What is to be expected, as a study: chances, the test on the past, and drawings that carry their words."""

import pytest

from septima.report.studies.forecast import forecast_study
from septima.report.studies.study import Fan, Number
from septima.report.studies.view import views_of
from septima.schema import Language
from tests.scorecard.test_forecast import BEFORE_ITS_END, OVER, _forecast


@pytest.mark.parametrize(("language", "words"), [("en", "random walk"), ("ru", "случайное блуждание")])
def test_every_figure_has_a_row_and_every_index_a_drawing(language: Language, words: str) -> None:
    found = _forecast(OVER)
    study = forecast_study(found, language)
    indices, figures = study.sections
    (table,) = figures.tables
    assert len(table.rows) == 1 + 2 + 4
    assert table.strong == (0, 1, 4)
    assert sum(words in str(row[-1]) for row in table.rows) == 3
    chance = table.rows[2][5]
    assert isinstance(chance, Number)
    assert chance.value == found.kpis[0].chance[0]
    assert len([one for one in indices.drawings if isinstance(one, Fan)]) == 3
    assert any("80" in said for said in figures.remarks) == (found.coverage.forecasts > 0)
    (view,) = views_of([study], language)
    assert all("<svg" in picture.svg for section in view.sections for picture in section.pictures)


def test_a_period_that_is_not_over_says_what_the_first_forecast_is_of() -> None:
    lead = forecast_study(_forecast(BEFORE_ITS_END), "en").sections[0].lead
    assert any("not over" in said for said in lead)
