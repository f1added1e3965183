"""What is wrong with the text of a definition file, told by the library's own readers."""

import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ruamel.yaml.error import YAMLError

from septima.lake.mapping import MappingError, parse_mapping
from septima.metrics.custom import OwnMetricsError
from septima.schema import SeptimaError
from septima.scorecard import ScorecardDefinition
from septima.scorecard.alerts.reading import read_alerts
from septima.scorecard.cascade.reading import parse_cascade
from septima.scorecard.composite import rescale, weights_average_one
from septima.scorecard.goals.reading import parse_goals
from septima.scorecard.journey.reading import parse_journey
from septima.scorecard.processes.reading import parse_processes
from septima.scorecard.reading import parse_definition
from septima.scorecard.rollout.reading import parse_rollout
from septima.settings import FILE as SETTINGS_FILE
from septima.settings import Settings, parse_settings
from septima.web.common.language import current_language, error_text, say
from septima.web.editing.files import MAPPING_KIND, kind_of, text_of, texts_with
from septima.web.editing.limits import refusal
from septima.web.editing.mistakes import Mistake, told
from septima.workspace import SCORECARD_FILE, metrics_of

SHAPE_ERRORS = (YAMLError, ValueError, TypeError, LookupError, AttributeError, RecursionError)
"""What readers raise of content that is of no shape they know, such as a number for a key."""


def mistakes(directory: Path, name: str, text: str, employees: frozenset[str] | None = None) -> tuple[Mistake, ...]:
    """All that keeps a text from taking the place of the file: in itself, and what it would break in other files.

    `employees` are ids of the table of employees, which a cascade may name; where left out, any may be named.
    """
    refused = refusal(text)
    if refused is not None:
        return (refused,)
    if kind_of(name) is MAPPING_KIND:
        return tuple(_reading(name, lambda: parse_mapping(text, Path(name).absolute())))
    texts = texts_with(directory, name, text)
    own = tuple(_of_file(texts, name, employees))
    if own or text_of(directory, name) == text:  # what is in force already breaks nothing anew
        return own
    return tuple(_broken_elsewhere(directory, texts, name))


def settings_of(texts: Mapping[str, str]) -> Settings:
    """The settings among the texts."""
    return parse_settings(texts.get(SETTINGS_FILE, ""), Path(SETTINGS_FILE))


def _broken_elsewhere(directory: Path, texts: Mapping[str, str], name: str) -> Iterator[Mistake]:
    """What the change breaks in files that were right before it."""
    dependents = {
        "scorecard": ("goals.yaml", "cascade.yaml", "processes.yaml", "alerts.yaml"),
        "metrics": (SCORECARD_FILE, "journey.yaml", "rollout.yaml"),
        "settings": (SCORECARD_FILE, "goals.yaml"),
    }.get(kind_of(name).id, ())
    if name.startswith("metrics/"):
        dependents = (*(one for one in texts if one.startswith("metrics/") and one != name), *dependents)
    before = {**texts}
    old = directory / name
    if old.is_file():
        before[name] = old.read_text(encoding="utf-8-sig", errors="replace")
    else:
        before.pop(name, None)
    for other in dependents:
        if other not in texts:
            continue
        found = tuple(_of_file(texts, other, None))
        if found and not tuple(_of_file(before, other, None)):
            for one in found:
                yield Mistake(
                    say(
                        f"with this, {other} would no longer hold: {one.message}. Change {other} first",
                        f"после этого перестанет действовать {other}: {one.message}. Сначала измените {other}",
                    ),
                    file=other,
                )


def _of_file(texts: Mapping[str, str], name: str, employees: frozenset[str] | None) -> Iterator[Mistake]:
    text, kind = texts[name], kind_of(name).id
    if kind == "settings":
        yield from _reading(name, lambda: parse_settings(text, Path(name)))
        return
    if kind == "metrics":
        yield from _reading(name, lambda: metrics_of(texts, settings_of(texts)))
        return
    try:
        settings = settings_of(texts)
        metrics = metrics_of(texts, settings)
    except SeptimaError as error:
        yield Mistake(
            say(f"mend another file first: {error}", f"сначала исправьте другой файл: {error.statement.ru}"),
        )
        return
    if kind == "scorecard":
        found = list(_reading(name, lambda: parse_definition(text, file=name, metrics=metrics)))
        yield from found or _weights(parse_definition(text, file=name, metrics=metrics))
        return
    readers: dict[str, Callable[[], Any]] = {
        "journey": lambda: parse_journey(text, metrics),
        "rollout": lambda: parse_rollout(text, metrics),
    }
    if kind in readers:
        yield from _reading(name, readers[kind])
        return
    try:
        scorecard = parse_definition(texts.get(SCORECARD_FILE, ""), metrics=metrics)
    except (SeptimaError, *SHAPE_ERRORS) as error:
        problem = error_text(error)
        yield Mistake(say(f"mend the scorecard first: {problem}", f"сначала исправьте карту: {problem}"))
        return
    known = _Anyone() if employees is None else employees
    readers = {
        "goals": lambda: parse_goals(text, scorecard, settings.calendar),
        "cascade": lambda: parse_cascade(text, scorecard, known),
        "processes": lambda: parse_processes(text, scorecard, metrics),
        "alerts": lambda: _alerts(text, scorecard),
    }
    yield from _reading(name, readers[kind])


class _Anyone(frozenset[str]):
    """A set of ids that holds any."""

    def __contains__(self, item: object) -> bool:
        return True


def _alerts(text: str, scorecard: ScorecardDefinition) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "alerts.yaml"
        path.write_text(text, encoding="utf-8")
        read_alerts(path, scorecard)


def _reading(name: str, read: Callable[[], object]) -> Iterator[Mistake]:
    try:
        read()
    except OwnMetricsError as error:
        for mistake in error.mistakes:
            message = mistake.in_language(current_language())
            one = told(message, name)
            yield one if one.line or message.startswith(name) else Mistake(message)
    except MappingError as error:
        yield told(error_text(error), Path(name).name)
    except SeptimaError as error:
        for message in error_text(error).split("\n"):
            yield told(message, name)
    except SHAPE_ERRORS as error:
        problem = " ".join(error_text(error).split())
        yield Mistake(
            say(
                f"cannot be read: {problem}; look for a field of another shape",
                f"не прочитать: {problem}; проверьте вид полей",
            )
        )


def _weights(definition: ScorecardDefinition) -> Iterator[Mistake]:
    """Groups whose weights do not average 1, which the card would leave undefined."""
    groups = [("perspectives", definition.weights, definition.weighting, "CKPIint", None)]
    groups += [
        (f"perspectives.{place}.kpis", one.weights, one.weighting, f"CKPI {one.id}", one.line)
        for place, one in enumerate(definition.perspectives)
    ]
    for group, weights, weighting, composite, line in groups:
        if weighting is not None or weights_average_one(weights):
            continue
        total, count = f"{math.fsum(weights.values()):.10g}", len(weights)
        better = [f"{key}: {weight:g}" for key, weight in rescale(weights).items()]
        russian = "; ".join(better).replace(".", ",")
        yield Mistake(
            say(
                f"the weights of {composite} add up to {total}, but must add up to {count}, so that they average 1; "
                f"in the same proportions: {', '.join(better)}",
                f"сумма весов {composite} равна {total.replace('.', ',')}, а должна быть {count}, чтобы их среднее было 1; "
                f"в тех же пропорциях: {russian}",
            ),
            line,
            group,
        )
