"""The redirect and the picture of letters: answered before Django is asked, from memory, and noted in the journal.

`GET /l/CODE` leads on, `GET /l/CODE.gif` is a picture of one transparent pixel. HEAD is answered alike and noted nowhere. What
is no link in use is left to the site, which says so on a page.
"""

import base64
import json
import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.conf import settings

from septima.web.tracking.bots import bot_of
from septima.web.tracking.journals import JournalWriter
from septima.web.tracking.known import KnownLink, link_of
from septima.web.tracking.tokens import customer_of
from septima.web.tracking.visitors import asks_not_to_be_tracked, visitor_of

logger = logging.getLogger(__name__)
PLACE = "/l/"
CLICKED, OPENED, BOT = "Tracked Link Clicked", "Email Opened", "Tracked Link Followed by Bot"
PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
_PICTURE = ".gif"
_ALIKE = [
    ("Cache-Control", "no-store, private"),
    ("Referrer-Policy", "strict-origin-when-cross-origin"),
    ("X-Robots-Tag", "noindex, nofollow"),
    ("X-Content-Type-Options", "nosniff"),
]
_LONGEST_REFERRER = 200
_writers: dict[Path, JournalWriter] = {}
_lock = threading.Lock()

Headers = list[tuple[str, str]]
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@dataclass(frozen=True)
class Answer:
    """What is answered: status, headers and body."""

    status: str
    headers: Headers
    body: bytes = b""


def before(site: Application) -> Application:
    """An application that answers for tracked links itself and leaves all else to the site."""

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        found = follow(environ) if environ.get("PATH_INFO", "").startswith(PLACE) else None
        if found is None:
            return site(environ, start_response)
        start_response(found.status, found.headers)
        return [found.body]

    return application


def follow(environ: Mapping[str, Any]) -> Answer | None:
    """The answer to a request below `PLACE`, which is noted where it was a GET; None where the site is to answer."""
    method = environ.get("REQUEST_METHOD")
    if method not in {"GET", "HEAD"}:
        return None
    code = str(environ["PATH_INFO"])[len(PLACE) :].rstrip("/").lower()
    is_picture = code.endswith(_PICTURE)
    link = link_of(code.removesuffix(_PICTURE))
    leads_on = link is not None and link.address is not None
    if not (is_picture or leads_on):
        return None
    if link is not None and leads_on and method == "GET":
        _note(link, environ, picture=is_picture)
    if is_picture:  # of no link as well: a letter that was sent shows no broken picture
        body = PIXEL if method == "GET" else b""
        return Answer("200 OK", [("Content-Type", "image/gif"), ("Content-Length", str(len(PIXEL))), *_ALIKE], body)
    address = link.address if link is not None and link.address is not None else ""
    return Answer("302 Found", [("Location", address), ("Content-Length", "0"), *_ALIKE])


def journals_folder() -> Path:
    """Where the journals of the site are."""
    return _folder_of(settings.SITE_FOLDER)


@cache
def _folder_of(site: Path) -> Path:
    return Path(site) / "tracking"


def close_journal() -> None:
    """End the journal of this process, so that all of it may be taken."""
    for writer in _writers.values():
        writer.close()


def _note(link: KnownLink, environ: Mapping[str, Any], *, picture: bool) -> None:
    """Note a hit; a disk that does not take it keeps nobody from where the link leads."""
    folder = journals_folder()
    writer = _writers.get(folder)
    if writer is None:
        with _lock:
            writer = _writers.setdefault(folder, JournalWriter(folder))
    try:
        message = message_of(link, environ, datetime.now(UTC), folder, picture=picture)
        writer.write(json.dumps({"organisation": link.organisation, "message": message}).encode() + b"\n")
    except OSError:
        logger.exception("a hit of the tracked link %s could not be written down", link.code)


def message_of(
    link: KnownLink, environ: Mapping[str, Any], now: datetime, folder: Path, *, picture: bool
) -> dict[str, Any]:
    """A hit as a message of Segment's tracking API, without its name.

    Of a program only what it is called is kept. Of a person who asks not to be tracked nothing is: the hit counts alone.
    """
    bot = bot_of(environ, picture=picture)
    properties, context = dict(link.properties), {"campaign": link.campaign}
    message: dict[str, Any] = {
        "type": "track",
        "event": OPENED if picture else CLICKED,
        "timestamp": now.isoformat(timespec="microseconds"),
        "properties": properties,
        "context": context,
    }
    if bot is not None:
        message["event"], properties["bot"] = BOT, bot
    elif not asks_not_to_be_tracked(environ):
        properties["visitor"] = visitor_of(environ, f"{now:%Y-%m-%d}", folder)
        referrer = _origin(environ.get("HTTP_REFERER", ""))
        if referrer:
            context["page"] = {"referrer": referrer}
        customer = customer_of(_token(environ), link.code) if link.personal else None
        if customer is not None:
            message["userId"] = customer
    return message


def _token(environ: Mapping[str, Any]) -> str:
    try:
        return parse_qs(environ.get("QUERY_STRING", ""), max_num_fields=20).get("c", [""])[0]
    except ValueError:
        return ""


def _origin(referrer: str) -> str:
    """The site that a person comes from, without what they read there."""
    try:
        parts = urlsplit(referrer)
    except ValueError:
        return ""
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}"[:_LONGEST_REFERRER] if parts.scheme in {"http", "https"} and host else ""
