"""Results read back from a returned list: every row is matched to the list, judged, and recorded or held (§5).

Pure: grids of cells in, answers and findings out. Hidden rows and columns are read like others.
"""

import re
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date

from pipelines.verification import cell_text, tally
from pipelines.verification.spot_findings import SpotFinding, finding
from pipelines.verification.visit_list import COLUMNS, MARKS_SHEET, Task

_LABELS = {cell_text.label(column.label): column.id for column in COLUMNS}
_ALIASES = {
    "县市区": "county", "乡镇街道": "town", "单位名称": "unit", "统计用区划代码": "code", "核查结果": "result",
    "检查员": "inspector", "核查人": "inspector", "核查日期": "days", "备注": "note",
}  # fmt: skip
_NEEDED = ("code", "result", "days")
_LONG_NUMBER = re.compile(r"\d{11}")
_LONGEST_NAME = 20
_HEADER_WITHIN = 30  # rows
_NUMBER = re.compile(r"名单\((\d{1,6})号\)")

Key = tuple[str, str]  # uid and claim


@dataclass(frozen=True)
class Sheet:
    """A sheet with its cells at their addresses: `rows[0]` is row 1, its first entry column A."""

    name: str
    rows: Sequence[Sequence[object]]


@dataclass(frozen=True)
class Issued:
    """The list that the file should be an answer to.

    `tasks` are all of its rows, of every group, and the 候补 that were handed out; `own_counties` the home county's code
    of each group; `earlier` the results in force by uid and claim; `gone` the uids that today's roster has no more.
    """

    number: int
    plan: str
    drawn: date
    tasks: Sequence[Task]
    own_counties: Mapping[str, str] = field(default_factory=dict)
    earlier: Mapping[Key, str] = field(default_factory=dict)
    gone: Set[str] = frozenset()


@dataclass(frozen=True)
class Answer:
    """One result: a word of `tally`, with its cell. `days` are those of the visits."""

    uid: str
    claim: str
    result: str
    evidence: str
    inspector: str
    days: tuple[date, ...]
    note: str
    sheet: str
    cell: str

    @property
    def key(self) -> Key:
        return self.uid, self.claim

    @property
    def content(self) -> tuple[object, ...]:
        return self.result, self.evidence, self.inspector, self.days, self.note


@dataclass(frozen=True)
class Returned:
    """The content of one file: accepted answers, findings, and the number of blank rows."""

    group: str
    answers: list[Answer]
    findings: list[SpotFinding]
    blank: int


def marks(sheets: Iterable[Sheet]) -> dict[str, str]:
    """The hidden marks; empty in a workbook that was not made by us."""
    rows = next((sheet.rows for sheet in sheets if sheet.name == MARKS_SHEET), [])
    return {cell_text.text(row[0]): cell_text.text(row[1]) for row in rows if len(row) > 1}


def is_list(sheets: Sequence[Sheet]) -> bool:
    """Whether a workbook is a returned list: by its marks, or by a header of codes, results and what was asked."""
    return marks(sheets).get("shequ") == "spot" or any(
        _asks(cells) for sheet in sheets for cells in sheet.rows[:_HEADER_WITHIN]
    )


def _asks(cells: Sequence[object]) -> bool:
    return {"code", "result", "subject"} <= {_column(cell) for cell in cells}


def numbers(sheets: Sequence[Sheet]) -> set[int]:
    """The numbers of lists that the marks name, else the titles above the tables."""
    marked = marks(sheets).get("list", "")
    if marked.isdecimal():
        return {int(marked)}
    above = (
        cell for sheet in sheets for cells in sheet.rows[:_HEADER_WITHIN] for cell in cells if isinstance(cell, str)
    )
    return {int(number) for text in above for number in _NUMBER.findall(cell_text.folded(text))}


def codes(sheets: Sequence[Sheet]) -> set[str]:
    """Everything in the workbook that may be a unit's code."""
    return {cell_text.code(cell) for sheet in sheets for cells in sheet.rows for cell in cells if cell is not None}


def packed(sheets: Iterable[Sheet]) -> list[list[object]]:
    """The sheets as JSON values: numbers stay, everything else as the text that it stands for."""
    return [[sheet.name, [[_plain(cell) for cell in cells] for cells in sheet.rows]] for sheet in sheets]


def _plain(cell: object) -> object:
    return (
        cell if cell is None or (isinstance(cell, int | float) and not isinstance(cell, bool)) else cell_text.text(cell)
    )


def read(file: str, sheets: Sequence[Sheet], issued: Issued, today: date) -> Returned:
    """The answers of one file. A file that bears the marks of another list, or has no table, gives a finding alone."""
    known = marks(sheets)
    reading = _Reading(file, issued, today, known.get("group", ""))
    if (known.get("list", str(issued.number)), known.get("plan", issued.plan)) != (str(issued.number), issued.plan):
        other = f"这是 {known.get('list')} 号名单" + ("的另一次抽取" if known.get("list") == str(issued.number) else "")
        reading.add("spot_list", None, None, other)
    else:
        tables = [reading.sheet(sheet) for sheet in sheets if sheet.name != MARKS_SHEET]
        if not any(tables):
            reading.add("spot_header", None, None, "没有找到抽查名单的表头", labels=_needed_labels())
    return reading.done()


class _Reading:
    def __init__(self, file: str, issued: Issued, today: date, group: str):
        self.file, self.issued, self.today, self.group = file, issued, today, group
        self.answers: list[Answer] = []
        self.findings: list[SpotFinding] = []
        self.blank = 0
        self._by_code: dict[str, list[Task]] = {}
        for task in issued.tasks:
            self._by_code.setdefault(task.code, []).append(task)
        self._by_number = {task.number: task for task in issued.tasks}

    def add(self, code: str, sheet: str | None, cell: str | None, found: str = "", **words: object) -> None:
        words = {"number": self.issued.number, **words}
        self.findings.append(finding(code, self.file, sheet, cell, found, **words))

    def sheet(self, sheet: Sheet) -> bool:
        """Reads the rows below the sheet's header; whether there is one (a guide or a cover has none)."""
        start = next((row for row, cells in enumerate(sheet.rows) if _is_header(cells)), None)
        if start is None:
            return False
        columns, trouble = _columns(sheet.rows[start])
        if trouble:
            self.add("spot_header", sheet.name, None, trouble, labels=_needed_labels())
            return True
        for number, cells in enumerate(sheet.rows[start + 1 :], start + 2):
            row = _Row(sheet.name, number, cells, columns)
            if not _is_header(cells):
                self._row(row)
        return True

    def _row(self, row: "_Row") -> None:
        if not row.said("result"):
            self.blank += self._task(row) is not None
            return
        task = self._task(row)
        if task is None:
            self._strange(row)
        elif not self._altered(row, task):
            self._answer(row, task)

    def _task(self, row: "_Row") -> Task | None:
        """The list's row for a code; where the unit has several, the one of the same question."""
        tasks = self._by_code.get(cell_text.code(row.value("code")), [])
        subject = cell_text.folded(row.value("subject"))
        asked = [task for task in tasks if not subject or cell_text.folded(task.subject) == subject]
        return asked[0] if len(asked) == 1 else None

    def _strange(self, row: "_Row") -> None:
        """A row that is not on the list; one whose 序号 and unit are was altered."""
        task = self._by_number.get(row.said("number"))
        code = row.said("code")
        if task and cell_text.folded(task.unit) == cell_text.folded(row.value("unit")) and code != task.code:
            self.add("spot_altered", row.sheet, row.cell("code"), f"代码为“{code}”（名单上为“{task.code}”）")
        else:
            about = f"（{row.said('subject')}）" if code in self._by_code and row.said("subject") else ""
            self.add("spot_row", row.sheet, row.cell("code"), f"代码“{code}”{row.said('unit')}{about}")

    def _altered(self, row: "_Row", task: Task) -> bool:
        pairs = (("unit", "单位", task.unit), ("reported", "所报", task.reported))
        for id, label, issued in pairs:
            said = row.said(id)
            if said and cell_text.folded(said) != cell_text.folded(issued):
                self.add("spot_altered", row.sheet, row.cell(id), f"{label}为“{said}”（名单上为“{issued}”）")
                return True
        return False

    def _answer(self, row: "_Row", task: Task) -> None:
        result = cell_text.result(row.value("result"), task.unknown)
        if result is None:
            self.add("spot_choice", row.sheet, row.cell("result"), row.said("result"), expected="、".join(task.results))
            return
        days = self._days(row)
        if days is None or not self._inspector_is_fine(row) or not self._reason_is_given(row, task, result):
            return
        texts = [row.said(id) for id in ("evidence", "inspector", "note")]
        evidence, inspector, note = texts
        answer = Answer(task.uid, task.claim, result, evidence, inspector, days, note, row.sheet, row.cell("result"))
        self.answers.append(answer)
        self._ask(row, task, answer)

    def _days(self, row: "_Row") -> tuple[date, ...] | None:
        """The days of the visits; None, with a finding, where they cannot be."""
        said = row.said("days")
        days = cell_text.days(row.value("days"))
        if not said:
            trouble = "没有检查日期"
        elif not days:
            trouble = f"检查日期“{said}”读不出日期"
        elif days[0] < self.issued.drawn:
            trouble = f"检查日期 {days[0]} 早于抽取之日 {self.issued.drawn}"
        elif days[-1] > self.today:
            trouble = f"检查日期 {days[-1]} 还没有到"
        else:
            return days
        self.add("spot_day", row.sheet, row.cell("days"), trouble)
        return None

    def _inspector_is_fine(self, row: "_Row") -> bool:
        name = row.said("inspector")
        personal = _LONG_NUMBER.search(cell_text.code(name)) is not None
        if len(name) <= _LONGEST_NAME and not personal:
            return True
        trouble = "中有长号码，可能是电话或证件号码" if personal else f"有 {len(name)} 个字"
        self.add("spot_inspector", row.sheet, row.cell("inspector"), trouble)
        return False

    def _reason_is_given(self, row: "_Row", task: Task, result: str) -> bool:
        before = self.issued.earlier.get((task.uid, task.claim))
        if before in (None, result) or row.said("note"):
            return True
        self.add("spot_reason", row.sheet, row.cell("result"), result, before=before)
        return False

    def _ask(self, row: "_Row", task: Task, answer: Answer) -> None:
        """Add questions about the answer, which counts nevertheless."""
        if not answer.evidence and answer.result != tally.OPEN:
            self.add("spot_evidence", row.sheet, row.cell("evidence"))
        if self.group and self.issued.own_counties.get(self.group) == task.county_code:
            self.add("spot_own_county", row.sheet, row.cell("result"), group=self.group, county=task.county)
        if task.uid in self.issued.gone:
            self.add("spot_gone", row.sheet, row.cell("code"), task.unit)
        days = {*answer.days, *cell_text.days_within(answer.note)}
        if answer.result == tally.OPEN and len(days) < 2:
            self.add("spot_one_visit", row.sheet, row.cell("days"), days=len(days))

    def done(self) -> Returned:
        by_key: dict[Key, list[Answer]] = {}
        for answer in self.answers:
            by_key.setdefault(answer.key, []).append(answer)
        kept = []
        for answers in by_key.values():
            if len({answer.content for answer in answers}) == 1:
                kept.append(answers[0])
            else:
                self._twice(answers)
        return Returned(self.group, kept, self.findings, self.blank)

    def _twice(self, answers: list[Answer]) -> None:
        task = next(task for task in self.issued.tasks if (task.uid, task.claim) == answers[0].key)
        cells = "、".join(f"“{answer.sheet}”{answer.cell}" for answer in answers)
        for answer in answers:
            self.add("spot_twice", answer.sheet, answer.cell, f"{task.unit}（{task.subject}）", cells=cells)


@dataclass(frozen=True)
class _Row:
    """A row of a sheet, its cells by column id."""

    sheet: str
    number: int
    cells: Sequence[object]
    columns: Mapping[str, int]

    def value(self, id: str) -> object:
        index = self.columns.get(id)
        return self.cells[index] if index is not None and index < len(self.cells) else None

    def said(self, id: str) -> str:
        return cell_text.text(self.value(id))

    def cell(self, id: str) -> str:
        """The A1 address; of a column that is missing, that of the result."""
        return f"{_letter(self.columns.get(id, self.columns['result']))}{self.number}"


def _column(value: object) -> str | None:
    label = cell_text.label(value)
    return _LABELS.get(label) or _ALIASES.get(label)


def _is_header(cells: Sequence[object]) -> bool:
    return {"code", "result"} <= {_column(cell) for cell in cells}


def _columns(cells: Sequence[object]) -> tuple[dict[str, int], str]:
    """Column index by id, and what is wrong with the header."""
    columns: dict[str, int] = {}
    for index, cell in enumerate(cells):
        id = _column(cell)
        if id in columns:
            return columns, f"“{cell_text.text(cell)}”有两列"
        if id:
            columns[id] = index
    missing = [column.label for column in COLUMNS if column.id in _NEEDED and column.id not in columns]
    return columns, f"缺少“{'”“'.join(missing)}”列" if missing else ""


def _needed_labels() -> str:
    return "、".join(column.label for column in COLUMNS)


def _letter(index: int) -> str:
    text, number = "", index + 1
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(65 + rest) + text
    return text
