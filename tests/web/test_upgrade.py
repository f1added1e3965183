"""A site's database of the first version, with rows in every table, keeps them when it is brought up to this one."""

import uuid
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, connections, models
from django.db.migrations.executor import MigrationExecutor
from pytest_django import DjangoDbBlocker

from tests.web.databases import another_database

_ALIAS = "earlier"
_AT = datetime(2026, 3, 1, 10, tzinfo=UTC)


@pytest.fixture
def earlier(transactional_db: None, django_db_blocker: DjangoDbBlocker, tmp_path: Path) -> Iterator[Any]:
    """A database without tables, beside that of the tests."""
    file = nullcontext(str(tmp_path / "earlier.sqlite3"))
    with file if connection.vendor == "sqlite" else another_database() as name:
        connections.databases[_ALIAS] = {**connections.databases["default"], "NAME": name, "CONN_MAX_AGE": 0}
        # By name, as tests are kept from databases that they did not name when they began.
        connections[_ALIAS].connect()
        yield connections[_ALIAS]
        connections[_ALIAS].close()
        del connections[_ALIAS], connections.databases[_ALIAS]


def test_rows_of_the_first_version_are_kept(earlier: Any) -> None:
    ours = [one.label for one in apps.get_app_configs() if one.name.startswith("septima.web.")]
    executor = MigrationExecutor(earlier)
    first = [(label, "0001_initial") for label in ours if (label, "0001_initial") in executor.loader.graph.nodes]
    assert len(first) >= 11
    executor.migrate(first)
    then = executor.loader.project_state(first).apps
    written: dict[tuple[str, str], dict[str, Any]] = {}
    made: dict[str, models.Model] = {}
    for model in _in_order([one for one in then.get_models(include_auto_created=False) if one._meta.app_label in ours]):
        row = model._base_manager.using(_ALIAS).create(**_values(model, made))
        made[model._meta.label_lower] = row
        written[model._meta.app_label, model._meta.model_name] = _raw(earlier, model, row.pk)
    assert len(written) >= 25

    executor = MigrationExecutor(earlier)
    executor.migrate(executor.loader.graph.leaf_nodes())
    assert executor.loader.applied_migrations
    assert not MigrationExecutor(earlier).migration_plan(executor.loader.graph.leaf_nodes())
    for (app, name), before in written.items():
        model = apps.get_model(app, name)
        row = model._base_manager.using(_ALIAS).get()
        after = _raw(earlier, model, row.pk)
        assert {column: after[column] for column in before if column in after} == {
            column: value for column, value in before.items() if column in after
        }, (app, name)
        assert len(set(before) - set(after)) == 0, f"{app}.{name} lost columns with what stood in them"


def _in_order(found: list[type[models.Model]]) -> list[type[models.Model]]:
    """Models after those that they refer to."""
    labels, done, ordered = {one._meta.label_lower for one in found}, set[str](), list[type[models.Model]]()
    while found:
        ready = [one for one in found if _needed(one) & labels <= done]
        assert ready, [one._meta.label for one in found]
        ordered += ready
        done |= {one._meta.label_lower for one in ready}
        found = [one for one in found if one not in ready]
    return ordered


def _needed(model: type[models.Model]) -> set[str]:
    return {
        field.related_model._meta.label_lower
        for field in model._meta.concrete_fields
        if field.is_relation and field.related_model._meta.label_lower != model._meta.label_lower
    }


def _values(model: type[models.Model], made: dict[str, models.Model]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for field in model._meta.concrete_fields:
        if field.primary_key and not field.is_relation:
            continue
        if field.is_relation:
            other = made.get(field.related_model._meta.label_lower)
            if other is not None or not field.null:
                given[field.name] = other
        else:
            given[field.name] = _value(field)
    return given


def _value(field: models.Field[Any, Any]) -> Any:
    """Something that a field of this kind can hold."""
    value = next(value for kind, value in _OF_KIND if isinstance(field, kind))
    return value[: field.max_length or 10] if isinstance(value, str) else value


_OF_KIND: tuple[tuple[type[models.Field[Any, Any]], Any], ...] = (
    (models.BooleanField, True),
    (models.DateTimeField, _AT),
    (models.DateField, date(2026, 3, 1)),
    (models.JSONField, {"a": [1, None, "ё"]}),
    (models.BinaryField, b"\x00\x01\xff"),
    (models.UUIDField, uuid.UUID(int=7)),
    (models.DecimalField, 7),
    (models.FloatField, 7),
    (models.IntegerField, 7),
    (models.SlugField, "one"),
    (models.CharField, "один"),
    (models.TextField, "один"),
)


def _raw(database: Any, model: type[models.Model], pk: object) -> dict[str, Any]:
    """A row by its columns, as the database holds it."""
    table, key = (database.ops.quote_name(name) for name in (model._meta.db_table, model._meta.pk.column))
    with database.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table} WHERE {key} = %s", [pk])  # noqa: S608 - names of our own tables
        names = [one.name if hasattr(one, "name") else one[0] for one in cursor.description]
        (row,) = cursor.fetchall()
    return {
        name: bytes(value) if isinstance(value, memoryview) else value for name, value in zip(names, row, strict=True)
    }
