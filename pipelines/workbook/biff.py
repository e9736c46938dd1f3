"""Packed numbers and error codes of Excel's binary formats (xls, xlsb)."""

import struct
from functools import lru_cache

ERRORS = {0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!",
          0x2A: "#N/A", 0x2B: "#GETTING_DATA"}  # fmt: skip


def error_text(code: int) -> str:
    return ERRORS.get(code, "#ERROR!")


@lru_cache(4096)  # most numbers of a workbook are few and small
def rk(packed: int) -> float:
    """An RK number: 30 bits of an integer or of the upper half of a float, possibly in hundredths."""
    if packed & 2:
        value = float((packed >> 2) - (1 << 30 if packed & 0x8000_0000 else 0))
    else:
        (value,) = struct.unpack("<d", struct.pack("<Q", (packed & 0xFFFF_FFFC) << 32))
    return value / 100 if packed & 1 else value
