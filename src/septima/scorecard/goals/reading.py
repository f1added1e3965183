"""Read `goals.yaml`; whatever is wrong in it is told with file, line and remedy."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from septima.metrics.period import Calendar, PeriodError
from septima.schema import Text
from septima.scorecard.definition import ScorecardDefinition
from septima.scorecard.goals.definition import Goal, GoalKpi, GoalTree, Initiative
from septima.scorecard.nodes import Node, load_node, near, read_node

FILE = "goals.yaml"
TOP_DOWN = ("finance", "sales", "marketing", "customer_support", "operations", "hr", "governance")
"""The rows of a strategy map: results above, then customers, then what is done, then people (Kaplan & Norton, 2004)."""

_FIELDS = ("goals", "rows")
_GOAL_FIELDS = (
    "id", "name", "perspective", "owner", "start", "due", "done", "weight", "after", "supports", "kpis", "initiatives", "goals",
)  # fmt: skip
_KPI_FIELDS = ("kpi", "baseline", "since", "target", "weight", "leading")
_INITIATIVE_FIELDS = ("id", "name", "owner", "start", "due", "done", "share")


def read_goals(path: Path, scorecard: ScorecardDefinition, calendar: Calendar) -> GoalTree:
    """The goals in a YAML file; DefinitionError with file, line and remedy."""
    return _tree(
        read_node(
            path,
            "goals",
            Text(
                "`septima goals DIR --new` writes one to start from",
                "`septima goals DIR --new` запишет файл, с\u00a0которого можно начать",
            ),
        ),
        scorecard,
        calendar,
    )


def parse_goals(text: str, scorecard: ScorecardDefinition, calendar: Calendar, *, file: str = FILE) -> GoalTree:
    """The goals in YAML text; see `read_goals`."""
    return _tree(load_node(text, file, "goals"), scorecard, calendar)


@dataclass(frozen=True)
class _Reader:
    """What goals may name, and where each id stands."""

    perspectives: tuple[str, ...]
    targets: Mapping[str, float | None]
    calendar: Calendar
    nodes: dict[str, Node] = field(default_factory=dict[str, Node])

    def goal(self, node: Node, inherited: str | None) -> Goal:
        node.only(_GOAL_FIELDS)
        identifier = self.identifier(node, Text("a goal", "цели"))
        name = node.text("name")
        if name is None:
            raise node.wrong(
                "id",
                f"goal {identifier!r} has no `name`; say in words what is to be reached",
                f"у\u00a0цели «{identifier}» нет `name`; скажите словами, чего надо достичь",
            )
        perspective = node.identifier("perspective") or inherited
        if perspective is not None and perspective not in self.perspectives:
            raise node.wrong(
                "perspective",
                f"there is no perspective {perspective!r}",
                f"нет перспективы «{perspective}»",
                near(perspective, self.perspectives),
            )
        start, due, done = node.date("start"), node.date("due"), node.date("done")
        _refuse_backward(node)
        kpis = tuple(self.kpi(item) for item in node.items("kpis"))
        for place, kpi in enumerate(kpis):
            if kpi.kpi in {other.kpi for other in kpis[:place]}:
                raise node.items("kpis")[place].wrong(
                    "kpi",
                    f"KPI {kpi.kpi!r} is there already; name it once",
                    f"показатель «{kpi.kpi}» уже есть; назовите его один раз",
                )
        return Goal(
            identifier,
            name,
            perspective,
            node.string("owner"),
            start,
            due,
            done,
            _weight(node),
            node.strings("after"),
            node.strings("supports"),
            kpis,
            tuple(self.initiative(item) for item in node.items("initiatives")),
            tuple(self.goal(item, perspective) for item in node.items("goals")),
            node.line(),
        )

    def identifier(self, node: Node, what: Text) -> str:
        identifier = node.identifier("id")
        if identifier is None:
            raise node.wrong(
                None,
                f"{what.en} needs an `id`, such as loyal_customers",
                f"{what.ru} нужен `id`, например loyal_customers",
            )
        if identifier in self.nodes:
            first = self.nodes[identifier].line("id")
            raise node.wrong(
                "id",
                f"the id {identifier!r} is already taken on line {first}; give another",
                f"id «{identifier}» уже занят в\u00a0строке {first}; возьмите другой",
            )
        self.nodes[identifier] = node
        return identifier

    def kpi(self, node: Node) -> GoalKpi:
        node.only(_KPI_FIELDS)
        name = node.string("kpi")
        if name is None:
            raise node.wrong(
                None, "name the `kpi`, the id of one on the scorecard", "назовите `kpi`, id показателя из\u00a0карты"
            )
        if name not in self.targets:
            raise node.wrong(
                "kpi",
                f"there is no KPI {name!r} on the scorecard",
                f"в\u00a0карте нет показателя «{name}»",
                near(name, self.targets),
            )
        baseline, since, target = (
            node.optional_number("baseline"),
            node.data.get("since"),
            node.optional_number("target"),
        )
        if baseline is not None and since is not None:
            raise node.wrong(
                "since",
                "a baseline is a number or the figure of a period; remove `baseline` or `since`",
                "исходный уровень\u00a0— число или значение за\u00a0период; уберите `baseline` или `since`",
            )
        if baseline is None and since is None:
            raise node.wrong(
                None,
                f"KPI {name!r} needs a `baseline`, or `since`, the period whose figure it is",
                f"показателю «{name}» нужен `baseline` или `since`\u00a0— период, значение которого взять",
            )
        aim = self.targets[name] if target is None else target
        if baseline is not None and baseline == aim:
            raise node.wrong(
                "baseline",
                f"the baseline of {name!r} equals its target ({aim:g}), so there is no way to go; change either",
                f"исходный уровень «{name}» равен цели ({aim:g}), и\u00a0идти некуда; измените одно из\u00a0двух",
            )
        return GoalKpi(name, baseline, self.period(node), target, _weight(node), node.flag("leading"), node.line())

    def period(self, node: Node) -> str | None:
        since = node.data.get("since")
        if since is None:
            return None
        try:
            return self.calendar.parse(str(since)).id
        except PeriodError as error:
            raise node.wrong("since", error.statement.en, error.statement.ru) from error

    def initiative(self, node: Node) -> Initiative:
        node.only(_INITIATIVE_FIELDS)
        identifier = self.identifier(node, Text("an initiative", "инициативе"))
        name, share = node.text("name"), node.optional_number("share")
        if name is None:
            raise node.wrong(
                "id",
                f"initiative {identifier!r} has no `name`; say in words what is done",
                f"у\u00a0инициативы «{identifier}» нет `name`; скажите словами, что делается",
            )
        if share is not None and not 0 <= share <= 1:
            raise node.wrong(
                "share",
                f"`share` is {share:g}; give how much is done, from 0 to 1",
                f"в\u00a0`share` стоит {share:g}; укажите, сколько сделано, от\u00a00 до\u00a01",
            )
        start, due, done = node.date("start"), node.date("due"), node.date("done")
        _refuse_backward(node)
        return Initiative(identifier, name, node.string("owner"), start, due, done, share)


def _tree(root: Node, scorecard: ScorecardDefinition, calendar: Calendar) -> GoalTree:
    root.only(_FIELDS)
    perspectives = tuple(perspective.id for perspective in scorecard.perspectives)
    reader = _Reader(perspectives, {kpi.id: kpi.target for kpi in scorecard.kpis}, calendar)
    goals = tuple(reader.goal(item, None) for item in root.items("goals"))
    if not goals:
        raise root.wrong(
            "goals",
            "there are no goals; list at least one with `id` and `name`",
            "нет ни\u00a0одной цели; перечислите хотя\u00a0бы одну с\u00a0`id` и\u00a0`name`",
        )
    rows = root.strings("rows")
    for row in rows:
        if row not in perspectives:
            raise root.wrong(
                "rows", f"there is no perspective {row!r}", f"нет перспективы «{row}»", near(row, perspectives)
            )
    known = [row for row in TOP_DOWN if row in perspectives]
    order = tuple(dict.fromkeys((*rows, *known, *perspectives)))
    tree = GoalTree(goals, order)
    _check_links(tree, reader.nodes)
    return tree


def _check_links(tree: GoalTree, nodes: Mapping[str, Node]) -> None:
    """Refuse links to goals that there are not, to oneself or one's own family, and those that go round."""
    goals = {goal.id: goal for goal, _, _ in tree.walk()}
    parents = {goal.id: parent.id for goal, parent, _ in tree.walk() if parent is not None}

    def ancestors(identifier: str) -> list[str]:
        found: list[str] = []
        while identifier in parents:
            identifier = parents[identifier]
            found.append(identifier)
        return found

    fields: tuple[tuple[str, Callable[[Goal], tuple[str, ...]]], ...] = (
        ("after", lambda goal: goal.after),
        ("supports", lambda goal: goal.supports),
    )
    for key, links in fields:
        for goal in goals.values():
            node = nodes[goal.id]
            for other in links(goal):
                if other not in goals:
                    raise node.wrong(key, f"there is no goal {other!r}", f"нет цели «{other}»", near(other, goals))
                if other == goal.id:
                    raise node.wrong(
                        key,
                        f"goal {goal.id!r} names itself; take it out",
                        f"цель «{goal.id}» называет саму себя; уберите это",
                    )
                if key == "after" and (other in ancestors(goal.id) or goal.id in ancestors(other)):
                    raise node.wrong(
                        key,
                        f"{other!r} and {goal.id!r} are one above the other; a part cannot wait for the whole",
                        f"«{other}» и\u00a0«{goal.id}» стоят одна над другой; часть не\u00a0может ждать целого",
                    )
        _refuse_circles({goal.id: links(goal) for goal in goals.values()}, key, nodes)


def _refuse_circles(links: Mapping[str, Sequence[str]], key: str, nodes: Mapping[str, Node]) -> None:
    try:
        TopologicalSorter({name: list(others) for name, others in links.items()}).prepare()
    except CycleError as error:
        circle: list[str] = error.args[1]
        raise nodes[circle[0]].wrong(
            key,
            f"these goals go round in a circle by `{key}`: {' → '.join(reversed(circle))}; remove one of the links",
            f"эти цели образуют круг по\u00a0`{key}`: {' → '.join(reversed(circle))}; уберите одну из\u00a0связей",
        ) from error


def _refuse_backward(node: Node) -> None:
    start, due, done = node.date("start"), node.date("due"), node.date("done")
    for key, day in (("due", due), ("done", done)):
        if start is not None and day is not None and day < start:
            raise node.wrong(
                key,
                f"`{key}` ({day}) lies before `start` ({start}); change either",
                f"`{key}` ({day}) раньше `start` ({start}); измените одно из\u00a0двух",
            )


def _weight(node: Node) -> float:
    weight = node.number("weight", 1.0)
    if weight <= 0:
        raise node.wrong(
            "weight",
            f"`weight` is {weight:g}; a weight is above 0, or leave the entry out",
            f"в\u00a0`weight` стоит {weight:g}; вес должен быть больше 0, или уберите запись",
        )
    return weight
