"""Fetching by a connection, from its position on, into the lake."""

import shutil
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dlt import Pipeline
from dlt.extract import DltResource
from filelock import FileLock, Timeout
from sqlalchemy.exc import DBAPIError

from septima.connect import amocrm, bitrix24, databases, exports, folders, hubspot, mailbox, rest
from septima.connect.definition import Connection, definition_path, read_connection
from septima.connect.errors import ConnectError, busy, chain, told
from septima.connect.folders import take_files
from septima.connect.pipeline import extract, lay_down, open_pipeline
from septima.connect.rows import Report
from septima.connect.secrets import Secrets, read_secrets
from septima.connect.taking import take
from septima.lake.load import Progress, TableCounts
from septima.schema import SeptimaError, Text
from septima.workspace import Workspace

_SERVICES = {"hubspot": hubspot.open_service, "bitrix24": bitrix24.open_service, "amocrm": amocrm.open_service}


@dataclass(frozen=True)
class Fetched:
    """What a fetch brought: rows read from the other side by read, counts by canonical table, the lake's version."""

    rows: Mapping[str, int]
    tables: Mapping[str, TableCounts]
    version: int


def fetch(workspace: Workspace, name: str, progress: Progress | None = None, *, everything: bool = False) -> Fetched:
    """Read what is new by the connection of that name and load it; what an earlier run left on the way comes first.

    `everything` reads from the beginning again. When it returns, rows and position are kept; a process that is ended
    anywhere before leaves a state from which the next call goes on without gap or duplicate. SeptimaError says what was
    wrong and what to do.
    """
    connection = read_connection(workspace.directory, name)
    secrets = read_secrets(connection)
    memory = workspace.settings.memory
    rows = {read.origin: 0 for read in connection.reads}

    def report(origin: str, number: int) -> None:
        rows[origin] = number
        if progress is not None:
            progress(Text(f"Reading {origin}", f"Чтение {origin}"), number, None)

    with _alone(connection.work), _explained(connection, secrets):
        if connection.kind.family == "files":
            result, counts = take_files(
                workspace.lake, connection, everything=everything, progress=progress, memory=memory
            )
            return Fetched(counts, result.tables, result.version)
        with open_pipeline(connection) as pipeline:
            lay_down(pipeline)
            before = take(workspace.lake, connection, progress=progress, memory=memory)
            extract(pipeline, _resources(connection, secrets, pipeline, everything, report))
            lay_down(pipeline)
            result = before + take(workspace.lake, connection, progress=progress, memory=memory)
    return Fetched(rows, result.tables, result.version)


def check(workspace: Workspace, name: str) -> list[tuple[str, int]]:
    """What the reads of a connection find on the other side: each with the number of its columns, files or letters.

    SeptimaError says what is wrong with the definition, the secrets, the way there or the tables.
    """
    connection = read_connection(workspace.directory, name)
    secrets = read_secrets(connection)
    # Alone, since tokens may be exchanged.
    with _alone(connection.work), _explained(connection, secrets):
        match connection.kind.family:
            case "database":
                return databases.look(connection, databases.open_engine(connection, secrets))
            case "rest":
                return rest.look(connection, _SERVICES[connection.kind.name](connection, secrets))
            case "mail":
                return mailbox.look(connection, secrets)
            case "files" | "records":
                return folders.look(connection)


def _resources(
    connection: Connection, secrets: Secrets, pipeline: Pipeline, everything: bool, report: Report
) -> list[DltResource]:
    """What is to be read by the pipeline."""
    match connection.kind.family:
        case "database":
            engine = databases.open_engine(connection, secrets)
            return databases.resources(connection, engine, everything=everything, report=report)
        case "rest":
            service = _SERVICES[connection.kind.name](connection, secrets)
            return rest.resources(connection, service, pipeline, everything=everything, report=report)
        case "mail":
            return mailbox.resources(connection, secrets, everything=everything, report=report)
        case "files" | "records":
            return exports.resources(connection, everything=everything, report=report)


def forget_position(workspace: Workspace, name: str) -> bool:
    """Let the next fetch begin at the beginning; whether there was a position. What is in the lake stays there."""
    path = definition_path(workspace.directory, name)
    work = path.parent / "work" / name
    if not work.exists():
        return False
    with _alone(work):
        shutil.rmtree(work)
    return True


@contextmanager
def _alone(work: Path) -> Generator[None]:
    """Keep others away from what is under way by a connection, whose name its folder has."""
    work.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(work.parent / f"{work.name}.lock", timeout=0):
            yield
    except Timeout:
        raise busy(work.name) from None


@contextmanager
def _explained(connection: Connection, secrets: Secrets) -> Generator[None]:
    """What goes wrong on the way, in words that name no secret."""
    said: SeptimaError | None = None
    try:
        yield
    except SeptimaError:
        raise
    except Exception as error:
        said = told(error) or _of_database(error, connection, secrets)
        if said is None:
            raise
    if said is not None:
        # Raised here, outside, so that no traceback carries what the driver said.
        raise said


def _of_database(error: Exception, connection: Connection, secrets: Secrets) -> ConnectError | None:
    for one in chain(error):
        if isinstance(one, DBAPIError):
            return databases.explained(one, connection, secrets)
    return None
