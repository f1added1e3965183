"""What can go wrong with a connection, as one clear sentence each."""

from collections.abc import Iterator

from septima.schema import SeptimaError, Text


class ConnectError(SeptimaError):
    """The other side of a connection could not be read; the message says why and what to do."""


def chain(error: BaseException) -> Iterator[BaseException]:
    """An error and those that it came from."""
    seen: set[int] = set()
    now: BaseException | None = error
    while now is not None and id(now) not in seen:
        seen.add(id(now))
        yield now
        now = now.__cause__ or now.__context__


def told(error: BaseException) -> SeptimaError | None:
    """The error among the causes that says already what to do."""
    return next((one for one in chain(error) if isinstance(one, SeptimaError)), None)


def busy(name: str) -> ConnectError:
    """Another process fetches by the same connection."""
    return ConnectError(
        Text(
            f"{name} is being fetched by another process; wait until it has ended",
            f"{name} уже загружает другой процесс; дождитесь, пока он закончит",
        )
    )


def unreachable(name: str, where: str, why: str) -> ConnectError:
    """No connection with the other side."""
    return ConnectError(
        Text(
            f"{name}: {where} cannot be reached ({why}); check the address, the network and that the service runs",
            f"{name}: {where} недоступен ({why}); проверьте адрес, сеть и\u00a0то, что служба работает",
        )
    )


def missing_package(package: str | None) -> ConnectError:
    """The extra is not installed: a module that it brings was not found."""
    return ConnectError(
        Text(
            f"connections need {package}, which is not installed: pip install 'septima[connectors]'",
            f"для подключений нужен пакет {package}, а\u00a0он не\u00a0установлен: pip install 'septima[connectors]'",
        )
    )
