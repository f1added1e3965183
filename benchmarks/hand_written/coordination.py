"""Contacts of the company with its customers, and orders whose path crosses between the net and the world."""

from benchmarks.hand_written.fragments import CONTACTS, SOLD, TALKS, month

OUTGOING = f"(kind = 'delivered' or kind in {TALKS} and direction = 'out')"

QUERIES = {
    "contacts of customers": f"""
        with met as (
            select customer_id, {month('"at"')}, count(*) as contacts, count(department) as placed,
                min(department) <> max(department) as several
            from touches where {CONTACTS} group by all
        )
        select month, count(*) filter (several) / nullif(count(*) filter (placed > 0), 0) as multi_department_customers,
            count(*) filter (placed > 0) as met, sum(placed) as placed,
            sum(contacts) / count(*) as touches_per_customer, sum(contacts * contacts) as squares, count(*) as customers
        from met where customer_id is not null group by month""",
    "promotion": f"""
        with outgoing as (
            select customer_id, promotional, "at" from touches where {OUTGOING} and (promotional is null or promotional)
        ), promoted as (
            select customer_id, "at", lag("at", 5) over (partition by customer_id order by "at") as before
            from outgoing where promotional and customer_id is not null
        ), by_customer as (
            select customer_id, {month('"at"')}, bool_or("at" <= before + interval 7 day) as pressed from promoted group by all
        ), pressure as (
            select month, count(*) as customers, count(*) filter (pressed) as pressed from by_customer group by month
        ), during as (
            select {month('"at"')}, count(*) as during from promoted
            where exists (from complaints where complaints.customer_id = promoted.customer_id and opened_at <= "at"
                and (closed_at is null or "at" < closed_at)) group by month
        ), whole as (
            select {month('"at"')}, count(*) as outgoing, count(customer_id) filter (promotional) as usable from outgoing group by month
        )
        select *, pressed / customers as contact_pressure, coalesce(during, 0) / nullif(usable, 0) as promotional_touch_during_complaint
        from whole left join pressure using (month) left join during using (month)""",
    "questions asked again": f"""
        with talks as (
            select "at", customer_id is not null and direction is not null as usable,
                lead("at") over (partition by coalesce(customer_id, touch_id), topic, usable order by "at") as again
            from touches where kind in {TALKS} and (direction is null or direction = 'in')
        )
        select {month('"at"')}, count(*) filter (usable and again <= "at" + interval 7 day) / nullif(count(*) filter (usable), 0)
                as repeated_contact, count(*) filter (usable) as usable, count(*) as talks
        from talks where "at" + interval 7 day <= (select max("at") from touches) group by month""",
    "from department to department": f"""
        with contacts as (
            select "at", department, lag("at") over history as before, lag(department) over history as from_department
            from touches where {CONTACTS} and customer_id is not null and department is not null
            window history as (partition by customer_id order by "at", touch_id)
        )
        select {month('"at"')}, count(*) as department_flow, count(*) / count(*) as department_flow_share
        from contacts where from_department <> department and "at" <= before + interval 7 day group by month""",
    "paths of orders": f"""
        with sold as (
            select order_id, customer_id, ordered_at, online from orders where {SOLD}
        ), path as (
            select customer_id, "at", online from touches
            where kind in ('visit', 'store_visit', 'call', 'chat', 'meeting', 'clicked') and customer_id is not null and online is not null
        ), crossings as (
            select order_id, min("at") filter (path.online = sold.online) as own_first, max("at") filter (path.online <> sold.online) as other_last
            from sold join path on sold.customer_id = path.customer_id and "at" < ordered_at and "at" >= ordered_at - interval 30 day
            where sold.online is not null group by order_id
        )
        select {month("ordered_at")}, count(other_last) / nullif(count(*) filter (customer_id is not null and online is not null), 0) as o2o_share,
            count(*) filter (own_first < other_last) / nullif(count(*) filter (customer_id is not null and online is not null), 0) as o2o2o_share,
            count(*) filter (customer_id is not null and online is not null) as usable, count(*) as orders
        from sold left join crossings using (order_id) group by month""",
}
