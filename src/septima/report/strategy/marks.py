"""How the status of a goal is marked: by shape, word and colour."""

from septima.report.palette import STATE_COLOURS, STATE_MARKS
from septima.schema import Text
from septima.scorecard.card import State
from septima.scorecard.goals.progress import Status

STATUSES: dict[Status, Text] = {
    "done": Text("done", "выполнена"),
    "reached": Text("reached", "достигнута"),
    "on_track": Text("on track", "по\u00a0плану"),
    "likely": Text("probably on track", "вероятно, по\u00a0плану"),
    "unlikely": Text("probably behind", "вероятно, отстаёт"),
    "behind": Text("behind", "отстаёт"),
    "overdue": Text("overdue", "просрочена"),
    "waiting": Text("waits for others", "ждёт других"),
    "not_begun": Text("not begun", "не\u00a0начата"),
    "unknown": Text("not known", "неизвестно"),
}

_STATES: dict[Status, State] = {
    "done": "good",
    "reached": "good",
    "on_track": "good",
    "likely": "good",
    "unlikely": "watch",
    "behind": "bad",
    "overdue": "bad",
}


def mark_of(status: Status) -> str:
    """The sign of a status."""
    return STATE_MARKS[_STATES.get(status, "unknown")]


def colour_of(status: Status) -> str:
    """The colour of a status, for its sign and word."""
    return STATE_COLOURS[_STATES.get(status, "unknown")]
