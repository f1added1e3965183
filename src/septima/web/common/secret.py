"""The site's secret key, made once and kept in the site's folder."""

import secrets
from contextlib import suppress
from pathlib import Path

from septima.durable import OWNER_ALONE, write_new

FILE = "secret.key"


def secret_key(folder: Path) -> str:
    """The key by which the site signs; made where there is none, readable by its owner alone."""
    path = folder / FILE
    if not path.exists():
        # Of two processes that begin at once one makes the file whole, and both read that one.
        with suppress(FileExistsError):
            write_new(path, secrets.token_urlsafe(64), OWNER_ALONE)
    return path.read_text(encoding="ascii")
