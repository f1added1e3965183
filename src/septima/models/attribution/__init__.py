"""Which channels brought the conversions: rules, Markov chains and Shapley values over counted paths.

Tables of counted paths, transitions or coalitions in, credit by channel with intervals out; what is handed out sums
to the whole exactly. None of the methods shows cause: only an experiment does.
"""

from septima.models.attribution.chain import CONVERSION, NULL, Transitions
from septima.models.attribution.markov import markov
from septima.models.attribution.paths import Paths, read_paths
from septima.models.attribution.results import (
    Attribution,
    Attributions,
    Credit,
    MarkovChain,
    OrderScore,
    ShapleyGame,
)
from septima.models.attribution.rules import weights
from septima.models.attribution.shapley import shapley
from septima.models.attribution.tables import from_paths
from septima.models.attribution.words import METHODS, NAMES, RULES, AttributionError, Method, Rule, Worth

__all__ = [
    "CONVERSION",
    "METHODS",
    "NAMES",
    "NULL",
    "RULES",
    "Attribution",
    "AttributionError",
    "Attributions",
    "Credit",
    "MarkovChain",
    "Method",
    "OrderScore",
    "Paths",
    "Rule",
    "ShapleyGame",
    "Transitions",
    "Worth",
    "from_paths",
    "markov",
    "read_paths",
    "shapley",
    "weights",
]
