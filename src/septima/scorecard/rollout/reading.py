"""Read `rollout.yaml`; whatever is wrong in it is told with file, line and remedy."""

from collections.abc import Callable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from importlib import resources
from pathlib import Path

from septima.metrics import Metric
from septima.schema import Text
from septima.scorecard.composite import weights_average_one, weights_remedy
from septima.scorecard.definition import KpiDefinition
from septima.scorecard.nodes import Node, load_node, near, read_node
from septima.scorecard.rollout.definition import USUAL, Milestone, Phase, RolloutDefinition

FILE = "rollout.yaml"
_FIELDS = ("name", "departments", "success", "phases")
_SUCCESS_FIELDS = ("metric", "name", "weight", "target")
_PHASE_FIELDS = ("id", "name", "after", "start", "end", "milestones")
_MILESTONE_FIELDS = ("id", "name", "after", "department", "planned", "done")
_PHASE = Text("phase", "этап")
_MILESTONE = Text("milestone", "веха")
_NAME = Text("Roll-out of the CRM approach", "Внедрение CRM-подхода")


def read_rollout(path: Path, metrics: Mapping[str, Metric]) -> RolloutDefinition:
    """The roll-out in a YAML file; `metrics` are those that success can be made of. DefinitionError with line and remedy."""
    return _rollout(
        read_node(
            path,
            "phases",
            Text(
                "`septima rollout DIR --new` writes one to start from",
                "`septima rollout DIR --new` запишет файл, с\u00a0которого можно начать",
            ),
        ),
        metrics,
    )


def parse_rollout(text: str, metrics: Mapping[str, Metric], *, file: str = FILE) -> RolloutDefinition:
    """The roll-out in YAML text; see `read_rollout`."""
    return _rollout(load_node(text, file, "phases"), metrics)


def starter_rollout() -> str:
    """A commented file to begin with, in English and Russian."""
    return (resources.files("septima.scorecard.rollout") / "starter.yaml").read_text(encoding="utf-8")


def _rollout(node: Node, metrics: Mapping[str, Metric]) -> RolloutDefinition:
    node.only(_FIELDS)
    phase_nodes = node.items("phases")
    if not phase_nodes:
        raise node.wrong(
            "phases",
            "there are no phases; give `phases:` at least one with milestones",
            "нет ни\u00a0одного этапа; укажите в\u00a0`phases:` хотя\u00a0бы один с\u00a0вехами",
        )
    milestone_nodes = [phase.items("milestones") for phase in phase_nodes]
    every = [one for nodes in milestone_nodes for one in nodes]
    _ids(phase_nodes, _PHASE)
    _ids(every, _MILESTONE)
    _no_cycle(phase_nodes, _PHASE)
    _no_cycle(every, _MILESTONE)
    departments = node.strings("departments")
    twice = next((name for name in departments if departments.count(name) > 1), None)
    if twice is not None:
        raise node.wrong(
            "departments",
            f"department {twice!r} is there twice; name it once",
            f"подразделение «{twice}» указано дважды; назовите его один раз",
        )
    return RolloutDefinition(
        name=node.text("name") or _NAME,
        phases=tuple(_phase(phase, nodes) for phase, nodes in zip(phase_nodes, milestone_nodes, strict=True)),
        success=_success(node, metrics),
        departments=departments,
        file=node.file,
    )


def _phase(node: Node, milestones: Sequence[Node]) -> Phase:
    node.only(_PHASE_FIELDS)
    identifier = str(node.identifier("id"))
    start, end = node.date("start"), node.date("end")
    if start is not None and end is not None and end < start:
        raise node.wrong(
            "end",
            f"phase {identifier!r} ends before it starts ({end} < {start}); swap the days",
            f"этап «{identifier}» заканчивается раньше, чем начинается ({end} < {start}); поменяйте дни местами",
        )
    if not milestones and (start is None or end is None):
        raise node.wrong(
            "id",
            f"phase {identifier!r} has no milestones; give it some, or `start` and `end`",
            f"у\u00a0этапа «{identifier}» нет вех; дайте их или укажите `start` и\u00a0`end`",
        )
    found: list[Milestone] = []
    for one in milestones:
        milestone = _milestone(one)
        if start is not None and milestone.done is not None and milestone.done < start:
            raise one.wrong(
                "done",
                f"milestone {milestone.id!r} is done on {milestone.done}, before its phase starts ({start}); mend one of the days",
                f"веха «{milestone.id}» пройдена {milestone.done}, раньше начала её этапа ({start}); исправьте один "
                "из\u00a0дней",
            )
        found.append(milestone)
    name = node.text("name") or Text(identifier, identifier)
    return Phase(identifier, name, tuple(found), node.strings("after"), start, end, node.line())


def _milestone(node: Node) -> Milestone:
    node.only(_MILESTONE_FIELDS)
    identifier = str(node.identifier("id"))
    planned, done, department = node.date("planned"), node.date("done"), node.string("department")
    for field, given in (("done", done), ("department", department)):
        if given is not None and planned is None:
            raise node.wrong(
                field,
                f"milestone {identifier!r} has `{field}` but no `planned`; add the day, or leave `{field}` to the table `milestones`",
                f"у\u00a0вехи «{identifier}» есть `{field}`, но\u00a0нет `planned`; добавьте день или оставьте "
                f"`{field}` таблице `milestones`",
            )
    name = node.text("name") or Text(identifier, identifier)
    return Milestone(identifier, name, node.strings("after"), department, planned, done, node.line())


def _ids(nodes: Sequence[Node], kind: Text) -> None:
    """Refuse an entry without an id, and an id that stands twice."""
    lines: dict[str, int] = {}
    for node in nodes:
        identifier = node.identifier("id")
        if identifier is None:
            raise node.wrong(
                None,
                f"a {kind.en} has no `id`; give it one of letters, digits, - and _",
                f"{kind.ru}: нет `id`; дайте его из\u00a0букв, цифр, - и\u00a0_",
            )
        if identifier in lines:
            raise node.wrong(
                "id",
                f"{kind.en} {identifier!r} stands in line {lines[identifier]} already; give each an id of its own",
                f"{kind.ru} «{identifier}»: id уже занят в\u00a0строке {lines[identifier]}; дайте каждой записи свой",
            )
        lines[identifier] = node.line()


def _no_cycle(nodes: Sequence[Node], kind: Text) -> None:
    """Refuse what comes after something that there is not, or in the end after itself."""
    by_id = {str(node.identifier("id")): node for node in nodes}
    for identifier, node in by_id.items():
        for other in node.strings("after"):
            if other not in by_id:
                raise node.wrong(
                    "after",
                    f"there is no {kind.en} {other!r}",
                    f"{kind.ru} «{other}»: такого id нет",
                    near(other, by_id),
                )
            if other == identifier:
                raise node.wrong(
                    "after",
                    f"{kind.en} {identifier!r} comes after itself; take it out of `after`",
                    f"{kind.ru} «{identifier}»: назван собственный id; уберите его из\u00a0`after`",
                )
    try:
        TopologicalSorter({identifier: node.strings("after") for identifier, node in by_id.items()}).prepare()
    except CycleError as error:
        # The sorter tells the circle from what must come first to what must come later, its first name at both ends.
        circle = [str(name) for name in error.args[1]]
        first = min(circle, key=lambda name: by_id[name].line())
        raise by_id[first].wrong(
            "after",
            f"these {kind.en}s wait for each other: {' → '.join(circle)}; take one of them out of an `after`",
            f"{kind.ru}: записи ждут друг друга: {' → '.join(circle)}; уберите одну из\u00a0них из\u00a0`after`",
        ) from error


def _success(node: Node, metrics: Mapping[str, Metric]) -> tuple[KpiDefinition, ...]:
    """The components; DefinitionError where a metric is unknown or twice, an amount has no target, or weights do not average 1."""
    nodes = node.items("success")
    if not nodes:
        return tuple(KpiDefinition(id=name, metric=name) for name in USUAL if name in metrics)
    found: list[KpiDefinition] = []
    for one in nodes:
        one.only(_SUCCESS_FIELDS)
        metric = one.string("metric")
        if metric is None:
            raise one.wrong(
                None,
                "a component of success has no `metric`; name one of `septima metrics DIR`",
                "у\u00a0составляющей успеха нет `metric`; назовите метрику из\u00a0списка `septima metrics DIR`",
            )
        if metric not in metrics:
            raise one.wrong(
                "metric", f"there is no metric {metric!r}", f"нет метрики «{metric}»", near(metric, metrics)
            )
        if any(other.id == metric for other in found):
            raise one.wrong(
                "metric",
                f"metric {metric!r} is there already; name each once",
                f"метрика «{metric}» уже есть; назовите каждую один раз",
            )
        kpi = KpiDefinition(
            id=metric,
            metric=metric,
            weight=one.number("weight", 1.0),
            name=one.text("name"),
            target=one.optional_number("target"),
            line=one.line(),
        )
        _check_component(one, kpi, metrics[metric])
        found.append(kpi)
    weights = {kpi.id: kpi.weight for kpi in found}
    if not weights_average_one(weights):
        said = weights_remedy(weights, composite=Text("the success", "успеха"), each=Text("component", "составляющую"))
        raise node.wrong("success", said.en, said.ru)
    return tuple(found)


def _check_component(node: Node, kpi: KpiDefinition, metric: Metric) -> None:
    wrong: Callable[[str, str, str], Exception] = node.wrong
    if kpi.weight < 0:
        raise wrong(
            "weight",
            f"the weight of {kpi.id!r} is {kpi.weight:g}; a weight is 0 or more",
            f"вес «{kpi.id}»\u00a0— {kpi.weight:g}; вес должен быть не\u00a0меньше 0",
        )
    passport = metric.passport
    if kpi.enters_as(passport.unit, passport.direction) != "achievement":
        return
    if kpi.target is None:
        raise wrong(
            "metric",
            f"{kpi.id!r} is an amount and enters as a share of its target; add `target`",
            f"«{kpi.id}»\u00a0— это сумма и\u00a0входит долей своей цели; добавьте `target`",
        )
    if kpi.target <= 0:
        raise wrong(
            "target",
            f"the target of {kpi.id!r} is {kpi.target:g}; it must be above 0",
            f"цель «{kpi.id}»\u00a0— {kpi.target:g}; она должна быть больше 0",
        )
