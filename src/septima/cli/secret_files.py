"""Settings whose values are files: of `SEPTIMA_NAME_FILE` the file is read, and stands for `SEPTIMA_NAME`.

So containers and service managers hand secrets over, without showing them to who may see the environment of a container.
"""

from collections.abc import MutableMapping
from pathlib import Path

from septima.schema import SeptimaError, Text

_BEGINS, _ENDS = "SEPTIMA_", "_FILE"


def take_secret_files(environment: MutableMapping[str, str]) -> None:
    """Read the files that are named, and set what they stand for; an empty file sets nothing.

    SeptimaError where a file cannot be read, or where the value itself is given too.
    """
    for name in [one for one in environment if one.startswith(_BEGINS) and one.endswith(_ENDS)]:
        meant, path = name.removesuffix(_ENDS), environment[name]
        if meant in environment:
            raise SeptimaError(
                Text(
                    f"{meant} and {name} are both set; leave one of them out",
                    f"заданы и\u00a0{meant}, и\u00a0{name}; уберите одно",
                )
            )
        try:
            value = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "it is no text"
            raise SeptimaError(
                Text(f"{name}: {path} cannot be read: {why}", f"{name}: файл {path} не\u00a0читается: {why}")
            ) from None
        if value:
            environment[meant] = value
        # What it stands for is set now; processes that this one begins must not find both.
        del environment[name]
