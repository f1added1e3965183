"""What a text may be before anything else looks at it: its size, its depth, and how far its aliases would unfold."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, cast

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from septima.schema import Language
from septima.web.common.language import current_language, say
from septima.web.editing.mistakes import Mistake

LONGEST = 200_000
DEEPEST = 40
MOST_PARTS = 60_000


def refusal(text: str) -> Mistake | None:
    """Why a text is not even read, or None; whatever it holds, this ends soon."""
    return _refusal(text, current_language())


@lru_cache(maxsize=64)
def _refusal(text: str, language: Language) -> Mistake | None:
    if len(text) > LONGEST:
        return Mistake(
            say(
                f"the text has {len(text)} characters, and {LONGEST} is the most; divide it",
                f"в тексте {len(text)} знаков, а можно не больше {LONGEST}; разделите его",
            )
        )
    unprintable = next((place for place, sign in enumerate(text) if not _allowed(sign)), None)
    if unprintable is not None:
        return Mistake(
            say("a sign here is no text; delete the line and type it anew", "здесь не текст; наберите строку заново"),
            text.count("\n", 0, unprintable) + 1,
        )
    try:
        return _too_much(cast("Iterable[Any]", YAML(typ="safe", pure=True).parse(text)))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = " ".join(str(error.problem or error.context or "").split())
        return Mistake(
            say(
                f"cannot be read as YAML: {problem}; mend the line or its indentation",
                f"это не YAML: {problem}; исправьте строку или её отступ",
            ),
            mark.line + 1 if mark else None,
        )
    except (YAMLError, ValueError, RecursionError) as error:
        problem = " ".join(str(error).split())
        return Mistake(say(f"cannot be read as YAML: {problem}", f"это не YAML: {problem}"))


@lru_cache(maxsize=64)
def has_aliases(text: str) -> bool:
    """Whether a text that was not refused says something once and means it in several places."""
    events = cast("Iterable[Any]", YAML(typ="safe", pure=True).parse(text))
    return any(isinstance(event, AliasEvent) or getattr(event, "anchor", None) for event in events)


def _allowed(sign: str) -> bool:
    return sign in "\n\r\t" or (sign >= " " and sign not in "\x7f\ufeff\ufffe\uffff" and not "\x80" <= sign < "\xa0")


def _too_much(events: Iterable[Any]) -> Mistake | None:
    """Count parts as though aliases were written out: a bomb is told by its size before it goes off."""
    sizes: dict[str, int] = {}
    open_parts: list[tuple[str | None, int]] = []
    total = 0
    for event in events:
        line = event.start_mark.line + 1
        if isinstance(event, AliasEvent):
            name = str(event.anchor)
            if any(anchor == name for anchor, _ in open_parts):
                return Mistake(
                    say(f"`*{name}` holds itself; write it out", f"`*{name}` содержит само себя; распишите"), line
                )
            total += sizes.get(name, 1)
        elif isinstance(event, (MappingStartEvent, SequenceStartEvent)):
            open_parts.append((event.anchor, total))
            total += 1
        elif isinstance(event, (MappingEndEvent, SequenceEndEvent)):
            anchor, before = open_parts.pop()
            if anchor:
                sizes[str(anchor)] = total - before
        elif isinstance(event, ScalarEvent):
            total += 1
            if event.anchor:
                sizes[str(event.anchor)] = 1
        if len(open_parts) > DEEPEST:
            return Mistake(say("the lists stand too deep in one another", "слишком глубокая вложенность списков"), line)
        if total > MOST_PARTS:
            return Mistake(
                say(
                    "with its aliases written out the text is too large; say less by aliases",
                    "если расписать все ссылки (*имя), текст слишком велик; уберите ссылки",
                ),
                line,
            )
    return None
