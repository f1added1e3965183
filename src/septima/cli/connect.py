"""The commands of connections: define, check and fetch, from the position on, what other systems hold."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from septima.cli.options import Directory, FormatOption, open_workspace
from septima.cli.output import Format, print_json, print_load, print_rows, progress, say

if TYPE_CHECKING:
    from types import ModuleType

connect_commands = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
Name = Annotated[str, typer.Argument(metavar="NAME", help="The connection, as its file is called.")]


@connect_commands.command("list")
def list_connections(
    directory: Directory,
    *,
    kinds: Annotated[bool, typer.Option("--kinds", help="List the kinds of connections there are.")] = False,
    form: FormatOption = Format.table,
) -> None:
    """List the connections of a workspace, or the kinds that there are."""
    from septima.connect.definition import connection_names, read_connection
    from septima.connect.kinds import KINDS

    workspace = open_workspace(directory)
    language = workspace.settings.language
    if kinds:
        rows = [[kind.name, kind.title.in_language(language)] for kind in KINDS.values()]
        columns = ["kind", "meaning"]
    else:
        columns, rows = ["connection", "kind", "reads"], []
        for name in connection_names(workspace.directory):
            connection = read_connection(workspace.directory, name)
            rows.append([name, connection.kind.name, ", ".join(read.origin for read in connection.reads)])
    if form is Format.json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    elif rows:
        print_rows("", columns, rows)
    else:
        say(f"There is no connection yet; add one: septima connect add {directory} KIND NAME. The kinds: --kinds.")


@connect_commands.command("add")
def add(
    directory: Directory,
    kind: Annotated[str, typer.Argument(metavar="KIND", help="One of `septima connect list DIR --kinds`.")],
    name: Name,
    form: FormatOption = Format.table,
) -> None:
    """Write a commented definition to begin with; nothing is read yet."""
    from septima.connect.starting import write_starter

    path = write_starter(open_workspace(directory).directory, kind, name)
    if form is Format.json:
        print_json({"connection": str(path)})
        return
    say(f"Written to {path}. Fill it in, then: septima connect check {directory} {name}")


@connect_commands.command("check")
def check(directory: Directory, name: Name, form: FormatOption = Format.table) -> None:
    """Try a connection: whether its definition and secrets are right and everything it reads is there."""
    workspace = open_workspace(directory)
    found = _fetching().check(workspace, name)
    if form is Format.json:
        print_json([{"from": origin, "found": number} for origin, number in found])
        return
    print_rows("", ["reads", "found"], [[origin, f"{number:,}"] for origin, number in found], numeric=[1])
    say(f"All of it can be read. Next: septima connect fetch {directory} {name}")


@connect_commands.command("fetch")
def fetch(
    directory: Directory,
    name: Name,
    *,
    everything: Annotated[
        bool, typer.Option("--all", help="Read from the beginning again, not only what is new.")
    ] = False,
    form: FormatOption = Format.table,
) -> None:
    """Read what is new and load it: read = loaded + updated + duplicate + quarantined."""
    workspace = open_workspace(directory)
    fetching = _fetching()
    with progress(workspace.settings.language) as report:
        result = fetching.fetch(workspace, name, report, everything=everything)
    if form is Format.json:
        tables = {table: asdict(counts) for table, counts in result.tables.items()}
        print_json({"rows": result.rows, "tables": tables, "version": result.version})
        return
    if result.tables:
        print_load(directory, result.tables, form)
    else:
        say("Nothing new.")


@connect_commands.command("forget-position")
def forget_position(directory: Directory, name: Name) -> None:
    """Let the next fetch begin at the beginning; what is in the lake stays there."""
    forgotten = _fetching().forget_position(open_workspace(directory), name)
    say(
        f"{name} is read from the beginning next time."
        if forgotten
        else f"{name} has no position: it was never fetched."
    )


def _fetching() -> "ModuleType":
    """The module that fetches; ConnectError where the extra is not installed."""
    try:
        from septima.connect import fetch as fetching
    except ModuleNotFoundError as error:
        from septima.connect.errors import missing_package

        raise missing_package(error.name) from error
    return fetching
