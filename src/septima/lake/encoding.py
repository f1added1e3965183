"""Text files as UTF-8, and samples of them."""

import codecs
from pathlib import Path

import charset_normalizer

from septima.lake.mapping import FileMapping
from septima.lake.sql import LoadError
from septima.schema import Text

_SAMPLE_WHOLE = 4 << 20
_SAMPLE_START = 1 << 20
_SAMPLE_PIECES, _SAMPLE_PIECE = 32, 64 << 10
_CHUNK = 1 << 20
_ENCODINGS = ["cp1251", "koi8_r", "cp866", "cp1252", "cp1250", "cp1254", "cp1253", "shift_jis", "gb18030", "euc_kr"]


def _pieces(path: Path) -> list[bytes]:
    """The file whole where it is small; otherwise its start and whole lines from all over it."""
    size = path.stat().st_size
    with path.open("rb") as file:
        if size <= _SAMPLE_WHOLE:
            return [file.read()]
        start = file.read(_SAMPLE_START)
        pieces = [start[: start.rfind(b"\n") + 1]]
        step = (size - _SAMPLE_START) // _SAMPLE_PIECES
        for index in range(_SAMPLE_PIECES):
            file.seek(_SAMPLE_START + index * step)
            piece = file.read(_SAMPLE_PIECE)
            pieces.append(piece[piece.find(b"\n") + 1 : piece.rfind(b"\n") + 1])
    return pieces


def _encoding(mapping: FileMapping, path: Path, name: str) -> str:
    """The encoding of a text file: as given, by its mark, UTF-8 where it reads as that, else by its letters."""
    if mapping.encoding is not None:
        try:
            return codecs.lookup(mapping.encoding).name
        except LookupError:
            unknown = Text(
                f"there is no encoding {mapping.encoding!r}",
                f"нет кодировки «{mapping.encoding}»; укажите, например, utf-8 или cp1251",
            )
            raise LoadError(mapping.place.before(unknown)) from None
    with path.open("rb") as file:
        start = file.read(4)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    lines = [line for piece in _pieces(path) for line in piece.split(b"\n") if not line.isascii()]
    broken = [line for line in lines if not is_utf8(line)]
    if len(broken) * 2 <= len(lines):
        return "utf-8"  # the broken lines, if any, go to quarantine
    best = charset_normalizer.from_bytes(b"\n".join(broken[:2000]), cp_isolation=_ENCODINGS).best()
    if best is None:
        raise LoadError(
            Text(
                f"the encoding of {name} can't be told; write it as `encoding: cp1251` or whichever it is",
                f"кодировку файла {name} не\u00a0определить; укажите её в\u00a0сопоставлении, например «encoding: cp1251»",
            )
        )
    return codecs.lookup(best.encoding).name


def is_utf8(line: bytes) -> bool:
    """Whether the bytes are text in UTF-8."""
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def as_utf8(mapping: FileMapping, path: Path, name: str, folder: Path) -> Path:
    """The file itself where it is UTF-8, else a copy that is; bytes without a meaning stay broken."""
    encoding = _encoding(mapping, path, name)
    if encoding in ("utf-8", "ascii"):
        return path
    copy = folder / f"{path.stem}.utf-8"
    decoder = codecs.getincrementaldecoder(encoding)(errors="surrogateescape")
    with path.open("rb") as source, copy.open("wb") as target:
        try:
            while chunk := source.read(_CHUNK):
                target.write(decoder.decode(chunk).encode("utf-8", "surrogateescape"))
            target.write(decoder.decode(b"", final=True).encode("utf-8", "surrogateescape"))
        except UnicodeError as error:
            raise LoadError(
                Text(
                    f"{name} is not text in {encoding}: {error}",
                    f"{name}\u00a0— не\u00a0текст в\u00a0кодировке {encoding}: {error}; укажите другую: «encoding: …»",
                )
            ) from None
    return copy


def sample_file(path: Path, folder: Path) -> Path:
    """The file itself where it is small, else a file with its start and pieces from all over it."""
    pieces = _pieces(path)
    if len(pieces) == 1:
        return path
    sample = folder / f"{path.name}.sample"
    sample.write_bytes(b"".join(pieces))
    return sample
