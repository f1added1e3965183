"""The plan of the CRM programme: milestones, goals and decisions."""

from septima.metrics import estimates, roles
from septima.metrics.definition import Metric, Passport, Request, Rows, Source
from septima.metrics.sources import count_true, known_until, records
from septima.schema import Text

_GOALS = ("goal", "цель")
_DECISIONS = ("decision", "решение")


def _planned(request: Request) -> Rows:
    """Milestones by the moment for which they were planned; `on_time`, `done` and `late` as far as the data know."""
    milestones = request.rows("milestones")
    planned, done = milestones["planned_at"], milestones["done_at"]
    on_time = (request.day(done) <= request.day(planned)).fill_null(False)
    due = done.notnull() | (planned < known_until(milestones, "done_at"))
    return milestones.mutate(at=planned, on_time=on_time, due=due, on_track=on_time | ~due)


def _of_kind(kinds: tuple[str, ...], rows: Rows) -> Rows:
    return rows.filter(rows["kind"].strip().lower().isin(kinds))


def _due(request: Request) -> Rows:
    rows = _planned(request)
    return rows.filter(rows["due"])


MILESTONES = Source("milestones", _due, ("kind", "department"))
_DUE_DECISIONS = Source("decisions", lambda request: _of_kind(_DECISIONS, _due(request)), ("department",))
_GOALS_SET = Source("goals", lambda request: _of_kind(_GOALS, _planned(request)), ("department",))

METRICS = (
    Metric(
        Passport(
            id="milestones_on_plan",
            version=1,
            name=Text("Milestones on plan", "Вехи по\u00a0плану"),
            description=Text(
                "Share of milestones of the CRM programme that were reached by the planned day.",
                "Доля вех программы CRM, достигнутых к\u00a0плановому дню.",
            ),
            use=Text(
                "Shows whether the programme keeps its word; slice by department and kind.",
                "Показывает, держит\u00a0ли программа слово; смотрите срезы по\u00a0подразделениям и\u00a0видам.",
            ),
            unit="share",
            direction="more",
            method=Text(
                "Milestones reached on the planned day or before divided by those due in the period: reached, or planned "
                "before the newest one reached in the data. A milestone belongs to the period for which it was planned.",
                "Вехи, достигнутые в\u00a0плановый день или раньше, делённые на\u00a0те, чей срок пришёлся на\u00a0период: достигнутые "
                "или запланированные раньше самой новой достигнутой в\u00a0данных. Веха относится к\u00a0периоду, на\u00a0который "
                "запланирована.",
            ),
            formula="count(done_at ≤ planned_at) / due",
            formula_source="PMI, PMBOK Guide, 2021 (schedule performance)",
            interval=estimates.WILSON,
            primary_data=("milestones.planned_at", "milestones.done_at"),
            perspective="governance",
            group="adoption",
            owner_role=roles.CRM,
            minimum_sample=5,
        ),
        {"on_time": count_true(MILESTONES, "on_time"), "due": records(MILESTONES)},
        estimates.share("on_time", "due"),
    ),
    Metric(
        Passport(
            id="goals_on_track",
            version=1,
            name=Text("Goals on track", "Цели, идущие по\u00a0плану"),
            description=Text(
                "Share of goals that were reached by the planned day or whose day has not come.",
                "Доля целей, достигнутых к\u00a0плановому дню или ещё не\u00a0наступивших.",
            ),
            use=Text(
                "Shows the leader which part of the strategy is not behind; slice by department.",
                "Показывает руководителю, какая часть стратегии не\u00a0отстаёт; смотрите срез по\u00a0подразделениям.",
            ),
            unit="share",
            direction="more",
            method=Text(
                "Milestones of the kind “goal” reached on the planned day or before, or planned no earlier than the newest "
                "milestone reached in the data, divided by all goals planned for the period.",
                "Вехи вида «цель», достигнутые в\u00a0плановый день или раньше либо запланированные не\u00a0раньше самой новой "
                "достигнутой в\u00a0данных вехи, делённые на\u00a0все цели, запланированные на\u00a0период.",
            ),
            formula="count(done_at ≤ planned_at, or not due) / goals",
            formula_source="Kaplan & Norton, The Strategy-Focused Organization, 2001 (strategic objectives)",
            interval=estimates.WILSON,
            primary_data=("milestones.kind", "milestones.planned_at", "milestones.done_at"),
            perspective="governance",
            group="governance",
            owner_role=roles.CRM,
            minimum_sample=5,
        ),
        {"on_track": count_true(_GOALS_SET, "on_track"), "goals": records(_GOALS_SET)},
        estimates.share("on_track", "goals"),
    ),
    Metric(
        Passport(
            id="decisions_closed_on_time",
            version=1,
            name=Text("Decisions carried out on time", "Решения, исполненные в\u00a0срок"),
            description=Text(
                "Share of decisions that were carried out by the planned day.",
                "Доля решений, исполненных к\u00a0плановому дню.",
            ),
            use=Text(
                "Shows whether what is decided gets done; slice by department.",
                "Показывает, делается\u00a0ли то, что решено; смотрите срез по\u00a0подразделениям.",
            ),
            unit="share",
            direction="more",
            method=Text(
                "Milestones of the kind “decision” reached on the planned day or before divided by those due in the period: "
                "reached, or planned before the newest milestone reached in the data.",
                "Вехи вида «решение», достигнутые в\u00a0плановый день или раньше, делённые на\u00a0те, чей срок пришёлся "
                "на\u00a0период: достигнутые или запланированные раньше самой новой достигнутой в\u00a0данных вехи.",
            ),
            formula="count(done_at ≤ planned_at) / decisions due",
            formula_source="ISO 37000, 2021 (oversight of decisions)",
            interval=estimates.WILSON,
            primary_data=("milestones.kind", "milestones.planned_at", "milestones.done_at"),
            perspective="governance",
            group="governance",
            owner_role=roles.CRM,
            minimum_sample=5,
        ),
        {"on_time": count_true(_DUE_DECISIONS, "on_time"), "due": records(_DUE_DECISIONS)},
        estimates.share("on_time", "due"),
    ),
)
