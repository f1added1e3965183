"""How `septima compute` tells what it did."""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from septima.cli.output import console, notices, print_rows

if TYPE_CHECKING:
    from septima.metrics.record import SeriesUpdate, Update


def print_update(update: "Update") -> None:
    """Print a line for each grain and set of slices, what it came to, and what failed."""
    groups: dict[tuple[str, tuple[str, ...]], list[SeriesUpdate]] = {}
    for one in update.series:
        groups.setdefault((one.grain, one.by), []).append(one)
    computed = [one for one in update.series if one.computed]
    if computed:
        rows = [[grain, ", ".join(by) or "—", *_counts(members)] for (grain, by), members in groups.items()]
        columns = ["periods", "by", "series", "computed", "from", "new", "changed", "gone", "unchanged"]
        print_rows("", columns, rows, numeric=(2, 3, 5, 6, 7, 8))
        console.print(
            f"Computed {len(computed):,} of {len(update.series):,} series over data version {update.data_version} "
            f"in {update.seconds:.1f} s.",
            soft_wrap=True,
        )
    elif not update.failures:
        console.print(
            f"Nothing to do: all {len(update.series):,} series are those of data version {update.data_version}.",
            soft_wrap=True,
        )
    for failure in update.failures:
        by = f" by {', '.join(failure.by)}" if failure.by else ""
        notices.print(f"Not computed: {failure.metric} by {failure.grain}{by}: {failure.message}", soft_wrap=True)


def _counts(members: "Sequence[SeriesUpdate]") -> list[str]:
    computed = [one for one in members if one.computed]
    numbers = [sum(getattr(one, name) for one in computed) for name in ("new", "changed", "gone", "unchanged")]
    return [f"{len(members):,}", f"{len(computed):,}", _from(computed), *(f"{number:,}" for number in numbers)]


def _from(computed: "Sequence[SeriesUpdate]") -> str:
    """The first period computed anew, the earliest of all that were not computed whole."""
    if not computed:
        return ""
    starts: list[date] = [one.since for one in computed if one.since is not None]
    whole = len(computed) - len(starts)
    if not starts:
        return "all periods"
    return min(starts).isoformat() + (f", {whole:,} whole" if whole else "")
