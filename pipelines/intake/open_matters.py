"""Open matters: refused files, files that name no county, unknown units, unanswered warnings, waiting reports.

A matter is open until its cause is corrected, it is explained by the county, settled by the city, or dismissed with a reason, whatever is
published meanwhile. The same fault of a file sent again under its name, or the same finding in later months, also under the later code
of its unit or county, is one matter. It opens again where it recurs after it was dismissed.
"""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Literal

import pyarrow as pa
from typing_extensions import TypedDict  # as in `pipelines.edition.figure_types`

from pipelines import months
from pipelines.archive.month_state import Life, MonthState, Received
from pipelines.warehouse import continued_findings
from pipelines.warehouse.projection import Warehouse

Kind = Literal[
    "refused_file",
    "no_county",
    "unknown_unit",
    "held_row",
    "warning",
    "waiting_report",
    "month_question",
    "roster_remark",
]
KIND_NAMES: dict[str, str] = {
    "refused_file": "退回的文件",
    "no_county": "看不出县（市、区）或月份的文件",
    "unknown_unit": "认不出的单位",
    "held_row": "暂不计入的内容",
    "warning": "未答复的需核实问题",
    "waiting_report": "等待的报表",
    "month_question": "政策之前的月份",
    "roster_remark": "县里对名册的意见",
}
STATE_NAMES = {"open": "待处理", "explained": "已说明，待采纳", "settled": "已办结", "dismissed": "不予处理"}

# findings of the submissions `sent` (seq, county, month) on rows that still count or wait, without gaps that another file has filled
OPEN_FINDINGS = """
    WITH open AS (SELECT finding.*, sent.county, sent.month FROM finding JOIN sent USING (seq)),
    of_row AS (
        SELECT open.seq, open.row_no FROM (SELECT DISTINCT seq, month, row_no FROM open WHERE row_no IS NOT NULL) AS open
        JOIN answer USING (seq, row_no)
        JOIN standing ON standing.month = open.month AND standing.unit = answer.unit
        WHERE standing.row_state = 'accepted' AND standing.seq > open.seq)
    FROM open ANTI JOIN of_row USING (seq, row_no)
    WHERE (code <> 'no_county_sheet' OR NOT EXISTS (
            FROM county_standing AS own WHERE own.month = open.month AND own.unit = open.county AND own.row_state = 'accepted'))
      AND (code <> 'units_missing' OR EXISTS (
            FROM standing AS own WHERE own.month = open.month AND own.unit[:6] = open.county AND own.row_state = 'absent'))
"""
# not matters: missing units are in the state of the month, and a waiting report is a matter by itself
_NO_QUESTION = ("units_missing", "month_future")


class Matter(TypedDict):
    """One open matter. `seq` is the latest submission that it concerns, `since` when the first one came in; `month` as YYYY-MM;
    `unit` the code of the unit that it is about, where it is about one.

    `explanation` is the county's latest, `question` what the city asks since; null where there is none.
    """

    id: str
    kind: Kind
    county: str | None
    month: str | None
    file: str
    since: str
    state: Literal["open", "explained", "settled", "dismissed"]
    message: str
    seq: int
    explanation: str | None
    question: str | None
    unit: str | None


def collect(opened: Warehouse, life: Life) -> list[Matter]:
    """All matters, by county and month."""
    matters = [*_files(opened, life), *_waiting(opened, life), *_findings(opened, life)]
    return sorted(_folded(matters), key=lambda m: (m["month"] or "", m["county"] or "", m["kind"], m["seq"], m["id"]))


def _folded(matters: Iterable[Matter]) -> Iterator[Matter]:
    """Each id once: the matter of the latest submission, with `since` of the first."""
    latest: dict[str, Matter] = {}
    since: dict[str, str] = {}
    for matter in sorted(matters, key=lambda m: m["seq"]):
        since.setdefault(matter["id"], matter["since"])
        latest[matter["id"]] = matter
    return ({**matter, "since": since[key]} for key, matter in latest.items())


class _Said(TypedDict):
    explanation: str | None
    question: str | None


def _said(life: Life, key: str) -> _Said:
    answered = life.answer_to(key)
    said = answered.explanation if answered else None
    return {"explanation": said.body["text"] if said else None, "question": answered.question if answered else None}


def _id(*parts: str | None) -> str:
    return hashlib.sha256("\x1f".join(part or "" for part in parts).encode()).hexdigest()[:12]


def _state(life: Life, key: str, seq: int) -> Literal["open", "explained", "settled", "dismissed"]:
    """The state of a matter; a dismissed one that recurs later is open again."""
    answered = life.answer_to(key)
    if answered is None or (answered.state == "dismissed" and answered.events[-1].seq < seq):
        return "open"
    return answered.state


# ---- files


def _files(opened: Warehouse, life: Life) -> Iterator[Matter]:
    """Refused files without a later accepted one of the county and month, or under the same name where these are not known."""
    rows = opened.con.execute(
        """
        SELECT seq, file, county, month, received_at, (
            SELECT min_by((code, message), number) FROM finding WHERE finding.seq = submission.seq AND severity = 'error')
        FROM submission WHERE refused OR county IS NULL OR month IS NULL ORDER BY seq
        """
    ).fetchall()
    good = dict(opened.con.execute("SELECT file, max(seq) FROM submission WHERE NOT refused GROUP BY file").fetchall())
    for seq, file, county, month, at, reason in rows:
        mended = max(life.effective(month).get(county, [0])) if county and month else good.get(file, 0)
        if life.status[seq] != "refused" or mended > seq:
            continue
        code, message = reason or ("", "见回执")
        kind: Kind = "refused_file" if county and month else "no_county"
        key = _id(kind, county, str(month), file, code)
        yield {
            "id": key, "kind": kind, "county": county, "month": months.key(month) if month else None, "file": file, "since": at,
            "state": _state(life, key, seq), "message": message, "seq": seq, "unit": None, **_said(life, key),
        }  # fmt: skip


def _waiting(opened: Warehouse, life: Life) -> Iterator[Matter]:
    sent = dict(opened.con.execute("SELECT seq, (file, received_at) FROM submission").fetchall())
    for month, state in life.months.items():
        for reading in (*state.waiting, *state.early):
            file, at = sent[reading.seq]
            key = _id("waiting_report", str(reading.seq))
            yield {
                "id": key, "kind": "waiting_report", "county": reading.county, "month": months.key(month), "file": file,
                "since": at, "state": _state(life, key, reading.seq), "message": why_waiting(state, reading), "seq": reading.seq,
                "unit": None, **_said(life, key),
            }  # fmt: skip


def why_waiting(state: MonthState, reading: Received) -> str:
    """Why a submission waits and until when, as a sentence."""
    label = months.label(state.month)
    if reading in state.questioned:
        return f"{label}早于政策开始执行的月份，须经市里采纳才计入；月份如有笔误，请撤回本件并改正后重报。"
    if reading in state.early:
        until = months.add(state.month, 1)
        return f"{label}还没有结束，本件自 {until} 起计入；月份如有笔误，请撤回本件并改正后重报。"
    return f"{label}已审定，本件待重开后计入。"


# ---- findings


def findings(opened: Warehouse, month: date, sent: list[tuple[int, str]], waived: list[str]) -> pa.Table:
    """Findings of submissions (number and county) of a month that were not corrected since, errors first; `waived` ones as notes."""
    return opened.con.sql(
        f"""
        WITH sent AS (SELECT unnest($seqs::BIGINT[]) AS seq, unnest($counties::VARCHAR[]) AS county, $month::DATE AS month)
        SELECT id, seq, file, wrong.county, code,
               CASE WHEN list_contains($waived::VARCHAR[], id) THEN 'note' ELSE severity END AS severity,
               sheet, cell, field, unit, found, expected, message
        FROM ({OPEN_FINDINGS}) AS wrong JOIN (SELECT seq, file FROM submission) USING (seq)
        ORDER BY severity = 'note', severity = 'warning', county, seq DESC, phase, number
        """,
        params={"seqs": [s for s, _ in sent], "counties": [c for _, c in sent], "month": month, "waived": waived},
    ).to_arrow_table()


def _findings(opened: Warehouse, life: Life) -> Iterator[Matter]:
    sent: list[tuple[int, str | None, date]]
    sent = [(seq, c, month) for month in life.months for c, seqs in life.counted(month).items() for seq in seqs]
    sent += [
        (submission.seq, submission.county, month)
        for month, state in life.months.items()
        for submission in state.pending
    ]
    rows = opened.con.execute(
        f"""
        WITH sent AS (SELECT unnest($seqs::BIGINT[]) AS seq, unnest($counties::VARCHAR[]) AS county, unnest($months::DATE[]) AS month)
        SELECT id, seq, code, severity, wrong.county, wrong.month, message, file, received_at, unit
        FROM ({OPEN_FINDINGS}) AS wrong JOIN (SELECT seq, file, received_at FROM submission) USING (seq)
        WHERE (severity <> 'note' OR code = 'roster_remark') AND NOT list_contains($passed::VARCHAR[], code) ORDER BY seq, phase, number
        """,
        {
            "seqs": [seq for seq, _, _ in sent],
            "counties": [county for _, county, _ in sent],
            "months": [month for _, _, month in sent],
            "passed": list(_NO_QUESTION),
        },
    ).fetchall()
    questioned = {reading.seq for state in life.months.values() for reading in state.questioned}
    waived = {month: life.waived(month) for month in life.months}
    present = continued_findings.present_ids(opened.con, opened.reference.rosters, {key for key, *_ in rows})
    for sent_as, seq, code, severity, county, month, message, file, at, unit in rows:
        key = present.get(sent_as, sent_as)
        if code != "month_before_policy" or seq in questioned:
            yield {
                "id": key, "kind": _kind(code, severity), "county": county, "month": months.key(month), "file": file, "since": at,
                "state": "settled" if waived[month].keys() & {key, sent_as} else _state(life, key, seq), "message": message, "seq": seq,
                "unit": unit, **_said(life, key),
            }  # fmt: skip


def _kind(code: str, severity: str) -> Kind:
    if code == "month_before_policy":
        return "month_question"
    if code == "roster_remark":
        return "roster_remark"
    if severity == "warning":
        return "warning"
    return "unknown_unit" if code in _UNKNOWN_UNIT else "held_row"


_UNKNOWN_UNIT = (
    "unit_missing",
    "unit_unknown_name",
    "unit_ambiguous",
    "unit_unknown",
    "unit_foreign",
    "unit_not_in_month",
)
