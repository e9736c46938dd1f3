"""Rewrites the XML of one xlsx sheet into its usual form: an address for each cell, rows in order, no prefixes, no comments.

Prefixed elements (.NET), OOXML Strict, cells without addresses, CDATA and other encodings are valid and rare. Rewriting takes
a few seconds for a large sheet; later steps then handle one form only.
"""

import re
from collections.abc import Iterable, Iterator
from html import escape
from xml.parsers import expat

from pipelines.workbook.address import column_number
from pipelines.workbook.address import letter as column_letters
from pipelines.workbook.grid import Limits, Unreadable
from pipelines.workbook.zip_package import clean_xml

_ADDRESS = re.compile(r"\$?([A-Z]{1,3})\$?([1-9]\d{0,6})")
# pattern of the value of each type; others are texts
_VALUES = {
    "s": re.compile(r"\d{1,9}"),
    "n": re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"),
    "b": re.compile(r"[01]"),
}
_INTEGER = re.compile(r"\d{1,7}")
_CELL_TYPES = {"b", "d", "e", "inlineStr", "n", "s", "str"}


class Normalizer:
    """For one part: `rewrite(chunks)` returns it in chunks of one row."""

    def __init__(self, name: str, limits: Limits):
        self.name, self.limits = name, limits
        self.rows: dict[int, bytes] = {}
        self.columns: list[str] = []
        self.merges: list[str] = []
        self.filtered = False
        self._row = self._col = 0
        self._row_tag = ""
        self._cells: list[str] = []
        self._seen: set[int] = set()  # columns of the row
        self._shared: list[str] = []  # the runs of an inline text
        self._kind = "n"
        self._inside = False
        self._path: list[str] = []
        self._text: list[str] | None = None

    def rewrite(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The sheet's XML in its usual form. Errors: `Unreadable` for incorrect XML and a DTD."""
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler = self._characters
        parser.StartDoctypeDeclHandler = self._doctype
        try:
            parser.Parse(clean_xml(b"".join(chunks), self.name), True)
        except expat.ExpatError as error:
            raise Unreadable("damaged", f"部件 {self.name} 第{error.lineno}行不是正确的 XML") from error
        return self._emit()

    def _emit(self) -> Iterator[bytes]:
        columns = f"<cols>{''.join(self.columns)}</cols>" if self.columns else ""
        yield f"<worksheet>{columns}<sheetData>".encode()
        for number in sorted(self.rows):
            yield self.rows[number]
        merges = f"<mergeCells>{''.join(self.merges)}</mergeCells>" if self.merges else ""
        filtered = "<autoFilter><filterColumn/></autoFilter>" if self.filtered else ""
        yield f"</sheetData>{filtered}{merges}</worksheet>".encode()

    def _doctype(self, *_: object) -> None:
        raise Unreadable("xml_entities", f"部件 {self.name}")

    def _characters(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        self._path.append(tag)
        if not self._inside:
            self._start_around(tag, attributes)
        elif tag == "row" and len(self._path) == 3:
            self._start_row(attributes)
        elif tag == "c" and len(self._path) == 4:
            self._start_cell(attributes)
        elif tag in ("v", "f", "t") and self._path[-2] != "rPh":
            self._text = []

    def _start_around(self, tag: str, attributes: dict[str, str]) -> None:
        self._inside = tag == "sheetData" and len(self._path) == 2
        kept = " ".join(f'{key}="{escape(value)}"' for key, value in attributes.items() if ":" not in key)
        if tag == "col":
            self.columns.append(f"<col {kept}/>")
        elif tag == "mergeCell" and "ref" in attributes:
            self.merges.append(f'<mergeCell ref="{escape(attributes["ref"].upper())}"/>')
        elif tag == "filterColumn":
            self.filtered = True

    def _start_row(self, attributes: dict[str, str]) -> None:
        given = attributes.get("r", str(self._row + 1))
        if not _INTEGER.fullmatch(given) or not 0 < int(given) <= self.limits.rows:
            raise Unreadable("damaged", f"部件 {self.name} 的行号 {given[:20]!r}")
        self._row, self._col, self._cells, self._seen = int(given), 0, [], set()
        if self._row in self.rows:
            raise Unreadable("damaged", f"部件 {self.name} 的第{self._row}行出现两次")
        hidden = ' hidden="1"' if attributes.get("hidden") in ("1", "true") else ""
        height = f' ht="{escape(attributes["ht"])}"' if "ht" in attributes else ""
        self._row_tag = f'<row r="{self._row}"{hidden}{height}>'

    def _start_cell(self, attributes: dict[str, str]) -> None:
        letters = self._place(attributes.get("r"))
        style, kind = attributes.get("s", "0"), attributes.get("t", "n")
        if kind not in _CELL_TYPES or not _INTEGER.fullmatch(style):
            raise Unreadable("damaged", f"单元格 {letters}{self._row} 的类型 {kind[:20]!r}")
        self._cells.append(f'<c r="{letters}{self._row}" s="{style}" t="{kind}">')
        self._shared, self._kind = [], kind

    def _value(self, text: str) -> str:
        """The value without white space around it where its type allows it; an invalid one is not read as 0."""
        if text and not _VALUES[self._kind].fullmatch(text):
            raise Unreadable("damaged", f"部件 {self.name} 第{self._row}行的值 {text[:20]!r} 与其类型不符")
        return text

    def _place(self, address: str | None) -> str:
        """The column letters of a cell: as given, else of the next column."""
        if address is None:
            self._col += 1
            letters = column_letters(self._col)
        else:
            match = _ADDRESS.fullmatch(address.strip().upper())
            if not match or int(match[2]) != self._row:
                raise Unreadable("damaged", f"第{self._row}行中的单元格地址 {address[:20]!r}")
            letters, self._col = match[1], column_number(match[1])
        if self._col in self._seen or self._col > self.limits.columns:
            raise Unreadable("damaged", f"单元格 {letters}{self._row} 出现两次或超出工作表")
        self._seen.add(self._col)
        return letters

    def _end(self, tag: str) -> None:
        tag = self._path.pop()
        if not self._inside:
            return
        if tag == "sheetData" and len(self._path) == 1:
            self._inside = False
        elif tag == "row" and len(self._path) == 2:
            self.rows[self._row] = f"{self._row_tag}{''.join(self._cells)}</row>".encode(errors="replace")
        elif tag == "c" and len(self._path) == 3:
            self._end_cell()
        elif tag in ("v", "f", "t") and self._text is not None:
            self._end_text(tag, "".join(self._text))

    def _end_cell(self) -> None:
        if self._shared:
            self._cells.append(f'<is><t xml:space="preserve">{"".join(self._shared)}</t></is>')
        self._cells.append("</c>")

    def _end_text(self, tag: str, content: str) -> None:
        text, self._text = escape(content, quote=False), None
        if tag == "v" and self._kind in _VALUES:
            text = self._value(text.strip())
        if tag == "t":
            self._shared.append(text)
        elif tag == "f":
            self._cells.append(f"<f>{text}</f>")
        else:
            self._cells.append(f'<v xml:space="preserve">{text}</v>' if text != text.strip() else f"<v>{text}</v>")
