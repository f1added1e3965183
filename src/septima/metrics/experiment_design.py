"""How an experiment is laid out: its arms with their shares, its salt, its strata, and who is held out of all.

A design is kept as `experiments/NAME.yaml` of the workspace, written when customers are first assigned, so that later
customers fall into arms by the same rule and a check knows what was planned.
"""

import hashlib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from septima.metrics.definition import CUSTOMER_DIMENSIONS
from septima.schema import SeptimaError, Text

FOLDER = "experiments"
CONTROL = "control"
TREATED = "treated"
GLOBAL_CONTROL = "global_control"
"""Experiment whose control arm is left alone by every campaign; the share of all customers that no campaign reaches."""
CONTROL_SHARE = 0.05

DIGITS = 13
"""Hexadecimal digits of a digest that decide: 52 bits, which a floating-point number holds exactly."""

_NAME = re.compile(r"[\w.-]{1,80}")
_KEYS = ("experiment", "salt", "arms", "by", "held_out")


class ExperimentError(SeptimaError):
    """An experiment cannot be planned, assigned or judged as asked; the message says why and what to do."""


@dataclass(frozen=True)
class HeldOut:
    """The global control group: the `share` of all customers with the smallest digests under `salt`."""

    salt: str
    share: float


@dataclass(frozen=True)
class Design:
    """An experiment’s arms by name with their shares, which add up to 1; `control` is among them.

    `by` are attributes of customers within each combination of which the shares hold. `held_out` are in the control
    arm whatever their own digest says, and the shares are those of the others.
    """

    experiment: str
    salt: str
    arms: Mapping[str, float]
    by: tuple[str, ...] = ()
    held_out: HeldOut | None = None
    shares: Mapping[str, float] = field(init=False)
    """Share of all customers that is expected in each arm, those held out among them."""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.experiment):
            raise ExperimentError(
                Text(
                    f"{self.experiment!r} is no name of an experiment; use letters, digits, dot, dash and underscore",
                    f"«{self.experiment}» не\u00a0может быть именем эксперимента; берите буквы, цифры, точку, дефис "
                    "и\u00a0подчёркивание",
                )
            )
        if CONTROL not in self.arms or len(self.arms) < 2:
            raise ExperimentError(
                Text(
                    f"experiment {self.experiment!r} has the arms {', '.join(self.arms) or 'none'}; it needs {CONTROL!r} and "
                    "one more, for without a control group the effect cannot be told from chance",
                    f"в\u00a0эксперименте «{self.experiment}» группы: {', '.join(self.arms) or 'ни одной'}; нужны "
                    f"«{CONTROL}» и\u00a0ещё одна: без контрольной группы эффект не\u00a0отличить от\u00a0случайности",
                )
            )
        for arm, share in self.arms.items():
            if not 0 < share < 1:
                raise ExperimentError(
                    Text(
                        f"the share of arm {arm!r} must be above 0 and below 1, not {share!r}",
                        f"доля группы «{arm}» должна быть больше 0 и\u00a0меньше 1, а\u00a0указано {share}",
                    )
                )
        if not math.isclose(sum(self.arms.values()), 1, abs_tol=1e-9):
            listed = ", ".join(f"{arm} {share:g}" for arm, share in self.arms.items())
            raise ExperimentError(
                Text(
                    f"the shares of the arms add up to {sum(self.arms.values()):.4g} and not to 1: {listed}",
                    f"сумма долей групп\u00a0— {sum(self.arms.values()):.4g}, а\u00a0должна быть 1: {listed}",
                )
            )
        unknown = [name for name in self.by if name not in CUSTOMER_DIMENSIONS]
        if unknown:
            raise ExperimentError(
                Text(
                    f"customers cannot be stratified by {unknown[0]!r}; they can by: {', '.join(CUSTOMER_DIMENSIONS)}",
                    f"делить клиентов на\u00a0страты по\u00a0«{unknown[0]}» нельзя; можно по\u00a0следующим "
                    f"признакам: {', '.join(CUSTOMER_DIMENSIONS)}",
                )
            )
        away = self.held_out.share if self.held_out else 0.0
        shares = {arm: share * (1 - away) + (away if arm == CONTROL else 0) for arm, share in self.arms.items()}
        object.__setattr__(self, "shares", shares)

    @property
    def thresholds(self) -> tuple[tuple[str, str], ...]:
        """Arms, control first, with the hexadecimal digits below which a digest falls into them; the last has no bound."""
        bounds: list[tuple[str, str]] = []
        reached = 0.0
        for arm, share in self.ordered:
            reached += share
            bounds.append((arm, hexadecimal(reached)))
        return tuple(bounds)

    @property
    def ordered(self) -> tuple[tuple[str, float], ...]:
        """Arms with their shares, control first and the others by name."""
        return tuple(sorted(self.arms.items(), key=lambda item: (item[0] != CONTROL, item[0])))


def hexadecimal(share: float) -> str:
    """The digits below which that share of all digests lies; texts of this length are ordered as the numbers are."""
    return format(min(round(share * 16**DIGITS), 16**DIGITS - 1), f"0{DIGITS}x")


def digest(salt: str, customer: str) -> str:
    """The first digits of SHA-256 of «salt:customer», which decide on the customer’s arm; engines compute the same."""
    return hashlib.sha256(f"{salt}:{customer}".encode()).hexdigest()[:DIGITS]


def arm_of(design: Design, customer: str) -> str:
    """The arm of a customer, for a mailing tool that must know it at once; ExperimentError where strata decide.

    It is that of `assign` to the letter, for it depends on nothing but the design and the customer’s id.
    """
    if design.by:
        raise ExperimentError(
            Text(
                f"in experiment {design.experiment!r} the arm depends on who else is in the stratum; read it from `assignments`",
                f"в\u00a0эксперименте «{design.experiment}» группа зависит от\u00a0того, кто ещё в\u00a0страте; "
                "прочитайте её в\u00a0`assignments`",
            )
        )
    held = design.held_out
    if held is not None and digest(held.salt, customer) < hexadecimal(held.share):
        return CONTROL
    own = digest(design.salt, customer)
    *bounded, (last, _) = design.thresholds
    return next((arm for arm, bound in bounded if own < bound), last)


def design_path(workspace: Path, experiment: str) -> Path:
    """Where the design of an experiment is kept."""
    return workspace / FOLDER / f"{experiment}.yaml"


def read_design(workspace: Path, experiment: str) -> Design | None:
    """The design kept for an experiment, None where there is none; ExperimentError where the file cannot be read."""
    path = design_path(workspace, experiment)
    if not _NAME.fullmatch(experiment) or not path.is_file():
        return None
    try:
        content: object = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except (YAMLError, UnicodeDecodeError, OSError) as error:
        raise ExperimentError(Text(f"{path} cannot be read: {error}", f"{path} не\u00a0прочитать: {error}")) from None
    if not isinstance(content, dict) or set(cast("dict[str, Any]", content)) - set(_KEYS):
        raise ExperimentError(
            Text(
                f"{path} is no design of an experiment; it holds: {', '.join(_KEYS)}",
                f"{path}\u00a0— не\u00a0план эксперимента; в\u00a0плане есть: {', '.join(_KEYS)}",
            )
        )
    kept = cast("dict[str, Any]", content)
    try:
        held = kept.get("held_out")
        return Design(
            str(kept["experiment"]),
            str(kept["salt"]),
            {str(arm): float(share) for arm, share in kept["arms"].items()},
            tuple(str(name) for name in kept.get("by") or ()),
            None if held is None else HeldOut(str(held["salt"]), float(held["share"])),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ExperimentError(
            Text(
                f"{path} is no design of an experiment: {error!r}",
                f"{path}\u00a0— не\u00a0план эксперимента: {error!r}",
            )
        ) from None


def write_design(workspace: Path, design: Design) -> Path:
    """Keep a design, for good: those assigned by it stay where they are."""
    path = design_path(workspace, design.experiment)
    path.parent.mkdir(exist_ok=True)
    held = design.held_out
    content = {
        "experiment": design.experiment,
        "salt": design.salt,
        "arms": dict(design.ordered),
        "by": list(design.by),
        "held_out": None if held is None else {"salt": held.salt, "share": held.share},
    }
    with path.open("w", encoding="utf-8") as file:
        YAML(typ="safe").dump(content, file)
    return path
