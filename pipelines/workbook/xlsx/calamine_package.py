"""A minimal xlsx package for calamine: runs of rows that `sheet_scan` has checked."""

import io
import os
import zipfile

import python_calamine

from pipelines.workbook.grid import Row
from pipelines.workbook.rust_panics import panics
from pipelines.workbook.xlsx.shared_strings import MAIN

_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


class BarePackage:
    """A minimal xlsx: runs of rows as sheets s0, s1, …, without compression."""

    def __init__(self) -> None:
        self._bytes = io.BytesIO()
        self._zip = zipfile.ZipFile(self._bytes, "w", zipfile.ZIP_STORED)
        self._count = 0
        self._opened: python_calamine.CalamineWorkbook | None = None

    def __enter__(self) -> "BarePackage":
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def add(self, piece: bytes) -> int:
        """Write a run of rows as a sheet; returns its number."""
        with self._zip.open(f"xl/worksheets/s{self._count}.xml", "w", force_zip64=True) as part:
            part.write(f'<worksheet xmlns="{MAIN}"><sheetData>'.encode())
            part.write(piece)
            part.write(b"</sheetData></worksheet>")
        self._count += 1
        return self._count - 1

    def add_strings(self, count: int) -> int:
        """Write a sheet with the first `count` shared strings, one a row; returns its number."""
        return self.add(
            b"".join(b'<row r="%d"><c r="A%d" t="s"><v>%d</v></c></row>' % (i + 1, i + 1, i) for i in range(count))
        )

    def piece(self, number: int) -> bytes:
        return self._zip.read(f"xl/worksheets/s{number}.xml")

    def finish(self, strings: bytes) -> None:
        """Complete the package; `rows` can be called afterwards."""
        sheets = "".join(f'<sheet name="s{i}" sheetId="{i + 1}" r:id="r{i}"/>' for i in range(self._count))
        relations = "".join(_relation(f"r{i}", "worksheet", f"worksheets/s{i}.xml") for i in range(self._count))
        book = f'<workbook xmlns="{MAIN}" xmlns:r="{_RELATIONS}"><sheets>{sheets}</sheets></workbook>'
        start = _relation("r0", "officeDocument", "xl/workbook.xml")
        self._zip.writestr("_rels/.rels", f'<Relationships xmlns="{_PACKAGE}">{start}</Relationships>')
        self._zip.writestr("xl/workbook.xml", book)
        self._zip.writestr(
            "xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{_PACKAGE}">{relations}</Relationships>'
        )
        self._zip.writestr("xl/sharedStrings.xml", strings)
        self._zip.close()
        self._zip = zipfile.ZipFile(self._bytes)
        with panics(python_calamine.CalamineError, OverflowError, ValueError):
            self._opened = self._open()

    def _open(self) -> python_calamine.CalamineWorkbook:
        """Open through a file in memory where the system has them: calamine copies a stream five times."""
        if not hasattr(os, "memfd_create"):
            self._bytes.seek(0)
            return python_calamine.CalamineWorkbook.from_filelike(self._bytes)
        memory = os.memfd_create("sheets.xlsx")
        with os.fdopen(memory, "wb") as file:
            file.write(self._bytes.getbuffer())
            file.flush()
            return python_calamine.CalamineWorkbook.from_path(f"/proc/self/fd/{memory}")

    def rows(self, numbers: list[int]) -> list[Row]:
        """The rows of the sheets `numbers`, from row 1 on; blanks are None."""
        rows: list[Row] = []
        for number in numbers:
            assert self._opened  # by `finish`
            with panics(python_calamine.CalamineError, OverflowError, ValueError):
                _place(self._opened.get_sheet_by_index(number), rows)
        return rows


def _relation(identifier: str, kind: str, target: str) -> str:
    return f'<Relationship Id="{identifier}" Type="{_RELATIONS}/{kind}" Target="{target}"/>'


def _place(piece: python_calamine.CalamineSheet, rows: list[Row]) -> None:
    """Append a piece's rows at their row numbers; blanks become None, trailing ones are dropped."""
    if piece.start is None:
        return
    top, left = piece.start
    rows += ([] for _ in range(top - len(rows)))
    padding: Row = [None] * left
    for values in piece.to_python():
        row: Row = values
        if "" in row:
            row = [None if value == "" else value for value in row]
            while row and row[-1] is None:
                row.pop()
        rows.append(padding + row if left and row else row)
