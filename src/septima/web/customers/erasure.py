"""Erasing a person from the site's own database, beside the lake.

Whatever application keeps something of customers registers how it forgets one:

    register("surveys", forget_answers)

where `forget_answers(organisation, customer_id)` returns how many rows it erased, and may be called again.
"""

from collections.abc import Callable, Sequence

from septima.web.accounts.models import Organisation
from septima.web.customers.models import Opening, Suggestion
from septima.web.customers.valuations import forget_values

Forget = Callable[[Organisation, str], int]

_REGISTERED: dict[str, Forget] = {}


def register(name: str, forget: Forget) -> None:
    """Have `forget` called for every customer who is erased; `name` is under what the certificate counts its rows."""
    _REGISTERED[name] = forget


def forget_customer(organisation: Organisation, customer_ids: Sequence[str]) -> dict[str, int]:
    """Erase a person, by all ids of theirs, from every application; how many rows each erased."""
    return {
        name: sum(forget(organisation, customer_id) for customer_id in customer_ids)
        for name, forget in sorted(_REGISTERED.items())
    }


def _forget_openings(organisation: Organisation, customer_id: str) -> int:
    return Opening.objects.filter(organisation=organisation, customer_id=customer_id).delete()[0]


def _forget_suggestions(organisation: Organisation, customer_id: str) -> int:
    own = Suggestion.objects.filter(organisation=organisation)
    return own.filter(one=customer_id).delete()[0] + own.filter(other=customer_id).delete()[0]


def _forget_surveys(organisation: Organisation, customer_id: str) -> int:
    # Surveys know nothing of customers' cards, and must not wait for them to be imported.
    from septima.web.surveys.erasing import forget_customers  # noqa: PLC0415

    return sum(forget_customers(organisation, [customer_id]).values())


def _forget_uploads(organisation: Organisation, _customer_id: str) -> int:
    # Files that were loaded serve nothing any more, so none is searched: what names the person may stand in any form.
    from septima.web.data.uploads import forget_files  # noqa: PLC0415

    return forget_files(organisation)


register("openings", _forget_openings)
register("suggestions", _forget_suggestions)
register("valuations", lambda organisation, customer_id: forget_values(organisation, [customer_id]))
register("surveys", _forget_surveys)
register("uploads", _forget_uploads)
