"""To whom a row belongs: the only place that says by which column each table leads to a customer."""

from collections.abc import Mapping
from dataclasses import dataclass

from septima.lake.tables import MERGES, PREDICTIONS, THEMES

CUSTOMER = "customer_id"
REFERRER = "referrer_id"


@dataclass(frozen=True)
class Link:
    """A row that names no customer belongs to the customer of the row of `through` that `column` names."""

    column: str
    through: str


LINKS: Mapping[str, Link] = {
    "order_items": Link("order_id", "orders"),
    "deliveries": Link("order_id", "orders"),
    "complaints": Link("order_id", "orders"),
    "deal_stages": Link("deal_id", "deals"),
    "answers": Link("touch_id", "touches"),
    THEMES.name: Link("answer_id", "answers"),
}
"""Tables whose rows may lead to a customer by way of another table. Where a row names its customer, that is whose it is."""

LINKED_THROUGH: tuple[str, ...] = ("orders", "deals", "touches", "answers")
"""Tables through which others lead, each before those that lead to a customer through it."""

SUPPRESSED: tuple[str, ...] = ("orders", "deals", "touches")
"""Tables whose keys are kept as hashes where a person is erased: a later row with such a key is the person's."""

REMOVED: tuple[str, ...] = ("customers", "identities", THEMES.name, PREDICTIONS.name)
"""Tables whose rows say who somebody is or what is thought of him; no sum rests on them, so erasure takes the rows out."""

CUSTOMER_COLUMNS: Mapping[str, tuple[str, ...]] = {
    MERGES.name: (CUSTOMER, "master_id", "linked_id"),
    "customers": (CUSTOMER, REFERRER),
}
"""Columns that hold a customer's id in tables where it is more than the one named `customer_id`."""
