"""Words that errors about what people write have in common: its place before it, and what may have been meant."""

import difflib
from collections.abc import Collection

from septima.schema.text import Text


def placed(place: Text, said: Text) -> Text:
    """What is wrong, after the place where it is."""
    return Text(f"{place.en}: {said.en}", f"{place.ru}: {said.ru}")


def near(name: str, known: Collection[str]) -> Text:
    """A hint at what may have been meant, or at all that there is."""
    close = difflib.get_close_matches(name.lower(), known, n=3, cutoff=0.6)
    if close:
        russian = " или\u00a0".join(f"«{one}»" for one in close)
        return Text(f"did you mean {' or '.join(map(repr, close))}?", f"возможно, имелось в\u00a0виду {russian}?")
    return Text(
        f"there are: {', '.join(known) or 'none'}", f"есть: {', '.join(known)}" if known else "нет ни\u00a0одного"
    )


def hinted(en: str, ru: str, hint: Text) -> Text:
    """What is wrong, and a hint at the remedy after it."""
    return Text(f"{en}; {hint.en}", f"{ru}; {hint.ru}")


def unreadable_yaml(problem: str) -> Text:
    """That a line is no YAML, with what the parser says of it."""
    return Text(
        f"cannot be read as YAML: {problem}; mend the line or its indentation",
        f"не\u00a0читается как YAML: {problem}; исправьте строку или её отступ",
    )


def unreadable_text(error: Exception) -> Text:
    """That a file cannot be read, with what the operating system or the decoder says of it."""
    return Text(f"cannot be read as UTF-8 text: {error}", f"не\u00a0читается как текст в\u00a0UTF-8: {error}")
