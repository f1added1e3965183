"""The simulated peers: their truth is known, so the league can be held to it."""

from datetime import datetime
from pathlib import Path

import numpy as np
from scipy import stats

from septima.demo.peers import PEERS, peer_scores, write_peers
from septima.metrics import parse_period
from septima.models.ranks import rank_confidence_sets
from septima.scorecard.benchmark.files import read_exchange, repeated


def test_the_rank_sets_of_the_league_hold_the_true_order_of_the_peers():
    truth, _, _ = peer_scores(7).integral
    order = (truth[:, None] < truth[None, :]).sum(axis=1) + 1
    covered, surveys = 0, 400
    for survey in range(surveys):
        again, measured, errors = peer_scores(7, survey=survey).integral
        assert (again == truth).all()
        lower, upper = rank_confidence_sets(measured, errors, draws=800, seed=survey)
        covered += bool(((lower <= order) & (order <= upper)).all())
    assert covered >= stats.binom.ppf(0.001, surveys, 0.95)


def test_what_a_peer_publishes_covers_its_truth_as_often_as_it_says():
    hits, tries = 0, 0
    for survey in range(100):
        scores = peer_scores(11, survey=survey)
        hits += int((np.abs(scores.measured - scores.truth) <= 1.96 * scores.errors).sum())
        tries += scores.truth.size
    assert stats.binom.ppf(0.0005, tries, 0.95) <= hits <= stats.binom.ppf(0.9995, tries, 0.95)


def test_files_of_all_peers_are_signed_and_named_as_simulated(tmp_path: Path):
    now = datetime(2026, 10, 2)  # noqa: DTZ001 - naive UTC, as in the file
    written = write_peers(tmp_path, parse_period("2026-Q3"), seed=7, now=now)
    files = [read_exchange(path) for path in written]
    assert [file.content.organisation for file in files] == [peer.name for peer in PEERS]
    assert all("симуляция" in file.content.organisation and file.content.pseudonym for file in files)
    assert len({file.fingerprint for file in files}) == len(PEERS)
    assert repeated(files) == ()
    assert {"government", "non_profit"} <= {file.content.trade for file in files}
    assert all(len(file.content.perspectives) == 7 and file.content.integral is not None for file in files)
