"""The workspace behind an organisation, and cards that are kept.

A card is made once for its period and its definitions. When the data have changed since, the kept card is still shown, and
`is_behind` says so; a task of the background worker makes it anew.
"""

import hashlib
import uuid
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar, cast

from django.conf import settings
from django.core.cache import caches
from filelock import FileLock

from septima.metrics import Calendar, Period
from septima.schema import SeptimaError
from septima.schema.version import VERSION
from septima.scorecard.audit import definition_texts
from septima.scorecard.card import Scorecard
from septima.web.accounts.models import Organisation
from septima.workspace import Workspace

T = TypeVar("T")
_ABSENT = object()
_MOST_CARDS = 8
_unpacked: OrderedDict[str, tuple[str, Scorecard]] = OrderedDict()
"""Cards that this process has read, with their stamps: reading one anew takes longer than drawing a page of it."""


@dataclass(frozen=True)
class KeptCard:
    """A card, the key by which what is drawn from it is kept, and whether the data have changed since."""

    card: Scorecard
    key: str
    is_behind: bool


def open_workspace(organisation: Organisation) -> Workspace:
    """The workspace of an organisation, opened anew: an engine belongs to one request.

    SettingsError or StoreError where its folder holds none.
    """
    return Workspace.open(organisation.directory)


def definitions_digest(workspace: Workspace) -> str:
    """A digest of all files that define the workspace, and of the program's version."""
    digest = hashlib.sha256(VERSION.encode())
    for name, text in sorted(definition_texts(workspace.directory).items()):
        digest.update(f"\0{name}\0{text}".encode())
    return digest.hexdigest()[:24]


def calendar_of(organisation: Organisation) -> Calendar | None:
    """How an organisation counts its days; None where its workspace cannot be read."""
    try:
        return open_workspace(organisation).settings.calendar
    except SeptimaError:
        return None


def default_period(workspace: Workspace) -> Period:
    """The newest quarter that is over: what is shown where a person names no period."""
    calendar = workspace.settings.calendar
    return calendar.period_of(calendar.today(datetime.now(UTC)), "quarter").shift(-1)


def kept_card(organisation: Organisation, workspace: Workspace, period: Period) -> KeptCard:
    """The card of a period: the one that is kept, or made now where there is none.

    SeptimaError where it cannot be made.
    """
    key = _card_key(organisation, workspace, period.id)
    stamp = look_up(_stamp_of(key))
    known, read = _unpacked.get(key, ("", None))
    if read is not None and known == stamp:
        card = read
    else:
        card = kept(key, lambda: workspace.scorecard(period))
        if isinstance(stamp, str):
            _unpacked[key] = stamp, card
            while len(_unpacked) > _MOST_CARDS:
                _unpacked.popitem(last=False)
        else:
            _stamp(key)
    return KeptCard(card, f"{key}-{card.data_version}", card.data_version != workspace.lake.version)


def refresh_card(organisation: Organisation, workspace: Workspace, period: Period) -> Scorecard:
    """Make the card of a period from the data as they are now, and keep it."""
    card = workspace.scorecard(period)
    keep_card(organisation, workspace, card)
    return card


def keep_card(organisation: Organisation, workspace: Workspace, card: Scorecard) -> None:
    """Keep a card in place of the one that was kept of its period."""
    key = _card_key(organisation, workspace, card.period)
    keep(key, card)
    _stamp(key)


def _stamp(key: str) -> None:
    """Tell the card that is kept by this key now from those that were."""
    keep(_stamp_of(key), uuid.uuid4().hex)


def _stamp_of(key: str) -> str:
    return f"stamp-{key}"


def is_kept(organisation: Organisation, workspace: Workspace, period: Period) -> bool:
    """Whether a card of the period can be shown at once."""
    return caches["pages"].has_key(_place_of(_card_key(organisation, workspace, period.id)))


def kept(key: str, make: Callable[[], T]) -> T:
    """What is kept by this key, or what `make` gives, which is then kept, None as well; of several that ask at once one makes it."""
    pages, place = caches["pages"], _place_of(key)
    found = pages.get(place, _ABSENT)
    if found is not _ABSENT:
        return cast("T", found)
    locks = Path(settings.SITE_FOLDER) / "locks"
    locks.mkdir(parents=True, exist_ok=True)
    with FileLock(locks / place):
        try:
            found = pages.get(place, _ABSENT)
            if found is _ABSENT:
                found = make()
                pages.set(place, found)
        finally:
            # Keys are without number. Whoever waits for a lock that is gone takes one of the same name.
            (locks / place).unlink(missing_ok=True)
    return cast("T", found)


def look_up(key: str) -> object:
    """What is kept by this key; None where nothing is."""
    return caches["pages"].get(_place_of(key))


def keep(key: str, made: object) -> None:
    """Keep something by this key in place of what was kept."""
    caches["pages"].set(_place_of(key), made)


def _place_of(key: str) -> str:
    """A key of any letters as the cache takes it."""
    return hashlib.sha256(key.encode()).hexdigest()[:40]


def _card_key(organisation: Organisation, workspace: Workspace, period: str) -> str:
    return f"card-{organisation.pk}-{period}-{definitions_digest(workspace)}"
