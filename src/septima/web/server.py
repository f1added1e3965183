"""The site's processes: gunicorn, which answers, the worker, which does what takes long, and the one that sends letters on time."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

from gunicorn.app.base import BaseApplication


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
    commands = (["db_worker", "--interval", "0.5"], ["send_digests", "--every", "600"])
    others = [subprocess.Popen([sys.executable, "-m", "django", *command]) for command in commands]  # noqa: S603 - our own commands
    options = {
        "bind": f"{host}:{port}",
        "workers": 1 if development else workers,
        "worker_class": "gthread",
        "threads": 4,
        "timeout": 120,
        "reload": development,
        "accesslog": None,
        "loglevel": "warning",
        "limit_request_line": 8190,
        "control_socket_disable": True,
    }
    try:
        _Server(options).run()
    finally:
        for process in others:
            process.terminate()
        for process in others:
            process.wait(timeout=30)
