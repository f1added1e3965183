"""Links in the memory of a process that answers, at most a second behind the database.

What changes gets the next number of the site (`next_version`); a process reads that number every second or more often, and then
only the links of later numbers. Where the database does not answer, links lead where they led.
"""

import logging
import threading
import time
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError, close_old_connections
from django.db.models import F

from septima.web.tracking.models import LinksVersion, TargetHost, TrackedLink
from septima.web.tracking.targets import HostRule, TargetError, checked_target, with_marks

logger = logging.getLogger(__name__)
BEHIND_S = 1.0
_lock = threading.Lock()
_links: dict[str, "KnownLink"] = {}
_seen = {"version": -1, "at": -BEHIND_S}


@dataclass(frozen=True, slots=True)
class KnownLink:
    """A link as the redirect needs it; `address` is None where it leads nowhere any more."""

    organisation: int
    code: str
    address: str | None
    personal: bool
    campaign: dict[str, str]
    properties: dict[str, str]


def link_of(code: str) -> KnownLink | None:
    """The link of a code; None where there is none."""
    if time.monotonic() - _seen["at"] >= BEHIND_S:
        _refresh(at_any_rate=_seen["version"] < 0)
    return _links.get(code)


def keep_reading() -> None:
    """Read what has changed by a thread of this process from now on, so that no request waits for the database."""
    threading.Thread(target=_read_again_and_again, daemon=True).start()


def _read_again_and_again() -> None:
    while True:
        _refresh(at_any_rate=True, older_than=0.0)
        time.sleep(BEHIND_S / 2)


def next_version() -> int:
    """The number of a change, to be asked for within the transaction that makes it and before anything is changed.

    Changes wait for one another, so that whoever sees a number sees all before it.
    """
    LinksVersion.objects.get_or_create(pk=1)
    LinksVersion.objects.filter(pk=1).update(number=F("number") + 1)
    return LinksVersion.objects.values_list("number", flat=True).get(pk=1)


def changed_hosts(organisation: int) -> None:
    """Have all links of an organisation read anew, within the transaction that changes where they may lead."""
    TrackedLink.objects.filter(organisation=organisation).update(version=next_version())


def rules_of(organisation: int) -> list[HostRule]:
    """The hosts that links of an organisation may lead to."""
    return [HostRule(one.host, one.subdomains) for one in TargetHost.objects.filter(organisation=organisation)]


def forget_all() -> None:
    """Know nothing, as a process that has just begun."""
    with _lock:
        _links.clear()
        _seen.update(version=-1, at=-BEHIND_S)


def _refresh(*, at_any_rate: bool, older_than: float = BEHIND_S) -> None:
    """Read what has changed; of several requests one does, and the others wait only where nothing is known yet."""
    if not _lock.acquire(blocking=at_any_rate):
        return
    try:
        if time.monotonic() - _seen["at"] >= older_than:
            close_old_connections()
            _read_changes()
            _seen["at"] = time.monotonic()
    except DatabaseError:
        _seen["at"] = time.monotonic()
        logger.exception("tracked links could not be read; they lead where they led")
    finally:
        _lock.release()


def _read_changes() -> None:
    version = LinksVersion.objects.filter(pk=1).values_list("number", flat=True).first() or 0
    if version == _seen["version"]:
        return
    rules: dict[int, list[HostRule]] = {}
    for link in TrackedLink.objects.filter(version__gt=_seen["version"]).order_by().iterator(2_000):
        organisation: Any = link.organisation_id  # pyright: ignore[reportAttributeAccessIssue] # Django adds it
        if organisation not in rules:
            rules[organisation] = rules_of(organisation)
        _links[link.code] = _known(link, organisation, rules[organisation])
    _seen["version"] = version


def _known(link: TrackedLink, organisation: int, rules: list[HostRule]) -> KnownLink:
    marks = link.marks
    said = {"link_id": link.code, "promo_code": link.promo_code, "leaflet": link.leaflet}
    return KnownLink(
        organisation=organisation,
        code=link.code,
        address=_address(link, rules),
        personal=link.personal,
        campaign={"name": link.campaign, **{name: value for name, value in marks.items() if name != "campaign"}},
        properties={name: value for name, value in said.items() if value},
    )


def _address(link: TrackedLink, rules: list[HostRule]) -> str | None:
    """Where a link leads; None for one that is archived, or whose host is not allowed any more."""
    if link.archived_at is not None:
        return None
    try:
        return with_marks(checked_target(link.target, rules), link.marks)
    except TargetError:
        return None
