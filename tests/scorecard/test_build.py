"""The whole way from canonical tables to a card and back down to the rows, on DuckDB."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pytest
from pyarrow import parquet

import septima.scorecard.history as fetching
from septima.lake.store import arrow_schema
from septima.metrics import Calendar, catalogue, parse_period
from septima.schema import TABLES, Text
from septima.scorecard import DefinitionError, ExplainError, build, explain, to_json
from septima.scorecard.card import UNDEFINED, KpiCard, Scorecard, SliceRow
from septima.scorecard.definition import KpiDefinition, PerspectiveDefinition, ScorecardDefinition
from septima.scorecard.reading import parse_definition
from septima.scorecard.starter import starter_definition

NOW = datetime(2026, 11, 24, tzinfo=UTC)
Q2, Q3 = datetime(2026, 4, 10), datetime(2026, 7, 10)  # noqa: DTZ001 - the tables hold naive UTC
Tables = Callable[[str], ir.Table]
UNDEMANDING = {
    name: replace(metric, passport=replace(metric.passport, minimum_sample=1)) for name, metric in catalogue().items()
}
"""The catalogue that shows a figure of a single record, so that tables can be counted by hand."""


def tables_of(rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> Tables:
    backend = ibis.duckdb.connect()
    for name, declared in TABLES.items():
        given = [{"source": "test", "loaded_at": Q3, **row} for row in rows.get(name, ())]
        backend.con.register(name, pa.Table.from_pylist(given, schema=arrow_schema(declared)))
    return backend.table


def answers(at: datetime, channel: str, scores: Sequence[int]) -> list[dict[str, Any]]:
    return [
        {
            "answer_id": f"{at:%m}{channel}{position}",
            "response_id": f"{at:%m}{channel}{position}",
            "instrument": "nps",
            "question": "recommend",
            "score": float(score),
            "at": at + timedelta(days=position),
            "channel": channel,
        }
        for position, score in enumerate(scores)
    ]


@pytest.fixture(scope="module")
def tables() -> Tables:
    orders = [
        {
            "order_id": f"{at:%m}{n}",
            "customer_id": f"c{n}",
            "ordered_at": at,
            "channel": channel,
            "revenue": Decimal(sum_),
        }
        for at, sums in ((Q2, (100, 100)), (Q3, (100, 50, 150)))
        for n, (channel, sum_) in enumerate(zip(("web", "store", "web"), sums, strict=False))
    ]
    complaints = [
        {"complaint_id": f"{at:%m}{n}", "opened_at": at + timedelta(hours=n)}
        for at, many in ((Q2, 10), (Q3, 9))
        for n in range(many)
    ]
    return tables_of(
        {
            # Q2: 5 promoters and 5 detractors. Q3, web: 5 promoters, 1 passive; store: 1, 1, and 2 detractors.
            "answers": [
                *answers(Q2, "web", [10] * 5 + [1] * 5),
                *answers(Q3, "web", [10, 9, 8, 8, 10, 5]),
                *answers(Q3, "store", [9, 4, 3, 1]),
            ],
            "orders": orders,
            "complaints": complaints,
        }
    )


DEFINITION = parse_definition("""
trend: 2
perspectives:
  - id: customer_support
    kpis:
      - {id: nps, weight: 1.5, target: 0.4, by: channel}
      - {id: nps_web, metric: nps, weight: 0.5, target: 0.4, where: {channel: web}}
      - {id: cci, weight: 1, target: 0.1}
  - id: sales
    kpis:
      - {id: revenue, target: 600}
own:
  - {id: average_order_value, by: channel}
""")


def built(
    tables: Tables, definition: ScorecardDefinition = DEFINITION, period: str = "2026-Q3", **of_build: Any
) -> Scorecard:
    return build(
        definition,
        tables,
        parse_period(period),
        organisation="Ромашка",
        data_version=1,
        currency="EUR",
        **{"now": NOW, "metrics": UNDEMANDING, **of_build},
    )


def kpi_of(card: Scorecard, identifier: str) -> KpiCard:
    return next(
        kpi for kpi in (*(kpi for part in card.perspectives for kpi in part.kpis), *card.own) if kpi.id == identifier
    )


def test_figures_on_the_card_are_those_counted_by_hand(tables: Tables) -> None:
    card = built(tables)
    nps, web = kpi_of(card, "nps"), kpi_of(card, "nps_web")
    # All: (6 − 2) / 10; web alone: 5 / 6. Before: 0 for both.
    assert (nps.figure.value, nps.previous, nps.n) == (pytest.approx(0.4), pytest.approx(0), 10)
    assert (web.figure.value, web.previous, web.n) == (pytest.approx(5 / 6), pytest.approx(0), 6)
    assert web.where == (("channel", "web"),)
    assert kpi_of(card, "cci").figure.value == pytest.approx(0.1)
    assert kpi_of(card, "revenue").figure.value == pytest.approx(300)
    assert kpi_of(card, "revenue").scaled.value == pytest.approx(0.5)
    support, sales = (part.composite.printed.value for part in card.perspectives)
    assert support == pytest.approx((1.5 * 0.4 + 0.5 * 5 / 6 + 0.1) / 3)
    assert sales == pytest.approx(0.5)
    assert card.integral.printed.value == pytest.approx(((1.5 * 0.4 + 0.5 * 5 / 6 + 0.1) / 3 + 0.5) / 2)
    assert card.integral.printed.lower is not None
    assert card.integral.printed.lower < card.integral.printed.value < card.integral.printed.upper  # type: ignore[operator]


def test_slices_come_from_the_most_records_to_the_fewest(tables: Tables) -> None:
    card = built(tables)
    web, store = kpi_of(card, "nps").slices
    assert (web.member, web.n, web.figure.value) == ("web", 6, pytest.approx(5 / 6))
    assert (store.member, store.n, store.figure.value) == ("store", 4, pytest.approx(-0.25))
    order_value = kpi_of(card, "average_order_value")
    assert [(row.member, row.figure.value) for row in order_value.slices] == [("web", 125), ("store", 50)]
    assert order_value.by_dimension == Text("channel", "канал")


def test_too_few_records_give_no_figure_and_say_how_few(tables: Tables) -> None:
    card = built(tables, metrics=catalogue())
    nps = kpi_of(card, "nps")
    assert (nps.figure, nps.n, nps.too_few) == (UNDEFINED, 10, True)
    assert nps.statements[0].en == "Too few records for a figure: 10, while a dependable one needs at least 30."
    assert [(row.member, row.figure, row.n) for row in nps.slices] == [("web", UNDEFINED, 6), ("store", UNDEFINED, 4)]
    assert card.integral.printed == UNDEFINED
    assert not kpi_of(built(tables), "nps").too_few


def test_a_card_by_fiscal_quarters_where_the_company_is() -> None:
    # In Moscow the fiscal year begins with April; 31 March 22:00 of UTC is 1 April there.
    moscow = Calendar("Europe/Moscow", fiscal_year_start=4)
    moments = ["2025-03-31T20:59", "2025-03-31T21:00", "2025-06-30T20:59", "2025-06-30T21:00"]
    orders = [
        {"order_id": str(n), "ordered_at": datetime.fromisoformat(at), "revenue": Decimal(10**n)}
        for n, at in enumerate(moments)
    ]
    definition = parse_definition("trend: 2\nperspectives: [{id: sales, kpis: [{id: revenue, target: 10}]}]")
    given: dict[str, Any] = {
        "organisation": "Ромашка", "data_version": 1, "currency": "RUB", "calendar": moscow, "metrics": UNDEMANDING
    }  # fmt: skip
    tables = tables_of({"orders": orders})

    def card_at(now: str) -> Scorecard:
        return build(definition, tables, moscow.parse("FY2026-Q1"), now=datetime.fromisoformat(now), **given)

    card = card_at("2025-06-30T21:00")
    revenue = kpi_of(card, "revenue")
    assert (card.period, revenue.figure.value, revenue.previous, card.complete) == ("FY2026-Q1", 110, 1, True)
    assert [point.label for point in revenue.trend] == ["FY2025-Q4", "FY2026-Q1"]
    running = card_at("2025-06-30T20:59")
    assert not running.complete
    assert "is not over: its last day is June 30, 2025" in running.statements[0].en.replace("\u00a0", " ")

    below = explain(card, "sales/revenue", definition=definition, tables=tables, metrics=UNDEMANDING, calendar=moscow)
    assert (below.previous_period, len(below.rows[0].rows)) == ("FY2025-Q4", 2)
    assert (110, 1) in [(measure.value, measure.previous) for measure in below.measures]


def test_a_card_converts_money_into_its_currency() -> None:
    orders = [
        {"order_id": "1", "ordered_at": Q3, "revenue": Decimal(100), "currency": "EUR"},
        {"order_id": "2", "ordered_at": Q3, "revenue": Decimal(100), "currency": "USD"},
    ]
    rates = [{"date": Q3.date(), "currency": "USD", "to_currency": "EUR", "rate": 0.9}]
    definition = parse_definition("perspectives: [{id: sales, kpis: [{id: revenue, target: 10}]}]")
    tables = tables_of({"orders": orders, "rates": rates})
    card = built(tables, definition)
    assert kpi_of(card, "revenue").figure.value == pytest.approx(190)
    (rows,) = explain(card, "sales/revenue", definition=definition, tables=tables, metrics=UNDEMANDING).rows
    assert sorted(row[rows.columns.index("revenue")] for row in rows.rows) == [90, 100]  # type: ignore[type-var]

    alone = built(tables_of({"orders": orders}), definition)
    assert kpi_of(alone, "revenue").figure == UNDEFINED
    assert "without an exchange rate" in kpi_of(alone, "revenue").statements[0].en


def test_the_first_period_has_nothing_to_compare_with(tables: Tables) -> None:
    card = built(tables, period="2026-Q2")
    cci = kpi_of(card, "cci")
    assert cci.figure == UNDEFINED
    assert cci.statements
    assert card.integral.printed == UNDEFINED
    assert kpi_of(card, "nps").change is None


def test_complaints_after_a_period_of_none_leave_cci_undefined() -> None:
    tables = tables_of(
        {
            "complaints": [
                {"complaint_id": "1", "opened_at": Q2 - timedelta(days=160)},
                {"complaint_id": "2", "opened_at": Q3},
            ]
        }
    )
    definition = parse_definition("perspectives: [{id: customer_support, kpis: [{id: cci, target: 0.1}]}]")
    card = built(tables, definition)
    assert kpi_of(card, "cci").figure == UNDEFINED
    assert "previous period had none" in kpi_of(card, "cci").statements[0].en
    assert card.perspectives[0].composite.printed == UNDEFINED
    assert "there is no figure for" in card.perspectives[0].composite.statements[0].en


def test_a_future_period_shows_no_figures_and_says_so(tables: Tables) -> None:
    card = built(tables, period="2027-Q1")
    assert not card.complete
    assert card.integral.printed == UNDEFINED
    assert kpi_of(card, "revenue").figure == UNDEFINED
    assert "has not begun" in card.statements[0].en
    assert all(kpi.statements for part in card.perspectives for kpi in part.kpis)


def test_records_that_stop_before_the_period_does_are_said_to(tables: Tables) -> None:
    # The last answer of the third quarter is of 15 July.
    assert "The latest record is of July 15, 2026" in built(tables).statements[0].en.replace("\u00a0", " ")
    assert built(tables, period="2026-Q2").statements == ()


def test_the_same_seed_gives_the_same_card(tables: Tables) -> None:
    assert built(tables) == built(tables)
    other = built(tables, seed=8)
    assert other.integral.printed.value == built(tables).integral.printed.value
    assert other.integral.printed.lower != built(tables).integral.printed.lower


def test_metrics_of_one_slice_set_share_a_call(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[list[str], tuple[str, ...]]] = []
    genuine = fetching.compute

    def counted(metrics: Any, *arguments: Any, **named: Any) -> Any:
        calls.append(([metric.id for metric in metrics], tuple(named["by"])))
        return genuine(metrics, *arguments, **named)

    monkeypatch.setattr(fetching, "compute", counted)
    built(tables)
    assert calls == [
        (["nps", "cci", "revenue", "average_order_value"], ()),
        (["nps"], ("channel",)),
        (["nps", "average_order_value"], ("channel",)),
    ]


def test_the_same_metric_with_other_parameters_is_a_call_of_its_own() -> None:
    orders = [
        {"order_id": "1", "customer_id": "early", "ordered_at": Q3, "revenue": Decimal(1)},
        {"order_id": "2", "customer_id": "late", "ordered_at": Q3 + timedelta(days=60), "revenue": Decimal(1)},
    ]
    definition = parse_definition("""
perspectives:
  - id: marketing
    kpis:
      - {id: base, metric: active_customers, target: 10}
      - {id: base_week, metric: active_customers, target: 10, parameters: {active_days: 7}}
""")
    card = built(tables_of({"orders": orders}), definition)
    # The early one bought sixty days before the newest order: within ninety, not within seven.
    assert (kpi_of(card, "base").figure.value, kpi_of(card, "base_week").figure.value) == (2, 1)
    assert kpi_of(card, "base_week").parameters == (("active_days", "7"),)


def test_a_metric_that_there_is_not_is_refused(tables: Tables) -> None:
    kpi = KpiDefinition("x", "no_such_metric")
    definition = ScorecardDefinition((PerspectiveDefinition("hr", Text("People", "Персонал"), (kpi,)),))
    with pytest.raises(DefinitionError, match="no_such_metric"):
        built(tables, definition)


def test_the_way_down_from_the_index_to_the_rows(tables: Tables) -> None:
    card = built(tables)

    def down(path: str, limit: int = 100) -> Any:
        return explain(card, path, definition=DEFINITION, tables=tables, metrics=UNDEMANDING, limit=limit)

    top = down("")
    assert (top.kind, top.period, top.previous_period) == ("integral", "2026-Q3", "2026-Q2")
    assert top.below == ("customer_support", "sales", "own/average_order_value")
    assert sum(part.contribution for part in top.contributions) == pytest.approx(card.integral.printed.value)

    support = down("customer_support")
    assert support.below == ("customer_support/nps", "customer_support/nps_web", "customer_support/cci")
    contributed = {part.id: part.contribution for part in support.contributions}
    assert contributed == {"nps": pytest.approx(0.2), "nps_web": pytest.approx(5 / 36), "cci": pytest.approx(0.1 / 3)}
    assert support.contributions[0].change_by_value == pytest.approx(1.5 * 0.4 / 3)

    sales = down("sales")
    # 300 of 600 after 200 of 600.
    assert (sales.contributions[0].change_by_value, sales.contributions[0].change_by_weight) == (
        pytest.approx(1 / 6),
        0,
    )
    assert sales.composite.change == pytest.approx(1 / 6)

    web = down("customer_support/nps_web", limit=4)
    assert (web.kind, web.passport.id) == ("kpi", "nps")
    (rows,) = web.rows
    assert (len(rows.rows), rows.more) == (4, True)
    scores = [row[rows.columns.index("score")] for row in rows.rows]
    assert scores == [10, 9, 8, 8]

    assert (
        json.loads(json.dumps(to_json(web), allow_nan=False))["rows"][0]["rows"][0][rows.columns.index("score")] == 10
    )

    everything = down("customer_support/cci")
    counted = {measure.name: (measure.value, measure.previous) for measure in everything.measures}
    assert (9, 10) in counted.values()
    assert len(everything.rows[0].rows) == 9
    assert everything.rows[0].more is False


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("customer_suport", "did you mean 'customer_support'"),
        ("nps", "did you mean 'customer_support/nps'"),
        ("sales/nps", "there is no 'sales/nps' on the card"),
        ("own", "there is no 'own' on the card"),
        ("a/b/c", "goes too deep"),
    ],
)
def test_a_path_that_leads_nowhere_is_told(tables: Tables, path: str, message: str) -> None:
    with pytest.raises(ExplainError, match=message):
        explain(built(tables), path, definition=DEFINITION, tables=tables)


def test_the_starter_definition_is_read_and_gives_a_card_that_says_what_lacks() -> None:
    definition = parse_definition(starter_definition())
    assert [perspective.id for perspective in definition.perspectives] == [
        "customer_support", "marketing", "sales", "operations", "finance", "hr", "governance",
    ]  # fmt: skip
    assert [(kpi.id, kpi.weight) for kpi in definition.perspectives[0].kpis] == [
        ("cli", 1.2),
        ("nps", 0.9),
        ("cci", 0.9),
    ]
    assert len(definition.own) == 2
    card = built(tables_of({}), definition)
    assert card.integral.printed == UNDEFINED
    assert all(kpi.figure == UNDEFINED and kpi.statements for part in card.perspectives for kpi in part.kpis)
    assert all(part.composite.statements for part in card.perspectives)
    # All weights are right and the figures few enough: the composites lack data and nothing else.
    assert card.statements == ()
    assert not any("weights add up" in text.en for part in card.perspectives for text in part.composite.statements)
    to_json(card)


def test_slices_beyond_the_limit_are_counted() -> None:
    orders = [
        {"order_id": str(n), "ordered_at": Q3, "channel": f"shop{n % 30:02d}", "revenue": Decimal(10)}
        for n in range(45)
    ]
    definition = parse_definition("""
perspectives: [{id: sales, kpis: [{id: revenue, target: 10, by: channel}]}]
""")
    revenue = kpi_of(built(tables_of({"orders": orders}), definition), "revenue")
    assert len(revenue.slices) == 20
    assert revenue.slices[0] == SliceRow("shop00", revenue.slices[0].figure, 2)
    assert any("20 largest of 30" in text.en for text in revenue.statements)


@pytest.mark.spark
def test_spark_gives_the_same_card_and_the_same_rows(spark_session: Any, tables: Tables, tmp_path: Path) -> None:
    for name in ("answers", "customers"):
        parquet.write_table(tables(name).to_pyarrow(), tmp_path / f"{name}.parquet")
        spark_session.read.parquet(str(tmp_path / f"{name}.parquet")).createOrReplaceTempView(f"card_{name}")
    backend = ibis.pyspark.connect(spark_session)

    def on_spark(name: str) -> ir.Table:
        return backend.table(f"card_{name}")

    definition = parse_definition(
        "trend: 2\nperspectives: [{id: sales, kpis: [{id: nps_web, metric: nps, target: 0.4, where: {channel: web}}]}]"
    )
    here, there = built(tables, definition), built(on_spark, definition)
    assert there.statements == here.statements
    assert there.integral.printed.value == pytest.approx(here.integral.printed.value)
    assert there.integral.printed.lower == pytest.approx(here.integral.printed.lower)
    path = {"path": "sales/nps_web", "definition": definition}
    (embedded,), (distributed,) = (
        explain(here, tables=tables, **path).rows,
        explain(there, tables=on_spark, **path).rows,
    )
    assert sorted(map(str, distributed.rows)) == sorted(map(str, embedded.rows))
