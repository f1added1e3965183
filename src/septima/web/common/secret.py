"""The site's secret key, made once and kept in the site's folder."""

import os
import secrets
from pathlib import Path

FILE = "secret.key"


def secret_key(folder: Path) -> str:
    """The key by which the site signs; made where there is none, readable by its owner alone."""
    path = folder / FILE
    folder.mkdir(parents=True, exist_ok=True)
    try:
        # Of two processes that begin at once one makes the file whole, and both read that one.
        made = folder / f".{FILE}.{os.getpid()}"
        descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(64))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(made, path)
        finally:
            made.unlink()
    except FileExistsError:
        pass
    return path.read_text(encoding="ascii")
