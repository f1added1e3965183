"""What a campaign changed: treated customers against a control group that was left alone."""

from collections.abc import Callable, Mapping
from typing import Any, cast

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from septima.metrics import estimates, roles
from septima.metrics.definition import (
    Cells,
    Estimate,
    FloatArray,
    Measure,
    Metric,
    MetricError,
    Notes,
    Parameters,
    Passport,
    Request,
    Source,
)
from septima.metrics.sources import count_true, days, is_sold, records, several_currencies_in_sums, total
from septima.models import intervals, uplift
from septima.models.intervals import divide
from septima.schema import Text


def _outcomes(request: Request) -> ir.Table:
    """One row per assigned customer: the revenue of the `days` after the assignment; unusable where an amount is unknown."""
    assigned = request.rows("assignments").select("experiment_id", "customer_id", "arm", "assigned_at")
    orders = request.rows("orders")
    orders = orders.filter(is_sold(orders)).select("customer_id", "ordered_at", "revenue", "currency")
    window = ibis.literal(days(request.parameters["days"]))
    joined = assigned.left_join(
        orders,
        [
            assigned["customer_id"] == orders["customer_id"],
            orders["ordered_at"] >= assigned["assigned_at"],
            orders["ordered_at"] < assigned["assigned_at"] + window,
        ],
    )
    rows = joined.group_by("experiment_id", "customer_id", "arm", "assigned_at").aggregate(
        spent=joined["revenue"].cast("float64").sum(),
        orders=joined["ordered_at"].count(),
        amounts=joined["revenue"].count(),
        lowest=joined["currency"].min(),
        highest=joined["currency"].max(),
    )
    usable = rows["orders"] == rows["amounts"]
    return rows.select(
        "experiment_id",
        "customer_id",
        "arm",
        at=rows["assigned_at"],
        revenue=usable.ifelse(rows["spent"].fill_null(0.0), None),
        usable=usable,
        lowest=rows["lowest"],
        highest=rows["highest"],
    )


_DAYS = 30
_OUTCOMES = Source(
    "outcomes",
    _outcomes,
    ("experiment_id", "arm"),
    of_customers=True,
    parameters=("days",),
    settles_days=_DAYS,
)
_WITHIN = ("experiment_id", "arm")
_MEASURES = {
    "revenue": total(_OUTCOMES, "revenue"),
    "squares": Measure(_OUTCOMES, lambda rows, _: (rows["revenue"] * rows["revenue"]).sum()),
    "customers": count_true(_OUTCOMES, "usable"),
    "assigned": records(_OUTCOMES),
    "currencies": several_currencies_in_sums(_OUTCOMES),
}


def _contrasts(cells: Cells, parameters: Parameters) -> pd.DataFrame:
    """One row per cell of the answer: increment, its variance and degrees, treated, used and assigned customers."""
    control = parameters["control"]
    cell = ["period", *cells.keys]
    trial = list(dict.fromkeys(name for name in (*cell, "experiment_id") if name != "arm"))
    arms = cells.frame.copy()
    arms["part"] = intervals.variance(cells["revenue"], cells["squares"], cells["customers"])
    arms["p"] = _sample_ratio(arms, trial, parameters["shares"])
    controls = arms.loc[(arms["arm"] == control) & (arms["customers"] > 0), [*trial, "revenue", "customers", "part"]]
    arms = arms.merge(controls, how="left", on=trial, suffixes=("", "_control"))
    arms["is_control"] = arms["arm"] == control
    arms["used"] = (arms["customers_control"] > 0) & ~arms["is_control"] & (arms["customers"] > 0)

    treated = arms[arms["used"]].copy()
    treated["increment"] = (
        treated["revenue"] - treated["customers"] * treated["revenue_control"] / treated["customers_control"]
    )
    treated["spread"] = treated["customers"] * treated["part"]
    treated["weighted"] = divide(treated["spread"] ** 2, treated["customers"] - 1)
    by_trial = treated.groupby(
        list(dict.fromkeys([*cell, "experiment_id"])), dropna=False, as_index=False, sort=False
    ).agg(
        increment=("increment", "sum"),
        spread=("spread", _strict_sum),
        weighted=("weighted", _strict_sum),
        treated=("customers", "sum"),
        controls=("customers_control", "first"),
        part=("part_control", "first"),
    )
    # All treated arms of an experiment share its control, so its part grows with the square of their sum.
    shared = by_trial["treated"] ** 2 * by_trial["part"] / by_trial["controls"]
    by_trial["weighted"] += divide(shared**2, by_trial["controls"] - 1)
    by_trial["spread"] += shared
    effects = by_trial.groupby(cell, dropna=False, as_index=False, sort=False).agg(
        increment=("increment", "sum"),
        variance=("spread", _strict_sum),
        weighted=("weighted", _strict_sum),
        treated=("treated", "sum"),
        controls=("controls", "sum"),
    )
    whole = arms.groupby(cell, dropna=False, as_index=False, sort=False).agg(
        assigned=("assigned", "sum"),
        p=("p", "min"),
        currencies=("currencies", "max"),
        only_control=("is_control", "min"),
    )
    return whole.merge(effects, how="left", on=cell)


def _strict_sum(values: "pd.Series") -> float:
    return float(values.sum(skipna=False))


def _sample_ratio(arms: pd.DataFrame, trial: list[str], shares: object) -> FloatArray:
    """p-value of the group sizes of each row's trial against the planned shares; 1 where none are planned."""
    if shares is None:
        return np.ones(len(arms))
    planned = _planned(shares)
    unplanned = set(arms["arm"]) - set(planned)
    if unplanned:
        raise MetricError(
            Text(
                f"parameter 'shares' says nothing of arm {min(map(str, unplanned))!r}; give the share of every arm",
                f"в\u00a0параметре «shares» ничего нет о\u00a0группе «{min(map(str, unplanned))}»; укажите долю "
                "каждой группы",
            )
        )
    groups = [arms[name] for name in trial]
    counts = np.stack(
        [
            arms["assigned"]
            .where(arms["arm"] == arm, 0.0)
            .groupby(groups, dropna=False, sort=False)
            .transform("sum")
            .to_numpy(np.float64)
            for arm in planned
        ],
        axis=-1,
    )
    return uplift.sample_ratio_p_value(counts, list(planned.values()))


def _planned(shares: object) -> dict[str, float]:
    if not isinstance(shares, Mapping) or len(cast(Mapping[object, object], shares)) < 2:
        raise MetricError(
            Text(
                "parameter 'shares' must be a mapping of every arm to its planned share, such as control: 0.05",
                "параметр «shares» задаёт каждой группе её плановую долю, например control: 0.05",
            )
        )
    planned: dict[str, float] = {}
    for arm, share in cast(Mapping[object, object], shares).items():
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share < float("inf"):
            raise MetricError(
                Text(
                    f"the planned share of arm {arm!r} must be a number above 0, not {share!r}",
                    f"плановая доля группы «{arm}» должна быть числом больше 0, а\u00a0указано «{share}»",
                )
            )
        planned[str(arm)] = float(share)
    return planned


def _columns(contrasts: pd.DataFrame) -> dict[str, FloatArray]:
    names = ("increment", "variance", "weighted", "treated", "controls", "assigned", "p")
    return {name: contrasts[name].to_numpy(np.float64) for name in names}


def _missing(cells: Cells, contrasts: pd.DataFrame) -> FloatArray:
    """Share of assigned customers that no contrast used; by arm the control group belongs to another cell."""
    used = contrasts["treated"] if "arm" in cells.keys else contrasts["treated"] + contrasts["controls"]
    share = estimates.missing(np.nan_to_num(used.to_numpy(np.float64)), contrasts["assigned"].to_numpy(np.float64))
    return np.where(contrasts["only_control"].to_numpy(bool), np.nan, share)


def _noted(contrasts: pd.DataFrame) -> Notes:
    """What stands in the way of each contrast."""
    figures = _columns(contrasts)
    assigned = figures["assigned"] > 0
    note = estimates.when(contrasts["only_control"].to_numpy(bool) & assigned, "control_group")
    note = estimates.when(assigned & np.isnan(figures["increment"]), "no_control", note)
    note = estimates.when(figures["p"] < uplift.MISMATCH, "sample_ratio_mismatch", note)
    return estimates.when(contrasts["currencies"].to_numpy(np.float64) > 0, "mixed_currencies", note)


def _incremental(per_customer: bool) -> Callable[[Cells, Parameters], Estimate]:
    def estimate(cells: Cells, parameters: Parameters) -> Estimate:
        contrasts = _contrasts(cells, parameters)
        figures = _columns(contrasts)
        treated, controls = np.nan_to_num(figures["treated"]), np.nan_to_num(figures["controls"])
        value, variance = figures["increment"], figures["variance"]
        degrees = uplift.welch_degrees(variance, figures["weighted"])
        scale = np.where(treated > 0, treated, np.nan) if per_customer else 1.0
        lower, upper = uplift.welch(value / scale, variance / scale**2, degrees)
        missing = _missing(cells, contrasts)
        return Estimate(value / scale, treated + controls, lower, upper, missing, _noted(contrasts))

    return estimate


def _growth(cells: Cells, parameters: Parameters) -> Estimate:
    """Each period’s increment less that of the one before: independent, so that variances and their parts add up."""
    contrasts = _contrasts(cells, parameters)
    keys = [contrasts[name] for name in cells.keys]
    earlier: Any = contrasts.groupby(keys, dropna=False, sort=False) if keys else contrasts
    now, before = _columns(contrasts), _columns(contrasts.assign(**earlier[list(_columns(contrasts))].shift(1)))
    value, variance = now["increment"] - before["increment"], now["variance"] + before["variance"]
    lower, upper = uplift.welch(value, variance, uplift.welch_degrees(variance, now["weighted"] + before["weighted"]))
    used, used_before = (np.nan_to_num(part["treated"] + part["controls"]) for part in (now, before))
    n = np.where(used > 0, used + used_before, 0.0)
    assigned_before = before["assigned"] > 0
    note = estimates.when((now["assigned"] > 0) & ~assigned_before, "no_previous_period", _noted(contrasts))
    note = estimates.when(assigned_before & np.isnan(before["increment"]), "no_control", note)
    note = estimates.when(before["p"] < uplift.MISMATCH, "sample_ratio_mismatch", note)
    return Estimate(value, n, lower, upper, _missing(cells, contrasts), note)


_METHOD = Text(
    "Customers of each arm are compared with the control arm of the same experiment and period of assignment by their "
    "revenue in the `days` days after it (cancelled and returned orders left out; no order is 0). ",
    "Клиентов каждой группы сравнивают с\u00a0контрольной группой того\u00a0же эксперимента и\u00a0периода распределения "
    "по\u00a0выручке за\u00a0`days` дней после него (без отменённых и\u00a0возвращённых заказов; нет заказа\u00a0— 0). ",
)
_CHECKS = Text(
    " Where `shares` gives the planned share of every arm, sizes that do not fit them (p < 0.001) are noted. Customers "
    "with an order of unknown amount and experiments without control are missing.",
    " Если в\u00a0`shares` заданы плановые доли групп, несоответствие размеров (p\u00a0<\u00a00,001) отмечается. Клиенты с\u00a0заказом "
    "без суммы и\u00a0эксперименты без контрольной группы считаются пропусками.",
)
_WELCH = Text("Welch’s t interval, 95 % (Welch, 1947)", "Интервал Уэлча, 95\u00a0% (Welch, 1947)")
_PRIMARY_DATA = (
    "assignments.experiment_id",
    "assignments.customer_id",
    "assignments.arm",
    "assignments.assigned_at",
    "orders.customer_id",
    "orders.ordered_at",
    "orders.revenue",
    "orders.status",
)
_PARAMETERS = {"days": _DAYS, "control": "control", "shares": None}

METRICS = (
    Metric(
        Passport(
            id="incremental_revenue",
            version=1,
            name=Text("Incremental revenue", "Дополнительная выручка"),
            description=Text(
                "Revenue that would not have come without the campaign.",
                "Выручка, которой не\u00a0было\u00a0бы без кампании.",
            ),
            use=Text(
                "The only figure of a campaign’s effect that chance and season do not inflate; set it against the cost.",
                "Единственная оценка эффекта кампании, которую не\u00a0завышают случайность и\u00a0сезон; сопоставляйте с\u00a0затратами.",
            ),
            unit="currency",
            direction="more",
            method=Text(
                _METHOD.en
                + "The difference of mean revenue × treated customers, summed over arms and experiments."
                + _CHECKS.en,
                _METHOD.ru
                + "Разность средней выручки × число клиентов в\u00a0группе, сумма по\u00a0группам и\u00a0экспериментам."
                + _CHECKS.ru,
            ),
            formula="Σ n_treated · (mean_treated − mean_control)",
            formula_source="Kohavi, Tang & Xu, Trustworthy Online Controlled Experiments, 2020",
            interval=_WELCH,
            primary_data=_PRIMARY_DATA,
            perspective="marketing",
            group="money",
            owner_role=roles.MARKETING,
            minimum_sample=200,
            parameters=_PARAMETERS,
        ),
        _MEASURES,
        _incremental(per_customer=False),
        within=_WITHIN,
    ),
    Metric(
        Passport(
            id="incremental_revenue_per_customer",
            version=1,
            name=Text("Incremental revenue per customer", "Дополнительная выручка на\u00a0клиента"),
            description=Text(
                "How much more a treated customer brings than one who was left alone.",
                "Насколько больше приносит клиент, с\u00a0которым работали, чем тот, с\u00a0кем не\u00a0работали.",
            ),
            use=Text(
                "Compares arms of different size; slice by arm.",
                "Сравнивает группы разного размера; смотрите срез по\u00a0группам (arm).",
            ),
            unit="currency",
            direction="more",
            method=Text(
                _METHOD.en
                + "The difference of mean revenue, weighted by treated customers over arms and experiments."
                + _CHECKS.en,
                _METHOD.ru
                + "Разность средней выручки, взвешенная по\u00a0числу клиентов в\u00a0группах и\u00a0экспериментах."
                + _CHECKS.ru,
            ),
            formula="Σ n_treated · (mean_treated − mean_control) / Σ n_treated",
            formula_source="Kohavi, Tang & Xu, Trustworthy Online Controlled Experiments, 2020",
            interval=_WELCH,
            primary_data=_PRIMARY_DATA,
            perspective="marketing",
            group="money",
            owner_role=roles.MARKETING,
            minimum_sample=200,
            parameters=_PARAMETERS,
        ),
        _MEASURES,
        _incremental(per_customer=True),
        within=_WITHIN,
    ),
    Metric(
        Passport(
            id="incremental_revenue_growth",
            version=1,
            name=Text("Growth of incremental revenue", "Прирост дополнительной выручки"),
            description=Text(
                "By how much incremental revenue changed against the period before.",
                "Насколько изменилась дополнительная выручка по\u00a0сравнению с\u00a0предыдущим периодом.",
            ),
            use=Text(
                "Shows whether campaigns bring more than they did; while the interval holds 0 they may not.",
                "Показывает, стали\u00a0ли кампании приносить больше; пока интервал содержит 0, это может быть случайностью.",
            ),
            unit="currency",
            direction="more",
            method=Text(
                _METHOD.en
                + "The difference of mean revenue × treated customers, summed over arms and experiments, less the same of "
                "the period before. A difference and no ratio, for what it is held against may be near 0 or below it."
                + _CHECKS.en,
                _METHOD.ru
                + "Разность средней выручки × число клиентов в\u00a0группе, сумма по\u00a0группам и\u00a0экспериментам, минус "
                "то\u00a0же за\u00a0предыдущий период. Разность, а\u00a0не\u00a0отношение: то, с\u00a0чем сравнивают, может быть "
                "около нуля или ниже." + _CHECKS.ru,
            ),
            formula="Σ n·(mean_treated − mean_control) − the same one period earlier",
            formula_source="Kohavi, Tang & Xu, Trustworthy Online Controlled Experiments, 2020",
            interval=_WELCH,
            primary_data=_PRIMARY_DATA,
            perspective="marketing",
            group="money",
            owner_role=roles.MARKETING,
            minimum_sample=400,
            parameters=_PARAMETERS,
        ),
        _MEASURES,
        _growth,
        history="previous",
        within=_WITHIN,
    ),
)
