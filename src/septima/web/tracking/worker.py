"""Gunicorn's threaded worker, which answers for tracked links itself where it sees the request.

A request goes through a pool of threads and a parser for whatever HTTP allows, which costs several times what a redirect
does. What a browser sends along a link is short and plain: it is looked at without being taken, and where it is such a
request it is answered at once. All else is gunicorn's as before.
"""

import errno
import logging
import re
import selectors
import socket
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from gunicorn.util import http_date
from gunicorn.workers.gthread import TConn, ThreadWorker

if TYPE_CHECKING:
    from septima.web.tracking.following import Answer

logger = logging.getLogger(__name__)
_LONGEST = 8_192
_PLAIN = re.compile(
    rb"(GET|HEAD) (/l/[A-Za-z0-9.-]{1,50}/?)(?:\?([!-~]*))? HTTP/1\.1\r\n((?:[!-~]+:[ \t]*[\t -~\x80-\xff]*\r\n)*)\r\n"
)
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^`|~-]+")  # names with _ would be taken for those with -
_NOT_PLAIN = frozenset({"CONTENT-LENGTH", "TRANSFER-ENCODING", "EXPECT", "UPGRADE"})


class RedirectingWorker(ThreadWorker):
    """A threaded worker that answers plain requests along tracked links in its main thread."""

    def load_wsgi(self) -> None:
        """Load the site, and with it what answers for links."""
        super().load_wsgi()
        # Models can be read once Django is set up.
        from septima.web.tracking.following import follow  # noqa: PLC0415
        from septima.web.tracking.known import keep_reading  # noqa: PLC0415

        keep_reading()
        self._follow: Callable[[Mapping[str, Any]], Answer | None] = follow

    def accept(self, listener: socket.socket) -> None:
        """Take a connection and wait for what it asks, without a thread for it."""
        try:
            client, address = listener.accept()
        except OSError as error:
            if error.errno in {errno.EAGAIN, errno.ECONNABORTED}:
                return
            raise
        self.nr_conns += 1
        connection = TConn(self.cfg, client, address, listener.getsockname())
        connection.set_timeout()
        self.pending_conns.append(connection)
        self.poller.register(client, selectors.EVENT_READ, partial(self.on_pending_socket_readable, connection))

    def on_pending_socket_readable(self, conn: TConn, client: socket.socket) -> None:
        """The first request of a connection."""
        if self._answered(conn, client):
            self.pending_conns.remove(conn)
            self.keepalived_conns.append(conn)
            self.poller.modify(client, selectors.EVENT_READ, partial(self.on_client_socket_readable, conn))
            return
        super().on_pending_socket_readable(conn, client)

    def on_client_socket_readable(self, conn: TConn, client: socket.socket) -> None:
        """A further request of a connection."""
        if self._answered(conn, client):
            self.keepalived_conns.remove(conn)
            self.keepalived_conns.append(conn)
            return
        super().on_client_socket_readable(conn, client)

    def _answered(self, connection: TConn, client: socket.socket) -> bool:
        """Whether what waits on a connection was a plain request along a link, which is then answered."""
        if self.cfg.is_ssl or not self.alive:
            return False
        try:
            seen = client.recv(_LONGEST, socket.MSG_PEEK)
            environ = environ_of(seen, _address(connection.client))
            answer = None if environ is None else self._follow(environ)
            if answer is None:
                return False
            client.recv(len(seen))
            # An answer is short and nothing else was sent: the system takes it whole, or the client is none.
            client.send(written(answer))
        except OSError:
            return False
        except Exception:  # the site is then asked, which says so in its own way
            logger.exception("a request along a tracked link could not be answered at once")
            return False
        self.nr += 1
        connection.set_timeout()
        return True


def _address(client: object) -> str:
    """The address of who is connected; empty for a socket of the file system."""
    return str(cast("tuple[object, ...]", client)[0]) if isinstance(client, tuple) and client else ""


def environ_of(seen: bytes, address: str) -> dict[str, Any] | None:
    """A request as WSGI has it; None where it is not whole, not alone, or anything but plain."""
    found = _PLAIN.fullmatch(seen)
    if found is None:
        return None
    method, path, query, lines = found.groups(b"")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method.decode(),
        "PATH_INFO": path.decode(),
        "QUERY_STRING": query.decode(),
        "REMOTE_ADDR": address,
    }
    for line in lines.decode("latin-1").split("\r\n")[:-1]:
        name, _, value = line.partition(":")
        upper = name.upper()
        key = "HTTP_" + upper.replace("-", "_")
        if _TOKEN.fullmatch(name) is None or upper in _NOT_PLAIN or key in environ:
            return None
        environ[key] = value.strip(" \t")
    if "HTTP_HOST" not in environ or environ.get("HTTP_CONNECTION", "keep-alive").lower() != "keep-alive":
        return None
    return environ


def written(answer: "Answer") -> bytes:
    """An answer as it is sent."""
    lines = [f"HTTP/1.1 {answer.status}", f"Date: {http_date()}", "Connection: keep-alive"]
    lines += [f"{name}: {value}" for name, value in answer.headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + answer.body
