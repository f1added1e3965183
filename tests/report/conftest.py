"""A card as a company has it: seven functions, long names, undefined figures, a hostile name."""

import dataclasses
import math
from collections.abc import Iterator
from datetime import date, datetime
from html.parser import HTMLParser

import pytest
from pypdfium2 import PdfDocument

from septima.report import render
from septima.schema import Text
from septima.scorecard.card import (
    UNDEFINED,
    CompositeCard,
    Figure,
    KpiCard,
    PerspectiveCard,
    Scorecard,
    SliceRow,
    TrendPoint,
)

QUARTERS = [date(2024 + i // 4, 1 + 3 * (i % 4), 1) for i in range(11)]

NO_DATA = Text(
    "There are no records for this period.", "За этот период нет записей: загрузите таблицу «Обучение» (trainings)."
)


class Page(HTMLParser):
    """Start tags with attributes, in order, and all text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def trend(last: Figure, *, swing: float, rise: float = 0.0, gap: int | None = None) -> tuple[TrendPoint, ...]:
    """Eleven quarters that end in `last`; `gap` is a quarter without data."""
    points = []
    for place, start in enumerate(QUARTERS):
        label = f"{start.year}-Q{(start.month + 2) // 3}"
        back = len(QUARTERS) - 1 - place
        shift = -rise * back + swing * math.sin(1.7 * back)
        moved = [None if v is None else v + shift for v in (last.value, last.lower, last.upper)]
        points.append(TrendPoint(start, label, UNDEFINED if place == gap else Figure(*moved)))
    return tuple(points)


def kpi(
    kpi_id: str,
    name: Text,
    unit: str,
    figure: Figure,
    *,
    target: float | None = None,
    scaled: Figure | None = None,
    normalised: Figure = UNDEFINED,
    change: float | None = None,
    state: str = "good",
    direction: str = "more",
    weight: float = 1.0,
    n: float | None = 1000,
    swing: float = 0.0,
    rise: float = 0.0,
    gap: int | None = None,
    formula: str = "Σ x / n",
    description: Text | None = None,
    **parts: object,
) -> KpiCard:
    known = figure.value is not None
    return KpiCard(
        id=kpi_id,
        metric=kpi_id,
        name=name,
        description=description
        or Text("What part of the work is done as promised.", "Какая часть работы сделана так, как было обещано."),
        unit=unit,
        direction=direction,  # type: ignore[arg-type]
        weight=weight,
        figure=figure,
        scaled=scaled if scaled is not None else figure,
        normalised=normalised,
        target=target,
        previous=figure.value - change if known and change is not None else None,
        change=change,
        n=n,
        missing_share=0.013 if known else None,
        minimum_sample=100,
        state=state,  # type: ignore[arg-type]
        method=Text(
            "The share of records that meet the promise among all records of the period.",
            "Доля записей, в которых обещание выполнено, среди всех записей периода.",
        ),
        formula=formula,
        formula_source="Reichheld, The One Number You Need to Grow, Harvard Business Review, 2003",
        definition=f"{kpi_id} v1",
        primary_data=("answers.score", "answers.instrument", "answers.at"),
        trend=trend(figure, swing=swing, rise=rise, gap=gap) if known else (),
        **parts,  # type: ignore[arg-type]
    )


def perspective(
    perspective_id: str, name: Text, kpis: tuple[KpiCard, ...], printed: Figure, normalised: Figure, change: float | None,
    normalised_change: float | None, state: str, **parts: object,
) -> PerspectiveCard:  # fmt: skip
    letters = " + ".join(f"A_{place}·x_{place}" for place in range(1, len(kpis) + 1))
    composite = CompositeCard(
        id=perspective_id,
        name=name,
        weight=1.0,
        printed=printed,
        normalised=normalised,
        change=change,
        normalised_change=normalised_change,
        state=state,  # type: ignore[arg-type]
        formula=f"CKPI = ({letters}) / {len(kpis)}",
        trend=trend(printed, swing=0.015, rise=0.006) if printed.value is not None else (),
        **parts,  # type: ignore[arg-type]
    )
    return PerspectiveCard(composite, kpis)


def realistic_card() -> Scorecard:
    support = (
        kpi("cli", Text("Customer loyalty index (C11)", "Индекс лояльности клиентов (C11)"), "index",
            Figure(0.714, 0.698, 0.730), target=0.7, normalised=Figure(100, 98, 100), change=0.012, n=2140, swing=0.008, rise=0.004,
            formula="CLI = Σ w_i·x_i", by_dimension=Text("Segment", "Сегмент"),
            slices=(SliceRow("Малый бизнес", Figure(0.74, 0.71, 0.77), 620), SliceRow("Частные клиенты", Figure(0.70, 0.68, 0.72), 1400),
                    SliceRow("Корпоративные клиенты Северо-Западного округа", Figure(0.66, 0.58, 0.74), 120))),
        kpi("nps", Text("Readiness to recommend, NPS", "Готовность рекомендовать (NPS)"), "index", Figure(0.42, 0.38, 0.46), target=0.45,
            normalised=Figure(93, 84, 100), change=-0.021, state="watch", n=2140, weight=1.2, swing=0.03, rise=0.005, gap=3,
            formula="NPS = (promoters − detractors) / all", by_dimension=Text("Channel", "Канал"),
            description=Text("How readily customers would recommend the company to a friend.", "Насколько охотно клиенты готовы порекомендовать компанию знакомым."),
            slices=(*(SliceRow(m, Figure(v, v - .07, v + .07), 200 - 10 * i) for i, (m, v) in enumerate(
                [("Чат", .55), ("Телефон", .21), ("Электронная почта", .40), ("Магазин", .48), ("Мобильное приложение", .44), ("", .30)])), SliceRow("Партнёры", UNDEFINED, 3)),
            statements=(Text("In the channel “Telephone” the index is lower than elsewhere.", "Значение ниже цели, но цель лежит внутри интервала: отставание может быть случайным."),)),
        kpi("cci", Text("Change in complaints, CCI", "Изменение числа жалоб (CCI)"), "index", Figure(-0.05, -0.17, 0.06), target=0.0,
            normalised=Figure(41, 30, 54), change=-0.11, state="bad", n=318, weight=0.8, change_distinct=False, change_statement=Text("Down by 0.11 against Q2 2026: may be chance.", "Снижение на 0,11 к предыдущему периоду: может быть случайным."), swing=0.09, formula="CCI = (C_prev − C_cur) / C_prev"),
    )  # fmt: skip
    marketing = (
        kpi("open_rate", Text("Open rate of e-mails (OR)", "Доля открытых писем (OR)"), "share", Figure(0.2412, 0.2391, 0.2433), target=0.22, normalised=Figure(100, 100, 100), change=0.0071, n=182340, swing=0.01, rise=0.002),
        kpi("click_through_rate", Text("Click-through rate (CTR)", "Доля переходов из писем (CTR)"), "share", Figure(0.0317, 0.0309, 0.0325), target=0.035, normalised=Figure(91, 88, 93), change=-0.0012, state="watch", n=182340, swing=0.002),
        kpi("cost_per_order", Text("Cost per order (CPO)", "Стоимость привлечения одного заказа (CPO)"), "currency", Figure(412.6, 395, 431), target=400, direction="less", scaled=Figure(0.97, 0.93, 1.01), normalised=Figure(97, 93, 100), change=18.4, state="watch", n=9120, swing=15),
    )  # fmt: skip
    sales = (
        kpi("revenue", Text("Revenue", "Выручка"), "currency", Figure(48_312_400.0, 47_100_000, 49_520_000), target=46_000_000, scaled=Figure(1.05, 1.02, 1.08), normalised=Figure(100, 100, 100), change=2_150_000.0, n=21_408, swing=900_000, rise=700_000),
        kpi("deal_win_rate", Text("Deals won", "Доля выигранных сделок"), "share", Figure(0.63, 0.59, 0.67), target=0.6, normalised=Figure(100, 98, 100), change=0.015, n=711, swing=0.02),
        kpi("repeat_rate", Text("Repeat customers", "Доля повторных покупателей"), "share", Figure(0.384, 0.377, 0.391), target=0.4, normalised=Figure(96, 94, 98), change=0.004, state="watch", n=18_240, swing=0.01),
    )  # fmt: skip
    governance = (
        kpi("milestones_on_plan", Text("Milestones met on plan", "Этапы программы, выполненные в срок"), "share", Figure(0.75, 0.47, 0.91), target=0.9, normalised=Figure(83, 52, 100), change=0.0, state="bad", n=12, statements=(Text("Fewer records than the minimum sample of 100.", "Записей меньше минимальной выборки (100): доверять значению рано."),)),
    )  # fmt: skip
    operations = (
        kpi("on_time_delivery", Text("Deliveries on time", "Доставки точно в обещанный клиенту срок"), "share", Figure(0.927, 0.922, 0.932), target=0.95, normalised=Figure(98, 97, 98), change=-0.008, state="watch", n=10_240, swing=0.012),
        kpi("cycle", Text("Order cycle time", "Время выполнения заказа от оплаты до вручения"), "days", Figure(3.21, 3.12, 3.30), target=3, direction="less", scaled=Figure(0.93, 0.91, 0.96), normalised=Figure(93, 91, 96), change=-0.2, state="watch", n=10_240, swing=0.15),
    )  # fmt: skip
    hr = (
        kpi("training_on_time", Text("Training on time", "Сотрудники, вовремя прошедшие обучение работе с клиентами"), "share", UNDEFINED, target=0.95, state="unknown", n=0, statements=(NO_DATA,)),
        kpi("staff_turnover", Text("Staff turnover", "Текучесть персонала"), "share", Figure(0.061, 0.040, 0.092), target=0.05, direction="less", scaled=Figure(0.939, 0.908, 0.96), normalised=Figure(82, 54, 100), change=0.011, state="watch", n=412, swing=0.006),
    )  # fmt: skip
    finance = (
        kpi("gross_margin", Text("Gross margin", "Валовая рентабельность"), "share", Figure(0.312, 0.304, 0.320), target=0.3, normalised=Figure(100, 100, 100), change=0.006, n=21_408, swing=0.008),
    )  # fmt: skip
    own = (
        kpi("incremental_revenue", Text("Incremental revenue of the spring campaign", "Дополнительная выручка весенней кампании"), "currency", Figure(1_240_000, -110_000, 2_590_000), target=1_000_000, change=None, state="good", n=40_210, swing=0.0),
        kpi("complaints_per_1000_orders", Text("Complaints per 1,000 orders", "Жалоб на 1000 заказов"), "per_1000", Figure(14.9, 13.3, 16.6), target=12, direction="less", change=1.1, state="bad", n=21_408, swing=1.2),
    )  # fmt: skip
    perspectives = (
        perspective("customer_support", Text("Customer support", "Поддержка клиентов"), support, Figure(0.393, 0.357, 0.428), Figure(81, 76, 86), -0.034, -3.4, "watch"),
        perspective("marketing", Text("Marketing", "Маркетинг"), marketing, Figure(0.414, 0.398, 0.431), Figure(96, 94, 98), 0.02, 2.1, "watch"),
        perspective("sales", Text("Sales", "Продажи"), sales, Figure(0.688, 0.671, 0.705), Figure(99, 97, 100), 0.031, 4.0, "good"),
        perspective("governance", Text("Governance", "Управление"), governance, Figure(0.75, 0.47, 0.91), Figure(83, 52, 100), 0.0, 0.0, "bad"),
        perspective("operations", Text("Operations", "Операции"), operations, Figure(0.929, 0.915, 0.942), Figure(96, 94, 97), 0.01, 0.6, "watch"),
        perspective("hr", Text("People", "Персонал"), hr, UNDEFINED, UNDEFINED, None, None, "unknown",
                    statements=(Text("Undefined: training on time has no data.", "CKPI не определён: для показателя «Сотрудники, вовремя прошедшие обучение» нет данных."),)),
        perspective("finance", Text("Finance", "Финансы"), finance, Figure(0.312, 0.304, 0.320), Figure(100, 100, 100), 0.006, 0.0, "good"),
    )  # fmt: skip
    integral = CompositeCard(
        id="integral",
        name=Text("CKPIint", "CKPIint"),
        weight=1.0,
        printed=Figure(0.581, 0.541, 0.612),
        normalised=Figure(92, 86, 95),
        change=0.006,
        normalised_change=0.6,
        state="watch",
        formula="CKPI_int = Σ A_i·CKPI_i / n",
        trend=trend(Figure(0.581, 0.541, 0.612), swing=0.02, rise=0.01),
        statements=(
            Text("Without “People”, which is undefined; the other weights are rescaled.", "Без функции «Персонал», которая не определена; веса остальных пересчитаны."),
        ),
    )  # fmt: skip
    return Scorecard(
        organisation="АО «Северные технологии и сервис»",
        period="2026-Q3",
        period_label=Text("Q3\u00a02026", "3-й\u00a0квартал 2026\u00a0года"),
        start=date(2026, 7, 1),
        end=date(2026, 10, 1),
        currency="RUB",
        integral=integral,
        perspectives=perspectives,
        own=own,
        data_version=14,
        definition="a1b2c3d4",
        computed_at=datetime(2026, 10, 2, 9, 30),  # noqa: DTZ001 - the card's times are naive UTC
        normalisation="target",
        aggregation="arithmetic",
        statements=(
            Text("The card has 17 KPIs; past about ten attention is spread thin.", "На карте 17 показателей: когда их больше десяти, внимание рассеивается."),
        ),
    )  # fmt: skip


@pytest.fixture(scope="session")
def card() -> Scorecard:
    return realistic_card()


@pytest.fixture(scope="session")
def hostile_card() -> Scorecard:
    """The same card with names that would break a page, a chart or a sheet that trusts them."""
    card = realistic_card()
    attack = '<script>alert("x")</script>'
    first = card.perspectives[0]
    kpis = (
        dataclasses.replace(
            first.kpis[0],
            name=Text(f"=1+1 {attack}", f"=1+1 {attack}"),
            description=Text("+cmd|' /C calc'!A0", "@SUM(A1)"),
            slices=(SliceRow(attack, Figure(0.7, 0.6, 0.8), 10), SliceRow("=HYPERLINK(1)", Figure(0.6, 0.5, 0.7), 10)),
        ),
        *first.kpis[1:],
    )
    perspectives = (PerspectiveCard(first.composite, kpis), *card.perspectives[1:])
    return dataclasses.replace(card, organisation=f"=cmd() {attack} & Co", perspectives=perspectives)


@pytest.fixture(scope="session")
def russian_html(card: Scorecard) -> str:
    return render(card, format="html", language="ru").decode()


@pytest.fixture(scope="session")
def russian_pdf(card: Scorecard) -> Iterator[PdfDocument]:
    document = PdfDocument(render(card, format="pdf", language="ru"))
    yield document
    document.close()
