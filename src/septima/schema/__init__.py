"""The canonical tables: the only place where a column is named and typed."""

from septima.schema.errors import SeptimaError
from septima.schema.tables import TABLES, table
from septima.schema.text import LANGUAGES, Language, Text, line_of
from septima.schema.types import DECIMAL_PRECISION, DECIMAL_SCALE, Column, Table, Type

__all__ = [
    "DECIMAL_PRECISION",
    "DECIMAL_SCALE",
    "LANGUAGES",
    "TABLES",
    "Column",
    "Language",
    "SeptimaError",
    "Table",
    "Text",
    "Type",
    "line_of",
    "table",
]
