"""Whether the lake still holds the files of an earlier version."""

from pathlib import Path

from deltalake.exceptions import DeltaError

from septima.lake.store import Lake


def lost_tables(lake: Lake, version: int) -> tuple[str, ...]:
    """Tables whose files of that version are gone, as after VACUUM; StoreError where there is no such version."""
    lost: list[str] = []
    for table in lake.commit(version).tables:
        try:
            files = lake.files(table, version)
        except (DeltaError, OSError):  # the log of that version was cleaned away too
            lost.append(table)
        else:
            if not all(Path(file).exists() for file in files):
                lost.append(table)
    return tuple(lost)
