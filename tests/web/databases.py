"""Databases beside that of the tests."""

import uuid
from collections.abc import Generator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def another_database() -> Generator[str]:
    """The name of a PostgreSQL database without tables, which is gone after the block."""
    name = f"another_{uuid.uuid4().hex[:8]}"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
    try:
        yield name
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")
