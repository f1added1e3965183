"""What the engine makes of experiments is the same on DuckDB and on Spark."""

from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from septima.lake.engine import write_parquet
from septima.metrics.compute import request_of
from septima.metrics.definition import Request
from septima.metrics.experiment_assignment import assigned_arms
from septima.metrics.experiment_check import check
from septima.metrics.experiment_design import Design, HeldOut
from septima.metrics.experiment_months import month_effects
from septima.metrics.experiment_outcomes import Window, arm_sums, assigned_customers
from septima.metrics.period import Calendar

from .conftest import Tables, arrow_tables, in_duckdb, in_spark

pytestmark = pytest.mark.spark

START = datetime.fromisoformat("2026-03-10")
MOSCOW = Calendar("Europe/Moscow")


def rows() -> dict[str, list[dict[str, Any]]]:
    random = Random(4)  # noqa: S311
    people = [f"клиент-{number}" for number in range(300)]

    def moment() -> datetime:
        return START + timedelta(seconds=random.randrange(-40 * 86_400, 60 * 86_400))

    return {
        "customers": [
            {"customer_id": name, "segment": random.choice(["a", "b", None]), "region": "north", "created_at": moment()}
            for name in people
        ],
        "assignments": [
            {"experiment_id": "x", "customer_id": name, "arm": random.choice(["control", "letter", "letter", "call"]),
             "assigned_at": START + timedelta(hours=random.randrange(900))}
            for name in people[:250]
        ],
        "orders": [
            {"order_id": f"o{number}", "customer_id": random.choice([*people, None]), "ordered_at": moment(),
             "revenue": random.choice([None, *range(10, 60)]), "currency": random.choice(["EUR", None]),
             "status": random.choice(["completed", "returned", None])}
            for number in range(900)
        ],
        "touches": [
            {"touch_id": f"t{number}", "customer_id": random.choice([*people, None]), "at": moment(),
             "kind": random.choice(["visit", "store_visit", "sent", "opened"]), "direction": random.choice(["in", "out", None]),
             "campaign_id": random.choice(["x", None])}
            for number in range(900)
        ],
    }  # fmt: skip


ARROW = arrow_tables(rows())
DESIGN = Design("y", "соль", {"control": 0.1, "letter": 0.9}, ("segment", "region"), HeldOut("w", 0.1))
PLAIN = Design("z", "соль", {"control": 0.1, "letter": 0.5, "call": 0.4})


def request(tables: Tables) -> Request:
    return request_of(tables, MOSCOW, "EUR")


@pytest.fixture(scope="module")
def embedded() -> Tables:
    return in_duckdb(ARROW)


@pytest.fixture(scope="module")
def on_spark(spark_session: Any, tmp_path_factory: pytest.TempPathFactory) -> Tables:
    return in_spark(spark_session, ARROW, tmp_path_factory.mktemp("tables"))


def test_sums_by_arm(embedded: Tables, on_spark: Tables) -> None:
    here, there = (
        arm_sums(request(tables), assigned_customers(request(tables), "x"), Window(14, 20))
        for tables in (embedded, on_spark)
    )
    assert (here.frame.filter(regex="_y$").sum(axis=1) > 0).all()
    pd.testing.assert_frame_equal(here.frame, there.frame, rtol=1e-9)
    assert (here.known_until, here.mixed_currencies) == (there.known_until, there.mixed_currencies)


def test_checks_and_months(embedded: Tables, on_spark: Tables) -> None:
    here, there = (
        (check(request(tables), "x", unresolved=tables), month_effects(request(tables), "x", "control"))
        for tables in (embedded, on_spark)
    )
    assert here[0].findings == there[0].findings
    for columns in ((one[0].balance for one in (here, there)), (one[1] for one in (here, there))):
        frames = [pd.DataFrame([vars(row) for row in rows]) for rows in columns]
        assert len(frames[0]) > 0
        pd.testing.assert_frame_equal(frames[0], frames[1], rtol=1e-9)


@pytest.mark.parametrize("design", [DESIGN, PLAIN])
def test_arms(embedded: Tables, on_spark: Tables, design: Design, tmp_path: Path) -> None:
    here = assigned_arms(request(embedded), design).to_pandas().sort_values("customer_id", ignore_index=True)
    write_parquet(assigned_arms(request(on_spark), design), tmp_path / "arms.parquet")
    there = pq.read_table(tmp_path / "arms.parquet").to_pandas().sort_values("customer_id", ignore_index=True)
    assert here["arm"].nunique() == len(design.arms)
    pd.testing.assert_frame_equal(here, there, check_dtype=False)
