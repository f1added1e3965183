"""Files that are not what they say, or would do harm: each refused with a clear message, and nothing of it loaded."""

import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from septima.lake.mapping import MappingError
from septima.web.data import files
from septima.web.data.files import FileRefusedError, check_file, safe_name
from septima.web.data.mapping_forms import check_text, checked_mapping, for_file, read_form, write_form
from septima.web.data.models import Upload
from tests.web.data.conftest import ORDERS, Shop, address, bring, load, newest

SHEET = "xl/worksheets/sheet1.xml"


def book(sheet: bytes, texts: bytes = b"<sst/>") -> bytes:
    """A workbook of one sheet."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("[Content_Types].xml", "<Types/>")
        packed.writestr("xl/workbook.xml", "<workbook/>")
        packed.writestr("xl/sharedStrings.xml", texts)
        packed.writestr(SHEET, sheet)
    return buffer.getvalue()


def refusal(tmp_path: Path, content: bytes, name: str) -> str:
    """What is said of a file that is refused."""
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(FileRefusedError) as refused:
        check_file(path, name)
    return str(refused.value)


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"", "empty.csv", "is empty"),
        (b" \n\n", "blank.csv", "is empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "picture.csv", "inside it is PNG"),
        (b"PK\x03\x04" + bytes(100), "table.csv", "inside it is ZIP"),
        (bytes(range(256)) * 20, "noise.csv", "binary data"),
        (b"id,name\n\x00\x00\x00", "zeros.txt", "binary data"),
        (b"id,name\n1,a\n", "macro.exe", "of a kind that is not taken"),
        (b"id,name\n1,a\n", "table", "of a kind that is not taken"),
        (b"PAR1 and then nothing", "half.parquet", "no Parquet file"),
        (b"PAR1" + bytes(40) + b"\xff\xff\xff\x7fPAR1", "forged.parquet", "no Parquet file"),
        (b"id;name", "text.xlsx", "no XLSX file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old.xlsx", "no XLSX file"),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_refused(tmp_path: Path, content: bytes, name: str, said: str) -> None:
    assert said in refusal(tmp_path, content, name)


def test_text_in_other_encodings_is_text(tmp_path: Path) -> None:
    for encoding in ("utf-8", "cp1251", "utf-16", "koi8-r"):
        path = tmp_path / f"{encoding}.csv"
        path.write_bytes(ORDERS.encode(encoding))
        check_file(path, path.name)


def test_a_zip_bomb_is_not_opened(tmp_path: Path) -> None:
    assert "unpacks to far more" in refusal(tmp_path, book(bytes(300 * 2**20)), "bomb.xlsx")


def test_a_parquet_file_of_rows_without_end_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "rows.parquet"
    block = pa.table({"order_id": pa.repeat(pa.scalar("x"), 1_000_000), "at": pa.repeat(pa.scalar("y"), 1_000_000)})
    with pq.ParquetWriter(path, block.schema) as writer:
        for _ in range(3):
            writer.write_table(block)
    check_file(path, path.name)
    monkeypatch.setattr(files, "_PARQUET_CELLS", 5_999_999)
    with pytest.raises(FileRefusedError, match="3,000,000 rows of 2 columns"):
        check_file(path, path.name)


def test_a_bomb_that_lies_about_its_size_is_measured(tmp_path: Path) -> None:
    raw = bytearray(book(bytes(60 * 2**20)))
    with zipfile.ZipFile(io.BytesIO(raw)) as packed:
        local = packed.getinfo(SHEET).header_offset
    listed = raw.rfind(SHEET.encode()) - 46
    # Where the size stands that the part claims to unpack to: in its own header and in the list at the end.
    for place in (local + 22, listed + 24):
        assert raw[place : place + 4] == struct.pack("<L", 60 * 2**20)
        raw[place : place + 4] = struct.pack("<L", 1000)
    assert "unpacks to far more" in refusal(tmp_path, bytes(raw), "liar.xlsx")


@pytest.mark.parametrize("quote", [b'"', b"'"])
def test_a_sheet_with_a_cell_at_its_far_corner_is_not_opened(tmp_path: Path, quote: bytes) -> None:
    cells = b"<c r=QA1Q><v>1</v></c><c r=QXFD1048576Q><v>1</v></c>".replace(b"Q", quote)
    said = refusal(
        tmp_path, book(b"<worksheet><sheetData><row>" + cells + b"</row></sheetData></worksheet>"), "far.xlsx"
    )
    assert "1,048,576" in said


def test_one_long_text_in_many_cells_is_a_bomb_too(tmp_path: Path) -> None:
    texts = b"<sst><si><t>" + b"x" * 1_000_000 + b"</t></si></sst>"
    cells = b"".join(b'<c r="A%d" t="s"><v>0</v></c>' % row for row in range(1, 2_001))
    assert "unpacks to far more" in refusal(
        tmp_path, book(b"<worksheet>" + cells + b"</worksheet>", texts), "texts.xlsx"
    )


def test_honest_books_are_taken(tmp_path: Path) -> None:
    made = openpyxl.Workbook()
    for row in range(3_000):
        made.active.append([row, f"order {row}", 12.5])  # pyright: ignore[reportOptionalMemberAccess]
    path = tmp_path / "honest.xlsx"
    made.save(path)
    check_file(path, path.name)


@pytest.mark.parametrize("piece", [2**20, 100])
def test_what_a_sheet_holds_is_counted_alike_in_pieces_of_any_size(piece: int) -> None:
    texts = files._SharedTexts()
    raw = b"<sst><si><t>abc</t></si><si><t>abcdef</t></si></sst>"
    for start in range(0, len(raw), 7):
        texts.read(raw[start : start + 7])
    assert list(texts.lengths) == [len(b"<sst><si><t>abc</t>"), len(b"<si><t>abcdef</t>")]
    sheet = b"".join(
        b'<row r="%d"><c r="B%d" t="s"><v>1</v></c><c r="AA%d"><v>7.5</v></c></row>' % (n, n, n) for n in range(1, 200)
    )
    cells = files._Cells(texts)
    for start in range(0, len(sheet), piece):
        cells.read(sheet[start : start + piece])
    cells.finish()
    assert (cells.rows, cells.columns, cells.text) == (199, 27, 199 * texts.lengths[1])


@pytest.mark.parametrize(
    ("given", "safe"),
    [
        ("orders.csv", "orders.csv"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\windows\\system.csv", "system.csv"),
        ("/etc/cron.d/x.CSV", "x.csv"),
        ("...", "file"),
        ("", "file"),
        (".htaccess", "htaccess"),
        ("a\0b\n.csv", "a_b_.csv"),
        ("заказы за июль.xlsx", "заказы за июль.xlsx"),
        ("orders[1]*.csv", "orders_1__.csv"),
        ("<script>.csv", "_script_.csv"),
        ("mapping.yaml", "mapping_.yaml"),
    ],
)
def test_names_are_made_safe(given: str, safe: str) -> None:
    assert safe_name(given) == safe


def test_a_long_name_fits_a_disk() -> None:
    assert len(safe_name("ж" * 500 + ".csv").encode()) < 255


BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nsource: *b\nfiles: []\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (BOMB, "anchors or aliases"),
        ("source: " + "[" * 40 + "]" * 40, "nested too deeply"),
        ("source: x\n" + "# " + "long" * 20_000, "longer than 64 kB"),
        ("source: [", "not YAML"),
        ("\x00", "not YAML"),
    ],
)
def test_a_mapping_that_would_swell_is_refused_before_it_is_built(text: str, said: str) -> None:
    with pytest.raises(MappingError, match=said):
        check_text(text)


@pytest.mark.parametrize("name", ["/etc/passwd", "../other/orders.csv", "'*.csv'", "mapping.yaml"])
def test_a_mapping_names_no_file_but_the_uploaded_one(name: str, tmp_path: Path) -> None:
    text = f"source: x\nfiles:\n  - file: {name}\n    tables: {{customers: {{columns: {{customer_id: id}}}}}}\n"
    with pytest.raises(MappingError, match="here it can only be"):
        checked_mapping(text, tmp_path / "mapping.yaml", "orders.csv")


def test_form_and_yaml_say_the_same_both_ways() -> None:
    text = (
        "source: till\nfiles:\n  - file: a.csv\n    encoding: cp1251\n    tables:\n      orders:\n        columns:\n"
        "          order_id: id\n          status:\n            column: st\n            values:\n              ok: paid\n"
        "          currency:\n            constant: EUR\n        ignore:\n          - junk\n"
    )
    form = read_form(text)
    assert form is not None
    assert write_form(form, "a.csv") == text
    assert for_file(text, "b.csv") == text.replace("a.csv", "b.csv")


@pytest.mark.parametrize(
    "more",
    [
        "when: st = 'paid'",
        "keep: last",
        "columns: {order_id: id, customer_id: id}",
        "columns: {order_id: {expression: a || b}}",
    ],
)
def test_what_a_form_cannot_say_stays_yaml(more: str) -> None:
    table = f"columns: {{order_id: id}}, {more}" if not more.startswith("columns") else more
    assert read_form(f"source: x\nfiles:\n  - {{file: a.csv, tables: {{orders: {{{table}}}}}}}\n") is None


def test_a_file_that_is_refused_leaves_nothing_behind(shop: Shop, analyst: Client) -> None:
    for content, name in (
        (b"", "a.csv"),
        (bytes(2000), "b.csv"),
        (ORDERS.encode(), "c.pdf"),
        (book(bytes(30 * 2**20)), "d.xlsx"),
    ):
        answer = bring(analyst, content, name)
        assert answer.status_code == 422
        assert name in answer.content.decode()
        assert (newest().state, newest().folder.exists()) == ("refused", False)
    assert shop.lake.version == 0


def test_a_header_alone_is_nothing_to_load(shop: Shop, analyst: Client) -> None:
    answer = bring(analyst, ORDERS.splitlines()[0] + "\n")
    assert answer.status_code == 422
    assert "has a header and no rows" in answer.content.decode()


def test_a_file_that_is_too_large_is_refused_before_it_is_read(shop: Shop, analyst: Client, monkeypatch: Any) -> None:
    monkeypatch.setenv("SEPTIMA_UPLOAD_MEGABYTES", "1")

    def read(*_: Any) -> None:
        raise AssertionError("the file was read")

    monkeypatch.setattr("django.http.request.HttpRequest.parse_file_upload", read)
    answer = bring(analyst, b"x" * (2 * 2**20))
    assert answer.status_code == 413
    assert "Files up to 1 MB are taken here" in answer.content.decode()
    assert not Upload.objects.exists()


def test_a_file_that_grows_past_what_it_said_is_stopped(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("SEPTIMA_UPLOAD_MEGABYTES", "1")
    handler = files.ReceivingToDisk(tmp_path / "in")
    handler.new_file("file", "big.csv", "text/csv", 10)
    handler.receive_data_chunk(b"x" * 2**20, 0)
    with pytest.raises(files.StopUpload):
        handler.receive_data_chunk(b"x", 2**20)
    assert handler.too_large


def test_names_that_climb_out_stay_in_their_folder(shop: Shop, analyst: Client) -> None:
    bring(analyst, ORDERS, "../../../../tmp/orders.csv")
    upload = newest()
    assert upload.name == "orders.csv"
    assert upload.path.parent == upload.folder


def test_a_file_in_the_wrong_encoding_is_still_read_or_told_of(shop: Shop, analyst: Client) -> None:
    bring(analyst, ORDERS.encode("cp1251"))
    names = [column["name"] for column in analyst.get(address("upload", newest().pk)).context["seen"]["columns"]]
    assert names[0] == "Номер заказа"
    analyst.post(address("upload", newest().pk, "discard"))
    broken = ORDERS.encode() + b"A-9;c\xff\xfe\xff;05.07.2026;80;\xc3\x28\n"
    bring(analyst, broken)
    (table,) = analyst.get(address("upload", newest().pk)).context["tables"]
    assert "bytes that are not text in the file's encoding" in {one["reason"] for one in table["reasons"]}


def test_formulas_in_cells_are_text_and_nothing_computes_them(shop: Shop, analyst: Client) -> None:
    content = (
        'customer_id,name,created_at\nc1,"=HYPERLINK(""http://evil.example"")",2026-07-01\nc2,@SUM(1),2026-07-02\n'
    )
    bring(analyst, content, "customers.csv")
    page = analyst.get(address("upload", newest().pk))
    assert page.context["form"]["table"] == "customers"
    assert "=HYPERLINK(&quot;http://evil.example&quot;)" in page.content.decode()
    assert load(analyst).result["tables"]["customers"]["loaded"] == 2


def test_script_in_a_file_is_shown_as_text(shop: Shop, analyst: Client) -> None:
    content = "id,<script>alert(1)</script>,created_at\nc1,<img src=x onerror=alert(1)>,2026-07-01\n"
    bring(analyst, content, "customers.csv")
    text = analyst.get(address("upload", newest().pk)).content.decode()
    assert "<script>alert" not in text
    assert "<img src=x" not in text


def test_no_file_at_all_is_told(shop: Shop, analyst: Client) -> None:
    answer = analyst.post(address("upload"), {})
    assert answer.status_code == 422
    assert "Choose a file first" in answer.content.decode()


def test_a_connection_that_is_lost_on_the_way_is_no_obstacle_to_the_next(
    shop: Shop, analyst: Client, as_role: Callable[[str], Client]
) -> None:
    upload = Upload.objects.create(
        organisation=shop.organisation, user_id=analyst.session["_auth_user_id"], token="gone", name="half.csv"
    )
    upload.folder.mkdir(parents=True)
    upload.path.write_text("half")
    assert analyst.get(address("upload")).status_code == 200
    upload.refresh_from_db()
    assert (upload.state, upload.folder.exists()) == ("refused", False)
    assert bring(analyst, ORDERS).status_code == 302


def test_a_second_file_in_the_form_is_passed_over(shop: Shop, analyst: Client) -> None:
    both = {"file": SimpleUploadedFile("orders.csv", ORDERS.encode()), "other": SimpleUploadedFile("x.csv", b"x")}
    assert analyst.post(address("upload"), both).status_code == 302
    assert newest().name == "orders.csv"
