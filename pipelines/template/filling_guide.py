"""填表说明: the form in words, field by field and rule by rule."""

from collections.abc import Iterable, Sequence

from xlsxwriter.worksheet import Worksheet

from pipelines.reference.form import Field, Form, Rule
from pipelines.template import field_wording
from pipelines.template.community_table import set_page_marks
from pipelines.template.template_styles import Styles

SHEET = "填表说明"
HEADERS = ("序号", "分组", "项目", "单位", "由谁填", "怎样填", "范围", "例子", "说明")
_WIDTHS = (42, 118, 250, 50, 150, 300, 90, 92, 300)
_HELP_LETTERS = 20  # that fit on a line of the last column
_A4 = 9
GENERAL = (
    "本工作簿每月一份，每个县（市、区）一份：第一张表每个社区（村）一行，第二张表全县（市、区）一份。",
    "社区（村）的代码、名称、所属街道（乡镇）和类型已按当月名册填好，请勿改动；名册有误的，请写在“备注”表中，不要自行增删行。",
    "从第二个月起，上月已报的答案已经填好：绿色的核对后不必改，蓝色的（户数、人口等）每月变动，请重新核对；改动后变黄。每年1月起重新计数的项目留空待填。",
    "没有变化的行在“已核对”列打√，或在标题下“其余各行已核对，无变化”后选“是”；既未改动也未核对的，按上月沿用，不算本月填报。",
    "存量填月末数；名称以“本年累计”开头的，填自当年1月1日起的累计数。",
    "“是”指本月末已经建成、成立、制定或达到；正在建设、计划建设的填“否”。",
    "不知道的请留空，不要填“约”“左右”“若干”等文字；没有的数填 0，不要留空。",
    "灰色格不适用于该类社区（村），请留空。淡黄色格为必填，填好后颜色消失。",
    "变红的格与其他格矛盾，改正后才能计入；变橙的格请核对，确实无误的可以保留。",
    "下表中带 ● 的为必填项，带 ○ 的知道就填。",
    "请勿改动标题行、增删列或合并单元格；可以筛选和调整列宽。代码、名称和所属街道（乡镇）已锁定，没有密码；要排序时可先撤销工作表保护。",
)


def write(sheet: Worksheet, styles: Styles, form: Form, watermark: str | None, caveats: Sequence[str] = ()) -> None:
    """The guide of a month's form; `caveats` say where the reference data of the month is old."""
    mark = f"（{watermark}）" if watermark else ""
    sheet.set_row(0, 27)
    sheet.write_string(0, 0, f"{SHEET}{mark}", styles.title)
    for column, width in enumerate(_WIDTHS):
        sheet.set_column_pixels(column, column, width)
    row = _write_lines(sheet, styles, 2, "一、怎样填", GENERAL)
    row = _write_fields(sheet, styles, row, f"二、{form.community.sheet}", form.community)
    row = _write_fields(sheet, styles, row, f"三、{form.county.sheet}", form.county)
    row = _write_lines(sheet, styles, row, "四、报送后要核对的", [_sentence(rule) for rule in form.rules])
    if caveats:
        row = _write_lines(sheet, styles, row, "五、名册、政策和日历", caveats)
    sheet.write_string(row, 0, f"表式版本 {form.version}", styles.line)
    sheet.hide_gridlines(2)
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)
    set_page_marks(sheet, "", f"表式版本 {form.version}", watermark)


def _sentence(rule: Rule) -> str:
    then = "不改正不计入" if rule.severity == "error" else "会来函核对"
    return f"{rule.message}（{then}）"


def _write_lines(sheet: Worksheet, styles: Styles, row: int, title: str, lines: Iterable[str]) -> int:
    sheet.write_string(row, 0, title, styles.section)
    for number, line in enumerate(lines, 1):
        sheet.write_string(row + number, 0, f"{number}.")
        sheet.write_string(row + number, 1, line)
    return row + number + 2


def _write_fields(sheet: Worksheet, styles: Styles, row: int, title: str, fields: Iterable[Field]) -> int:
    sheet.write_string(row, 0, title, styles.section)
    for column, text in enumerate(HEADERS):
        sheet.write_string(row + 1, column, text, styles.heading())
    row += 2
    for number, field in enumerate(fields, 1):
        sheet.set_row(row, 15 * max(1, -(-len(field.help or "") // _HELP_LETTERS)))
        for column, text in enumerate(_cells(number, field)):
            align = "center" if column in (0, 3, 6, 7) else "left"
            sheet.write_string(row, column, text, styles.boxed(align=align, text_wrap=True))
        row += 1
    return row + 1


def _cells(number: int, field: Field) -> list[str]:
    # The mark before the label keeps this table from being taken for one of the form's sheets.
    label = f"{'●' if field.required else '○'} {field.label}"
    help_text = "必填。" if field.required else ""
    return [
        str(number),
        field.group or "",
        label,
        field.unit or "",
        field_wording.APPLIES[field.applies],
        field_wording.how(field),
        field_wording.limit(field),
        field_wording.example(field),
        help_text + (field.help or ""),
    ]
