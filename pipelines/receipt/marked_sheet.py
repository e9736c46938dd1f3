"""One worksheet part: cells get fills and notes; every other element is unchanged."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from lxml import etree

from pipelines.receipt.cell_styles import Styles
from pipelines.workbook.address import column_number
from pipelines.workbook.address import letter as column_letters
from pipelines.workbook.grid import Unreadable

_ADDRESS = re.compile(r"([A-Z]{1,3})(\d{1,7})")
# The schema's order of the elements after the notes; Excel refuses another.
_AFTER_NOTES = (
    "legacyDrawingHF", "drawingHF", "picture", "oleObjects", "controls", "AlternateContent", "webPublishItems",
    "tableParts", "extLst",
)  # fmt: skip
_RULE = 'LEN("社区核查回执")&gt;0'  # always true, and identifies our rule in a returned receipt
_PIXELS = 7  # width of a digit, the unit of column widths


def place(address: str) -> tuple[int, int]:
    """`AB15` → (15, 28)."""
    match = _ADDRESS.fullmatch(address)
    if match is None:
        raise ValueError(f"no cell address: {address}")
    return int(match[2]), column_number(match[1])


@dataclass
class Marks:
    """Marks of a sheet: cell → severity (the worst of several); cell → text of its note."""

    fills: dict[str, str] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)


class SheetPart:
    """A worksheet's tree."""

    def __init__(self, root: etree._Element):
        if root.find("{*}sheetData") is None:
            raise Unreadable("damaged")
        self.root = root
        self.ns = etree.QName(root).namespace
        self.anchors = self._anchors()

    # ---- marks of an earlier receipt

    def clear(self, styles: Styles) -> None:
        """Remove our fills and our rules."""
        ours = {str(index): index for index in styles.marks()}
        if ours:
            for cell in self.root.iter(f"{{{self.ns}}}c"):
                if cell.get("s") in ours:
                    cell.set("s", str(styles.cleared(ours[cell.get("s")])))
        for rules in self.root.findall("{*}conditionalFormatting"):
            for rule in rules.findall("{*}cfRule"):
                if any("社区核查回执" in (formula.text or "") for formula in rule.iterfind("{*}formula")):
                    rules.remove(rule)
            if not len(rules):
                self.root.remove(rules)

    # ---- fills

    def fill(self, fills: dict[str, str], styles: Styles) -> None:
        """Colour cells (address → severity), also over conditional formats."""
        wanted: dict[int, dict[int, str]] = {}
        for address, severity in fills.items():
            number, column = place(address)
            wanted.setdefault(number, {})[column] = severity
        rows = self._rows(set(wanted))
        for number, columns in wanted.items():
            row = rows.get(number)
            self._fill_row(row if row is not None else self._add_row(number), number, columns, styles)
        self._overrule(fills, styles)

    def _fill_row(self, row: etree._Element, number: int, columns: dict[int, str], styles: Styles) -> None:
        cells = self._cells(row)
        for column, severity in columns.items():
            cell = cells.get(column)
            if cell is None:
                cell = cells[column] = self._add_cell(row, number, column, cells)
            cell.set("s", str(styles.marked(int(cell.get("s") or 0), severity)))

    def _rows(self, wanted: set[int]) -> dict[int, etree._Element]:
        rows: dict[int, etree._Element] = {}
        last = 0
        for row in self.root.find("{*}sheetData").iterchildren("{*}row"):
            last = int(row.get("r") or last + 1)
            if last in wanted:
                rows[last] = row
        return rows

    def _add_row(self, number: int) -> etree._Element:
        data = self.root.find("{*}sheetData")
        row = etree.Element(f"{{{self.ns}}}row", r=str(number))
        later = next((r for r in data.iterchildren("{*}row") if int(r.get("r") or 0) > number), None)
        data.append(row) if later is None else later.addprevious(row)
        return row

    def _cells(self, row: etree._Element) -> dict[int, etree._Element]:
        cells: dict[int, etree._Element] = {}
        last = 0
        for cell in row.iterchildren("{*}c"):
            address = _ADDRESS.fullmatch(cell.get("r") or "")
            last = column_number(address[1]) if address else last + 1
            cells[last] = cell
        return cells

    def _add_cell(
        self, row: etree._Element, number: int, column: int, cells: dict[int, etree._Element]
    ) -> etree._Element:
        cell = etree.Element(f"{{{self.ns}}}c", r=f"{column_letters(column)}{number}")
        style = row.get("s") if row.get("customFormat") in ("1", "true") else self._column_style(column)
        if style:
            cell.set("s", style)
        before = max((c for c in cells if c < column), default=None)
        row.insert(0, cell) if before is None else cells[before].addnext(cell)
        return cell

    def _column_style(self, column: int) -> str | None:
        for entry in self.root.iterfind("{*}cols/{*}col"):
            if int(entry.get("min", 0)) <= column <= int(entry.get("max", 0)):
                return entry.get("style")
        return None

    def _overrule(self, fills: dict[str, str], styles: Styles) -> None:
        """Where the sheet has conditional formats, add ours before them, so that they do not cover the marks."""
        rules = list(self.root.iterfind("{*}conditionalFormatting/{*}cfRule"))
        if not rules:
            return
        severities = sorted(set(fills.values()))
        for rule in rules:
            rule.set("priority", str(int(rule.get("priority") or 1) + len(severities)))
        for priority, severity in enumerate(severities, 1):
            cells = " ".join(cell for cell, of_cell in fills.items() if of_cell == severity)
            rule = (
                f'<conditionalFormatting xmlns="{self.ns}" sqref="{cells}"><cfRule type="expression" '
                f'dxfId="{styles.alarm(severity)}" priority="{priority}" stopIfTrue="1"><formula>{_RULE}</formula>'
                "</cfRule></conditionalFormatting>"
            )
            # before the others in the file too: LibreOffice ignores the priority
            self.root.find("{*}conditionalFormatting").addprevious(etree.fromstring(rule))

    # ---- notes

    def anchor(self, address: str) -> str:
        """The visible cell of the address: the first of its merged range."""
        return self.anchors.get(address, address)

    def _anchors(self) -> dict[str, str]:
        anchors: dict[str, str] = {}
        for merge in self.root.iterfind("{*}mergeCells/{*}mergeCell"):
            first, _, last = (merge.get("ref") or "").partition(":")
            if _ADDRESS.fullmatch(first) and _ADDRESS.fullmatch(last):
                anchors |= dict.fromkeys(_inside(first, last), first)
        return anchors

    def widths(self) -> dict[int, int]:
        """Column → width in pixels, where it is set."""
        widths: dict[int, int] = {}
        for entry in self.root.iterfind("{*}cols/{*}col"):
            width = 0 if entry.get("hidden") in ("1", "true") else int(float(entry.get("width") or 9) * _PIXELS + 5)
            first = int(entry.get("min", 1))
            widths |= dict.fromkeys(range(first, min(int(entry.get("max", 1)), first + 500) + 1), width)
        return widths

    def drawing_id(self, relations_ns: str) -> str | None:
        element = self.root.find("{*}legacyDrawing")
        return element.get(f"{{{relations_ns}}}id") if element is not None else None

    def set_drawing(self, identifier: str, relations_ns: str) -> None:
        """Refer to the drawing of the notes by its relation."""
        self._insert_before(
            _AFTER_NOTES, f'<legacyDrawing xmlns="{self.ns}" xmlns:r="{relations_ns}" r:id="{identifier}"/>'
        )

    def _insert_before(self, later: Iterable[str], xml: str) -> None:
        """Insert an element before the first of those that must follow it."""
        data = self.root.find("{*}sheetData")
        following = [e for e in data.itersiblings() if etree.QName(e).localname in later]
        element = etree.fromstring(xml)
        following[0].addprevious(element) if following else self.root.append(element)


def _inside(first: str, last: str) -> Iterable[str]:
    """The other cells of a merged range; none of a very large one (whole columns)."""
    (top, left), (bottom, right) = place(first), place(last)
    if (bottom - top + 1) * (right - left + 1) > 20_000:
        return []
    cells = (f"{column_letters(c)}{r}" for r in range(top, bottom + 1) for c in range(left, right + 1))
    return [cell for cell in cells if cell != first]
