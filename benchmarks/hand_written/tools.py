"""Messages: what becomes of them, and what follows."""

from benchmarks.hand_written.fragments import SOLD, month

_KINDS = ("sent", "delivered", "bounced", "opened", "clicked", "unsubscribed", "complained")
_FIRST = ", ".join(f"min(\"at\") filter (kind = '{kind}') as {kind}_at" for kind in _KINDS)
_APART = "customer_id is not null and (campaign_id is not null or message_id is not null)"


def _counts(*kinds: str) -> str:
    return ", ".join(
        f"count(*) filter (usable and {kind}_at <= begun_at + interval 30 day) as {kind}" for kind in kinds
    )


def _records(begins: str, *kinds: str) -> str:
    """Messages and, of those that cannot be told apart, touches: what missing shares are of."""
    touched = {kind: f"({begins}_touches + {kind}_touches)" for kind in kinds}
    return ", ".join(
        f"sum(case when usable then 1 when {count} = 0 then 0 when apart then 1 else {count} end) as {kind}_records"
        for kind, count in touched.items()
    )


QUERIES = {
    "messages": f"""
        with messages as (
            select campaign_id, customer_id, message_id, channel, {_APART} as apart, {_FIRST},
                {", ".join(f"count(*) filter (kind = '{kind}') as {kind}_touches" for kind in _KINDS)}
            from touches where kind in {_KINDS} group by all
        ), sent as (
            select *, least(sent_at, delivered_at, bounced_at) as first_at,
                coalesce(apart and sent_at <= first_at + interval 30 day, false) as usable, if(usable, sent_at, first_at) as begun_at
            from messages
        ), by_sending as (
            select {month("begun_at")}, count(*) filter (usable) as sent, {_counts("delivered", "bounced")},
                {_records("sent", "delivered", "bounced")}
            from sent where begun_at is not null group by month
        ), delivered as (
            select *, least(delivered_at, opened_at, clicked_at, unsubscribed_at, complained_at) as first_at,
                coalesce(apart and delivered_at <= first_at + interval 30 day, false) as usable, if(usable, delivered_at, first_at) as begun_at
            from messages
        ), by_delivery as (
            select {month("begun_at")}, count(*) filter (usable) as arrived, {_counts("opened", "clicked", "unsubscribed", "complained")},
                count(*) filter (usable and least(opened_at, clicked_at) <= begun_at + interval 30 day) as read,
                {_records("delivered", "opened", "clicked", "unsubscribed", "complained")}
            from delivered where begun_at is not null group by month
        )
        select *, delivered / nullif(sent, 0) as delivery_rate, bounced / nullif(sent, 0) as bounce_rate,
            opened / nullif(arrived, 0) as open_rate, clicked / nullif(arrived, 0) as click_through_rate,
            clicked / nullif(read, 0) as click_to_open_rate, unsubscribed / nullif(arrived, 0) as unsubscribe_rate,
            complained / nullif(arrived, 0) as spam_complaint_rate
        from by_sending full join by_delivery using (month)""",
    "orders after clicks": f"""
        with clicks as (
            select campaign_id, customer_id, message_id, channel, {_APART} as apart, min("at") as "at", count(*) as touches
            from touches where kind = 'clicked' group by all
        ), bought as (
            select customer_id, ordered_at from orders where {SOLD} and customer_id is not null
        ), followed as (
            select clicks.*, ordered_at < "at" + interval 7 day as converted,
                apart and "at" + interval 7 day <= (select max(ordered_at) from orders) as usable
            from clicks asof left join bought on clicks.customer_id = bought.customer_id and clicks."at" <= bought.ordered_at
        )
        select {month('"at"')}, count(*) filter (usable and converted) / nullif(count(*) filter (usable), 0) as conversion_rate,
            count(*) filter (usable) as n, sum(if(apart, 1, touches)) as messages
        from followed group by month""",
}
