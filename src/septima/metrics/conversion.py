"""Money of several currencies, converted into the company's by the table `rates`.

A rate is in force from its day until the next one of the same pair, but for no longer than `MAX_AGE` days.
Where there is no rate from a currency into the company's on a day, the reciprocal of the opposite one in
force counts. Money is converted at the rate of the row's own day, in exact decimal arithmetic, so that all
engines give the same sum to the last digit.
"""

from datetime import date
from decimal import Decimal
from functools import cache

import ibis

from septima.metrics.definition import Expression, Rows, Tables
from septima.metrics.period import DEFAULT_CALENDAR, Calendar
from septima.schema import DECIMAL_PRECISION, DECIMAL_SCALE, TABLES, Table

MAX_AGE = 7
"""Days that a rate may be old at most: it lasts over weekends and holidays, and not for ever."""

_MONEY = f"decimal({DECIMAL_PRECISION}, {DECIMAL_SCALE})"
# Spark gives the product of such a rate and money 38 digits, the most that there are; DuckDB counts a product
# of two decimals of 18 digits or fewer in 64 bits, which are too few.
_RATE_DIGITS = 11
_RATE = f"decimal(19, {_RATE_DIGITS})"
_GREATEST = 1e7
_UNDATED = date(1, 1, 1)


def converted(tables: Tables, currency: str, calendar: Calendar = DEFAULT_CALENDAR) -> Tables:
    """Tables by name, those that hold money with the money in `currency`.

    Rows of that currency, or of none, stay as they are. Others get the money converted and `currency`
    in the column of that name; without a rate for their day the money is null and their currency stays.
    The day is that of the table's time by the company's clocks, for lines of orders that of the order;
    what has no day (a product, a deal that is open) takes the newest rate.
    """
    known: dict[str, Rows] = {}

    @cache
    def rates() -> Rows | None:
        """The rates into the currency; None where there are none, so that nothing need be joined."""
        found = _rates(tables("rates"), currency)
        return found if found.limit(1).count().to_pyarrow().as_py() else None

    def table(name: str) -> Rows:
        if name not in known:
            rows, declared = tables(name), TABLES.get(name)  # the lake's own tables hold no money
            money = [column.name for column in declared.columns if column.unit == "currency"] if declared else []
            if declared and money:
                rows = _converted(rows, declared, money, rates(), tables, currency, calendar)
            known[name] = rows
        return known[name]

    return table


def _converted(
    rows: Rows,
    declared: Table,
    money: list[str],
    rates: Rows | None,
    tables: Tables,
    currency: str,
    calendar: Calendar,
) -> Rows:
    own = rows["currency"].isnull() | (rows["currency"] == currency)
    if rates is None:
        return rows.mutate(**{name: own.ifelse(rows[name], ibis.null(_MONEY)) for name in money})
    priced = _with_rate(rows, declared, rates, tables, currency, calendar)
    own = priced["currency"].isnull() | (priced["currency"] == currency)
    changed = {name: own.ifelse(priced[name], (priced[name] * priced["rate"]).try_cast(_MONEY)) for name in money}
    changed["currency"] = priced["rate"].notnull().ifelse(currency, priced["currency"])
    return priced.select(**{name: changed.get(name, priced[name]) for name in declared.column_names})


def _with_rate(rows: Rows, declared: Table, rates: Rows, tables: Tables, currency: str, calendar: Calendar) -> Rows:
    """Rows with their `rate`; null where there is none, as for those in the company's currency."""
    # A key that is null matches nothing: rows of the company's own currency cost the join little.
    rows = rows.mutate(foreign=rows["currency"].nullif(currency))
    if declared.name == "order_items":
        orders = tables("orders")
        orders = orders.select(of_order=orders["order_id"], day=_day(orders, "ordered_at", calendar))
        rows = rows.mutate(of_order=rows["foreign"].notnull().ifelse(rows["order_id"], None))
        rows = rows.left_join(orders, "of_order")
    elif declared.time is not None:
        rows = rows.mutate(day=_day(rows, declared.time, calendar))
    else:
        rows = rows.mutate(day=ibis.null("date"))
    rows = rows.mutate(day=rows["day"].fill_null(_UNDATED))
    return rows.left_join(_in_force(rates), ["foreign", "day"])


def _day(rows: Rows, time: str, calendar: Calendar) -> Expression:
    """The day of each row where the company is."""
    column = rows[time]
    return column if column.type().is_date() else calendar.offsets.local_of(column).date()


def _rates(rates: Rows, currency: str) -> Rows:
    """Rates into `currency` by `foreign` currency and `since`; `direct` or the reciprocal of the opposite one."""
    direct = rates["to_currency"] == currency
    rates = rates.filter(direct != (rates["currency"] == currency)).filter(rates["rate"] > 0)
    direct = rates["to_currency"] == currency
    made = rates.select(
        foreign=direct.ifelse(rates["currency"], rates["to_currency"]),
        since=rates["date"],
        direct=direct,
        rate=direct.ifelse(rates["rate"], 1 / rates["rate"]),
    )
    return made.filter(made["rate"] < _GREATEST)


def _in_force(rates: Rows) -> Rows:
    """The rate by `foreign` currency and `day`; on the day `_UNDATED` the newest."""
    pair = ibis.window(group_by=[rates["foreign"], rates["direct"]], order_by=rates["since"])
    lasting = rates.mutate(until=rates["since"].lead().over(pair))
    lasting = lasting.mutate(age=ibis.range(0, MAX_AGE + 1).unnest())
    lasting = lasting.mutate(day=(lasting["since"].cast("timestamp") + lasting["age"].as_interval("D")).date())
    lasting = lasting.filter(lasting["until"].isnull() | (lasting["day"] < lasting["until"]))
    newest = rates.mutate(newest=rates["since"].max().over(ibis.window(group_by=["foreign", "direct"])))
    newest = newest.filter(newest["since"] == newest["newest"]).mutate(day=ibis.literal(_UNDATED))
    columns = ("foreign", "day", "direct", "rate")
    daily = lasting.select(*columns).union(newest.select(*columns))
    return _preferred(
        daily.group_by("foreign", "day").aggregate(
            straight=daily["rate"].max(where=daily["direct"]), back=daily["rate"].max(where=~daily["direct"])
        )
    )


def _preferred(rates: Rows) -> Rows:
    """The straight rate, or else the one back, as an exact decimal `rate`."""
    # Engines round a floating-point number to a decimal each in its own way; whole numbers they all take alike.
    rate: Expression = ibis.coalesce(rates["straight"], rates["back"])
    scaled = (rate * 10.0**_RATE_DIGITS + 0.5).floor().cast("int64")
    unit = ibis.literal(Decimal(1).scaleb(-_RATE_DIGITS), _RATE)
    return rates.mutate(rate=(scaled.cast("decimal(18, 0)") * unit).cast(_RATE)).drop("straight", "back")


__all__ = ["MAX_AGE", "converted"]
