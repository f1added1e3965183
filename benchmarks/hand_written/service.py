"""Calls, complaints and deliveries."""

from benchmarks.hand_written.fragments import SOLD, days, month, quantile

QUERIES = {
    "calls": f"""
        select {month('"at"')}, count(*) as calls, count(answered) as known, count(*) filter (answered) as answered,
            count(*) filter (answered) / nullif(count(answered), 0) as answered_share,
            count(*) filter (not answered and waited_s > 5)
                / nullif(count(*) filter (answered or (not answered and waited_s > 5)), 0) as abandonment_rate,
            count(*) filter (not answered and waited_s > 5) as given_up,
            count(*) filter (not coalesce(not answered and waited_s <= 5, false)) as not_short,
            count(*) filter (answered and waited_s <= 20)
                / nullif(count(*) filter (not answered or (answered and waited_s is not null)), 0) as service_level,
            count(*) filter (not answered or (answered and waited_s is not null)) as wait_known,
            avg(waited_s) filter (answered) as average_wait, var_samp(waited_s) filter (answered) as wait_variance,
            count(waited_s) filter (answered) as waits,
            avg(talked_s) filter (answered) as average_handling_time, var_samp(talked_s) filter (answered) as talk_variance,
            count(talked_s) filter (answered) as talks,
            count(*) filter (answered and resolved) / nullif(count(*) filter (answered and resolved is not null), 0)
                as first_contact_resolution,
            count(*) filter (answered and resolved is not null) as settled, count(*) filter (answered is null or answered) as settling
        from calls group by month""",
    "complaints that came": f"""
        with bought as (
            select {month("ordered_at")}, count(*) as orders from orders where {SOLD} group by month
        ), timed as (
            select *, if(responded_at >= opened_at, {days("opened_at", "responded_at")} * 24, null) as hours,
                opened_at + interval 10 day <= (select max(closed_at) from complaints) as over,
                closed_at is null or closed_at >= opened_at as sound, closed_at is not null or coalesce(reopened, false) as ended
            from complaints
        ), came as (
            select {month("opened_at")}, count(*) as complaints, {quantile("first_response_time_median", "hours", 0.5)}, count(hours) as responses,
                count(*) filter (responded_at is null and closed_at is null) as waiting,
                count(*) filter (over and sound) as due, count(*) filter (over) as overs,
                count(*) filter (over and closed_at >= opened_at and closed_at <= opened_at + interval 10 day) as on_time,
                count(*) filter (ended and reopened) as again, count(reopened) filter (ended) as known, count(*) filter (ended) as ended
            from timed group by month
        )
        select *, 1 - complaints / lag(complaints) over (order by month) as cci, 1000 * complaints / orders as complaints_per_1000_orders,
            waiting / complaints as unanswered_complaints, on_time / nullif(due, 0) as complaints_closed_on_time,
            again / nullif(known, 0) as reopen_rate
        from came left join bought using (month)""",
    "complaints that were closed": f"""
        with closed as (
            select {month("closed_at")}, if(closed_at >= opened_at, {days("opened_at", "closed_at")}, null) as days
            from complaints where closed_at is not null
        )
        select month, {quantile("resolution_time_median", "days", 0.5)}, {quantile("resolution_time_p90", "days", 0.9)},
            count(days) as n, count(*) as records
        from closed group by month""",
    "open complaints": f"""
        with steps as (
            select {month("opened_at")}, if(closed_at < opened_at, 0, 1) as step, 1 as came, if(closed_at < opened_at, 1, 0) as wrong
            from complaints
            union all
            select {month("closed_at")}, -1, 0, 0 from complaints where closed_at >= opened_at
        ), by_month as (
            select month, sum(coalesce(step, 1)) as change, sum(came) as came, sum(wrong) as wrong from steps group by month
        )
        select month, sum(change) over (order by month) as open_complaints, sum(came) over (order by month) as came,
            sum(wrong) over (order by month) as wrong
        from by_month""",
    "buyers who complained": f"""
        with buyers as (
            select distinct customer_id, {month("ordered_at")} from orders where {SOLD} and customer_id is not null
        ), complained as (
            select distinct customer_id, {month("opened_at")} from complaints
        )
        select month, count(complained.customer_id) / count(*) as complaint_rate, count(*) as buyers
        from buyers left join complained using (customer_id, month) group by month""",
    "deliveries that were due": f"""
        with known as (
            select *, coalesce(status, '') as state, promised_at < (select max(delivered_at) from deliveries) as late from deliveries
        ), due as (
            select coalesce(promised_at, delivered_at) as "at", coalesce(delivered_at <= promised_at, false) as on_time, delivered_at, in_full, intact,
                promised_at is not null and (delivered_at is not null or state = 'failed' or (late and state <> 'delivered')) as usable,
                promised_at is null or (delivered_at is null and state = 'delivered') as lost
            from known where state <> 'cancelled'
        )
        select {month('"at"')}, count(*) filter (usable and on_time) / nullif(count(*) filter (usable), 0) as on_time_delivery,
            count(*) filter (usable) as usable, count(*) as deliveries,
            count(*) filter (usable and on_time and in_full and intact)
                / nullif(count(*) filter (usable and (delivered_at is null or (in_full is not null and intact is not null))), 0)
                as perfect_delivery,
            count(*) filter (usable and (delivered_at is null or (in_full is not null and intact is not null))) as judged
        from due where (usable or lost) and "at" is not null group by month""",
    "deliveries that arrived": f"""
        with arrived as (
            select coalesce(delivered_at, promised_at) as "at", in_full, intact,
                if(ordered_at <= delivered_at, {days("ordered_at", "delivered_at")}, null) as days
            from deliveries left join (select order_id, ordered_at from orders) orders using (order_id)
            where (delivered_at is not null or status = 'delivered') and (status is null or status <> 'cancelled')
        )
        select {month('"at"')}, count(*) as arrivals, count(*) filter (in_full) / nullif(count(in_full), 0) as in_full_delivery,
            count(in_full) as full_known, count(*) filter (intact) / nullif(count(intact), 0) as intact_delivery,
            count(intact) as intact_known, {quantile("delivery_time_median", "days", 0.5)}, count(days) as timed
        from arrived where "at" is not null group by month""",
    "orders until their last delivery": f"""
        with arrivals as (
            select order_id, min(delivered_at) as first, max(delivered_at) as last from deliveries
            where (status is null or status <> 'cancelled') and order_id is not null
            group by order_id having count(delivered_at) = count(*)
        ), cycles as (
            select ordered_at, if(ordered_at <= first and last <= ordered_at + interval 90 day, {days("ordered_at", "last")}, null) as days
            from orders join arrivals using (order_id)
        )
        select {month("ordered_at")}, {quantile("order_cycle_time_median", "days", 0.5)}, count(days) as n, count(*) as records
        from cycles group by month""",
    "defects": f"""
        with troubles as (
            select order_id, coalesce(delivered_at, promised_at) as "at" from deliveries where status = 'failed' or not intact or not in_full
            union all
            select order_id, opened_at from complaints
        ), placed as (
            select {month("ordered_at")}, count(*) as orders, count(*) filter (exists (
                from troubles where troubles.order_id = orders.order_id and ("at" is null or "at" <= ordered_at + interval 90 day))) as defects
            from orders where status is null or status <> 'cancelled' group by month
        ), unnamed as (
            select {month("opened_at")}, count(*) as unnamed from complaints where order_id is null group by month
        )
        select *, defects / orders as defect_share from placed left join unnamed using (month)""",
}
