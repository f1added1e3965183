"""A journey file: what is read of it, and what is told of each mistake."""

import textwrap
from pathlib import Path

import pytest

from septima.metrics import catalogue
from septima.metrics.journey import EventRule, FeelingRule
from septima.schema import Text
from septima.scorecard.card import Figure
from septima.scorecard.definition import DefinitionError
from septima.scorecard.journey import (
    JourneyDefinition,
    key_of,
    metrics_asked,
    parse_journey,
    read_journey,
    starter_journey,
)
from septima.scorecard.live import known_from

from ..both_languages import check_both
from .stand_ins import METRICS, card_of, definition_of, history

GOOD = """\
    name: {en: Way, ru: Путь}
    stages:
    - id: choose
      name: {en: Chooses, ru: Выбирает}
      goal: Find it
      expected: joy
      felt: {question: expectation}
      touchpoints:
      - name: Site
        channel: web
        department: {en: Shop, ru: Магазин}
        metrics:
        - {metric: nps, where: {channel: web}, name: liked}
        - {metric: nps}
      events:
      - {table: touches, where: {kind: [visit, store_visit], online: true}}
    - id: order
      name: Orders
      events:
      - {table: orders, where: {status: completed}}
      - {table: deals}
    - id: rate
      name: Rates
      felt: {instrument: csi, question: service, where: {channel: email}}
      final: true
    intended:
    - {from: choose, to: [order, rate]}
    - {from: order, to: choose}
    """


def read(text: str) -> JourneyDefinition:
    return parse_journey(textwrap.dedent(text), METRICS)


def test_everything_in_the_file_is_read() -> None:
    journey = read(GOOD)
    choose, order, rate = journey.stages
    assert journey.name == Text("Way", "Путь")
    assert (choose.goal, choose.expected, choose.felt) == (
        Text("Find it", "Find it"),
        4,
        FeelingRule("feelings", "expectation", {}),
    )
    (site,) = choose.touchpoints
    assert (site.name.en, site.channel, site.department) == ("Site", Text("web", "web"), Text("Shop", "Магазин"))
    assert choose.departments == (Text("Shop", "Магазин"),)
    assert [key_of(one) for one in site.metrics] == ["nps channel=web", "nps"]
    assert choose.events == (EventRule("touches", {"kind": ("visit", "store_visit"), "online": (True,)}),)
    assert order.events == (EventRule("orders", {"status": ("completed",)}), EventRule("deals", {}))
    assert rate.felt == FeelingRule("csi", "service", {"channel": ("email",)})
    assert (order.final, rate.final, rate.expected) == (False, True, None)
    assert journey.intended == ((0, 1), (0, 2), (1, 0))
    assert [(one.id, one.metric, dict(one.where)) for one in metrics_asked(journey)] == [
        ("nps channel=web", "nps", {"channel": "web"}),
        ("nps", "nps", {}),
    ]


def test_without_intended_steps_each_stage_leads_to_the_next() -> None:
    text = textwrap.dedent(GOOD)
    assert read(text[: text.index("intended")]).intended == ((0, 1), (1, 2))


def test_the_starter_is_right() -> None:
    assert len(parse_journey(starter_journey(), catalogue()).stages) == 4


def test_what_the_card_holds_is_not_computed_again() -> None:
    definition = definition_of("perspectives: [{id: sales, kpis: [{id: liked, metric: nps, target: 0.4}]}]")
    card = card_of(definition, liked=history(0.3, Figure(0.35, 0.3, 0.4)))
    found = known_from(card, definition, metrics_asked(read(GOOD)))
    assert set(found) == {"nps"}
    assert found["nps"].figure == Figure(0.35, 0.3, 0.4)


MISTAKES = [
    ("expected: joy", "expected: fun", ["`expected` is 'fun'", "delight"]),
    ("table: deals", "table: dels", ["`table` is 'dels'", "'deals'"]),
    ("kind: [visit, store_visit]", "kind: [visit, stroll]", ["touches.kind is never 'stroll'"]),
    ("kind: [visit, store_visit]", "knd: visit", ["touches has no column 'knd' to choose by", "'kind'"]),
    ("online: true", "online: 'yes'", ["`online` holds 'yes'; give true or false"]),
    ("status: completed", "status: 5", ["`status` holds 5; give words"]),
    ("metric: nps}", "metric: npss}", ["no metric 'npss'", "'nps'"]),
    ("where: {channel: web}", "where: {chanel: web}", ["nps cannot be sliced by 'chanel'", "'channel'"]),
    ("where: {channel: web}", "where: {channel: 7}", ["`channel` is 7; give one member"]),
    ("- id: order", "- id: choose", ["the stage 'choose' is there already, on line 3"]),
    ("name: Orders", "nam: Orders", ["unknown field 'nam'", "'name'"]),
    ("final: true", "final: maybe", ["`final` is 'maybe'; write true or false"]),
    ("felt: {question: expectation}", "felt: {instrument: csi}", ["there is no `question`"]),
    ("from: order, to: choose", "from: ordr, to: choose", ["no stage 'ordr'", "'order'"]),
    ("from: order, to: choose", "from: order, to: chose", ["no stage 'chose'", "'choose'"]),
    ("from: order, to: choose", "from: order, to: order", ["leads to itself"]),
    ("from: order, to: choose", "from: choose, to: order", ["from 'choose' to 'order' is there already"]),
    ("from: order, to: choose", "from: order", ["needs `from` and `to`"]),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "said"), MISTAKES, ids=[case[1] for case in MISTAKES])
def test_a_mistake_is_told_with_file_line_and_remedy(old: str, new: str, said: list[str], tmp_path: Path) -> None:
    text = textwrap.dedent(GOOD)
    assert old in text
    text = text.replace(old, new, 1)
    path = tmp_path / "journey.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DefinitionError) as told:
        read_journey(path, METRICS)
    message = check_both(told.value).en
    near = [number for number, line in enumerate(text.splitlines(), 1) if new in line]
    if new == "from: order" or "question" in said[0]:
        near = [
            number for number, line in enumerate(text.splitlines(), 1) if "from: order}" in line or "felt: {ins" in line
        ]
    assert any(f"{path}, line {number}:" in message for number in near), message
    for part in said:
        assert part in message


def test_files_that_are_no_journey(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match=r"no such file; begin one with `septima journey .* --new`"):
        read_journey(tmp_path / "journey.yaml", METRICS)
    with pytest.raises(DefinitionError, match=r"line 2: cannot be read as YAML"):
        read("stages: [\n")
    with pytest.raises(DefinitionError, match="there are 1 stages; a journey has two to 9"):
        read("stages: [{id: a, name: A, events: [{table: orders}]}]")
    with pytest.raises(DefinitionError, match="no stage has `events`"):
        read("stages: [{id: a, name: A}, {id: b, name: B}]")
    with pytest.raises(DefinitionError, match="`intended` is empty"):
        read("stages: [{id: a, name: A, events: [{table: orders}]}, {id: b, name: B}]\nintended: []")
