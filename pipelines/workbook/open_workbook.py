"""Opens a workbook. The format is decided by the content, never by the name.

    open_workbook(data, name) -> Workbook, or Unreadable

Nothing in a file is executed, fetched or resolved. Limits are counted while unpacking, before parsing.
"""

from pipelines.workbook import csv_text, ods, xls, xlsb
from pipelines.workbook.grid import NOTES, UNREADABLE, Limits, Merge, Sheet, Unreadable, Workbook
from pipelines.workbook.xlsx import read_xlsx
from pipelines.workbook.zip_package import Package, local

__all__ = ["NOTES", "UNREADABLE", "Limits", "Merge", "Sheet", "Unreadable", "Workbook", "open_workbook"]

_KNOWN = (
    (b"%PDF", "PDF"), (b"\x89PNG", "PNG 图片"), (b"\xff\xd8\xff", "JPEG 图片"), (b"GIF8", "GIF 图片"),
    (b"BM", "BMP 图片"),
    (b"II*\x00", "TIFF 图片"), (b"MM\x00*", "TIFF 图片"), (b"Rar!", "RAR 压缩包"), (b"7z\xbc\xaf", "7z 压缩包"),
    (b"\x1f\x8b", "gzip 压缩包"), (b"{\\rtf", "RTF 文档"), (b"RIFF", "多媒体文件"),
    (b"MZ", "程序"), (b"\x7fELF", "程序"),
    (b"PAR1", "Parquet"), (b"SQLite format 3", "SQLite 数据库"),
)  # fmt: skip
_OTHER_DOCUMENTS = {"word": "Word 文档", "ppt": "PPT 演示", "visio": "Visio 图"}
_EXTENSIONS = {"xlsx": {"xlsx", "et"}, "xlsm": {"xlsm"}, "xls": {"xls", "et"}, "xlsb": {"xlsb"}, "ods": {"ods"},
               "csv": {"csv", "txt", "tsv"}}  # fmt: skip

# most rows of a sheet of the format; unlimited for a text
_FULL = {"xls": 65_536, "csv": 1 << 30} | dict.fromkeys(("xlsx", "xlsm", "xlsb", "ods"), 1_048_576)

DEFAULT_LIMITS = Limits()


def open_workbook(data: bytes, name: str, limits: Limits = DEFAULT_LIMITS) -> Workbook:
    """Read the file. A `name` whose extension differs from the content is noted.

    Raises `Unreadable` and no other error for any bytes; memory and time are bounded by `limits`.
    """
    if not data.strip(b"\x00\t\r\n "):
        raise Unreadable("empty_file")
    if len(data) > limits.file_size:
        raise Unreadable("too_large", f"文件 {len(data) / 2**20:.1f} MB,上限 {limits.file_size >> 20} MB")
    workbook = _read(data, name, limits)
    workbook.notes += [
        ("sheet_full", sheet.name) for sheet in workbook.sheets if len(sheet.rows) >= _FULL[workbook.kind]
    ]
    extension = name.rpartition(".")[2].lower() if "." in name else ""
    if extension not in _EXTENSIONS[workbook.kind]:
        workbook.notes.append(("extension_differs", f"实际为 {workbook.kind}"))
    return workbook


def _read(data: bytes, name: str, limits: Limits) -> Workbook:
    if data[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return _read_package(Package(data, limits), limits)
    if data.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return xls.read(data, limits)
    if data[:2] == b"\x09\x08" and data[2:4] in (b"\x10\x00", b"\x08\x00"):
        raise Unreadable("unsupported_format", "没有 OLE 外壳的 BIFF")
    if data[:4] in (b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00"):
        raise Unreadable("unsupported_format", "Excel 2.0 至 4.0 的 xls")
    for magic, what in _KNOWN:
        if data.startswith(magic):
            raise Unreadable("not_a_workbook", f"实际为 {what}")
    _refuse_markup(data)
    return csv_text.read(data, name, limits)


def _refuse_markup(data: bytes) -> None:
    """Refuse web pages and single XML files, naming their kind."""
    start = data[:4096].lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").replace(b"\x00", b"").lower()
    if start.startswith((b"mime-version:", b"<!doctype html", b"<table", b"<meta")) or b"<html" in start:
        raise Unreadable("html_page")
    if b"urn:schemas-microsoft-com:office:spreadsheet" in start:
        raise Unreadable("unsupported_format", "XML 电子表格 2003")
    if start.startswith(b"<?xml") or b"office:document" in start:
        raise Unreadable("unsupported_format", "单个 XML 文件")


def _read_package(package: Package, limits: Limits) -> Workbook:
    if "mimetype" in package and "content.xml" in package:
        mimetype = package.read("mimetype").decode("latin-1").strip()
        if not mimetype.startswith("application/vnd.oasis.opendocument.spreadsheet"):
            raise Unreadable("not_a_workbook", f"实际为 {mimetype[:80]}")
        return ods.read(package, limits)
    main = _main_part(package)
    top = main.split("/")[0].lower()
    if top in _OTHER_DOCUMENTS:
        raise Unreadable("not_a_workbook", f"实际为 {_OTHER_DOCUMENTS[top]}")
    if main.lower().endswith(".bin"):
        return xlsb.read(package, main, limits)
    kind = "xlsm" if b"macroEnabled" in package.read("[Content_Types].xml") else "xlsx"
    return read_xlsx.read(package, main, kind, limits)


def _main_part(package: Package) -> str:
    if "_rels/.rels" in package and "[Content_Types].xml" in package:
        for element in package.tree("_rels/.rels").iter():
            if local(element.tag) == "Relationship" and element.get("Type", "").endswith("/officeDocument"):
                return read_xlsx.resolve("", element.get("Target", ""))
    raise Unreadable("not_a_workbook", "实际为普通压缩包")
