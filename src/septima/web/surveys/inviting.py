"""Giving out personal links: who is asked, who is spared, and the links themselves."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import ibis
from django.db import transaction
from django.utils import timezone

from septima.metrics.catalogue import catalogue
from septima.schema import Text
from septima.settings import Settings
from septima.web.accounts.models import User
from septima.web.common.csv_files import CsvError, read_csv
from septima.web.surveys.models import Issue, Letter, Link, Survey
from septima.workspace import Workspace

MOST = 20_000
"""Customers that one giving out of links may name."""
_TALKS = ("call", "chat", "message", "meeting")
_NOBODY = {"listed": 0, "unknown": 0, "no_consent": 0, "pressed": 0, "has_link": 0, "issued": 0}
_KNOWN_COLUMNS = ("customer_id", "department", "touch_id")


@dataclass(frozen=True)
class Guest:
    """A customer who may be asked, and what the answers will speak about."""

    customer_id: str
    department: str = ""
    touch_id: str = ""


@dataclass(frozen=True)
class Guard:
    """Whom to spare: customers with more than `touches` contacts in `days` days, and those without consent.

    `consent` is "given" (only who agreed), "not_refused" (unknown is enough) or "any".
    """

    touches: int
    days: int
    consent: str = "not_refused"


@dataclass(frozen=True)
class Chosen:
    """Who is asked, and how many were spared for which reason."""

    guests: Sequence[Guest]
    counts: Mapping[str, int]


def default_guard(settings: Settings) -> Guard:
    """The guard by the company's own definition of contact pressure."""
    given = {**catalogue()["contact_pressure"].passport.parameters, **settings.metrics.get("contact_pressure", {})}
    return Guard(int(given["touches"]), int(given["days"]))


def read_guests(content: bytes) -> list[Guest]:
    """The customers that a CSV file names in `customer_id`, with `department` and `touch_id` where given, each once."""
    heads, rows = read_csv(content)
    if "customer_id" not in heads:
        raise CsvError(
            Text(
                f"The file needs a column customer_id; it has: {', '.join(heads)[:200]}.",
                f"В\u00a0файле нужен столбец customer_id; в\u00a0нём есть: {', '.join(heads)[:200]}.",
            )
        )
    if len(rows) > MOST:
        raise CsvError(
            Text(
                f"A list holds at most {MOST:,} customers.", f"В\u00a0списке может быть не\u00a0больше {MOST} клиентов."
            )
        )
    found = {
        row["customer_id"][:200]: Guest(*(row.get(name, "")[:200] for name in _KNOWN_COLUMNS))
        for row in rows
        if row.get("customer_id")
    }
    return list(found.values())


def segments_of(workspace: Workspace) -> list[str]:
    """The segments that customers are in."""
    segments: Any = workspace.table("customers").select("segment").distinct().to_pyarrow()["segment"].to_pylist()
    return sorted(segment for segment in segments if segment)


def guests_of(workspace: Workspace, *, segments: Sequence[str], ordered_within: int | None, most: int) -> list[Guest]:
    """Customers of these segments (all where none is named), who ordered within so many days, at most `most`.

    Of more than that a sample is taken, the same whenever it is asked for on the same data.
    """
    customers: Any = workspace.table("customers")
    if segments:
        customers = customers.filter(customers["segment"].isin(list(segments)))
    if ordered_within is not None:
        orders: Any = workspace.table("orders")
        since = ibis.literal(_now() - timedelta(days=ordered_within))
        customers = customers.semi_join(orders.filter(orders["ordered_at"] >= since), "customer_id")
    chosen = customers.select("customer_id").distinct()
    chosen = chosen.order_by(chosen["customer_id"].hash(), "customer_id").limit(min(most, MOST))
    return [Guest(customer) for customer in chosen.to_pyarrow()["customer_id"].to_pylist()]


def choose(workspace: Workspace, survey: Survey, guests: Sequence[Guest], guard: Guard) -> Chosen:
    """Of these customers, those who may be asked: known, without a link to this survey, willing and not pressed."""
    counts = {**_NOBODY, "listed": len(guests)}
    consents = _consents(workspace, guests)
    contacts = _contacts(workspace, survey, guests, guard.days)
    has_link = set(Link.objects.filter(survey=survey).values_list("customer_id", flat=True))
    chosen = list[Guest]()
    for guest in guests:
        name, consent = guest.customer_id, consents.get(guest.customer_id)
        if name not in consents:
            counts["unknown"] += 1
        elif name in has_link:
            counts["has_link"] += 1
        elif not is_willing(consent, guard.consent):
            counts["no_consent"] += 1
        # The invitation itself is one more contact.
        elif contacts.get(name, 0) + 1 > guard.touches:
            counts["pressed"] += 1
        else:
            chosen.append(guest)
    counts["issued"] = len(chosen)
    return Chosen(chosen, counts)


def give_out(
    survey: Survey,
    chosen: Chosen,
    user: User | None,
    *,
    token: str,
    channel: str,
    subject: str = "",
    text: str = "",
    consent: str = "any",
    expires_at: datetime | None = None,
    remind_after_days: int | None = None,
) -> tuple[Issue, bool]:
    """Make the links, and where they go by e-mail the letters that wait; the same `token` again makes nothing.

    Gives what was made, and whether it was made now.
    """
    with transaction.atomic():
        issue, made = Issue.objects.get_or_create(
            survey=survey,
            token=token,
            defaults={
                "made_by": user,
                "channel": channel,
                "subject": subject,
                "text": text,
                "consent": consent,
                "remind_after_days": remind_after_days,
            },
        )
        if not made:
            return issue, False
        Link.objects.bulk_create(
            [
                Link(
                    survey=survey,
                    issue=issue,
                    customer_id=guest.customer_id,
                    department=guest.department,
                    touch_id=guest.touch_id,
                    expires_at=expires_at,
                )
                for guest in chosen.guests
            ],
            batch_size=500,
            ignore_conflicts=True,
        )
        links = Link.objects.filter(issue=issue)
        issue.counts = {**_NOBODY, **chosen.counts, "issued": links.count()}
        issue.save(update_fields=["counts"])
        if channel == "email":
            Letter.objects.bulk_create([Letter(link=link, kind="invitation") for link in links], batch_size=500)
    return issue, True


def is_willing(given: bool | None, needed: str) -> bool:
    """Whether a customer's consent, of which None is unknown, is what a `Guard` needs."""
    return needed == "any" or given is True or (needed == "not_refused" and given is None)


def addresses_of(workspace: Workspace, customers: Iterable[str], consent: str) -> dict[str, str]:
    """E-mail addresses by customer, as the lake has them, of those whose consent is what is needed now."""
    rows = _of(workspace, "customers", customers).select("customer_id", "email", "consent").to_pyarrow().to_pylist()
    return {row["customer_id"]: row["email"] for row in rows if row["email"] and is_willing(row["consent"], consent)}


def _consents(workspace: Workspace, guests: Sequence[Guest]) -> dict[str, bool | None]:
    names = [guest.customer_id for guest in guests]
    rows = _of(workspace, "customers", names).select("customer_id", "consent").to_pyarrow().to_pylist()
    return {row["customer_id"]: row["consent"] for row in rows}


def _contacts(workspace: Workspace, survey: Survey, guests: Sequence[Guest], days: int) -> dict[str, int]:
    """Contacts of the last days by customer: those that `contact_pressure` counts, and invitations to surveys."""
    since, names = _now() - timedelta(days=days), [guest.customer_id for guest in guests]
    touches = _of(workspace, "touches", names)
    talk = touches["kind"].isin(_TALKS) & (touches["direction"] == "out").fill_null(False)
    rows = touches.filter(
        touches["at"] >= ibis.literal(since),
        (touches["kind"] == "delivered") | talk,
        touches["promotional"].fill_null(True),
    )
    counted = rows.group_by("customer_id").aggregate(contacts=rows.count()).to_pyarrow().to_pylist()
    counts = {row["customer_id"]: int(row["contacts"]) for row in counted}
    recent = Link.objects.filter(
        survey__organisation=survey.organisation, created_at__gte=timezone.now() - timedelta(days=days)
    )
    for customer in recent.values_list("customer_id", flat=True).iterator(5_000):
        counts[customer] = counts.get(customer, 0) + 1
    return counts


def _of(workspace: Workspace, table: str, customers: Iterable[str]) -> Any:
    names = ibis.memtable({"customer_id": list(customers)}, schema=ibis.schema({"customer_id": "string"}))
    return workspace.table(table).semi_join(names, "customer_id")


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
