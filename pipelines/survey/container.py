"""Bytes to a neutral grid. What a file is, is decided by its content and never by its name.

    open_workbook(data, name) -> Workbook, or Unreadable

Nothing in a file is run, fetched or resolved. Limits are counted while unpacking, before anything is parsed.
"""


from pipelines.survey import ooxml
from pipelines.survey.grid import NOTES, UNREADABLE, Limits, Merge, Sheet, Unreadable, Workbook
from pipelines.survey.package import Package, local

__all__ = ["NOTES", "UNREADABLE", "Limits", "Merge", "Sheet", "Unreadable", "Workbook", "open_workbook"]

_KNOWN = (
    (b"%PDF", "PDF"), (b"\x89PNG", "PNG 图片"), (b"\xff\xd8\xff", "JPEG 图片"), (b"GIF8", "GIF 图片"), (b"BM", "BMP 图片"),
    (b"II*\x00", "TIFF 图片"), (b"MM\x00*", "TIFF 图片"), (b"Rar!", "RAR 压缩包"), (b"7z\xbc\xaf", "7z 压缩包"),
    (b"\x1f\x8b", "gzip 压缩包"), (b"{\\rtf", "RTF 文档"), (b"RIFF", "多媒体文件"), (b"MZ", "程序"), (b"\x7fELF", "程序"),
    (b"PAR1", "Parquet"), (b"SQLite format 3", "SQLite 数据库"),
)  # fmt: skip
_EXTENSIONS = {"xlsx": {"xlsx", "et"}, "xlsm": {"xlsm"}, "xls": {"xls", "et"}, "xlsb": {"xlsb"}, "ods": {"ods"},
               "csv": {"csv", "txt", "tsv"}}  # fmt: skip

DEFAULT_LIMITS = Limits()


def open_workbook(data: bytes, name: str, limits: Limits = DEFAULT_LIMITS) -> Workbook:
    """Reads the file. `name` is only compared with what the content is, and noted where they differ.

    Raises `Unreadable` and nothing else for whatever the bytes may be; memory and time are bounded by `limits`.
    """
    if not data.strip(b"\x00\t\r\n "):
        raise Unreadable("empty_file")
    if len(data) > limits.file_size:
        raise Unreadable("too_large", f"文件 {len(data) / 2**20:.1f} MB,上限 {limits.file_size >> 20} MB")
    workbook = _read(data, name, limits)
    extension = name.rpartition(".")[2].lower() if "." in name else ""
    if extension not in _EXTENSIONS[workbook.kind]:
        workbook.notes.append(("extension_differs", f"实际为 {workbook.kind}"))
    return workbook


def _read(data: bytes, name: str, limits: Limits) -> Workbook:
    if data[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return _read_package(data, limits)
    for magic, what in _KNOWN:
        if data.startswith(magic):
            raise Unreadable("not_a_workbook", f"实际为 {what}")
    raise Unreadable("not_a_workbook")


def _read_package(data: bytes, limits: Limits) -> Workbook:
    package = Package(data, limits)
    main = _main_part(package)
    top = main.split("/")[0].lower()
    if top in ("word", "ppt", "visio"):
        raise Unreadable("not_a_workbook", {"word": "实际为 Word 文档", "ppt": "实际为 PPT 演示"}.get(top, "实际为 Visio 图"))
    kind = "xlsm" if b"macroEnabled" in package.read("[Content_Types].xml") else "xlsx"
    return ooxml.read(package, main, kind, limits)


def _main_part(package: Package) -> str:
    if "_rels/.rels" in package and "[Content_Types].xml" in package:
        for element in package.tree("_rels/.rels").iter():
            if local(element.tag) == "Relationship" and element.get("Type", "").endswith("/officeDocument"):
                return ooxml.resolve("", element.get("Target", ""))
    raise Unreadable("not_a_workbook", "实际为普通压缩包")
