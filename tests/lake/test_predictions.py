"""Predictions are kept part by part and replaced as a whole."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from septima.lake.predictions import save_predictions
from septima.lake.store import Lake

AT = datetime.fromisoformat("2026-09-30T23:59:59")


def batch(*customers: str, alive: float | None = 0.5) -> pa.RecordBatch:
    number = len(customers)
    return pa.RecordBatch.from_pydict(
        {
            "customer_id": list(customers),
            "p_alive": pa.array([alive] * number, pa.float64()),
            "expected_purchases": pa.array([2.0] * number),
            "value": pa.array([10.0] * number),
            "lower": pa.array([9.0] * number),
            "upper": pa.array([11.0] * number),
        }
    )


def save(lake: Lake, *batches: pa.RecordBatch, method: str = "bg_nbd") -> int:
    return save_predictions(lake, batches, method=method, horizon_days=365, at=AT, currency=None)


def test_predictions_take_the_place_of_those_before(tmp_path: Path) -> None:
    lake = Lake.create(tmp_path / "lake")
    assert save(lake, batch("a", "b"), batch("c")) == 3
    before = lake.version
    assert save(lake, batch("a", alive=None), method="sbg") == 1
    (row,) = pq.read_table(lake.files("predictions")).to_pylist()
    assert (row["customer_id"], row["method"], row["p_alive"], row["value"], row["currency"]) == (
        "a",
        "sbg",
        None,
        10,
        None,
    )
    assert (row["at"], row["horizon_days"]) == (AT, 365)
    # What was predicted before is read as of its version.
    assert pq.read_table(lake.files("predictions", before)).num_rows == 3
    assert lake.commit().details == {"method": "sbg", "horizon_days": 365, "customers": 1}


def test_a_prediction_that_fails_half_way_leaves_the_old_one(tmp_path: Path) -> None:
    lake = Lake.create(tmp_path / "lake")
    save(lake, batch("a"))

    def failing() -> Iterator[pa.RecordBatch]:
        yield batch("b")
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="disk is full"):
        save_predictions(lake, failing(), method="sbg", horizon_days=1, at=AT, currency="RUB")
    (row,) = pq.read_table(lake.files("predictions")).to_pylist()
    assert row["customer_id"] == "a"
    assert not any((lake.root / "staging").iterdir())
