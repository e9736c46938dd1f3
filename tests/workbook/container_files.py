"""Makes the files that the container tests read: honest ones by real writers, odd ones by hand."""

import io
import shutil
import struct
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_with_office = pytest.mark.skipif(
    not shutil.which("soffice"), reason="LibreOffice (soffice) makes the xls and ods files"
)


def needs_office(test):
    """A test of files that LibreOffice makes, which takes seconds to start."""
    return pytest.mark.slow(_with_office(test))


def saved(book: openpyxl.Workbook) -> bytes:
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def xlsx(*rows: list) -> bytes:
    """One sheet 表1 with these rows, by openpyxl."""
    book = openpyxl.Workbook()
    book.active.title = "表1"
    for row in rows:
        book.active.append(row)
    return saved(book)


def xlsx_of(sheets: dict[str, list[list]]) -> bytes:
    """Sheets by name, by openpyxl: texts stand in their cells."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    return saved(book)


def shared(*rows: list) -> bytes:
    """One sheet 表1 with these rows, by XlsxWriter: texts stand in the shared table."""
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"default_date_format": "yyyy-mm-dd"})
    sheet = book.add_worksheet("表1")
    for i, row in enumerate(rows):
        sheet.write_row(i, 0, row)
    book.close()
    return stream.getvalue()


def converted(data: bytes, extension: str, folder: Path) -> bytes:
    """The same workbook, saved by LibreOffice in another format."""
    source = folder / "source.xlsx"
    source.write_bytes(data)
    profile = f"-env:UserInstallation=file://{folder}/profile"
    command = [
        "soffice",
        profile,
        "--headless",
        "--convert-to",
        extension,
        "--outdir",
        str(folder / "out"),
        str(source),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=900)
    return (folder / "out" / f"source.{extension}").read_bytes()


def parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return {name: package.read(name) for name in package.namelist()}


def packed(content: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as package:
        for name, part in content.items():
            package.writestr(name, part)
    return stream.getvalue()


def patched(data: bytes, **changes: Callable[[bytes], bytes] | bytes) -> bytes:
    """The package with parts changed; the keyword is the part's file name without extension."""
    content = parts(data)
    for key, change in changes.items():
        name = next(name for name in content if name.rpartition("/")[2].split(".")[0] == key)
        content[name] = change(content[name]) if callable(change) else change
    return packed(content)


def with_sheet(rows: str, head: str = "", tail: str = "", styles: str = "") -> bytes:
    """An xlsx whose only sheet has this XML between the tags of `sheetData`; `styles` are elements of cellXfs."""
    sheet = f'<worksheet xmlns="{MAIN}">{head}<sheetData>{rows}</sheetData>{tail}</worksheet>'
    data = patched(xlsx(), sheet1=sheet.encode())
    if styles:
        sheet = f'<styleSheet xmlns="{MAIN}">{styles}</styleSheet>'
        data = patched(data, styles=sheet.encode())
    return data


def with_part(data: bytes, name: str, part: bytes = b"x") -> bytes:
    return packed(parts(data) | {name: part})


def csv_bytes(text: str, encoding: str) -> bytes:
    return text.encode(encoding)


# xlsb: no free writer exists, so the records are written here.


def record(kind: int, content: bytes = b"") -> bytes:
    head = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
    size, length = b"", len(content)
    while True:
        length, low = length >> 7, length & 0x7F
        size += bytes([low | (0x80 if length else 0)])
        if not length:
            return head + size + content


def wide(text: str) -> bytes:
    units = text.encode("utf-16-le")
    return struct.pack("<I", len(units) // 2) + units


def xlsb_cell(kind: int, col: int, content: bytes, style: int = 0) -> bytes:
    return record(kind, struct.pack("<II", col, style) + content)


def xlsb_row(row: int, hidden: bool = False) -> bytes:
    return record(0, struct.pack("<IIHBB", row, 0, 300, 0, 0x10 if hidden else 0) + b"\0" * 5)


def xlsb(*sheet_records: bytes) -> bytes:
    """One sheet 表1; styles 0 general, 1 percent, 2 date; shared texts 甲村 and 乙村."""
    relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    relations = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'
    one = f'<Relationship Id="{{}}" Type="{relation}/{{}}" Target="{{}}"/>'
    inner = one.format("r1", "worksheet", "worksheets/sheet1.bin") + one.format("r2", "styles", "styles.bin")
    inner += one.format("r3", "sharedStrings", "sharedStrings.bin")
    styles = b"".join(record(47, struct.pack("<HH", 0, number) + b"\0" * 12) for number in (0, 10, 14))
    return packed(
        {
            "[Content_Types].xml": b"<Types/>",
            "_rels/.rels": relations.format(one.format("r1", "officeDocument", "xl/workbook.bin")).encode(),
            "xl/workbook.bin": record(156, struct.pack("<II", 0, 1) + wide("r1") + wide("表1")),
            "xl/_rels/workbook.bin.rels": relations.format(inner).encode(),
            "xl/styles.bin": record(617) + styles + record(618),
            "xl/sharedStrings.bin": b"".join(record(19, b"\0" + wide(text)) for text in ("甲村", "乙村")),
            "xl/worksheets/sheet1.bin": b"".join(sheet_records),
        }
    )
