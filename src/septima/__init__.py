"""Septima, the open CRM scorecard.

`septima.open(directory)` gives a workspace; its tables, metrics and scorecards hang from it.
Importing this module loads no engine, so that programs start quickly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from septima.schema.version import VERSION as __version__  # noqa: N811 - the name that Python knows it by

if TYPE_CHECKING:
    from os import PathLike

    from septima.workspace import Workspace

__all__ = ["__version__", "open"]


def open(directory: str | PathLike[str], *, engine: str | None = None) -> Workspace:
    """Open the workspace in `directory`.

    `engine` (`duckdb`, `local[n]`, `spark://host:port`, `sc://host:port`) goes before `SEPTIMA_ENGINE`
    and before `engine:` of `septima.yaml`. Raises WorkspaceError where there is no workspace.
    """
    from septima.workspace import Workspace

    return Workspace.open(directory, engine=engine)
