"""The contents of the sheet 问题清单, as lines of cells without XML."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from pipelines.answers import explanations
from pipelines.answers.findings import CODES, SEVERITY_NAMES, FindingRow, place, quote
from pipelines.receipt import history
from pipelines.receipt.context import ReceiptContext, Said

SHEET = "问题清单"
THIS = ""  # in a link: the list's own sheet
MOST = 10_000  # lines; Excel allows at most 65,530 links on a sheet
_LONG = 300  # characters of a value that a line shows
# for the form's rules, which have no entry in the taxonomy
_REMEDIES = {
    "error": "改正后重报。",
    "warning": "核对；无误的可不改，请在“情况说明”一栏写明原因。",
    "note": "一般不必处理。",
}
_ORDER = {severity: i for i, severity in enumerate(SEVERITY_NAMES)}
_CELL = re.compile(r"([A-Z]{1,3})([1-9]\d{0,6})")

HEADINGS = {
    "序号": 6, "级别": 7, "与上次相比": 11, "工作表": 14, "单元格": 11, "指标": 17, "社区（村）": 16, "问题与要求": 50,
    "所填": 17, "应为": 20, "处理办法": 28, explanations.HEADING: 30,
    explanations.KEY: 15,
}  # fmt: skip


@dataclass(frozen=True)
class Cell:
    """A value, the name of its style and, for a link, (sheet, A1)."""

    value: str | int | None
    style: str = "text"
    link: tuple[str, str] | None = None


@dataclass(frozen=True)
class Entry:
    """A finding as the receipt shows it. `number` is its line; `cells` are single addresses on `sheet`."""

    finding: FindingRow
    number: int
    state: str
    text: str
    sheet: str | None
    cells: tuple[str, ...]
    remedy: str
    waived: bool

    @property
    def severity(self) -> str:
        return "note" if self.waived else self.finding["severity"]


def codes(entries: Iterable[Entry]) -> frozenset[str]:
    """Damaged unit codes in findings, which must not be masked as telephone numbers."""
    stated = (entry.finding["found"] for entry in entries if entry.finding["field"] in CODES)
    return frozenset(code for text in stated if text for code in text.split("、"))


@dataclass(frozen=True)
class Header:
    """The head of the list. `own`: the list is in the county's workbook; else `copied`: beside a copy of its values."""

    name: str
    context: ReceiptContext
    own: bool
    copied: bool = False


def entries(findings: Sequence[FindingRow], context: ReceiptContext) -> list[Entry]:
    """All findings in the order of the list: errors first, then in the order of the workbook."""
    states = history.states(findings, context.earlier)
    order = sorted(range(len(findings)), key=lambda i: _ORDER[findings[i]["severity"]])
    return [_entry(findings[i], states[i], line, context) for line, i in enumerate(order, 1)]


def _entry(finding: FindingRow, state: str, number: int, context: ReceiptContext) -> Entry:
    cells = tuple(cell for cell in (finding["cell"] or "").split(",") if _CELL.fullmatch(cell))
    remedy = context.remedies.get(finding["code"], _REMEDIES[finding["severity"]])
    return Entry(
        finding, number, state, body(finding), finding["sheet"], cells, remedy, finding["id"] in context.waived
    )


def body(finding: FindingRow) -> str:
    """The message without its place, which the list shows in separate columns."""
    text, sheet, cell = finding["message"], finding["sheet"], finding["cell"]
    where = place("", sheet, cell).removeprefix("文件“”")
    cells = "、".join((cell or "").split(","))
    for mark in (f"{where}：" if where else "", f"工作表“{sheet}”单元格 {cells}："):
        head, matched, rest = text.partition(mark) if mark else ("", "", "")
        if matched and rest and (not head or head.startswith("【")):
            return rest
    return re.sub(r"^【\w+】文件“[^”]*”[:：]", "", text)


# ---- lines


def lines(entries: list[Entry], header: Header) -> tuple[list[list[Cell]], int]:
    """The lines of the sheet, and the index of the table's heading among them."""
    mended = history.mended([entry.finding for entry in entries], header.context.earlier, header.context.refused)
    top = [*_top(entries, mended, header), []]
    rows = [_line(entry, header.context) for entry in entries[:MOST]]
    table = [[Cell(text, "head") for text in HEADINGS], *rows]
    if not entries:
        table.append([Cell("没有发现问题。", "strong")])
    if len(entries) > MOST:
        table.append([Cell(f"另有 {len(entries) - MOST} 条未列出；请先按已列出的改正后再报。", "strong")])
    below = _mended_lines(mended, header.context)
    if mended:
        top[4][-1] = replace(top[4][-1], link=(THIS, f"A{len(top) + len(table) + 2}"), style="link")
    return [*top, *table, *below], len(top)


def _top(entries: list[Entry], mended: list[FindingRow], header: Header) -> list[list[Cell]]:
    context = header.context
    counts = Counter(entry.severity for entry in entries)
    legend = [Cell(f"{word} {counts[severity]}", severity) for severity, word in SEVERITY_NAMES.items()]
    return [
        [Cell(f"问题清单 {context.title}", "title")],
        [Cell(f"文件：{quote(header.name, 120)}" + (f"  收到：{context.received}" if context.received else ""))],
        [Cell(f"结果：{context.state}。{_rows(context)}", "strong")],
        [Cell("合计"), Cell(None), *legend, *_waived(entries)],
        _since(entries, mended, context),
        [Cell(_advice(header, bool(entries)))],
    ]


def _rows(context: ReceiptContext) -> str:
    rows = context.rows
    if not rows:
        return ""
    return f"读到 {rows['read']} 行社区（村），计入 {rows['accepted']} 行，暂不计入 {rows['held']} 行。"


def _waived(entries: list[Entry]) -> list[Cell]:
    count = sum(entry.waived for entry in entries)
    return [Cell(f"提示中有 {count} 条已由市局豁免")] if count else []


def _since(entries: list[Entry], mended: list[FindingRow], context: ReceiptContext) -> list[Cell]:
    if not context.earlier:
        return [Cell("首次报送，没有可比较的上次。" if context.county else "没有可比较的上次。")]
    states = Counter(entry.state for entry in entries)
    words = [f"{state} {states[state]}" for state in (history.OPEN, history.NEW, history.REOPENED)]
    words.append(f"已改正 {len(mended)}")
    return [Cell("与上次相比"), Cell(None), *(Cell(word, "strong") for word in words)]


def _advice(header: Header, faulty: bool) -> str:
    if not faulty:
        return "无须再报。"
    if header.own:
        return (
            "点“单元格”一栏可跳到问题所在；标色的单元格另有批注。"
            "请直接在本工作簿中改正，保存后重新报送，不必删除本页和批注。"
            "“需核实”的问题如数字无误，不必改数：在“情况说明”一栏写明原因（如何核实、数字从何而来），随本工作簿一起报送。"
        )
    if header.copied:
        return "原文件的格式不能写批注：后面的工作表是其数值的副本，供查看位置。请在原文件中改正后重新报送。"
    return "原文件不能写入批注。请按下列要求处理后重新报送。"


def _line(entry: Entry, context: ReceiptContext) -> list[Cell]:
    finding = entry.finding
    labels = "、".join(context.labels.get(name, name) for name in (finding["field"] or "").split(",") if name)
    unit = finding["unit"]
    said = context.said.get(finding["id"] or "")
    remedy = (
        f"{_asked(entry)}：{said['asked'].rstrip('。')}。{entry.remedy}" if said and said["asked"] else entry.remedy
    )
    values = (labels, context.units.get(unit or "", unit), entry.text, finding["found"], finding["expected"], remedy)
    return [
        Cell(entry.number, "number"), Cell(SEVERITY_NAMES[finding["severity"]], entry.severity), Cell(_state(entry, said)),
        Cell(quote(finding["sheet"])), _link(entry), *(Cell(shown(value)) for value in values),
        Cell(said and said["text"], "input" if entry.severity == "warning" else "text"), Cell(finding["id"]),
    ]  # fmt: skip


def _asked(entry: Entry) -> str:
    return "市里退回" if entry.severity == "error" else "市里追问"


def _state(entry: Entry, said: Said | None) -> str:
    """State of a finding's explanation, else its state since the submission before."""
    if said and said["asked"]:
        return _asked(entry)
    if said and said["state"] in _SAID:
        return _SAID[said["state"]]
    return "已豁免" if entry.waived else entry.state


_SAID = {"explained": "已说明，待采纳", "settled": "说明已采纳"}


def _link(entry: Entry) -> Cell:
    if not entry.cells:
        return Cell("整表" if entry.sheet else "整个文件")
    more = f" 等{len(entry.cells)}处" if len(entry.cells) > 3 else ""
    target = (entry.sheet, entry.cells[0]) if entry.sheet else None
    return Cell("、".join(entry.cells[:3]) + more, "link", target)


@lru_cache(maxsize=4096)
def shown(value: str | None) -> str | None:
    """One line, cut to the length that a cell can show."""
    return quote(value, _LONG) if value else None


def _mended_lines(mended: list[FindingRow], context: ReceiptContext) -> list[list[Cell]]:
    if not mended:
        return []
    head = [[], [Cell(f"上次指出、本次已改正的问题（{len(mended)} 条）", "strong")]]
    return [*head, *([_mended(finding, context) for finding in mended[:MOST]])]


def _mended(finding: FindingRow, context: ReceiptContext) -> list[Cell]:
    unit = finding["unit"]
    labels = "、".join(context.labels.get(name, name) for name in (finding["field"] or "").split(",") if name)
    return [
        Cell(None), Cell(SEVERITY_NAMES[finding["severity"]], "quiet"), Cell("已改正"), Cell(quote(finding["sheet"])),
        Cell(shown(finding["cell"])), Cell(labels), Cell(shown(context.units.get(unit or "", unit))),
        Cell(shown(body(finding))), Cell(shown(finding["found"])), Cell(shown(finding["expected"])),
        Cell(None), Cell(None), Cell(finding["id"]),
    ]  # fmt: skip
