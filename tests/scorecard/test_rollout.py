"""The roll-out: its file, its road map on a day by hand, and its success by hand and as the scorecard's composite gives it."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from septima.metrics import catalogue, parse_period
from septima.models.intervals import wilson
from septima.schema import Text
from septima.scorecard.card import Figure
from septima.scorecard.composite import ckpi
from septima.scorecard.definition import DefinitionError, KpiDefinition
from septima.scorecard.history import Observation
from septima.scorecard.rollout.definition import USUAL, Milestone, Phase, RolloutDefinition
from septima.scorecard.rollout.reading import parse_rollout, read_rollout, starter_rollout
from septima.scorecard.rollout.schedule import Recorded, Schedule, schedule_of
from septima.scorecard.rollout.success import department_success, milestone_observation, success_of

from ..both_languages import check_both

KNOWN = catalogue()
PASSPORTS = {name: metric.passport for name, metric in KNOWN.items()}
Q3 = parse_period("2026-Q3")
PERIODS = [Q3.shift(-1), Q3]
TODAY = date(2026, 9, 30)

ROAD = """
phases:
- id: prepare
  name: {en: Preparation, ru: Подготовка}
  start: 2026-01-01
  milestones:
  - {id: goals, planned: 2026-02-01, done: 2026-01-30}
  - {id: V1}
- id: pilot
  after: [prepare]
  milestones:
  - {id: team, planned: 2026-09-20, after: [goals, V1]}
  - {id: tools, planned: 2026-09-30, done: 2026-10-05}
  - {id: review, planned: 2026-11-15, after: [team]}
"""
TABLE = {"V1": Recorded(date(2026, 3, 1), date(2026, 3, 11), "sales"), "V2": Recorded(date(2026, 4, 1), None, None)}


def road(text: str = ROAD) -> RolloutDefinition:
    return parse_rollout(text, KNOWN)


def on(today: date = TODAY, over: date | None = None, text: str = ROAD) -> Schedule:
    return schedule_of(road(text), TABLE, today=today, over=over or today)


# The file.


def test_the_file_says_what_it_says():
    found = road(
        ROAD
        + "departments: [sales, support]\nsuccess:\n- {metric: steps_on_time, weight: 1.25}\n- {metric: cards_opened_per_employee, weight: 0.75, target: 40}\n"
    )
    assert [phase.id for phase in found.phases] == ["prepare", "pilot"]
    assert found.phases[0].name == Text("Preparation", "Подготовка")
    assert [(one.id, one.planned is not None) for one in found.milestones] == [
        ("goals", True), ("V1", False), ("team", True), ("tools", True), ("review", True),
    ]  # fmt: skip
    assert found.departments == ("sales", "support")
    assert [(one.metric, one.weight, one.target) for one in found.success] == [
        ("steps_on_time", 1.25, None), ("cards_opened_per_employee", 0.75, 40.0),
    ]  # fmt: skip


def test_phases_on_one_line_keep_their_own_milestones():
    found = road(
        "phases: [{id: a, milestones: [{id: x, planned: 2026-01-01}]}, {id: b, milestones: [{id: y, planned: 2026-02-01}]}]"
    )
    assert [[one.id for one in phase.milestones] for phase in found.phases] == [["x"], ["y"]]


def test_without_a_word_on_success_it_is_all_that_needs_no_target():
    assert tuple(one.metric for one in road().success) == USUAL
    assert {one.weight for one in road().success} == {1.0}


def test_the_starter_can_be_used_as_it_is():
    found = parse_rollout(starter_rollout(), KNOWN)
    assert schedule_of(found, {}, today=date(2026, 4, 1), over=date(2026, 4, 1)).overdue[0].id == "processes_drawn"


def phase_of(*milestones: str, before: str = "") -> str:
    return "\n".join([before + "phases:", "- id: one", "  milestones:", *(f"  - {one}" for one in milestones)])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("phases: []", "line 1: there are no phases; give `phases:` at least one"),
        ("phases: [", "line 1: cannot be read as YAML"),
        ("- a", "line 1: the file must hold fields"),
        ("phase: []\nphases: []", r"line 1: unknown field 'phase'; did you mean 'phases'\?"),
        ("phases:\n- id: a\n- id: b", "line 2: phase 'a' has no milestones; give it some, or `start` and `end`"),
        ("phases:\n- {id: a, start: 2026-02-01, end: 2026-01-01}", "line 2: phase 'a' ends before it starts"),
        ("phases:\n- {id: a, start: 2026-01-01, end: 2026-02-01}\n- {id: a}", "line 3: phase 'a' stands in line 2 already"),
        ("phases:\n- {name: a}", "line 2: a phase has no `id`"),
        (phase_of("{id: m, planned: 2026-01-01}", "{id: m}"), "line 5: milestone 'm' stands in line 4 already"),
        (phase_of("{id: m, colour: red}"), "line 4: unknown field 'colour'"),
        (phase_of("{id: m, planned: soon}"), "line 4: `planned` is 'soon'; write a day as 2026-09-30"),
        (phase_of("{id: m, done: 2026-01-01}"), "line 4: milestone 'm' has `done` but no `planned`"),
        (phase_of("{id: m, department: sales}"), "line 4: milestone 'm' has `department` but no `planned`"),
        (phase_of("{id: m, after: [n]}"), "line 4: there is no milestone 'n'; there are: m"),
        (phase_of("{id: m, after: [m]}"), "line 4: milestone 'm' comes after itself"),
        (
            phase_of("{id: a, after: [c]}", "{id: b, after: [a]}", "{id: c, after: [b]}"),
            "line 4: these milestones wait for each other: .*; take one of them out of an `after`",
        ),
        (
            "phases:\n- {id: p, start: 2026-01-01, end: 2026-02-01, after: [q]}\n- {id: q, start: 2026-01-01, end: 2026-02-01, after: [p]}",
            "line 2: these phases wait for each other: . → . → .; take",
        ),
        ("phases:\n- {id: p, start: 2026-01-01, end: 2026-02-01, after: [qq]}", "line 2: there is no phase 'qq'"),
        (
            "phases:\n- id: p\n  start: 2026-03-01\n  milestones:\n  - {id: m, planned: 2026-04-01, done: 2026-02-01}",
            "line 5: milestone 'm' is done on 2026-02-01, before its phase starts",
        ),
        (phase_of("{id: m}", before="departments: [a, b, a]\n"), "line 1: department 'a' is there twice"),
        (phase_of("{id: m}", before="success:\n- {metric: steps_on_tim}\n"), "line 2: there is no metric 'steps_on_tim'; did you mean"),
        (phase_of("{id: m}", before="success:\n- {weight: 1}\n"), "line 2: a component of success has no `metric`"),
        (
            phase_of("{id: m}", before="success:\n- {metric: nps}\n- {metric: nps}\n"),
            "line 3: metric 'nps' is there already",
        ),
        (
            phase_of("{id: m}", before="success:\n- {metric: nps, weight: 2}\n- {metric: cli, weight: 1}\n"),
            "line 1: the weights of the success add up to 3, but must add up to 2 .*nps: 1.3333, cli: 0.6667",
        ),
        (phase_of("{id: m}", before="success:\n- {metric: nps, weight: -1}\n"), "line 2: the weight of 'nps' is -1; a weight is 0 or more"),
        (
            phase_of("{id: m}", before="success:\n- {metric: cards_opened_per_employee}\n"),
            "line 2: 'cards_opened_per_employee' is an amount.*add `target`",
        ),
        (
            phase_of("{id: m}", before="success:\n- {metric: cards_opened_per_employee, target: 0}\n"),
            "line 2: the target of 'cards_opened_per_employee' is 0; it must be above 0",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_in_the_file_is_told_with_line_and_remedy(text: str, told: str):
    with pytest.raises(DefinitionError, match=r"^rollout\.yaml, " + told) as raised:
        road(text)
    check_both(raised.value)


def test_an_absent_file_names_the_command_that_writes_one(tmp_path: Path):
    with pytest.raises(DefinitionError, match="septima rollout DIR --new"):
        read_rollout(tmp_path / "rollout.yaml", KNOWN)


@pytest.mark.parametrize(
    ("milestone", "told"),
    [
        (
            "{id: X1}",
            r"line 4: milestone 'X1' is not in the table `milestones`, which has 2, such as V1, V2; mend the id, or give it `planned`",
        ),
        (
            "{id: V11}",
            r"line 4: milestone 'V11' is not in the table `milestones`; did you mean 'V1'\\?.* or give it `planned`",
        ),
        ("{id: V2, planned: 2026-01-01}", "line 4: milestone 'V2' is in the table `milestones`; leave"),
    ],
)
def test_a_milestone_is_in_the_file_or_in_the_table(milestone: str, told: str):
    with pytest.raises(DefinitionError, match=told) as raised:
        on(text=phase_of(milestone))
    check_both(raised.value)


def test_an_empty_table_is_told():
    with pytest.raises(DefinitionError, match="the table is empty; give it `planned`"):
        schedule_of(road(phase_of("{id: V1}")), {}, today=TODAY, over=TODAY)


# The road map on a day.


def test_states_of_milestones_on_a_day_by_hand():
    states = {one.id: (one.state, one.late) for one in on().milestones}
    assert states == {
        "goals": ("done", 0),  # two days early
        "V1": ("done_late", 10),  # 1 to 11 March
        "team": ("overdue", 11),  # on the morning of 1 October
        "tools": ("overdue", 1),  # done on 5 October, which nobody knows on 30 September
        "review": ("planned", 0),
    }
    assert [one.id for one in on().overdue] == ["team", "tools"]
    assert [one.id for one in on().next] == ["review"]


def test_what_is_due_today_is_not_overdue_while_today_lasts():
    lasting = on(today=date(2026, 9, 20), over=date(2026, 9, 19))
    assert {one.id: one.state for one in lasting.milestones}["team"] == "planned"
    next_day = on(today=date(2026, 9, 21), over=date(2026, 9, 20))
    assert {one.id: (one.state, one.late) for one in next_day.milestones}["team"] == ("overdue", 1)


def test_earned_value_and_the_end_at_this_pace_by_hand():
    schedule = on()
    # Planned by 30 September: all but review; done: goals and V1.
    assert (schedule.planned_value, schedule.earned_value, schedule.total) == (4, 2, 5)
    assert schedule.spi == 0.5
    # From 1 January to 15 November are 318 days; at half the pace 636: 2027-09-29.
    assert (schedule.start, schedule.end) == (date(2026, 1, 1), date(2026, 11, 15))
    assert schedule.forecast == date(2026, 1, 1) + timedelta(days=636) == date(2027, 9, 29)


def test_the_end_is_never_foretold_for_a_day_that_has_passed():
    fast = phase_of(
        "{id: a, planned: 2026-01-01, done: 2026-01-01}",
        "{id: b, planned: 2026-09-15, done: 2026-02-01}",
        "{id: c, planned: 2026-10-01}",
    )
    schedule = on(today=date(2026, 2, 1), text=fast)
    assert schedule.spi == 2.0
    # 273 days at twice the pace are 136 and a half and end on 17 May; asked in September, that is past, so it is today.
    assert schedule.forecast == date(2026, 5, 17)
    assert on(today=date(2026, 9, 1), text=fast).forecast == date(2026, 9, 1)


def test_where_all_is_done_the_end_is_the_day_of_the_last():
    done = on(
        text=phase_of(
            "{id: a, planned: 2026-01-01, done: 2026-02-01}", "{id: b, planned: 2026-03-01, done: 2026-01-15}"
        )
    )
    assert (done.forecast, done.spi, done.phases[0].done) == (date(2026, 2, 1), 1.0, date(2026, 2, 1))


def test_before_the_first_day_there_is_no_index():
    early = on(today=date(2025, 12, 1))
    assert (early.spi, early.forecast, early.earned_value) == (None, None, 0)


def test_phases_by_hand():
    prepare, pilot = on().phases
    assert (prepare.start, prepare.end, prepare.done) == (date(2026, 1, 1), date(2026, 3, 1), date(2026, 3, 11))
    assert (prepare.completed, prepare.milestones, prepare.overdue, prepare.waits_for) == (2, 2, 0, ())
    assert (pilot.start, pilot.end, pilot.done) == (date(2026, 9, 20), date(2026, 11, 15), None)
    assert (pilot.completed, pilot.milestones, pilot.overdue, pilot.waits_for) == (0, 3, 2, ())
    assert on(today=date(2026, 3, 5)).phases[1].waits_for == ("prepare",)


def test_a_phase_without_milestones_is_done_when_its_days_are_over():
    text = "phases:\n- {id: a, start: 2026-01-01, end: 2026-02-01}\n- {id: b, start: 2026-02-01, end: 2026-12-01, after: [a]}"
    assert [one.done for one in on(text=text).phases] == [date(2026, 2, 1), None]
    assert on(today=date(2026, 1, 15), text=text).phases[1].waits_for == ("a",)


def test_what_a_milestone_waits_for_and_what_was_done_too_early():
    text = phase_of(
        "{id: a, planned: 2026-05-01}",
        "{id: b, planned: 2026-06-01, done: 2026-05-20, after: [a]}",
        "{id: c, planned: 2026-07-01, after: [a, b]}",
    )
    found = {one.id: one for one in on(text=text).milestones}
    assert found["b"].too_early
    assert not found["c"].too_early
    assert found["c"].waits_for == ("a",)
    assert found["b"].waits_for == ()


@given(
    st.lists(st.tuples(st.integers(0, 700), st.none() | st.integers(0, 700)), min_size=1, max_size=15),
    st.integers(-10, 710),
)
def test_counts_of_any_road_map_add_up(days: list[tuple[int, int | None]], at: int):
    start = date(2025, 1, 1)
    milestones = tuple(
        Milestone(
            f"m{place}",
            Text("", ""),
            planned=start + timedelta(planned),
            done=None if done is None else start + timedelta(done),
        )
        for place, (planned, done) in enumerate(days)
    )
    definition = RolloutDefinition(Text("", ""), (Phase("p", Text("", ""), milestones),), ())
    today = start + timedelta(at)
    found = schedule_of(definition, {}, today=today, over=today)
    assert found.earned_value == sum(done is not None and done <= at for _, done in days)
    assert found.planned_value == sum(planned <= at for planned, _ in days)
    assert len(found.overdue) + len(found.next) + found.earned_value == found.total
    assert all(one.late >= 1 for one in found.overdue)
    assert found.forecast is None or found.earned_value == found.total or found.forecast >= today


# Success.

COMPONENTS = (
    KpiDefinition("steps_on_time", "steps_on_time", 1.2),
    KpiDefinition("training_passed", "training_passed", 1.0),
    KpiDefinition("cards_opened_per_employee", "cards_opened_per_employee", 0.8, target=40.0),
)


def seen(*figures: Figure) -> list[Observation]:
    return [Observation(figure, 100.0, 0.0, None if figure.value is not None else "no_data") for figure in figures]


CARDS = Figure(30.0, 26.0, 34.0)


def observed(cards: Figure = CARDS) -> dict[str, list[Observation]]:
    return {
        "steps_on_time": seen(Figure(0.8, 0.78, 0.82), Figure(0.9, 0.88, 0.92)),
        "training_passed": seen(Figure(0.7, 0.6, 0.8), Figure(0.7, 0.6, 0.8)),
        "cards_opened_per_employee": seen(Figure(20.0, 16.0, 24.0), cards),
    }


def test_success_by_hand_and_as_the_scorecards_composite():
    found = success_of(COMPONENTS, PASSPORTS, observed(), PERIODS)
    # (1.2·0.9 + 1.0·0.7 + 0.8·30/40) / 3 = (1.08 + 0.7 + 0.6) / 3
    assert found.figure.value == pytest.approx(2.38 / 3)
    entered = {one.id: one.entered.value or 0.0 for one in found.components}
    assert entered["cards_opened_per_employee"] == pytest.approx(0.75)
    assert found.figure.value == pytest.approx(ckpi(entered, {one.id: one.weight for one in COMPONENTS}))
    # The period before: (1.2·0.8 + 0.7 + 0.8·0.5) / 3.
    assert found.trend[0].figure.value == pytest.approx(2.06 / 3)
    assert found.change == pytest.approx(0.32 / 3)
    assert found.over_the_rest == found.figure


def test_the_interval_of_success_is_that_of_a_sum_of_independent_errors():
    found = success_of(COMPONENTS, PASSPORTS, observed(), PERIODS, draws=20_000)
    # Half-widths 0.02, 0.1 and 4/40 join to √((1.2·0.02)² + 0.1² + (0.8·0.1)²) / 3.
    half = (0.024**2 + 0.1**2 + 0.08**2) ** 0.5 / 3
    assert found.figure.lower == pytest.approx(2.38 / 3 - half, abs=0.002)
    assert found.figure.upper == pytest.approx(2.38 / 3 + half, abs=0.002)
    # The change 0.107 is 1.7 of the half-widths of a difference of two such sums, so it stands out.
    assert found.distinct is True


def test_success_is_undefined_where_a_component_is_and_the_rest_is_told():
    found = success_of(COMPONENTS, PASSPORTS, observed(Figure(None)), PERIODS)
    assert found.figure.value is None
    # Of weights 1.2 and 1.0 rescaled: 1.0909 and 0.9091.
    assert found.over_the_rest.value == pytest.approx((1.2 * 0.9 + 1.0 * 0.7) / 2.2, abs=1e-4)
    assert [one.note is not None for one in found.components] == [False, False, True]
    assert (found.change, found.distinct) == (None, None)


def test_a_share_of_which_less_is_better_enters_as_its_complement():
    turnover = (KpiDefinition("staff_turnover", "staff_turnover", 1.0),)
    found = success_of(turnover, PASSPORTS, {"staff_turnover": seen(Figure(0.3), Figure(0.2))}, PERIODS)
    assert found.figure.value == pytest.approx(0.8)


def test_a_department_is_judged_by_what_is_known_of_it():
    figures = {"steps_on_time": Figure(0.9, 0.8, 0.95), "training_passed": Figure(None)}
    found = department_success("sales", COMPONENTS, PASSPORTS, figures, takes_part=True, overdue=2)
    assert (found.counted, found.overdue, found.takes_part) == (1, 2, True)
    assert found.composite.value == pytest.approx(0.9)
    none = department_success("sales", COMPONENTS, PASSPORTS, {"training_passed": Figure(None)}, takes_part=False)
    assert (none.counted, none.composite.value) == (0, None)


def test_no_components_leave_success_undefined():
    assert success_of((), PASSPORTS, {}, PERIODS).figure.value is None


def test_the_same_figures_give_the_same_interval():
    one, other = (success_of(COMPONENTS, PASSPORTS, observed(), PERIODS) for _ in range(2))
    assert one == other


def test_milestones_of_a_period_are_counted_by_the_day_for_which_they_are_planned():
    planned = [date(2026, 6, 30), date(2026, 7, 1), date(2026, 8, 1), date(2026, 9, 30), date(2026, 10, 1)]
    found = milestone_observation(planned, [True, True, False, True, True], Q3, least=3)
    lower, upper = wilson(np.array([2.0]), np.array([3.0]))
    assert found.figure == Figure(pytest.approx(2 / 3), pytest.approx(lower[0]), pytest.approx(upper[0]))  # type: ignore[arg-type]
    assert found.n == 3
    assert milestone_observation(planned, [True] * 5, Q3, least=4).note == "too_few"
    assert milestone_observation(planned[:1], [True], Q3, least=1).note == "no_data"


def test_the_order_of_components_does_not_matter():
    one = success_of(COMPONENTS, PASSPORTS, observed(), PERIODS)
    other = success_of(COMPONENTS[::-1], PASSPORTS, observed(), PERIODS)
    assert one.figure == other.figure
    assert replace(one, components=()) == replace(other, components=())
