"""The site's processes: gunicorn, which answers, and those that work in the background."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

from gunicorn.app.base import BaseApplication

_LOOKED_AT_EVERY_S = 2.0
_PATIENCE_S = 30.0
_STANDS_BACK, _NICENESS = "db_worker", 15
"""What takes long leaves the processor to who is being answered."""
_BACKGROUND = (
    ["db_worker", "--interval", "0.5"],
    ["send_letters", "--every", "600"],
    ["bring_in", "--every", "1"],
    ["keep_schedule", "--every", "15"],
)
"""What is done beside answering: long work, letters on time, what came over HTTP, and the schedules."""


class _Server(BaseApplication):
    """Gunicorn with our options."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self.options.items():
            self.cfg.set(name, value)  # pyright: ignore[reportOptionalMemberAccess]

    def load(self) -> Callable[..., Any]:
        from septima.web.wsgi import application  # noqa: PLC0415

        return application


def serve(host: str, port: int, *, workers: int, development: bool, alone: bool = False) -> None:
    """Answer until the process is told to end; what works in the background lives as long, unless this is to answer `alone`."""
    options = {
        "bind": f"{host}:{port}",
        "workers": 1 if development else workers,
        "worker_class": "septima.web.tracking.worker.RedirectingWorker",
        "threads": 4,
        "timeout": 120,
        "reload": development,
        "accesslog": None,
        "loglevel": "warning",
        "limit_request_line": 8190,
        "control_socket_disable": True,
    }
    ours = os.getpid()
    beside = _Beside(*(() if alone else _BACKGROUND))
    try:
        _Server(options).run()
    finally:
        # Processes that answer were forked from this one and leave by the same door.
        if os.getpid() == ours:
            beside.end(_PATIENCE_S)


def work() -> None:
    """Do what is done in the background until the process is told to end, and let what is under way come to its end."""
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    beside = _Beside(*_BACKGROUND)
    told.wait()
    beside.end()


class _Beside:
    """Processes beside those that answer; one that ends by itself is begun anew."""

    def __init__(self, *commands: list[str]) -> None:
        self._processes = {tuple(command): _begun(command) for command in commands}
        self._ending = threading.Event()
        self._watching = threading.Thread(target=self._watch, daemon=True)
        self._watching.start()

    def _watch(self) -> None:
        while not self._ending.wait(_LOOKED_AT_EVERY_S):
            for command, process in self._processes.items():
                if process.poll() is not None:
                    self._processes[command] = _begun(list(command))

    def end(self, patience_s: float | None = None) -> None:
        """Let all of them end what they are at, for so long; what is cut off then is begun anew another time."""
        self._ending.set()
        self._watching.join()
        for process in self._processes.values():
            process.terminate()
        for process in self._processes.values():
            try:
                process.wait(patience_s)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _begun(command: list[str]) -> "subprocess.Popen[bytes]":
    process = subprocess.Popen([*_with_us(), sys.executable, "-m", "django", *command])  # noqa: S603 - our own commands
    if command[0] == _STANDS_BACK:
        os.setpriority(os.PRIO_PROCESS, process.pid, _NICENESS)
    return process


def _with_us() -> list[str]:
    """What lets a process end where this one is killed and cannot end it: by util-linux, which every Debian has."""
    found = shutil.which("setpriv")
    return [found, "--pdeathsig", "TERM"] if found else []
