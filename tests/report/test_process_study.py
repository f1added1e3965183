"""The process model as a study: sheets as right SVG in both languages, the tree, and the figures."""

import re
import textwrap
import xml.etree.ElementTree as ET

import pytest

from septima.report.idef0.drawing import Shown, sheet_svg
from septima.report.idef0.ports import plans_of
from septima.report.studies.processes import processes_study
from septima.report.studies.study import Scheme, text_of
from septima.schema import Language
from septima.scorecard.processes.measured import measured
from tests.scorecard.stand_ins import card_of, history
from tests.scorecard.test_processes import DEFINITION, GOOD, read

SVG = "{http://www.w3.org/2000/svg}"
LANGUAGES: tuple[Language, ...] = ("en", "ru")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sheet_is_a_picture_with_node_title_and_number(language: Language) -> None:
    found = measured(read(GOOD.replace("[revenue]", "[]")), card_of(DEFINITION, nps=history(0.3, 0.35)), {}, "RUB")
    study = processes_study(found, language)
    schemes = [drawing for section in study.sections for drawing in section.drawings if isinstance(drawing, Scheme)]
    assert len(schemes) == 2
    for place, (scheme, node) in enumerate(zip(schemes, ("A-0", "A0"), strict=True), 1):
        root = ET.fromstring(scheme.svg)  # noqa: S314
        words = ["".join(text.itertext()) for text in root.iter(f"{SVG}text")]
        assert root.get("role") == "img"
        assert root.find(f"{SVG}title") is not None
        assert {node, "Serve", f"{place}\u00a0/\u00a02"} <= set(words)
    words = " ".join("".join(text.itertext()) for text in ET.fromstring(schemes[1].svg).iter(f"{SVG}text"))  # noqa: S314
    assert ("0,35" if language == "ru" else "0.35") in words
    assert ("Продавать" if language == "ru" else "Sell") in words
    assert "C1" in words


def test_the_tree_names_flows_and_the_table_the_figures() -> None:
    found = measured(read(GOOD.replace("[revenue]", "[]")), card_of(DEFINITION, nps=history(0.3, 0.35)), {}, "RUB")
    *_, tree, figures = processes_study(found, "en").sections
    rows = [[text_of(cell) for cell in row] for row in tree.tables[0].rows]
    assert rows[1] == ["\u00a0\u00a0\u00a0A1\u00a0Sell · Sales", "Need", "Plan; Lesson", "Order", "Tool"]
    (row,) = figures.tables[0].rows
    assert [text_of(cell) for cell in row][:5] == ["A1\u00a0Sell", "NPS", "0.35", "", "0.40"]
    assert any("advises three to six" in remark for remark in tree.remarks)
    assert any("A2" in remark for remark in tree.remarks)


def test_one_sheet_alone_and_no_figures_without_a_period() -> None:
    found = measured(read(GOOD), None, {}, "RUB")
    study = processes_study(found, "ru", node="A0")
    assert [len(section.drawings) for section in study.sections] == [1, 0]
    assert study.subtitle == ""


def test_names_are_escaped_and_tunnels_have_parentheses() -> None:
    text = (
        textwrap.dedent(GOOD)
        .replace("name: Deliver", "name: <Deliver & go>")
        .replace("  inputs: [need]\n  controls", "  controls")
    )
    model = read(text.replace("kpis: [nps]", "tunnelled_above: [need]"))
    plan = plans_of(model)[1]
    drawn = sheet_svg(plan, model, {"A1": (Shown("a <b>", "1", "good"),)}, "en", sheets=2, says="<>&")
    ET.fromstring(drawn)  # noqa: S314
    plain = sheet_svg(plans_of(read(GOOD))[1], read(GOOD), {}, "en", sheets=2, says="x")
    arcs = re.compile(r"q3 -3\.4 6 0")
    assert len(arcs.findall(drawn)) == 1
    assert not arcs.findall(plain)
