"""Noise for figures that leave the house: differential privacy by the Laplace mechanism of OpenDP.

What is protected is one record in every sample behind the file: an answer, a message, a delivery, a training. Anyone
who knew all other records could hardly tell from the file whether this one was another (Dwork, McSherry, Nissim & Smith,
2006). The numbers of records are taken as known, for the file tells them in bands. A customer with many records is
protected less: with m of them the bound is m times epsilon.

A mean of n values within [lo, hi] moves by at most (hi − lo) / n when one record is replaced, added or taken away; a
form of it by that times the form's steepest slope; Σ A·x / n by Σ A·Δx / n. What has no such bound gets no noise and
is left out.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import cast

import numpy as np
from filelock import FileLock
from scipy.stats import norm

from septima.durable import write_over
from septima.metrics import Passport
from septima.metrics.estimates import STUDENT, WILSON
from septima.schema import Text
from septima.scorecard.benchmark.errors import BenchmarkError
from septima.scorecard.benchmark.signature import KEYS
from septima.scorecard.card import Figure
from septima.scorecard.composite import GEOMETRIC_FLOOR, Aggregation
from septima.scorecard.normalise import ACHIEVEMENT_LIMIT, Entry, Rule
from septima.scorecard.simulate import bounds_of

BUDGET = 3.0
"""Epsilon that an organisation spends at most, over all its exports, unless it says otherwise."""

_NET_SHARES = ("nps", "nps_classic")
_TAIL = 0.0125
"""Left to sampling and to noise on either side, so that an interval of both leaves out 5 % at most (Bonferroni)."""
_LEDGER = "ledger.json"


@dataclass(frozen=True)
class Reach:
    """How far a figure can move: by one record (`sensitivity`), and by sampling (`error`, the largest standard error)."""

    sensitivity: float
    error: float

    def through(self, slope: float | None) -> "Reach | None":
        """The reach of a form of the figure whose slope is nowhere steeper; None where it has no bound."""
        return None if slope is None else Reach(self.sensitivity * slope, self.error * slope)


def reach_of_mean(passport: Passport, parameters: Mapping[str, object], n: int) -> Reach | None:
    """The reach of a metric that is a mean of n values with bounds; None where it is not known to be one.

    Its standard error is at most (hi − lo) / (2·√n) (Popoviciu, 1935). Metrics of the company's own, those over
    predictions, and indices whose weights come from the data are not vouched for.
    """
    fitted = "first_principal_component" in parameters.values()
    predicted = any(column.startswith("predictions") for column in passport.primary_data)
    if passport.fingerprint is not None or fitted or predicted:
        return None
    if passport.interval == WILSON:
        low, high = 0.0, 1.0
    elif passport.interval == STUDENT or passport.id in _NET_SHARES:
        low, high = bounds_of(passport)
    else:
        return None
    return Reach((high - low) / n, (high - low) / (2 * math.sqrt(n))) if math.isfinite(high - low) else None


def entry_slope(entry: Entry, rule: Rule) -> float | None:
    """The steepest slope of what enters the printed composite over the KPI's value."""
    if entry in ("value", "complement"):
        return 1.0
    if not rule.target:
        return None
    # target / value falls fastest at target / ACHIEVEMENT_LIMIT, below which it is cut.
    return ACHIEVEMENT_LIMIT**2 / rule.target if rule.direction == "less" else 1 / abs(rule.target)


def normalised_slope(rule: Rule) -> float | None:
    """The steepest slope of the 0–100 form over the KPI's value; None where it rests on history, or jumps."""
    if rule.method == "target":
        return 100 / abs(rule.target) if rule.target else None
    if rule.method == "min_max":
        best = rule.target if rule.direction == "target" else rule.best
        return None if rule.worst is None or best is None or rule.worst == best else 100 / abs(best - rule.worst)
    if rule.method == "piecewise" and rule.thresholds is not None:
        steps = (rule.thresholds.watch - rule.thresholds.bad, rule.thresholds.good - rule.thresholds.watch)
        return None if 0 in steps else max(50 / abs(step) for step in steps)
    return None


def reach_of_composite(
    parts: Sequence[Reach | None], weights: Sequence[float], method: Aggregation = "arithmetic"
) -> Reach | None:
    """The reach of Σ A·x / n, or of the geometric mean of 0–100 forms, over parts whose samples are independent.

    One record may stand in the samples of all parts, so their sensitivities add up. With x in [1, 100] the slope of the
    geometric mean over x is nowhere above (A / n)·100^(1 − A / n).
    """
    shares = [weight / len(weights) for weight in weights]
    if method == "geometric":
        shares = [share * (100.0 / GEOMETRIC_FLOOR) ** (1 - share) for share in shares]
    known = [part for part in parts if part is not None]
    if len(known) < len(parts) or not parts:
        return None
    return Reach(
        math.fsum(share * part.sensitivity for share, part in zip(shares, known, strict=True)),
        math.hypot(*(share * part.error for share, part in zip(shares, known, strict=True))),
    )


def noisy(value: float, reach: Reach, epsilon: float, bounds: tuple[float, float]) -> tuple[Figure, float]:
    """The value with Laplace noise that costs at most `epsilon` by OpenDP's own count, and the scale of the noise.

    The interval is no secret of the data: it is as wide as sampling from bounded values and the noise can make it, each at
    97.5 %. Value and interval are cut at `bounds`, which costs nothing (post-processing).
    """
    try:
        from opendp.domains import atom_domain  # noqa: PLC0415 - an extra
        from opendp.measurements import make_laplace  # noqa: PLC0415
        from opendp.metrics import absolute_distance  # noqa: PLC0415
        from opendp.mod import enable_features  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise BenchmarkError(
            Text(
                "noise needs opendp, which is not installed: pip install 'septima[exchange]'",
                "для шума нужен opendp, а\u00a0он не\u00a0установлен: pip install 'septima[exchange]'",
            )
        ) from error
    enable_features("contrib")  # OpenDP asks for it where its own review of a proof is not over
    scale = reach.sensitivity / epsilon * (1 + 1e-9)  # what rounding adds must not pass what was asked for
    mechanism = make_laplace(atom_domain(T=float, nan=False), absolute_distance(T=float), scale=scale)
    spent = float(mechanism.map(reach.sensitivity))
    if spent > epsilon:
        raise BenchmarkError(
            Text(
                f"noise of scale {scale:g} would cost {spent:g}, which is more than {epsilon:g}",
                f"шум масштаба {scale:g} стоил\u00a0бы {spent:g}, больше {epsilon:g}; возьмите --noise больше",
            )
        )
    drawn = float(mechanism(float(value)))
    half = float(norm.isf(_TAIL)) * reach.error + scale * math.log(1 / (2 * _TAIL))
    shown = np.clip([drawn, drawn - half, drawn + half], *bounds)
    return Figure(*(float(number) for number in shown)), scale


@dataclass(frozen=True)
class Spent:
    """What one export cost; `epsilon` is None where it had no noise and hence told all."""

    at: datetime
    period: str
    epsilon: float | None


def read_ledger(workspace: Path) -> tuple[Spent, ...]:
    """What all exports of this workspace cost, oldest first; BenchmarkError where the ledger cannot be read."""
    path = workspace / KEYS / _LEDGER
    try:
        content: object = json.loads(path.read_text(encoding="utf-8"))
        lines = cast("list[dict[str, object]]", content)
        return tuple(
            Spent(datetime.fromisoformat(str(line["at"])), str(line["period"]), _epsilon(line["epsilon"]))
            for line in lines
        )
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BenchmarkError(
            Text(
                f"{path}: cannot be read ({error!r}), so what was spent is not known; bring it back from a copy",
                f"{path}: не\u00a0прочитать ({error!r}), и\u00a0потраченное неизвестно; верните файл из\u00a0копии",
            )
        ) from error


def spend(workspace: Path, spent: Spent, budget: float = BUDGET) -> float:
    """Write down what an export costs, before it is made; returns what is spent in all.

    BenchmarkError where that would pass `budget`; then nothing is written. Exports without noise are written down, and
    pass any budget.
    """
    folder = workspace / KEYS
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with FileLock(folder / f".{_LEDGER}.lock"):
        lines = (*read_ledger(workspace), spent)
        total = math.fsum(line.epsilon or 0.0 for line in lines)
        if spent.epsilon is not None and total > budget + 1e-9:
            before = total - spent.epsilon
            raise BenchmarkError(
                Text(
                    f"{before:g} of the privacy budget of {budget:g} are spent and {spent.epsilon:g} more would pass it; send the "
                    f"file of before again, take a smaller --noise, or decide on a larger --budget",
                    f"из\u00a0бюджета приватности {budget:g} потрачено {before:g}, и\u00a0ещё {spent.epsilon:g} его "
                    "превысят; отправьте прежний файл, возьмите --noise меньше или решитесь на\u00a0больший --budget",
                )
            )
        text = json.dumps([_line(line) for line in lines], indent=1)
        write_over(folder / _LEDGER, text + "\n")
    return total


def _line(spent: Spent) -> dict[str, object]:
    return {"at": spent.at.isoformat(), "period": spent.period, "epsilon": spent.epsilon}


def _epsilon(given: object) -> float | None:
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0 <= given < math.inf:
        raise ValueError(f"epsilon is {given!r}")
    return float(given)
