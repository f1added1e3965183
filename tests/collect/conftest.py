"""A lake in a temporary folder, as for the lake's own tests."""

from tests.lake.conftest import empty_lake, lake, rows_of

__all__ = ["empty_lake", "lake", "rows_of"]
