"""Customers to fit models to: the sample of the papers, and simulated ones whose truth is known."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from septima.models.intervals import FloatArray


@dataclass(frozen=True)
class Customers:
    frequency: FloatArray
    recency: FloatArray
    age: FloatArray
    value: FloatArray

    @property
    def histories(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        return self.frequency, self.recency, self.age


def cdnow(folder: Path) -> Customers:
    """The tenth of CDNOW’s customers that the papers fit, over 39 weeks, in weeks and dollars."""
    frame = pd.read_csv(folder / "cdnow" / "cdnow_customers_summary_with_transactions.csv")
    return Customers(*(frame[name].to_numpy(float) for name in ("x", "t_x", "T", "zbar")))


def simulated(
    process: str,
    number: int,
    parameters: tuple[float, float, float, float],
    seed: int,
    purchase: FloatArray | float = 1.0,
) -> Customers:
    """Purchases as the BG/NBD or the Pareto/NBD says they come; `purchase` multiplies each customer’s rate."""
    random = np.random.default_rng(seed)
    r, alpha, third, fourth = parameters
    age = random.uniform(20, 60, number)
    rate = random.gamma(r, 1 / alpha, number) * purchase
    gaps = random.exponential(1 / rate[:, None], (number, 400))
    times = np.cumsum(gaps, axis=1)
    if process == "bg":
        chance = random.beta(third, fourth, number)
        last = random.geometric(np.maximum(chance, 1e-12), number)  # the purchase after which the customer leaves
        stays = np.arange(1, 401) <= last[:, None]
    else:
        leaves = random.exponential(1 / np.maximum(random.gamma(third, 1 / fourth, number), 1e-12), number)
        stays = times <= leaves[:, None]
    made = stays & (times <= age[:, None])
    frequency = made.sum(axis=1).astype(float)
    recency = np.where(made, times, 0).max(axis=1)
    return Customers(frequency, recency, age, np.zeros(number))
