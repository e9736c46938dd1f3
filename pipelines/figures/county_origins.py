"""Counties that go on whole under another code between two months (semantics §1)."""

from collections import Counter
from collections.abc import Iterable
from datetime import date
from functools import lru_cache

from pipelines.reference.roster import Rosters
from pipelines.warehouse.projection import Warehouse


def between(rosters: Rosters, earlier: date, later: date) -> dict[str, str]:
    """The code in an earlier month of every county of a later one that was there, as a whole, then (grain: county of `later`)."""
    return _origins(rosters, *(rosters.edition(month).cut_off.replace(day=1) for month in (earlier, later)))


@lru_cache(maxsize=1024)
def _origins(rosters: Rosters, earlier: date, later: date) -> dict[str, str]:
    """The same between two editions, each named by the first month in which it is in force."""
    there, now = ({county.code for county in rosters.counties(month)} for month in (earlier, later))
    if now <= there:
        return {code: code for code in now}
    then = dict(zip(*(rosters.table(earlier)[name].to_pylist() for name in ("code", "county_code")), strict=True))
    placed = rosters.as_of(earlier, later)
    came: dict[str, Counter[str]] = {}
    for code, county in zip(*(placed[name].to_pylist() for name in ("code", "county_code")), strict=True):
        came.setdefault(county, Counter())[then[code]] += 1
    origins = {}
    for code in sorted(now):
        (origin, units), *_ = came.get(code, Counter()).most_common(1) or [("", 0)]
        if code in there:
            origins[code] = code
        elif origin in there - now and 10 * units >= 9 * came[code].total():
            origins[code] = origin
    return origins


def load(warehouse: Warehouse, earlier: Iterable[date], later: date) -> None:
    """Temporary `origin`: in each of these months, the code that every county of `later` had then (`answered_as`)."""
    con = warehouse.con
    con.execute("CREATE OR REPLACE TEMP TABLE origin (month DATE, code VARCHAR, answered_as VARCHAR)")
    listed = ", ".join(
        f"(DATE '{month}', '{code}', '{then}')"
        for month in earlier
        for code, then in between(warehouse.reference.rosters, month, later).items()
    )
    if listed:
        con.execute(f"INSERT INTO origin VALUES {listed}")
