"""What became of a file: the report that the sender sees, and a county's line in the state of a month."""

from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path

from pipelines import months
from pipelines.answers import findings
from pipelines.answers.findings import SEVERITY_NAMES
from pipelines.archive.month_state import Life
from pipelines.reference import form
from pipelines.warehouse import projection
from pipelines.warehouse.projection import Warehouse

__all__ = ["SEVERITY_NAMES", "Report", "findings_of", "in_force", "kind_names", "report", "rows_of"]


@dataclass
class Report:
    """What became of one file: the object that `shequ check --json` prints, and a little more.

    `state`: checked | effective | superseded | refused | waiting | known (the same bytes were received before, as number `seq`)
    | received (in the archive, not yet read: another task is writing; `rows` and `findings` are those of a check).
    `in_force` is the report that counts for the county and month (seq, file, at), where that is known.
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

    def public(self) -> dict:
        return asdict(self)

    @property
    def errors(self) -> int:
        return sum(finding["severity"] == "error" for finding in self.findings)


@lru_cache(maxsize=4)
def kind_names(reference: Path) -> dict[str, str]:
    """code → what it means, in Chinese: every kind of finding and every rule of the form in a folder of reference data."""
    kinds = {code: kind.meaning.rstrip("。") for code, kind in findings.load(reference).items()}
    return kinds | {rule.id: rule.message for rule in form.load(reference).rules}


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
    """The report that counts for the county and month of another."""
    effective = life.effective(months.parse(found.month)) if found.month else {}
    if found.county not in effective:
        return None
    sql = "SELECT seq, file, received_at FROM submission WHERE seq = ?"
    [row] = opened.con.execute(sql, [effective[found.county]]).fetchall()
    return dict(zip(("seq", "file", "at"), row, strict=True))


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
    read, held = opened.con.execute(
        """
        SELECT count(*), count(*) FILTER (held OR row_no IN (
            SELECT row_no FROM finding WHERE seq = $seq AND phase = 'rule' AND severity = 'error' AND row_no IS NOT NULL
              AND NOT list_contains($waived::VARCHAR[], id)))
        FROM answer WHERE seq = $seq
        """,
        {"seq": seq, "waived": sorted(_waived(opened, seq))},
    ).fetchall()[0]
    return {"read": read, "accepted": read - held, "held": held}
