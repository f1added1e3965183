"""Deals, processes, staff, the programme: how the company works."""

from benchmarks.hand_written.fragments import days, month, quantile

_KNOWN_STEPS = "(select coalesce(max(done_at), max(loaded_at)) from process_steps)"
_STAYED = days("entered_at", "coalesce(ended_at, known)")


def _months(*moments: str) -> str:
    """Every month from that of the first of these moments to that of the last."""
    return f"""months as (
        select unnest(generate_series(date_trunc('month', min("at")), max("at"), interval 1 month)) as month
        from ({" union all ".join(f'select {column} as "at" from {rows}' for column, rows in (moment.split(" of ") for moment in moments))})
    )"""


_EMPLOYED = """
    known as (
        select *, least(month + interval 1 month, (select max(loaded_at) from employees)) as ending from months
    ), employed as (
        select month, ending, employees.* from known join employees
            on hired_at < month + interval 1 month and (left_at is null or left_at >= month + interval 1 month)
    )"""
_CHANGES = ("hired_at of employees", "left_at of employees")

QUERIES = {
    "deals that ended": f"""
        with ended as (
            select *, coalesce(closed_at, opened_at) as "at", outcome in ('won', 'lost') and closed_at is not null as usable,
                outcome = 'won' as won,
                if(won and amount is not null and opened_at <= closed_at, {days("opened_at", "closed_at")}, null) as cycle,
                if(won and opened_at <= closed_at, {days("opened_at", "closed_at")}, null) as any_cycle,
                if(won and closed_at is not null, amount, null) as won_amount
            from deals where outcome in ('won', 'lost') or closed_at is not null
        )
        select {month('"at"')}, count(*) filter (usable) as usable, count(*) as deals, count(*) filter (usable and won) as won,
            count(*) filter (won) as won_deals, count(*) filter (usable and won) / nullif(count(*) filter (usable), 0) as deal_win_rate,
            sum(amount) filter (cycle is not null) * count(cycle) / sum(cycle) as funnel_velocity,
            sum(amount::double * amount::double) filter (cycle is not null) as amount_squares, sum(cycle * cycle) as cycle_squares,
            sum(amount::double * cycle) as products, count(cycle) as cycles,
            {quantile("deal_cycle_median", "any_cycle", 0.5)}, count(any_cycle) as timed,
            avg(won_amount) as average_deal_amount, var_samp(won_amount) as amount_variance, count(won_amount) as amounts
        from ended where "at" is not null group by month""",
    "deals opened": f"""
        select {month("coalesce(opened_at, closed_at)")}, count(*) as deals, count(opened_at) as deals_opened
        from deals where coalesce(opened_at, closed_at) is not null group by month""",
    "pipeline": f"""
        with placed as (
            select amount, opened_at, closed_at from deals
            where opened_at is not null and (closed_at is not null or outcome is null or outcome not in ('won', 'lost'))
        ), steps as (
            select {month("opened_at")}, amount, 1 as step from placed
            union all
            select {month("greatest(opened_at, closed_at)")}, -amount, -1 from placed where closed_at is not null
        ), by_month as (
            select month, sum(amount) as change, sum(amount * amount * step) as squares, sum(step) as deals, sum(if(amount is null, 0, step)) as known
            from steps group by month
        )
        select month, sum(change) over so_far as pipeline_amount, sum(squares) over so_far as squares, sum(deals) over so_far as deals,
            sum(known) over so_far as known
        from by_month window so_far as (order by month)""",
    "stages entered": f"""
        with entries as (
            select deal_id, stage, min(entered_at) as "at" from deal_stages group by all
        ), following as (
            select *, lead("at") over (partition by deal_id order by "at", stage) as next_at from entries
        ), fates as (
            select following.*, outcome, coalesce(next_at, if(outcome = 'won', closed_at, null)) as on_at,
                "at" + interval 180 day <= (select max(entered_at) from deal_stages) as watched
            from following left join (select deal_id, outcome, closed_at from deals) deals using (deal_id)
        ), judged as (
            select "at", coalesce(on_at <= "at" + interval 180 day, outcome = 'won', false) as went_on,
                went_on or coalesce(outcome = 'lost', false) or watched as usable
            from fates
        )
        select {month('"at"')}, count(*) filter (went_on) / nullif(count(*) filter (usable), 0) as stage_conversion,
            count(*) filter (usable) as usable, count(*) as entries
        from judged group by month""",
    "time in stages": f"""
        with stays as (
            select deal_id, entered_at, left_at, lead(entered_at) over (partition by deal_id order by entered_at, stage) as next_at,
                (select max(entered_at) from deal_stages) as known
            from deal_stages
        ), ends as (
            select stays.*, outcome, coalesce(left_at, next_at, closed_at) as ended_at, {_STAYED} as stayed
            from stays left join (select deal_id, outcome, closed_at from deals) deals using (deal_id)
        ), usable as (
            select {month("entered_at")}, floor(least(stayed, 180) + 0.5)::int as day,
                ended_at is not null and stayed <= 180 as ended
            from ends where stayed >= 0 and not (ended_at is null and coalesce(outcome in ('won', 'lost'), false))
        ), by_day as (
            select month, day, count(*) filter (ended) as ended, count(*) as leaving from usable group by all
        ), at_risk as (
            select *, sum(leaving) over (partition by month order by day desc) as at_risk from by_day
        ), survival as (
            select *, product(1 - ended / at_risk) over so_far as survival,
                sum(ended / nullif(at_risk * (at_risk - ended), 0)) over so_far as greenwood
            from at_risk window so_far as (partition by month order by day)
        )
        select month, min(day) filter (survival <= 0.5 + 1e-9) as stage_time_median, min(day) filter (survival <= 0.1 + 1e-9) as stage_time_p90,
            sum(leaving) as n, list(survival order by day) as curve, list(greenwood order by day) as spread, list(day order by day) as days
        from survival group by month""",
    "steps of processes": f"""
        with steps as (
            select *, coalesce(due_at, done_at) as "at", coalesce(done_at <= due_at, false) as on_time,
                done_at is not null or due_at < {_KNOWN_STEPS} as due,
                row_number() over history as place, lag(department) over history as from_department
            from process_steps where due_at is not null or done_at is not null
            window history as (partition by process, case_id order by coalesce(due_at, done_at), step)
        ), judged as (
            select *, place > 1 and (from_department <> department or from_department is null or department is null) as handed,
                handed and from_department is not null and department is not null and due_at is not null as between_known
            from steps where due
        )
        select {month('"at"')}, count(*) as steps, count(due_at) as usable, count(*) filter (on_time) / nullif(count(due_at), 0) as steps_on_time,
            count(*) filter (handed) as handoffs, count(*) filter (between_known) as known_handoffs,
            count(*) filter (between_known and on_time) / nullif(count(*) filter (between_known), 0) as handoffs_on_time
        from judged group by month""",
    "departments in processes": f"""
        with {_months(*_CHANGES, "done_at of process_steps")}, there as (
            select distinct month, department from months join employees on hired_at < month + interval 1 month
                and (hired_at >= month or left_at is null or left_at >= month) where department is not null
        ), done as (
            select department, {month("done_at")}, count(*) as steps from process_steps where done_at is not null group by all
        )
        select month, count(done.department) / nullif(count(there.department), 0) as departments_in_processes,
            count(there.department) as departments, sum(steps) as steps
        from there left join done using (month, department) group by month""",
    "staff": f"""
        with {_months(*_CHANGES)}, {_EMPLOYED}, staff as (
            select month, count(*) as headcount, avg({days("hired_at", "ending")}) / (365.25 / 12) as staff_tenure,
                var_samp({days("hired_at", "ending")}) as variance
            from employed group by month
        ), gone as (
            select {month("left_at")}, count(*) filter (hired_at is not null) as gone, count(*) filter (hired_at is null) as unknown
            from employees where left_at is not null group by month
        )
        select *, coalesce(gone, 0) / ((headcount + coalesce(lag(headcount) over (order by month), 0)) / 2) as staff_turnover
        from months left join staff using (month) left join gone using (month)""",
    "trained staff": f"""
        with {_months(*_CHANGES, "completed_at of trainings", "least(completed_at + interval 365 day, loaded_at) of trainings")}, {_EMPLOYED}
        select month, count(*) as staff, count(*) filter (exists (
                from trainings where trainings.employee_id = employed.employee_id
                    and completed_at < month + interval 1 month and completed_at + interval 365 day >= ending)) / count(*) as staff_trained
        from employed group by month""",
    "trainings": f"""
        select {month("planned_at")}, count(*) as due,
            count(*) filter (completed_at::date <= planned_at::date) / count(*) as training_on_time
        from trainings
        where completed_at is not null or planned_at < (select max(completed_at) from trainings) group by month""",
    "tests": f"""
        select {month("coalesce(completed_at, planned_at)")}, count(*) as trainings, count(score) as known,
            count(*) filter (score >= 0.7) / nullif(count(score), 0) as training_passed
        from trainings where completed_at is not null or score is not null group by month""",
    "cards opened": f"""
        with served as (
            select employee_id, {month('"at"')}, count(*) as contacts from (
                select employee_id, "at" from touches where kind in ('chat', 'message', 'meeting')
                    or (kind in ('call', 'store_visit') and employee_id is not null)
                union all
                select employee_id, "at" from calls where employee_id is not null or answered
            ) group by all
        ), opened as (
            select employee_id, {month('"at"')}, count(distinct customer_id) as cards from accesses group by all
        )
        select month, avg(coalesce(cards, 0)) filter (employee_id is not null) as cards_opened_per_employee,
            var_samp(coalesce(cards, 0)) filter (employee_id is not null) as variance, count(employee_id) as employees,
            sum(contacts) as contacts, sum(contacts) filter (employee_id is null) as unnamed
        from served left join opened using (employee_id, month) group by month""",
    "milestones": f"""
        with planned as (
            select {month("planned_at")}, lower(trim(kind)) as kind, coalesce(done_at::date <= planned_at::date, false) as on_time,
                done_at is not null or planned_at < (select max(done_at) from milestones) as due
            from milestones
        )
        select month, count(*) filter (due) as due, count(*) filter (due and on_time) / nullif(count(*) filter (due), 0) as milestones_on_plan,
            count(*) filter (kind in ('goal', 'цель') and (on_time or not due)) / nullif(count(*) filter (kind in ('goal', 'цель')), 0)
                as goals_on_track,
            count(*) filter (kind in ('goal', 'цель')) as goals,
            count(*) filter (kind in ('decision', 'решение') and due and on_time)
                / nullif(count(*) filter (kind in ('decision', 'решение') and due), 0) as decisions_closed_on_time,
            count(*) filter (kind in ('decision', 'решение') and due) as decisions
        from planned group by month""",
}
