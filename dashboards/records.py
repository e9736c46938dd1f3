"""What pages read of submissions, findings, decisions and single units: selections from a release, cached by edition."""

from datetime import date

from dashboards import signin
from dashboards.data import has, rows
from pipelines.release import Release

# a condition of every selection of findings, submissions or units: only of counties that the person may see
_OWN = "(?::VARCHAR[] IS NULL OR list_contains(?::VARCHAR[], county))"
_OWN_UNIT = _OWN.replace("county)", "county_code)")


def _own() -> tuple:
    found = signin.counties()
    return found, found


# ---- who reported, and what was wrong


def reports(release: Release, month: date) -> list[dict]:
    return rows(release, "SELECT * FROM report WHERE month = ? ORDER BY county", month)


def coverage(release: Release) -> list[dict]:
    return rows(release, "SELECT * FROM report ORDER BY month DESC, county")


def submissions(release: Release, month: date, county: str | None = None) -> list[dict]:
    return rows(
        release,
        f"SELECT * FROM submission WHERE month = ? AND (?::VARCHAR IS NULL OR county = ?) AND {_OWN} ORDER BY seq DESC",
        month,
        county,
        county,
        *_own(),
    )


def findings(release: Release, month: date, county: str | None = None) -> list[dict]:
    """Findings of the month's submissions in force; `finding_all` holds every month's."""
    return rows(
        release,
        f"""SELECT * FROM finding_all WHERE month = ? AND (?::VARCHAR IS NULL OR county = ?) AND {_OWN}
           ORDER BY CASE severity WHEN 'error' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END, seq, phase, number LIMIT 3000""",
        month,
        county,
        county,
        *_own(),
    )


def finding_counts(release: Release, month: date) -> list[dict]:
    sql = f"SELECT * FROM finding_count WHERE month = ? AND {_OWN} ORDER BY findings DESC, code, county"
    return rows(release, sql, month, *_own())


def decisions(release: Release) -> list[dict]:
    return rows(release, "SELECT * FROM decision ORDER BY seq DESC") if has(release, "decision") else []


# ---- one unit


def find_units(view, text: str, most: int = 60) -> list[dict]:
    """Units of the month whose name or code holds the text."""
    return rows(
        view.release,
        "SELECT unit, name, kind, town, county FROM standing WHERE month = ? AND (contains(name, ?) OR starts_with(unit, ?)) "
        f"AND {_OWN_UNIT} ORDER BY unit LIMIT ?",
        view.month,
        text,
        text,
        *_own(),
        most,
    )


def unit(view, code: str) -> dict | None:
    found = rows(
        view.release, f"SELECT * FROM standing WHERE month = ? AND unit = ? AND {_OWN_UNIT}", view.month, code, *_own()
    )
    return found[0] if found else None


def unit_life(view, uid: str) -> list[dict]:
    """A unit's months by its identity, which outlives codes and names."""
    return rows(view.release, f"SELECT * FROM standing WHERE uid = ? AND {_OWN_UNIT} ORDER BY month DESC", uid, *_own())


def unit_states(view, code: str) -> dict:
    found = rows(view.release, f'SELECT * FROM "state-{view.policy}" WHERE month = ? AND unit = ?', view.month, code)
    return found[0] if found else {}


def evidence(view, seq: int | None, row_no: int | None) -> dict:
    """The text that stood in each cell of a unit's row."""
    found = rows(view.release, "SELECT * FROM evidence WHERE seq = ? AND row_no = ?", seq, row_no)
    return found[0] if found else {}


def sources(view, seq: int | None) -> dict[str, dict]:
    """field → sheet and column of a submission."""
    found = rows(view.release, "SELECT * FROM source WHERE seq = ? AND part = 'community'", seq)
    return {row["field"]: row for row in found}
