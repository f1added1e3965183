"""The simulation from end to end: block by block of customers, then what adds up over them."""

from dataclasses import asdict, dataclass, field, replace
from datetime import date
from pathlib import Path

import numpy as np

from septima.demo.arrays import Integers
from septima.demo.calendar import DAY, QUARTERS, Calendar, DemoError, make_calendar
from septima.demo.employees import write_staff
from septima.demo.export import Exporter, mapping_text
from septima.demo.management import write_deals, write_ledger, write_milestones, write_plans, write_rates
from septima.demo.marketing import (
    Campaigns,
    Cost,
    campaign_of,
    make_campaigns,
    write_campaigns_and_spend,
    write_messages,
    write_visits,
)
from septima.demo.model import Model
from septima.demo.people import make_people, write_people
from septima.demo.process import alive_after, second_purchase_within
from septima.demo.purchases import (
    Orders,
    assign,
    make_orders,
    write_assignments,
    write_deliveries,
    write_orders,
    write_products,
)
from septima.demo.service import write_calls, write_complaints, write_steps
from septima.demo.setting import Setting
from septima.demo.staff import make_staff
from septima.demo.surveys import write_answers
from septima.demo.truth import (
    Truth,
    deal_stages,
    expect,
    mean_deal_amount,
    span,
    write_truth,
)
from septima.schema import TABLES, Text

MAPPING_FILE = "mapping.yaml"
BLOCK = 25_000
_LAST_DAY = date(2026, 9, 30)
_YEAR_WEEKS = 52.0


@dataclass
class _Tally:
    """What adds up over the blocks: kopecks of each day, figures of each quarter, messages of each campaign."""

    revenue: Integers
    cost: Integers
    sent: Integers
    orders: Integers = field(default_factory=lambda: np.zeros(QUARTERS, dtype=np.int64))
    buyers: Integers = field(default_factory=lambda: np.zeros(QUARTERS, dtype=np.int64))
    second_records: int = 0

    def add(self, orders: Orders, calendar: Calendar) -> None:
        day = (orders.at - calendar.start) // DAY
        # Sums of kopecks stay far below 2^53, where floating-point numbers are exact.
        self.revenue += np.bincount(day, orders.kopecks.astype(np.float64), len(self.revenue)).astype(np.int64)
        self.cost += np.bincount(day, orders.cost.astype(np.float64), len(self.cost)).astype(np.int64)
        quarter = calendar.quarter_of(orders.at)
        self.orders += np.bincount(quarter, minlength=QUARTERS)
        self.buyers += np.bincount(np.unique(orders.owner * QUARTERS + quarter) % QUARTERS, minlength=QUARTERS)

    def by_quarter(self, calendar: Calendar, marketing: Cost) -> dict[str, tuple[float, ...]]:
        quarter = calendar.quarter_of(calendar.start + np.arange(len(self.revenue)) * DAY)
        daily = (
            ("revenue", self.revenue, 100),
            ("cost", self.cost, 100),
            ("spend", marketing.spend, 10_000),
            ("message_cost", marketing.messages, 10_000),
        )
        sums = {
            name: tuple(int(units[quarter == number].sum()) / per_rouble for number in range(QUARTERS))
            for name, units, per_rouble in daily
        }
        counts = {name: tuple(map(int, values)) for name, values in (("orders", self.orders), ("buyers", self.buyers))}
        return {**sums, **counts}


def simulate(
    folder: Path, *, customers: int, seed: int, end: date = _LAST_DAY, model: Model | None = None, block: int = BLOCK
) -> Truth:
    """Simulate the company into `folder`: a Parquet file a table, `mapping.yaml` and `truth.json`.

    The same arguments give the same files. Customers are drawn `block` at a time, which bounds
    memory. `end` is the last day, the last of a quarter. DemoError where an argument cannot be used.
    """
    if customers < 1:
        raise DemoError(
            Text(
                f"a company needs at least one customer, not {customers}; give --customers 20000",
                f"компании нужен хотя\u00a0бы один клиент, а\u00a0не\u00a0{customers}; укажите --customers 20000",
            )
        )
    if seed < 0:
        raise DemoError(
            Text(
                f"a seed is a whole number from zero up, not {seed}; give --seed 7",
                f"начальное число\u00a0— целое, не\u00a0меньше нуля, а\u00a0не\u00a0{seed}; укажите --seed 7",
            )
        )
    model = model or Model()
    calendar = make_calendar(model, end)
    folder.mkdir(parents=True, exist_ok=True)
    campaigns = make_campaigns(model, calendar)
    staff = make_staff(model, calendar, seed, customers)
    days = (calendar.end - calendar.start) // DAY
    tally = _Tally(
        revenue=np.zeros(days, dtype=np.int64),
        cost=np.zeros(days, dtype=np.int64),
        sent=np.zeros(campaigns.writing, dtype=np.int64),
    )
    with Exporter(folder) as exporter:
        company = Setting(model, calendar, staff, exporter, seed)
        write_staff(company)
        write_products(company)
        write_milestones(company)
        write_plans(company)
        write_rates(company)
        for number, first in enumerate(range(0, customers, block)):
            numbers = np.arange(first, min(first + block, customers))
            _write_block(replace(company, block=number), numbers, campaigns, tally)
        marketing = write_campaigns_and_spend(company, tally.sent, campaigns, customers)
        write_ledger(company, tally.revenue, tally.cost, marketing.spend + marketing.messages)
        counts = exporter.counts
    tables = [name for name in TABLES if name in counts.rows]
    (folder / MAPPING_FILE).write_text(mapping_text(tables, exporter.columns), encoding="utf-8")

    expectations = expect(model, calendar, customers)
    stages, cycle = deal_stages(model)
    first_day, last_day = span(calendar)
    truth = Truth(
        seed=seed,
        customers=customers,
        start=first_day,
        end=last_day,
        quarters=calendar.labels,
        rows=counts.rows,
        repeated=counts.repeated,
        broken=counts.broken,
        missing=counts.missing,
        duplicate_customers=tally.second_records,
        counted=tally.by_quarter(calendar, marketing),
        expected=expectations.expected,
        expected_by=expectations.expected_by,
        uplift={name: experiment.uplift for name, experiment in model.experiments.items()},
        stages=stages,
        cycle=cycle,
        mean_deal_amount=mean_deal_amount(model),
        alive_after_year={name: alive_after(segment, _YEAR_WEEKS) for name, segment in model.segments.items()},
        second_purchase_within_year={
            name: second_purchase_within(segment, _YEAR_WEEKS) for name, segment in model.segments.items()
        },
        parameters=asdict(model),
    )
    write_truth(truth, folder)
    return truth


def _write_block(setting: Setting, numbers: Integers, campaigns: Campaigns, tally: _Tally) -> None:
    people = make_people(setting, numbers)
    arms = assign(people, setting.model, setting.calendar)
    orders = make_orders(setting, people, arms)
    tally.add(orders, setting.calendar)
    tally.second_records += write_people(setting, people)
    write_assignments(setting, people, arms)
    write_orders(setting, orders, people, campaign_of(orders, campaigns))
    write_deliveries(setting, orders, people)
    tally.sent += write_messages(setting, people, [treated for _, treated in arms], campaigns)
    write_visits(setting, people, orders, campaigns)
    write_calls(setting, orders, people)
    complaints = write_complaints(setting, orders, people)
    write_steps(setting, orders, complaints, people)
    write_answers(setting, orders, people)
    write_deals(setting, people)
