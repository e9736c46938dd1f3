"""Texts in xls: length, flags, characters of one or two bytes; the table of shared texts continues over several records."""

import struct
from codecs import utf_16_le_decode  # `bytes.decode` finds this codec by a slower way

from pipelines.workbook.grid import Unreadable

_WIDE, _PHONETIC, _RICH = 0x01, 0x04, 0x08
_HEAD = struct.Struct("<HB").unpack_from


def text_of(content: bytes, offset: int, length_size: int, biff8: bool, encoding: str) -> str:
    """A text within one record. BIFF5: bytes of the file's code page; BIFF8: UTF-16 or Latin-1."""
    length = int.from_bytes(content[offset : offset + length_size], "little")
    offset += length_size
    if not biff8:
        return content[offset : offset + length].decode(encoding, errors="replace")
    flags = content[offset] if length else 0
    offset += 1 + (2 if flags & _RICH else 0) + (4 if flags & _PHONETIC else 0)
    if flags & _WIDE:
        return content[offset : offset + 2 * length].decode("utf-16-le", errors="replace")
    return content[offset : offset + length].decode("latin-1")


class StringTable:
    """The shared texts of a BIFF8 workbook: the SST record and its CONTINUE records."""

    def __init__(self, first: bytes):
        self._records, self._record, self._offset = [first], 0, 8
        # the count that the file states, which may be too low or too high
        self._count = struct.unpack_from("<I", first, 4)[0]

    def add(self, content: bytes) -> None:
        self._records.append(content)

    def read(self) -> list[str]:
        """All texts to the end of the records; bytes after the stated number that are no text are ignored."""
        texts: list[str] = []
        while self._left() > 0 or any(map(len, self._records[self._record + 1 :])):
            try:
                texts.append(self._text())
            except Unreadable:
                if len(texts) < self._count:
                    raise
                break
        return texts

    def _text(self) -> str:
        record, offset = self._records[self._record], self._offset
        if offset + 3 <= len(record):
            length, flags = _HEAD(record, offset)
            end = offset + 3 + (length << flags if flags <= _WIDE else len(record))
            # within the record and without formats: nearly all of them
            if end <= len(record):
                self._offset = end
                characters = record[offset + 3 : end]
                return utf_16_le_decode(characters, "replace")[0] if flags else characters.decode("latin-1")
        length, flags = struct.unpack("<HB", self._take(3))
        runs = struct.unpack("<H", self._take(2))[0] if flags & _RICH else 0
        phonetic = struct.unpack("<I", self._take(4))[0] if flags & _PHONETIC else 0
        text = self._characters(length, flags & _WIDE)
        self._take(4 * runs + phonetic)
        return text

    def _left(self) -> int:
        return len(self._records[self._record]) - self._offset

    def _next(self) -> None:
        self._record, self._offset = self._record + 1, 0
        if self._record >= len(self._records):
            raise Unreadable("truncated", "xls 的文本表不完整")

    def _take(self, size: int) -> bytes:
        """The next bytes, across the end of a record where needed."""
        taken = b""
        while size > 0:
            if self._left() <= 0:
                self._next()
            part = self._records[self._record][self._offset : self._offset + size]
            taken, size, self._offset = taken + part, size - len(part), self._offset + len(part)
        return taken

    def _characters(self, length: int, wide: int) -> str:
        """The next characters; where they continue in another record, that begins with a new flag for their size."""
        text = ""
        while length:
            if self._left() <= 0:
                self._next()
                wide = self._take(1)[0] & _WIDE
            size = 2 if wide else 1
            count = min(length, self._left() // size)
            if not count:
                raise Unreadable("damaged", "xls 的文本表不正确")
            part = self._take(count * size)
            text += part.decode("utf-16-le" if wide else "latin-1", errors="surrogatepass")
            length -= count
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
