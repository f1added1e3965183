"""The roll-out as a study: success, the road map, what is overdue and next, phases and departments."""

from collections.abc import Iterator, Mapping, Sequence

from septima.metrics.estimated import Estimated
from septima.report.number_forms import UNDEFINED_SIGN, NumberStyle, day, number_style
from septima.report.points import Track
from septima.report.studies.study import (
    Assumption,
    Cell,
    Dots,
    Interval,
    Measure,
    Number,
    RoadMap,
    Section,
    Study,
    Table,
    bare,
    dots_of,
    told,
    word,
)
from septima.schema import Language, Text
from septima.scorecard.card import Figure
from septima.scorecard.rollout.definition import TAKING_PART
from septima.scorecard.rollout.measured import Rollout
from septima.scorecard.rollout.schedule import MilestoneState, PhaseState
from septima.scorecard.rollout.success import Component, DepartmentSuccess

_LINES = 45
_OVERDUE = 10
_NEXT = 8
_ABREAST = 7
_W: Mapping[str, Text] = {
    "question": Text(
        "Does the CRM approach take root as planned, and what holds it up?",
        "Приживается\u00a0ли CRM-подход по\u00a0плану и\u00a0что его задерживает?",
    ),
    "success": Text("Success of the CRM approach", "Успех CRM-подхода"),
    "by_period": Text("Success by period", "Успех по\u00a0периодам"),
    "component": Text("component", "составляющая"),
    "weight": Text("weight", "вес"),
    "value": Text("value", "значение"),
    "interval": Text("95 % interval", "интервал 95\u00a0%"),
    "target": Text("target", "цель"),
    "enters": Text("enters as", "входит как"),
    "before": Text("before", "было"),
    "road_map": Text("Road map", "Дорожная карта"),
    "drawn": Text("Planned and done", "План и\u00a0выполнение"),
    "planned_mark": Text("planned", "план"),
    "done_mark": Text("done", "сделано"),
    "overdue_mark": Text("overdue", "просрочено"),
    "today_mark": Text("the day of this report", "день отчёта"),
    "phases": Text("Phases", "Этапы"),
    "phase": Text("phase", "этап"),
    "planned": Text("planned", "план"),
    "done": Text("done", "сделано"),
    "overdue": Text("overdue", "просрочено"),
    "state": Text("state", "состояние"),
    "overdue_title": Text("Overdue", "Просрочено"),
    "next_title": Text("Next", "Дальше"),
    "milestone": Text("milestone", "веха"),
    "department": Text("department", "подразделение"),
    "late": Text("days late", "дней опоздания"),
    "waits": Text("waits for", "ждёт"),
    "departments": Text("Departments", "Подразделения"),
    "takes_part": Text("takes part", "участвует"),
    "counted": Text("components known", "составляющих известно"),
    "yes": Text("yes", "да"),
    "no": Text("no", "нет"),
    "spi": Text("Schedule performance index", "Индекс выполнения сроков"),
    "milestones": Text("Milestones done", "Вех сделано"),
    "end": Text("End at this pace", "Конец при таком темпе"),
    "schedule": Text("Schedule", "Сроки"),
    "nothing": Text("Nothing is overdue.", "Просроченного нет."),
}
_SUCCESS_SAID = (
    Text(
        "Success is Σ A·x / n over its components x with weights A that average 1. Shares enter as they are, an amount as a share "
        "of its target. The interval comes from draws of each component’s own sampling error.",
        "Успех\u00a0— это Σ\u00a0A·x\u00a0/\u00a0n по\u00a0составляющим x с\u00a0весами A, среднее которых 1. Доли входят как есть, величина\u00a0— как доля "
        "своей цели. Интервал получен розыгрышем выборочной ошибки каждой составляющей.",
    ),
    Text(
        "Of a department, success is taken over the components that are known of it, with weights rescaled.",
        "Успех подразделения взят по\u00a0известным о\u00a0нём составляющим с\u00a0пересчитанными весами.",
    ),
)
_SCHEDULE_SAID = (
    Text(
        "The schedule performance index is milestones done divided by milestones that should be done; all count alike. Below 1 the "
        "roll-out is behind. It returns to 1 with the last milestones, however late they are.",
        "Индекс выполнения сроков\u00a0— число сделанных вех, делённое на\u00a0число тех, что должны быть сделаны; все равны. Ниже\u00a01\u00a0— "
        "внедрение отстаёт. С\u00a0последними вехами он возвращается к\u00a01, как\u00a0бы они ни\u00a0опоздали.",
    ),
    Text(
        "The end at this pace is the planned time divided by that index: plain arithmetic, no promise.",
        "Конец при таком темпе\u00a0— плановый срок, делённый на\u00a0этот индекс: простая арифметика, а\u00a0не\u00a0обещание.",
    ),
)


def rollout_study(found: Rollout, language: Language) -> Study:
    """The study of a roll-out."""
    said = Text(
        f"{found.period.label.en}; as of {day(found.schedule.today, 'en')}",
        f"{found.period.label.ru}; на\u00a0{day(found.schedule.today, 'ru')}",
    )
    sections = [_success(found, language), _road_map(found, language), *_overdue_and_next(found, language)]
    if found.success.departments:
        sections.append(_departments(found, language))
    return Study(
        found.name.in_language(language),
        said.in_language(language),
        word(_W, "question", language),
        tuple(_measures(found, language)),
        tuple(sections),
        (
            Assumption(
                word(_W, "success", language),
                tuple(text.in_language(language) for text in _SUCCESS_SAID),
                formula="Σ A·x / n",
                source="OECD/JRC, Handbook on Constructing Composite Indicators, 2008",
            ),
            Assumption(
                word(_W, "schedule", language),
                tuple(text.in_language(language) for text in _SCHEDULE_SAID),
                formula="SPI = EV / PV",
                source="PMI, The Standard for Earned Value Management, 2019",
            ),
        ),
    )


def _measures(found: Rollout, language: Language) -> Iterator[Measure]:
    schedule = found.schedule
    yield Measure(word(_W, "success", language), *_index(found.success.figure, language))
    count = Text(f"{schedule.earned_value} of {schedule.total}", f"{schedule.earned_value} из\u00a0{schedule.total}")
    yield Measure(word(_W, "milestones", language), _said(float(schedule.earned_value), count.in_language(language)))
    if schedule.spi is not None:
        yield Measure(word(_W, "spi", language), bare(schedule.spi, 2, language))
    if schedule.forecast is not None:
        yield Measure(word(_W, "end", language), _said(None, day(schedule.forecast, language)))


def _success(found: Rollout, language: Language) -> Section:
    success = found.success
    heads = ("component", "weight", "value", "interval", "target", "enters", "interval", "before")
    rows = tuple(_component(one, language) for one in success.components)
    named = [
        (point.label, *_index(point.figure, language)) for point in success.trend if point.figure.value is not None
    ]
    drawing: Dots | None = dots_of(word(_W, "by_period", language), named, word(_W, "by_period", language))
    remarks = [
        f"{one.name.in_language(language)}: {one.note.in_language(language)}"
        for one in success.components
        if one.note is not None
    ]
    return Section(
        word(_W, "success", language),
        lead=tuple(text.in_language(language) for text in _change(found)),
        drawings=(drawing,) if drawing else (),
        tables=(Table("", tuple(word(_W, head, language) for head in heads), rows),) if rows else (),
        remarks=tuple(remarks),
    )


def _change(found: Rollout) -> Iterator[Text]:
    success = found.success
    if success.figure.value is None:
        known = [one for one in success.components if one.figure.value is not None]
        if success.over_the_rest.value is None:
            yield Text(
                "None of its components is known, so success is undefined.",
                "Ни\u00a0одна составляющая не\u00a0известна: успех не\u00a0определён.",
            )
            return
        english, russian = (_index(success.over_the_rest, language)[0].text for language in ("en", "ru"))
        yield Text(
            f"Not all components are known, so success is undefined; over the {len(known)} that are it is {english}.",
            f"Известны не\u00a0все составляющие: успех не\u00a0определён; по\u00a0известным ({len(known)}) он {russian}.",
        )
        return
    if success.change is None:
        return
    english, russian = (
        number_style("index", success.figure, language).change(success.change) for language in ("en", "ru")
    )
    if success.distinct is None:
        yield Text(f"Change against the period before: {english}.", f"Изменение к\u00a0прошлому периоду: {russian}.")
    elif success.distinct:
        yield Text(
            f"Change against the period before: {english}; it stands out from noise.",
            f"Изменение к\u00a0прошлому периоду: {russian}; оно отличимо от\u00a0шума.",
        )
    else:
        yield Text(
            f"Change against the period before: {english}; it cannot be told from noise.",
            f"Изменение к\u00a0прошлому периоду: {russian}; от\u00a0шума оно не\u00a0отличимо.",
        )


def _component(one: Component, language: Language) -> tuple[Cell, ...]:
    style = number_style(one.unit, one.figure, language, others=(one.target, one.previous))
    return (
        one.name.in_language(language),
        bare(one.weight, 2, language),
        Number(one.figure.value, style),
        Interval(one.figure, style),
        "" if one.target is None else Number(one.target, style, said=style.given(one.target)),
        *_index(one.entered, language),
        Number(one.previous, style),
    )


def _road_map(found: Rollout, language: Language) -> Section:
    schedule = found.schedule
    tracks = tuple(_tracks(found, language))
    marks = ("planned_mark", "done_mark", "overdue_mark", "today_mark")
    spoken = Text(
        f"{schedule.earned_value} of {schedule.total} milestones are done; overdue: {len(schedule.overdue)}.",
        f"Сделано вех: {schedule.earned_value} из\u00a0{schedule.total}, просрочено: {len(schedule.overdue)}.",
    ).in_language(language)
    drawing = RoadMap(
        word(_W, "drawn", language),
        tracks,
        schedule.today,
        (
            word(_W, marks[0], language),
            word(_W, marks[1], language),
            word(_W, marks[2], language),
            word(_W, marks[3], language),
        ),
        spoken,
    )
    heads = ("phase", "planned", "done", "overdue", "state")
    rows = tuple(_phase(found, one, language) for one in schedule.phases)
    return Section(
        word(_W, "road_map", language),
        lead=(spoken, *(text.in_language(language) for text in _pace(found))),
        drawings=(drawing,),
        tables=(Table(word(_W, "phases", language), tuple(word(_W, head, language) for head in heads), rows),),
        remarks=tuple(text.in_language(language) for text in _disorder(found)),
    )


def _tracks(found: Rollout, language: Language) -> Iterator[Track]:
    """Phases with their milestones; of a long road map the phases, and the milestones that are not done."""
    schedule = found.schedule
    long = len(schedule.phases) + schedule.total > _LINES
    for phase in schedule.phases:
        name = _short(phase.name.in_language(language))
        yield Track(name, phase.start, phase.end, phase.done, phase=True, overdue=False)
        for one in schedule.milestones:
            if one.phase == phase.id and not (long and one.done is not None):
                name = _short(one.name.in_language(language))
                yield Track(name, one.planned, one.planned, one.done, phase=False, overdue=one.state == "overdue")


def _pace(found: Rollout) -> Iterator[Text]:
    schedule = found.schedule
    if schedule.spi is None or schedule.forecast is None:
        return
    if schedule.earned_value == schedule.total:
        yield Text(
            f"All was done by {day(schedule.forecast, 'en')}; planned was {day(schedule.end, 'en')}.",
            f"Всё сделано к\u00a0{day(schedule.forecast, 'ru')}; по\u00a0плану\u00a0— {day(schedule.end, 'ru')}",
        )
        return
    yield Text(
        f"By this day {schedule.planned_value} should be done. At this pace the end comes on {day(schedule.forecast, 'en')}; planned is "
        f"{day(schedule.end, 'en')}.",
        f"К\u00a0этому дню должно быть сделано {schedule.planned_value}. При таком темпе конец\u00a0— {day(schedule.forecast, 'ru')}; по\u00a0плану\u00a0— "
        f"{day(schedule.end, 'ru')}",
    )


def _phase(found: Rollout, one: PhaseState, language: Language) -> tuple[Cell, ...]:
    count = Text(f"{one.completed} of {one.milestones}", f"{one.completed} из\u00a0{one.milestones}")
    days = f"{day(one.start, language)} – {day(one.end, language)}"
    return (
        one.name.in_language(language),
        days,
        _said(float(one.completed), count.in_language(language)),
        bare(one.overdue, 0, language),
        _phase_state(found, one).in_language(language),
    )


def _phase_state(found: Rollout, one: PhaseState) -> Text:
    names = {phase.id: phase.name for phase in found.schedule.phases}
    if one.done is not None:
        late = (one.done - one.end).days
        if late > 0:
            return Text(f"done, {late} days late", f"сделан, опоздание в\u00a0днях: {late}")
        return Text("done in time", "сделан в\u00a0срок")
    if one.overdue:
        return Text("◆ behind", "◆ отстаёт")
    if one.waits_for:
        english = ", ".join(names[name].en for name in one.waits_for)
        russian = ", ".join(names[name].ru for name in one.waits_for)
        return Text(f"waits for: {english}", f"ждёт: {russian}")
    if one.completed or one.start <= found.schedule.today:
        return Text("under way", "идёт")
    return Text("not begun", "не\u00a0начат")


def _disorder(found: Rollout) -> Iterator[Text]:
    early = [one.name for one in found.schedule.milestones if one.too_early]
    if early:
        english, russian = (", ".join(name.in_language(language) for name in early) for language in ("en", "ru"))
        yield Text(
            f"Done before a milestone that they come after: {english}. Mend the order or the days.",
            f"Сделаны раньше вехи, после которой стоят: {russian}. Исправьте порядок или дни.",
        )


def _overdue_and_next(found: Rollout, language: Language) -> Iterator[Section]:
    schedule = found.schedule
    overdue, coming = schedule.overdue, schedule.next
    heads = ("milestone", "phase", "department", "planned", "late", "waits")
    rows = tuple(_milestone(found, one, language, late=True) for one in overdue[:_OVERDUE])
    table = Table(
        "", tuple(word(_W, head, language) for head in heads), rows, notes=_more(len(overdue) - _OVERDUE, language)
    )
    yield Section(
        word(_W, "overdue_title", language),
        lead=() if rows else (word(_W, "nothing", language),),
        tables=(table,) if rows else (),
    )
    if coming:
        heads = ("milestone", "phase", "department", "planned", "waits")
        rows = tuple(_milestone(found, one, language, late=False) for one in coming[:_NEXT])
        table = Table(
            "", tuple(word(_W, head, language) for head in heads), rows, notes=_more(len(coming) - _NEXT, language)
        )
        yield Section(word(_W, "next_title", language), tables=(table,))


def _milestone(found: Rollout, one: MilestoneState, language: Language, *, late: bool) -> tuple[Cell, ...]:
    names = {other.id: other.name.in_language(language) for other in found.schedule.milestones}
    phases = {phase.id: phase.name.in_language(language) for phase in found.schedule.phases}
    return (
        one.name.in_language(language),
        phases[one.phase],
        one.department or UNDEFINED_SIGN,
        day(one.planned, language),
        *((bare(one.late, 0, language),) if late else ()),
        ", ".join(names[name] for name in one.waits_for),
    )


def _departments(found: Rollout, language: Language) -> Section:
    """Departments side by side, so many on a table as a page has room for."""
    departments = found.success.departments
    tables = tuple(
        _department_table(departments[at : at + _ABREAST], found.success.components, language)
        for at in range(0, len(departments), _ABREAST)
    )
    return Section(
        word(_W, "departments", language),
        tables=tables,
        remarks=tuple(text.in_language(language) for text in _absent(found)),
    )


def _department_table(
    departments: Sequence[DepartmentSuccess], components: Sequence[Component], language: Language
) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (
            word(_W, "takes_part", language),
            *(
                _said(float(one.takes_part), word(_W, "yes" if one.takes_part else "no", language))
                for one in departments
            ),
        )
    ]
    for component in components:
        figures = [one.figures.get(component.id, Figure(None)) for one in departments]
        if component.id != TAKING_PART and any(figure.value is not None for figure in figures):
            cells = (Number(figure.value, number_style(component.unit, figure, language)) for figure in figures)
            rows.append((component.name.in_language(language), *cells))
    strong = len(rows)
    rows.append((word(_W, "success", language), *(_index(one.composite, language)[0] for one in departments)))
    rows.append((word(_W, "interval", language), *(_index(one.composite, language)[1] for one in departments)))
    counts = [
        Text(f"{one.counted} of {len(one.figures)}", f"{one.counted} из\u00a0{len(one.figures)}").in_language(language)
        for one in departments
    ]
    known = (_said(float(one.counted), count) for one, count in zip(departments, counts, strict=True))
    rows.append((word(_W, "counted", language), *known))
    rows.append((word(_W, "overdue", language), *(bare(one.overdue, 0, language) for one in departments)))
    return Table("", ("", *(one.department for one in departments)), tuple(rows), strong=(strong,))


def _absent(found: Rollout) -> Iterator[Text]:
    if found.absent:
        names = ", ".join(found.absent)
        yield Text(
            f"Did no step of the modelled processes in the period: {names}.",
            f"Не\u00a0сделали за\u00a0период ни\u00a0одного шага описанных процессов: {names}.",
        )
    if found.unknown:
        names = ", ".join(found.unknown)
        yield Text(
            f"No employee is known of: {names}. See how the table `employees` calls them.",
            f"Нет ни\u00a0одного сотрудника: {names}. Проверьте, как они названы в\u00a0таблице `employees`.",
        )


def _more(count: int, language: Language) -> tuple[str, ...]:
    if count <= 0:
        return ()
    return (Text(f"{count} more are not shown.", f"Ещё {count} не\u00a0показаны.").in_language(language),)


def _index(figure: Figure, language: Language) -> tuple[Number, Interval]:
    return told("index", Estimated(figure.value, figure.lower, figure.upper), language)


def _said(value: float | None, said: str) -> Number:
    return Number(value, NumberStyle("", "en", None, 1, 0), said=said)


def _short(name: str, most: int = 38) -> str:
    return name if len(name) <= most else name[: most - 1].rstrip() + "…"
