"""Predictions of single customers, kept in the table `predictions`: written part by part, replaced as a whole."""

from collections.abc import Iterable
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq

from septima.lake.store import Lake, arrow_schema
from septima.lake.tables import PREDICTIONS


def save_predictions(
    lake: Lake,
    batches: Iterable[pa.RecordBatch],
    *,
    method: str,
    horizon_days: int,
    at: datetime,
    currency: str | None,
) -> int:
    """Replace the table `predictions` by these; how many there are.

    Each batch has customer_id, p_alive, expected_purchases, value, lower and upper; `at` is the moment (UTC, without a
    zone) up to which purchases were known. Memory does not grow with the customers.
    """
    schema, number = arrow_schema(PREDICTIONS), 0
    made_at = datetime.now(UTC).replace(tzinfo=None)
    same = {
        "method": pa.scalar(method),
        "horizon_days": pa.scalar(horizon_days),
        "currency": pa.scalar(currency, pa.string()),
        "at": pa.scalar(at, pa.timestamp("us")),
        "made_at": pa.scalar(made_at, pa.timestamp("us")),
    }
    with lake.staging() as folder:
        staged = folder / "predictions.parquet"
        with pq.ParquetWriter(staged, schema) as writer:
            for batch in batches:
                own = {name: batch.column(name) for name in batch.schema.names}
                alike = {name: pa.repeat(value, len(batch)) for name, value in same.items()}
                made = pa.table({**own, **alike})
                writer.write_table(made.select(schema.names).cast(schema))
                number += len(batch)
        with lake.write("predictions") as writing:
            for old in writing.files(PREDICTIONS.name):
                writing.remove(PREDICTIONS.name, old)
            target = writing.new_file(PREDICTIONS.name)
            staged.replace(target)
            writing.add(PREDICTIONS.name, target, number)
            writing.details.update({"method": method, "horizon_days": horizon_days, "customers": number})
    return number
