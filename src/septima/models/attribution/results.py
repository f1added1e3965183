"""What attribution answers with: credit by channel, and beside it what it rests on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np
import pandas as pd

from septima.models.attribution.chain import Transitions
from septima.models.attribution.words import Method, Worth
from septima.models.intervals import FloatArray
from septima.schema.text import Text


@dataclass(frozen=True)
class Credit:
    """A quantity handed out to channels.

    `amounts` (channels,) have four decimal places and sum to `total` exactly. `shares` are what they were rounded
    from, with 95 % bounds `lower` and `upper`, NaN where chance cannot be told.
    """

    total: Decimal
    amounts: tuple[Decimal, ...]
    shares: FloatArray
    lower: FloatArray
    upper: FloatArray


@dataclass(frozen=True)
class OrderScore:
    """How well a chain of `order` tells held-out paths that convert from those that do not.

    `auc` is the mean area under the ROC curve over the folds, `standard_error` that of the mean.
    """

    order: int
    auc: float
    standard_error: float


@dataclass(frozen=True)
class MarkovChain:
    """The chain behind a Markov attribution.

    `conversion_probability` is that of a path from the start. `removal_effects` (channels,) are the shares of
    conversions, and `value_removal_effects` of value, that are lost where every state that holds the channel leads
    to no conversion. `scores` tell of the orders that were compared; none where the order was given.
    """

    order: int
    conversion_probability: float
    removal_effects: FloatArray
    value_removal_effects: FloatArray | None
    scores: tuple[OrderScore, ...]
    transitions: Transitions = field(repr=False)

    def transition_matrix(self) -> pd.DataFrame:
        """`from` (a state, oldest touch first; empty is the start), `to`, `count` and `probability`."""
        return self.transitions.frame()


@dataclass(frozen=True)
class ShapleyGame:
    """The game behind a Shapley attribution.

    `exact` values have no error of sampling; of sampled ones `standard_errors` (channels,) are of the shares of
    conversions over `permutations`. `players` is the number of channels.
    """

    worth: Worth
    players: int
    exact: bool
    permutations: int
    standard_errors: FloatArray


@dataclass(frozen=True)
class Attribution:
    """Conversions and value by channel, as one method sees them.

    `conversions` and `value` are None where there is no figure; `statements` then say why. `source` is that of the
    formula. `markov` and `shapley` hold what those methods add.
    """

    method: Method
    name: Text
    channels: tuple[str, ...]
    conversions: Credit | None
    value: Credit | None
    source: str
    assumptions: tuple[Text, ...]
    statements: tuple[Text, ...] = ()
    markov: MarkovChain | None = None
    shapley: ShapleyGame | None = None

    def frame(self) -> pd.DataFrame:
        """One row per channel: `method`, `channel`, conversions and value with their shares and 95 % bounds."""
        columns: dict[str, object] = {"method": self.method, "channel": list(self.channels)}
        for name, credit in (("conversions", self.conversions), ("value", self.value)):
            blank = np.full(len(self.channels), np.nan)
            columns[name] = pd.Series(credit.amounts if credit else [None] * len(self.channels), dtype=object)
            columns[f"{name}_share"] = credit.shares if credit else blank
            columns[f"{name}_lower"] = credit.lower if credit else blank
            columns[f"{name}_upper"] = credit.upper if credit else blank
        effects = self.markov.removal_effects if self.markov else np.full(len(self.channels), np.nan)
        return pd.DataFrame({**columns, "removal_effect": effects})


@dataclass(frozen=True)
class Attributions:
    """The same paths as several methods see them.

    `converted` and `nulls` count the paths that ended in a conversion and that came to nothing. Conversions before
    which there was no touch, and their value, stay `unattributed`; with what is handed out they sum to everything.
    """

    methods: Mapping[Method, Attribution]
    channels: tuple[str, ...]
    converted: int
    nulls: int
    unattributed_conversions: Decimal
    unattributed_value: Decimal | None
    statements: tuple[Text, ...] = ()

    def __getitem__(self, method: Method) -> Attribution:
        return self.methods[method]

    def frame(self) -> pd.DataFrame:
        """The frames of all methods, one under the other."""
        frames = [attribution.frame() for attribution in self.methods.values()]
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
