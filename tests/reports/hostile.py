"""Editions in memory, copied from a real one and changed by a few lines of SQL: the months that a paper must survive."""

from collections.abc import Callable

import duckdb

from pipelines import months
from pipelines.edition import Release

_TABLES = (
    "indicator", "county", "coverage", "submission", "finding", "finding_count", "finding_all", "policy", "edition", "unit", "decision",
    "outlook", "movement", "movement_unit", "division_change", "due_day", "status", "figure_spot", "spot_claim", "place",
)  # fmt: skip
_SERIES = ("step", "concern")


def copied(release: Release, **manifest: object) -> Release:
    """A writable copy in memory of what papers read."""
    con = duckdb.connect(":memory:")
    before = months.add(release.month, -1)
    queries = {name: f'SELECT * FROM "{name}"' for name in (*_TABLES, *_SERIES)}
    queries["figure"] = "SELECT * FROM figure WHERE level IN ('city', 'county')"
    queries["standing"] = (
        f"SELECT month, uid, unit, name, kind FROM standing WHERE month IN (DATE '{before}', DATE '{release.month}')"
    )
    for policy in (row["id"] for row in release.rows("SELECT id FROM policy")):
        queries[f"state-{policy}"] = f"SELECT * FROM \"state-{policy}\" WHERE month = DATE '{release.month}'"
    there = {row["name"] for row in release.rows("SELECT view_name AS name FROM duckdb_views()")}
    for name, query in queries.items():
        if name not in there:
            continue
        with release.con.cursor() as cursor:
            con.register("incoming", cursor.sql(query).to_arrow_table())
        con.execute(f'CREATE TABLE "{name}" AS SELECT * FROM incoming')
        con.unregister("incoming")
    return Release(release.folder, {**release.manifest, "files": {}, **manifest}, con, {})


def first_month(release: Release) -> Release:
    copy = copied(release)
    for table in ("figure", "concern", "step"):
        copy.con.execute(f"DELETE FROM {table} WHERE month < ?", [release.month])
    copy.con.execute("UPDATE step SET status_before = NULL, shown_before = NULL")
    copy.con.execute("DELETE FROM movement; DELETE FROM movement_unit; DELETE FROM outlook")
    return copy


def all_met(release: Release) -> Release:
    copy = copied(release)
    copy.con.execute(
        """UPDATE figure SET status = 'met', gap = 0, gap_failing = 0, gap_unknown = 0, unknown = 0, numerator = denominator, value = 100,
           lower = 100, upper = 100, known = 100, shown = '100.0', known_shown = '100.0', if_low = 'met', if_high = 'met'
           WHERE target IS NOT NULL AND denominator > 0"""
    )
    copy.con.execute("UPDATE figure SET status = 'not_applicable' WHERE target IS NOT NULL AND denominator = 0")
    copy.con.execute(
        "UPDATE concern SET behind = 0, missing = 0; UPDATE step SET status_before = 'met'; DELETE FROM outlook"
    )
    return copy


def after_the_term(release: Release) -> Release:
    """Everything unmet is overdue for three months."""
    due = months.add(release.month, -3)
    copy = copied(release)
    copy.con.execute("UPDATE policy SET due = ?", [due])
    copy.con.execute(
        """UPDATE figure SET due = ?, status = 'overdue' WHERE target IS NOT NULL
           AND status IN ('starting', 'on_track', 'lagging', 'off_track', 'reversing')""",
        [due],
    )
    copy.con.execute(
        "UPDATE outlook SET months_left = 0, needed_pace = NULL; UPDATE step SET status_before = 'overdue'"
    )
    copy.con.execute(
        """UPDATE concern AS c SET behind = n.behind FROM (
               SELECT f.policy, f.month, f.divisions, f.level, f.unit, count_if(f.status = 'overdue') AS behind
               FROM figure AS f JOIN indicator USING (policy, indicator) WHERE headline GROUP BY ALL) AS n
           WHERE (c.policy, c.month, c.divisions, c.level, c.unit) = (n.policy, n.month, n.divisions, n.level, n.unit)"""
    )
    return copy


def behind(release: Release) -> Release:
    """Everything known and unmet is off its track; of the city all is known."""
    copy = copied(release)
    copy.con.execute(
        """UPDATE figure SET status = CASE WHEN hash(indicator) % 2 = 0 THEN 'off_track' ELSE 'lagging' END
           WHERE target IS NOT NULL AND gap_failing > 0"""
    )
    copy.con.execute(
        """UPDATE figure SET status = 'off_track', unknown = 0, gap_failing = gap, gap_unknown = 0
           WHERE target IS NOT NULL AND gap > 0 AND level = 'city'"""
    )
    copy.con.execute(
        """UPDATE step SET status_before = b.status FROM figure AS b
           WHERE (b.policy, b.indicator, b.divisions, b.level, b.unit) = (step.policy, step.indicator, step.divisions, step.level, step.unit)
             AND b.month = step.month - INTERVAL 1 MONTH"""
    )
    copy.con.execute("UPDATE outlook SET months_left = 6, needed_pace = 20, recent_pace = 7 / 3.0")
    copy.con.execute(
        "UPDATE outlook SET needed_pace = f.gap_failing / 6.0 FROM figure AS f WHERE f.month = ? AND f.divisions = outlook.divisions"
        " AND (f.policy, f.indicator, f.unit) = (outlook.policy, outlook.indicator, outlook.unit)",
        [release.month],
    )
    return copy


def nothing_moved(release: Release) -> Release:
    """The month before said the same of everybody."""
    copy = copied(release)
    before = months.add(release.month, -1)
    for table in ("figure", "concern"):
        copy.con.execute(f"DELETE FROM {table} WHERE month = ?", [before])
        copy.con.execute(
            f"INSERT INTO {table} SELECT * REPLACE (?::DATE AS month) FROM {table} WHERE month = ?",
            [before, release.month],
        )
    copy.con.execute("UPDATE step SET status_before = NULL; DELETE FROM movement_unit; DELETE FROM movement")
    copy.con.execute("UPDATE figure SET unknown = 0")
    return copy


def one_county(release: Release) -> Release:
    """One county of twenty is known, and everything depends on the others."""
    copy = copied(release)
    copy.con.execute(
        """UPDATE figure SET unknown = greatest(denominator - 10, 0)::BIGINT, status = CASE WHEN target IS NULL THEN status ELSE 'unproven' END,
           if_low = 'off_track', if_high = 'met', if_last = 'lagging', deciding = '130523,130524', gap_unknown = gap, gap_failing = 0
           WHERE level = 'city'"""
    )
    copy.con.execute("UPDATE coverage SET missing = units, accepted = 0, carried = 0 WHERE county <> '130502'")
    copy.con.execute("DELETE FROM submission WHERE county <> '130502'")
    return copy


def new_series(release: Release) -> Release:
    """A January of indicators that all begin anew."""
    copy = copied(release)
    copy.con.execute("UPDATE figure SET base_month = month WHERE month = ?", [release.month])
    return copy


def everyone_lacks_some(release: Release) -> Release:
    """Of every leading indicator some units are unknown: each row of the table has a second line."""
    copy = copied(release)
    copy.con.execute(
        """UPDATE figure SET unknown = 7, known_shown = shown, gap_unknown = least(gap, 7), gap_failing = greatest(gap - 7, 0)
           WHERE level = 'city' AND divisions = 'now' AND shown IS NOT NULL"""
    )
    copy.con.execute(
        """UPDATE outlook SET needed_pace = f.gap_failing / months_left FROM figure AS f WHERE f.month = ? AND f.divisions = outlook.divisions
           AND (f.policy, f.indicator, f.unit) = (outlook.policy, outlook.indicator, outlook.unit) AND months_left > 0""",
        [release.month],
    )
    return copy


def corrected(release: Release) -> Release:
    """A second edition whose correction turned a conclusion."""
    row = release.rows(
        "SELECT policy, indicator, status FROM figure JOIN indicator USING (policy, indicator) WHERE level = 'city' AND headline"
        " AND divisions = 'now' AND month = ? AND target IS NOT NULL LIMIT 1", [release.month],
    )[0]  # fmt: skip
    change = {
        "policy": row["policy"], "indicator": row["indicator"], "month": months.key(release.month), "before": "61.5", "after": "58.9",
        "status_before": "met", "status_after": "on_track" if row["status"] == "met" else row["status"],
    }  # fmt: skip
    copy = copied(release, edition=2, kind="corrected", changes={"figures": [change], "submissions_added": []})
    copy.con.execute(
        "UPDATE figure SET status = ?, shown = ? WHERE indicator = ? AND month = ? AND level = 'city'",
        [change["status_after"], change["after"], row["indicator"], release.month],
    )
    return copy


def approved(release: Release) -> Release:
    return copied(release, states={months.key(release.month): "approved"})


STATES: dict[str, Callable[[Release], Release]] = {
    state.__name__: state
    for state in (
        copied,
        first_month,
        all_met,
        after_the_term,
        behind,
        nothing_moved,
        one_county,
        new_series,
        everyone_lacks_some,
        corrected,
        approved,
    )
}
