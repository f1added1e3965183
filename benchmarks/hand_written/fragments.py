"""Pieces of SQL that several families write alike."""

SOLD = "(status is null or status not in ('cancelled', 'returned'))"
TALKS = "('call', 'chat', 'message', 'meeting')"
CONTACTS = f"(kind in ('delivered', 'visit', 'store_visit') or kind in {TALKS})"
Z = 1.959963984540054


def month(column: str) -> str:
    """The month of a moment, as a column."""
    return f"date_trunc('month', {column}) as month"


def days(earlier: str, later: str) -> str:
    """Days between two moments."""
    return f"date_diff('second', {earlier}, {later}) / 86400"


def quantile(metric: str, column: str, q: float) -> str:
    """A quantile with the order statistics that bound it, of a column of an aggregated table."""
    n = f"count({column})"
    bounds = (f"ceil({n} * {q} {sign} {Z} * sqrt({n} * {q * (1 - q)}))" for sign in "-+")
    lower, upper = (f"list({column} order by {column}) filter ({column} is not null)[{bound}::int]" for bound in bounds)
    return f"quantile_cont({column}, {q}) as {metric}, {lower} as {metric}_lower, {upper} as {metric}_upper"
