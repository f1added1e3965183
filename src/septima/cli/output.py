"""What commands print: tables and progress for people, JSON and CSV for programs."""

import json
import math
import sys
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table as RichTable

from septima.schema import Language, Text

if TYPE_CHECKING:
    from pandas import DataFrame

    from septima.lake.load import TableCounts


class Format(StrEnum):
    """How a command answers."""

    table = "table"
    json = "json"


class FrameFormat(StrEnum):
    """How a command that gives figures answers."""

    table = "table"
    csv = "csv"
    json = "json"


_PAGE_WIDTH = 120  # of what is written to a file or a pipe, where no terminal says how wide it is

# Values come from files: nothing in them is markup, an emoji's name, or a number to be coloured.
console = Console(width=None if sys.stdout.isatty() else _PAGE_WIDTH, markup=False, emoji=False, highlight=False)
notices = Console(stderr=True, markup=False, emoji=False, highlight=False)


def print_json(value: Any) -> None:
    """Print `value` as JSON; what has no JSON form (dates, decimals, NaN) as text, number or null."""
    sys.stdout.write(json.dumps(_plain(value), ensure_ascii=False, indent=2, allow_nan=False) + "\n")


def say(sentence: str) -> None:
    """Print a sentence that may name a command: plain, and never broken in its middle."""
    console.print(sentence, soft_wrap=True)


def print_rows(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    numeric: Sequence[int] = (),
    strong: Sequence[int] = (),
) -> None:
    """Print a table whose `numeric` columns are set to the right and whose `strong` rows are bold."""
    table = RichTable(
        title=title or None, title_justify="left", title_style="bold", box=None, header_style="bold", pad_edge=False
    )
    for index, column in enumerate(columns):
        table.add_column(column, justify="right" if index in numeric else "left", overflow="fold")
    for place, row in enumerate(rows):
        table.add_row(*row, style="bold" if place in strong else None)
    console.print(table)


def print_frame(frame: "DataFrame", form: FrameFormat, show: Callable[["DataFrame"], None]) -> None:
    """Print a frame of figures: as CSV, as JSON records, or by `show` for people."""
    if form is FrameFormat.csv:
        sys.stdout.write(frame.to_csv(index=False))
    elif form is FrameFormat.json:
        print_json(frame.to_dict(orient="records"))
    else:
        show(frame)


def print_load(directory: Path, counts: "Mapping[str, TableCounts]", form: Format) -> None:
    """Print what became of the rows, table by table."""
    names = ("read", "loaded", "updated", "duplicate", "quarantined")
    by_table = {table: asdict(count) for table, count in counts.items()}
    if form is Format.json:
        print_json(by_table)
        return
    rows = [[table, *(f"{count[name]:,}" for name in names)] for table, count in by_table.items()]
    print_rows("", ["table", *names], rows, numeric=range(1, 6))
    if any(count["quarantined"] for count in by_table.values()):
        say(f"Rows that could not be read wait in quarantine: septima quarantine {directory}")


@contextmanager
def progress(language: Language) -> Generator[Callable[[Text, int, int | None], None]]:
    """A progress bar on standard error: call what it yields with step, done and total."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=notices, transient=True) as bar:
        tasks: dict[Text, TaskID] = {}

        def report(step: Text, done: int, total: int | None) -> None:
            if step not in tasks:
                tasks[step] = bar.add_task(step.in_language(language), total=total)
            bar.update(tasks[step], completed=done, total=total)

        yield report


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]  # pyright: ignore[reportUnknownVariableType]
    if hasattr(value, "item"):
        value = value.item()  # a NumPy scalar
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, datetime | date):
        text = value.isoformat()
        return None if text == "NaT" else text
    return float(value) if isinstance(value, Decimal) else value
