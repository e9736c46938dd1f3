"""Opens a workbook. The format is decided by the content, never by the name.

Nothing in a file is executed, fetched or resolved. Limits are counted while unpacking, before parsing.
"""

from pipelines.workbook import (
    blank_references,
    csv_text,
    default_password,
    html_table,
    ods,
    other_kinds,
    xls,
    xlsb,
    xml2003,
)
from pipelines.workbook.grid import NOTES, UNREADABLE, Limits, Merge, Sheet, Unreadable, Workbook
from pipelines.workbook.xlsx import read_xlsx
from pipelines.workbook.zip_package import Package, local

__all__ = ["NOTES", "UNREADABLE", "Limits", "Merge", "Sheet", "Unreadable", "Workbook", "open_workbook"]

_OTHER_DOCUMENTS = {"word": "Word 文档", "ppt": "PPT 演示", "visio": "Visio 图"}
_OPEN_DOCUMENTS = {
    "text": "OpenDocument 文字文档",
    "presentation": "OpenDocument 演示",
    "graphics": "OpenDocument 图形",
}
_EXTENSIONS = {"xlsx": {"xlsx", "et"}, "xlsm": {"xlsm"}, "xls": {"xls", "et"}, "xlsb": {"xlsb"}, "ods": {"ods"},
               "csv": {"csv", "txt", "tsv"}, "xml": {"xml", "xls"}, "html": {"htm", "html", "xls"}}  # fmt: skip

# most rows of a sheet in the format; text formats have no limit
_FULL = (
    {"xls": 65_536}
    | dict.fromkeys(("csv", "html"), 1 << 30)
    | dict.fromkeys(("xlsx", "xlsm", "xlsb", "ods", "xml"), 1_048_576)
)
_BEFORE_ZIP = 1 << 16  # bytes before a zip package that a server or mail program may have added

DEFAULT_LIMITS = Limits()


def open_workbook(data: bytes, name: str, limits: Limits = DEFAULT_LIMITS) -> Workbook:
    """Read a file within `limits`; an extension that differs from the content is noted. Errors: `Unreadable`, for any bytes."""
    if not data.strip(b"\x00\t\r\n "):
        raise Unreadable("empty_file")
    if len(data) > limits.file_size:
        raise Unreadable("too_large", f"文件 {len(data) / 2**20:.1f} MB，上限 {limits.file_size >> 20} MB")
    workbook = _read(data, name, limits)
    blank_references.clear(workbook)
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
        return _read_ole(data, name, limits)
    if other_kinds.is_lock_file(data, name):
        raise Unreadable("lock_file")
    if kind := other_kinds.document_of(data):
        raise Unreadable("not_a_workbook", f"实际为 {kind}")
    if kind := other_kinds.table_format_of(data):
        raise Unreadable("unsupported_format", kind)
    if b"PK\x03\x04" in data[:_BEFORE_ZIP] and b"PK\x05\x06" in data[-66_000:]:
        return _read_package(Package(data, limits), limits)
    return _read_markup(data, limits) or csv_text.read(data, name, limits)


def _read_ole(data: bytes, name: str, limits: Limits) -> Workbook:
    """An xls, or a file of any format encrypted with the built-in password."""
    try:
        return xls.read(data, limits)
    except Unreadable as trouble:
        plain = default_password.opened(data) if trouble.code == "encrypted" else None
        if plain is None or plain == data:
            raise
    if plain.startswith(b"PK"):
        return _read_package(Package(plain, limits), limits)
    return xls.read(plain, limits)


def _read_markup(data: bytes, limits: Limits) -> Workbook | None:
    """XML Spreadsheet 2003 and HTML tables; None where the bytes are no markup. Errors: `Unreadable` naming other markup."""
    start = data[:4096].lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").replace(b"\x00", b"").lower()
    if start.startswith(b"mime-version:"):
        raise Unreadable("html_page")
    if b"urn:schemas-microsoft-com:office:spreadsheet" in start and start.startswith(b"<"):
        return xml2003.read(data, limits)
    if start.startswith((b"<!doctype html", b"<table", b"<meta", b"<style")) or b"<html" in start:
        return html_table.read(data, limits)
    if start.startswith(b"<?xml") or b"office:document" in start:
        raise Unreadable("unsupported_format", "单个 XML 文件")
    return None


def _read_package(package: Package, limits: Limits) -> Workbook:
    if "mimetype" in package and "content.xml" in package:
        mimetype = package.read("mimetype").decode("latin-1").strip()
        if not mimetype.startswith("application/vnd.oasis.opendocument.spreadsheet"):
            kind = mimetype.removeprefix("application/vnd.oasis.opendocument.").partition("-")[0]
            raise Unreadable("not_a_workbook", f"实际为 {_OPEN_DOCUMENTS.get(kind, 'OpenDocument 文档')}")
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
    raise Unreadable("not_a_workbook", other_kinds.archive_of(package.names))
