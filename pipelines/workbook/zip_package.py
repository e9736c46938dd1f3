"""Opens untrusted zip packages: checks names first, then sizes while inflating, before parsing."""

import io
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from functools import lru_cache
from xml.etree.ElementTree import Element, ParseError

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from pipelines.workbook.grid import Limits, Unreadable

CHUNK = 1 << 20
RATIO_FROM = 20 << 20
REMEMBERED = 1 << 14  # largest part, in bytes, that is cached parsed
# errors of the standard library over damaged packages
_ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    struct.error,
    ValueError,
    OSError,
)
_DECLARED = re.compile(rb'^\s*<\?xml[^>]*?encoding\s*=\s*["\']([A-Za-z0-9._-]+)["\'][^>]*\?>')


class Package:
    """The parts of one file. Every unpacked byte counts against the limits; nothing is written to disk."""

    def __init__(self, data: bytes, limits: Limits):
        self.limits, self.unpacked = limits, 0
        self.read_parts: set[str] = set()
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except _ZIP_ERRORS as error:
            raise Unreadable(*_why_no_directory(data)) from error
        self._parts = _checked(self._zip.infolist(), limits)

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._parts

    @property
    def names(self) -> list[str]:
        return [info.filename.replace("\\", "/") for info in self._parts.values()]

    def chunks(self, name: str) -> Iterator[bytes]:
        """The part in pieces of up to 1 MB. Errors: `Unreadable` as soon as a limit is exceeded."""
        info = self._parts.get(name.lower())
        if info is None:
            raise Unreadable("damaged", f"缺少部件 {name}")
        self.read_parts.add(name.lower())
        size = 0
        try:
            with self._zip.open(info) as stream:
                while chunk := stream.read(CHUNK):
                    size += len(chunk)
                    self._count(info, size, len(chunk))
                    yield chunk
        except _ZIP_ERRORS as error:
            raise Unreadable("damaged_zip", f"部件 {name}") from error

    def read(self, name: str) -> bytes:
        """The bytes of a part. Errors: `Unreadable` for a missing or damaged one."""
        return b"".join(self.chunks(name))

    def xml(self, name: str) -> bytes:
        """An XML part as UTF-8 without a DTD."""
        return clean_xml(self.read(name), name)

    def tree(self, name: str) -> Element:
        """An XML part as a tree, not to be changed: small ones are cached, because counties' files share many parts."""
        xml = self.xml(name)
        return _same_tree(xml, name) if len(xml) <= REMEMBERED else parse(xml, name)

    def inflate_rest(self) -> None:
        """Check size and checksum of the parts not read, because people open the file; in the order of the package."""
        for name in [name for name in self._parts if name not in self.read_parts]:
            for _ in self.chunks(name):
                pass

    def _count(self, info: zipfile.ZipInfo, size: int, more: int) -> None:
        self.unpacked += more
        limits = self.limits
        if size > limits.part:
            raise Unreadable("too_large", f"部件 {info.filename} 解压后超过 {limits.part >> 20} MB")
        if self.unpacked > limits.total_unpacked:
            raise Unreadable("too_large", f"解压后超过 {limits.total_unpacked >> 20} MB")
        if size > RATIO_FROM and size > limits.ratio * max(info.compress_size, 1):
            raise Unreadable("too_large", f"部件 {info.filename} 的压缩比超过 {limits.ratio} 倍")


def _why_no_directory(data: bytes) -> tuple[str, str]:
    if b"PK\x05\x06" not in data[-66_000:]:
        return "truncated", "找不到压缩包的结尾"
    return "damaged_zip", "压缩包的目录不可读"


def _checked(infos: list[zipfile.ZipInfo], limits: Limits) -> dict[str, zipfile.ZipInfo]:
    if len(infos) > limits.parts:
        raise Unreadable("too_many_parts", f"{len(infos)} 个，上限 {limits.parts} 个")
    parts = {}
    for info in infos:
        name = info.filename.replace("\\", "/")
        _check_name(name, info)
        if name.lower() in parts:
            raise Unreadable("unsafe_zip", f"部件 {name} 出现两次")
        if not name.endswith("/"):
            parts[name.lower()] = info
    if (declared := sum(info.file_size for info in infos)) > limits.total_unpacked:
        raise Unreadable("too_large", f"解压后为 {declared >> 20} MB，上限 {limits.total_unpacked >> 20} MB")
    return parts


def _check_name(name: str, info: zipfile.ZipInfo) -> None:
    if name.startswith("/") or ".." in name.split("/") or ":" in name or min(name, default=" ") < " ":
        raise Unreadable("unsafe_zip", f"部件名 {name[:80]!r}")
    if stat.S_ISLNK(info.external_attr >> 16):
        raise Unreadable("unsafe_zip", f"部件 {name} 是符号链接")
    if info.flag_bits & 0x1:
        raise Unreadable("encrypted", "压缩包加密")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Unreadable("unsafe_zip", f"部件 {name} 的压缩方法 {info.compress_type}")


def clean_xml(xml: bytes, name: str) -> bytes:
    """XML bytes as UTF-8. Errors: `Unreadable` for a DTD or an entity declaration, before parsing."""
    xml = _to_utf8(xml, name)
    refuse_dtd(xml, name)
    return xml


def refuse_dtd(xml: bytes, name: str) -> None:
    """Errors: `Unreadable` for a DTD or an entity declaration."""
    if b"<!DOCTYPE" in xml or b"<!ENTITY" in xml:
        raise Unreadable("xml_entities", f"部件 {name}")


def _to_utf8(xml: bytes, name: str) -> bytes:
    wide = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"<\x00": "utf-16-le", b"\x00<": "utf-16-be"}.get(xml[:2])
    declared = _DECLARED.match(xml[:200])
    encoding = wide or (declared[1].decode().lower() if declared else "utf-8")
    if encoding in ("utf-8", "utf8", "us-ascii", "ascii"):
        return xml[3:] if xml.startswith(b"\xef\xbb\xbf") else xml
    if encoding not in ("utf-16", "utf-16-le", "utf-16-be", "gbk", "gb2312", "gb18030", "iso-8859-1", "windows-1252"):
        raise Unreadable("unsupported_format", f"部件 {name} 的编码 {encoding}")
    try:
        text = xml.decode(encoding).lstrip("\ufeff")
    except UnicodeDecodeError as error:
        raise Unreadable("damaged", f"部件 {name} 的编码不是 {encoding}") from error
    return re.sub(r"^\s*<\?xml[^>]*\?>", "", text).encode()


def parse(xml: bytes, name: str) -> Element:
    """XML bytes as a tree, without DTDs, entities or external references."""
    try:
        root: Element = ElementTree.fromstring(xml, forbid_dtd=True)
    except DefusedXmlException as error:
        raise Unreadable("xml_entities", f"部件 {name}") from error
    except (ParseError, ValueError, LookupError) as error:
        raise Unreadable("damaged", f"部件 {name} 不是正确的 XML") from error
    return root


@lru_cache(maxsize=128)
def _same_tree(xml: bytes, name: str) -> Element:
    return parse(xml, name)


def local(tag: str) -> str:
    """`sheet` of `{http://…/main}sheet`: Strict and Transitional differ only in namespaces."""
    return tag.rpartition("}")[2]
