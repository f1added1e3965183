"""Files that people bring: received in pieces to the disk, and looked at with suspicion before anything opens them.

`SEPTIMA_UPLOAD_MEGABYTES` is the largest file that is taken (200 where it is not set), `SEPTIMA_KEEP_UPLOADS_DAYS` how long
a file stays on the site's disk after it was loaded (7; 0 deletes it at once). What was loaded stays in the lake.
"""

import hashlib
import os
import re
import struct
import unicodedata
import zipfile
import zlib
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq
from django.core.files.uploadhandler import FileUploadHandler, StopUpload

from septima.schema import SeptimaError, Text

KINDS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}
"""What is taken, by the end of its name."""

MEGABYTE = 2**20
_FORM_BYTES = 64 * 2**10  # what a form takes around its file
_UNPACKED = 400 * MEGABYTE
_RATIO, _RATIO_FROM = 200, 20 * MEGABYTE
_CELLS = 30_000_000
_PARQUET_CELLS = 500_000_000
_PARTS = 10_000
_PIECE = 2**20
_LOOKED_AT = 64 * 2**10
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MAGIC = {
    b"PK\x03\x04": "ZIP / XLSX",
    _OLE: "XLS / DOC",
    b"PAR1": "Parquet",
    b"%PDF": "PDF",
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"GIF8": "GIF",
    b"\x1f\x8b": "gzip",
    b"\x7fELF": "ELF",
    b"MZ": "EXE",
    b"SQLite format 3\0": "SQLite",
}
_TEXT_OF_CELLS = 1_500 * MEGABYTE
_PLACE = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]{0,7})(\d{1,10})["']""")
_VALUE = re.compile(rb"<(?:\w{1,20}:)?v[^<>]{0,40}>\s*(\d{1,9})\s*<")
_LONGEST_MATCH = 80
_SHARED_TEXTS = "xl/sharedStrings.xml"


class FileRefusedError(SeptimaError):
    """A file that is not taken, and why; nothing of it was loaded."""


def largest_upload() -> int:
    """Bytes of the largest file that is taken."""
    return int(os.environ.get("SEPTIMA_UPLOAD_MEGABYTES", "200")) * MEGABYTE


def days_kept() -> int:
    """Days that a file stays after it was loaded."""
    return int(os.environ.get("SEPTIMA_KEEP_UPLOADS_DAYS", "7"))


def too_large(content_length: int) -> bool:
    """Whether a request of this many bytes holds a file that is not taken: told before it is read."""
    return content_length > largest_upload() + _FORM_BYTES


def safe_name(given: str) -> str:
    """The name of a file without folders, signs that mean something to a disk, or a leading point."""
    plain = unicodedata.normalize("NFC", given).replace("\\", "/").rsplit("/", 1)[-1]
    plain = "".join(sign if sign.isalnum() or sign in "._- ()" else "_" for sign in plain)
    plain = re.sub(r"\s+", " ", plain).strip(" .")
    stem, dot, end = plain.rpartition(".")
    stem, end = (stem, end) if dot else (plain, "")
    # Letters of other alphabets take up to four bytes, and a disk counts bytes.
    stem = stem.encode()[:120].decode(errors="ignore").strip(" .") or "file"
    if stem.lower() in {"mapping", "examined"}:
        stem = f"{stem}_"
    return f"{stem}.{end[:10].lower()}" if end else stem


class ReceivingToDisk(FileUploadHandler):
    """Takes one file of a form to the disk piece by piece, never into memory, and stops where it grows too large."""

    chunk_size = _PIECE

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self.original = ""
        self.path: Path | None = None
        self.size = 0
        self.too_large = False
        self._digest = hashlib.sha256()
        self._file: IO[bytes] | None = None

    @property
    def sha256(self) -> str:
        """The digest of what has come."""
        return self._digest.hexdigest()

    def new_file(self, field_name: str, file_name: str, *arguments: Any, **named: Any) -> None:
        """Begin to take a file; a second one is passed over."""
        super().new_file(field_name, file_name, *arguments, **named)
        if self.path is None and field_name == "file":
            self.original = file_name
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.path = self.folder / safe_name(file_name)
            self._file = self.path.open("wb")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        """Write a piece."""
        if self._file is not None:
            self.size += len(raw_data)
            if self.size > largest_upload():
                self.too_large = True
                raise StopUpload(connection_reset=True)
            self._digest.update(raw_data)
            self._file.write(raw_data)
        return None

    def file_complete(self, file_size: int) -> None:
        """Bring the file to the disk; the form itself holds none."""
        if self._file is not None:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._file = None

    def upload_interrupted(self) -> None:
        """Let go of what has come so far."""
        if self._file is not None:
            self._file.close()
            self._file = None


def check_file(path: Path, name: str) -> None:
    """Refuse a file that is not what its name says, is empty, or would swell beyond measure when opened.

    FileRefusedError says what is wrong with it and what to do.
    """
    kind = KINDS.get(Path(name).suffix.lower())
    if kind is None:
        raise FileRefusedError(
            Text(
                f"“{name}” is of a kind that is not taken. Save it as CSV, XLSX, JSON lines (.jsonl) or Parquet.",
                f"Файлы такого вида, как «{name}», не\u00a0принимаются. Сохраните его как CSV, XLSX, JSON lines (.jsonl) или Parquet.",
            )
        )
    if path.stat().st_size == 0:
        raise FileRefusedError(Text(f"“{name}” is empty.", f"Файл «{name}» пуст."))
    if kind == "xlsx":
        _check_book(path, name)
    elif kind == "parquet":
        _check_parquet(path, name)
    else:
        _check_text(path, name)


def _check_text(path: Path, name: str) -> None:
    with path.open("rb") as file:
        start = file.read(_LOOKED_AT)
    looks_like = next((told for magic, told in _MAGIC.items() if start.startswith(magic)), None)
    wide = start.startswith((b"\xff\xfe", b"\xfe\xff"))
    strange = sum(byte < 9 or 13 < byte < 32 for byte in start)
    if looks_like is not None and looks_like != "EXE":
        raise FileRefusedError(
            Text(
                f"“{name}” is no text: inside it is {looks_like}. Give it the right ending, or save it as CSV.",
                f"«{name}»\u00a0— не\u00a0текст: внутри {looks_like}. Исправьте расширение или сохраните файл как CSV.",
            )
        )
    if not wide and (b"\0" in start or strange > len(start) // 50):
        raise FileRefusedError(
            Text(
                f"“{name}” is no text but binary data. Save it as CSV, and choose that file.",
                f"«{name}»\u00a0— не\u00a0текст, а\u00a0двоичные данные. Сохраните его как CSV и\u00a0выберите этот файл.",
            )
        )
    if not start.strip():
        raise FileRefusedError(Text(f"“{name}” is empty.", f"Файл «{name}» пуст."))


def _check_parquet(path: Path, name: str) -> None:
    """A value that is repeated takes next to nothing in a Parquet file, so that a small one may hold rows without end."""
    try:
        told = pq.read_metadata(path)
    except (pa.ArrowException, OSError):
        raise FileRefusedError(
            Text(
                f"“{name}” is no Parquet file, or it came in part. Make it again, and choose it anew.",
                f"«{name}»\u00a0— не\u00a0файл Parquet или файл неполный. Создайте его заново и\u00a0выберите ещё раз.",
            )
        ) from None
    if told.num_rows * told.num_columns > _PARQUET_CELLS:
        raise FileRefusedError(
            Text(
                f"“{name}” holds {told.num_rows:,} rows of {told.num_columns} columns, too many to load here. Divide it into parts.",
                f"В\u00a0«{name}» {told.num_rows} строк по\u00a0{told.num_columns} столбцов\u00a0— слишком много, чтобы загрузить "
                "здесь. Разделите файл на\u00a0части.",
            )
        )


def _check_book(path: Path, name: str) -> None:
    """An XLSX is a ZIP: what it unpacks to is measured by unpacking it, since what it says of itself may be untrue."""
    no_book = FileRefusedError(
        Text(
            f"“{name}” is no XLSX file, or it is protected by a password. Open it in a spreadsheet and save it as XLSX.",
            f"«{name}»\u00a0— не\u00a0файл XLSX или он защищён паролем. Откройте его в\u00a0табличном редакторе и\u00a0сохраните как XLSX.",
        )
    )
    try:
        with zipfile.ZipFile(path) as book:
            parts = book.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, struct.error, NotImplementedError):
        raise no_book from None
    names = {part.filename for part in parts}
    if "[Content_Types].xml" not in names or not any(one.startswith("xl/worksheets/") for one in names):
        raise no_book
    limit = min(_UNPACKED, max(_RATIO_FROM, _RATIO * path.stat().st_size))
    if len(parts) > _PARTS or sum(part.file_size for part in parts) > limit:
        raise _bomb(name)
    unpacked, texts = 0, _SharedTexts()
    with path.open("rb") as file:
        for part in sorted(parts, key=lambda part: part.filename != _SHARED_TEXTS):
            cells = _Cells(texts)
            try:
                for piece in _unpacked(file, part):
                    unpacked += len(piece)
                    if unpacked > limit:
                        raise _bomb(name)
                    if part.filename == _SHARED_TEXTS:
                        texts.read(piece)
                    elif part.filename.startswith("xl/worksheets/"):
                        cells.read(piece)
            except FileRefusedError:
                raise  # a refusal is a ValueError too
            except (zlib.error, struct.error, ValueError):
                raise no_book from None
            cells.finish()
            if cells.text > _TEXT_OF_CELLS:
                raise _bomb(name)
            if cells.rows * cells.columns > _CELLS:
                raise FileRefusedError(
                    Text(
                        f"“{name}” has a sheet with a cell at row {cells.rows:,} and column {cells.columns:,}, too large to open. "
                        "Delete the stray cells far from the table, or save the table as CSV.",
                        f"В\u00a0«{name}» есть лист с\u00a0ячейкой в\u00a0строке {cells.rows} и\u00a0столбце {cells.columns}: такой лист "
                        "не\u00a0открыть. Удалите ячейки, лежащие далеко от\u00a0таблицы, или сохраните таблицу как CSV.",
                    )
                )


def _bomb(name: str) -> FileRefusedError:
    return FileRefusedError(
        Text(
            f"“{name}” unpacks to far more than an honest table of its size would, and is not opened. Save the table as CSV.",
            f"«{name}» распаковывается в\u00a0объём, какого у\u00a0честной таблицы такого размера не\u00a0бывает, поэтому файл не\u00a0открыт. "
            "Сохраните таблицу как CSV.",
        )
    )


def _unpacked(file: IO[bytes], part: zipfile.ZipInfo) -> Iterator[bytes]:
    """What a part of a ZIP unpacks to, in pieces, whatever size its entry claims. ValueError where it is packed oddly."""
    if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or part.flag_bits & 1:
        raise ValueError(part.filename)
    file.seek(part.header_offset)
    head = file.read(30)
    name_length, extra_length = struct.unpack("<26xHH", head)
    file.seek(name_length + extra_length, os.SEEK_CUR)
    left = part.compress_size
    inflate = zlib.decompressobj(-15) if part.compress_type == zipfile.ZIP_DEFLATED else None
    while left > 0 and (packed := file.read(min(_PIECE, left))):
        left -= len(packed)
        if inflate is None:
            yield packed
            continue
        while packed:
            yield inflate.decompress(packed, _PIECE)
            packed = inflate.unconsumed_tail


class _SharedTexts:
    """How long the texts are that cells refer to by number: one long text in many cells swells as a bomb does."""

    def __init__(self) -> None:
        self.lengths = array("L")
        self._length = 0
        self._rest = b""

    def read(self, piece: bytes) -> None:
        """Look at a piece of the list of texts."""
        ended = (self._rest + piece).split(b"</si>")
        for text in ended[:-1]:
            self.lengths.append(self._length + len(text))
            self._length = 0
        cut = max(0, len(ended[-1]) - len(b"</si>"))
        self._length, self._rest = self._length + cut, ended[-1][cut:]


class _Cells:
    """The farthest row and column of a sheet, to which a reader makes room, and how much text its cells refer to."""

    def __init__(self, texts: _SharedTexts) -> None:
        self.rows = 1
        self.columns = 1
        self.text = 0
        self._lengths = texts.lengths
        self._rest = b""

    def read(self, piece: bytes) -> None:
        """Look at a piece of the sheet."""
        text = self._rest + piece
        # What comes behind the last closed element is looked at with the next piece, so that nothing is cut in two.
        closing = text.rfind(b"</", 0, max(0, len(text) - _LONGEST_MATCH))
        cut = text.find(b">", closing) + 1 if closing >= 0 else text.rfind(b"<")
        seen, self._rest = text[:cut], text[cut:]
        self._count(seen)

    def finish(self) -> None:
        """Look at what is left."""
        self._count(self._rest)

    def _count(self, seen: bytes) -> None:
        for column, row in _PLACE.findall(seen):
            self.rows = max(self.rows, int(row))
            number = 0
            for letter in column.upper():
                number = number * 26 + letter - 64
            self.columns = max(self.columns, number)
        known = len(self._lengths)
        self.text += sum(self._lengths[number] for found in _VALUE.findall(seen) if (number := int(found)) < known)
