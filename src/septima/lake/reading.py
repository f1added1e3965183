"""What every reader of source files gives: numbered rows as SQL, and what helps to make it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from septima.lake.mapping import FileMapping, Format
from septima.lake.sql import LoadError, parquet, text_literal
from septima.schema import Text

ROW_NUMBER = "row_number"
NO_REJECTS = "SELECT CAST(NULL AS BIGINT) AS row, '' AS reason, '' AS record WHERE false"
REJECTED = {
    "MISSING COLUMNS": "too few fields in the row",
    "TOO MANY COLUMNS": "too many fields in the row; is the delimiter inside an unquoted value?",
    "UNQUOTED VALUE": "a quote is opened and not closed, or a quoted value goes on after its quote",
    "INVALID STATE": "a quote is opened and not closed, or a quoted value goes on after its quote",
    "INVALID ENCODING": "bytes that are not text in the file's encoding",
    "LINE SIZE OVER MAXIMUM": "the row is too long; is a quote left open?",
}
_SAMPLE_ROWS = 20_000
_NO_BREAK_SPACE = "chr(160)"
_WHITE_SPACE = text_literal(" \t\n\r\v\f\u00a0")


@dataclass(frozen=True)
class SourceColumn:
    """A column of a source: its alias in SQL and its type, VARCHAR for text formats."""

    alias: str
    type: str


@dataclass(frozen=True)
class Reading:
    """An opened source file.

    `rows` is SQL giving `__row` and the aliases of `columns`; `sample` the same for a part of the
    file spread over it. After `rows` was run once, `rejects` is SQL giving (row, reason, record) of
    what is no row. `counts_accepted` says that `__row` leaves out rejected rows, so that those
    before it must be added to get the row a person sees: `seen` does. `unnumbered` is `rows`
    without `__row`, where numbering takes long. `rest` gives SQL of a JSON object of all columns
    save those named, where the reader knows better than `columns`.
    """

    name: str
    path: Path
    format: Format
    columns: dict[str, SourceColumn]
    rows: str
    sample: str
    rejects: str = NO_REJECTS
    counts_accepted: bool = False
    unnumbered: str | None = None
    rest: Callable[[tuple[str, ...]], str] | None = None

    @property
    def uncounted(self) -> str:
        """SQL of the rows for passes that need no `__row`."""
        return self.unnumbered or self.rows

    def record(self) -> str:
        """SQL of the whole row as JSON."""
        pairs = ", ".join(f"{text_literal(name)}, {column.alias}" for name, column in self.columns.items())
        return f"CAST(json_object({pairs}) AS VARCHAR)"

    def seen(self, rows: str, columns: str) -> str:
        """SQL of `row`, as a person sees it, and `columns` of the SQL `rows`, which has `__row`."""
        if not self.counts_accepted:
            return f"SELECT __row AS row, {columns} FROM ({rows})"
        # A rejected row at record L stands behind L - (rejected up to it) accepted ones, header included.
        before = (
            "SELECT row - row_number() OVER (ORDER BY row) AS accepted, "
            f"row_number() OVER (ORDER BY row) AS rejected FROM ({self.rejects})"
        )
        last = f"SELECT accepted, max(rejected) AS rejected FROM ({before}) GROUP BY accepted"
        return (
            f"SELECT e.__row + coalesce(b.rejected, 0) AS row, {columns} "
            f"FROM ({rows}) e ASOF LEFT JOIN ({last}) b ON e.__row > b.accepted"
        )


def first_line(error: Exception) -> str:
    """The first line of a message of a library."""
    return str(error).strip().split("\n", maxsplit=1)[0]


def unreadable(name: str, format_: str, why: str) -> Text:
    """A file is not what its ending or its mapping says; `why` is a library's own word."""
    return Text(
        f"{name} can't be read as {format_}: {why}",
        f"файл {name} не\u00a0прочитать как {format_}: {why}; проверьте, что это за\u00a0файл",
    )


def cleaned(value: str, null_values: tuple[str, ...]) -> str:
    """SQL of a text without white space around it; NULL where nothing is left or it stands for nothing."""
    # Looking at the two ends first takes half the time of trimming every text.
    start = f"{value} < '!' OR starts_with({value}, {_NO_BREAK_SPACE})"
    ends = f"{start} OR ({value})[-1] < '!' OR ({value})[-1] = {_NO_BREAK_SPACE}"
    trimmed = f"CASE WHEN {ends} THEN trim({value}, {_WHITE_SPACE}) ELSE {value} END"
    if not null_values:
        return f"nullif({trimmed}, '')"
    listed = ", ".join(map(text_literal, ("", *null_values)))
    return f"CASE WHEN {trimmed} NOT IN ({listed}) THEN {trimmed} END"


def text_columns(names: list[str]) -> dict[str, SourceColumn]:
    """Columns of text, the first with the alias s0."""
    return {name: SourceColumn(f"s{index}", "VARCHAR") for index, name in enumerate(names)}


def distinct_names(names: list[str]) -> list[str]:
    """Names of columns, none empty and none twice."""
    taken: list[str] = []
    for index, given in enumerate(names, start=1):
        base = given.strip() or f"column{index}"
        name, number = base, 2
        while name in taken:
            name, number = f"{base}_{number}", number + 1
        taken.append(name)
    return taken


def header(mapping: FileMapping, first: list[str], name: str) -> tuple[bool, list[str]]:
    """Whether the first record names the columns, and the columns' names."""
    named, numbered = distinct_names(first), [f"column{index}" for index in range(1, len(first) + 1)]
    wanted = [column for column in mapping.sources if column != ROW_NUMBER]
    has_header = mapping.header
    if has_header is None:
        has_header = any(column in named for column in wanted) or not all(column in numbered for column in wanted)
    if has_header and wanted and not any(column in named for column in wanted):
        there = ", ".join(named)
        raise LoadError(
            Text(
                f"{name}: none of the columns that the mapping names is in the first row, which reads: {there}; "
                "where the file has no header, write `header: false` and call the columns column1, column2 …",
                f"{name}: в\u00a0первой строке нет ни\u00a0одного столбца, названного в\u00a0сопоставлении; в\u00a0ней стоит: {there}; "
                "если заголовка в\u00a0файле нет, укажите «header: false» и\u00a0назовите столбцы column1, column2 …",
            )
        )
    return has_header, named if has_header else numbered


def every_nth(path: Path) -> str:
    """SQL condition that leaves the start of a Parquet file's rows and a spread of the rest."""
    step = max(1, pq.read_metadata(path).num_rows // _SAMPLE_ROWS)
    return f"(file_row_number < {_SAMPLE_ROWS} OR file_row_number % {step} = 0)"


def staged_rows(
    name: str,
    path: Path,
    format_: Format,
    *,
    columns: dict[str, SourceColumn],
    target: Path,
    mapping: FileMapping,
    rejects: str = NO_REJECTS,
    rest: Callable[[tuple[str, ...]], str] | None = None,
) -> Reading:
    """The reading of a file whose columns of text were staged, as `__row`, s0, s1 …, in the Parquet file `target`."""
    taken = ", ".join(f"{cleaned(column.alias, mapping.null_values)} AS {column.alias}" for column in columns.values())
    anything = ", ".join(column.alias for column in columns.values())
    kept = f"* REPLACE ({taken})"

    def scan(condition: str) -> str:
        read = parquet([target], numbered=True)
        return f"SELECT {kept} FROM {read} WHERE coalesce({anything}) IS NOT NULL AND {condition}"

    rows = scan("true")
    return Reading(name, path, format_, columns, rows, scan(every_nth(target)), rejects, rest=rest)
