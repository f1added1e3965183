"""An experiment as a study: whether it was run as planned, and what it brought; and the plan of one to come."""

from collections.abc import Mapping, Sequence

from septima.metrics.estimated import Estimated
from septima.metrics.experiment_analysis import Analysis, Effect
from septima.metrics.experiment_check import Check, Finding
from septima.metrics.experiment_months import MonthEffect
from septima.metrics.experiment_outcomes import OUTCOMES
from septima.metrics.experiment_plan import Plan
from septima.report.number_forms import day, number_style
from septima.report.studies.study import (
    Assumption,
    Cell,
    Course,
    Dots,
    Interval,
    Measure,
    Number,
    Section,
    Study,
    Table,
    bare,
    dots_of,
    heads,
    percent,
    relative,
    told,
    word,
)
from septima.schema import Language, Text
from septima.scorecard.card import Figure

_UNITS = {"revenue": "currency", "orders": "ratio", "buyers": "share", "visits": "ratio", "visitors": "share"}
_MARKS = {"fine": "✓", "note": "·", "warning": "!", "broken": "✗"}
TITLE = Text("Experiment {}", "Эксперимент {}")
PLAN_TITLE = Text("Plan of an experiment", "План эксперимента")
RUNNING_MARK = "◐"

_W: Mapping[str, Text] = {
    "question": Text(
        "What would not have come without it? Chance alone decided who was treated, so what the groups differ by is due to "
        "the treatment or to chance, and the intervals say how much chance can do.",
        "Чего не\u00a0было\u00a0бы без него? Кого затронуть, решил случай, поэтому разность между группами вызвана либо "
        "воздействием, либо случайностью; сколько может случайность, говорят интервалы.",
    ),
    "plan_question": Text(
        "Which effect can be found, and how many customers and days does it take? Told from your own past.",
        "Какой эффект можно обнаружить и\u00a0сколько для этого нужно клиентов и\u00a0дней? Ответ\u00a0— по\u00a0вашим прошлым данным.",
    ),
    "checked": Text("Was it run as planned?", "Проведён\u00a0ли он как задумано?"),
    "sizes": Text("Sizes of the groups", "Численность групп"),
    "balance": Text("Were the groups alike before?", "Были\u00a0ли группы похожи до\u00a0эксперимента?"),
    "brought": Text("What it brought", "Что он дал"),
    "per_customer": Text("Per customer", "На\u00a0клиента"),
    "in_all": Text("In all", "Всего"),
    "relative_drawn": Text("Relative effect", "Относительный эффект"),
    "by_month": Text("Incremental revenue by month", "Дополнительная выручка по\u00a0месяцам"),
    "running": Text(
        f"{RUNNING_MARK} The month is not over, or the data end in it.",
        f"{RUNNING_MARK} Месяц не\u00a0закончился или данные в\u00a0нём обрываются.",
    ),
    "incremental": Text("Incremental revenue: {}", "Дополнительная выручка: {}"),
    "treated_customers": Text("Customers treated: {}", "Затронуто клиентов: {}"),
    "control_customers": Text("Customers in the control group", "Клиентов в\u00a0контрольной группе"),
    "no_figure": Text(
        "No figure is shown: what the check found forbids it.",
        "Числа не\u00a0показаны: этого не\u00a0позволяет проверка.",
    ),
    "outcome": Text("outcome", "показатель"),
    "days": Text("days", "дней"),
    "customers": Text("customers", "клиентов"),
    "mean": Text("mean", "среднее"),
    "deviation": Text("deviation", "разброс"),
    "cuped": Text("CUPED takes", "снимает CUPED"),
    "detectable": Text("smallest effect", "наименьший эффект"),
    "relative": Text("relative", "относительный"),
    "needed": Text("customers needed", "нужно клиентов"),
    "control_share": Text("control", "контрольная доля"),
    "arm": Text("arm", "группа"),
    "planned": Text("planned", "план"),
    "share": Text("share", "доля"),
    "interval": Text("95 % interval", "интервал 95 %"),
    "always": Text("always-valid", "постоянно действующий"),
    "control_mean": Text("control", "контроль"),
    "treated_mean": Text("arm’s mean", "группа в\u00a0среднем"),
    "difference": Text("difference", "разность"),
    "total": Text("in all", "всего"),
    "p": Text("p", "p"),
    "covariate": Text("before the experiment", "до\u00a0эксперимента"),
    "standardised": Text("difference, SD", "разность, СКО"),
    "month": Text("month", "месяц"),
    "growth": Text("growth", "прирост"),
    "by_share": Text(
        "Smallest relative effect, by size of the control group",
        "Наименьший относительный эффект при разной контрольной доле",
    ),
    "found": Text("Smallest effect that is found", "Наименьший обнаруживаемый эффект"),
}


def plan_study(made: Plan, language: Language) -> Study:
    """The study of a plan."""
    columns = ("outcome", "days", "customers", "mean", "deviation", "cuped", "detectable", "relative", "needed")
    lines: list[tuple[Cell, ...]] = [
        (
            OUTCOMES[line.outcome].in_language(language),
            bare(line.days, 0, language),
            bare(line.customers, 0, language),
            _amount(line.outcome, line.mean, language, made.currency),
            _amount(line.outcome, line.deviation, language, made.currency),
            percent(line.variance_reduction, language),
            _amount(line.outcome, line.detectable, language, made.currency),
            percent(line.relative, language),
            bare(line.customers_needed, 0, language),
        )
        for line in made.lines
    ]
    shares: list[tuple[Cell, ...]] = [
        (
            OUTCOMES[line.outcome].in_language(language),
            bare(line.days, 0, language),
            percent(line.control_share, language),
            bare(line.control_customers, 0, language),
            percent(line.relative, language),
        )
        for line in made.shares
    ]
    share, power = percent(made.control_share, language).text, percent(made.power, language).text
    terms = Text(
        f"With a control group of {share}, an effect of the size shown is found with a chance of {power} at the 5 % level. "
        "CUPED takes the part of the variance that the days before explain.",
        f"С\u00a0контрольной группой {share} эффект указанного размера обнаруживается с\u00a0вероятностью {power} при уровне "
        "значимости 5\u00a0%. CUPED снимает часть разброса, которую объясняют дни до\u00a0эксперимента.",
    )
    enough = [
        Text(
            f"{OUTCOMES[outcome].en}: {number} days suffice.", f"{OUTCOMES[outcome].ru}: достаточно {number}\u00a0дней."
        )
        for outcome, number in made.days_needed.items()
        if number is not None
    ]
    until = Text(
        f"from data up to {day(made.known_until, 'en')}", f"по\u00a0данным до\u00a0{day(made.known_until, 'ru')}"
    )
    of_shares = ("outcome", "days", "control_share", "customers", "relative")
    return Study(
        PLAN_TITLE.in_language(language),
        until.in_language(language),
        word(_W, "plan_question", language),
        (Measure(word(_W, "customers", language).capitalize(), bare(made.customers, 0, language)),),
        (
            Section(
                "",
                tables=(
                    Table(word(_W, "found", language), heads(_W, columns, language), tuple(lines)),
                    Table(word(_W, "by_share", language), heads(_W, of_shares, language), tuple(shares)),
                ),
                remarks=tuple(said.in_language(language) for said in (terms, *enough, *made.statements)),
            ),
        ),
        (),
    )


def check_study(found: Check, language: Language) -> Study:
    """The study of a check alone."""
    return Study(
        TITLE.in_language(language).format(found.experiment),
        "",
        word(_W, "checked", language),
        (),
        (_checked(found, found.findings, language),),
        (),
    )


def experiment_study(found: Analysis, language: Language) -> Study:
    """The study of an experiment: its check, its effects where they are honest, and the course of its revenue."""
    window = found.window
    until = "" if found.known_until is None else day(found.known_until, language)
    subtitle = Text(
        f"{window.days} days after the assignment, {window.before_days} before it"
        + (f"; data up to {until}" if until else ""),
        f"{window.days}\u00a0дней после распределения, {window.before_days}\u00a0до него"
        + (f"; данные до\u00a0{until}" if until else ""),
    )
    sections = [_effects(found, language)] if found.effects else []
    if found.effects and found.months:
        sections.append(_months(found, language))
    check = _checked(found.check, found.findings, language)
    arms = {effect.arm for effect in found.effects}
    assumptions = (*((found.correction,) if len(arms) > 1 else ()), *found.assumptions) if found.effects else ()
    name = TITLE.in_language(language).format(found.experiment)
    return Study(
        name,
        subtitle.in_language(language),
        word(_W, "question", language) if found.effects else word(_W, "no_figure", language),
        _measures(found, language),
        (check, *sections),
        (Assumption(name, tuple(said.in_language(language) for said in assumptions)),) if assumptions else (),
    )


def _measures(found: Analysis, language: Language) -> tuple[Measure, ...]:
    revenue = [effect for effect in found.effects if effect.outcome == "revenue" and effect.total.lower is not None]
    measures = [
        Measure(
            word(_W, "incremental", language).format(effect.arm),
            *told("currency", effect.total, language, found.currency),
        )
        for effect in revenue
    ]
    for effect in revenue:
        name = word(_W, "treated_customers", language).format(effect.arm)
        measures.append(Measure(name, bare(effect.treated_customers, 0, language)))
    if revenue:
        measures.append(
            Measure(word(_W, "control_customers", language), bare(revenue[0].control_customers, 0, language))
        )
    return tuple(measures)


def _checked(check: Check, findings: Sequence[Finding], language: Language) -> Section:
    tables = [
        Table(
            word(_W, "sizes", language),
            heads(_W, ("arm", "customers", "share", "planned"), language),
            tuple(
                (
                    arm.arm,
                    bare(arm.customers, 0, language),
                    percent(arm.share, language, 2),
                    percent(arm.planned_share, language, 2),
                )
                for arm in check.arms
            ),
        )
    ]
    drawings: list[Dots] = []
    if check.balance:
        columns = ("covariate", "arm", "control_mean", "treated_mean", "standardised", "interval")
        rows: list[tuple[Cell, ...]] = []
        named: list[tuple[str, Number, Interval]] = []
        for one in check.balance:
            difference = bare(one.difference, 3, language, signed=True)
            _, interval = told("index", Estimated(one.difference, one.lower, one.upper), language)
            name = one.name.in_language(language)
            means = (bare(one.control_mean, 2, language), bare(one.arm_mean, 2, language))
            rows.append((name + (" !" if one.unlike else ""), one.arm, *means, difference, interval))
            named.append((name, difference, interval))
        tables.append(Table(word(_W, "balance", language), heads(_W, columns, language), tuple(rows)))
        one_arm = len({one.arm for one in check.balance}) == 1  # of several the picture would be taller than the page
        drawn = (
            dots_of(word(_W, "standardised", language), named, word(_W, "balance", language), whole=0.0)
            if one_arm
            else None
        )
        drawings += [drawn] if drawn else []
    return Section(
        word(_W, "checked", language),
        lead=tuple(f"{_MARKS[finding.level]} {finding.statement.in_language(language)}" for finding in findings),
        drawings=tuple(drawings),
        tables=tuple(tables),
    )


def _effects(found: Analysis, language: Language) -> Section:
    columns = (
        "outcome",
        "arm",
        "control_mean",
        "treated_mean",
        "difference",
        "interval",
        "always",
        "relative",
        "interval",
        "p",
    )
    rows = tuple(_effect_row(effect, language, found.currency) for effect in found.effects)
    in_all: list[tuple[Cell, ...]] = [
        (
            effect.name.in_language(language),
            effect.arm,
            bare(effect.treated_customers, 0, language),
            *told("currency" if effect.outcome == "revenue" else "count", effect.total, language, found.currency),
            percent(effect.variance_reduction, language),
        )
        for effect in found.effects
    ]
    several = len({effect.arm for effect in found.effects}) > 1
    named = [
        (
            effect.name.in_language(language) + (f", {effect.arm}" if several else ""),
            *relative(effect.relative, language),
        )
        for effect in found.effects
    ]
    drawn = dots_of(word(_W, "relative_drawn", language), named, word(_W, "relative_drawn", language), whole=0.0)
    said = dict.fromkeys(effect.statement for effect in found.effects if effect.statement is not None)
    of_all = ("outcome", "arm", "customers", "total", "interval", "cuped")
    return Section(
        word(_W, "brought", language),
        drawings=(drawn,) if drawn else (),
        tables=(
            Table(word(_W, "per_customer", language), heads(_W, columns, language), rows),
            Table(word(_W, "in_all", language), heads(_W, of_all, language), tuple(in_all)),
        ),
        remarks=tuple(statement.in_language(language) for statement in said),
    )


def _months(found: Analysis, language: Language) -> Section:
    rows: list[tuple[Cell, ...]] = []
    for one in found.months:
        total = Estimated(one.total, one.lower, one.upper)
        growth = Estimated(one.growth, one.growth_lower, one.growth_upper)
        rows.append(
            (
                f"{one.month:%Y-%m}" + ("" if one.complete else f" {RUNNING_MARK}"),
                one.arm,
                *told("currency", total, language, found.currency),
                *told("currency", growth, language, found.currency),
            )
        )
    columns = ("month", "arm", "total", "interval", "growth", "interval")
    by_arm: dict[str, list[MonthEffect]] = {}
    for one in found.months:
        by_arm.setdefault(one.arm, []).append(one)
    drawn = [_course(arm, months, found.currency, language) for arm, months in by_arm.items() if len(months) > 2]
    running = () if all(one.complete for one in found.months) else (word(_W, "running", language),)
    return Section(
        word(_W, "by_month", language),
        drawings=tuple(drawn),
        tables=(Table("", heads(_W, columns, language), tuple(rows), notes=running),),
    )


def _course(arm: str, months: Sequence[MonthEffect], currency: str | None, language: Language) -> Course:
    known = [bound for one in months for bound in (one.total, one.lower, one.upper) if bound is not None]
    style = number_style("currency", Figure(max(map(abs, known), default=0.0)), language, currency=currency)

    def on_axis(value: float | None) -> float | None:
        return None if value is None else style.shown(value)

    figures = tuple(Figure(on_axis(one.total), on_axis(one.lower), on_axis(one.upper)) for one in months)
    last = months[-1]
    name = word(_W, "incremental", language).format(arm)
    says = f"{name}: {last.month:%Y-%m} {style.value(last.total)}."
    return Course(arm, tuple(one.month for one in months), figures, style.axis_unit, says)


def _effect_row(effect: Effect, language: Language, currency: str | None) -> tuple[Cell, ...]:
    unit = _UNITS[effect.outcome]
    p_value = effect.p_adjusted
    style = bare(p_value, 3, language).style
    small = f"<\u00a0{style.value(0.001)}" if p_value is not None and p_value < 0.0005 else None
    return (
        effect.name.in_language(language),
        effect.arm,
        _amount(effect.outcome, effect.control_mean, language, currency),
        _amount(effect.outcome, effect.treated_mean, language, currency),
        *told(unit, effect.difference, language, currency, change=True),
        told(unit, effect.anytime, language, currency)[1],
        *relative(effect.relative, language),
        Number(p_value, style, said=small),
    )


def _amount(outcome: str, value: float | None, language: Language, currency: str | None) -> Number:
    unit = _UNITS[outcome]
    if unit == "ratio":
        return bare(value, 3, language)
    return Number(value, number_style(unit, Figure(value), language, currency=currency))
