"""Arrows of a sheet: each flow joined from its sources to its targets, with ICOM codes and tunnels.

Rules after FIPS PUB 183, Integration Definition for Function Modeling (IDEF0), NIST, 1993, section 3.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from septima.schema import Text
from septima.schema.wording import hinted
from septima.scorecard.processes.definition import TAKEN, TOP, Box, ProcessModel, Role, Sheet

_LETTERS: dict[Role, str] = {"input": "I", "control": "C", "output": "O", "mechanism": "M"}
FEWEST, MOST = 3, 6
"""Boxes of a sheet that IDEF0 advises."""

_FUNCTIONS = 7
"""The methodology has seven functions, so that A0 may have as many."""


@dataclass(frozen=True)
class End:
    """Where an arrow meets a box: its place on the sheet, from 0, and the role of the flow there."""

    box: int
    role: Role


@dataclass(frozen=True)
class Arrow:
    """A flow on a sheet, from all its sources to all its targets.

    `enters` and `leaves` say whether it comes from or goes to the frame, `code` under which ICOM code of the parent box,
    `hidden` that the frame's end is tunnelled; `sunk` are the ends at boxes whose own sheet does not show it.
    """

    flow: str
    sources: tuple[End, ...]
    targets: tuple[End, ...]
    enters: bool = False
    leaves: bool = False
    entry_code: str | None = None
    exit_code: str | None = None
    hidden: bool = False
    sunk: frozenset[End] = frozenset()


@dataclass(frozen=True)
class Problem:
    """What is wrong with a model, or advised: the line of the file it stands on and what to do."""

    line: int | None
    message: Text


def arrows_of(sheet: Sheet, codes: Mapping[tuple[str, Role], str]) -> tuple[Arrow, ...]:
    """The arrows of a sheet of a right model, in the order in which the file first names their flows.

    `codes` are the ICOM codes of the parent box by flow and role; none on A-0.
    """
    return tuple(_arrow(sheet, flow, codes) for flow in _flows(sheet))


def codes_of(box: Box, order: Mapping[Role, tuple[str, ...]]) -> dict[tuple[str, Role], str]:
    """The ICOM codes of a box by flow and role: the letter of the role and the place on that side, from 1.

    `order` is that in which the arrows stand on the box, from left to right or from top to bottom (FIPS 183, 3.3.2.4).
    """
    return {
        (flow, role): f"{_LETTERS[role]}{place}"
        for role, flows in order.items()
        for place, flow in enumerate(flows, start=1)
        if flow in box.flows[role]
    }


def errors_of(model: ProcessModel) -> tuple[Problem, ...]:
    """Where arrows lack an end, do not fit the sheet above, or are tunnelled without need; none in a right model."""
    return tuple(problem for sheet in model.sheets for problem in _errors(sheet))


def advice_of(model: ProcessModel) -> tuple[Problem, ...]:
    """What IDEF0 advises against: sheets of fewer than three boxes or more than six."""
    found: list[Problem] = []
    for sheet in model.sheets:
        count = len(sheet.boxes)
        if sheet.parent is None or FEWEST <= count <= MOST:
            continue
        line = sheet.parent.lines.get("boxes", sheet.parent.line)
        if sheet.node == TOP and count == _FUNCTIONS:
            said = Text(
                f"sheet {TOP} has seven boxes, the seven functions, where IDEF0 advises three to six; this may be",
                f"на\u00a0листе {TOP} семь блоков, семь функций, а\u00a0IDEF0 советует от\u00a0трёх до\u00a0шести; "
                "так можно оставить",
            )
        else:
            remedy = Text("take the box apart further", "разберите блок подробнее")
            if count > MOST:
                remedy = Text(
                    "join some into one box with a sheet of its own",
                    "соедините несколько в\u00a0один блок со\u00a0своим листом",
                )
            said = hinted(
                f"sheet {sheet.node} has {count} boxes where IDEF0 advises three to six",
                f"на\u00a0листе {sheet.node} блоков: {count}, а\u00a0IDEF0 советует от\u00a0трёх до\u00a0шести",
                remedy,
            )
        found.append(Problem(line, said))
    return tuple(found)


def _flows(sheet: Sheet) -> tuple[str, ...]:
    named = (flow for box in sheet.boxes for role in (*TAKEN, "output") for flow in box.flows[role])
    return tuple(dict.fromkeys(named))


def _ends(sheet: Sheet, flow: str) -> tuple[tuple[End, ...], tuple[End, ...]]:
    sources = tuple(End(place, "output") for place, box in enumerate(sheet.boxes) if flow in box.flows["output"])
    targets = tuple(
        End(place, role) for place, box in enumerate(sheet.boxes) for role in TAKEN if flow in box.flows[role]
    )
    return sources, targets


def _shown(parent: Box | None, flow: str) -> tuple[bool, bool]:
    """Whether the parent box takes a flow and gives it, as far as its own sheet shows that."""
    if parent is None or flow in parent.tunnelled_below:
        return False, False
    return any(flow in parent.flows[role] for role in TAKEN), flow in parent.flows["output"]


def _arrow(sheet: Sheet, flow: str, codes: Mapping[tuple[str, Role], str]) -> Arrow:
    sources, targets = _ends(sheet, flow)
    taken, given = _shown(sheet.parent, flow)
    whole = sheet.parent is None
    enters = bool(targets) and (taken or whole or not sources)
    leaves = bool(sources) and (given or whole or not targets)
    sunk = frozenset(end for end in (*sources, *targets) if flow in sheet.boxes[end.box].tunnelled_below)
    entry = next((codes[flow, role] for role in TAKEN if taken and (flow, role) in codes), None)
    return Arrow(
        flow,
        sources,
        targets,
        enters,
        leaves,
        entry_code=entry,
        exit_code=codes.get((flow, "output")) if given else None,
        hidden=not whole and not taken and not given and (enters or leaves),
        sunk=sunk,
    )


def _errors(sheet: Sheet) -> Iterator[Problem]:
    if sheet.parent is None:
        yield from _tunnels_of_the_whole(sheet.boxes[0])
        return
    for flow in _flows(sheet):
        yield from _loose(sheet, sheet.parent, flow)
    yield from _unused(sheet, sheet.parent)


def _tunnels_of_the_whole(top: Box) -> Iterator[Problem]:
    for flow in top.tunnelled_above:
        yield Problem(
            top.lines.get("tunnelled_above"),
            Text(
                f"{top.number} has no sheet above that could leave out {flow!r}; remove it from `tunnelled_above`",
                f"над {top.number} нет листа, который мог\u00a0бы опустить «{flow}»; уберите его "
                "из\u00a0`tunnelled_above`",
            ),
        )


def _loose(sheet: Sheet, parent: Box, flow: str) -> Iterator[Problem]:
    """Ends of a flow that lead nowhere, and tunnels that are not needed."""
    sources, targets = _ends(sheet, flow)
    taken, given = _shown(parent, flow)
    for end in (*sources, *targets):
        box = sheet.boxes[end.box]
        tunnelled = flow in box.tunnelled_above
        loose = not (given or targets) if end.role == "output" else not (taken or sources)
        if loose and not tunnelled:
            yield Problem(_line(box, end.role), _without_end(sheet, parent, flow, box, end.role))
        if tunnelled and not loose:
            yield Problem(
                box.lines.get("tunnelled_above"),
                Text(
                    f"the arrow {flow!r} of {box.number} has both ends on sheet {sheet.node}; remove it from `tunnelled_above`",
                    f"у\u00a0стрелки «{flow}» блока {box.number} оба конца на\u00a0листе {sheet.node}; уберите её "
                    "из\u00a0`tunnelled_above`",
                ),
            )


def _without_end(sheet: Sheet, parent: Box, flow: str, box: Box, role: Role) -> Text:
    if role == "output":
        return Text(
            f"the arrow {flow!r} leaves {box.number} and goes nowhere on sheet {sheet.node}; let another of its boxes take it, "
            f"add it to `outputs` of {parent.number}, or name it under `tunnelled_above` of {box.number}",
            f"стрелка «{flow}» выходит из\u00a0{box.number} и\u00a0на\u00a0листе {sheet.node} никуда не\u00a0ведёт; "
            f"пусть её примет другой блок листа, или добавьте её в\u00a0`outputs` блока {parent.number}, или назовите "
            f"в\u00a0`tunnelled_above` блока {box.number}",
        )
    return Text(
        f"the arrow {flow!r} enters {box.number} as {role} and comes from nowhere on sheet {sheet.node}; let another of its boxes "
        f"give it, add it to `inputs`, `controls` or `mechanisms` of {parent.number}, or name it under `tunnelled_above` of "
        f"{box.number}",
        f"стрелка «{flow}» входит в\u00a0{box.number} (`{role}s`), а\u00a0на\u00a0листе {sheet.node} ниоткуда "
        "не\u00a0приходит; пусть её даёт другой блок листа, или добавьте её в\u00a0`inputs`, `controls` или "
        f"`mechanisms` блока {parent.number}, или назовите в\u00a0`tunnelled_above` блока {box.number}",
    )


def _unused(sheet: Sheet, parent: Box) -> Iterator[Problem]:
    """What the parent box takes or gives and no box of its sheet does."""
    for role, flows in parent.flows.items():
        for flow in flows:
            if flow in parent.tunnelled_below:
                continue
            sources, targets = _ends(sheet, flow)
            if not (sources if role == "output" else targets):
                does = Text("gives", "даёт") if role == "output" else Text("takes", "принимает")
                yield Problem(
                    _line(parent, role),
                    Text(
                        f"{parent.number} {does.en} {flow!r} as {role}, but no box of its sheet does; add it to one of them, or name it "
                        f"under `tunnelled_below` of {parent.number}",
                        f"{parent.number} {does.ru} «{flow}» (`{role}s`), а\u00a0ни\u00a0один блок его листа\u00a0— "
                        "нет; добавьте его в\u00a0один из\u00a0них или назовите в\u00a0`tunnelled_below` блока "
                        f"{parent.number}",
                    ),
                )


def _line(box: Box, role: Role) -> int | None:
    return box.lines.get(f"{role}s", box.line)
