"""Whose keys are known: `keys/known.yaml` holds the fingerprint of each partner by name."""

import io
import re
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from septima.durable import write_over
from septima.schema import Text
from septima.scorecard.benchmark.errors import BenchmarkError
from septima.scorecard.benchmark.files import Signed
from septima.scorecard.benchmark.signature import KEYS
from septima.scorecard.nodes import read_node

FILE = "known.yaml"
_FINGERPRINT = re.compile(r"[0-9a-f]{64}")


def known_keys(workspace: Path) -> dict[str, str]:
    """The fingerprints that this workspace trusts, by name; none where nobody was trusted yet.

    DefinitionError where the file is broken, naming the line.
    """
    path = workspace / KEYS / FILE
    if not path.exists():
        return {}
    node = read_node(path, "Name of a partner", Text("trust somebody first", "сначала добавьте того, кому доверяете"))
    known: dict[str, str] = {}
    for name in node.data:
        found = node.string(str(name))
        if found is None or not _FINGERPRINT.fullmatch(found):
            raise node.wrong(
                str(name),
                f"{found!r} is no fingerprint; write the 64 hexadecimal digits that the partner told you",
                f"«{found}»\u00a0— не\u00a0отпечаток; укажите 64 шестнадцатеричные цифры, которые сообщил партнёр",
            )
        twice = next((other for other, print_ in known.items() if print_ == found), None)
        if twice is not None:
            raise node.wrong(
                str(name),
                f"{twice!r} has the same key; keep one name for it",
                f"у\u00a0«{twice}» тот\u00a0же ключ; оставьте для него одно имя",
            )
        known[str(name)] = found
    return known


def name_of(file: Signed, known: dict[str, str]) -> str | None:
    """Under which name the key of a file is trusted; None where it is not.

    BenchmarkError where the file bears the name of a partner and another key.
    """
    claimed = file.content.organisation
    if claimed in known and known[claimed] != file.fingerprint:
        raise BenchmarkError(
            Text(
                f"{file.path}: says it is from {claimed!r} but is signed with another key ({file.fingerprint[:16]}…) than the one "
                f"that you trust ({known[claimed][:16]}…); ask them by telephone, and if they have a new key, remove their line "
                f"from {KEYS}/{FILE} and run: septima benchmark trust DIR {file.path} --name '{claimed}'",
                f"{file.path}: называет себя «{claimed}», но\u00a0подписан другим ключом ({file.fingerprint[:16]}…), "
                f"а\u00a0не\u00a0тем, которому вы доверяете ({known[claimed][:16]}…); спросите их по\u00a0телефону и, "
                f"если ключ у\u00a0них новый, удалите их строку из\u00a0{KEYS}/{FILE} и\u00a0выполните: septima "
                f"benchmark trust DIR {file.path} --name '{claimed}'",
            )
        )
    return next((name for name, trusted in known.items() if trusted == file.fingerprint), None)


def trust(workspace: Path, file: Signed, name: str) -> Path:
    """Keep the key of a file under a name; returns the path of the list.

    BenchmarkError where the name is taken by another key, or the key by another name.
    """
    known = known_keys(workspace)
    path = workspace / KEYS / FILE
    if known.get(name, file.fingerprint) != file.fingerprint:
        raise BenchmarkError(
            Text(
                f"{path}: {name!r} is trusted with another key already; if the new one is right, remove that line first",
                f"{path}: «{name}» уже доверен другой ключ; если верен новый, сначала удалите эту строку",
            )
        )
    other = next((kept for kept, trusted in known.items() if trusted == file.fingerprint and kept != name), None)
    if other is not None:
        raise BenchmarkError(
            Text(
                f"{path}: this key is trusted as {other!r} already; remove that line to rename it",
                f"{path}: этому ключу уже доверяют под именем «{other}»; чтобы переименовать, удалите ту строку",
            )
        )
    content = CommentedMap({**known, name: file.fingerprint})
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    written = io.StringIO()
    YAML(typ="rt").dump(content, written)
    write_over(path, written.getvalue())
    return path
