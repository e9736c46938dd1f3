"""Findings: facts about what a county sent. Only codes that `data/reference/findings.yaml` lists can be raised."""

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Literal, TypedDict

from pipelines import settings
from pipelines.answers import personal_data
from pipelines.errors import Refusal
from pipelines.reference import strict_yaml
from pipelines.reference.strict_yaml import Entry, Plain

ERROR, WARNING, NOTE = "error", "warning", "note"
SHOWN = 60  # characters of a value that a message quotes
LISTED = 600  # of a list that the program made
CODES = ("code", "county_code")  # fields whose values are codes, which are never taken for a personal number
SINGLY = 40  # findings of one code on one sheet that are listed one by one; more have one cause
VALUES = 5  # different values that a finding about many cells quotes
# they say how far to trust what was read, and nothing is read of a refused file
_OF_WHAT_IS_READ = (
    "no_final_newline",
    "formulas_not_recalculated",
    "sheet_full",
    "no_county_sheet",
    "units_missing",
)
_RANK = {ERROR: 0, WARNING: 1, NOTE: 2}
# the one vocabulary, in receipts, reports, on the screen and on the command line
SEVERITY_NAMES = {ERROR: "错误", WARNING: "需核实", NOTE: "提示"}
_SCOPES = {"file": "整个文件", "sheet": "工作表", "row": "整行", "cell": "单元格"}


@dataclass(frozen=True)
class Finding:
    """One fact. `cell` is A1, or several joined by commas; `row` is physical, 1-based."""

    code: str
    severity: str
    sheet: str | None
    cell: str | None
    field: str | None
    unit: str | None
    found: str | None
    expected: str | None
    message: str
    row: int | None = None


class FindingRow(TypedDict):
    """A finding as stored in the table `finding` and sent as JSON: as `Finding`, without its row and with its id."""

    id: str | None
    code: str
    severity: str
    sheet: str | None
    cell: str | None
    field: str | None
    unit: str | None
    found: str | None
    expected: str | None
    message: str


COLUMNS = tuple(FindingRow.__annotations__)


class Kind(Entry):
    """One entry of the taxonomy. `message` follows the place: the fault, and the remedy."""

    code: str
    severity: Literal["error", "warning", "note"]
    scope: Literal["file", "sheet", "row", "cell"]
    message: str
    meaning: str
    cause: str
    remedy: str


class _File(Entry):
    findings: list[Plain]


def finding_id(county: str | None, finding: Finding) -> str:
    """Twelve hex digits, without month, row and cell: a waived warning stays quiet until the value changes."""
    parts = (county, finding.unit, finding.code, finding.field, finding.found)
    return hashlib.sha256("\x1f".join(part or "" for part in parts).encode()).hexdigest()[:12]


def load(folder: Path) -> dict[str, Kind]:
    """Kinds of findings by code from `folder/findings.yaml`; codes missing there are the program's own. Errors: `Refusal`."""
    return {**_listed(_OWN), **_listed(folder)}


_OWN = settings.REPOSITORY / "data" / "reference"


@lru_cache(maxsize=8)
def _listed(folder: Path) -> dict[str, Kind]:
    name = "findings.yaml"
    file = strict_yaml.build(_File, strict_yaml.load_yaml(folder / name), name)
    kinds = [strict_yaml.build(Kind, item, f"{name}：{item.get('code', '?')}") for item in file.findings]
    for code, count in Counter(kind.code for kind in kinds).items():
        if count > 1:
            raise Refusal(f"{name}：代码 {code} 出现两次；请合并为一条")
    return {kind.code: kind for kind in kinds}


def quote(value: str | None, most: int = SHOWN) -> str:
    """A value for a sentence: one line, shortened, control characters shown as spaces."""
    text = "".join(char if char.isprintable() else " " for char in value or "")
    return text if len(text) <= most else f"{text[:most]}…（共{len(text)}字）"


def place(file: str, sheet: str | None = None, cell: str | None = None) -> str:
    """`文件“甲.xlsx”工作表“表1”单元格 D17`; a long list of cells is cut."""
    text = f"文件“{quote(file)}”"
    if sheet is not None:
        text += f"工作表“{quote(sheet)}”"
    if cell:
        cells = cell.split(",")
        text += "单元格 " + "、".join(cells[:5]) + (f" 等{len(cells)}处" if len(cells) > 5 else "")
    return text


class Where(TypedDict, total=False):
    """The place of a finding and the question it is about, as `Report.add` takes them."""

    sheet: str
    cell: str
    row: int
    field: str
    unit: str | None
    label: str


@dataclass
class _Alike:
    """The findings of one code on one field of a sheet: the first in full, and the cells and contents of all."""

    first: Finding
    body: str
    cells: list[str] = field(default_factory=list)
    found: dict[str, None] = field(default_factory=dict)  # in the order in which they came
    count: int = 0
    listed: list[Finding] = field(default_factory=list)

    def note(self, cell: str | None, value: str | None) -> None:
        self.count += 1
        self.cells += cell.split(",") if cell else ()
        if value and len(self.found) <= VALUES:
            self.found.setdefault(value)


@dataclass
class Report:
    """Collects the findings of one file. `add` fills the template of the code.

    More than `SINGLY` of a code on one sheet have one cause: they become one finding a field, or one for the sheet.
    `spots` leads from an address on a table that was joined from several sheets to its own address.
    """

    file: str
    kinds: dict[str, Kind]
    findings: list[Finding] = field(default_factory=list)
    spots: Callable[[str, list[str]], tuple[str, list[str]]] | None = None
    _alike: dict[tuple[str, str | None], dict[str | None, _Alike]] = field(default_factory=dict)

    def add(
        self,
        code: str,
        *,
        sheet: str | None = None,
        cell: str | None = None,
        row: int | None = None,
        field: str | None = None,
        unit: str | None = None,
        found: str | None = None,
        expected: str | None = None,
        **words: object,
    ) -> None:
        """Records a finding. `words` fill further placeholders of its message."""
        alike = self._alike.setdefault((code, sheet), {})
        # a finding is stored and sent on: telephone and identity numbers are masked
        masked = personal_data.masked_code if field in CODES else personal_data.masked
        found = found and masked(found)
        if field in alike and sum(same.count for same in alike.values()) >= SINGLY:
            alike[field].note(cell, found)
            return
        kind = self.kinds[code]
        expected = expected and masked(expected)
        shown = SHOWN if kind.scope in ("row", "cell") else LISTED
        values = {key: quote(masked(str(value)), LISTED) for key, value in words.items()}
        body = kind.message.format(found=quote(found, shown), expected=quote(expected, LISTED), **values)
        finding = Finding(code, kind.severity, sheet, cell, field, unit, found, expected, "", row)
        if field not in alike:
            alike[field] = _Alike(finding, body)
        alike[field].note(cell, found)
        alike[field].listed.append(self._placed(finding, body))
        self.findings.append(alike[field].listed[-1])

    def close(self, refused: bool = False) -> list[Finding]:
        """All findings, those of one cause as one; errors first. Of a refused file nothing is noted besides what is wrong with it."""
        for alike in self._alike.values():
            if sum(same.count for same in alike.values()) > SINGLY:
                self._group(list(alike.values()))
        self._alike = {}
        if refused and any(finding.severity == ERROR for finding in self.findings):
            self.findings[:] = [f for f in self.findings if f.severity != NOTE and f.code not in _OF_WHAT_IS_READ]
        self.findings.sort(key=lambda finding: _RANK[finding.severity])
        return self.findings

    def _group(self, alike: list[_Alike]) -> None:
        listed = {id(finding) for same in alike for finding in same.listed}
        grouped = alike if len(alike) <= SINGLY else [_together(alike)]
        self.findings[:] = [f for f in self.findings if id(f) not in listed] + [self._as_one(same) for same in grouped]

    def _as_one(self, same: _Alike) -> Finding:
        if same.count == 1:
            return self._placed(same.first, same.body)
        values = list(same.found)
        more = "等" if len(values) > VALUES else ""
        examples = f"，所见有“{'”“'.join(quote(value) for value in values[:VALUES])}”{more}" if len(values) > 1 else ""
        cells = ",".join(same.cells) or None
        found = "、".join(values[:VALUES]) or None
        grouped = replace(same.first, cell=cells, row=None, unit=None, found=found)
        return self._placed(grouped, f"{same.body}同类共 {same.count} 处{examples}，各处处理相同。")

    def _placed(self, finding: Finding, body: str) -> Finding:
        """The finding with its sentence, at the place of its cells in the file."""
        sheet, cell = finding.sheet, finding.cell
        if self.spots and sheet and cell:
            sheet, cells = self.spots(sheet, cell.split(","))
            cell = ",".join(cells)
        message = f"【{finding.code}】{personal_data.masked(place(self.file, sheet, cell))}：{body}"
        return replace(finding, sheet=sheet, cell=cell, message=message)


def _together(alike: list[_Alike]) -> _Alike:
    """Groups of several fields merged into one."""
    first = replace(alike[0].first, field=None)
    cells = [cell for same in alike for cell in same.cells]
    found = {value: None for same in alike for value in same.found}
    return _Alike(first, alike[0].body, cells, found, sum(same.count for same in alike))


def document(kinds: dict[str, Kind]) -> str:
    """`docs/findings.md`: the whole taxonomy for people."""
    lines = [
        "# 核查发现一览",
        "",
        "本页由 `data/reference/findings.yaml` 生成，请勿手改。每条发现写明文件、工作表、单元格、所见值与处理办法。",
        "表内一致性规则（户数与人口等）另见调查表 `form.yaml` 的 rules。",
    ]
    for severity, title in SEVERITY_NAMES.items():
        lines += ["", f"## {title}（{severity}）"]
        for kind in (kind for kind in kinds.values() if kind.severity == severity):
            lines += [
                "", f"### {kind.code}", "", kind.meaning, "",
                f"- 影响范围：{_SCOPES[kind.scope]}", f"- 常见原因：{kind.cause}", f"- 处理办法：{kind.remedy}",
                f"- 提示文字：{kind.message}",
            ]  # fmt: skip
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    folder = settings.load().reference
    page = settings.REPOSITORY / "docs" / "findings.md"
    page.write_text(document(load(folder)), encoding="utf-8")
