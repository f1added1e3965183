"""What day it is where an organisation is: actions are due by its own clocks."""

from datetime import UTC, date, datetime

from septima.metrics import Calendar
from septima.web.accounts.models import Organisation
from septima.web.common.workspaces import calendar_of


def days_of(organisation: Organisation) -> Calendar:
    """How an organisation counts its days; by UTC where its workspace cannot be read."""
    return calendar_of(organisation) or Calendar()


def today_of(organisation: Organisation) -> date:
    """The day that it is there."""
    return days_of(organisation).today(_now())


def _now() -> datetime:
    return datetime.now(UTC)
