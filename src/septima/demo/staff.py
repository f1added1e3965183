"""Positions, who held them and who served when."""

from dataclasses import dataclass

import numpy as np

from septima.demo.arrays import Integers, stream
from septima.demo.calendar import DAY, Calendar
from septima.demo.model import Model

_MOST_TENURES = 16
_YEAR = 365.25 * DAY


@dataclass(frozen=True)
class Staff:
    """Positions and who held them.

    `hired` and `left` have a row a position and a column a tenure, in order of time; a tenure that
    begins after the three years has not happened. `first` is the employee number of each position's
    first tenure. `positions` gives the rows of each department.
    """

    hired: Integers
    left: Integers
    first: Integers
    positions: dict[str, Integers]

    def serving(self, chance: np.random.Generator, department: str, at: Integers) -> Integers:
        """An employee of the department at each moment; −1 where the drawn position is vacant then."""
        rows = self.positions[department]
        position = rows[chance.integers(0, len(rows), len(at))]
        tenure = (self.hired[position] <= at[:, None]).sum(axis=1) - 1
        there = (tenure >= 0) & (self.left[position, np.maximum(tenure, 0)] > at)
        return np.where(there, self.first[position] + np.maximum(tenure, 0), -1)

    def headcount(self, at: Integers) -> Integers:
        """How many work at each moment."""
        return ((self.hired[None] <= at[:, None, None]) & (self.left[None] > at[:, None, None])).sum(axis=(1, 2))


def make_staff(model: Model, calendar: Calendar, seed: int, customers: int) -> Staff:
    """Draw who works when: each position is filled, left at a constant hazard, vacant for a while and filled again."""
    chance = stream(seed, "staff")
    total = max(model.least_positions, round(customers * model.positions_per_customer))
    sizes = [max(1, round(total * share)) for share, _ in model.departments.values()]
    bounds = np.concatenate(([0], np.cumsum(sizes)))
    positions = {
        name: np.arange(first, last)
        for name, first, last in zip(model.departments, bounds[:-1], bounds[1:], strict=True)
    }
    hazard = np.repeat([hazard for _, hazard in model.departments.values()], sizes)
    tenure = chance.exponential(_YEAR / hazard[:, None], (len(hazard), _MOST_TENURES))
    vacancy = np.full_like(tenure, model.vacancy_days * DAY)
    vacancy[:, 0] = 0
    hired = calendar.start + np.cumsum(vacancy, axis=1) + np.cumsum(tenure, axis=1) - tenure
    happened = (hired < calendar.end).sum(axis=1)
    first = np.concatenate(([0], np.cumsum(happened)[:-1]))
    return Staff(hired.astype(np.int64), (hired + tenure).astype(np.int64), first, positions)
