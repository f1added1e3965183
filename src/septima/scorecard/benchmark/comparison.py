"""An organisation beside others: percentile, distances, and a league table whose ranks are intervals.

Only the 0–100 forms are compared. A printed CKPI is a sum of whatever units its KPIs have, by weights that each
organisation sets, so two of them have no common scale; 0–100 says how far each has come on its own.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from septima.models.ranks import percentiles, rank_confidence_sets, ranks, simulated_ranks
from septima.schema import Text
from septima.scorecard.benchmark.errors import BenchmarkError
from septima.scorecard.benchmark.exchange import INTEGRAL, SharedComposite
from septima.scorecard.benchmark.files import Signed, read_exchange, refuse_repeats
from septima.scorecard.benchmark.trust import known_keys, name_of
from septima.scorecard.card import UNDEFINED, Figure, Scorecard
from septima.scorecard.simulate import DRAWS, NORMAL_95, draw, generator

FloatArray = npt.NDArray[np.float64]

FOLDER = "benchmark"
_BOUNDS = (0.0, 100.0)


@dataclass(frozen=True)
class Participant:
    """An organisation of the league: our own, or one that sent a file.

    `trade` is None of our own. `key` is the fingerprint of the file's key and `trusted` the name under which it is kept,
    None where it is not known. `definitions` are normalisation and aggregation, `noise` the epsilon of its figures.
    """

    name: str
    trade: str | None
    country: str | None
    own: bool
    normalised: Mapping[str, Figure]
    metrics: Mapping[str, tuple[str, ...]]
    definitions: tuple[str, str]
    trusted: str | None = None
    key: str | None = None
    noise: float | None = None


@dataclass(frozen=True)
class Place:
    """One line of a league: the 0–100 figure, the rank by it, and the ranks that cannot be ruled out.

    `ranks` hold for all lines at once (Mogstad et al., 2024); `simulated` for this line alone (Goldstein & Spiegelhalter,
    1996).
    """

    name: str
    trade: str | None
    own: bool
    figure: Figure
    rank: int
    ranks: tuple[int, int]
    simulated: tuple[int, int]


@dataclass(frozen=True)
class OwnPlace:
    """Our own place: percentile and what lies between us and the best and the median, ours less theirs."""

    place: Place
    percentile: Figure
    to_best: Figure
    to_median: Figure
    best: str


@dataclass(frozen=True)
class League:
    """A league of one composite, the best first; `own` is None where our own is undefined.

    `absent` have no figure. `differing` make their composite of other metrics than we do.
    """

    id: str
    name: Text
    places: tuple[Place, ...]
    own: OwnPlace | None
    absent: tuple[str, ...]
    differing: tuple[str, ...]


@dataclass(frozen=True)
class Comparison:
    """All leagues of a period, CKPIint first; `problems` are files that were refused, each with the reason."""

    organisation: str
    period: Text
    participants: tuple[Participant, ...]
    leagues: tuple[League, ...]
    other_periods: int = 0
    other_trades: int = 0
    problems: tuple[Text, ...] = ()

    @property
    def others(self) -> tuple[Participant, ...]:
        """Those beside us."""
        return tuple(one for one in self.participants if not one.own)

    @property
    def unknown(self) -> tuple[str, ...]:
        """Those whose key nobody has trusted yet."""
        return tuple(one.name for one in self.others if one.trusted is None)


@dataclass(frozen=True)
class Gathered:
    """Files that can be compared, and why others were refused."""

    files: tuple[Signed, ...]
    problems: tuple[Text, ...] = ()


def gather(files: Sequence[Path], folder: Path | None, own: str | None) -> Gathered:
    """Read the files named, which must all be right, and those of the folder, of which the wrong ones are told.

    Files that our own key (fingerprint `own`) signed are left out. BenchmarkError where a named file is wrong or two speak of
    one organisation and period.
    """
    found = [read_exchange(path) for path in files]
    problems: list[Text] = []
    named = {path.resolve() for path in files}
    for path in sorted(folder.glob("*.json")) if folder is not None else ():
        if path.resolve() in named:
            continue
        try:
            found.append(read_exchange(path))
        except BenchmarkError as error:  # one spoilt file is no reason to hide the others; the page tells of it
            problems.append(error.statement)
    others = tuple(file for file in found if file.fingerprint != own)
    refuse_repeats(others)
    return Gathered(others, tuple(problems))


def compare(
    card: Scorecard, gathered: Gathered, known: Mapping[str, str], *, trade: str | None = None, draws: int = DRAWS
) -> Comparison:
    """Our card beside those of the files of the same days, of one trade where it is named.

    BenchmarkError where there is none of that period, or a file bears a partner's name and another key.
    """
    days = (card.start, card.end)
    same = [file for file in gathered.files if (file.content.start, file.content.end) == days]
    chosen = [file for file in same if trade in (None, file.content.trade)]
    if not chosen:
        raise BenchmarkError(_nobody(card, gathered, same, trade))
    namesake = next((file for file in chosen if file.content.organisation == card.organisation), None)
    if namesake is not None:
        raise BenchmarkError(
            Text(
                f"{namesake.path}: bears our own name, {card.organisation!r}, and another key than ours; if it is our own file of an "
                "earlier key, remove it",
                f"{namesake.path}: наше собственное имя, «{card.organisation}», но\u00a0другой ключ; если это наш "
                "файл с\u00a0прежним ключом, удалите его",
            )
        )
    participants = (_own(card), *(_participant(file, dict(known)) for file in chosen))
    composites = (card.integral, *(perspective.composite for perspective in card.perspectives))
    leagues = tuple(_league(one.id, one.name, participants, draws) for one in composites)
    return Comparison(
        card.organisation,
        card.period_label,
        participants,
        leagues,
        other_periods=len(gathered.files) - len(same),
        other_trades=len(same) - len(chosen),
        problems=gathered.problems,
    )


def compared(
    workspace: Path,
    card: Scorecard,
    files: Sequence[Path],
    *,
    folder: Path | None,
    own_key: str | None,
    trade: str | None = None,
) -> Comparison:
    """Our card beside files and a folder of them, by the keys that the workspace trusts; errors of `gather`, `compare`."""
    return compare(card, gather(files, folder, own_key), known_keys(workspace), trade=trade)


def _nobody(card: Scorecard, gathered: Gathered, same: Sequence[Signed], trade: str | None) -> Text:
    if same:
        trades = ", ".join(sorted({file.content.trade for file in same}))
        return Text(
            f"nobody of the trade {trade!r} sent a file of {card.period}; there are: {trades}",
            f"никто из\u00a0отрасли «{trade}» не\u00a0прислал файла за\u00a0{card.period}; есть: {trades}",
        )
    periods = ", ".join(sorted({file.content.period for file in gathered.files}))
    refused = Text("", "")
    if gathered.problems:
        count, first = len(gathered.problems), gathered.problems[0]
        refused = Text(f"; refused were {count}: {first.en}", f"; отвергнуто {count}: {first.ru}")
    return Text(
        f"there is no exchange file of {card.period} to compare with; there are of: {periods or 'no period'}{refused.en}",
        f"нет файла обмена за\u00a0{card.period}, с\u00a0которым можно сравнить; есть за: "
        f"{periods or 'ни один период'}{refused.ru}",
    )


def _own(card: Scorecard) -> Participant:
    composites = (card.integral, *(perspective.composite for perspective in card.perspectives))
    return Participant(
        card.organisation,
        None,
        None,
        own=True,
        normalised={one.id: one.normalised for one in composites},
        metrics={one.composite.id: tuple(kpi.metric for kpi in one.kpis) for one in card.perspectives},
        definitions=(card.normalisation, card.aggregation),
    )


def _participant(file: Signed, known: dict[str, str]) -> Participant:
    content = file.content
    composites: tuple[SharedComposite, ...] = content.composites
    return Participant(
        content.organisation,
        content.trade,
        content.country,
        own=False,
        normalised={one.id: one.normalised for one in composites},
        metrics={one.id: one.metrics for one in content.perspectives},
        definitions=(content.normalisation, content.aggregation),
        trusted=name_of(file, known),
        key=file.fingerprint,
        noise=None if content.noise is None else content.noise.epsilon,
    )


def _league(identifier: str, name: Text, participants: Sequence[Participant], draws: int) -> League:
    figures = [one.normalised.get(identifier, UNDEFINED) for one in participants]
    there = [
        (one, figure, figure.value)
        for one, figure in zip(participants, figures, strict=True)
        if figure.value is not None
    ]
    ours = participants[0].metrics.get(identifier)
    differing = tuple(
        one.name
        for one, _, _ in there
        if identifier != INTEGRAL and not one.own and set(one.metrics.get(identifier, ())) != set(ours or ())
    )
    absent = tuple(one.name for one, figure in zip(participants, figures, strict=True) if figure.value is None)
    if not there:
        return League(identifier, name, (), None, absent, differing)
    values = np.array([value for _, _, value in there])
    errors = np.array([_error(figure) for _, figure, _ in there])
    drawn = np.stack([draw(figure, _BOUNDS, generator(7, identifier, one.name), draws) for one, figure, _ in there])
    rank = ranks(values)
    lower, upper = rank_confidence_sets(values, errors)
    least, greatest = simulated_ranks(drawn)
    places = [
        Place(
            one.name,
            one.trade,
            one.own,
            figure,
            int(rank[at]),
            (int(lower[at]), int(upper[at])),
            (int(least[at]), int(greatest[at])),
        )
        for at, (one, figure, _) in enumerate(there)
    ]
    own = _own_place(places, values, drawn) if places[0].own else None
    return League(identifier, name, tuple(sorted(places, key=lambda place: place.rank)), own, absent, differing)


def _own_place(places: Sequence[Place], values: FloatArray, drawn: FloatArray) -> OwnPlace:
    """Where we, the first of the places, stand.

    The best is the one whose figure is the best, in each draw the same: the best of each draw would always lie above it.
    """
    best = int(values.argmax())
    return OwnPlace(
        places[0],
        percentile=_summed(float(percentiles(values)[0]), percentiles(drawn)[0]),
        to_best=_summed(float(values[0] - values[best]), drawn[0] - drawn[best]),
        to_median=_summed(float(values[0] - np.median(values)), drawn[0] - np.median(drawn, axis=0)),
        best=places[best].name,
    )


def _summed(value: float, drawn: FloatArray) -> Figure:
    """The value with the middle 95 % of its draws, stretched to the value where ties at the ends leave it outside."""
    if np.ptp(drawn) == 0:
        return Figure(value)
    lower, upper = np.quantile(drawn, (0.025, 0.975))
    return Figure(value, min(float(lower), value), max(float(upper), value))


def _error(figure: Figure) -> float:
    """The standard error that an interval of 95 % implies, by its longer side; 0 without one."""
    if figure.value is None or figure.lower is None or figure.upper is None:
        return 0.0
    longer = max(figure.upper - figure.value, figure.value - figure.lower)
    return longer / NORMAL_95 if math.isfinite(longer) else 0.0
