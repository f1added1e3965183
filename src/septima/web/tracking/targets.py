"""Where a link may lead: http and https alone, to hosts that the organisation allows, as a browser would read the address."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, quote_plus, unquote_plus, urlsplit, urlunsplit

import idna

from septima.schema import SeptimaError, Text

LONGEST = 2_000
_PORTS = {"http": 80, "https": 443}
_NOT_QUOTED = "/:?#[]@!$&'()*+,;=-._~%"
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


class TargetError(SeptimaError):
    """An address that a link must not lead to."""


@dataclass(frozen=True)
class HostRule:
    """A host in its ASCII form, and whether its subdomains are allowed as well."""

    host: str
    subdomains: bool = False

    def allows(self, host: str) -> bool:
        """Whether a host in its ASCII form may be led to."""
        return host == self.host or (self.subdomains and host.endswith(f".{self.host}"))


def ascii_host(text: str) -> str:
    """The name of a host as it stands in DNS: lower case, other letters as punycode (IDNA 2008 with UTS 46).

    TargetError where it is no full name of a host; an IP address is none.
    """
    try:
        host = idna.encode(text.strip().rstrip("."), uts46=True, std3_rules=True).decode().lower()
    except (idna.IDNAError, UnicodeError):
        raise _no_host(text) from None
    # A last part of digits makes browsers read an IPv4 address, in whatever base its parts are written.
    last = host.rpartition(".")[2]
    if "." not in host or last.isdecimal() or re.fullmatch(r"0x[0-9a-f]*", last):
        raise _no_host(text)
    return host


def checked_target(text: str, rules: Iterable[HostRule]) -> str:
    """An address to lead to, in ASCII and without anything that two programs could read differently.

    TargetError where it is no http or https address, holds a user's name or a port, or its host is not allowed.
    """
    given = text.strip(" ")
    if len(given) > LONGEST or "\\" in given or not given.isprintable() or " " in given:
        raise TargetError(
            Text(
                f"The address must have no spaces, backslashes or line breaks, and {LONGEST} characters at most.",
                f"В\u00a0адресе не\u00a0должно быть пробелов, обратных косых и\u00a0переводов строки; не\u00a0больше {LONGEST} знаков.",
            )
        )
    try:
        parts = urlsplit(given)
        port = parts.port
    except ValueError:
        raise _no_address() from None
    if parts.scheme not in _PORTS or not parts.hostname:
        raise _no_address()
    if "@" in parts.netloc:
        raise TargetError(
            Text(
                "The address must hold no name of a user before @.",
                "В\u00a0адресе не\u00a0должно быть имени пользователя перед\u00a0@.",
            )
        )
    if port not in {None, _PORTS[parts.scheme]} or parts.netloc.endswith(":"):
        raise TargetError(Text("The address must name no port.", "В\u00a0адресе не\u00a0должно быть номера порта."))
    host = ascii_host(parts.hostname)
    if not any(rule.allows(host) for rule in rules):
        raise TargetError(
            Text(
                f"Links may not lead to {host}; an administrator allows hosts under Links → Hosts.",
                f"Ссылки не\u00a0могут вести на\u00a0{host}; домены разрешает администратор: Ссылки\u00a0→ Домены.",
            )
        )
    path, query, fragment = (_quoted(part) for part in (parts.path or "/", parts.query, parts.fragment))
    found = urlunsplit((parts.scheme, host, path, query, fragment))
    # A path of two slashes at its beginning, or the like, must not make another host of what was put together.
    if urlsplit(found).netloc != host or len(found) > LONGEST:
        raise _no_address()
    return found


def with_marks(target: str, marks: Mapping[str, str]) -> str:
    """An address with UTM marks in its query; those that it has of the same names give way."""
    parts = urlsplit(target)
    own = {f"utm_{name}": value for name, value in marks.items() if value}
    kept = [one for one in parts.query.split("&") if one and unquote_plus(one.partition("=")[0]) not in own]
    query = "&".join([*kept, *(f"{name}={quote_plus(value)}" for name, value in own.items())])
    return urlunsplit(parts._replace(query=query))


def _quoted(part: str) -> str:
    return quote(_STRAY_PERCENT.sub("%25", part), safe=_NOT_QUOTED)


def _no_address() -> TargetError:
    return TargetError(
        Text(
            "This is no address of a page; write it whole, such as https://shop.example/sale.",
            "Это не\u00a0адрес страницы; напишите его целиком, например https://shop.example/sale.",
        )
    )


def _no_host(text: str) -> TargetError:
    return TargetError(
        Text(
            f"“{text[:100]}” is no name of a host; write it such as shop.example, without IP addresses.",
            f"«{text[:100]}»\u00a0— не\u00a0имя домена; напишите, например, shop.example; IP-адреса не\u00a0годятся.",
        )
    )
