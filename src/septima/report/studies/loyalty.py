"""Loyalty economics as a study: rules of thumb, the same quantities measured here, and a what-if."""

from collections.abc import Mapping

from septima.metrics.estimated import Estimated
from septima.metrics.loyalty_economics import PRICE_CUT, LoyaltyEconomics
from septima.report.number_forms import day, plain
from septima.report.studies.study import (
    Assumption,
    Cell,
    Measure,
    Section,
    Study,
    Table,
    dots_of,
    heads,
    percent,
    relative,
    told,
    word,
)
from septima.schema import Language, Text

TITLE = Text("What loyalty is worth", "Чего стоит лояльность")
_W: Mapping[str, Text] = {
    "question": Text(
        "Do the rules of thumb about loyal customers hold here, and what would another retention bring?",
        "Верны\u00a0ли здесь эмпирические правила о\u00a0лояльных клиентах и\u00a0что дало\u00a0бы другое удержание?",
    ),
    "compared": Text("Loyal customers and others", "Лояльные и\u00a0остальные"),
    "claims": Text("Rules of thumb, and what is measured here", "Эмпирические правила и\u00a0что измерено здесь"),
    "what_if": Text("What if", "Что, если"),
    "times_drawn": Text("How many times that of the others", "Во\u00a0сколько раз больше, чем у\u00a0остальных"),
    "loyal_share": Text("Share of loyal customers", "Доля лояльных"),
    "change_measure": Text(
        "Change of profit per customer at another retention", "Изменение прибыли на\u00a0клиента при другом удержании"
    ),
    "quantity": Text("quantity", "показатель"),
    "loyal": Text("loyal", "лояльные"),
    "others": Text("others", "остальные"),
    "interval": Text("95 % interval", "интервал 95 %"),
    "times": Text("times", "во\u00a0сколько раз"),
    "missing": Text("missing", "пропуски"),
    "claim": Text("rule of thumb", "эмпирическое правило"),
    "source": Text("source", "источник"),
    "here": Text("here", "здесь"),
    "now": Text("now", "сейчас"),
    "then": Text("changed", "изменено"),
    "retention": Text("retention", "удержание"),
    "margin": Text("margin of a period", "прибыль за\u00a0период"),
    "profit": Text("profit per customer", "прибыль на\u00a0клиента"),
    "change": Text("change of profit per customer", "изменение прибыли на\u00a0клиента"),
}


def loyalty_study(found: LoyaltyEconomics, language: Language) -> Study:
    """The study of what loyalty is worth."""
    loyal, others = (plain(number, 0, language) for number in (found.loyal_customers, found.other_customers))
    who = Text(
        f"Known on {day(found.decided, 'en')}: {loyal} loyal, {others} others; compared by the {found.days} days after it.",
        f"На\u00a0{day(found.decided, 'ru')}: лояльных {loyal}, остальных {others}; сравниваются следующие {found.days}\u00a0дней.",
    )
    return Study(
        TITLE.in_language(language),
        "",
        word(_W, "question", language),
        _measures(found, language),
        (
            _compared(found, (found.definition.in_language(language), who.in_language(language)), language),
            Section(word(_W, "claims", language), tables=(_claims(found, language),)),
            _what_if(found, language),
        ),
        (Assumption(TITLE.in_language(language), tuple(said.in_language(language) for said in found.statements)),)
        if found.statements
        else (),
    )


def _measures(found: LoyaltyEconomics, language: Language) -> tuple[Measure, ...]:
    measures: list[Measure] = []
    scenario = found.retention
    if scenario is not None and scenario.relative.value is not None:
        measures.append(Measure(word(_W, "change_measure", language), *relative(scenario.relative, language)))
        measures.append(
            Measure(word(_W, "retention", language).capitalize(), *told("share", scenario.retention, language))
        )
    whole = found.loyal_customers + found.other_customers
    if whole:
        measures.append(Measure(word(_W, "loyal_share", language), percent(found.loyal_customers / whole, language)))
    return tuple(measures)


def _compared(found: LoyaltyEconomics, lead: tuple[str, ...], language: Language) -> Section:
    columns = ("quantity", "loyal", "interval", "others", "interval", "times", "interval", "missing")
    rows: list[tuple[Cell, ...]] = [
        (
            one.name.in_language(language),
            *told(one.unit, one.loyal, language, found.currency),
            *told(one.unit, one.other, language, found.currency),
            *told("ratio", one.times, language),
            percent(one.missing_share, language),
        )
        for one in found.comparisons
    ]
    named = [(one.name.in_language(language), *told("ratio", one.times, language)) for one in found.comparisons]
    drawn = dots_of(word(_W, "times_drawn", language), named, word(_W, "times_drawn", language), whole=1.0)
    said = dict.fromkeys(
        f"{one.name.in_language(language)}: {one.statement.in_language(language)}"
        for one in found.comparisons
        if one.statement is not None
    )
    return Section(
        word(_W, "compared", language),
        lead=lead,
        drawings=(drawn,) if drawn else (),
        tables=(Table("", heads(_W, columns, language), tuple(rows)),),
        remarks=tuple(said),
    )


def _claims(found: LoyaltyEconomics, language: Language) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for one in found.claims:
        figure = _here(one.figure, language, times=one.comparison is not None)
        here = " ".join(part for part in (figure, one.finding.in_language(language)) if part)
        rows.append((one.claim.statement.in_language(language), one.claim.source.in_language(language), here))
    return Table("", heads(_W, ("claim", "source", "here"), language), tuple(rows))


def _here(figure: Estimated, language: Language, *, times: bool) -> str:
    """`×1.05 (0.98–1.13).` of a ratio, `+18 % (17–19 %).` of a change; nothing where there is no figure."""
    if figure.value is None:
        return ""
    number, interval = told("ratio", figure, language) if times else relative(figure, language)
    sign = "×" if times else ""
    return f"{sign}{number.text} ({interval.text})." if interval.text else f"{sign}{number.text}."


def _what_if(found: LoyaltyEconomics, language: Language) -> Section:
    remarks: list[Text] = []
    tables: list[Table] = []
    scenario = found.retention
    if scenario is not None:
        then_retention, _ = told("share", Estimated(scenario.changed_retention, None, None), language)
        then_profit, _ = told("currency", Estimated(scenario.changed_value, None, None), language, found.currency)
        rows: tuple[tuple[Cell, ...], ...] = (
            (word(_W, "retention", language), *told("share", scenario.retention, language), then_retention, ""),
            (word(_W, "margin", language), *told("currency", scenario.margin, language, found.currency), "", ""),
            (
                word(_W, "profit", language),
                *told("currency", scenario.value, language, found.currency),
                then_profit,
                "",
            ),
            (word(_W, "change", language), "", "", *relative(scenario.relative, language)),
            (word(_W, "change", language), "", "", *told("currency", scenario.change, language, found.currency)),
        )
        period = Text(
            f"Retention over periods of {scenario.period_days} days",
            f"Удержание по\u00a0периодам в\u00a0{scenario.period_days}\u00a0дней",
        )
        columns = ("quantity", "now", "interval", "then", "interval")
        tables.append(Table(period.in_language(language), heads(_W, columns, language), rows))
        remarks += [scenario.statement] if scenario.statement is not None else []
    loyalty = found.loyalty
    if loyalty.statement is None:
        more, share = (percent(part, language).text for part in (loyalty.change, loyalty.loyal_share))
        value, interval = (part.text for part in relative(loyalty.relative, language))
        remarks.append(
            Text(
                f"The share of loyal customers, {share}, grown by {more} of itself: profit changes by {value} ({interval}).",
                f"Если доля лояльных ({share}) вырастет на\u00a0{more} от\u00a0себя, прибыль изменится на\u00a0{value} ({interval}).",
            )
        )
    if found.break_even.value is not None:
        cut = percent(PRICE_CUT, language).text
        value, interval = (part.text for part in told("share", found.break_even, language))
        remarks.append(
            Text(
                f"A price cut of {cut} leaves the margin as it was only if sales in pieces grow by {value} ({interval}).",
                f"Снижение цены на\u00a0{cut} не\u00a0уменьшит прибыль, только если продажи в\u00a0штуках вырастут на\u00a0{value} "
                f"({interval}).",
            )
        )
    return Section(
        word(_W, "what_if", language),
        tables=tuple(tables),
        remarks=tuple(said.in_language(language) for said in remarks),
    )
