"""Goals as a study: the strategy map, the tree, where each goal stands, its KPIs and initiatives, and what is amiss."""

from collections.abc import Mapping

from septima.metrics.estimated import Estimated
from septima.report.number_forms import day
from septima.report.strategy.goal_tree import goal_tree
from septima.report.strategy.marks import STATUSES, mark_of
from septima.report.strategy.strategy_map import strategy_map
from septima.report.studies.study import (
    Assumption,
    Cell,
    Measure,
    Scheme,
    Section,
    Study,
    Table,
    bare,
    heads,
    percent,
    told,
    word,
)
from septima.schema import Language, Text
from septima.scorecard.goals.progress import GoalReport, Status

TITLE = Text("Goals", "Цели")
_GOOD: tuple[Status, ...] = ("done", "reached", "on_track", "likely")
_BAD: tuple[Status, ...] = ("unlikely", "behind", "overdue")
_W: Mapping[str, Text] = {
    "question": Text(
        "How far have the goals come, which are behind, and what rests on what?",
        "Насколько близки цели, какие отстают и\u00a0что на\u00a0чём держится?",
    ),
    "good": Text(
        "Goals reached or on track, surely or probably", "Целей достигнуто или идёт по\u00a0плану, точно или вероятно"
    ),
    "bad": Text("Behind or overdue, surely or probably", "Отстаёт или просрочено, точно или вероятно"),
    "all": Text("Goals in all", "Всего целей"),
    "map": Text("Strategy map", "Стратегическая карта"),
    "map_key": Text(
        "A row is a perspective, an arrow leads from a cause to its effect. The bar shows the progress, the stroke on it where "
        "it ought to be by now.",
        "Ряд — перспектива, стрелка ведёт от\u00a0причины к\u00a0следствию. Полоса — насколько цель близка, черта на\u00a0ней — "
        "где ей пора быть сейчас.",
    ),
    "tree": Text("Tree of goals", "Дерево целей"),
    "stand": Text("Where each goal stands", "Где каждая цель"),
    "kpis": Text("KPIs of the goals", "Показатели целей"),
    "initiatives": Text("Initiatives", "Инициативы"),
    "goal": Text("goal", "цель"),
    "owner": Text("owner", "ответственный"),
    "due": Text("due", "срок"),
    "progress": Text("progress", "пройдено"),
    "interval": Text("95 % interval", "интервал 95 %"),
    "expected": Text("time passed", "прошло времени"),
    "status": Text("status", "состояние"),
    "kpi": Text("KPI", "показатель"),
    "kind": Text("kind", "вид"),
    "leading": Text("leading", "опережающий"),
    "lagging": Text("lagging", "запаздывающий"),
    "baseline": Text("baseline", "было"),
    "fact": Text("now", "сейчас"),
    "target": Text("target", "цель"),
    "initiative": Text("initiative", "инициатива"),
    "done_share": Text("done", "сделано"),
    "after": Text("waits for", "ждёт"),
    "progress_of": Text("Progress", "Прогресс"),
    "progress_said": Text(
        "Of a KPI the part of the way from its baseline to the goal’s target that is behind; where the target is best, by "
        "distances from it. Of a goal the weighted mean of its KPIs and of the goals below it, each held within 0 and 100 %, "
        "so that what is overfulfilled hides nothing. Initiatives do not count: work done is no result yet.",
        "У\u00a0показателя — пройденная часть пути от\u00a0исходного значения до\u00a0цели; если лучше всего сама цель — по\u00a0расстоянию "
        "до\u00a0неё. У\u00a0цели — взвешенное среднее её показателей и\u00a0нижестоящих целей, каждое в\u00a0пределах от\u00a00 до\u00a0100 %, "
        "чтобы перевыполнение одного не\u00a0скрывало другого. Инициативы не\u00a0учитываются: сделанная работа ещё не\u00a0результат.",
    ),
    "status_said": Text(
        "On track where the whole interval of the progress is past the share of time that has passed, behind where the whole "
        "interval is short of it; probably so where only the figure is. Reached where the whole interval is at 100 %.",
        "По\u00a0плану — если весь интервал прогресса не\u00a0ниже доли прошедшего времени; отстаёт — если весь интервал ниже; "
        "вероятно — если так только само значение. Достигнута — если весь интервал на\u00a0100\u00a0%.",
    ),
}


def goals_study(report: GoalReport, language: Language) -> Study:
    """The study of a company's goals."""
    every = report.walk()
    drawn = strategy_map(report, language)
    drawings = (Scheme(word(_W, "map", language), drawn, word(_W, "map", language)),) if drawn else ()
    tree = Scheme(word(_W, "tree", language), goal_tree(report, language), word(_W, "tree", language))
    counts = [
        ("good", sum(goal.status in _GOOD for goal in every)),
        ("bad", sum(goal.status in _BAD for goal in every)),
        ("all", len(every)),
    ]
    return Study(
        TITLE.in_language(language),
        f"{report.period_label.in_language(language)}, {day(report.as_of, language)}",
        word(_W, "question", language),
        tuple(Measure(word(_W, key, language), bare(float(number), 0, language)) for key, number in counts),
        (
            *(
                (Section(word(_W, "map", language), lead=(word(_W, "map_key", language),), drawings=drawings),)
                if drawings
                else ()
            ),
            Section(
                word(_W, "tree", language),
                drawings=(tree,),
                remarks=tuple(said.in_language(language) for said in report.remarks),
            ),
            Section(word(_W, "stand", language), tables=(_standing(report, language),)),
            Section(word(_W, "kpis", language), tables=(_kpis(report, language),)),
            *_initiatives(report, language),
        ),
        (
            Assumption(
                word(_W, "progress_of", language),
                (word(_W, "progress_said", language), word(_W, "status_said", language)),
                "(x − b) / (t − b)",
            ),
        ),
    )


def _standing(report: GoalReport, language: Language) -> Table:
    names = {goal.goal.id: goal.goal.name.in_language(language) for goal in report.walk()}
    rows: list[tuple[Cell, ...]] = []
    strong: list[int] = []
    for place, goal in enumerate(report.walk()):
        if goal.depth == 0:
            strong.append(place)
        waits = ", ".join(names[other] for other in goal.goal.after)
        status = f"{mark_of(goal.status)} {STATUSES[goal.status].in_language(language)}"
        rows.append(
            (
                names[goal.goal.id],
                goal.goal.owner or "—",
                "—" if goal.goal.due is None else day(goal.goal.due, language),
                *told("share", goal.progress, language),
                percent(goal.expected, language, 0),
                f"{mark_of(goal.status)} {word(_W, 'after', language)}: {waits}"
                if goal.status == "waiting"
                else status,
            )
        )
    columns = ("goal", "owner", "due", "progress", "interval", "expected", "status")
    return Table("", heads(_W, columns, language), tuple(rows), tuple(strong))


def _kpis(report: GoalReport, language: Language) -> Table:
    rows: list[tuple[Cell, ...]] = []
    notes: list[str] = []
    for goal in report.walk():
        for kpi in goal.kpis:
            name = kpi.name.in_language(language)
            rows.append(
                (
                    goal.goal.name.in_language(language),
                    name,
                    word(_W, "leading" if kpi.leading else "lagging", language),
                    told(kpi.unit, Estimated(kpi.baseline, None, None), language, report.currency)[0],
                    *told(kpi.unit, kpi.figure, language, report.currency),
                    told(kpi.unit, Estimated(kpi.target, None, None), language, report.currency)[0],
                    told("share", kpi.progress, language)[0],
                )
            )
            if kpi.note is not None:
                notes.append(f"{name}: {kpi.note.in_language(language)}")
    columns = ("goal", "kpi", "kind", "baseline", "fact", "interval", "target", "progress")
    return Table("", heads(_W, columns, language), tuple(rows), notes=tuple(notes))


def _initiatives(report: GoalReport, language: Language) -> tuple[Section, ...]:
    rows: list[tuple[Cell, ...]] = []
    for goal in report.walk():
        for one in goal.initiatives:
            work = one.initiative
            share = 1.0 if one.status == "done" else work.share
            rows.append(
                (
                    goal.goal.name.in_language(language),
                    work.name.in_language(language),
                    work.owner or "—",
                    "—" if work.due is None else day(work.due, language),
                    percent(share, language, 0),
                    f"{mark_of(one.status)} {STATUSES[one.status].in_language(language)}",
                )
            )
    if not rows:
        return ()
    columns = ("goal", "initiative", "owner", "due", "done_share", "status")
    return (Section(word(_W, "initiatives", language), tables=(Table("", heads(_W, columns, language), tuple(rows)),)),)
