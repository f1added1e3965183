"""Words in the languages of the product."""

from dataclasses import dataclass
from typing import Literal, get_args

Language = Literal["en", "ru"]
LANGUAGES: tuple[Language, ...] = get_args(Language)


@dataclass(frozen=True)
class Text:
    """One phrase in English and in Russian."""

    en: str
    ru: str

    def in_language(self, language: Language) -> str:
        """The phrase in one language."""
        return self.ru if language == "ru" else self.en

    def after(self, beginning: "str | Text") -> "Text":
        """The phrase with other words before it, such as the name of a file, which is the same in both languages."""
        first = beginning if isinstance(beginning, Text) else Text(beginning, beginning)
        return Text(first.en + self.en, first.ru + self.ru)


def line_of(file: object, line: int) -> Text:
    """Where in a file something stands, for messages."""
    return Text(f"{file}, line {line}", f"{file}, строка {line}")
