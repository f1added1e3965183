"""The kinds of work about customers."""

from datetime import UTC, datetime
from typing import Any

from septima.lake.identity import identify
from septima.lake.person import ids_of
from septima.schema import Text
from septima.web.accounts.audit import note_event
from septima.web.accounts.models import Organisation, User
from septima.web.common.workspaces import open_workspace
from septima.web.customers.models import Erasure, Suggestion
from septima.web.customers.person import erased_person
from septima.web.customers.valuations import value_customers, versions_of
from septima.web.work.doing import begin
from septima.web.work.kinds import Kind, Tell, register
from septima.web.work.models import Work

VALUE, SEARCH, ERASE = "customers.value", "customers.search", "customers.erase"
_MOST_SUGGESTIONS = 500
_ERASING = Text("Erasing from every table and its history", "Удаление из\u00a0всех таблиц и\u00a0их истории")


def begin_of_all(organisation: Organisation, kind: str, who: User, *, merge: bool = False) -> Work:
    """Have all customers valued, or searched for duplicates, unless that is under way.

    With `merge` the search records what is beyond doubt.
    """
    return begin(organisation, kind, kind, who=who, options={"merge": merge})


def newest(organisation: Organisation, kind: str) -> Work | None:
    """The newest work of a kind on all customers."""
    return Work.objects.filter(organisation=organisation, key=kind).first()


def begin_erasing(erasure: Erasure) -> None:
    """Have a person erased."""
    key, options = f"{ERASE}-{erasure.pk}", {"erasure": erasure.pk}
    erasure.work = begin(erasure.organisation, ERASE, key, who=erasure.asked_by, options=options, once=True)
    erasure.save(update_fields=["work"])


def value_all(work: Work, tell: Tell) -> dict[str, Any]:
    """Value the customers of an organisation by every method."""
    workspace = open_workspace(work.organisation)
    versions = versions_of(workspace.lake)
    made = value_customers(work.organisation, workspace, tell)
    return {
        "as_of": made.as_of.isoformat() if made.as_of else None,
        "horizon_days": made.horizon_days,
        "currency": made.currency,
        "versions": versions,
        "failed": {key: [text.en, text.ru] for key, text in made.failed.items()},
    }


def search_duplicates(work: Work, tell: Tell) -> dict[str, Any]:
    """Look for customers who may be one person, and keep the pairs that a person is to decide, the likeliest last."""
    workspace, merge = open_workspace(work.organisation), bool(work.options.get("merge"))
    found = identify(
        workspace.lake,
        probabilistic=True,
        dry_run=not merge,
        author=str(work.who) if work.who is not None else None,
        memory=workspace.settings.memory,
        progress=tell,
    )
    if found.run is not None:
        note_event(work.organisation, work.who, "customers.identified", merged=sum(found.merged.values()))
    # Lists show what was kept last first.
    proposals = sorted(found.proposals, key=lambda one: one.score)[-_MOST_SUGGESTIONS:]
    Suggestion.objects.filter(organisation=work.organisation, decision="").delete()
    Suggestion.objects.bulk_create(
        Suggestion(
            organisation=work.organisation,
            one=one.customer_id,
            other=one.other_id,
            score=one.score,
            evidence=one.evidence[:300],
        )
        for one in proposals
    )
    return {
        "customers": found.customers,
        "persons": found.persons,
        "merged": dict(found.merged),
        "run": found.run,
        "shared": len(found.shared),
        "refused": found.refused,
        "left_out": max(0, len(found.proposals) - _MOST_SUGGESTIONS),
    }


def erase_customer(work: Work, tell: Tell) -> dict[str, Any]:
    """Erase a person from the lake and from the site's own database, and keep the certificate."""
    erasure = Erasure.objects.select_related("organisation", "asked_by").get(pk=work.options["erasure"])
    if erasure.erased_at is not None or erasure.confirmed_at is None:
        return {}
    lake = open_workspace(erasure.organisation).lake
    if not erasure.members:
        # Kept until the end: once the lake has forgotten the person, it no longer knows who was merged.
        erasure.members = list(ids_of(lake, erasure.customer_id))
        erasure.save(update_fields=["members"])
    tell(_ERASING, 0, None)
    members = [erasure.customer_id, *(one for one in erasure.members if one != erasure.customer_id)]
    author = str(erasure.asked_by) if erasure.asked_by else "septima"
    erased = erased_person(erasure.organisation, lake, members, author=author, reason=erasure.reason)
    erasure.certificate, erasure.members, erasure.customer_id = erased.content(), [], ""
    erasure.erased_at = datetime.now(UTC)
    erasure.save(update_fields=["certificate", "members", "customer_id", "erased_at"])
    details = {"certificate": erasure.certificate["id"]}
    note_event(erasure.organisation, erasure.asked_by, "customer.erased", erasure.name, **details)
    return {}


register(Kind(VALUE, Text("Value customers by all methods", "Оценка ценности клиентов"), value_all))
register(Kind(SEARCH, Text("Look for likely duplicates", "Поиск возможных дублей"), search_duplicates))
register(Kind(ERASE, Text("Erase a person’s data", "Удаление данных человека"), erase_customer, kept_days=None))
