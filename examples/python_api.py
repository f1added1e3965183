"""Figures and the scorecard of a workspace, from Python.

    python examples/python_api.py DIR PERIOD

DIR is a workspace with data in it; `septima demo DIR` makes one. PERIOD is a year, quarter, month,
week or day: 2026, 2026-Q3, 2026-07, 2026-W31, 2026-07-15.
"""
# ruff: noqa: T201 - an example shows what it finds

import sys

import septima
from septima.schema import SeptimaError


def main(directory: str, period: str) -> None:
    """Print a metric, a table and the scorecard of one period."""
    workspace = septima.open(directory)

    # A metric is a small pandas frame: one row for each slice and period, with the interval of 95 %,
    # the number of records behind the value and the share of records that could not be used.
    revenue = workspace.metric("revenue", grain="month", by=["channel"], start=period, end=period)
    figures = revenue.to_pandas()[["channel", "period", "value", "lower", "upper", "n", "missing_share"]]
    print(figures.to_string(index=False))

    # A table of the lake is an Ibis expression: the engine works, and only the answer comes here.
    orders = workspace.table("orders")
    by_status = orders.group_by("status").aggregate(orders=orders.count()).order_by("status")
    print(by_status.to_pandas().to_string(index=False))

    # The scorecard is plain values. What is undefined is None and has statements that say why.
    card = workspace.scorecard(period)
    print(f"CKPIint: {card.integral.printed.value}")
    for perspective in card.perspectives:
        composite = perspective.composite
        print(f"CKPI of {composite.id}: {composite.printed.value}")
        for kpi in perspective.kpis:
            print(f"  {kpi.id}: {kpi.figure.value}, interval {kpi.figure.lower} to {kpi.figure.upper}, n {kpi.n}")
            for statement in kpi.statements:
                print(f"    {statement.en}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    try:
        main(sys.argv[1], sys.argv[2])
    except SeptimaError as error:
        sys.exit(str(error))
