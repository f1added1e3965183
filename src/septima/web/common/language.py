"""Words of pages in the language of the person who reads them."""

from django.utils.functional import lazy
from django.utils.translation import get_language

from septima.schema import Language, SeptimaError, Text


def current_language() -> Language:
    """The language of this request."""
    return "ru" if (get_language() or "en").startswith("ru") else "en"


def say(en: str, ru: str) -> str:
    """The phrase in the language of this request."""
    return Text(en, ru).in_language(current_language())


def said_later(en: str, ru: str) -> str:
    """The same for labels of forms and models, which are made once and read in many languages."""
    return lazy(say, str)(en, ru)


def error_statement(error: Exception) -> Text:
    """What an error says in both languages; the same in both where it is not one of ours."""
    return error.statement if isinstance(error, SeptimaError) else Text(str(error), str(error))


def error_text(error: Exception) -> str:
    """What an error says, in the language of this request where it has words in it."""
    return error_statement(error).in_language(current_language())
