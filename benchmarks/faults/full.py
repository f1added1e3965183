"""A small disk of its own, in memory, that is filled to the last byte and emptied again."""

import errno
import subprocess
from pathlib import Path
from types import TracebackType

_SIZE_MB = 256
_PIECE = b"\0" * 65_536


class Disk:
    """A file system at a folder for as long as the `with` block lasts; it takes the right to mount."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._ballast = place / "ballast"

    def __enter__(self) -> "Disk":
        self._place.mkdir(parents=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={_SIZE_MB}m", "tmpfs", self._place], check=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        subprocess.run(["umount", self._place], check=True)

    def fill(self) -> None:
        """Leave no room: what is freed meanwhile is taken at once by others."""
        try:
            with self._ballast.open("ab", buffering=0) as file:
                while True:
                    file.write(_PIECE)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise

    def make_room(self) -> None:
        """Take the ballast away."""
        self._ballast.unlink()
