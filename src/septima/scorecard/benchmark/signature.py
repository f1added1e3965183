"""Keys and signatures of exchange files: Ed25519 (RFC 8032), by the library `cryptography`."""

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from septima.durable import OWNER_ALONE, write_once
from septima.schema import Text
from septima.scorecard.benchmark.errors import BenchmarkError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

KEYS = "keys"
_FILE = "benchmark.key"
_SECRET_BYTES = 32
_SHARED_MODES = stat.S_IRWXG | stat.S_IRWXO
_NEEDS = Text(
    "signed exchange files need cryptography, which is not installed: pip install 'septima[exchange]'",
    "для подписанных файлов обмена нужен cryptography, а\u00a0он не\u00a0установлен: pip install 'septima[exchange]'",
)


@dataclass(frozen=True)
class SigningKey:
    """A secret key, its 32 bytes; whoever holds it can sign as the organisation."""

    secret: bytes

    @property
    def public(self) -> bytes:
        """The 32 bytes of the public key."""
        return self._private().public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """The 64 bytes of the signature; the same message has the same one."""
        return self._private().sign(message)

    def _private(self) -> "Ed25519PrivateKey":
        try:
            from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415 - an extra
        except ModuleNotFoundError as error:
            raise BenchmarkError(_NEEDS) from error
        return Ed25519PrivateKey.from_private_bytes(self.secret)


def new_key() -> SigningKey:
    """A fresh secret key from the system's own chance."""
    return SigningKey(os.urandom(_SECRET_BYTES))


def is_signed(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the holder of the public key signed exactly this message."""
    try:
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - an extra
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise BenchmarkError(_NEEDS) from error
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def fingerprint(public: bytes) -> str:
    """SHA-256 of a public key, 64 hexadecimal digits, by which people compare keys."""
    return hashlib.sha256(public).hexdigest()


def read_key(workspace: Path) -> SigningKey | None:
    """The organisation's own key; None where it has none yet. BenchmarkError where others could read it."""
    path = workspace / KEYS / _FILE
    try:
        mode, content = path.stat().st_mode, path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return None
    if os.name == "posix" and mode & _SHARED_MODES:
        raise BenchmarkError(
            Text(
                f"{path}: others can read this secret key; take that from them: chmod 600 {path}",
                f"{path}: этот секретный ключ могут прочитать другие; закройте его: chmod 600 {path}",
            )
        )
    try:
        secret = bytes.fromhex(content)
    except ValueError:
        secret = b""
    if len(secret) != _SECRET_BYTES:
        raise BenchmarkError(
            Text(
                f"{path}: holds no key (64 hexadecimal digits); bring it back from a copy, or remove it, and partners must "
                "trust a new one",
                f"{path}: в\u00a0файле нет ключа (64 шестнадцатеричные цифры); верните его из\u00a0копии или удалите, "
                "и\u00a0партнёрам придётся доверять новому",
            )
        )
    return SigningKey(secret)


def own_key(workspace: Path) -> SigningKey:
    """The organisation's key, made on first use in `keys` with access for its owner only."""
    kept = read_key(workspace)
    if kept is not None:
        return kept
    path = workspace / KEYS / _FILE
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_once(path, new_key().secret.hex() + "\n", OWNER_ALONE)
    kept = read_key(workspace)
    if kept is None:
        raise BenchmarkError(
            Text(
                f"{path}: was taken away while it was made; try again",
                f"{path}: файл убрали, пока он создавался; попробуйте снова",
            )
        )
    return kept
