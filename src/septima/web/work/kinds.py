"""The kinds of work that there are; each application registers its own in its module `works`."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from septima.schema import Text
from septima.web.work.models import Work

Tell = Callable[[Text, int, int | None], None]
"""Takes what work is at, how much is done, and of how much where that is known."""


def _always(_: Work) -> bool:
    return True


def _nothing(_: Work) -> None:
    pass


@dataclass(frozen=True)
class Kind:
    """A kind of work: its name, and `do`, which does it and gives its result as JSON takes it.

    `take_up` is asked before work that has ended is begun anew, and makes ready for it; False where it cannot be. `give_up`
    puts back what stands ready for work that ended without being done. `forget` removes what work has left behind, before it
    is forgotten itself: so many days after it was done, never where `kept_days` is None, or ended without being done.
    """

    id: str
    name: Text
    do: Callable[[Work, Tell], Mapping[str, Any]]
    take_up: Callable[[Work], bool] = _always
    give_up: Callable[[Work], None] = _nothing
    forget: Callable[[Work], None] = _nothing
    kept_days: int | None = 90
    undone_kept_days: int = 90


_KINDS: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Make a kind of work known."""
    _KINDS[kind.id] = kind


def all_kinds() -> Iterable[Kind]:
    """The kinds of work that are known."""
    return list(_KINDS.values())


def kind_of(work: Work) -> Kind:
    """The kind of a piece of work."""
    return _KINDS[work.kind]
