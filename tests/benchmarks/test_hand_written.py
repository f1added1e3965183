"""The catalogue against the same figures in hand-written SQL: a second, independent way to every value.

The company is that of the benchmark, with holes punched into it: in every column that may be empty one value in
40 is, some grades are off their scale, and some rows stay in quarantine.
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from benchmarks.generate import generate
from benchmarks.hand_written import QUERIES, connected
from septima.lake.load import load
from septima.lake.mapping import read_mapping
from septima.lake.predictions import save_predictions
from septima.metrics import catalogue, compute
from septima.schema import TABLES
from septima.workspace import Workspace

ORDERS = 20_000
SPOILED = {"answers": {"score": "[null, 200][1 + file_row_number % 2]"}, "deliveries": {"status": "'lost'"}}
Values = dict[str, pd.Series]
QUESTIONS = [f"q{number:02d}" for number in range(1, 12)]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    source, folder = generate(tmp_path_factory.mktemp("source"), ORDERS), tmp_path_factory.mktemp("workspace")
    _punch_holes(source)
    made = Workspace.create(folder / "company")
    load(made.lake, read_mapping(source / "all.yaml"), data=source)
    _predict(made)
    return made.directory


def _predict(company: Workspace) -> None:
    """Keep predictions of any size for every customer, one in 40 of them without a probability."""
    random, customers = np.random.default_rng(0), company.table("customers").select("customer_id").to_pyarrow()
    number = len(customers)
    alive = pa.array(random.random(number), mask=np.arange(number) % 40 == 7)
    amounts = {name: pa.array(random.gamma(2, 3, number)) for name in ("expected_purchases", "value", "lower", "upper")}
    batch = pa.RecordBatch.from_pydict(
        {"customer_id": customers["customer_id"].combine_chunks(), "p_alive": alive, **amounts}
    )
    moment = datetime.fromisoformat("2026-09-30T23:59:59")
    save_predictions(company.lake, [batch], method="bg_nbd", horizon_days=365, at=moment, currency="RUB")


def _punch_holes(source: Path) -> None:
    with duckdb.connect() as connection:
        for file in source.glob("*.parquet"):
            declared = TABLES[file.stem.removeprefix("day-")]
            names = [column[0] for column in connection.execute(f"from '{file}' limit 0").description or ()]
            optional = [name for name in names if not declared.column(name).required and name not in declared.key]
            values = [f"if(hash('{name}' || file_row_number) % 40 = 7, null, {name}) as {name}" for name in optional]
            for name, wrong in SPOILED.get(declared.name, {}).items():
                spoiled = f"if(hash(file_row_number) % 40 = 7, {wrong}, {name}) as {name}"
                values[optional.index(name)] = spoiled
            holes = (
                f"* exclude (file_row_number) replace ({', '.join(values)})"
                if values
                else "* exclude (file_row_number)"
            )
            connection.execute(
                f"create or replace table holed as select {holes} from read_parquet('{file}', file_row_number = true)"  # noqa: S608
            )
            connection.execute(f"copy holed to '{file}' (format parquet)")


@pytest.fixture(scope="module")
def computed(workspace: Path) -> Values:
    results = compute(list(catalogue().values()), Workspace.open(workspace).tables(), grain="month")
    return {name: result.frame.set_index("period")["value"] for name, result in results.items()}


@pytest.fixture(scope="module")
def written(workspace: Path) -> Values:
    values: Values = {}
    with connected(workspace) as connection:
        for query in QUERIES.values():
            frame = connection.execute(query).fetchdf().set_index("month").sort_index()
            values |= {name: frame[name].astype("float64") for name in frame.columns if name in catalogue()}
            values |= {
                name: made(frame.astype("float64"))
                for name, (needed, made) in FROM_SUMS.items()
                if needed in frame.columns
            }
    return values


def _r_squared(frame: pd.DataFrame) -> pd.Series:
    """R² of «would advise» on the ten other questions, from the covariances that the query gives."""
    drivers = [name for name in QUESTIONS if name != "q03"]

    def of_month(row: pd.Series) -> float:
        def covariance(one: str, other: str) -> float:
            return row[f"{min(one, other)}_{max(one, other)}"]

        among = np.array([[covariance(one, other) for other in drivers] for one in drivers], dtype=float)
        with_outcome = np.array([covariance(one, "q03") for one in drivers], dtype=float)
        # As many coefficients as questionnaires, that of the constant among them, fit anything.
        if np.isnan(among).any() or row["n"] <= len(drivers) + 1:
            return np.nan
        return float(with_outcome @ np.linalg.solve(among, with_outcome) / covariance("q03", "q03"))

    return frame.apply(of_month, axis="columns")


# What SQL has no words for is made here of the sums that it gives: a column that tells the query, and the way.
FROM_SUMS: dict[str, tuple[str, Callable[[pd.DataFrame], pd.Series]]] = {
    "driver_importance": ("q03_q03", _r_squared),
}


@pytest.mark.parametrize("metric", sorted(catalogue()))
def test_catalogue_and_hand_written_sql_give_the_same_values(metric: str, computed: Values, written: Values) -> None:
    ours, theirs = computed[metric].align(written[metric])
    in_both = ours.index.isin(computed[metric].index) & ours.index.isin(written[metric].index)
    # Where one of them has no row there is nothing to be counted, and the other says so by 0 or by nothing.
    np.testing.assert_array_equal(ours[~in_both].fillna(0), 0)
    np.testing.assert_array_equal(theirs[~in_both].fillna(0), 0)
    assert np.isfinite(ours[in_both]).any()
    np.testing.assert_allclose(ours[in_both], theirs[in_both], rtol=1e-9, atol=1e-12)
