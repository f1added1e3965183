"""The roll-out over a small company's data: milestone counts by hand and as the catalogue's metric gives them."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from septima.lake.load import load
from septima.lake.mapping import read_mapping
from septima.scorecard.definition import DefinitionError
from septima.scorecard.rollout.measured import Rollout
from septima.workspace import Workspace

# Third quarter: m1 in time, m2 nine days late, m3 not done and overdue, m4 to m6 in time, m7 planned after all that is known.
MILESTONES = """milestone_id,kind,department,planned_at,done_at
m0,plan,sales,2026-05-01,2026-05-01
m1,plan,sales,2026-07-01,2026-06-28
m2,plan,sales,2026-07-10,2026-07-19
m3,roll_out,support,2026-08-01,
m4,roll_out,support,2026-08-15,2026-08-15
m5,goal,support,2026-09-01,2026-08-30
m6,goal,,2026-09-10,2026-09-10
m7,goal,support,2026-09-20,
"""
STEPS_HEAD = "process,case_id,step,department,due_at,done_at\n"
EMPLOYEES = """employee_id,name,department,role,hired_at
e1,One,support,agent,2025-01-01
e2,Two,sales,seller,2025-01-01
e3,Three,marketing,editor,2025-01-01
e4,Four,claims,clerk,2025-01-01
"""
MAPPING = """source: own
files:
  - file: milestones.csv
    tables:
      milestones: {columns: {milestone_id: milestone_id, kind: kind, department: department, planned_at: planned_at, done_at: done_at}}
  - file: steps.csv
    tables:
      process_steps: {columns: {process: process, case_id: case_id, step: step, department: department, due_at: due_at, done_at: done_at}}
  - file: employees.csv
    tables:
      employees: {columns: {employee_id: employee_id, name: name, department: department, role: role, hired_at: hired_at}}
"""
ROAD = """departments: [support, sales, claims, logistics]
success:
- {metric: milestones_on_plan, weight: 1.5}
- {metric: steps_on_time, weight: 0.5}
phases:
- id: one
  milestones:
  - {id: m1}
  - {id: m3, after: [m1]}
- id: two
  after: [one]
  milestones:
  - {id: m7}
  - {id: hand_over, planned: 2026-12-01, department: sales}
"""
NOW = datetime(2026, 11, 28, tzinfo=UTC)


def steps() -> str:
    """Forty steps of support, ten of them late, and forty of sales, all in time, in the third quarter."""
    rows = [
        f"sale,k{n},pack,{'support' if n < 40 else 'sales'},2026-08-10T12:00:00,2026-08-10T{13 if n < 10 else 11}:00:00"
        for n in range(80)
    ]
    return STEPS_HEAD + "\n".join(rows) + "\n"


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    folder = tmp_path_factory.mktemp("rollout")
    source = folder / "source"
    source.mkdir()
    files = {"milestones.csv": MILESTONES, "steps.csv": steps(), "employees.csv": EMPLOYEES, "map.yaml": MAPPING}
    for name, text in files.items():
        (source / name).write_text(text, encoding="utf-8")
    workspace = Workspace.create(folder / "company", organisation="Лавка", currency="RUB", language="ru")
    load(workspace.lake, read_mapping(source / "map.yaml"))
    return workspace


def measured(company: Workspace, text: str = ROAD, period: str = "2026-Q3", now: datetime = NOW) -> Rollout:
    path = company.directory / "rollout.yaml"
    path.write_text(text, encoding="utf-8")
    try:
        return company.rollout(period, now=now)
    finally:
        path.unlink()


def test_milestones_are_counted_as_by_hand_and_as_by_the_metric(company: Workspace):
    milestones, _ = measured(company).success.components
    # Due in the quarter: m1 to m6; in time: m1, m4, m5, m6. m7 lies after the newest that was done, so it is not due.
    assert (milestones.figure.value, milestones.n) == (pytest.approx(4 / 6), 6)
    row = company.metric("milestones_on_plan", grain="quarter", start="2026-Q3", end="2026-Q3").frame.iloc[-1]
    assert (milestones.figure.value, milestones.figure.lower, milestones.figure.upper) == (
        pytest.approx(row["value"]),
        pytest.approx(row["lower"]),
        pytest.approx(row["upper"]),
    )
    assert milestones.previous is None  # one milestone in the second quarter is too few


def test_milestones_of_the_file_count_beside_those_of_the_data(company: Workspace):
    own = (
        "  - {id: a, planned: 2026-09-30}\n  - {id: b, planned: 2026-09-30, done: 2026-09-29}\n"
        "  - {id: c, planned: 2026-10-15}\n  - {id: d, planned: 2026-10-16, done: 2026-09-01}\n"
    )
    milestones, _ = measured(company, ROAD + own).success.components
    # Six of the data and two of the file; c and d are of the next quarter.
    assert (milestones.figure.value, milestones.n) == (pytest.approx(5 / 8), 8)


def test_success_by_hand(company: Workspace):
    found = measured(company)
    # Steps in time: 70 of 80. (1.5·4/6 + 0.5·70/80) / 2
    assert found.success.figure.value == pytest.approx((1.5 * 4 / 6 + 0.5 * 0.875) / 2)


def test_the_road_map_is_that_of_the_end_of_the_period(company: Workspace):
    schedule = measured(company).schedule
    assert schedule.today == date(2026, 9, 30)
    assert {one.id: (one.state, one.late) for one in schedule.milestones} == {
        "m1": ("done", 0),
        "m3": ("overdue", 61),
        "m7": ("overdue", 11),
        "hand_over": ("planned", 0),
    }
    assert (schedule.earned_value, schedule.planned_value) == (1, 3)
    # On 15 August of a quarter that is not over, m7 is to come.
    lasting = measured(company, now=datetime(2026, 8, 15, 9, tzinfo=UTC)).schedule
    assert lasting.today == date(2026, 8, 15)
    assert {one.id: one.state for one in lasting.milestones}["m7"] == "planned"


def test_departments_by_hand(company: Workspace):
    found = measured(company)
    support, sales, claims, logistics = found.success.departments
    # Milestones of support: m4 and m5 of m3, m4, m5; steps 30 of 40. (1.5·2/3 + 0.5·0.75) / 2
    assert support.figures["milestones_on_plan"].value == pytest.approx(2 / 3)
    assert support.figures["steps_on_time"].value == pytest.approx(0.75)
    assert support.composite.value == pytest.approx((1.5 * 2 / 3 + 0.5 * 0.75) / 2)
    assert (support.counted, support.takes_part, support.overdue) == (2, True, 2)
    assert sales.figures["milestones_on_plan"].value == pytest.approx(1 / 2)
    assert (claims.takes_part, claims.counted, claims.composite.value) == (False, 0, None)
    assert not logistics.takes_part
    assert found.absent == ("claims",)
    assert found.unknown == ("logistics",)


def test_a_milestone_that_there_is_not_is_told_with_its_line(company: Workspace):
    path = company.directory / "rollout.yaml"
    with pytest.raises(DefinitionError, match=rf"^{path}, line 9: milestone 'mm3' is not in the table.*'m3'"):
        measured(company, ROAD.replace("{id: m3, after: [m1]}", "{id: mm3}"))


def test_an_empty_company_has_a_road_map_and_no_success(tmp_path: Path):
    empty = Workspace.create(tmp_path / "new", organisation="Лавка", currency="RUB", language="ru")
    found = measured(empty, "phases:\n- id: a\n  milestones:\n  - {id: own, planned: 2026-07-01}\n")
    assert found.success.figure.value is None
    assert [one.id for one in found.schedule.overdue] == ["own"]
    assert all(one.note is not None for one in found.success.components)
