"""`python -m django bring_in`: bring what came over HTTP to the lake, for as long as the process lives."""

import logging
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import DatabaseError, close_old_connections

from septima.schema import SeptimaError
from septima.web.collect.bringing import bring, organisations_that_wait
from septima.web.tracking.following import journals_folder
from septima.web.tracking.taking import take_journals

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    """Bring what waits in the inbox of each organisation, and hits of its links, to its lake."""

    help = "Bring what came over HTTP to the lake; with --every, go on for as long as the process lives."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """`--every SECONDS` keeps on looking."""
        parser.add_argument(
            "--every", type=float, metavar="SECONDS", help="go on, and look again after so many seconds"
        )

    def handle(self, *_: Any, every: float | None = None, **__: Any) -> None:
        """Bring once, or again and again."""
        while True:
            close_old_connections()
            _take_journals()
            for organisation in organisations_that_wait():
                try:
                    found = bring(organisation)
                except (SeptimaError, OSError):
                    # Another writes, or the disk is full: nothing is lost, and it is tried again.
                    logger.exception("what waits for %s could not be brought to its lake", organisation.slug)
                    continue
                if every is None:
                    self.stdout.write(f"{organisation.slug}: {found.parcels} parcels, {found.aside} left aside")
            if every is None:
                return
            time.sleep(every)


def _take_journals() -> None:
    """Put hits of tracked links into the inbox; what keeps them from there keeps nothing else from the lake."""
    try:
        take_journals(journals_folder())
    except (DatabaseError, OSError):
        logger.exception("hits of tracked links could not be put into the inbox; they stay in their journals")
