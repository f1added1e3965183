"""Reading `journey.yaml`: a customer journey map, or an error with file, line and remedy."""

from collections.abc import Collection, Mapping
from importlib import resources
from pathlib import Path
from typing import cast

from ruamel.yaml.comments import CommentedSeq

from septima.metrics import Metric
from septima.metrics.journey import EVENT_TABLES, FEELINGS, EventRule, FeelingRule
from septima.schema import TABLES, Text
from septima.scorecard.journey.definition import JourneyDefinition, LiveMetric, Stage, Touchpoint
from septima.scorecard.nodes import Node, load_node, near, read_node

FILE = "journey.yaml"
_FIELDS = ("name", "stages", "intended")
_STAGE = ("id", "name", "goal", "touchpoints", "expected", "felt", "events", "final")
_TOUCHPOINT = ("name", "channel", "department", "metrics")
_METRIC = ("metric", "where", "name")
_FELT = ("instrument", "question", "where")
_EVENT = ("table", "where")
_MOST_STAGES = 9
_NAMED = "name"


def read_journey(path: Path, metrics: Mapping[str, Metric]) -> JourneyDefinition:
    """The journey of a file, whose touchpoints may name `metrics`; DefinitionError with file, line and remedy."""
    command = f"`septima journey {path.parent} --new`"
    remedy = Text(f"begin one with {command}", f"начните с\u00a0{command}")
    return _journey(read_node(path, "stages", remedy), metrics)


def parse_journey(text: str, metrics: Mapping[str, Metric]) -> JourneyDefinition:
    """The journey of YAML text, as `read_journey` reads a file."""
    return _journey(load_node(text, FILE, "stages"), metrics)


def starter_journey() -> str:
    """A commented journey of a small company to begin with."""
    return (resources.files("septima.scorecard.journey") / "starter.yaml").read_text(encoding="utf-8")


def _journey(node: Node, metrics: Mapping[str, Metric]) -> JourneyDefinition:
    node.only(_FIELDS)
    stages: list[Stage] = []
    for item in node.items("stages"):
        stage = _stage(item, metrics)
        same = next((other for other in stages if other.id == stage.id), None)
        if same is not None:
            raise item.wrong(
                "id",
                f"the stage {stage.id!r} is there already, on line {same.line}; rename one",
                f"стадия «{stage.id}» уже есть в\u00a0строке {same.line}; переименуйте одну из\u00a0двух",
            )
        stages.append(stage)
    if not 2 <= len(stages) <= _MOST_STAGES:
        raise node.wrong(
            "stages",
            f"there are {len(stages)} stages; a journey has two to {_MOST_STAGES}",
            f"стадий {len(stages)}, а\u00a0в\u00a0пути их от\u00a0двух до\u00a0{_MOST_STAGES}",
        )
    if not any(stage.events for stage in stages):
        raise node.wrong(
            "stages",
            "no stage has `events`, so no path can be measured; say which records show each stage",
            "ни\u00a0у\u00a0одной стадии нет `events`, и\u00a0пути не\u00a0измерить; укажите, какие записи "
            "показывают каждую стадию",
        )
    name = node.text(_NAMED) or Text("Customer journey", "Путь клиента")
    return JourneyDefinition(name, tuple(stages), _intended(node, [stage.id for stage in stages]), node.file)


def _stage(item: Node, metrics: Mapping[str, Metric]) -> Stage:
    item.only(_STAGE)
    identifier, name = item.identifier("id"), item.text(_NAMED)
    if identifier is None or name is None:
        raise item.wrong(
            None,
            "a stage needs an `id` and a `name`, such as {id: order, name: {en: Order, ru: Заказ}}",
            "стадии нужны `id` и\u00a0`name`, например {id: order, name: {en: Order, ru: Заказ}}",
        )
    expected = item.choice("expected", FEELINGS)
    felt = item.node("felt")
    final = item.data.get("final", False)
    if not isinstance(final, bool):
        raise item.wrong(
            "final",
            f"`final` is {final!r}; write true or false",
            f"в\u00a0`final` стоит «{final}»; пишите true или false",
        )
    return Stage(
        identifier,
        name,
        goal=item.text("goal"),
        touchpoints=tuple(_touchpoint(one, metrics) for one in item.items("touchpoints")),
        expected=None if expected is None else FEELINGS.index(expected) + 1,
        felt=None if felt is None else _felt(felt),
        events=tuple(_event(one) for one in item.items("events")),
        final=final,
        line=item.line(),
    )


def _touchpoint(item: Node, metrics: Mapping[str, Metric]) -> Touchpoint:
    item.only(_TOUCHPOINT)
    name = item.text(_NAMED)
    if name is None:
        raise item.wrong(
            None,
            "a touchpoint needs a `name`, such as {en: Courier, ru: Курьер}",
            "точке контакта нужно `name`, например {en: Courier, ru: Курьер}",
        )
    found = tuple(_metric(one, metrics) for one in item.items("metrics"))
    return Touchpoint(name, item.text("channel"), item.text("department"), found)


def _metric(item: Node, metrics: Mapping[str, Metric]) -> LiveMetric:
    item.only(_METRIC)
    named = item.string("metric")
    if named is None:
        raise item.wrong(
            None,
            "there is no `metric`; name one of `septima metrics`",
            "нет `metric`; назовите метрику из\u00a0списка `septima metrics`",
        )
    if named not in metrics:
        raise item.wrong(
            "metric",
            f"there is no metric {named!r} in `septima metrics`",
            f"в\u00a0списке `septima metrics` нет метрики «{named}»",
            near(named, metrics),
        )
    where: dict[str, str] = {}
    for dimension, member in item.mapping("where").items():
        known = metrics[named].dimensions
        if dimension not in known:
            raise item.wrong(
                "where",
                f"{named} cannot be sliced by {dimension!r}",
                f"у\u00a0{named} нет среза «{dimension}»",
                near(dimension, known),
            )
        if not isinstance(member, str):
            raise item.wrong(
                "where",
                f"`{dimension}` is {member!r}; give one member, in quotes if it looks like a number",
                f"в\u00a0`{dimension}` стоит «{member}»; укажите одно значение, а\u00a0похожее на\u00a0число\u00a0— "
                "в\u00a0кавычках",
            )
        where[dimension] = member
    return LiveMetric(named, where, item.text(_NAMED))


def _felt(item: Node) -> FeelingRule:
    item.only(_FELT)
    question = item.string("question")
    if question is None:
        raise item.wrong(
            None,
            "there is no `question`; name the one whose answers, 1 to 5, tell the feeling",
            "нет `question`; назовите вопрос, ответы на\u00a0который, от\u00a01 до\u00a05, говорят о\u00a0чувстве",
        )
    return FeelingRule(item.string("instrument") or "feelings", question, _where(item, "answers"))


def _event(item: Node) -> EventRule:
    item.only(_EVENT)
    table = item.choice("table", tuple(EVENT_TABLES))
    if table is None:
        raise item.wrong(
            None,
            f"there is no `table`; name one of: {', '.join(EVENT_TABLES)}",
            f"нет `table`; назовите одну из: {', '.join(EVENT_TABLES)}",
        )
    return EventRule(table, _where(item, table))


def _where(item: Node, table: str) -> dict[str, tuple[str | bool, ...]]:
    """Columns of a table with the values that count, each one or a list."""
    columns = {column.name: column for column in TABLES[table].columns if column.type in ("string", "boolean")}
    where = item.node("where")
    found: dict[str, tuple[str | bool, ...]] = {}
    for name in where.data if where is not None else ():
        place = cast("Node", where)
        if name not in columns:
            raise place.wrong(
                str(name),
                f"{table} has no column {str(name)!r} to choose by",
                f"в\u00a0{table} нет столбца «{name}», по\u00a0которому можно выбирать",
                near(str(name), columns),
            )
        given = place.data[name]
        values: list[object] = list(given) if isinstance(given, CommentedSeq) else [given]
        wanted, choices = (bool if columns[name].type == "boolean" else str), columns[name].choices
        for value in values:
            if not isinstance(value, wanted):
                form = Text(
                    "words, in quotes if they look like numbers",
                    "слова, а\u00a0похожие на\u00a0числа\u00a0— в\u00a0кавычках",
                )
                if wanted is bool:
                    form = Text("true or false", "true или false")
                raise place.wrong(
                    str(name),
                    f"`{name}` holds {value!r}; give {form.en}",
                    f"в\u00a0`{name}` стоит «{value}»; укажите {form.ru}",
                )
            if choices and value not in choices:
                raise place.wrong(
                    str(name),
                    f"{table}.{name} is never {value!r}",
                    f"в\u00a0{table}.{name} не\u00a0бывает значения «{value}»",
                    near(str(value), choices),
                )
        found[str(name)] = tuple(value if isinstance(value, bool) else str(value) for value in values)
    return found


def _intended(node: Node, stages: Collection[str]) -> tuple[tuple[int, int], ...]:
    """Pairs of places; where the file gives none, each stage leads to the one after it."""
    places = {identifier: place for place, identifier in enumerate(stages)}
    if node.data.get("intended") is None:
        return tuple((place, place + 1) for place in range(len(places) - 1))
    found: list[tuple[int, int]] = []
    for item in node.items("intended"):
        item.only(("from", "to"))
        source = item.string("from")
        targets = item.strings("to")
        if source is None or not targets:
            raise item.wrong(
                None,
                "an intended step needs `from` and `to`, such as {from: order, to: [receive]}",
                "задуманному шагу нужны `from` и\u00a0`to`, например {from: order, to: [receive]}",
            )
        for key, name in (("from", source), *(("to", target) for target in targets)):
            if name not in places:
                raise item.wrong(key, f"there is no stage {name!r}", f"нет стадии «{name}»", near(name, places))
        for target in targets:
            pair = (places[source], places[target])
            if pair[0] == pair[1]:
                raise item.wrong(
                    "to",
                    f"the step from {source!r} leads to itself; a stay in a stage is no step, remove it",
                    f"шаг от\u00a0«{source}» ведёт к\u00a0ней же; остаться в\u00a0стадии\u00a0— не\u00a0шаг, уберите "
                    "его",
                )
            if pair in found:
                raise item.wrong(
                    "to",
                    f"the step from {source!r} to {target!r} is there already; remove one",
                    f"шаг от\u00a0«{source}» к\u00a0«{target}» уже есть; уберите один из\u00a0двух",
                )
            found.append(pair)
    if not found:
        raise node.wrong(
            "intended",
            "`intended` is empty; list steps, or remove it",
            "в\u00a0`intended` пусто; перечислите шаги или уберите его",
        )
    return tuple(found)
