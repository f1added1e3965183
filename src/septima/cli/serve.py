"""The commands `serve` and `worker`: the web application over a workspace, and what works in its background."""

import os
from pathlib import Path
from typing import Annotated

import typer

from septima.cli.options import Directory
from septima.schema import SeptimaError

serve_commands = typer.Typer(rich_markup_mode=None)


@serve_commands.command()
def serve(
    directory: Directory,
    *,
    host: Annotated[str, typer.Option("--host", metavar="ADDRESS", help="The address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="The port to listen at.")] = 8000,
    workers: Annotated[int, typer.Option("--workers", min=1, help="Processes that answer; one for each core.")] = (
        os.cpu_count() or 1
    ),
    administrator: Annotated[
        str, typer.Option("--administrator", metavar="E-MAIL", help="Who is first to sign in.")
    ] = "administrator@localhost",
    development: Annotated[
        bool, typer.Option("--dev", help="Show errors in full and load changed code anew; for developers.")
    ] = False,
    alone: Annotated[
        bool, typer.Option("--without-worker", help="Answer only; `septima worker` does the rest elsewhere.")
    ] = False,
) -> None:
    """Serve the web application: the scorecard, surveys, customer cards and their settings, for people with a browser.

    The first time a link is printed that signs the administrator in; everyone else is invited from there.
    """
    try:
        from septima.web.server import serve as run
        from septima.web.site import add_organisation, first_sign_in, open_site
    except ModuleNotFoundError as error:
        raise _not_installed(error) from error
    from septima.cli.output import notices
    from septima.settings import SITE_FOLDER
    from septima.workspace import Workspace

    folder = open_site(Path(directory), development=development)
    address = f"http://{host}:{port}"
    if folder.name == SITE_FOLDER:
        workspace = Workspace.open(directory)
        slug = add_organisation(workspace.settings.organisation, workspace.directory)
        first = first_sign_in(slug, administrator)
        if first is not None:
            notices.print(f"Sign in as {first.email} (once, within an hour): {address}{first.path}", soft_wrap=True)
    notices.print(f"Septima is at {address}; stop it with Ctrl+C", soft_wrap=True)
    run(host, port, workers=workers, development=development, alone=alone)


@serve_commands.command()
def worker(directory: Directory) -> None:
    """Do what the web application leaves to the background: loads, the schedule, letters, and what comes over HTTP.

    `serve` does this too, unless it is told --without-worker.
    """
    try:
        from septima.web.server import work
        from septima.web.site import open_site
    except ModuleNotFoundError as error:
        raise _not_installed(error) from error
    from septima.cli.output import notices

    folder = open_site(Path(directory))
    notices.print(f"Working for the site in {folder}; stop it with Ctrl+C", soft_wrap=True)
    work()


def _not_installed(error: ModuleNotFoundError) -> SeptimaError:
    return SeptimaError(f"the site needs {error.name}, which is not installed: pip install 'septima[web,report]'")
