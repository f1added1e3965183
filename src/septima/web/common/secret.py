"""The site's secret key, made once and kept in the site's folder."""

import secrets
from pathlib import Path

from septima.durable import OWNER_ALONE, write_once

FILE = "secret.key"


def secret_key(folder: Path) -> str:
    """The key by which the site signs; made where there is none, readable by its owner alone."""
    path = folder / FILE
    write_once(path, secrets.token_urlsafe(64), OWNER_ALONE)
    return path.read_text(encoding="ascii")
