"""What pages read of an edition: selections from its ready-made tables, cached by edition. The current edition is looked up in each run."""

from collections.abc import Callable, Hashable
from datetime import date
from pathlib import Path
from typing import Any, TypeVar, cast

import streamlit as st

from dashboards import signin
from dashboards.queries.row_types import (
    ChangedUnit,
    ChangePart,
    FieldRow,
    IndicatorRow,
    ParagraphRow,
    ReconciliationRow,
    SeriesRow,
    TownRow,
    UnitNearDone,
)
from pipelines import settings
from pipelines.edition import Release, month_movement, open_folder, ready_tables
from pipelines.edition.edition_folders import current as current_folder
from pipelines.edition.edition_folders import editions as edition_folders
from pipelines.edition.edition_folders import read_manifest
from pipelines.edition.figure_types import PART_NAMES
from pipelines.edition.table_rows import CountyName, OutlookRow, PolicyRow
from pipelines.edition.verify_files import require_whole
from pipelines.errors import Refusal
from pipelines.intake import month_now
from pipelines.punctuation import full_width

Result = TypeVar("Result")


@st.cache_resource(max_entries=8, show_spinner=False)
def _open(folder: str) -> Release:
    return open_folder(Path(folder))


# Columns of text from the form and the register. `name` is that of an indicator where the row has an indicator or a policy.
_DECLARED = (
    "indicator_name",
    "clause",
    "quote",
    "reading",
    "unverified",
    "gap_unit",
    "label",
    "group",
    "help",
    "title",
    "main_missing",
)


def _printed(row: dict[str, Any]) -> dict[str, Any]:
    """The row with full-width marks in what was declared with ASCII marks."""
    names = (*_DECLARED, "name") if "indicator" in row else (*_DECLARED, "text") if "heading" in row else _DECLARED
    return {**row, **{name: full_width(row[name]) for name in names if isinstance(row.get(name), str)}}


# An answer takes a hundred kilobytes at most, all of them a hundred megabytes. Sessions share it and must not change it.
@st.cache_resource(max_entries=1000, show_spinner=False)
def _rows(
    folder: str, sql: str, parameters: tuple[Any, ...], named: tuple[tuple[str, Any], ...]
) -> list[dict[str, Any]]:
    return [_printed(row) for row in _open(folder).rows(sql, dict(named) if named else list(parameters))]


# one of these takes two megabytes for a country
@st.cache_resource(max_entries=50, show_spinner=False)
def _many(folder: str, sql: str, named: tuple[tuple[str, Any], ...]) -> list[dict[str, Any]]:
    return [_printed(row) for row in _open(folder).rows(sql, dict(named))]


# what takes longer than a selection: comparisons, sentences, lists with what was decided since
@st.cache_resource(max_entries=300, show_spinner=False)
def _computed(name: str, arguments: tuple[Hashable, ...], _make: Callable[[], Any]) -> Any:
    return _make()


def computed(make: Callable[..., Result], release: Release, *arguments: Hashable) -> Result:
    """`make(release, *arguments)`, cached by edition and shared by all sessions: for reading only."""
    key = (str(release.folder), *arguments)
    return _computed(f"{make.__module__}.{make.__qualname__}", key, lambda: make(release, *arguments))


def as_of_now(make: Callable[..., Result], *arguments: Hashable) -> Result:
    """`make(settings, *arguments)`, cached until the ledger has another event."""
    place = settings.load()
    key = (place, month_now.mark(place), *arguments)
    return _computed(f"{make.__module__}.{make.__qualname__}", key, lambda: make(place, *arguments))


@st.cache_data(max_entries=8, show_spinner=False)
def _tables(folder: str) -> set[str]:
    listed = _open(folder).rows("SELECT view_name FROM duckdb_views() WHERE NOT internal")
    return {row["view_name"] for row in listed}


def rows(release: Release, sql: str, *parameters: Any, **named: Any) -> list[Any]:
    """The rows of a selection with `?` or `$name` in it, shared by all sessions: for reading only."""
    return _rows(str(release.folder), sql, parameters, tuple(named.items()))


def many(release: Release, sql: str, **named: Any) -> list[Any]:
    """The same where there is a row for each county: fewer of them are cached."""
    return _many(str(release.folder), sql, tuple(named.items()))


def has(release: Release, table: str) -> bool:
    """Whether the release holds a table: an older one may not."""
    return table in _tables(str(release.folder))


def newest() -> tuple[Release | None, str]:
    """The current edition, or the newest before it that opens, and why it is not the current one. None before the first edition."""
    named = current_folder(settings.load().releases)
    trouble = "" if named else _missing_current()
    for folder in [named, *(f for f in editions() if f != named)] if named else editions():
        try:
            if damage := _damage(str(folder)):
                raise Refusal(damage)
            return _open(str(folder)), trouble
        except Refusal as refused:
            trouble = trouble or str(refused)
    return None, trouble


@st.cache_data(ttl=30, max_entries=8, show_spinner=False)
def _damage(folder: str) -> str:
    """What is wrong with the files of an edition, empty where nothing is. Checked every half minute; touched files are read again."""
    try:
        require_whole(Path(folder))
    except Refusal as refused:
        # cached answers may come from damaged files, and the edition may be repaired
        _open.clear()
        _rows.clear()
        _many.clear()
        _computed.clear()
        return f"{refused}；请运行 shequ rebuild，由档案补回"
    return ""


def _missing_current() -> str:
    """What is wrong with the pointer to the current edition, where it names one that does not exist."""
    try:
        label = (settings.load().releases / "current").read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""
    return f"发布版 {label} 不完整"


def edition(label: str | None) -> Release | None:
    """The edition that an address names as `2020-05/1`; None for an unknown one."""
    folders = [folder for folder in editions() if f"{folder.parent.name}/{folder.name}" == label]
    return _open(str(folders[0])) if folders else None


def editions() -> list[Path]:
    """All complete editions, the newest first."""
    return list(reversed(list(edition_folders(settings.load().releases))))


@st.cache_data(max_entries=200, show_spinner=False)
def manifest(folder: str) -> dict[str, Any]:
    """An edition's manifest, without opening the edition."""
    return read_manifest(Path(folder))


# ---- what is measured


def policies(release: Release) -> list[PolicyRow]:
    """Policies that judge the release's month."""
    return rows(release, "SELECT * FROM policy")


def indicators(release: Release, policy: str) -> list[IndicatorRow]:
    """Indicators of a policy in the register's order."""
    return rows(release, "SELECT * FROM indicator WHERE policy = ? ORDER BY position", policy)


def indicator(view, code: str) -> IndicatorRow:
    """One indicator of the view's policy."""
    return next(row for row in indicators(view.release, view.policy) if row["indicator"] == code)


def paragraphs(release: Release, policy: str) -> list[ParagraphRow]:
    """The text of a policy. Grain: paragraph."""
    return rows(release, "SELECT * FROM paragraph WHERE policy = ? ORDER BY number", policy)


def fields(release: Release) -> dict[str, FieldRow]:
    """The questions of the form by field: those of the county, then those of the community."""
    return {row["field"]: row for row in rows(release, "SELECT * FROM field ORDER BY part DESC, position")}


# ---- places and their series


def counties(view) -> list[CountyName]:
    """The counties of the view's divisions: those of the month, or those of the release's month."""
    sql = "SELECT unit, name, short FROM place WHERE level = 'county' AND month = $month ORDER BY unit"
    return many(view.release, sql, month=view.roster_month)


def county_names(release: Release) -> dict[str, str]:
    """Name by code of every county that any month of the release knows; the latest name."""
    names = many(
        release, "SELECT DISTINCT ON (unit) unit, name FROM place WHERE level = 'county' ORDER BY unit, month DESC"
    )
    return {row["unit"]: row["name"] for row in names}


def short_names(view) -> dict[str, str]:
    """Short name by code of the counties of the view's divisions."""
    return {county["unit"]: county["short"] for county in counties(view)}


def series(view, indicator: str, place: str) -> list[SeriesRow]:
    """One indicator's months, as then and as now."""
    return rows(
        view.release,
        "SELECT * FROM figure WHERE policy = ? AND indicator = ? AND unit = ? AND level <> 'town' ORDER BY divisions DESC, month",
        view.policy,
        indicator,
        place,
    )


def outlook(view, indicator: str, place: str) -> OutlookRow | None:
    """Where the trend leads; None where the edition does not say."""
    if not has(view.release, "outlook"):
        return None
    outlooks = rows(
        view.release,
        "SELECT * FROM outlook WHERE policy = ? AND indicator = ? AND unit = ?",
        view.policy,
        indicator,
        place,
    )
    known = (row for row in outlooks if row.get("divisions", view.divisions) == view.divisions)
    return cast(OutlookRow | None, next(known, None))


def towns(view, indicator: str, county: str) -> list[TownRow]:
    """Towns of a county; older months come from the month tables."""
    table = view.release.of_month({"then": "figure_all", "now": "figure_now"}[view.divisions], view.month)
    return rows(
        view.release,
        f"""SELECT i.name AS indicator_name, i.unit, i.gap_unit, i.is_share, p.name AS town, f.* EXCLUDE (unit), f.unit AS place
            FROM {table} AS f JOIN indicator AS i USING (policy, indicator)
            JOIN place AS p ON (p.level, p.unit, p.month) = ('town', f.unit, ?)
            WHERE f.policy = ? AND f.indicator = ? AND f.month = ? AND f.level = 'town' AND p.parent = ?
            ORDER BY f.gap DESC NULLS LAST, f.unit""",
        view.roster_month,
        view.policy,
        indicator,
        view.month,
        county,
    )


def units_of(view, indicator: IndicatorRow, county: str, states: tuple[int, ...]) -> list[dict[str, Any]]:
    """Units of a county in some state for one indicator, with their answers; those that lack fewest headline indicators first."""
    if not signin.may("units", county):
        return []
    name = indicator["indicator"].replace('"', "")
    state, standing = (view.release.of_month(table, view.month) for table in (f"state-{view.policy}", "standing"))
    own = "".join(f', st."{field}"' for field in indicator["fields"] if "." not in field and field not in _PLACE)
    wanted = ", ".join(str(int(state)) for state in states)
    return rows(
        view.release,
        f"""SELECT st.unit, st.name, st.kind, st.town, s."{name}" AS state, s.carried, u.main_lacks, u.lacks{own}
            FROM {state} AS s JOIN {standing} AS st USING (month, unit)
            LEFT JOIN {unit_state(view)} AS u ON u.unit = s.unit AND u.policy = ?
            WHERE s.month = ? AND s.county = ? AND s."{name}" IN ({wanted}) ORDER BY u.main_lacks NULLS LAST, u.lacks, st.unit""",
        view.policy,
        view.month,
        county,
    )


_PLACE = ("unit", "name", "kind", "town", "state", "carried", "lacks", "main_lacks")


# parts as the table `movement` calls them
PARTS = {part.replace("corrections", "correction"): name for part, name in PART_NAMES.items()}


def movement(view, indicator: str, place: str) -> list[ChangePart]:
    """Why a figure moved against the month before; empty where the edition does not say."""
    parts, _ = computed(_movement, view.release, view.policy, view.month, indicator)
    return [cast(ChangePart, part) for part in parts if part["unit"] == place]


def movement_units(view, indicator: str, most: int = 500) -> list[ChangedUnit]:
    """Units whose state is another than a month before, with the reason."""
    _, changed = computed(_movement, view.release, view.policy, view.month, indicator)
    own = signin.counties()
    return [cast(ChangedUnit, unit) for unit in changed if own is None or unit["county_code"] in own][:most]


_MOVED_UNITS = """
    SELECT m.part, m."before", m."after", m.unit, u.name, u.county, m.county AS county_code
    FROM movement_unit AS m LEFT JOIN unit AS u USING (unit) WHERE m.policy = ? AND m.indicator = ? ORDER BY m.part, m.unit"""


def _movement(
    release: Release, policy: str, month: date, indicator: str
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows of `movement` and `movement_unit` of one indicator."""
    if not month_movement.is_known(release, month):
        return [], []
    with month_movement.query(release, policy, month, [indicator]) as query:
        parts = query("SELECT * FROM movement WHERE policy = ? AND indicator = ?", [policy, indicator])
        return parts, query(_MOVED_UNITS, [policy, indicator])


def reconciliation(release: Release) -> list[ReconciliationRow]:
    """How the divisions' changes balance: units before, created, abolished, moved, after."""
    if not has(release, "reconciliation"):
        return []
    return rows(release, "SELECT * FROM reconciliation ORDER BY month DESC, unit")


def near_done(view, county: str, most: int = 200) -> list[UnitNearDone]:
    """Units of a county that lack fewest of the headline indicators (but lack some)."""
    if not signin.may("units", county):
        return []
    standing = view.release.of_month("standing", view.month)
    return rows(
        view.release,
        f"""SELECT u.unit, u.name, u.kind, u.town, s.* EXCLUDE (unit) FROM {unit_state(view)} AS s JOIN {standing} AS u USING (unit)
           WHERE s.policy = ? AND u.month = ? AND u.county_code = ? AND s.main_lacks BETWEEN 1 AND 2
           ORDER BY s.main_lacks, s.main_unknown, s.lacks, u.unit LIMIT ?""",
        view.policy,
        view.month,
        county,
        most,
    )


def unit_state(view) -> str:
    """SQL of how many indicators each unit has, lacks and leaves unknown in the view's month: ready-made of the edition's month alone."""
    if view.month == view.release.month:
        return "unit_state"
    states = view.release.of_month(f"state-{view.policy}", view.month)
    month = f"(SELECT * FROM {states} WHERE month = DATE '{view.month}')"
    return f"({ready_tables.unit_state(view.policy, month, 'indicator')})"
