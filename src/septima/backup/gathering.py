"""Holding files as they are at one moment, so that they can be read at leisure while others go on writing.

A second name (a hard link) holds what never changes, whatever its size, and what is only added to; what may be written over
is copied. Where the file system knows no second names all is copied.
"""

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from stat import S_ISREG

from septima.backup.archive import Piece


@dataclass
class Held:
    """Files that are held in a folder of their own, by their place in the backup, and folders, which may be empty."""

    folder: Path
    pieces: dict[str, Piece] = field(default_factory=dict[str, Piece])
    folders: set[str] = field(default_factory=set[str])
    left_out: set[str] = field(default_factory=set[str])
    _number: int = 0

    def hold(self, root: Path, place: str, *, skips: Callable[[str], bool], linked_from: Callable[[str], int]) -> None:
        """Hold all files below `root` under `place`, but those whose path from there `skips`.

        Those of at least `linked_from(path)` bytes are linked. What was held under a name before gives way to what lies there
        now; a file that is removed meanwhile stays as it was held, or out. Links to elsewhere are left out and told of.
        """
        for folder, names, files in os.walk(root):
            own = "" if Path(folder) == root else Path(folder).relative_to(root).as_posix()
            names[:] = sorted(name for name in names if not skips(below(own, name)))
            self.folders.add(below(place, own))
            for name in [*files, *(name for name in names if (Path(folder) / name).is_symlink())]:
                path, relative = Path(folder) / name, below(own, name)
                if skips(relative):
                    continue
                if path.is_symlink():
                    self.left_out.add(below(place, relative))
                    continue
                with suppress(FileNotFoundError):
                    self._hold_file(path, below(place, relative), linked_from(relative))

    def add(self, path: Path, place: str) -> None:
        """Keep a file that nobody else has."""
        status = path.stat()
        self.pieces[place] = Piece(place, path, status.st_size, status.st_mode & 0o777, status.st_mtime_ns)

    def _hold_file(self, path: Path, place: str, linked_from: int) -> None:
        status = path.stat()
        if not S_ISREG(status.st_mode):
            return
        self._number += 1
        target = self.folder / f"{self._number:08d}"
        size = status.st_size
        if size < linked_from or not _linked(path, target):
            shutil.copyfile(path, target)
            size = target.stat().st_size
        self.pieces[place] = Piece(place, target, size, status.st_mode & 0o777, status.st_mtime_ns)


def _linked(path: Path, target: Path) -> bool:
    try:
        os.link(path, target)
    except FileNotFoundError:
        raise
    except OSError:
        return False
    return True


def below(*parts: str) -> str:
    """The parts of a place, put together; those that are empty are none."""
    return "/".join(part for part in parts if part)
