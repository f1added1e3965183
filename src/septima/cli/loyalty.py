"""What the command `loyalty-economics` reads and prints."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from septima.cli.figures import percent, told
from septima.cli.options import share_of
from septima.cli.output import Format, print_json, print_rows, say, spoken
from septima.metrics.estimated import Estimated
from septima.metrics.loyalty_economics import PRICE_CUT, LoyaltyEconomics, Rule, loyalty_economics_of
from septima.report.number_forms import day, plain
from septima.schema import Language, SeptimaError, Text

if TYPE_CHECKING:
    from septima.workspace import Workspace

_POINTS = re.compile(r"^(?P<number>[^%\s]+)\s*(pp|pts?|п\.?\s?п\.?)$")
_W: Mapping[str, Text] = {
    "quantity": Text("quantity", "показатель"),
    "loyal": Text("loyal", "лояльные"),
    "others": Text("others", "остальные"),
    "interval": Text("95 % interval", "интервал 95 %"),
    "times": Text("times", "во\u00a0сколько раз"),
    "n": Text("n", "n"),
    "missing": Text("missing", "пропуски"),
    "claim": Text("rule of thumb", "эмпирическое правило"),
    "source": Text("source", "источник"),
    "here": Text("here", "здесь"),
    "what": Text("what was measured", "что измерено"),
    "now": Text("now", "сейчас"),
    "then": Text("changed", "изменено"),
    "retention": Text("retention", "удержание"),
    "margin": Text("margin of a period", "прибыль за\u00a0период"),
    "profit": Text("profit per customer", "прибыль на\u00a0клиента"),
    "change": Text("change of profit per customer", "изменение прибыли на\u00a0клиента"),
    "loyalty": Text("loyal share", "доля лояльных"),
}


def change_of(given: str, option: str) -> tuple[float, float]:
    """The factor and the points of a change written `+5%` (of itself) or `+5pp` (percentage points)."""
    text = given.strip()
    points = _POINTS.fullmatch(text)
    if points:
        return 1.0, share_of(f"{points['number'].lstrip('+')}%", option)
    if not text.endswith("%"):
        raise SeptimaError(f"{option} {given!r} is no change; write +5% of itself, or +5pp for percentage points")
    return 1.0 + share_of(text.lstrip("+"), option), 0.0


def loyalty_economics(
    workspace: "Workspace",
    language: Language,
    form: Format,
    *,
    retention: str,
    loyalty: str,
    loyal: str,
    least: float | None,
    days: int,
    period_days: int,
    discount_rate: str,
) -> None:
    """Print what loyalty is worth here, beside the rules of thumb, and the what-if."""
    rules: dict[str, Rule] = {"nps": "nps", "cli": "cli", "repeat": "repeat"}
    if loyal not in rules:
        raise SeptimaError(
            f"there is no way {loyal!r} to tell who is loyal; write --loyal with one of: {', '.join(rules)}"
        )
    factor, points = change_of(retention, "--retention")
    share_factor, share_points = change_of(loyalty, "--loyalty")
    if share_points:
        raise SeptimaError(f"--loyalty {loyalty!r}: write a change of the share of itself, such as +2%")
    discount = share_of(discount_rate, "--discount-rate")
    if not 0 <= discount < 10:
        raise SeptimaError(f"--discount-rate {discount_rate!r} must be a share a year, such as 10%")
    found = loyalty_economics_of(
        workspace.request(),
        rule=rules[loyal],
        least=least,
        days=days,
        retention_factor=factor,
        retention_points=points,
        loyalty_change=share_factor - 1,
        period_days=period_days,
        discount_rate=discount,
    )
    if form is Format.json:
        print_json(spoken(found, language))
        return
    _print(found, language)


def _print(found: LoyaltyEconomics, language: Language) -> None:
    loyal, others = (plain(number, 0, language) for number in (found.loyal_customers, found.other_customers))
    say(found.definition.in_language(language))
    say(
        Text(
            f"Known on {day(found.decided, 'en')}: {loyal} loyal, {others} others; compared by the {found.days} days after it.",
            f"На\u00a0{day(found.decided, 'ru')}: лояльных {loyal}, остальных {others}; сравниваются следующие {found.days}\u00a0дней.",
        ).in_language(language)
    )
    _print_comparisons(found, language)
    _print_claims(found, language)
    _print_retention(found, language)
    for statement in found.statements:
        say(statement.in_language(language))


def _print_comparisons(found: LoyaltyEconomics, language: Language) -> None:
    heads = ["quantity", "loyal", "interval", "others", "interval", "times", "interval", "missing"]
    rows: list[list[str]] = []
    for one in found.comparisons:
        figures = [told(one.unit, figure, language, found.currency) for figure in (one.loyal, one.other)]
        rows.append(
            [
                one.name.in_language(language),
                *figures[0],
                *figures[1],
                *told("ratio", one.times, language, None),
                percent(one.missing_share, language),
            ]
        )
    print_rows("", _heads(heads, language), rows, numeric=range(1, 8))


def _print_claims(found: LoyaltyEconomics, language: Language) -> None:
    rows = [
        [
            one.claim.statement.in_language(language),
            one.claim.source.in_language(language),
            " ".join(
                part
                for part in (_here(one.figure, language, times=one.comparison is not None), one.finding.in_language(language))
                if part
            ),
        ]
        for one in found.claims
    ]  # fmt: skip
    print_rows("", _heads(["claim", "source", "here"], language), rows)


def _here(figure: Estimated, language: Language, *, times: bool) -> str:
    """`×1.05 (0.98–1.13).` of a ratio, `+18 % (17–19 %).` of a change; nothing where there is no figure."""
    if figure.value is None:
        return ""
    value, interval = told("ratio" if times else "share", figure, language, None)
    sign = "×" if times else "+" if figure.value > 0 else ""
    return f"{sign}{value} ({interval})." if interval else f"{sign}{value}."


def _print_retention(found: LoyaltyEconomics, language: Language) -> None:
    scenario = found.retention
    if scenario is not None:
        rows = [
            [
                _W["retention"].in_language(language),
                *told("share", scenario.retention, language, None),
                *told("share", Estimated(scenario.changed_retention, None, None), language, None),
            ],
            [_W["margin"].in_language(language), *told("currency", scenario.margin, language, found.currency), "", ""],
            [
                _W["profit"].in_language(language),
                *told("currency", scenario.value, language, found.currency),
                *told("currency", Estimated(scenario.changed_value, None, None), language, found.currency),
            ],
            [_W["change"].in_language(language), "", "", *told("share", scenario.relative, language, None)],
            [_W["change"].in_language(language), "", "", *told("currency", scenario.change, language, found.currency)],
        ]
        period = Text(
            f"Retention over periods of {scenario.period_days} days",
            f"Удержание по\u00a0периодам в\u00a0{scenario.period_days}\u00a0дней",
        )
        heads = ["quantity", "now", "interval", "then", "interval"]
        print_rows(period.in_language(language), _heads(heads, language), rows, numeric=range(1, 5))
        if scenario.statement is not None:
            say(scenario.statement.in_language(language))
    loyalty = found.loyalty
    if loyalty.statement is None:
        more, share = (percent(part, language) for part in (loyalty.change, loyalty.loyal_share))
        value, interval = told("share", loyalty.relative, language, None)
        say(
            Text(
                f"The share of loyal customers, {share}, grown by {more} of itself: profit changes by {value} ({interval}).",
                f"Если доля лояльных ({share}) вырастет на\u00a0{more} от\u00a0себя, прибыль изменится на\u00a0{value} ({interval}).",
            ).in_language(language)
        )
    if found.break_even.value is not None:
        cut = percent(PRICE_CUT, language)
        value, interval = told("share", found.break_even, language, None)
        say(
            Text(
                f"A price cut of {cut} leaves the margin as it was only if sales in pieces grow by {value} ({interval}).",
                f"Снижение цены на\u00a0{cut} не\u00a0уменьшит прибыль, только если продажи в\u00a0штуках вырастут на\u00a0{value} "
                f"({interval}).",
            ).in_language(language)
        )


def _heads(names: list[str], language: Language) -> list[str]:
    return [_W[name].in_language(language) for name in names]
