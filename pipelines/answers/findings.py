"""Findings: facts about what a county sent, each with a stable code, an address and a complete sentence in Chinese.

The taxonomy is closed: `data/reference/findings.yaml` lists every code, with its severity, message, meaning, cause and
remedy. A code that is not listed cannot be raised. `docs/findings.md` is generated from the same file.
"""

import hashlib
import string
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pipelines import settings
from pipelines.answers import personal_data
from pipelines.errors import Refusal
from pipelines.reference import strict_yaml
from pipelines.reference.strict_yaml import Entry

ERROR, WARNING, NOTE = "error", "warning", "note"
SHOWN = 60  # characters of a value that a message quotes
LISTED = 600  # of a list that the program made
CODES = ("code", "county_code")  # fields whose values are codes, which are never taken for a personal number
MOST = 1_000  # findings of one code on one field that are listed one by one
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


class Kind(Entry):
    """One entry of the taxonomy. `message` has the place in front and says what is wrong and what to do."""

    code: str
    severity: Literal["error", "warning", "note"]
    scope: Literal["file", "sheet", "row", "cell"]
    message: str
    meaning: str
    cause: str
    remedy: str


class _File(Entry):
    findings: list[dict]


def finding_id(county: str | None, finding: Finding) -> str:
    """Twelve hex digits that stay while the same value stands in the same place of the survey.

    Month, row and cell are left out, so that a waived warning stays quiet until the value changes.
    """
    parts = (county, finding.unit, finding.code, finding.field, finding.found)
    return hashlib.sha256("\x1f".join(part or "" for part in parts).encode()).hexdigest()[:12]


def load(folder: Path) -> dict[str, Kind]:
    """The taxonomy of `folder/findings.yaml` by code; codes that an earlier version's folder lacks come from the program's own.

    Refuses codes that stand twice and unknown keys.
    """
    return {**_listed(_OWN), **_listed(folder)}


_OWN = settings.REPOSITORY / "data" / "reference"


@lru_cache(maxsize=8)
def _listed(folder: Path) -> dict[str, Kind]:
    name = "findings.yaml"
    file = strict_yaml.build(_File, strict_yaml.load_yaml(folder / name), name)
    kinds = [strict_yaml.build(Kind, item, f"{name}:{item.get('code', '?')}") for item in file.findings]
    for code, count in Counter(kind.code for kind in kinds).items():
        if count > 1:
            raise Refusal(f"{name}:代码 {code} 出现两次;请合并为一条")
    return {kind.code: kind for kind in kinds}


def quote(value: str | None, most: int = SHOWN) -> str:
    """A value for a sentence: one line, shortened, control characters shown as spaces."""
    text = "".join(char if char.isprintable() else " " for char in value or "")
    return text if len(text) <= most else f"{text[:most]}…(共{len(text)}字)"


def place(file: str, sheet: str | None = None, cell: str | None = None) -> str:
    """`文件“甲.xlsx”工作表“表1”单元格 D17`; a long list of cells is cut."""
    text = f"文件“{quote(file)}”"
    if sheet is not None:
        text += f"工作表“{quote(sheet)}”"
    if cell:
        cells = cell.split(",")
        text += "单元格 " + "、".join(cells[:5]) + (f" 等{len(cells)}处" if len(cells) > 5 else "")
    return text


@dataclass
class Report:
    """Collects the findings of one file. `add` fills the template of the code."""

    file: str
    kinds: dict[str, Kind]
    findings: list[Finding] = field(default_factory=list)
    _counts: Counter = field(default_factory=Counter)

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
        kind = self.kinds[code]
        key = (code, sheet, field)
        self._counts[key] += 1
        if self._counts[key] > MOST:
            return
        shown = SHOWN if kind.scope in ("row", "cell") else LISTED
        # what is told of a cell is stored and sent on: never with a telephone or identity number in it
        masked = personal_data.masked_code if field in CODES else personal_data.masked
        found, expected = found and masked(found), expected and masked(expected)
        values = {key: quote(masked(str(value)), LISTED) for key, value in words.items()}
        body = kind.message.format(found=quote(found, shown), expected=quote(expected, LISTED), **values)
        message = f"【{code}】{personal_data.masked(place(self.file, sheet, cell))}:{body}"
        self.findings.append(Finding(code, kind.severity, sheet, cell, field, unit, found, expected, message, row))

    def full(self, code: str, sheet: str | None, field: str | None) -> bool:
        """Whether no more of this kind are listed; the caller may then spare itself the sentence and only `count` it."""
        return self._counts[code, sheet, field] >= MOST

    def count(self, code: str, sheet: str | None, field: str | None) -> None:
        """One more of a kind that is `full`."""
        self._counts[code, sheet, field] += 1

    def close(self) -> list[Finding]:
        """All findings, and one for each kind of which more came in than are listed."""
        for (code, sheet, field_id), count in list(self._counts.items()):
            if count > MOST:
                self.add("too_many", sheet=sheet, field=field_id, found=code, count=count, listed=MOST)
        return self.findings


def placeholders(message: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(message) if name}


def document(kinds: dict[str, Kind]) -> str:
    """`docs/findings.md`: the whole taxonomy for people."""
    lines = [
        "# 核查发现一览",
        "",
        "本页由 `data/reference/findings.yaml` 生成,请勿手改。每条发现写明文件、工作表、单元格、所见值与处理办法。",
        "表内一致性规则(户数与人口等)另见调查表 `form.yaml` 的 rules。",
    ]
    for severity, title in SEVERITY_NAMES.items():
        lines += ["", f"## {title}({severity})"]
        for kind in (kind for kind in kinds.values() if kind.severity == severity):
            lines += [
                "", f"### {kind.code}", "", kind.meaning, "",
                f"- 影响范围:{_SCOPES[kind.scope]}", f"- 常见原因:{kind.cause}", f"- 处理办法:{kind.remedy}",
                f"- 提示文字:{kind.message}",
            ]  # fmt: skip
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    folder = settings.load().reference
    page = settings.REPOSITORY / "docs" / "findings.md"
    page.write_text(document(load(folder)), encoding="utf-8")
