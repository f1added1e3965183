"""Down to the rows: who may, what is noted, what a spreadsheet gets."""

import io
from collections.abc import Callable

import openpyxl
import pytest
from django.test import Client

from septima.schema import Text
from septima.scorecard.explanation import Explanation, Rows
from septima.web.accounts.models import AuditEvent
from septima.web.scorecards import drilling
from tests.web.scorecards.conftest import PAGE, PERIOD

NPS = f"{PAGE}card/of/customer_support/nps/"


def test_a_kpi_is_shown_with_its_passport_and_by_slices(leader: Client) -> None:
    page = leader.get(f"{NPS}?period={PERIOD}&split=segment&wait=1").content.decode()
    assert "Minimum sample" in page
    assert "split=segment&amp;part=mass" in page
    assert "The rows behind this figure" in page


def test_a_viewer_sees_the_kpi_but_no_way_to_its_rows(as_role: Callable[[str], Client]) -> None:
    client = as_role("viewer")
    page = client.get(f"{NPS}?period={PERIOD}&split=segment&wait=1").content.decode()
    assert "Minimum sample" in page
    assert "rows/" not in page
    assert client.get(f"{NPS}rows/?period={PERIOD}").status_code == 403


def test_rows_are_those_of_the_slice_and_opening_them_is_noted(leader: Client) -> None:
    page = leader.get(f"{NPS}rows/?period={PERIOD}&split=channel&part=email").content.decode()
    assert "AN000" in page
    assert "<td>call_centre</td>" not in page
    event = AuditEvent.objects.get(action="card.rows_opened")
    assert event.subject == "customer_support/nps"


@pytest.mark.parametrize("place", ["nowhere", "customer_support/none", "customer_support/revenue"])
def test_a_place_that_the_card_has_not_is_not_found(place: str, leader: Client) -> None:
    assert leader.get(f"{PAGE}card/of/{place}/?period={PERIOD}").status_code == 404


def test_exported_cells_are_no_formulas(leader: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = Rows("answers", ("text", "score"), (("=HYPERLINK(1)", 5.0), ("+7 900", None)), False)
    label = Text("NPS", "NPS")
    found = Explanation("customer_support/nps", "kpi", label, PERIOD, "2026-Q2", rows=(rows,))
    monkeypatch.setattr(drilling, "_explained", lambda *_: found)
    csv = b"".join(leader.get(f"{NPS}rows/?period={PERIOD}&form=csv").streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    assert csv.splitlines() == ["text,score", "'=HYPERLINK(1),5.0", "'+7 900,"]
    book = openpyxl.load_workbook(io.BytesIO(leader.get(f"{NPS}rows/?period={PERIOD}&form=xlsx").content))
    sheet = book.worksheets[0]
    assert sheet["A2"].data_type == "s"
    assert sheet["B2"].value == 5
    assert AuditEvent.objects.filter(action="card.rows_exported").count() == 2
