"""What the card would be with another weight, target or value: suppositions, applied to a definition and to figures."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from septima.durable import write_over
from septima.schema import SeptimaError, Text
from septima.scorecard.card import Figure
from septima.scorecard.composite import rescale
from septima.scorecard.definition import KpiDefinition, PerspectiveDefinition, ScorecardDefinition
from septima.scorecard.history import KpiHistory
from septima.scorecard.weighting import DATA_METHODS

Field = Literal["value", "target", "weight"]
FIELDS: tuple[Field, ...] = get_args(Field)
FOLDER = "what-if"
_FORM = re.compile(r"(?P<id>[\w-]+)\.(?P<field>\w+)\s*=\s*(?P<number>[^=\s][^=]*)")
_NAME = re.compile(r"\w[\w-]*")


class WhatIfError(SeptimaError):
    """A supposition that cannot be made; the message says which can."""


@dataclass(frozen=True)
class Supposition:
    """Another number for a KPI (its value, target or weight) or a perspective (its weight), by id."""

    id: str
    field: Field
    number: float

    def __str__(self) -> str:
        return f"{self.id}.{self.field}={self.number:g}"


def read_supposition(text: str) -> Supposition:
    """A supposition as a person writes it: `nps.target=0.5`, `sales.weight=1.4`, `open_rate.value=30%`."""
    found = _FORM.fullmatch(text.strip())
    if found is None:
        raise WhatIfError(
            Text(
                f"{text!r} is no supposition; write ID.FIELD=NUMBER, such as nps.target=0.5 or sales.weight=1.4",
                f"«{text}»\u00a0— не\u00a0предположение; пишите ID.ПОЛЕ=ЧИСЛО, например nps.target=0.5 или "
                "sales.weight=1.4",
            )
        )
    fields: dict[str, Field] = {field: field for field in FIELDS}
    if found["field"] not in fields:
        raise WhatIfError(
            Text(
                f"{text!r}: there is no field {found['field']!r}; write one of: {', '.join(FIELDS)}",
                f"«{text}»: нет поля «{found['field']}»; укажите одно из: {', '.join(FIELDS)}",
            )
        )
    given = found["number"].strip().replace(",", ".").replace("−", "-")
    try:
        number = float(given.removesuffix("%").strip()) / 100 if given.endswith("%") else float(given)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise WhatIfError(
            Text(
                f"{text!r}: {found['number'].strip()!r} is no number; write it as 0.3 or 30%",
                f"«{text}»: «{found['number'].strip()}»\u00a0— не\u00a0число; пишите 0.3 или 30%",
            )
        )
    return Supposition(found["id"], fields[found["field"]], number)


def supposed_definition(definition: ScorecardDefinition, suppositions: Sequence[Supposition]) -> ScorecardDefinition:
    """The definition with the supposed targets and weights; what is left of a group keeps its proportions.

    WhatIfError where an id is unknown, a weight is not below the number of its group, or a perspective is to have a target.
    """
    perspectives = {perspective.id for perspective in definition.perspectives}
    known = {*perspectives, *(kpi.id for kpi in definition.kpis)}
    own = {kpi.id for kpi in definition.own}
    for one in suppositions:
        if one.id not in known:
            raise WhatIfError(
                Text(
                    f"there is no {one.id!r} on the card; there are: {', '.join(sorted(known))}",
                    f"в\u00a0карте нет «{one.id}»; есть: {', '.join(sorted(known))}",
                )
            )
        if one.id in perspectives and one.field != "weight":
            raise WhatIfError(
                Text(
                    f"{one}: a perspective has a weight only; suppose the {one.field} of one of its KPIs",
                    f"{one}: у\u00a0перспективы есть только вес; предполагайте {one.field} одного из\u00a0её "
                    "показателей",
                )
            )
        if one.id in own and one.field == "weight":
            raise WhatIfError(
                Text(
                    f"{one}: a KPI of your own enters no composite and has no weight",
                    f"{one}: собственный показатель не\u00a0входит в\u00a0индекс и\u00a0не\u00a0имеет веса",
                )
            )
    weights = {one.id: one.number for one in suppositions if one.field == "weight"}
    _refuse_found_weights(definition, weights)
    targets = {one.id: one.number for one in suppositions if one.field == "target"}
    changed = tuple(_supposed_group(perspective, weights, targets) for perspective in definition.perspectives)
    shares = _weights(definition.weights, weights)
    return replace(
        definition,
        perspectives=tuple(replace(one, weight=shares[one.id]) for one in changed),
        own=tuple(_with_target(kpi, targets) for kpi in definition.own),
        weighting=None if perspectives & set(weights) else definition.weighting,
    )


def supposed_histories(
    histories: Mapping[str, KpiHistory], suppositions: Iterable[Supposition]
) -> dict[str, KpiHistory]:
    """The histories with the supposed values in the card's period; a supposed value is exact and rests on no records."""
    found = dict(histories)
    for one in suppositions:
        if one.field == "value":
            history = found[one.id]
            last = replace(history.observations[-1], figure=Figure(one.number), note=None)
            found[one.id] = replace(history, observations=(*history.observations[:-1], last), slices=())
    return found


def save_scenario(workspace: Path, name: str, suppositions: Sequence[Supposition]) -> Path:
    """Keep suppositions under a name; WhatIfError where it is no name or is taken by others."""
    path = _path(workspace, name)
    if path.exists() and tuple(read_scenario(workspace, name)) != tuple(suppositions):
        raise WhatIfError(
            Text(
                f"{path} holds other suppositions; remove it, or take another name",
                f"в\u00a0{path} другие предположения; удалите файл или возьмите другое имя",
            )
        )
    write_over(path, "".join(f"- {one}\n" for one in suppositions))
    return path


def kept_scenarios(workspace: Path) -> list[str]:
    """The names under which suppositions are kept, in their order."""
    return sorted(path.stem for path in (workspace / FOLDER).glob("*.yaml"))


def read_scenario(workspace: Path, name: str) -> tuple[Supposition, ...]:
    """The suppositions that were kept under a name."""
    path = _path(workspace, name)
    try:
        found: object = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        kept = ", ".join(kept_scenarios(workspace))
        raise WhatIfError(
            Text(
                f"there are no suppositions called {name!r}; kept are: {kept or 'none'}; or write ID.FIELD=NUMBER",
                f"нет предположений с\u00a0именем «{name}»; сохранены: {kept or 'ни одного'}; или пишите ID.ПОЛЕ=ЧИСЛО",
            )
        ) from None
    except (YAMLError, UnicodeDecodeError) as error:
        raise WhatIfError(
            Text(
                f"{path}: cannot be read: {' '.join(str(error).split())}",
                f"{path}: не\u00a0прочитать: {' '.join(str(error).split())}",
            )
        ) from error
    if not isinstance(found, list) or not found or not all(isinstance(line, str) for line in found):  # pyright: ignore[reportUnknownVariableType]
        raise WhatIfError(
            Text(
                f"{path}: must be a list of lines such as `- nps.target=0.5`",
                f"{path}: нужен список строк, например `- nps.target=0.5`",
            )
        )
    return tuple(read_supposition(str(line)) for line in found)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


def _path(workspace: Path, name: str) -> Path:
    if not _NAME.fullmatch(name):
        raise WhatIfError(
            Text(
                f"{name!r} is no name for suppositions; use letters, digits, - and _ only",
                f"«{name}» не\u00a0может быть именем предположений; берите только буквы, цифры, - и\u00a0_",
            )
        )
    return workspace / FOLDER / f"{name}.yaml"


def _supposed_group(
    perspective: PerspectiveDefinition, weights: Mapping[str, float], targets: Mapping[str, float]
) -> PerspectiveDefinition:
    shares = _weights(perspective.weights, weights)
    kpis = tuple(_with_target(replace(kpi, weight=shares[kpi.id]), targets) for kpi in perspective.kpis)
    touched = any(kpi.id in weights for kpi in perspective.kpis)
    return replace(perspective, kpis=kpis, weighting=None if touched else perspective.weighting)


def _refuse_found_weights(definition: ScorecardDefinition, weights: Mapping[str, float]) -> None:
    """Weights that are found in the periods are not known here, so none of their group can be supposed."""
    groups = [(definition.weighting, definition.weights)]
    groups += [(perspective.weighting, perspective.weights) for perspective in definition.perspectives]
    for weighting, given in groups:
        mine = [key for key in given if key in weights]
        if mine and weighting is not None and weighting.method in DATA_METHODS:
            raise WhatIfError(
                Text(
                    f"the weight of {mine[0]!r} is found in the periods by {weighting.method}; "
                    "write weights of your own into the scorecard to suppose others",
                    f"вес «{mine[0]}» найден по\u00a0периодам методом {weighting.method}; чтобы предполагать другой, "
                    "впишите в\u00a0карту свои веса",
                )
            )


def _with_target(kpi: KpiDefinition, targets: Mapping[str, float]) -> KpiDefinition:
    return replace(kpi, target=targets[kpi.id], targets=None) if kpi.id in targets else kpi


def _weights(given: Mapping[str, float], supposed: Mapping[str, float]) -> dict[str, float]:
    """The weights of a group with those supposed; the others share what is left in their proportions."""
    mine = {key: supposed[key] for key in given if key in supposed}
    if not mine:
        return dict(given)
    rest = {key: weight for key, weight in given.items() if key not in mine}
    left = len(given) - sum(mine.values())
    if any(weight < 0 for weight in mine.values()) or left < 0 or (not rest and abs(left) > 1e-9):
        told = ", ".join(f"{key} {weight:g}" for key, weight in mine.items())
        raise WhatIfError(
            Text(
                f"the weights {told} cannot be: the {len(given)} of the group are 0 or more and add up to {len(given)}",
                f"веса {told} невозможны: все {len(given)} весов группы не\u00a0меньше 0, и\u00a0их сумма\u00a0— "
                f"{len(given)}",
            )
        )
    if not rest:
        return dict(mine)
    scaled = rescale(rest)
    return {key: mine[key] if key in mine else scaled[key] * left / len(rest) for key in given}
