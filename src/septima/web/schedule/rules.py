"""The schedule of a workspace, as its `schedule.yaml` has it: what is done by itself, and when.

    rules:
      - name: orders of the night
        do: fetch
        what: crm
        cron: "30 2 * * *"

Moments are those of Debian's cron, in the time zone of the workspace, also where clocks are put forward or back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from filelock import FileLock
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from septima.connect.definition import connection_names
from septima.durable import write_over
from septima.report import FORMATS
from septima.schema import Text
from septima.schema.wording import hinted
from septima.scorecard.definition import DefinitionError
from septima.scorecard.nodes import Node, load_node, near
from septima.workspace import Workspace

FILE = "schedule.yaml"
"""Name of the file within a workspace."""

Doing = Literal["fetch", "load", "compute", "alerts", "report"]
DOINGS: dict[Doing, Text] = {
    "fetch": Text("Fetch by a connection", "Получить данные по\u00a0подключению"),
    "load": Text("Load files by a mapping", "Загрузить файлы по\u00a0сопоставлению"),
    "compute": Text("Compute figures and renew the card", "Вычислить показатели и\u00a0обновить карту"),
    "alerts": Text("Check the alert rules and tell of them", "Проверить правила оповещений и\u00a0оповестить"),
    "report": Text("Make a report on the newest card", "Составить отчёт по\u00a0новейшей карте"),
}
ALL = "all"
"""Instead of the name of a connection: each of them, one after the other."""

_FIELDS = ("name", "do", "what", "cron")
_MOST_RULES = 100
_NO_MAPPINGS = frozenset({"audit", "connections", "lake", "site"})


@dataclass(frozen=True)
class Rule:
    """What is done, of what (a connection, a mapping, a form of reports, or nothing), and when."""

    name: str
    do: Doing
    what: str
    cron: str
    zone: str
    file: str = ""
    line: int = 0

    @property
    def key(self) -> str:
        """What makes it this rule: one with another moment or another thing to do is another rule, whatever it is called."""
        return f"{self.do} {self.what} {self.cron} {self.zone}"

    def next_after(self, moment: datetime) -> datetime:
        """The first moment after this one at which it is due."""
        return next(CronSim(self.cron, moment.astimezone(ZoneInfo(self.zone)))).astimezone(UTC)

    def last_before(self, moment: datetime) -> datetime:
        """The last moment before this one at which it was due."""
        return next(CronSim(self.cron, moment.astimezone(ZoneInfo(self.zone)), reverse=True)).astimezone(UTC)


def read_rules(workspace: Workspace) -> list[Rule]:
    """The rules of a workspace, none where it has no schedule; DefinitionError with file, line and remedy.

    A connection or a mapping that is gone is told by the rule's work when it is due, so that it keeps no other rule from its.
    """
    path = workspace.directory / FILE
    if not path.exists():
        return []
    return _rules(workspace, path.read_text(encoding="utf-8"))


def add_rule(workspace: Workspace, name: str, do: str, what: str, cron: str) -> None:
    """Write one more rule into `schedule.yaml`; DefinitionError where it, or what stands there, is wrong, and nothing is written."""
    _check_what(workspace, do, what)
    with _alone(workspace):
        content, rules = _content(workspace)
        entry = CommentedMap({"name": name, "do": do, **({"what": what} if what else {}), "cron": cron})
        rules.append(entry)
        _write(workspace, content)


def remove_rule(workspace: Workspace, key: str) -> bool:
    """Take a rule out of `schedule.yaml`; False where it is not there."""
    with _alone(workspace):
        content, rules = _content(workspace)
        place = next((place for place, rule in enumerate(read_rules(workspace)) if rule.key == key), None)
        if place is None:
            return False
        del rules[place]
        _write(workspace, content)
    return True


def _rules(workspace: Workspace, text: str) -> list[Rule]:
    node = load_node(text, str(workspace.directory / FILE), "rules")
    node.only(("rules",))
    nodes = node.items("rules")
    found = [_rule(workspace, each) for each in nodes]
    if len(found) > _MOST_RULES:
        raise node.wrong(
            "rules",
            f"there are more than {_MOST_RULES} rules; let one rule do more",
            f"правил больше {_MOST_RULES}; пусть одно правило делает больше",
        )
    known: set[str] = set()
    for rule in found:
        if rule.key in known:
            raise DefinitionError(
                Text(
                    f"{rule.file}, line {rule.line}: another rule does the same at the same time; remove one of them",
                    f"{rule.file}, строка {rule.line}: другое правило делает то\u00a0же в\u00a0то\u00a0же время; удалите одно из них",
                )
            )
        known.add(rule.key)
    return found


def _rule(workspace: Workspace, node: Node) -> Rule:
    node.only(_FIELDS)
    do = node.choice("do", DOINGS)
    if do is None:
        raise node.wrong(None, "there is no `do`", "нет `do`", near("", DOINGS))
    cron = " ".join((node.string("cron") or "").split())
    zone = workspace.settings.calendar.time_zone
    what = node.string("what") or ""
    name = (node.string("name") or f"{do} {what}".strip())[:100]
    rule = Rule(name, do, what, cron, zone, node.file, node.line())
    try:
        rule.next_after(datetime.now(UTC))
    except (CronSimError, StopIteration):
        raise node.wrong(
            "cron",
            f"{cron!r} is no time to do something at; write minute, hour, day, month and weekday, such as '30 2 * * *' for half "
            "past two each night",
            f"«{cron}» не\u00a0задаёт времени; запишите минуту, час, день, месяц и\u00a0день недели, например '30 2 * * *'\u00a0— "
            "каждую ночь в\u00a0половине третьего",
        ) from None
    return rule


def _check_what(workspace: Workspace, do: str, what: str) -> None:
    """DefinitionError where a rule is to do something of what there is not."""
    if do == "fetch":
        known = [ALL, *connection_names(workspace.directory)]
        if what not in known:
            said = hinted(f"there is no connection {what!r}", f"нет подключения «{what}»", near(what, known))
            raise DefinitionError(said)
    elif do == "report":
        if what not in FORMATS:
            said = hinted(f"there is no report form {what!r}", f"нет вида отчёта «{what}»", near(what, FORMATS))
            raise DefinitionError(said)
    elif do == "load":
        if not mapping_path(workspace, what).is_file():
            raise DefinitionError(
                Text(
                    f"there is no mapping {what!r} in the workspace; give its path from there, such as mappings/shop.yaml",
                    f"в\u00a0рабочем пространстве нет сопоставления «{what}»; укажите путь от\u00a0него, например mappings/shop.yaml",
                )
            )
    elif what:
        raise DefinitionError(
            Text(f"`{do}` is done of nothing; leave `what` out", f"для `{do}` не\u00a0нужно `what`; удалите его")
        )


def mapping_path(workspace: Workspace, what: str) -> Path:
    """The mapping that a rule names; a path that leads out of the workspace is none there is."""
    path = (workspace.directory / what).resolve()
    return path if path.is_relative_to(workspace.directory.resolve()) else workspace.directory / "absent"


def _alone(workspace: Workspace) -> FileLock:
    return FileLock(workspace.directory / f".{FILE}.lock", timeout=10)


def _content(workspace: Workspace) -> tuple[CommentedMap, "CommentedSeq | list[CommentedMap]"]:
    """The file as it is laid out, and the rules in it; DefinitionError where it is wrong."""
    path = workspace.directory / FILE
    if not path.exists():
        rules = CommentedSeq()
        return CommentedMap({"rules": rules}), rules
    node = load_node(path.read_text(encoding="utf-8"), str(path), "rules")
    node.items("rules")  # a list, or refused
    if node.data.get("rules") is None:
        node.data["rules"] = CommentedSeq()
    return node.data, node.data["rules"]


def _write(workspace: Workspace, content: CommentedMap) -> None:
    yaml = YAML(typ="rt")
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = 4096
    written = StringIO()
    yaml.dump(content, written)
    _rules(workspace, written.getvalue())
    write_over(workspace.directory / FILE, written.getvalue())


def whats(workspace: Workspace) -> dict[Doing, Sequence[str]]:
    """What each thing can be done of, to choose from."""
    folders = [each for each in workspace.directory.iterdir() if each.is_dir() and each.name not in _NO_MAPPINGS]
    mappings = [
        str(path.relative_to(workspace.directory))
        for folder in [workspace.directory, *folders]
        for path in sorted(folder.glob("*.yaml"))
        if "files:" in path.read_text(encoding="utf-8", errors="replace").splitlines()
    ]
    connections = connection_names(workspace.directory)
    return {"fetch": [ALL, *connections] if connections else [], "load": mappings, "report": list(FORMATS)}
