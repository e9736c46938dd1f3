"""Cell styles of a receipt: the county's own with a fill, and those of the list."""

import re

from lxml import etree

# A fill for each severity, distinct in colour and in grey (luminance about 146, 191 and 228 of 255); black is readable on each.
FILLS = {"error": "FFE5706A", "warning": "FFF2BC4B", "note": "FFD7E6F4"}
_INK, _QUIET, _LINK, _LINE, _HEAD = "FF1F2933", "FF7B8794", "FF0B5CAD", "FFB8C2CC", "FFDCE6F1"
# fills of the list's cells; the county writes into `input`
_LIST_FILLS = {**FILLS, "head": _HEAD, "input": "FFFFF9DB"}
_ORDER = (
    "numFmts", "fonts", "fills", "borders", "cellStyleXfs", "cellXfs", "cellStyles", "dxfs", "tableStyles", "colors",
    "extLst",
)  # fmt: skip
_FONT_SCHEME = '<name val="宋体"/><charset val="134"/>'
MINIMAL = (
    '<styleSheet xmlns="{ns}"><fonts count="1"><font><sz val="10"/><name val="宋体"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)


class Styles:
    """`styles.xml` as a tree; styles are added, existing ones are not changed."""

    def __init__(self, root: etree._Element):
        self.root = root
        self.ns = etree.QName(root).namespace
        self.xfs = self._group("cellXfs")
        if not len(self.xfs):
            self._append("cellXfs", '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>')
        self._made: dict[tuple[object, ...], int] = {}

    # ---- marks

    def marked(self, base: int, severity: str) -> int:
        """The style `base` with the fill of the severity, and a dark font where its own is too light to be read on it."""
        if (base, severity) not in self._made:
            changes = {"fillId": self._fill(FILLS[severity]), "applyFill": 1}
            if self._is_light(base):
                changes |= {"fontId": self._dark_font(base), "applyFont": 1}
            self._made[base, severity] = self._derive(base, changes)
        return self._made[base, severity]

    def cleared(self, base: int) -> int:
        """The style `base` without a mark."""
        if (base, "") not in self._made:
            self._made[base, ""] = self._derive(base, {"fillId": 0})
        return self._made[base, ""]

    def marks(self) -> set[int]:
        """Indexes of the styles with one of our fills: marks of an earlier receipt."""
        fills = self.root.find("{*}fills")
        ours = {
            str(i)
            for i, fill in enumerate(fills if fills is not None else ())
            if any(color.get("rgb") in FILLS.values() for color in fill.iter("{*}fgColor"))
        }
        return {i for i, xf in enumerate(self.xfs) if xf.get("fillId") in ours}

    def alarm(self, severity: str) -> int:
        """Index of a differential style with the severity's fill, for a conditional format."""
        rgb = FILLS[severity]
        fill = f'<fill><patternFill><bgColor rgb="{rgb}"/></patternFill></fill>'
        return self._once(("dxf", severity), "dxfs", f'<dxf><font><color rgb="FF000000"/></font>{fill}</dxf>')

    # ---- the list

    def of_list(self, name: str) -> int:
        """Index of one of the list's styles, by name."""
        if ("list", name) not in self._made:
            self._made["list", name] = self._append("cellXfs", self._list_xf(name))
        return self._made["list", name]

    def _list_xf(self, name: str) -> str:
        bold = name in ("title", "strong", "head", *FILLS)
        color = {"link": _LINK, "quiet": _QUIET}.get(name, _INK)
        font = self._font(14 if name == "title" else 10, bold, color, name == "link")
        fill = self._fill(_LIST_FILLS[name]) if name in _LIST_FILLS else 0
        border = 0 if name in ("title", "strong", "plain") else self._border()
        wrap = ' wrapText="1"' if name not in ("title", "strong", "plain") else ""
        # quotePrefix: a text that begins with = stays text when the cell is edited
        quoted = ' quotePrefix="1"' if name in ("text", "plain", "input") else ""
        centred = ' horizontal="center"' if name in ("head", "number", *FILLS) else ""
        return (
            f'<xf numFmtId="0" fontId="{font}" fillId="{fill}" borderId="{border}" xfId="0" applyFont="1" '
            f'applyFill="1" applyBorder="1" applyAlignment="1"{quoted}><alignment vertical="top"{centred}{wrap}/></xf>'
        )

    def _font(self, size: int, bold: bool, color: str, underlined: bool) -> int:
        xml = f'<font>{"<b/>" * bold}{"<u/>" * underlined}<sz val="{size}"/><color rgb="{color}"/>{_FONT_SCHEME}</font>'
        return self._once(("font", xml), "fonts", xml)

    def _border(self) -> int:
        sides = "".join(
            f'<{side} style="thin"><color rgb="{_LINE}"/></{side}>' for side in ("left", "right", "top", "bottom")
        )
        return self._once(("border",), "borders", f"<border>{sides}<diagonal/></border>")

    # ---- making

    def _once(self, key: tuple[object, ...], group: str, xml: str) -> int:
        if key not in self._made:
            self._made[key] = self._append(group, xml)
        return self._made[key]

    def _fill(self, rgb: str) -> int:
        pattern = f'<patternFill patternType="solid"><fgColor rgb="{rgb}"/><bgColor indexed="64"/></patternFill>'
        return self._once(("fill", rgb), "fills", f"<fill>{pattern}</fill>")

    def _derive(self, base: int, changes: dict[str, int]) -> int:
        copy = _copy(self.xfs[base if base < len(self.xfs) else 0])
        for key, value in changes.items():
            copy.set(key, str(value))
        return self._add("cellXfs", copy)

    def _font_of(self, base: int) -> etree._Element | None:
        fonts = self._group("fonts")
        index = self.xfs[base if base < len(self.xfs) else 0].get("fontId", "0")
        return fonts[int(index)] if index.isdigit() and int(index) < len(fonts) else None

    def _is_light(self, base: int) -> bool:
        font = self._font_of(base)
        color = font.find("{*}color") if font is not None else None
        if color is None or color.get("auto") or color.get("theme") == "1":
            return False
        rgb = color.get("rgb") or ""
        if not re.fullmatch(r"[0-9A-Fa-f]{8}", rgb):
            return color.get("indexed") not in ("8", "64")
        red, green, blue = (int(rgb[i : i + 2], 16) for i in (2, 4, 6))
        return 0.299 * red + 0.587 * green + 0.114 * blue > 90

    def _dark_font(self, base: int) -> int:
        copy = _copy(self._font_of(base))
        for color in copy.findall("{*}color"):
            copy.remove(color)
        return self._add("fonts", copy)

    def _append(self, group: str, xml: str) -> int:
        return self._add(group, etree.fromstring(re.sub(r"^<(\w+)", rf'<\1 xmlns="{self.ns}"', xml)))

    def _add(self, group: str, element: etree._Element) -> int:
        table = self._group(group)
        table.append(element)
        table.set("count", str(len(table)))
        return len(table) - 1

    def _group(self, name: str) -> etree._Element:
        """The table of that name, inserted in schema order where it is missing."""
        existing = self.root.find(f"{{{self.ns}}}{name}")
        if existing is not None:
            return existing
        table = etree.Element(f"{{{self.ns}}}{name}", count="0")
        later = _ORDER[_ORDER.index(name) + 1 :]
        before = next((i for i, e in enumerate(self.root) if etree.QName(e).localname in later), len(self.root))
        self.root.insert(before, table)
        return table


def _copy(element: etree._Element) -> etree._Element:
    return etree.fromstring(etree.tostring(element, with_tail=False))
