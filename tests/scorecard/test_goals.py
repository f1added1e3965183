"""Goals: how far they have come, by numbers counted by hand, and what is refused in their file."""

from datetime import UTC, date, datetime

import pytest

from septima.metrics.period import DEFAULT_CALENDAR
from septima.scorecard.card import Figure, Scorecard
from septima.scorecard.definition import DefinitionError
from septima.scorecard.goals.progress import GoalProgress, GoalReport, measure_goals
from septima.scorecard.goals.reading import parse_goals, read_goals
from septima.scorecard.goals.starter import starter_goals
from tests.scorecard.stand_ins import card_of, definition_of, history

from ..both_languages import check_both

DEFINITION = definition_of(
    """
perspectives:
  - id: sales
    kpis:
      - {id: revenue, target: 200, weight: 1}
      - {id: open_rate, target: 0.3, weight: 1}
  - id: customer_support
    kpis:
      - {id: nps, target: 0.4}
      - {id: stock, target: 30}
"""
)
GOALS = """
goals:
  - id: grow
    name: {en: Grow, ru: Расти}
    perspective: sales
    owner: CEO
    start: 2026-01-01
    due: 2026-12-31
    kpis:
      - {kpi: revenue, baseline: 100, weight: 3}
      - {kpi: open_rate, since: 2026-Q1, leading: true}
    goals:
      - id: read
        name: Letters that are read
        start: 2026-01-01
        due: 2026-06-30
        weight: 4
        kpis:
          - {kpi: nps, baseline: 0.5, target: 0.1}
  - id: shelf
    name: Full shelves
    perspective: customer_support
    supports: [grow]
    after: [grow]
    kpis:
      - {kpi: stock, baseline: 50}
    initiatives:
      - {id: robots, name: Robots, due: 2026-08-01, share: 0.5}
      - {id: racks, name: Racks, due: 2026-08-01, done: 2026-07-01}
"""
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def _card(**figures: float | Figure) -> Scorecard:
    given: dict[str, float | Figure] = {"revenue": 150.0, "open_rate": 0.25, "nps": 0.3, "stock": 25.0} | figures
    first = {"revenue": 100.0, "open_rate": 0.2, "nps": 0.3, "stock": 25.0}
    return card_of(DEFINITION, **{name: history(first[name], 1.0, value) for name, value in given.items()})


def _report(text: str = GOALS, **figures: float | Figure) -> GoalReport:
    return measure_goals(parse_goals(text, DEFINITION, DEFAULT_CALENDAR), _card(**figures))


def _goals(report: GoalReport) -> dict[str, GoalProgress]:
    return {goal.goal.id: goal for goal in report.walk()}


def test_progress_is_the_part_of_the_way_from_baseline_to_target() -> None:
    kpis = {kpi.kpi: kpi for goal in _report().walk() for kpi in goal.kpis}
    assert kpis["revenue"].progress.value == pytest.approx(0.5)  # (150 − 100) / (200 − 100)
    assert kpis["open_rate"].progress.value == pytest.approx(0.5)  # (0.25 − 0.2) / (0.3 − 0.2), from the first quarter
    assert kpis["nps"].progress.value == pytest.approx(0.5)  # (0.3 − 0.5) / (0.1 − 0.5), by the goal's own target
    assert kpis["stock"].progress.value == pytest.approx(0.75)  # 1 − |25 − 30| / |50 − 30|, where the target is best


def test_a_goal_is_the_weighted_mean_of_its_kpis_and_goals_each_held_within_0_and_1() -> None:
    goals = _goals(_report(revenue=400.0, nps=0.6))
    # revenue 3 → held at 1, weight 3; open rate 0.5, weight 1; below: (0.6 − 0.5) / (0.1 − 0.5) < 0 → 0, weight 4
    assert goals["read"].progress.value == 0.0
    assert goals["grow"].progress.value == pytest.approx((3 * 1 + 1 * 0.5 + 4 * 0) / 8)


def test_the_interval_of_progress_is_that_of_its_kpi_on_the_way() -> None:
    goals = _goals(_report(stock=Figure(45.0, 43.0, 47.0)))
    found = goals["shelf"].progress
    # 1 − |x − 30| / 20 at 45, 47 and 43
    assert (found.value, found.lower, found.upper) == (
        pytest.approx(0.25), pytest.approx(0.15, abs=0.005), pytest.approx(0.35, abs=0.005),
    )  # fmt: skip


def test_what_is_undefined_below_leaves_the_whole_undefined() -> None:
    card = card_of(
        DEFINITION, revenue=history(100, 120, None), open_rate=history(0.2, 0.2, 0.25), nps=history(0.3, 0.3, 0.3), stock=history(25, 25, 25)
    )  # fmt: skip
    goals = _goals(measure_goals(parse_goals(GOALS, DEFINITION, DEFAULT_CALENDAR), card))
    assert goals["grow"].progress.value is None
    assert (goals["grow"].status, goals["read"].progress.value) == ("unknown", 0.5)
    assert goals["grow"].kpis[0].note is not None


def test_status_compares_progress_with_the_time_that_has_passed() -> None:
    # On 30 September 273 of 365 days are over.
    assert _goals(_report())["grow"].expected == pytest.approx(273 / 365)
    statuses = {name: goal.status for name, goal in _goals(_report()).items()}
    assert statuses == {"grow": "behind", "read": "overdue", "shelf": "waiting"}
    assert _goals(_report(revenue=195.0, open_rate=0.29, nps=0.1))["grow"].status == "on_track"
    assert _goals(_report(revenue=200.0, open_rate=0.3, nps=0.1))["grow"].status == "reached"
    assert _goals(_report(revenue=Figure(185.0, 100.0, 230.0), nps=0.1))["grow"].status == "likely"
    assert _goals(_report(revenue=Figure(125.0, 50.0, 200.0), nps=0.1))["grow"].status == "unlikely"


def test_a_goal_waits_for_one_below_it_in_the_file_and_goes_on_once_that_is_reached() -> None:
    text = GOALS.replace("    owner: CEO\n", "    owner: CEO\n    after: [shelf]\n").replace("    after: [grow]\n", "")
    assert _goals(_report(text, stock=26.0))["grow"].status == "waiting"
    assert _goals(_report(text, stock=30.0))["grow"].status == "behind"


def test_days_decide_what_is_done_and_what_has_not_begun() -> None:
    done = GOALS.replace("    owner: CEO\n", "    owner: CEO\n    done: 2026-09-01\n")
    later = GOALS.replace(
        "    start: 2026-01-01\n    due: 2026-12-31\n", "    start: 2026-10-01\n    due: 2026-12-31\n"
    )
    ahead = GOALS.replace("    owner: CEO\n", "    owner: CEO\n    done: 2026-10-01\n")
    assert _goals(_report(done))["grow"].status == "done"
    assert _goals(_report(done))["shelf"].status == "unknown"  # it waits no longer, and has no days of its own
    assert _goals(_report(later))["grow"].status == "not_begun"
    assert _goals(_report(ahead))["grow"].status == "behind"  # the card knows nothing of October


def test_initiatives_stand_beside_and_do_not_count() -> None:
    shelf = _goals(_report())["shelf"]
    assert [one.status for one in shelf.initiatives] == ["overdue", "done"]
    assert shelf.progress.value == pytest.approx(0.75)


def test_what_is_amiss_with_the_tree_is_said() -> None:
    text = GOALS + "  - {id: empty, name: Nobody's goal}\n"
    said = " ".join(remark.en for remark in _report(text).remarks)
    for words in (
        "without a KPI, of which nobody can tell whether they come nearer: Nobody's goal.",
        "Goals that nobody owns: Letters that are read, Full shelves, Nobody's goal.",
        "without a day by which they are due: Full shelves, Nobody's goal.",
        "without a leading KPI, so that a miss shows only afterwards: Full shelves, Nobody's goal.",
    ):
        assert words in said
    assert "serve no goal" not in said
    assert "serve no goal: NPS" in " ".join(
        remark.en
        for remark in _report(
            GOALS.replace("kpi: nps, baseline: 0.5, target: 0.1", "kpi: revenue, baseline: 1")
        ).remarks
    )


@pytest.mark.parametrize(
    ("before", "after", "line", "words"),
    [
        ("kpi: revenue", "kpi: revenu", 10, "did you mean 'revenue'"),
        ("baseline: 100", "baseline: 200", 10, "equals its target (200)"),
        ("baseline: 0.5, target: 0.1", "baseline: 0.1, target: 0.1", 19, "equals its target"),
        ("{kpi: revenue, baseline: 100, weight: 3}", "{kpi: revenue}", 10, "needs a `baseline`"),
        ("since: 2026-Q1", "since: 2026-Q1, baseline: 1", 11, "remove `baseline` or `since`"),
        ("since: 2026-Q1", "since: 2026-Q7", 11, "2026-Q7"),
        ("leading: true", "leading: perhaps", 11, "true or false"),
        ("weight: 3", "weight: 0", 10, "above 0"),
        ("{kpi: open_rate, since: 2026-Q1, leading: true}", "{kpi: revenue, baseline: 1}", 11, "name it once"),
        ("perspective: sales", "perspective: sale", 5, "did you mean 'sales'"),
        ("due: 2026-12-31", "due: 2025-12-31", 8, "before `start`"),
        ("due: 2026-12-31", "due: in winter", 8, "write a day as"),
        ("id: read", "id: grow", 13, "already taken on line 3"),
        ("id: racks", "id: grow", 29, "already taken on line 3"),
        ("share: 0.5", "share: 50", 28, "from 0 to 1"),
        ("name: Robots, ", "", 28, "has no `name`"),
        ("    name: Full shelves\n", "", 20, "has no `name`"),
        ("supports: [grow]", "supports: [gro]", 23, "did you mean 'grow'"),
        ("supports: [grow]", "supports: [shelf]", 23, "names itself"),
        ("        weight: 4", "        after: [grow]", 17, "one above the other"),
        ("    owner: CEO", "    after: [shelf]", 6, "go round in a circle by `after`"),
        ("    owner: CEO", "    supports: [shelf]", 6, "go round in a circle by `supports`"),
        ("goals:\n  - id: grow", "goal:\n  - id: grow", 2, "did you mean 'goals'"),
        ("    owner: CEO", "    owners: CEO", 6, "did you mean 'owner'"),
        ("    owner: CEO", "   owner: CEO", 6, "cannot be read as YAML"),
    ],
)
def test_a_mistake_in_the_file_is_told_with_its_line_and_remedy(before: str, after: str, line: int, words: str) -> None:
    assert before in GOALS
    with pytest.raises(DefinitionError) as told:
        parse_goals(GOALS.replace(before, after, 1), DEFINITION, DEFAULT_CALENDAR)
    assert words in check_both(told.value).en
    assert f"line {line}:" in str(told.value)


def test_an_empty_or_absent_file_says_what_to_do(tmp_path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(DefinitionError, match="list at least one"):
        parse_goals("goals: []", DEFINITION, DEFAULT_CALENDAR)
    with pytest.raises(DefinitionError, match="septima goals DIR --new"):
        read_goals(tmp_path / "goals.yaml", DEFINITION, DEFAULT_CALENDAR)


def test_the_file_to_begin_with_reads_over_the_company_s_own_kpis() -> None:
    text = starter_goals(DEFINITION, date(2026, 11, 28))
    tree = parse_goals(text, DEFINITION, DEFAULT_CALENDAR)
    assert [(goal.id, depth) for goal, _, depth in tree.walk()] == [("loyal_customers", 0), ("quick_answers", 1)]
    assert tree.goals[0].due == date(2027, 11, 28)
    assert {kpi.kpi for goal, _, _ in tree.walk() for kpi in goal.kpis} == {"revenue", "open_rate"}


def test_rows_of_the_map_are_as_given_and_then_from_results_down_to_people() -> None:
    assert parse_goals(GOALS, DEFINITION, DEFAULT_CALENDAR).rows == ("sales", "customer_support")
    given = GOALS + "rows: [customer_support]\n"
    assert parse_goals(given, DEFINITION, DEFAULT_CALENDAR).rows == ("customer_support", "sales")
    with pytest.raises(DefinitionError, match="there is no perspective 'money'"):
        parse_goals(GOALS + "rows: [money]\n", DEFINITION, DEFAULT_CALENDAR)
