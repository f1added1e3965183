"""Themes of open answers: non-negative factors of their weighted words, one model per language."""

import math
import warnings
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from septima.lake.theme_words import AnswerLanguage, Languages, Vocabulary, missing_libraries

FloatArray = npt.NDArray[np.float64]

OTHER = "other"
FEWEST_ANSWERS = 30
"""Answers of one language below which themes cannot be told from chance; all are «other»."""
LEAST_SHARE, LEAST_COUNT = 0.02, 5
"""Themes of a smaller share, or of fewer answers, of the sample go into «other»."""
MOST_THEMES = 50

_SEED = 7
_FEW, _MANY = 3, 15
_NAME_WORDS = 3
_RARE_FROM = 1_000
_STEPS = 60
_TINY = 1e-12


@dataclass(frozen=True)
class Assigned:
    """The theme of each text, the share of it that the theme accounts for, and how typical it is of the theme, 0…1."""

    languages: list[AnswerLanguage | None]
    themes: list[str]
    weights: list[float]
    typical: list[float]


@dataclass(frozen=True)
class ThemeModel:
    """Themes as they were found in a sample; `usual` is the language of Latin texts that do not tell theirs."""

    languages: Languages
    usual: AnswerLanguage | None
    fitted: dict[AnswerLanguage, "_Fitted"]

    def assign(self, texts: Sequence[str]) -> Assigned:
        """The strongest theme of each text, by itself: other texts of the call make no difference."""
        told = self.languages.tell_all(texts, self.usual)
        assigned = Assigned(told, [OTHER] * len(texts), [0.0] * len(texts), [0.0] * len(texts))
        for language, fitted in self.fitted.items():
            places = [place for place, own in enumerate(told) if own == language]
            if not places:
                continue
            themes, weights, typical = fitted.strongest([texts[place] for place in places])
            for place, theme, weight, near in zip(places, themes, weights, typical, strict=True):
                if theme >= 0:
                    assigned.themes[place] = fitted.names[theme]
                    assigned.weights[place], assigned.typical[place] = float(weight), float(near)
        return assigned


@dataclass(frozen=True)
class _Fitted:
    """The themes of one language: `factors` (themes, words) of length 1 and their names."""

    vectors: Any = field(repr=False)
    factors: FloatArray = field(repr=False)
    names: list[str]

    def strongest(self, texts: Sequence[str]) -> tuple[npt.NDArray[np.int64], FloatArray, FloatArray]:
        """Number of each text's theme (−1 where no word is known), the theme's share of it, and their cosine."""
        near = np.asarray(self.vectors.transform(texts) @ self.factors.T, np.float64)
        loadings = _loadings(near, self.factors @ self.factors.T)
        theme = loadings.argmax(axis=1)
        rows = np.arange(len(texts))
        whole = loadings.sum(axis=1)
        known = whole > _TINY
        weight = np.where(known, loadings[rows, theme] / np.where(known, whole, 1.0), 0.0)
        return np.where(known, theme, -1), weight, near[rows, theme]


def default_number(answers: int) -> int:
    """How many themes to look for among so many different answers: √answers / 5, from 3 to 15.

    A person can act on a dozen or so, and few answers bear out only few.
    """
    return max(_FEW, min(_MANY, round(math.sqrt(answers) / 5)))


def fit(languages: Languages, texts: Sequence[str], number: int | None = None) -> ThemeModel:
    """Find themes in a sample of answers, `number` per language (by `default_number` where left out).

    Words are stemmed and weighted by TF-IDF, and factored into non-negative themes (Lee & Seung, 1999), always
    from the same start. ThemeError where scikit-learn is not installed.
    """
    usual = languages.usual(texts)
    told = languages.tell_all(texts, usual)
    fitted: dict[AnswerLanguage, _Fitted] = {}
    taken = {OTHER}
    for language, vocabulary in languages.vocabularies.items():
        own = [text for text, tongue in zip(texts, told, strict=True) if tongue == language]
        found = _fit_language(vocabulary, own, number)
        if found is not None:
            names = [name if name not in taken else f"{name} ({language})" for name in found.names]
            taken.update(names)
            fitted[language] = _Fitted(found.vectors, found.factors, names)
    return ThemeModel(languages, usual, fitted)


def _fit_language(vocabulary: Vocabulary, texts: Sequence[str], number: int | None) -> _Fitted | None:
    try:
        from sklearn.decomposition import NMF
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.feature_extraction.text import TfidfVectorizer
    except ImportError as error:
        raise missing_libraries(error) from None
    telling = [text for text in texts if vocabulary.words(text)]
    if len(telling) < FEWEST_ANSWERS:
        return None
    # What many write word for word would be a theme of its own.
    different = list({text.casefold(): text for text in telling}.values())
    rare = 5 if len(different) >= _RARE_FROM else 2
    common = Counter(stem for text in different for stem in set(vocabulary.stems(text)))
    if sum(rare <= count <= len(different) / 2 for count in common.values()) < _FEW:
        return None  # no words that some answers share and others do not
    analyzer: Any = vocabulary.stems  # scikit-learn takes a callable, though its types say text
    vectors: Any = TfidfVectorizer(analyzer=analyzer, min_df=rare, max_df=0.5, sublinear_tf=True)
    words: Any = vectors.fit_transform(different)
    themes = number or default_number(len(different))
    factoring = NMF(min(themes, *words.shape), init="nndsvd", random_state=_SEED, max_iter=400)
    with warnings.catch_warnings():
        # After so many steps what is left to gain changes no theme.
        warnings.simplefilter("ignore", ConvergenceWarning)
        factoring.fit(words)
    factors = np.asarray(factoring.components_, np.float64)
    length = np.linalg.norm(factors, axis=1)
    factors = factors[length > 0] / length[length > 0, None]
    found = _Fitted(vectors, factors, _names(vocabulary, telling, vectors, factors))
    return _without_small(found, telling)


def _without_small(found: _Fitted, texts: Sequence[str]) -> _Fitted:
    """Themes that few answers of the sample have are called «other»."""
    themes, *_ = found.strongest(texts)
    counts = np.bincount(themes[themes >= 0], minlength=len(found.names))
    least = max(LEAST_COUNT, LEAST_SHARE * len(texts))
    names = [name if count >= least else OTHER for name, count in zip(found.names, counts, strict=True)]
    return _Fitted(found.vectors, found.factors, names)


def _names(vocabulary: Vocabulary, texts: Sequence[str], vectors: Any, factors: FloatArray) -> list[str]:
    """Each theme's strongest words, written as answers mostly write them."""
    written: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for text in texts:
        for word in vocabulary.words(text):
            written[vocabulary.stem(word)][word] += 1
    stems = [str(stem) for stem in vectors.get_feature_names_out()]
    names: list[str] = []
    for factor in factors:
        strongest = sorted(range(len(stems)), key=lambda place: (-factor[place], stems[place]))[:_NAME_WORDS]
        spelled = [written[stems[place]] for place in strongest if factor[place] > 0]
        names.append(", ".join(min(words, key=lambda word: (-words[word], word)) for words in spelled))
    return names


def _loadings(near: FloatArray, alike: FloatArray) -> FloatArray:
    """Non-negative loadings of texts on the themes, given the products of texts and themes and of themes (Lee & Seung, 2001)."""
    loadings = near.copy()
    for _ in range(_STEPS):
        loadings *= near / np.maximum(loadings @ alike, _TINY)
    return loadings
