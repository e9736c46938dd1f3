"""What became of a file: the report that the sender sees, and a county's line in the state of a month."""

from dataclasses import asdict, dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path

from pipelines import months
from pipelines.answers import findings
from pipelines.answers.findings import SEVERITY_NAMES
from pipelines.archive.month_state import Life
from pipelines.intake import open_matters
from pipelines.reference import form
from pipelines.warehouse import projection
from pipelines.warehouse.projection import Warehouse

__all__ = ["SEVERITY_NAMES", "Report", "findings_of", "in_force", "kind_names", "report", "rows_of", "why_waiting"]


@dataclass
class Report:
    """What became of one file: the object that `shequ check --json` and `submit --json` print (`public`).

    `state`: checked | effective | superseded | refused | waiting | question (a month before the policy's first, to be accepted by a
    person) | withdrawn | spot (results of a spot check; `spot` says which list and what of it is recorded) | known (the same bytes
    stand already, as number `seq`) | received (in the archive, not yet read: another task is writing; `rows` and `findings` are those
    of a check). `waits` says why and until when it waits.
    `other_month` says so where the month is over and not the one that has just ended.
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
    findings: list[dict] = field(default_factory=list)
    state: str = "checked"
    seq: int | None = None
    in_force: dict | None = None
    waits: str | None = None
    other_month: str | None = None
    spot: str | None = None
    receipt: str | None = None

    @classmethod
    def unreadable(cls, file: str, why: str) -> "Report":
        """A file that never came in: there is nothing to read, or no right to."""
        finding = dict.fromkeys(_PUBLIC) | {
            "id": None,
            "code": "unreadable_path",
            "severity": "error",
            "message": f"{why}。",
        }
        return cls(file, "", None, None, True, dict.fromkeys(_ROWS, 0), [finding], state="refused")

    def public(self) -> dict:
        return asdict(self) | {"findings": [{**finding, "count": _places(finding)} for finding in self.findings]}

    @property
    def errors(self) -> int:
        return sum(finding["severity"] == "error" for finding in self.findings)


def _places(finding: dict) -> int:
    """In how many places a finding stands: a grouped one lists all its cells; the cells of a broken rule are those of one row."""
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
_PUBLIC = ("code", "severity", "sheet", "cell", "field", "unit", "found", "expected", "message")


def report(opened: Warehouse, seq: int, name: str) -> Report:
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


def in_force(opened: Warehouse, life: Life, found: Report) -> dict | None:
    """The last report that counts for the county and month of another."""
    counted = life.counted(months.parse(found.month)) if found.month else {}
    if found.county not in counted:
        return None
    sql = "SELECT seq, file, received_at FROM submission WHERE seq = ?"
    [row] = opened.con.execute(sql, [counted[found.county][-1]]).fetchall()
    return dict(zip(("seq", "file", "at"), row, strict=True))


def other_month(found: Report, today: date) -> str | None:
    """A sentence where a report is not of the month that has just ended and counts all the same."""
    month, asked = found.month and months.parse(found.month), months.add(today.replace(day=1), -1)
    if not month or found.refused or month >= asked:
        return None
    own, ended = months.label(month), months.label(asked)
    return f"所报月份是{own}，不是刚结束的{ended}，仍按{own}计入；如有笔误请改正后重报，并请市里撤回本件。"


def why_waiting(life: Life, found: Report) -> str | None:
    """Why a submission waits and until when; None where it does not."""
    state = life.months.get(months.parse(found.month)) if found.month else None
    waiting = [reading for reading in state.pending if reading.seq == found.seq] if state else []
    return open_matters.why_waiting(state, waiting[0]) if state and waiting else None


def findings_of(opened: Warehouse, seq: int) -> list[dict]:
    columns = ", ".join(("id", *_PUBLIC))
    rows = opened.con.execute(f"SELECT {columns} FROM finding WHERE seq = ? ORDER BY phase, number", [seq]).fetchall()
    waived = _waived(opened, seq)
    return [_quiet(dict(zip(("id", *_PUBLIC), row, strict=True)), waived) for row in rows]


def _quiet(finding: dict, waived: set[str]) -> dict:
    """A finding that the city has accepted asks nothing of the county any more: it is told as a note."""
    return {**finding, "severity": "note"} if finding["id"] in waived else finding


def _waived(opened: Warehouse, seq: int) -> set[str]:
    """Ids of the findings that are waived in the month of a submission."""
    month = projection.scalar(opened.con, "SELECT month FROM submission WHERE seq = ?", [seq])
    return set(opened.life().waived(month)) if month else set()


def rows_of(opened: Warehouse, seq: int) -> dict[str, int]:
    """As it was judged in its month; of a file that is not judged (refused, withdrawn) what was read."""
    columns = ", ".join(f'"{name}"' for name in _ROWS)
    judged = opened.con.execute(f"SELECT {columns} FROM row_count WHERE seq = ?", [seq]).fetchall()
    if judged:
        return dict(zip(_ROWS, judged[0], strict=True))
    [(read, held)] = opened.con.execute(
        "SELECT count(*), count(*) FILTER (held) FROM answer WHERE seq = ?", [seq]
    ).fetchall()
    return dict.fromkeys(_ROWS, 0) | {"read": read, "accepted": read - held, "held": held}
