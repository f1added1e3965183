"""A clock of the site's processes that is put back and forward, by Debian's libfaketime."""

from collections.abc import Mapping
from pathlib import Path


class Clock:
    """The clock that processes with this environment see; how long things take they see truly."""

    def __init__(self, path: Path, library: Path) -> None:
        self._path, self._library = path, library
        self.shift(0)

    @property
    def environment(self) -> Mapping[str, str]:
        """What processes need to see this clock."""
        return {
            "LD_PRELOAD": str(self._library),
            "FAKETIME_TIMESTAMP_FILE": str(self._path),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DONT_RESET": "1",
            "NO_FAKE_STAT": "1",
        }

    def shift(self, seconds: float) -> None:
        """Show the true time and so many seconds more."""
        written = self._path.with_suffix(".new")
        written.write_text(f"{seconds:+.0f}\n", encoding="ascii")
        written.replace(self._path)


def library() -> Path:
    """Where libfaketime is; RuntimeError where it is not installed."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    if not found:
        raise RuntimeError("libfaketime is not installed: apt-get install libfaketime")
    return found[0]
