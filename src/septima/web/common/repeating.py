"""Commands that do something once, or again and again for as long as their process lives."""

import logging
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import DatabaseError, InterfaceError, close_old_connections

logger = logging.getLogger(__name__)


class RepeatingCommand(BaseCommand):
    """A command that `do`es something; with `--every SECONDS` it goes on, also where the database is away for a while."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """`--every SECONDS` keeps on looking."""
        parser.add_argument(
            "--every", type=float, metavar="SECONDS", help="go on, and look again after so many seconds"
        )

    def handle(self, *_: Any, every: float | None = None, **__: Any) -> None:
        """Do it once, or again and again."""
        if every is None:
            self.do(once=True)
            return
        while True:
            close_old_connections()
            try:
                self.do(once=False)
            except (DatabaseError, InterfaceError):
                logger.exception("the database does not answer; it is tried again")
            time.sleep(every)

    def do(self, *, once: bool) -> None:
        """What the command does; where it is done but `once`, it says what came of it."""
        raise NotImplementedError
