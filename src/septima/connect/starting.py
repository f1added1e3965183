"""A definition to begin with."""

from pathlib import Path

from septima.connect.definition import FOLDER, definition_path
from septima.connect.kinds import KINDS
from septima.durable import write_new, write_once
from septima.schema import Text
from septima.schema.wording import hinted, near
from septima.scorecard.definition import DefinitionError

_IGNORED = "# Secrets and what is on the way are not to be shared.\n*.secrets\nwork/\n"


def write_starter(workspace: Path, kind: str, name: str) -> Path:
    """Write a commented definition of that kind; DefinitionError where there is no such kind, or the name is taken."""
    if kind not in KINDS:
        raise DefinitionError(hinted(f"there is no kind {kind!r}", f"нет вида «{kind}»", near(kind, KINDS)))
    path = definition_path(workspace, name)
    write_once(workspace / FOLDER / ".gitignore", _IGNORED)
    text = (
        KINDS[kind]
        .starter.replace("SEPTIMA_NAME_", f"SEPTIMA_{name.upper()}_")
        .replace("NAME.secrets", f"{name}.secrets")
    )
    try:
        write_new(path, text)
    except FileExistsError:
        raise DefinitionError(
            Text(
                f"{path} is there already; choose another name, or remove it",
                f"{path} уже есть; выберите другое имя или удалите его",
            )
        ) from None
    return path
