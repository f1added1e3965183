"""What is asked of a workspace for every page, known without opening it anew: settings, a digest of its definitions, its version.

Reading the settings costs more than a whole page may, so both are read again only when a file has changed.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from septima.lake.store import Lake
from septima.scorecard.audit import WATCHED
from septima.settings import FILE, Settings, SettingsError, no_workspace, read_settings
from septima.web.accounts.models import Organisation
from septima.web.common.workspaces import definitions_digest, open_workspace

Stamp = tuple[str, int, int]


@dataclass(frozen=True)
class Standing:
    """A workspace as it stands now: its settings, the digest of what defines it and the version of its data."""

    settings: Settings
    digest: str
    version: int


def standing(organisation: Organisation) -> Standing:
    """How the workspace of an organisation stands; SettingsError or StoreError where its folder holds none."""
    folder = organisation.directory.absolute()
    stamps = _stamps(folder)
    if not any(name == FILE for name, _, _ in stamps):
        raise SettingsError(no_workspace(folder))
    return Standing(
        _settings(folder, stamps), _digest(organisation, folder, stamps), Lake.open(folder / "lake").version
    )


def _stamps(folder: Path) -> tuple[Stamp, ...]:
    found: list[Stamp] = []
    own = folder / "metrics"
    for path in [*(folder / name for name in WATCHED), *own.glob("*.yaml"), *own.glob("*.yml")]:
        try:
            state = path.stat()
        except FileNotFoundError:
            continue
        found.append((path.relative_to(folder).as_posix(), state.st_mtime_ns, state.st_size))
    return tuple(sorted(found))


@lru_cache(maxsize=64)
def _settings(folder: Path, stamps: tuple[Stamp, ...]) -> Settings:  # pyright: ignore[reportUnusedParameter] # what it is kept by
    return read_settings(folder / FILE)


_digests: dict[tuple[Path, tuple[Stamp, ...]], str] = {}


def _digest(organisation: Organisation, folder: Path, stamps: tuple[Stamp, ...]) -> str:
    known = _digests.get((folder, stamps))
    if known is None:
        known = definitions_digest(open_workspace(organisation))
        if len(_digests) > 256:
            _digests.clear()
        _digests[folder, stamps] = known
    return known
