"""Pages of metrics: found, shown, sliced, taken along."""

import csv
import io
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from django.test import Client
from openpyxl import load_workbook

from septima.schema import SeptimaError, Text
from septima.web.accounts.models import Organisation, User
from septima.web.metrics import chart_script
from septima.web.metrics.asking import Ask
from septima.web.metrics.models import Annotation
from septima.workspace import Workspace
from tests.web.conftest import Site

Sign = Callable[[str], Client]
HTMX = {"HX-Request": "true"}


def test_the_catalogue_is_searched_with_and_without_htmx(site: Site, as_role: Sign):
    client = as_role("viewer")
    page = client.get("/o/home/metrics/?q=NPS").content.decode()
    assert "<html" in page
    assert "/o/home/metrics/of/nps/" in page
    assert "/o/home/metrics/of/revenue/" not in page
    part = client.get("/o/home/metrics/?q=NPS", headers={**HTMX, "HX-Target": "found"}).content.decode()
    assert "<html" not in part
    assert "/o/home/metrics/of/nps/" in part
    nothing = client.get("/o/home/metrics/?q=xylophone").content.decode()
    assert "No metric fits" in nothing


def test_a_page_shows_the_figure_that_the_workspace_gives(site: Site, as_role: Sign, demo_folder: Path):
    expected = Workspace.open(demo_folder).metric("on_time_delivery", grain="quarter").frame
    page = as_role("viewer").get("/o/home/metrics/of/on_time_delivery/?grain=quarter&from=2024-01-01&wait=1")
    shown = page.context["found"].rows
    complete = expected[expected["period"] >= "2024-01-01"]
    assert [row["value"] for row in shown] == pytest.approx(list(complete["value"]), nan_ok=True)
    assert [row["period"] for row in shown] == [stamp.date() for stamp in complete["period"]]
    assert "<svg" in page.content.decode()


def test_what_is_not_kept_is_fetched_after_the_page_and_then_kept(site: Site, as_role: Sign):
    client, address = as_role("viewer"), "/o/home/metrics/of/open_rate/"
    query = "?grain=year&from=2023-01-01"
    first = client.get(address + query).content.decode()
    assert 'hx-get="/o/home/metrics/of/open_rate/figures/?grain=year' in first
    assert "wait=1" in first  # the way without a script
    part = client.get(f"{address}figures/{query}", headers=HTMX).content.decode()
    assert "<svg" in part
    assert "<html" not in part
    assert client.get(address + query).context["found"] is not None
    assert client.get(f"{address}figures/{query}").status_code == 302


def test_recorded_figures_are_shown_at_once(writable: Organisation, as_role: Sign):
    Workspace.open(writable.directory).compute(metrics=["nps"], grains=["quarter"])
    page = as_role("viewer").get("/o/home/metrics/of/nps/")  # without a grain, what is recorded goes first
    assert page.context["found"].recorded
    assert not page.context["found"].behind
    assert page.context["ask"].grain == "quarter"
    assert page.context["page"].newest is not None
    anew = as_role("viewer").get("/o/home/metrics/of/nps/figures/?grain=quarter&anew=1", headers=HTMX)
    assert not anew.context["found"].recorded
    assert anew.context["found"].data_version == Workspace.open(writable.directory).lake.version


def test_what_cannot_be_computed_is_said_in_the_readers_language(
    site: Site, as_role: Sign, monkeypatch: pytest.MonkeyPatch
):
    def refused(*_: object) -> None:
        raise SeptimaError(Text("it cannot be", "так нельзя"))

    monkeypatch.setattr("septima.web.metrics.views.figures_at_once", refused)
    User.objects.filter(email="viewer@example.org").update(language="ru")
    page = as_role("viewer").get("/o/home/metrics/of/nps/")
    assert page.status_code == 422
    assert "так нельзя" in page.content.decode()


def test_slices_have_a_line_and_a_chart_for_each_member(site: Site, as_role: Sign):
    page = as_role("viewer").get("/o/home/metrics/of/nps/?grain=year&from=2024-01-01&by=segment&wait=1")
    found = page.context["found"]
    last = max(row["period"] for row in found.rows if row["complete"])
    members = {row["segment"] or "not stated" for row in found.rows if row["period"] == last}
    assert {line.name for line in page.context["page"].table} == members


def test_an_address_holds_all_that_is_asked_and_what_makes_no_sense_is_passed_over(site: Site, as_role: Sign):
    page = as_role("viewer").get("/o/home/metrics/of/nps/?grain=quarter&by=nonsense&from=xx&to=2026-06-30&look=funnel")
    assert page.status_code == 200
    assert page.context["ask"] == Ask("nps", "quarter", (), None, date(2026, 6, 30))
    assert "grain=quarter&amp;to=2026-06-30" in page.content.decode()


@pytest.mark.parametrize("metric", ["nope", "nps%00", "..%2F..%2Fetc"])
def test_there_is_no_page_of_what_is_no_metric(metric: str, site: Site, as_role: Sign):
    client = as_role("viewer")
    assert client.get(f"/o/home/metrics/of/{metric}/").status_code == 404
    assert client.get("/o/home/metrics/of/nps/export.exe").status_code == 404


def test_looks_that_fit_the_metric_are_drawn(site: Site, as_role: Sign):
    client = as_role("viewer")
    triangle = client.get("/o/home/metrics/of/retention_rate/?look=cohorts&wait=1")
    assert triangle.context["picture"] is not None
    funnel = client.get("/o/home/metrics/of/stage_conversion/?look=funnel&grain=year&wait=1")
    assert funnel.context["picture"] is not None
    flow = client.get("/o/home/metrics/of/department_flow/?look=flow&grain=year&wait=1")
    assert flow.context["picture"] is not None


def test_a_csv_holds_the_numbers_of_the_page(site: Site, as_role: Sign):
    client = as_role("viewer")
    address = "/o/home/metrics/of/nps/"
    rows = client.get(f"{address}?grain=quarter&wait=1").context["found"].rows
    content = client.get(f"{address}export.csv?grain=quarter").content.decode("utf-8-sig")
    table = list(csv.reader(io.StringIO(content)))
    assert len(table) == 1 + len(rows)
    assert [float(line[1]) for line in table[1:]] == pytest.approx([row["value"] for row in rows])
    assert table[1][0] == rows[0]["period"].isoformat()
    russian = client.get(f"{address}export.csv?grain=quarter&language=ru").content.decode("utf-8-sig")
    assert ";" in russian
    assert f"{rows[0]['value']:.10g}".replace(".", ",") in russian


def test_a_workbook_holds_real_numbers_and_no_formula(site: Site, as_role: Sign):
    client = as_role("viewer")
    rows = client.get("/o/home/metrics/of/nps/?grain=quarter&wait=1").context["found"].rows
    book = load_workbook(io.BytesIO(client.get("/o/home/metrics/of/nps/export.xlsx?grain=quarter").content))
    sheet = book.worksheets[0]
    values = [sheet.cell(5 + line, 2).value for line in range(len(rows))]
    assert values == pytest.approx([row["value"] for row in rows])
    assert all(cell.data_type != "f" for one in book.worksheets for line in one.iter_rows() for cell in line)


def test_pictures_and_documents_are_what_they_are_called(site: Site, as_role: Sign):
    client = as_role("viewer")
    assert client.get("/o/home/metrics/of/nps/export.png?grain=quarter").content.startswith(b"\x89PNG")
    assert client.get("/o/home/metrics/of/nps/export.pdf?grain=quarter").content.startswith(b"%PDF")
    sliced = client.get("/o/home/metrics/of/nps/export.png?grain=year&from=2024-01-01&by=segment")
    assert sliced.status_code == 422


def test_the_chart_to_explore_holds_the_same_numbers_and_its_script_is_loaded_only_then(
    site: Site, as_role: Sign, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    client = as_role("viewer")
    page = client.get("/o/home/metrics/of/nps/?grain=quarter&wait=1")
    chart = client.get("/o/home/metrics/of/nps/chart.json?grain=quarter").json()
    drawn = [layer["data"]["values"] for layer in chart["specification"]["layer"] if "data" in layer]
    values = {row["value"] for rows in drawn for row in rows if "value" in row}
    assert {row["value"] for row in page.context["found"].rows if row["complete"]} <= values
    address = f"/o/home/metrics/script/{chart_script.script_version()}.js"
    assert f'data-script="{address}"' in page.content.decode()
    assert f'<script src="{address}"' not in page.content.decode()
    assert client.get("/o/home/metrics/script/0.0.js").status_code == 404
    made = tmp_path / "charts.js.gz"
    made.write_bytes(b"x")
    monkeypatch.setattr(chart_script, "_path", lambda: made)
    answer = client.get(address)
    assert answer["Content-Encoding"] == "gzip"
    assert "immutable" in answer["Cache-Control"]


def test_paths_are_told_of_where_no_journey_is_described(site: Site, as_role: Sign):
    assert "hx-get" in as_role("viewer").get("/o/home/metrics/paths/").content.decode()
    stranger = as_role("other").get("/o/other/metrics/paths/")
    assert "No journey is described yet" in stranger.content.decode()
    assert as_role("viewer").get("/o/home/metrics/paths/?period=nonsense").status_code == 422


def test_marks_are_added_changed_and_removed_by_their_author(site: Site, as_role: Sign):
    client, address = as_role("head"), "/o/home/metrics/of/nps/annotations/"
    sent = {"text": "Повышение цен <b>3 мая</b>", "start": "2026-05-03", "end": "", "query": "grain=quarter"}
    for _ in range(2):  # a second click does no harm
        answer = client.post(address, sent)
        assert answer["Location"] == "/o/home/metrics/of/nps/?grain=quarter"
    mark = Annotation.objects.get()
    assert (mark.metric, mark.start, mark.end) == ("nps", date(2026, 5, 3), date(2026, 5, 3))
    page = client.get("/o/home/metrics/of/nps/?grain=quarter").content.decode()
    assert "Повышение цен &lt;b&gt;3 мая&lt;/b&gt;" in page
    assert "Повышение" not in client.get("/o/home/metrics/of/revenue/?grain=quarter").content.decode()
    changed = {"text": "Акция", "start": "2026-05-03", "end": "2026-05-10", "everywhere": "on"}
    assert client.post(f"{address}{mark.pk}/", changed).status_code == 302
    mark.refresh_from_db()
    assert (mark.metric, mark.end) == ("", date(2026, 5, 10))
    assert "Акция" in client.get("/o/home/metrics/of/revenue/?grain=quarter").content.decode()
    assert client.post(f"{address}{mark.pk}/delete/").status_code == 302
    assert not Annotation.objects.exists()


def test_a_mark_that_ends_before_it_begins_is_refused_with_what_was_written(site: Site, as_role: Sign):
    sent = {"text": "Price change", "start": "2026-05-03", "end": "2026-05-01"}
    answer = as_role("head").post("/o/home/metrics/of/nps/annotations/", sent)
    assert answer.status_code == 422
    assert "before the first" in answer.content.decode()
    assert 'value="Price change"' in answer.content.decode()


def test_nobody_changes_marks_of_others_nor_of_other_organisations(site: Site, as_role: Sign):
    as_role("head").post("/o/home/metrics/of/nps/annotations/", {"text": "x", "start": "2026-05-03"})
    pk = Annotation.objects.get().pk
    address = f"/o/home/metrics/of/nps/annotations/{pk}/"
    assert as_role("viewer").get(address).status_code == 403
    assert as_role("viewer").post("/o/home/metrics/of/nps/annotations/", {}).status_code == 403
    assert as_role("leader").get(address).status_code == 404
    assert as_role("leader").post(f"{address}delete/").status_code == 404
    assert as_role("other").get(address).status_code == 404
    assert Annotation.objects.count() == 1


def test_a_mark_within_the_periods_stands_on_the_chart(site: Site, as_role: Sign):
    client = as_role("head")
    before = client.get("/o/home/metrics/of/nps/?grain=quarter&wait=1").context["page"].pictures[0].wide
    client.post("/o/home/metrics/of/nps/annotations/", {"text": "x", "start": "2026-05-03"})
    after = client.get("/o/home/metrics/of/nps/?grain=quarter&wait=1").context["page"].pictures[0].wide
    assert ">1<" not in before
    assert ">1<" in after
