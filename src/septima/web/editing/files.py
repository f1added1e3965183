"""The definition files of a workspace: which there can be, what each is for, what one begins with."""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from septima.metrics.custom import FOLDER, starter
from septima.schema import SeptimaError, Text
from septima.scorecard.audit import definition_texts
from septima.scorecard.goals.starter import starter_goals
from septima.scorecard.journey.reading import starter_journey
from septima.scorecard.processes.reading import starter_processes
from septima.scorecard.rollout.reading import starter_rollout
from septima.scorecard.starter import starter_definition
from septima.workspace import Workspace

_METRICS = re.compile(r"metrics/[A-Za-z0-9][A-Za-z0-9_-]{0,60}\.ya?ml")
_MAPPING = re.compile(r"(?:source|sources|mappings)/[A-Za-z0-9][A-Za-z0-9_-]{0,60}\.ya?ml|mapping\.yaml")


@dataclass(frozen=True)
class Kind:
    """What a file is: `id` names its form, `may_begin` says whether the site can make the file."""

    id: str
    name: Text
    about: Text
    may_begin: bool = True


KINDS = {
    "scorecard.yaml": Kind(
        "scorecard",
        Text("Scorecard", "Карта показателей"),
        Text("Perspectives, KPIs, weights, targets, thresholds", "Перспективы, показатели, веса, цели, пороги"),
    ),
    "goals.yaml": Kind(
        "goals",
        Text("Goals", "Цели"),
        Text("What is to be reached, in which order, by when", "Чего достичь, в каком порядке и к какому сроку"),
    ),
    "cascade.yaml": Kind(
        "cascade",
        Text("Cascade", "Каскад"),
        Text("Which department answers for what", "Какое подразделение за что отвечает"),
    ),
    "processes.yaml": Kind(
        "processes",
        Text("Processes", "Процессы"),
        Text("The IDEF0 model and the KPIs of its boxes", "Модель IDEF0 и показатели её блоков"),
    ),
    "journey.yaml": Kind(
        "journey",
        Text("Customer journey", "Путь клиента"),
        Text("Stages, touchpoints and their figures", "Этапы, точки контакта и их показатели"),
    ),
    "rollout.yaml": Kind(
        "rollout",
        Text("Roll-out", "Внедрение"),
        Text("Phases, milestones and measures of success", "Этапы, вехи и признаки успеха"),
    ),
    "alerts.yaml": Kind(
        "alerts",
        Text("Alerts", "Оповещения"),
        Text("When somebody has to look, and who", "Когда и кому обратить внимание"),
    ),
    "septima.yaml": Kind(
        "settings",
        Text("Settings", "Параметры"),
        Text("Name, currency, language, fiscal year, engine", "Название, валюта, язык, финансовый год, движок"),
        may_begin=False,
    ),
}
METRICS_KIND = Kind(
    "metrics",
    Text("Own metrics", "Собственные метрики"),
    Text("Metrics of the company’s own", "Метрики самой компании"),
)
MAPPING_KIND = Kind(
    "mapping",
    Text("Mapping", "Разметка файлов"),
    Text("Which column of a source is which of ours", "Какая колонка источника какой из наших соответствует"),
    may_begin=False,
)


class FileError(SeptimaError):
    """A name that is no definition file, or a file that cannot be read."""


def kind_of(name: str) -> Kind:
    """What the file of this name is; FileError where it defines nothing, so that no other file can be reached."""
    if name in KINDS:
        return KINDS[name]
    if _METRICS.fullmatch(name):
        return METRICS_KIND
    if _MAPPING.fullmatch(name):
        return MAPPING_KIND
    raise FileError(
        Text(
            f"{name!r} is no definition file", f"«{name}»\u00a0— не\u00a0файл определений; выберите файл из\u00a0списка"
        )
    )


def names(directory: Path) -> list[str]:
    """All files that are there or can be begun, in the order in which they are shown."""
    own = sorted(f"{FOLDER}/{path.name}" for path in (directory / FOLDER).glob("*.y*ml"))
    mappings = sorted(
        path.relative_to(directory).as_posix()
        for pattern in ("mapping.yaml", "source/*.y*ml", "sources/*.y*ml", "mappings/*.y*ml")
        for path in directory.glob(pattern)
    )
    return [
        *KINDS,
        *(name for name in own if _METRICS.fullmatch(name)),
        *(one for one in mappings if _MAPPING.fullmatch(one)),
    ]


def text_of(directory: Path, name: str) -> str | None:
    """The text of a file as it stands, None where there is none; FileError where it is no text."""
    kind_of(name)
    path = directory / name
    if not path.resolve().is_relative_to(directory.resolve()):
        raise FileError(
            Text(
                f"{name} leads out of the workspace; put the file itself there",
                f"{name} ведёт за\u00a0пределы рабочего пространства; положите туда сам файл",
            )
        )
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(
            Text(
                f"{name} cannot be read as UTF-8 text: {error}; save it as UTF-8",
                f"{name} не\u00a0прочитать как текст в\u00a0UTF-8: {error}; сохраните его в\u00a0UTF-8",
            )
        ) from error


def texts_with(directory: Path, name: str, text: str) -> dict[str, str]:
    """All texts that define the workspace, with this one in place of what the file holds."""
    return {**definition_texts(directory), name: text}


def digest_of(text: str | None) -> str:
    """What tells one text from another; empty for no file."""
    return "" if text is None else hashlib.sha256(text.encode()).hexdigest()


def starting_text(workspace: Workspace, name: str) -> str:  # noqa: PLR0911 - one text for each kind
    """What a file that is not there yet begins with; FileError where the site makes none."""
    kind = kind_of(name)
    today = workspace.settings.calendar.today(datetime.now(UTC))
    match kind.id:
        case "scorecard":
            return starter_definition()
        case "goals":
            return starter_goals(workspace.definition, today)
        case "processes":
            return starter_processes()
        case "journey":
            return starter_journey()
        case "rollout":
            return starter_rollout()
        case "alerts":
            return "grain: quarter\nrules:\n- id: bad\n  kind: state\n  severity: warning\n  quiet: 14\n"
        case "cascade":
            first = workspace.definition.kpis[0].id
            return (
                "departments:\n- id: support\n  name: {en: Customer support, ru: Поддержка клиентов}\n\n"
                f"kpis:\n- kpi: {first}\n  departments: {{support: 1}}\n"
            )
        case "metrics":
            return starter(_metric_id(name))
        case _:
            raise FileError(
                Text(
                    f"{name} is made where the data are loaded, not here",
                    f"{name} создаётся не\u00a0здесь, а\u00a0при загрузке данных",
                )
            )


def _metric_id(name: str) -> str:
    """An id for the first metric of a file, after the file's name."""
    stem = re.sub(r"[^a-z0-9]+", "_", Path(name).stem.lower()).strip("_")
    return stem if re.match("[a-z]", stem) else f"metric_{stem}".rstrip("_")
