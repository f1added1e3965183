"""A mistake in a definition file, and where it stands."""

import re
from dataclasses import dataclass

_PLACE = re.compile(r"^(?P<file>.*?)(?:, (?:line |строка[ \u00a0])(?P<line>\d+))?: (?P<message>.*)$", re.DOTALL)


@dataclass(frozen=True)
class Mistake:
    """What is wrong and how to mend it, on which line; `group` is the list of weights that a button can rescale.

    `file` is named where the mistake stands in another file than the one that is edited.
    """

    message: str
    line: int | None = None
    group: str = ""
    file: str = ""


def told(message: str, file: str) -> Mistake:
    """A message of the library in either language, `FILE, line N: what; remedy`, taken apart."""
    found = _PLACE.match(message)
    if found is None or not found["file"].endswith(file):
        return Mistake(message)
    return Mistake(found["message"], int(found["line"]) if found["line"] else None)
