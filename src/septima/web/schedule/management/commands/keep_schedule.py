"""`python -m django keep_schedule`: begin what the schedules say, for as long as the process lives."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import close_old_connections

from septima.web.schedule.planning import keep


class Command(BaseCommand):
    """Begin what is due in each organisation."""

    help = "Begin what the schedules say; with --every, go on for as long as the process lives."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """`--every SECONDS` keeps on looking."""
        parser.add_argument(
            "--every", type=float, metavar="SECONDS", help="go on, and look again after so many seconds"
        )

    def handle(self, *_: Any, every: float | None = None, **__: Any) -> None:
        """Look once, or again and again."""
        while True:
            close_old_connections()
            keep()
            if every is None:
                return
            time.sleep(every)
