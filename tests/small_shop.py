"""A small company: the files of its systems, and a workspace that they are loaded into."""

from pathlib import Path

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


def write_sources(folder: Path) -> None:
    """Write the files, and the mapping `shop.yaml`."""
    files = {"orders.csv": ORDERS, "answers.csv": ANSWERS, "complaints.csv": COMPLAINTS, "shop.yaml": MAPPING}
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8")


def make_shop(folder: Path, sources: Path) -> None:
    """Make the workspace and load the files."""
    workspace = Workspace.create(folder, organisation="Лавка", currency="RUB", language="ru")
    load(workspace.lake, read_mapping(sources / "shop.yaml"))
