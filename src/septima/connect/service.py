"""Services on the web: requests that are repeated where that helps, and failures in words that name no secret."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast
from urllib.parse import urlsplit

from dlt.sources.helpers.requests import Client
from requests import HTTPError, PreparedRequest, Request, RequestException, Response, Session
from requests.auth import AuthBase

from septima.connect.definition import Connection
from septima.connect.errors import ConnectError, unreachable
from septima.connect.secrets import Secrets
from septima.schema import Text

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_ATTEMPTS = 6
_LONGEST_WAIT_SECONDS = 300
_EARLY_SECONDS = 60

Exchange = Callable[[Session, str], Response]
"""Asks a service for new tokens in exchange for the refresh token."""


def address_of(connection: Connection) -> str:
    """The address of the service, without a slash at the end; ConnectError where secrets would travel in the clear."""
    address = connection.values["address"].rstrip("/")
    if "://" not in address:
        address = f"https://{address}"
    parts = urlsplit(address)
    if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
        raise ConnectError(
            Text(
                f"{connection.path}: `address` begins with {parts.scheme}://, where anybody on the way reads the token; write https://",
                f"{connection.path}: `address` начинается с\u00a0{parts.scheme}://, и\u00a0токен прочтёт любой на\u00a0пути; "
                "пишите https://",
            )
        )
    return address


def open_session(connection: Connection, secrets: Secrets) -> Session:
    """A session that waits as long as the service asks (429, Retry-After), tries again after 5xx and broken connections.

    What fails for good is raised as ConnectError.
    """
    session = Client(
        raise_for_status=False, request_max_attempts=_ATTEMPTS, request_max_retry_delay=_LONGEST_WAIT_SECONDS
    ).session
    plain = cast("Callable[..., Response]", session.send)

    def send(request: PreparedRequest, **named: Any) -> Response:
        # Raised outside of `except`, so that nothing of the library's words, which hold addresses, is carried along.
        failed: ConnectError
        try:
            answer = plain(request, **named)
            if answer.status_code < 400:
                return answer
            failed = _refused(connection, secrets, answer)
        except ConnectError:
            raise
        except HTTPError as error:
            failed = _refused(connection, secrets, cast("Response", error.response))
        except RequestException as error:
            failed = unreachable(connection.name, urlsplit(request.url or "").netloc, type(error).__name__)
        raise failed

    session.send = send
    return session


def _refused(connection: Connection, secrets: Secrets, answer: Response) -> ConnectError:
    """What an answer of refusal means."""
    name, code = connection.name, answer.status_code
    why = secrets.hidden(" ".join(answer.text[:300].split()))
    if code == 401:
        return ConnectError(
            Text(
                f"{name}: the token has expired or is wrong ({why}); make a new one and write it into {connection.secrets_path}",
                f"{name}: токен истёк или неверен ({why}); выпустите новый и\u00a0впишите его в\u00a0{connection.secrets_path}",
            )
        )
    if code == 403:
        return ConnectError(
            Text(
                f"{name}: the token gives no right to this ({why}); give the integration the right to read it",
                f"{name}: у\u00a0токена нет на\u00a0это права ({why}); дайте интеграции право чтения",
            )
        )
    if code == 404:
        return ConnectError(
            Text(
                f"{name}: {urlsplit(answer.url).netloc} has no such address ({why}); correct `address` in {connection.path}",
                f"{name}: на\u00a0{urlsplit(answer.url).netloc} нет такого адреса ({why}); исправьте `address` "
                f"в\u00a0{connection.path}",
            )
        )
    if code == 429:
        return ConnectError(
            Text(
                f"{name}: the service asks for fewer requests, also after {_ATTEMPTS} tries; fetch again later",
                f"{name}: сервис просит меньше запросов, и\u00a0после {_ATTEMPTS} попыток тоже; повторите позже",
            )
        )
    if code >= 500:
        return ConnectError(
            Text(
                f"{name}: the service has a fault of its own ({code} {why}), also after {_ATTEMPTS} tries; fetch again later",
                f"{name}: на\u00a0стороне сервиса ошибка ({code} {why}), и\u00a0после {_ATTEMPTS} попыток тоже; повторите позже",
            )
        )
    return ConnectError(
        Text(
            f"{name}: the service refuses the request ({code} {why}); check the definition {connection.path}",
            f"{name}: сервис отклонил запрос ({code} {why}); проверьте описание {connection.path}",
        )
    )


@dataclass
class TokenAuth(AuthBase):
    """The access token in every request, and a new one in its place when it expires.

    New tokens are kept durably before they are used: a service such as amoCRM takes each refresh token once.
    """

    secrets: Secrets
    host: str
    session: Session
    exchange: Exchange

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Sign a request to the service; a request to any other host goes without the token."""
        if urlsplit(request.url or "").hostname != self.host:
            return request
        if self._is_old():
            self._renew()
        self._sign(request)
        request.register_hook("response", self._retry_with_new)  # pyright: ignore[reportUnknownMemberType]
        return request

    def _sign(self, request: PreparedRequest) -> None:
        request.headers["Authorization"] = f"Bearer {self.secrets.need('access_token')}"

    def _is_old(self) -> bool:
        if self.secrets.get("refresh_token") is None:
            return False
        until = self.secrets.get("expires_at")
        if self.secrets.get("access_token") is None:
            return True
        return until is not None and datetime.now(UTC).timestamp() > float(until) - _EARLY_SECONDS

    def _retry_with_new(self, answer: Response, **named: Any) -> Response | None:
        if answer.status_code != 401 or self.secrets.get("refresh_token") is None:
            return None
        self._renew()
        _ = answer.content
        answer.close()
        again = answer.request.copy()
        self._sign(again)
        return cast("Any", answer).connection.send(again, **named)

    def _renew(self) -> None:
        connection = self.secrets.connection
        answer = self.exchange(self.session, self.secrets.need("refresh_token"))
        if answer.status_code in (400, 401, 403):
            why = self.secrets.hidden(" ".join(answer.text[:300].split()))
            raise ConnectError(
                Text(
                    f"{connection.name}: the refresh token has expired, was used or is wrong ({why}); connect the integration "
                    f"again and write the new tokens into {connection.secrets_path}",
                    f"{connection.name}: токен обновления истёк, уже использован или неверен ({why}); подключите интеграцию "
                    f"заново и\u00a0впишите новые токены в\u00a0{connection.secrets_path}",
                )
            )
        if answer.status_code >= 400:
            raise _refused(connection, self.secrets, answer)
        given = answer.json()
        until = datetime.now(UTC).timestamp() + float(given.get("expires_in", 3600))
        self.secrets.keep(
            access_token=str(given["access_token"]),
            refresh_token=str(given.get("refresh_token") or self.secrets.need("refresh_token")),
            expires_at=f"{until:.0f}",
        )


def _unsigned(request: PreparedRequest) -> PreparedRequest:
    return request


def exchange_by(url: str, form: dict[str, str], *, as_json: bool) -> Exchange:
    """How to ask for new tokens at an address, with what goes along with the refresh token."""

    def ask(session: Session, refresh_token: str) -> Response:
        content = {**form, "grant_type": "refresh_token", "refresh_token": refresh_token}
        # Not by the session's own `send`: a refusal has words of its own here.
        prepared = session.prepare_request(
            Request("POST", url, json=content if as_json else None, data=None if as_json else content, auth=_unsigned)
        )
        try:
            return Session.send(session, prepared, timeout=60)
        except RequestException as error:
            reason = type(error).__name__
        raise unreachable(urlsplit(url).netloc, urlsplit(url).netloc, reason)

    return ask
