"""`python -m django send_letters`: send the digests and reminders that are due, for whatever calls it from time to time.

So that nothing else need be called, it also forgets background work that was over long ago.
"""

from septima.web.actions.tasks import remind_everybody
from septima.web.common.repeating import RepeatingCommand
from septima.web.metrics.chart_script import chart_script
from septima.web.metrics.tasks import send_due_digests
from septima.web.work.purging import purge, purge_queue


class Command(RepeatingCommand):
    """Send every digest and reminder that is due; none goes twice, however often this is called."""

    help = "Send every digest and reminder that is due; none goes twice, however often this is called."

    def do(self, *, once: bool) -> None:
        """Send what is due now."""
        if not once:
            chart_script()  # the first time it takes long, and here nobody waits for it
        sent = send_due_digests.call() + remind_everybody()
        purge()
        if once:
            self.stdout.write(str(sent))
        else:
            purge_queue()
