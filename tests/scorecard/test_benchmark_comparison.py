"""A league made by hand: percentiles, distances, ranks, warnings, and files that are refused."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from septima.scorecard.benchmark.comparison import FOLDER, Comparison, Gathered, compare, compared, gather
from septima.scorecard.benchmark.errors import BenchmarkError
from septima.scorecard.benchmark.exchange import Noise, SharedComposite
from septima.scorecard.benchmark.files import Signed, signed_bytes
from septima.scorecard.benchmark.signature import SigningKey, fingerprint
from septima.scorecard.card import Figure, Scorecard
from tests.scorecard.stand_ins import card_of, definition_of, history
from tests.scorecard.test_benchmark_files import composite, exchange

DEFINITION = definition_of("""
perspectives:
- id: sales
  kpis:
  - {id: open_rate, weight: 1, target: 1}
""")


def card(figure: Figure | None = None) -> Scorecard:
    """Ours: 0–100 is 80 (70 … 90) unless another figure is given."""
    return card_of(DEFINITION, open_rate=history(0.7, figure or Figure(0.8, 0.7, 0.9)))


def key(number: int) -> SigningKey:
    return SigningKey(bytes([number]) * 32)


def shown(identifier: str, value: float, half: float) -> SharedComposite:
    metrics = ("open_rate",) if identifier == "sales" else ("sales",)
    normalised = Figure(value, value - half, value + half)
    return replace(composite(identifier), metrics=metrics, normalised=normalised)


def peer(number: int, value: float, half: float = 2.0, **changed: object) -> Signed:
    content = exchange(
        organisation=f"Peer {number}",
        integral=shown("integral", value, half),
        perspectives=(shown("sales", value, half),),
        **changed,
    )
    return Signed(Path(f"{number}.json"), content, fingerprint(key(number).public))


def found(
    *files: Signed, known: dict[str, str] | None = None, ours: Scorecard | None = None, **given: object
) -> Comparison:
    return compare(ours or card(), Gathered(files), known or {}, **given)  # type: ignore[arg-type]


def test_a_league_by_hand():
    made = found(peer(1, 95.0), peer(2, 60.0), peer(3, 20.0), peer(4, 40.0))
    league = made.leagues[0]
    assert [(place.rank, place.name) for place in league.places] == [
        (1, "Peer 1"),
        (2, "Ромашка"),
        (3, "Peer 2"),
        (4, "Peer 4"),
        (5, "Peer 3"),
    ]
    own = league.own
    assert own is not None
    # Three of five below and ourselves: 100·3.5/5. The best is 95, the median of 95, 80, 60, 40, 20 is 60.
    assert own.percentile.value == pytest.approx(70)
    assert own.to_best.value == pytest.approx(-15)
    assert own.best == "Peer 1"
    assert own.to_median.value == pytest.approx(20)
    # Errors 10/1.96 = 5.1 and 2/1.96 = 1.02: every gap of 15 or more is 2.9 standard errors of a difference or more.
    assert [place.ranks for place in league.places] == [(1, 1), (2, 2), (3, 3), (4, 4), (5, 5)]


def test_the_interval_of_a_distance_is_that_of_a_difference():
    made = found(peer(1, 90.0, 4.0), peer(2, 50.0), ours=card(Figure(0.7, 0.64, 0.76)))
    own = made.leagues[0].own
    assert own is not None
    # Independent normal errors: the half-widths 6 and 4 join to √(36 + 16) = 7.21.
    assert own.to_best.value == pytest.approx(-20)
    assert own.to_best.lower == pytest.approx(-20 - 52**0.5, abs=0.6)
    assert own.to_best.upper == pytest.approx(-20 + 52**0.5, abs=0.6)


def test_ranks_that_cannot_be_told_apart_are_left_open():
    league = found(peer(1, 82.0, 8.0), peer(2, 78.0, 8.0), peer(3, 20.0)).leagues[0]
    assert {place.name: place.ranks for place in league.places} == {
        "Peer 1": (1, 3),
        "Ромашка": (1, 3),
        "Peer 2": (1, 3),
        "Peer 3": (4, 4),
    }
    own = league.own
    assert own is not None
    assert own.percentile.lower == pytest.approx(37.5)
    assert own.percentile.upper == pytest.approx(87.5)


def test_only_files_of_the_same_days_and_of_the_trade_asked_for_are_compared():
    spring = peer(3, 50.0, start=date(2026, 4, 1), end=date(2026, 7, 1), period="2026-Q2")
    made = found(peer(1, 95.0), peer(2, 60.0, trade="insurance"), spring, trade="government")
    assert [one.name for one in made.others] == ["Peer 1"]
    assert (made.other_periods, made.other_trades) == (1, 1)
    with pytest.raises(BenchmarkError, match=r"nobody of the trade 'education'.*government, insurance"):
        found(peer(1, 95.0), peer(2, 60.0, trade="insurance"), trade="education")
    with pytest.raises(BenchmarkError, match=r"no exchange file of 2026-Q3.*there are of: 2026-Q2"):
        found(spring)
    with pytest.raises(BenchmarkError, match="there are of: no period"):
        found()


def test_other_definitions_unknown_keys_and_noise_are_told():
    odd = peer(2, 60.0, normalisation="min_max", noise=Noise(1.0, ()))
    other = replace(odd.content.perspectives[0], metrics=("nps",))
    odd = replace(odd, content=replace(odd.content, perspectives=(other,)))
    made = found(peer(1, 95.0), odd, known={"Peer 1": fingerprint(key(1).public)})
    assert made.unknown == ("Peer 2",)
    assert [one.trusted for one in made.others] == ["Peer 1", None]
    assert [one.noise for one in made.others] == [None, 1.0]
    assert [league.differing for league in made.leagues] == [(), ("Peer 2",)]
    assert made.others[1].definitions == ("min_max", "arithmetic")


def test_a_partners_name_under_another_key_stops_the_comparison():
    with pytest.raises(BenchmarkError, match="signed with another key"):
        found(peer(1, 95.0), known={"Peer 1": "0" * 64})


def test_our_own_name_under_another_key_stops_the_comparison():
    stranger = peer(1, 95.0)
    stranger = replace(stranger, content=replace(stranger.content, organisation="Ромашка"))
    with pytest.raises(BenchmarkError, match="bears our own name"):
        found(stranger)


def test_who_has_no_figure_has_no_place():
    silent = peer(2, 60.0)
    silent = replace(silent, content=replace(silent.content, integral=None))
    league = found(peer(1, 95.0), silent).leagues[0]
    assert league.absent == ("Peer 2",)
    assert len(league.places) == 2


def test_where_ours_is_undefined_the_others_are_shown_without_us():
    league = found(peer(1, 95.0), peer(2, 60.0), ours=card_of(DEFINITION, open_rate=history(0.7, None))).leagues[0]
    assert league.own is None
    assert [place.name for place in league.places] == ["Peer 1", "Peer 2"]
    assert league.absent == ("Ромашка",)


def test_equal_figures_without_intervals_share_their_ranks():
    exact = [replace(one, content=replace(one.content, integral=replace(shown("integral", 50.0, 0), normalised=Figure(50.0)))) for one in (peer(1, 1), peer(2, 1))]  # fmt: skip
    league = found(*exact).leagues[0]
    assert [(place.rank, place.ranks) for place in league.places][1:] == [(2, (2, 3)), (2, (2, 3))]


def test_a_spoilt_file_of_the_folder_is_told_and_one_that_was_named_is_refused(tmp_path: Path):
    folder = tmp_path / FOLDER
    folder.mkdir()
    for number, value in ((1, 95.0), (2, 60.0), (3, 50.0)):
        (folder / f"{number}.json").write_bytes(signed_bytes(peer(number, value).content, key(number)))
    spoilt = folder / "2.json"
    spoilt.write_bytes(spoilt.read_bytes().replace(b"60", b"61"))
    made = compared(tmp_path, card(), (), folder=folder, own_key=fingerprint(key(3).public))
    assert [one.name for one in made.others] == ["Peer 1"]
    (problem,) = made.problems
    assert problem.en.startswith(f"{spoilt}: the signature does not fit")
    assert problem.ru.startswith(f"{spoilt}: подпись не\u00a0подходит")
    with pytest.raises(BenchmarkError, match="the signature does not fit"):
        compared(tmp_path, card(), [spoilt], folder=folder, own_key=None)


def test_a_file_that_is_named_and_lies_in_the_folder_is_read_once(tmp_path: Path):
    path = tmp_path / "1.json"
    path.write_bytes(signed_bytes(peer(1, 95.0).content, key(1)))
    assert len(gather([path], tmp_path, None).files) == 1


def test_the_same_files_give_the_same_comparison():
    files = (peer(1, 82.0, 8.0), peer(2, 78.0, 8.0))
    assert found(*files).leagues == found(*files).leagues
