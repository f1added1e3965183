"""Writing the audit log."""

from typing import Any

from septima.web.accounts.models import AuditEvent, Organisation, User


def note_event(
    organisation: Organisation | None, user: User | None, action: str, subject: str = "", **details: Any
) -> AuditEvent:
    """Note that a person did something: `note_event(organisation, user, "survey.opened", survey.name)`.

    Neither subject nor details may hold personal data of customers.
    """
    return AuditEvent.objects.create(
        organisation=organisation, user=user, action=action, subject=subject[:300], details=details
    )
