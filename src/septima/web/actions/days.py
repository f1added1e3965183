"""What day it is where an organisation is: actions are due by its own clocks."""

from datetime import UTC, date, datetime

from septima.metrics import Calendar
from septima.schema import SeptimaError
from septima.web.accounts.models import Organisation
from septima.web.common.workspaces import open_workspace


def calendar_of(organisation: Organisation) -> Calendar:
    """How an organisation counts its days; by UTC where its workspace cannot be read."""
    try:
        return open_workspace(organisation).settings.calendar
    except SeptimaError:
        return Calendar()


def today_of(organisation: Organisation) -> date:
    """The day that it is there."""
    return calendar_of(organisation).today(_now())


def _now() -> datetime:
    return datetime.now(UTC)
