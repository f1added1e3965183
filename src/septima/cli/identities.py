"""What the commands about merged customers print; never an address, a number or a name of a person."""

from collections.abc import Sequence
from pathlib import Path

from septima.cli.output import console, print_rows
from septima.lake.identity import Identified
from septima.lake.identity_groups import Merge

_SHOWN = 50


def print_identified(found: Identified, directory: Path, *, region: str | None, dry_run: bool) -> None:
    """Print how many customers became how many, by rule, and what is left for a person to decide."""
    if found.merged:
        rows = [[rule, f"{number:,}"] for rule, number in found.merged.items()]
        print_rows("", ["rule", "merged"], rows, numeric=[1])
    merged = sum(found.merged.values())
    would = "would be " if dry_run else ""
    _say(f"{found.customers:,} customers are {found.persons:,} persons; {would}merged in this run: {merged:,}.")
    for shared in found.shared:
        _say(
            f"Left out: {shared.identifiers:,} values of {shared.kind} that too many have to identify a person, "
            f"{shared.customers:,} customers in all."
        )
    if found.unread_phones:
        hint = " Those without a country code need --region, such as RU." if region is None else ""
        _say(f"Telephone numbers that are none or could not be read: {found.unread_phones:,}.{hint}")
    if found.refused:
        _say(f"Not merged again, since a person undid it: {found.refused:,}.")
    if found.proposals:
        rows = [
            [pair.customer_id, pair.other_id, f"{pair.score:.3f}", pair.evidence] for pair in found.proposals[:_SHOWN]
        ]
        print_rows("To be decided by a person", ["customer", "other", "score", "agrees in"], rows, numeric=[2])
        _say(
            f"Shown {len(rows):,} of {len(found.proposals):,}. The same person: septima merge {directory} CUSTOMER INTO. "
            f"Two persons: septima unmerge {directory} CUSTOMER --apart-from OTHER."
        )
    if dry_run:
        _say("Nothing was written.")
    elif found.run is not None:
        _say(f"Undo all of it: septima unmerge {directory} --run {found.run}")


def print_merges(rows: Sequence[Merge], limit: int) -> None:
    """Print merges, and of undone ones when they were undone."""
    if not rows:
        _say("No customer is merged into another.")
        return
    cells = [
        [
            row.customer_id,
            row.master_id,
            row.rule,
            f"{row.score:.3f}",
            row.evidence,
            str(row.run),
            f"{row.decided_at:%Y-%m-%d %H:%M}",
            row.author,
            f"{row.undone_at:%Y-%m-%d %H:%M}" if row.undone_at else "",
        ]
        for row in rows[:limit]
    ]
    heads = ["customer", "master", "rule", "score", "agrees in", "run", "decided", "by", "undone"]
    print_rows("", heads, cells, numeric=[3, 5])
    _say(f"Shown {len(cells):,} of {len(rows):,}.")


def _say(sentence: str) -> None:
    console.print(sentence, soft_wrap=True)
