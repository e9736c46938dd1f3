"""Pre-aggregated tables of a release for pages and reports.

Each is a query over the month tables (`pipelines.edition.month_tables`) and over the tables named before it. Those of the series are made
by period, each in a database of its own (`pipelines.edition.closed_periods`); `release.duckdb` has the period of the release's
month and the tables of that month alone. A reader sees all periods as one table.

| table | one row per |
|---|---|
| `figure` | policy, indicator, month, divisions, level, unit (towns: the release's month only) |
| `step` | policy, indicator, month, divisions, level, city or county: the month before, and ranks (see `_step`) |
| `trail` | policy, indicator, divisions, level, unit: the whole series as lists, for small pictures |
| `concern` | policy, month, divisions, level, city or county: headline indicators that apply, those behind, summed missing share, rank |
| `place` | month, level, unit: its name in that month, and what it belongs to |
| `report` | month and county: coverage, the submission in force, its findings, how often it was sent |
| `finding_count` | month, county, code, severity (of a waived finding: note), with one message as an example |
| `unit_state` | policy and unit of the release's month: how many indicators it has, lacks, leaves unknown; of the headline ones, which |
| `submission` | submission received for any month of the series, with its state |
| `finding` | finding of a submission for the release's month |
| `unit` | unit of the release's month: attributes and where its answers come from |
| `county` | county of the release's month: attributes and where its answers come from |
| `coverage` | month, county: units in all, accepted, held, carried, missing |
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.archive.finding_state import Waiver
from pipelines.edition import older_formats
from pipelines.figures.progress import CONCERN, FIGURE


@dataclass(frozen=True)
class Source:
    """Month tables of an edition that is being built, as SQL: those of `keys`, and of the month `before` them where there is one."""

    folder: Path
    keys: Sequence[str]
    before: str | None = None

    def all(self, table: str) -> str:
        """SQL of a month table's rows of all `keys`."""
        return self._parquet(table, self.keys)

    def and_before(self, table: str) -> str:
        """SQL of the same with the month before."""
        return self._parquet(table, [*([self.before] if self.before else []), *self.keys])

    def own(self, table: str) -> str:
        """Only the last month."""
        return self._parquet(table, self.keys[-1:])

    def policies(self) -> list[str]:
        """Ids of the policies that judge the last month."""
        paths = (self.folder / "tables").glob(f"state-*/{self.keys[-1]}.parquet")
        return sorted(path.parent.name.removeprefix("state-") for path in paths)

    def _parquet(self, table: str, keys: Sequence[str]) -> str:
        places = (str(self.folder / "tables" / table / f"{key}.parquet").replace("'", "''") for key in keys)
        return "read_parquet([" + ", ".join(f"'{place}'" for place in places) + "], union_by_name = true)"


def series(source: Source, into: str, waivers: Iterable[Waiver], towns: str = "FALSE") -> dict[str, str]:
    """SQL of series tables for the months of `source`, to be made in database `into`; `towns`: which figures of towns are kept."""
    return {**_copied(source, towns), **_series(source, into), **_reporting(source, into, waivers)}


def own(source: Source) -> dict[str, str]:
    """SQL by table name of the tables of the last month of `source` alone, to be made in `release`."""
    return {
        "finding": f"SELECT * FROM {source.own('finding')} ORDER BY seq, phase, number",
        "unit": "SELECT unit, uid, name, kind, town_code, town, county_code, county, row_state, answered_in, carried "
        f"FROM {source.own('standing')} ORDER BY unit",
        "county": "SELECT unit, name, short, type, municipal_district, shared_funding, has_villages, row_state, "
        f"answered_in, carried FROM {source.own('county_standing')} ORDER BY unit",
        **_units(source),
    }


def _copied(source: Source, towns: str) -> dict[str, str]:
    kept = f"level <> 'town' OR {towns}"
    return {
        # the series of city and counties; towns for the month itself (their older months are in the Parquet). The order lets a
        # query for a month's county or indicator skip the many towns of a country.
        "figure": f"SELECT * FROM {_figures(source.all('figure'))} WHERE {kept} "
        f"UNION ALL BY NAME SELECT * FROM {_figures(source.all('figure_now'))} WHERE {kept} "
        "ORDER BY policy, level, month, divisions, indicator, unit",
        "submission": f"SELECT * FROM {source.all('submission')} ORDER BY seq",
        "coverage": f"""
            SELECT month, county_code AS county, any_value(county) AS name, count(*) AS units,
                   count_if(row_state = 'accepted') AS accepted, count_if(row_state = 'held') AS held,
                   count_if(carried) AS carried, count_if(seq IS NULL) AS missing
            FROM {source.all("standing")} GROUP BY ALL ORDER BY 1, 2""",
    }


def _figures(files: str) -> str:
    """Figures of month tables; columns that an approved month of an older program lacks are null."""
    return f"(SELECT * FROM {files} UNION ALL BY NAME {older_formats.lacking(FIGURE)})"


_SERIES = "policy, indicator, divisions, level, unit"
# The order of concern (semantics §6): status, share of the target missing, units that only work can add; then the register's order.
_RANKED = " ".join(f"WHEN '{status}' THEN {rank}" for status, rank in CONCERN.items())
_STATUS_RANK = f"CASE status {_RANKED} ELSE {len(CONCERN)} END"
_MISSING = "coalesce(gap_failing / nullif(needed, 0)::DOUBLE, 0)"
CONCERN_OF_FIGURES = f"{_STATUS_RANK}, {_MISSING} DESC, coalesce(gap_failing, 0) DESC"
# of places: how many of the headline indicators that apply are behind, as a share, then the shares of their targets that these are missing
CONCERN_OF_PLACES = "behind / nullif(applicable, 0)::DOUBLE DESC NULLS LAST, missing DESC"
# a headline counts where it applies, is judged and has any answer, so that a county without data is not ranked;
# it is behind where it is due and unmet, or behind its pace
_APPLIES = "headline AND target IS NOT NULL AND status NOT IN ('not_applicable', 'no_data', 'tracked')"
_BEHIND = "status IN ('overdue', 'reversing', 'off_track', 'lagging')"


def _step(source: Source) -> str:
    """The comparison is with the month before by the same divisions (semantics §1). In a month in which units changed county or kind, it is
    the series by the divisions of the edition's month, where the month's own figure is the same by those; else there is none. `rank` is the
    rank among the counties by value, `place_concern` by concern; `concern` that of the indicator among those of its place. 1 is the first
    to be looked at.
    """
    compared = f"{_SERIES}, month, value, shown, status, numerator, denominator, gap_failing, needed"
    kept = ", ".join(f"'{name}': {name}" for name in ("value", "shown", "status", "numerator", "denominator"))
    return f"""
        WITH figure AS (
            SELECT {compared} FROM {_figures(source.and_before("figure"))} WHERE level <> 'town'
            UNION ALL SELECT {compared} FROM {_figures(source.and_before("figure_now"))} WHERE level <> 'town'),
        redrawn AS (
            SELECT DISTINCT month FROM (
                SELECT month, county_code <> lag(county_code) OVER own OR kind <> lag(kind) OVER own AS moved
                FROM {source.and_before("standing")} WINDOW own AS (PARTITION BY uid ORDER BY month)) WHERE moved),
        paired AS (
            SELECT *, lag({{{kept}}}) OVER line AS own_before
            FROM figure WINDOW line AS (PARTITION BY {_SERIES} ORDER BY month)),
        compared AS (
            SELECT f.* EXCLUDE (own_before),
                   CASE WHEN f.divisions = 'now' OR redrawn.month IS NULL THEN f.own_before
                        WHEN (f.value, f.numerator, f.denominator) IS NOT DISTINCT FROM (n.value, n.numerator, n.denominator)
                        THEN n.own_before END AS "before"
            FROM paired AS f LEFT JOIN redrawn USING (month)
            LEFT JOIN (SELECT * FROM paired WHERE divisions = 'now') AS n USING (policy, indicator, level, unit, month))
        SELECT {_SERIES}, month,
               "before".shown AS shown_before, "before".status AS status_before,
               "before".numerator AS numerator_before, "before".denominator AS denominator_before,
               round(value - "before".value, 2) AS points, numerator - "before".numerator AS more,
               CASE WHEN value IS NOT NULL THEN rank() OVER (peers ORDER BY value DESC NULLS LAST) END AS rank,
               count(value) OVER peers AS ranked,
               row_number() OVER (own ORDER BY {CONCERN_OF_FIGURES}, position) AS concern,
               row_number() OVER (peers ORDER BY {CONCERN_OF_FIGURES}, unit) AS place_concern
        FROM compared LEFT JOIN (SELECT policy, indicator, position FROM release.indicator) USING (policy, indicator)
        WINDOW peers AS (PARTITION BY policy, indicator, divisions, level, month),
               own AS (PARTITION BY policy, divisions, level, unit, month)
        QUALIFY month >= DATE '{source.keys[0]}-01'
        ORDER BY policy, month, divisions, level, unit, indicator"""


def _series(source: Source, into: str) -> dict[str, str]:
    return {
        "step": _step(source),
        "concern": f"""
            SELECT *, row_number() OVER (PARTITION BY policy, month, divisions, level
                                         ORDER BY {CONCERN_OF_PLACES}, unit) AS rank
            FROM (SELECT policy, month, divisions, level, figure.unit, count_if({_APPLIES}) AS applicable,
                         count_if({_APPLIES} AND {_BEHIND}) AS behind,
                         coalesce(sum({_MISSING}) FILTER ({_APPLIES} AND {_BEHIND}), 0) AS missing
                  FROM {into}.figure JOIN (SELECT policy, indicator, headline FROM release.indicator) USING (policy, indicator)
                  WHERE figure.level <> 'town' GROUP BY ALL)
            ORDER BY policy, month, divisions, level, rank""",
        "trail": f"""
            SELECT {_SERIES}, list(month ORDER BY month) AS months, list(value ORDER BY month) AS "values"
            FROM {into}.figure WHERE level <> 'town' GROUP BY ALL ORDER BY policy, divisions, level, unit, indicator""",
    }


def _accepted(waivers: Iterable[Waiver]) -> str:
    """Rows of findings that a person has accepted, each with the last month for which it holds."""
    rows = ", ".join(f"('{waiver.finding}', DATE '{waiver.until}')" for waiver in waivers) or "(NULL, NULL)"
    return f"SELECT finding, max(until) AS until FROM (VALUES {rows}) AS waiver(finding, until) GROUP BY finding"


def _reporting(source: Source, into: str, waivers: Iterable[Waiver]) -> dict[str, str]:
    return {
        "place": f"""
            SELECT DISTINCT month, 'county' AS level, unit, name, coalesce(short, name) AS short, NULL AS parent
            FROM {source.all("county_standing")}
            UNION ALL SELECT DISTINCT month, 'town', town_code, town, town, county_code FROM {source.all("standing")}
            ORDER BY month, level, unit""",
        "finding_count": f"""
            SELECT month, county, code, CASE WHEN month <= until THEN 'note' ELSE severity END AS severity,
                   count(*) AS findings, min(message) AS message
            FROM {source.all("finding")} AS raised LEFT JOIN ({_accepted(waivers)}) AS waived ON waived.finding = raised.id
            GROUP BY ALL ORDER BY ALL""",
        "report": f"""
            SELECT coverage.*, sent.seq, sent.file, sent.received_at, coalesce(times.sent, 0) AS times,
                   coalesce(times.refused, 0) AS refused, coalesce(times.waiting, 0) AS waiting,
                   coalesce(counted.errors, 0) AS errors, coalesce(counted.warnings, 0) AS warnings
            FROM {into}.coverage
            LEFT JOIN (SELECT * FROM {into}.submission WHERE status = 'effective'
                       QUALIFY seq = max(seq) OVER (PARTITION BY county, month)) AS sent USING (county, month)
            LEFT JOIN (SELECT county, month, count(*) AS sent, count_if(status = 'refused') AS refused,
                              count_if(status = 'waiting') AS waiting
                       FROM {into}.submission GROUP BY ALL) AS times USING (county, month)
            LEFT JOIN (SELECT county, month, sum(findings) FILTER (severity = 'error') AS errors,
                              sum(findings) FILTER (severity = 'warning') AS warnings
                       FROM {into}.finding_count GROUP BY ALL) AS counted USING (county, month)
            ORDER BY month, county""",
    }


# the columns of a state table that are indicators; a ratio's parts carry a colon in their name
_INDICATORS = "COLUMNS(lambda c: c NOT IN ('month', 'town', 'county', 'carried') AND NOT contains(c, ':'))"


def unit_state(policy: str, states: str, indicator: str) -> str:
    """SQL of one policy's rows of `unit_state`, from the states of one month's units (SQL to select from) and the table of indicators."""
    return f"""
        SELECT policy, long.unit, count_if(state = 1) AS has, count_if(state = 2) AS lacks, count_if(state > 2) AS unknown,
               count_if(headline AND state = 1) AS main_has, count_if(headline AND state = 2) AS main_lacks,
               count_if(headline AND state > 2) AS main_unknown,
               string_agg(name, '、' ORDER BY position) FILTER (headline AND state = 2) AS main_missing
        FROM (SELECT '{policy}' AS policy, * FROM (
                  UNPIVOT (SELECT {_INDICATORS} FROM {states}) ON COLUMNS(* EXCLUDE unit) INTO NAME indicator VALUE state)) AS long
        JOIN {indicator} USING (policy, indicator) GROUP BY policy, long.unit"""


def _units(source: Source) -> dict[str, str]:
    each = [unit_state(policy, source.own(f"state-{policy}"), "release.indicator") for policy in source.policies()]
    return {"unit_state": f"SELECT * FROM ({' UNION ALL '.join(each)}) ORDER BY policy, unit"} if each else {}
