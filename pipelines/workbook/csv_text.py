"""CSV: detect encoding by strict decoding, delimiter by sniffing the first lines; read records strictly.

`rows[0]` is the first record; a quoted line break does not start a new one. Excel, WPS and LibreOffice number rows in the
same way. Every value is text; an empty field is None.
"""

import codecs
import csv
import io
import re
from itertools import islice

from pipelines.workbook.grid import Limits, Row, Sheet, Unreadable, Workbook

SEPARATORS = (",", ";", "\t")
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_STATED = re.compile(r'"?sep=([,;\t|])"?[\r\n]', re.IGNORECASE)
_CONTROL = {chr(code) for code in range(32)} - set("\t\r\n\f\x1a")
_TABLE_NAMES = (".csv", ".txt", ".tsv")
# characters of a cell
_LONGEST_FIELD = 131_072


def read(data: bytes, name: str, limits: Limits) -> Workbook:
    """A text as a workbook of one sheet. A text without separators is read only under a name of `_TABLE_NAMES`."""
    if b"\x00" in data[:100_000] and not data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise Unreadable("not_a_workbook", "实际为二进制文件")
    text, _ = decode(data)
    if _CONTROL & set(text[:100_000]):
        raise Unreadable("not_a_workbook", "实际为二进制文件")
    separator = _stated(text) or _separator(text)
    if separator is None and not name.lower().endswith(_TABLE_NAMES):
        raise Unreadable("not_a_workbook", "实际为纯文本")
    text = text.rstrip("\x1a")
    rows, widths = _records(text, separator or ",", limits)
    notes = [] if text.endswith(("\n", "\r")) else [("no_final_newline", f"第{len(rows)}行")]
    if notes:
        _refuse_cut(widths)
    return Workbook(
        "csv",
        [Sheet("CSV", rows=rows, mixed=False, numeric=set())],
        notes,
    )


def decode(data: bytes) -> tuple[str, str]:
    """Text and encoding. Errors: `Unreadable` with the line where the bytes are neither UTF-8 nor GB18030.

    Damaged UTF-8 is often valid GB18030 with other characters, so a text that is UTF-8 except for a few bytes is refused as
    damaged UTF-8.
    """
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return _strictly(data, encoding), encoding
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError as error:
        utf8_error = error
    lenient = data.decode("utf-8", errors="replace")
    broken = lenient.count("\ufffd")
    if sum(letter > "\u07ff" for letter in lenient) - broken > 10 * broken:
        raise _undecodable(data, utf8_error.start, "UTF-8") from utf8_error
    return _strictly(data, "gb18030"), "gb18030"


def _strictly(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise _undecodable(data, error.start, encoding.removesuffix("-sig").upper()) from error


def _undecodable(data: bytes, offset: int, encoding: str) -> Unreadable:
    if encoding == "UTF-16":
        return Unreadable("bad_encoding", f"第 {offset} 字节不是 UTF-16")
    line = data.count(b"\n", 0, offset) + 1
    return Unreadable("bad_encoding", f"第 {line} 行有不是 {encoding} 的字节 {data[offset : offset + 4].hex(' ')}")


def _stated(text: str) -> str | None:
    """The separator of a first line `sep=;`, which Excel obeys and does not show."""
    declaration = _STATED.match(text)
    return declaration[1] if declaration else None


def _separator(text: str) -> str | None:
    """The separator that occurs in most of the first lines; None where none occurs in half of them."""
    lines = [line for line in islice(io.StringIO(text, newline=""), 60) if line.strip()]
    in_lines = {mark: sum(mark in line for line in lines) for mark in SEPARATORS}
    in_all = {mark: sum(line.count(mark) for line in lines) for mark in SEPARATORS}
    best = max(SEPARATORS, key=lambda mark: (in_lines[mark], in_all[mark]))
    return best if lines and in_lines[best] * 2 >= len(lines) else None


def _refuse_cut(widths: list[int]) -> None:
    """Refuse a last line without line end and with fewer fields than the others: the file was cut off."""
    *before, last = widths or [0]
    if 1 < last < max(before, default=0):
        raise Unreadable("truncated", f"最后一行（第 {len(widths)} 行）只有 {last} 列，应有 {max(before)} 列")


def _records(text: str, separator: str, limits: Limits) -> tuple[list[Row], list[int]]:
    """The records without trailing blanks, and the number of fields of each as written."""
    rows: list[Row] = []
    widths: list[int] = []
    csv.field_size_limit(_LONGEST_FIELD)  # of the whole process: another library may have raised it
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    area = 0
    try:
        for record in reader:
            widths.append(len(record))
            while record and not record[-1]:
                record.pop()
            area += len(record)
            rows.append([value or None for value in record])
            if area > limits.cells or len(rows) > limits.rows:
                raise Unreadable("too_large", f"超过 {limits.rows:,} 行或 {limits.cells:,} 个单元格")
    except csv.Error as error:
        if "field larger" in str(error):
            detail = f"第 {reader.line_num} 行的一个单元格超过 {_LONGEST_FIELD:,} 个字符"
            raise Unreadable("too_large", detail) from error
        raise Unreadable("bad_quotes", f"第 {reader.line_num} 行") from error
    if rows and _stated(text):
        rows[0], widths[0] = [], 0
    while rows and not rows[-1]:
        rows.pop()
    return rows, widths
