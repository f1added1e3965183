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

    def after(self, beginning: str) -> "Text":
        """The phrase with the same words before it in both languages, such as the name of a file."""
        return Text(beginning + self.en, beginning + self.ru)
