"""Secrets of a connection: from the environment or from a file that only its owner may read, and nowhere else."""

import os
import stat
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any, cast

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from septima.connect.definition import Connection, variable_of
from septima.durable import OWNER_ALONE, write_over
from septima.schema import SeptimaError, Text

_LEAST_HIDDEN = 4


class SecretError(SeptimaError):
    """A secret is absent, or its file may be read by others."""


@dataclass(frozen=True, repr=False)
class Secrets:
    """The secrets of a connection, whose values no representation shows."""

    connection: Connection
    values: dict[str, str]

    def get(self, name: str) -> str | None:
        """A secret, or None."""
        return self.values.get(name)

    def need(self, name: str) -> str:
        """A secret; SecretError says how to give it where it is absent."""
        if name not in self.values:
            raise _absent(self.connection, name)
        return self.values[name]

    def keep(self, **changed: str) -> None:
        """Write secrets that a service exchanged into the file, durably, before they are used.

        A power failure leaves the old ones or the new ones, whole. SecretError where the file cannot be written.
        """
        path = self.connection.secrets_path
        held = {**_file(path), **changed}
        written, yaml = StringIO(), YAML(typ="safe")
        yaml.default_flow_style = False
        yaml.dump(held, written)
        try:
            write_over(path, written.getvalue(), OWNER_ALONE)
        except OSError as error:
            raise SecretError(
                Text(
                    f"{path} cannot be written: {error.strerror}; new tokens have to be kept there, give the user rights",
                    f"файл {path} нельзя записать: {error.strerror}; в\u00a0нём хранятся новые токены, дайте права на\u00a0запись",
                )
            ) from None
        self.values.update(changed)

    def hidden(self, said: str) -> str:
        """A text without the secrets that stand in it."""
        # The longest first: a short one may be a part of it.
        for secret in sorted(self.values.values(), key=len, reverse=True):
            if len(secret) >= _LEAST_HIDDEN:
                said = said.replace(secret, "…")
        return said


def read_secrets(connection: Connection) -> Secrets:
    """The secrets that are given for a connection; what the file holds goes before the environment.

    SecretError where others may read the file, it is not YAML, or a needed secret is absent.
    """
    held = _file(connection.secrets_path)
    known = {secret.name for secret in connection.kind.secrets}
    for name in held:
        if name not in known:
            there = ", ".join(sorted(known)) or "-"
            raise SecretError(
                Text(
                    f"{connection.secrets_path}: unknown secret {name!r}; {connection.kind.name} may have: {there}",
                    f"{connection.secrets_path}: неизвестный секрет «{name}»; у\u00a0{connection.kind.name} могут быть: {there}",
                )
            )
    given = {
        secret.name: value
        for secret in connection.kind.secrets
        if (value := os.environ.get(variable_of(connection.name, secret.name)))
    }
    secrets = Secrets(connection, {**given, **held})
    for secret in connection.kind.secrets:
        if secret.required and secret.name not in secrets.values:
            raise _absent(connection, secret.name)
    return secrets


def _file(path: Path) -> dict[str, str]:
    try:
        status = path.stat()
    except FileNotFoundError:
        return {}
    if stat.S_IMODE(status.st_mode) & 0o077:
        raise SecretError(
            Text(
                f"{path} may be read by others than its owner; close it, then try again: chmod 600 {path}",
                f"файл {path} доступен не\u00a0только владельцу; закройте доступ и\u00a0повторите: chmod 600 {path}",
            )
        )
    try:
        content: object = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except (YAMLError, UnicodeDecodeError, OSError):
        content = ""  # what stands there may be a secret, and is not shown
    if content is None:
        return {}
    if not isinstance(content, dict) or not all(
        isinstance(value, str | int) and not isinstance(value, bool)
        for value in cast("dict[Any, Any]", content).values()
    ):
        raise SecretError(
            Text(
                f"{path} cannot be understood; write one `name: value` a line, with the value in quotes",
                f"файл {path} не\u00a0разобрать; пишите по\u00a0одному «имя: значение» на\u00a0строке, значение в\u00a0кавычках",
            )
        )
    return {str(name): str(value) for name, value in cast("dict[Any, Any]", content).items()}


def _absent(connection: Connection, name: str) -> SecretError:
    meaning = next((secret.meaning for secret in connection.kind.secrets if secret.name == name), Text("", ""))
    variable, path = variable_of(connection.name, name), connection.secrets_path
    return SecretError(
        Text(
            f"{connection.name} needs {meaning.en}: set {variable} in the environment, "
            f'or write `{name}: "…"` into {path} and close it: chmod 600 {path}',
            f"подключению {connection.name} нужно: {meaning.ru}. Задайте переменную окружения {variable} "
            f'или впишите `{name}: "…"` в\u00a0файл {path} и\u00a0закройте его: chmod 600 {path}',
        )
    )
