"""Whole numbers that people and programs send as text."""

_MOST_DIGITS = 18
"""Any key of a row fits; Python itself refuses thousands of digits."""


def whole_number(text: str) -> int | None:
    """The number that a text of digits writes; None where it is anything else or too long."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS else None
