"""The one kind of error that a person can mend."""


class SeptimaError(ValueError):
    """Something given from outside is wrong; the message says what, where and what to do.

    Rooms raise their own subclasses. The command line prints the message in one line.
    """
