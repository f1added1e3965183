"""Whether the data can be trusted."""

from benchmarks.hand_written.fragments import month
from septima.schema import TABLES

_EVENTS = {
    "customers": "created_at", "orders": "ordered_at", "touches": "at", "spend": "date", "assignments": "assigned_at",
    "answers": "at", "complaints": "opened_at", "calls": "at", "deliveries": "delivered_at", "deals": "closed_at",
    "deal_stages": "entered_at", "trainings": "completed_at", "process_steps": "done_at", "milestones": "done_at",
    "accesses": "at", "ledger": "date",
}  # fmt: skip
_OF_CUSTOMERS = {
    "orders": "ordered_at", "touches": "at", "calls": "at", "complaints": "opened_at", "answers": "at",
    "deliveries": "promised_at", "deals": "closed_at",
}  # fmt: skip


def _cells() -> str:
    """Of every table by month: cells of its columns, without keys and what the load adds, and how many are filled."""
    parts: list[str] = []
    for name, declared in TABLES.items():
        columns = [c for c in declared.column_names if c not in (*declared.key, "properties", "source", "loaded_at")]
        filled = " + ".join([*(f'count("{column}")' for column in columns), "0"])
        at = f'coalesce("{declared.time}"::timestamp, loaded_at)' if declared.time else "loaded_at"
        parts.append(
            f'select {month(at)}, {filled} as filled, {len(columns)} * count(*) as cells from "{name}" group by month'
        )
    return " union all ".join(parts)


def _events() -> str:
    parts: list[str] = []
    for name, column in _EVENTS.items():
        happened = f'"{column}"::timestamp'
        ended = f"{happened} + interval 1 day" if column == "date" else happened
        at = f"coalesce({happened}, loaded_at)" if name == "customers" else happened
        parts.append(
            f"select {month(at)}, count(*) as events, count({happened}) as known, "
            f'count(*) filter (loaded_at <= {ended} + interval 1 day) as timely from "{name}" where {at} is not null group by month'
        )
    return " union all ".join(parts)


def _tied() -> str:
    parts = [
        f'select date_trunc(\'month\', coalesce("{column}", "{name}".loaded_at)) as month, count(*) as records, '
        f'count(known.customer_id) as tied from "{name}" left join known using (customer_id) group by month'
        for name, column in _OF_CUSTOMERS.items()
    ]
    return " union all ".join(parts)


def _loaded() -> str:
    return " union all ".join(
        f'select {month("loaded_at")}, count(*) as rows from "{name}" group by month' for name in TABLES
    )


QUERIES = {
    "completeness": f"select month, sum(filled) / sum(cells) as completeness, sum(cells) as cells from ({_cells()}) group by month",
    "timeliness": f"""
        select month, sum(timely) / nullif(sum(known), 0) as timeliness, sum(known) as known, sum(events) as events
        from ({_events()}) group by month""",
    "validity": f"""
        with refused as (
            select source, file, "row", "table", min(loaded_at) as "at" from quarantine where resolved_at is null group by all
        ), counts as (
            select month, sum(rows) as valid, 0 as refused from ({_loaded()}) group by month
            union all
            select {month('"at"')}, 0, count(*) from refused group by month
        )
        select month, sum(valid) / sum(valid + refused) as validity, sum(valid + refused) as rows from counts group by month""",
    "single view": f"""
        with known as (select distinct customer_id from customers)
        select month, sum(tied) / sum(records) as single_view_share, sum(records) as records from ({_tied()}) group by month""",
    "uniqueness": f"""
        with merged as (
            select customer_id from merges qualify row_number() over (partition by customer_id order by recorded_at desc) = 1
        ), named as (
            select distinct customer_id from identities where lower(id_type) in ('email', 'phone', 'card', 'loyalty')
        ), records as (
            select coalesce(created_at, loaded_at) as "at", merged.customer_id is null as single,
                merged.customer_id is not null or named.customer_id is not null or email is not null or phone is not null
                    or (name is not null and birth_date is not null) as comparable
            from customers left join merged using (customer_id) left join named using (customer_id)
        )
        select {month('"at"')}, count(*) filter (single and comparable) / nullif(count(*) filter (comparable), 0) as uniqueness,
            count(*) filter (comparable) as comparable, count(*) as records
        from records group by month""",
    "availability": f"""
        with served as (
            select employee_id, customer_id, "at" from touches
            where kind in ('store_visit', 'chat', 'message', 'meeting') and employee_id is not null
            union all
            select employee_id, customer_id, "at" from calls where answered is null or answered
        ), seen as (
            select served.*, accesses."at" + interval 24 hour >= served."at" as seen
            from served asof left join accesses on served.employee_id = accesses.employee_id
                and served.customer_id = accesses.customer_id and served."at" >= accesses."at"
        )
        select {month('"at"')}, count(*) filter (seen) / nullif(count(*) filter (employee_id is not null and customer_id is not null), 0)
                as availability,
            count(*) filter (employee_id is not null and customer_id is not null) as usable, count(*) as served
        from seen group by month""",
}
