"""Mailboxes by IMAP: letters behind the last one read, looked at without marking them as read."""

import imaplib
import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress

import dlt
import pyarrow as pa
from dlt.extract import DltResource

from septima.connect.bounces import bounce_rows
from septima.connect.definition import Connection, Read
from septima.connect.errors import ConnectError, unreachable
from septima.connect.naming import resource_name
from septima.connect.rows import Report, batch_table
from septima.connect.secrets import Secrets
from septima.schema import Text

_WAIT_SECONDS = 30
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_ENCRYPTED_PORT = 993
_LETTERS = 100
_POSITION = "position"


def resources(connection: Connection, secrets: Secrets, *, everything: bool, report: Report) -> list[DltResource]:
    """The folders of the mailbox that are read; the pipeline's state remembers the last letter of each."""
    return [_resource(connection, secrets, read, everything=everything, report=report) for read in connection.reads]


def look(connection: Connection, secrets: Secrets) -> list[tuple[str, int]]:
    """The folders, each with the number of letters in it."""
    with _opened(connection, secrets) as box:
        return [(read.origin, _select(connection, box, read)[1]) for read in connection.reads]


def _resource(connection: Connection, secrets: Secrets, read: Read, *, everything: bool, report: Report) -> DltResource:
    def rows() -> Iterator[pa.Table]:
        state = dlt.current.resource_state()
        columns, count = dict.fromkeys(read.mapping.sources), 0
        with _opened(connection, secrets) as box:
            validity, _ = _select(connection, box, read)
            kept = None if everything else state.get(_POSITION)
            # Numbers of letters hold as long as the folder's validity stays the same.
            last = kept[1] if kept is not None and kept[0] == validity else 0
            numbers = _numbers(box, last)
            for start in range(0, len(numbers), _LETTERS):
                batch = [
                    row
                    for number in numbers[start : start + _LETTERS]
                    for row in bounce_rows(_letter(box, number), str(number))
                ]
                if batch:
                    yield batch_table(batch, columns, read)
                count += len(batch)
                report(read.origin, count)
            state[_POSITION] = [validity, numbers[-1] if numbers else last]

    return dlt.resource(rows, name=resource_name(read.origin))


@contextmanager
def _opened(connection: Connection, secrets: Secrets) -> Generator[imaplib.IMAP4]:
    values = connection.values
    host, port = values["host"], int(values["port"])
    failed: ConnectError | None = None
    box = None
    try:
        # Without encryption the password would travel in the clear; a server on this machine may do so.
        open_box = imaplib.IMAP4 if host in _LOOPBACK and port != _ENCRYPTED_PORT else imaplib.IMAP4_SSL
        box = open_box(host, port, timeout=_WAIT_SECONDS)
        box.login(values["user"], secrets.need("password"))
        yield box
    except imaplib.IMAP4.error as error:
        why = secrets.hidden(" ".join(str(error).split()))
        failed = ConnectError(
            Text(
                f"{connection.name}: {host} refuses ({why}); check `user` in {connection.path} and the secret `password`; "
                "some services want a password of the application's own",
                f"{connection.name}: {host} отказывает ({why}); проверьте `user` в\u00a0{connection.path} и\u00a0секрет `password`; "
                "некоторым службам нужен отдельный пароль приложения",
            )
        )
    except OSError as error:
        failed = unreachable(connection.name, f"{host}:{port}", type(error).__name__)
    finally:
        if box is not None:
            with suppress(OSError, imaplib.IMAP4.error):
                box.logout()
    if failed is not None:
        raise failed


def _select(connection: Connection, box: imaplib.IMAP4, read: Read) -> tuple[str, int]:
    """Open a folder for reading only; what its numbers hold by, and how many letters there are."""
    status, answer = box.select(f'"{read.origin}"', readonly=True)
    if status != "OK":
        raise ConnectError(
            read.place.before(
                Text(
                    f"the mailbox of {connection.name} has no folder {read.origin!r}; correct `from`, INBOX is always there",
                    f"в\u00a0ящике {connection.name} нет папки «{read.origin}»; исправьте `from`, INBOX есть всегда",
                )
            )
        )
    _, validity = box.response("UIDVALIDITY")
    return (validity[0] or b"").decode() if validity else "", int(answer[0] or b"0")


def _numbers(box: imaplib.IMAP4, last: int) -> list[int]:
    """The numbers of the letters behind the last one, in order."""
    _, answer = box.uid("SEARCH", f"UID {last + 1}:*")
    # `n:*` names the last letter even where its number is less than n.
    return sorted(number for number in map(int, (answer[0] or b"").split()) if number > last)


def _letter(box: imaplib.IMAP4, number: int) -> bytes:
    _, answer = box.uid("FETCH", str(number), "(BODY.PEEK[])")
    for part in answer:
        if isinstance(part, tuple) and re.search(rb"BODY\[\]", part[0]):
            return part[1]
    return b""  # deleted meanwhile
