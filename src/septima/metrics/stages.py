"""Stages of the sales funnel: how many deals go on from each and how long they stay in it."""

from collections.abc import Callable
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np

from septima.metrics import estimates, roles
from septima.metrics.definition import (
    Cells,
    Estimate,
    FloatArray,
    Measure,
    Metric,
    Parameters,
    Passport,
    Request,
    Rows,
    Source,
)
from septima.metrics.sources import LONGEST_SILENCE, count_true, days, days_between, known_until, records
from septima.models.survival import kaplan_meier
from septima.schema import Text

_OF_DEALS = ("channel", "employee_id", "product_id", "currency")
_OBSERVED_DAYS = 180


def _with_deals(stages: Rows, request: Request) -> Rows:
    deals = request.rows("deals").select("deal_id", "customer_id", "outcome", "closed_at", *_OF_DEALS)
    return stages.left_join(deals, "deal_id").drop("deal_id_right")


def _entries(request: Request) -> ir.Table:
    """One row per deal and stage, at its first entry: whether the deal `went_on` from it within `observed_days`.

    To go on is to enter a stage for the first time later, or to be won. `usable` are those that went on, ended or were
    watched that long.
    """
    window = ibis.literal(days(request.parameters["observed_days"]))
    stages = request.rows("deal_stages")
    known = known_until(stages, "entered_at")
    rows: Rows = stages.group_by("deal_id", "stage").aggregate(at=stages["entered_at"].min())
    in_order = ibis.window(group_by="deal_id", order_by=["at", "stage"])
    rows = _with_deals(rows.mutate(next_at=rows["at"].lead().over(in_order)), request)
    won = (rows["outcome"] == "won").fill_null(False)
    lost = (rows["outcome"] == "lost").fill_null(False)
    on_at = ibis.coalesce(rows["next_at"], won.ifelse(rows["closed_at"], None))
    went_on = (on_at <= rows["at"] + window).fill_null(won & on_at.isnull())
    watched = (rows["at"] + window <= known).fill_null(False)
    return rows.mutate(went_on=went_on, usable=went_on | lost | watched)


def _stays(request: Request) -> ir.Table:
    """One row per stay of a deal in a stage, at its beginning: whole `days` until it `ended`, or while it was watched.

    A stay ends when the stage is left, the next is entered or the deal is closed, and is watched until the newest
    entry in the data, for `observed_days` at most. `days` is null where the deal ended at an unknown moment or the stay
    ends before it begins.
    """
    window = request.parameters["observed_days"]
    stages = request.rows("deal_stages")
    known = known_until(stages, "entered_at")
    in_order = ibis.window(group_by="deal_id", order_by=["entered_at", "stage"])
    rows: Rows = stages.select(
        "deal_id", "stage", "left_at", at=stages["entered_at"], next_at=stages["entered_at"].lead().over(in_order)
    )
    rows = _with_deals(rows, request)
    ended_at = ibis.coalesce(rows["left_at"], rows["next_at"], rows["closed_at"])
    stayed = days_between(rows["at"], ibis.coalesce(ended_at, known))
    lost_track = ended_at.isnull() & rows["outcome"].isin(("won", "lost")).fill_null(False)
    usable = (stayed >= 0).fill_null(False) & ~lost_track
    bounded = (stayed < window).ifelse(stayed, float(window))
    return rows.mutate(
        days=usable.ifelse((bounded + 0.5).floor().cast("int64"), None),
        ended=usable & ended_at.notnull() & (stayed <= window),
        watched=usable & (ended_at.isnull() | (stayed > window)),
    )


def _source(name: str, build: Callable[[Request], ir.Table]) -> Source:
    return Source(
        name,
        build,
        ("stage", *_OF_DEALS),
        of_customers=True,
        parameters=("observed_days",),
        settles_days=_OBSERVED_DAYS + LONGEST_SILENCE,
    )


_ENTRIES = _source("stage_entries", _entries)
_STAYS = _source("stage_stays", _stays)


def _quantile(q: float) -> Callable[[Cells, Parameters], Estimate]:
    def estimate(cells: Cells, _: Parameters) -> Estimate:
        durations, ended, watched = _by_duration(cells)
        value, lower, upper = kaplan_meier(durations, ended, watched).quantile(q)
        n = ended.sum(axis=-1) + watched.sum(axis=-1)
        return Estimate(value, n, lower, upper, estimates.missing(n, cells.total_within(cells["stays"])))

    return estimate


def _by_duration(cells: Cells) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Durations (T,) and, by cell and duration, the stays that ended and those watched no longer (cells, T)."""
    frame: Any = cells.frame
    cell = frame.groupby(["period", *cells.keys], dropna=False, sort=False).ngroup().to_numpy()
    length: FloatArray = frame["days"].astype("float64").to_numpy()
    known = ~np.isnan(length)
    durations, position = np.unique(length[known], return_inverse=True)

    def counts(name: str) -> FloatArray:
        table = np.zeros((cell.max(initial=-1) + 1, len(durations)))
        table[cell[known], position] = cells[name][known]
        return table

    return durations, counts("ended"), counts("watched")


_DATA = ("deal_stages.deal_id", "deal_stages.stage", "deal_stages.entered_at", "deals.outcome", "deals.closed_at")
_PARAMETERS = {"observed_days": _OBSERVED_DAYS}
_BROOKMEYER_CROWLEY = Text(
    "Interval of a Kaplan–Meier quantile, log(−log) scale, 95 % (Brookmeyer & Crowley, 1982; Greenwood, 1926)",
    "Интервал квантиля Каплана–Майера, шкала log(−log), 95\u00a0% (Brookmeyer & Crowley, 1982; Greenwood, 1926)",
)


def _stay_metric(id_: str, q: float, name: Text, description: Text, use: Text, which: Text, formula: str) -> Metric:
    measures: dict[str, Measure] = {
        "ended": count_true(_STAYS, "ended"),
        "watched": count_true(_STAYS, "watched"),
        "stays": records(_STAYS),
    }
    return Metric(
        Passport(
            id=id_,
            version=1,
            name=name,
            description=description,
            use=use,
            unit="days",
            direction="less",
            method=Text(
                f"{which.en} of the Kaplan–Meier estimate of the time in a stage, in whole days, by the period of entry. A "
                "stay ends when the stage is left, the next one entered or the deal closed. Deals still in it count with "
                "the time watched so far (until the newest entry in the data), for at most `observed_days` days. Stays of "
                "deals that ended at an unknown moment, or that end before they begin, are missing. Slice by stage.",
                f"{which.ru} оценки Каплана–Майера для времени на\u00a0этапе, в\u00a0целых днях, по\u00a0периоду входа. Пребывание "
                "кончается, когда этап оставлен, начат следующий или сделка закрыта. Сделки, которые ещё на\u00a0этапе, "
                "учитываются с\u00a0тем временем, что за\u00a0ними наблюдали (до\u00a0самого нового входа в\u00a0данных), "
                "не\u00a0дольше `observed_days` дней. Пребывания сделок, завершённых неизвестно когда, и\u00a0те, что "
                "кончаются раньше, чем начинаются, считаются пропусками. Смотрите срез по\u00a0этапам.",
            ),
            formula=formula,
            formula_source="Kaplan & Meier, Nonparametric Estimation from Incomplete Observations, 1958",
            interval=_BROOKMEYER_CROWLEY,
            primary_data=(*_DATA, "deal_stages.left_at"),
            perspective="sales",
            group="money",
            owner_role=roles.SALES,
            minimum_sample=10,
            parameters=_PARAMETERS,
        ),
        measures,
        _quantile(q),
        within=("days",),
    )


METRICS = (
    Metric(
        Passport(
            id="stage_conversion",
            version=1,
            name=Text("Stage conversion", "Конверсия этапа воронки"),
            description=Text(
                "Share of the deals in a stage that went on from it.",
                "Доля сделок на\u00a0этапе, которые прошли дальше.",
            ),
            use=Text(
                "Shows at which stage deals are lost; slice by stage, then by employee and product.",
                "Показывает, на\u00a0каком этапе теряются сделки; смотрите срез по\u00a0этапам, затем по\u00a0сотрудникам "
                "и\u00a0товарам.",
            ),
            unit="share",
            direction="more",
            method=Text(
                "Deals that first entered another stage later, or were won, within `observed_days` days of their first entry "
                "into the stage, divided by those that did so, were lost or were watched that long, by the period of entry. "
                "Deals still in the stage and watched for less are left out and counted as missing: quick outcomes come "
                "first, so a figure with many missing may still move.",
                "Сделки, которые за\u00a0`observed_days` дней после первого входа на\u00a0этап впервые вошли на\u00a0другой или были "
                "выиграны, делённые на\u00a0те, что прошли дальше, проиграны или наблюдались столько времени; по\u00a0периоду "
                "входа. Сделки, которые ещё на\u00a0этапе и\u00a0наблюдались меньше, не\u00a0учитываются и\u00a0считаются "
                "пропусками: быстрые исходы приходят первыми, поэтому при многих пропусках показатель ещё изменится.",
            ),
            formula="went on / (went on + lost + stayed)",
            formula_source="Farris, Bendle, Pfeifer & Reibstein, Marketing Metrics, 2010 (sales funnel)",
            interval=estimates.WILSON,
            primary_data=_DATA,
            perspective="sales",
            group="money",
            owner_role=roles.SALES,
            minimum_sample=30,
            parameters=_PARAMETERS,
        ),
        {
            "went_on": count_true(_ENTRIES, "went_on"),
            "usable": count_true(_ENTRIES, "usable"),
            "entries": records(_ENTRIES),
        },
        estimates.share("went_on", "usable", "entries"),
    ),
    _stay_metric(
        "stage_time_median",
        0.5,
        Text("Median time in a stage", "Медианное время на\u00a0этапе"),
        Text("Days in which half of the deals leave a stage.", "За\u00a0сколько дней половина сделок покидает этап."),
        Text(
            "Shows where deals linger; recent ones that have not moved yet are not forgotten.",
            "Показывает, где сделки задерживаются; недавние, которые ещё не\u00a0сдвинулись, не\u00a0забыты.",
        ),
        Text("Median", "Медиана"),
        "min {t: S(t) ≤ 0.5}, S(t) = Π (1 − dᵢ/nᵢ)",
    ),
    _stay_metric(
        "stage_time_p90",
        0.9,
        Text("Time in a stage, nine of ten deals", "Время на\u00a0этапе у\u00a0девяти сделок из\u00a0десяти"),
        Text(
            "Days in which nine deals of ten leave a stage.",
            "За\u00a0сколько дней этап покидают девять сделок из\u00a0десяти.",
        ),
        Text(
            "A deal that has been there longer wants attention or an end.",
            "Сделка, которая на\u00a0этапе дольше, требует внимания или завершения.",
        ),
        Text("90th percentile", "90-й процентиль"),
        "min {t: S(t) ≤ 0.1}, S(t) = Π (1 − dᵢ/nᵢ)",
    ),
)
