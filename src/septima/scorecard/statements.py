"""The sentences of a card, in English and Russian."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import cast

from babel.dates import format_date
from babel.numbers import format_currency, format_decimal
from babel.units import format_unit

from septima.metrics import Period
from septima.models.weighting import ACCEPTED_RATIO
from septima.schema import LANGUAGES, Language, Text
from septima.scorecard.composite import GEOMETRIC_FLOOR, Aggregation, rescale
from septima.scorecard.definition import TargetRule
from septima.scorecard.normalise import Normalisation
from septima.scorecard.weighting import Weighting

_NBSP = "\u00a0"
COMPONENT_ENOUGH = 0.6
"""The share of the variance that kept components ought to carry (Nicoletti, Scarpetta & Boylaud, 2000; OECD/JRC handbook)."""

_NORMALISATIONS: dict[Normalisation, Text] = {
    "target": Text("by achievement of the target", "по достижению цели"),
    "min_max": Text("between the worst and the best value", "между худшим и лучшим значением"),
    "z_score": Text("by z-score against own history", "по z-оценке относительно собственной истории"),
    "piecewise": Text("piecewise between thresholds", "кусочно-линейно между порогами"),
    "utility": Text("by a curve of utility", "по кривой полезности"),
}


def number(value: float, pattern: str = "#,##0.##") -> Text:
    """A number in the forms of both languages."""
    return _both(lambda language: format_decimal(value, format=pattern, locale=language).replace("-", "\u2212"))


def day(moment: date | datetime) -> Text:
    """A date in words."""
    english, russian = (format_date(moment, format="long", locale=language) for language in ("en", "ru"))
    # The abbreviation «г.» would double the full stop at the end of a sentence.
    return Text(_tied(english), _tied(russian.replace("\u202f", " ").removesuffix("г.") + "года"))


def amount(value: float, unit: str, currency: str | None, *, change: bool = False) -> Text:
    """A figure with its unit; a `change` of a share is in percentage points."""
    if unit == "share":
        figure = number(100 * value, "#,##0.0")
        if change:
            return Text(f"{figure.en}{_NBSP}percentage points", f"{figure.ru}{_NBSP}п.{_NBSP}п.")
        return Text(f"{figure.en}%", f"{figure.ru}{_NBSP}%")
    if unit in ("currency", "currency_per_day"):
        money = _money(value, currency)
        return money if unit == "currency" else Text(f"{money.en} a day", f"{money.ru} в{_NBSP}день")
    if unit in ("seconds", "hours", "days", "months"):
        measure = f"duration-{unit[:-1]}"
        return _both(lambda language: _tied(format_unit(round(value, 1), measure, locale=language)))
    if unit == "count":
        return number(value, "#,##0")
    return number(value, "#,##0.0" if unit in ("per_1000", "score_0_100") else "#,##0.00")


def changed(change: float, unit: str, currency: str | None, previous: Text, *, distinct: bool | None) -> Text:
    """How a value moved against the previous period, and whether that stands out from noise."""
    size = amount(abs(change), unit, currency, change=True)
    if change == 0:
        moved = Text(f"No change against {previous.en}", f"Без изменений к{_NBSP}предыдущему периоду ({previous.ru})")
    else:
        up = change > 0
        moved = Text(
            f"{'Up' if up else 'Down'} by {size.en} against {previous.en}",
            f"{'Рост' if up else 'Снижение'} на {size.ru} к{_NBSP}предыдущему периоду ({previous.ru})",
        )
    verdicts = {
        True: Text("more than chance explains", "это больше, чем можно объяснить случайностью"),
        False: Text("chance alone could explain it", "это можно объяснить и случайностью"),
        None: Text(
            "without an interval it cannot be told from chance",
            "без доверительного интервала это нельзя отличить от случайности",
        ),
    }
    return Text(f"{moved.en}: {verdicts[distinct].en}.", f"{moved.ru}: {verdicts[distinct].ru}.")


def no_figure() -> Text:
    """A KPI has no figure and the metric does not say why."""
    return Text(
        "The records of this period do not give a figure.", "Записи этого периода не позволяют рассчитать показатель."
    )


def too_few(n: float, minimum: int) -> Text:
    """There are fewer records than the passport asks for, and so no figure."""
    records = number(n, "#,##0")
    least = number(minimum, "#,##0")
    return Text(
        f"Too few records for a figure: {records.en}, while a dependable one needs at least {least.en}.",
        f"Слишком мало записей, чтобы показать значение: {records.ru}, а{_NBSP}для надёжного нужно не{_NBSP}меньше {least.ru}.",
    )


def much_missing(share: float) -> Text:
    """Many records could not be used."""
    part = amount(share, "share", None)
    return Text(
        f"{part.en} of the records could not be used: what the figure needs is absent in them.",
        f"{part.ru} записей не{_NBSP}удалось использовать: в{_NBSP}них нет того, что нужно для расчёта.",
    )


def achievement_cut(limit: float) -> Text:
    """The achievement of a KPI of which less is better was cut."""
    times = number(100 * limit, "#,##0")
    return Text(
        f"The achievement of the target enters the composite as {times.en}%: what is beyond is not counted.",
        f"Достижение цели входит в{_NBSP}индекс как {times.ru}{_NBSP}%: большее не{_NBSP}учитывается.",
    )


def not_normalised() -> Text:
    """A KPI has a value, but not on 0–100."""
    return Text(
        "There are too few different earlier periods for a z-score, so the 0–100 form is undefined.",
        f"Для z-оценки мало различающихся прошлых периодов, поэтому форма 0–100 не{_NBSP}определена.",
    )


def target_source(rule: TargetRule, period: Period) -> Text:
    """Where the target of a period comes from."""
    if period.id in rule.by_period:
        label = period.label
        return Text(f"given for {label.en}", f"задана на{_NBSP}{label.ru}")
    if rule.formula is not None:
        return Text(f"by the formula {rule.formula}", f"по{_NBSP}формуле {rule.formula}")
    if rule.plan is not None:
        return Text(f"from the plan {rule.plan}", f"из{_NBSP}плана {rule.plan}")
    return Text("the same for all other periods", f"одна для{_NBSP}всех прочих периодов")


def no_target(period: Text) -> Text:
    """A KPI whose targets go by period has none in this one."""
    return Text(
        f"There is no target for {period.en}: the scorecard names none, or what its formula or plan needs is absent.",
        f"Для{_NBSP}периода «{period.ru}» цели нет: карта её не{_NBSP}называет либо нет того, что нужно формуле или плану.",
    )


def no_achievement() -> Text:
    """A target of 0 or below cannot be achieved in part."""
    return Text(
        "The target came out as 0 or below, and the achievement of such a target has no meaning; use another normalisation.",
        f"Цель получилась нулевой или отрицательной, доля её достижения не{_NBSP}имеет смысла; выберите другую нормировку.",
    )


def some_slices(shown: int, total: int) -> Text:
    """Not all members of a dimension are shown."""
    return Text(
        f"The {shown} largest of {total} members are shown.",
        f"Показаны {shown} крупнейших значений из{_NBSP}{total}.",
    )


def undefined_composite(name: Text, absent: Sequence[Text]) -> Text:
    """A composite lacks inputs."""
    return Text(
        f"{name.en} is undefined: there is no figure for {_listed(absent, 'en')}.",
        f"{name.ru} не{_NBSP}определён: нет значения для {_listed(absent, 'ru')}.",
    )


def undefined_normalised(name: Text, absent: Sequence[Text]) -> Text:
    """The 0–100 form of a composite lacks inputs."""
    return Text(
        f"The 0–100 form of {name.en} is undefined: there is none for {_listed(absent, 'en')}.",
        f"Форма 0–100 для {name.ru} не{_NBSP}определена: её нет для {_listed(absent, 'ru')}.",
    )


def over_the_rest(
    names: Mapping[str, Text], weights: Mapping[str, float], printed: float, normalised: float | None
) -> Text:
    """What a composite over the defined inputs alone would be; no substitute for the whole one."""
    value = number(printed, "#,##0.00")
    sentences: dict[Language, str] = {}
    for language in LANGUAGES:
        shares = "; ".join(
            f"{names[key].in_language(language)}{_NBSP}— {number(weight, '0.####').in_language(language)}"
            for key, weight in weights.items()
        )
        scaled = "" if normalised is None else number(normalised, "#,##0.0").in_language(language)
        if language == "ru":
            beside = f" (в{_NBSP}форме 0–100{_NBSP}— {scaled})" if scaled else ""
            sentences[language] = (
                f"Справочно: индекс только по{_NBSP}остальным, с{_NBSP}пересчитанными весами ({shares}), был бы равен "
                f"{value.ru}{beside}; с{_NBSP}полным индексом он не{_NBSP}сравним."
            )
        else:
            beside = f" ({scaled} on 0–100)" if scaled else ""
            sentences[language] = (
                f"For reference: a composite over the rest alone, with the weights rescaled ({shares}), would be "
                f"{value.en}{beside}; it does not compare with the whole one."
            )
    return Text(sentences["en"], sentences["ru"])


def wrong_weights(name: Text, weights: Mapping[str, float], file: str | None, line: int | None) -> Text:
    """The weights of a composite do not average 1; names the ones that would do."""
    total = number(sum(weights.values()), "0.#########")
    remedy = ", ".join(f"{key}: {weight:g}" for key, weight in rescale(weights).items())
    count = len(weights)
    place = Text(file or "the definition", file or "определении")
    if file and line:
        place = Text(f"{file} (from line {line})", f"{file} (со{_NBSP}строки {line})")
    return Text(
        f"{name.en} is undefined: its weights add up to {total.en}, but must add up to {count}, so that they average 1. "
        f"In the same proportions, write in {place.en}: {remedy}.",
        f"{name.ru} не{_NBSP}определён: сумма весов равна {total.ru}, а{_NBSP}должна быть равна {count}, чтобы среднее "
        f"было равно{_NBSP}1. В{_NBSP}тех же пропорциях запишите в{_NBSP}{place.ru}: {remedy}.",
    )


def weighted(name: Text, weighting: Weighting) -> Text:
    """How the weights of a composite came about, and how far the judgements contradict one another."""
    if weighting.method == "equal":
        return Text(f"{name.en}: all weights are alike.", f"{name.ru}: все веса одинаковы.")
    if weighting.method == "budget":
        people = number(weighting.people, "0")
        return Text(
            f"{name.en}: the weights are from a budget of points; people asked: {people.en}.",
            f"{name.ru}: веса получены распределением баллов; опрошено людей: {people.ru}.",
        )
    ratio = weighting.consistency_ratio or 0.0
    told = number(ratio, "0.00")
    if ratio <= ACCEPTED_RATIO:
        return Text(
            f"{name.en}: the weights are from pairwise comparisons (Saaty, 1980); consistency ratio {told.en}.",
            f"{name.ru}: веса получены парными сравнениями (Saaty, 1980); отношение согласованности {told.ru}.",
        )
    limit = number(ACCEPTED_RATIO, "0.00")
    return Text(
        f"{name.en}: the comparisons behind the weights contradict one another (consistency ratio {told.en}, above {limit.en}); "
        f"look again at {weighting.worst}, which is farthest from the others.",
        f"{name.ru}: сравнения, из{_NBSP}которых получены веса, противоречат друг другу (отношение согласованности {told.ru}, "
        f"больше {limit.ru}); пересмотрите {weighting.worst}: это сравнение дальше всего от{_NBSP}остальных.",
    )


def weights_lack_periods(name: Text, periods: int, least: int) -> Text:
    """Weights that are to be found in the periods have too few of them."""
    return Text(
        f"{name.en} is undefined: its weights are to be found in the card’s periods, of which {periods} have all figures, and "
        f"{least} are needed. Show more with `trend`, load earlier data, or weigh otherwise.",
        f"{name.ru} не{_NBSP}определён: его веса находятся по{_NBSP}периодам карты, полных среди них{_NBSP}— {periods}, "
        f"а{_NBSP}нужно не{_NBSP}меньше {least}. Увеличьте `trend`, загрузите более ранние данные или задайте веса иначе.",
    )


def weights_lack_variation(name: Text, still: Sequence[Text]) -> Text:
    """Weights that are to be found in the periods find inputs that never moved."""
    return Text(
        f"{name.en} is undefined: its weights are to be found in how figures vary, and on 0–100 there was no change of "
        f"{_listed(still, 'en')}. Take it out, bring it to 0–100 otherwise, or weigh otherwise.",
        f"{name.ru} не{_NBSP}определён: его веса находятся по{_NBSP}изменчивости, а{_NBSP}в{_NBSP}форме 0–100 не{_NBSP}менялись: "
        f"{_listed(still, 'ru')}. Уберите их, измените нормировку или задайте веса иначе.",
    )


def weighted_by_component(
    name: Text,
    names: Mapping[str, Text],
    weights: Mapping[str, float],
    periods: int,
    explained: float,
    against: Sequence[Text],
) -> Text:
    """Weights by the first principal component, how much it tells, and what moves against it."""
    share = amount(explained, "share", None)
    told = _weights_told(names, weights)
    english = (
        f"{name.en}: weights by the first principal component of {periods} periods, which carries {share.en} of their variance: "
        f"{told.en}."
    )
    russian = (
        f"{name.ru}: веса по{_NBSP}первой главной компоненте, периодов:{_NBSP}{periods}, она объясняет {share.ru} дисперсии: "
        f"{told.ru}."
    )
    if explained < COMPONENT_ENOUGH:
        limit = number(100 * COMPONENT_ENOUGH, "0")
        english += f" That is less than {limit.en}%: one component does not sum these figures up."
        russian += f" Это меньше {limit.ru}{_NBSP}%: одна компонента не{_NBSP}заменяет этих показателей."
    if against:
        english += f" Against the others moved: {_listed(against, 'en')}; it adds to the index all the same."
        russian += f" Против остальных менялись: {_listed(against, 'ru')}; в{_NBSP}индекс они всё равно входят со{_NBSP}знаком «плюс»."
    return Text(english, russian)


def weighted_by_entropy(
    name: Text, names: Mapping[str, Text], weights: Mapping[str, float], periods: int, still: Sequence[Text]
) -> Text:
    """Weights by entropy, and what never moved and so weighs nothing."""
    told = _weights_told(names, weights)
    english = f"{name.en}: weights by entropy over {periods} periods: {told.en}."
    russian = f"{name.ru}: веса по{_NBSP}энтропии, периодов:{_NBSP}{periods}: {told.ru}."
    if still:
        english += f" Without any change, and so of no weight: {_listed(still, 'en')}."
        russian += f" Без изменений и{_NBSP}потому без веса: {_listed(still, 'ru')}."
    return Text(english, russian)


def _weights_told(names: Mapping[str, Text], weights: Mapping[str, float]) -> Text:
    told = {key: number(weight, "0.00") for key, weight in weights.items()}
    return Text(
        "; ".join(f"{names[key].en}{_NBSP}{weight.en}" for key, weight in told.items()),
        "; ".join(f"{names[key].ru}{_NBSP}{weight.ru}" for key, weight in told.items()),
    )


def alike(one: Text, other: Text, correlation: float, interval: tuple[float, float], periods: int) -> Text:
    """Two KPIs have moved together, so that one of them may be enough."""
    told = number(correlation, "0.00")
    lower, upper = (number(bound, "0.00") for bound in interval)
    return Text(
        f"“{one.en}” and “{other.en}” have moved together over {periods} periods (ρ {told.en}, {lower.en} to {upper.en}): one of "
        "the two may be enough.",
        f"«{one.ru}» и{_NBSP}«{other.ru}» менялись вместе, периодов:{_NBSP}{periods} (ρ {told.ru}; {lower.ru}…{upper.ru}): возможно, "
        f"достаточно одного из{_NBSP}них.",
    )


def unowned(names: Sequence[Text]) -> Text:
    """Some KPIs have an owner and these have none."""
    return Text(
        f"Nobody owns: {_listed(names, 'en')}. Name an `owner` for each.",
        f"Ни{_NBSP}за{_NBSP}кем не{_NBSP}закреплены: {_listed(names, 'ru')}. Укажите `owner` для каждого.",
    )


def gamed(name: Text, guard: Text) -> Text:
    """A KPI got better while its guard got worse, both by more than chance explains."""
    return Text(
        f"“{name.en}” got better while its guard, “{guard.en}”, got worse, both by more than chance explains: look whether the "
        "figure was improved at the customers’ cost.",
        f"«{name.ru}» улучшился, а{_NBSP}его страхующий показатель «{guard.ru}» ухудшился, и{_NBSP}оба сильнее, чем объясняет "
        f"случайность: проверьте, не{_NBSP}улучшено{_NBSP}ли число за{_NBSP}счёт клиентов.",
    )


def supposed(changes: Sequence[str]) -> Text:
    """The card is no record: some of its numbers are supposed."""
    told = ", ".join(changes)
    return Text(
        f"Supposed, not measured: {told}. This card is no record of the period.",
        f"Предположено, а{_NBSP}не{_NBSP}измерено: {told}. Эта карта не{_NBSP}является записью о{_NBSP}периоде.",
    )


def many_kpis(count: int) -> Text:
    """The card shows more headline figures than a leader can steer by."""
    return Text(
        f"The card has {count} headline figures (perspectives, CKPIint and own KPIs); beyond about ten, attention is lost.",
        f"На карте {count} главных показателей (перспективы, CKPIint и{_NBSP}собственные KPI); когда их больше десяти, "
        "внимание рассеивается.",
    )


def crowded(name: Text, count: int) -> Text:
    """A perspective has so many KPIs that none of them weighs."""
    return Text(
        f"{name.en} has {count} KPIs; past about ten, no one of them moves the composite.",
        f"{name.ru}: показателей{_NBSP}— {count}; когда их больше десяти, ни{_NBSP}один заметно не{_NBSP}влияет на индекс.",
    )


def not_begun(start: date) -> Text:
    """The period lies in the future."""
    first = day(start)
    return Text(
        f"The period has not begun: its first day is {first.en}.",
        f"Период ещё не{_NBSP}начался: его первый день{_NBSP}— {first.ru}.",
    )


def not_over(last: date) -> Text:
    """The period is running."""
    end = day(last)
    return Text(
        f"The period is not over: its last day is {end.en}. Totals do not compare with those of whole periods yet.",
        f"Период ещё не{_NBSP}закончился: его последний день{_NBSP}— {end.ru}. Суммы пока нельзя сравнивать "
        f"с{_NBSP}суммами за{_NBSP}полные периоды.",
    )


def records_end(latest: date, last: date) -> Text:
    """The data stop before the period does."""
    reached, end = day(latest), day(last)
    return Text(
        f"The latest record is of {reached.en}, while the period ends on {end.en}; if there are later ones, load them.",
        f"Последняя запись{_NBSP}— за{_NBSP}{reached.ru}, а{_NBSP}период заканчивается {end.ru}; если есть более "
        "поздние записи, загрузите их.",
    )


def method(
    normalisation: Normalisation,
    aggregation: Aggregation,
    draws: int,
    seed: int,
    without_interval: Iterable[Text],
    *,
    correlated: bool = False,
) -> Text:
    """How the composites and their intervals came about."""
    way = _NORMALISATIONS[normalisation]
    floor = number(GEOMETRIC_FLOOR)
    mean = (
        Text("a weighted arithmetic mean", "взвешенное среднее арифметическое")
        if aggregation == "arithmetic"
        else Text(
            f"a weighted geometric mean (values below {floor.en} count as {floor.en})",
            f"взвешенное среднее геометрическое (значения ниже {floor.ru} считаются равными {floor.ru})",
        )
    )
    many = number(draws, "#,##0")
    taken = list(without_interval)
    english = (
        f" Without an interval of their own, so that their error is left out: {_listed(taken, 'en')}." if taken else ""
    )
    russian = (
        f" Собственного интервала нет, и{_NBSP}их ошибка не{_NBSP}учтена: {_listed(taken, 'ru')}." if taken else ""
    )
    errors = (
        Text(
            "the errors of KPIs that share customers correlated as measured, those of different periods independent",
            f"ошибки KPI с{_NBSP}общими клиентами коррелируют, как измерено, ошибки разных периодов независимы",
        )
        if correlated
        else Text(
            "the errors of different KPIs and periods taken as independent",
            f"ошибки разных KPI и{_NBSP}периодов считаются независимыми",
        )
    )
    return Text(
        f"Printed form: Σ A·x / n. 0–100: each KPI {way.en} unless it says otherwise, joined by {mean.en}. "
        f"95% intervals: {many.en} draws (seed {seed}), {errors.en}.{english}",
        f"Печатная форма: Σ A·x / n. Форма 0–100: каждый KPI {way.ru}, если у{_NBSP}него не{_NBSP}указано иное; "
        f"объединение{_NBSP}— {mean.ru}. Интервалы 95{_NBSP}%: {many.ru} розыгрышей (начальное число {seed}), "
        f"{errors.ru}.{russian}",
    )


def _money(value: float, currency: str | None) -> Text:
    digits = "#,##0" if abs(value) >= 100 else "#,##0.00"
    if currency is None:
        return number(value, digits)
    forms = {
        "en": f"¤{digits};\u2212¤{digits}",
        "ru": f"{digits}{_NBSP}¤;\u2212{digits}{_NBSP}¤",
    }
    return _both(
        lambda language: format_currency(
            value, currency, format=forms[language], locale=language, currency_digits=False
        )
    )


def _listed(names: Sequence[Text], language: Language) -> str:
    words = [name.in_language(language) for name in names]
    return ", ".join(f"«{word}»" if language == "ru" else word for word in words)


def _tied(words: str) -> str:
    """Keeps a number and the word after it on one line."""
    return words.replace(" ", _NBSP)


def _both(form: Callable[[str], str]) -> Text:
    return Text(*(form(language) for language in cast("tuple[str, str]", ("en", "ru"))))
