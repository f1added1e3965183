"""Customers: who buys, who comes, who leaves, how much each brings."""

from benchmarks.hand_written.fragments import SOLD, days, month

QUERIES = {
    "buyers and cohorts": f"""
        with buyers as (
            select customer_id, {month("ordered_at")}, count(*) as orders, count(revenue) = count(*) as paid, count(revenue) as amounts,
                sum(revenue)::double as revenue, min(currency) as lowest, max(currency) as highest
            from orders where {SOLD} and customer_id is not null group by all
        ), since_first as (
            select *, first_value(month) over history as first, coalesce(first_value(revenue) over history, 0) as base,
                month > first and month <= first + interval 36 month as followed
            from buyers window history as (partition by customer_id order by month)
        ), by_month as (
            select month, count(*) as buyers, sum(orders) as orders, sum(orders * orders) as order_squares,
                count(*) filter (month = first and orders = 1) as one_time,
                count(*) filter (paid) as payers, sum(revenue) filter (paid) as paid_revenue,
                sum(revenue * revenue) filter (paid) as squares, sum(orders) filter (paid) as paid_orders,
                min(lowest) <> max(highest) as several_currencies,
                count(*) filter (month = first) as newcomers, sum(base) filter (month = first) as base,
                sum(base * base) filter (month = first) as base_squares,
                count(*) filter (followed) as stayed, sum(coalesce(revenue, 0)) filter (followed) as later,
                sum(revenue * revenue) filter (followed) as later_squares, sum(revenue * base) filter (followed) as products,
                sum(amounts) filter (followed) as usable
            from since_first group by month
        )
        select *, orders / buyers as purchase_frequency, paid_revenue / payers as revenue_per_customer,
            1 - one_time / buyers as repeat_rate,
            coalesce(stayed, 0) / sum(newcomers) over followed as retention_rate,
            coalesce(later, 0) / sum(base) over followed as revenue_retention
        from by_month
        window followed as (order by month range between interval 36 month preceding and interval 1 month preceding)""",
    "coming and leaving": f"""
        with bought as (
            select customer_id, ordered_at as "at", lag(ordered_at) over history as before, lead(ordered_at) over history as after,
                first_value(ordered_at) over history as first
            from orders where {SOLD} and customer_id is not null
            window history as (partition by customer_id order by ordered_at)
        ), steps as (
            select customer_id, "at", 1 as step, before is null as new, null as lived
            from bought where before is null or before + interval 90 day < "at"
            union all
            select customer_id, "at" + interval 90 day, -1, false, {days("first", '"at"')}
            from bought where (after is null or "at" + interval 90 day < after)
                and "at" + interval 90 day < (select max(ordered_at) from orders)
        ), changes as (
            select customer_id, {month('"at"')}, sum(step) as change, bool_or(new) as new, avg(lived) as lived, count(lived) as lapses
            from steps group by all
        ), moves as (
            select month, sum(change) as change, count(*) filter (change > 0) as joined, count(*) filter (change < 0) as gone,
                count(*) filter (new) as new, sum(lived) / sum(lapses) as lifespan, sum(lived * lived) as lived_squares, sum(lapses) as lapses,
                count(customers.customer_id) filter (new) as recorded,
                count(*) filter (new and referrer_id <> customer_id and referrer_id <> '') as referred
            from changes left join (select customer_id, referrer_id from customers) customers using (customer_id) group by month
        ), base as (
            select *, sum(change) over (order by month) as active, coalesce(sum(change) over (order by month), 0) - change as before from moves
        )
        select *, active as active_customers, new as new_customers, joined - new as returned_customers, gone as churned_customers,
            change as net_growth, change / nullif(before, 0) as base_growth_rate, gone / nullif(before, 0) as churn_rate,
            gone / nullif(before, 0) - lag(gone / nullif(before, 0)) over (order by month) as churn_change,
            lifespan as customer_lifespan, referred / nullif(recorded, 0) as referred_share,
            referred / nullif(before, 0) as referral_coefficient
        from base""",
    "days between orders": f"""
        with gaps as (
            select ordered_at, {days("lag(ordered_at) over (partition by customer_id order by ordered_at)", "ordered_at")} as days
            from orders where {SOLD} and customer_id is not null
        )
        select {month("ordered_at")}, avg(days) as days_between_orders, sum(days * days) as squares, count(days) as n
        from gaps where days is not null group by month""",
    "referral revenue": f"""
        with known as (
            select customer_id, coalesce(referrer_id <> customer_id and referrer_id <> '', false) as referred from customers
        )
        select {month("ordered_at")}, coalesce(sum(revenue) filter (referred), 0) / sum(revenue) as referral_revenue_share,
            sum(revenue::double * revenue::double) filter (referred) as referred_squares,
            sum(revenue::double * revenue::double) as squares, count(revenue) as usable, count(*) as recorded
        from orders join known using (customer_id) where {SOLD} group by month""",
    "recency, frequency, money": f"""
        with newest as (select max(ordered_at) as newest from orders), spread as (
            select customer_id, ordered_at, revenue::double as revenue, currency, unnest(generate_series(
                date_trunc('month', ordered_at),
                if(ordered_at + interval 365 day >= newest, newest, date_trunc('month', ordered_at + interval 365 day) - interval 1 day),
                interval 1 month)) as month
            from orders, newest where {SOLD}
        ), states as (
            select customer_id, month, max(ordered_at) as last, sum(revenue) as revenue, count(*) as orders, count(revenue) as amounts,
                min(currency) as lowest, max(currency) as highest
            from spread group by all
        )
        select month, count(customer_id) as rfm_customers, sum(orders) as orders,
            sum(amounts) filter (customer_id is not null) as usable,
            sum(revenue) filter (customer_id is not null) as rfm_revenue,
            sum(revenue * revenue) filter (customer_id is not null) as squares,
            min(revenue) as least, max(revenue) as most, min(lowest) <> max(highest) as several_currencies,
            avg({days("last", "least(month + interval 1 month, newest)")}) filter (customer_id is not null) as days_since_last_order,
            sum(({days("last", "least(month + interval 1 month, newest)")}) ^ 2) filter (customer_id is not null) as day_squares
        from states, newest group by month""",
    "loyalty against sales": f"""
        with last as (
            select answer_id, customer_id, {month('"at"')}, "at", score from answers
            where instrument = 'nps' and question = 'recommend' and score between 1 and 10 and customer_id is not null
            qualify row_number() over (partition by customer_id, month order by "at" desc, answer_id desc) = 1
        ), reached as (
            select * from last where "at" - interval 180 day >= (select min(ordered_at) from orders)
                and "at" + interval 180 day <= (select max(ordered_at) from orders)
        ), changed as (
            select answer_id, month, score, coalesce(sum(if(ordered_at >= "at", revenue, -revenue)), 0) as change
            from reached left join (from orders where {SOLD}) bought on bought.customer_id = reached.customer_id
                and ordered_at >= "at" - interval 180 day and ordered_at < "at" + interval 180 day
            group by all
        ), ranked as (
            select month,
                rank() over (partition by month order by score) + count(*) over (partition by month, score) / 2 as score_rank,
                rank() over (partition by month order by change) + count(*) over (partition by month, change) / 2 as change_rank
            from changed
        )
        select month, corr(score_rank, change_rank) as loyalty_sales_correlation, count(*) as n,
            count(*) / count(*) as loyalty_quadrants
        from ranked group by month""",
    "experiments": f"""
        with outcomes as (
            select experiment_id, arm, assigned_at, assignments.customer_id,
                if(count(revenue) = count(ordered_at), coalesce(sum(revenue), 0)::double, null) as spent
            from assignments left join (from orders where {SOLD}) bought on bought.customer_id = assignments.customer_id
                and ordered_at >= assigned_at and ordered_at < assigned_at + interval 30 day
            group by all
        ), arms as (
            select {month("assigned_at")}, experiment_id, arm, avg(spent) as mean, var_samp(spent) as variance, count(spent) as n,
                count(*) as assigned
            from outcomes group by all
        ), contrasts as (
            select month, sum((treated.mean - control.mean) * treated.n) as increment, sum(treated.n) as treated,
                sum(treated.n ^ 2 * (treated.variance / treated.n + control.variance / control.n)) as variance
            from arms as treated join (from arms where arm = 'control') control using (month, experiment_id)
            where treated.arm <> 'control' group by month
        )
        select *, increment as incremental_revenue, increment / treated as incremental_revenue_per_customer,
            if(lag(month) over (order by month) = month - interval 1 month, increment - lag(increment) over (order by month), null)
                as incremental_revenue_growth
        from contrasts""",
    "predictions": f"""
        select {month('"at"')}, count(*) as customers, avg(p_alive) as probability_alive, sum(p_alive ^ 2) as alive_squares,
            count(p_alive) as with_probability, avg(expected_purchases) as expected_purchases,
            sum(expected_purchases ^ 2) as purchases_squares, count(expected_purchases) as with_purchases,
            avg("value") as predicted_ltv, sum("value" ^ 2) as value_squares, count("value") as with_value,
            min(currency) <> max(currency) as several_currencies
        from predictions group by month""",
    "predictions of active customers": f"""
        with newest as (select max("at") as newest from predictions), active as (
            select customer_id, newest, bool_or(ordered_at + interval 90 day >= newest) as active from orders, newest
            where {SOLD} and customer_id is not null and ordered_at <= newest and ordered_at + interval 365 day >= newest group by all
        )
        select {month("newest")}, count(*) as customers, count(p_alive) as with_probability,
            avg((p_alive < 0.5)::int) as customers_at_risk, count(*) filter (active) as active_customers_then,
            count(p_alive) filter (active) as active_with_probability, 1 - avg(p_alive) filter (active) as predicted_churn,
            sum(p_alive ^ 2) filter (active) as alive_squares
        from active left join predictions using (customer_id) group by month""",
}
