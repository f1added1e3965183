"""The catalogue of metrics as people search it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from septima.metrics.catalogue import catalogue
from septima.metrics.definition import Metric, Passport
from septima.report.words import UNITS, known
from septima.schema import Language, Text
from septima.scorecard.definition import PERSPECTIVES

GROUPS: Mapping[str, Text] = {
    "money": Text("Money", "Деньги"),
    "loyalty": Text("Loyalty", "Лояльность"),
    "tools": Text("Tools: channels and campaigns", "Инструменты: каналы и\u00a0кампании"),
    "support": Text("Support", "Поддержка"),
    "delivery": Text("Delivery", "Доставка"),
    "coordination": Text("Coordination of departments", "Согласованность подразделений"),
    "data_trust": Text("Trust in the data", "Доверие к\u00a0данным"),
    "adoption": Text("Adoption of CRM", "Освоение CRM"),
    "operations": Text("Operations", "Операции"),
    "hr": Text("People", "Персонал"),
    "finance": Text("Finance", "Финансы"),
    "governance": Text("Governance", "Управление"),
}
"""What groups of metrics are called, in the order of the catalogue; a group of the company's own goes by its id."""


@dataclass(frozen=True)
class Filter:
    """What a person looks for: words, and a group, perspective, table or the company's own; empty is everything."""

    words: str = ""
    group: str = ""
    perspective: str = ""
    table: str = ""
    own: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether it lets everything through."""
        return self == Filter()


@dataclass(frozen=True)
class Entry:
    """A metric in the catalogue."""

    id: str
    name: str
    description: str
    unit: str
    perspective: str
    is_own: bool
    on_card: bool


@dataclass(frozen=True)
class Group:
    """The entries of a group under its name."""

    id: str
    name: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Found:
    """What a filter found, of how many, and what there is to choose from: pairs of id and name."""

    groups: tuple[Group, ...]
    number: int
    all: int
    choices: Mapping[str, tuple[tuple[str, str], ...]]


def search(metrics: Mapping[str, Metric], wanted: Filter, language: Language, on_card: Iterable[str] = ()) -> Found:
    """The metrics that fit, grouped; `on_card` are ids of those that the scorecard shows."""
    shown, own = frozenset(on_card), frozenset(metrics) - frozenset(catalogue())
    fitting = [one.passport for one in metrics.values() if _fits(one.passport, wanted, one.id in own)]
    names = [*GROUPS, *sorted({one.group for one in fitting} - set(GROUPS))]
    groups: list[Group] = []
    for name in names:
        entries = tuple(_entry(one, language, one.id in own, one.id in shown) for one in fitting if one.group == name)
        if entries:
            groups.append(Group(name, group_name(name, language), entries))
    return Found(tuple(groups), len(fitting), len(metrics), _choices(metrics, language))


def group_name(group: str, language: Language) -> str:
    """The name of a group; its id where it has none."""
    return GROUPS.get(group, Text(group, group)).in_language(language)


def perspective_name(perspective: str, language: Language) -> str:
    """The name of a perspective; its id where it has none."""
    return PERSPECTIVES.get(perspective, Text(perspective, perspective)).in_language(language)


def tables_of(passport: Passport) -> tuple[str, ...]:
    """The canonical tables that a metric is made from, each once."""
    return tuple(dict.fromkeys(column.partition(".")[0] for column in passport.primary_data))


def _entry(passport: Passport, language: Language, is_own: bool, on_card: bool) -> Entry:
    return Entry(
        passport.id,
        passport.name.in_language(language),
        passport.description.in_language(language),
        known(UNITS, passport.unit, language),
        perspective_name(passport.perspective, language),
        is_own,
        on_card,
    )


def _fits(passport: Passport, wanted: Filter, is_own: bool) -> bool:
    return (
        wanted.group in ("", passport.group)
        and wanted.perspective in ("", passport.perspective)
        and (not wanted.table or wanted.table in tables_of(passport))
        and (is_own or not wanted.own)
        and _holds(passport, wanted.words)
    )


def _holds(passport: Passport, words: str) -> bool:
    """Whether every word stands somewhere in the passport, in either language; ё counts as е."""
    texts = (passport.name, passport.description, passport.use)
    all_text = _plain(" ".join([passport.id, passport.formula, *(one.en + " " + one.ru for one in texts)]))
    return all(word in all_text for word in _plain(words).split())


def _plain(text: str) -> str:
    return text.lower().replace("ё", "е").replace("\u00a0", " ")


def _choices(metrics: Mapping[str, Metric], language: Language) -> dict[str, tuple[tuple[str, str], ...]]:
    passports = [one.passport for one in metrics.values()]
    groups = {one.group for one in passports}
    tables = sorted({name for one in passports for name in tables_of(one)})
    return {
        "group": tuple(
            (one, group_name(one, language)) for one in [*GROUPS, *sorted(groups - set(GROUPS))] if one in groups
        ),
        "perspective": tuple((one, name.in_language(language)) for one, name in PERSPECTIVES.items()),
        "table": tuple((name, name) for name in tables),
    }
