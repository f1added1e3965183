"""Fields of forms: how a value of a definition file is shown to a person, and what the person's answer changes in the text."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal, cast

from septima.schema import Language, Text
from septima.web.common.language import error_text, say
from septima.web.editing.layout import Change, LayoutError, Path, Put, Take, at, content, in_one_line, written
from septima.web.editing.layout import Literal as WrittenNumber
from septima.web.editing.limits import refusal

FieldKind = Literal["number", "word", "long", "text", "choice", "day", "flag", "words", "pairs", "yaml", "target"]
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)")
_CLEAN_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?")
_RULES = ("by_period", "formula", "plan")
_BY_RULES = Text("by default", "по умолчанию")


@dataclass(frozen=True)
class FieldShape:
    """What a field is called and how it is asked for; `key` is its path within its group, divided by dots.

    `choices` are pairs of value and words; `suggestions` names a list of known words that the browser offers.
    """

    key: str
    name: Text
    kind: FieldKind = "word"
    choices: tuple[tuple[str, str], ...] = ()
    help: Text | None = None
    suggestions: str = ""
    main: bool = False


@dataclass(frozen=True)
class Input:
    """One box of a form: its name, what stands in it, and what is wrong with that."""

    name: str
    label: str
    value: str
    error: str = ""


@dataclass(frozen=True)
class FormField:
    """A field as a page shows it: one box, or one for each language."""

    shape: FieldShape
    path: Path
    label: str
    help: str
    inputs: tuple[Input, ...]
    order: tuple[str, ...]
    line: int | None = None
    errors: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """How it is asked for."""
        return self.shape.kind

    @property
    def id(self) -> str:
        """The name of its first box."""
        return self.inputs[0].name

    @property
    def rows(self) -> int:
        """Lines of a box that has several."""
        return max(2, self.inputs[0].value.count("\n") + 1)

    @property
    def options(self) -> tuple[tuple[str, str], ...]:
        """What can be chosen, with what is written now even where that is none of the choices."""
        value = self.inputs[0].value
        known = [one for one, _ in self.shape.choices]
        return self.shape.choices if value in known else ((value, value or "—"), *self.shape.choices)

    @property
    def is_wrong(self) -> bool:
        """Whether anything is wrong with it."""
        return bool(self.errors) or any(one.error for one in self.inputs)


class FieldError(Exception):
    """An answer that cannot be understood; the message says what to write."""


def field_of(
    shape: FieldShape, group: Path, text: str, whole: Any, language: Language, order: Sequence[str]
) -> FormField:
    """The field with what the text says in it."""
    path = (*group, *shape.key.split("."))
    name = ".".join(map(str, path))
    value = at(whole, path)
    label = shape.name.in_language(language)
    inputs: tuple[Input, ...]
    match shape.kind:
        case "text":
            both = cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {"en": value, "ru": value}
            inputs = tuple(Input(f"{name}.{one}", label, _word(both.get(one))) for one in ("ru", "en"))
        case "number":
            inputs = (Input(name, label, _number_shown(text, path, value, language)),)
        case "target":
            place = (*path, "otherwise") if isinstance(value, Mapping) else path
            inputs = (Input(name, label, _number_shown(text, place, at(whole, place), language)),)
        case "words":
            entries = cast("list[Any]", value) if isinstance(value, list) else [] if value is None else [value]
            words = [_word(entry) for entry in entries]
            plain_words = all(isinstance(entry, str) and not set(entry) & set(",[]") for entry in entries)
            inputs = (Input(name, label, ", ".join(words) if plain_words else in_one_line(value)),)
        case "pairs":
            inputs = (Input(name, label, _pairs_shown(value)),)
        case "yaml":
            inputs = (Input(name, label, "" if value is None else in_one_line(value)),)
        case "flag":
            inputs = (Input(name, label, "" if value is None else "true" if value is True else "false"),)
        case _:
            inputs = (Input(name, label, _word(value)),)
    hint = shape.help.in_language(language) if shape.help else ""
    if shape.kind == "target" and isinstance(value, Mapping):
        hint = _BY_RULES.in_language(language)
    return FormField(shape, path, label, hint, inputs, tuple(order))


def answered(field: FormField, data: Mapping[str, str]) -> tuple[FormField, list[Change]]:
    """The field with the answer in it, and what that changes; without an answer, or with the same, nothing does."""
    given = [data.get(one.name) for one in field.inputs]
    answers = [
        one.value if new is None else new.replace("\r\n", "\n") for one, new in zip(field.inputs, given, strict=True)
    ]
    if answers == [one.value for one in field.inputs]:
        return field, []
    shown = replace(
        field, inputs=tuple(replace(one, value=new) for one, new in zip(field.inputs, answers, strict=True))
    )
    try:
        return shown, _changes(field, answers)
    except FieldError as error:
        return replace(shown, errors=(*shown.errors, error_text(error))), []


def number_of(answer: str) -> WrittenNumber:
    """The number that a person wrote, with a point or a comma; FieldError where it is none."""
    plain = re.sub(r"[\s\u00a0\u202f]", "", answer).replace("\u2212", "-").replace(",", ".")
    if not _NUMBER.fullmatch(plain):
        raise FieldError(say("give a number, such as 0.75", "укажите число, например 0,75"))
    value = float(plain)
    return WrittenNumber(plain if _CLEAN_NUMBER.fullmatch(plain) else f"{value:.12g}", value)


def _changes(field: FormField, answers: list[str]) -> list[Change]:  # noqa: PLR0911 - one answer for each kind
    path, order = field.path, field.order
    answer = answers[0].strip()
    if field.kind == "text":
        return _text_changes(field, answers)
    if field.kind == "pairs":
        return _pair_changes(path, field.inputs[0].value, answers[0], order)
    if not answer:
        return [Take(path)]
    match field.kind:
        case "number" | "target":
            return [Put(path, number_of(answer), order)]
        case "day":
            try:
                return [Put(path, date.fromisoformat(answer), order)]
            except ValueError:
                raise FieldError(say("write a day as 2026-09-30", "запишите день как 2026-09-30")) from None
        case "flag":
            return [Put(path, answer == "true", order)]
        case "words" if answer.startswith("["):
            return [Put(path, _read(answer), order)]
        case "words":
            return [Put(path, [word.strip() for word in answer.split(",") if word.strip()], order)]
        case "yaml":
            return [Put(path, _read(answer), order)]
        case "long":
            return [Put(path, answers[0].rstrip() if "\n" not in answer else answers[0].rstrip() + "\n", order)]
        case _:
            return [Put(path, answer, order)]


def target_changes(whole: Any, path: Path, changes: Mapping[str, list[Change]], order: Sequence[str]) -> list[Change]:
    """Changes of a target and of the rules in its place, brought into one form: a number alone, or rules with `otherwise`.

    `changes` are those of the fields `target` (the number) and of the rules, which were understood apart from one another.
    """
    value = at(whole, path)
    is_ruled = isinstance(value, Mapping)
    number_changes, rule_changes = changes.get("target", []), [one for name in _RULES for one in changes.get(name, [])]
    if not number_changes and not rule_changes:
        return []
    if is_ruled:
        moved: list[Change] = [
            Put((*path, "otherwise"), one.value, (*_RULES, "otherwise"))
            if isinstance(one, Put)
            else Take((*path, "otherwise"))
            for one in number_changes
        ]
        result = [*rule_changes, *moved]
        left = _left(cast("Mapping[str, Any]", value), path, result)
        if any(name in left for name in _RULES):
            return result
        return [Put(path, left["otherwise"], order)] if "otherwise" in left else [Take(path)]
    if not rule_changes:
        return number_changes
    number = value
    for one in number_changes:
        number = one.value if isinstance(one, Put) else None
    rules = _left({}, path, rule_changes)
    if not rules:
        return number_changes
    if number is not None:
        rules["otherwise"] = number
    return [Put(path, rules, order)]


def _left(value: Mapping[str, Any], path: Path, changes: Sequence[Change]) -> dict[str, Any]:
    """What the rules are after the changes, with numbers as they were written."""
    result: dict[str, Any] = {
        key: dict(cast("Any", one)) if isinstance(one, Mapping) else one for key, one in value.items()
    }
    for change in changes:
        *way, last = change.path[len(path) :]
        holder: Any = result
        for part in way:
            holder = holder.setdefault(part, {})
        if isinstance(change, Put):
            holder[last] = change.value
        else:
            holder.pop(last, None)
    return {key: one for key, one in result.items() if one not in ({}, None)}


def _text_changes(field: FormField, answers: list[str]) -> list[Change]:
    russian, english = (one.strip() for one in answers)
    old = [one.value for one in field.inputs]
    if not russian and not english:
        return [Take(field.path)]
    if russian == english:
        return [Put(field.path, russian, field.order)]
    was_apart = old[0] != old[1] and all(old)
    if was_apart and russian and english:
        pairs = (("ru", russian, old[0]), ("en", english, old[1]))
        return [Put((*field.path, language), new) for language, new, before in pairs if new != before]
    words = {language: word for language, word in (("en", english), ("ru", russian)) if word}
    return [Put(field.path, words, field.order)]


def _pair_changes(path: Path, before: str, after: str, order: Sequence[str]) -> list[Change]:
    old, new = _pairs_read(before), _pairs_read(after)
    if not new:
        return [Take(path)]
    if not old:
        return [Put(path, new, order)]
    # What is new comes in before what is old goes, so that the mapping is never empty meanwhile.
    puts: list[Change] = [
        Put((*path, key), value) for key, value in new.items() if key not in old or _differ(old[key], value)
    ]
    return [*puts, *(Take((*path, key)) for key in old if key not in new)]


def _differ(old: Any, new: Any) -> bool:
    one, other = (value.written if isinstance(value, WrittenNumber) else value for value in (old, new))
    return one != other


def _pairs_read(answer: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for line in answer.splitlines():
        if not line.strip():
            continue
        key, colon, value = line.partition(":")
        if not colon or not key.strip():
            raise FieldError(
                say(f"write `name: value`, not {line.strip()!r}", f"пишите «имя: значение», а не {line.strip()!r}")
            )
        if key.strip() in found:
            raise FieldError(say(f"{key.strip()!r} stands there twice", f"{key.strip()!r} указано дважды"))
        found[key.strip()] = _pair_value(value.strip())
    return found


def _pair_value(answer: str) -> Any:
    plain = answer.replace(",", ".").replace("\u2212", "-")
    if _NUMBER.fullmatch(plain) and (_CLEAN_NUMBER.fullmatch(plain) or not answer.startswith("0")):
        return number_of(answer)
    return _read(answer) if answer else None


def _read(answer: str) -> Any:
    if refusal(answer) is not None:
        raise FieldError(
            say("this cannot be read; mind brackets and quotes", "это не прочитать; проверьте скобки и кавычки")
        )
    try:
        return content(answer)
    except LayoutError as error:
        raise FieldError(error_text(error)) from error


def _pairs_shown(value: Any) -> str:
    if not isinstance(value, Mapping):
        return ""
    return "\n".join(f"{key}: {in_one_line(one)}" for key, one in cast("Mapping[Any, Any]", value).items())


def _number_shown(text: str, path: Path, value: Any, language: Language) -> str:
    shown = written(text, path)
    if shown is None or value is None:
        return ""
    plain = shown.strip("\"'")
    return plain.replace(".", ",") if language == "ru" and _CLEAN_NUMBER.fullmatch(plain) else plain


def _word(value: Any) -> str:
    if value is None:
        return ""
    return "true" if value is True else "false" if value is False else str(value)
