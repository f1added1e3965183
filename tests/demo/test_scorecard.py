"""The simulated company's own scorecard."""

from septima.demo import scorecard_text
from septima.scorecard.reading import parse_definition


def test_it_reads_as_a_scorecard_of_seven_perspectives_whose_plan_grows_with_the_company() -> None:
    small, large = (parse_definition(scorecard_text(customers), file="scorecard.yaml") for customers in (100, 200))
    assert len(small.perspectives) == 7
    targets = [{kpi.id: kpi.target for kpi in card.own} for card in (small, large)]
    assert targets == [
        {"revenue": 460_000, "incremental_revenue": 10_000},
        {"revenue": 920_000, "incremental_revenue": 20_000},
    ]
