"""Findings that are the same under a later code of their unit or county (semantics §1): what was decided on one goes on for the other.

A finding's id is made of the codes of its month. So ids of archives that are there already stay what they are, and what a
decision names is looked up here: the ids that the same value would have under the codes of each later edition.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date
from functools import lru_cache

import duckdb

from pipelines.answers.findings import NOTE, Finding, finding_id
from pipelines.reference.roster import Rosters


def later_ids(con: duckdb.DuckDBPyConnection, rosters: Rosters, decided: Collection[str]) -> dict[str, str]:
    """Id under a later code → the id of those `decided` on that it goes on from, the latest where there are several."""
    rows = con.execute(_DECIDED, [sorted(decided)]).fetchall() if decided else []
    continued: dict[str, str] = {}
    for month, county, key, code, field, unit, value in rows:
        finding = Finding(code, NOTE, None, None, field, unit, value, None, "")
        for later_county, later_unit in _later_codes(rosters, month, county, unit):
            continued[finding_id(later_county, replace(finding, unit=later_unit))] = key
    return continued


def present_ids(con: duckdb.DuckDBPyConnection, rosters: Rosters, there: Collection[str]) -> dict[str, str]:
    """Of the findings that are `there`, id under an earlier code → the id of the same one under the latest code that it has there."""
    later = {earlier: later for later, earlier in later_ids(con, rosters, there).items() if later in there}
    return {earlier: _last(later, earlier) for earlier in later}


def _last(later: Mapping[str, str], key: str) -> str:
    while key in later:
        key = later[key]
    return key


_DECIDED = """
    SELECT DISTINCT month, county, id, code, field, unit, found FROM finding JOIN submission USING (seq)
    WHERE list_contains(?, id) AND county IS NOT NULL AND month IS NOT NULL ORDER BY ALL
"""


def _later_codes(rosters: Rosters, month: date, county: str, unit: str | None) -> list[tuple[str, str | None]]:
    """The codes of county and unit in each later edition, where either is another than in the month."""
    later = [edition.cut_off.replace(day=1) for edition in rosters.editions]
    codes = [_codes(rosters, month, day, county, unit) for day in later if day > month]
    return [pair for pair in codes if pair is not None and pair != (county, unit)]


def _codes(rosters: Rosters, month: date, later: date, county: str, unit: str | None) -> tuple[str, str | None] | None:
    """County and unit in a later month; None where either has ended."""
    if unit is None:
        same = rosters.county_in(county, later)
        return (same, None) if same else None
    now = _successors(rosters, month, later).get(unit)
    return (now[:6], now) if now else None


@lru_cache(maxsize=1024)
def _successors(rosters: Rosters, month: date, later: date) -> dict[str, str]:
    """Code in a month → code in a later one, of the units that have one in both."""
    here, there = (rosters.table(day).select(["uid", "code"]).to_pydict() for day in (month, later))
    code_of = dict(zip(there["uid"], there["code"], strict=True))
    return {code: code_of[uid] for uid, code in zip(here["uid"], here["code"], strict=True) if uid in code_of}
