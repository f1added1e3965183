"""The words of the interface of a report, in the languages of the product."""

from septima.schema import Language, Text
from septima.scorecard.card import Direction, State

WORDS: dict[str, Text] = {
    "title": Text("CRM scorecard", "Карта показателей CRM"),
    "skip": Text("Skip to the scorecard", "Перейти к карте показателей"),
    "studies_title": Text("CRM models", "Модели CRM"),
    "skip_studies": Text("Skip to the models", "Перейти к моделям"),
    "assumptions": Text("What is taken for granted", "Что принято на веру"),
    "contents": Text("Contents", "Содержание"),
    "overview": Text("The scorecard on one page", "Карта на одной странице"),
    "own": Text("The company’s own KPIs", "Собственные показатели компании"),
    "notes": Text("Method and data", "Метод и данные"),
    "integral_name": Text("Composite index of the company", "Сводный индекс компании"),
    "interval_95": Text("95% interval", "95%-й интервал"),
    "on_scale": Text("On a scale of 0–100", "По шкале 0–100"),
    "since_previous": Text("Change over the period", "Изменение за период"),
    "state": Text("State", "Состояние"),
    "kpi": Text("Function and KPI", "Функция и показатель"),
    "value": Text("Value", "Значение"),
    "interval": Text("Interval", "Интервал"),
    "against_target": Text("Value against target", "Значение и цель"),
    "target": Text("Target", "Цель"),
    "target_source": Text("The target is", "Цель"),
    "change": Text("Change", "Изменение"),
    "n": Text("n", "n"),
    "course": Text("Trend", "Динамика"),
    "table_caption": Text(
        "Seven functions and their KPIs: figures of the period, 95% intervals, targets and changes",
        "Функции и их показатели: значения за период, 95%-е интервалы, цели и изменения",
    ),
    "bullet_key": Text(
        "In the chart: bar and dot — the value; thin line — its 95% interval; upright stroke — the target. "
        "A function’s bar shows its index on a scale of 0–100.",
        "На диаграмме: полоса и точка — значение; тонкая линия — его 95%-й интервал; вертикальная черта — цель. "
        "Полоса функции показывает её индекс по шкале 0–100.",
    ),
    "weight": Text("Weight", "Вес"),
    "enters": Text("Enters as", "Входит как"),
    "contribution": Text("Contribution", "Вклад"),
    "normalised": Text("0–100", "0–100"),
    "made_of": Text("What the index is made of", "Из чего складывается индекс"),
    "formula_with_numbers": Text("With the numbers put in", "С подставленными числами"),
    "printed_formula": Text("Formula", "Формула"),
    "passport": Text("Passport", "Паспорт"),
    "what": Text("What it shows", "Что показывает"),
    "how": Text("How it is computed", "Как считается"),
    "source": Text("Source of the formula", "Источник формулы"),
    "primary_data": Text("Primary data", "Исходные данные"),
    "sample": Text("Records, n", "Записей, n"),
    "missing": Text("Could not be used", "Не удалось учесть"),
    "minimum_sample": Text("Minimum sample", "Минимальная выборка"),
    "definition": Text("Definition", "Определение"),
    "unit": Text("Unit", "Единица"),
    "direction": Text("Better is", "Лучше, когда"),
    "previous": Text("Previous period", "Предыдущий период"),
    "by": Text("by", "по измерению"),
    "not_given": Text("not stated", "не указано"),
    "dates": Text("Period", "Период"),
    "data_version": Text("Version of the data", "Версия данных"),
    "card_definition": Text("Version of the scorecard’s definition", "Версия определения карты"),
    "computed_at": Text("Computed", "Рассчитано"),
    "normalisation": Text("Scale of 0–100", "Шкала 0–100"),
    "aggregation": Text("Joining KPIs", "Объединение показателей"),
    "incomplete": Text(
        "The period is not over yet: the figures will change.",
        "Период ещё не закончился: значения изменятся.",
    ),
    "more_statements": Text("Further remarks are in the last section.", "Остальные замечания — в последнем разделе."),
    "remarks": Text("Remarks", "Замечания"),
    "page": Text("Page", "Страница"),
    "page_of": Text("of", "из"),
    "to_overview": Text("Back to the scorecard", "К карте показателей"),
    "interval_note": Text(
        "Every interval is a 95% interval: were the period’s customers and answers drawn again by chance, it would "
        "cover the true value in about 95 cases of 100. Figures are rounded no finer than their interval allows.",
        "Все интервалы — 95%-е: если бы клиенты и ответы этого периода отбирались случайно снова и снова, интервал "
        "накрывал бы истинное значение примерно в 95 случаях из 100. Числа округлены не точнее, чем позволяет интервал.",
    ),
    "composite_note": Text(
        "The printed composite is Σ A·x / n: every KPI enters with its weight A, and the weights average 1. Its interval "
        "carries over the intervals of all the KPIs by simulation.",
        "Сводный индекс в печатной форме — Σ A·x / n: каждый показатель входит со своим весом A, средний вес равен 1. "
        "Интервал индекса получен моделированием по интервалам всех показателей.",
    ),
    "undefined_note": Text(
        "— stands for a figure that is undefined; a remark beside it says why. It is never replaced by zero.",
        "Знак «—» значит, что показатель не определён; рядом сказано почему. Нулём он никогда не заменяется.",
    ),
    "quiet_key": Text(
        "A pale change does not stand out from chance.",
        "Бледное изменение не отличить от случайного разброса.",
    ),
    "within_chance": Text("(does not stand out from chance)", "(не отличить от случайного разброса)"),
    "owner": Text("Owner", "Отвечает"),
    "where": Text("Only for", "Только для"),
    "parameters": Text("Parameters", "Параметры"),
    "entry": Text("Enters the index as", "Входит в индекс как"),
    "kpi_normalisation": Text("On a scale of 0–100", "По шкале 0–100"),
    "too_few": Text("too few", "мало записей"),
    "no_remark": Text("The figure is undefined.", "Показатель не определён."),
    "sheet_card": Text("Scorecard", "Карта"),
    "sheet_passports": Text("Passports", "Паспорта"),
    "sheet_notes": Text("About", "О карте"),
    "lower": Text("Lower bound", "Нижняя граница"),
    "upper": Text("Upper bound", "Верхняя граница"),
    "period": Text("Period", "Период"),
    "name": Text("Name", "Название"),
    "member": Text("Member", "Группа"),
    "kind": Text("Kind", "Вид"),
    "composite": Text("Index", "Индекс"),
    "currency": Text("Currency", "Валюта"),
    "organisation": Text("Organisation", "Организация"),
    "metric": Text("Metric", "Метрика"),
}

STATES: dict[State, Text] = {
    "good": Text("on track", "в норме"),
    "watch": Text("to watch", "требует внимания"),
    "bad": Text("behind", "отстаёт"),
    "unknown": Text("not rated", "без оценки"),
}

DIRECTIONS: dict[Direction, Text] = {
    "more": Text("more", "больше"),
    "less": Text("less", "меньше"),
    "target": Text("nearer the target", "ближе к цели"),
}

UNITS: dict[str, Text] = {
    "share": Text("share, %", "доля, %"),
    "index": Text("index", "индекс"),
    "currency": Text("money", "деньги"),
    "currency_per_day": Text("money a day", "деньги в день"),
    "ratio": Text("ratio", "отношение"),
    "seconds": Text("seconds", "секунды"),
    "hours": Text("hours", "часы"),
    "days": Text("days", "дни"),
    "months": Text("months", "месяцы"),
    "count": Text("number", "количество"),
    "per_1000": Text("per 1,000", "на 1000"),
    "score_1_5": Text("score of 1–5", "оценка от 1 до 5"),
    "score_0_10": Text("score of 0–10", "оценка от 0 до 10"),
    "score_0_100": Text("score of 0–100", "оценка от 0 до 100"),
}

ENTRIES: dict[str, Text] = {
    "value": Text("the value itself", "само значение"),
    "complement": Text("1 − the value", "1 − значение"),
    "achievement": Text("the achievement of the target", "достижение цели"),
}

NORMALISATIONS: dict[str, Text] = {
    "target": Text("the share of the target that is reached, in percent", "доля достигнутой цели, в процентах"),
    "min_max": Text(
        "straight between the worst value (0) and the best (100)", "линейно от худшего значения (0) до лучшего (100)"
    ),
    "z_score": Text(
        "50 + 10·z against the KPI’s own earlier periods", "50 + 10·z относительно прежних периодов самого показателя"
    ),
    "piecewise": Text(
        "0 at bad, 50 at watch, 100 at good, straight between",
        "0 на границе «плохо», 50 — «внимание», 100 — «хорошо», между ними линейно",
    ),
}

AGGREGATIONS: dict[str, Text] = {
    "arithmetic": Text("weighted arithmetic mean", "взвешенное среднее арифметическое"),
    "geometric": Text("weighted geometric mean", "взвешенное среднее геометрическое"),
}

TICKS: dict[str, Text] = {
    "quarter": Text("Q%q", "%q\u00a0кв."),
    "month": Text("%b", "%b"),
    "day": Text("%-d\u00a0%b", "%-d\u00a0%b"),
}
"""How periods are written below a trend, in the directives of d3."""

SENTENCES: dict[str, Text] = {
    "risen": Text(
        "{name} rose by {change} from {previous} in the previous period.",
        "{name} вырос на {change}: в предыдущем периоде было {previous}.",
    ),
    "fallen": Text(
        "{name} fell by {change} from {previous} in the previous period.",
        "{name} снизился на {change}: в предыдущем периоде было {previous}.",
    ),
    "unchanged": Text(
        "{name} has not changed since the previous period.", "{name} не изменился по сравнению с предыдущим периодом."
    ),
    "no_previous": Text(
        "There is no previous {name} to compare with.",
        "Сравнить {name} не с чем: в предыдущем периоде он не рассчитан.",
    ),
    "undefined": Text("{name} is undefined for this period.", "{name} за этот период не определён."),
    "within_noise": Text(
        "With the samples there are, this cannot be told from chance.",
        "При таких выборках это не отличить от случайного колебания.",
    ),
    "beyond_noise": Text("This is more than chance explains.", "Это больше, чем можно объяснить случайностью."),
    "by_chance": Text(
        "The intervals of the two periods overlap, so the change may be chance.",
        "Интервалы двух периодов пересекаются, поэтому изменение может быть случайным.",
    ),
    "beyond_chance": Text(
        "The intervals of the two periods do not overlap: the change is more than chance explains.",
        "Интервалы двух периодов не пересекаются: изменение больше того, что объясняет случайность.",
    ),
    "best_mover": Text(
        "“{name}” gained most ({change} of 100).", "Сильнее всего поднялась функция «{name}» ({change} из 100)."
    ),
    "worst_mover": Text(
        "“{name}” lost most ({change} of 100).", "Сильнее всего опустилась функция «{name}» ({change} из 100)."
    ),
    "tally": Text(
        "KPIs: {all} in all; {good} on track, {watch} to watch, {bad} behind, {unknown} not rated.",
        "Показателей — {all}: в норме {good}, требуют внимания {watch}, отстают {bad}, без оценки {unknown}.",
    ),
    "target_line": Text("target {target}", "цель {target}"),
    "bullet_says": Text("{name}: {value}{interval}{target}.", "{name}: {value}{interval}{target}."),
    "interval_says": Text(", interval {interval}", ", интервал {interval}"),
    "target_says": Text(", target {target}", ", цель {target}"),
    "composite_says": Text(
        "{name}: {value} on a scale of 0–100{interval}.", "{name}: {value} по шкале 0–100{interval}."
    ),
    "course_says": Text(
        "{name} from {first} to {last}: from {start} to {end}.", "{name}, {first} — {last}: от {start} до {end}."
    ),
    "trend_says": Text(
        "{name} by period from {first} to {last}: the last value is {end}{interval}{target}.",
        "{name} по периодам, {first} — {last}: последнее значение {end}{interval}{target}.",
    ),
    "slices_say": Text("{name} by {dimension}: {members}.", "{name} в разрезе «{dimension}»: {members}."),
    "slices_left": Text(
        "The {shown} largest groups of {all} are shown.", "Показаны крупнейшие группы: {shown} из {all}."
    ),
    "slices_undefined": Text("Undefined for: {members}.", "Не определено для: {members}."),
    "slice_title": Text("{dimension}, {period}", "{dimension}, {period}"),
}


def words_in(language: Language) -> dict[str, str]:
    """All words of the pages in one language."""
    return {key: text.in_language(language) for key, text in WORDS.items()}


def sentence(key: str, language: Language, **parts: str) -> str:
    """A sentence of the catalogue with its parts put in."""
    return SENTENCES[key].in_language(language).format(**parts)


def known(catalogue: dict[str, Text], key: str, language: Language) -> str:
    """What the catalogue calls `key`; the key itself where a newer card brings one that is not in it."""
    return catalogue[key].in_language(language) if key in catalogue else key
