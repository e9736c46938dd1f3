"""Record the explanations in a workbook as events of the ledger, each once (semantics §4, Explanation)."""

from collections import defaultdict
from math import inf

from pipelines.archive import withdrawals
from pipelines.archive.store import Archive, Event
from pipelines.warehouse.projection import Warehouse

# rows of lists that came back: of submissions in force or waiting, to warnings of the sender's own county
_SAID = """
    SELECT seq, told.finding, told.text, sent.received_by
    FROM explanation_sent AS told JOIN submission AS sent USING (seq)
    WHERE EXISTS (
        SELECT 1 FROM finding JOIN submission AS own USING (seq)
        WHERE finding.id = told.finding AND finding.severity = 'warning' AND own.county = sent.county)
    ORDER BY ALL
"""


def record(opened: Warehouse) -> list[Event]:
    """Append explanations missing in the ledger; a text in force when the submission came in is a copy from the receipt."""
    said = opened.con.execute(_SAID).fetchall()
    if not said:
        return []
    known, status = _known(opened.archive), opened.life().status
    added = []
    for seq, finding, text, by in said:
        if status[seq] != "withdrawn" and not any(seq < end for end in known[finding, text]):
            known[finding, text].append(inf)
            body = {"finding": finding, "text": text, "submission": seq}
            added.append(opened.archive.append("explain", body, by))
    return added


def _known(archive: Archive) -> dict[tuple[str, str], list[float]]:
    """Finding and text → the event until which an explanation in these words was in force."""
    events = list(archive.decisions())
    withdrawn, known = withdrawals.in_force(events), defaultdict(list)
    for event in events:
        if event.kind == "explain":
            taken = withdrawn.get(event.seq)
            known[event.body["finding"], event.body["text"]].append(taken.seq if taken else inf)
    return known
