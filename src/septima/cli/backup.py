"""The commands `backup` and `restore`: a workspace and its site in one file, and back."""

import os
from pathlib import Path
from typing import Annotated

import typer

from septima.cli.options import Directory, FormatOption
from septima.cli.output import Format, notices, print_json, progress, say

backup_commands = typer.Typer(rich_markup_mode=None)
_DATABASE = "SEPTIMA_DATABASE_URL"


@backup_commands.command()
def backup(
    directory: Directory,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The backup to write, outside of DIR; .zip by custom.")],
    *,
    secrets: Annotated[
        bool, typer.Option("--with-secrets", help="Also the files of passwords and tokens of connections.")
    ] = False,
    form: FormatOption = Format.table,
) -> None:
    """Keep a workspace with its site (data, definitions, database, keys, uploads) in one file, while they are in use.

    The file is secret: it holds personal data and the keys of the site.
    """
    from septima.backup.making import back_up

    with progress("en") as told:
        kept = back_up(directory, file, database_url=os.environ.get(_DATABASE), secrets=secrets, progress=told)
    if form is Format.json:
        print_json({**vars(kept), "file": str(kept.file)})
        return
    versions = ", ".join(f"{place or 'data'}: version {version}" for place, version in kept.versions.items())
    say(f"Kept {kept.files:,} files in {file}: {kept.size / 1e6:,.1f} MB; {versions}.")
    _tell_left_out(kept.left_out)
    notices.print("Keep it as a secret: it holds personal data and the keys of the site.", soft_wrap=True)


@backup_commands.command()
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The backup.")],
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to bring it back into, new or empty.")],
    form: FormatOption = Format.table,
) -> None:
    """Bring a backup back into an empty folder, every file compared with its sum; a damaged one is refused."""
    from septima.backup.restoring import restore as bring_back

    with progress("en") as told:
        restored = bring_back(file, directory, database_url=os.environ.get(_DATABASE), progress=told)
    if form is Format.json:
        print_json(vars(restored))
        return
    say(f"Brought {restored.files:,} files back into {directory}, as they were at {restored.made_at}.")
    _tell_left_out(restored.left_out)
    say(f"Next: septima serve {directory}")


def _tell_left_out(places: tuple[str, ...]) -> None:
    for place in places:
        notices.print(f"Left out of the backup: {place}", soft_wrap=True)
