"""What the command `attribution` computes and prints."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from septima.cli.figures import percent, told
from septima.cli.output import FrameFormat, print_frame, print_json, print_rows, progress, say, spoken
from septima.metrics.attribution import CompanyAttribution, label
from septima.metrics.attribution_calibration import Calibration
from septima.metrics.attribution_paths import KINDS
from septima.metrics.attribution_sums import COLUMNS, By, Scope
from septima.metrics.estimated import Estimated
from septima.models.attribution.markov import Order
from septima.models.attribution.results import Attribution, Credit
from septima.models.attribution.words import METHODS, WORTHS, Method, Worth
from septima.report.number_forms import NumberStyle, count, number_style, plain
from septima.schema import TABLES, Language, SeptimaError, Text
from septima.scorecard.card import Figure

if TYPE_CHECKING:
    from septima.workspace import Workspace

VALUES = ("revenue", "conversions")
ALL = "all"
_ORDERS: dict[str, Order] = {"auto": "auto", "1": 1, "2": 2, "3": 3, "4": 4}

_SHORT: dict[Method, Text] = {
    "last": Text("last", "последнее"),
    "last_non_direct": Text("last non-direct", "последнее непрямое"),
    "first": Text("first", "первое"),
    "linear": Text("linear", "линейно"),
    "time_decay": Text("time decay", "по\u00a0давности"),
    "position": Text("position", "по\u00a0позиции"),
    "markov": Text("Markov", "Марков"),
    "shapley": Text("Shapley", "Шепли"),
}
_BY: dict[By, Text] = {
    "channel": Text("channel", "канал"),
    "campaign": Text("campaign", "кампания"),
    "chain": Text("chain", "цепочка"),
}
_W = {
    "revenue": Text("revenue", "выручка"),
    "conversions": Text("conversions", "конверсии"),
    "share": Text("share", "доля"),
    "interval": Text("95 % interval", "интервал 95 %"),
    "removal": Text("removal effect", "эффект удаления"),
    "sampling": Text("error of sampling", "ошибка выборки"),
    "total": Text("in all", "всего"),
    "attributed": Text("attributed", "приписано"),
    "tested": Text("to tested campaigns", "проверенным кампаниям"),
    "incremental": Text("incremental", "дополнительная"),
    "ratio": Text("ratio", "отношение"),
    "calibrated": Text("calibrated", "с\u00a0поправкой"),
    "base": Text("would have come anyway", "пришло\u00a0бы и\u00a0так"),
}
_TITLE = Text("Attribution, {}", "Атрибуция, {}")
_CALIBRATION = Text(
    "Revenue beside what control groups prove: {}", "Выручка рядом с\u00a0тем, что доказывают контрольные группы: {}"
)
_COVERAGE = Text(
    "Purchases {}, with touches before them {}; paths that came to nothing {}.",
    "Покупок {}, из\u00a0них с\u00a0касаниями {}; путей без покупки {}.",
)
_CHAIN = Text("Markov chain of order {}; conversion of a path {}.", "Марковская цепь порядка {}; конверсия пути {}.")
_SCORES = Text("Held-out AUC by order: {}.", "AUC на\u00a0отложенных путях по\u00a0порядкам: {}.")
_GAME = Text("Shapley values sampled over {} permutations.", "Значения Шепли оценены по\u00a0{} перестановкам.")
_SOURCE = Text("Source: {}.", "Источник: {}.")
_DETAIL = Text(
    "What a method takes for granted, and its intervals: --method NAME.",
    "Допущения и\u00a0интервалы каждого метода: --method ИМЯ.",
)


def run_attribution(
    workspace: "Workspace",
    language: Language,
    form: FrameFormat,
    *,
    method: str,
    by: str,
    window: int,
    order: str,
    value: str,
    kinds: Sequence[str],
    worth: str,
    since: str | None,
    until: str | None,
) -> None:
    """Compute the attribution and print it."""
    methods = _methods(method)
    _one_of("--value", value, VALUES)
    for kind in kinds:
        _one_of("--kind", kind, TABLES["touches"].column("kind").choices)
    scope = Scope(cast(By, _one_of("--by", by, tuple(COLUMNS))), window, tuple(kinds) or KINDS)
    chosen = _ORDERS[_one_of("--order", order, tuple(_ORDERS))]
    game = cast(Worth, _one_of("--worth", worth, WORTHS))
    with progress(workspace.settings.language) as report:
        found = workspace.attribution(
            scope, methods=methods, order=chosen, worth=game, start=since, end=until, progress=report
        )
    if form is FrameFormat.json:
        print_json(attribution_record(found, language))
    else:
        print_frame(found.frame(), form, lambda _: _print(found, language, value))


def attribution_record(found: CompanyAttribution, language: Language) -> dict[str, object]:
    """Everything that was found, for programs; words are in `language`."""
    rest = found.attributions
    return {
        "by": found.scope.by,
        "window_days": found.scope.window_days,
        "kinds": list(found.scope.kinds),
        "start": found.start,
        "end": found.end,
        "currency": found.currency,
        "coverage": vars(found.coverage),
        "unattributed": {"conversions": rest.unattributed_conversions, "value": rest.unattributed_value},
        "members": found.members.to_dict(orient="records"),
        "methods": {name: _method_record(one, language) for name, one in rest.methods.items()},
        "calibrations": {name: _calibration_record(one, language) for name, one in found.calibrations.items()},
        "statements": spoken(found.statements, language),
    }


def _method_record(one: Attribution, language: Language) -> dict[str, object]:
    frame: Any = one.frame().drop(columns="method")
    record: dict[str, object] = {
        "name": one.name.in_language(language),
        "source": one.source,
        "assumptions": spoken(one.assumptions, language),
        "statements": spoken(one.statements, language),
        "channels": frame.to_dict(orient="records"),
    }
    if one.markov is not None:
        record["markov"] = {
            "order": one.markov.order,
            "conversion_probability": one.markov.conversion_probability,
            "scores": [vars(score) for score in one.markov.scores],
            "transitions": one.markov.transition_matrix().to_dict(orient="records"),
        }
    if one.shapley is not None:
        game = one.shapley
        record["shapley"] = {**vars(game), "standard_errors": game.standard_errors.tolist()}
    return record


def _calibration_record(one: Calibration, language: Language) -> dict[str, object]:
    return {
        "channels": one.frame.to_dict(orient="records"),
        "base": one.base,
        "base_share": one.base_share,
        "assumptions": spoken(one.assumptions, language),
    }


def _print(found: CompanyAttribution, language: Language, value: str) -> None:
    attributions = list(found.attributions.methods.values())
    if len(attributions) == 1:
        _print_one(found, attributions[0], language, value)
    else:
        _print_all(found, language, value)
    cover = found.coverage
    figures = (count(float(number), language) for number in (cover.conversions, cover.converted, cover.nulls))
    say(_COVERAGE.in_language(language).format(*figures))
    for one in attributions:
        _print_detail(one, language)
    said = [statement for one in attributions for statement in one.statements]
    for statement in dict.fromkeys([*found.statements, *said]):
        say(f"· {statement.in_language(language)}")
    if len(attributions) == 1:
        for assumption in attributions[0].assumptions:
            say(f"· {assumption.in_language(language)}")
        say(_SOURCE.in_language(language).format(attributions[0].source))
    else:
        say(_DETAIL.in_language(language))
    calibration = _shown_calibration(found)
    if calibration is not None:
        _print_calibration(found, calibration, language)


def _print_all(found: CompanyAttribution, language: Language, value: str) -> None:
    attributions = found.attributions.methods
    credits_of = {method: _credit(one, value) for method, one in attributions.items()}
    style = _style(found, value, language, list(credits_of.values()))
    rows: list[list[str]] = []
    for place, name in enumerate(found.attributions.channels):
        cells = [style.value(float(one.amounts[place])) if one else "—" for one in credits_of.values()]
        rows.append([label(name).in_language(language), *cells])
    rest = _rest(found, value)
    everything = [None if one is None or rest is None else float(one.total) + rest for one in credits_of.values()]
    rows.append([label(None).in_language(language), *([style.value(rest)] * len(credits_of))])
    rows.append([_word("total", language), *(style.value(total) for total in everything)])
    columns = [_BY[found.scope.by].in_language(language), *(_SHORT[one].in_language(language) for one in attributions)]
    title = _TITLE.in_language(language).format(_word(value, language))
    print_rows(title, columns, rows, numeric=range(1, len(columns)))


def _print_one(found: CompanyAttribution, one: Attribution, language: Language, value: str) -> None:
    credit = _credit(one, value)
    style = _style(found, value, language, [credit])
    effects = one.markov.removal_effects if one.markov else None
    errors = one.shapley.standard_errors if one.shapley and not one.shapley.exact else None
    columns = [_BY[found.scope.by].in_language(language)]
    columns += [_word(name, language) for name in (value, "share", "interval")]
    columns += [_word("removal", language)] if effects is not None else []
    columns += [_word("sampling", language)] if errors is not None else []
    rows: list[list[str]] = []
    for place, name in enumerate(one.channels):
        row = [label(name).in_language(language)]
        if credit is None:
            row += ["—", "—", ""]
        else:
            figure = Estimated(float(credit.shares[place]), float(credit.lower[place]), float(credit.upper[place]))
            row += [style.value(float(credit.amounts[place])), *told("share", figure, language)]
        row += [percent(effects[place], language)] if effects is not None else []
        row += [percent(errors[place], language)] if errors is not None else []
        rows.append(row)
    blank = [""] * (len(columns) - 2)
    rest = _rest(found, value)
    rows.append([label(None).in_language(language), style.value(rest), *blank])
    if credit is not None and rest is not None:
        rows.append([_word("total", language), style.value(float(credit.total) + rest), *blank])
    print_rows(one.name.in_language(language), columns, rows, numeric=range(1, len(columns)))


def _print_detail(one: Attribution, language: Language) -> None:
    if one.markov is not None:
        conversion = percent(one.markov.conversion_probability, language)
        say(_CHAIN.in_language(language).format(one.markov.order, conversion))
        if one.markov.scores:
            told = "; ".join(
                f"{score.order}: {plain(score.auc, 4, language)} ± {plain(score.standard_error, 4, language)}"
                for score in one.markov.scores
            )
            say(_SCORES.in_language(language).format(told))
    if one.shapley is not None and not one.shapley.exact:
        say(_GAME.in_language(language).format(count(one.shapley.permutations, language)))


def _shown_calibration(found: CompanyAttribution) -> Calibration | None:
    """That of the one method asked for; of several that of the chain, which is the nearest to a cause, or of the first."""
    known = found.calibrations
    return known.get("markov") or next(iter(known.values()), None)


def _print_calibration(found: CompanyAttribution, calibration: Calibration, language: Language) -> None:
    frame: Any = calibration.frame
    proven = frame[frame["incremental"].notna()]
    largest = float(np.nanmax(np.abs(proven[["attributed", "incremental", "upper"]].to_numpy(np.float64))))
    money = number_style("currency", Figure(largest, None, None), language, currency=found.currency)
    rows: list[list[str]] = []
    for cells in proven.to_dict(orient="records"):
        figure = Figure(cells["incremental"], cells["lower"], cells["upper"])
        rows.append(
            [
                label(cells["channel"]).in_language(language),
                money.value(cells["attributed"]),
                money.value(cells["tested"]),
                money.value(cells["incremental"]),
                money.interval(figure),
                plain(cells["ratio"], 2, language),
                money.value(cells["calibrated"]),
                percent(cells["calibrated_share"], language),
            ]
        )
    names = ("attributed", "tested", "incremental", "interval", "ratio", "calibrated", "share")
    columns = [_BY[found.scope.by].in_language(language), *(_word(name, language) for name in names)]
    name = found[calibration.method].name.in_language(language)
    print_rows(_CALIBRATION.in_language(language).format(name), columns, rows, numeric=range(1, len(columns)))
    say(f"{_word('base', language)}: {money.value(calibration.base)} ({percent(calibration.base_share, language)})")
    for assumption in calibration.assumptions:
        say(f"· {assumption.in_language(language)}")


def _credit(one: Attribution, value: str) -> Credit | None:
    return one.value if value == "revenue" else one.conversions


def _rest(found: CompanyAttribution, value: str) -> float | None:
    rest = found.attributions
    amount = rest.unattributed_value if value == "revenue" else rest.unattributed_conversions
    return None if amount is None else float(amount)


def _style(found: CompanyAttribution, value: str, language: Language, shown: Sequence[Credit | None]) -> NumberStyle:
    largest = max((float(max(one.amounts)) for one in shown if one is not None and one.amounts), default=0.0)
    unit = "currency" if value == "revenue" else "count"
    return number_style(unit, Figure(largest, None, None), language, currency=found.currency)


def _word(name: str, language: Language) -> str:
    return _W[name].in_language(language)


def _methods(given: str) -> Sequence[Method]:
    if given == ALL:
        return METHODS
    return [cast(Method, _one_of("--method", given, (*METHODS, ALL)))]


def _one_of(option: str, given: str, known: Sequence[str]) -> str:
    if given not in known:
        raise SeptimaError(f"{option} {given!r} is not known; write one of: {', '.join(known)}")
    return given
