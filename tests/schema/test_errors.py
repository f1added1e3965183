"""What a person can mend is said in both languages."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import septima
from septima.schema import SeptimaError, Text, line_of

PACKAGE = Path(septima.__file__).parent
FINISHED = (
    "backup",
    "chapters",
    "connect",
    "demo",
    "lake",
    "metrics",
    "models",
    "report",
    "schema",
    "scorecard",
    "settings.py",
    "web",
    "workspace.py",
)
"""The rooms and modules in which every error is said in both languages."""


@cache
def _modules() -> dict[Path, ast.Module]:
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(PACKAGE.rglob("*.py"))}


@cache
def _errors() -> frozenset[str]:
    """The names of all classes that descend from SeptimaError."""
    classes = [node for tree in _modules().values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    names = {SeptimaError.__name__}
    while found := {one.name for one in classes if one.name not in names and _bases(one) & names}:
        names |= found
    return frozenset(names)


def _bases(one: ast.ClassDef) -> set[str]:
    return {base.id for base in one.bases if isinstance(base, ast.Name)}


def _called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def _one_language(said: ast.expr) -> bool:
    """Whether an expression is a string: written out, put together, or of the language of whoever asks just now."""
    if isinstance(said, ast.Constant | ast.JoinedStr):
        return isinstance(said, ast.JoinedStr) or isinstance(said.value, str)
    if isinstance(said, ast.BinOp):
        return _one_language(said.left) or _one_language(said.right)
    return isinstance(said, ast.Call) and _called(said) in ("str", "join", "format", "say", "error_text")


def _in_one_language(room: str) -> Iterator[str]:
    under = PACKAGE / room
    for path, tree in _modules().items():
        if path != under and under not in path.parents:
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _called(node) in _errors() and any(map(_one_language, node.args[:1])):
                yield f"{path.relative_to(PACKAGE)}:{node.lineno} {_called(node)}"


@pytest.mark.parametrize("room", FINISHED)
def test_an_error_is_said_in_both_languages(room: str) -> None:
    assert (PACKAGE / room).exists()
    assert list(_in_one_language(room)) == []


def test_an_error_that_says_one_string_is_found() -> None:
    lines = ["'one'", "f'{one}'", "'one' + two", "str(error)", "', '.join(all)", "say('one', 'один')"]
    found = [_one_language(ast.parse(line, mode="eval").body) for line in lines]
    assert found == [True] * len(lines)
    assert not _one_language(ast.parse("Text('one', 'один')", mode="eval").body)


def test_a_place_stands_before_what_is_wrong_in_both_languages() -> None:
    error = SeptimaError(Text("it is empty", "значение пусто"))
    assert error.after("a.yaml") == Text("a.yaml: it is empty", "a.yaml: значение пусто")
    assert error.after(line_of("a.yaml", 3)) == Text("a.yaml, line 3: it is empty", "a.yaml, строка 3: значение пусто")
    assert str(error) == "it is empty"
