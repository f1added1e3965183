"""A customer journey as a study: the map with live figures, the actual steps between stages, and where customers leave it."""

from collections.abc import Iterator, Mapping, Sequence

from septima.metrics.estimated import Estimated
from septima.metrics.journey import Transition
from septima.report.journey.flow import flow_svg
from septima.report.journey.map import FEELING_NAMES, map_svg
from septima.report.number_forms import number_style, plain
from septima.report.studies.study import (
    Assumption,
    Cell,
    Interval,
    Measure,
    Number,
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
from septima.scorecard.journey import DEVIATIONS, JourneyMap, key_of

_W: Mapping[str, Text] = {
    "title": Text("Customer journey", "Путь клиента"),
    "question": Text(
        "Where do customers meet the company, what do they feel there, and do they go the way that the journey intends?",
        "Где клиенты встречаются с\u00a0компанией, что они при этом чувствуют и\u00a0идут\u00a0ли задуманным путём?",
    ),
    "map": Text("Map of the journey", "Карта пути"),
    "flow": Text("Actual steps between stages", "Фактические шаги между стадиями"),
    "reading": Text(
        "Share of the steps from a stage, and their number. Above and between the stages: steps that the journey intends; "
        "beneath: the {count} most frequent deviations.",
        "Доля шагов из\u00a0стадии и\u00a0их число. Над стадиями и\u00a0между ними\u00a0— задуманные шаги, под ними\u00a0— самые частые "
        "отклонения (не\u00a0больше {count}).",
    ),
    "conformance": Text("Customers whose every step is intended", "Клиенты, у\u00a0которых каждый шаг задуман"),
    "fitness": Text("Steps that are intended", "Задуманные шаги"),
    "customers": Text("Customers on the journey", "Клиенты на\u00a0пути"),
    "stages": Text("Stages", "Стадии"),
    "stage": Text("stage", "стадия"),
    "reached": Text("customers", "клиенты"),
    "share": Text("reach it", "доходят"),
    "interval": Text("95 % interval", "интервал 95 %"),
    "ended": Text("end here", "здесь конец"),
    "drop": Text("as a share", "доля"),
    "designed": Text("designed feeling", "задуманное чувство"),
    "felt": Text("felt, 1–5", "измерено, 1–5"),
    "answers": Text("answers", "ответы"),
    "steps": Text("Intended steps", "Задуманные шаги"),
    "step": Text("step", "шаг"),
    "made": Text("steps", "шаги"),
    "of_steps": Text("of the steps from there", "от\u00a0шагов оттуда"),
    "days": Text("median days", "медиана, дней"),
    "deviations": Text("Most frequent deviations", "Самые частые отклонения"),
    "figures": Text("Figures of the touchpoints", "Показатели точек касания"),
    "touchpoint": Text("touchpoint", "точка касания"),
    "figure": Text("figure", "показатель"),
    "value": Text("value", "значение"),
    "never": Text("Intended steps that nobody made: {steps}.", "Задуманные шаги, которых не\u00a0сделал никто: {steps}."),
    "censored": Text(
        "A path is cut off at the period’s bounds: who ends at a stage may go on after the period.",
        "Путь обрезан границами периода: закончивший на\u00a0стадии может пойти дальше после него.",
    ),
    "missing": Text(
        "Events of nobody known, which are left out: {share}.", "События без известного клиента, они не\u00a0учтены: {share}."
    ),
    "other": Text("Other deviations: {kinds}, {steps} steps in all.", "Прочие отклонения: видов\u00a0— {kinds}, шагов\u00a0— {steps}."),
    "nothing": Text("No step was made in this period.", "За\u00a0этот период никто не\u00a0сделал ни\u00a0одного шага."),
    "most": Text("Most customers end at “{stage}”: {share} of those who reach it.", "Чаще всего путь кончается на\u00a0стадии «{stage}»: {share} дошедших."),
    "says_map": Text("Journey map in {count} stages: {stages}.", "Карта пути из\u00a0стадий ({count}): {stages}."),
    "says_flow": Text("Steps between stages: {steps}.", "Шаги между стадиями: {steps}."),
    "method": Text("Paths", "Пути"),
}  # fmt: skip

_METHOD = (
    Text(
        "Records become events of stages by the rules of the journey file; of those that follow one another within a stage the "
        "first counts, and a step leads from one stage to the next.",
        "Записи становятся событиями стадий по\u00a0правилам файла; из\u00a0идущих подряд внутри стадии считается первое, шаг ведёт из\u00a0одной "
        "стадии в\u00a0следующую.",
    ),
    Text(
        "Shares of customers have Wilson’s interval; the share of steps, of which a customer makes several, that of a ratio of "
        "sums over customers; the median days that of order statistics.",
        "У\u00a0долей клиентов интервал Уилсона; у\u00a0доли шагов, которых клиент делает несколько,\u00a0— интервал отношения сумм по\u00a0клиентам; "
        "у\u00a0медианы дней\u00a0— по\u00a0порядковым статистикам.",
    ),
)
_FORMULA = "conformance = customers with intended steps only / customers with a step; fitness = intended steps / steps"
_SOURCE = "van der Aalst, Process Mining, 2016, ch. 8; Wilson, 1927; Cochran, 1977, ch. 6; Conover, 1999, 3.2"


def journey_study(found: JourneyMap, language: Language) -> Study:
    """The study of a journey in a period."""
    measures = found.measures
    intended, deviations = _sorted(found, intended=True), _sorted(found, intended=False)
    shown = deviations[:DEVIATIONS]
    sections = [
        Section(
            word(_W, "map", language),
            drawings=(Scheme(found.journey.name.in_language(language), map_svg(found, language, _says_map(found, language)), _says_map(found, language)),),
        )
    ]  # fmt: skip
    if measures.steps:
        says = _says_flow(found, (*intended, *shown), language)
        drawn = Scheme(word(_W, "flow", language), flow_svg(found, intended, shown, language, says), says)
        lead = word(_W, "reading", language).format(count=DEVIATIONS)
        sections.append(Section(word(_W, "flow", language), lead=(lead,), drawings=(drawn,)))
    sections.append(
        Section(
            word(_W, "stages", language),
            tables=(_stages(found, language),),
            remarks=tuple(_remarks(found, intended, language)),
        )
    )
    if measures.steps:
        sections.append(Section(word(_W, "steps", language), tables=(_steps(found, intended, language),)))
    if shown:
        rest = deviations[DEVIATIONS:]
        other = word(_W, "other", language).format(
            kinds=len(rest), steps=plain(sum(one.steps for one in rest), 0, language)
        )
        sections.append(
            Section(
                word(_W, "deviations", language),
                tables=(_steps(found, shown, language),),
                remarks=(other,) if rest else (),
            )
        )
    if found.figures:
        sections.append(Section(word(_W, "figures", language), tables=(_figures(found, language),)))
    return Study(
        word(_W, "title", language),
        found.period.in_language(language),
        word(_W, "question", language),
        _measures(found, language),
        tuple(sections),
        (
            Assumption(
                word(_W, "method", language), tuple(said.in_language(language) for said in _METHOD), _FORMULA, _SOURCE
            ),
        ),
    )


def _measures(found: JourneyMap, language: Language) -> tuple[Measure, ...]:
    measures = found.measures
    return (
        Measure(word(_W, "conformance", language), *told("share", measures.conformance, language)),
        Measure(word(_W, "fitness", language), *told("share", measures.fitness, language)),
        Measure(word(_W, "customers", language), bare(measures.customers, 0, language)),
    )


def _sorted(found: JourneyMap, *, intended: bool) -> list[Transition]:
    """Steps from the most frequent to the rarest."""
    mine = [step for step in found.measures.transitions if step.intended == intended]
    return sorted(mine, key=lambda step: (-step.steps, step.source, step.target))


def _stages(found: JourneyMap, language: Language) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for place, stage in enumerate(found.journey.stages):
        measured, felt = found.measures.stages[place], found.felt.get(place)
        mean, between = told("score_1_5", felt.mean if felt is not None else Estimated(None, None, None), language)
        seen = bool(stage.events)
        rows.append(
            (
                stage.name.in_language(language),
                bare(measured.reached if seen else None, 0, language),
                *told("share", measured.share, language),
                bare(measured.ended if seen else None, 0, language),
                *told("share", measured.drop_out, language),
                "" if stage.expected is None else FEELING_NAMES[stage.expected - 1].in_language(language),
                mean,
                between,
                bare(felt.n if felt is not None else None, 0, language),
            )
        )
    columns = (
        "stage",
        "reached",
        "share",
        "interval",
        "ended",
        "drop",
        "interval",
        "designed",
        "felt",
        "interval",
        "answers",
    )
    return Table("", heads(_W, columns, language), tuple(rows))


def _steps(found: JourneyMap, steps: Sequence[Transition], language: Language) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (
            _named(found, step, language),
            bare(step.steps, 0, language),
            bare(step.customers, 0, language),
            *told("share", step.share, language),
            *_days(step.days, language),
        )
        for step in steps
    ]
    columns = ("step", "made", "reached", "of_steps", "interval", "days", "interval")
    return Table("", heads(_W, columns, language), tuple(rows))


def _days(days: Estimated, language: Language) -> tuple[Number, Interval]:
    """Days without their word, which stands over the column."""
    number, interval = told("", days, language)
    return number, interval


def _figures(found: JourneyMap, language: Language) -> Table:
    rows: list[tuple[Cell, ...]] = []
    notes: list[str] = []
    for stage in found.journey.stages:
        for touchpoint in stage.touchpoints:
            for metric in touchpoint.metrics:
                one = found.figures[key_of(metric)]
                style = number_style(one.unit, one.figure, language, currency=found.currency)
                name = touchpoint.name.in_language(language)
                rows.append(
                    (
                        stage.name.in_language(language),
                        name,
                        one.name.in_language(language),
                        Number(one.figure.value, style),
                        Interval(one.figure, style),
                        bare(one.n, 0, language),
                    )
                )
                if one.note is not None:
                    notes.append(f"{name}, {one.name.in_language(language)}: {one.note.in_language(language)}")
    columns = ("stage", "touchpoint", "figure", "value", "interval")
    return Table("", (*heads(_W, columns, language), "n"), tuple(rows), notes=tuple(dict.fromkeys(notes)))


def _remarks(found: JourneyMap, intended: Sequence[Transition], language: Language) -> Iterator[str]:
    stages, measures = found.journey.stages, found.measures
    if not measures.steps:
        yield word(_W, "nothing", language)
        return
    leaving = [
        (measured.drop_out.value, stage)
        for stage, measured in zip(stages, measures.stages, strict=True)
        if measured.drop_out.value is not None and not stage.final
    ]
    if leaving:
        share, stage = max(leaving, key=lambda one: one[0])
        yield word(_W, "most", language).format(
            stage=stage.name.in_language(language), share=percent(share, language, 0).text
        )
    made = {(step.source, step.target) for step in intended}
    never = [pair for pair in found.journey.intended if pair not in made]
    if never:
        names = "; ".join(_between(found, *pair, language) for pair in never)
        yield word(_W, "never", language).format(steps=names)
    yield word(_W, "censored", language)
    if measures.missing_share:
        yield word(_W, "missing", language).format(share=percent(measures.missing_share, language).text)


def _named(found: JourneyMap, step: Transition, language: Language) -> str:
    return _between(found, step.source, step.target, language)


def _between(found: JourneyMap, source: int, target: int, language: Language) -> str:
    names = [found.journey.stages[place].name.in_language(language) for place in (source, target)]
    return " → ".join(names)


def _says_map(found: JourneyMap, language: Language) -> str:
    stages = "; ".join(stage.name.in_language(language) for stage in found.journey.stages)
    return word(_W, "says_map", language).format(count=len(found.journey.stages), stages=stages)


def _says_flow(found: JourneyMap, steps: Sequence[Transition], language: Language) -> str:
    said = "; ".join(f"{_named(found, step, language)} {percent(step.share.value, language, 0).text}" for step in steps)
    return word(_W, "says_flow", language).format(steps=said)
