"""Lifetime value by ten methods: what they give, why they differ, and how they did on held-out time."""

import re
from collections.abc import Sequence
from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from pandas import DataFrame

from septima.chapters.lifetime import lifetime_answer
from septima.cli.output import FrameFormat, notices, print_frame, print_json, progress
from septima.cli.studies import print_study, write_study
from septima.metrics.lifetime import LifetimeReport, LifetimeSettings, predict_customers
from septima.metrics.lifetime_summary import Business
from septima.report.number_forms import plain
from septima.schema import Language, SeptimaError, Text
from septima.schema.spoken import spoken

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
    report: Path | None,
    *,
    backtest: bool,
    save: bool,
) -> None:
    """Value the customers, print what came out and, where asked, keep the predictions of single customers."""
    keys = [] if _ALL in methods else list(methods)
    if save and len(keys) != 1:
        raise SeptimaError("--save keeps the predictions of one method; name it: --method pareto_nbd")
    with progress(language) as step:
        answer = lifetime_answer(workspace, language, settings, methods=keys, backtest=backtest, progress=step)
    if form is FrameFormat.json:
        print_json(spoken(answer.found, language))
    else:
        print_frame(_frame(answer.found, language), form, lambda _: print_study(answer.study))
    write_study(workspace, answer.study, language, report)
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
