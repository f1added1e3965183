"""The pipeline of a connection: dlt reads, keeps the position and lays down Parquet files, which the lake then takes."""

import os
import shutil
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

# dlt asks the environment what to do; it shall tell nobody that it runs, and log nothing of others' data.
os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ["RUNTIME__LOG_LEVEL"] = "CRITICAL"

import dlt
from dlt.common.schema import Schema
from dlt.common.storages.normalize_storage import NormalizeStorage
from dlt.destinations import filesystem
from dlt.extract import DltResource, DltSource

from septima.connect.definition import Connection

ARRIVED = "arrived"
LOADS = "_dlt_loads"
SCHEMA = "connection"
_ROWS_IN_FILE = 200_000
_LAYOUT = "{table_name}.{load_id}.{file_id}.{ext}"


@contextmanager
def open_pipeline(connection: Connection) -> Generator[dlt.Pipeline]:
    """The pipeline with its position, as the last run left it."""
    connection.work.mkdir(parents=True, exist_ok=True)
    for part in ("data_writer", "normalize.data_writer"):
        dlt.config[f"{part}.file_max_items"] = _ROWS_IN_FILE
    pipeline = dlt.pipeline(
        "connection",
        pipelines_dir=str(connection.work / "pipeline"),
        destination=filesystem(
            bucket_url=connection.work.as_uri(), layout=_LAYOUT, warn_unsafe_layout_separators=False
        ),
        dataset_name=ARRIVED,
    )
    _clear(pipeline)
    try:
        yield pipeline
    finally:
        _clear(pipeline)


def _clear(pipeline: dlt.Pipeline) -> None:
    """Remove what nobody comes back to: rows of a reading that did not end, and what went wrong in the words of others.

    Both may hold what is not to lie about; others know nothing of our secrets.
    """
    folder = Path(pipeline.working_dir)
    (folder / "trace.pickle").unlink(missing_ok=True)
    for unfinished in (folder / "normalize").glob("*/"):
        if unfinished.name != NormalizeStorage.EXTRACTED_FOLDER:
            shutil.rmtree(unfinished)


def extract(pipeline: dlt.Pipeline, resources: Sequence[DltResource]) -> None:
    """Read the resources; only when all of them are read whole does the position move."""
    names = {"names": "direct", "json": {"module": "dlt.common.normalizers.json.relational"}}
    schema = pipeline.schemas[SCHEMA] if SCHEMA in pipeline.schemas else Schema(SCHEMA, normalizers=names)  # pyright: ignore[reportArgumentType]
    source = DltSource(schema, SCHEMA, list(resources))
    source.max_table_nesting = 0
    pipeline.extract(source, loader_file_format="parquet")


def lay_down(pipeline: dlt.Pipeline) -> None:
    """Bring everything that was read to the folder of what arrived, also what an earlier run could not."""
    if pipeline.has_pending_data:
        pipeline.normalize()
        pipeline.load(raise_on_failed_jobs=True)
    # What was laid down is not to stand here a second time: it may hold personal data.
    for package in (Path(pipeline.working_dir) / "load" / "loaded").glob("*"):
        shutil.rmtree(package)
