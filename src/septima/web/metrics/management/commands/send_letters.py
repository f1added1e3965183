"""`python -m django send_letters`: send the digests and reminders that are due, for whatever calls it from time to time.

So that nothing else need be called, it also forgets background work that was over long ago.
"""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import close_old_connections

from septima.web.actions.tasks import remind_everybody
from septima.web.metrics.chart_script import chart_script
from septima.web.metrics.tasks import send_due_digests
from septima.web.work.purging import purge, purge_queue


class Command(BaseCommand):
    """Send every digest and reminder that is due; none goes twice, however often this is called."""

    help = "Send every digest and reminder that is due; none goes twice, however often this is called."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """`--every SECONDS` keeps on calling."""
        parser.add_argument("--every", type=int, metavar="SECONDS", help="go on, and look again after so many seconds")

    def handle(self, *_: Any, every: int | None = None, **__: Any) -> None:
        """Send once, or for as long as the process lives."""
        if every is None:
            self.stdout.write(str(_sent()))
            purge()
            return
        chart_script()  # while nobody waits for it
        while True:
            close_old_connections()
            _sent()
            purge()
            purge_queue()
            time.sleep(every)


def _sent() -> int:
    return send_due_digests.call() + remind_everybody()
