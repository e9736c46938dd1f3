"""The shared strings of an xlsx package: plain ones in bulk, others through calamine; and which are blank."""

import re
from collections.abc import Iterable
from html import unescape
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from pipelines.workbook.zip_package import Package, clean_xml, local, parse

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_TABLE = re.compile(rb"\s*(?:<\?xml[^>]*\?>\s*)?<sst[\s>]")
_OPENED = re.compile(rb'\s*(?:<\?xml[ -;=?-~]*\?>\s*)?<sst(?:\s+[A-Za-z][\w:.-]*="[^"<>&\x00-\x1f\x7f-\xff]*")*\s*>')
_START, _KEPT, _END = "<si><t>", '<si><t xml:space="preserve">', "</t></si>"
_LAST = f"{_END}</sst>"
_SPACED = [form.format(space) for space in " \t\n" for form in ("<t>{}", "{}</t>")]
_ENTITIES = re.compile("&(?!(?:amp|lt|gt|quot|apos);)")
# Not read in bulk: Excel's escaped characters, and line ends that an XML parser changes.
_REWRITTEN = (b"_x", b"\r")
_EMPTY = re.compile(rb"<t(?: [^>]*)?(?:/>|></t>)|<si/>|<si></si>|<t(?: [^>]*)?>(?:\s|&#|_x00)")
_WRITTEN = re.compile(rb"<t(?: [^>]*)?>([^<]*)</t>")
_SPACE = re.compile(
    rb"\s|&#(?:x0*(?:9|[aA]|[dD]|20|[aA]0|3000)|0*(?:9|10|13|32|160|12288));|_x00(?:09|0[aA]|0[dD]|20)_"
)


def table(package: Package, part: str | None) -> bytes:
    """The table in its usual form; an empty one where there is none."""
    if not part or part not in package:
        return f'<sst xmlns="{MAIN}"/>'.encode()
    xml = clean_xml(package.read(part), part)
    if _TABLE.match(xml) and b"<!" not in xml:
        return xml
    items = "".join(f'<si><t xml:space="preserve">{escape(entry)}</t></si>' for entry in _items(parse(xml, part)))
    return f'<sst xmlns="{MAIN}">{items}</sst>'.encode(errors="replace")


def count(xml: bytes) -> int:
    """How many strings a table has, at most."""
    return xml.count(b"<si")


def plain_texts(xml: bytes) -> list[str | None] | None:
    """All strings of a table (blank ones None) where each is one plain text with nothing between them; else None."""
    opened = _OPENED.match(xml)
    if not opened or any(mark in xml for mark in _REWRITTEN):
        return None
    try:
        body = xml[opened.end() :].decode()
    except UnicodeDecodeError:
        return None
    texts = _spaced(body) if _KEPT in body or any(space in body for space in _SPACED) else _unspaced(body)
    if texts is None or ("&" in body and _ENTITIES.search(body)):
        return None
    if "&" in body:
        texts = [unescape(text) for text in texts]
    return [text or None for text in texts] if "" in texts else [*texts]


def _unspaced(body: str) -> list[str] | None:
    """The texts where none begins or ends with white space or has xml:space; None where there are other tags."""
    inside = body.rstrip()
    if not inside.startswith(_START) or not inside.endswith(_LAST):
        return None
    inside = inside[len(_START) : -len(_LAST)]
    texts = inside.split(_END + _START)
    return texts if inside.count("<") == 4 * (len(texts) - 1) else None


def _spaced(body: str) -> list[str] | None:
    """The same, with white space around a text kept only under xml:space="preserve"."""
    *items, rest = body.split(_END)
    if rest.strip() != "</sst>" or body.count("<") != 4 * len(items) + 1:
        return None
    texts = [
        entry[len(_KEPT) :] if entry.startswith(_KEPT) else entry.removeprefix(_START).strip(" \t\n") for entry in items
    ]
    return None if "<" in "".join(texts) else texts


def blanks(xml: bytes) -> set[bytes]:
    """The numbers of the strings that are blank."""
    if not _EMPTY.search(xml):
        return set()
    items = re.findall(rb"<si(?:/>|[ >].*?</si>)", xml, re.DOTALL)
    return {b"%d" % i for i, entry in enumerate(items) if not _SPACE.sub(b"", b"".join(_WRITTEN.findall(entry)))}


def _items(tree: Element) -> Iterable[str]:
    """The text of each shared string, without its phonetic guide."""
    for entry in tree:
        if local(entry.tag) == "si":
            runs = [entry, *(child for child in entry if local(child.tag) == "r")]
            yield "".join(part.text or "" for run in runs for part in run if local(part.tag) == "t")
