"""CSV files that a person sends: lists of customers, answers, links."""

import csv
import io

from septima.schema import SeptimaError, Text

MOST_BYTES = 5 * 2**20
_ENCODINGS = ("utf-8-sig", "cp1251")


class CsvError(SeptimaError):
    """A file that is no CSV, is too large, or lacks what it is for."""


def read_csv(content: bytes) -> tuple[list[str], list[dict[str, str]]]:
    """The heads and the rows of a CSV file, by commas, semicolons or tabs; CsvError where it is none or too large."""
    if len(content) > MOST_BYTES:
        raise CsvError(Text("A file may have 5 MB at most.", "Файл может занимать не\u00a0больше 5\u00a0МБ."))
    if b"\x00" in content[:4096]:
        raise CsvError(Text("This is no CSV file but a binary one.", "Это не\u00a0CSV, а\u00a0двоичный файл."))
    text = ""
    for encoding in _ENCODINGS:
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    head = text.partition("\n")[0]
    divider = max(";,\t", key=head.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=divider))
    except csv.Error as error:
        raise CsvError(Text(f"This is no CSV file: {error}.", f"Это не\u00a0CSV: {error}.")) from None
    rows = [[cell.strip() for cell in row] for row in rows if any(cell.strip() for cell in row)]
    if not rows:
        raise CsvError(Text("The file is empty.", "Файл пуст."))
    heads = [name.strip().lower() for name in rows[0]]
    return heads, [dict(zip(heads, row, strict=False)) for row in rows[1:]]
