"""What pages read of submissions, findings, decisions and single units: selections from a release, cached by edition."""

import re
from datetime import date
from typing import Any

from dashboards import signin
from dashboards.queries.edition_data import as_of_now, computed, many, rows
from dashboards.queries.row_types import FindingCount, ReportingRow, SourceRow, TownPlace, UnitPlace
from dashboards.text import search_words
from pipelines import settings
from pipelines.edition import Release, explained_answers, open_edition
from pipelines.edition import county_tasks as edition_tasks
from pipelines.edition.explained_answers import Explained
from pipelines.edition.progress_rows import Task
from pipelines.edition.table_rows import FindingRow, SubmissionRow
from pipelines.intake import month_now, month_wording
from pipelines.intake.month_now import Decision, MonthNow, Note

# a condition of every selection of findings, submissions or units: only of counties that the person may see
_OWN = "(?::VARCHAR[] IS NULL OR list_contains(?::VARCHAR[], county))"
_OWN_UNIT = _OWN.replace("county)", "county_code)")
# the same with a named parameter
OWN_UNIT = "($own::VARCHAR[] IS NULL OR list_contains($own::VARCHAR[], county_code))"


def own() -> tuple[str, ...] | None:
    """Counties that the person may see; None for all. A tuple: answers are kept by it."""
    counties = signin.counties()
    return None if counties is None else tuple(counties)


_GRAVE = "CASE severity WHEN 'error' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END"


def _own() -> tuple[list[str] | None, list[str] | None]:
    counties = signin.counties()
    return counties, counties


# ---- who reported, and what was wrong


# of more counties than these only those are listed that want attention most
MOST = 60


def reported(release: Release, month: date) -> tuple[int, int]:
    """How many counties have reported the month, and how many should have."""
    [row] = rows(release, "SELECT count(seq) AS arrived, count(*) AS counties FROM report WHERE month = ?", month)
    return row["arrived"], row["counties"]


def reports(release: Release, month: date, most: int = MOST) -> list[ReportingRow]:
    """Counties of the month; of many the unreported and those with most errors. With `counties`, `arrived`, `faulty` of all."""
    known = rows(
        release,
        """SELECT *, count(*) OVER () AS counties, count(seq) OVER () AS arrived, count_if(seq IS NOT NULL AND errors > 0) OVER () AS faulty
           FROM report WHERE month = $month
           ORDER BY counties > $most AND seq IS NOT NULL, CASE WHEN counties > $most THEN -errors END, county LIMIT $most""",
        month=month,
        most=most,
    )
    return _with_due(known, month)


def report(release: Release, month: date, county: str) -> ReportingRow | None:
    """Reporting of one county in a month; None for a county that the month does not have."""
    known = rows(release, "SELECT * FROM report WHERE month = ? AND county = ?", month, county)
    return _with_due(known, month)[0] if known else None


def all_reports(release: Release, month: date) -> list[ReportingRow]:
    """Every county of the month, for a download."""
    return _with_due(many(release, "SELECT * FROM report WHERE month = $month ORDER BY county", month=month), month)


def coverage(release: Release, most: int = MOST) -> list[ReportingRow]:
    """Every month's coverage of the counties; of many, of those that cover least in their last month."""
    return rows(
        release,
        """SELECT *, (SELECT count(DISTINCT county) FROM report) AS counties FROM report WHERE county IN (
               SELECT county FROM report QUALIFY row_number() OVER (PARTITION BY county ORDER BY month DESC) = 1
               ORDER BY accepted / nullif(units, 0) NULLS FIRST, county LIMIT ?)
           ORDER BY month DESC, county""",
        most,
    )


def submissions(release: Release, month: date, county: str | None = None) -> list[SubmissionRow]:
    """Submissions for a month (of one county), the newest first."""
    return rows(
        release,
        f"SELECT * FROM submission WHERE month = ? AND (?::VARCHAR IS NULL OR county = ?) AND {_OWN} ORDER BY seq DESC",
        month,
        county,
        county,
        *_own(),
    )


def findings(release: Release, month: date, county: str | None = None, most: int = 3000) -> list[FindingRow]:
    """Findings of the month's submissions in force, the gravest first; each row knows how many there are (`findings`)."""
    table = _named_findings(release, month)
    return rows(
        release,
        f"""SELECT *, count(*) OVER () AS findings FROM {table} WHERE month = ? AND (?::VARCHAR IS NULL OR county = ?) AND {_OWN}
           ORDER BY {_GRAVE}, seq, phase, number LIMIT ?""",
        month,
        county,
        county,
        *_own(),
        most,
    )


def _named_findings(release: Release, month: date) -> str:
    """The month's findings with the names of their counties and units (`county_name`, `unit_name`; null where they have none)."""
    table, standing = release.of_month("finding_all", month), release.of_month("standing", month)
    return f"""(SELECT f.*, c.short AS county_name, s.name AS unit_name FROM {table} AS f
        LEFT JOIN place AS c ON c.level = 'county' AND c.month = f.month AND c.unit = f.county
        LEFT JOIN {standing} AS s ON s.month = f.month AND s.unit = f.unit)"""


def finding_counts(release: Release, month: date) -> list[FindingCount]:
    """Of each kind of finding the counties that have most of it, and how many have any (`counties`)."""
    sql = f"""SELECT *, count(*) OVER kind AS counties FROM finding_count WHERE month = ? AND {_OWN}
              WINDOW kind AS (PARTITION BY code)
              QUALIFY row_number() OVER (PARTITION BY code ORDER BY {_GRAVE}, findings DESC, county) <= 30
              ORDER BY findings DESC, code, county"""
    return rows(release, sql, month, *_own())


# ---- as of this moment: read from the ledger beside the edition


def explained(release: Release, month: date, county: str | None = None) -> list[Explained]:
    """What counties explain of a month's answers, with what the city says to it now."""
    answers = computed(_explained, release, month, month_now.mark(settings.load()))
    return [row for row in answers if county in (None, row["county"])]


def _explained(release: Release, month: date, mark: int) -> list[Explained]:
    """As of the ledger number `mark`."""
    return explained_answers.explained(open_edition.with_decisions(release, settings.load()), month)


def tasks(release: Release, policy: str, month: date) -> list[Task]:
    """The tasks of a month, with what the counties reply to them now."""
    return computed(_tasks, release, policy, month, month_now.mark(settings.load()))


def _tasks(release: Release, policy: str, month: date, mark: int) -> list[Task]:
    """As of the ledger number `mark`."""
    return edition_tasks.tasks(open_edition.with_decisions(release, settings.load()), policy, month=month)


def now(month: date) -> MonthNow:
    """What was decided of a month until now; every page shows it at once, whichever edition it shows."""
    return as_of_now(month_now.of, month)


def findings_now(release: Release, month: date, county: str | None = None, most: int = 3000) -> list[FindingRow]:
    """As `findings`, of everything received for the month so far; after a restore, until settled, those of the edition."""
    place, seen = settings.load(), own()
    if not month_now.is_settled(place):
        return findings(release, month, county, most)
    known = [row for row in month_now.findings(place, month, county) if seen is None or row["county"] in seen]
    return [{**row, "month": month, "findings": len(known)} for row in known[:most]]


def notes() -> list[Note]:
    """The notes in force, as the ledger has them now."""
    return as_of_now(month_now.notes)


def standing(release: Release, month: date) -> str:
    """`未审定，依据 18/20 个县（市、区）`: for the header of every page."""
    arrived, counties = reported(release, month)
    label = f"{release.manifest['month']}/{release.manifest['edition']}"
    edition = now(release.month).editions
    working = "工作版，" if label in edition.made and label not in edition.released else ""
    return f"{working}{month_wording.APPROVAL[now(month).state]}，依据 {arrived}/{counties} 个县（市、区）"


def decisions(release: Release, most: int = 500) -> list[Decision]:
    """The newest decisions, as the ledger has them now."""
    return month_now.decisions(settings.load())[:most]


def _with_due(rows: list[ReportingRow], month: date) -> list[ReportingRow]:
    """Reports of counties with the day on which each was due (null where the county is excused) and the calendar's caveat."""
    state = now(month)
    return [
        {**row, "due": state.due.get(row["county"]), "usual_due": state.usual_due, "caveat": state.caveat}
        for row in rows
    ]


# ---- one unit


def find_units(view, text: str, most: int = 60) -> list[UnitPlace]:
    """Units of the month in whose name, town, county or code every word of the text is, as it stands or as initials of pinyin."""
    standing = view.release.of_month("standing", view.month)
    words = [(word, search_words.pattern(word) or "") for word in search_words.words(text)]
    each = """(contains(name, ?) OR contains(town, ?) OR contains(county, ?) OR starts_with(unit, ?)
               OR (? <> '' AND regexp_matches(name || ' ' || town || ' ' || county, ?)))"""
    wanted = " AND ".join(each for _ in words) or "false"
    given = [value for word, initials in words for value in (word, word, word, word, initials, initials)]
    return rows(
        view.release,
        f"""SELECT unit, name, kind, town, county, county_code FROM {standing}
            WHERE month = ? AND {wanted} AND {_OWN_UNIT} ORDER BY unit LIMIT ?""",
        view.month,
        *given,
        *_own(),
        most,
    )


def find_towns(view, text: str, most: int = 12) -> list[TownPlace]:
    """Towns of the month, with the code of their county, that the text finds."""
    towns = many(
        view.release,
        """SELECT t.unit, t.name, t.parent, c.name AS county FROM place AS t JOIN place AS c ON c.unit = t.parent AND c.month = t.month
           WHERE t.level = 'town' AND c.level = 'county' AND t.month = $month ORDER BY t.unit""",
        month=view.roster_month,
    )
    return [row for row in towns if search_words.matches(text, row["name"], row["county"])][:most]


def find_findings(view, text: str, most: int = 12) -> list[FindingRow]:
    """Findings of the month by the beginning of their number, which a receipt or a mail names."""
    if not re.fullmatch("[0-9a-f]{4,40}", text.strip()):
        return []
    table = view.release.of_month("finding_all", view.month)
    return rows(
        view.release,
        f"SELECT * FROM {table} WHERE month = ? AND starts_with(id, ?) AND {_OWN} ORDER BY id LIMIT ?",
        view.month,
        text.strip(),
        *_own(),
        most,
    )


def unit_findings(view, code: str) -> list[FindingRow]:
    """What was found in the month's workbook about one unit."""
    table = _named_findings(view.release, view.month)
    return rows(
        view.release,
        f"SELECT * FROM {table} WHERE month = ? AND unit = ? AND {_OWN} ORDER BY {_GRAVE}, phase, number",
        view.month,
        code,
        *_own(),
    )


def unit(view, code: str) -> dict[str, Any] | None:
    """A unit of the month with its answers in force; None where it is unknown or not to be seen."""
    standing = view.release.of_month("standing", view.month)
    sql = f"SELECT * FROM {standing} WHERE month = ? AND unit = ? AND {_OWN_UNIT}"
    known = rows(view.release, sql, view.month, code, *_own())
    return known[0] if known else None


def unit_life(view, uid: str) -> list[dict[str, Any]]:
    """A unit's months by its identity, which outlives codes and names."""
    return rows(view.release, f"SELECT * FROM standing WHERE uid = ? AND {_OWN_UNIT} ORDER BY month DESC", uid, *_own())


def unit_states(view, code: str) -> dict[str, Any]:
    """Indicator → state of a unit in the month; empty where it is unknown."""
    state = view.release.of_month(f"state-{view.policy}", view.month)
    known = rows(view.release, f"SELECT * FROM {state} WHERE month = ? AND unit = ?", view.month, code)
    return known[0] if known else {}


def evidence(view, seq: int | None, row_no: int | None) -> dict[str, Any]:
    """The text that stood in each cell of a unit's row."""
    known = rows(view.release, "SELECT * FROM evidence WHERE seq = ? AND row_no = ?", seq, row_no)
    return known[0] if known else {}


def sources(view, seq: int | None) -> dict[str, SourceRow]:
    """field → sheet and column of a submission."""
    known = rows(view.release, "SELECT * FROM source WHERE seq = ? AND part = 'community'", seq)
    return {row["field"]: row for row in known}
