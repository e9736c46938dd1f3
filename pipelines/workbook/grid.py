"""The result of reading a workbook of any format, and the error of reading.

Every format becomes `Workbook` → `Sheet` → rows of plain values; no caller depends on a file format.
"""

from dataclasses import dataclass, field
from typing import Any

# The cells of one row: None | str | int | float | bool | datetime | date | time | timedelta. `Any`: callers test the type.
Row = list[Any]

# code: (what is wrong, what to do). Codes are stable ids, stored in the archive and in receipts.
UNREADABLE = {
    "empty_file": ("文件是空的，没有任何内容", "请重新导出或复制后再报"),
    "not_a_workbook": ("文件不是电子表格", "请用 Excel 或 WPS 打开原表，另存为 .xlsx 后再报"),
    "html_page": ("文件实际是网页（HTML），只是取了表格的扩展名", "请用 Excel 或 WPS 打开，另存为 .xlsx 后再报"),
    "encrypted": (
        "文件设有打开密码，无法读取",
        "请用 Excel 或 WPS 打开，在“文件—信息—保护工作簿—用密码进行加密”中删去密码，保存后重报；"
        "没有设过打开密码的，可能是“保护工作簿”所致，请在“审阅—保护工作簿”中取消保护后保存再报",
    ),
    "lock_file": (
        "这是表格打开时程序自动生成的临时锁文件（~$），不是表格本身",
        "请报去掉“~$”的同名文件",
    ),
    "truncated": ("文件不完整，后半部分缺失", "请等待复制或上传完成，重新复制原文件后再报"),
    "damaged_zip": ("文件已损坏，压缩包的校验不符", "请用 Excel 或 WPS 打开原文件，另存后再报"),
    "unsafe_zip": ("文件的内部结构不安全，不予打开", "请用 Excel 或 WPS 新建工作簿，只粘贴数值后另存再报"),
    "too_large": (
        "文件超出大小上限",
        "请用 Excel 或 WPS 新建工作簿，把表1、表2 只粘贴数值过去，另存后再报；原文件不必改动",
    ),
    "too_many_parts": ("文件内部的部件过多", "请用 Excel 或 WPS 新建工作簿，只粘贴数值后另存再报"),
    "xml_entities": ("文件含有 DTD 或实体声明，不予解析", "请用 Excel 或 WPS 打开原表，另存为 .xlsx 后再报"),
    "unsupported_format": ("这种表格格式不能读取", "请用 Excel 或 WPS 打开，另存为 .xlsx 后再报"),
    "damaged": ("文件内容已损坏，无法读取", "请用 Excel 或 WPS 打开原文件，另存为 .xlsx 后再报"),
    "extent_mismatch": ("两种方法读出的行数或单元格数不一致，为免漏读，不予采用", "请用 Excel 或 WPS 打开，另存后再报"),
    "bad_encoding": ("文本中有无法辨认的字符编码", "请用 Excel 或 WPS 打开原表，另存为 .xlsx 后再报"),
    "bad_quotes": ("CSV 的引号不配对，无法确定单元格的边界", "请改正引号，或用 Excel 打开后另存为 .xlsx 再报"),
    "no_sheets": ("工作簿中没有工作表", "请确认报的是填好的调查表"),
}


class Unreadable(Exception):
    """The file cannot be read. `code` is a key of `UNREADABLE`; `detail` is the particular cause in Chinese."""

    def __init__(self, code: str, detail: str = ""):
        self.code, self.detail = code, detail
        self.message, self.remedy = UNREADABLE[code]
        super().__init__(self.text)

    @property
    def text(self) -> str:
        """The sentence for the sender: fault, cause, remedy."""
        return f"{self.message}{f'（{self.detail}）' if self.detail else ''}；{self.remedy}"

    def __reduce__(self) -> tuple[type["Unreadable"], tuple[str, str]]:
        return Unreadable, (self.code, self.detail)


# code: text for people; `detail` of a note is appended.
NOTES = {
    "extension_differs": "扩展名与内容不符，已按内容读取",
    "macros": "文件含有宏，未运行",
    "external_links": "文件引用了其他工作簿，未访问，只用已存的数值",
    "dde": "文件含有 DDE 链接，未执行",
    "connections": "文件含有外部数据连接，未访问",
    "embedded_objects": "文件嵌有其他对象，未打开",
    "formulas_not_recalculated": "文件声明打开时才重新计算公式，已存的数值可能是旧的",
    "no_final_newline": "文本末尾没有换行，最后一行可能不完整",
    "sheet_full": "工作表用到了格式所允许的最后一行，数据可能被截断",
    "normalized": "表格由不常见的软件写成，已按规范重新整理后读取",
}


@dataclass(frozen=True)
class Limits:
    """Limits of reading; sizes in bytes, counted while unpacking and not taken from headers."""

    file_size: int = 64 << 20
    total_unpacked: int = 300 << 20
    part: int = 200 << 20
    parts: int = 1000
    ratio: int = 1000  # unpacked : packed, checked above 20 MB only (deflate cannot exceed 1032)
    sheets: int = 255
    cells: int = 10_000_000  # area that the values of all sheets span together
    rows: int = 1_048_576
    columns: int = 16_384


@dataclass(frozen=True)
class Merge:
    """A merged range, 1-based, inclusive."""

    first_row: int
    first_col: int
    last_row: int
    last_col: int


@dataclass
class Sheet:
    """One worksheet, absolute: `rows[0]` is row 1 and `rows[i][0]` is column A.

    Values are None (blank) | str | int | float | bool | datetime | date | time | timedelta. Numbers come as the format
    stores them: always float from xlsx, xlsb and ods; int or float from xls. Trailing blanks of a row and trailing
    blank rows are trimmed, so rows differ in length. An error cell and a formula without a stored value are None in
    `rows` and entries of `errors` and `unevaluated`: a cell is blank only if it is in neither.
    All row and column numbers below are 1-based.
    """

    name: str
    visibility: str = "visible"  # visible | hidden | very_hidden
    rows: list[Row] = field(default_factory=list)
    merges: list[Merge] = field(default_factory=list)
    errors: dict[tuple[int, int], str] = field(default_factory=dict)  # (row, col) -> '#REF!'
    unevaluated: set[tuple[int, int]] = field(default_factory=set)  # formulas without a stored value
    formulas: int = 0  # how many cells hold a formula
    hidden_rows: list[int] = field(default_factory=list)
    hidden_cols: list[int] = field(default_factory=list)
    filtered: bool = False  # a filter with a condition is on
    # whether values may be int or bool (1 == 1.0 == True)
    mixed: bool = field(default=True, repr=False, compare=False)
    # columns with values other than texts; None: not known
    numeric: set[int] | None = field(default=None, repr=False, compare=False)
    # formulas that are a bare reference to a cell, and gave 0: address -> the name of the sheet, row and column that are meant
    references: dict[tuple[int, int], tuple[str, int, int]] = field(default_factory=dict)
    percent: dict[int, set[int]] = field(default_factory=dict)  # col -> rows whose cell has a % number format

    def is_percent(self, row: int, col: int) -> bool:
        """Whether the cell's number format shows a percentage (its value is then 0.925 for 92.5%)."""
        return row in self.percent.get(col, ())

    def value(self, row: int, col: int) -> Any:
        """The value at a 1-based address; None outside the data."""
        cells = self.rows[row - 1] if 0 < row <= len(self.rows) else ()
        return cells[col - 1] if 0 < col <= len(cells) else None


@dataclass
class Workbook:
    """A workbook as read: its sheets in order, and notes for the sender."""

    kind: str  # xlsx | xlsm | xls | xlsb | ods | csv | xml (XML Spreadsheet 2003) | html
    sheets: list[Sheet]
    notes: list[tuple[str, str]] = field(default_factory=list)  # (key of NOTES, detail)
    date1904: bool = False
    collected: set[str] = field(default_factory=set)  # names of sheets that formulas of other sheets point to

    @property
    def untyped(self) -> bool:
        """Whether cells have no types, so that a number may have lost zeros: 2018.10 is 2018.1."""
        return self.kind in ("csv", "html")
