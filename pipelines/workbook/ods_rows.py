"""Plain rows of an ods, recognised by their text, so that equal cells are parsed once.

A row is plain where its XML follows the grammar below to the letter: cells with attributes and with paragraphs of text, nothing else.
In the XML that expat gets, an empty row with the attribute `MARK` stands for each of them; everything else is left to expat as it is.
What this module takes for a row, expat would take for the same.
"""

import itertools
import re
from collections.abc import Callable
from typing import Generic, TypeVar

from pipelines.workbook.grid import Unreadable

MARK = "plain-row"
Parsed = TypeVar("Parsed")
Made = TypeVar("Made")
# attributes as expat gives them, and the text of the paragraphs → what the reader makes of a cell
Parse = Callable[[dict[str, str], str], Parsed]

_ENTITY = r"&(?:lt|gt|quot|apos|amp);"
_CHARACTERS = r"[^<>&\x00-\x1f\ufffe\uffff]++"
_VALUE = rf'(?:[^<>&"\x00-\x1f\ufffe\uffff]++|{_ENTITY})*+'
_ATTRIBUTES = rf'(?: (?!xml)[a-z]++:[a-z0-9-]++="{_VALUE}")*+'
_SPACES = r'<text:s(?: text:c="[0-9]{1,9}")?/>'
_PARAGRAPHS = rf"(?:<text:p/>|<text:p>(?:{_CHARACTERS}|{_ENTITY}|{_SPACES})*+</text:p>)*+"
# a cell without its first bytes `<table:`, and what stands before the cells of a row
_CELL = re.compile("|".join(
    rf"{name}{_ATTRIBUTES}(?:/>|>{_PARAGRAPHS}</table:{name}>)" for name in ("table-cell", "covered-table-cell")
))  # fmt: skip
_HEAD = re.compile(f"{_ATTRIBUTES}>")
_ROW, _ROW_END = "<table:table-row", "</table:table-row>"
_ATTRIBUTE = re.compile(r' ([a-z0-9:-]+)="([^"]*)"')
_PARAGRAPH = re.compile(r"<text:p(?:/>|>(.*?)</text:p>)")
_SPACE = re.compile(_SPACES)
_ROOT = re.compile(rb"<office:document-content( [^<>]*)>")
_DECLARED = re.compile(rb' xmlns:([A-Za-z0-9_.-]+)="([^"&]*)"')
_ENCODING = re.compile(rb"<\?xml [^>]*encoding=[\"']([^\"']*)")
# most bytes kept back for the end of a row
_LONGEST = 4 << 20


class _NotPlain(Exception):
    """A row that only expat can judge."""


class PlainRows(Generic[Parsed]):
    """Replaces plain rows in the chunks of a content.xml and keeps what `parse` makes of their cells."""

    def __init__(self, first: bytes, parse: Parse[Parsed]):
        self._parse = parse
        self._left, self._rows = b"", dict[str, tuple[dict[str, str], list[Parsed]]]()
        self._numbers = itertools.count()
        self._heads, self._cells, self._names = _Known(self._head), _Known(self._cell), _Known(self._name)
        self._texts: dict[str, dict[str, str]] = {}
        encoding, root = _ENCODING.match(first), _ROOT.search(first)
        self._off = root is None or (encoding is not None and encoding[1].lower() != b"utf-8")
        self._prefixes: dict[str, str] = {}
        if root:
            declared = _DECLARED.findall(root[1])
            self._prefixes = {prefix.decode("ascii"): f"{urn.decode('latin-1')} " for prefix, urn in declared}
            # an element further down could give a prefix another meaning
            self._off = self._off or _declarations(first) != len(declared)

    def replaced(self, chunk: bytes, first: bool = False) -> bytes:
        """The XML for expat up to the last row that has ended."""
        data, self._left = self._left + chunk, b""
        if self._off:
            return data
        end = data.rfind(_ROW_END.encode()) + len(_ROW_END)
        if end < len(_ROW_END) and len(data) < _LONGEST:
            self._left = data
            return b""
        whole, self._left = data[:end], data[end:]
        try:
            text = whole.decode()
        except UnicodeDecodeError:
            text = MARK
        if MARK in text or (not first and _declarations(whole)) or len(self._left) >= _LONGEST:
            self._off = True
            self._rows.clear()
            return self.rest(whole)
        before, *rows = text.split(_ROW)
        return "".join([before, *map(self._stand_in, rows)]).encode()

    def rest(self, before: bytes = b"") -> bytes:
        """What was kept back, after `before`."""
        rest, self._left = before + self._left, b""
        return rest

    def row(self, attributes: dict[str, str]) -> tuple[dict[str, str], list[Parsed]]:
        """Attributes and cells of the row for which one with these attributes stands; of one that stands for itself no cells."""
        return self._rows.pop(attributes.get(MARK, ""), (attributes, []))

    def _stand_in(self, xml: str) -> str:
        """The XML from behind the beginning of a row to the next row."""
        row, end, after = xml.partition(_ROW_END)
        head, *cells = row.split("<table:")
        try:
            parsed = self._heads[head], [*map(self._cells.__getitem__, cells)] if end else []
        except (_NotPlain, Unreadable):  # expat's handlers refuse it when its turn comes
            end = ""
        if not end:
            return _ROW + xml
        key = str(next(self._numbers))
        self._rows[key] = parsed
        return f'{_ROW} {MARK}="{key}"/>{after}'

    def _head(self, xml: str) -> dict[str, str]:
        if not _HEAD.fullmatch(xml):
            raise _NotPlain
        return self._attributes(xml)

    def _cell(self, xml: str) -> Parsed:
        if not _CELL.fullmatch(xml):
            raise _NotPlain
        head, _, inside = xml.partition(">")
        return self._parse(self._attributes(head), _text(inside))

    def _name(self, name: str) -> str:
        """`table:formula` as expat gives it."""
        prefix, _, own = name.partition(":")
        return self._prefixes[prefix] + own

    def _attributes(self, xml: str) -> dict[str, str]:
        known = self._texts.get(xml)
        if known is None:
            pairs = _ATTRIBUTE.findall(xml)
            try:
                known = {self._names[name]: _plain(value) for name, value in pairs}
            except KeyError:
                raise _NotPlain from None
            if len(known) != len(pairs):
                raise _NotPlain
            self._texts[xml] = known
        return known


class _Known(dict[str, Made]):
    """Texts that come again and again, and what is made of them when they are first met."""

    def __init__(self, make: Callable[[str], Made]):
        super().__init__()
        self._make = make

    def __missing__(self, text: str) -> Made:
        self[text] = made = self._make(text)
        return made


def _declarations(xml: bytes) -> int:
    """Most declarations of namespaces that there can be; the word occurs in URNs too, between colons."""
    return xml.count(b"xmlns") - xml.count(b":xmlns:")


def _text(xml: str) -> str:
    """The paragraphs of a cell, a line each."""
    if "<text:s" in xml:
        for tag in set(_SPACE.findall(xml)):
            count = int(tag[len('<text:s text:c="') : -len('"/>')] or 1)
            xml = xml.replace(tag, " " * min(max(count, 1), 32_767))
    text, end, _ = xml[len("<text:p>") :].partition("</text:p></table:")
    return _plain(text if end and "<" not in text else "\n".join(_PARAGRAPH.findall(xml)))


def _plain(xml: str) -> str:
    """XML without its entities."""
    if "&" in xml:
        for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&")):
            xml = xml.replace(entity, character)
    return xml
