"""Deals with companies, milestones of the CRM programme, its plan, exchange rates, and the ledger."""

import numpy as np

from septima.demo.arrays import (
    Integers,
    dates,
    decimals,
    instants,
    money,
    numbered,
    numbers,
    pick,
    rank_within,
    same,
    words,
)
from septima.demo.calendar import DAY, QUARTERS
from septima.demo.export import break_rows
from septima.demo.people import People
from septima.demo.purchases import PRODUCTS
from septima.demo.setting import Setting

_QUARTER_DAYS = 365.25 / 4
_UNITS = 10_000


def write_deals(setting: Setting, people: People) -> None:
    """Write deals and their stages.

    A deal's whole length is drawn first and its outcome by the quarter in which it ends, so the win
    rate among the deals closed in a quarter is exactly that quarter's. A lost deal ends at a drawn
    stage and spreads its length over the stages that it saw.
    """
    model, calendar, staff = setting.model, setting.calendar, setting.staff
    chance = setting.chance("deals")
    company = np.flatnonzero(people.segment == list(model.segments).index("business"))
    known = calendar.end - people.created_at[company]
    expected = model.deals_per_quarter * known / (_QUARTER_DAYS * DAY)
    owner = np.repeat(company, chance.poisson(expected))
    opened = people.created_at[owner]
    opened = opened + (chance.random(len(owner)) * (calendar.end - opened)).astype(np.int64)
    shapes = np.array(list(model.stage_shapes.values()))
    length = chance.gamma(shapes.sum(), model.stage_scale_days, len(owner)) * DAY
    closed = opened + length.astype(np.int64)
    won = chance.random(len(owner)) < np.array(model.win_rate)[calendar.quarter_of(closed)]
    last = np.where(won, len(shapes) - 1, pick(chance, model.lost_at_shares, len(owner)))
    over = closed < calendar.end
    size = len(owner)
    number = setting.numbers(size)
    employee = staff.serving(chance, "sales", opened)
    amount = chance.lognormal(np.log(model.median_deal_amount), model.deal_amount_sigma, size)
    columns = {
        "deal_id": numbered("G", number, 10),
        "customer_id": numbered("C", people.number[owner]),
        "opened_at": instants(opened),
        "closed_at": instants(closed, over),
        "amount": money(np.rint(amount * 100).astype(np.int64)),
        "currency": same("RUB", size),
        "product_id": numbered("P", chance.integers(0, PRODUCTS, size), 4),
        "channel": words(pick(chance, [0.55, 0.30, 0.15], size), ["call_centre", "web", "store"]),
        "employee_id": numbered("E", employee, 5, employee >= 0),
        "outcome": words(np.where(over, np.where(won, 1, 2), 0), ["open", "won", "lost"]),
    }
    broken = None
    if size:
        broken = dict(break_rows(chance, columns, model.broken_share, "deal_id", "B"))
        broken["amount"] = money(np.full(len(broken["deal_id"]), -100))
    setting.exporter.write("deals", columns, broken=("deals", broken) if broken else None)

    weight = chance.gamma(shapes, size=(size, len(shapes))) * (np.arange(len(shapes)) <= last[:, None])
    ends = opened[:, None] + (np.cumsum(weight, axis=1) / weight.sum(axis=1, keepdims=True) * length[:, None]).astype(
        np.int64
    )
    ends[np.arange(size), last] = closed
    begins = np.column_stack((opened, ends[:, :-1]))
    deal, stage = np.nonzero((np.arange(len(shapes)) <= last[:, None]) & (begins < calendar.end))
    left = ends[deal, stage]
    setting.exporter.write(
        "deal_stages",
        {
            "deal_id": numbered("G", number[deal], 10),
            "stage": words(stage, list(model.stage_shapes)),
            "entered_at": instants(begins[deal, stage]),
            "left_at": instants(left, left < calendar.end),
        },
    )


def write_milestones(setting: Setting) -> None:
    """Write the milestones of the CRM programme; few of them."""
    model, calendar = setting.model, setting.calendar
    chance = setting.chance("milestones")
    quarter = np.repeat(np.arange(QUARTERS), model.milestones_per_quarter)
    size = len(quarter)
    planned = calendar.edges[quarter] + (rank_within(quarter) * 12 + 4) * DAY
    on_plan = chance.random(size) < model.milestones_on_plan
    early = (chance.random(size) * 4 * DAY).astype(np.int64)
    late = (chance.exponential(20 * DAY, size) + DAY).astype(np.int64)
    done = np.where(on_plan, planned - early, planned + late)
    setting.exporter.write(
        "milestones",
        {
            "milestone_id": numbered("V", np.arange(size), 4),
            "kind": words(pick(chance, [0.25, 0.35, 0.25, 0.15], size), ["plan", "roll_out", "decision", "goal"]),
            "department": words(chance.integers(0, len(model.departments), size), list(model.departments)),
            "planned_at": instants(planned),
            "done_at": instants(done, done < calendar.end),
        },
    )


def write_plans(setting: Setting) -> None:
    """Write what the plan of growth asks of open letters each quarter, in all and of those by e-mail."""
    quarters = np.arange(QUARTERS)
    whole = np.round(np.linspace(0.19, 0.24, QUARTERS), 3)
    rows = 2 * QUARTERS
    member = np.repeat([0, 1], QUARTERS)
    setting.exporter.write(
        "plans",
        {
            "plan": same("growth", rows),
            "kpi": same("open_rate", rows),
            "grain": same("quarter", rows),
            "date": dates(setting.calendar.edges[np.tile(quarters, 2)] // DAY + 1),
            "dimension": words(member, ["", "channel"]),
            "member": words(member, ["", "email"]),
            "target": numbers(np.concatenate([whole, whole + 0.01])),
        },
    )


def write_rates(setting: Setting) -> None:
    """Write exchange rates to the rouble on working days: geometric random walks from those of the opening."""
    model, calendar, chance = setting.model, setting.calendar, setting.chance("rates")
    days = np.arange(calendar.start // DAY, calendar.end // DAY)
    days = days[(days + 3) % 7 < 5]
    currencies = len(model.opening_rates)
    steps = model.daily_rate_change * chance.standard_normal((len(days), currencies))
    rates = np.array(list(model.opening_rates.values())) * np.exp(np.cumsum(steps, axis=0))
    setting.exporter.write(
        "rates",
        {
            "date": dates(np.repeat(days, currencies)),
            "currency": words(np.tile(np.arange(currencies), len(days)), list(model.opening_rates)),
            "to_currency": same("RUB", rates.size),
            "rate": numbers(rates.ravel().round(4)),
        },
    )


def write_ledger(setting: Setting, revenue: Integers, cost: Integers, spend: Integers) -> None:
    """Write the accounts: what orders brought and their goods cost each day, marketing, pay, rent and carriage.

    `revenue` and `cost` are kopecks of each day, `spend` units of the last digit of money.
    """
    model, calendar, staff = setting.model, setting.calendar, setting.staff
    first_day = calendar.start // DAY
    days = np.arange(len(revenue))
    dated = (days + first_day).astype("datetime64[D]")
    pay_days = np.flatnonzero((dated + 1).astype("datetime64[M]") != dated.astype("datetime64[M]"))
    month_of = np.searchsorted(pay_days, days)
    monthly = np.bincount(month_of, revenue.astype(np.float64))
    headcount = staff.headcount((pay_days + first_day) * DAY)
    payroll = np.rint(headcount * model.monthly_pay * _UNITS).astype(np.int64)
    accounts: tuple[tuple[str, Integers, Integers], ...] = (
        ("revenue", days, revenue * 100),
        ("cost_of_goods", days, cost * 100),
        ("marketing", days, spend),
        ("payroll", pay_days, payroll),
        ("rent", pay_days, np.rint(0.05 * monthly).astype(np.int64) * 100),
        ("carriage", pay_days, np.rint(0.04 * monthly).astype(np.int64) * 100),
    )
    lengths = [len(part[1]) for part in accounts]
    code = np.repeat(np.arange(len(accounts)), lengths)
    setting.exporter.write(
        "ledger",
        {
            "date": dates(np.concatenate([part[1] for part in accounts]) + first_day),
            "account": words(code, [part[0] for part in accounts]),
            "amount": decimals(np.concatenate([part[2] for part in accounts])),
            "currency": same("RUB", len(code)),
        },
    )
