"""A small company's workspace, loaded once, and a way to call commands as a person does."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from septima.cli import main
from septima.lake.load import load
from septima.lake.mapping import read_mapping
from septima.workspace import Workspace

ORDERS = """order_id,customer_id,ordered_at,channel,status,revenue,cost
o1,anna,2026-04-03,web,completed,100,60
o2,boris,2026-05-11,store,completed,300,200
o3,anna,2026-07-12,web,completed,150,90
o4,boris,2026-08-20,web,cancelled,999,1
o5,clara,2026-09-30,store,completed,250,150
o6,clara,2026-09-31,store,completed,250,150
"""
ANSWERS = """answer_id,customer_id,at,score
a1,anna,2026-07-03,9
a2,boris,2026-07-04,5
a3,clara,2026-08-05,3
a4,dina,2026-09-06,10
"""
COMPLAINTS = """complaint_id,customer_id,opened_at,department
p1,anna,2026-04-04,delivery
p2,boris,2026-05-12,delivery
p3,boris,2026-05-13,claims
p4,clara,2026-08-01,delivery
"""
MAPPING = """source: shop
files:
  - file: orders.csv
    tables:
      orders:
        columns: {order_id: order_id, customer_id: customer_id, ordered_at: ordered_at, channel: channel, status: status, revenue: revenue, cost: cost, currency: {constant: RUB}}
  - file: answers.csv
    tables:
      answers:
        columns: {answer_id: answer_id, customer_id: customer_id, at: at, score: score, instrument: {constant: nps}, question: {constant: recommend}}
  - file: complaints.csv
    tables:
      complaints:
        columns: {complaint_id: complaint_id, customer_id: customer_id, opened_at: opened_at, department: department}
"""


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code, and what it wrote."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="session")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sources")
    files = {"orders.csv": ORDERS, "answers.csv": ANSWERS, "complaints.csv": COMPLAINTS, "shop.yaml": MAPPING}
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory, sources: Path) -> Path:
    """A workspace that tests read and don't change."""
    folder = tmp_path_factory.mktemp("workspaces") / "shop"
    workspace = Workspace.create(folder, organisation="Лавка", currency="RUB", language="ru")
    load(workspace.lake, read_mapping(sources / "shop.yaml"))
    return folder


@pytest.fixture
def septima(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """Call a command in this process."""

    def call(*arguments: object) -> Ended:
        monkeypatch.setattr(sys, "argv", ["septima", *(str(argument) for argument in arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        written = capsys.readouterr()
        return Ended(int(ended.value.code or 0), written.out, written.err)

    return call
