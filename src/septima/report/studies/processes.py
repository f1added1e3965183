"""A process model as a study: a sheet of IDEF0 for each node, the tree of nodes, and the figures of every box."""

from collections.abc import Iterator, Mapping, Sequence

from septima.report.idef0.drawing import Shown, sheet_svg
from septima.report.idef0.ports import Plan, plans_of
from septima.report.number_forms import number_style
from septima.report.studies.study import (
    Cell,
    Interval,
    Number,
    Scheme,
    Section,
    Study,
    Table,
    bare,
    word,
)
from septima.report.words import STATES
from septima.schema import Language, Text
from septima.scorecard.live import LiveFigure
from septima.scorecard.processes import ROLES, TOP, Box, Role
from septima.scorecard.processes.arrows import FEWEST, MOST
from septima.scorecard.processes.measured import MeasuredProcesses

TITLE = Text("Processes", "Процессы")
_W: Mapping[str, Text] = {
    "question": Text(
        "Which functions make the company’s work, what passes between them, and by which figures is each of them measured?",
        "Из\u00a0каких функций состоит работа компании, что они передают друг другу и\u00a0какими показателями каждая измеряется?",
    ),
    "reading": Text(
        "Arrows come into a box from the left as inputs, from above as controls, from below as mechanisms, and leave it on "
        "the right as outputs; codes such as C1 name the arrow’s place on the box of the sheet above. A thick foot marks a "
        "box that has a sheet of its own; parentheses mark an arrow that the sheet above or beneath leaves out.",
        "Слева в\u00a0блок входят входы, сверху\u00a0— управление, снизу\u00a0— механизмы, справа выходят выходы; код вроде C1\u00a0— место "
        "стрелки у\u00a0блока листа выше. Жирное основание у\u00a0блока, который разобран на\u00a0своём листе; скобки у\u00a0стрелки, "
        "которой нет на\u00a0листе выше или ниже.",
    ),
    "tree": Text("Tree of nodes", "Дерево узлов"),
    "node": Text("node", "узел"),
    "input": Text("inputs", "входы"),
    "control": Text("controls", "управление"),
    "output": Text("outputs", "выходы"),
    "mechanism": Text("mechanisms", "механизмы"),
    "figures": Text("Figures of the boxes", "Показатели блоков"),
    "figure": Text("figure", "показатель"),
    "value": Text("value", "значение"),
    "interval": Text("95 % interval", "интервал 95 %"),
    "target": Text("target", "цель"),
    "state": Text("state", "состояние"),
    "records": Text("n", "n"),
    "unmeasured": Text(
        "Boxes that no figure measures: {names}.", "Блоки, которые не\u00a0измеряет ни\u00a0один показатель: {names}."
    ),
    "few": Text(
        "Sheet {node} has {count} boxes; IDEF0 advises three to six.",
        "На\u00a0листе {node} блоков: {count}; IDEF0 советует от\u00a0трёх до\u00a0шести.",
    ),
    "seven": Text(
        "Sheet A0 has seven boxes, one for each function of the methodology; IDEF0 advises three to six.",
        "На\u00a0листе A0 семь блоков, по\u00a0одному на\u00a0функцию методологии; IDEF0 советует от\u00a0трёх до\u00a0шести.",
    ),
    "says": Text("IDEF0 sheet {node}, {title}: {boxes}.", "Лист IDEF0 {node}, {title}: {boxes}."),
}


def processes_study(found: MeasuredProcesses, language: Language, *, node: str | None = None) -> Study:
    """The study of a process model; with `node` of one sheet alone."""
    plans = plans_of(found.model)
    chosen = [plan for plan in plans if node is None or plan.sheet.node == node]
    boxes = found.model.boxes if node is None else tuple(box for plan in chosen for box in plan.sheet.boxes)
    sheets = tuple(
        Section(
            f"{plan.sheet.node}. {plan.sheet.title.in_language(language)}",
            lead=(word(_W, "reading", language),) if turn == 0 else (),
            drawings=(Scheme("", sheet_of(found, plan, len(plans), language), _says(plan, language)),),
        )
        for turn, plan in enumerate(chosen)
    )
    tables = [Section(word(_W, "tree", language), tables=(_tree(found, boxes, language),), remarks=tuple(_remarks(found, boxes, language, whole=node is None)))]  # fmt: skip
    if any(found.figures.get(box.number) for box in boxes):
        tables.append(Section(word(_W, "figures", language), tables=(_figures(found, boxes, language),)))
    return Study(
        TITLE.in_language(language),
        "" if found.period is None else found.period.in_language(language),
        word(_W, "question", language),
        (),
        (*sheets, *tables),
        (),
    )


def sheet_of(found: MeasuredProcesses, plan: Plan, sheets: int, language: Language) -> str:
    """The SVG of a sheet with the figures of its boxes."""
    shown = {
        box.number: tuple(_shown(one, found.currency, language) for one in found.figures.get(box.number, ()))
        for box in plan.sheet.boxes
    }
    return sheet_svg(plan, found.model, shown, language, sheets=sheets, says=_says(plan, language))


def _shown(one: LiveFigure, currency: str | None, language: Language) -> Shown:
    style = number_style(one.unit, one.figure, language, currency=currency)
    return Shown(one.name.in_language(language), style.value(one.figure.value), one.state)


def _says(plan: Plan, language: Language) -> str:
    boxes = "; ".join(f"{box.number} {box.name.in_language(language)}" for box in plan.sheet.boxes)
    title = plan.sheet.title.in_language(language)
    return word(_W, "says", language).format(node=plan.sheet.node, title=title, boxes=boxes)


def _tree(found: MeasuredProcesses, boxes: Sequence[Box], language: Language) -> Table:
    """One row per box, its name set in by its depth: `A4` under `A0`, `A41` under `A4`."""
    rows: list[tuple[Cell, ...]] = []
    for box in boxes:
        depth = 0 if box.number == TOP else len(box.number) - 1
        name = "\u00a0" * 3 * depth + f"{box.number}\u00a0{box.name.in_language(language)}"
        where = "" if box.department is None else f" · {box.department.in_language(language)}"
        rows.append((name + where, *(_flows(found, box, role, language) for role in ROLES)))
    return Table("", tuple(word(_W, name, language) for name in ("node", *ROLES)), tuple(rows))


def _flows(found: MeasuredProcesses, box: Box, role: Role, language: Language) -> str:
    names = [found.model.flows[flow].name.in_language(language) for flow in box.flows[role]]
    return "; ".join(f"({name})" if flow in (*box.tunnelled_above, *box.tunnelled_below) else name for flow, name in zip(box.flows[role], names, strict=True))  # fmt: skip


def _figures(found: MeasuredProcesses, boxes: Sequence[Box], language: Language) -> Table:
    rows: list[tuple[Cell, ...]] = []
    notes: list[str] = []
    for box in boxes:
        for one in found.figures.get(box.number, ()):
            style = number_style(one.unit, one.figure, language, currency=found.currency, others=(one.target,))
            rows.append(
                (
                    f"{box.number}\u00a0{box.name.in_language(language)}",
                    one.name.in_language(language),
                    Number(one.figure.value, style),
                    Interval(one.figure, style),
                    "" if one.target is None else style.given(one.target),
                    STATES[one.state].in_language(language) if one.target is not None else "",
                    bare(one.n, 0, language),
                )
            )
            if one.note is not None:
                notes.append(f"{one.name.in_language(language)}: {one.note.in_language(language)}")
    heads = ("node", "figure", "value", "interval", "target", "state", "records")
    return Table("", tuple(word(_W, name, language) for name in heads), tuple(rows), notes=tuple(dict.fromkeys(notes)))


def _remarks(found: MeasuredProcesses, boxes: Sequence[Box], language: Language, *, whole: bool) -> Iterator[str]:
    bare_boxes = [box.number for box in boxes if not box.kpis and not box.metrics]
    if bare_boxes:
        yield word(_W, "unmeasured", language).format(names=", ".join(bare_boxes))
    if not whole:
        return
    for sheet in found.model.sheets:
        count = len(sheet.boxes)
        if sheet.node == TOP and count == 7:
            yield word(_W, "seven", language)
        elif sheet.parent is not None and not FEWEST <= count <= MOST:
            yield word(_W, "few", language).format(node=sheet.node, count=count)
