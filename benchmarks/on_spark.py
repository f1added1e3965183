"""The catalogue by month on a standalone Spark cluster on this machine, with one and with two workers of one core each."""

import tempfile
from pathlib import Path

from benchmarks.measure import run
from tests.spark_cluster import spark_cluster

WORKERS = (1, 2)
_MEMORY = "3g"
_SETTINGS = """\
spark.executor.memory 2g
spark.driver.memory 2g
spark.driver.bindAddress 127.0.0.1
spark.driver.host 127.0.0.1
spark.ui.enabled false
spark.sql.shuffle.partitions 4
"""


def wall_seconds(catalogue: list[str], workers: int) -> float:
    """How long the process `catalogue` takes, its start included, on a cluster of so many workers."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "spark-defaults.conf").write_text(_SETTINGS, encoding="utf-8")
        with spark_cluster(folder, workers, _MEMORY) as master:
            environment = {"SEPTIMA_ENGINE": master, "SPARK_CONF_DIR": name, "SPARK_LOCAL_IP": "127.0.0.1"}
            return run(catalogue, environment).wall
