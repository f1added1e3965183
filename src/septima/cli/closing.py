"""The commands `close`, `periods`, `reproduce` and `audit`: proof of what a card said, and of who changed what."""

import getpass
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from septima.cli.options import Directory, EngineOption, FormatOption, PeriodOption, open_workspace
from septima.cli.output import Format, notices, print_json, print_rows, say
from septima.schema import SeptimaError

if TYPE_CHECKING:
    from septima.scorecard.closing import Revision
    from septima.scorecard.differences import Difference
    from septima.workspace import Workspace

closing_commands = typer.Typer(rich_markup_mode=None)

_SHOWN = 40
AuthorOption = Annotated[
    str | None, typer.Option("--author", metavar="NAME", help="Who does it; the user of the computer where left out.")
]


@closing_commands.command()
def close(
    directory: Directory,
    *,
    period: PeriodOption,
    author: AuthorOption = None,
    note: Annotated[str | None, typer.Option(metavar="TEXT", help="Why, in a sentence.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Although the period is not over.")] = False,
    engine: EngineOption = None,
    form: FormatOption = Format.table,
) -> None:
    """Close a period: keep its card for good, with the data's version and the definition; again makes a revision beside it."""
    from septima.scorecard.closing import revisions

    workspace = open_workspace(directory, engine)
    kept = workspace.close(period, author=author, note=note, force=force)
    if form is Format.json:
        print_json({"written": kept is not None, "revision": None if kept is None else _described(kept, ())})
        return
    if kept is None:
        newest = revisions(workspace.directory, workspace.period(period).id)[-1]
        say(
            f"Nothing differs from revision {newest.number} of {newest.period}, which {newest.author} closed on {newest.closed_at:%Y-%m-%d}; "
            "nothing was written."
        )
        return
    say(
        f"Closed {kept.period} as revision {kept.number}: data version {kept.card.data_version}, definition {kept.card.definition}."
    )
    say(str(kept.path))


@closing_commands.command()
def periods(directory: Directory, form: FormatOption = Format.table) -> None:
    """List the closed periods and their revisions, and what differs between these."""
    from septima.scorecard.closing import revision_differences, revisions

    found = revisions(open_workspace(directory).directory)
    before = {(one.period, one.number): one for one in found}
    pairs = [(one, before.get((one.period, one.number - 1))) for one in found]
    changes = [() if earlier is None else revision_differences(earlier, one) for one, earlier in pairs]
    if form is Format.json:
        print_json([_described(one, differ) for one, differ in zip(found, changes, strict=True)])
        return
    if not found:
        say(f"No period is closed. Close one: septima close {directory} --period PERIOD")
        return
    heads = ["period", "revision", "closed (UTC)", "author", "data version", "definition", "note"]
    rows = [
        [
            one.period,
            str(one.number),
            f"{one.closed_at:%Y-%m-%d %H:%M}",
            one.author,
            str(one.card.data_version),
            one.card.definition,
            one.note or "",
        ]
        for one in found
    ]
    print_rows("", heads, rows, numeric=[1, 4])
    for one, differ in zip(found, changes, strict=True):
        if differ:
            _print_differences(f"{one.period}, revision {one.number} beside {one.number - 1}", differ)


@closing_commands.command()
def reproduce(
    directory: Directory,
    *,
    period: PeriodOption,
    revision: Annotated[int | None, typer.Option(min=1, help="The newest where left out.")] = None,
    engine: EngineOption = None,
    form: FormatOption = Format.table,
) -> None:
    """Compute a closed period again from its data and definition, and compare: exit code 0 where all agrees, else 1."""
    from septima import __version__
    from septima.scorecard.closing import DIGITS

    workspace = open_workspace(directory, engine)
    found = workspace.reproduce(workspace.period(period).id, revision)
    kept = found.revision
    if form is Format.json:
        print_json(
            {
                "period": kept.period,
                "revision": kept.number,
                "equal": found.equal,
                "closed_by_program": kept.basis.program,
                "differences": [asdict(one) for one in found.differences],
            }
        )
    elif found.equal:
        say(
            f"{kept.period}, revision {kept.number}: every figure of the card comes out again to {DIGITS} digits, from data version "
            f"{kept.card.data_version} and definition {kept.card.definition}."
        )
    else:
        _print_differences(f"{kept.period}, revision {kept.number}: not what was stored", found.differences)
        if kept.basis.program != __version__:
            say(
                f"It was closed by version {kept.basis.program} of the program; this is {__version__}, whose formulas may differ. "
                f"Try again with that version: pip install septima=={kept.basis.program}"
            )
    if not found.equal:
        raise typer.Exit(1)


@closing_commands.command()
def audit(
    directory: Directory,
    *,
    since: Annotated[
        str | None, typer.Option(metavar="DAY", help="Only from this day (UTC) on, such as 2026-10-01.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--verify", help="Check that no line of the log was altered; exit code 1 where one was.")
    ] = False,
    record: Annotated[bool, typer.Option("--record", help="First note what has changed since.")] = False,
    author: AuthorOption = None,
    form: FormatOption = Format.table,
) -> None:
    """Show who changed which weight, target or definition, when, from what to what."""
    from septima.scorecard.audit import definition_texts, read_log, record_changes

    workspace = open_workspace(directory)
    if check:
        _verify(workspace, form)
        return
    first = _day(since)
    if record:
        record_changes(workspace.directory, definition_texts(workspace.directory), _author(author))
    entries = [one for one in read_log(workspace.directory) if first is None or one.at.date() >= first]
    if form is Format.json:
        print_json([{name: value for name, value in asdict(one).items() if name != "text"} for one in entries])
        return
    rows: list[list[str]] = []
    for one in entries:
        for what, old, new in _told(one.event, one.changes, one.details):
            rows.append([f"{one.at:%Y-%m-%d %H:%M}", one.author, one.subject, what, old, new])
    if not rows:
        say("The log holds no such entry; commands that compute or close a card write it.")
        return
    print_rows("", ["at (UTC)", "author", "file or period", "what", "from", "to"], rows)


def record_definitions(workspace: "Workspace", author: str | None = None) -> None:
    """Note changed definitions in the audit log; where the workspace may not be written, say so and go on."""
    from septima.scorecard.audit import AuditError, definition_texts, record_changes

    try:
        record_changes(workspace.directory, definition_texts(workspace.directory), _author(author))
    except (OSError, AuditError) as error:  # who may only read, or finds the log broken, must still get the card
        notices.print(f"The change of definitions could not be noted in the audit log: {error}", soft_wrap=True)


def _author(given: str | None) -> str:
    from septima.scorecard.audit import author_text

    return author_text(given or getpass.getuser())


def _verify(workspace: "Workspace", form: Format) -> None:
    from septima.scorecard.audit import Anchor, verify
    from septima.scorecard.closing import revisions

    anchors = [
        Anchor(one.line, one.line_hash, f"revision {one.number} of {one.period}")
        for one in revisions(workspace.directory)
    ]
    verdict = verify(workspace.directory, anchors)
    if form is Format.json:
        print_json(asdict(verdict))
    else:
        for fault in verdict.faults:
            say(f"{Path('audit') / 'log.jsonl'}, {fault}")
        if verdict.torn:
            say("The last line was not finished, for its writer was ended; the next entry is written in its place.")
        if not verdict.faults:
            say(f"All {verdict.entries} entries stand as they were written.")
    if verdict.faults:
        raise typer.Exit(1)


def _told(event: str, changes: "Sequence[Difference]", details: object) -> list[tuple[str, str, str]]:
    from septima.scorecard.audit import plain_json

    if event == "changed" and changes:
        return [(one.path, plain_json(one.old), plain_json(one.new)) for one in changes]
    words = {
        "changed": "comments, layout or order only",
        "recorded": "recorded for the first time",
        "removed": "the file is gone",
        "closed": f"closed: {plain_json(details)}",
    }
    return [(words[event], "", "")]


def _print_differences(title: str, differ: "Sequence[Difference]") -> None:
    from septima.scorecard.audit import shown_json

    rows = [[one.path, shown_json(one.old), shown_json(one.new)] for one in differ[:_SHOWN]]
    print_rows(title, ["what", "before", "after"], rows)
    if len(differ) > _SHOWN:
        say(f"And {len(differ) - _SHOWN} more; --format json has all of them.")


def _described(one: "Revision", differ: "Sequence[Difference]") -> dict[str, object]:
    return {
        "period": one.period,
        "revision": one.number,
        "author": one.author,
        "note": one.note,
        "closed_at": one.closed_at,
        "data_version": one.card.data_version,
        "definition": one.card.definition,
        "program": one.basis.program,
        "file": str(one.path),
        "differences": [asdict(each) for each in differ],
    }


def _day(given: str | None) -> date | None:
    try:
        return None if given is None else datetime.fromisoformat(given).replace(tzinfo=UTC).date()
    except ValueError:
        raise SeptimaError(f"--since {given!r} is no day; write it as 2026-10-01") from None
