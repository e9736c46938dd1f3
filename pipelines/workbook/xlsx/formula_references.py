"""Formulas of xlsx that are a bare reference to a cell of the same file: ='录入'!E6, =Sheet2!$A$1, =B7."""

import re
from html import unescape

from pipelines.workbook.address import column_number

_WRITTEN = re.compile(rb"<f(?: [^>]*)?>([^<]*)</f>")
_GROUP = re.compile(rb' si="(\d+)"')
_REFERENCE = re.compile(
    r"=?\s*\+?\s*(?:(?:'((?:[^'\[\]]|'')+)'|([^'!\[\]()+*/&,;:\s-]+))!)?(\$?)([A-Za-z]{1,3})(\$?)([1-9]\d{0,6})\s*"
)

Address = tuple[int, int]


def of_zeros(
    zeros: dict[Address, bytes], shared: dict[bytes, tuple[Address, bytes]], sheet: str
) -> dict[Address, tuple[str, int, int]]:
    """For each formula that is only a reference, the cell it refers to. A shared formula stands in the first cell of its group."""
    references = {}
    for address, formula in zeros.items():
        group = _GROUP.search(formula)
        first, written = shared.get(group[1], (address, formula)) if group else (address, formula)
        meant = target(_text(written), sheet, (address[0] - first[0], address[1] - first[1]))
        if meant:
            references[address] = meant
    return references


def _text(formula: bytes) -> str:
    written = _WRITTEN.search(formula)
    return unescape(written[1].decode(errors="replace")) if written else ""


def target(formula: str, sheet: str, moved: Address = (0, 0)) -> tuple[str, int, int] | None:
    """Name of the sheet, row and column that a formula refers to; None where it is not a bare reference."""
    reference = _REFERENCE.fullmatch(formula)
    if not reference:
        return None
    quoted, plain, fixed_column, letters, fixed_row, digits = reference.groups()
    row = int(digits) + (0 if fixed_row else moved[0])
    column = column_number(letters.upper()) + (0 if fixed_column else moved[1])
    name = quoted.replace("''", "'") if quoted else plain
    return (name or sheet, row, column)


def named_in(formulas: set[bytes], sheets: list[str]) -> set[str]:
    """Sheets named at the end of one of the formulas, each cut before its exclamation mark."""
    texts = [unescape(formula.decode(errors="replace")).casefold() for formula in formulas]
    return {name for name in sheets if any(text.endswith((name.casefold(), f"'{name.casefold()}'")) for text in texts)}
