"""Metrics that the company adds itself, in YAML files of its workspace.

A file is read (`reading`), its expressions are checked and turned into Ibis (`expressions`), and its metrics are
built (`building`, `derived`) into ones like those of the catalogue.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from septima.metrics.catalogue import catalogue
from septima.metrics.custom.building import build
from septima.metrics.custom.definition import OwnMetric, OwnMetricsError
from septima.metrics.custom.derived import build_derived
from septima.metrics.custom.reading import OwnFiles, read_files
from septima.metrics.custom.starter import starter
from septima.metrics.definition import Metric
from septima.schema import Text
from septima.schema.wording import hinted, near, placed, unreadable_text

FOLDER = "metrics"


def own_files(folder: Path) -> tuple[tuple[str, str], ...]:
    """The metric files of a folder as pairs of name and text, in the order of names; none where there is no folder."""
    mistakes: list[Text] = []
    found: list[tuple[str, str]] = []
    for path in sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")]):
        name = f"{folder.name}/{path.name}"
        try:
            found.append((name, path.read_text(encoding="utf-8-sig")))
        except (OSError, UnicodeDecodeError) as error:
            mistakes.append(unreadable_text(error).after(f"{name}: "))
    if mistakes:
        raise OwnMetricsError(tuple(mistakes))
    return tuple(found)


def own_metrics(
    files: Sequence[tuple[str, str]],
    *,
    allow_sql: bool = False,
    settings: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, Metric]:
    """The metrics of `files` (pairs of name and text) by id, in the order in which they stand there.

    `settings` are the workspace's own parameters by metric id, which hold for the parts of derived metrics too.
    OwnMetricsError names every mistake with file and line.
    """
    given = _Settings(repr(sorted((settings or {}).items())), settings or {})
    return dict(_own_metrics(tuple(files), allow_sql, given))


@dataclass(frozen=True)
class _Settings:
    """Settings that are told apart by their content."""

    content: str
    values: Mapping[str, Mapping[str, Any]] = field(compare=False)


@lru_cache(maxsize=16)
def _own_metrics(files: tuple[tuple[str, str], ...], allow_sql: bool, settings: _Settings) -> dict[str, Metric]:
    known = catalogue()
    found = read_files(files, known, allow_sql=allow_sql)
    builder = _Builder(found, known, settings.values)
    metrics = {id_: metric for id_ in found.metrics if (metric := builder.metric(id_)) is not None}
    if found.mistakes:
        raise OwnMetricsError(tuple(found.mistakes))
    return metrics


class _Builder:
    """Builds metrics each after those that it is derived from."""

    def __init__(self, found: OwnFiles, known: Mapping[str, Metric], settings: Mapping[str, Mapping[str, Any]]) -> None:
        self._found = found
        self._known = known
        self._settings = settings
        self._built: dict[str, Metric | None] = {}
        self._way: list[str] = []

    def metric(self, id_: str) -> Metric | None:
        """The metric called so; None where it, or one that it needs, is wrong."""
        if id_ in self._known:
            return self._known[id_]
        if id_ not in self._built and id_ in self._found.metrics:
            described = self._found.metrics[id_]
            self._built[id_] = None
            self._way.append(id_)
            self._built[id_] = build(described) if described.formula is None else self._derived(described)
            self._way.pop()
        return self._built.get(id_)

    def _derived(self, described: OwnMetric) -> Metric | None:
        formula = described.formula
        parts: dict[str, Metric] = {}
        for name in () if formula is None else formula.metrics:
            if name in self._way:
                circle = " → ".join([*self._way[self._way.index(name) :], name])
                self._wrong(
                    described,
                    f"the metrics are derived from one another in a circle: {circle}",
                    f"метрики выведены друг из\u00a0друга по\u00a0кругу: {circle}",
                )
                continue
            if name not in self._known and name not in self._found.places:
                every = [*self._known, *self._found.places]
                self._wrong(
                    described,
                    f"`formula` names {name!r}, which is no metric",
                    f"`formula` называет «{name}», а\u00a0такой метрики нет",
                    near(name, every),
                )
                continue
            part = self.metric(name)
            if part is not None:
                parts[name] = part
        if formula is None or len(parts) < len(formula.metrics):
            return None
        return self._joined(described, parts)

    def _joined(self, described: OwnMetric, parts: Mapping[str, Metric]) -> Metric | None:
        apart = {name: part.within for name, part in parts.items()}
        if len(set(apart.values())) > 1:
            name = next(name for name, within in apart.items() if within)
            self._wrong(
                described,
                f"{name!r} is counted by {', '.join(apart[name])} within and joins with no other metric",
                f"«{name}» считается внутри {', '.join(apart[name])} и\u00a0с\u00a0другими метриками "
                "не\u00a0соединяется",
            )
            return None
        inner, own = {}, {}
        for name, value in described.parameters.items():
            part, dot, parameter = name.rpartition(".")
            if not dot:
                own[name] = value
            elif part in parts and parameter in parts[part].passport.parameters:
                inner.setdefault(part, {})[parameter] = value
            else:
                known = [f"{one}.{key}" for one, metric in parts.items() for key in metric.passport.parameters]
                self._wrong(
                    described,
                    f"there is no parameter {name!r} of a part",
                    f"у\u00a0частей нет параметра «{name}»",
                    near(name, known),
                )
        settings = {name: {**self._settings.get(name, {}), **inner.get(name, {})} for name in parts}
        print_of_parts = [f"{part.id} v{part.passport.version} {part.passport.fingerprint}" for part in parts.values()]
        content = "\n".join([described.fingerprint, *print_of_parts])
        fingerprint = hashlib.sha256(content.encode()).hexdigest()[:8]
        return build_derived(replace(described, parameters=own, fingerprint=fingerprint), parts, settings)

    def _wrong(self, described: OwnMetric, en: str, ru: str, hint: Text | None = None) -> None:
        said = Text(en, ru) if hint is None else hinted(en, ru, hint)
        self._found.mistakes.append(placed(described.place, said))


__all__ = ["FOLDER", "OwnMetricsError", "own_files", "own_metrics", "starter"]
