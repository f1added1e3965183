"""The one place that decides which engine computes: DuckDB in this process, or Apache Spark.

Everything above asks for an Ibis table and cannot tell which it got.
"""

import os
import re
import shutil
import tempfile
import weakref
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir
import pyarrow.parquet as pq

from septima.lake.sql import DEFAULT_MEMORY
from septima.lake.store import Lake, arrow_schema
from septima.schema import SeptimaError, Text

if TYPE_CHECKING:
    from ibis.backends import BaseBackend

DEFAULT_ENGINE = "duckdb"
_BATCH_ROWS = 50_000
_SPARK = re.compile(r"local(\[(\d+|\*)\])?|spark://\S+|sc://\S+|yarn|k8s://\S+")
_FORMS = "duckdb, local[n], spark://host:port, sc://host:port, yarn or k8s://host:port"


class EngineError(SeptimaError):
    """The engine is unknown or cannot start."""


def connect(engine: str = DEFAULT_ENGINE, *, memory: str = DEFAULT_MEMORY) -> "BaseBackend":
    """An Ibis connection to `engine`: duckdb, local[n], spark://…, sc://…, yarn or k8s://…

    `memory` bounds DuckDB, which spills to a temporary folder past it; Spark is told its memory by
    its own settings (spark-defaults.conf or SPARK_CONF_DIR). EngineError says what is missing.
    """
    if engine == "duckdb":
        return _connect_duckdb(memory)
    if _SPARK.fullmatch(engine):
        return _connect_spark(engine)
    raise EngineError(
        Text(
            f"unknown engine {engine!r}; write one of {_FORMS} after `engine:` in septima.yaml or in SEPTIMA_ENGINE",
            f"неизвестный движок «{engine}»; укажите один из\u00a0{_FORMS} после «engine:» в\u00a0septima.yaml или в\u00a0SEPTIMA_ENGINE",
        )
    )


def open_table(backend: "BaseBackend", lake: Lake, name: str, version: int | None = None) -> ir.Table:
    """The table `name` of the lake as of a commit (the newest by default), as an Ibis table."""
    files = lake.files(name, version)
    schema = arrow_schema(lake.schema_of(name))
    if not files:
        # An engine's own reader gives its own kind of moment, which an empty table must have too.
        moment = "timestamp" if backend.name == "pyspark" else "timestamp(6)"
        empty = ibis.memtable(schema.empty_table())
        return empty.cast({name: moment for name, kind in empty.schema().items() if kind.is_timestamp()})
    view = f"{name}_{lake.version if version is None else version}"
    return _read_parquet(backend, files, view)


def write_parquet(rows: ir.Table, path: Path) -> None:
    """Write what an expression gives to one Parquet file at `path`, part by part: memory does not grow with the rows."""
    backend = rows.get_backend()
    if backend.name == "duckdb":
        backend.to_parquet(rows, path)
        return
    # Spark would write a folder of files on the disks of its workers.
    with ExitStack() as stack:
        writer: Any = None
        for batch in rows.to_pyarrow_batches(chunk_size=_BATCH_ROWS):
            writer = writer or stack.enter_context(pq.ParquetWriter(path, batch.schema))
            writer.write_batch(batch)
        if writer is None:
            pq.write_table(rows.schema().to_pyarrow().empty_table(), path)


def _read_parquet(backend: "BaseBackend", files: list[str], view: str) -> ir.Table:
    if backend.name == "pyspark":
        # Ibis reads one path on Spark; Spark itself reads many.
        session: Any = backend._session  # type: ignore[attr-defined]
        session.read.parquet(*files).createOrReplaceTempView(view)
        return backend.table(view)
    return backend.read_parquet(files, table_name=view)  # type: ignore[attr-defined]


def _connect_duckdb(memory: str) -> "BaseBackend":
    spill = tempfile.mkdtemp(prefix="septima-")
    backend = ibis.duckdb.connect(
        memory_limit=memory, temp_directory=spill, TimeZone="UTC", autoinstall_known_extensions=False
    )
    weakref.finalize(backend, shutil.rmtree, spill, ignore_errors=True)
    return backend


def _connect_spark(engine: str) -> "BaseBackend":
    try:
        from pyspark.sql import SparkSession  # pyright: ignore[reportMissingImports]  # an extra
    except ImportError:
        raise _needs(engine, Text("PySpark", "PySpark"), "pip install 'pyspark>=4.1,<5'") from None
    if not engine.startswith("sc://") and shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        raise _needs(engine, Text("Java 17 or newer", "Java\u00a017 или новее"), "apt install default-jre-headless")
    builder = SparkSession.builder.appName("septima")
    builder = builder.remote(engine) if engine.startswith("sc://") else builder.master(engine)
    if engine.startswith("local"):
        builder = builder.config("spark.ui.enabled", "false").config("spark.driver.bindAddress", "127.0.0.1")
    # Spark's own progress bar would run into what a command prints.
    builder = builder.config("spark.ui.showConsoleProgress", "false")
    try:
        session = builder.config("spark.sql.session.timeZone", "UTC").getOrCreate()
    except ImportError as error:
        more = Text("more of PySpark", "дополнение к\u00a0PySpark")
        raise _needs(engine, more, f"pip install 'pyspark[connect]' ({error})") from None
    return ibis.pyspark.connect(session)


def _needs(engine: str, what: Text, command: str) -> EngineError:
    return EngineError(
        Text(
            f"engine {engine!r} needs {what.en}: {command}",
            f"для движка «{engine}» нужно установить: {what.ru}; команда: {command}",
        )
    )
