"""The form of a definition file: groups of fields in the order of the text, and what an answered form changes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from septima.schema import Language, SeptimaError, Text
from septima.scorecard.composite import CompositeError, rescale
from septima.scorecard.definition import PERSPECTIVES
from septima.web.editing.fields import FieldShape, FormField, answered, field_of, target_changes
from septima.web.editing.layout import (
    Add,
    Change,
    LayoutError,
    Literal,
    Move,
    Path,
    Put,
    Take,
    at,
    changed,
    content,
    lines,
)
from septima.web.editing.mistakes import Mistake
from septima.web.editing.shapes import FileShape, ListShape

_CODES = ("id", "metric", "kpi", "role", "file")
_RULES = ("target.by_period", "target.formula", "target.plan")


class FormError(SeptimaError):
    """A form that cannot be made of the text, or an order that cannot be done; the message says what to do."""


@dataclass
class Group:
    """An entry of a list, or the file itself: its title, fields, and the lists within it."""

    path: Path
    title: str
    fields: list[FormField]
    lists: "list[GroupList]" = field(default_factory=list["GroupList"])
    errors: list[str] = field(default_factory=list[str])
    code: str = ""
    may_move: bool = True
    is_first: bool = False
    is_last: bool = False

    @property
    def name(self) -> str:
        """Its path, as buttons name it."""
        return ".".join(map(str, self.path))

    @property
    def anchor(self) -> str:
        """Its name within the page."""
        return "part-" + "-".join(map(str, self.path))

    @property
    def main(self) -> list[FormField]:
        """Fields that are shown at once."""
        return [one for one in self.fields if one.shape.main]

    @property
    def more(self) -> list[FormField]:
        """Fields that are shown when asked for."""
        return [one for one in self.fields if not one.shape.main]

    @property
    def is_open(self) -> bool:
        """Whether what is shown when asked for has to be seen: something is wrong in it, or there is nothing else."""
        return any(one.is_wrong for one in self.more) or not self.main


@dataclass
class GroupList:
    """A list of groups, and what can be done with it."""

    path: Path
    title: str
    entry: str
    groups: list[Group]
    may_add: bool
    catalogue: bool
    weighted: bool
    sum: str = ""
    is_even: bool = True

    @property
    def name(self) -> str:
        """Its path, as buttons name it."""
        return ".".join(map(str, self.path))


@dataclass(frozen=True)
class Form:
    """The form of a text: the group of the file itself, in which all else stands."""

    root: Group
    suggestions: Mapping[str, Sequence[tuple[str, str]]]

    def groups(self) -> Iterator[Group]:
        """Every group, those that hold others first."""
        yield from _groups(self.root)

    def fields(self) -> Iterator[FormField]:
        """Every field."""
        for group in self.groups():
            yield from group.fields

    @property
    def is_wrong(self) -> bool:
        """Whether an answer could not be understood."""
        return any(one.is_wrong for one in self.fields())


def form_of(
    text: str, shape: FileShape, language: Language, suggestions: Mapping[str, Sequence[tuple[str, str]]] | None = None
) -> Form:
    """The form of a text; FormError where the text has another shape than the file is to have."""
    try:
        whole = content(text)
    except LayoutError as error:
        raise FormError(error.statement) from error
    if not isinstance(whole, Mapping):
        raise FormError(Text("the file holds no fields; edit it as text", "в файле нет полей; правьте его как текст"))
    names = dict((suggestions or {}).get("metrics", ()))
    maker = _Maker(text, whole, language, names)
    fixed = {name: [(one, one) for one in words] for name, words in shape.suggestions.items()}
    return Form(maker.root(shape), {**fixed, **(suggestions or {})})


def answered_form(form: Form, text: str, data: Mapping[str, str]) -> tuple[Form, list[Change]]:
    """The form with the answers in it, and what they change in the text."""
    whole = content(text)
    changes: list[Change] = []
    for group in form.groups():
        found: dict[str, list[Change]] = {}
        for place, one in enumerate(group.fields):
            group.fields[place], found[one.shape.key] = answered(one, data)
        ruled = {name.removeprefix("target."): found.pop(name, []) for name in ("target", *_RULES)}
        has_rules = any(one.shape.key in _RULES for one in group.fields)
        for one in group.fields:
            if one.shape.key == "target" and has_rules:
                changes += target_changes(whole, (*group.path, "target"), ruled, one.order)
            elif one.shape.key not in ("target", *_RULES):
                changes += found[one.shape.key]
            elif not has_rules:
                changes += ruled["target"]
    return form, changes


def with_answers(text: str, changes: Sequence[Change]) -> str:
    """The text after the changes; FormError where one cannot be made without touching more."""
    try:
        return changed(text, changes)
    except LayoutError as error:
        raise FormError(
            Text(
                f"this change cannot be made in the form; make it in the text ({error})",
                f"это изменение не сделать в форме; сделайте его в тексте ({error.statement.ru})",
            )
        ) from error


def done(text: str, form: Form, order: str, shape: FileShape) -> str:
    """The text after an order of a button, such as `remove:perspectives.0.kpis.1`; FormError where it cannot be done."""
    action, _, rest = order.partition(":")
    name, _, argument = rest.partition(":")
    groups = {group.name: group for group in form.groups() if group.path}
    listed = {one.name: one for group in form.groups() for one in group.lists}
    if action in ("remove", "up", "down") and name in groups and groups[name].may_move:
        path = groups[name].path
        change = Take(path) if action == "remove" else Move(path, -1 if action == "up" else 1)
        return with_answers(text, [change])
    if action == "add" and name in listed:
        entry = _fresh(text, listed[name].path, shape, argument)
        return with_answers(text, [Add(listed[name].path, entry)])
    if action == "rescale" and name in listed and listed[name].weighted:
        return with_answers(text, _rescaled(text, listed[name].path))
    raise FormError(
        Text(
            "this can no longer be done here; look at the form anew",
            "этого здесь уже не сделать; посмотрите форму заново",
        )
    )


def place_mistakes(form: Form, text: str, mistakes: Sequence[Mistake]) -> list[Mistake]:
    """Show each mistake at the field or group on whose line it stands; those that stand nowhere are given back."""
    try:
        places = lines(text)
    except (LayoutError, ValueError):
        return list(mistakes)
    left: list[Mistake] = []
    for mistake in mistakes:
        if mistake.group and any(one.name == mistake.group for group in form.groups() for one in group.lists):
            continue  # the head of that list says so, beside the button that mends it
        if mistake.line is None or mistake.file or not _placed(form, places, mistake):
            left.append(mistake)
    return left


def _placed(form: Form, places: Mapping[Path, int], mistake: Mistake) -> bool:
    line = mistake.line or 0
    nearest: Group | None = None
    for group in form.groups():
        begins = places.get(group.path)
        if group.path and begins is not None and begins <= line and (nearest is None or begins >= places[nearest.path]):
            nearest = group
    if nearest is None:
        nearest = form.root
    for place, one in enumerate(nearest.fields):
        if one.path in places and places[one.path] == line:
            nearest.fields[place] = replace(one, errors=(*one.errors, mistake.message))
            return True
    nearest.errors.append(mistake.message)
    return bool(nearest.path)


def _groups(group: Group) -> Iterator[Group]:
    yield group
    for one in group.lists:
        for inner in one.groups:
            yield from _groups(inner)


@dataclass(frozen=True)
class _Maker:
    text: str
    whole: Any
    language: Language
    names: Mapping[str, str]

    def root(self, shape: FileShape) -> Group:
        fields = [field_of(one, (), self.text, self.whole, self.language, _order(shape.fields)) for one in shape.fields]
        return Group((), "", fields, [self.listed(one, ()) for one in shape.lists], may_move=False)

    def listed(self, shape: ListShape, path: Path) -> GroupList:
        mine = (*path, shape.key)
        value = at(self.whole, mine)
        if shape.keyed:
            keys: list[str | int] = (
                [str(key) for key in cast("Mapping[Any, Any]", value)] if isinstance(value, Mapping) else []
            )
        else:
            keys = list(range(len(cast("list[Any]", value)))) if isinstance(value, list) else []
        groups = [self.group(shape, (*mine, key)) for key in keys if isinstance(at(self.whole, (*mine, key)), Mapping)]
        if groups:
            groups[0].is_first, groups[-1].is_last = True, True
        weights = [at(self.whole, (*group.path, "weight")) for group in groups]
        by_hand = shape.weighted and not isinstance(at(self.whole, (*path, "weights")), Mapping)
        numbers = [1.0 if weight is None else weight for weight in weights]
        total = sum(numbers) if all(isinstance(one, int | float) for one in numbers) else 0.0
        return GroupList(
            mine,
            shape.name.in_language(self.language),
            shape.entry.in_language(self.language),
            groups,
            may_add=shape.fresh is not None,
            catalogue=shape.catalogue,
            weighted=by_hand and bool(groups),
            sum=f"{total:.6g}".replace(".", "," if self.language == "ru" else "."),
            is_even=abs(total - len(groups)) < 1e-9,
        )

    def group(self, shape: ListShape, path: Path) -> Group:
        entry = cast("Mapping[str, Any]", at(self.whole, path))
        shapes = list(shape.fields(entry)) if callable(shape.fields) else list(shape.fields)
        if isinstance(at(self.whole, (*path[:-2], "weights")), Mapping):
            shapes = [one for one in shapes if one.key != "weight"]
        order = _order(shapes)
        fields = [field_of(one, path, self.text, self.whole, self.language, order) for one in shapes]
        inner = [*shape.lists, shape] if shape.itself else list(shape.lists)
        lists = [self.listed(one, path) for one in inner]
        title, code = _title(entry, path, self.language), next((str(entry[key]) for key in _CODES if key in entry), "")
        metric = str(entry.get("metric") or code)
        if title == code and metric in self.names and path[-2] in ("kpis", "own", "success"):
            title = self.names[metric]
        return Group(path, title, fields, lists, may_move=not shape.keyed, code=code)


def _order(shapes: Sequence[FieldShape]) -> list[str]:
    """In which order new fields stand: what names the entry first."""
    keys = [one.key.split(".")[0] for one in shapes]
    named = [key for key in ("id", "metric", "kpi", "role", "name") if key in keys]
    return list(dict.fromkeys((*named, *keys)))


def _title(entry: Mapping[str, Any], path: Path, language: Language) -> str:
    name = entry.get("name")
    words = cast("Mapping[str, Any]", name) if isinstance(name, Mapping) else {}
    for value in (
        words.get(language),
        *words.values(),
        name,
        *(entry.get(key) for key in _CODES),
    ):
        if isinstance(value, str) and value.strip():
            known = PERSPECTIVES.get(value) if path[0] == "perspectives" and len(path) == 2 else None
            return known.in_language(language) if known else value
    return str(path[-1] if isinstance(path[-1], str) else path[-1] + 1)


def _rescaled(text: str, path: Path) -> list[Change]:
    whole = content(text)
    entries = cast("list[Mapping[str, Any]]", at(whole, path) or [])
    given = {str(place): entry.get("weight", 1.0) for place, entry in enumerate(entries)}
    try:
        better = rescale({key: float(weight) for key, weight in given.items()})
    except CompositeError as error:
        raise FormError(error.statement) from error
    except (TypeError, ValueError) as error:
        raise FormError(
            Text(
                "weights must be numbers; mend them in the text", "веса должны быть числами; исправьте их в\u00a0тексте"
            )
        ) from error
    return [
        Put((*path, int(key), "weight"), Literal(f"{weight:.12g}", weight), ("id", "metric", "name", "weight"))
        for key, weight in better.items()
        if weight != given[key]
    ]


def _fresh(text: str, path: Path, shape: FileShape, argument: str) -> Mapping[str, Any]:
    """A new entry of a list: of a metric of the catalogue that was named, or what such an entry begins with."""
    listed = _shape_at(shape, path)
    entries = at(content(text), path) or []
    if listed is not None and listed.catalogue and argument:
        return {"id": argument} if path == ("own",) else {"id": argument, "weight": 1}
    if listed is None or listed.fresh is None:
        raise FormError(Text("new entries are written in the text", "новые записи добавляются в тексте"))
    taken = {str(entry.get("id", entry.get("role"))) for entry in entries if isinstance(entry, Mapping)}
    stem = listed.key.rstrip("s")
    number = next(number for number in range(1, len(taken) + 2) if f"new_{stem}_{number}" not in taken)
    return listed.fresh(f"new_{stem}_{number}")


def _shape_at(shape: FileShape, path: Path) -> ListShape | None:
    known: Sequence[ListShape] = shape.lists
    found: ListShape | None = None
    for key in path:
        if isinstance(key, int):
            continue
        found = next((one for one in known if one.key == key), None)
        if found is None:
            return None
        known = (*found.lists, found) if found.itself else found.lists
    return found
