"""What the surveys themselves hold of a customer: handed over, and forgotten where a person's data are erased."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from septima.web.accounts.models import Organisation
from septima.web.surveys.models import ImportedFile, Letter, Link, Response


def kept_of_customers(organisation: Organisation, customers: Sequence[str]) -> list[dict[str, Any]]:
    """The links of these customers, each with its letters and with answers that are not yet in the lake for good."""
    links = Link.objects.filter(survey__organisation=organisation, customer_id__in=customers).order_by("pk")
    responses = {one.link_id: one for one in Response.objects.filter(link__in=links)}  # pyright: ignore[reportAttributeAccessIssue]
    letters = list(Letter.objects.filter(link__in=links).order_by("pk"))
    found: list[dict[str, Any]] = []
    for link in links.select_related("survey"):
        response = responses.get(link.pk)
        found.append(
            {
                "survey": link.survey.name,
                "customer_id": link.customer_id,
                "created_at": link.created_at,
                "opened_at": link.opened_at,
                "answered_at": link.answered_at,
                "answers": {} if response is None else response.answers or response.filed,
                "letters": [
                    {"kind": one.kind, "state": one.state, "sent_at": one.sent_at}
                    for one in letters
                    if one.link_id == link.pk  # pyright: ignore[reportAttributeAccessIssue]
                ],
            }
        )
    return found


def forget_customers(organisation: Organisation, customers: Sequence[str]) -> dict[str, int]:
    """Delete the links of these customers, with letters, questionnaires and what of theirs waits in the inbox.

    Files of answers that wait for confirmation and name one of them are deleted too. Gives how many of each.
    """
    named = set(customers)
    with transaction.atomic():
        links = Link.objects.filter(survey__organisation=organisation, customer_id__in=named)
        count = links.count()
        links.delete()
        files = [
            file.pk
            for file in ImportedFile.objects.filter(survey__organisation=organisation, loaded_at=None)
            if any(row.get("customer_id") in named for row in file.rows)
        ]
        ImportedFile.objects.filter(pk__in=files).delete()
    return {"links": count, "files": len(files)}
