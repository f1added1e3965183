"""Simulated organisations beside which the demo company stands in the benchmark, with a known truth.

Nine peers of different trades have a true 0–100 score in each of the seven perspectives: a level of the organisation
plus a normal deviation, kept within 30–98. The true CKPIint is their mean. What a peer publishes is the truth plus a
normal error of √(p·(1 − p) / n)·100 for each perspective (p is the score as a share, n its sample), with the 95 %
interval that this error implies; errors are independent. Printed forms are the same scores by a factor of each peer's
own, as definitions would differ. Every peer signs by a key that is thrown away.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from septima.demo.arrays import stream
from septima.metrics import Period
from septima.schema import Text
from septima.scorecard.benchmark.exchange import INTEGRAL, LEAST_GROUP, Exchange, SharedComposite, band_of
from septima.scorecard.benchmark.files import write_exchange
from septima.scorecard.benchmark.signature import new_key
from septima.scorecard.card import Figure
from septima.scorecard.definition import PERSPECTIVES
from septima.scorecard.simulate import NORMAL_95

FloatArray = npt.NDArray[np.float64]

_DEVIATION = 6.0
_LOWEST, _HIGHEST = 30.0, 98.0


@dataclass(frozen=True)
class Peer:
    """A peer of the simulation: what it is called, how well it does, and how many records a perspective of it rests on."""

    name: str
    trade: str
    country: str
    level: float
    sample: int
    factor: float


PEERS = (
    Peer("Пример-Маркет (симуляция)", "online_shop", "RU", 96.0, 1500, 0.0090),
    Peer("Образец-Банк (симуляция)", "bank_telecom", "RU", 95.0, 4000, 0.0075),
    Peer("Условная страховая (симуляция)", "insurance", "KZ", 93.0, 700, 0.0100),
    Peer("Макет-Логистика (симуляция)", "transport", "RU", 92.0, 900, 0.0082),
    Peer("Клиника «Пример» (симуляция)", "healthcare", "AM", 89.0, 400, 0.0095),
    Peer("Учебный центр «Образец» (симуляция)", "education", "RU", 86.0, 250, 0.0110),
    Peer("Окно госуслуг N (симуляция)", "government", "RU", 82.0, 2500, 0.0088),
    Peer("Фонд «Условный» (симуляция)", "non_profit", "BY", 78.0, 120, 0.0105),
    Peer("Макет-Водоканал (симуляция)", "utilities", "KZ", 71.0, 600, 0.0092),
)

_METRICS: dict[str, tuple[str, ...]] = {
    "customer_support": ("cli", "nps", "cci"),
    "marketing": ("open_rate", "click_through_rate"),
    "sales": ("deal_win_rate", "repeat_rate"),
    "governance": ("milestones_on_plan", "completeness"),
    "operations": ("on_time_delivery", "complaints_per_1000_orders"),
    "hr": ("staff_turnover", "training_on_time"),
    "finance": ("gross_margin",),
}
_SERVICES = {"operations": ("steps_on_time", "first_contact_resolution")}
_PUBLIC = {**_SERVICES, "sales": ("active_customers",), "finance": ("cost_per_order",)}
_OWN_METRICS = {
    "bank_telecom": _SERVICES,
    "insurance": _SERVICES,
    "healthcare": _SERVICES,
    "education": _SERVICES,
    "government": _PUBLIC,
    "non_profit": _PUBLIC,
    "utilities": _PUBLIC,
}
"""Where a trade makes a perspective of other metrics than a shop does."""


@dataclass(frozen=True)
class PeerScores:
    """Scores of all peers by perspective, peers × perspectives: the truth, what was measured, and its standard errors."""

    truth: FloatArray
    measured: FloatArray
    errors: FloatArray

    @property
    def integral(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """True CKPIint of each peer, the measured one, and its standard error."""
        count = self.truth.shape[1]
        return self.truth.mean(axis=1), self.measured.mean(axis=1), np.sqrt((self.errors**2).sum(axis=1)) / count


def peer_scores(seed: int, peers: Sequence[Peer] = PEERS, *, survey: int = 0) -> PeerScores:
    """The scores that a seed gives; with another `survey` the same truth is measured anew."""
    chance = stream(seed, "peers", 0)
    levels = np.array([peer.level for peer in peers])[:, None]
    truth = np.clip(levels + _DEVIATION * chance.standard_normal((len(peers), len(PERSPECTIVES))), _LOWEST, _HIGHEST)
    samples = np.array([peer.sample for peer in peers])[:, None]
    errors = 100 * np.sqrt(truth / 100 * (1 - truth / 100) / samples)
    measured = truth + errors * stream(seed, "peers measured", survey).standard_normal(truth.shape)
    return PeerScores(truth, measured, errors)


def write_peers(folder: Path, period: Period, *, seed: int, now: datetime) -> list[Path]:
    """Write a signed exchange file of each peer for the period; BenchmarkError where `cryptography` is not installed."""
    scores = peer_scores(seed)
    written: list[Path] = []
    for at, peer in enumerate(PEERS):
        path = folder / f"peer-{at + 1:02d}-{peer.trade.replace('_', '-')}.json"
        write_exchange(path, _exchange(peer, at, scores, period, now), new_key())
        written.append(path)
    return written


def _exchange(peer: Peer, at: int, scores: PeerScores, period: Period, now: datetime) -> Exchange:
    _, measured, errors = scores.integral
    ids, metrics = tuple(PERSPECTIVES), {**_METRICS, **_OWN_METRICS.get(peer.trade, {})}
    parts = tuple(
        _composite(peer, name, PERSPECTIVES[name], scores.measured[at, place], scores.errors[at, place], metrics[name])
        for place, name in enumerate(ids)
    )
    return Exchange(
        organisation=peer.name,
        pseudonym=True,
        trade=peer.trade,
        country=peer.country,
        period=period.id,
        start=period.start,
        end=period.end,
        made_at=now,
        k=LEAST_GROUP,
        normalisation="target",
        aggregation="arithmetic",
        integral=_composite(peer, INTEGRAL, Text("CKPIint", "CKPIint"), measured[at], errors[at], ids),
        perspectives=parts,
    )


def _composite(
    peer: Peer, identifier: str, name: Text, value: float, error: float, metrics: tuple[str, ...]
) -> SharedComposite:
    bounds = np.clip([value, value - NORMAL_95 * error, value + NORMAL_95 * error], 0, 100)
    normalised = Figure(*(round(float(number), 4) for number in bounds))
    printed = Figure(*(round(float(number) * peer.factor, 6) for number in bounds))
    return SharedComposite(identifier, name, 1.0, metrics, band_of(peer.sample, LEAST_GROUP), printed, normalised)
