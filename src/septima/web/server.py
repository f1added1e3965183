"""The site's processes: gunicorn, which answers, the worker, which does what takes long, and the one that sends letters on time."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

from gunicorn.app.base import BaseApplication

_LOOKED_AT_EVERY_S = 2.0


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


def serve(host: str, port: int, *, workers: int, development: bool) -> None:
    """Answer until the process is told to end; the worker and the sender of letters live as long."""
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
    beside = _Beside(
        ["db_worker", "--interval", "0.5"],
        ["send_letters", "--every", "600"],
        ["bring_in", "--every", "1"],
    )
    try:
        _Server(options).run()
    finally:
        # Processes that answer were forked from this one and leave by the same door.
        if os.getpid() == ours:
            beside.end()


class _Beside:
    """Processes beside those that answer; one that ends by itself is begun anew."""

    def __init__(self, *commands: list[str]) -> None:
        self._processes = {tuple(command): _begun(command) for command in commands}
        self._ending = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while not self._ending.wait(_LOOKED_AT_EVERY_S):
            for command, process in self._processes.items():
                if process.poll() is not None:
                    self._processes[command] = _begun(list(command))

    def end(self) -> None:
        """Let all of them end what they are at."""
        self._ending.set()
        for process in self._processes.values():
            process.terminate()
        for process in self._processes.values():
            process.wait(timeout=30)


def _begun(command: list[str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-m", "django", *command])  # noqa: S603 - our own commands
