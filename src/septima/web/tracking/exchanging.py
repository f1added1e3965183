"""Links from and to a CSV file, many at once."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from django.db import transaction

from septima.schema import Text
from septima.web.accounts.models import Organisation, User
from septima.web.common.csv_files import CsvError, read_csv
from septima.web.common.language import say
from septima.web.tracking.addresses import final_address, short_address
from septima.web.tracking.forms import LinkForm
from septima.web.tracking.making import make_link, new_token
from septima.web.tracking.models import MARKS, TrackedLink

MOST_ROWS = 1_000
COLUMNS = ("code", "name", "target", *MARKS, "promo_code", "leaflet", "cost", "personal")
_SAME = ("target", *MARKS, "promo_code", "leaflet")
_YES = frozenset({"yes", "true", "1", "да"})
_MOST_MISTAKES = 20


@dataclass(frozen=True)
class Taken:
    """What became of a file: links made, those that were there already, and what is wrong, in which case none was made."""

    made: int = 0
    known: int = 0
    mistakes: tuple[str, ...] = ()


def lines_of(links: Iterable[TrackedLink], origin: str) -> Iterator[list[object]]:
    """Links as lines of `COLUMNS`, with the short address and where it leads."""
    for link in links:
        own = [getattr(link, name) for name in COLUMNS[:-1]]
        yield [*own, "yes" if link.personal else "no", short_address(link, origin), final_address(link)]


def take_file(organisation: Organisation, user: User, content: bytes) -> Taken:
    """Make the links that a file names, all or none; the same file again makes nothing.

    A link is known by its code, or where it has none by where it leads and all its marks. CsvError where the file
    cannot be read at all.
    """
    heads, rows = read_csv(content)
    missing = [name for name in ("name", "target", "source", "medium", "campaign") if name not in heads]
    if missing:
        raise CsvError(
            Text(
                f"The file needs the columns {', '.join(missing)}; it has: {', '.join(heads)[:200]}.",
                f"В\u00a0файле нужны столбцы {', '.join(missing)}; в\u00a0нём есть: {', '.join(heads)[:200]}.",
            )
        )
    if len(rows) > MOST_ROWS:
        raise CsvError(
            Text(
                f"A file may have {MOST_ROWS:,} links at most.",
                f"В\u00a0файле может быть не\u00a0больше {MOST_ROWS} ссылок.",
            )
        )
    made = known = 0
    mistakes: list[str] = []
    with transaction.atomic():
        for number, row in enumerate(rows, start=2):
            form = LinkForm(organisation, {**_given(row), "token": new_token()})
            if _is_known(organisation, row.get("code", ""), form):
                known += 1
            elif form.is_valid():
                make_link(organisation, user, form.link_fields, form.cleaned_data["token"])
                made += 1
            else:
                mistakes.extend(_mistakes(number, form))
        if mistakes:
            transaction.set_rollback(True)
            return Taken(mistakes=tuple(mistakes[:_MOST_MISTAKES]))
    return Taken(made, known)


def _given(row: Mapping[str, str]) -> dict[str, str]:
    given = {name: row.get(name, "") for name in COLUMNS if name != "personal"}
    given["cost"] = given["cost"].replace(" ", "").replace("\u00a0", "").replace(",", ".")
    return {**given, "personal": "on"} if row.get("personal", "").strip().lower() in _YES else given


def _is_known(organisation: Organisation, code: str, form: LinkForm) -> bool:
    own = TrackedLink.objects.filter(organisation=organisation)
    if code.strip():
        return own.filter(code=code.strip().lower()).exists()
    form.is_valid()  # a promo code that its own link has already is no mistake then
    asked = {name: form.cleaned_data.get(name, form.data.get(name, "")) for name in _SAME}
    return own.filter(archived_at=None, **asked).exists()


def _mistakes(number: int, form: LinkForm) -> Iterator[str]:
    for name, errors in form.errors.items():
        place = say(f"line {number}, {name}: ", f"строка {number}, {name}: ")
        yield from (place + str(error) for error in errors)
