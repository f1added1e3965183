"""The benchmark as a study: the league with ranks as intervals, our place in each perspective, all side by side."""

from collections.abc import Iterator, Mapping

from septima.report.number_forms import NumberStyle
from septima.report.studies.study import (
    Assumption,
    Cell,
    Interval,
    Ladder,
    Measure,
    Number,
    Rung,
    Section,
    Study,
    Table,
    bare,
    word,
)
from septima.schema import Language, Text
from septima.scorecard.benchmark.comparison import Comparison, League, Participant, Place
from septima.scorecard.benchmark.exchange import INTEGRAL, TRADES
from septima.scorecard.card import Figure

TITLE = Text("Beside other organisations", "Рядом с\u00a0другими организациями")
_LINES = 30
_W: Mapping[str, Text] = {
    "question": Text(
        "Where does the company stand among others, and which places can the data tell apart?",
        "Какое место занимает компания среди других и\u00a0какие места данные позволяют различить?",
    ),
    "league": Text("League by CKPIint, 0–100", "Таблица мест по\u00a0CKPIint, 0–100"),
    "league_of": Text("League by {}, 0–100", "Таблица мест по\u00a0показателю «{}», 0–100"),
    "drawn": Text("Ranks that the data leave open", "Места, которых данные не\u00a0исключают"),
    "ours": Text("Our place in each perspective", "Наше место в\u00a0каждой перспективе"),
    "all": Text("All figures side by side, 0–100", "Все показатели рядом, 0–100"),
    "trust": Text("What to keep in mind", "О\u00a0чём помнить"),
    "rank": Text("rank", "место"),
    "ranks": Text("ranks, 95 %", "места, 95\u00a0%"),
    "organisation": Text("organisation", "организация"),
    "trade": Text("trade", "отрасль"),
    "value": Text("0–100", "0–100"),
    "interval": Text("95 % interval", "интервал 95\u00a0%"),
    "perspective": Text("perspective", "перспектива"),
    "percentile": Text("percentile", "процентиль"),
    "to_best": Text("to the best", "до\u00a0лучшей"),
    "to_median": Text("to the median", "до\u00a0медианы"),
    "our": Text("our company", "наша компания"),
    "own_rank": Text("Our rank by CKPIint", "Наше место по\u00a0CKPIint"),
    "own_percentile": Text("Percentile", "Процентиль"),
    "own_to_best": Text("Distance to the best", "Расстояние до\u00a0лучшей"),
    "method": Text("Ranks as intervals", "Места как интервалы"),
    "axis": Text("rank, 1 is the best", "место, 1\u00a0— лучшее"),
}
_METHOD = (
    Text(
        "Only the 0–100 forms are compared. A printed CKPI hangs on each company’s own weights, units and targets, so two of "
        "them have no common scale. 0–100 tells how far each has come on its own scale; a company with easy targets comes far.",
        "Сравниваются только формы 0–100. Печатный CKPI зависит от\u00a0собственных весов, единиц и\u00a0целей компании, поэтому у\u00a0двух "
        "CKPI нет общей шкалы. 0–100 говорит, насколько каждая продвинулась по\u00a0своей шкале; с\u00a0лёгкими целями продвинуться легко.",
    ),
    Text(
        "The ranks hold for all lines at once with a confidence of 95 %: two organisations are ordered only where their "
        "difference stands out among all pairs. In JSON the ranks of each line alone stand beside them as “simulated”.",
        "Места верны для всех строк сразу с\u00a0доверием 95\u00a0%: две организации упорядочены, только если их различие выделяется среди "
        "всех пар. В\u00a0JSON рядом стоят места каждой строки по\u00a0отдельности, «simulated».",
    ),
    Text(
        "Percentile: share of organisations below, plus half of those equal, ourselves among them. Its interval, and those of the "
        "distances, come from draws of all figures; organisations are independent of each other.",
        "Процентиль\u00a0— доля организаций ниже плюс половина равных, считая нас. Его интервал и\u00a0интервалы расстояний получены "
        "розыгрышем всех показателей; организации независимы друг от\u00a0друга.",
    ),
)
_SOURCE = (
    "Mogstad, Romano, Shaikh & Wilhelm, Review of Economic Studies, 2024; Goldstein & Spiegelhalter, "
    "Journal of the Royal Statistical Society A, 1996"
)


def benchmark_study(found: Comparison, language: Language) -> Study:
    """The study of a comparison."""
    shown = next((league for league in found.leagues if league.own is not None), found.leagues[0])
    others = len(found.others)
    subtitle = Text(
        f"{found.period.en}; beside {others} other{'s' if others > 1 else ''}",
        f"{found.period.ru}; рядом других организаций: {others}",
    )
    return Study(
        TITLE.in_language(language),
        subtitle.in_language(language),
        word(_W, "question", language),
        tuple(_measures(shown, language)),
        (
            _league(shown, language),
            Section(word(_W, "ours", language), tables=(_ours(found, language),)),
            Section(word(_W, "all", language), tables=(_side_by_side(found, shown, language),)),
            Section(word(_W, "trust", language), remarks=tuple(text.in_language(language) for text in _remarks(found))),
        ),
        (
            Assumption(
                word(_W, "method", language), tuple(text.in_language(language) for text in _METHOD), source=_SOURCE
            ),
        ),
    )


def _measures(league: League, language: Language) -> Iterator[Measure]:
    own = league.own
    if own is None:
        return
    count = len(league.places)
    said = Text(f"{own.place.rank} of {count}", f"{own.place.rank} из\u00a0{count}").in_language(language)
    rank = Number(float(own.place.rank), NumberStyle("", language, None, 1, 0), said=said)
    name = Text(f"Our rank by {league.name.en}", f"Наше место: {league.name.ru}").in_language(language)
    named = word(_W, "own_rank", language) if league.id == INTEGRAL else name
    open_ranks = _ranks(own.place, language)
    yield Measure(named, rank, open_ranks if isinstance(open_ranks, Interval) else None)
    yield Measure(word(_W, "own_percentile", language), *_points(own.percentile, 0, language))
    yield Measure(word(_W, "own_to_best", language), *_points(own.to_best, 1, language, signed=True))


def _league(league: League, language: Language) -> Section:
    title = (
        word(_W, "league", language)
        if league.id == INTEGRAL
        else word(_W, "league_of", language).format(league.name.in_language(language))
    )
    if not league.places:
        return Section(title, lead=(_nobody(language),))
    shown = league.places[:_LINES]
    left = len(league.places) - len(shown)
    notes = (Text(f"{left} more are not shown.", f"Ещё {left} не\u00a0показаны.").in_language(language),) * (left > 0)
    rungs = tuple(
        Rung(_short(place.name), place.rank, place.ranks, own=place.own, label=_value(place.figure, language).text)
        for place in shown
    )
    spoken = "; ".join(f"{place.name} {_ranks(place, language).text}" for place in shown)
    ladder = Ladder(
        word(_W, "drawn", language),
        rungs,
        len(league.places),
        word(_W, "axis", language),
        f"{word(_W, 'drawn', language)}: {spoken}.",
    )
    heads = ("rank", "organisation", "trade", "value", "interval", "ranks")
    rows = tuple(_line(place, language) for place in shown)
    table = Table(
        "",
        tuple(word(_W, head, language) for head in heads),
        rows,
        strong=tuple(at for at, place in enumerate(shown) if place.own),
        notes=notes,
    )
    return Section(title, lead=tuple(_said(league, language)), drawings=(ladder,), tables=(table,))


def _said(league: League, language: Language) -> Iterator[str]:
    own = league.own
    if own is None:
        yield Text(
            "Our own figure is undefined, so we have no place.",
            "Наш показатель не\u00a0определён, поэтому места у\u00a0нас нет.",
        ).in_language(language)
        return
    count, (low, high) = len(league.places), own.place.ranks
    if low == high:
        yield Text(
            f"Rank {low} of {count}, told apart from all others.",
            f"Место {low} из\u00a0{count}, отличимое от\u00a0всех остальных.",
        ).in_language(language)
        return
    ranks = _ranks(own.place, language).text
    yield Text(
        f"By the figure we are on rank {own.place.rank} of {count}; ranks {ranks} of {count} cannot be told apart by the data.",
        f"По\u00a0значению мы на\u00a0месте {own.place.rank} из\u00a0{count}; места {ranks} из\u00a0{count} по\u00a0данным не\u00a0различить.",
    ).in_language(language)


def _line(place: Place, language: Language) -> tuple[Cell, ...]:
    trade = word(_W, "our", language) if place.own else TRADES[place.trade or "other"].in_language(language)
    return (
        str(place.rank),
        place.name,
        trade,
        *_points(place.figure, 1, language),
        _ranks(place, language),
    )


def _ours(found: Comparison, language: Language) -> Table:
    heads = ("perspective", "value", "interval", "rank", "ranks", "percentile", "interval", "to_best", "to_median")
    rows: list[tuple[Cell, ...]] = []
    for league in found.leagues:
        name = league.name.in_language(language)
        if league.own is None:
            rows.append((name, *[_number(None, 0, language)] * (len(heads) - 1)))
            continue
        own, count = league.own, len(league.places)
        said = Text(f"{own.place.rank} of {count}", f"{own.place.rank} из\u00a0{count}").in_language(language)
        rank = Number(float(own.place.rank), NumberStyle("", language, None, 1, 0), said=said)
        rows.append(
            (
                name,
                *_points(own.place.figure, 1, language),
                rank,
                _ranks(own.place, language),
                *_points(own.percentile, 0, language),
                _number(own.to_best.value, 1, language, signed=True),
                _number(own.to_median.value, 1, language, signed=True),
            )
        )
    strong = tuple(at for at, league in enumerate(found.leagues) if league.id == INTEGRAL)
    return Table("", tuple(word(_W, head, language) for head in heads), tuple(rows), strong=strong)


def _side_by_side(found: Comparison, shown: League, language: Language) -> Table:
    """Organisations in the order of the league that is shown, those without a place in it last."""
    order = {place.name: number for number, place in enumerate(shown.places)}
    ordered = sorted(found.participants, key=lambda one: order.get(one.name, len(order)))[:_LINES]
    names = [league.name.in_language(language) for league in found.leagues]
    rows = tuple(
        (
            one.name,
            *(_value(one.normalised.get(league.id, Figure(None)), language, 0) for league in found.leagues),
        )
        for one in ordered
    )
    strong = tuple(at for at, one in enumerate(ordered) if one.own)
    return Table("", (word(_W, "organisation", language), *names), rows, strong=strong)


def _remarks(found: Comparison) -> Iterator[Text]:
    if found.unknown:
        names = ", ".join(found.unknown)
        yield Text(
            f"Signed by keys that nobody here has checked: {names}. Compare fingerprints by telephone, then: "
            "septima benchmark trust DIR FILE --name NAME.",
            f"Подписано ключами, которых здесь никто не\u00a0проверял: {names}. Сверьте отпечатки по\u00a0телефону, затем: "
            "septima benchmark trust DIR FILE --name NAME.",
        )
    ours = next(one for one in found.participants if one.own)
    other_way = [one.name for one in found.others if one.definitions != ours.definitions]
    if other_way:
        yield Text(
            f"Brought to 0–100 or joined in another way than ours ({' + '.join(ours.definitions)}): {_ways(found, ours)}. Their "
            "distance to us is partly one of method.",
            f"Приведены к\u00a00–100 или объединены иначе, чем у\u00a0нас ({' + '.join(ours.definitions)}): {_ways(found, ours)}. Расстояние "
            "до\u00a0них\u00a0— отчасти различие методов.",
        )
    yield from _other_metrics(found)
    noisy = [one.name for one in found.others if one.noise is not None]
    if noisy:
        names = ", ".join(noisy)
        yield Text(
            f"With noise that protects single records, so their intervals are wider: {names}.",
            f"С\u00a0шумом, который защищает отдельные записи, поэтому интервалы шире: {names}.",
        )
    yield from _left(found)


def _other_metrics(found: Comparison) -> Iterator[Text]:
    counts = [
        (league.name, len(league.differing), sum(not place.own for place in league.places))
        for league in found.leagues
        if league.differing
    ]
    if counts:
        english = ", ".join(f"{name.en} ({some} of {count})" for name, some, count in counts)
        russian = ", ".join(f"{name.ru} ({some} из\u00a0{count})" for name, some, count in counts)
        yield Text(
            f"Made of other metrics than ours at some: {english}.",
            f"У\u00a0части организаций из\u00a0других метрик, чем у\u00a0нас: {russian}.",
        )


def _ways(found: Comparison, ours: Participant) -> str:
    return ", ".join(
        f"{one.name} ({' + '.join(one.definitions)})" for one in found.others if one.definitions != ours.definitions
    )


def _left(found: Comparison) -> Iterator[Text]:
    exact = sorted({place.name for league in found.leagues for place in league.places if place.figure.lower is None})
    if exact:
        names = ", ".join(exact)
        yield Text(
            f"Without an interval in one of the figures, which is then taken as exact (100 is the end of the scale): {names}.",
            f"Без интервала хотя бы у\u00a0одного показателя, который тогда считается точным (100\u00a0— конец шкалы): {names}.",
        )
    for league in found.leagues:
        if league.absent:
            names = ", ".join(league.absent)
            yield Text(f"{league.name.en}: no figure of {names}.", f"{league.name.ru}: нет показателя у\u00a0{names}.")
    if found.other_periods:
        yield Text(
            f"Files of other periods, left out: {found.other_periods}.",
            f"Не\u00a0взято файлов других периодов: {found.other_periods}.",
        )
    if found.other_trades:
        yield Text(
            f"Files of other trades, left out: {found.other_trades}.",
            f"Не\u00a0взято файлов других отраслей: {found.other_trades}.",
        )
    for problem in found.problems:
        yield Text(f"Refused: {problem.en}", f"Отвергнуто: {problem.ru}")


def _ranks(place: Place, language: Language) -> Interval | Number:
    """The ranks that a place may have; where there is one, that one."""
    low, high = place.ranks
    if low == high:
        return bare(low, 0, language)
    return Interval(Figure(float(place.rank), float(low), float(high)), NumberStyle("", language, None, 1, 0))


def _points(figure: Figure, decimals: int, language: Language, *, signed: bool = False) -> tuple[Number, Interval]:
    style = NumberStyle("", language, None, 1, decimals)
    return Number(figure.value, style, signed), Interval(figure, style)


def _value(figure: Figure, language: Language, decimals: int = 1) -> Number:
    return _number(figure.value, decimals, language)


def _number(value: float | None, decimals: int, language: Language, *, signed: bool = False) -> Number:
    return bare(value, decimals, language, signed=signed)


def _short(name: str, most: int = 42) -> str:
    return name if len(name) <= most else name[: most - 1].rstrip() + "…"


def _nobody(language: Language) -> str:
    return Text("Nobody has a figure here.", "Показателя нет ни\u00a0у\u00a0кого.").in_language(language)
