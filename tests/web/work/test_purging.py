"""Work that is over is forgotten in time, and with it what it left behind."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from septima.schema import Text
from septima.web.accounts.models import Organisation
from septima.web.data.asking import MEND
from septima.web.scorecards.background import REPORT, report_path
from septima.web.work import kinds
from septima.web.work.kinds import Kind
from septima.web.work.models import Work
from septima.web.work.purging import purge

NOW = timezone.now()


@pytest.fixture
def home(db: None) -> Organisation:
    """An organisation that needs no workspace here."""
    return Organisation.objects.create(name="Home", slug="home", folder="nowhere")


@pytest.fixture
def work_of(home: Organisation, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Work]:
    """Makes work that ended so many days ago, or, without days, has not ended."""
    monkeypatch.setitem(kinds._KINDS, "test", Kind("test", Text("Test", "Проба"), lambda *_: {}))

    def made(name: str, days: float | None, *, kind: str = "test", state: str = "done", **more: object) -> Work:
        ended = None if days is None else NOW - timedelta(days=days)
        asked = NOW - timedelta(days=400)
        return Work.objects.create(
            organisation=home, kind=kind, key=name, state=state, finished_at=ended, asked_at=asked, **more
        )

    return made


def _left() -> set[str]:
    return set(Work.objects.values_list("key", flat=True))


def test_what_ended_long_ago_goes_and_what_goes_on_stays(work_of: Callable[..., Work]) -> None:
    work_of("old", 91)
    work_of("failed", 91, state="failed")
    work_of("waits", None, state="waiting")
    work_of("runs", None, state="running")
    work_of("young", 89)
    assert purge(NOW) == 2
    assert _left() == {"waits", "runs", "young"}


def test_what_was_done_last_of_its_kind_stays_since_pages_read_it(work_of: Callable[..., Work]) -> None:
    work_of("older", 300)
    work_of("last done", 200)
    work_of("failed later", 150, state="failed")
    purge(NOW)
    assert _left() == {"last done"}


def test_a_mend_that_failed_keeps_nobodys_values_for_longer_than_a_week(work_of: Callable[..., Work]) -> None:
    values = {"change": ["email", "somebody@example.org"], "filters": {}}
    work_of("failed", 8, kind=MEND, state="failed", options=values)
    work_of("cancelled", 8, kind=MEND, state="cancelled", options=values)
    work_of("failed lately", 6, kind=MEND, state="failed", options=values)
    work_of("done", 8, kind=MEND)
    purge(NOW)
    assert _left() == {"failed lately", "done"}


def test_an_erasure_is_kept_as_long_as_its_certificate(work_of: Callable[..., Work]) -> None:
    work_of("erasure", 1_000, kind="customers.erase", state="failed")
    purge(NOW)
    assert _left() == {"erasure"}


def test_the_file_of_a_report_goes_with_it(
    work_of: Callable[..., Work], settings: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "SITE_FOLDER", tmp_path)
    old, last = (
        work_of(name, days, kind=REPORT, options={"form": "pdf"}) for name, days in (("old", 95), ("last", 94))
    )
    for one in (old, last):
        report_path(one).parent.mkdir(parents=True, exist_ok=True)
        report_path(one).write_bytes(b"%PDF")
    gone = report_path(old)
    purge(NOW)
    assert not gone.exists()
    assert report_path(last).exists()
