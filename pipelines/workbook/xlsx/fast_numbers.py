"""Parses numbers of an xlsx sheet in bulk: up to eight digits at once, others by Arrow with correct rounding."""

import numpy as np
import pyarrow as pa

from pipelines.workbook.xlsx.fast_texts import FIRST, NotPlain

FLOAT, INDEX = pa.float64(), pa.uint32()
_NUMERIC = np.zeros(256, bool)
_NUMERIC[list(b"0123456789.eE+-")] = True


def _each(byte: int) -> np.uint64:
    return np.uint64(byte * 0x0101010101010101)


_ZEROS, _SIXES, _HIGH = _each(ord("0")), _each(6), _each(0xF0)


def parsed(raw: np.ndarray, word: np.ndarray, begin: np.ndarray, end: np.ndarray, kind: pa.DataType) -> np.ndarray:
    """The texts between the offsets as numbers. `word` is `fast_tags.words` of the bytes `raw`."""
    length = end - begin
    short = np.minimum(length, 8)
    digits = word[begin] << (64 - 8 * short).astype(np.uint64) % 64 | _ZEROS & FIRST[8 - short]
    whole = (length <= 8) & (digits & _HIGH == _ZEROS) & (digits + _SIXES & _HIGH == _ZEROS)
    numbers = _eight_digits(digits).astype(kind.to_pandas_dtype())
    if not whole.all():
        numbers[~whole] = _cast(raw, begin[~whole], end[~whole], kind)
    return numbers


def _cast(raw: np.ndarray, begin: np.ndarray, end: np.ndarray, kind: pa.DataType) -> np.ndarray:
    length = end - begin
    offsets = np.zeros(len(begin) + 1, np.int32)
    np.cumsum(length, out=offsets[1:])
    text = raw[np.arange(offsets[-1]) + np.repeat(begin - offsets[:-1], length)]
    if not _NUMERIC[text].all():
        raise NotPlain("a value that is no number")
    written = pa.StringArray.from_buffers(len(begin), pa.py_buffer(offsets), pa.py_buffer(text))
    try:
        numbers: np.ndarray = written.cast(kind).to_numpy()
    except pa.ArrowInvalid as error:
        raise NotPlain("a value that is no number") from error
    return numbers


def _eight_digits(text: np.ndarray) -> np.ndarray:
    """Words of eight ASCII digits, the first in the lowest byte, as numbers: digits are joined to pairs, fours, eights."""
    pairs = (text & _each(0x0F)) * np.uint64(10 << 8 | 1) >> np.uint64(8)
    fours = (pairs & np.uint64(0x00FF00FF00FF00FF)) * np.uint64(100 << 16 | 1) >> np.uint64(16)
    eights: np.ndarray = (fours & np.uint64(0x0000FFFF0000FFFF)) * np.uint64(10_000 << 32 | 1) >> np.uint64(32)
    return eights
