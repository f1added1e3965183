"""Tell alerts by their channels: what cannot be sent waits in an outbox, and what was told is not told again too soon.

A message is a file in `alerts/outbox` before it is sent, and goes when the channel took it. So one that the channel refused, or
that a killed program did not get to, is sent by the next check; what was sent in the moment of the kill may come twice, under
the same id.
"""

import hashlib
import hmac
import json
import os
import smtplib
import ssl
import urllib.request
import uuid
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from http.client import HTTPException, HTTPMessage
from pathlib import Path
from typing import IO, Any, cast

from filelock import FileLock, Timeout

from septima.durable import write_new, write_over
from septima.schema import SeptimaError, Text
from septima.scorecard.alerts.definition import Alert, AlertDefinition, Channel, EmailChannel, WebhookChannel

FOLDER = "alerts"
OUTBOX = "outbox"
STATE = "state.json"
SIGNATURE = "X-Septima-Signature"
MOMENT = "X-Septima-Timestamp"
_LOCK_WAIT_SECONDS = 300.0
_SMTP_TIMEOUT_SECONDS = 30.0


class AlertError(SeptimaError):
    """Alerts that could not be told."""


@dataclass(frozen=True)
class Told:
    """What became of the telling: alerts that went into the outbox, those still quiet, messages sent, and what failed and why."""

    new: tuple[Alert, ...]
    quiet: tuple[Alert, ...]
    sent: int
    waiting: int
    failures: tuple[str, ...]


def quiet_alerts(
    directory: Path, definition: AlertDefinition, alerts: Sequence[Alert], now: datetime
) -> tuple[Alert, ...]:
    """Those of the alerts that were told not long ago."""
    state, days = _state(directory), {rule.id: rule.quiet for rule in definition.rules}

    def quiet(alert: Alert) -> bool:
        told = state.get(alert.key)
        return told is not None and now < datetime.fromisoformat(told) + timedelta(days=days[alert.rule])

    return tuple(alert for alert in alerts if quiet(alert))


def tell(
    directory: Path,
    definition: AlertDefinition,
    alerts: Sequence[Alert],
    compose: Callable[[Sequence[Alert]], tuple[str, str, Mapping[str, Any]]],
    *,
    now: datetime,
    environment: Mapping[str, str] | None = None,
) -> Told:
    """Put the alerts that are not quiet into the outbox and send all that waits there.

    `compose` gives the subject, the text and the JSON of a message for some alerts. Secrets are looked up in `environment` (that
    of the program where left out). AlertError where another program has been telling for long.
    """
    if not definition.channels:
        raise AlertError(
            Text(
                f"there is no channel to send by; write one under `channels` of {directory / 'alerts.yaml'}",
                "не\u00a0по\u00a0чему отправлять: нет ни\u00a0одного канала; опишите его в\u00a0`channels` файла "
                f"{directory / 'alerts.yaml'}",
            )
        )
    with _locked(directory):
        quiet = quiet_alerts(directory, definition, alerts, now)
        new = tuple(alert for alert in alerts if alert not in quiet)
        rules = {rule.id: rule for rule in definition.rules}
        for channel in definition.channels:
            wanted = [
                alert for alert in new if channel.id in rules[alert.rule].channels or not rules[alert.rule].channels
            ]
            if wanted:
                _put(directory, channel, compose(wanted), now)
        # Noted after the messages are safe: killed in between, the alert is told twice rather than never.
        earlier = _state(directory)
        state = {alert.key: earlier.get(alert.key, "") if alert in quiet else now.isoformat() for alert in alerts}
        if state != earlier:
            write_over(directory / FOLDER / STATE, json.dumps(state, ensure_ascii=False, indent=1))
        sent, failures = _send_all(directory, definition, os.environ if environment is None else environment)
        return Told(new, quiet, sent, len(_waiting(directory)), failures)


def _put(directory: Path, channel: Channel, message: tuple[str, str, Mapping[str, Any]], now: datetime) -> None:
    subject, text, content = message
    identifier = uuid.uuid4().hex
    envelope = {
        "id": identifier,
        "channel": channel.id,
        "at": now.astimezone(UTC).isoformat(),
        "subject": " ".join(subject.split()),
        "text": text,
        "json": {"id": identifier, **content},
    }
    name = f"{now.astimezone(UTC):%Y%m%dT%H%M%S%f}-{channel.id}-{identifier}.json"
    write_new(directory / FOLDER / OUTBOX / name, json.dumps(envelope, ensure_ascii=False, indent=1, allow_nan=False))


def _waiting(directory: Path) -> list[Path]:
    return sorted((directory / FOLDER / OUTBOX).glob("*.json"))


def _send_all(
    directory: Path, definition: AlertDefinition, environment: Mapping[str, str]
) -> tuple[int, tuple[str, ...]]:
    channels = {channel.id: channel for channel in definition.channels}
    sent, failures = 0, list[str]()
    down: set[str] = set()
    for path in _waiting(directory):
        envelope = json.loads(path.read_text(encoding="utf-8"))
        channel = channels.get(envelope["channel"])
        if channel is None:
            failures.append(
                f"{path}: its channel {envelope['channel']!r} is no more; put it back into alerts.yaml, or remove this file"
            )
            continue
        if channel.id in down:  # a channel that does not answer would cost its whole time-out for each message
            continue
        try:
            _send(channel, envelope, environment)
        except (OSError, smtplib.SMTPException, HTTPException, AlertError) as error:
            down.add(channel.id)
            failures.append(
                f"channel {channel.id!r}: {_described(error, channel, environment)}; kept for the next check"
            )
        else:
            path.unlink()
            sent += 1
    return sent, tuple(failures)


def _send(channel: Channel, envelope: Mapping[str, Any], environment: Mapping[str, str]) -> None:
    if isinstance(channel, EmailChannel):
        _send_mail(channel, envelope, environment)
    else:
        _post(channel, envelope, environment)


def _send_mail(channel: EmailChannel, envelope: Mapping[str, Any], environment: Mapping[str, str]) -> None:
    message = EmailMessage()
    message["Subject"] = envelope["subject"]
    message["From"] = channel.sender
    message["To"] = ", ".join(channel.to)
    message["Date"] = format_datetime(datetime.fromisoformat(envelope["at"]))
    message["Message-ID"] = f"<{envelope['id']}@septima>"
    message.set_content(envelope["text"])
    password = None if channel.password_env is None else _secret(channel.password_env, environment)
    context = ssl.create_default_context()
    secured = channel.security == "ssl"
    with (
        smtplib.SMTP_SSL(channel.host, channel.port, timeout=_SMTP_TIMEOUT_SECONDS, context=context)
        if secured
        else smtplib.SMTP(channel.host, channel.port, timeout=_SMTP_TIMEOUT_SECONDS)
    ) as server:
        if channel.security == "starttls":
            server.starttls(context=context)
        if channel.user is not None and password is not None:
            server.login(channel.user, password)
        server.send_message(message)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """What was signed for one address goes to no other."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        """Follow nothing: the answer becomes an error."""


def _post(channel: WebhookChannel, envelope: Mapping[str, Any], environment: Mapping[str, str]) -> None:
    body = json.dumps(envelope["json"], ensure_ascii=False, allow_nan=False).encode()
    headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "septima"}
    if channel.secret_env is not None:
        moment = str(int(datetime.now(UTC).timestamp()))
        headers |= {MOMENT: moment, SIGNATURE: signature(_secret(channel.secret_env, environment), moment, body)}
    request = urllib.request.Request(channel.url, data=body, headers=headers, method="POST")  # noqa: S310 - the scheme was checked when the file was read
    opener = urllib.request.build_opener(_NoRedirect)
    with opener.open(request, timeout=channel.timeout) as answer:
        answer.read()


def signature(secret: str, moment: str, body: bytes) -> str:
    """`sha256=` and the HMAC (RFC 2104) of the moment, a full stop and the body."""
    return "sha256=" + hmac.new(secret.encode(), moment.encode() + b"." + body, hashlib.sha256).hexdigest()


def _secret(name: str, environment: Mapping[str, str]) -> str:
    found = environment.get(name)
    if not found:
        raise AlertError(
            Text(
                f"the environment variable {name} is not set; set it for who runs the check",
                f"переменная окружения {name} не\u00a0задана; задайте её тому, кто запускает проверку",
            )
        )
    return found


def _described(error: Exception, channel: Channel, environment: Mapping[str, str]) -> str:
    """The error in one line; a server may say back what it was told, so secrets are taken out."""
    text = " ".join(f"{type(error).__name__}: {error}".split())
    name = channel.password_env if isinstance(channel, EmailChannel) else channel.secret_env
    secret = environment.get(name or "")
    return text.replace(secret, "***") if secret else text


def _state(directory: Path) -> dict[str, str]:
    """When each alert that held at the last telling was told."""
    path = directory / FOLDER / STATE
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise AlertError(
            Text(
                f"{path}: cannot be read: {error}; remove it, and all alerts are told anew",
                f"{path}: не\u00a0прочитать: {error}; удалите файл, и\u00a0все оповещения будут отправлены заново",
            )
        ) from error
    return cast("dict[str, str]", content)


@contextmanager
def _locked(directory: Path) -> Generator[None]:
    (directory / FOLDER / OUTBOX).mkdir(parents=True, exist_ok=True)
    lock = FileLock(directory / FOLDER / "telling.lock", timeout=_LOCK_WAIT_SECONDS)
    try:
        lock.acquire()
    except Timeout:
        raise AlertError(
            Text(
                f"another check has been sending for over {_LOCK_WAIT_SECONDS:.0f} s; end it, and try again",
                f"другая проверка отправляет уже больше {_LOCK_WAIT_SECONDS:.0f} с; завершите её и\u00a0попробуйте "
                "снова",
            )
        ) from None
    try:
        yield
    finally:
        lock.release()
