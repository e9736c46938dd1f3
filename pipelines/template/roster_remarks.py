"""备注: where a county says what is wrong with the roster, which it cannot change itself."""

from xlsxwriter.worksheet import Worksheet

from pipelines.reference.prefilled_marks import REMARKS_TITLE
from pipelines.template.template_styles import Styles, protect

HEADERS = ("序号", "社区（村）名称或代码", "有误之处（如新设、撤销、更名、代码有误、应属其他街道、乡镇）")
BODY, LINES = 3, 15  # 0-based row, rows
_WIDTHS = (45, 220, 520)


def write(sheet: Worksheet, styles: Styles, watermark: str | None) -> None:
    """The sheet, empty."""
    mark = f"（{watermark}）" if watermark else ""
    sheet.set_row(0, 27)
    sheet.write_string(0, 0, f"{REMARKS_TITLE}{mark}", styles.title)
    sheet.write_string(1, 0, "市里核对后改正名册；表中的代码、名称和所属街道（乡镇）请勿自行改动。", styles.line)
    for column, (text, width) in enumerate(zip(HEADERS, _WIDTHS, strict=True)):
        sheet.set_column_pixels(column, column, width, styles.of())
        sheet.write_string(BODY - 1, column, text, styles.heading())
    for row in range(BODY, BODY + LINES):
        sheet.write_number(row, 0, row - BODY + 1, styles.boxed(align="center", locked=True))
        for column in (1, 2):
            sheet.write_blank(row, column, None, styles.boxed(align="left", text_wrap=True))
    protect(sheet)
