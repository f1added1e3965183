"""Read `alerts.yaml`; whatever is wrong in it is told with file, line and remedy."""

import re
from collections.abc import Collection, Mapping
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import urlsplit

from septima.metrics import GRAINS, Grain
from septima.schema import TABLES, Text
from septima.scorecard.alerts.definition import (
    FORMS,
    INTEGRAL,
    KINDS,
    SECURITIES,
    SEVERITIES,
    AlertDefinition,
    Channel,
    EmailChannel,
    Kind,
    Rule,
    WebhookChannel,
)
from septima.scorecard.card import State
from septima.scorecard.definition import ScorecardDefinition
from septima.scorecard.nodes import Node, near, read_node

_REMEDY = Text(
    "`septima check DIR --new` writes one to start from",
    "`septima check DIR --new` запишет файл, с\u00a0которого можно начать",
)
_COMMON = ("id", "kind", "severity", "who", "message", "quiet", "channels")
_FIELDS: Mapping[Kind, tuple[str, ...]] = {
    "threshold": ("of", "below", "above", "form"),
    "state": ("of", "states"),
    "change": ("of",),
    "stale": ("table", "hours", "days"),
    "missing": ("of", "above"),
    "quarantine": ("above",),
    "forecast": ("of", "below"),
}
_EMAIL = ("id", "kind", "host", "port", "security", "user", "password_env", "from", "to")
_WEBHOOK = ("id", "kind", "url", "secret_env", "timeout")
_GRAINS: tuple[Grain, ...] = tuple(grain for grain in GRAINS if grain != "all")
_STATES: tuple[State, ...] = ("bad", "watch", "unknown")
_PLANNED = ("promised_at", "planned_at", "due_at")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LOCAL = ("localhost", "127.0.0.1", "::1")
_PORTS = {"starttls": 587, "ssl": 465, "none": 25}


def read_alerts(path: Path, scorecard: ScorecardDefinition) -> AlertDefinition:
    """The rules and channels of a file, for KPIs and perspectives of a scorecard; DefinitionError with line and remedy."""
    root = read_node(path, "rules", _REMEDY)
    root.only(("rules", "channels", "grain"))
    channels: list[Channel] = []
    for node in root.items("channels"):
        channel = _channel(node)
        _refuse_repeated(node, channel.id, [one.id for one in channels])
        channels.append(channel)
    known = (INTEGRAL, *(one.id for one in scorecard.perspectives), *(kpi.id for kpi in scorecard.kpis))
    kpis = [kpi.id for kpi in scorecard.kpis]
    rules: list[Rule] = []
    for node in root.items("rules"):
        rule = _rule(node, known, kpis, [channel.id for channel in channels])
        _refuse_repeated(node, rule.id, [one.id for one in rules])
        rules.append(rule)
    if not rules:
        raise root.wrong(
            "rules",
            "there are no rules; write one at least, such as {id: low, kind: state}",
            "нет ни\u00a0одного правила; напишите хотя\u00a0бы одно, например {id: low, kind: state}",
        )
    return AlertDefinition(tuple(rules), tuple(channels), root.choice("grain", _GRAINS) or "quarter")


def _rule(node: Node, known: Collection[str], kpis: Collection[str], channels: Collection[str]) -> Rule:
    identifier = _required(node, "id")
    kind = node.choice("kind", KINDS)
    if kind is None:
        raise node.wrong(
            "id",
            f"rule {identifier!r} has no `kind`; write one of: {', '.join(KINDS)}",
            f"у\u00a0правила «{identifier}» нет `kind`; укажите одно из: {', '.join(KINDS)}",
        )
    node.only((*_COMMON, *_FIELDS[kind]))
    of = node.string("of") if "of" in _FIELDS[kind] else None
    subjects = kpis if kind == "missing" else known
    if of is not None and of not in subjects:
        raise node.wrong("of", f"the scorecard has no {of!r}", f"в\u00a0карте нет «{of}»", near(of, subjects))
    below, above = node.optional_number("below"), node.optional_number("above")
    if kind == "threshold" and (of is None or (below is None) == (above is None)):
        raise node.wrong(
            "kind",
            "a threshold needs `of` and either `below` or `above`, such as {of: nps, below: 0.3}",
            "порогу нужны `of` и\u00a0либо `below`, либо `above`, например {of: nps, below: 0.3}",
        )
    if kind in ("missing", "quarantine") and above is None:
        raise node.wrong(
            "kind",
            f"a rule of the kind {kind} needs `above`, a share such as 0.1",
            f"правилу вида {kind} нужен `above`, доля, например 0.1",
        )
    if kind == "forecast" and below is None:
        raise node.wrong(
            "kind",
            "a rule of the kind forecast needs `below`, a chance such as 0.5",
            "правилу вида forecast нужен `below`, вероятность, например 0.5",
        )
    for key, share in (("below", below), ("above", above)):
        if kind != "threshold" and share is not None and not 0 <= share <= 1:
            raise node.wrong(
                key,
                f"`{key}` is {share:g}; write a share from 0 to 1, such as 0.1",
                f"в\u00a0`{key}` стоит {share:g}; укажите долю от\u00a00 до\u00a01, например 0.1",
            )
    table, hours = (_table(node), _hours(node)) if kind == "stale" else (None, None)
    quiet = node.number("quiet", 0.0)
    if quiet < 0:
        raise node.wrong(
            "quiet",
            f"`quiet` is {quiet:g}; write for how many days it is not told again, 0 or more",
            f"в\u00a0`quiet` стоит {quiet:g}; укажите, сколько дней не\u00a0сообщать повторно: 0 или больше",
        )
    goes_to = node.strings("channels")
    for channel in goes_to:
        if channel not in channels:
            raise node.wrong(
                "channels", f"there is no channel {channel!r}", f"нет канала «{channel}»", near(channel, channels)
            )
    return Rule(
        identifier,
        kind,
        node.choice("severity", SEVERITIES) or "warning",
        of,
        below,
        above,
        node.choice("form", FORMS) or "value",
        _states(node) if kind == "state" else ("bad",),
        table,
        hours,
        node.text("who"),
        node.text("message"),
        quiet,
        goes_to,
        node.line("id"),
    )


def _states(node: Node) -> tuple[State, ...]:
    found: list[State] = []
    for word in node.strings("states"):
        if word not in _STATES:
            raise node.wrong(
                "states", f"`states` holds {word!r}", f"в\u00a0`states` стоит «{word}»", near(word, _STATES)
            )
        found.extend(known for known in _STATES if known == word)
    return tuple(found) or ("bad",)


def _table(node: Node) -> str:
    table = node.string("table")
    timed = [name for name, one in TABLES.items() if one.time is not None and one.time not in _PLANNED]
    if table is None or table not in timed:
        raise node.wrong(
            "table",
            f"`table` is {table!r}, of which no age can be told",
            f"в\u00a0`table` стоит «{table}», а\u00a0её возраст узнать нельзя",
            near(table or "", timed),
        )
    return table


def _hours(node: Node) -> float:
    hours, days = node.optional_number("hours"), node.optional_number("days")
    if (hours is None) == (days is None):
        raise node.wrong(
            "kind",
            "a rule of the kind stale needs either `hours` or `days`, such as {table: orders, days: 2}",
            "правилу вида stale нужны либо `hours`, либо `days`, например {table: orders, days: 2}",
        )
    found = hours if hours is not None else 24 * (days or 0.0)
    if found <= 0:
        raise node.wrong("hours" if days is None else "days", "the age must be above 0", "возраст должен быть больше 0")
    return found


def _channel(node: Node) -> Channel:
    identifier = _required(node, "id")
    kind = node.choice("kind", ("email", "webhook"))
    if kind == "email":
        return _email(node, identifier)
    if kind == "webhook":
        return _webhook(node, identifier)
    raise node.wrong(
        "id",
        f"channel {identifier!r} has no `kind`; write email or webhook",
        f"у\u00a0канала «{identifier}» нет `kind`; укажите email или webhook",
    )


def _email(node: Node, identifier: str) -> EmailChannel:
    if "password" in node.data:
        raise node.wrong(
            "password",
            "a password does not belong in a file; write password_env: NAME, and set that environment variable",
            "паролю не\u00a0место в\u00a0файле; пишите password_env: ИМЯ и\u00a0задайте эту переменную окружения",
        )
    node.only(_EMAIL)
    host, security = _required(node, "host"), node.choice("security", SECURITIES) or "starttls"
    if security == "none" and host not in _LOCAL:
        raise node.wrong(
            "security",
            f"mail to {host} would go unencrypted; write security: starttls or ssl",
            f"письма к\u00a0{host} пошли\u00a0бы без шифрования; пишите security: starttls или ssl",
        )
    port = node.number("port", _PORTS[security])
    if port != int(port) or not 0 < port < 65536:
        raise node.wrong(
            "port",
            f"`port` is {port:g}; write a whole number from 1 to 65535",
            f"в\u00a0`port` стоит {port:g}; укажите целое число от\u00a01 до\u00a065535",
        )
    user, password = node.string("user"), _variable(node, "password_env")
    if (user is None) != (password is None):
        raise node.wrong(
            "user" if user else "password_env",
            "write both `user` and `password_env`, or neither",
            "укажите и\u00a0`user`, и\u00a0`password_env` либо ни\u00a0того ни\u00a0другого",
        )
    sender, to = _address(node, "from", _required(node, "from")), node.strings("to")
    if not to:
        raise node.wrong("to", "`to` is missing; list whom the mail goes to", "нет `to`; перечислите, кому писать")
    return EmailChannel(
        identifier,
        host,
        int(port),
        security,
        sender,
        tuple(_address(node, "to", one) for one in to),
        user,
        password,
    )


def _webhook(node: Node, identifier: str) -> WebhookChannel:
    if "secret" in node.data:
        raise node.wrong(
            "secret",
            "a secret does not belong in a file; write secret_env: NAME, and set that environment variable",
            "секрету не\u00a0место в\u00a0файле; пишите secret_env: ИМЯ и\u00a0задайте эту переменную окружения",
        )
    node.only(_WEBHOOK)
    url = _required(node, "url")
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise node.wrong(
            "url",
            f"`url` is {url!r}; write an address that begins with https://",
            f"в\u00a0`url` стоит «{url}»; укажите адрес, который начинается с\u00a0https://",
        )
    if parts.scheme == "http" and parts.hostname not in _LOCAL:
        raise node.wrong(
            "url",
            f"what goes to {url} could be read and changed on its way; write https://",
            f"то, что уходит на\u00a0{url}, могли\u00a0бы прочитать и\u00a0изменить в\u00a0пути; пишите https://",
        )
    if parts.username or parts.password:
        raise node.wrong(
            "url",
            "`url` holds a password; sign with secret_env: NAME instead",
            "в\u00a0`url` есть пароль; вместо него подписывайте через secret_env: ИМЯ",
        )
    timeout = node.number("timeout", 10.0)
    if not 0 < timeout <= 300:
        raise node.wrong(
            "timeout",
            f"`timeout` is {timeout:g}; write seconds, up to 300",
            f"в\u00a0`timeout` стоит {timeout:g}; укажите секунды, не\u00a0больше 300",
        )
    return WebhookChannel(identifier, url, _variable(node, "secret_env"), timeout)


def _variable(node: Node, key: str) -> str | None:
    name = node.string(key)
    if name is not None and not _VARIABLE.fullmatch(name):
        # What stands here may be the secret itself, so it is not repeated.
        raise node.wrong(
            key,
            f"`{key}` is no name of an environment variable; write one such as SEPTIMA_SMTP_PASSWORD",
            f"в\u00a0`{key}`\u00a0— не\u00a0имя переменной окружения; пишите, например, SEPTIMA_SMTP_PASSWORD",
        )
    return name


def _address(node: Node, key: str, given: str) -> str:
    address = parseaddr(given)[1]
    local, sign, domain = address.rpartition("@")
    if not (local and sign and domain) or not given.isprintable():
        raise node.wrong(
            key,
            f"`{key}` holds {given!r}, which is no address such as crm@example.org",
            f"в\u00a0`{key}` стоит «{given}», а\u00a0это не\u00a0адрес вида crm@example.org",
        )
    return given


def _required(node: Node, key: str) -> str:
    found = node.identifier(key) if key == "id" else node.string(key)
    if found is None:
        raise node.wrong(key, f"`{key}` is missing", f"нет `{key}`; укажите его")
    return found


def _refuse_repeated(node: Node, identifier: str, known: Collection[str]) -> None:
    if identifier in known:
        raise node.wrong(
            "id",
            f"the id {identifier!r} is given twice; each needs one of its own",
            f"id «{identifier}» указан дважды; дайте каждому свой",
        )
