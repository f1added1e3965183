"""Customers by the interface: found by what is known of them, and each one's own rows."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

from django.http import HttpRequest
from ninja import Router, Schema
from ninja.errors import HttpError
from pydantic import Field

from septima.lake.lookup import find_customers
from septima.web.accounts.audit import note_event
from septima.web.api.authentication import caller
from septima.web.api.problems import ERRORS, Problem
from septima.web.common.workspaces import open_workspace
from septima.web.customers.links import mark_of
from septima.web.customers.openings import note_opening
from septima.web.customers.reading import read_person

router = Router(tags=["customers"])

Cell = str | float | int | bool | None


class SearchIn(Schema):
    """What is known of a customer: an id, a name, an e-mail address, a telephone or another identifier."""

    text: Annotated[str, Field(min_length=1, max_length=200)]
    limit: Annotated[int, Field(ge=1, le=100)] = 20


class FoundOut(Schema):
    """A customer who fits, and what of theirs it was that fits."""

    customer_id: str
    name: str | None
    matched: str


class CustomerIn(Schema):
    """Whose card is asked for; the id stands in the body, for addresses are written into logs."""

    customer_id: Annotated[str, Field(min_length=1, max_length=500)]


class CustomerOut(Schema):
    """All rows of a customer by table, the newest of each; `cut` are the tables that hold more."""

    customer_id: str
    records: list[str]
    tables: dict[str, list[dict[str, Cell]]]
    cut: list[str]


@router.post("/search", response={200: list[FoundOut], ERRORS: Problem}, summary="Find customers")
def search(request: HttpRequest, sought: SearchIn) -> list[FoundOut]:
    """At most `limit` customers who fit, the surest first; duplicates that were merged stand under their master."""
    who = caller(request, "customers:read")
    found = find_customers(open_workspace(who.organisation).tables(resolved=False), sought.text, sought.limit)
    note_event(who.organisation, who.membership.user, "customers.searched", found=len(found), by="token")
    return [FoundOut(customer_id=one.customer_id, name=one.name, matched=one.matched) for one in found]


@router.post("/card", response={200: CustomerOut, ERRORS: Problem}, summary="One customer's rows")
def card(request: HttpRequest, asked: CustomerIn) -> CustomerOut:
    """What is known of a customer. That it was looked at is noted, as when a person opens the card."""
    who = caller(request, "customers:read")
    person = read_person(open_workspace(who.organisation).lake, asked.customer_id)
    if not person.is_known:
        raise HttpError(404, "there is no customer of this id; POST /api/v1/customers/search finds customers")
    note_opening(who.membership, person.customer_id)
    note_event(
        who.organisation,
        who.membership.user,
        "customer.opened",
        mark_of(who.organisation, person.customer_id),
        by="token",
    )
    return CustomerOut(
        customer_id=person.customer_id,
        records=list(person.members),
        tables={
            name: [{key: _cell(value) for key, value in row.items()} for row in rows]
            for name, rows in person.tables.items()
            if rows
        },
        cut=sorted(person.cut),
    )


def _cell(value: object) -> Cell:
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)
