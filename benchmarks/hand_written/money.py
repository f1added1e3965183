"""Orders, their lines, buyers and what marketing costs."""

from benchmarks.hand_written.fragments import SOLD, month

_OF_PATHS = "('clicked', 'visit', 'store_visit', 'call', 'chat', 'meeting')"

QUERIES = {
    "sold orders": f"""
        select {month("ordered_at")}, count(*) as orders, count(customer_id) as identified, count(revenue) as with_revenue,
            sum(revenue) as revenue, avg(revenue) as average_order_value,
            sum(revenue::double * revenue::double) as revenue_squares, min(revenue) as least, max(revenue) as most,
            min(currency) <> max(currency) as several_currencies,
            sum(revenue - cost) as gross_profit, sum((revenue - cost)::double * (revenue - cost)::double) as profit_squares,
            min(revenue - cost) as least_profit, max(revenue - cost) as most_profit, count(revenue - cost) as with_profit,
            1 - sum(cost) filter (revenue is not null) / sum(revenue) filter (cost is not null) as gross_margin,
            sum(cost::double * cost::double) filter (revenue is not null) as cost_squares,
            sum(revenue::double * revenue::double) filter (cost is not null) as squares_with_cost,
            sum(revenue::double * cost::double) as products,
            sum(discount) filter (revenue is not null) / sum(revenue + discount) as discount_share,
            sum(discount::double * discount::double) filter (revenue is not null) as discount_squares,
            sum((revenue + discount)::double * (revenue + discount)::double) as full_squares,
            sum(discount::double * (revenue + discount)::double) as discount_products,
            count(revenue + discount) as with_discount
        from orders where {SOLD} group by month""",
    "all orders": f"""
        select {month("ordered_at")}, count(*) as orders, count(status) as known,
            count(*) filter (status = 'cancelled') / count(status) as order_cancellation_rate,
            count(*) filter (status = 'returned') as returned,
            count(*) filter (status = 'returned') / count(*) filter (status in ('completed', 'returned')) as order_return_rate,
            coalesce(sum(revenue) filter (status = 'returned'), 0)
                / sum(revenue) filter (status is null or status <> 'cancelled') as refund_share,
            sum(revenue::double * revenue::double) filter (status = 'returned') as returned_squares,
            sum(revenue::double * revenue::double) filter (status is null or status <> 'cancelled') as kept_squares,
            count(revenue) filter (status is null or status <> 'cancelled') as kept
        from orders group by month""",
    "lines of orders": f"""
        with lines as (
            select order_id, order_items.currency,
                quantity::double * price::double - coalesce(discount::double, 0) as revenue,
                coalesce(order_items.cost::double, quantity::double * products.cost::double) as cost
            from order_items left join (select product_id, cost from products) products using (product_id)
        ), sales as (
            select {month("ordered_at")}, order_id,
                if(count(lines.revenue) = count(*), sum(lines.revenue), null) as revenue,
                if(count(lines.cost) = count(*), sum(lines.cost), null) as cost,
                min(lines.currency) as lowest, max(lines.currency) as highest
            from lines join orders using (order_id) where {SOLD} group by all
        )
        select month, sum(revenue) as product_revenue, sum(revenue * revenue) as squares, min(revenue) as least,
            max(revenue) as most, count(revenue) as with_revenue, count(*) as sales, min(lowest) <> max(highest) as several,
            sum(revenue - cost) as product_profit, sum((revenue - cost) * (revenue - cost)) as profit_squares,
            min(revenue - cost) as least_profit, max(revenue - cost) as most_profit, count(revenue - cost) as with_profit,
            sum(revenue - cost) / sum(revenue) filter (cost is not null) as product_margin,
            sum(revenue * revenue) filter (cost is not null) as squares_with_cost,
            sum(revenue * (revenue - cost)) as products
        from sales group by month""",
    "marketing costs": f"""
        with touched as (
            select {month('"at"')}, sum(cost) as cost, count(cost) as records,
                sum(cost) filter (campaign_id is not null) as of_campaigns, min(currency) as lowest, max(currency) as highest,
                count(*) filter (kind in ('impression', 'delivered')) as contacts, count(*) filter (kind = 'clicked') as clicks
            from touches where cost is not null or kind in ('impression', 'delivered', 'clicked') group by month
        ), spent as (
            select {month("date")}, sum(amount) as cost, count(*) as records,
                sum(amount) filter (campaign_id <> '') as of_campaigns, min(currency) as lowest, max(currency) as highest
            from spend group by month
        ), costs as (
            select month, sum(cost) as cost, sum(records) as records, sum(of_campaigns) as of_campaigns,
                min(lowest) <> max(highest) as several
            from (from spent union all by name from touched) group by month
        ), bought as (
            select {month("ordered_at")}, count(*) as orders, sum(revenue) as revenue,
                sum(revenue::double * revenue::double) as revenue_squares, count(revenue) as with_revenue,
                sum(revenue - cost) filter (campaign_id is not null) as margin,
                sum((revenue - cost)::double * (revenue - cost)::double) filter (campaign_id is not null) as margin_squares,
                count(*) filter (campaign_id is not null) as of_campaigns,
                count(revenue - cost) filter (campaign_id is not null) as with_margin
            from orders where {SOLD} group by month
        ), since_first as (
            select customer_id, ordered_at, revenue - cost as margin, min(ordered_at) over (partition by customer_id) as first
            from orders where {SOLD} and customer_id is not null
        ), newcomers as (
            select customer_id, first, if(count(margin) = count(*), sum(margin)::double, null) as profit
            from since_first where ordered_at < first + interval 365 day group by all
        ), acquired as (
            select {month("first")}, count(*) as newcomers, sum(profit) as profit, sum(profit * profit) as profit_squares,
                min(profit) as least, max(profit) as most, count(profit) as with_profit
            from newcomers group by month
        )
        select month, costs.cost, costs.records, costs.several, contacts, clicks, acquired.* exclude (month),
            bought.* exclude (month, revenue),
            1000 * costs.cost / nullif(contacts, 0) as cost_per_mille, costs.cost / nullif(clicks, 0) as cost_per_click,
            costs.cost / bought.orders as cost_per_order, costs.cost / bought.revenue as marketing_share_of_revenue,
            costs.cost / acquired.newcomers as customer_acquisition_cost, acquired.profit / costs.cost as ltv_to_cac,
            bought.margin / costs.of_campaigns - 1 as romi
        from costs full join touched using (month) full join bought using (month) full join acquired using (month)""",
    "ledger": f"""
        with accounts as (select {month("date")}, account, sum(amount) as amount from ledger group by all)
        select month, 1 - sum(abs(amount)) filter (account <> 'revenue') / abs(sum(amount) filter (account = 'revenue'))
            as operating_margin
        from accounts group by month""",
    "revenue by the last touch": f"""
        with purchases as (
            select customer_id, ordered_at, sum(revenue) as revenue, min(currency) as lowest, max(currency) as highest
            from orders where {SOLD} and customer_id is not null and (revenue is null or revenue >= 0) group by all
        ), in_turn as (
            select *, lag(ordered_at) over (partition by customer_id order by ordered_at) as before from purchases
        ), led as (
            select in_turn.customer_id, ordered_at, revenue, lowest, highest from in_turn asof join (
                select customer_id, "at" from touches where kind in {_OF_PATHS} and customer_id is not null
            ) touched on in_turn.customer_id = touched.customer_id and in_turn.ordered_at > touched."at"
            where "at" >= ordered_at - interval 30 day and (before is null or "at" >= before)
        ), credited as (
            select ordered_at, revenue::double as amount, lowest, highest from led
            union all
            select ordered_at, revenue::double, currency, currency from orders anti join led
                on orders.customer_id = led.customer_id and orders.ordered_at = led.ordered_at
                and (orders.revenue is null or orders.revenue >= 0)
            where {SOLD}
        )
        select {month("ordered_at")}, sum(amount) as attributed_revenue, sum(amount * amount) as squares, min(amount) as least,
            max(amount) as most, count(amount) as known, count(*) as records, min(lowest) <> max(highest) as several_currencies
        from credited group by month""",
}
