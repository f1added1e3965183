# ruff: noqa: S608 - the queries are put together from this folder's own words
"""A company of a few thousand customers, simulated once, and its files as tables of DuckDB."""

from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pytest

from septima.demo import Truth, read_truth, simulate

CUSTOMERS = 8_000
QUARTERS = """
CREATE TABLE quarters AS
SELECT number, begins, begins + INTERVAL 3 MONTH AS ends
FROM (SELECT range AS number, TIMESTAMP '2023-10-01' + range * INTERVAL 3 MONTH AS begins FROM range(12));
CREATE VIEW sold AS
SELECT order_no AS order_id, client_no AS customer_id, ordered_at AS moment, CAST(total_rub AS DOUBLE) AS revenue, cost, campaign_id
FROM (SELECT DISTINCT * FROM orders) WHERE state IN ('Оплачен', 'Отгружен', 'Выполнен');
CREATE VIEW complaints_read AS
SELECT *, timezone('UTC', timezone('Europe/Moscow', moment)) AS opened_at
FROM (SELECT *, try_strptime(received, '%d.%m.%Y %H:%M:%S') AS moment FROM complaints) WHERE moment IS NOT NULL;
"""


@dataclass(frozen=True)
class Company:
    """The files, the truth as read back, and a connection that sees each file as a table."""

    folder: Path
    truth: Truth
    connection: duckdb.DuckDBPyConnection

    def rows(self, query: str) -> list[tuple]:
        return self.connection.sql(query).fetchall()

    def number(self, query: str) -> int:
        return self.rows(query)[0][0]

    def by_quarter(self, query: str, moment: str) -> np.ndarray:
        """Rows of `query`, FROM … included, grouped by the quarter of `moment`: an array [quarter, figure], zero without rows."""
        figures, source = query.split(" FROM ", 1)
        grouped = self.rows(f"""
            SELECT number, {figures} FROM quarters JOIN (SELECT * FROM {source}) ON {moment} >= begins AND {moment} < ends
            GROUP BY number""")
        found = np.zeros((12, len(grouped[0]) - 1))
        for number, *values in grouped:
            found[number] = values
        return found


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    folder = tmp_path_factory.mktemp("company")
    simulate(folder, customers=CUSTOMERS, seed=7)
    truth = read_truth(folder)
    connection = duckdb.connect()
    for name in truth.rows:
        connection.read_parquet(str(folder / f"{name}.parquet")).create_view(name)
    for statement in QUARTERS.split(";")[:-1]:
        connection.execute(statement)
    return Company(folder, truth, connection)
