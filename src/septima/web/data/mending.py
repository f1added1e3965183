"""Rows of the quarantine: mended, tried again and dismissed, one by one and many at once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils import timezone

from septima.lake.load import TableCounts
from septima.lake.mend import mend_entries
from septima.lake.quarantine import QuarantinedRow, QuarantineError, entry_history
from septima.lake.store import Lake
from septima.schema import Text
from septima.web.accounts.models import Organisation, User
from septima.web.data.models import Dismissal
from septima.web.data.waiting import Filters, all_waiting, entries_with_value, record_of

_AT_ONCE = 2_000
_MENDING = Text("Mending rows", "Исправление строк")


@dataclass(frozen=True)
class Mended:
    """What became of rows that were mended: `passed` are in the tables now, `wrong` wait with what is still wrong."""

    passed: int
    wrong: int


def dismissed_ids(organisation: Organisation) -> list[str]:
    """The entries that a person dismissed."""
    found = Dismissal.objects.filter(organisation=organisation, undone_at=None)
    return list(found.values_list("quarantine_id", flat=True))


def dismiss(organisation: Organisation, user: User, entries: Sequence[str], why: str) -> int:
    """Dismiss entries, for a reason; the number of those that were not dismissed before."""
    known = set(dismissed_ids(organisation))
    new = [entry for entry in dict.fromkeys(entries) if entry not in known]
    try:
        with transaction.atomic():
            Dismissal.objects.bulk_create(
                [Dismissal(organisation=organisation, quarantine_id=entry, why=why[:300], user=user) for entry in new],
                batch_size=500,
            )
    except IntegrityError:
        # Somebody dismissed some of them in this very moment: look again.
        return dismiss(organisation, user, entries, why)
    return len(new)


def restore(organisation: Organisation, user: User, entries: Sequence[str]) -> int:
    """Undo dismissals; the number of entries that wait again."""
    restored = 0
    for start in range(0, len(entries), 500):
        found = Dismissal.objects.filter(
            organisation=organisation, quarantine_id__in=entries[start : start + 500], undone_at=None
        )
        restored += found.update(undone_at=timezone.now(), undone_by=user)
    return restored


def can_be_mended(entry: QuarantinedRow) -> bool:
    """Whether the row is kept by its columns, so that one of them can be corrected."""
    record = record_of(entry)
    return bool(record) and set(record) != {"line"}


def mend_row(
    lake: Lake, entry: str, changes: Mapping[str, str | None], author: str
) -> tuple[Mended, QuarantinedRow | None]:
    """Correct one row and load it; what is wrong with it now, if anything is. QuarantineError where it cannot be mended."""
    result = mend_entries(lake, {entry: dict(changes)}, author=author)
    mended = _mended(result.tables)
    if not mended.wrong:
        return mended, None
    still = [one for one in entry_history(lake, entry) if one.resolved_at is None]
    return mended, still[-1] if still else None


def mend_many(
    lake: Lake,
    filters: Filters,
    dismissed: Sequence[str],
    *,
    change: tuple[str | None, str | None] | None,
    author: str,
    progress: Callable[[Text, int, int | None], None],
) -> Mended:
    """Replace one value by another in all rows that the filters ask for, or with no `change` try them all again as they are.

    What was mended before an interruption is not open any more, so that the work can be begun again.
    """
    if change is None:
        found, correction = all_waiting(lake, filters, dismissed), dict[str, str | None]()
    else:
        found, correction = entries_with_value(lake, filters, dismissed, change[0]), {filters.column: change[1]}
    ids: list[str] = []
    passed = wrong = 0
    for entry in found:
        if can_be_mended(entry):
            ids.append(entry.quarantine_id)
        else:
            wrong += 1
    for start in range(0, len(ids), _AT_ONCE):
        progress(_MENDING, start, len(ids))
        part = ids[start : start + _AT_ONCE]
        try:
            mended = _mended(mend_entries(lake, dict.fromkeys(part, correction), author=author).tables)
        except QuarantineError:
            if len(part) == 1:
                raise
            mended = _one_by_one(lake, part, correction, author)
        passed, wrong = passed + mended.passed, wrong + mended.wrong
    progress(_MENDING, len(ids), len(ids))
    return Mended(passed, wrong)


def _one_by_one(lake: Lake, entries: Sequence[str], correction: Mapping[str, str | None], author: str) -> Mended:
    """What can be mended of entries of which one cannot."""
    passed = wrong = 0
    for entry in entries:
        try:
            mended = _mended(mend_entries(lake, {entry: dict(correction)}, author=author).tables)
        except QuarantineError:
            wrong += 1  # its row could not be taken apart, or another entry of the same row went with it
            continue
        passed, wrong = passed + mended.passed, wrong + mended.wrong
    return Mended(passed, wrong)


def _mended(tables: Mapping[str, TableCounts]) -> Mended:
    quarantined = sum(counts.quarantined for counts in tables.values())
    return Mended(sum(counts.read for counts in tables.values()) - quarantined, quarantined)
