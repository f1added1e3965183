"""The cascade as a study: who answers for which part of CKPIint, and the card of a department, team, person or role."""

from collections.abc import Mapping, Sequence

from septima.metrics.estimated import Estimated
from septima.report.palette import STATE_MARKS
from septima.report.strategy.cascade_tree import cascade_tree
from septima.report.studies.study import (
    Assumption,
    Cell,
    Interval,
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
from septima.report.words import WORDS
from septima.schema import Language, Text
from septima.scorecard.card import State
from septima.scorecard.cascade.result import Cascade, Duty, MemberCard

TITLE = Text("Cascade", "Каскад")
_STATES: Mapping[State, Text] = {
    "good": Text("on target", "цель"),
    "watch": Text("watch", "внимание"),
    "bad": Text("behind", "отстаёт"),
    "unknown": Text("not known", "неизвестно"),
}
_W: Mapping[str, Text] = {
    "question": Text("Who answers for which part of CKPIint?", "Кто за\u00a0какую часть CKPIint отвечает?"),
    "who": Text("What does this one own, and how does it stand?", "За что отвечает и\u00a0как обстоят дела?"),
    "department": Text("department", "подразделение"),
    "team": Text("team", "команда"),
    "person": Text("employee", "сотрудник"),
    "role": Text("role", "должность"),
    "people": Text("people", "люди"),
    "staff": Text("People", "Сотрудники"),
    "departments": Text("Departments", "Подразделения"),
    "teams": Text("Teams", "Команды"),
    "persons": Text("People of the team", "Люди команды"),
    "duties": Text("KPIs", "Показатели"),
    "kpi": Text("KPI", "показатель"),
    "share": Text("share", "доля"),
    "fact": Text("fact", "факт"),
    "interval": Text("95 % interval", "интервал 95 %"),
    "target": Text("target", "цель"),
    "state": Text("state", "состояние"),
    "weight": Text("weight in CKPIint", "вес в\u00a0CKPIint"),
    "brought": Text("contribution", "вклад"),
    "change": Text("to its change", "в\u00a0изменение"),
    "tree": Text("From CKPIint down", "От\u00a0CKPIint вниз"),
    "reconciled": Text(
        "Shares and contributions of departments, teams and people add up, level by level, to those above.",
        "Доли и\u00a0вклады подразделений, команд и\u00a0людей на\u00a0каждом уровне в\u00a0сумме дают вышестоящие.",
    ),
    "whole": Text(
        "* The metric does not know this member: the figure is that of the whole company.",
        "* Метрика не\u00a0различает этого участника: значение всей компании.",
    ),
    "rule": Text("Responsibility", "Ответственность"),
    "rule_1": Text(
        "A contribution is the share in the KPI times what the KPI brings to CKPIint: its weight in the perspective, the "
        "perspective’s weight, and what enters. A contribution to the change is that share of the KPI’s exact part of it. "
        "It says who answers for a part, not who caused it.",
        "Вклад — доля в\u00a0показателе, умноженная на\u00a0то, что показатель даёт в\u00a0CKPIint: его вес в\u00a0перспективе, вес перспективы "
        "и\u00a0входящее значение. Вклад в\u00a0изменение — та же доля точной части показателя в\u00a0нём. Это ответственность, а\u00a0не\u00a0причина.",
    ),
    "rule_2": Text(
        "A fact of fewer records than the metric’s minimum sample is not shown.",
        "Если записей меньше минимальной выборки метрики, факт не\u00a0показан.",
    ),
    "hidden": Text("KPIs not for this role: {count}", "Показателей не\u00a0для этой должности: {count}"),
    "nothing": Text("No KPI here.", "Показателей нет."),
}


def cascade_study(cascade: Cascade, language: Language) -> Study:
    """The study of a whole cascade, down to teams; people are shown on request only."""
    departments = cascade.departments()
    teams = [cascade.teams(one.id) for one in departments]
    integral = cascade.card.integral.printed
    drawn = Scheme("", cascade_tree(departments, teams, integral.value, language), word(_W, "tree", language))
    remarks = [one.in_language(language) for one in cascade.responsibility.remarks]
    if cascade.responsibility.unreconciled() <= 1e-9:
        remarks.insert(0, word(_W, "reconciled", language))
    number, interval = told("index", integral, language)
    return Study(
        TITLE.in_language(language),
        cascade.card.period_label.in_language(language),
        word(_W, "question", language),
        (
            Measure("CKPIint", number, interval),
            Measure(word(_W, "departments", language), bare(float(len(departments)), 0, language)),
            Measure(word(_W, "staff", language), bare(float(len(cascade.responsibility.people)), 0, language)),
        ),
        (
            Section(word(_W, "tree", language), drawings=(drawn,), remarks=tuple(remarks)),
            *(
                Section(one.name.in_language(language), tables=(_duties(cascade, one, language),))
                for one in departments
                if one.duties
            ),
        ),
        (_assumption(language),),
    )


def member_study(cascade: Cascade, member: MemberCard, language: Language) -> Study:
    """The card of a department, team, person or role."""
    sections = [_owned(cascade, member, language)]
    if member.kind == "department":
        sections.append(_below(cascade.teams(member.id), "teams", "team", language))
    elif member.kind == "team":
        found = cascade.responsibility
        place = next(at for at, team in enumerate(found.teams) if team.id == member.id)
        inside = [
            cascade.person(person.id) for person, team in zip(found.people, found.team_of, strict=True) if team == place
        ]
        sections.append(_below(inside, "persons", "person", language))
    above = "" if member.above is None else f" · {member.above.in_language(language)}"
    measures = (Measure(word(_W, "staff", language), bare(float(member.people), 0, language)),)
    if member.kind != "role":
        measures = (
            Measure(word(_W, "weight", language), percent(member.weight, language, 2)),
            Measure(word(_W, "brought", language), bare(member.contribution, 4, language)),
            Measure(word(_W, "change", language), bare(member.change, 4, language, signed=True)),
            *(() if member.kind == "person" else measures),
        )
    return Study(
        f"{TITLE.in_language(language)}: {word(_W, member.kind, language)} {member.name.in_language(language)}",
        f"{cascade.card.period_label.in_language(language)}{above}",
        word(_W, "who", language),
        measures,
        tuple(sections),
        (_assumption(language),),
    )


def _owned(cascade: Cascade, member: MemberCard, language: Language) -> Section:
    remarks = (word(_W, "hidden", language).format(count=member.hidden),) if member.hidden else ()
    if not member.duties:
        return Section(word(_W, "duties", language), (word(_W, "nothing", language),), remarks=remarks)
    return Section(word(_W, "duties", language), tables=(_duties(cascade, member, language),), remarks=remarks)


def _duties(cascade: Cascade, member: MemberCard, language: Language) -> Table:
    rows = tuple(_duty(duty, cascade.card.currency, language) for duty in member.duties)
    columns = ("kpi", "share", "fact", "interval", "target", "state", "weight", "brought", "change")
    notes = () if all(duty.own for duty in member.duties) else (word(_W, "whole", language),)
    return Table("", heads(_W, columns, language), rows, notes=notes)


def _duty(duty: Duty, currency: str | None, language: Language) -> tuple[Cell, ...]:
    figure = duty.fact.figure
    number, interval = told(duty.unit, figure, language, currency)
    fact: Cell = number
    if duty.fact.too_few:
        fact = WORDS["too_few"].in_language(language)
    name = duty.name.in_language(language)
    return (
        name if duty.own else f"{name}\u00a0*",
        percent(duty.share, language),
        fact,
        Interval(interval.figure, interval.style),
        told(duty.unit, Estimated(duty.target, None, None), language, currency)[0],
        f"{STATE_MARKS[duty.state]} {_STATES[duty.state].in_language(language)}",
        percent(duty.weight, language, 2),
        bare(duty.contribution, 4, language),
        bare(duty.change, 4, language, signed=True),
    )


def _below(members: Sequence[MemberCard], title: str, column: str, language: Language) -> Section:
    rows = tuple(
        (
            one.name.in_language(language),
            one.id,
            bare(float(one.people), 0, language),
            percent(one.weight, language, 2),
            bare(one.contribution, 4, language),
            bare(one.change, 4, language, signed=True),
        )
        for one in members
    )
    columns = (word(_W, column, language), "id", *heads(_W, ("people", "weight", "brought", "change"), language))
    return Section(word(_W, title, language), tables=(Table("", columns, rows),))


def _assumption(language: Language) -> Assumption:
    return Assumption(
        word(_W, "rule", language), tuple(word(_W, key, language) for key in ("rule_1", "rule_2")), "s · B/N · A/n · x"
    )
