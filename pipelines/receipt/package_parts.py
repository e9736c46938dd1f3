"""An OOXML package whose parts can be changed; unchanged parts are copied."""

import posixpath

from lxml import etree

from pipelines.system.zip_bytes import zipped
from pipelines.workbook.grid import Limits, Unreadable
from pipelines.workbook.xlsx.read_xlsx import resolve
from pipelines.workbook.zip_package import Package, clean_xml

TYPES = "[Content_Types].xml"
_TYPES_NS = "http://schemas.openxmlformats.org/package/2006/content-types"
_RELS_NS = "http://schemas.openxmlformats.org/package/2006/relationships"
RELATIONS_TYPE = "application/vnd.openxmlformats-package.relationships+xml"
LARGEST = 32 << 20  # bytes of an XML part parsed as a tree, which takes about ten times the memory


def tree(xml: bytes, name: str) -> etree._Element:
    """XML as a tree, without DTDs, entities or network access."""
    if len(xml) > LARGEST:
        raise Unreadable("too_large", f"部件 {name}")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
    return etree.fromstring(clean_xml(xml, name), parser)


def written(root: etree._Element) -> bytes:
    """Serialised with a declaration in double quotes as Excel writes it; some readers refuse single quotes."""
    return b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n' + etree.tostring(root, encoding="UTF-8")


class Parts:
    """The parts of a package by name; case does not count."""

    def __init__(self, data: bytes):
        self._package = Package(data, Limits())
        self._names = {name.lower(): name for name in self._package.names}
        self._changed: dict[str, bytes] = {}
        self._trees: dict[str, etree._Element] = {}
        self.types = self.tree(TYPES)

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._names

    @property
    def names(self) -> list[str]:
        return list(self._names.values())

    def read(self, name: str) -> bytes:
        """The part as it is now; names are found in either case."""
        real = self._names.get(name.lower(), name)
        return self._changed[real] if real in self._changed else self._package.read(name)

    def tree(self, name: str) -> etree._Element:
        """The part as a tree that is written back when the package is saved."""
        real = self._names.get(name.lower(), name)
        if real not in self._trees:
            self._trees[real] = tree(self.read(name), name)
        return self._trees[real]

    def is_tree(self, name: str) -> bool:
        """Whether the part was taken as a tree (`tree`)."""
        return self._names.get(name.lower(), name) in self._trees

    def write(self, name: str, content: bytes | etree._Element, content_type: str | None = None) -> None:
        """Add or replace a part."""
        real = self._names.setdefault(name.lower(), name)
        self._trees.pop(real, None)
        if isinstance(content, bytes):
            self._changed[real] = content
        else:
            self._trees[real] = content
        if content_type:
            self._set_type(real, content_type)

    def remove(self, name: str) -> None:
        """Remove a part and its content type."""
        real = self._names.pop(name.lower())
        self._trees.pop(real, None)
        for entry in self._overrides(f"/{real}"):
            self.types.remove(entry)

    def free_name(self, pattern: str) -> str:
        """The first unused name of the pattern (`xl/comments{}.xml`)."""
        number = 1
        while pattern.format(number) in self:
            number += 1
        return pattern.format(number)

    # ---- content types

    def _overrides(self, part: str) -> list[etree._Element]:
        entries = self.types.findall(f"{{{_TYPES_NS}}}Override")
        return [entry for entry in entries if (entry.get("PartName") or "").lower() == part.lower()]

    def _set_type(self, name: str, content_type: str) -> None:
        for entry in self._overrides(f"/{name}"):
            self.types.remove(entry)
        etree.SubElement(self.types, f"{{{_TYPES_NS}}}Override", PartName=f"/{name}", ContentType=content_type)

    def default_type(self, extension: str, content_type: str) -> None:
        """Declare the content type of a file extension unless there is one."""
        for entry in self.types.findall(f"{{{_TYPES_NS}}}Default"):
            if (entry.get("Extension") or "").lower() == extension:
                return
        entry = etree.Element(f"{{{_TYPES_NS}}}Default", Extension=extension, ContentType=content_type)
        self.types.insert(0, entry)

    # ---- relations

    @staticmethod
    def rels_name(part: str) -> str:
        """Name of the part that holds a part's relations."""
        folder, _, file = part.rpartition("/")
        return f"{folder}/_rels/{file}.rels".lstrip("/")

    def relations(self, part: str) -> etree._Element:
        """The relations of a part; created where there are none."""
        name = self.rels_name(part)
        if name not in self:
            self.write(name, etree.Element(f"{{{_RELS_NS}}}Relationships", nsmap={None: _RELS_NS}))
            self.default_type("rels", RELATIONS_TYPE)
        return self.tree(name)

    def related(self, part: str) -> list[tuple[str, str, str, etree._Element]]:
        """(id, last word of the type, part, element) of each relation inside the package."""
        if self.rels_name(part) not in self:
            return []
        folder = part.rpartition("/")[0]
        return [
            (e.get("Id", ""), e.get("Type", "").rpartition("/")[2], resolve(folder, e.get("Target", "")), e)
            for e in self.relations(part).iterchildren("{*}Relationship")
            if e.get("TargetMode") != "External"
        ]

    def relate(self, part: str, kind: str, target: str) -> str:
        """Add a relation; returns its id. `kind` is the full type."""
        table = self.relations(part)
        taken = {e.get("Id") for e in table}
        number = len(taken) + 1
        while f"rId{number}" in taken:
            number += 1
        way = posixpath.relpath(f"/{target}", f"/{part.rpartition('/')[0]}")
        etree.SubElement(table, f"{{{_RELS_NS}}}Relationship", Id=f"rId{number}", Type=kind, Target=way)
        return f"rId{number}"

    # ---- writing

    def save(self) -> bytes:
        """The package as bytes: content types first, then parts in their original order, new parts last."""
        names = sorted(self.names, key=lambda name: name != TYPES)
        return zipped((name, written(self._trees[name]) if name in self._trees else self.read(name)) for name in names)
