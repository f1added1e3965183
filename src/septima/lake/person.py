"""Everything that the lake holds of one person, under all the ids that were merged: to be read, and to be handed over."""

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

import duckdb
import pyarrow as pa

from septima.lake.identity import merges
from septima.lake.identity_groups import Groups
from septima.lake.links import CUSTOMER, CUSTOMER_COLUMNS, LINKED_THROUGH, LINKS
from septima.lake.spreadsheet import plain_cell
from septima.lake.sql import connect, identifier, parquet
from septima.lake.store import Lake
from septima.lake.tables import LAKE_TABLES, MERGES, QUARANTINE
from septima.lake.words import nothing_of
from septima.schema import LANGUAGES, SeptimaError, Table, Text

MOST_ROWS = 100_000
_BETWEEN_WORDS = r"(\\[nrt]|[\s,;|\"{}:=&?()<>\[\]\\])+"
_BETWEEN_DIGITS = r"[\s()+.\-–/]"
_DIGITS = 9  # of a number without its country that is like nobody else's
_LONG = 6  # letters from which a text that holds an identifier is no accident
_ABOUT = Text(
    "Everything the company holds of this customer. Each table is there twice: as CSV, where an apostrophe stands before texts that a spreadsheet would take for a formula, and as JSON, exactly as kept. Times are UTC.",
    "Всё, что компания хранит об этом клиенте. Каждая таблица дана дважды: в CSV, где перед текстом, который электронная таблица приняла бы за формулу, стоит апостроф, и в JSON, в точности как хранится. Время — UTC.",
)
_MADE = Text("Made", "Составлено")
_ROWS = Text("rows", "строк")


class PersonError(SeptimaError):
    """The customer is unknown, or what was asked cannot be done for this person."""


def ids_of(lake: Lake, customer_id: str) -> tuple[str, ...]:
    """All ids under which the person is known: the customer's own and those merged with it, in order."""
    groups = Groups()
    links = [row for row in merges(lake) if row.in_force]
    for row in links:
        groups.join(row.customer_id, row.linked_id)
        groups.join(row.customer_id, row.master_id)
    known = {name for row in links for name in (row.customer_id, row.linked_id, row.master_id)}
    return tuple(sorted({customer_id, *(name for name in known if groups.together(name, customer_id))}))


def owned_tables() -> tuple[str, ...]:
    """The tables of the lake that may hold rows of a customer."""
    return tuple(name for name in LAKE_TABLES if ownership(LAKE_TABLES[name]) is not None)


def ownership(table: Table) -> str | None:
    """SQL of whether a row is the person's, by the tables that `mark_person` made; None where no row can be."""
    if table.name == QUARANTINE.name:
        return f"({mentions('value')} OR {mentions('record')})"
    if table.name == MERGES.name:
        return (
            "("
            + " OR ".join(f"{column} IN (SELECT id FROM own_customers)" for column in CUSTOMER_COLUMNS[table.name])
            + ")"
        )
    link, named = LINKS.get(table.name), CUSTOMER in table.column_names
    if link is None:
        return f"coalesce({CUSTOMER} IN (SELECT id FROM own_customers), false)" if named else None
    linked = f"coalesce({link.column} IN (SELECT id FROM own_{link.through}), false)"
    if not named:
        return linked
    return f"CASE WHEN {CUSTOMER} IS NULL THEN {linked} ELSE {CUSTOMER} IN (SELECT id FROM own_customers) END"


def mentions(text: str) -> str:
    """SQL of whether a text holds one of the person's ids as a word of its own, or anywhere a longer identifier, in letters
    of any case, or a telephone number, however it is divided.
    """
    words = f"regexp_split_to_array({text}, '{_BETWEEN_WORDS}')"
    digits = f"regexp_replace({text}, '{_BETWEEN_DIGITS}', '', 'g')"
    return (
        f"coalesce(list_has_any({words}, (SELECT list(id) FROM own_customers)) OR "
        f"len(list_filter((SELECT list(text) FROM own_identifiers), lambda x: contains(lower({text}), x))) > 0 OR "
        f"len(list_filter((SELECT list(digits) FROM own_numbers), lambda x: contains({digits}, x))) > 0, false)"
    )


def mark_person(connection: duckdb.DuckDBPyConnection, ids: Iterable[str], files: Mapping[str, Sequence[str]]) -> None:
    """Make the tables own_customers, own_orders … of ids that are the person's, and own_identifiers: what is like nobody else's,
    in small letters. Beside them own_numbers: telephone numbers by their digits, Russian ones without +7 or 8.

    `files` are those to look through, by table.
    """
    connection.execute("CREATE OR REPLACE TEMP TABLE own_customers AS SELECT unnest(?) AS id", [list(ids)])
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE own_identifiers AS SELECT lower(id) AS text FROM own_customers WHERE length(id) >= {_LONG}"
    )
    found = {"customers": ("email", "phone"), "identities": ("id_value",)}
    for name, columns in found.items():
        for column in columns if files.get(name) else ():
            connection.execute(
                f"INSERT INTO own_identifiers SELECT DISTINCT lower({column}) FROM {parquet(list(files[name]))} "
                f"WHERE {CUSTOMER} IN (SELECT id FROM own_customers) AND length({column}) >= {_LONG}"
            )
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE own_numbers AS SELECT DISTINCT "
        "regexp_replace(digits, '^[78]([0-9]{10})$', '\\1') AS digits FROM "
        f"(SELECT regexp_replace(text, '{_BETWEEN_DIGITS}', '', 'g') AS digits FROM own_identifiers) "
        f"WHERE regexp_full_match(digits, '[0-9]{{{_DIGITS},}}')"
    )
    for name in LINKED_THROUGH:
        table = LAKE_TABLES[name]
        read = f"FROM {parquet(list(files[name]))} WHERE {ownership(table)}" if files.get(name) else "WHERE false"
        key = identifier(table.key[0]) if files.get(name) else "''"
        connection.execute(f"CREATE OR REPLACE TEMP TABLE own_{name} AS SELECT DISTINCT {key} AS id {read}")


def person_rows(lake: Lake, customer_id: str, *, limit: int = MOST_ROWS) -> dict[str, pa.Table]:
    """All rows that the lake holds of a person, by table, as Arrow tables with the columns of the table; empty ones are left out.

    These are the rows under every id merged with `customer_id`, those that lead to the person by an order, a deal or a
    touch (`links.LINKS`), the merges, the predictions, and what of the person lies in quarantine. PersonError where the
    lake holds nothing of the customer, or more than `limit` rows in one table.
    """
    version = lake.version
    files = {name: lake.files(name, version) for name in owned_tables()}
    rows: dict[str, pa.Table] = {}
    ids = ids_of(lake, customer_id)
    with lake.staging() as folder, connect(folder) as connection:
        mark_person(connection, ids, files)
        for name, paths in files.items():
            if not paths:
                continue
            table = LAKE_TABLES[name]
            columns = ", ".join(map(identifier, table.column_names))
            order = ", ".join(map(identifier, table.key))
            query = f"SELECT {columns} FROM {parquet(paths)} WHERE {ownership(table)} ORDER BY {order} LIMIT {int(limit) + 1}"
            found: pa.Table = connection.execute(query).to_arrow_table()  # pyright: ignore[reportAssignmentType]
            if found.num_rows > limit:
                raise PersonError(
                    Text(
                        f"{name} holds more than {limit:,} rows of {customer_id!r}; ask with a higher limit",
                        f"в\u00a0таблице {name} больше {limit} строк о\u00a0клиенте «{customer_id}»; запросите с\u00a0большей границей",
                    )
                )
            if found.num_rows:
                rows[name] = found
    if not rows:
        raise PersonError(nothing_of(customer_id))
    return rows


def export_person(lake: Lake, customer_id: str, *, limit: int = MOST_ROWS) -> bytes:
    """A ZIP of `person_rows`: for each table a CSV and a JSON file, and README.txt in English and Russian.

    PersonError as there.
    """
    rows = person_rows(lake, customer_id, limit=limit)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", _readme(rows))
        for name, table in rows.items():
            records = table.to_pylist()
            archive.writestr(f"{name}.csv", _csv(table.column_names, records))
            archive.writestr(f"{name}.json", json.dumps(records, ensure_ascii=False, indent=1, default=str))
    return packed.getvalue()


def _csv(columns: Sequence[str], records: Iterable[Mapping[str, object]]) -> str:
    text = io.StringIO()
    # Spreadsheets know UTF-8 by its mark.
    text.write("\ufeff")
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([plain_cell(record[name]) for name in columns] for record in records)
    return text.getvalue()


def _readme(rows: Mapping[str, pa.Table]) -> str:
    lines: list[str] = []
    for language in LANGUAGES:
        made = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
        lines += [_ABOUT.in_language(language), f"{_MADE.in_language(language)}: {made}", ""]
        for name, found in rows.items():
            table = LAKE_TABLES[name]
            lines.append(
                f"{name}: {table.meaning.in_language(language)} ({found.num_rows} {_ROWS.in_language(language)})"
            )
            lines += [f"    {column.name}: {column.meaning.in_language(language)}" for column in table.columns]
        lines += ["", ""]
    return "\n".join(lines)
