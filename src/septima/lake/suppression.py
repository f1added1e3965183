"""Who was erased, known by salted hashes alone, so that an old export does not bring a person back.

The list is the table `erasures`, which changes in the same commit as the erasure itself. The salt lies beside it in the
lake; without it the hashes say nothing, and it is not in any certificate.
"""

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from septima.durable import OWNER_ALONE, write_once
from septima.lake.sql import parquet, text_literal
from septima.lake.store import Lake, Writing, arrow_schema
from septima.lake.tables import ERASURES

REASON = "erased on request"
_SEPARATOR = "\x1f"


@dataclass(frozen=True)
class Suppression:
    """The hashes in force and the salt that they were made with; `certificates` maps each hash to its erasure."""

    salt: str = ""
    certificates: dict[str, str] = field(default_factory=dict[str, str])

    def hash_of(self, kind: str, value: str) -> str:
        """The salted SHA-256 of an id; `kind` is the table whose key it is."""
        return hashlib.sha256(f"{self.salt}{_SEPARATOR}{kind}{_SEPARATOR}{value}".encode()).hexdigest()

    def hides(self, kind: str, value: str) -> str:
        """SQL of whether the id that the SQL `value` gives was erased; needs `register`."""
        start = text_literal(f"{self.salt}{_SEPARATOR}{kind}{_SEPARATOR}")
        return f"coalesce(sha256({start} || {value}) IN (SELECT hash FROM suppressed), false)"

    def register(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Make the hashes known to a connection."""
        connection.execute("CREATE OR REPLACE TEMP TABLE suppressed (hash VARCHAR)")
        connection.execute("INSERT INTO suppressed SELECT unnest(?)", [sorted(self.certificates)])


def read_suppression(lake: Lake, connection: duckdb.DuckDBPyConnection) -> Suppression:
    """The list as the newest version of the lake has it."""
    files = lake.files(ERASURES.name)
    if not files:
        return Suppression()
    rows = connection.execute(
        f"SELECT hash, arg_max(erasure, recorded_at) FROM {parquet(files)} GROUP BY hash HAVING NOT arg_max(lifted, recorded_at)"
    ).fetchall()
    return Suppression(salt_of(lake), {str(hash_): str(erasure) for hash_, erasure in rows})


def salt_of(lake: Lake) -> str:
    """The lake's own salt, made when it is first needed and never again."""
    path = lake.root / "erasures" / "salt"
    write_once(path, secrets.token_hex(32), OWNER_ALONE)
    return path.read_text(encoding="ascii")


def record_suppression(
    writing: Writing, entries: Iterable[tuple[str, str, str]], *, author: str, lifted: bool = False
) -> None:
    """Add (kind, hash, certificate's id) to the list, or with `lifted` take them out of force."""
    now = datetime.now(UTC).replace(tzinfo=None)
    rows = [
        {"kind": kind, "hash": hash_, "erasure": erasure, "recorded_at": now, "author": author, "lifted": lifted}
        for kind, hash_, erasure in entries
    ]
    path = writing.new_file(ERASURES.name)
    pq.write_table(pa.Table.from_pylist(rows, arrow_schema(ERASURES)), path)
    writing.add(ERASURES.name, path, len(rows))
