"""Cell formats of the template: one palette, one format per purpose."""

from functools import cached_property

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from pipelines.reference.form import Field

INK, QUIET, LINE = "#1F2933", "#7B8794", "#B8C2CC"
GROUPS = ("#DCE6F1", "#E2EFDA")  # neighbouring groups take turns, so that the eye finds where one ends
GIVEN, CLOSED, WANTED = "#F3F5F7", "#D9D9D9", "#FFF8DC"
ERROR, WARNING = ("#FFC7CE", "#9C0006"), ("#FFE3B3", "#7F4F00")
LAST, VOLATILE, CHANGED = "#EAF4EA", "#E3EEFA", ("#FFE699", "#7F4F00")  # as last month; look again; changed since
# everything may be typed into but what is locked by name
DEFAULTS = {"font_name": "宋体", "font_size": 10, "font_color": INK, "valign": "vcenter", "locked": False}
_OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
NUMBER_FORMATS = {"code": "@", "text": "@", "month": "@", "count": "0", "percent": "0.0"}
_LEFT = ("text",)


def options() -> dict[str, object]:
    """What XlsxWriter is started with: text stays text. A new dictionary each time: XlsxWriter writes into it."""
    return {**_OPTIONS, "default_format_properties": dict(DEFAULTS)}


class Styles:
    """Formats of one workbook, made when first asked for and shared afterwards."""

    def __init__(self, workbook: Workbook):
        self._workbook = workbook
        self._made: dict[tuple[tuple[str, object], ...], Format] = {}

    def of(self, **properties: object) -> Format:
        """The format with these XlsxWriter properties."""
        key = tuple(properties.items())
        if key not in self._made:
            self._made[key] = self._workbook.add_format(properties)
        return self._made[key]

    @cached_property
    def title(self) -> Format:
        return self.of(font_name="黑体", font_size=16)

    @cached_property
    def line(self) -> Format:
        return self.of(font_color=QUIET)

    @cached_property
    def watermark(self) -> Format:
        return self.of(font_name="黑体", font_size=12, font_color=ERROR[1])

    @cached_property
    def section(self) -> Format:
        return self.of(font_name="黑体", font_size=12, top=0, bottom=2, bottom_color=LINE)

    def heading(self, shade: int = 0, group: bool = False) -> Format:
        """A header cell: `group` for the upper of the two levels."""
        return self.of(
            locked=True,
            bold=True,
            border=1,
            border_color=LINE,
            bg_color=GROUPS[shade % 2],
            align="center",
            text_wrap=True,
            font_size=11 if group else 9,
        )

    def cell(self, field: Field, given: bool = False, closed: bool = False, last: bool = False) -> Format:
        """An answer's cell: `given` is the roster's, `closed` does not apply to the unit, `last` holds last month's answer."""
        tint = VOLATILE if field.volatile else LAST
        return self.of(
            border=1,
            border_color=LINE,
            align="left" if field.type in _LEFT else "center",
            num_format=NUMBER_FORMATS.get(field.type, "General"),
            **({"bg_color": GIVEN, "locked": True} if given else {}),
            **({"bg_color": tint} if last and not given and not closed else {}),
            **({"bg_color": CLOSED, "pattern": 1, "font_color": QUIET} if closed else {}),
        )

    def boxed(self, **properties: object) -> Format:
        """A format with a border."""
        return self.of(border=1, border_color=LINE, **properties)

    def alarm(self, severity: str) -> Format:
        """The format by which a rule's check colours cells."""
        fill, ink = ERROR if severity == "error" else WARNING
        return self.of(bg_color=fill, font_color=ink)

    @cached_property
    def changed(self) -> Format:
        return self.of(bg_color=CHANGED[0], font_color=CHANGED[1], bold=True)

    @cached_property
    def wanted(self) -> Format:
        return self.of(bg_color=WANTED)


def protect(sheet: Worksheet) -> None:
    """Locks what is locked by its style, without a password; users can take it off."""
    allowed = ("format_cells", "format_columns", "format_rows", "autofilter", "sort", "objects", "scenarios")
    sheet.protect("", dict.fromkeys(allowed, True))
