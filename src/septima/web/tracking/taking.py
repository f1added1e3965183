"""From journals of hits to the inbox, each hit exactly once.

What was taken of a journal is counted in the transaction that puts it into the inbox, and a journal is removed once its
process has ended and all of it was taken. Each hit is named by its journal and its place there, so that even the lake would
know one that came twice.
"""

import json
import logging
import secrets
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.db import transaction

from septima.web.accounts.models import Organisation, token_hash
from septima.web.collect.forms import packed
from septima.web.collect.models import LINKS, Parcel, Source
from septima.web.tracking.journals import SUFFIX, has_ended
from septima.web.tracking.models import Journal

logger = logging.getLogger(__name__)
SOURCE = "tracked-links"
_AT_ONCE_BYTES = 2 * 2**20
_MOST_MESSAGES = 2_500


def take_journals(folder: Path) -> int:
    """Put into the inbox what the journals of a folder hold now; the number of hits."""
    taken = 0
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        try:
            # As far as it goes now, so that this ends however fast it grows.
            end = path.stat().st_size
        except FileNotFoundError:  # another took the last of it meanwhile
            continue
        while count := _take(path, end):
            taken += count
    return taken


def _take(path: Path, end: int) -> int:
    """Take a piece of a journal before a place in it, and remove one that is over and taken; the number of hits in the piece."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return 0
    with file:
        is_over = has_ended(file.fileno())
        taken = Journal.objects.filter(name=path.name).values_list("taken", flat=True).first() or 0
        if not is_over and taken >= end:
            return 0
        with transaction.atomic():
            journal, _ = Journal.objects.select_for_update().get_or_create(name=path.name)
            if not path.exists():  # another took the last of it meanwhile
                transaction.set_rollback(True)
                return 0
            file.seek(journal.taken)
            piece = file.read(_AT_ONCE_BYTES)
            whole = piece[: piece.rfind(b"\n") + 1]
            count = _keep(list(_hits(path, whole, journal.taken)))
            journal.taken += len(whole)
            journal.save(update_fields=["taken"])
        if is_over and not whole:
            if piece:
                logger.warning("the journal %s ends within a line: its process was ended while it wrote", path.name)
            # In this order: a journal that is gone is not taken again, whatever ends this process in between.
            path.unlink()
            journal.delete()
    return count


def _hits(path: Path, whole: bytes, begins: int) -> Iterator[tuple[int, dict[str, Any]]]:
    """The organisation and the message of each line."""
    place = begins
    for line in whole.splitlines(keepends=True):
        try:
            hit = json.loads(line)
            yield hit["organisation"], {**hit["message"], "messageId": f"{path.stem}-{place}"}
        except (ValueError, TypeError, KeyError):
            if line.strip():
                logger.warning(
                    "byte %s of the journal %s begins no hit: %s bytes are left out", place, path.name, len(line)
                )
        place += len(line)


def _keep(hits: list[tuple[int, dict[str, Any]]]) -> int:
    """Put hits into the inbox, those of each organisation apart; the number of lines that were hits."""
    by_organisation: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
    for organisation, message in hits:
        by_organisation[organisation].append(message)
    known = Organisation.objects.in_bulk(list(by_organisation))
    for pk, organisation in known.items():
        source, messages = source_of(organisation), by_organisation[pk]
        for begins in range(0, len(messages), _MOST_MESSAGES):
            some = messages[begins : begins + _MOST_MESSAGES]
            body = packed(json.dumps({"batch": some}).encode())
            Parcel.objects.create(source=source, form="batch", body=body, messages=len(some))
    return len(hits)


def source_of(organisation: Organisation) -> Source:
    """The source by which hits of an organisation's links come; it is made with the first, and no key opens it."""
    found = Source.objects.filter(organisation=organisation, kind=LINKS).first()
    if found is not None:
        return found
    name = SOURCE
    while Source.objects.filter(organisation=organisation, name=name).exists():
        name = f"{SOURCE}-{secrets.token_hex(2)}"
    nobodys = token_hash(secrets.token_urlsafe(32))
    return Source.objects.create(organisation=organisation, name=name, kind=LINKS, key_hash=nobodys, key_ends_in="")
