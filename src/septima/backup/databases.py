"""The site's database: as it is at one moment, into a file, and back.

SQLite by its online backup, PostgreSQL by its own tools `pg_dump` and `pg_restore`. A moment is a transaction that is begun and
held: it sees what was committed then, however long the copying takes and whatever others write.
"""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Generator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit, urlunsplit

from septima.backup.archive import BackupError, Progress
from septima.schema import Text

SQLITE, POSTGRESQL = "sqlite", "postgresql"
PLACES = {SQLITE: "site.sqlite3", POSTGRESQL: "database.dump"}
"""What the database is called in the folder of the site, and its dump in a backup."""
_PAGES_AT_ONCE = 2_000
_STEP = Text("Copying the database", "Копирование базы данных")
_ORGANISATIONS = "SELECT id, slug, folder FROM accounts_organisation ORDER BY id"


@dataclass(frozen=True)
class Served:
    """An organisation of the site, and the folder of its workspace: absolute, or relative to that of the site."""

    id: int
    slug: str
    folder: str


@dataclass(frozen=True)
class Moment:
    """A database as it was at one moment: its organisations, and `dump`, which writes all of it to a file."""

    organisations: tuple[Served, ...]
    dump: Callable[[Path, Progress | None], None]


class Database(Protocol):
    """What the two kinds of databases do alike."""

    @property
    def kind(self) -> str:
        """`sqlite` or `postgresql`."""
        ...

    @contextmanager
    def moment(self) -> Generator[Moment]:
        """The database as it is now, for as long as the block lasts."""
        ...

    def refuse_unless_empty(self) -> None:
        """BackupError where it holds tables already."""
        ...

    def bring_back(self, dump: Path, folders: Mapping[int, str]) -> None:
        """Make the database of a dump that was brought into the site's folder, and say in it where workspaces are now.

        `folders` are those of organisations, by their ids.
        """
        ...


@dataclass(frozen=True)
class Sqlite:
    """The database in a file."""

    path: Path
    kind: str = SQLITE

    @contextmanager
    def moment(self) -> Generator[Moment]:
        """The database as it is now; others go on reading and writing."""
        with closing(sqlite3.connect(self.path, isolation_level=None, timeout=20)) as held:
            held.execute("BEGIN")
            organisations = tuple(Served(*row) for row in held.execute(_ORGANISATIONS))

            def dump(target: Path, progress: Progress | None) -> None:
                def told(_: int, left: int, pages: int) -> None:
                    if progress is not None:
                        progress(_STEP, pages - left, pages)

                with closing(sqlite3.connect(target)) as copy:
                    held.backup(copy, pages=_PAGES_AT_ONCE, progress=told, sleep=0)

            yield Moment(organisations, dump)

    def refuse_unless_empty(self) -> None:
        """A file that is only now made is empty."""

    def bring_back(self, dump: Path, folders: Mapping[int, str]) -> None:
        """The dump is the database itself, though its folder has not got its name yet."""
        with closing(sqlite3.connect(dump)) as opened, opened:
            opened.executemany(
                "UPDATE accounts_organisation SET folder = ? WHERE id = ?",
                [(folder, number) for number, folder in folders.items()],
            )


@dataclass(frozen=True, repr=False)
class PostgreSql:
    """The database that an address names; the password in it is shown to nobody."""

    url: str
    kind: str = POSTGRESQL

    @contextmanager
    def moment(self) -> Generator[Moment]:
        """The database as it is now; others go on reading and writing."""
        psycopg = _psycopg()
        with psycopg.connect(self.url) as held:
            held.isolation_level, held.read_only = psycopg.IsolationLevel.REPEATABLE_READ, True
            (snapshot,) = held.execute("SELECT pg_export_snapshot()").fetchone() or ("",)
            organisations = tuple(Served(*row) for row in held.execute(_ORGANISATIONS))

            def dump(target: Path, progress: Progress | None) -> None:
                if progress is not None:
                    progress(_STEP, 0, None)
                self._run("pg_dump", "--format=custom", f"--snapshot={snapshot}", *_PLAIN, f"--file={target}")

            yield Moment(organisations, dump)

    def refuse_unless_empty(self) -> None:
        """BackupError where it holds tables already."""
        with _psycopg().connect(self.url) as opened:
            held = opened.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
        if held is not None and held[0]:
            raise BackupError(
                Text(
                    "the database that SEPTIMA_DATABASE_URL names holds tables already; "
                    "name a new one, or empty it: dropdb and createdb",
                    "в\u00a0базе данных, которую называет SEPTIMA_DATABASE_URL, уже есть таблицы; "
                    "назовите новую или опустошите её: dropdb и\u00a0createdb",
                )
            )

    def bring_back(self, dump: Path, folders: Mapping[int, str]) -> None:
        """Fill the database, which is empty, in one transaction; the dump is not needed any more."""
        self._run("pg_restore", "--single-transaction", "--exit-on-error", *_PLAIN, str(dump))
        dump.unlink()
        with _psycopg().connect(self.url) as opened:
            for number, folder in folders.items():
                opened.execute("UPDATE accounts_organisation SET folder = %s WHERE id = %s", (folder, number))

    def _run(self, tool: str, *options: str) -> None:
        found = shutil.which(tool)
        if found is None:
            raise BackupError(
                Text(
                    f"{tool} is not installed; install the tools of PostgreSQL, of the server's version or newer: "
                    "apt install postgresql-client",
                    f"{tool} не\u00a0установлен; установите средства PostgreSQL не\u00a0старее сервера: "
                    "apt install postgresql-client",
                )
            )
        address, secret = _without_password(self.url)
        done = subprocess.run(  # noqa: S603 - our own commands
            [found, *options, f"--dbname={address}"], env={**os.environ, **secret}, capture_output=True, check=False
        )
        if done.returncode:
            said = " ".join(done.stderr.decode(errors="replace").split())[:500]
            raise BackupError(Text(f"{tool} failed: {said}", f"{tool} завершился с\u00a0ошибкой: {said}"))


_PLAIN = ("--no-owner", "--no-privileges")


def _without_password(url: str) -> tuple[str, dict[str, str]]:
    """An address as it may be given to a command, which other users of the machine see, and the environment that goes with it."""
    parts = urlsplit(url)
    user, _, place = parts.netloc.rpartition("@")
    name, _, password = user.partition(":")
    if not password:
        return url, {}
    return urlunsplit(parts._replace(netloc=f"{name}@{place}")), {"PGPASSWORD": unquote(password)}


def _psycopg():
    try:
        import psycopg  # noqa: PLC0415 - who has SQLite does without
    except ModuleNotFoundError as error:
        raise BackupError(
            Text(
                "PostgreSQL needs psycopg, which is not installed: pip install 'septima[postgresql]'",
                "для PostgreSQL нужен psycopg, который не\u00a0установлен: pip install 'septima[postgresql]'",
            )
        ) from error
    return psycopg


def database_of(site: Path, url: str | None) -> Database:
    """The database of a site: the one that the address names, or the file in its folder."""
    return PostgreSql(url) if url else Sqlite(site / PLACES[SQLITE])
