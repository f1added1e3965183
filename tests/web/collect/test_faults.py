"""What goes wrong while messages come: nothing that was acknowledged is lost, nothing is in the lake twice."""

import json
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import InterfaceError, OperationalError
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from septima.lake.sql import LoadError
from septima.web.accounts.models import Organisation
from septima.web.collect import bringing, computing
from septima.web.collect.bringing import Brought, bring
from septima.web.collect.computing import compute_what_came
from septima.web.collect.models import Parcel
from septima.web.surveys.instruments import questions_of
from septima.web.surveys.links import anonymous_address
from septima.web.surveys.models import OPEN, Arrival, Survey
from septima.web.surveys.questions import to_json
from septima.web.work.models import Work
from tests.web.collect.conftest import Inlet
from tests.web.collect.test_receiving import count, send, track

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _no_figures_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tasks are done at once in tests, and all figures take seconds."""
    monkeypatch.setattr("septima.web.collect.management.commands.bring_in.compute_what_came", lambda _: None)


def test_processes_killed_at_random_moments_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    program = [sys.executable, "-W", "ignore", "-m", "tests.web.collect.killed", tmp_path, "3", "17"]
    done = subprocess.run(program, check=True, stdout=subprocess.PIPE, text=True)
    found = json.loads(done.stdout.splitlines()[-1])
    assert found.pop("acknowledged") > 0
    assert found == {"lost": 0, "twice": 0, "left": 0}


@pytest.mark.parametrize("wrong", [OperationalError("database or disk is full"), InterfaceError("closed")])
def test_a_database_that_takes_nothing_is_answered_by_come_again(
    inlet: Inlet, monkeypatch: pytest.MonkeyPatch, wrong: Exception
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise wrong

    with monkeypatch.context() as during:
        during.setattr(Parcel.objects, "bulk_create", refuse)
        answer = send("/v1/batch", {"batch": [track("m1")]})
        assert (answer.status_code, answer["Retry-After"]) == (503, "15")
        during.setattr("septima.web.collect.receiving.source_of", refuse)
        assert send("/v1/track", track("m1")).status_code == 503
    assert not Parcel.objects.exists()
    assert send("/v1/batch", {"batch": [track("m1")]}).status_code == 200


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("size", [0, 700])
def test_a_disk_without_room_leaves_no_parcel_aside_and_it_goes_on_by_itself(
    inlet: Inlet, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    whole = bringing._append  # pyright: ignore[reportPrivateUsage]

    def within(*arguments: Any) -> None:
        with files_no_larger_than(size):
            whole(*arguments)

    for number in range(2):
        send("/v1/batch", {"batch": [track(f"m{number}-{one}", text="x" * 500) for one in range(50)]})
    with monkeypatch.context() as during:
        during.setattr(bringing, "_append", within)
        with pytest.raises(LoadError, match="nothing of this load was written"):
            bring(inlet.organisation)
        call_command("bring_in")  # says so in the log, and lives
    assert list(Parcel.objects.values_list("problem", flat=True)) == ["", ""]
    assert bring(inlet.organisation) == Brought(parcels=2)
    assert count(inlet, "touches") == 100


def test_the_same_messages_again_and_late_and_in_no_order_count_once(inlet: Inlet) -> None:
    old = NOW - timedelta(days=10)
    placed, cancelled = old, old + timedelta(hours=3)

    def order(number: str, name: str, at: datetime) -> dict[str, object]:
        said = {"order_id": "o1", "revenue": 10, "currency": "EUR"}
        return track(number, event=name, timestamp=at.isoformat(), properties=said)

    later = order("m2", "Order Cancelled", cancelled)
    first = order("m1", "Order Completed", placed)
    for batch in ([later], [later, first], [first], [first, later]):
        assert send("/v1/batch", {"batch": batch}).status_code == 200
        bring(inlet.organisation)
    touches = inlet.workspace.table("touches", resolved=False)
    found = {row["touch_id"]: row["at"] for row in touches.select("touch_id", "at").to_pyarrow().to_pylist()}
    assert {name: at.replace(tzinfo=UTC) for name, at in found.items()} == {"site:m1": placed, "site:m2": cancelled}
    (row,) = inlet.workspace.table("orders", resolved=False).to_pyarrow().to_pylist()
    assert (row["status"], row["ordered_at"].replace(tzinfo=UTC), row["revenue"]) == ("cancelled", placed, 10)


def test_a_clock_that_is_put_back_and_forward_loses_and_doubles_nothing(
    inlet: Inlet, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place, days in enumerate((0, -1, 2, -30, 0)):
        monkeypatch.setattr(timezone, "now", lambda days=days: NOW + timedelta(days=days))
        for name in (f"m{place}", "again"):
            assert send("/v1/batch", {"batch": [track(name)]}).status_code == 200
        bring(inlet.organisation)
    assert count(inlet, "touches") == 6
    assert not Parcel.objects.exists()


def _survey(home: Organisation) -> str:
    survey = Survey.objects.create(
        organisation=home,
        name="Ours",
        instrument="nps",
        languages=["en", "ru"],
        questions=to_json(questions_of("nps", {})),
        title_en="Ours",
        title_ru="Наш",
        state=OPEN,
        opens_at=timezone.now() - timedelta(days=1),
    )
    return anonymous_address(survey, "")


def _answer(path: str) -> Any:
    return Client().post(path, {"page": "1", "go": "further", "q-recommend": "9", "q-why": "quick"})


def test_a_respondent_is_told_to_come_again_while_no_answer_can_be_taken(
    home: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _survey(home)

    def refuse(*_: object) -> None:
        raise OperationalError("database or disk is full")

    with monkeypatch.context() as during:
        during.setattr("septima.web.surveys.answering.submit", refuse)
        answer = _answer(path)
    assert (answer.status_code, answer["Retry-After"]) == (503, "15")
    assert "press the button again" in answer.content.decode()
    assert not Arrival.objects.exists()
    assert _answer(path).status_code == 303


def test_answers_whose_task_was_killed_are_brought_all_the_same(home: Organisation, inlet: Inlet) -> None:
    _answer(_survey(home))
    call_command("bring_in")
    assert Arrival.objects.count() == 1  # its own task is still to come
    Arrival.objects.update(arrived_at=timezone.now() - timedelta(minutes=2), batch="begun")
    call_command("bring_in")
    assert not Arrival.objects.exists()
    assert sorted(inlet.workspace.table("answers", resolved=False).question.to_pyarrow().to_pylist()) == [
        "recommend",
        "why",
    ]


def test_figures_are_made_of_what_came_once_and_after_a_pause(inlet: Inlet, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def begin(organisation: Organisation, _: object, version: int) -> Work:
        asked.append(version)
        return Work.objects.create(organisation=organisation, kind="data.compute", key=str(version))

    def end(after: timedelta) -> None:
        begun = timezone.now() - after
        lake = inlet.workspace.lake
        Work.objects.update(
            state="done", begun_at=begun, finished_at=begun, result={"data_version": lake.version, "figures": 1}
        )

    monkeypatch.setattr(computing, "begin_computing", begin)
    assert computing.organisations_that_collect() == []
    send("/v1/batch", {"batch": [track("m1")]})
    bring(inlet.organisation)
    assert computing.organisations_that_collect() == [inlet.organisation]
    assert compute_what_came(inlet.organisation) is not None
    assert compute_what_came(inlet.organisation) is None  # it waits for the worker
    end(timedelta(minutes=1))
    assert compute_what_came(inlet.organisation) is None  # nothing came since
    send("/v1/batch", {"batch": [track("m2")]})
    bring(inlet.organisation)
    Work.objects.update(finished_at=timezone.now())
    assert compute_what_came(inlet.organisation) is None  # it was a moment ago
    Work.objects.update(finished_at=timezone.now() - timedelta(minutes=1))
    assert compute_what_came(inlet.organisation) is not None
    assert asked == [1, 2]


_NASTY = st.sampled_from(
    [
        *(
            "\0",
            "\ud800",
            "\udfff\ud800",
            "\u202e",
            "x" * 3_000,
            "1e999",
            "-0",
            "NaN",
            "2026-02-30",
            "9999-12-31T23:59:59-23:59",
        ),
        *(
            1e308,
            -1e308,
            10**300,
            -(10**18),
            2**63,
            5e-324,
            True,
            None,
            [],
            {},
            [[]],
            {"": {}},
            {"\0": 1},
            {"\ud800": "\udfff"},
        ),
    ]
)
_VALUES = st.recursive(
    _NASTY | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
_FIELDS = st.sampled_from(
    (
        *("messageId", "userId", "anonymousId", "event", "timestamp", "originalTimestamp", "sentAt", "properties"),
        *("traits", "context", "name", "groupId", "previousId", "type"),
    )
)
_NAMES = st.sampled_from(
    ["order_id", "revenue", "currency", "products", "product_id", "quantity", "email", "createdAt"]
)
_EVENTS = st.sampled_from(
    ["Order Completed", "Order Refunded", "Order Cancelled", "Experiment Viewed", "Email Opened", "x"]
)
_MESSAGES = st.builds(
    lambda base, name, odd, said: {**base, "event": name, **odd, **({"properties": said} if said is not None else {})},
    st.sampled_from([{"type": kind, "userId": "c1"} for kind in ("track", "identify", "page", "group", "alias", "?")]),
    _EVENTS,
    st.dictionaries(_FIELDS, _VALUES, max_size=4),
    st.none() | st.dictionaries(_NAMES, _VALUES, max_size=5),
)


def test_hostile_messages_are_refused_or_reach_the_lake_or_its_quarantine(inlet: Inlet) -> None:
    accepted: list[int] = []

    @given(st.lists(_MESSAGES, min_size=1, max_size=4))
    @settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
    def sent(batch: list[dict[str, object]]) -> None:
        answer = send("/v1/batch", {"batch": batch})
        assert answer.status_code in {200, 400}
        if answer.status_code == 200:
            accepted.append(answer.json()["messages"])

    sent()
    assert bring(inlet.organisation) == Brought(parcels=len(accepted))
    assert not Parcel.objects.exists()


def test_raw_oddities_of_json_are_refused_or_reach_the_lake_as_json(inlet: Inlet) -> None:
    def body(number: int, said: bytes) -> bytes:
        return b'{"batch":[{"type":"track","messageId":"m%d","userId":"c1","event":"Seen","properties":%b}]}' % (
            number,
            said,
        )

    taken = [
        *(
            b'{"n":1e999}',
            b'{"n":-1e999,"m":[1e999]}',
            b'{"n":NaN}',
            b'{"n":Infinity}',
            b'{"n":1,"n":2}',
            b'{"\\u0000":"\\u0000"}',
        ),
        *(b'{"t":"\\ud800"}', b'{"":{"":{"":0}}}', b'{"n":1E+308}', b'{"n":0.1e-400}'),
    ]
    refused = [b'{"t":"\xff\xfe"}', b'{"n":01}', b'{"n":' + b"9" * 5_000 + b"}"]
    keys = b"{" + b",".join(b'"%d":0' % key for key in range(1_000_000)) + b"}"
    statuses = [send("/v1/batch", body(number, said)).status_code for number, said in enumerate(taken)]
    assert statuses == [200] * len(taken)
    assert [send("/v1/batch", body(0, said)).status_code for said in [*refused, keys]] == [400] * 4
    assert bring(inlet.organisation) == Brought(parcels=len(taken))
    assert not Parcel.objects.exists()
    touches = inlet.workspace.table("touches", resolved=False)
    kept = touches.properties.to_pyarrow().to_pylist()
    assert len(kept) == len(taken)
    for text in kept:
        json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
