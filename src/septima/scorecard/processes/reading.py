"""Reading `processes.yaml`: a process model by IDEF0, or one error that lists every mistake with its line and remedy."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

from septima.schema import Text, line_of
from septima.schema.wording import placed
from septima.scorecard.definition import DefinitionError, ScorecardDefinition
from septima.scorecard.nodes import Node, load_node, near, read_node
from septima.scorecard.processes.arrows import Problem, errors_of
from septima.scorecard.processes.definition import ROLES, TOP, Box, Flow, ProcessModel, Role

FILE = "processes.yaml"
_FIELDS = ("purpose", "viewpoint", "flows", "top")
_FLOW_FIELDS = ("id", "name")
_BOX_FIELDS = (
    "number", "name", "inputs", "controls", "outputs", "mechanisms", "kpis", "metrics", "department", "tunnelled_above",
    "tunnelled_below", "boxes",
)  # fmt: skip
_CHILD = re.compile(r"[1-9]")
_LIST_OF: dict[Role, str] = {role: f"{role}s" for role in ROLES}


@dataclass
class _Known:
    """What boxes may name, and which numbers are taken so far."""

    flows: Collection[str]
    kpis: Collection[str]
    metrics: Collection[str]
    numbers: dict[str, int] = field(default_factory=dict[str, int])


def read_processes(path: Path, definition: ScorecardDefinition, metrics: Collection[str]) -> ProcessModel:
    """The model of a file; `definition` knows the KPIs and `metrics` the ids of metrics that boxes may name.

    DefinitionError with file, line and remedy where something is wrong, of arrows all mistakes at once.
    """
    command = f"`septima processes {path.parent} --new`"
    remedy = Text(f"begin one with {command}", f"начните с\u00a0{command}")
    return _model(read_node(path, "top", remedy), definition, metrics)


def parse_processes(text: str, definition: ScorecardDefinition, metrics: Collection[str]) -> ProcessModel:
    """The model of YAML text, as `read_processes` reads a file."""
    return _model(load_node(text, FILE, "top"), definition, metrics)


def starter_processes() -> str:
    """A commented model of a small company to begin with."""
    return (resources.files("septima.scorecard.processes") / "starter.yaml").read_text(encoding="utf-8")


def _model(node: Node, definition: ScorecardDefinition, metrics: Collection[str]) -> ProcessModel:
    node.only(_FIELDS)
    flows: dict[str, Flow] = {}
    for item in node.items("flows"):
        flow = _flow(item)
        if flow.id in flows:
            raise item.wrong(
                "id",
                f"the flow {flow.id!r} is there already, on line {flows[flow.id].line}; rename one",
                f"поток «{flow.id}» уже есть в\u00a0строке {flows[flow.id].line}; переименуйте один из\u00a0двух",
            )
        flows[flow.id] = flow
    top = node.node("top")
    if top is None:
        raise node.wrong(
            None,
            "there is no `top`; give the box of the whole, A0, with its `boxes`",
            "нет `top`; опишите блок целого, A0, с\u00a0его `boxes`",
        )
    known = _Known(flows, [kpi.id for kpi in definition.kpis], metrics)
    box = _box(top, known, None)
    purpose, viewpoint = node.text("purpose"), node.text("viewpoint")
    if purpose is None or viewpoint is None:
        lacking = "purpose" if purpose is None else "viewpoint"
        raise node.wrong(
            None,
            f"there is no `{lacking}`, which sheet A-0 must tell; write it in a sentence",
            f"нет `{lacking}`, а\u00a0лист A-0 должен о\u00a0нём говорить; напишите одним предложением",
        )
    model = ProcessModel(box, flows, purpose, viewpoint, node.file)
    problems = [*errors_of(model), *_idle(model)]
    if problems:
        lines = [told(model.file, problem) for problem in problems]
        raise DefinitionError(Text("\n".join(one.en for one in lines), "\n".join(one.ru for one in lines)))
    return model


def told(file: str, problem: Problem) -> Text:
    """A problem as people read it: file, line and what to do."""
    place = Text(file, file) if problem.line is None else line_of(file, problem.line)
    return placed(place, problem.message)


def _flow(item: Node) -> Flow:
    item.only(_FLOW_FIELDS)
    identifier, name = item.identifier("id"), item.text("name")
    if identifier is None or name is None:
        raise item.wrong(
            None,
            "a flow needs an `id` and a `name`, such as {id: orders, name: {en: Orders, ru: Заказы}}",
            "потоку нужны `id` и\u00a0`name`, например {id: orders, name: {en: Orders, ru: Заказы}}",
        )
    return Flow(identifier, name, item.line())


def _box(item: Node, known: _Known, parent: str | None) -> Box:
    item.only(_BOX_FIELDS)
    number = item.identifier("number")
    if number is None:
        raise item.wrong(
            None,
            f"a box needs a `number`, such as {_expected(parent, 1)}",
            f"блоку нужен `number`, например {_expected(parent, 1)}",
        )
    _check_number(item, number, known.numbers, parent)
    name = item.text("name")
    if name is None:
        raise item.wrong(
            None,
            f"the box {number} has no `name`; give it a verb and a noun, such as «Sell goods»",
            f"у\u00a0блока {number} нет `name`; назовите его глаголом с\u00a0существительным, например «Продавать "
            "товары»",
        )
    flows: dict[Role, tuple[str, ...]] = {
        role: _named(item, listed, known.flows, Text("flow", "потока"), Text("`flows`", "`flows`"))
        for role, listed in _LIST_OF.items()
    }
    _check_sides(item, number, flows)
    nodes = item.items("boxes")
    if len(nodes) == 1:
        raise item.wrong(
            "boxes",
            f"{number} is made of one box, which is itself; give more boxes, or none",
            f"{number} состоит из\u00a0одного блока, то есть из\u00a0себя самого; дайте ему несколько блоков или "
            "ни\u00a0одного",
        )
    box = Box(
        number=number,
        name=name,
        flows=flows,
        kpis=_named(item, "kpis", known.kpis, Text("KPI", "показателя"), Text("the scorecard", "карте")),
        metrics=_named(
            item,
            "metrics",
            known.metrics,
            Text("metric", "метрики"),
            Text("`septima metrics`", "списке `septima metrics`"),
        ),
        department=item.text("department"),
        tunnelled_above=item.strings("tunnelled_above"),
        tunnelled_below=item.strings("tunnelled_below"),
        boxes=tuple(_box(inner, known, number) for inner in nodes),
        line=item.line(),
        lines={key: item.line(key) for key in item.data},
    )
    _check_tunnels(item, box)
    return box


def _check_number(item: Node, number: str, taken: dict[str, int], parent: str | None) -> None:
    if number in taken:
        raise item.wrong(
            "number",
            f"the number {number} is taken on line {taken[number]}; number boxes apart",
            f"номер {number} занят в\u00a0строке {taken[number]}; дайте блокам разные номера",
        )
    if parent is None:
        right = number == TOP
    else:
        stem = "A" if parent == TOP else parent
        right = number.startswith(stem) and bool(_CHILD.fullmatch(number[len(stem) :]))
    if not right:
        of, of_ru = ("of the whole", "целого") if parent is None else (f"of {parent}", f"из\u00a0{parent}")
        next_, next_ru = (
            ("", "")
            if parent is None
            else (f", {_expected(parent, 2)} and so on", f", {_expected(parent, 2)} и\u00a0так далее")
        )
        raise item.wrong(
            "number",
            f"the number {number} does not fit its place; a box {of} is numbered {_expected(parent, 1)}{next_}",
            f"номер {number} не\u00a0подходит к\u00a0месту; номер блока {of_ru}\u00a0— {_expected(parent, 1)}{next_ru}",
        )
    taken[number] = item.line("number")


def _expected(parent: str | None, place: int) -> str:
    if parent is None:
        return TOP
    return f"{'A' if parent == TOP else parent}{place}"


def _named(item: Node, key: str, known: Collection[str], what: Text, where: Text) -> tuple[str, ...]:
    names = item.strings(key)
    for name in names:
        if name not in known:
            raise item.wrong(
                key,
                f"there is no {what.en} {name!r} in {where.en}",
                f"нет {what.ru} «{name}» в\u00a0{where.ru}",
                near(name, known),
            )
        if names.count(name) > 1:
            raise item.wrong(
                key,
                f"`{key}` names {name!r} twice; remove one",
                f"в\u00a0`{key}` дважды названо «{name}»; уберите одно",
            )
    return names


def _check_sides(item: Node, number: str, flows: Mapping[Role, tuple[str, ...]]) -> None:
    for role in ("control", "output"):
        if not flows[role]:
            why = (
                Text("what governs it", "что им управляет")
                if role == "control"
                else Text("what it gives", "что он даёт")
            )
            raise item.wrong(
                None,
                f"the box {number} has no {role}, and IDEF0 asks for one; name {why.en} under `{role}s`",
                f"у\u00a0блока {number} нет `{role}s`, а\u00a0IDEF0 их требует; назовите там, {why.ru}",
            )
    placed: dict[str, Role] = {}
    for role, names in flows.items():
        for name in names:
            if name in placed:
                raise item.wrong(
                    _LIST_OF[role],
                    f"{number} has {name!r} as {placed[name]} and as {role}; name two flows apart, or keep one of them",
                    f"у\u00a0{number} «{name}» стоит и\u00a0в\u00a0`{_LIST_OF[placed[name]]}`, "
                    f"и\u00a0в\u00a0`{_LIST_OF[role]}`; назовите два потока по-разному или оставьте один",
                )
            placed[name] = role


def _check_tunnels(item: Node, box: Box) -> None:
    own = {flow for flows in box.flows.values() for flow in flows}
    for key, names in (("tunnelled_above", box.tunnelled_above), ("tunnelled_below", box.tunnelled_below)):
        for name in names:
            if name not in own:
                raise item.wrong(
                    key,
                    f"{box.number} has no arrow {name!r} to be tunnelled",
                    f"у\u00a0{box.number} нет стрелки «{name}», которую можно увести в\u00a0тоннель",
                    near(name, own),
                )
    if box.tunnelled_below and not box.boxes:
        raise item.wrong(
            "tunnelled_below",
            f"{box.number} has no sheet of its own that could leave an arrow out; remove `tunnelled_below` or add `boxes`",
            f"у\u00a0{box.number} нет своего листа, на\u00a0котором можно опустить стрелку; уберите `tunnelled_below` "
            "или добавьте `boxes`",
        )


def _idle(model: ProcessModel) -> list[Problem]:
    used = {flow for box in model.boxes for flows in box.flows.values() for flow in flows}
    return [
        Problem(
            flow.line,
            Text(
                f"no box takes or gives the flow {flow.id!r}; name it in a box, or remove it",
                f"поток «{flow.id}» не\u00a0входит ни\u00a0в\u00a0один блок и\u00a0не\u00a0выходит из\u00a0него; "
                "назовите его в\u00a0блоке или уберите",
            ),
        )
        for flow in model.flows.values()
        if flow.id not in used
    ]
