"""The services of the compose file as plain processes: they begin, take an event, bring it to the lake, and end cleanly."""

import base64
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import psycopg
import pytest

from septima.web.accounts.models import token_hash
from septima.workspace import Workspace
from tests.deploy.files import FOLDER, compose, shared_settings
from tests.servers import free_port, running_postgresql

KEY = "septima_write_deploy"
_WAIT_S = 300.0


@pytest.fixture
def database() -> Iterator[str]:
    """The service `database`, from Debian's package: its address."""
    with running_postgresql() as port:
        yield f"postgresql://septima@127.0.0.1:{port}/septima"


class Services:
    """The services of the compose file, with folders, secrets and port of this machine in the place of the container's."""

    def __init__(self, folder: Path, database: str) -> None:
        self.folder, self.port = folder / "data", free_port()
        self._services: dict[str, Any] = compose()["services"]
        self._secrets, self._logs = folder / "secrets", folder / "logs"
        for one in (self.folder, self._secrets, self._logs):
            one.mkdir()
        for name, value in {"database_url": database, "smtp_password": "", "metrics_token": "watch"}.items():
            (self._secrets / name).write_text(f"{value}\n", encoding="utf-8")
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def begin(self, name: str) -> subprocess.Popen[bytes]:
        service = self._services[name]
        plain = {key: value for key, value in os.environ.items() if not key.startswith(("SEPTIMA_", "DJANGO_"))}
        path = f"{Path(sys.executable).parent}:{plain['PATH']}"
        given = {key: self._here(value) for key, value in service["environment"].items()}
        with (self._logs / name).open("wb") as log:
            self.running[name] = subprocess.Popen(
                [self._here(word) for word in service["command"]],
                env={**plain, **shared_settings(), **given, "PATH": path},
                cwd=self.folder,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self.running[name]

    def _here(self, word: str) -> str:
        word = word.replace(FOLDER, str(self.folder)).replace("/run/secrets", str(self._secrets))
        return str(self.port) if word == "8000" else word

    def grace(self, name: str) -> float:
        return float(self._services[name]["stop_grace_period"].removesuffix("s"))

    def log(self, name: str) -> str:
        return (self._logs / name).read_text(encoding="utf-8", errors="replace")

    def ask(self, path: str, body: object = None, **headers: str) -> tuple[int, str]:
        data = None if body is None else json.dumps(body).encode()
        request = Request(f"http://127.0.0.1:{self.port}{path}", data, {"Content-Type": "application/json", **headers})
        try:
            with urlopen(request, timeout=10) as answer:  # noqa: S310 - our own address
                return answer.status, answer.read().decode()
        except HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""


@pytest.fixture
def services(tmp_path: Path, database: str) -> Iterator[Services]:
    made = Services(tmp_path, database)
    yield made
    for process in made.running.values():
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait_for(found: Callable[[], bool], what: Callable[[], str]) -> None:
    until = time.monotonic() + _WAIT_S
    while not found():
        assert time.monotonic() < until, what()
        time.sleep(0.2)


def test_services_begin_take_an_event_and_end_cleanly(services: Services, database: str) -> None:
    assert services.begin("workspace").wait(timeout=_WAIT_S) == 0, services.log("workspace")
    assert services.begin("app") is services.running["app"]
    _wait_for(lambda: services.ask("/readyz")[0] == 200, lambda: services.log("app"))
    assert services.ask("/healthz")[0] == 200
    services.begin("worker")
    assert "Sign in as administrator@localhost" in services.log("app")
    with psycopg.connect(database) as opened:
        opened.execute(
            "INSERT INTO collect_source (organisation_id, name, kind, key_hash, key_ends_in, secret, made_at) "
            "SELECT id, 'shop', 'tracking', %s, 'loy!', '', now() FROM accounts_organisation",
            (token_hash(KEY),),
        )
    sent = {"type": "track", "messageId": "m1", "userId": "c1", "event": "Seen"}
    basic = base64.b64encode(f"{KEY}:".encode()).decode()
    assert services.ask("/v1/track", sent, Authorization=f"Basic {basic}")[0] == 200
    lake = Workspace.open(services.folder / "company").lake
    _wait_for(lambda: lake.version > 0, lambda: services.log("worker"))
    touches = Workspace.open(services.folder / "company").table("touches", resolved=False)
    assert touches["customer_id"].to_pyarrow().to_pylist() == ["c1"]
    by_proxy = {"X-Forwarded-For": "192.0.2.1"}
    assert services.ask("/metrics", **by_proxy)[0] == 404
    status, figures = services.ask("/metrics", Authorization="Bearer watch", **by_proxy)
    assert status == 200
    assert "septima_" in figures
    for name in ("worker", "app"):
        process = services.running[name]
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=services.grace(name)) == 0, services.log(name)
        with pytest.raises(ProcessLookupError):  # no process that it began is left
            os.killpg(process.pid, 0)
        assert "Traceback" not in services.log(name)
