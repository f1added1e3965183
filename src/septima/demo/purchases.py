"""Experiments' arms, orders, their lines, deliveries, and the products."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from septima.demo.arrays import (
    Flags,
    Integers,
    decimals,
    flags,
    instants,
    money,
    numbered,
    pick,
    pick_by_row,
    rank_within,
    same,
    uniform_number,
    words,
)
from septima.demo.calendar import DAY, SECOND, Calendar
from septima.demo.export import STATUS_WORDS, break_rows
from septima.demo.model import EXPERIMENT_SEGMENTS, SALE_CHANNELS, Experiment, Model
from septima.demo.people import People
from septima.demo.setting import Setting
from septima.demo.words import CATEGORIES, GOODS

PRODUCTS = len(CATEGORIES) * len(GOODS)
ALWAYS_ON = ("search", "social")
_STATUSES = ("paid", "shipped", "completed", "cancelled", "returned")
_SCALE = 100


@dataclass(frozen=True)
class Orders:
    """The orders that went well, of one block, by customer and time; arrays of one length.

    `owner` is the customer's place in the block, `sequence` numbers the orders of a customer,
    `experiment` is the number of the experiment that caused the order or −1, `brought_by` the kind
    of visit that led to it (see `marketing.VISITS`) or −1.
    """

    owner: Integers
    sequence: Integers
    at: Integers
    kopecks: Integers
    cost: Integers
    channel: Integers
    experiment: Integers
    brought_by: Integers
    ids: pa.StringArray

    def __len__(self) -> int:
        return len(self.at)


def experiment_start(experiment: Experiment, calendar: Calendar) -> int:
    """The moment of assignment."""
    return int(calendar.edges[experiment.quarter]) + experiment.day * DAY + 6 * 3_600 * SECOND


def assign(people: People, model: Model, calendar: Calendar) -> list[tuple[Flags, Flags]]:
    """For each experiment, who is eligible and who of them is treated, by the salted hash of the customer's number."""
    arms: list[tuple[Flags, Flags]] = []
    retail = np.isin(people.segment, [list(model.segments).index(name) for name in EXPERIMENT_SEGMENTS])
    for name, experiment in model.experiments.items():
        known = people.first_at < experiment_start(experiment, calendar)
        eligible = known & people.consent & people.buyer & retail
        treated = eligible & (uniform_number(people.number, name) >= experiment.control_share)
        arms.append((eligible, treated))
    return arms


def write_assignments(setting: Setting, people: People, arms: list[tuple[Flags, Flags]]) -> None:
    """Write who was put into which arm."""
    model, calendar = setting.model, setting.calendar
    ids = people.ids
    for (name, experiment), (eligible, treated) in zip(model.experiments.items(), arms, strict=True):
        size = int(eligible.sum())
        setting.exporter.write(
            "assignments",
            {
                "experiment_id": same(name, size),
                "customer_id": ids.filter(pa.array(eligible)),
                "arm": words(treated[eligible].astype(np.int64), ["control", "treated"]),
                "assigned_at": instants(np.full(size, experiment_start(experiment, calendar))),
            },
        )


def make_orders(setting: Setting, people: People, arms: list[tuple[Flags, Flags]]) -> Orders:
    """Draw purchases: a first one at the arrival, repeats by BG/NBD, and what the experiments add."""
    model, calendar = setting.model, setting.calendar
    chance = setting.chance("orders")
    size = len(people)
    segments = list(model.segments.values())

    def of_segment(name: str) -> np.ndarray:
        return np.array([getattr(segment, name) for segment in segments])[people.segment]

    rate = chance.gamma(of_segment("r")) / of_segment("alpha")
    dropout = np.maximum(chance.beta(of_segment("a"), of_segment("b")), 1e-9)
    lifetime = chance.geometric(dropout)
    spend_rate = chance.gamma(of_segment("q")) / of_segment("gamma")
    first = calendar.weeks_at(people.first_at)
    left = calendar.operational[-1] - first
    repeats = np.where(people.buyer, chance.poisson(rate * left), 0)
    owner = np.repeat(np.arange(size), repeats)
    weeks = first[owner] + chance.random(len(owner)) * left[owner]
    order = np.lexsort((weeks, owner))
    owner, weeks = owner[order], weeks[order]
    alive = rank_within(owner) < lifetime[owner]
    owner, at = owner[alive], calendar.moment_of(weeks[alive])

    owners, moments, experiments = [np.flatnonzero(people.buyer), owner], [people.first_at[people.buyer], at], []
    experiments = [np.full(len(owners[0]), -1), np.full(len(owner), -1)]
    for number, (experiment, (_, treated)) in enumerate(zip(model.experiments.values(), arms, strict=True)):
        begin = experiment_start(experiment, calendar)
        bounds = calendar.weeks_at(np.array([begin, begin + experiment.days * DAY]))
        extra = np.repeat(np.flatnonzero(treated), chance.poisson(experiment.extra_orders, int(treated.sum())))
        owners.append(extra)
        moments.append(calendar.moment_of(bounds[0] + chance.random(len(extra)) * (bounds[1] - bounds[0])))
        experiments.append(np.full(len(extra), number))
    owner, at, caused = np.concatenate(owners), np.concatenate(moments), np.concatenate(experiments)
    order = np.lexsort((at, owner))
    owner, at, caused = owner[order], at[order], caused[order]

    total = len(owner)
    own = chance.gamma(of_segment("p")[owner]) / spend_rate[owner]
    means = np.array([experiment.mean_value for experiment in model.experiments.values()])
    promoted = chance.gamma(model.basket_shape, means[caused] / model.basket_shape)
    kopecks = np.maximum(np.rint(100 * np.where(caused < 0, own, promoted)), 100).astype(np.int64)
    cost_share = of_segment("cost_share")[owner] * (1 + 0.1 * (2 * chance.random(total) - 1))
    channel = pick_by_row(chance, np.array([segment.channel_shares for segment in segments]), people.segment[owner])
    channel = np.where(caused < 0, channel, chance.integers(0, 2, total))
    sequence = rank_within(owner)
    visited = (channel < 2) & (caused < 0) & (chance.random(total) < model.visits_before_order)
    brought_by = np.where(visited, pick(chance, [0.34, 0.22, 0.14, 0.30], total), -1)
    customer = people.number[owner]
    ids = numbered("", customer * 1000 + sequence, 10)
    cost = np.rint(kopecks * cost_share).astype(np.int64)
    return Orders(owner, sequence, at, kopecks, cost, channel, caused, brought_by, ids)


def write_orders(setting: Setting, orders: Orders, people: People, campaign: pa.StringArray) -> None:
    """Write orders, with attempts that failed and rows that are broken or exported twice, and their lines."""
    model, calendar, staff = setting.model, setting.calendar, setting.staff
    chance = setting.chance("order details")
    size = len(orders)
    promoted = (chance.random(size) < model.promo_share) | (orders.experiment >= 0)
    rate = model.promo_discount
    discount = np.where(promoted, np.rint(orders.kopecks * rate / (1 - rate)), 0).astype(np.int64)
    employee = np.where(
        orders.channel == 2,
        staff.serving(chance, "stores", orders.at),
        np.where(orders.channel == 3, staff.serving(chance, "support", orders.at), -1),
    )
    age = calendar.end - orders.at
    status = np.where(orders.channel == 2, 2, np.where(age < DAY, 0, np.where(age < 3 * DAY, 1, 2)))

    failed = np.flatnonzero(chance.random(size) < model.unsuccessful_share)
    returned = chance.random(len(failed)) < model.returned_among_unsuccessful
    attempt_at = orders.at[failed] - chance.integers(60 * SECOND, 3_000 * SECOND, len(failed))
    rows = np.concatenate((np.arange(size), failed))
    ids = pa.concat_arrays([orders.ids, numbered("A", people.number[orders.owner[failed]] * 1000 + orders.sequence[failed], 10)])  # fmt: skip
    at = np.concatenate((orders.at, attempt_at))
    state = np.concatenate((status, np.where(returned, 4, 3)))
    channel = orders.channel[rows]
    columns = {
        "order_id": ids,
        "customer_id": numbered("C", people.number[orders.owner[rows]]),
        "ordered_at": instants(at),
        "channel": words(channel, SALE_CHANNELS),
        "online": flags(channel < 2),
        "status": words(state, [STATUS_WORDS[name] for name in _STATUSES]),
        "revenue": money(orders.kopecks[rows]),
        "cost": money(orders.cost[rows]),
        "discount": money(discount[rows]),
        "currency": same("RUB", len(rows)),
        "promo_id": words(
            np.where(orders.experiment[rows] >= 0, 1, 0), ["promo-10", "promo-experiment"], promoted[rows]
        ),
        "campaign_id": campaign.take(pa.array(rows)),
        "employee_id": numbered("E", employee[rows], 5, employee[rows] >= 0),
    }
    broken = break_rows(chance, columns, model.broken_share, "order_id", "B", status="???")
    twice = np.sort(chance.choice(len(rows), round(len(rows) * model.repeated_share), replace=False))
    setting.exporter.write("orders", columns, broken=("orders", broken), repeated=twice)
    _write_items(setting, chance, orders, discount)


def write_products(setting: Setting) -> None:
    """Write the catalogue of products, in order of price."""
    chance = setting.chance("products")
    price = _list_prices(setting)
    order = chance.permutation(PRODUCTS)
    names = [f"{CATEGORIES[place // len(GOODS)]} {GOODS[place % len(GOODS)]}" for place in order]
    setting.exporter.write(
        "products",
        {
            "product_id": numbered("P", np.arange(PRODUCTS), 4),
            "name": pa.array(names),
            "category": words(order // len(GOODS), CATEGORIES),
            "price": money(price),
            "cost": money(np.rint(price * (0.55 + 0.15 * chance.random(PRODUCTS))).astype(np.int64)),
            "currency": same("RUB", PRODUCTS),
        },
    )


def _list_prices(setting: Setting) -> Integers:
    price = np.sort(setting.chance_of_company("list prices").lognormal(np.log(1_400), 1.1, PRODUCTS))
    return np.rint(price / 10).astype(np.int64) * 1_000 - 100


def _write_items(setting: Setting, chance: np.random.Generator, orders: Orders, discount: Integers) -> None:
    lines = 1 + chance.binomial(3, 0.3, len(orders))
    row = np.repeat(np.arange(len(orders)), lines)
    line = rank_within(row)
    weight = chance.gamma(2.0, size=len(row)) + 0.05
    share = weight / np.bincount(row, weight)[row]
    last = line == lines[row] - 1

    def split(total: Integers) -> Integers:
        part = np.floor(total[row] * share).astype(np.int64)
        part[last] = 0
        part[last] = total - np.bincount(row, part, minlength=len(total)).astype(np.int64)
        return part

    paid, off, cost = split(orders.kopecks), split(discount), split(orders.cost)
    quantity = np.where(chance.random(len(row)) < 0.22, 2, 1)
    price = (paid + off) * _SCALE // quantity
    nearest = np.searchsorted(_list_prices(setting), (paid + off) // quantity)
    product = np.clip(nearest + chance.integers(-2, 3, len(row)), 0, PRODUCTS - 1)
    setting.exporter.write(
        "order_items",
        {
            "order_id": orders.ids.take(pa.array(row)),
            "line": numbered("", line + 1, 1),
            "product_id": numbered("P", product, 4),
            "quantity": decimals(quantity * 10_000),
            "price": decimals(price),
            "discount": money(off),
            "cost": money(cost),
            "currency": same("RUB", len(row)),
        },
    )


def write_deliveries(setting: Setting, orders: Orders, people: People) -> None:
    """Write deliveries of the orders made away from a store: promised, and kept by the carrier's probability."""
    model, calendar = setting.model, setting.calendar
    chance = setting.chance("deliveries")
    rows = np.flatnonzero((orders.channel != 2) & (chance.random(len(orders)) < model.delivered_share))
    size = len(rows)
    carrier = pick(chance, [share for share, _ in model.carriers.values()], size)
    promised = orders.at[rows] + chance.integers(DAY, 5 * DAY, size)
    kept = np.array([path for _, path in model.carriers.values()])[carrier, calendar.quarter_of(promised)]
    draw = chance.random(size)
    on_time, failed = draw < kept, draw >= 1 - model.failed_share
    early = (chance.random(size) * 0.8 * (promised - orders.at[rows])).astype(np.int64)
    late = (chance.exponential(1.6 * DAY, size) + 3_600 * SECOND).astype(np.int64)
    arrived = np.where(on_time, promised - early, promised + late)
    delivered = ~failed & (arrived < calendar.end)
    given_up = failed & (promised + 3 * DAY < calendar.end)
    planned = ~delivered & (calendar.end - orders.at[rows] < DAY)
    status = np.where(delivered, 0, np.where(given_up, 1, np.where(planned, 3, 2)))
    customer = people.number[orders.owner[rows]]
    setting.exporter.write(
        "deliveries",
        {
            "delivery_id": numbered("D", customer * 1000 + orders.sequence[rows], 10),
            "order_id": orders.ids.take(pa.array(rows)),
            "customer_id": numbered("C", customer),
            "promised_at": instants(promised),
            "delivered_at": instants(arrived, delivered),
            "status": words(status, ["delivered", "failed", "shipped", "planned"]),
            "in_full": flags(setting.chance("in full").random(size) < model.in_full_share, delivered),
            "intact": flags(chance.random(size) < model.intact_share, delivered),
            "carrier": words(carrier, list(model.carriers)),
            "region": words(people.region[orders.owner[rows]], list(model.regions)),
        },
    )
