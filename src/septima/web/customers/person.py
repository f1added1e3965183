"""Handing a person's data out and erasing them, of the lake and of the site's own database together."""

import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from septima.lake.erase import Certificate, erase_person
from septima.lake.person import export_person
from septima.lake.store import Lake
from septima.web.accounts.models import Organisation
from septima.web.customers.erasure import forget_customer
from septima.web.customers.models import Opening
from septima.web.customers.valuations import values_of


def exported_person(organisation: Organisation, lake: Lake, members: Sequence[str]) -> bytes:
    """A zip file with all that is kept of the person, in the lake and in the site; SeptimaError where it cannot be made."""
    packed = io.BytesIO(export_person(lake, members[0]))
    openings = Opening.objects.filter(organisation=organisation, customer_id__in=members).order_by("at")
    site = {
        "site_openings": [{"who": one.who, "customer_id": one.customer_id, "at": one.at} for one in openings],
        "site_valuations": [
            {"method": one.method.key, "value": one.value, "p_alive": one.p_alive, "purchases": one.expected_purchases}
            for one in values_of(organisation, members)
        ],
        "site_surveys": _surveys_of(organisation, members),
    }
    with zipfile.ZipFile(packed, "a", zipfile.ZIP_DEFLATED) as archive:
        for name, rows in site.items():
            if rows:
                archive.writestr(f"{name}.json", json.dumps(rows, ensure_ascii=False, indent=1, default=str))
    return packed.getvalue()


def _surveys_of(organisation: Organisation, members: Sequence[str]) -> list[dict[str, Any]]:
    # Surveys know nothing of customers' cards, and must not wait for them to be imported.
    from septima.web.surveys.erasing import kept_of_customers  # noqa: PLC0415

    return kept_of_customers(organisation, members)


@dataclass(frozen=True)
class Erased:
    """What was erased: the lake's certificate, and how many rows each application of the site erased."""

    certificate: Certificate
    site: dict[str, int]

    def content(self) -> dict[str, Any]:
        """What is kept and shown of it; nothing in it says who the person was."""
        told = self.certificate
        return {
            "id": told.id,
            "hash": told.hash,
            "at": told.at,
            "tables": {name: [rows.erased, rows.pseudonymised] for name, rows in told.tables.items()},
            "files": len(told.files),
            "versions": list(told.versions),
            "site": {name: number for name, number in self.site.items() if number},
        }


def erased_person(
    organisation: Organisation, lake: Lake, members: Sequence[str], *, author: str, reason: str
) -> Erased:
    """Erase a person from the site and from the lake; may be called again where it was cut off.

    SeptimaError where the lake cannot be written to or the reason names the person.
    """
    # The site first, so that no opening that waits is brought to the lake afterwards; and once more for those that came
    # meanwhile.
    site = forget_customer(organisation, members)
    certificate = erase_person(lake, members[0], author=author, reason=reason)
    again = forget_customer(organisation, members)
    return Erased(certificate, {name: number + again[name] for name, number in site.items()})
