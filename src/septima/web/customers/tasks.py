"""What takes long about customers, done by the background worker."""

from datetime import UTC, datetime, timedelta

from django_tasks import task

from septima.lake.identity import identify
from septima.lake.person import ids_of
from septima.schema import Text
from septima.web.accounts.audit import note_event
from septima.web.accounts.models import Organisation
from septima.web.common.workspaces import open_workspace
from septima.web.customers.models import DuplicateSearch, Erasure, Suggestion, Valuation
from septima.web.customers.openings import flush, is_flush_due
from septima.web.customers.person import erased_person
from septima.web.customers.valuations import value_customers, versions_of
from septima.web.customers.work import at_work

FLUSH_AFTER = timedelta(minutes=2)
_MOST_SUGGESTIONS = 500
_ERASING = Text("Erasing from every table and its history", "Удаление из\u00a0всех таблиц и\u00a0их истории")


@task()
def flush_openings(organisation: int) -> int:
    """Bring the openings of an organisation's cards to its lake; how many came."""
    found = Organisation.objects.filter(pk=organisation).first()
    return flush(found) if found else 0


def ask_for_flush(organisation: Organisation) -> None:
    """Have openings brought to the lake a little later, together with those that come until then."""
    if not is_flush_due(organisation):
        return
    asked = flush_openings
    if asked.get_backend().supports_defer:
        asked = asked.using(run_after=datetime.now(UTC) + FLUSH_AFTER)
    asked.enqueue(organisation.pk)


@task()
def value_all(valuation: int) -> None:
    """Value the customers of an organisation by every method."""
    work = Valuation.objects.select_related("organisation").get(pk=valuation)
    with at_work(work) as progress:
        workspace = open_workspace(work.organisation)
        versions = versions_of(workspace.lake)
        made = value_customers(work.organisation, workspace, progress)
        work.details = {
            "as_of": made.as_of.isoformat() if made.as_of else None,
            "horizon_days": made.horizon_days,
            "currency": made.currency,
            "versions": versions,
            "failed": {key: [text.en, text.ru] for key, text in made.failed.items()},
        }


@task()
def search_duplicates(search: int) -> None:
    """Look for customers who may be one person, and keep the pairs that a person is to decide."""
    work = DuplicateSearch.objects.select_related("organisation").get(pk=search)
    with at_work(work) as progress:
        workspace = open_workspace(work.organisation)
        found = identify(
            workspace.lake, probabilistic=True, dry_run=True, memory=workspace.settings.memory, progress=progress
        )
        proposals = sorted(found.proposals, key=lambda one: -one.score)[:_MOST_SUGGESTIONS]
        Suggestion.objects.filter(organisation=work.organisation, decision="").delete()
        Suggestion.objects.bulk_create(
            Suggestion(
                search=work,
                organisation=work.organisation,
                one=one.customer_id,
                other=one.other_id,
                score=one.score,
                evidence=one.evidence[:300],
            )
            for one in proposals
        )
        work.details = {
            "customers": found.customers,
            "persons": found.persons,
            "merged": dict(found.merged),
            "shared": len(found.shared),
            "refused": found.refused,
            "left_out": max(0, len(found.proposals) - _MOST_SUGGESTIONS),
        }


@task()
def erase_customer(erasure: int) -> None:
    """Erase a person from the lake and from the site's own database, and keep the certificate."""
    work = Erasure.objects.select_related("organisation", "asked_by").get(pk=erasure)
    if work.state == "done" or work.confirmed_at is None:
        return
    with at_work(work) as progress:
        lake = open_workspace(work.organisation).lake
        if not work.details.get("members"):
            # Kept until the end: once the lake has forgotten the person, it no longer knows who was merged.
            work.details = {"members": list(ids_of(lake, work.customer_id))}
            work.save()
        progress(_ERASING, 0, None)
        members: list[str] = work.details["members"]
        members = [work.customer_id, *(one for one in members if one != work.customer_id)]
        author = f"{work.asked_by}" if work.asked_by else "septima"
        erased = erased_person(work.organisation, lake, members, author=author, reason=work.reason)
        work.certificate, work.details, work.customer_id = erased.content(), {}, ""
    if work.state == "done":
        note_event(work.organisation, work.asked_by, "customer.erased", work.name, certificate=work.certificate["id"])
