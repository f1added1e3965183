"""Spark Connect: the engine that is only an address."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from septima.lake.load import load
from septima.lake.mapping import read_mapping
from septima.workspace import Workspace
from tests.servers import free_port
from tests.spark_cluster import SHORT_LIVED

pytestmark = [pytest.mark.spark, pytest.mark.slow]

SCRIPT = """
import sys, septima
workspace = septima.open(sys.argv[1], engine=sys.argv[2])
frame = workspace.metric("revenue", grain="month").to_pandas()
print(list(frame["value"]), list(frame["n"]), workspace.table("deals").count().to_pandas())
"""


@pytest.fixture
def server(spark_session: object, tmp_path: Path) -> Iterator[str]:
    """A Spark Connect server on a free port of this machine."""
    import pyspark

    port = free_port()
    submit = Path(pyspark.__file__).parent / "bin" / "spark-submit"
    settings = {
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.connect.grpc.binding.port": str(port),
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.extraJavaOptions": SHORT_LIVED,
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.warehouse.dir": str(tmp_path / "warehouse"),
    }
    options = [part for name, value in settings.items() for part in ("--conf", f"{name}={value}")]
    command = [
        str(submit),
        "--master",
        "local[1]",
        *options,
        "--class",
        "org.apache.spark.sql.connect.service.SparkConnectServer",
        "spark-internal",
    ]
    log = tmp_path / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, cwd=tmp_path)
        try:
            for _ in range(120):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                assert process.poll() is None, log.read_text()[-3000:]
                time.sleep(0.5)
            yield f"sc://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(30)


def test_figures_by_spark_connect_are_those_of_duckdb(server: str, tmp_path: Path) -> None:
    orders = "order_id,customer_id,ordered_at,revenue\n1,a,2026-01-05,10\n2,b,2026-02-06,30\n3,a,2026-02-07,20\n"
    (tmp_path / "orders.csv").write_text(orders, encoding="utf-8")
    columns = "{order_id: order_id, customer_id: customer_id, ordered_at: ordered_at, revenue: revenue}"
    mapping = f"source: shop\nfiles:\n  - file: orders.csv\n    tables:\n      orders:\n        columns: {columns}\n"
    (tmp_path / "orders.yaml").write_text(mapping, encoding="utf-8")
    workspace = Workspace.create(tmp_path / "shop", organisation="Shop")
    load(workspace.lake, read_mapping(tmp_path / "orders.yaml"))
    command = [sys.executable, "-c", SCRIPT, str(workspace.directory), server]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert ended.returncode == 0, ended.stderr[-3000:]
    assert ended.stdout.strip().splitlines()[-1] == "[10.0, 50.0] [1.0, 2.0] 0"
