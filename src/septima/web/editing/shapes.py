"""Which fields each definition file has, in the words of its reader, and how its lists stand in one another."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, get_args

from babel.dates import get_month_names

from septima.metrics.custom.definition import OwnKind
from septima.metrics.definition import Unit
from septima.metrics.period import GRAINS
from septima.schema import TABLES, Language, Text
from septima.scorecard.alerts.definition import KINDS as ALERT_KINDS
from septima.scorecard.alerts.definition import SEVERITIES
from septima.scorecard.cascade.definition import LEVELS, TEAMS_BY
from septima.scorecard.composite import AGGREGATIONS
from septima.scorecard.definition import PERSPECTIVES
from septima.scorecard.normalise import ENTRIES, NORMALISATIONS, SHAPES
from septima.scorecard.weighting import WEIGHTING_METHODS
from septima.web.editing.fields import FieldShape as F

_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
)  # fmt: skip

Fields = Sequence[F] | Callable[[Mapping[str, Any]], Sequence[F]]


@dataclass(frozen=True)
class ListShape:
    """A list within a file or an entry: its key, what an entry is called, its fields, and lists within it.

    `fresh` is what a new entry begins with, of an id that is not taken; `itself` says that entries hold the same list again.
    `keyed` lists are mappings whose keys are names of entries that stay as they are.
    """

    key: str
    name: Text
    entry: Text
    fields: Fields
    lists: tuple["ListShape", ...] = ()
    fresh: Callable[[str], Mapping[str, Any]] | None = None
    weighted: bool = False
    itself: bool = False
    keyed: bool = False
    catalogue: bool = False


@dataclass(frozen=True)
class FileShape:
    """The fields of a file and its lists."""

    fields: Sequence[F] = ()
    lists: tuple[ListShape, ...] = ()
    suggestions: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])


def shape_of(kind: str, language: Language) -> FileShape | None:
    """The shape of a kind of file; None where it is edited as text."""
    makers: dict[str, Callable[[Language], FileShape]] = {
        "scorecard": _scorecard,
        "goals": _goals,
        "metrics": _metrics,
        "alerts": _alerts,
        "cascade": _cascade,
        "settings": _settings,
        "rollout": _rollout,
        "mapping": _mapping,
    }
    maker = makers.get(kind)
    return None if maker is None else maker(language)


def _choices(values: Sequence[str], words: Mapping[str, Text], language: Language) -> tuple[tuple[str, str], ...]:
    return (("", "—"), *((value, words[value].in_language(language) if value in words else value) for value in values))


_WORDS = {
    "target": Text("share of the target", "доля цели"),
    "min_max": Text("between worst and best", "между худшим и лучшим"),
    "z_score": Text("against its own history", "относительно своей истории"),
    "piecewise": Text("between thresholds", "между порогами"),
    "utility": Text("by a curve of usefulness", "по кривой полезности"),
    "arithmetic": Text("arithmetic mean", "среднее арифметическое"),
    "geometric": Text("geometric mean", "среднее геометрическое"),
    "value": Text("as it is", "как есть"),
    "complement": Text("1 − share", "1 − доля"),
    "achievement": Text("achievement of the target", "достижение цели"),
    "straight": Text("straight", "ломаная"),
    "smooth": Text("smooth", "плавная"),
    "equal": Text("all the same", "все равны"),
    "budget": Text("points shared out", "распределение баллов"),
    "ahp": Text("comparisons in pairs (AHP)", "парные сравнения (AHP)"),
    "pca": Text("from the data: components", "по данным: главные компоненты"),
    "entropy": Text("from the data: entropy", "по данным: энтропия"),
    "share": Text("share", "доля"),
    "index": Text("index", "индекс"),
    "ratio": Text("ratio", "отношение"),
    "currency": Text("money", "деньги"),
    "currency_per_day": Text("money a day", "деньги в день"),
    "seconds": Text("seconds", "секунды"),
    "hours": Text("hours", "часы"),
    "days": Text("days", "дни"),
    "months": Text("months", "месяцы"),
    "count": Text("number", "количество"),
    "per_1000": Text("per 1,000", "на 1000"),
    "score_1_5": Text("score 1–5", "оценка 1–5"),
    "score_0_10": Text("score 0–10", "оценка 0–10"),
    "score_0_100": Text("score 0–100", "оценка 0–100"),
    "more": Text("more is better", "больше — лучше"),
    "less": Text("less is better", "меньше — лучше"),
    "day": Text("day", "день"),
    "week": Text("week", "неделя"),
    "month": Text("month", "месяц"),
    "quarter": Text("quarter", "квартал"),
    "year": Text("year", "год"),
    "critical": Text("critical", "критично"),
    "warning": Text("warning", "предупреждение"),
    "info": Text("for information", "к сведению"),
    "company": Text("company", "компания"),
    "department": Text("department", "подразделение"),
    "team": Text("team", "команда"),
    "person": Text("person", "сотрудник"),
    "true": Text("yes", "да"),
    "false": Text("no", "нет"),
    "threshold": Text("a figure crosses a bound", "показатель вышел за границу"),
    "state": Text("a state is bad", "состояние плохое"),
    "change": Text("worse than before", "стало хуже"),
    "stale": Text("data are late", "данные опаздывают"),
    "missing": Text("too much is missing", "много пропусков"),
    "quarantine": Text("too much in quarantine", "много в карантине"),
    "forecast": Text("target out of reach", "цель недостижима"),
}
_OWN_KINDS = {
    "count": Text("number of rows", "количество строк"),
    "sum": Text("sum", "сумма"),
    "mean": Text("mean", "среднее"),
    "ratio": Text("share or ratio of two counts", "доля или отношение"),
    "quantile": Text("quantile (median and others)", "квантиль (медиана и др.)"),
    "conversion": Text("conversion of customers", "конверсия клиентов"),
    "derived": Text("formula of other metrics", "формула из других метрик"),
}
_ID = Text("Id", "Идентификатор")
_NAME = Text("Name", "Название")
_WEIGHT = Text("Weight", "Вес")
_TARGET = Text("Target", "Цель")
_OWNER = Text("Owner", "Ответственный")
_KPI = Text("KPI", "Показатель")
_PAIRS = Text("one `name: value` on a line", "по одной паре «имя: значение» в строке")
_COMMAS = Text("divided by commas", "через запятую")


def _flag(key: str, name: Text, language: Language) -> F:
    return F(key, name, "flag", (("", "—"), *_choices(("true", "false"), _WORDS, language)[1:]))


def _scorecard(language: Language) -> FileShape:
    normalisations = _choices(NORMALISATIONS, _WORDS, language)

    def weights(entry: Mapping[str, Any]) -> list[F]:
        if not isinstance(entry.get("weights"), Mapping):
            return []
        methods = _choices(WEIGHTING_METHODS, _WORDS, language)
        return [
            F("weights.method", Text("Weights come from", "Веса получены"), "choice", methods),
            F("weights.points", Text("Points", "Баллы"), "pairs", help=_PAIRS),
            F("weights.comparisons", Text("Comparisons", "Сравнения"), "pairs", help=_PAIRS),
        ]

    weight = F("weight", _WEIGHT, "number", main=True)

    def perspective(entry: Mapping[str, Any]) -> list[F]:
        return [
            F("id", _ID, suggestions="perspectives"),
            F("name", _NAME, "text"),
            weight,
            *weights(entry),
        ]

    own = [
        F("target", _TARGET, "target", main=True),
        F("id", _ID),
        F("metric", Text("Metric", "Метрика"), suggestions="metrics"),
        F("name", _NAME, "text"),
        F("owner", _OWNER),
        F("normalisation", Text("Brought to 0–100", "Приведение к 0–100"), "choice", normalisations),
        F("worst", Text("Worst", "Худшее"), "number"),
        F("best", Text("Best", "Лучшее"), "number"),
        F("thresholds.bad", Text("Threshold: bad", "Порог: плохо"), "number"),
        F("thresholds.watch", Text("Threshold: watch", "Порог: внимание"), "number"),
        F("thresholds.good", Text("Threshold: good", "Порог: хорошо"), "number"),
        F("target.by_period", Text("Targets by period", "Цели по периодам"), "pairs",
          help=Text("2026-Q1: 0.7, one on a line; the target is for all others", "2026-Q1: 0.7 — по одной в строке; цель выше — для остальных периодов")),
        F("target.formula", Text("Target by formula", "Цель по формуле"),
          help=Text("such as 0.95 * previous_year(nps)", "например 0.95 * previous_year(nps)")),
        F("target.plan", Text("Target from the plan", "Цель из плана"), help=Text("the name of a plan in the data", "имя плана в данных")),
        F("by", Text("Shown by", "Показывать по срезу"), suggestions="dimensions"),
        F("member_targets", Text("Targets of members", "Цели частей среза"), "pairs", help=_PAIRS),
        F("where", Text("Only where", "Только где"), "pairs", help=Text("channel: app, one on a line", "channel: app — по одному в строке")),
        F("parameters", Text("Parameters of the metric", "Параметры метрики"), "pairs", help=_PAIRS),
        F("guard", Text("Guarded by", "Под охраной"), suggestions="kpis",
          help=Text("the KPI that must not get worse meanwhile", "показатель, который не должен при этом ухудшаться")),
        F("utility.points", Text("Curve of usefulness", "Кривая полезности"), "yaml",
          help=Text("[[0.5, 0], [0.8, 70], [1, 100]]", "[[0.5, 0], [0.8, 70], [1, 100]]")),
        F("utility.shape", Text("Shape of the curve", "Форма кривой"), "choice", _choices(SHAPES, _WORDS, language)),
    ]  # fmt: skip
    entry = F("entry", Text("Enters the composite", "Входит в индекс"), "choice", _choices(ENTRIES, _WORDS, language))

    def kpi(content: Mapping[str, Any]) -> list[F]:
        return [weight, *own, entry]

    kpis = ListShape("kpis", Text("KPIs", "Показатели"), _KPI, kpi, weighted=True, catalogue=True)
    return FileShape(
        [
            F("normalisation", Text("Brought to 0–100", "Приведение к 0–100"), "choice", normalisations, main=True),
            F("aggregation", Text("Joined by", "Объединение"), "choice", _choices(AGGREGATIONS, _WORDS, language), main=True),
            F("trend", Text("Periods in the trend", "Периодов в динамике"), "number", main=True),
            F("watch_band", Text("Band of attention", "Полоса внимания"), "number", main=True,
              help=Text("share of the target by which it may be missed", "на какую долю можно не дойти до цели")),
            *weights({}),
        ],
        (
            ListShape(
                "perspectives",
                Text("Perspectives", "Перспективы"),
                Text("Perspective", "Перспектива"),
                perspective,
                (kpis,),
                weighted=True,
            ),
            ListShape("own", Text("KPIs of your own, in no composite", "Собственные показатели вне индексов"), _KPI, own, catalogue=True),
        ),
        {"perspectives": tuple(PERSPECTIVES)},
    )  # fmt: skip


def _goals(language: Language) -> FileShape:
    kpis = ListShape(
        "kpis",
        Text("KPIs of the goal", "Показатели цели"),
        _KPI,
        [
            F("kpi", _KPI, suggestions="kpis", main=True),
            F("target", _TARGET, "number", main=True),
            F("baseline", Text("Begun from", "Исходное"), "number", main=True),
            F("since", Text("Since the period", "С периода"), main=True),
            F("weight", _WEIGHT, "number"),
            _flag("leading", Text("Leading", "Опережающий"), language),
        ],
        fresh=lambda _: {"kpi": "nps", "baseline": 0},
    )
    initiatives = ListShape(
        "initiatives",
        Text("Initiatives", "Инициативы"),
        Text("Initiative", "Инициатива"),
        [
            F("name", _NAME, "text"),
            F("id", _ID),
            F("owner", _OWNER, main=True),
            F("start", Text("Begins", "Начало"), "day"),
            F("due", Text("Due", "Срок"), "day", main=True),
            F("done", Text("Done on", "Сделано"), "day"),
            F("share", Text("Share done", "Доля сделанного"), "number"),
        ],
        fresh=lambda id_: {"id": id_, "name": {"en": "New initiative", "ru": "Новая инициатива"}},
    )
    goal = [
        F("name", _NAME, "text"),
        F("due", Text("Due", "Срок"), "day", main=True),
        F("owner", _OWNER, main=True),
        F("id", _ID),
        F("perspective", Text("Perspective", "Перспектива"), suggestions="perspectives"),
        F("start", Text("Begins", "Начало"), "day"),
        F("done", Text("Done on", "Достигнута"), "day"),
        F("weight", _WEIGHT, "number"),
        F("after", Text("Comes after", "После целей"), "words", help=_COMMAS),
        F("supports", Text("Supports", "Помогает целям"), "words", help=_COMMAS),
    ]
    return FileShape(
        (),
        (
            ListShape(
                "goals",
                Text("Goals", "Цели"),
                Text("Goal", "Цель"),
                goal,
                (kpis, initiatives),
                fresh=lambda id_: {"id": id_, "name": {"en": "New goal", "ru": "Новая цель"}},
                itself=True,
            ),
        ),
    )


def _metrics(language: Language) -> FileShape:
    tables = tuple((name, name) for name in TABLES)
    kinds = _choices(get_args(OwnKind), _OWN_KINDS, language)
    table = F("table", Text("Table", "Таблица"), "choice", (("", "—"), *tables))
    where = F("filter", Text("Which rows concern it", "Какие строки относятся"), "long",
              help=Text("such as status = 'completed'", "например status = 'completed'"))  # fmt: skip
    moment = F("at", Text("Moment", "Момент"), help=Text("a column of time; the table’s own where left out", "колонка времени; по умолчанию — своя у таблицы"))  # fmt: skip
    value = [
        F("column", Text("Column", "Колонка")),
        F(
            "expression",
            Text("or expression", "или выражение"),
            help=Text("such as revenue - cost", "например revenue - cost"),
        ),
    ]
    cumulative = F(
        "cumulative", Text("Running total", "Нарастающим итогом"), "yaml", help=Text("{over: year}", "{over: year}")
    )

    def part(key: str, name: Text) -> list[F]:
        return [
            F(f"{key}.table", Text(f"{name.en}: table", f"{name.ru}: таблица"), "choice", (("", "—"), *tables)),
            F(f"{key}.filter", Text(f"{name.en}: rows", f"{name.ru}: строки"), "long"),
            F(f"{key}.at", Text(f"{name.en}: moment", f"{name.ru}: момент")),
        ]

    def of_kind(kind: object) -> list[F]:  # noqa: PLR0911 - one list for each kind
        rows = [table, where, moment]
        match kind:
            case "count":
                return [*rows, F("distinct", Text("Different values of", "Разных значений")), cumulative]
            case "sum" | "mean":
                return [*rows, *value, cumulative]
            case "quantile":
                q = F("q", Text("Quantile", "Квантиль"), "number", help=Text("0.5 is the median", "0,5 — медиана"))
                return [*rows, *value, q]
            case "ratio":
                above, below = Text("Numerator", "Числитель"), Text("Denominator", "Знаменатель")
                return [
                    *rows,
                    *part("numerator", above),
                    F("numerator.sum", Text("Numerator: sum of", "Числитель: сумма")),
                    *part("denominator", below),
                    F("denominator.sum", Text("Denominator: sum of", "Знаменатель: сумма")),
                    cumulative,
                ]
            case "conversion":
                return [
                    *part("base", Text("From", "Из")),
                    *part("target", Text("To", "В")),
                    F("within", Text("Within", "За время"), help=Text("7 days", "7 days")),
                    cumulative,
                ]
            case "derived":
                return [
                    F(
                        "formula",
                        Text("Formula", "Формула"),
                        "long",
                        help=Text("revenue / active_customers", "revenue / active_customers"),
                    )
                ]
            case _:
                return []

    def metric(entry: Mapping[str, Any]) -> list[F]:
        own = [one for one in of_kind(entry.get("kind")) if "sql" not in entry or one.key != "table"]
        sql = [F("sql", Text("Query", "Запрос"), "long")] if "sql" in entry else []
        return [
            F("name", _NAME, "text"),
            F("kind", Text("Kind", "Вид"), "choice", kinds, help=Text("keep the draft to see the fields of another kind", "чтобы увидеть поля другого вида, сохраните черновик")),
            F("id", _ID, help=Text("small Latin letters, digits and _", "строчные латинские буквы, цифры и _")),
            F("version", Text("Version", "Версия"), "number"),
            F("description", Text("Description", "Описание"), "text"),
            F("use", Text("Good for", "Для чего"), "text"),
            F("unit", Text("Unit", "Единица"), "choice", _choices(get_args(Unit), _WORDS, language)),
            F("direction", Text("Direction", "Направление"), "choice",
              (("", "—"), ("more", _WORDS["more"].in_language(language)), ("less", _WORDS["less"].in_language(language)),
               ("target", Text("nearer the target is better", "ближе к цели — лучше").in_language(language)))),
            F("perspective", Text("Perspective", "Перспектива"), "choice", _choices(tuple(PERSPECTIVES), PERSPECTIVES, language)),
            F("owner", _OWNER, "text"),
            F("minimum_sample", Text("Least sample", "Наименьшая выборка"), "number"),
            *sql,
            *own,
            F("by", Text("Slices", "Срезы"), "words", help=_COMMAS),
            F("parameters", Text("Parameters", "Параметры"), "pairs", help=_PAIRS),
            F("bounds", Text("Bounds", "Границы"), "yaml", help=Text("[0, 1]", "[0, 1]")),
            F("source", Text("Source of the formula", "Источник формулы")),
        ]  # fmt: skip

    def fresh(id_: str) -> Mapping[str, Any]:
        return {
            "id": id_,
            "name": {"en": "New metric", "ru": "Новая метрика"},
            "description": {"en": "What it says.", "ru": "О чём она говорит."},
            "direction": "more",
            "perspective": "sales",
            "kind": "count",
            "table": "orders",
        }

    return FileShape(
        (), (ListShape("metrics", Text("Metrics", "Метрики"), Text("Metric", "Метрика"), metric, fresh=fresh),)
    )


def _alerts(language: Language) -> FileShape:
    fields: Mapping[str, Sequence[str]] = {
        "threshold": ("of", "below", "above", "form"),
        "state": ("of", "states"),
        "change": ("of",),
        "stale": ("table", "hours", "days"),
        "missing": ("of", "above"),
        "quarantine": ("above",),
        "forecast": ("of", "below"),
    }
    known = {
        "of": F("of", Text("Of which figure", "Какой показатель"), "words", suggestions="kpis", main=True),
        "below": F("below", Text("Below", "Ниже"), "number", main=True),
        "above": F("above", Text("Above", "Выше"), "number", main=True),
        "form": F("form", Text("Form of the figure", "Вид числа")),
        "states": F(
            "states", Text("States", "Состояния"), "words", help=Text("bad, watch, unknown", "bad, watch, unknown")
        ),
        "table": F(
            "table", Text("Table", "Таблица"), "choice", (("", "—"), *((one, one) for one in TABLES)), main=True
        ),
        "hours": F("hours", Text("Older than, hours", "Старше, часов"), "number", main=True),
        "days": F("days", Text("Older than, days", "Старше, дней"), "number", main=True),
    }

    def rule(entry: Mapping[str, Any]) -> list[F]:
        of_kind = [known[one] for one in fields.get(str(entry.get("kind")), ())]
        return [
            F("kind", Text("Kind", "Вид"), "choice", _choices(ALERT_KINDS, _WORDS, language), main=True),
            *of_kind,
            F("severity", Text("Severity", "Важность"), "choice", _choices(SEVERITIES, _WORDS, language), main=True),
            F("id", _ID),
            F("who", Text("Who is to look", "Кому смотреть"), "text"),
            F("message", Text("What to do", "Что сделать"), "text"),
            F("quiet", Text("Days of silence after", "Дней тишины после"), "number"),
            F("channels", Text("Channels", "Каналы"), "words", help=_COMMAS),
        ]

    channel = [
        F("id", _ID, main=True),
        F("kind", Text("Kind", "Вид"), "choice", (("email", "email"), ("webhook", "webhook")), main=True),
        F("host", Text("Mail server", "Почтовый сервер")),
        F("port", Text("Port", "Порт"), "number"),
        F("security", Text("Security", "Защита")),
        F("user", Text("User", "Пользователь")),
        F("password_env", Text("Variable of the password", "Переменная с паролем")),
        F("from", Text("From", "От кого")),
        F("to", Text("To", "Кому"), "words", help=_COMMAS),
        F("url", Text("Address", "Адрес")),
        F("secret_env", Text("Variable of the secret", "Переменная с секретом")),
        F("timeout", Text("Seconds to wait", "Сколько секунд ждать"), "number"),
    ]
    grains = tuple(grain for grain in GRAINS if grain != "all")
    return FileShape(
        [F("grain", Text("Looked at each", "Проверять за"), "choice", _choices(grains, _WORDS, language), main=True)],
        (
            ListShape("rules", Text("Rules", "Правила"), Text("Rule", "Правило"), rule,
                      fresh=lambda id_: {"id": id_, "kind": "state", "severity": "warning"}),
            ListShape("channels", Text("Channels", "Каналы"), Text("Channel", "Канал"), channel),
        ),
    )  # fmt: skip


def _cascade(language: Language) -> FileShape:
    levels = _choices(LEVELS, _WORDS, language)
    return FileShape(
        (),
        (
            ListShape(
                "departments",
                Text("Departments", "Подразделения"),
                Text("Department", "Подразделение"),
                [
                    F("id", _ID, main=True),
                    F("name", _NAME, "text", main=True),
                    F("teams_by", Text("Teams by", "Команды по"), "choice", _choices(TEAMS_BY, {}, language)),
                ],
                fresh=lambda id_: {"id": id_, "name": {"en": "New department", "ru": "Новое подразделение"}},
            ),
            ListShape(
                "kpis",
                Text("Who answers for which KPI", "Кто отвечает за какой показатель"),
                _KPI,
                [
                    F("kpi", _KPI, suggestions="kpis", main=True),
                    F(
                        "departments",
                        Text("Shares of departments", "Доли подразделений"),
                        "pairs",
                        main=True,
                        help=_PAIRS,
                    ),
                    F("teams", Text("Shares of teams", "Доли команд"), "pairs", help=_PAIRS),
                    F("people", Text("Shares of people", "Доли сотрудников"), "pairs", help=_PAIRS),
                    F("targets", Text("Own targets", "Собственные цели"), "pairs", help=_PAIRS),
                    F("level", Text("Down to", "До уровня"), "choice", levels),
                    F("tasks", Text("Tasks", "Задачи"), "words", help=_COMMAS),
                ],
            ),
            ListShape(
                "roles",
                Text("Roles", "Роли"),
                Text("Role", "Роль"),
                [
                    F("role", Text("Role", "Роль"), main=True),
                    F("level", Text("Level", "Уровень"), "choice", levels, main=True),
                    F("tasks", Text("Tasks", "Задачи"), "words", help=_COMMAS, main=True),
                    F("kpis", Text("KPIs", "Показатели"), "words", help=_COMMAS),
                ],
                fresh=lambda id_: {"role": id_, "level": "person"},
            ),
        ),
    )


def _settings(language: Language) -> FileShape:
    names = get_month_names("wide", context="stand-alone", locale=language)
    months = tuple((value, names[place]) for place, value in enumerate(_MONTHS, 1))
    return FileShape(
        [
            F("organisation", Text("Name of the organisation", "Название организации"), main=True),
            F("currency", Text("Currency", "Валюта"), main=True, help=Text("ISO 4217: RUB, EUR", "ISO 4217: RUB, EUR")),
            F("language", Text("Language of reports", "Язык отчётов"), "choice", (("ru", "Русский"), ("en", "English")), main=True),
            F("time_zone", Text("Time zone", "Часовой пояс"), main=True, help=Text("IANA: Europe/Moscow", "IANA: Europe/Moscow")),
            F("fiscal_year_start", Text("Fiscal year begins in", "Финансовый год с"), "choice", months, main=True),
            F("compute.grains", Text("Histories are kept by", "Хранить историю по"), "words", help=_COMMAS, main=True),
            F("compute.by", Text("and by slices", "и по срезам"), "yaml", help=Text("[[channel], [region, segment]]", "[[channel], [region, segment]]"), main=True),
        ]
    )  # fmt: skip


def _rollout(language: Language) -> FileShape:
    milestones = ListShape(
        "milestones",
        Text("Milestones", "Вехи"),
        Text("Milestone", "Веха"),
        [
            F("name", _NAME, "text", main=True),
            F("id", _ID, main=True),
            F("after", Text("Comes after", "После"), "words", help=_COMMAS),
        ],
    )
    return FileShape(
        [
            F("name", _NAME, "text", main=True),
            F("departments", Text("Departments", "Подразделения"), "words", help=_COMMAS, main=True),
        ],
        (
            ListShape(
                "success",
                Text("Measures of success", "Признаки успеха"),
                Text("Measure", "Признак"),
                [
                    F("metric", Text("Metric", "Метрика"), suggestions="metrics", main=True),
                    F("weight", _WEIGHT, "number", main=True),
                    F("target", _TARGET, "number", main=True),
                ],
            ),
            ListShape(
                "phases",
                Text("Phases", "Этапы"),
                Text("Phase", "Этап"),
                [
                    F("name", _NAME, "text", main=True),
                    F("id", _ID),
                    F("after", Text("Comes after", "После"), "words", help=_COMMAS),
                ],
                (milestones,),
            ),
        ),
    )


def _mapping(language: Language) -> FileShape:
    tables = ListShape(
        "tables",
        Text("Tables", "Таблицы"),
        Text("Table", "Таблица"),
        [
            F("columns", Text("Our column: the source’s", "Наша колонка: колонка источника"), "pairs", main=True,
              help=Text("customer_id: client_no", "customer_id: client_no")),
            F("when", Text("Rows that count", "Какие строки берутся")),
            F("keep", Text("Of several with one key", "Из нескольких с одним ключом"), "choice",
              (("", "—"), ("first", "first"), ("last", "last"), ("quarantine", "quarantine"))),
        ],
        keyed=True,
    )  # fmt: skip
    return FileShape(
        [F("source", Text("Name of the source", "Название источника"), main=True)],
        (
            ListShape(
                "files",
                Text("Files", "Файлы"),
                Text("File", "Файл"),
                [
                    F("file", Text("File", "Файл"), main=True),
                    F(
                        "format",
                        Text("Format", "Формат"),
                        "choice",
                        tuple((one, one or "—") for one in ("", "csv", "parquet", "jsonl", "xlsx")),
                    ),
                    F("delimiter", Text("Delimiter", "Разделитель")),
                    F("encoding", Text("Encoding", "Кодировка")),
                    F("sheet", Text("Sheet", "Лист")),
                    F("dates", Text("Dates", "Даты"), "yaml"),
                    F("timezone", Text("Time zone", "Часовой пояс")),
                ],
                (tables,),
            ),
        ),
    )
