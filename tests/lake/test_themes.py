"""Themes that were planted are found again, and the table `themes` says whose answer has which."""

import sys
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from septima.lake import themes as module
from septima.lake.store import Lake, arrow_schema
from septima.lake.theme_model import OTHER, default_number, fit
from septima.lake.theme_words import ThemeError, languages
from septima.lake.themes import Found, find_themes
from septima.schema import TABLES

from .planted import planted

score = pytest.importorskip("sklearn.metrics").adjusted_rand_score

RowsOf = Callable[[str, str], list[tuple[Any, ...]]]
SPOKEN = languages()
COLUMNS = '"answer_id", "response_id", "language", "theme", "weight", "at", "loaded_at"'


def put(lake: Lake, texts: list[str | None], question: str = "why", first: int = 0) -> None:
    """Load the texts as answers a0, a1 … of questionnaires r0, r1 …"""
    rows = [
        {
            "answer_id": f"a{number}",
            "response_id": f"r{number}",
            "instrument": "nps",
            "question": question,
            "text": text,
            "at": datetime.fromisoformat("2025-05-05"),
            "source": "test",
            "loaded_at": datetime.fromisoformat("2025-06-01"),
        }
        for number, text in enumerate(texts, start=first)
    ]
    with lake.write("load") as writing:
        path = writing.new_file("answers")
        parquet.write_table(pa.Table.from_pylist(rows, schema=arrow_schema(TABLES["answers"])), path)
        writing.add("answers", path, len(rows))


@pytest.mark.parametrize("language", ["ru", "en", "pt"])
def test_planted_themes_are_found(language: str) -> None:
    answers = planted((language,), each=60)
    assigned = fit(SPOKEN, [text for text, *_ in answers], number=3).assign([text for text, *_ in answers])
    assert set(assigned.languages) == {language}
    assert score([theme for *_, theme in answers], assigned.themes) > 0.8
    assert all(0 <= weight <= 1 + 1e-9 for weight in assigned.weights)


def test_languages_have_themes_of_their_own() -> None:
    answers = planted(("ru", "en", "pt"), each=40)
    texts = [text for text, *_ in answers]
    assigned = fit(SPOKEN, texts).assign(texts)
    assert score([language + theme for _, language, theme in answers], assigned.themes) > 0.8
    assert Counter(assigned.languages) == {"ru": 120, "en": 120, "pt": 120}


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Курьер опоздал", "ru"),
        ("Заказ через app не оформить", "ru"),
        ("The courier was late", "en"),
        ("O produto não chegou", "pt"),
        ("Péssimo", "pt"),
        ("Delivery", None),
        ("10!!!", None),
        ("", None),
    ],
)
def test_language_is_told_by_letters_and_stop_words(text: str, language: str | None) -> None:
    assert SPOKEN.tell(text) == language


def test_latin_answers_that_do_not_tell_are_of_the_usual_language() -> None:
    assert SPOKEN.usual(["O produto não chegou", "Courier", "Ужасно"]) == "pt"
    assert SPOKEN.tell_all(["Courier", "10!!!", "Ужасно"], "pt") == ["pt", None, "ru"]
    assert SPOKEN.usual(["Ужасно", "10"]) is None


def test_forms_of_a_word_have_one_stem_and_accents_make_no_other() -> None:
    russian, portuguese = SPOKEN.vocabularies["ru"], SPOKEN.vocabularies["pt"]
    assert len({*russian.stems("доставка доставку доставки"), *russian.stems("ДОСТАВКОЙ")}) == 1
    assert len(set(portuguese.stems("ótimo otimo"))) == 1
    assert russian.stems("и не в") == []


def test_themes_are_named_by_words_as_they_are_written() -> None:
    texts = [text for text, *_ in planted(("ru",), each=60)]
    names = fit(SPOKEN, texts, number=3).fitted["ru"].names
    written = set(" ".join(texts).lower().replace(",", " ").replace(".", " ").replace("!", " ").split())
    assert all(word in written for name in names for word in name.split(", "))
    assert len(set(names)) == 3


def test_assignment_does_not_depend_on_the_batch() -> None:
    texts = [text for text, *_ in planted(("en",), each=40)]
    model = fit(SPOKEN, texts)
    whole = model.assign(texts)
    alone = [model.assign([text]) for text in texts]
    assert whole.themes == [one.themes[0] for one in alone]
    assert whole.weights == pytest.approx([one.weights[0] for one in alone])


def test_small_themes_and_few_answers_are_other() -> None:
    texts = [text for text, *_ in planted(("en",), each=40)]
    odd = ["My zebra sang the anthem"] * 2  # two of 122: below 2 %
    model = fit(SPOKEN, [*texts, *odd], number=4)
    assert model.assign(odd).themes == [OTHER, OTHER]
    few = [text for text, *_ in planted(("en",), each=9)]  # 27 answers
    assert set(fit(SPOKEN, few).assign(few).themes) == {OTHER}
    assert model.assign(["Ужасно", "???"]).themes == [OTHER, OTHER]


def test_answers_that_are_all_alike_have_no_theme() -> None:
    alike = ["The delivery was late"] * 50
    assert set(fit(SPOKEN, alike).assign(alike).themes) == {OTHER}


@pytest.mark.parametrize(("answers", "number"), [(1, 3), (400, 4), (2_500, 10), (20_000, 15)])
def test_default_number_of_themes(answers: int, number: int) -> None:
    assert default_number(answers) == number


def test_the_table_is_replaced_as_a_whole(lake: Lake, rows_of: RowsOf) -> None:
    answers = planted(("ru",), each=40)
    put(lake, [*(text for text, *_ in answers), None, "  "])
    put(lake, ["Доставка"], question="recommend", first=500)
    found = find_themes(lake, number=3)
    rows = rows_of("themes", COLUMNS)
    assert found.answers == len(rows) == 120
    assert {row[0] for row in rows} == {f"a{number}" for number in range(120)}
    assert {row[1] for row in rows} == {f"r{number}" for number in range(120)}
    truth = {f"a{number}": theme for number, (*_, theme) in enumerate(answers)}
    assert score([truth[row[0]] for row in rows], [row[3] for row in rows]) > 0.8
    assert {row[5] for row in rows} == {datetime.fromisoformat("2025-05-05")}

    again = find_themes(lake, number=3)
    assert again.themes == found.themes
    assert again.version == found.version + 1
    assert [row[:6] for row in rows_of("themes", COLUMNS)] == [row[:6] for row in rows]
    assert lake.commit().details["answers"] == 120


def test_what_is_told_of_each_theme(lake: Lake, rows_of: RowsOf) -> None:
    put(lake, [text for text, *_ in planted(("en",), each=40)])
    found: Found = find_themes(lake)
    counted = Counter(theme for (theme,) in rows_of("themes", "theme"))
    assert {theme.name: theme.answers for theme in found.themes} == counted
    assert sum(theme.share for theme in found.themes) == pytest.approx(1)
    assert [theme.answers for theme in found.themes] == sorted(counted.values(), reverse=True)
    held = dict(rows_of("answers", '"text", "answer_id"'))
    by_answer = dict(rows_of("themes", "answer_id, theme"))
    for theme in found.themes:
        assert len(theme.quotes) == 2
        assert {by_answer[held[quote]] for quote in theme.quotes} == {theme.name}


def test_themes_learnt_from_a_sample_are_given_to_all(
    lake: Lake, rows_of: RowsOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SAMPLE", 120)
    monkeypatch.setattr(module, "_BATCH", 64)
    answers = planted(("en",), each=150)
    put(lake, [text for text, *_ in answers])
    find_themes(lake, number=3)
    rows = rows_of("themes", "answer_id, theme")
    assert len(rows) == 450
    truth = {f"a{number}": theme for number, (*_, theme) in enumerate(answers)}
    assert score([truth[answer] for answer, _ in rows], [theme for _, theme in rows]) > 0.8


def test_no_answers_in_words(lake: Lake) -> None:
    with pytest.raises(ThemeError, match="question `why`"):
        find_themes(lake)
    put(lake, [None, " "])
    with pytest.raises(ThemeError, match="question `why`"):
        find_themes(lake)


@pytest.mark.parametrize("number", [1, 51])
def test_a_number_of_themes_that_cannot_be(lake: Lake, number: int) -> None:
    with pytest.raises(ThemeError, match="from 2 to 50"):
        find_themes(lake, number=number)


@pytest.mark.parametrize("library", ["snowballstemmer", "stopwordsiso", "sklearn.decomposition"])
def test_libraries_that_are_absent_are_named(lake: Lake, monkeypatch: pytest.MonkeyPatch, library: str) -> None:
    put(lake, [text for text, *_ in planted(("en",), each=40)])
    monkeypatch.setitem(sys.modules, library, None)
    before = lake.version
    with pytest.raises(ThemeError, match=r"pip install 'septima\[text\]'"):
        find_themes(lake)
    assert lake.version == before


def test_an_interrupted_run_leaves_the_table_as_it_was(
    lake: Lake, rows_of: RowsOf, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    put(lake, [text for text, *_ in planted(("en",), each=40)])
    find_themes(lake, number=3)
    before = rows_of("themes", COLUMNS)

    def fail(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="no space"):
        find_themes(lake, number=2)
    monkeypatch.undo()
    assert rows_of("themes", COLUMNS) == before
