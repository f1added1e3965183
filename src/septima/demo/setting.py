"""What every part of the simulation needs to know."""

from dataclasses import dataclass

import numpy as np

from septima.demo.arrays import Integers, stream
from septima.demo.calendar import Calendar
from septima.demo.export import Exporter
from septima.demo.model import Model
from septima.demo.staff import Staff

_NUMBERS_OF_A_BLOCK = 10**9


@dataclass(frozen=True)
class Setting:
    """The company, where its rows go, and the number of the block of customers at hand (0 for the company itself)."""

    model: Model
    calendar: Calendar
    staff: Staff
    exporter: Exporter
    seed: int
    block: int = 0

    def chance(self, part: str) -> np.random.Generator:
        """The stream of chance of a part in this block."""
        return stream(self.seed, part, self.block)

    def chance_of_company(self, part: str) -> np.random.Generator:
        """The stream of a part that is the same for all blocks."""
        return stream(self.seed, part)

    def numbers(self, size: int) -> Integers:
        """`size` numbers that no other block has."""
        return np.arange(size) + self.block * _NUMBERS_OF_A_BLOCK
