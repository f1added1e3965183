"""Figures of links, counted by hand; intervals by an independent library."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from scipy.stats import chi2
from statsmodels.stats.proportion import proportion_confint

from septima.lake.append import append
from septima.web.accounts.models import Organisation
from septima.web.common.workspaces import open_workspace
from septima.web.tracking.figures import LinkFigures, Row, figures
from septima.web.tracking.models import TrackedLink
from septima.web.tracking.showing import shown
from septima.web.tracking.taking import source_of
from septima.web.tracking.tokens import token_of
from tests.web.tracking.conftest import ask, hits

Make = Callable[..., TrackedLink]
NOW = datetime.now(UTC)


def deliver(home: Organisation, customers: int) -> None:
    records = [
        {
            "touch_id": f"d{number}",
            "customer_id": f"c{number}",
            "at": NOW - timedelta(days=1),
            "channel": "email",
            "kind": "delivered",
            "campaign_id": "june",
        }
        for number in range(1, customers + 1)
    ]
    append(open_workspace(home).lake, "touches", records, "mail", batch="1")


def order(home: Organisation, *orders: tuple[str, str, float, str | None, str]) -> None:
    records = [
        {
            "order_id": number,
            "customer_id": customer,
            "ordered_at": NOW + timedelta(days=days),
            "promo_id": promo,
            "status": status,
            "revenue": 10,
            "currency": "EUR",
        }
        for number, customer, days, promo, status in orders
    ]
    append(open_workspace(home).lake, "orders", records, "shop", batch="1")


def of(home: Organisation, *links: TrackedLink) -> list[LinkFigures]:
    found = figures(home, open_workspace(home), links)
    return [found[link.code] for link in links]


def numbers(row: Row | None) -> tuple[float, ...]:
    assert row is not None
    return row["value"], row["lower"], row["upper"], row["n"]


def wilson(count: int, n: int) -> tuple[float, ...]:
    return (count / n, *proportion_confint(count, n, method="wilson"), n)


def cost_per(cost: float, count: int) -> tuple[float, ...]:
    """By the exact interval of a Poisson count (Garwood, 1936)."""
    fewest, most = chi2.ppf(0.025, 2 * count) / 2, chi2.ppf(0.975, 2 * count + 2) / 2
    return cost / count, cost / most, cost / fewest, count


def test_figures_of_a_letters_link(home: Organisation, make: Make) -> None:
    link, other = make(personal=True, cost=Decimal(100)), make(personal=True, name="Second link of the letter")
    deliver(home, 10)
    for customer in ("c1", "c1", "c2", "c3"):
        ask(f"/l/{link.code}?c={token_of(customer, link.code)}")
    ask(f"/l/{link.code}", address="198.51.100.1")
    ask(f"/l/{link.code}", address="198.51.100.1")
    ask(f"/l/{link.code}", agent="Googlebot/2.1")
    ask(f"/l/{other.code}?c={token_of('c2', other.code)}")
    for customer in ("c1", "c2", "c3", "c4"):
        ask(f"/l/{link.code}.gif?c={token_of(customer, link.code)}")
    hits(home)
    order(
        home,
        ("1", "c1", 2, None, "completed"),
        ("2", "c2", 3, None, "cancelled"),
        ("3", "c3", 7.5, None, "completed"),  # too late
        ("4", "c9", 20, None, "completed"),
    )
    first, second = of(home, link, other)
    assert (first.clicks, first.people, first.opened, first.bots, first.orders) == (6, 4, 4, 1, 1)
    assert (second.clicks, second.people, second.opened, second.bots, second.orders) == (1, 1, 0, 0, 0)
    # Of ten letters three were clicked by this link, one by the other, four opened.
    assert numbers(first.rows["click_through_rate"]) == pytest.approx(wilson(3, 10))
    assert numbers(second.rows["click_through_rate"]) == pytest.approx(wilson(1, 10))
    assert numbers(first.rows["open_rate"]) == pytest.approx(wilson(4, 10))
    assert numbers(first.rows["conversion_rate"]) == pytest.approx(wilson(1, 3))
    assert numbers(first.rows["cost_per_click"]) == pytest.approx(cost_per(100, 6))
    assert numbers(first.rows["cost_per_order"]) == pytest.approx(cost_per(100, 1))
    assert second.rows["cost_per_click"] is None


def test_clicks_that_no_letter_is_known_of_are_told_of(home: Organisation, make: Make) -> None:
    link = make()
    deliver(home, 10)
    ask(f"/l/{link.code}")
    hits(home)
    found = shown(link, figures(home, open_workspace(home), [link]), "EUR", "en").figures[1]
    assert (found.value, found.n, found.note) == ("0%", "10", "no click matches a delivered letter")


def test_orders_of_a_leaflet_are_those_that_bear_its_promo_code(home: Organisation, make: Make) -> None:
    leaflet = make(medium="print", campaign="street", promo_code="LEAF7", leaflet="7", cost=Decimal("50.50"))
    order(
        home,
        ("1", "c1", -3, "leaf7", "completed"),
        ("2", "c2", -2, " LEAF7 ", "paid"),
        ("3", "c3", -1, "LEAF7", "cancelled"),
        ("4", "c4", -1, "LEAF8", "completed"),
    )
    (found,) = of(home, leaflet)
    assert (found.clicks, found.orders) == (0, 2)
    assert numbers(found.rows["cost_per_order"]) == pytest.approx(cost_per(50.5, 2))
    assert found.rows["cost_per_click"] is not None
    assert found.rows["cost_per_click"]["note"] == "no_data"


def test_nothing_has_come_along_yet(home: Organisation, make: Make) -> None:
    (found,) = of(home, make())
    assert found.is_empty


def test_a_click_on_a_site_of_ones_own_is_no_click_of_a_link(home: Organisation, make: Make) -> None:
    link = make()
    record = {"touch_id": "x", "at": NOW, "kind": "clicked", "link_id": link.code, "campaign_id": "june"}
    append(open_workspace(home).lake, "touches", [record], "another source", batch="2")
    (found,) = of(home, link)
    assert found.clicks == 0
    assert source_of(home).name == "tracked-links"


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["no delivered letters", "no delivered letters", "few records", "few records", "no orders"]),
        (
            "ru",
            ["нет доставленных писем", "нет доставленных писем", "мало записей", "мало записей", "нет заказов"],
        ),
    ],
)
def test_a_figure_says_why_it_is_none_or_weak(language: str, words: list[str], home: Organisation, make: Make) -> None:
    link = make(personal=True, cost=Decimal(30))
    for number in range(3):
        ask(f"/l/{link.code}?c={token_of(f'c{number}', link.code)}")
    hits(home)
    order(home, ("1", "c99", 20, None, "completed"))
    found = shown(link, figures(home, open_workspace(home), [link]), "EUR", "ru" if language == "ru" else "en")
    assert [one.note for one in found.figures] == words
    assert found.figures[3].value.replace("\u00a0", " ") == ("€10" if language == "en" else "10 €")
    assert found.figures[3].n == "3"
