"""Campaigns, messages, visits and what marketing cost."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from septima.demo.arrays import (
    Flags,
    Integers,
    dates,
    decimals,
    flags,
    instants,
    numbered,
    pick,
    rank_within,
    same,
    words,
)
from septima.demo.calendar import DAY, SECOND, Calendar
from septima.demo.model import SALE_CHANNELS, Model
from septima.demo.people import People, arrivals
from septima.demo.purchases import ALWAYS_ON, Orders, experiment_start
from septima.demo.setting import Setting

TOPICS = ("delivery", "payment", "returns", "products")
VISITS = ("search", "social", "email", "web")
MESSENGERS = ("email", "sms")
_COST_UNITS = 10_000


@dataclass(frozen=True)
class Campaigns:
    """All campaigns: first those that write to customers, by time, then the always-on ones.

    `channel` and `experiment` (its number, or −1) are of the writing ones; `starts` of all.
    """

    ids: tuple[str, ...]
    names: tuple[str, ...]
    starts: Integers
    ends: Integers
    channel: Integers
    experiment: Integers
    always_on: int

    @property
    def writing(self) -> int:
        """How many campaigns write to customers."""
        return len(self.channel)


def make_campaigns(model: Model, calendar: Calendar) -> Campaigns:
    """A newsletter each month, a text message each quarter, one campaign an experiment, search and social always on."""
    rows: list[tuple[int, str, str, int, int]] = []
    first = calendar.edges[:-1].astype("datetime64[us]").astype("datetime64[M]")
    for month in (first[:, None] + np.arange(3)[None]).ravel():
        at = int(month.astype("datetime64[us]").astype(np.int64)) + 6 * DAY + 7 * 3_600 * SECOND
        rows.append((at, f"email-{month}", f"Новости за {month}", 0, -1))
    for quarter, label in enumerate(calendar.labels):
        at = int(calendar.edges[quarter]) + 24 * DAY + 9 * 3_600 * SECOND
        rows.append((at, f"sms-{label}", f"Распродажа {label}", 1, -1))
    for number, (key, experiment) in enumerate(model.experiments.items()):
        at = experiment_start(experiment, calendar) + 3_600 * SECOND
        rows.append((at, key, experiment.name, MESSENGERS.index(experiment.channel), number))
    rows.sort()
    starts, ids, names, channel, experiment = (list(column) for column in zip(*rows, strict=True))
    always = [f"{name}-always-on" for name in ALWAYS_ON]
    starts += [calendar.start] * len(always)
    return Campaigns(
        ids=(*ids, *always),
        names=(*names, "Поисковая реклама", "Реклама в социальных сетях"),
        starts=np.array(starts, dtype=np.int64),
        ends=np.array([at + 3 * DAY for at in starts[: len(ids)]] + [calendar.end] * len(always), dtype=np.int64),
        channel=np.array(channel, dtype=np.int64),
        experiment=np.array(experiment, dtype=np.int64),
        always_on=len(ids),
    )


def campaign_of(orders: Orders, campaigns: Campaigns) -> pa.StringArray:
    """The campaign that brought each order; null where none did."""
    place = np.full(len(orders), -1)
    for kind, name in enumerate(VISITS):
        here = orders.brought_by == kind
        if name in ALWAYS_ON:
            place[here] = campaigns.always_on + ALWAYS_ON.index(name)
        elif name == "email":
            regular = np.flatnonzero((campaigns.channel == 0) & (campaigns.experiment < 0))
            latest = np.searchsorted(campaigns.starts[regular], orders.at[here], side="right") - 1
            place[here] = np.where(latest >= 0, regular[np.maximum(latest, 0)], -1)
    for number in range(int(campaigns.experiment.max()) + 1):
        place[orders.experiment == number] = int(np.flatnonzero(campaigns.experiment == number)[0])
    return words(np.maximum(place, 0), campaigns.ids, place >= 0)


def write_messages(setting: Setting, people: People, treated: list[Flags], campaigns: Campaigns) -> Integers:
    """Write the touches of the campaigns that write to customers; return how many messages each sent."""
    model, calendar = setting.model, setting.calendar
    chance = setting.chance("messages")
    writing = campaigns.writing
    target = np.array([model.email_target_share, model.sms_target_share])[campaigns.channel]
    chosen = chance.random((len(people), writing)) < target
    for column in np.flatnonzero(campaigns.experiment >= 0):
        chosen[:, column] = treated[campaigns.experiment[column]]
    chosen &= people.consent[:, None] & (people.first_at[:, None] < campaigns.starts[None, :writing])
    customer, campaign = np.nonzero(chosen)

    size = len(customer)
    channel, start = campaigns.channel[campaign], campaigns.starts[campaign]
    quarter = calendar.quarter_of(start)
    bounced = chance.random(size) < np.array([model.bounce_rate[name] for name in MESSENGERS])[channel]
    draw = chance.random(size)
    opened = ~bounced & (draw < np.array([model.open_rate[name] for name in MESSENGERS])[channel, quarter])
    click_email = opened & (chance.random(size) < np.array(model.click_given_open)[quarter])
    click_sms = ~bounced & (draw < np.array(model.sms_click_rate)[quarter])
    clicked = np.where(channel == 0, click_email, click_sms)
    left = ~bounced & (chance.random(size) < model.unsubscribe_rate)
    before = np.cumsum(left) - left
    first = np.arange(size) - rank_within(customer)
    reached = before == before[first] if size else before > 0
    sent = start + chance.integers(0, 2 * 3_600 * SECOND, size)
    delivered = sent + chance.integers(SECOND, 60 * SECOND, size)
    reading = np.minimum(chance.exponential(4.0, size), 36.0) * 3_600 * SECOND
    read = delivered + SECOND + reading.astype(np.int64)
    message = setting.numbers(size)
    price = np.rint(np.array([model.message_cost[name] for name in MESSENGERS]) * _COST_UNITS).astype(np.int64)

    events: list[tuple[str, Flags, Integers]] = [
        ("sent", reached, sent),
        ("bounced", reached & bounced, delivered),
        ("delivered", reached & ~bounced, delivered),
        ("opened", reached & opened, read),
        ("clicked", reached & clicked, read + 90 * SECOND),
        ("unsubscribed", reached & left, read + 200 * SECOND),
    ]
    for code, (kind, happened, at) in enumerate(events):
        here = np.flatnonzero(happened)
        cost = np.where(kind == "sent", price[channel[here]], 0)
        _write(
            setting,
            prefix="M" + "sbdocu"[code],
            number=message[here],
            customer=people.number[customer[here]],
            at=at[here],
            channel=words(channel[here], MESSENGERS),
            online=np.full(len(here), True),
            direction="in" if kind in ("opened", "clicked", "unsubscribed") else "out",
            kind=kind,
            department="marketing",
            campaign=words(campaign[here], campaigns.ids),
            chain=words(campaigns.channel[campaign[here]], ["newsletter", "sms-sale"]),
            link=words(campaign[here], [f"link-{name}" for name in campaigns.ids]) if kind == "clicked" else None,
            message=numbered("M", message[here], 10),
            promotional=True,
            cost=cost,
        )
    return np.bincount(campaign[reached], minlength=writing)


def write_visits(setting: Setting, people: People, orders: Orders, campaigns: Campaigns) -> None:
    """Write visits that led to orders, visits that led to none, visits to stores and chats."""
    model, calendar = setting.model, setting.calendar
    chance = setting.chance("visits")
    brought = np.flatnonzero(orders.brought_by >= 0)
    before = orders.at[brought] - chance.integers(200 * SECOND, 5_000 * SECOND, len(brought))
    owner = np.repeat(np.arange(len(people)), chance.poisson(model.visits_without_order, len(people)))
    at = people.first_at[owner] + (chance.random(len(owner)) * (calendar.end - people.first_at[owner])).astype(np.int64)
    customer = np.concatenate((orders.owner[brought], owner))
    kind = np.concatenate((orders.brought_by[brought], pick(chance, [0.4, 0.3, 0.0, 0.3], len(owner))))
    caused = campaign_of(orders, campaigns).take(pa.array(brought))
    always = words(campaigns.always_on + np.minimum(kind[len(brought) :], 1), campaigns.ids, kind[len(brought) :] < 2)
    store = np.flatnonzero(orders.channel == SALE_CHANNELS.index("store"))
    chat = np.flatnonzero(chance.random(len(orders)) < model.chats_per_order)
    chat_at = orders.at[chat] + (chance.exponential(1.0, len(chat)) * DAY).astype(np.int64)
    chat, chat_at = chat[chat_at < calendar.end], chat_at[chat_at < calendar.end]
    groups = (
        ("Mv", customer, np.concatenate((before, at)), words(kind, VISITS), True, "visit", "online_shop",
         pa.concat_arrays([caused, always]), None),
        ("Mt", orders.owner[store], orders.at[store] - 900 * SECOND, same("store", len(store)), False, "store_visit",
         "stores", None, None),
        ("Mh", orders.owner[chat], chat_at, same("web", len(chat)), True, "chat", "support", None, _topics(setting.chance("topics of chats"), len(chat))),
    )  # fmt: skip
    for prefix, who, when, channel, online, kind_of_visit, department, campaign, topic in groups:
        _write(
            setting,
            prefix=prefix,
            number=setting.numbers(len(who)),
            customer=people.number[who],
            at=when,
            channel=channel,
            online=np.full(len(who), online),
            direction="in",
            kind=kind_of_visit,
            department=department,
            campaign=campaign,
            topic=topic,
        )


def write_call_touches(
    setting: Setting, number: Integers, customer: Integers, at: Integers, employee: Integers
) -> None:
    """Write the touch that each telephone call is."""
    size = len(number)
    _write(
        setting,
        prefix="Mk",
        number=number,
        customer=customer,
        at=at,
        channel=same("call_centre", size),
        online=np.full(size, False),
        direction="in",
        kind="call",
        department="support",
        employee=numbered("E", employee, 5, employee >= 0),
        topic=_topics(setting.chance("topics of calls"), size),
    )


def _topics(chance: np.random.Generator, size: int) -> pa.StringArray:
    return words(pick(chance, [0.38, 0.24, 0.20, 0.18], size), TOPICS)


@dataclass(frozen=True)
class Cost:
    """What marketing cost each day, in units of the last digit of money: spend, and messages by their price."""

    spend: Integers
    messages: Integers


def write_campaigns_and_spend(setting: Setting, sent: Integers, campaigns: Campaigns, customers: int) -> Cost:
    """Write campaigns and spend: search, social and stores day by day, and the preparation of each campaign.

    `sent` holds the messages of each writing campaign; what they cost stands in the touches, so that
    it is not counted twice.
    """
    model, calendar = setting.model, setting.calendar
    chance = setting.chance("spend")
    number_of_days = (calendar.end - calendar.start) // DAY
    bounds = np.arange(number_of_days + 1) * DAY + calendar.start
    pace = 7 * np.diff(calendar.weeks_at(bounds))
    come = np.interp(bounds[:-1], calendar.hours, arrivals(model, calendar))
    day_of = (campaigns.starts - calendar.start) // DAY
    rows: list[tuple[str, str, Integers, Integers]] = []
    for name, per_customer in model.daily_spend_per_customer.items():
        noisy = per_customer * customers * (0.35 + 0.65 * come) * pace * chance.gamma(100.0, 0.01, number_of_days)
        campaign = f"{name}-always-on" if name in ALWAYS_ON else ""
        rows.append((name, campaign, np.arange(number_of_days), np.rint(100 * noisy).astype(np.int64) * 100))
    for place in np.flatnonzero(sent > 0):
        name = MESSENGERS[campaigns.channel[place]]
        preparation = np.array([round(model.campaign_preparation[name] * _COST_UNITS)])
        rows.append((name, campaigns.ids[place], day_of[place : place + 1], preparation))
    lengths = [len(part[2]) for part in rows]
    day, units = (np.concatenate([part[column] for part in rows]) for column in (2, 3))
    names, ids = [part[0] for part in rows], [part[1] for part in rows]
    code = np.repeat(np.arange(len(rows)), lengths)
    setting.exporter.write(
        "spend",
        {
            "date": dates(day + calendar.start // DAY),
            "channel": words(code, names),
            "campaign_id": words(code, ids),
            "amount": decimals(units),
            "currency": same("RUB", len(day)),
        },
    )
    price = np.rint(np.array([model.message_cost[name] for name in MESSENGERS]) * _COST_UNITS).astype(np.int64)
    of_messages = sent * price[campaigns.channel]
    spent = {campaign: int(amounts.sum()) for _, campaign, _, amounts in rows}
    budget = np.array([spent.get(name, 0) for name in campaigns.ids])
    budget[: campaigns.writing] += of_messages
    _write_campaigns(setting, campaigns, budget)

    def daily(days: Integers, amounts: Integers) -> Integers:
        # Sums stay far below 2^53, where floating-point numbers are exact.
        return np.bincount(days, amounts.astype(np.float64), number_of_days).astype(np.int64)

    return Cost(daily(day, units), daily(day_of[: campaigns.writing], of_messages))


def _write_campaigns(setting: Setting, campaigns: Campaigns, spent: Integers) -> None:
    """Write campaigns with budgets a twentieth above what was spent, in whole thousands."""
    thousand = 1_000 * _COST_UNITS
    setting.exporter.write(
        "campaigns",
        {
            "campaign_id": pa.array(campaigns.ids),
            "name": pa.array(campaigns.names),
            "channel": pa.array([*(MESSENGERS[code] for code in campaigns.channel), *ALWAYS_ON]),
            "started_at": instants(campaigns.starts),
            "ended_at": instants(np.minimum(campaigns.ends, setting.calendar.end)),
            "budget": decimals(np.ceil(spent * 1.05 / thousand).astype(np.int64) * thousand),
            "currency": same("RUB", len(campaigns.ids)),
        },
    )


def _write(
    setting: Setting,
    *,
    prefix: str,
    number: Integers,
    customer: Integers,
    at: Integers,
    channel: pa.StringArray,
    online: Flags,
    direction: str,
    kind: str,
    department: str,
    employee: pa.StringArray | None = None,
    campaign: pa.StringArray | None = None,
    chain: pa.StringArray | None = None,
    link: pa.StringArray | None = None,
    message: pa.StringArray | None = None,
    topic: pa.StringArray | None = None,
    promotional: bool = False,
    cost: Integers | None = None,
) -> None:
    size = len(number)
    nothing = pa.nulls(size, pa.string())
    setting.exporter.write(
        "touches",
        {
            "touch_id": numbered(prefix, number, 10),
            "customer_id": numbered("C", customer),
            "at": instants(at),
            "channel": channel,
            "online": flags(online),
            "direction": same(direction, size),
            "kind": same(kind, size),
            "department": same(department, size),
            "employee_id": nothing if employee is None else employee,
            "campaign_id": nothing if campaign is None else campaign,
            "chain_id": nothing if chain is None else chain,
            "link_id": nothing if link is None else link,
            "message_id": nothing if message is None else message,
            "topic": nothing if topic is None else topic,
            "promotional": flags(np.full(size, promotional)),
            "cost": decimals(np.zeros(size, dtype=np.int64) if cost is None else cost),
            "currency": same("RUB", size),
        },
    )
