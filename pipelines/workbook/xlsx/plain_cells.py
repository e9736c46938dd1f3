"""A pattern that skips the plain cells of a run of rows, so that only the others are checked one by one."""

import re

from pipelines.workbook.address import column_number
from pipelines.workbook.xlsx.fast_cells import FARTHEST

# Matches the cells that are not plain. Plain: an address within the expected rectangle, no style of interest, a type that is
# no error, followed directly by a value, an inline text or nothing, so no formula.
_NOT_PLAIN = (
    rb'<c(?! r="%s(?:%s)"(?: s="%s\d++")?+(?: t="(?:[snb]|str|inlineStr)")?+(?:><v>|/>|></c>|><is>))(?![a-zA-Z])'
)
_EVERY_CELL = rb"<c(?![a-zA-Z])"
_REFERENCE = re.compile(rb'<c r="([A-Z]{1,3})(\d{1,7})"')


def others(width: int, numbers: list[int], styles: set[bytes]) -> bytes:
    """The pattern of cells that are not plain, in a part of `width` columns and these row numbers."""
    if numbers[0] > FARTHEST or width > 676:
        return _EVERY_CELL
    unwanted = b'(?!(?:%s)")' % b"|".join(sorted(styles)) if styles else b""
    return _NOT_PLAIN % (_columns_upto(width), _numbers_upto(numbers[-1]), unwanted)


def expected_width(piece: bytes) -> int:
    """The number of columns, estimated from the first and last cells; the caller checks it."""
    letters = {match[1] for end in (piece[:200_000], piece[-200_000:]) for match in _REFERENCE.finditer(end)}
    return max((column_number(name.decode()) for name in letters), default=1)


def _columns_upto(width: int) -> bytes:
    """A pattern for column letters up to the end of the block of 26 that contains `width`."""
    return b"[A-Z]" if width <= 26 else b"[A-%c]?[A-Z]" % (64 + (width - 1) // 26)


def _numbers_upto(number: int) -> bytes:
    """A pattern for row numbers up to `number`, rounded up to its first digit."""
    digits = str(number)
    top = b"[1-%s]\\d{%d}" % (digits[0].encode(), len(digits) - 1)
    return top if len(digits) == 1 else b"%s|[1-9]\\d{0,%d}+" % (top, len(digits) - 2)
