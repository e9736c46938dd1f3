"""The submission outcome: the report on a file that the sender sees."""

from dataclasses import asdict, dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, TypedDict, cast

from pipelines import months
from pipelines.answers import findings
from pipelines.answers.findings import SEVERITY_NAMES, FindingRow
from pipelines.archive.month_state import Life
from pipelines.reference import form
from pipelines.warehouse import projection
from pipelines.warehouse.projection import Warehouse

__all__ = ["SEVERITY_NAMES", "Report", "findings_of", "in_force", "kind_names", "report", "rows_of", "why_waiting"]


STATE_NAMES = {
    "checked": "已检查，未报送",
    "effective": "已接收",
    "known": "此前已收到相同文件，未重复计入",
    "repeated": "此前已收到相同文件，未重复计入",
    "waiting": "已收到，等待生效",
    "received": "已存档，等当前任务结束后读取",
    "question": "已收到，待市里采纳月份后生效",
    "withdrawn": "已撤回",
    "spot": "抽查结果已记录",
    "superseded": "已被更新的报表取代",
    "refused": "不能采用，请改正后重报",
}


class InForce(TypedDict):
    """The last submission that counts for a county and month."""

    seq: int
    file: str
    at: str


@dataclass
class Report:
    """The outcome of one file: the object that `shequ check --json` and `submit --json` print (`public`).

    `state`: checked | effective | superseded | refused | waiting | question (a month before the policy's first, to be accepted by a
    person) | withdrawn | spot (results of a spot check; `spot` says which list and what of it is recorded) | known (the same bytes
    are in the archive already, as number `seq`) | received (in the archive, not yet read: another task is writing; `rows` and `findings` are those
    of a check). `waits` says why and until when it waits.
    `other_month` is a sentence where the month is not the one that has just ended.
    `rows`: read, accepted, held; of the accepted ones new, changed, unchanged against what was in force in the month; kept: units in
    force that the file does not replace.
    `in_force` is the last report that counts for the county and month (seq, file, at), where that is known. `receipt` is where its receipt
    was written, where one was asked for.
    """

    file: str
    sha256: str
    county: str | None
    month: str | None
    refused: bool
    rows: dict[str, int]
    findings: list[FindingRow] = field(default_factory=list)
    state: str = "checked"
    seq: int | None = None
    in_force: InForce | None = None
    waits: str | None = None
    other_month: str | None = None
    spot: str | None = None
    receipt: str | None = None

    @classmethod
    def unreadable(cls, file: str, why: str) -> "Report":
        """The report of a path that could not be read."""
        finding: FindingRow = {
            "id": None, "code": "unreadable_path", "severity": "error", "sheet": None, "cell": None, "field": None, "unit": None,
            "found": None, "expected": None, "message": f"{why}。",
        }  # fmt: skip
        return cls(file, "", None, None, True, dict.fromkeys(_ROWS, 0), [finding], state="refused")

    def public(self) -> dict[str, Any]:
        return asdict(self) | {"findings": [{**finding, "count": _places(finding)} for finding in self.findings]}

    @property
    def state_in_words(self) -> str:
        """Why it waits and until when, or its state; without a full stop."""
        return (self.waits or "").rstrip("。") or STATE_NAMES["refused" if self.refused else self.state]

    @property
    def errors(self) -> int:
        return sum(finding["severity"] == "error" for finding in self.findings)


def _places(finding: FindingRow) -> int:
    """Number of places of a finding: a grouped one lists all its cells; the cells of a broken rule are one place."""
    of_one_row = "," in (finding["field"] or "")
    return 1 if of_one_row else len((finding["cell"] or "").split(","))


@lru_cache(maxsize=4)
def kind_names(reference: Path) -> dict[str, str]:
    """code → what it means, in Chinese: every kind of finding and every rule of the form in a folder of reference data."""
    kinds = {code: kind.meaning.rstrip("。") for code, kind in findings.load(reference).items()}
    return kinds | {rule.id: rule.message for rule in form.load(reference).rules}


def is_rule(code: str, reference: Path) -> bool:
    """Whether a finding is a broken rule of the form, rather than something that the reader could not make out."""
    return any(rule.id == code for rule in form.load(reference).rules)


_ROWS = ("read", "accepted", "held", "new", "changed", "unchanged", "kept")


def report(opened: Warehouse, seq: int, name: str) -> Report:
    """The report of a stored submission, as judged; `state` and what depends on other submissions are not filled in."""
    con = opened.con
    sha, county, month, refused = con.execute(
        "SELECT sha256, county, month, refused FROM submission WHERE seq = ?", [seq]
    ).fetchall()[0]
    return Report(
        file=name,
        sha256=sha,
        county=county,
        month=months.key(month) if month else None,
        refused=refused,
        rows=rows_of(opened, seq),
        findings=findings_of(opened, seq),
        seq=seq,
    )


def in_force(opened: Warehouse, life: Life, report: Report) -> InForce | None:
    """The last submission that counts for the county and month of a report."""
    counted = life.counted(months.parse(report.month)) if report.month else {}
    if report.county not in counted:
        return None
    sql = "SELECT seq, file, received_at FROM submission WHERE seq = ?"
    [row] = opened.con.execute(sql, [counted[report.county][-1]]).fetchall()
    return {"seq": row[0], "file": row[1], "at": row[2]}


def other_month(report: Report, today: date) -> str | None:
    """A sentence where a report is not of the month that has just ended and counts nevertheless."""
    month, asked = report.month and months.parse(report.month), months.add(today.replace(day=1), -1)
    if not month or report.refused or month >= asked:
        return None
    own, ended = months.label(month), months.label(asked)
    return f"所报月份是{own}，不是刚结束的{ended}，仍按{own}计入；如有笔误请改正后重报，并请市里撤回本件。"


def why_waiting(life: Life, report: Report) -> str | None:
    """Why a submission waits and until when; None where it does not."""
    state = life.months.get(months.parse(report.month)) if report.month else None
    waiting = [reading for reading in state.pending if reading.seq == report.seq] if state else []
    if not waiting or state is None:
        return None
    from pipelines.intake import open_matters  # only what was submitted waits

    return open_matters.why_waiting(state, waiting[0])


def findings_of(opened: Warehouse, seq: int) -> list[FindingRow]:
    """The findings of a submission in the order of its sheets; the severity of a waived one is note."""
    waived = _waived(opened, seq)
    return [
        {**finding, "severity": "note"} if finding["id"] in waived else finding for finding in all_findings(opened, seq)
    ]


def all_findings(opened: Warehouse, seq: int) -> list[FindingRow]:
    """The findings of a submission as they were made, in the order of its sheets."""
    columns = ", ".join(findings.COLUMNS)
    rows = opened.con.execute(f"SELECT {columns} FROM finding WHERE seq = ? ORDER BY phase, number", [seq]).fetchall()
    return [cast(FindingRow, dict(zip(findings.COLUMNS, row, strict=True))) for row in rows]


def _waived(opened: Warehouse, seq: int) -> set[str]:
    month = projection.scalar(opened.con, "SELECT month FROM submission WHERE seq = ?", [seq])
    return set(opened.life().waived(month)) if month else set()


def rows_of(opened: Warehouse, seq: int) -> dict[str, int]:
    """Counts of rows as judged in the month; of a file that is not judged (refused, withdrawn) as read."""
    columns = ", ".join(f'"{name}"' for name in _ROWS)
    judged = opened.con.execute(f"SELECT {columns} FROM row_count WHERE seq = ?", [seq]).fetchall()
    if judged:
        return dict(zip(_ROWS, judged[0], strict=True))
    [(read, held)] = opened.con.execute(
        "SELECT count(*), count(*) FILTER (held) FROM answer WHERE seq = ?", [seq]
    ).fetchall()
    return dict.fromkeys(_ROWS, 0) | {"read": read, "accepted": read - held, "held": held}
