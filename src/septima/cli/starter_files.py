"""Files to begin with, as `--new` writes them."""

from pathlib import Path

from septima.cli.output import Format, print_json, say
from septima.durable import write_new
from septima.schema import SeptimaError


def write_starter(path: Path, text: str, next_step: str, form: Format) -> None:
    """Write a commented file, whole or not at all, and say what to do next; SeptimaError where there is one already."""
    try:
        write_new(path, text)
    except FileExistsError:
        raise SeptimaError(f"{path} is there already; change it, or remove it first") from None
    if form is Format.json:
        print_json({"file": str(path)})
    else:
        say(f"Written to {path}. Change it to your needs, then: {next_step}")
