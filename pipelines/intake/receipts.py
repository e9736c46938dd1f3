"""Receipts of submissions: what the archive and the warehouse know of a file, handed to `survey.receipt`.

    write_receipts(opened, reports, folder) -> paths, one a report, in order

What was found in the tries before is computed again from what was read then: the rules' findings of a superseded
submission are not kept, and a receipt must not depend on when the warehouse was built.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

from pipelines import months
from pipelines.answers import findings
from pipelines.archive.finding_state import Answered
from pipelines.archive.month_state import Life
from pipelines.archive.store import write_durably
from pipelines.figures import comparisons, effective_answers
from pipelines.receipt import ReceiptContext, Try
from pipelines.receipt.context import Said
from pipelines.reference.reference_bundle import Reference
from pipelines.warehouse.projection import Warehouse
from pipelines.worker import worker_pool

_STATES = {
    "checked": "已检查，未报送",
    "effective": "已接收",
    "known": "此前已收到相同文件，未重复计入",
    "waiting": "已收到，等待生效",
    "question": "已收到，待市里采纳月份后生效",
    "withdrawn": "已撤回",
    "spot": "抽查结果已记录",
    "superseded": "已被更新的报表取代",
    "refused": "不能采用，请改正后重报",
}
_COLUMNS = ("id", "code", "severity", "sheet", "cell", "field", "unit", "found", "expected", "message")


def write_receipts(opened: Warehouse, reports: Iterable, folder: Path) -> list[Path]:
    """A receipt for each `intake.Report`, in `folder`. The reports are of submitted files: their bytes are archived."""
    desk = _Desk(opened)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for report in reports:
        data, name = desk.receipt(report)
        write_durably(folder / name, data)
        paths.append(folder / name)
    return paths


def one(opened: Warehouse, report) -> tuple[bytes, str]:
    """The receipt of one submitted file, and its file name."""
    return _Desk(opened).receipt(report)


def preview(report, data: bytes, reference: Reference) -> tuple[bytes, str]:
    """The receipt of a file that is checked and not submitted, and its file name: without the tries before."""
    month = months.parse(report.month) if report.month else None
    known = report.county is not None and month is not None
    context = ReceiptContext(
        county=_county(reference, report.county, month) if known and month else None,
        month=month,
        number=1,
        state=_STATES["refused" if report.refused else "checked"],
        refused=report.refused,
        rows=report.rows,
        labels=_labels(reference),
        units=_units(reference, report.county, month) if known and month else {},
        remedies=_remedies(reference),
    )
    return worker_pool.mark_receipt(data, report.file, report.findings, context, reference)


def _labels(reference: Reference) -> dict[str, str]:
    return {field.id: field.label for part in (reference.form.county, reference.form.community) for field in part}


def _remedies(reference: Reference) -> dict[str, str]:
    return {code: kind.remedy for code, kind in findings.load(reference.folder).items()}


def _county(reference: Reference, code: str, month: date) -> str:
    return next((county.name for county in reference.rosters.counties(month) if county.code == code), code)


def _units(reference: Reference, county: str, month: date) -> dict[str, str]:
    return {unit.code: unit.name for unit in reference.rosters.units(month) if unit.county_code == county}


def _said(answered: Answered) -> Said:
    explained = answered.explanation
    return {
        "state": answered.state,
        "text": explained.body["text"] if explained else None,
        "asked": answered.question,
    }


@dataclass
class _Desk:
    """What several receipts of one warehouse share."""

    opened: Warehouse

    @cached_property
    def life(self) -> Life:
        return self.opened.life()

    @cached_property
    def labels(self) -> dict[str, str]:
        return _labels(self.opened.reference)

    @cached_property
    def remedies(self) -> dict[str, str]:
        return _remedies(self.opened.reference)

    def receipt(self, report) -> tuple[bytes, str]:
        month = months.parse(report.month) if report.month else None
        original = self.opened.archive.read(report.sha256)
        # what is in force or waits is judged; a file that was superseded or withdrawn is judged for its receipt alone
        judged = self.life.status.get(report.seq) in ("effective", "waiting", "question", "spot") or report.refused
        found = report.findings if judged or month is None else self._findings(report.seq, report.county, month)
        context = self._context(report, month)
        return worker_pool.mark_receipt(original, report.file, found, context, self.opened.reference)

    def _context(self, report, month: date | None) -> ReceiptContext:
        known = report.county is not None and month is not None
        earlier = self._earlier(report.seq, report.county, month) if known and month else []
        return ReceiptContext(
            county=_county(self.opened.reference, report.county, month) if known and month else None,
            month=month,
            number=len(earlier) + 1 if known else report.seq,
            state=(report.waits or "").rstrip("。") or _STATES["refused" if report.refused else report.state],
            refused=report.refused,
            received=self._received(report.seq),
            rows=report.rows,
            earlier=tuple(earlier),
            said=self._said(report.findings),
            waived=frozenset(self.life.waived(month)) if month else frozenset(),
            labels=self.labels,
            units=_units(self.opened.reference, report.county, month) if known and month else {},
            remedies=self.remedies,
        )

    def _said(self, found: list[dict]) -> dict[str, Said]:
        """What county and city said to the findings."""
        answered = {one["id"]: self.life.answer_to(one["id"]) for one in found}
        return {key: _said(one) for key, one in answered.items() if one}

    def _received(self, seq: int) -> str:
        rows = self.opened.con.execute("SELECT received_at FROM submission WHERE seq = ?", [seq]).fetchall()
        return rows[0][0][:16].replace("T", " ")

    # ---- the tries before

    def _earlier(self, seq: int, county: str, month: date) -> list[Try]:
        rows = self.opened.con.execute(
            "SELECT seq, refused FROM submission WHERE county = ? AND month = ? AND seq < ? ORDER BY seq",
            [county, month, seq],
        ).fetchall()
        return [Try(tuple(self._findings(one, county, month)), refused) for one, refused in rows]

    def _findings(self, seq: int, county: str, month: date) -> list[dict]:
        """All that is found in one submission, as if it were its county's in force. Changes nothing."""
        con = self.opened.con
        con.execute("BEGIN")
        try:
            self._judge(seq, county, month)
            rows = con.execute(
                f"SELECT {', '.join(_COLUMNS)} FROM finding WHERE seq = ? ORDER BY phase, number", [seq]
            ).fetchall()
        finally:
            con.execute("ROLLBACK")
        return [dict(zip(_COLUMNS, row, strict=True)) for row in rows]

    def _judge(self, seq: int, county: str, month: date) -> None:
        others = [s for code, seqs in self.life.counted(month).items() if code != county for s in seqs]
        before = self.life.counted(months.add(month, -1))
        effective_answers.load_rosters(self.opened, month)
        effective_answers.select_rows(self.opened, [*others, seq])
        effective_answers.mark_held(self.opened, [], {})
        compared = comparisons.compare(self.opened, month, {county: [seq]}, before)
        effective_answers.select_rows(self.opened, [seq])
        effective_answers.judge(self.opened, month, self.life, compared)
