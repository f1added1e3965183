"""The quarantine by the site: seen, mended, dismissed, exported."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from septima.lake.load import load
from septima.lake.mapping import parse_mapping
from septima.lake.quarantine import QuarantinedRow, quarantined
from septima.web.accounts.models import AuditEvent, User
from septima.web.common.exports import safe_cell
from septima.web.data.models import Dismissal
from septima.web.data.quarantine_views import sees_values
from septima.web.data.reasons import reason_text
from septima.web.data.waiting import Filters, waiting_number, waiting_page
from septima.web.work.models import Work
from tests.web.data.conftest import Shop, address

MAPPING = """source: till
files:
  - file: orders.csv
    tables:
      orders:
        columns: {order_id: id, customer_id: who, ordered_at: at, revenue: sum}
"""
ORDERS = """id,who,at,sum,note
1,c1,2026-07-01,10,fine
2,c1,2026-07-02,n/a,=1+1
3,c2,2026-07-03,n/a,
4,c2,2026-07-04,many,@cmd
5,c3,2026-13-05,50,
6,c3,2026-07-06,60,fine
"""


@pytest.fixture
def waiting(shop: Shop) -> Shop:
    """The shop with two orders loaded and four rows in quarantine."""
    folder = shop.organisation.directory / "files"
    folder.mkdir()
    (folder / "orders.csv").write_text(ORDERS)
    load(shop.lake, parse_mapping(MAPPING, folder / "mapping.yaml"))
    return shop


def open_rows(shop: Shop) -> dict[int, QuarantinedRow]:
    """What waits, by the row of the file."""
    return {entry.row: entry for entry in quarantined(shop.lake)}


def test_what_waits_is_counted_by_reason_and_paged(waiting: Shop) -> None:
    first = waiting_page(waiting.lake, Filters(), [], limit=3)
    assert (first.total, first.rows, [entry.row for entry in first.entries]) == (4, 4, [3, 4, 5])
    assert {(one.column, one.entries) for one in first.reasons} == {("sum", 3), ("at", 1)}
    rest = waiting_page(waiting.lake, Filters(), [], after=first.after, limit=3)
    assert ([entry.row for entry in rest.entries], rest.after) == ([6], None)
    hidden = waiting_page(waiting.lake, Filters(column="sum"), [first.entries[0].quarantine_id])
    assert [entry.row for entry in hidden.entries] == [4, 5]
    assert waiting_page(waiting.lake, Filters(file="other.csv"), []).total == 0


def test_rows_of_files_with_one_name_are_counted_and_mended_apart(waiting: Shop, analyst: Client) -> None:
    folder = waiting.organisation.directory / "august"
    folder.mkdir()
    (folder / "orders.csv").write_text(ORDERS.replace("\n3,c2", "\n30,c2").replace("n/a", "none"))
    load(waiting.lake, parse_mapping(MAPPING, folder / "mapping.yaml"))
    page = waiting_page(waiting.lake, Filters(), [])
    assert (page.total, page.rows, waiting_number(waiting.lake, [])) == (6, 6, 6)
    there = next(entry for entry in page.entries if '"30"' in (entry.record or ""))
    shown = analyst.get(address("quarantine", there.quarantine_id))
    assert [one.quarantine_id for one, _ in shown.context["problems"]] == [there.quarantine_id]
    analyst.post(address("quarantine", there.quarantine_id, "mend"), {"value-3": "30"})
    assert waiting_number(waiting.lake, []) == 5


def test_the_pages_show_file_row_value_and_reason(waiting: Shop, analyst: Client) -> None:
    text = analyst.get(address("quarantine")).content.decode()
    assert "orders.csv:3" in text
    assert "n/a" in text
    entry = open_rows(waiting)[3]
    page = analyst.get(address("quarantine", entry.quarantine_id))
    assert ("note", "=1+1", False) in page.context["values"]
    assert ("sum", "n/a", True) in page.context["values"]
    assert AuditEvent.objects.filter(action="quarantine.row_seen", subject="orders.csv:3").exists()


def test_one_row_is_mended_and_loaded(waiting: Shop, analyst: Client) -> None:
    entry = open_rows(waiting)[3]
    post = {"value-0": "2", "value-1": "c1", "value-2": "2026-07-02", "value-3": "20", "value-4": "=1+1"}
    answer = analyst.post(address("quarantine", entry.quarantine_id, "mend"), post)
    assert answer.status_code == 302
    assert waiting.count("orders") == 3
    assert 3 not in open_rows(waiting)
    assert len(waiting.computed) == 1
    assert analyst.get(address("quarantine", entry.quarantine_id)).status_code == 200


def test_a_row_that_is_still_wrong_waits_with_its_new_reason(waiting: Shop, analyst: Client) -> None:
    entry = open_rows(waiting)[6]
    post = {"value-0": "5", "value-1": "c3", "value-2": "2026-12-05", "value-3": "fifty", "value-4": ""}
    answer = analyst.post(address("quarantine", entry.quarantine_id, "mend"), post)
    still = open_rows(waiting)[6]
    assert answer["Location"] == address("quarantine", still.quarantine_id)
    assert (still.column, still.value) == ("sum", "fifty")
    assert waiting.count("orders") == 2
    again = analyst.post(address("quarantine", entry.quarantine_id, "mend"), post)
    assert again.status_code == 422
    assert "is open in the quarantine" in again.content.decode()


def test_all_alike_are_mended_at_once_after_a_preview(waiting: Shop, analyst: Client) -> None:
    entry = open_rows(waiting)[3]
    filters = {"reason": entry.reason, "column": "sum", "table": "orders"}
    seen = analyst.post(address("quarantine", "alike"), {**filters, "old": "n/a", "new": "0", "step": "preview"})
    assert (seen.context["number"], [one.row for one in seen.context["shown"]]) == (2, [3, 4])
    assert waiting.count("orders") == 2
    done = {**filters, "old": "n/a", "new": "0", "step": "mend", "once": "press"}
    first = analyst.post(address("quarantine", "alike"), done)
    assert analyst.post(address("quarantine", "alike"), done)["Location"] == first["Location"]
    job = Work.objects.get(kind="data.mend")
    assert (job.state, job.result, job.options) == ("done", {"passed": 2, "wrong": 0}, {})
    assert (waiting.count("orders"), sorted(open_rows(waiting))) == (4, [5, 6])


def test_trying_all_again_changes_nothing_that_is_still_wrong(waiting: Shop, analyst: Client) -> None:
    analyst.post(address("quarantine", "again"), {"column": "sum", "once": "again"})
    job = Work.objects.get(kind="data.mend")
    assert (job.state, job.result) == ("done", {"passed": 0, "wrong": 3})
    assert (waiting.count("orders"), sorted(open_rows(waiting))) == (2, [3, 4, 5, 6])


def test_dismissed_rows_are_kept_counted_and_brought_back(waiting: Shop, analyst: Client) -> None:
    entry = open_rows(waiting)[6]
    dismissal = {"entry": entry.quarantine_id, "why": "a test of the till"}
    analyst.post(address("quarantine", "dismiss"), dismissal)
    analyst.post(address("quarantine", "dismiss"), dismissal)
    assert Dismissal.objects.count() == 1
    page = analyst.get(address("quarantine"))
    assert (page.context["page"].total, page.context["dismissed_number"]) == (3, 1)
    dismissed = analyst.get(address("quarantine") + "?dismissed=1")
    assert [one.row for one, _, _ in dismissed.context["entries"]] == [6]
    assert "a test of the till" in dismissed.content.decode()
    analyst.post(address("quarantine", "restore"), {"entry": entry.quarantine_id})
    assert analyst.get(address("quarantine")).context["page"].total == 4
    assert Dismissal.objects.get().undone_at is not None
    analyst.post(address("quarantine", "dismiss"), {"reason": entry.reason, "why": "all of them"})
    assert analyst.get(address("quarantine")).context["page"].total == 3


def test_nothing_is_dismissed_without_a_reason(waiting: Shop, analyst: Client) -> None:
    analyst.post(address("quarantine", "dismiss"), {"entry": open_rows(waiting)[6].quarantine_id, "why": " "})
    assert not Dismissal.objects.exists()


def test_the_export_holds_no_formulas(waiting: Shop, analyst: Client) -> None:
    answer = analyst.get(f"{address('quarantine')}export.csv?column=sum")
    raw = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    rows = list(csv.DictReader(io.StringIO(raw)))
    assert [row["row"] for row in rows] == ["3", "4", "5"]
    assert {row["value"] for row in rows} == {"n/a", "many"}
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["Cache-Control"] == "no-store"
    User.objects.filter(email="analyst@example.org").update(language="ru")
    again = analyst.get(f"{address('quarantine')}export.csv?column=sum")
    russian = b"".join(again.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    assert list(csv.DictReader(io.StringIO(russian), delimiter=";")) == rows


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_a_cell_that_begins_a_formula_becomes_text(cell: str) -> None:
    assert safe_cell(cell) == f"'{cell}"


def test_other_cells_stay_as_they_are() -> None:
    assert [safe_cell(cell) for cell in ("10", 7, "a=b", "")] == ["10", 7, "a=b", ""]


def test_values_are_for_those_who_see_rows_or_load_data() -> None:
    seeing = {
        role for role in ("administrator", "leader", "head", "analyst", "employee", "viewer") if sees_values(role)
    }
    assert seeing == {"administrator", "leader", "head", "analyst"}


def test_without_that_right_no_value_leaves_the_site(waiting: Shop, analyst: Client, monkeypatch: Any) -> None:
    monkeypatch.setattr("septima.web.data.quarantine_views.sees_values", lambda role: False)
    entry = open_rows(waiting)[5]
    pages = [address("quarantine"), address("quarantine", entry.quarantine_id)]
    texts = [analyst.get(page).content.decode() for page in pages]
    texts.append(b"".join(analyst.get(f"{address('quarantine')}export.csv").streaming_content).decode())  # type: ignore[attr-defined]
    assert all("many" not in text and "@cmd" not in text for text in texts)


def test_only_who_loads_data_changes_the_quarantine(waiting: Shop, as_role: Callable[[str], Client]) -> None:
    entry = open_rows(waiting)[3].quarantine_id
    for role, right in (("leader", 403), ("head", 403), ("viewer", 403), ("employee", 403), ("other", 404)):
        client = as_role(role)
        for path in (f"{entry}/mend", "alike", "again", "dismiss", "restore"):
            assert client.post(f"{address('quarantine')}{path}/", {"entry": entry, "why": "x"}).status_code == right
    assert len(open_rows(waiting)) == 4
    assert not Dismissal.objects.exists()


def test_an_entry_of_another_lake_is_not_there(waiting: Shop, as_role: Callable[[str], Client]) -> None:
    entry = open_rows(waiting)[3].quarantine_id
    stranger = as_role("other")
    assert stranger.get(f"/o/other/data/quarantine/{entry}/").status_code == 404
    assert stranger.post(f"/o/other/data/quarantine/{entry}/mend/").status_code == 404


@pytest.mark.parametrize(
    ("reason", "russian"),
    [
        ("not a number", "не\u00a0число"),
        ("empty, but order_id must be there", "пусто, а\u00a0order_id должно быть заполнено"),
        ("status is one of: paid, new", "status может быть одним из: paid, new"),
        ("something new", "something new"),
    ],
)
def test_reasons_are_told_in_russian(reason: str, russian: str, settings: Any) -> None:
    from django.utils import translation

    with translation.override("ru"):
        assert reason_text(reason) == russian
    with translation.override("en"):
        assert reason_text(reason) == reason
