"""The one kind of error that a person can mend."""

from septima.schema.text import Text


class SeptimaError(ValueError):
    """Something given from outside is wrong; what it says is what, where and what to do.

    Rooms raise their own subclasses. `statement` says it in both languages, the error as a string in English; what was
    given as a string alone says the same in both. The command line prints the English in one line.
    """

    def __init__(self, said: str | Text) -> None:
        self.statement = said if isinstance(said, Text) else Text(said, said)
        super().__init__(self.statement.en)

    def after(self, place: str | Text) -> Text:
        """What is wrong, with the place where it is before it."""
        return self.statement.after(": ").after(place)
