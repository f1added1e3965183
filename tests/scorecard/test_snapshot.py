"""Snapshots: complete, never overwritten, whole or absent."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from septima.scorecard import read_snapshot, save_snapshot, snapshots, to_json
from septima.scorecard.card import Figure, Scorecard
from septima.scorecard.snapshot import SnapshotError, from_json

from .stand_ins import card_of, definition_of, history


@pytest.fixture
def card() -> Scorecard:
    definition = definition_of("""
perspectives:
  - id: customer_support
    kpis:
      - {id: cli, weight: 1.5, target: 0.75, owner: Анна}
      - {id: nps, weight: 0.5, target: 0.4, where: {channel: web}}
own: [{id: revenue}]
""")
    return card_of(
        definition,
        cli=history(0.7, Figure(0.75, 0.7, 0.79)),
        nps=history(0.5, None, note="no_data"),
        revenue=history(1, 2),
    )


def test_json_holds_everything_and_gives_the_same_card_back(card: Scorecard) -> None:
    content = to_json(card)
    assert json.loads(json.dumps(content, allow_nan=False)) == content
    assert from_json(content) == card
    assert content["period"] == "2026-Q3"
    assert content["end"] == "2026-10-01"
    assert content["perspectives"][0]["kpis"][0]["figure"] == {"value": 0.75, "lower": 0.7, "upper": 0.79}
    assert content["perspectives"][0]["kpis"][1]["figure"]["value"] is None
    assert content["integral"]["name"] == {"en": "CKPIint", "ru": "CKPIint"}


def test_a_recalculation_is_a_new_snapshot(tmp_path: Path, card: Scorecard) -> None:
    first = save_snapshot(tmp_path / "snapshots", card, author="Анна")
    same_moment = save_snapshot(tmp_path / "snapshots", replace(card, data_version=4))
    later = save_snapshot(tmp_path / "snapshots", replace(card, computed_at=card.computed_at + timedelta(days=1)))
    other = save_snapshot(tmp_path / "snapshots", replace(card, period="2026-Q2"))
    assert len({first, same_moment, later, other}) == 4
    assert read_snapshot(first) == card
    found = snapshots(tmp_path / "snapshots", "2026-Q3")
    assert [snapshot.path for snapshot in found] == [first, same_moment, later]
    assert {(snapshot.author, snapshot.data_version) for snapshot in found} == {("Анна", 3), (None, 4), (None, 3)}
    assert len(snapshots(tmp_path / "snapshots")) == 4
    # Nothing but the snapshots is left.
    assert len(list((tmp_path / "snapshots").iterdir())) == 4


def test_nothing_is_left_where_storing_fails(tmp_path: Path, card: Scorecard, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("septima.durable.os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        save_snapshot(tmp_path, card)
    assert list(tmp_path.iterdir()) == []


def test_an_absent_folder_holds_no_snapshots(tmp_path: Path) -> None:
    assert snapshots(tmp_path / "none") == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "cannot be read as JSON"),
        ("[]", "is not a snapshot of a scorecard"),
        ('{"form": 1, "scorecard": {}}', "is not a snapshot of a scorecard"),
        ('{"form": 99, "scorecard": {}}', "has form 99, while this version reads form 1"),
    ],
)
def test_a_strange_file_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "strange.json"
    path.write_text(text)
    with pytest.raises(SnapshotError, match=f"strange.json: {message}"):
        snapshots(tmp_path)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("start", "yesterday", "scorecard.start is 'yesterday', which is no date"),
        ("data_version", "3", "scorecard.data_version is '3', which does not fit"),
        ("own", {}, "scorecard.own is {}, which does not fit"),
        ("complete", 1, "scorecard.complete is 1, which does not fit"),
    ],
)
def test_a_field_that_does_not_fit_is_named(card: Scorecard, field: str, value: object, message: str) -> None:
    with pytest.raises(SnapshotError, match=message):
        from_json({**to_json(card), field: value})


def test_a_field_that_lacks_is_named(card: Scorecard) -> None:
    content = to_json(card)
    del content["organisation"]
    with pytest.raises(SnapshotError, match="organisation"):
        from_json(content)


def test_an_absent_snapshot_is_told(tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match="there is no such snapshot"):
        read_snapshot(tmp_path / "none.json")
