"""The command line: `septima COMMAND DIR …`."""

import os
import sys

from septima.schema import SeptimaError


def main() -> None:
    """Run the command of `sys.argv`; an error is one clear line and exit code 1, a traceback only with `--debug`."""
    from septima.cli.commands import application
    from septima.cli.secret_files import take_secret_files

    arguments = [argument for argument in sys.argv[1:] if argument != "--debug"]
    debug = len(arguments) < len(sys.argv) - 1
    try:
        take_secret_files(os.environ)
        application(arguments, prog_name="septima")
    except (SeptimaError, OSError) as error:
        if debug:
            raise
        fail(_sentence(error))
    except Exception as error:  # a person is told in one line; --debug shows the rest
        if debug:
            raise
        fail(
            f"unexpected error, a fault of the program: {type(error).__name__}: {_sentence(error)} (add --debug to see where)"
        )


def fail(message: str) -> None:
    """Print one line to standard error and end with code 1."""
    sys.stderr.write(f"septima: {message}\n")
    raise SystemExit(1)


def _sentence(error: Exception) -> str:
    return " ".join(str(error).split())
