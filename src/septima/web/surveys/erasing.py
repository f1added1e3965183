"""What the surveys themselves hold of a customer, forgotten: for the erasure of a person's data."""

from collections.abc import Sequence

from django.db import transaction

from septima.web.accounts.models import Organisation
from septima.web.surveys.models import ImportedFile, Link


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
