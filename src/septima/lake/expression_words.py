"""What can be wrong with an expression of a mapping, told by the part where it is."""

from septima.schema import Text

_KNOWN = (
    "+ - * / %, = <> < <= > >=, and, or, not, in, between, is null, like, case, coalesce, nullif, concat, ||, "
    "lower, upper, trim, substring, replace, split_part, regexp_extract, length, round, abs, floor, ceil, greatest, least"
)


def not_understood(expression: str, detail: str) -> Text:
    """It cannot be taken apart; the parser says why in its own words."""
    return Text(
        f"the expression {expression!r} is not understood: {detail}",
        f"выражение «{expression}» не\u00a0понято: {detail}",
    )


def within(expression: str) -> Text:
    """The whole expression, before what is wrong with a part of it."""
    return Text(f"in the expression {expression!r}", f"в\u00a0выражении «{expression}»")


def no_condition(part: str) -> Text:
    """A condition is needed."""
    return Text(f"{part} is no condition", f"«{part}»\u00a0— не\u00a0условие")


def no_number(part: str) -> Text:
    """A number is needed."""
    return Text(f"{part} is not a number", f"«{part}»\u00a0— не\u00a0число")


def dotted_name(part: str) -> Text:
    """A column is called by more than its name."""
    return Text(
        f"{part}: write the column's name alone, in double quotes where it has a dot",
        f"«{part}»: напишите одно имя столбца, а\u00a0если в\u00a0нём есть точка\u00a0— в\u00a0двойных кавычках",
    )


def lone_column(part: str, column: str) -> Text:
    """A column stands where a condition is needed."""
    return Text(
        f"{part} alone is no condition; compare it, as in {column} = 'yes'",
        f"само по\u00a0себе «{part}»\u00a0— не\u00a0условие; сравните его: {column} = 'yes'",
    )


def other_is(part: str) -> Text:
    """IS stands before something else than NULL."""
    return Text(
        f"{part}: only IS NULL and IS NOT NULL are understood", f"«{part}»: понятны только IS NULL и\u00a0IS NOT NULL"
    )


def in_of_nothing(part: str) -> Text:
    """IN has no list."""
    return Text(f"{part}: IN needs a list of values", f"«{part}»: для IN нужен список значений в\u00a0скобках")


def symmetric(part: str) -> Text:
    """BETWEEN is of a kind that other engines do not know."""
    return Text(f"{part}: write BETWEEN without SYMMETRIC", f"«{part}»: пишите BETWEEN без SYMMETRIC")


def not_allowed(part: str) -> Text:
    """The part is none of those that are known."""
    return Text(f"{part} is not allowed; known are {_KNOWN}", f"«{part}» не\u00a0разрешено; можно: {_KNOWN}")


def no_pattern(part: str) -> Text:
    """A pattern is computed where it must be written out."""
    return Text(
        f"{part}: the pattern must be a text in single quotes",
        f"«{part}»: образец должен быть текстом в\u00a0одинарных кавычках",
    )
