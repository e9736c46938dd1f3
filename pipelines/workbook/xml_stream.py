"""Formats that are one stream of XML (ods, XML Spreadsheet 2003): what their readers have in common."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from datetime import date, datetime, time
from xml.parsers import expat

from pipelines.workbook.grid import Limits, Sheet, Unreadable
from pipelines.workbook.sparse import Sparse


class StreamReader(ABC):
    """Parses XML and collects sheets; `name`: the part, for messages. Errors: `Unreadable` for bad XML, a DTD, a limit exceeded."""

    def __init__(self, limits: Limits, name: str):
        self.limits, self.name = limits, name
        self.sheets: list[Sheet] = []
        self._sheet = Sheet("")
        self._cells = Sparse(limits)
        self._used = 0

    def parse(self, chunks: Iterable[bytes]) -> None:
        """Parse the document. Errors: `Unreadable`."""
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler = self._characters
        parser.StartDoctypeDeclHandler = self._doctype
        try:
            for chunk in chunks:
                parser.Parse(chunk, False)
            parser.Parse(b"", True)
        except expat.ExpatError as error:
            raise Unreadable("damaged", f"{self.name}第{error.lineno}行不是正确的 XML") from error

    @abstractmethod
    def _start(self, tag: str, attributes: dict[str, str]) -> None: ...

    @abstractmethod
    def _end(self, tag: str) -> None: ...

    @abstractmethod
    def _characters(self, text: str) -> None: ...

    def _doctype(self, *_: object) -> None:
        raise Unreadable("xml_entities", self.name.strip())

    def _begin(self, sheet: Sheet) -> None:
        if len(self.sheets) >= self.limits.sheets:
            raise Unreadable("too_large", f"工作表多于 {self.limits.sheets} 个")
        self._sheet, self._cells = sheet, Sparse(self.limits)

    def _finish(self) -> None:
        self._sheet.rows = self._cells.rows()
        self._used += self._cells.count
        if self._used > self.limits.cells:
            raise Unreadable("too_large", f"数据超过 {self.limits.cells:,} 个单元格")
        self.sheets.append(self._sheet)
        self._sheet, self._cells = Sheet(""), Sparse(self.limits)


def moment(written: str) -> date | datetime:
    """A date or time of ISO 8601; a date alone where the time of day is midnight. Errors: `ValueError`."""
    at = datetime.fromisoformat(written).replace(microsecond=0, tzinfo=None)
    return at.date() if at.time() == time() else at
