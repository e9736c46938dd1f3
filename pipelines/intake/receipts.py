"""Receipts of submissions. Findings of earlier ones are computed again, so that a receipt does not depend on when the warehouse was built."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

from pipelines import months
from pipelines.answers import findings
from pipelines.answers.findings import FindingRow
from pipelines.archive.finding_state import Answered
from pipelines.archive.month_state import Life
from pipelines.archive.store import write_durably
from pipelines.figures import comparisons, effective_answers
from pipelines.intake import outcome
from pipelines.intake.outcome import Report
from pipelines.receipt import ReceiptContext, Try
from pipelines.receipt.context import Said
from pipelines.reference.reference_bundle import Reference
from pipelines.warehouse.projection import Warehouse
from pipelines.worker import worker_pool


def write_receipts(opened: Warehouse, reports: Iterable[Report], folder: Path) -> list[Path]:
    """A receipt in `folder` for each report of a submitted file."""
    desk = _Desk(opened)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for report in reports:
        data, name = desk.receipt(report)
        write_durably(folder / name, data)
        paths.append(folder / name)
    return paths


def receipt(opened: Warehouse, report: Report) -> tuple[bytes, str]:
    """The receipt of one submitted file, and its file name."""
    return _Desk(opened).receipt(report)


def preview(report: Report, data: bytes, reference: Reference) -> tuple[bytes, str]:
    """The receipt of a file that is checked and not submitted, and its file name: without earlier submissions."""
    month = months.parse(report.month) if report.month else None
    context = ReceiptContext(
        county=_county(reference, report.county, month),
        month=month,
        number=1,
        state=report.state_in_words,
        refused=report.refused,
        rows=report.rows,
        labels=_labels(reference),
        units=_units(reference, report.county, month),
        remedies=_remedies(reference),
    )
    return worker_pool.mark_receipt(data, report.file, report.findings, context, reference)


def _labels(reference: Reference) -> dict[str, str]:
    return {field.id: field.label for part in (reference.form.county, reference.form.community) for field in part}


def _remedies(reference: Reference) -> dict[str, str]:
    return {code: kind.remedy for code, kind in findings.load(reference.folder).items()}


def _county(reference: Reference, code: str | None, month: date | None) -> str | None:
    """The county's name; its code where the roster of the month lacks it, None where either is not known."""
    if code is None or month is None:
        return None
    return next((county.name for county in reference.rosters.counties(month) if county.code == code), code)


def _units(reference: Reference, county: str | None, month: date | None) -> dict[str, str]:
    """Code → name of the county's units; none where county or month is not known."""
    units = reference.rosters.units(month) if month else ()
    return {unit.code: unit.name for unit in units if unit.county_code == county}


def _said(answered: Answered) -> Said:
    explained = answered.explanation
    return {
        "state": answered.state,
        "text": explained.body["text"] if explained else None,
        "asked": answered.question,
    }


@dataclass
class _Desk:
    """Makes receipts from one warehouse; what they share is computed once."""

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

    def receipt(self, report: Report) -> tuple[bytes, str]:
        assert report.seq is not None, "only archived files have a receipt"
        month = months.parse(report.month) if report.month else None
        original = self.opened.archive.read(report.sha256)
        # findings of the rules are stored for submissions that are in force or wait; for others they are computed here
        stored = report.refused or self.life.status.get(report.seq) in ("effective", "waiting", "question", "spot")
        findings = report.findings
        if not stored and report.county and month:
            findings = self._findings(report.seq, report.county, month)
        context = self._context(report, report.seq, month)
        return worker_pool.mark_receipt(original, report.file, findings, context, self.opened.reference)

    def _context(self, report: Report, seq: int, month: date | None) -> ReceiptContext:
        known = report.county is not None and month is not None
        earlier = self._earlier(seq, report.county, month) if report.county and month else []
        return ReceiptContext(
            county=_county(self.opened.reference, report.county, month),
            month=month,
            number=len(earlier) + 1 if known else seq,
            state=report.state_in_words,
            refused=report.refused,
            received=self._received(seq),
            rows=report.rows,
            earlier=tuple(earlier),
            said=self._said(report.findings),
            waived=frozenset(self.life.waived(month)) if month else frozenset(),
            labels=self.labels,
            units=_units(self.opened.reference, report.county, month),
            remedies=self.remedies,
        )

    def _said(self, findings: list[FindingRow]) -> dict[str, Said]:
        """Finding → what county and city said to it."""
        ids = (finding["id"] for finding in findings if finding["id"])
        return {key: _said(answered) for key in ids if (answered := self.life.answer_to(key))}

    def _received(self, seq: int) -> str:
        rows = self.opened.con.execute("SELECT received_at FROM submission WHERE seq = ?", [seq]).fetchall()
        return rows[0][0][:16].replace("T", " ")

    # ---- earlier submissions

    def _earlier(self, seq: int, county: str, month: date) -> list[Try]:
        rows = self.opened.con.execute(
            "SELECT seq, refused FROM submission WHERE county = ? AND month = ? AND seq < ? ORDER BY seq",
            [county, month, seq],
        ).fetchall()
        return [Try(tuple(self._findings(earlier, county, month)), refused) for earlier, refused in rows]

    def _findings(self, seq: int, county: str, month: date) -> list[FindingRow]:
        """The findings of a submission, judged as if it were its county's in force. Changes nothing."""
        self.opened.con.execute("BEGIN")
        try:
            self._judge(seq, county, month)
            return outcome.all_findings(self.opened, seq)
        finally:
            self.opened.con.execute("ROLLBACK")

    def _judge(self, seq: int, county: str, month: date) -> None:
        others = [s for code, seqs in self.life.counted(month).items() if code != county for s in seqs]
        before = self.life.counted(months.add(month, -1))
        effective_answers.load_rosters(self.opened, month)
        effective_answers.select_rows(self.opened, [*others, seq])
        effective_answers.mark_held(self.opened, [], {})
        compared = comparisons.compare(self.opened, month, {county: [seq]}, before)
        effective_answers.select_rows(self.opened, [seq])
        effective_answers.judge(self.opened, month, self.life, compared)
