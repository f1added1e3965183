"""Words of open answers: in which language they are, which of them tell a theme, and their stems."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from septima.schema import SeptimaError, Text

AnswerLanguage = Literal["en", "pt", "ru"]

_STEMMERS: dict[AnswerLanguage, str] = {"en": "english", "pt": "portuguese", "ru": "russian"}
# The lists of stop words are made for search engines and drop words that name what customers speak of.
_TELLING: dict[AnswerLanguage, frozenset[str]] = {
    "en": frozenset(
        {"call", "calls", "help", "order", "orders", "page", "problem", "problems", "site", "value", "website"}
    ),
    "pt": frozenset({"falta", "novo", "valor"}),
    "ru": frozenset({"деньги", "раньше"}),
}
_WORD = re.compile(r"[^\W\d_]{2,}")
_CYRILLIC, _LATIN = re.compile(r"[Ѐ-ӿ]"), re.compile(r"[A-Za-zÀ-ÿ]")
_PORTUGUESE = re.compile(r"[ãõçáâéêíóôú]")
_KNOWN_STEMS = 100_000


class ThemeError(SeptimaError):
    """Answers whose themes cannot be found."""


@dataclass(frozen=True)
class Vocabulary:
    """How the answers of one language are cut into stems; words that say nothing of a theme are left out."""

    stop: frozenset[str]
    stem: Callable[[str], str]

    def words(self, text: str) -> list[str]:
        """The telling words, in their order and small letters."""
        return [word for word in _words(text) if word not in self.stop]

    def stems(self, text: str) -> list[str]:
        """The stems of the telling words."""
        return [self.stem(word) for word in self.words(text)]


@dataclass(frozen=True)
class Languages:
    """The languages that are told apart: vocabularies, and the stop words that only one of en and pt has."""

    vocabularies: dict[AnswerLanguage, Vocabulary]
    only_english: frozenset[str]
    only_portuguese: frozenset[str]

    def tell(self, text: str) -> AnswerLanguage | None:
        """The language by its letters and stop words; None where these do not decide."""
        if len(_CYRILLIC.findall(text)) > len(_LATIN.findall(text)):
            return "ru"
        words = _words(text)
        english = sum(word in self.only_english for word in words)
        portuguese = sum(word in self.only_portuguese or bool(_PORTUGUESE.search(word)) for word in words)
        if english == portuguese:
            return None
        return "en" if english > portuguese else "pt"

    def tell_all(self, texts: Iterable[str], otherwise: AnswerLanguage | None) -> list[AnswerLanguage | None]:
        """The language of each text; `otherwise` where Latin letters leave it open."""
        told: list[AnswerLanguage | None] = []
        for text in texts:
            own = self.tell(text)
            told.append(otherwise if own is None and _LATIN.search(text) else own)
        return told

    def usual(self, texts: Iterable[str]) -> AnswerLanguage | None:
        """That of en and pt in which most of the texts are."""
        told = Counter(self.tell(text) for text in texts)
        if told["en"] == told["pt"] == 0:
            return None
        return "en" if told["en"] >= told["pt"] else "pt"


def languages() -> Languages:
    """The languages, from Snowball's stemmers and the stop words of ISO; ThemeError where these are not installed."""
    try:
        import snowballstemmer
        import stopwordsiso
    except ImportError as error:
        raise missing_libraries(error) from None
    stop = {language: frozenset(_plain(word) for word in stopwordsiso.stopwords(language)) for language in _STEMMERS}
    vocabularies: dict[AnswerLanguage, Vocabulary] = {
        language: Vocabulary(stop[language] - _TELLING[language], _stemming(snowballstemmer.stemmer(name)))
        for language, name in _STEMMERS.items()
    }
    return Languages(vocabularies, stop["en"] - stop["pt"], stop["pt"] - stop["en"])


def missing_libraries(error: ImportError) -> ThemeError:
    """What to do about libraries that are not installed."""
    return ThemeError(
        Text(
            f"themes need more libraries ({error}); install them: pip install 'septima[text]'",
            f"для тем нужны дополнительные библиотеки ({error}); установите их: pip install 'septima[text]'",
        )
    )


def _stemming(stemmer: Any) -> Callable[[str], str]:
    @lru_cache(_KNOWN_STEMS)
    def stem(word: str) -> str:
        # People write «ótimo» and «otimo»; without accents both have one stem.
        return _without_accents(str(stemmer.stemWord(word)))

    return stem


def _words(text: str) -> list[str]:
    return _WORD.findall(_plain(text))


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text).lower().replace("ё", "е")


def _without_accents(word: str) -> str:
    if not _LATIN.search(word):
        return word
    return "".join(letter for letter in unicodedata.normalize("NFD", word) if not unicodedata.combining(letter))
