"""Themes of what customers answer to «why»: found in a sample, given to every answer, kept in the table `themes`."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from septima.lake.sql import DEFAULT_MEMORY, connect, count, parquet
from septima.lake.store import Lake, arrow_schema
from septima.lake.tables import THEMES
from septima.lake.theme_model import MOST_THEMES, OTHER, ThemeModel, fit
from septima.lake.theme_words import ThemeError, languages
from septima.schema import Text

SAMPLE = 20_000
"""Answers among which themes are looked for; all others are given to the themes found."""
QUOTES = 2

_BATCH = 5_000
_SENTENCE = 4  # words from which an answer says more than its theme's name
_LONGEST = 2_000  # characters of an answer that are read
_LEARNING = Text("Finding themes", "Поиск тем")
_ASSIGNING = Text("Reading answers", "Чтение ответов")

Progress = Callable[[Text, int, int | None], None]


@dataclass(frozen=True)
class Theme:
    """A theme: its strongest words (or «other»), how many answers have it and which share, and its most typical answers.

    `language` is None for «other», which answers of any language may be. `quotes` are personal data.
    """

    name: str
    language: str | None
    answers: int
    share: float
    quotes: tuple[str, ...]


@dataclass(frozen=True)
class Found:
    """What a run found: the number of answers with words, their themes (the most frequent first) and the lake's version."""

    answers: int
    themes: tuple[Theme, ...]
    version: int


def find_themes(
    lake: Lake, *, number: int | None = None, progress: Progress | None = None, memory: str = DEFAULT_MEMORY
) -> Found:
    """Group the answers to the question `why` into themes, `number` per language, and replace the table `themes`.

    Themes are learnt from at most `SAMPLE` answers, always the same ones, and given to the others batch by batch, so
    that memory does not grow with the answers. ThemeError where there are no answers in words, a library is absent,
    or `number` cannot be.
    """
    if number is not None and not 2 <= number <= MOST_THEMES:
        raise ThemeError(
            Text(
                f"the number of themes must be from 2 to {MOST_THEMES}, not {number}",
                f"число тем может быть от\u00a02 до\u00a0{MOST_THEMES}, а\u00a0не\u00a0{number}",
            )
        )
    spoken, files = languages(), lake.files("answers")
    with lake.staging() as folder, connect(folder, memory) as connection:
        rows = _answers(files)
        answers = count(connection, f"SELECT count(*) FROM ({rows})") if files else 0
        if answers == 0:
            raise ThemeError(
                Text(
                    "there are no answers in words to find themes in; load them into `answers` with question `why` and `text`",
                    "нет ответов словами, в\u00a0которых можно найти темы; загрузите их в\u00a0таблицу answers: question\u00a0— «why», "
                    "слова\u00a0— в\u00a0text",
                )
            )
        if progress is not None:
            progress(_LEARNING, 0, None)
        sample = _sample(connection, rows)
        model = fit(spoken, sample, number)
        staged = folder / "themes.parquet"
        counts = _assign_all(connection, rows, model, staged, answers, progress)
        with lake.write("themes") as writing:
            for old in writing.files(THEMES.name):
                writing.remove(THEMES.name, old)
            target = writing.new_file(THEMES.name)
            staged.replace(target)
            writing.add(THEMES.name, target, answers)
            writing.details.update({"answers": answers, "themes": dict(counts)})
    return Found(answers, _described(model, sample, counts), lake.version)


def _answers(files: Iterable[str]) -> str:
    return (
        f'SELECT answer_id, response_id, left("text", {_LONGEST}) AS words, "at" FROM {parquet(list(files))} '
        "WHERE question = 'why' AND trim(\"text\") <> '' AND \"at\" IS NOT NULL"
    )


def _sample(connection: duckdb.DuckDBPyConnection, rows: str) -> list[str]:
    """The answers of the smallest hashes: a chance sample that is the same in every run."""
    query = f"SELECT words FROM ({rows}) ORDER BY md5(answer_id), answer_id LIMIT {SAMPLE}"
    return [str(text) for (text,) in connection.execute(query).fetchall()]


def _assign_all(
    connection: duckdb.DuckDBPyConnection,
    rows: str,
    model: ThemeModel,
    target: Path,
    answers: int,
    progress: Progress | None,
) -> Counter[str]:
    """Write the theme of every answer to a Parquet file; how many have each theme."""
    counts: Counter[str] = Counter()
    found_at = datetime.now(UTC).replace(tzinfo=None)
    schema = arrow_schema(THEMES)
    batches: Any = connection.sql(rows).to_arrow_reader(_BATCH)
    with pq.ParquetWriter(target, schema) as writer:
        for batch in batches:
            assigned = model.assign(batch.column("words").to_pylist())
            counts.update(assigned.themes)
            made = {
                "answer_id": batch.column("answer_id"),
                "response_id": batch.column("response_id"),
                "language": pa.array(assigned.languages, pa.string()),
                "theme": pa.array(assigned.themes, pa.string()),
                "weight": pa.array(assigned.weights, pa.float64()),
                "at": batch.column("at"),
                "loaded_at": pa.array([found_at] * len(batch), pa.timestamp("us")),
            }
            writer.write_table(pa.table(made).cast(schema))
            if progress is not None:
                progress(_ASSIGNING, counts.total(), answers)
    return counts


def _described(model: ThemeModel, sample: list[str], counts: Counter[str]) -> tuple[Theme, ...]:
    own = {name: language for language, fitted in model.fitted.items() for name in fitted.names if name != OTHER}
    quotes = _quotes(model, sample)
    whole = counts.total()
    themes = [Theme(name, own.get(name), times, times / whole, tuple(quotes[name])) for name, times in counts.items()]
    return tuple(sorted(themes, key=lambda theme: (theme.name == OTHER, -theme.answers, theme.name)))


def _quotes(model: ThemeModel, sample: list[str]) -> defaultdict[str, list[str]]:
    """The most typical answers of each theme in the sample, whole sentences first and no two alike; of «other» none are typical."""
    assigned = model.assign(sample)

    def worth(place: int) -> tuple[bool, float, str]:
        return len(sample[place].split()) < _SENTENCE, -assigned.typical[place], sample[place]

    order = sorted(range(len(sample)), key=worth)
    quotes: defaultdict[str, list[str]] = defaultdict(list)
    for place in order:
        theme, quote = assigned.themes[place], " ".join(sample[place].split())
        chosen = quotes[theme]
        if theme != OTHER and len(chosen) < QUOTES and quote.casefold() not in map(str.casefold, chosen):
            chosen.append(quote)
    return quotes
