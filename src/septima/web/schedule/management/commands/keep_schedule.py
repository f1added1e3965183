"""`python -m django keep_schedule`: begin what the schedules say, for as long as the process lives."""

from septima.web.common.repeating import RepeatingCommand
from septima.web.schedule.planning import keep


class Command(RepeatingCommand):
    """Begin what is due in each organisation."""

    help = "Begin what the schedules say; with --every, go on for as long as the process lives."

    def do(self, *, once: bool) -> None:
        """Look what is due now."""
        keep()
