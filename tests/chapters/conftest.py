"""The small company with a card of two KPIs."""

import shutil
from pathlib import Path

import pytest

from septima.workspace import Workspace

CARD = """
perspectives:
  - id: customer_support
    kpis:
      - {id: nps, target: 0.4, normalisation: min_max, worst: -1, best: 1}
      - {id: average_order_value, target: 150}
"""


@pytest.fixture
def workspace(shop: Path, tmp_path: Path) -> Workspace:
    """A copy that a test may write to; figures rest on a handful of records."""
    folder = tmp_path / "shop"
    shutil.copytree(shop, folder)
    (folder / "scorecard.yaml").write_text(CARD, encoding="utf-8")
    return Workspace.open(folder)
