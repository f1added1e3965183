"""Lifetime value by ten methods: what they give, why they differ, and how they did on held-out time."""

import re
from collections.abc import Sequence
from dataclasses import fields
from datetime import timedelta
from typing import TYPE_CHECKING

from pandas import DataFrame

from septima.cli.output import FrameFormat, console, notices, print_frame, print_json, print_rows, progress, say, spoken
from septima.metrics.estimated import known
from septima.metrics.lifetime import (
    Backtest,
    LifetimeReport,
    LifetimeSettings,
    MethodResult,
    decile_error,
    lifetime_value,
    predict_customers,
)
from septima.metrics.lifetime_summary import Business
from septima.report.number_forms import number_style, plain
from septima.schema import Language, SeptimaError, Text
from septima.scorecard.card import Figure
from septima.scorecard.dimensions import dimension_name

if TYPE_CHECKING:
    from septima.workspace import Workspace

_HORIZON = re.compile(r"(\d{1,5})\s*([dwmy])")
_DAYS = {"d": 1.0, "w": 7.0, "m": 30.4375, "y": 365.25}
_BUSINESSES: dict[str, Business] = {
    "auto": "auto",
    "contractual": "contractual",
    "non-contractual": "non_contractual",
}
_ALL = "all"
_LETTERS = "abcdefghijklmnopqrstuvwxyz"

_COLUMNS = (
    Text("method", "метод"),
    Text("customers", "клиентов"),
    Text("value per customer", "ценность клиента"),
    Text("95 % interval", "интервал 95 %"),
    Text("without a horizon", "без горизонта"),
    Text("to date", "на\u00a0сегодня"),
    Text("", ""),
)
_TESTED = (
    Text("rank", "место"),
    Text("method", "метод"),
    Text("bias", "смещение"),
    Text("mean error", "средняя ошибка"),
    Text("error of deciles", "ошибка децилей"),
    Text("Gini", "Джини"),
    Text("", ""),
)
_TITLE = Text("Lifetime value", "Ценность клиента")
_WHOLE = Text("all", "все")
_UNKNOWN = Text("unknown", "неизвестно")
_DIFFER = Text("Why they differ", "Почему они различаются")
_BACKTEST = Text("Backtest", "Проверка на\u00a0отложенном времени")
_UNFIT = Text(
    "○ The method is made for the other kind of business.",
    "○ Метод рассчитан на\u00a0бизнес другого рода.",
)


def horizon_days(text: str) -> int:
    """Days of a horizon as a person writes it: 90d, 26w, 12m or 2y."""
    found = _HORIZON.fullmatch(text.strip().lower())
    if found is None or int(found[1]) == 0:
        raise SeptimaError(f"the horizon {text!r} is not understood; write a number with d, w, m or y, such as 12m")
    return round(int(found[1]) * _DAYS[found[2]])


def lifetime_settings(
    horizon: str, discount: float, margin: float | None, active_days: int, by: str | None, business: str
) -> LifetimeSettings:
    """The settings that the options say."""
    if business not in _BUSINESSES:
        raise SeptimaError(f"there is no business {business!r}; write one of: {', '.join(_BUSINESSES)}")
    return LifetimeSettings(horizon_days(horizon), discount, margin, active_days, by, _BUSINESSES[business])


def value_customers(
    workspace: "Workspace",
    settings: LifetimeSettings,
    methods: Sequence[str],
    language: Language,
    form: FrameFormat,
    *,
    backtest: bool,
    save: bool,
) -> None:
    """Value the customers, print what came out and, where asked, keep the predictions of single customers."""
    keys = [] if _ALL in methods else list(methods)
    if save and len(keys) != 1:
        raise SeptimaError("--save keeps the predictions of one method; name it: --method pareto_nbd")
    calendar, currency = workspace.settings.calendar, workspace.settings.currency
    tables = workspace.tables()
    with progress(language) as report:
        found = lifetime_value(
            tables,
            settings,
            methods=keys,
            backtest=backtest,
            calendar=calendar,
            currency=currency,
            progress=report,
        )
    if form is FrameFormat.json:
        print_json(spoken(found, language))
    else:
        print_frame(_frame(found, language), form, lambda _: _print(found, language))
    if save:
        _save(workspace, settings, keys[0], language)


def _save(workspace: "Workspace", settings: LifetimeSettings, method: str, language: Language) -> None:
    from septima.lake.predictions import save_predictions

    calendar, currency = workspace.settings.calendar, workspace.settings.currency
    with progress(language) as report:
        told = predict_customers(
            workspace.tables(), settings, method=method, calendar=calendar, currency=currency, progress=report
        )
        number = save_predictions(
            workspace.lake,
            told.batches,
            method=method,
            horizon_days=told.horizon_days,
            # The last moment of the day, so that the predictions belong to it.
            at=calendar.moment(told.as_of + timedelta(days=1)) - timedelta(microseconds=1),
            currency=currency,
        )
    kept = Text(
        f"Kept the predictions of {number:,} customers in the table `predictions`.",
        f"Прогнозы по\u00a0{plain(number, 0, 'ru')} клиентам сохранены в\u00a0таблице `predictions`.",
    )
    notices.print(kept.in_language(language), soft_wrap=True)


def _print(found: LifetimeReport, language: Language) -> None:
    marks: dict[Text, str] = {}
    by = found.settings.by
    columns = [column.in_language(language) for column in _COLUMNS]
    if by is not None:
        columns.insert(1, dimension_name(by).in_language(language))
    rows = [cells for result in found.results for cells in _rows(result, found, marks, language)]
    print_rows(_title(found).in_language(language), columns, rows, numeric=range(1 + bool(by), len(columns) - 1))
    if not all(result.fits for result in found.results):
        console.print(_UNFIT.in_language(language))
    for note, mark in marks.items():
        say(f"{mark} {note.in_language(language)}")
    for statement in (found.business, *found.notes):
        say(statement.in_language(language))
    if len(found.results) > 1:
        console.print(f"\n{_DIFFER.in_language(language)}", style="bold")
        for result in found.results:
            name, why = (text.in_language(language) for text in (result.method.name, result.method.differs))
            say(f"{name}: {why}")
    if found.backtest is not None:
        console.print()
        _print_backtest(found.backtest, found.currency, language)


def _title(found: LifetimeReport) -> Text:
    days = found.settings.horizon_days
    discount = f"{100 * found.settings.discount:g}\u00a0%"
    return Text(
        f"{_TITLE.en}: margin of {days} days from {found.as_of} on, discounted by {discount} a year",
        f"{_TITLE.ru}: маржа за\u00a0{days}\u00a0дн. после {found.as_of}, дисконт {discount} в\u00a0год",
    )


def _rows(result: MethodResult, found: LifetimeReport, marks: dict[Text, str], language: Language) -> list[list[str]]:
    by = found.settings.by
    noted = [*((result.statement,) if result.statement else ()), *result.notes]
    for note in noted:
        marks.setdefault(note, f"{_LETTERS[len(marks) % len(_LETTERS)]})")
    sign = " ".join(["○"] * (not result.fits) + [marks[note] for note in noted])
    name = result.method.name.in_language(language)
    if not result.rows:
        return [[name, *([""] if by else []), "", "—", "", "", "", sign]]
    cells: list[list[str]] = []
    for row in result.rows:
        figure = Figure(*(known(number) for number in (row.value, row.lower, row.upper)))
        style = number_style("currency", figure, language, currency=found.currency)
        member = _WHOLE.in_language(language) if row.whole else row.member or _UNKNOWN.in_language(language)
        cells.append(
            [
                name if row.whole else "",
                *([member] if by else []),
                plain(row.customers, 0, language),
                style.value(figure.value),
                style.interval(figure),
                style.value(known(row.unlimited)),
                style.value(known(row.to_date)),
                sign if row.whole else "",
            ]
        )
    return cells


def _print_backtest(backtest: Backtest, currency: str | None, language: Language) -> None:
    title = Text(
        f"{_BACKTEST.en}: fitted to {backtest.fitted_to}, compared with the {backtest.days} days after it",
        f"{_BACKTEST.ru}: подгонка по\u00a0{backtest.fitted_to}, сравнение с\u00a0{backtest.days}\u00a0дн. после",
    )
    rows: list[list[str]] = []
    for tested in sorted(backtest.results, key=lambda tested: tested.rank or len(backtest.results) + 1):
        name, told = tested.method.name.in_language(language), tested.accuracy
        if told is None:
            statement = tested.statement.in_language(language) if tested.statement else ""
            rows.append(["—", name, "", "", "", "", statement])
            continue
        style = number_style("currency", Figure(told.mean_absolute_error, None, None), language, currency=currency)
        rows.append(
            [
                str(tested.rank),
                name,
                f"{plain(told.bias * 100, 1, language, signed=True)} %",
                style.value(told.mean_absolute_error),
                f"{plain(decile_error(told) * 100, 1, language)} %",
                plain(told.gini, 2, language),
                "",
            ]
        )
    columns = [column.in_language(language) for column in _TESTED]
    print_rows(title.in_language(language), columns, rows, numeric=(0, 2, 3, 4, 5))
    for note in backtest.notes:
        say(note.in_language(language))


def _frame(found: LifetimeReport, language: Language) -> DataFrame:
    tested = {result.method.key: result for result in found.backtest.results} if found.backtest else {}
    records: list[dict[str, object]] = []
    for result in found.results:
        told = tested.get(result.method.key)
        common: dict[str, object] = {"method": result.method.key, "fits": result.fits}
        last: dict[str, object] = {"statement": result.statement.in_language(language) if result.statement else None}
        if told is not None:
            figures = told.accuracy
            last |= {
                "rank": told.rank,
                "bias": figures.bias if figures else None,
                "mean_absolute_error": figures.mean_absolute_error if figures else None,
                "gini": figures.gini if figures else None,
            }
        rows = [{field.name: getattr(row, field.name) for field in fields(row)} for row in result.rows]
        records += [{**common, **row, **last} for row in rows or [{}]]
    return DataFrame.from_records(records)
