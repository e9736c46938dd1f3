"""Formulas of xls and xlsb that are a bare reference to a cell of the same file: one token and nothing else."""

import struct
from dataclasses import dataclass, field

_HERE, _ELSEWHERE = {0x24, 0x44, 0x64}, {0x3A, 0x5A, 0x7A}


@dataclass
class Links:
    """How a reference names a sheet: by its number in a list of pairs (book, sheet), of which one book is the file itself."""

    long_rows: bool  # xlsb has rows of four bytes
    sheets: list[str] = field(default_factory=list)  # all, charts too, in their order
    books: list[bool] = field(default_factory=list)  # whether each book is the file itself
    pairs: list[tuple[int, int, int]] = field(default_factory=list)  # book, first and last sheet

    def target(self, tokens: bytes, sheet: str) -> tuple[str, int, int] | None:
        """Name of the sheet, row and column; None where the formula is not a bare reference, or refers to another file."""
        place = struct.Struct("<IH" if self.long_rows else "<HH")
        if not tokens:
            return None
        name: str | None = sheet
        if tokens[0] in _ELSEWHERE and len(tokens) == 3 + place.size:
            name = self._sheet(struct.unpack_from("<H", tokens, 1)[0])
        elif tokens[0] not in _HERE or len(tokens) != 1 + place.size:
            return None
        row, column = place.unpack_from(tokens, len(tokens) - place.size)
        return (name, row + 1, (column & 0x3FFF) + 1) if name is not None else None

    def _sheet(self, number: int) -> str | None:
        if number >= len(self.pairs):
            return None
        book, first, last = self.pairs[number]
        own = book < len(self.books) and self.books[book]
        return self.sheets[first] if own and first == last and 0 <= first < len(self.sheets) else None
