"""What a worker answers at once is what it surely understands; all else is left to the parser of the server."""

import socket
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from septima.web.tracking.following import Answer
from septima.web.tracking.worker import RedirectingWorker, environ_of, written

PLAIN = (
    b"GET /l/abc?c=x%20y HTTP/1.1\r\nHost: go.example\r\nUser-Agent: Firefox\r\nReferer:  https://a.example/ \r\n\r\n"
)


def test_a_browsers_request_is_read() -> None:
    assert environ_of(PLAIN, "203.0.113.7") == {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/l/abc",
        "QUERY_STRING": "c=x%20y",
        "REMOTE_ADDR": "203.0.113.7",
        "HTTP_HOST": "go.example",
        "HTTP_USER_AGENT": "Firefox",
        "HTTP_REFERER": "https://a.example/",
    }


@pytest.mark.parametrize(
    "seen",
    [
        b"",
        PLAIN[:-1],
        PLAIN[:40],
        PLAIN + PLAIN,
        PLAIN + b"x",
        PLAIN.replace(b"GET", b"POST"),
        PLAIN.replace(b"/l/abc", b"/"),
        PLAIN.replace(b"/l/abc", b"/l/../accounts/"),
        PLAIN.replace(b"/l/abc", b"/l/%61bc"),
        PLAIN.replace(b"/l/abc", b"http://go.example/l/abc"),
        PLAIN.replace(b"HTTP/1.1", b"HTTP/1.0"),
        PLAIN.replace(b"\r\n", b"\n"),
        PLAIN.replace(b"Host: go.example\r\n", b""),
        PLAIN.replace(b"User-Agent: Firefox", b"Content-Length: 5"),
        PLAIN.replace(b"User-Agent: Firefox", b"Transfer-Encoding: chunked"),
        PLAIN.replace(b"User-Agent: Firefox", b"Connection: close"),
        PLAIN.replace(b"User-Agent: Firefox", b"Connection: upgrade"),
        PLAIN.replace(b"User-Agent: Firefox", b"Upgrade: h2c"),
        PLAIN.replace(b"User-Agent: Firefox", b"Host: other.example"),
        PLAIN.replace(b"User-Agent: Firefox", b"User_Agent: Firefox"),
        PLAIN.replace(b"User-Agent: Firefox", b"User-Agent : Firefox"),
        PLAIN.replace(b"User-Agent: Firefox", b" folded: x"),
        PLAIN.replace(b"Firefox", b"Fire\x00fox"),
        PLAIN.replace(b"Firefox", b"Fire\rfox"),
        b"\x16\x03\x01" + PLAIN,
    ],
)
def test_what_is_not_plain_is_left_to_the_server(seen: bytes) -> None:
    assert environ_of(seen, "203.0.113.7") is None


@given(st.binary(max_size=200), st.integers(0, len(PLAIN)))
def test_no_bytes_break_it(noise: bytes, place: int) -> None:
    found = environ_of(PLAIN[:place] + noise + PLAIN[place:], "203.0.113.7")
    assert found is None or found["REQUEST_METHOD"] in {"GET", "HEAD"}


def test_an_answer_is_written_as_http_has_it() -> None:
    head, _, body = written(Answer("200 OK", [("Content-Length", "2")], b"hi")).partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert (lines[0], lines[2:], body) == ("HTTP/1.1 200 OK", ["Connection: keep-alive", "Content-Length: 2"], b"hi")


def _worker(follow: Callable[[Mapping[str, Any]], Answer | None]) -> RedirectingWorker:
    """A worker as it is once it has loaded the site, without a server around it."""
    worker = object.__new__(RedirectingWorker)
    worker.cfg, worker.alive, worker.nr = SimpleNamespace(is_ssl=False), True, 0
    worker._follow = follow
    return worker


def _connection(client: socket.socket) -> Any:
    return SimpleNamespace(client=("203.0.113.7", 5), sock=client, set_timeout=lambda: None)


def test_a_plain_request_is_taken_and_answered_at_once() -> None:
    worker = _worker(lambda environ: Answer("302 Found", [("Location", f"https://a.example{environ['PATH_INFO']}")]))
    person, client = socket.socketpair()
    with person, client:
        client.setblocking(False)
        for _ in range(2):
            person.sendall(PLAIN)
            assert worker._answered(_connection(client), client)
            answer = person.recv(4_096)
            assert answer.startswith(b"HTTP/1.1 302 Found\r\n")
            assert b"\r\nLocation: https://a.example/l/abc\r\n" in answer
        with pytest.raises(BlockingIOError):
            client.recv(1)
    assert worker.nr == 2


def _broken(_: Mapping[str, Any]) -> Answer | None:
    raise ZeroDivisionError


@pytest.mark.parametrize(
    ("seen", "follow"),
    [
        (PLAIN, lambda _: None),
        (PLAIN, _broken),
        (PLAIN[:30], lambda _: Answer("302 Found", [])),
        (b"POST /o/home/ HTTP/1.1\r\nHost: a\r\n\r\n", lambda _: Answer("302 Found", [])),
    ],
)
def test_what_is_not_answered_at_once_is_left_whole_to_the_server(
    seen: bytes, follow: Callable[[Mapping[str, Any]], Answer | None]
) -> None:
    person, client = socket.socketpair()
    with person, client:
        person.sendall(seen)
        assert not _worker(follow)._answered(_connection(client), client)
        assert client.recv(4_096) == seen
