"""Recognise files that are no readable workbook by their first bytes, so that a refusal can name their kind."""

import re
import struct

_KNOWN = (
    (b"%PDF", "PDF"), (b"\x89PNG", "PNG 图片"), (b"\xff\xd8\xff", "JPEG 图片"), (b"GIF8", "GIF 图片"),
    (b"BM", "BMP 图片"),
    (b"II*\x00", "TIFF 图片"), (b"MM\x00*", "TIFF 图片"), (b"Rar!", "RAR 压缩包"), (b"7z\xbc\xaf", "7z 压缩包"),
    (b"\x1f\x8b", "gzip 压缩包"), (b"{\\rtf", "RTF 文档"), (b"RIFF", "多媒体文件"),
    (b"MZ", "可执行程序"), (b"\x7fELF", "可执行程序"),
    (b"PAR1", "Parquet"), (b"SQLite format 3", "SQLite 数据库"),
)  # fmt: skip
_TABLES = (
    (re.compile(rb"ID;P"), "SYLK（.slk）"),
    (re.compile(rb"TABLE\s*\r?\n\s*0\s*,\s*1\s*\r?\n"), "DIF（.dif）"),
    (re.compile(rb"\x00\x00\x02\x00[\x04-\x06]\x04"), "Lotus 1-2-3（.wk1）"),
    (re.compile(rb"\x00\x00\x1a\x00[\x00-\x05]\x10"), "Lotus 1-2-3（.wk3、.wk4、.123）"),
    (re.compile(rb"\x09\x08[\x08\x10]\x00"), "没有 OLE 外壳的 BIFF"),
    (re.compile(rb"\x09(?:\x00\x04|\x02\x06|\x04\x06)\x00"), "Excel 2.0 至 4.0 的 xls"),
)  # fmt: skip
_DBASE = (0x02, 0x03, 0x04, 0x05, 0x30, 0x31, 0x32, 0x43, 0x63, 0x83, 0x8B, 0x8C, 0xCB, 0xF5, 0xFB)
_OWNER_FILE = 165  # bytes of the lock file of Excel


def document_of(data: bytes) -> str | None:
    """The kind of a file that holds no table: PDF, picture, program."""
    return next((kind for magic, kind in _KNOWN if data.startswith(magic)), None)


_TABLE_NAMES = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods", ".et", ".csv")
# kinds of zip packages of other programs, by the beginning of a part's name
_PACKAGES = (("Index/", "苹果 Numbers 或 Pages 文档"), ("OFD.xml", "OFD 版式文档"))


def archive_of(names: list[str]) -> str:
    """The kind of a zip that is no workbook, and the remedy where it contains workbooks; `names` are those of its parts."""
    inside = [name.rpartition("/")[2] for name in names if name.lower().endswith(_TABLE_NAMES)]
    if inside:
        return f"实际为压缩包，里面有“{inside[0]}”等 {len(inside)} 份表格：请解压后逐份报送"
    return next(
        (f"实际为{kind}" for start, kind in _PACKAGES if any(n.startswith(start) for n in names)), "实际为普通压缩包"
    )


def table_format_of(data: bytes) -> str | None:
    """The kind of a file in a table format that is not supported: SYLK, DIF, dBase, Lotus, old BIFF."""
    return next((kind for pattern, kind in _TABLES if pattern.match(data)), None) or _dbase(data)


def _dbase(data: bytes) -> str | None:
    """dBase has no magic bytes: a version, a date, and a head of 32 bytes a field that ends in a carriage return."""
    if len(data) < 65 or data[0] not in _DBASE or not (1 <= data[2] <= 12 and 1 <= data[3] <= 31):
        return None
    head = struct.unpack_from("<H", data, 8)[0]
    return "dBase（.dbf）" if 65 <= head <= len(data) and data[head - 1] == 0x0D else None


def is_lock_file(data: bytes, name: str) -> bool:
    """Whether it is the lock file of an open workbook (~$表.xlsx, .~lock.表.xlsx#), which holds a user's name."""
    bare = name.replace("\\", "/").rpartition("/")[2]
    if len(data) > 4 * _OWNER_FILE:
        return False
    if bare.startswith(("~$", ".~lock.")):
        return not data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0"))
    return len(data) == _OWNER_FILE and 0 < data[0] <= 54 and data[55] in (data[0], 0) and b"\x00" in data[55:]
