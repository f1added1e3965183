"""`python -m django bring_in`: bring what came over HTTP to the lake, for as long as the process lives."""

import logging
import math
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

from deltalake.exceptions import DeltaError
from django.db import DatabaseError, InterfaceError

from septima.schema import SeptimaError
from septima.web.accounts.models import Organisation
from septima.web.collect.bringing import bring, organisations_that_wait
from septima.web.collect.computing import compute_what_came, organisations_that_collect
from septima.web.common.repeating import RepeatingCommand
from septima.web.surveys.flushing import flush, organisations_overdue
from septima.web.tracking.following import journals_folder
from septima.web.tracking.taking import take_journals

logger = logging.getLogger(__name__)
_LOOKS_EVERY_S = 5.0


class Command(RepeatingCommand):
    """Bring what waits in the inbox of each organisation, and hits of its links, to its lake, and have figures made of it.

    Answers to surveys whose own task did not bring them, as it was killed or the disk was full, are brought too.
    """

    _looked_at = -math.inf

    help = "Bring what came over HTTP to the lake; with --every, go on for as long as the process lives."

    def do(self, *, once: bool) -> None:
        """Bring all that waits now."""
        _take_journals()
        came = list[Organisation]()
        for organisation in _that_wait(organisations_that_wait):
            with _trying(organisation):
                found = bring(organisation)
                came.append(organisation)
                if once:
                    self.stdout.write(f"{organisation.slug}: {found.parcels} parcels, {found.aside} left aside")
        for organisation in _that_wait(organisations_overdue):
            with _trying(organisation):
                flush(organisation)
        if once or time.monotonic() - self._looked_at >= _LOOKS_EVERY_S:
            # Figures of what came during a pause, or while they were made, are not made yet.
            came, self._looked_at = _that_wait(organisations_that_collect), time.monotonic()
        for organisation in came:
            with _trying(organisation):
                compute_what_came(organisation)


def _that_wait(find: Callable[[], list[Organisation]]) -> list[Organisation]:
    """The organisations that `find` finds; none while the database does not answer."""
    try:
        return find()
    except (DatabaseError, InterfaceError):
        logger.exception("the database cannot be asked for what waits")
        return []


@contextmanager
def _trying(organisation: Organisation) -> Generator[None]:
    """Go on where another writes, the disk is full or the database is away: nothing is lost, and it is tried again."""
    try:
        yield
    except (SeptimaError, OSError, DeltaError, DatabaseError, InterfaceError):
        logger.exception("what waits for %s could not be brought to its lake", organisation.slug)


def _take_journals() -> None:
    """Put hits of tracked links into the inbox; what keeps them from there keeps nothing else from the lake."""
    try:
        take_journals(journals_folder())
    except (DatabaseError, InterfaceError, OSError):
        logger.exception("hits of tracked links could not be put into the inbox; they stay in their journals")
