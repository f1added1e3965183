"""Letters that came back: the reports of delivery of RFC 3464 as rows, one for each recipient."""

import email
import email.policy
from collections.abc import Iterator
from datetime import UTC
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import cast

from septima.connect.rows import Record


def bounce_rows(raw: bytes, name: str) -> Iterator[Record]:
    """The recipients that a letter reports of; none where it is no report of delivery.

    A row has recipient, action, status, diagnostic, mta, at, letter_id, original_id and original_date; `file` is `name`.
    """
    letter = email.message_from_bytes(raw, policy=email.policy.default)
    parts = [part for part in letter.walk() if part.get_content_type() == "message/delivery-status"]
    if not parts:
        return
    original = _original(letter)
    for part in parts:
        content = part.get_payload()
        groups = [
            group for group in cast("list[Message]", content if isinstance(content, list) else []) if group.keys()
        ]
        of_letter = groups[0] if groups and "Final-Recipient" not in groups[0] else Message()
        for group in groups:
            recipient = _address(group.get("Final-Recipient") or group.get("Original-Recipient"))
            if recipient is None:
                continue
            yield {
                "recipient": recipient,
                "action": _word(group.get("Action")),
                "status": _first(group.get("Status")),
                "diagnostic": _text(group.get("Diagnostic-Code")),
                "mta": _text(of_letter.get("Reporting-MTA")),
                "at": _moment(group.get("Last-Attempt-Date"))
                or _moment(of_letter.get("Arrival-Date"))
                or _moment(letter.get("Date")),
                "letter_id": _text(letter.get("Message-ID")) or name,
                "original_id": _text(original.get("Message-ID")),
                "original_date": _moment(original.get("Date")),
                "file": name,
            }


def _original(letter: Message) -> Message:
    """The headers of the letter that came back."""
    for part in letter.walk():
        content = part.get_payload()
        if part.get_content_type() == "message/rfc822" and isinstance(content, list):
            return cast("Message", content[0])
        if part.get_content_type() == "text/rfc822-headers" and isinstance(content, str):
            return email.message_from_string(content)
    return Message()


def _address(given: object) -> str | None:
    """`rfc822; Anna@Example.org` as anna@example.org."""
    address = str(given).rpartition(";")[2].strip(" <>").lower() if given is not None else ""
    return address or None


def _text(given: object) -> str | None:
    return None if given is None else " ".join(str(given).split()) or None


def _first(given: object) -> str | None:
    """The first word: some write a comment behind it."""
    words = str(given or "").split()
    return words[0] if words else None


def _word(given: object) -> str | None:
    found = _first(given)
    return None if found is None else found.lower()


def _moment(given: object) -> str | None:
    try:
        moment = parsedate_to_datetime(str(given)) if given is not None else None
    except ValueError:
        return str(given)  # the lake says what is wrong with it
    if moment is None:
        return None
    return (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)).isoformat()
