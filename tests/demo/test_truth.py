# ruff: noqa: S608 - the queries are put together from this folder's own words
"""The figures of the simulated files, counted in SQL, lie where the model's closed forms say."""

import dataclasses
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import hyp2f1
from scipy.stats import beta, gamma

from septima.demo import DemoError, Model, read_truth
from septima.demo.process import alive_after, second_purchase_within

ACTIVE = "BETWEEN {edge} - INTERVAL 90 DAY AND {edge} - INTERVAL 1 MICROSECOND"
STANDARD_ERRORS = 4.0


def near(measured, expected, error) -> None:
    distance = np.abs(np.asarray(measured, dtype=float) - np.asarray(expected, dtype=float)) / error
    assert distance.max() < STANDARD_ERRORS, (measured, expected)


def near_share(successes, n, expected) -> None:
    """Compare shares, by the standard error that the true share has with so many cases."""
    p = np.asarray(expected, dtype=float)
    assert n.min() > 0
    near(successes / n, p, np.sqrt(p * (1 - p) / n))


def expected(company, metric: str):
    return np.array(company.truth.expected[metric], dtype=float)


@pytest.mark.parametrize("figure", ["1", "revenue"])
def test_orders_and_revenue(company, figure):
    per_customer = company.by_quarter(
        "sum(figure), sum(figure * figure) FROM "
        f"(SELECT begins AS since, customer_id, sum({figure}) AS figure FROM sold JOIN quarters ON moment >= begins AND moment < ends GROUP BY ALL)",
        "since",
    )
    total, squares = per_customer.T
    # A total over independent customers: its variance is the sum of squares less n · mean².
    error = np.sqrt(squares - total**2 / company.truth.customers)
    near(total, expected(company, "orders" if figure == "1" else "revenue"), error)


def test_average_order_value(company):
    sums = company.by_quarter("sum(revenue), count(*), stddev(revenue) FROM sold", "moment")
    # Orders of one customer are alike, which doubles the variance of the mean and more.
    near(sums[:, 0] / sums[:, 1], expected(company, "average_order_value"), 2 * sums[:, 2] / np.sqrt(sums[:, 1]))


def test_gross_margin(company):
    sums = company.by_quarter("sum(revenue), sum(cost), count(*) FROM sold", "moment")
    # Cost shares of segments lie within 0.08 of each other and each order's within a tenth of it.
    near(1 - sums[:, 1] / sums[:, 0], expected(company, "gross_margin"), 0.15 / np.sqrt(sums[:, 2]))


def test_buyers_and_repeat_rate(company):
    rows = company.by_quarter(
        "count(*), count(*) FILTER (earlier OR orders > 1) FROM (SELECT begins AS since, customer_id, count(*) AS orders, "
        "bool_or(moment > first) AS earlier FROM (SELECT *, min(moment) OVER (PARTITION BY customer_id) AS first FROM sold) "
        "JOIN quarters ON moment >= begins AND moment < ends GROUP BY ALL)",
        "since",
    )
    customers = company.truth.customers
    near_share(rows[:, 0], np.full(12, customers), expected(company, "buyers") / customers)
    near_share(rows[:, 1], rows[:, 0], expected(company, "repeat_rate"))


def test_active_customers_and_retention(company):
    at_start, at_end = (ACTIVE.format(edge=edge) for edge in ("begins", "ends"))
    rows = np.array(
        company.rows(f"""
            SELECT count(*) FILTER (ended), count(*) FILTER (began), count(*) FILTER (began AND ended) FROM (
                SELECT number, customer_id, bool_or(moment {at_start}) AS began, bool_or(moment {at_end}) AS ended
                FROM sold, quarters GROUP BY ALL
            ) GROUP BY number ORDER BY number"""),
        dtype=float,
    )
    customers = company.truth.customers
    near_share(rows[:, 0], np.full(12, customers), expected(company, "active_customers") / customers)
    near_share(rows[1:, 2], rows[1:, 1], expected(company, "retention")[1:])
    near_share(rows[1:, 1] - rows[1:, 2], rows[1:, 1], expected(company, "churn_rate")[1:])


def test_retention_differs_by_segment_as_said(company):
    truth = company.truth.expected_by["retention/segment"]
    words = {"mass": "Розница", "premium": "Премиум", "business": "Организация"}
    at_start, at_end = (ACTIVE.format(edge=edge) for edge in ("begins", "ends"))
    for segment, word in words.items():
        rows = np.array(
            company.rows(f"""
                SELECT count(*) FILTER (began), count(*) FILTER (began AND ended) FROM (
                    SELECT number, customer_id, bool_or(moment {at_start}) AS began, bool_or(moment {at_end}) AS ended
                    FROM sold JOIN customers ON customer_id = client_no, quarters WHERE client_type = '{word}' GROUP BY ALL
                ) WHERE number > 0 GROUP BY number ORDER BY number"""),
            dtype=float,
        )
        near_share(rows[:, 1], rows[:, 0], np.array(truth[segment][1:], dtype=float))


@pytest.mark.parametrize(("form", "promoter", "detractor"), [("nps", 8, 3), ("nps_classic", 9, 6)])
def test_nps(company, form, promoter, detractor):
    def check(condition, truth):
        rows = company.by_quarter(
            f"count(score), count(*) FILTER (score >= {promoter}), count(*) FILTER (score <= {detractor}) FROM answers "
            f"WHERE instrument = '{form}' AND question = 'recommend' AND {condition}",
            '"at"',
        )
        score = np.array(truth, dtype=float)
        n, engaged = rows[:, 0], 1 - Model().nps_passive
        known = n > 0
        difference = (rows[:, 1] - rows[:, 2])[known] / n[known]
        near(difference, score[known], np.sqrt((engaged - score**2)[known] / n[known]))

    check("true", company.truth.expected[form])
    for department, truth in company.truth.expected_by[f"{form}/department"].items():
        check(f"department = '{department}'", truth)


def test_heavy_form_of_nps(company):
    def sides(at_least: int, at_most: int) -> str:
        return f"count(*) FILTER (least >= {at_least}), count(*) FILTER (most <= {at_most})"

    both = (
        "SELECT min(\"at\") AS answered, min(score) AS least, max(score) AS most FROM answers WHERE instrument = 'nps' "
        "AND question IN ('recommend', 'buy_again') GROUP BY response_id HAVING count(*) = 2"
    )
    rows = company.by_quarter(f"count(*), {sides(8, 3)} FROM ({both})", "answered")
    difference = (rows[:, 1] - rows[:, 2]) / rows[:, 0]
    shares = (rows[:, 1] + rows[:, 2]) / rows[:, 0]
    near(difference, expected(company, "nps_heavy"), np.sqrt((shares - difference**2) / rows[:, 0]))


@pytest.mark.parametrize(
    ("metric", "condition"),
    [
        ("retention_loyalty_index", "instrument = 'rapid' AND question LIKE 'r%'"),
        ("advocacy_loyalty_index", "instrument = 'rapid' AND question LIKE 'a%'"),
        ("purchasing_loyalty_index", "instrument = 'rapid' AND question LIKE 'p%'"),
        ("imported_index", "instrument = 'index' AND question = 'brand_health'"),
    ],
)
def test_other_indices(company, metric, condition):
    people = f'SELECT min("at") AS answered, avg(score) AS level FROM answers WHERE {condition} GROUP BY response_id'
    rows = company.by_quarter(f"avg(level), stddev(level), count(*) FROM ({people})", "answered")
    near(rows[:, 0], expected(company, metric), rows[:, 1] / np.sqrt(rows[:, 2]))


def test_experience_against_expectation(company):
    people = (
        "SELECT min(\"at\") AS answered, sum(if(question = 'experience', score, -score)) AS gap FROM answers "
        "WHERE instrument = 'feelings' GROUP BY response_id"
    )
    rows = company.by_quarter(f"avg(gap), stddev(gap), count(*) FROM ({people})", "answered")
    near(rows[:, 0], expected(company, "experience_gap"), rows[:, 1] / np.sqrt(rows[:, 2]))


def test_csi_by_question(company):
    for question, truth in company.truth.expected_by["csi/question"].items():
        rows = company.by_quarter(
            f"avg(score), stddev(score), count(*) FROM answers WHERE instrument = 'csi' AND question = '{question}'",
            '"at"',
        )
        near(rows[:, 0], truth, rows[:, 1] / np.sqrt(rows[:, 2]))


def test_loyalty_index_and_its_reliability(company):
    questionnaires = (
        "SELECT response_id, min(\"at\") AS answered, avg((score - 1) / 4) AS level FROM answers WHERE instrument = 'c11' "
        "GROUP BY response_id"
    )
    rows = company.by_quarter(f"avg(level), stddev(level), count(*) FROM ({questionnaires})", "answered")
    near(rows[:, 0], company.truth.expected["cli"], rows[:, 1] / np.sqrt(rows[:, 2]))

    grades = np.array(
        company.rows(
            "SELECT array_agg(score ORDER BY question) FROM answers WHERE instrument = 'c11' GROUP BY response_id"
        ),
        dtype=float,
    )[:, 0]
    covariance = np.cov(grades.T)
    alpha = 11 / 10 * (1 - np.trace(covariance) / covariance.sum())
    # Feldt (1965): (1 − α) of a sample is distributed as (1 − true α) · F; with n this large its s.e. is close to
    # (1 − α) · √(2k / ((k − 1) n)).
    truth = np.mean(company.truth.expected["c11_alpha"])
    near(alpha, truth, (1 - truth) * np.sqrt(2 * 11 / (10 * len(grades))))


@pytest.mark.parametrize(("metric", "kind"), [("open_rate", "opened"), ("click_through_rate", "clicked")])
def test_messages(company, metric, kind):
    for channel, truth in company.truth.expected_by[f"{metric}/channel"].items():
        rows = company.by_quarter(
            f"count(*) FILTER (kind = 'delivered'), count(*) FILTER (kind = '{kind}') FROM touches "
            f"WHERE channel = '{channel}' AND campaign_id IS NOT NULL",
            '"at"',
        )
        near_share(rows[:, 1], rows[:, 0], truth)


def test_deliveries_by_carrier(company):
    for carrier, truth in company.truth.expected_by["on_time_delivery/carrier"].items():
        rows = company.by_quarter(
            f"count(*), count(*) FILTER (delivered_at <= promised_at) FROM deliveries WHERE carrier = '{carrier}'",
            "promised_at",
        )
        near_share(rows[:, 1], rows[:, 0], truth)


def test_complaints(company):
    orders = np.array(company.truth.counted["orders"], dtype=float)
    for category, truth in company.truth.expected_by["complaints_per_1000_orders/category"].items():
        rows = company.by_quarter(
            f"count(complaint_id) FROM complaints_read WHERE category = '{category}'", "opened_at"
        )
        mean = np.array(truth) / 1000 * orders
        near(rows[:, 0], mean, np.sqrt(mean))


def test_first_answers_to_complaints(company):
    for quarter, median in enumerate(company.truth.expected["first_response_time_median"]):
        opened = f"opened_at >= begins AND opened_at < ends AND number = {quarter}"
        n, sooner = company.rows(f"""
            SELECT count(*), count(*) FILTER (epoch(responded_at - opened_at) / 3600 < {median})
            FROM complaints_read JOIN quarters ON {opened} WHERE responded_at IS NOT NULL""")[0]
        near_share(np.array([sooner]), np.array([n]), [0.5])


def test_deliveries_in_full(company):
    rows = company.by_quarter("count(in_full), count(*) FILTER (in_full) FROM deliveries", "promised_at")
    near_share(rows[:, 1], rows[:, 0], expected(company, "in_full_delivery"))


def test_calls(company):
    rows = company.by_quarter(
        "count(*), count(*) FILTER (answered), count(*) FILTER (resolved), count(*) FILTER (answered AND waited_s <= 20) "
        "FROM calls WHERE waited_s >= 0",
        '"at"',
    )
    near_share(rows[:, 1], rows[:, 0], expected(company, "answered_share"))
    near_share(rows[:, 2], rows[:, 1], expected(company, "resolved_share"))
    near_share(rows[:, 3], rows[:, 0], expected(company, "service_level_20s"))


def test_deals(company):
    rows = company.by_quarter(
        "count(*), count(*) FILTER (outcome = 'won') FROM deals WHERE amount >= 0 AND outcome <> 'open'", "closed_at"
    )
    some = rows[:, 0] > 0
    near_share(rows[some, 1], rows[some, 0], expected(company, "deal_win_rate")[some])
    for stage, median in company.truth.stages.items():
        n, below = company.rows(f"""
            SELECT count(*), count(*) FILTER (epoch(left_at - entered_at) / 86400 < {median})
            FROM deal_stages JOIN deals USING (deal_id) WHERE stage = '{stage}' AND outcome = 'won' AND amount >= 0""")[
            0
        ]
        near_share(np.array([below]), np.array([n]), [0.5])


def test_uplift_of_each_experiment(company):
    for experiment, uplift in company.truth.uplift.items():
        arms = company.rows(f"""
            SELECT arm, count(*), avg(spent), variance(spent) FROM (
                SELECT arm, a.customer_id, coalesce(sum(revenue), 0) AS spent
                FROM assignments a LEFT JOIN sold s ON s.customer_id = a.customer_id
                    AND moment >= assigned_at AND moment < assigned_at + INTERVAL 28 DAY
                WHERE experiment_id = '{experiment}' GROUP BY ALL
            ) GROUP BY arm ORDER BY arm""")
        (_, controls, base, spread), (_, treated, mean, treated_spread) = arms
        near(mean - base, uplift, np.sqrt(spread / controls + treated_spread / treated))
        near_share(np.array([controls]), np.array([controls + treated]), [0.05])
    assert company.truth.uplift["summer-loyalty"] == pytest.approx(0.14 * 2600)


def test_extra_orders_are_the_campaign_s(company):
    treated, orders = (
        company.number(f"SELECT count(*) FROM {source}")
        for source in (
            "assignments WHERE experiment_id = 'summer-loyalty' AND arm = 'treated'",
            "sold WHERE campaign_id = 'summer-loyalty'",
        )
    )
    near(orders, 0.14 * treated, np.sqrt(0.14 * treated))


def test_trainings_and_steps(company):
    n, on_time = company.rows("SELECT count(*), count(*) FILTER (completed_at <= planned_at) FROM trainings")[0]
    path = Model().training_on_time
    near_share(np.array([on_time]), np.array([n]), [np.mean(path)])
    for department, share in Model().steps_on_time.items():
        n, on_time = company.rows(
            f"SELECT count(*), count(*) FILTER (done_at <= due_at) FROM process_steps WHERE department = '{department}' "
            "AND due_at < '2026-09-25'"
        )[0]
        near_share(np.array([on_time]), np.array([n]), [share])


def test_turnover_follows_the_hazards(company):
    for department, (_, hazard) in Model().departments.items():
        years, left = company.rows(f"""
            SELECT sum(epoch(coalesce(left_at, '2026-10-01') - hired_at)) / 86400 / 365.25, count(left_at)
            FROM employees WHERE department = '{department}'""")[0]
        near(left, hazard * years, np.sqrt(hazard * years))


def test_survival_agrees_with_the_published_form():
    for segment in Model().segments.values():
        r, a, b, weeks = segment.r, segment.a, segment.b, 52.0
        closed = hyp2f1(r, a, a + b, -weeks / segment.alpha)
        assert alive_after(segment, weeks) == pytest.approx(closed, rel=1e-6)
        repeat, _ = quad(
            lambda rate, s=segment: -np.expm1(-rate * 52.0) * gamma.pdf(rate, s.r, scale=1 / s.alpha), 0, 50
        )
        assert second_purchase_within(segment, weeks) == pytest.approx(repeat, rel=1e-6)
        assert 0 < beta.mean(a, b) < 0.1


def test_truth_is_read_back_whole(company):
    truth = company.truth
    assert truth.quarters[0] == "2023-Q4"
    assert truth.quarters[-1] == "2026-Q3"
    assert (truth.start, truth.end) == (date(2023, 10, 1), date(2026, 9, 30))
    assert set(truth.parameters) == {field.name for field in dataclasses.fields(Model)}
    for series in (*truth.counted.values(), *truth.expected.values()):
        assert len(series) == 12


def test_a_folder_without_company_is_named(tmp_path: Path):
    with pytest.raises(DemoError, match=r"truth\.json: there is no simulated company"):
        read_truth(tmp_path)
    (tmp_path / "truth.json").write_text("{}")
    with pytest.raises(DemoError, match="another version"):
        read_truth(tmp_path)
    (tmp_path / "truth.json").write_text("{")
    with pytest.raises(DemoError, match="cannot be read"):
        read_truth(tmp_path)
