"""The benchmark's study: places and distances in words, in both languages, and its drawing."""

import pytest

from septima.report.charts import ladder
from septima.report.points import Rung
from septima.report.studies.benchmark import benchmark_study
from septima.report.studies.study import Ladder, Study, text_of
from septima.report.studies.view import views_of
from septima.schema import Language
from septima.scorecard.benchmark.exchange import Noise
from septima.scorecard.card import Figure
from tests.scorecard.stand_ins import card_of, history
from tests.scorecard.test_benchmark_comparison import DEFINITION, card, found, peer


def rows(study: Study, section: int) -> list[list[str]]:
    return [[text_of(cell) for cell in row] for row in study.sections[section].tables[0].rows]


def league(language: Language) -> Study:
    """The first stands 15 / √(5.1² + 1²) = 2.9 errors of a difference before us and 3.1 before the second; we do 0.3 behind."""
    files = (
        peer(1, 95.0),
        peer(2, 82.0, 8.0, trade="non_profit"),
        peer(3, 20.0, normalisation="min_max", noise=Noise(1.0, ())),
    )
    return benchmark_study(found(*files), language)


def test_the_league_says_which_ranks_cannot_be_told_apart():
    english, russian = league("en"), league("ru")
    assert english.sections[0].lead == (
        "By the figure we are on rank 3 of 4; ranks 2–3 of 4 cannot be told apart by the data.",
    )
    assert russian.sections[0].lead[0].startswith("По\u00a0значению мы на\u00a0месте 3 из\u00a04; места 2…3 из\u00a04")
    assert rows(english, 0)[2] == ["3", "Ромашка", "our company", "80.0", "70.0–90.0", "2–3"]
    assert rows(english, 0)[1][2] == "non-profit"
    assert rows(russian, 0)[3][-1] == "4"


def test_our_place_stands_with_percentile_and_distances():
    line = rows(league("en"), 1)[0]
    # One of four below and ourselves: 100·1.5/4 = 37.5; the best is 95 and the median (80 + 82) / 2.
    assert line[0] == "CKPIint"
    assert line[3] == "3 of 4"
    assert line[5] == "38"
    assert line[7:] == ["−15.0", "−1.0"]


def test_what_hampers_the_comparison_is_said():
    said = " ".join(league("en").sections[3].remarks)
    assert "keys that nobody here has checked: Peer 1, Peer 2, Peer 3" in said
    assert "Peer 3 (min_max + arithmetic)" in said
    assert "noise that protects single records" in said


def test_where_ours_is_undefined_the_study_says_so():
    study = benchmark_study(found(peer(1, 95.0), ours=card_of(DEFINITION, open_rate=history(0.7, None))), "en")
    assert study.measures == ()
    assert study.sections[0].lead == ("Our own figure is undefined, so we have no place.",)


def test_a_place_without_doubt_is_said_to_be_one():
    study = benchmark_study(found(peer(1, 10.0), ours=card(Figure(0.9, 0.89, 0.91))), "en")
    assert study.sections[0].lead == ("Rank 1 of 2, told apart from all others.",)


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_page_draws_all_places(language: Language):
    study = league(language)
    (drawing,) = study.sections[0].drawings
    assert isinstance(drawing, Ladder)
    assert [rung.ranks for rung in drawing.rungs] == [(1, 1), (2, 3), (2, 3), (4, 4)]
    (view,) = views_of([study], language)
    picture = str(view.sections[0].pictures[0].svg)
    assert 'role="img"' in picture
    assert "Ромашка" in picture


def test_a_long_league_is_cut_and_says_by_how_much():
    files = [peer(number, 90.0 - number) for number in range(1, 41)]
    study = benchmark_study(found(*files), "en")
    assert len(rows(study, 0)) == 30
    assert study.sections[0].tables[0].notes == ("11 more are not shown.",)


def test_the_ladder_is_a_valid_vega_lite_chart():
    rungs = [Rung("A", 1, (1, 2), own=False, label="9"), Rung("A", 2, (1, 2), own=True, label="8")]
    made = ladder(rungs, count=2, axis_title="rank").to_dict(validate=True)
    assert len(made["layer"]) == 3
