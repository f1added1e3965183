"""Lists by cursor: however long a list grows, a page of it costs the same."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest

from septima.web.common.numerals import whole_number

M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class Page(Generic[M]):
    """A page of a list: its rows, and the address of the next one, empty where there is none."""

    rows: list[M]
    next: str
    previous: str = ""


def newest_first(request: HttpRequest, rows: QuerySet[M], *, size: int = 50) -> Page[M]:
    """The page that `?before=KEY` asks for, of rows from the newest primary key down."""
    before = whole_number(request.GET.get("before", ""))
    found = rows.order_by("-pk")
    if before is not None:
        found = found.filter(pk__lt=before)
    page = list(found[: size + 1])
    further = ""
    if len(page) > size:
        page.pop()
        query = request.GET.copy()
        query["before"] = str(page[-1].pk)
        further = f"?{query.urlencode()}"
    return Page(page, further)
