"""A service on loopback that replays the shapes of documented answers, and misbehaves where it is told to."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

Answer = tuple[int, Any]


@dataclass
class Asked:
    """A request as the service saw it."""

    path: str
    query: dict[str, str]
    body: Any
    token: str | None


@dataclass
class Stub:
    """`answer` gives status and content; `faults` are statuses that requests of these numbers get instead, each once."""

    answer: Callable[[Asked], Answer]
    faults: dict[int, int] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    address: str = ""

    def respond(self, asked: Asked) -> tuple[int, Any, dict[str, str]]:
        self.asked.append(asked)
        status = self.faults.pop(len(self.asked), None)
        if status is not None:
            headers = {"Retry-After": "1"} if status == 429 else {}
            return status, {"message": "not now"}, headers
        return *self.answer(asked), {}

    @contextmanager
    def running(self) -> Iterator["Stub"]:
        stub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._serve(None)

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                is_json = "json" in (self.headers.get("Content-Type") or "")
                self._serve(json.loads(raw) if is_json else {k: v[0] for k, v in parse_qs(raw).items()})

            def _serve(self, body: Any) -> None:
                parts = urlsplit(self.path)
                query = {key: values[0] for key, values in parse_qs(parts.query).items()}
                token = (self.headers.get("Authorization") or "").removeprefix("Bearer ") or None
                status, content, headers = stub.respond(Asked(parts.path, query, body, token))
                raw = b"" if content is None else json.dumps(content).encode()
                self.send_response(status)
                for name, value in {
                    **headers,
                    "Content-Type": "application/json",
                    "Content-Length": str(len(raw)),
                }.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, *given: Any) -> None:
                pass

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            stub.address = f"http://127.0.0.1:{server.server_address[1]}"
            Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
            yield self
            server.shutdown()
