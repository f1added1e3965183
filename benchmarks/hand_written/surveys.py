"""What customers answer: NPS, CSI, CLI, feelings, RAPID."""

from benchmarks.hand_written.fragments import month

QUESTIONS = [f"q{number:02d}" for number in range(1, 12)]
# A questionnaire without a number is what one customer answered at one moment.
FORM = 'response_id, if(response_id is null, customer_id, null), if(response_id is null, "at", null)'


def _asked(instrument: str, question: str, lowest: int, highest: int) -> str:
    return f"instrument = '{instrument}' and question = '{question}' and score between {lowest} and {highest}"


def _net(instrument: str, lowest: int, passive: int, promoter: int) -> str:
    asked = _asked(instrument, "recommend", lowest, 10)
    return f"""
        (count(*) filter ({asked} and score >= {promoter}) - count(*) filter ({asked} and score < {passive}))
            / nullif(count(*) filter ({asked}), 0) as {instrument},
        count(*) filter ({asked} and score >= {promoter}) as {instrument}_promoters, count(*) filter ({asked}) as {instrument}_n,
        count(*) filter (instrument = '{instrument}' and question = 'recommend') as {instrument}_answers"""


def _grade(question: str, lowest: int, highest: int) -> str:
    return f"max(score) filter (question = '{question}' and score between {lowest} and {highest})"


_SUM = " + ".join(QUESTIONS)
_RESTS = [f"corr({one}, total - {one})" for one in QUESTIONS]

QUERIES = {
    "single questions": f"""
        select {month('"at"')}, {_net("nps", 1, 4, 8)}, {_net("nps_classic", 0, 7, 9)},
            avg(score) filter ({_asked("csi", "overall", 1, 5)}) as csi,
            var_samp(score) filter ({_asked("csi", "overall", 1, 5)}) as csi_variance,
            count(*) filter ({_asked("csi", "overall", 1, 5)} and score >= 4)
                / nullif(count(*) filter ({_asked("csi", "overall", 1, 5)}), 0) as csi_top_2_box,
            count(*) filter (instrument = 'csi' and question = 'overall') as csi_answers,
            avg(score) filter (instrument = 'index' and score between 0 and 100) as imported_index,
            var_samp(score) filter (instrument = 'index' and score between 0 and 100) as index_variance,
            count(*) filter (instrument = 'index') as index_answers, count(distinct question) filter (instrument = 'index') as indices
        from answers where instrument in ('nps', 'nps_classic', 'csi', 'index') and question <> 'why' group by month""",
    "attributes of CSI": f"""
        with attributes as (
            select {month('"at"')}, question, avg(score) filter (score between 1 and 5) as mean,
                var_samp(score) filter (score between 1 and 5) as variance, count(score) filter (score between 1 and 5) as n, count(*) as answers
            from answers where instrument = 'csi' and question not in ('overall', 'why') group by all
        )
        select month, avg(mean) as csi_weighted, sum(variance / n) / count(mean) ^ 2 as variance, sum(n) as n, sum(answers) as answers
        from attributes group by month""",
    "NPS of two questions": f"""
        with forms as (
            select min("at") as "at", {_grade("recommend", 1, 10)} as recommend, {_grade("buy_again", 1, 10)} as again
            from answers where instrument = 'nps' and question in ('recommend', 'buy_again') group by {FORM}
            having count(*) filter (question = 'buy_again') > 0
        )
        select {month('"at"')}, count(recommend + again) as n, count(*) as forms,
            (count(*) filter (recommend >= 8 and again >= 8) - count(*) filter (recommend < 4 and again < 4))
                / nullif(count(recommend + again), 0) as nps_heavy,
            count(*) filter (recommend >= 8 and again >= 8) as promoters,
            count(recommend + again) / nullif(count(recommend + again), 0) as nps_heavy_groups
        from forms group by month""",
    "feelings": f"""
        with forms as (
            select min("at") as "at", max(score) filter (question = 'expectation') as expected, max(score) filter (question = 'experience') as felt
            from (select * replace (if(score in (1, 2, 3, 4, 5), score, null) as score) from answers
                where instrument = 'feelings' and question in ('expectation', 'experience'))
            group by {FORM}
        )
        select {month('"at"')}, avg(felt - expected) as experience_gap, var_samp(felt - expected) as variance,
            count(felt - expected) as pairs, count(felt) as known, count(*) as forms,
            count(*) filter (felt > expected) / nullif(count(felt - expected), 0) as exceeded_expectations,
            count(*) filter (felt = 5) / nullif(count(felt), 0) as delighted_share
        from forms group by month""",
    "eleven questions": f"""
        with forms as (
            select min("at") as "at", {", ".join(f"({_grade(one, 1, 5)} - 1) / 4 as {one}" for one in QUESTIONS)}
            from answers where instrument = 'c11' and question in {tuple(QUESTIONS)} group by {FORM}
        ), indices as (
            select *, {_SUM} as total, 1 - sqrt(({" + ".join(f"(1 - {one}) ^ 2" for one in QUESTIONS)}) / 11) as closeness from forms
        ), known as (
            select {month('"at"')}, count(*) as forms from forms group by month
        ), figures as (
            select {month('"at"')}, count(*) as n, avg(total) / 11 as cli, var_samp(total) as variance,
                avg(closeness) as closeness, var_samp(closeness) as closeness_variance,
                11 / 10 * (1 - ({" + ".join(f"var_samp({one})" for one in QUESTIONS)}) / var_samp(total)) as cli_reliability,
                tanh(({" + ".join(f"atanh({one})" for one in _RESTS)}) / 11) as item_rest_correlation,
                {", ".join(f"covar_samp({one}, {other}) as {one}_{other}" for i, one in enumerate(QUESTIONS) for other in QUESTIONS[i:])}
            from indices where total is not null group by month
        )
        select * from known left join figures using (month)""",
    "RAPID": f"""
        with forms as (
            select min("at") as "at", {", ".join(f"avg(if(score between 0 and 10, score, null)) filter (question[1] = '{one}') as {one}" for one in "rap")},
                {", ".join(f"bool_or(question[1] = '{one}') as asked_{one}" for one in "rap")}
            from answers where instrument = 'rapid' and regexp_full_match(question, '[rap][0-9]+') group by {FORM}
        )
        select {month('"at"')}, avg(r) as retention_loyalty_index, avg(a) as advocacy_loyalty_index, avg(p) as purchasing_loyalty_index,
            {", ".join(f"var_samp({one}) as {one}_variance, count({one}) as {one}_n, count(*) filter (asked_{one}) as {one}_asked" for one in "rap")}
        from forms group by month""",
}
