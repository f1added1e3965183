"""Names of the methods, what each takes for granted, and what stands in the way of a figure."""

from collections.abc import Mapping
from typing import Literal, get_args

from septima.schema.errors import SeptimaError
from septima.schema.text import Text

Rule = Literal["last", "last_non_direct", "first", "linear", "time_decay", "position"]
Method = Literal["last", "last_non_direct", "first", "linear", "time_decay", "position", "markov", "shapley"]
Worth = Literal["conversions", "rate"]
RULES: tuple[Rule, ...] = get_args(Rule)
METHODS: tuple[Method, ...] = get_args(Method)
WORTHS: tuple[Worth, ...] = get_args(Worth)


class AttributionError(SeptimaError):
    """Paths, transitions, coalitions or an option that cannot be attributed as asked."""


NAMES: Mapping[Method, Text] = {
    "last": Text("Last touch", "Последнее касание"),
    "last_non_direct": Text("Last non-direct touch", "Последнее непрямое касание"),
    "first": Text("First touch", "Первое касание"),
    "linear": Text("Linear", "Линейная"),
    "time_decay": Text("Time decay", "С\u00a0учётом давности"),
    "position": Text("Position (40–20–40)", "По\u00a0позиции (40–20–40)"),
    "markov": Text("Markov chain, removal effect", "Марковская цепь, эффект удаления"),
    "shapley": Text("Shapley value", "Вектор Шепли"),
}

_KAUSHIK = "Kaushik, Web Analytics 2.0, 2010"
SOURCES: Mapping[Method, str] = {
    "last": _KAUSHIK,
    "last_non_direct": _KAUSHIK,
    "first": _KAUSHIK,
    "linear": _KAUSHIK,
    "time_decay": _KAUSHIK,
    "position": _KAUSHIK,
    "markov": "Anderl, Becker, von Wangenheim & Schumann, Mapping the customer journey, 2016",
    "shapley": "Shapley, A value for n-person games, 1953; Zhao, Mahboobi & Bagheri, Shapley value methods for "
    "attribution modeling in online advertising, 2018",
}

_RULE = Text(
    "The rule is a convention: it says who was there, not who caused the order.",
    "Это договорённость: правило показывает, кто участвовал, а\u00a0не\u00a0кто стал причиной заказа.",
)
ASSUMPTIONS: Mapping[Method, tuple[Text, ...]] = {
    "last": (
        Text("All credit goes to the last touch of the path.", "Вся заслуга\u00a0— у\u00a0последнего касания пути."),
        _RULE,
    ),
    "last_non_direct": (
        Text(
            "All credit goes to the last touch that is not direct; where all are, to the last one.",
            "Вся заслуга\u00a0— у\u00a0последнего касания, которое не\u00a0было прямым; если прямые все\u00a0— у\u00a0последнего.",
        ),
        _RULE,
    ),
    "first": (
        Text("All credit goes to the first touch of the path.", "Вся заслуга\u00a0— у\u00a0первого касания пути."),
        _RULE,
    ),
    "linear": (Text("Every touch of a path has the same part.", "У\u00a0всех касаний пути равные доли."), _RULE),
    "time_decay": (
        Text(
            "The part of a touch halves with every half-life before the conversion (in tables of paths, which have no "
            "time, with every touch that follows it).",
            "Доля касания уменьшается вдвое за\u00a0каждый период полураспада до\u00a0конверсии (в\u00a0таблицах путей, где времени "
            "нет, — с\u00a0каждым следующим касанием).",
        ),
        _RULE,
    ),
    "position": (
        Text(
            "The first and the last touch have 40\u00a0% each and those between share 20\u00a0%; of two touches each has "
            "half, and a single one has all.",
            "У\u00a0первого и\u00a0последнего касания по\u00a040\u00a0%, остальные делят 20\u00a0%; из\u00a0двух касаний у\u00a0каждого половина, "
            "у\u00a0единственного\u00a0— всё.",
        ),
        _RULE,
    ),
    "markov": (
        Text(
            "Where a customer goes next depends on the last touches only, as many as the order of the chain says.",
            "Следующий шаг клиента зависит только от\u00a0последних касаний: их столько, каков порядок цепи.",
        ),
        Text(
            "Without a channel, a customer who would have met it is lost; credit is in proportion to what is lost so. "
            "In truth some would have come another way.",
            "Если убрать канал, клиент, который пришёл\u00a0бы через него, теряется; заслуга пропорциональна потерям. "
            "На\u00a0деле часть клиентов пришла\u00a0бы иначе.",
        ),
        Text(
            "The chain is solved exactly, without drawing walks: two runs give the same digits.",
            "Цепь решается точно, без случайных блужданий: два запуска дают одни и\u00a0те\u00a0же цифры.",
        ),
    ),
    "shapley": (
        Text(
            "Credit is the mean of what a channel adds over all orders in which channels could join; how often and in "
            "which order a path meets them plays no part.",
            "Заслуга\u00a0— средний вклад канала по\u00a0всем порядкам, в\u00a0которых каналы могли\u00a0бы присоединяться; число "
            "и\u00a0порядок касаний в\u00a0пути роли не\u00a0играют.",
        ),
    ),
}
WORTH_ASSUMPTIONS: Mapping[Worth, Text] = {
    "conversions": Text(
        "Channels together are worth the conversions of all paths that need no other channel (Zhao et al., 2018). So "
        "each path is shared equally by its channels, which is exact for any number of them (Harsanyi, 1959); paths "
        "that came to nothing play no part.",
        "Группа каналов стоит столько, сколько конверсий у\u00a0путей, которым не\u00a0нужны другие каналы (Zhao et\u00a0al., 2018). "
        "Поэтому каждый путь делится поровну между своими каналами, и\u00a0это точно при любом их числе (Harsanyi, 1959); "
        "пути без конверсии роли не\u00a0играют.",
    ),
    "rate": Text(
        "Channels together are worth the conversion rate of all paths that need no other channel (Dalessandro et al., "
        "2012). A channel that only lowers it has a part below zero.",
        "Группа каналов стоит столько, какова конверсия путей, которым не\u00a0нужны другие каналы (Dalessandro et\u00a0al., 2012). "
        "Канал, который только снижает её, получает долю ниже нуля.",
    ),
}

NO_CONVERSIONS = Text(
    "No path ended in a conversion, so there is nothing to hand out.",
    "Ни\u00a0один путь не\u00a0закончился конверсией, поэтому распределять нечего.",
)
NO_TOUCHES = Text(
    "There was no touch before any conversion, so no channel can be credited.",
    "Ни\u00a0перед одной конверсией не\u00a0было касаний, поэтому ни\u00a0одному каналу ничего не\u00a0приписать.",
)
ONE_CHANNEL = Text(
    "All conversions came through one channel: every method gives it everything, and nothing can be told apart.",
    "Все конверсии прошли через один канал: любой метод отдаёт ему всё, и\u00a0сравнивать нечего.",
)
NO_VALUE = Text(
    "The value of the conversions adds up to nothing, so only their number is handed out.",
    "Сумма конверсий равна нулю, поэтому распределено только их число.",
)
NO_NULLS = Text(
    "There is no path that came to nothing: every walk converts, so the chain tells only how often a channel is met, "
    "and orders cannot be compared; order 1 is taken where none was given.",
    "Нет ни\u00a0одного пути без конверсии: любой путь приводит к\u00a0ней, поэтому цепь показывает лишь, как часто встречается "
    "канал, а\u00a0порядки сравнить нельзя; если порядок не\u00a0задан, взят первый.",
)
NO_RATE = Text(
    "There is no path that came to nothing, so the conversion rate is 100\u00a0% with any channels: there is no game to "
    "divide.",
    "Нет ни\u00a0одного пути без конверсии, поэтому конверсия при любом наборе каналов\u00a0— 100\u00a0%: делить нечего.",
)
TOO_LARGE_FOR_INTERVALS = Text(
    "The chain has so many states that intervals are left out.",
    "В\u00a0цепи так много состояний, что интервалы не\u00a0рассчитаны.",
)
ORDER_UNCLEAR = Text(
    "Too few paths of either kind were held out to compare orders; order 1 is taken.",
    "Отложенных путей слишком мало, чтобы сравнить порядки; взят первый.",
)
