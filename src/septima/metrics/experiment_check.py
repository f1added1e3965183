"""Whether an experiment was run as it was planned: what must be known before its effect is looked at."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from septima.lake.resolved import masters
from septima.metrics.definition import CUSTOMER_DIMENSIONS, Request, Rows, Tables
from septima.metrics.experiment_design import CONTROL, ExperimentError
from septima.metrics.experiment_outcomes import ArmSums, Window, arm_sums, assigned_customers
from septima.metrics.sources import days_between, is_sold
from septima.models import incrementality, uplift
from septima.models.incrementality import Moments
from septima.schema import Text
from septima.schema.wording import hinted

Level = Literal["fine", "note", "warning", "broken"]
UNLIKE = 0.1
"""Standardised difference from which arms are unlike (Austin, 2009)."""
_FEW_SHARE = 0.01

_COVARIATES: Mapping[str, Text] = {
    "revenue": Text("Revenue before", "Выручка до"),
    "orders": Text("Orders before", "Заказы до"),
    "visits": Text("Visits before", "Визиты до"),
}
_TENURE = Text("Days known", "Дней с\u00a0регистрации")
_ATTRIBUTES: Mapping[str, Text] = {
    "segment": Text("Segment", "Сегмент"),
    "region": Text("Region", "Регион"),
    "acquisition_channel": Text("Acquisition channel", "Канал привлечения"),
}


@dataclass(frozen=True)
class Finding:
    """What a check found, in words: `broken` forbids any figure, a `warning` bends it, a `note` is to be known.

    `count` customers of `of` are concerned, where it is about customers.
    """

    key: str
    level: Level
    statement: Text
    count: int | None = None
    of: int | None = None


@dataclass(frozen=True)
class ArmSize:
    """Customers of an arm, their share of all, and the share that was planned where that is known."""

    arm: str
    customers: int
    share: float
    planned_share: float | None


@dataclass(frozen=True)
class Balance:
    """How far an arm lies from the control in something known before: means and standardised difference with interval.

    `unlike` where the difference is beyond ±0.1 and more than chance gives.
    """

    covariate: str
    name: Text
    arm: str
    control_mean: float
    arm_mean: float
    difference: float
    lower: float
    upper: float
    unlike: bool


@dataclass(frozen=True)
class Check:
    """The state of one experiment; `sample_ratio_p` is None where no shares were planned or there is nothing to test."""

    experiment: str
    control: str
    arms: tuple[ArmSize, ...]
    sample_ratio_p: float | None
    balance: tuple[Balance, ...]
    findings: tuple[Finding, ...]

    @property
    def sound(self) -> bool:
        """Whether an effect may be figured at all."""
        return all(finding.level != "broken" for finding in self.findings)


def check(
    request: Request,
    experiment: str,
    *,
    control: str = CONTROL,
    shares: Mapping[str, float] | None = None,
    campaigns: Sequence[str] = (),
    window: Window = Window(),  # noqa: B008 - a frozen value
    unresolved: Tables | None = None,
    sums: ArmSums | None = None,
) -> Check:
    """Check an experiment before its effect is looked at.

    `shares` are the planned ones by arm; `campaigns` those whose touches the treated arms were to get (the one called
    as the experiment is where left out); `unresolved` the tables without merges, in which one person can stand in two
    arms. `sums` are those of the experiment where they are at hand. ExperimentError where there is no such experiment.
    """
    assigned = assigned_customers(request, experiment)
    sums = sums or arm_sums(request, assigned, window)
    if not sums.arms:
        raise ExperimentError(_unknown(request, experiment))
    sizes: dict[str, int] = {
        str(arm): int(number) for arm, number in zip(sums.frame["arm"], sums.frame["customers"], strict=True)
    }
    whole = sum(sizes.values())
    findings = _arms(sizes, control)
    p_value, ratio = _sample_ratio(sizes, shares)
    findings += ratio
    findings += _two_arms(unresolved, experiment, whole)
    findings += _spill_over(request, assigned, control, campaigns or (experiment,), sizes)
    findings += _before_registration(request, assigned, whole)
    balance = _balance(request, assigned, sums, control) if control in sizes and len(sizes) > 1 else ()
    findings += _unlike(balance)
    arms = tuple(
        ArmSize(arm, number, number / whole, None if shares is None else _share(shares, arm))
        for arm, number in sizes.items()
    )
    return Check(experiment, control, arms, p_value, balance, tuple(findings))


def amount(number: int) -> Text:
    """A whole number with its thousands set apart."""
    return Text(f"{number:,}", f"{number:,}".replace(",", "\u00a0"))


def _unknown(request: Request, experiment: str) -> Text:
    rows = request.rows("assignments")
    known = rows.select("experiment_id").distinct().order_by("experiment_id").limit(20).to_pandas()["experiment_id"]
    there = Text("there are none in `assignments`", "в\u00a0`assignments` нет ни\u00a0одного")
    if len(known):
        names = ", ".join(map(str, known))
        there = Text(f"there are: {names}", f"есть: {names}")
    return hinted(
        f"nobody is assigned to an experiment {experiment!r}",
        f"в\u00a0эксперимент «{experiment}» никто не\u00a0распределён",
        there,
    )


def _arms(sizes: Mapping[str, int], control: str) -> list[Finding]:
    if len(sizes) == 1:
        only, number = next(iter(sizes.items()))
        said = amount(number)
        return [
            Finding(
                "single_arm",
                "broken",
                Text(
                    f"All {said.en} customers are in one arm, «{only}»: without another one the effect cannot be told from "
                    "what would have happened anyway.",
                    f"Все клиенты ({said.ru}) в\u00a0одной группе «{only}»: без второй группы эффект нельзя отличить от\u00a0того, "
                    "что произошло\u00a0бы и\u00a0так.",
                ),
                number,
                number,
            )
        ]
    if control not in sizes:
        listed = ", ".join(f"«{arm}»" for arm in sizes)
        return [
            Finding(
                "no_control",
                "broken",
                Text(
                    f"No arm is called «{control}»; the arms are {listed}. Name the one that was left alone.",
                    f"Нет группы «{control}»; есть группы {listed}. Назовите ту, с\u00a0которой не\u00a0работали.",
                ),
            )
        ]
    return []


def _share(shares: Mapping[str, float], arm: str) -> float:
    return shares.get(arm, 0.0) / sum(shares.values())


def _sample_ratio(sizes: Mapping[str, int], shares: Mapping[str, float] | None) -> tuple[float | None, list[Finding]]:
    if shares is None:
        return None, [
            Finding(
                "no_plan",
                "note",
                Text(
                    "It is not known which shares were planned, so the sizes of the arms cannot be checked.",
                    "Неизвестно, какие доли были запланированы, поэтому размеры групп проверить нельзя.",
                ),
            )
        ]
    arms = list(dict.fromkeys([*shares, *sizes]))
    planned = [_share(shares, arm) for arm in arms]
    counts = np.array([float(sizes.get(arm, 0)) for arm in arms])
    unplanned = [arm for arm, share in zip(arms, planned, strict=True) if share == 0]
    if unplanned:
        return None, [
            Finding(
                "unplanned_arm",
                "broken",
                Text(
                    f"Customers are in arm «{unplanned[0]}», which was not planned: the assignment is broken.",
                    f"Есть клиенты в\u00a0группе «{unplanned[0]}», которой нет в\u00a0плане: распределение нарушено.",
                ),
                sizes[unplanned[0]],
                int(counts.sum()),
            )
        ]
    p_value = float(uplift.sample_ratio_p_value(counts, planned))
    shown = "< 0.001" if p_value < uplift.MISMATCH else f"= {p_value:.3f}"
    russian = shown.replace(".", ",").replace(" ", "\u00a0")
    if p_value < uplift.MISMATCH:
        statement = Text(
            f"The sizes of the arms do not fit the planned shares (p {shown}): the assignment or the data are broken, and "
            "no effect is figured.",
            f"Размеры групп не\u00a0соответствуют запланированным долям (p\u00a0{russian}): нарушено распределение или данные, "
            "и\u00a0эффект не\u00a0рассчитывается.",
        )
        return p_value, [Finding("sample_ratio", "broken", statement)]
    statement = Text(
        f"The sizes of the arms fit the planned shares (p {shown}).",
        f"Размеры групп соответствуют запланированным долям (p\u00a0{russian}).",
    )
    return p_value, [Finding("sample_ratio", "fine", statement)]


def _two_arms(unresolved: Tables | None, experiment: str, whole: int) -> list[Finding]:
    if unresolved is None:
        return []
    rows: Any = unresolved("assignments")
    rows = rows.filter(rows["experiment_id"] == experiment)
    merged = masters(unresolved("merges"))
    rows = rows.left_join(merged, "customer_id")
    rows = rows.select("arm", person=rows["master_id"].fill_null(rows["customer_id"]))
    persons = rows.group_by("person").aggregate(arms=rows["arm"].nunique())
    number = _number(persons.count(where=persons["arms"] > 1))
    if not number:
        return []
    said = amount(number)
    return [
        Finding(
            "two_arms",
            "warning" if number > _FEW_SHARE * whole else "note",
            Text(
                f"Persons who are in two arms under two names: {said.en}. Each counts in the arm of the first assignment; "
                "the effect is understated where they were treated under the other name.",
                f"Людей, которые попали в\u00a0две группы под разными именами: {said.ru}. Каждый учтён в\u00a0группе, куда "
                "попал первым; эффект занижен, если под другим именем с\u00a0ним работали.",
            ),
            number,
            whole,
        )
    ]


def _spill_over(
    request: Request, assigned: Rows, control: str, campaigns: Sequence[str], sizes: Mapping[str, int]
) -> list[Finding]:
    touches = request.rows("touches")
    touches = touches.filter(touches["campaign_id"].isin(tuple(campaigns)).fill_null(False))
    outward = touches["direction"].fill_null("out") == "out"
    touches = touches.filter(outward & touches["customer_id"].notnull())
    first = touches.group_by("customer_id").aggregate(first_at=touches["at"].min())
    reached = assigned.inner_join(first, "customer_id")
    early = reached["first_at"] < reached["assigned_at"]
    frame = reached.group_by("arm").aggregate(customers=reached.count(), early=reached.count(where=early)).to_pandas()
    listed = ", ".join(f"«{campaign}»" for campaign in campaigns)
    if frame.empty:
        return [
            Finding(
                "no_touches",
                "note",
                Text(
                    f"No touch of the campaign {listed} with these customers is recorded, so it cannot be told whom it reached.",
                    f"Касаний кампании {listed} с\u00a0этими клиентами в\u00a0данных нет, поэтому нельзя сказать, кого она "
                    "достигла.",
                ),
            )
        ]
    by_arm: dict[str, tuple[int, int]] = {
        str(row["arm"]): (int(row["customers"]), int(row["early"])) for row in frame.to_dict(orient="records")
    }
    findings: list[Finding] = []
    spilt = by_arm.get(control, (0, 0))[0]
    if control in sizes:
        said, of = amount(spilt), amount(sizes[control])
        findings.append(
            Finding(
                "spill_over",
                "warning" if spilt else "fine",
                Text(
                    f"Customers of the control group whom the campaign touched: {said.en} of {of.en}."
                    + (" The effect is understated." if spilt else ""),
                    f"Клиентов контрольной группы, которых коснулась кампания: {said.ru} из\u00a0{of.ru}."
                    + (" Эффект занижен." if spilt else ""),
                ),
                spilt,
                sizes[control],
            )
        )
    treated = sum(number for arm, number in sizes.items() if arm != control)
    reached_treated = sum(number for arm, (number, _) in by_arm.items() if arm != control)
    if treated:
        said, of = amount(reached_treated), amount(treated)
        findings.append(
            Finding(
                "reached",
                "fine" if reached_treated == treated else "note",
                Text(
                    f"Treated customers whom the campaign reached: {said.en} of {of.en}. The effect is that of the intention "
                    "to treat: those not reached stay in it, so that the arms remain alike.",
                    f"Клиентов, которых кампания достигла: {said.ru} из\u00a0{of.ru}. Эффект считается по\u00a0всем, с\u00a0кем "
                    "собирались работать: недостигнутые остаются в\u00a0группе, чтобы группы были сопоставимы.",
                ),
                reached_treated,
                treated,
            )
        )
    before = sum(early_ones for _, early_ones in by_arm.values())
    if before:
        said = amount(before)
        findings.append(
            Finding(
                "assigned_late",
                "warning",
                Text(
                    f"Customers assigned after the campaign’s first touch with them: {said.en}. What the touch did earlier is "
                    "counted as the past, and who was touched may have decided on the arm.",
                    f"Клиентов распределили после первого касания кампании: {said.ru}. То, что касание изменило раньше, учтено "
                    "как прошлое, а\u00a0само касание могло определить группу.",
                ),
                before,
                sum(sizes.values()),
            )
        )
    return findings


def _before_registration(request: Request, assigned: Rows, whole: int) -> list[Finding]:
    customers = request.rows("customers").select("customer_id", "created_at")
    orders = request.rows("orders")
    sold = orders.filter(is_sold(orders)).select("customer_id", "ordered_at")
    rows = assigned.select("customer_id").inner_join(customers, "customer_id").inner_join(sold, "customer_id")
    rows = rows.filter(rows["ordered_at"] < rows["created_at"])
    number = _number(rows["customer_id"].nunique())
    if not number:
        return []
    said = amount(number)
    return [
        Finding(
            "before_registration",
            "note",
            Text(
                f"Customers with orders before their registration: {said.en}. Their orders count by their own moments; the "
                "date of registration is used for nothing but the balance of the arms.",
                f"Клиентов с\u00a0заказами до\u00a0регистрации: {said.ru}. Заказы учтены по\u00a0своему времени; дата регистрации "
                "нужна только для проверки сопоставимости групп.",
            ),
            number,
            whole,
        )
    ]


def _balance(request: Request, assigned: Rows, sums: ArmSums, control: str) -> tuple[Balance, ...]:
    found: list[Balance] = []
    others = [arm for arm in sums.arms if arm != control]
    if sums.window.before_days:
        for name, words in _COVARIATES.items():
            moments = {arm: sums.moments(name, arm) for arm in sums.arms}
            found += _balances(name, words, moments, control, others)
    found += _tenure_balance(request, assigned, control)
    for name in CUSTOMER_DIMENSIONS:
        found += _attribute_balance(request, assigned, name, control)
    return tuple(found)


def _tenure_balance(request: Request, assigned: Rows, control: str) -> list[Balance]:
    customers = request.rows("customers").select("customer_id", "created_at")
    rows = assigned.inner_join(customers, "customer_id")
    rows = rows.filter(rows["created_at"].notnull())
    rows = rows.select("arm", days=days_between(rows["created_at"], rows["assigned_at"]))
    frame = rows.group_by("arm").aggregate(n=rows.count(), x=rows["days"].sum(), xx=(rows["days"] * rows["days"]).sum())
    moments = {
        str(row["arm"]): _of_covariate(row["n"], row["x"], row["xx"])
        for row in frame.order_by("arm").to_pandas().to_dict(orient="records")
    }
    return _balances("tenure", _TENURE, moments, control, [arm for arm in moments if arm != control])


def _attribute_balance(request: Request, assigned: Rows, name: str, control: str) -> list[Balance]:
    customers = request.rows("customers").select("customer_id", name)
    rows = assigned.inner_join(customers, "customer_id")
    rows = rows.filter(rows[name].notnull())
    counted = rows.group_by("arm", member=rows[name]).aggregate(customers=rows.count()).to_pandas()
    if counted.empty:
        return []
    table: Any = counted.pivot_table(index="member", columns="arm", values="customers", fill_value=0.0).sort_index()
    totals = table.sum()
    if control not in totals.index:
        return []
    found: list[Balance] = []
    label = _ATTRIBUTES[name]
    for member, row in table.iterrows():
        if row.sum() < _FEW_SHARE * totals.sum():
            continue  # of so few customers chance alone makes arms unlike
        moments = {str(arm): _of_covariate(totals[arm], row[arm], row[arm]) for arm in totals.index}
        words = Text(f"{label.en}: {member}", f"{label.ru}: {member}")
        found += _balances(f"{name}={member}", words, moments, control, [arm for arm in moments if arm != control])
    return found


def _of_covariate(n: float, x: float, xx: float) -> Moments:
    zero = np.zeros(())
    return Moments(np.asarray(n, np.float64), zero, zero, np.asarray(x, np.float64), np.asarray(xx, np.float64), zero)


def _balances(
    covariate: str, name: Text, moments: Mapping[str, Moments], control: str, others: Iterable[str]
) -> list[Balance]:
    """One comparison per treated arm; none where nothing varies."""
    if control not in moments:
        return []
    base = moments[control]
    found: list[Balance] = []
    for arm in others:
        value, (lower, upper) = incrementality.standardised_difference(base, moments[arm])
        if np.isfinite(value):
            unlike = bool(abs(value) > UNLIKE and (lower > 0 or upper < 0))
            mean, other = (float(part.x / part.n) for part in (base, moments[arm]))
            found.append(Balance(covariate, name, arm, mean, other, float(value), float(lower), float(upper), unlike))
    return found


def _unlike(balance: Sequence[Balance]) -> list[Finding]:
    if not balance:
        return []
    unlike = [one for one in balance if one.unlike]
    if not unlike:
        return [
            Finding(
                "balance",
                "fine",
                Text(
                    "The arms were alike before: no covariate differs by more than 0.1 standard deviations beyond chance.",
                    "До эксперимента группы были сопоставимы: ни\u00a0один признак не\u00a0различается больше чем на\u00a00,1 "
                    "стандартного отклонения сверх случайности.",
                ),
            )
        ]
    listed_en = ", ".join(dict.fromkeys(one.name.en for one in unlike))
    listed_ru = ", ".join(dict.fromkeys(one.name.ru for one in unlike))
    return [
        Finding(
            "balance",
            "warning",
            Text(
                f"The arms were unlike before the experiment in: {listed_en}. Trust the effect adjusted by CUPED rather than "
                "the plain one, and look for the reason.",
                f"До эксперимента группы различались: {listed_ru}. Доверяйте эффекту с\u00a0поправкой CUPED, а\u00a0не\u00a0простому, "
                "и\u00a0найдите причину.",
            ),
        )
    ]


def _number(expression: Any) -> int:
    value: Any = expression.name("number").as_table().to_pandas()["number"].iloc[0]
    return 0 if pd.isna(value) else int(value)
