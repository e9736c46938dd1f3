"""Ready-made tables of a release: what a page or a report reads as it stands, so that showing needs no computing.

Each is a query over the month tables (`pipelines.release.tables`) and over the tables named before it, which stand in the attached
database `release`; they are written into `release.duckdb` when the edition is made.

| table | one row per |
|---|---|
| `figure` | policy, indicator, month, divisions, level, unit (towns: the release's month only) |
| `step` | policy, indicator, month, divisions, level, city or county: what it was a month before, and its rank among the counties |
| `trail` | policy, indicator, divisions, level, unit: the whole series as lists, for small pictures |
| `verdict` | policy, month, divisions, level, unit, headline or not, status: how many indicators stand there, and of how many |
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

from collections.abc import Iterable
from pathlib import Path

from pipelines.lifecycle import Waiver


class _Folder:
    """The month tables of the edition that is being built, as SQL."""

    def __init__(self, folder: Path, month: str):
        self.tables, self.month = folder / "tables", month

    def all(self, table: str) -> str:
        return self._parquet(table, "*")

    def own(self, table: str) -> str:
        """Only the release's own month."""
        return self._parquet(table, self.month)

    def policies(self) -> list[str]:
        """Ids of the policies that judge the release's month."""
        found = self.tables.glob(f"state-*/{self.month}.parquet")
        return sorted(path.parent.name.removeprefix("state-") for path in found)

    def _parquet(self, table: str, key: str) -> str:
        place = str(self.tables / table / f"{key}.parquet").replace("'", "''")
        return f"read_parquet('{place}', union_by_name = true)"


def tables(folder: Path, month: str, waivers: Iterable[Waiver]) -> dict[str, str]:
    """SQL by table name, over the month tables of an edition whose folder is being built. `month` is the release's."""
    source = _Folder(folder, month)
    return {**_copied(source), **_series(), **_reporting(source, waivers), **_units(source)}


def _copied(source: _Folder) -> dict[str, str]:
    kept = f"level <> 'town' OR month = DATE '{source.month}-01'"
    return {
        # the series of city and counties; towns for the month itself (their older months are in the Parquet)
        "figure": f"SELECT * FROM {source.all('figure')} WHERE {kept} "
        f"UNION ALL SELECT * FROM {source.all('figure_now')} WHERE {kept} "
        "ORDER BY policy, indicator, level, unit, month",
        "submission": f"SELECT * FROM {source.all('submission')} ORDER BY seq",
        "finding": f"SELECT * FROM {source.own('finding')} ORDER BY seq, phase, number",
        "unit": "SELECT unit, uid, name, kind, town_code, town, county_code, county, row_state, answered_in, carried "
        f"FROM {source.own('standing')} ORDER BY unit",
        "county": "SELECT unit, name, short, type, municipal_district, shared_funding, has_villages, row_state, "
        f"answered_in, carried FROM {source.own('county_standing')} ORDER BY unit",
        "coverage": f"""
            SELECT month, county_code AS county, any_value(county) AS name, count(*) AS units,
                   count_if(row_state = 'accepted') AS accepted, count_if(row_state = 'held') AS held,
                   count_if(carried) AS carried, count_if(seq IS NULL) AS missing
            FROM {source.all("standing")} GROUP BY ALL ORDER BY 1, 2""",
    }


_SERIES = "policy, indicator, divisions, level, unit"


def _series() -> dict[str, str]:
    return {
        "step": f"""
            SELECT {_SERIES}, month,
                   lag(shown) OVER line AS shown_before, lag(status) OVER line AS status_before,
                   lag(numerator) OVER line AS numerator_before, lag(denominator) OVER line AS denominator_before,
                   round(value - lag(value) OVER line, 2) AS points, numerator - lag(numerator) OVER line AS more,
                   CASE WHEN value IS NOT NULL THEN rank() OVER (peers ORDER BY value DESC NULLS LAST) END AS rank,
                   count(value) OVER peers AS ranked
            FROM release.figure WHERE level <> 'town'
            WINDOW line AS (PARTITION BY {_SERIES} ORDER BY month),
                   peers AS (PARTITION BY policy, indicator, divisions, level, month)
            ORDER BY policy, month, divisions, level, unit, indicator""",
        "trail": f"""
            SELECT {_SERIES}, list(month ORDER BY month) AS months, list(value ORDER BY month) AS "values"
            FROM release.figure WHERE level <> 'town' GROUP BY ALL ORDER BY ALL""",
        "verdict": """
            SELECT *, sum(indicators) OVER (PARTITION BY policy, month, divisions, level, unit, headline)::BIGINT AS total
            FROM (SELECT policy, month, divisions, level, figure.unit, headline, status.status, status.name,
                         any_value(status.position) AS position, count(*) AS indicators
                  FROM release.figure JOIN release.indicator USING (policy, indicator)
                  JOIN release.status ON status.status = figure.status
                  WHERE figure.level <> 'town' GROUP BY ALL)
            ORDER BY policy, month, divisions, level, unit, headline, position""",
    }


def _accepted(waivers: Iterable[Waiver]) -> str:
    """Rows of findings that a person has accepted, each with the last month for which it holds."""
    rows = ", ".join(f"('{waiver.finding}', DATE '{waiver.until}')" for waiver in waivers) or "(NULL, NULL)"
    return f"SELECT finding, max(until) AS until FROM (VALUES {rows}) AS waiver(finding, until) GROUP BY finding"


def _reporting(source: _Folder, waivers: Iterable[Waiver]) -> dict[str, str]:
    return {
        "place": f"""
            SELECT DISTINCT month, 'county' AS level, unit, name, coalesce(short, name) AS short, NULL AS parent
            FROM {source.all("county_standing")}
            UNION ALL SELECT DISTINCT month, 'town', town_code, town, town, county_code FROM {source.all("standing")}
            ORDER BY month, level, unit""",
        "finding_count": f"""
            SELECT month, county, code, CASE WHEN month <= until THEN 'note' ELSE severity END AS severity,
                   count(*) AS findings, min(message) AS message
            FROM {source.all("finding")} AS found LEFT JOIN ({_accepted(waivers)}) AS waived ON waived.finding = found.id
            GROUP BY ALL ORDER BY ALL""",
        "report": """
            SELECT coverage.*, sent.seq, sent.file, sent.received_at, coalesce(times.sent, 0) AS times,
                   coalesce(times.refused, 0) AS refused, coalesce(times.waiting, 0) AS waiting,
                   coalesce(found.errors, 0) AS errors, coalesce(found.warnings, 0) AS warnings
            FROM release.coverage
            LEFT JOIN (SELECT * FROM release.submission WHERE status = 'effective') AS sent USING (county, month)
            LEFT JOIN (SELECT county, month, count(*) AS sent, count_if(status = 'refused') AS refused,
                              count_if(status = 'waiting') AS waiting
                       FROM release.submission GROUP BY ALL) AS times USING (county, month)
            LEFT JOIN (SELECT county, month, sum(findings) FILTER (severity = 'error') AS errors,
                              sum(findings) FILTER (severity = 'warning') AS warnings
                       FROM release.finding_count GROUP BY ALL) AS found USING (county, month)
            ORDER BY month, county""",
    }


# the columns of a state table that are indicators; a ratio's parts carry a colon in their name
_INDICATORS = "COLUMNS(lambda c: c NOT IN ('month', 'town', 'county', 'carried') AND NOT contains(c, ':'))"


def _units(source: _Folder) -> dict[str, str]:
    """How far each unit is, over all indicators and over the headline ones: who lacks little is near to being done."""
    each = [
        f"""SELECT '{policy}' AS policy, * FROM (
                UNPIVOT (SELECT {_INDICATORS} FROM {source.own(f"state-{policy}")})
                ON COLUMNS(* EXCLUDE unit) INTO NAME indicator VALUE state)"""
        for policy in source.policies()
    ]
    if not each:
        return {}
    return {
        "unit_state": f"""
            SELECT policy, long.unit, count_if(state = 1) AS has, count_if(state = 2) AS lacks, count_if(state > 2) AS unknown,
                   count_if(headline AND state = 1) AS main_has, count_if(headline AND state = 2) AS main_lacks,
                   count_if(headline AND state > 2) AS main_unknown,
                   string_agg(name, '、' ORDER BY position) FILTER (headline AND state = 2) AS main_missing
            FROM ({" UNION ALL ".join(each)}) AS long JOIN release.indicator USING (policy, indicator)
            GROUP BY policy, long.unit ORDER BY policy, long.unit"""
    }
