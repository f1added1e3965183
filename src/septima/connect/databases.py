"""Databases by dlt's source of SQL tables: every value as text, as the database writes it, for the lake to check."""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import dlt
import pyarrow as pa
import sqlalchemy as sa
from dlt.extract import DltResource
from dlt.sources.sql_database import TableLoader, sql_table
from sqlalchemy.dialects.mysql import TIMESTAMP as MYSQL_TIMESTAMP
from sqlalchemy.event import listen
from sqlalchemy.exc import DBAPIError, NoSuchTableError
from sqlalchemy.types import NullType, TypeEngine

from septima.connect.definition import Connection, Read
from septima.connect.errors import ConnectError
from septima.connect.naming import resource_name
from septima.connect.position import Packed, newest, packed, start, unpacked
from septima.connect.rows import Report
from septima.connect.secrets import Secrets
from septima.schema import Text
from septima.schema.wording import hinted, near

_CHUNK = 10_000
_POSITION = "__position"
_WAIT_SECONDS = 10
_POSTGRESQL = (
    "-c timezone=UTC -c datestyle=ISO -c intervalstyle=iso_8601 -c bytea_output=hex -c default_transaction_read_only=on"
)


@dataclass(frozen=True)
class _Table:
    """A table that was found, with the type of its cursor; all other types are set to text."""

    table: sa.Table
    cursor: TypeEngine[Any] | None
    columns: dict[str, sa.ColumnElement[Any]]


def open_engine(connection: Connection, secrets: Secrets) -> sa.Engine:
    """An engine that only reads; nothing is connected yet."""
    values = connection.values
    if connection.kind.dialect == "sqlite":
        path = (connection.workspace / values["file"]).absolute()
        if not path.is_file():
            raise ConnectError(
                Text(
                    f"{connection.name}: there is no file {path}; correct `file` in {connection.path}",
                    f"{connection.name}: нет файла {path}; исправьте `file` в\u00a0{connection.path}",
                )
            )
        return sa.create_engine("sqlite://", creator=lambda: _open_sqlite(path), poolclass=sa.NullPool)
    driver, arguments = _server_arguments(connection.kind.dialect)
    url = sa.URL.create(
        driver, values["user"], secrets.get("password"), values["host"], int(values["port"]), values["database"]
    )
    engine = sa.create_engine(url, connect_args=arguments, poolclass=sa.NullPool, hide_parameters=True)
    if connection.kind.dialect == "mysql":
        listen(engine, "connect", _only_read)
    return engine


def _only_read(opened: Any, _record: object) -> None:
    with opened.cursor() as cursor:
        cursor.execute("SET SESSION TRANSACTION READ ONLY")


def _server_arguments(dialect: str) -> tuple[str, dict[str, object]]:
    if dialect == "postgresql":
        return "postgresql+psycopg", {
            "options": _POSTGRESQL, "connect_timeout": _WAIT_SECONDS, "application_name": "septima"
        }  # fmt: skip
    return "mysql+pymysql", {
        "connect_timeout": _WAIT_SECONDS,
        "charset": "utf8mb4",
        "init_command": "SET SESSION time_zone = '+00:00'",
    }


def _open_sqlite(path: Path) -> sqlite3.Connection:
    opened = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=_WAIT_SECONDS)
    # A value that is no text in UTF-8 shall not end the reading of all others.
    opened.text_factory = lambda given: given.decode("utf-8", "replace")
    return opened


def resources(connection: Connection, engine: sa.Engine, *, everything: bool, report: Report) -> list[DltResource]:
    """The reads of a connection; each keeps its position in the state of the pipeline.

    ConnectError where a table or a column is not there.
    """
    made: list[DltResource] = []
    for read in connection.reads:
        metadata = sa.MetaData()
        found = _find(connection, engine, metadata, read)
        made.append(
            sql_table(
                credentials=engine,
                table=found.table.name,
                metadata=metadata,
                chunk_size=_CHUNK,
                backend="pyarrow",
                reflection_level="minimal",
                table_loader_class=_loader(read, found, everything=everything, report=report),
            ).with_name(resource_name(read.origin))
        )
    return made


def look(connection: Connection, engine: sa.Engine) -> list[tuple[str, int]]:
    """The tables that the reads name, each with the number of its columns; ConnectError where something is not there."""
    return [
        (read.origin, len(_find(connection, engine, sa.MetaData(), read).table.columns)) for read in connection.reads
    ]


def _find(connection: Connection, engine: sa.Engine, metadata: sa.MetaData, read: Read) -> _Table:
    schema, _, name = read.origin.rpartition(".")
    metadata.schema = schema or None
    try:
        table = sa.Table(name, metadata, autoload_with=engine, resolve_fks=False)
    except NoSuchTableError:
        inspector = sa.inspect(engine)
        there = sorted([*inspector.get_table_names(schema or None), *inspector.get_view_names(schema or None)])
        raise ConnectError(
            read.place.before(
                hinted(
                    f"{connection.name} has no table {read.origin!r}, or its user may not see it",
                    f"в\u00a0{connection.name} нет таблицы «{read.origin}», или её не\u00a0видно пользователю",
                    near(name, there),
                )
            )
        ) from None
    there = [column.name for column in table.columns]
    for column in (*read.mapping.sources, *([read.cursor] if read.cursor else [])):
        if column not in there:
            raise ConnectError(
                read.place.before(
                    hinted(
                        f"table {read.origin} has no column {column!r}",
                        f"в\u00a0таблице {read.origin} нет столбца «{column}»",
                        near(column, there),
                    )
                )
            )
    cursor = None
    if read.cursor is not None:
        # SQLite keeps in a column what it was given, whatever the column is declared as.
        cursor = NullType() if connection.kind.dialect == "sqlite" else table.c[read.cursor].type
    unread = read.mapping.unread
    columns = {column.name: _as_text(column) for column in table.columns if column.name not in unread}
    for column in table.columns:
        column.type = sa.Text()
    return _Table(table, cursor, columns)


def _as_text(column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    text = sa.cast(column, sa.Text)
    # Of MySQL's types of time this one knows its moment; it is written in the zone of the session.
    return sa.func.concat(text, "+00:00") if isinstance(column.type, MYSQL_TIMESTAMP) else text


def _loader(read: Read, found: _Table, *, everything: bool, report: Report) -> type[TableLoader]:
    class Loader(TableLoader):
        """Reads on from the position, in portions that fit into memory."""

        def load_rows(self, backend_kwargs: dict[str, Any] | None = None) -> Iterator[pa.Table]:  # noqa: ARG002
            state = cast("dict[str, Packed]", dlt.current.resource_state())
            key = f"position of {read.cursor}"
            position = None if everything else unpacked(state.get(key))
            query = _query(found, read, None if position is None else start(position, read))
            rows = 0
            with self.engine.connect() as opened:
                result = opened.execution_options(yield_per=_CHUNK).execute(query)
                for portion in result.partitions():
                    rows += len(portion)
                    *columns, positions = zip(*portion, strict=True)
                    if read.cursor is not None:
                        position = newest(position, positions, read)
                    yield _arrow(list(found.columns), columns)
                    report(read.origin, rows)
            if position is not None:
                state[key] = packed(position)

    return Loader


def _query(found: _Table, read: Read, begin: object) -> sa.Select[Any]:
    chosen = [column.label(name) for name, column in found.columns.items()]
    if read.cursor is None or found.cursor is None:
        return sa.select(*chosen, sa.null().label(_POSITION)).select_from(found.table)
    cursor = sa.type_coerce(found.table.c[read.cursor], found.cursor)
    query = sa.select(*chosen, cursor.label(_POSITION)).select_from(found.table)
    if begin is None:
        return query
    # A row without a value of the cursor may be new each time, so it is read each time.
    return query.where(sa.or_(cursor >= sa.literal(begin, found.cursor), cursor.is_(None)))


def _arrow(names: Sequence[str], columns: Sequence[Sequence[Any]]) -> pa.Table:
    arrays = [pa.array(values, pa.string()) for values in columns]
    return pa.table(dict(zip(names, arrays, strict=True)))


_REFUSED = ("password authentication failed", "access denied for user", "no password supplied")
_NO_DATABASE = ("unknown database",)
_DENIED = ("permission denied", "command denied")


def explained(error: DBAPIError, connection: Connection, secrets: Secrets) -> ConnectError:
    """What a database's error means, with what to do."""
    values = connection.values
    why = " ".join(secrets.hidden(str(error.orig)).split())
    lowered, name = why.lower(), connection.name
    where = values.get("file") or f"{values['host']}:{values['port']}"
    if any(part in lowered for part in _REFUSED) or ("role " in lowered and "does not exist" in lowered):
        return ConnectError(
            Text(
                f"{name}: {where} refuses the user {values['user']!r} or the password; correct `user` in {connection.path} "
                "or the secret `password`",
                f"{name}: {where} не\u00a0принимает пользователя «{values['user']}» или пароль; исправьте `user` "
                f"в\u00a0{connection.path} или секрет `password`",
            )
        )
    if any(part in lowered for part in _NO_DATABASE) or ("database" in lowered and "does not exist" in lowered):
        return ConnectError(
            Text(
                f"{name}: {where} has no database {values['database']!r}; correct `database` in {connection.path}",
                f"{name}: на\u00a0{where} нет базы «{values['database']}»; исправьте `database` в\u00a0{connection.path}",
            )
        )
    if any(part in lowered for part in _DENIED):
        return ConnectError(
            Text(
                f"{name}: the user may not read this ({why}); let the database's administrator grant SELECT",
                f"{name}: у\u00a0пользователя нет права чтения ({why}); пусть администратор базы даст право SELECT",
            )
        )
    return ConnectError(
        Text(
            f"{name}: {where} cannot be read ({why}); check that the server runs at this address and can be reached, then try again",
            f"{name}: {where} не\u00a0читается ({why}); проверьте, что сервер работает по\u00a0этому адресу и\u00a0доступен, "
            "и\u00a0повторите",
        )
    )
