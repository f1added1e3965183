"""Fixtures that every room's tests share."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from tests.small_shop import make_shop, write_sources
from tests.spark_cluster import SHORT_LIVED, spark_cluster

# How long an example takes says more of what else the machine does than of the code.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

REAL_DATA = Path(__file__).parents[2] / "shared" / "data"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests on Spark share one worker, since each worker would start a Spark of its own."""
    for item in items:
        if item.get_closest_marker("spark"):
            item.add_marker(pytest.mark.xdist_group("spark"))


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of public data sets that lies beside the repository."""
    if not REAL_DATA.is_dir():
        pytest.skip(f"the public data sets are not at {REAL_DATA.name} beside the repository")
    return REAL_DATA


@pytest.fixture(scope="session")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a small company, with their mapping."""
    folder = tmp_path_factory.mktemp("sources")
    write_sources(folder)
    return folder


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory, sources: Path) -> Path:
    """The small company's workspace, which tests read and don't change."""
    folder = tmp_path_factory.mktemp("workspaces") / "shop"
    make_shop(folder, sources)
    return folder


@pytest.fixture(scope="session")
def spark_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A session on a standalone cluster of two workers; skips where Java or PySpark is absent."""
    sql = pytest.importorskip("pyspark.sql", reason="PySpark is not installed: pip install 'septima[spark]'")
    if shutil.which("java") is None:
        pytest.skip("Java is not installed, so Spark cannot start")
    folder = tmp_path_factory.mktemp("spark")
    with spark_cluster(folder) as master:
        session = (
            sql.SparkSession.builder.master(master)
            .config("spark.sql.session.timeZone", "UTC")
            .config("spark.sql.shuffle.partitions", "2")
            # Tables of a few rows are computed sooner than code for them is generated.
            .config("spark.sql.codegen.wholeStage", "false")
            .config("spark.sql.adaptive.enabled", "false")
            .config("spark.ui.enabled", "false")
            .config("spark.ui.showConsoleProgress", "false")
            .config("spark.driver.memory", "1g")
            .config("spark.driver.extraJavaOptions", SHORT_LIVED)
            .config("spark.executor.extraJavaOptions", SHORT_LIVED)
            .config("spark.executor.memory", "700m")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.sql.warehouse.dir", str(folder))
            .getOrCreate()
        )
        yield session
        session.stop()
