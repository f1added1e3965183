"""What a canonical table is made of."""

from dataclasses import dataclass
from typing import Literal

from septima.schema.text import Text

Type = Literal["string", "timestamp", "date", "decimal", "integer", "number", "boolean", "json"]

DECIMAL_PRECISION = 18
DECIMAL_SCALE = 4


@dataclass(frozen=True)
class Column:
    """A column: its name, type, meaning and the rules that a value must meet.

    `timestamp` is UTC with microseconds; `decimal` is money or a quantity with 18 digits, 4 of them
    after the point; `json` is a string holding a JSON object. `required` columns are never null.
    `choices`, `minimum` and `maximum` bound the values that are let in; a value outside goes to
    quarantine. `personal` marks what identifies a person: it stays out of logs and exchanges.
    `blank` is the value that an empty field, or a column that a source lacks, stands for.
    """

    name: str
    type: Type
    meaning: Text
    unit: str | None = None
    required: bool = False
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    personal: bool = False
    blank: str | None = None


@dataclass(frozen=True)
class Table:
    """A canonical table: its columns, the key that identifies a row and the time it belongs to.

    `key` names the columns that together are unique. `time` names the column by which rows fall
    into periods, or is None where a row has no moment (a catalogue of products).
    """

    name: str
    meaning: Text
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    time: str | None = None

    def column(self, name: str) -> Column:
        """The column called `name`; KeyError where the table has none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"table {self.name!r} has no column {name!r}")

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of the columns, in their order."""
        return tuple(column.name for column in self.columns)
