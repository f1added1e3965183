"""What the files of `deploy/` say."""

import re
import shlex
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
FOLDER = "/var/lib/septima"


@cache
def documents(path: Path) -> list[dict[str, Any]]:
    return list(YAML(typ="safe").load_all(path.read_text(encoding="utf-8")))


def compose() -> dict[str, Any]:
    return documents(DEPLOY / "compose.yaml")[0]


def manifests() -> list[dict[str, Any]]:
    return [one for path in sorted((DEPLOY / "kubernetes").glob("*.yaml")) for one in documents(path)]


def pods() -> dict[str, dict[str, Any]]:
    """The template of the pods of each manifest that has one, by kind and name."""
    found: dict[str, dict[str, Any]] = {}
    for one in manifests():
        spec = one.get("spec", {})
        spec = spec.get("jobTemplate", {}).get("spec", spec)
        if "template" in spec:
            found[f"{one['kind']}/{one['metadata']['name']}"] = spec["template"]
    return found


def containers() -> list[dict[str, Any]]:
    return [
        one for pod in pods().values() for one in [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]
    ]


def shared_settings() -> dict[str, str]:
    """The shared file of settings, without comments."""
    lines = (DEPLOY / "septima.env").read_text(encoding="utf-8").splitlines()
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name: value for name, _, value in pairs}


def unit(name: str) -> dict[str, list[str]]:
    """The settings of a systemd unit, each with all its values."""
    found: dict[str, list[str]] = {}
    for line in (DEPLOY / "systemd" / name).read_text(encoding="utf-8").splitlines():
        if "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


def commands() -> list[list[str]]:
    """All commands of Septima that the files begin, as words."""
    found = [service["command"] for service in compose()["services"].values() if "command" in service]
    found += [one["args"] for one in containers() if one["image"] == "septima"]
    dockerfile = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    found += [YAML(typ="safe").load(one) for one in re.findall(r"^CMD (\[.*\])$", dockerfile, re.MULTILINE)]
    found += [
        shlex.split(line.replace("%%", "%"))
        for path in sorted((DEPLOY / "systemd").glob("*.service"))
        for line in unit(path.name)["ExecStart"]
    ]
    return [command for words in found for command in _of_septima([str(word) for word in words])]


def _of_septima(words: list[str]) -> list[list[str]]:
    """The commands of Septima among the words of a command, which may be one of the shell."""
    if Path(words[0]).name != "sh":
        return [words[1:]] if Path(words[0]).name == "septima" else []
    told = shlex.shlex(words[-1], posix=True, punctuation_chars=True)
    told.whitespace_split = True
    found: list[list[str]] = [[]]
    for word in told:
        if word in {"&&", "||", ";"}:
            found.append([])
        elif word not in {"exec", "do", "until"}:
            found[-1].append(word)
    return [command for one in found if one for command in _of_septima(one)]
