"""A batch is in the lake once, however often and by whomever it is sent; counts by hand."""

import math
import random
import time
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from septima.lake.append import Appended, append, as_text
from septima.lake.load import TableCounts
from septima.lake.quarantine import quarantined
from septima.lake.sql import LoadError
from septima.lake.store import Lake
from tests.forked import Forked, fork

Rows = Callable[[str, str], list[tuple[Any, ...]]]
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def answer(number: int, **other: object) -> dict[str, object]:
    return {"answer_id": f"a{number}", "instrument": "nps", "question": "recommend", "at": AT, "score": 8, **other}


def test_rows_come_with_their_types_source_and_what_has_no_column(lake: Lake, rows_of: Rows) -> None:
    moscow = AT.astimezone(timezone(timedelta(hours=3)))
    made = append(lake, "answers", [answer(1, at=moscow, page=7, text="Всё «хорошо»;\nда")], "survey", batch="b1")
    assert made == Appended({"answers": TableCounts(read=1, loaded=1)}, 1, repeated=False)
    assert rows_of("answers", 'answer_id, score, text, "at", properties, source') == [
        ("a1", 8.0, "Всё «хорошо»;\nда", datetime(2026, 3, 1, 12), '{"page":7}', "survey")  # noqa: DTZ001 - as the lake keeps times
    ]
    money = {"order_id": "o1", "ordered_at": date(2026, 3, 1), "revenue": Decimal("1234567.8901"), "online": True}
    append(lake, "orders", [money], "till", batch="b1")
    assert rows_of("orders", "revenue, online") == [(Decimal("1234567.8901"), True)]


def test_the_same_batch_again_changes_nothing_and_says_so(lake: Lake, rows_of: Rows) -> None:
    first = append(lake, "answers", [answer(1), answer(2)], "survey", batch="b1")
    append(lake, "answers", [answer(1, score=3)], "survey", batch="b2")
    again = append(lake, "answers", [answer(1), answer(2)], "survey", batch="b1")
    assert again == Appended(first.tables, 2, repeated=True)
    assert lake.version == 2
    assert rows_of("answers", "answer_id, score") == [("a1", 3.0), ("a2", 8.0)]


def test_a_batch_that_changed_nothing_is_remembered_too(lake: Lake, rows_of: Rows) -> None:
    append(lake, "answers", [answer(1)], "survey", batch="b1")
    assert append(lake, "answers", [answer(1)], "survey", batch="b2").counts == TableCounts(read=1, duplicate=1)
    append(lake, "answers", [answer(1, score=3)], "survey", batch="b3")
    assert append(lake, "answers", [answer(1)], "survey", batch="b2").repeated
    assert rows_of("answers", "score") == [(3.0,)]


def test_a_batch_is_named_within_its_source_and_table(lake: Lake) -> None:
    opened = {"employee_id": "e1", "customer_id": "c1", "at": AT}
    assert append(lake, "answers", [answer(1)], "survey", batch="b").counts.loaded == 1
    assert append(lake, "accesses", [opened], "survey", batch="b").counts.loaded == 1
    assert append(lake, "answers", [answer(2)], "kiosk", batch="b").counts.loaded == 1


def test_a_changed_answer_replaces_the_earlier_one_and_columns_not_named_stay(lake: Lake, rows_of: Rows) -> None:
    append(lake, "answers", [answer(1, text="slow")], "survey", batch="b1")
    made = append(lake, "answers", [answer(1, score=4), answer(1, score=5)], "survey", batch="b2")
    assert made.counts == TableCounts(read=2, updated=1, duplicate=1)
    assert rows_of("answers", "score, text") == [(5.0, "slow")]


def test_bad_rows_go_to_quarantine_and_the_others_are_loaded(lake: Lake, rows_of: Rows) -> None:
    records = [answer(1), answer(2, score="many"), {"question": "recommend"}, {}, answer(3, score=[1])]
    made = append(lake, "answers", records, "survey", batch="b1")
    assert made.counts == TableCounts(read=5, loaded=1, quarantined=4)
    found = {(entry.file, entry.row, entry.column, entry.reason) for entry in quarantined(lake)}
    assert ("batch b1", 2, "score", "not a number") in found
    assert ("batch b1", 3, "answer_id", "empty, but answer_id must be there") in found
    assert {row for _, row, _, _ in found} == {2, 3, 4, 5}
    orders = append(lake, "orders", [{"order_id": "o", "ordered_at": AT, "status": "lost"}], "till", batch="b1")
    assert orders.counts == TableCounts(read=1, quarantined=1)


def test_what_cannot_be_taken_at_all_is_told_and_writes_nothing(lake: Lake) -> None:
    with pytest.raises(LoadError, match="no table 'quarantine'"):
        append(lake, "quarantine", [{}], "survey", batch="b")
    with pytest.raises(LoadError, match="needs a name"):
        append(lake, "answers", [answer(1)], "survey", batch="")
    with pytest.raises(LoadError, match="record 1 of answers: source is filled"):
        append(lake, "answers", [answer(1, source="x")], "survey", batch="b")
    with pytest.raises(LoadError, match="at most"):
        append(lake, "answers", [answer(1)] * 100_001, "survey", batch="b")
    assert append(lake, "answers", [], "survey", batch="b").counts == TableCounts()
    assert lake.version == 0


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(), min_size=1, max_size=5))
def test_no_text_breaks_a_batch_or_is_lost(lake: Lake, texts: list[str]) -> None:
    records = [answer(number, text=text, **{text or "empty": text}) for number, text in enumerate(texts)]
    records = [record for record in records if not {"source", "loaded_at"} & set(record)]
    counts = append(lake, "answers", records, "survey", batch=uuid.uuid4().hex).counts
    assert counts.read == len(records) == counts.loaded + counts.updated + counts.duplicate + counts.quarantined


def test_many_small_batches_leave_few_files(lake: Lake, rows_of: Rows) -> None:
    for number in range(45):
        append(
            lake,
            "answers",
            [answer(number), answer(number, answer_id=f"bad{number}", score="x")],
            "s",
            batch=str(number),
        )
    assert len(lake.files("answers")) < 20
    assert len(lake.files("quarantine")) < 20
    assert rows_of("answers", "count(*), count(DISTINCT answer_id)") == [(45, 45)]
    assert rows_of("quarantine", "count(*), count(DISTINCT file)") == [(45, 45)]


def append_them(say: Callable[[tuple[int, bool]], None], root: Path, writer: str, batches: int) -> None:
    """Append batches of twenty; tells of each whether it was there before."""
    lake = Lake.open(root)
    for batch in range(batches):
        rows = [answer(0, answer_id=f"{writer}-{batch}-{row}") for row in range(20)]
        say((batch, append(lake, "answers", rows, "survey", batch=f"{writer}-{batch}").repeated))


def start(lake: Lake, writer: str, batches: int) -> Forked:
    return fork(append_them, lake.root, writer, batches)


def test_two_writers_at_once_lose_nothing(lake: Lake, rows_of: Rows) -> None:
    both = [start(lake, writer, 8) for writer in ("one", "two")]
    assert [process.end() for process in both] == [(0, [(batch, False) for batch in range(8)])] * 2
    assert rows_of("answers", "count(*), count(DISTINCT answer_id)") == [(320, 320)]


def test_two_who_send_the_same_batch_at_once_land_it_once(lake: Lake, rows_of: Rows) -> None:
    both = [start(lake, "same", 4) for _ in range(2)]
    said = sorted(each for process in both for each in process.end()[1])
    assert said == [(batch, repeated) for batch in range(4) for repeated in (False, True)]
    assert lake.version == 4
    assert rows_of("answers", "count(*)") == [(80,)]


@pytest.mark.slow
def test_killed_at_any_moment_every_batch_is_there_whole_once(lake: Lake, rows_of: Rows) -> None:
    generator = random.Random(5)  # noqa: S311 - moments to kill at, not secrets
    confirmed: set[int] = set()
    for _ in range(15):
        process = start(lake, "w", 40)
        time.sleep(generator.uniform(0.05, 1.2))
        process.kill()
        # What was said to be in must be in, whatever became of the process.
        confirmed |= {batch for batch, _ in process.end()[1]}
        whole = rows_of("answers", "CAST(string_split(answer_id, '-')[2] AS INTEGER), answer_id")
        per_batch: dict[int, int] = {}
        for batch, _id in whole:
            per_batch[batch] = per_batch.get(batch, 0) + 1
        assert set(per_batch.values()) <= {20}
        assert confirmed <= set(per_batch)
    assert start(lake, "w", 40).end()[0] == 0
    assert rows_of("answers", "count(*), count(DISTINCT answer_id)") == [(800, 800)]


def test_unknown_folder_of_batches_does_not_trouble_a_new_lake(tmp_path: Path) -> None:
    lake = Lake.create(tmp_path / "lake")
    assert not (lake.root / "batches").exists()
    append(lake, "answers", [answer(1)], "survey", batch="../../x")
    assert [path.suffix for path in (lake.root / "batches").iterdir()] == [".json"]


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ({"n": math.inf, "of": [math.nan, {"m": (1, -math.inf)}]}, '{"n":null,"of":[null,{"m":[1,null]}]}'),
        ({"n": 1.5}, '{"n":1.5}'),
    ],
)
def test_numbers_that_are_none_leave_json_that_everybody_reads(value: object, kept: str) -> None:
    assert as_text(value) == kept
