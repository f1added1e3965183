"""A MariaDB of the tests' own, of Debian's packages; it keeps nothing."""

import getpass
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pymysql

SERVER = Path("/usr/sbin/mariadbd")


@contextmanager
def running(folder: Path, port: int) -> Iterator[None]:
    """The server, with a user `septima` whose password is `maria-word-3` and an empty database `septima`."""
    user = getpass.getuser()
    subprocess.run(
        [
            "mariadb-install-db",
            "--no-defaults",
            f"--datadir={folder}",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
            f"--user={user}",
        ],
        check=True,
        capture_output=True,
    )
    with subprocess.Popen(
        [str(SERVER), "--no-defaults", f"--datadir={folder}", f"--port={port}", "--bind-address=127.0.0.1", f"--socket={folder}/socket",
         f"--user={user}", "--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=16M", f"--pid-file={folder}/pid"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        try:
            _prepare(str(folder / "socket"))
            yield
        finally:
            process.kill()


def _prepare(socket: str) -> None:
    for _ in range(100):
        try:
            opened = pymysql.connect(unix_socket=socket, user="root")
            break
        except pymysql.OperationalError:
            time.sleep(0.1)
    else:
        raise TimeoutError("MariaDB did not start")
    with opened, opened.cursor() as cursor:
        cursor.execute("create database septima character set utf8mb4")
        cursor.execute("create user septima@'127.0.0.1' identified by 'maria-word-3'")
        cursor.execute("grant all on septima.* to septima@'127.0.0.1'")
