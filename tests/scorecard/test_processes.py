"""A process model: what is read of it, the rules of FIPS PUB 183 that it is held to, and what is told of each mistake."""

import textwrap
from pathlib import Path

import pytest

from septima.metrics import catalogue
from septima.schema import Text
from septima.scorecard.definition import DefinitionError
from septima.scorecard.live import LiveFigure
from septima.scorecard.processes import (
    End,
    ProcessModel,
    advice_of,
    arrows_of,
    codes_of,
    parse_processes,
    read_processes,
    starter_processes,
)
from septima.scorecard.processes.measured import measured, metrics_asked

from ..both_languages import check_both
from .stand_ins import METRICS, card_of, definition_of, history

DEFINITION = definition_of("perspectives: [{id: sales, kpis: [{id: nps, target: 0.4}]}]")
GOOD = """\
    purpose: Show it
    viewpoint: {en: Head, ru: Глава}
    flows:
    - {id: need, name: {en: Need, ru: Нужда}}
    - {id: plan, name: Plan}
    - {id: order, name: Order}
    - {id: goods, name: Goods}
    - {id: lesson, name: Lesson}
    - {id: tool, name: Tool}
    top:
      number: A0
      name: Serve
      inputs: [need]
      controls: [plan]
      outputs: [goods]
      mechanisms: [tool]
      boxes:
      - number: A1
        name: {en: Sell, ru: Продавать}
        department: Sales
        inputs: [need]
        controls: [plan, lesson]
        outputs: [order]
        mechanisms: [tool]
        kpis: [nps]
      - number: A2
        name: Deliver
        inputs: [order]
        controls: [plan]
        outputs: [goods, lesson]
        metrics: [revenue]
    """
LINES = textwrap.dedent(GOOD).splitlines()


def line_of(text: str, start: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if line.strip().startswith(start))


def read(text: str) -> ProcessModel:
    return parse_processes(textwrap.dedent(text), DEFINITION, METRICS)


def changed(*changes: tuple[str, str]) -> str:
    text = textwrap.dedent(GOOD)
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return text


def test_everything_in_the_file_is_read() -> None:
    model = read(GOOD)
    assert [sheet.node for sheet in model.sheets] == ["A-0", "A0"]
    assert [box.number for box in model.boxes] == ["A0", "A1", "A2"]
    sell, deliver = model.top.boxes
    assert (sell.name, sell.department, sell.kpis) == (Text("Sell", "Продавать"), Text("Sales", "Sales"), ("nps",))
    assert sell.flows == {
        "input": ("need",),
        "control": ("plan", "lesson"),
        "output": ("order",),
        "mechanism": ("tool",),
    }
    assert deliver.metrics == ("revenue",)
    assert model.flows["need"].name == Text("Need", "Нужда")
    assert (model.purpose, model.viewpoint.ru) == (Text("Show it", "Show it"), "Глава")


def test_arrows_join_all_sources_with_all_targets() -> None:
    model = read(GOOD)
    sheet = model.sheets[1]
    codes = codes_of(
        model.top, {"input": ("need",), "control": ("plan",), "output": ("goods",), "mechanism": ("tool",)}
    )
    by_flow = {arrow.flow: arrow for arrow in arrows_of(sheet, codes)}
    plan = by_flow["plan"]
    assert (plan.sources, plan.targets) == ((), (End(0, "control"), End(1, "control")))
    assert (plan.enters, plan.leaves, plan.entry_code) == (True, False, "C1")
    order = by_flow["order"]
    assert (order.sources, order.targets) == ((End(0, "output"),), (End(1, "input"),))
    assert (order.enters, order.leaves, order.entry_code, order.exit_code) == (False, False, None, None)
    goods = by_flow["goods"]
    assert (goods.enters, goods.leaves, goods.exit_code) == (False, True, "O1")
    assert by_flow["need"].entry_code == "I1"
    assert by_flow["tool"].entry_code == "M1"
    assert not any(arrow.hidden or arrow.sunk for arrow in by_flow.values())


def test_codes_count_the_arrows_of_each_side_in_their_order() -> None:
    model = read(changed(("controls: [plan]", "controls: [plan, need]"), ("inputs: [need]\n  controls", "controls")))
    order = {"input": (), "control": ("need", "plan"), "output": ("goods",), "mechanism": ("tool",)}
    codes = codes_of(model.top, order)  # type: ignore[arg-type]
    assert codes["need", "control"] == "C1"
    assert codes["plan", "control"] == "C2"
    # The letter is that of the parent's side, though the arrow is an input on its sheet (FIPS 183, 3.3.2.4).
    need = next(arrow for arrow in arrows_of(model.sheets[1], codes) if arrow.flow == "need")
    assert (need.entry_code, need.targets) == ("C1", (End(0, "input"),))


def test_on_the_context_sheet_every_arrow_goes_to_the_frame_without_a_code() -> None:
    model = read(GOOD)
    arrows = arrows_of(model.sheets[0], {})
    assert {arrow.flow for arrow in arrows} == {"need", "plan", "goods", "tool"}
    assert all((arrow.enters != arrow.leaves) and arrow.entry_code is arrow.exit_code is None for arrow in arrows)


def test_a_tunnelled_arrow_needs_no_end_above_or_beneath() -> None:
    above = read(changed(("  inputs: [need]\n  controls", "  controls"), ("kpis: [nps]", "tunnelled_above: [need]")))
    need = next(arrow for arrow in arrows_of(above.sheets[1], {}) if arrow.flow == "need")
    assert (need.enters, need.hidden, need.entry_code) == (True, True, None)
    beneath = read(
        changed(("mechanisms: [tool]\n  boxes", "mechanisms: [tool]\n  tunnelled_below: [tool]\n  boxes"), ("    mechanisms: [tool]\n    kpis", "    kpis"))
    )  # fmt: skip
    (tool,) = [arrow for arrow in arrows_of(beneath.sheets[0], {}) if arrow.flow == "tool"]
    assert tool.sunk == {End(0, "mechanism")}
    assert all(arrow.flow != "tool" for arrow in arrows_of(beneath.sheets[1], {}))


MISTAKES = [
    ((("outputs: [order]", "outputs: [order, lost]"), ("- {id: tool", "- {id: lost, name: Lost}\n- {id: tool")), "outputs: [order, lost]", ["'lost' leaves A1 and goes nowhere", "tunnelled_above"]),
    ((("    inputs: [order]", "    inputs: [order, found]"), ("- {id: tool", "- {id: found, name: F}\n- {id: tool")), "inputs: [order, found]", ["'found' enters A2 as input and comes from nowhere", "`mechanisms` of A0"]),
    ((("    mechanisms: [tool]\n    kpis", "    kpis"),), "mechanisms: [tool]", ["A0 takes 'tool' as mechanism, but no box", "tunnelled_below"]),
    ((("outputs: [goods]", "outputs: [goods, gain]"), ("- {id: tool", "- {id: gain, name: G}\n- {id: tool")), "outputs: [goods, gain]", ["A0 gives 'gain' as output, but no box"]),
    ((("    controls: [plan]\n", ""),), "- number: A2", ["A2 has no control", "`controls`"]),
    ((("    outputs: [order]\n", ""),), "- number: A1", ["A1 has no output", "`outputs`"]),
    ((("number: A2", "number: A1"),), "- number: A1", ["A1 is taken on line", "number boxes apart"]),
    ((("number: A2", "number: A31"),), "- number: A31", ["does not fit its place", "numbered A1, A2"]),
    ((("number: A0", "number: A5"),), "number: A5", ["does not fit", "numbered A0"]),
    ((("kpis: [nps]", "kpis: [npss]"),), "kpis: [npss]", ["no KPI 'npss' in the scorecard", "did you mean 'nps'"]),
    ((("metrics: [revenue]", "metrics: [revenu]"),), "metrics: [revenu]", ["no metric 'revenu'", "'revenue'"]),
    ((("inputs: [order]", "inputs: [ordr]"),), "inputs: [ordr]", ["no flow 'ordr'", "'order'"]),
    ((("inputs: [order]", "inputs: [order, order]"),), "inputs: [order, order]", ["twice"]),
    ((("outputs: [goods, lesson]", "outputs: [goods, lesson, order]"),), "outputs: [goods, lesson, order]", ["A2 has 'order' as input and as output"]),
    ((("- {id: tool", "- {id: idle, name: I}\n- {id: tool"),), "- {id: idle", ["no box takes or gives the flow 'idle'"]),
    ((("- {id: tool", "- {id: plan, name: I}\n- {id: tool"),), "- {id: plan, name: I}", ["the flow 'plan' is there already, on line 5"]),
    ((("kpis: [nps]", "tunnelled_above: [need]"),), "tunnelled_above", ["'need' of A1 has both ends on sheet A0", "remove it"]),
    ((("kpis: [nps]", "tunnelled_above: [goods]"),), "tunnelled_above", ["A1 has no arrow 'goods'"]),
    ((("kpis: [nps]", "tunnelled_below: [need]"),), "tunnelled_below", ["A1 has no sheet of its own"]),
    ((("kpis: [nps]", "kpi: [nps]"),), "kpi:", ["unknown field 'kpi'", "'kpis'"]),
    ((("    name: {en: Sell, ru: Продавать}\n", ""),), "- number: A1", ["A1 has no `name`"]),
    ((("purpose: Show it\n", ""),), "viewpoint", ["no `purpose`"]),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "where", "said"), MISTAKES, ids=[case[2][0][:30] for case in MISTAKES])
def test_a_mistake_is_told_with_file_line_and_remedy(
    changes: tuple[tuple[str, str], ...], where: str, said: list[str], tmp_path: Path
) -> None:
    text = changed(*changes)
    path = tmp_path / "processes.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DefinitionError) as told:
        read_processes(path, DEFINITION, METRICS)
    message = check_both(told.value).en
    lines = [number for number, line in enumerate(text.splitlines(), 1) if line.strip().startswith(where)]
    assert any(f"{path}, line {number}:" in message for number in lines), message
    for part in said:
        assert part in message


def test_all_loose_arrows_are_told_at_once() -> None:
    text = changed(("outputs: [order]", "outputs: [tool]"), ("    mechanisms: [tool]\n    kpis", "    kpis"))
    with pytest.raises(DefinitionError) as told:
        read(text)
    assert len(str(told.value).splitlines()) > 1


def test_broken_yaml_and_an_absent_file(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match=r"processes.yaml, line 2: cannot be read as YAML"):
        read("top: [\n")
    with pytest.raises(DefinitionError, match=r"no such file; begin one with `septima processes .* --new`"):
        read_processes(tmp_path / "processes.yaml", DEFINITION, METRICS)


def test_a_box_within_itself_is_refused() -> None:
    text = changed(("- number: A2", "- &two\n    number: A2"), ("metrics: [revenue]", "boxes: [*two, *two]"))
    with pytest.raises(DefinitionError, match=r"processes.yaml, line 26: an entry of `boxes`"):
        read(text)


def test_a_box_that_stands_in_two_places_is_refused() -> None:
    text = changed(("- number: A1", "- &one\n    number: A1"), ("metrics: [revenue]", "boxes: [*one, *one]"))
    with pytest.raises(DefinitionError, match="A1 is taken on line"):
        read(text)


def test_a_sheet_of_one_box_is_refused() -> None:
    text = changed(("kpis: [nps]", "boxes:\n    - {number: A11, name: x, inputs: [need], controls: [plan, lesson], outputs: [order], mechanisms: [tool]}"))  # fmt: skip
    with pytest.raises(DefinitionError, match="A1 is made of one box"):
        read(text)


def test_advice_on_the_number_of_boxes() -> None:
    (few,) = advice_of(read(GOOD))
    assert "A0 has 2 boxes where IDEF0 advises three to six" in few.message.en
    assert "на\u00a0листе A0 блоков: 2" in few.message.ru
    assert few.line == line_of(textwrap.dedent(GOOD), "boxes:")
    names = [f"A{place}" for place in range(1, 10)]
    for count, word in ((3, None), (6, None), (7, "this may be"), (8, "join some")):
        boxes = "".join(
            f"\n  - {{number: {name}, name: x, controls: [plan], outputs: [goods]}}" for name in names[:count]
        )
        text = f"purpose: p\nviewpoint: v\nflows: [{{id: plan, name: P}}, {{id: goods, name: G}}]\ntop:\n  number: A0\n  name: T\n  controls: [plan]\n  outputs: [goods]\n  boxes:{boxes}\n"  # fmt: skip
        advice = advice_of(read(text))
        assert [word in problem.message.en for problem in advice] == ([] if word is None else [True])  # type: ignore[operator]


def test_figures_of_the_card_and_of_metrics_stand_in_their_boxes() -> None:
    model = read(GOOD)
    assert [one.metric for one in metrics_asked(model)] == ["revenue"]
    card = card_of(DEFINITION, nps=history(0.3, 0.35))
    revenue = LiveFigure("revenue", Text("Revenue", "Выручка"), "currency", card.integral.printed)
    found = measured(model, card, {"revenue": revenue}, "RUB")
    (nps,) = found.figures["A1"]
    assert (nps.figure.value, nps.target, nps.state) == (0.35, 0.4, "bad")
    assert found.figures["A2"] == (revenue,)
    assert measured(model, None, {}, "RUB").figures == {}


def test_the_starter_is_right() -> None:
    model = parse_processes(starter_processes(), DEFINITION, catalogue())
    assert not advice_of(model)
    assert len(model.top.boxes) == 3
