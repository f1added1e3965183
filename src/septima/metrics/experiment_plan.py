"""How large an effect an experiment could find, and how many customers and days it takes, from the company's own past."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import ibis
import numpy as np

from septima.metrics.definition import Request, Rows
from septima.metrics.experiment_assignment import Eligible, eligible_customers
from septima.metrics.experiment_design import CONTROL_SHARE, ExperimentError
from septima.metrics.experiment_outcomes import OUTCOMES, ArmSums, Window, arm_sums, moment_of
from septima.models import incrementality
from septima.models.incrementality import ALPHA, POWER
from septima.schema import Text

DAYS = (7, 14, 28, 56, 91, 182)
SHARES = (0.05, 0.1, 0.2, 0.5)
_EVERYONE = "everyone"


@dataclass(frozen=True)
class PlanLine:
    """What an experiment of so many days can find in one outcome.

    `mean` and `deviation` are per customer in the last `days` of the data; `variance_reduction` is what CUPED takes
    of their variance. `detectable` is the smallest effect per customer that is found with the plan's power, and
    `relative` its share of the mean. `customers_needed` find the wanted effect, None where none is given or it cannot
    be told.
    """

    outcome: str
    days: int
    customers: int
    mean: float
    deviation: float
    variance_reduction: float | None
    detectable: float | None
    relative: float | None
    customers_needed: int | None


@dataclass(frozen=True)
class ShareLine:
    """What the control share does, at the plan's longest need: its customers and the smallest relative effect found."""

    outcome: str
    days: int
    control_share: float
    control_customers: int
    relative: float | None


@dataclass(frozen=True)
class Plan:
    """A plan: `effect` is the relative one that is wanted (None is none), `days_needed` by outcome the shortest of the
    lines that finds it with all `customers` there are.
    """

    customers: int
    control_share: float
    arms: int
    power: float
    effect: float | None
    known_until: date
    before_days: int
    lines: tuple[PlanLine, ...]
    shares: tuple[ShareLine, ...]
    days_needed: dict[str, int | None]
    statements: tuple[Text, ...]
    currency: str | None


def plan(
    request: Request,
    *,
    effect: float | None = None,
    control_share: float = CONTROL_SHARE,
    arms: int = 1,
    power: float = POWER,
    before_days: int = 90,
    outcomes: Sequence[str] = ("revenue", "orders", "visits"),
    days: Sequence[int] = DAYS,
    eligible: Eligible = Eligible(),  # noqa: B008 - a frozen value
) -> Plan:
    """Plan an experiment of `arms` treated arms beside one control by what customers did in the last days of the data.

    `effect` is relative: 0.05 is five per cent more. Where there are several arms each is held to the control at 5 % /
    arms (Bonferroni), and shares the rest of the customers evenly. ExperimentError where there are no customers or
    orders to learn from.
    """
    if effect is not None and (effect == 0 or not abs(effect) < 10):
        raise ExperimentError(
            Text(
                f"the effect to be found must be a share other than 0, such as 5%, not {effect:g}",
                f"искомый эффект\u00a0— доля, отличная от\u00a00, например 5\u00a0%, а\u00a0указано {effect:g}",
            )
        )
    given_shares = (
        (Text("the control share", "доля контрольной группы"), control_share),
        (Text("the power", "мощность"), power),
    )
    for name, value in given_shares:
        if not 0 < value < 1:
            raise ExperimentError(
                Text(
                    f"{name.en} must be above 0 and below 1, not {value:g}",
                    f"{name.ru} должна быть больше 0 и\u00a0меньше 1, а\u00a0указано {value:g}",
                )
            )
    if arms < 1:
        raise ExperimentError(
            Text(
                f"an experiment needs one treated arm at least, not {arms}",
                f"в\u00a0эксперименте нужна хотя\u00a0бы одна группа с\u00a0воздействием, а\u00a0указано {arms}",
            )
        )
    orders = request.rows("orders")
    bounds: Any = orders.aggregate(first=orders["ordered_at"].min(), last=orders["ordered_at"].max()).to_pandas()
    first, last = (moment_of(bounds[name].iloc[0]) for name in ("first", "last"))
    if first is None or last is None:
        raise ExperimentError(
            Text(
                "there are no orders to learn from; load `orders`, or take the plan of a like company",
                "нет заказов, по\u00a0которым строить план; загрузите `orders` или возьмите план похожей компании",
            )
        )
    fitting = [number for number in sorted(days) if last - timedelta(days=number + before_days) >= first]
    if not fitting:
        raise ExperimentError(
            Text(
                f"the orders span {(last - first).days} days, too few for {min(days)} days of outcome and {before_days} before "
                "them; take fewer days before, such as --before-days 0",
                f"заказы охватывают {(last - first).days} дней: мало для {min(days)} дней результата "
                f"и\u00a0{before_days} дней до\u00a0них; возьмите меньше дней до, например --before-days 0",
            )
        )
    customers = eligible_customers(request, eligible).select("customer_id", "created_at")
    past = {number: _past(request, customers, last - timedelta(days=number), Window(number, before_days)) for number in fitting}  # fmt: skip
    if not any(len(sums.frame) for sums in past.values()):
        raise ExperimentError(
            Text(
                "no customer is eligible; load `customers`, or ask for other segments",
                "ни\u00a0один клиент не\u00a0подходит; загрузите `customers` или возьмите другие сегменты",
            )
        )
    question = _Question(control_share, arms, power, effect)
    lines = tuple(_line(outcome, sums, question) for outcome in outcomes for sums in past.values() if len(sums.frame))
    needed = {outcome: _days_needed(lines, outcome, effect) for outcome in outcomes}
    shown = fitting[-1]
    shares = tuple(
        _share_line(outcome, past[_usual(needed[outcome], fitting, shown)], share, question)
        for outcome in outcomes
        for share in sorted({*SHARES, control_share})
    )
    return Plan(
        max(line.customers for line in lines),
        control_share,
        arms,
        power,
        effect,
        request.calendar.local(last).date(),
        before_days,
        lines,
        shares,
        needed,
        _statements(lines, needed, effect, fitting),
        request.currency,
    )


@dataclass(frozen=True)
class _Question:
    control_share: float
    arms: int
    power: float
    effect: float | None


def _past(request: Request, customers: Rows, since: Any, window: Window) -> ArmSums:
    """What all customers known at a moment did after it and before, as of one arm."""
    known = customers.filter(customers["created_at"].isnull() | (customers["created_at"] <= ibis.literal(since)))
    moment = request.rows("orders")["ordered_at"].type()
    one_arm = known.select("customer_id", arm=ibis.literal(_EVERYONE), assigned_at=ibis.literal(since).cast(moment))
    return arm_sums(request, one_arm, window)


def _line(outcome: str, sums: ArmSums, question: _Question) -> PlanLine:
    moments = sums.moments(outcome, _EVERYONE)
    n, mean, spread = float(moments.n), float(moments.mean), float(moments.variance)
    left = float(moments.adjusted_variance(moments.slope))
    found, needed = _found(left, n, question.control_share, question), None
    if question.effect is not None and mean > 0 and left > 0:
        pair, share = _pair(question.control_share, question.arms)
        wanted = np.asarray(question.effect * mean)
        alpha = ALPHA / question.arms
        needed = float(incrementality.customers_needed(np.asarray(left), wanted, share, question.power, alpha)) / pair
    return PlanLine(
        outcome,
        sums.window.days,
        int(n),
        mean,
        float(np.sqrt(spread)),
        1 - left / spread if spread > 0 else None,
        found,
        found / mean if found is not None and mean > 0 else None,
        None if needed is None else int(np.ceil(needed)),
    )


def _share_line(outcome: str, sums: ArmSums, share: float, question: _Question) -> ShareLine:
    moments = sums.moments(outcome, _EVERYONE)
    n, mean = float(moments.n), float(moments.mean)
    found = _found(float(moments.adjusted_variance(moments.slope)), n, share, question)
    relative = found / mean if found is not None and mean > 0 else None
    return ShareLine(outcome, sums.window.days, share, int(n * share), relative)


def _found(variance: float, n: float, control_share: float, question: _Question) -> float | None:
    pair, share = _pair(control_share, question.arms)
    alpha = ALPHA / question.arms
    if not variance > 0 or not n * pair * min(share, 1 - share) >= 2:
        return None
    return float(
        incrementality.detectable_effect(np.asarray(variance), np.asarray(n * pair), share, question.power, alpha)
    )


def _pair(control_share: float, arms: int) -> tuple[float, float]:
    """The share of all customers in the control and one treated arm, and that of the control among these."""
    pair = control_share + (1 - control_share) / arms
    return pair, control_share / pair


def _days_needed(lines: Sequence[PlanLine], outcome: str, effect: float | None) -> int | None:
    if effect is None:
        return None
    return next(
        (
            line.days
            for line in lines
            if line.outcome == outcome and line.relative is not None and line.relative <= abs(effect)
        ),
        None,
    )


def _usual(needed: int | None, fitting: Sequence[int], longest: int) -> int:
    if needed is not None:
        return needed
    return 28 if 28 in fitting else longest


def _statements(
    lines: Sequence[PlanLine], needed: dict[str, int | None], effect: float | None, fitting: Sequence[int]
) -> tuple[Text, ...]:
    said: list[Text] = []
    for outcome, number in needed.items():
        name = OUTCOMES[outcome]
        if not any(line.mean > 0 for line in lines if line.outcome == outcome):
            said.append(
                Text(
                    f"{name.en}: nothing is recorded, so nothing can be planned.",
                    f"{name.ru}: записей нет, поэтому план невозможен.",
                )
            )
        elif effect is not None and number is None:
            percent = f"{effect * 100:.1f}".replace(".", ",")
            said.append(
                Text(
                    f"{name.en}: an effect of {effect:.1%} is too small for the customers there are, even in "
                    f"{fitting[-1]} days; take a larger control, more customers, or an outcome that varies less.",
                    f"{name.ru}: эффект {percent}\u00a0% слишком мал для имеющихся клиентов даже за\u00a0{fitting[-1]} дней; "
                    "увеличьте контрольную группу, число клиентов или возьмите показатель с\u00a0меньшим разбросом.",
                )
            )
    return tuple(said)
