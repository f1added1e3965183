"""Results as JSON takes them."""

from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from typing import Any, cast

from septima.schema.text import Language, Text


def spoken(value: Any, language: Language) -> Any:
    """A result as JSON knows it: dataclasses as objects, words in one language, arrays as lists."""
    if isinstance(value, Text):
        return value.in_language(language)
    if hasattr(value, "tolist"):
        return value.tolist()
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: spoken(getattr(value, field.name), language) for field in fields(value)}
    if isinstance(value, dict):
        return {name: spoken(item, language) for name, item in cast("dict[str, Any]", value).items()}
    if isinstance(value, tuple | list):
        return [spoken(item, language) for item in cast("Sequence[Any]", value)]
    return value
