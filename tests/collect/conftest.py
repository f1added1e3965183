"""A lake in a temporary folder, as for the lake's own tests."""

from tests.lake.conftest import lake, rows_of

__all__ = ["lake", "rows_of"]
