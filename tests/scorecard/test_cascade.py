"""Who answers for what: shares that add up by level, facts, roles, and every mistake of the file."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from septima.schema import Text
from septima.scorecard.card import Figure
from septima.scorecard.cascade.definition import CascadeDefinition, Employee
from septima.scorecard.cascade.facts import Fact, Facts
from septima.scorecard.cascade.reading import parse_cascade
from septima.scorecard.cascade.responsibility import share_out
from septima.scorecard.cascade.result import Cascade, CascadeError, make_cascade
from septima.scorecard.cascade.starter import starter_cascade
from septima.scorecard.change import explain_change
from septima.scorecard.definition import DefinitionError
from septima.scorecard.states import state_against
from tests.scorecard.stand_ins import METRICS, card_of, definition_of, history

from ..both_languages import check_both

SCORECARD = definition_of(
    """
perspectives:
- id: customer_support
  weight: 1.2
  kpis:
  - {id: cli, weight: 1.2, target: 0.7}
  - {id: nps, weight: 1.0, target: 0.4}
  - {id: cci, weight: 0.8, target: 0.1}
- id: sales
  weight: 0.8
  kpis:
  - {id: open_rate, target: 0.3}
own:
- {id: revenue, target: 100}
"""
)
PEOPLE = (
    Employee("e1", "Anna", "support", "Operator", "e9"),
    Employee("e2", "Boris", "support", "Operator", "e9"),
    Employee("e3", "Clara", "support", "Operator", "e8"),
    Employee("e4", "Dina", "sales", "Seller", None),
    Employee("e5", "Egor", "stock", None, None),
)
TEXT = """departments:
- id: support
  teams:
  - {id: day, people: [e1, e2]}
  - {id: night, managers: [e8]}
- id: sales
kpis:
- {kpi: cli, departments: {support: 0.6, sales: 0.4}, teams: {day: 0.7, night: 0.3}, people: {e1: 0.25, e2: 0.75}}
- {kpi: nps, departments: {support: 1}, targets: {day: 0.5, e2: 0.9}, tasks: [calls]}
- {kpi: open_rate, departments: {sales: 1}, level: department}
- {kpi: revenue, departments: {sales: 1}}
roles:
- {role: Operator, tasks: [calls]}
- {role: Seller}
"""
NAMES = {kpi.id: Text(kpi.id, kpi.id) for kpi in SCORECARD.kpis}
IDS = [*(person.id for person in PEOPLE), "e8", "e9"]


def _read(text: str = TEXT) -> CascadeDefinition:
    return parse_cascade(text, SCORECARD, IDS)


def cascade_of_stand_ins(facts: Facts | None = None) -> Cascade:
    card = card_of(
        SCORECARD,
        cli=history(0.70, 0.72),
        nps=history(0.30, 0.35),
        cci=history(0.10, 0.10),
        open_rate=history(0.25, 0.20),
        revenue=history(90.0, 80.0),
    )
    definition = _read()
    found = share_out(definition, PEOPLE, NAMES)
    change = explain_change(card, SCORECARD, {name: made.passport for name, made in METRICS.items()}, draws=2)
    return make_cascade(card, change, definition, found, facts or Facts({}, {}, {}), SCORECARD.watch_band)


def test_shares_by_hand() -> None:
    found = share_out(_read(), PEOPLE, NAMES)
    assert [team.id for team in found.teams] == ["day", "night", "sales/—"]
    assert [person.id for person in found.people] == ["e1", "e2", "e3", "e4"]  # stock is no department of the file
    cli, nps = found.of_people[:, 0], found.of_people[:, 1]
    # 0.6 of support, 0.7 of it by day, a quarter of which is e1's; at night e3 is alone.
    assert cli == pytest.approx([0.6 * 0.7 * 0.25, 0.6 * 0.7 * 0.75, 0.6 * 0.3, 0.4])
    # Where nothing is said, the three people of support share equally.
    assert nps == pytest.approx([1 / 3, 1 / 3, 1 / 3, 0])
    assert found.unreconciled() < 1e-9
    assert "cci" in found.remarks[0].en


def test_contributions_by_hand_add_up_to_ckpi_integral_where_all_is_owned() -> None:
    cascade = cascade_of_stand_ins()
    # CLI: 1.2·0.72/3 of its perspective, which is 1.2/2 of the whole.
    assert cascade.contributions[0] == pytest.approx(1.2 * 0.72 / 3 * 1.2 / 2)
    total = sum(one.contribution for one in cascade.departments())
    owned_by_nobody = 0.8 * 0.10 / 3 * 0.6  # CCI
    assert total + owned_by_nobody == pytest.approx(cascade.card.integral.printed.value)
    assert sum(one.change for one in cascade.departments()) == pytest.approx(cascade.card.integral.change)
    assert sum(one.weight for one in cascade.departments()) == pytest.approx(1 - 0.8 / 3 * 0.6)
    for department in cascade.departments():
        teams = cascade.teams(department.id)
        assert sum(team.contribution for team in teams) == pytest.approx(department.contribution, abs=1e-9)


def test_a_persons_card_shows_share_fact_target_and_what_the_role_sees() -> None:
    facts = Facts({("nps", "support"): Fact(Figure(0.3), 90)}, {}, {("nps", "e2"): Fact(Figure(0.8, 0.7, 0.9), 40)})
    cascade = cascade_of_stand_ins(facts)
    card = cascade.person("e2")
    duties = {duty.kpi: duty for duty in card.duties}
    assert set(duties) == {"cli", "nps"}
    assert (duties["nps"].fact.figure.value, duties["nps"].own, duties["nps"].target) == (0.8, True, 0.9)
    assert duties["nps"].state == "bad"  # 0.8 is more than a tenth of 0.9 behind it
    assert (duties["cli"].own, duties["cli"].target) == (False, 0.7)
    assert duties["cli"].contribution == pytest.approx(0.6 * 0.7 * 0.75 * 1.2 * 0.72 / 3 * 0.6)
    assert cascade.person("e1").duties[1].target == 0.5  # the team's
    assert cascade.person("e4").hidden == 1  # open_rate is for heads of department


def test_too_few_records_give_no_figure_of_a_person() -> None:
    cascade = cascade_of_stand_ins(Facts({}, {}, {("cli", "e1"): Fact(n=3, too_few=True)}))
    cli = cascade.person("e1").duties[0]
    assert (cli.fact.figure.value, cli.fact.too_few, cli.state) == (None, True, "unknown")


def test_a_part_of_a_sum_is_not_held_to_the_target_of_the_whole() -> None:
    revenue = (
        cascade_of_stand_ins(Facts({("revenue", "sales"): Fact(Figure(30.0), 99)}, {}, {}))
        .department("sales")
        .duties[-1]
    )
    assert (revenue.kpi, revenue.target, revenue.state) == ("revenue", None, "unknown")


def test_roles_see_what_they_are_for() -> None:
    cascade = cascade_of_stand_ins()
    assert [duty.kpi for duty in cascade.role("Operator").duties] == ["cli", "nps", "cci", "revenue"]
    assert [duty.kpi for duty in cascade.role("Seller").duties] == ["cli", "cci", "revenue"]


@pytest.mark.parametrize("call", ["department", "team", "person", "role"])
def test_who_is_unknown_is_told_so(call: str) -> None:
    with pytest.raises(CascadeError, match="supprt"):
        getattr(cascade_of_stand_ins(), call)("supprt")


def test_a_name_of_a_colleague_is_in_no_message() -> None:
    with pytest.raises(CascadeError) as told:
        cascade_of_stand_ins().person("e77")
    assert not any(person.name in str(told.value) for person in PEOPLE if person.name)


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("[e1, e2]}", "[e1, e2]}\n  - {id: late, people: [e2]}", 5, "employee 'e2' is in team 'day' already (line 4)"),
        (
            "managers: [e8]}",
            "managers: [e8]}\n  - {id: late, managers: [e8]}",
            6,
            "who reports to 'e8' is in team 'night' already",
        ),
        (
            "support: 0.6, sales: 0.4",
            "support: 0.6, sales: 0.3",
            8,
            "add up to 0.9, and must add up to 1; in the same proportions: support: 0.6667",
        ),
        ("day: 0.7", "day: 0.6", 8, "teams of 'support' for 'cli' add up to 0.9"),
        ("e1: 0.25", "e1: 0.35", 8, "people of team 'day' for 'cli' add up to 1.1"),
        ("kpi: cli", "kpi: clii", 8, "no KPI 'clii' on the scorecard; did you mean 'cli'"),
        ("support: 0.6", "suport: 0.6", 8, "no department 'suport' in this file; did you mean 'support'"),
        ("day: 0.7", "dey: 0.7", 8, "no team 'dey'"),
        ("[e1, e2]", "[e1, e22]", 4, "no employee 'e22' in the table employees; mend the id, or load the table"),
        ("people: {e1: 0.25", "people: {e0: 0.25", 8, "no employee 'e0'"),
        ("targets: {day: 0.5", "targets: {dy: 0.5", 9, "'dy' is no department, team or employee; did you mean 'day'"),
        ("tasks: [calls]}\n- {kpi: open", "level: boss}\n- {kpi: open", 9, "`level` is 'boss'"),
        ("support: 1}", "support: -1, sales: 2}", 9, "the share of 'support' is -1"),
        (
            "{kpi: revenue, departments: {sales: 1}}",
            "{kpi: nps, departments: {sales: 1}}",
            11,
            "'nps' is shared out on line 9 already",
        ),
        ("{kpi: revenue, departments: {sales: 1}}", "{kpi: revenue}", 11, "nobody answers for 'revenue'"),
        ("- id: sales", "- id: support", 6, "id 'support' is already taken on line 2"),
        ("people: [e1, e2]", "peple: [e1, e2]", 4, "unknown field 'peple'; did you mean 'people'"),
        ("{id: day, people: [e1, e2]}", "{id: day}", 4, "team 'day' has nobody"),
        ("people: {e1: 0.25", "people: {1001: 0.25", 8, "1001 looks like a number; write the id in quotes: '1001'"),
        ("- {role: Seller}", "- {role: Operator}", 14, "role 'Operator' is there already"),
        ("- {role: Seller}", "- {role: Seller, kpis: [npss]}", 14, "no KPI 'npss'"),
        ("- {role: Seller}", "- {level: team}", 14, "name the `role`"),
        ("departments:\n- id: support\n", "departments: 7\nx:\n- id: support\n", 2, "unknown field 'x'"),
    ],
)
def test_every_mistake_is_told_with_its_line_and_remedy(old: str, new: str, line: int, message: str) -> None:
    assert old in TEXT
    with pytest.raises(DefinitionError) as told:
        _read(TEXT.replace(old, new, 1))
    assert str(told.value).startswith(f"cascade.yaml, line {line}: ")
    assert message in check_both(told.value).en


def test_an_empty_table_of_employees_is_told_so() -> None:
    with pytest.raises(DefinitionError, match="load the table first"):
        parse_cascade(TEXT, SCORECARD, [])


def test_the_starter_reads_and_reconciles() -> None:
    for departments in ((), ("Call centre", "sales", 'the "best"')):
        definition = parse_cascade(starter_cascade(SCORECARD, departments), SCORECARD, IDS)
        assert share_out(definition, PEOPLE, {"cli": NAMES["cli"]}).of_departments.sum() == pytest.approx(1)


def test_shares_of_who_left_go_to_the_rest() -> None:
    found = share_out(_read(), PEOPLE[1:], NAMES)
    assert found.of_people[0, 0] == pytest.approx(0.6 * 0.7)  # e2 alone by day
    assert found.unreconciled() < 1e-9
    assert "since somebody left: 1;" in found.remarks[1].en


def test_a_department_without_people_keeps_its_share() -> None:
    found = share_out(_read(), [], NAMES)
    assert found.of_departments[:, 0] == pytest.approx([0.6, 0.4])
    assert (len(found.people), found.unreconciled()) == (0, 0)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3)), min_size=1, max_size=60))
def test_any_staff_reconciles(staff: list[tuple[int, int]]) -> None:
    text = "departments:\n" + "".join(f"- {{id: d{n}, teams_by: manager}}\n" for n in range(5))
    text += "kpis:\n- {kpi: nps, departments: {d0: 0.1, d1: 0.2, d2: 0.3, d3: 0.4}}\n"
    people = [Employee(f"p{n}", None, f"d{place}", None, f"m{boss}") for n, (place, boss) in enumerate(staff)]
    found = share_out(parse_cascade(text, SCORECARD, []), people, {"nps": NAMES["nps"]})
    assert found.unreconciled() < 1e-9
    staffed = {place for place, _ in staff}
    assert found.of_people.sum() == pytest.approx(
        np.dot([place in staffed for place in range(4)], [0.1, 0.2, 0.3, 0.4])
    )


def test_states_stand_against_targets_in_all_directions() -> None:
    assert [state_against(value, 100, "more", 0.1) for value in (100, 95, 89)] == ["good", "watch", "bad"]
    assert [state_against(value, 100, "less", 0.1) for value in (100, 105, 111)] == ["good", "watch", "bad"]
    assert [state_against(value, 100, "target", 0.1) for value in (92, 115, 121)] == ["good", "watch", "bad"]
    assert state_against(None, 100, "more", 0.1) == "unknown"
