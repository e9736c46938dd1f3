"""Submissions that are read once more, because what a person decided changes how they are read.

A resolution changes the reports of its county, under all codes that it has had; a withdrawn or restored submission is read again itself.
An admission changes how the reports of one county are read from one month on (semantics §1). The admissions with which the projection
is read are kept in `meta`, and the submissions that are still to be read again, so that a kill between loses none.
"""

import json
from typing import TYPE_CHECKING, Any

import duckdb

from pipelines.archive.store import Event
from pipelines.reference.reference_bundle import Reference
from pipelines.reference.roster import Admission

if TYPE_CHECKING:
    from pipelines.warehouse.projection import Warehouse


def create(con: duckdb.DuckDBPyConnection, reference: Reference) -> None:
    """Nothing is to be read again; everything is read with the units that `reference` admits."""
    _note(con, "admitted", _admitted(reference))
    _note(con, "read again", [])


def remember(warehouse: "Warehouse", new: list[Event]) -> None:
    """Note the submissions to be read again after new events, in the transaction that records these."""
    seqs = remembered(warehouse.con) | _concerned(warehouse, new)
    _note(warehouse.con, "read again", sorted(seqs))
    _note(warehouse.con, "admitted", _admitted(warehouse.reference))


def remembered(con: duckdb.DuckDBPyConnection) -> set[int]:
    """Ledger numbers of the submissions to be read again."""
    return set(_noted(con, "read again"))


def forget(con: duckdb.DuckDBPyConnection) -> None:
    """They have been read."""
    _note(con, "read again", [])


def _concerned(warehouse: "Warehouse", new: list[Event]) -> set[int]:
    """Submissions to be read again after new events; withdrawn ones only once they are restored."""
    touched, rosters = _touched(warehouse, new), warehouse.reference.rosters
    decided = {event.body["county"] for event in touched if event.kind == "resolve"}
    resolved = _standing_of(warehouse, {code for county in decided for code in rosters.county_codes(county)})
    back = {event.seq for event in touched if event.kind == "submission"}
    read_now = {event.seq for event in new if event.kind == "submission"}
    return resolved | back | (_of_other_admissions(warehouse.con, warehouse.reference) - read_now)


def _standing_of(warehouse: "Warehouse", counties: set[str]) -> set[int]:
    """The submissions of some counties that are not withdrawn."""
    if not counties:
        return set()
    status = warehouse.life().status
    rows = warehouse.con.execute("SELECT seq FROM submission WHERE list_contains(?, county)", [sorted(counties)])
    return {seq for (seq,) in rows.fetchall() if status[seq] != "withdrawn"}


def _touched(warehouse: "Warehouse", new: list[Event]) -> list[Event]:
    """Resolutions among new events, and what new withdrawals withdraw or restore in the end."""
    touched = [event for event in new if event.kind == "resolve"]
    if any(event.kind == "withdraw" for event in new):
        known = {event.seq: event for event in warehouse.archive.events()}
        for event in new:
            root = event
            while root.kind == "withdraw":
                root = known[root.body["of"]]
            if event.kind == "withdraw":
                touched.append(root)
    return touched


def _of_other_admissions(con: duckdb.DuckDBPyConnection, reference: Reference) -> set[int]:
    """Submissions that an admission, or the end of one, concerns since the projection was read."""
    rosters, seqs = reference.rosters, set()
    for admission in set(map(Admission.of, _noted(con, "admitted"))) ^ set(rosters.admissions):
        rows = con.execute(
            "SELECT seq FROM submission WHERE month >= ? AND list_contains(?, county)",
            [admission.since, sorted(rosters.counties_of(admission))],
        )
        seqs |= {seq for (seq,) in rows.fetchall()}
    return seqs


def _admitted(reference: Reference) -> list[object]:
    return [admission.body for admission in reference.rosters.admissions]


def _noted(con: duckdb.DuckDBPyConnection, key: str) -> list[Any]:
    [(text,)] = con.execute("SELECT value FROM meta WHERE key = ?", [key]).fetchall()
    values: list[Any] = json.loads(text)
    return values


def _note(con: duckdb.DuckDBPyConnection, key: str, values: list[Any]) -> None:
    text = json.dumps(values, ensure_ascii=False)
    if con.execute("SELECT value FROM meta WHERE key = ?", [key]).fetchall() != [(text,)]:
        con.execute("DELETE FROM meta WHERE key = ?", [key])
        con.execute("INSERT INTO meta VALUES (?, ?)", [key, text])
