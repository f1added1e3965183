"""Files that people download, safe to open in a spreadsheet."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from urllib.parse import quote

from django.http import HttpResponse, StreamingHttpResponse

from septima.lake.spreadsheet import plain_cell
from septima.web.common.language import current_language


def safe_cell(value: object) -> object:
    """A value that no spreadsheet takes for a formula: text that begins like one gets an apostrophe before it."""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    return "" if value is None else plain_cell(value)


def csv_answer(name: str, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> StreamingHttpResponse:
    """A CSV file, written as it is sent; in Russian with semicolons, as Excel expects there."""
    divider = ";" if current_language() == "ru" else ","

    def lines() -> Iterable[bytes]:
        yield b"\xef\xbb\xbf" + _line(heads, divider)
        for row in rows:
            yield _line(row, divider)

    answer = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = attachment(name)
    return answer


def file_answer(name: str, content: bytes, kind: str) -> HttpResponse:
    """A file of these bytes."""
    answer = HttpResponse(content, content_type=kind)
    answer["Content-Disposition"] = attachment(name)
    return answer


def attachment(name: str) -> str:
    """The header that makes a browser save a file under a name of any letters (RFC 6266)."""
    name = " ".join(name.split())  # a name of several lines would break out of the header's line
    plain = name.encode("ascii", "replace").decode().replace("?", "_").replace('"', "_").replace("\\", "_")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _line(cells: Sequence[object], divider: str) -> bytes:
    written = io.StringIO()
    csv.writer(written, delimiter=divider, lineterminator="\r\n").writerow([safe_cell(cell) for cell in cells])
    return written.getvalue().encode()
