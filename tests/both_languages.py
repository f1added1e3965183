"""What is asked of every error that a person can meet: it says the same in both languages."""

import re

from septima.schema import SeptimaError, Text

_PLACE = re.compile(r"^(?P<file>[^\n:]*?), (?:line |строка[ \u00a0])(?P<line>\d+): ")


def check_both(error: BaseException) -> Text:
    """What the error says; it must be in Russian too, of the same place and with the same numbers."""
    assert isinstance(error, SeptimaError)
    return check_statement(error.statement)


def check_statement(said: Text) -> Text:
    """The statement, held to the same."""
    assert said.en != said.ru
    assert re.search("[а-яё]{3}", _PLACE.sub("", said.ru)), said.ru
    assert not re.search("Text\\(en=", said.en + said.ru)
    assert _place(said.en) == _place(said.ru)
    assert _numbers(said.en) == _numbers(said.ru), said
    return said


def _place(said: str) -> tuple[str, ...] | None:
    found = _PLACE.match(said)
    return None if found is None else found.groups()


def _numbers(said: str) -> set[str]:
    return set(re.findall(r"\d+(?:\.\d+)?", said.replace(",", "")))
