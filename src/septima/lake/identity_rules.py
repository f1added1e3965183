"""Customers who share an identifier that belongs to one person: e-mail address, telephone number, card, loyalty number."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from septima.lake.sql import identifier, parquet, text_list
from septima.lake.store import Lake
from septima.schema import SeptimaError, Text

KINDS = {"email": "exact_email", "phone": "exact_phone", "card": "same_identifier", "loyalty": "same_identifier"}
"""Kinds of identifiers that identify one person, strongest first, and the rule that each serves. Not cookies, not addresses of machines."""

_BATCH = 20_000
_READING = Text("Reading telephone numbers", "Чтение номеров телефона")
_PHONES = pa.schema([("raw", pa.string()), ("phone", pa.string())])
_REGION = re.compile(r"[A-Z]{2}")
# A dot or a plus tag makes no other mailbox at Gmail; elsewhere it may, so there they are kept.
_EMAIL = """CASE WHEN regexp_full_match(address, '[^@\\s]+@[^@\\s]+\\.[^@\\s]+') THEN
    CASE WHEN split_part(address, '@', 2) IN ('gmail.com', 'googlemail.com')
        THEN replace(split_part(split_part(address, '@', 1), '+', 1), '.', '') || '@gmail.com'
        ELSE address END END"""


class IdentityError(SeptimaError):
    """Customers that cannot be told apart or brought together as asked."""


@dataclass(frozen=True)
class Shared:
    """Identifiers of one kind that too many customers have to identify a person: how many, and of how many customers."""

    kind: str
    identifiers: int
    customers: int


Progress = Callable[[Text, int, int | None], None]


def prepare(
    connection: duckdb.DuckDBPyConnection,
    lake: Lake,
    version: int,
    folder: Path,
    *,
    region: str | None,
    progress: Progress | None,
) -> int:
    """Make the temporary tables `people` (customers) and `identifiers` (customer_id, kind, value, normalised).

    Returns how many different telephone numbers could not be read.
    """
    _make(connection, "people", lake, "customers", version)
    _make(connection, "named", lake, "identities", version)
    kinds = text_list(list(KINDS))
    connection.execute(
        "CREATE TEMP TABLE raw_identifiers AS SELECT DISTINCT customer_id, kind, value FROM ("
        "SELECT customer_id, 'email' AS kind, email AS value FROM people "
        "UNION ALL SELECT customer_id, 'phone', phone FROM people "
        f"UNION ALL SELECT customer_id, lower(trim(id_type)), id_value FROM named) "
        f"WHERE list_contains({kinds}, kind) AND trim(value) <> ''"
    )
    unread = _read_phones(connection, folder, region, progress)
    connection.execute(
        "CREATE TEMP TABLE identifiers AS SELECT DISTINCT customer_id, kind, value FROM ("
        "SELECT r.customer_id, r.kind, CASE r.kind "
        f"WHEN 'email' THEN {_EMAIL.replace('address', 'lower(trim(r.value))')} "
        "WHEN 'phone' THEN p.phone ELSE trim(r.value) END AS value "
        "FROM raw_identifiers r LEFT JOIN phones p ON r.kind = 'phone' AND r.value = p.raw) WHERE value IS NOT NULL"
    )
    return unread


def exact_links(
    connection: duckdb.DuckDBPyConnection, shared_limit: int
) -> tuple[list[tuple[str, str, str, str]], list[Shared]]:
    """Pairs of customers with the rule and what agrees, strongest rule first; and the identifiers of too many."""
    connection.execute(
        "CREATE TEMP TABLE owners AS SELECT kind, value, count(*) AS customers FROM identifiers GROUP BY ALL HAVING count(*) > 1"
    )
    strength = text_list(list(KINDS))
    pairs = connection.execute(
        f"""WITH own AS (SELECT i.* FROM identifiers i JOIN owners o USING (kind, value) WHERE o.customers <= {int(shared_limit)}),
        agreed AS (
            SELECT a.customer_id AS one, b.customer_id AS other, list(DISTINCT list_position({strength}, a.kind)) AS kinds
            FROM own a JOIN own b USING (kind, value) WHERE a.customer_id < b.customer_id GROUP BY ALL)
        SELECT one, other, list_sort(kinds) AS kinds FROM agreed ORDER BY kinds[1], one, other"""
    ).fetchall()
    names = list(KINDS)
    found = [
        (str(one), str(other), KINDS[names[kinds[0] - 1]], ", ".join(names[kind - 1] for kind in kinds))
        for one, other, kinds in pairs
    ]
    shared = connection.execute(
        "SELECT o.kind, count(DISTINCT o.value), count(DISTINCT i.customer_id) FROM owners o "
        f"JOIN identifiers i USING (kind, value) WHERE o.customers > {int(shared_limit)} GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    return found, [Shared(str(kind), int(values), int(customers)) for kind, values, customers in shared]


def _make(connection: duckdb.DuckDBPyConnection, name: str, lake: Lake, table: str, version: int) -> None:
    files = lake.files(table, version)
    columns = ", ".join(
        f"CAST(NULL AS VARCHAR) AS {identifier(column)}" for column in lake.schema_of(table).column_names
    )
    read = f"SELECT * FROM {parquet(files)}" if files else f"SELECT {columns} WHERE false"
    connection.execute(f"CREATE TEMP VIEW {name} AS {read}")


def _read_phones(
    connection: duckdb.DuckDBPyConnection, folder: Path, region: str | None, progress: Progress | None
) -> int:
    """Make `phones` (raw, phone in the form of E.164 or null) of the different texts; the number of those not read."""
    raw, made = folder / "raw_phones.parquet", folder / "phones.parquet"
    connection.execute(
        f"COPY (SELECT DISTINCT value AS raw FROM raw_identifiers WHERE kind = 'phone') TO '{raw}' (FORMAT parquet)"
    )
    unread = done = 0
    with pq.ParquetFile(raw) as source, pq.ParquetWriter(made, _PHONES) as target:
        total = source.metadata.num_rows
        normalised = _phone_reader(region) if total else None
        for batch in source.iter_batches(_BATCH):
            texts = batch.column(0).to_pylist()
            phones = [normalised(text) for text in texts] if normalised else []
            unread += phones.count(None)
            done += len(texts)
            target.write_table(pa.table({"raw": texts, "phone": phones}, _PHONES))
            if progress is not None:
                progress(_READING, done, total)
    connection.execute(f"CREATE TEMP VIEW phones AS SELECT * FROM {parquet([made])}")
    return unread


def _phone_reader(region: str | None) -> Callable[[str], str | None]:
    try:
        import phonenumbers
    except ImportError:
        raise IdentityError(
            Text(
                "reading telephone numbers needs the library phonenumbers: pip install 'septima[identity]'",
                "чтобы читать номера телефонов, нужна библиотека phonenumbers: pip install 'septima[identity]'",
            )
        ) from None
    if region is not None and (not _REGION.fullmatch(region) or region not in phonenumbers.SUPPORTED_REGIONS):
        raise IdentityError(
            Text(
                f"{region!r} is no region of telephone numbers; write its two letters, such as RU or DE",
                f"«{region}»\u00a0— не\u00a0регион телефонных номеров; укажите его двумя буквами, например RU или DE",
            )
        )

    def read(text: str) -> str | None:
        try:
            number = phonenumbers.parse(text, region)
        except phonenumbers.NumberParseException:
            return None
        if not phonenumbers.is_valid_number(number):
            return None
        written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        # Two extensions of one exchange are two telephones.
        return f"{written};ext={number.extension}" if number.extension else written

    return read
