"""From source rows to typed, checked rows of a canonical table, as one piece of SQL.

The SQL is built in layers over the rows of a reading: numbers of expressions, raw values, typed
values, and whether anything is wrong. Nothing is computed here; `load` runs it.
"""

import itertools
from dataclasses import dataclass, field

import duckdb

from septima.lake import forms
from septima.lake.detect import date_forms, forms_with, number_form
from septima.lake.forms import NumberForm
from septima.lake.links import CUSTOMER, LINKS, REFERRER, SUPPRESSED
from septima.lake.mapping import ColumnMapping, FileMapping, Forms, TableMapping
from septima.lake.reading import Reading
from septima.lake.sql import SQL_TYPES, identifier, text_literal
from septima.lake.suppression import REASON, Suppression
from septima.schema import Column, Table, Text

_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
_FLOATS = ("FLOAT", "DOUBLE")
_MOMENTS = ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS")
_MOMENT_WITH_ZONE = "TIMESTAMP WITH TIME ZONE"
_SAMPLE_VALUES = 5_000


@dataclass(frozen=True)
class Problem:
    """One way in which a row can be wrong: SQL of the condition and of the value, and words."""

    column: str
    condition: str
    value: str
    reason: str


@dataclass(frozen=True)
class Plan:
    """How one source file becomes rows of one table.

    `sql(rows)` gives the checked rows of the SQL `rows`: `__row`, `__bad` and the values that
    `values` maps canonical columns to. `filled` are the columns that come from the source. `erased` is SQL of whether
    a row is of a person erased on request, of which the quarantine may keep nothing.
    """

    table: Table
    reading: Reading
    layers: tuple[str, ...]
    wanted: str
    values: dict[str, str]
    problems: tuple[Problem, ...]
    erased: str | None = None

    @property
    def filled(self) -> tuple[str, ...]:
        """The canonical columns that come from the source, in the table's order."""
        return tuple(name for name in self.table.column_names if name in self.values)

    def sql(self, rows: str) -> str:
        """SQL of the checked rows: those that concern the table, with `__bad` and all values."""
        query = rows
        for layer in self.layers:
            query = f"SELECT *{layer} FROM ({query})" if layer else query
        return f"SELECT *, {self._bad()} AS __bad FROM ({query}) WHERE {self.wanted}"

    def keys(self) -> str:
        """SQL of the key's columns over the checked rows."""
        return ", ".join(self.values[name] for name in self.table.key)

    def row(self, source: str, loaded_at: str) -> str:
        """SQL of all columns of the table over the checked rows."""
        fixed = {"source": text_literal(source), "loaded_at": f"TIMESTAMP {text_literal(loaded_at)}"}
        parts: list[str] = []
        for column in self.table.columns:
            value = fixed.get(column.name) or self.values.get(column.name) or "NULL"
            parts.append(f"CAST({value} AS {SQL_TYPES[column.type]}) AS {identifier(column.name)}")
        return ", ".join(parts)

    def errors(self, rows: str) -> str:
        """SQL of everything wrong in the rows: `__row`, column, value, reason, record."""
        kept = "true" if self.erased is None else f"NOT {self.erased}"
        found = ", ".join(
            f"CASE WHEN {kept} AND ({problem.condition}) THEN {{'column': {text_literal(problem.column)}, "
            f"'value': CAST({problem.value} AS VARCHAR), 'reason': {text_literal(problem.reason)}}} END"
            for problem in self.problems
        )
        if self.erased is not None:
            nothing = f"{{'column': '', 'value': CAST(NULL AS VARCHAR), 'reason': {text_literal(REASON)}}}"
            found += f", CASE WHEN {self.erased} THEN {nothing} END"
        record = f"CASE WHEN {kept} THEN {self.reading.record()} END"
        listed = f"SELECT __row, {record} AS record, unnest([{found}]) AS p FROM ({self.sql(rows)}) WHERE __bad"
        return f'SELECT __row, p."column" AS "column", p.value AS value, p.reason AS reason, record FROM ({listed}) WHERE p IS NOT NULL'

    def _bad(self) -> str:
        told = [*(problem.condition for problem in self.problems), *([] if self.erased is None else [self.erased])]
        conditions = " OR ".join(f"({condition})" for condition in told) or "false"
        return f"coalesce({conditions}, false)"


@dataclass(frozen=True)
class Detected:
    """What was told from one file's values so far: forms of dates and samples of numbers by source column."""

    dates: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    numbers: dict[str, list[str]] = field(default_factory=dict[str, list[str]])


def plan(
    connection: duckdb.DuckDBPyConnection,
    reading: Reading,
    file: FileMapping,
    mapping: TableMapping,
    detected: Detected,
    suppression: Suppression,
) -> Plan:
    """Work out how to read a file for a table, detecting the forms that the mapping leaves open."""
    return _Planner(connection, reading, file, mapping, detected, suppression).plan()


class _Planner:
    """Gathers the layers while it goes through the columns."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        reading: Reading,
        file: FileMapping,
        mapping: TableMapping,
        detected: Detected,
        suppression: Suppression,
    ) -> None:
        self._detected, self._suppression = detected, suppression
        self._connection, self._reading, self._file, self._mapping = connection, reading, file, mapping
        self._serial = itertools.count()
        self._numbers: dict[tuple[str, NumberForm], str] = {}
        self._layers: tuple[list[str], ...] = ([], [], [], [], [])
        self._problems: list[Problem] = []

    def plan(self) -> Plan:
        values = {column.target: self._column(column) for column in self._mapping.columns}
        wanted = "true"
        if self._mapping.when is not None:
            condition = self._mapping.when.sql(self._as_text, lambda name: self._as_number(name, self._file.forms))
            unread = [self._unread_number(name, self._file.forms) for name in self._mapping.when.numbers]
            wanted = " OR ".join([f"coalesce({condition}, false)", *unread])
        rest = self._properties(values.get("properties"))
        if rest is not None:
            values["properties"] = rest
        erased = self._erased(values)
        layers = tuple("".join(f", {part}" for part in layer) for layer in self._layers)
        return Plan(self._mapping.table, self._reading, layers, f"({wanted})", values, tuple(self._problems), erased)

    def _erased(self, values: dict[str, str]) -> str | None:
        """The alias of whether a row is of an erased person; whoever was recommended by one has no referrer."""
        if not self._suppression.certificates:
            return None
        hides, customer = self._suppression.hides, values.get(CUSTOMER)
        if REFERRER in values:
            referrer = values[REFERRER]
            values[REFERRER] = self._define(4, "w", f"CASE WHEN NOT {hides('customers', referrer)} THEN {referrer} END")
        conditions = [] if customer is None else [hides("customers", customer)]
        unnamed = "true" if customer is None else f"{customer} IS NULL"
        link = LINKS.get(self._mapping.table.name)
        if link is not None and link.column in values:
            conditions.append(f"({unnamed} AND {hides(link.through, values[link.column])})")
        table = self._mapping.table
        if table.name in SUPPRESSED and table.key[0] in values:
            conditions.append(f"({unnamed} AND {hides(table.name, values[table.key[0]])})")
        return self._define(4, "e", " OR ".join(conditions)) if conditions else None

    def _define(self, layer: int, prefix: str, sql: str) -> str:
        alias = f"{prefix}{next(self._serial)}"
        self._layers[layer].append(f"{sql} AS {alias}")
        return alias

    def _column(self, mapping: ColumnMapping) -> str:
        column = self._mapping.table.column(mapping.target)
        wide = mapping.forms.over(self._file.forms)
        shown = mapping.column or mapping.target
        unread: list[str] = []
        if mapping.column is not None:
            source = self._reading.columns[mapping.column]
            raw, type_ = source.alias, source.type
        elif mapping.expression is not None:
            sql = mapping.expression.sql(self._as_text, lambda name: self._as_number(name, wide))
            unread = [self._unread_number(name, wide) for name in mapping.expression.numbers]
            type_ = {"number": "DOUBLE", "boolean": "BOOLEAN"}.get(mapping.expression.kind, "VARCHAR")
            raw = self._define(1, "r", sql)
        else:
            raw, type_ = self._define(1, "r", f"CAST({text_literal(mapping.constant)} AS VARCHAR)"), "VARCHAR"
        given = raw
        unknown = "false"
        if mapping.values is not None:
            raw, unknown = self._mapped(mapping, as_text(raw, type_))
            type_ = "VARCHAR"
            if not mapping.has_otherwise:
                known = ", ".join(name for name in mapping.values if name)
                self._problems.append(
                    Problem(shown, unknown, given, f"not among the values that the mapping knows: {known}")
                )
        if column.blank is not None:
            raw, type_ = (
                self._define(2, "b", f"coalesce({as_text(raw, type_)}, {text_literal(column.blank)})"),
                "VARCHAR",
            )
        value, words = self._typed(column, mapping, raw=raw, type_=type_, wide=wide, shown=shown)
        self._check(column, shown, given=given, raw=raw, value=value, words=words, unread=[*unread, unknown])
        return value

    def _mapped(self, mapping: ColumnMapping, text: str) -> tuple[str, str]:
        """The raw value after `values`, and the condition that it is not among them."""
        known = mapping.values or {}
        branches = " ".join(f"WHEN {text_literal(old)} THEN {text_literal(new)}" for old, new in known.items() if old)
        blank = f"WHEN {text} IS NULL THEN {text_literal(known.get(''))}"
        otherwise = text_literal(mapping.otherwise)
        listed = ", ".join(text_literal(old) for old in known if old) or "NULL"
        mapped = f"CASE {blank} " + (
            f"ELSE CASE {text} {branches} ELSE {otherwise} END END" if branches else f"ELSE {otherwise} END"
        )
        unknown = (
            "false" if mapping.has_otherwise else f"({text} IS NOT NULL AND coalesce({text} NOT IN ({listed}), true))"
        )
        return self._define(2, "m", mapped), unknown

    def _check(
        self, column: Column, shown: str, *, given: str, raw: str, value: str, words: str, unread: list[str]
    ) -> None:
        """Note what may be wrong with a typed value; `unread` are conditions told already."""
        told = " OR ".join(unread)
        self._problems.append(Problem(shown, f"{raw} IS NOT NULL AND {value} IS NULL", given, words))
        if column.required:
            missing = f"{raw} IS NULL AND NOT coalesce({told}, false)"
            self._problems.append(Problem(shown, missing, given, f"empty, but {column.name} must be there"))
        if column.choices:
            listed = ", ".join(map(text_literal, column.choices))
            reason = f"{column.name} is one of: {', '.join(column.choices)}"
            self._problems.append(Problem(shown, f"{value} NOT IN ({listed})", given, reason))
        if column.minimum is not None:
            self._problems.append(Problem(shown, f"{value} < {column.minimum!r}", given, f"below {column.minimum:g}"))
        if column.maximum is not None:
            self._problems.append(Problem(shown, f"{value} > {column.maximum!r}", given, f"above {column.maximum:g}"))

    def _typed(  # noqa: PLR0911 - one answer for each type
        self, column: Column, mapping: ColumnMapping, *, raw: str, type_: str, wide: Forms, shown: str
    ) -> tuple[str, str]:
        """The alias of the typed value and the words for a value that is none of the type."""
        source = mapping.column if mapping.values is None else None
        native = (
            _native(column, raw, type_, wide.timezone or "UTC")
            if wide.dates is None
            else _native_number(column, raw, type_)
        )
        if native is not None:
            return self._define(3, "v", native), _words(column, ())
        text = as_text(raw, type_)
        if column.type == "string":
            return (raw, "") if type_ == "VARCHAR" else (self._define(3, "v", text), "")
        if column.type in ("timestamp", "date"):
            given = mapping.forms.dates if mapping.constant is not None else wide.dates
            dates = given or self._dates(source, shown)
            read = forms.moment if column.type == "timestamp" else forms.day
            return self._define(3, "v", read(text, dates, wide.timezone or "UTC")), _words(column, dates)
        if column.type == "boolean":
            return self._define(3, "v", forms.boolean(text)), _words(column, ())
        if column.type == "json":
            valid = f"CASE WHEN TRY(json_type({text})) = 'OBJECT' THEN {text} END"
            return self._define(3, "v", valid), "not a JSON object {…}"
        form = self._number_form(source, wide, shown)
        if column.type == "number":
            return self._define(3, "v", forms.double(text, form)), _words(column, ())
        read = forms.decimal(text, form)
        if column.type == "integer":
            whole = forms.decimal(text, form, "DECIMAL(38, 4)")
            read = f"CASE WHEN {whole} = trunc({whole}) THEN TRY_CAST({whole} AS BIGINT) END"
        value = self._define(3, "v", read)
        return value, _words(column, ())

    def _as_text(self, name: str) -> str:
        column = self._reading.columns[name]
        return as_text(column.alias, column.type)

    def _as_number(self, name: str, wide: Forms) -> str:
        column = self._reading.columns[name]
        form = self._number_form(name, wide, name)
        known = self._numbers.get((name, form))
        if known is None:
            if column.type in (*_INTEGERS, *_FLOATS) or column.type.startswith("DECIMAL"):
                read = f"CAST({column.alias} AS DOUBLE)"
            else:
                read = forms.double(as_text(column.alias, column.type), form)
            known = self._define(0, "n", read)
            self._numbers[name, form] = known
            condition = f"{column.alias} IS NOT NULL AND {known} IS NULL"
            self._problems.append(
                Problem(name, condition, column.alias, "not a number, but the mapping computes with it")
            )
        return known

    def _unread_number(self, name: str, wide: Forms) -> str:
        return f"({self._reading.columns[name].alias} IS NOT NULL AND {self._as_number(name, wide)} IS NULL)"

    def _where(self, shown: str) -> Text:
        return Text(f"{self._reading.name}, column {shown!r}", f"{self._reading.name}, столбец «{shown}»")

    def _dates(self, source: str | None, shown: str) -> tuple[str, ...]:
        if source is None:
            return ("iso",)
        if source not in self._detected.dates:
            alias, excel = self._reading.columns[source].alias, self._reading.format == "xlsx"
            self._detected.dates[source] = date_forms(
                self._connection, self._reading.sample, alias, self._where(shown), excel=excel
            )
        return self._detected.dates[source]

    def _number_form(self, source: str | None, wide: Forms, shown: str) -> NumberForm:
        known = forms_with(wide.decimal, wide.thousands)
        if source is None or self._reading.columns[source].type != "VARCHAR":
            return NumberForm()
        if source not in self._detected.numbers:
            alias = self._reading.columns[source].alias
            query = f"SELECT DISTINCT {alias} FROM ({self._reading.sample}) WHERE {alias} IS NOT NULL LIMIT {_SAMPLE_VALUES}"
            self._detected.numbers[source] = [str(value) for (value,) in self._connection.execute(query).fetchall()]
        return number_form(self._detected.numbers[source], self._where(shown), known)

    def _properties(self, explicit: str | None) -> str | None:
        """SQL of the columns that no table of this file uses, for the first table of the file."""
        if self._mapping is not self._file.tables[0]:
            return explicit
        used = (*self._file.sources, *self._file.ignored)
        if self._reading.rest is not None:
            rest = self._reading.rest(used)
        else:
            left = {name: column for name, column in self._reading.columns.items() if name not in used}
            if not left:
                return explicit
            pairs = ", ".join(f"{text_literal(name)}, {column.alias}" for name, column in left.items())
            rest = f"nullif(CAST(json_merge_patch('{{}}', json_object({pairs})) AS VARCHAR), '{{}}')"
        if explicit is None:
            return rest
        return f"CAST(json_merge_patch(coalesce({rest}, '{{}}'), coalesce({explicit}, '{{}}')) AS VARCHAR)"


def as_text(alias: str, type_: str) -> str:
    """SQL of a value of a source as it would stand in a text file."""
    if type_ == "VARCHAR":
        return alias
    if type_ in _FLOATS:
        whole = f"{alias} = trunc({alias}) AND abs({alias}) < 1e15"
        return f"CASE WHEN {whole} THEN CAST(CAST({alias} AS BIGINT) AS VARCHAR) ELSE CAST({alias} AS VARCHAR) END"
    if type_.endswith("]") or type_.startswith(("STRUCT", "MAP", "UNION")):
        return f"CAST(to_json({alias}) AS VARCHAR)"
    return f"CAST({alias} AS VARCHAR)"


def _native(column: Column, raw: str, type_: str, timezone: str) -> str | None:
    """SQL of a value that the source has typed already, or None where its text must be read."""
    if column.type in ("timestamp", "date"):
        return _native_moment(column, raw, type_, timezone)
    return _native_number(column, raw, type_)


def _native_moment(column: Column, raw: str, type_: str, timezone: str) -> str | None:
    earliest, latest = "TIMESTAMP '1000-01-01'", "TIMESTAMP '9999-12-31 23:59:59.999999'"
    if type_ == "DATE" or type_ in _MOMENTS:
        moment = f"CASE WHEN isfinite({raw}) THEN TRY_CAST({raw} AS TIMESTAMP) END"
        local = f"CASE WHEN {moment} BETWEEN {earliest} AND {latest} THEN {moment} END"
        return f"CAST({local} AS DATE)" if column.type == "date" else forms.to_utc(local, timezone)
    if type_ == _MOMENT_WITH_ZONE:
        utc = f"CASE WHEN isfinite({raw}) THEN timezone('UTC', {raw}) END"
        return f"CAST({forms.to_local(utc, timezone)} AS DATE)" if column.type == "date" else utc
    return None


def _native_number(column: Column, raw: str, type_: str) -> str | None:  # noqa: PLR0911 - one answer for each type
    is_number = type_ in (*_INTEGERS, *_FLOATS) or type_.startswith("DECIMAL")
    if column.type == "boolean":
        if type_ == "BOOLEAN":
            return raw
        return f"CASE WHEN {raw} = 1 THEN true WHEN {raw} = 0 THEN false END" if is_number else None
    if not is_number:
        return None
    if column.type == "decimal":
        return f"TRY_CAST({raw} AS DECIMAL(18, 4))"
    if column.type == "number":
        return f"CASE WHEN isfinite(CAST({raw} AS DOUBLE)) THEN CAST({raw} AS DOUBLE) END"
    if column.type == "integer":
        return f"CASE WHEN {raw} = trunc({raw}) THEN TRY_CAST({raw} AS BIGINT) END"
    return None


def _words(column: Column, dates: tuple[str, ...]) -> str:
    shown = ", ".join(dates[:3])
    words = {
        "timestamp": f"no date or time in the form {shown}" if dates else "no date or time",
        "date": f"no date in the form {shown}" if dates else "no date",
        "decimal": "not a number, or over 14 digits before the point",
        "integer": "not a whole number",
        "number": "not a number",
        "boolean": "neither true nor false (yes and no, да and нет, 1 and 0 are understood)",
        "json": "not a JSON object {…}",
    }
    return words.get(column.type, "")
