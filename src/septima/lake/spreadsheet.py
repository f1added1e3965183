"""Text for spreadsheets, which take some of it for formulas and compute it."""

FORMULA_BEGINS = ("=", "+", "-", "@", "\t", "\r", "\n")


def plain_cell(value: object) -> object:
    """A value that no spreadsheet computes: text that begins like a formula gets an apostrophe before it."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_BEGINS) else value
