"""Open a release by its folder, read-only and without the warehouse. The connection can read only that folder."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast, get_type_hints

import duckdb

from pipelines import months
from pipelines.archive import month_state, released_editions
from pipelines.archive.month_state import Life
from pipelines.archive.store import Archive
from pipelines.edition import closed_periods, edition_folders, older_formats, planner_views, task_replies, verify_files
from pipelines.edition.decision_rows import Note, decision_rows, explanation_rows, note_rows
from pipelines.edition.progress_rows import Reply
from pipelines.errors import Refusal
from pipelines.settings import Settings, load

if TYPE_CHECKING:  # pandas is imported late: it takes half of a command's start
    import pandas as pd

# a row of a query: column → exact Python value
Row = dict[str, Any]
Parameters = Sequence[Any] | dict[str, Any]
Typed = TypeVar("Typed")

_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "allow_persistent_secrets": "false",
    "python_enable_replacements": "false",
    "threads": "2",
    "memory_limit": "1GB",
    # no temporary files
    "temp_directory": "",
    # timeout of a query in milliseconds; our slowest takes seconds
    "max_execution_time": "60000",
}


@dataclass(frozen=True)
class Release:
    """One edition of one month, open for reading. Tables: see `docs/tables.md`.

    `release.query(sql, parameters)` gives a DataFrame, `release.rows(...)` a list of dicts. A query runs on a cursor of its own, so
    a release may be shared by threads. `instead_of` says, in Chinese, which damaged edition this one replaces and what to do;
    None where it is the one asked for.
    """

    folder: Path
    manifest: dict[str, Any]
    con: duckdb.DuckDBPyConnection
    # table → month → entry of the whole series, as the manifest has them
    series: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    instead_of: str | None = None
    # present decisions and explanations, where the ledger could be read
    decided: list[Row] | None = None
    explained: list[Row] | None = None
    # replies of counties to their tasks
    replied: list[Reply] = field(default_factory=list)
    # notes of people on the release's month
    noted: list[Note] = field(default_factory=list)

    def __repr__(self) -> str:
        """`Release 2020-06/2`: the manifest of a long series is a page of hashes."""
        return f"Release {self.label}"

    @property
    def month(self) -> date:
        return months.parse(self.manifest["month"])

    @property
    def edition(self) -> int:
        return int(self.manifest["edition"])

    @property
    def label(self) -> str:
        """`2020-06/2`: month and edition."""
        return f"{self.manifest['month']}/{self.edition}"

    def at(self, table: str, month: date) -> str:
        """Relation for a month's rows of a series table: the database that holds them, other months too, so filter by month."""
        # only the view adds columns that an older format lacks
        if not _closed(self.manifest) or self.manifest["format"] < edition_folders.VERDICTS:
            return f'"{table}"'
        closed = closed_periods.split(self.manifest["months"])[:-1]
        periods = [f"period_{n}" for n, period in enumerate(closed) if months.key(month) in period.keys]
        return f'{periods[0] if periods else "ready"}."{table}"'

    def of_month(self, view: str, month: date) -> str:
        """Relation for a month's rows of a view: that month's file, or the view where columns differ; filter by month."""
        table, key = view.removesuffix("_all"), months.key(month)
        entries = self.series.get(table, {})
        if key not in entries or _differ(entries):
            return f'"{view}"'
        return f"read_parquet({_quoted(self.folder / 'tables' / table / f'{key}.parquet')})"

    def decisions(self) -> list[Row] | None:
        """Rows of the table `decision`: the present ones where the ledger could be read, else those of the edition; None where it has none."""
        if self.decided is not None:
            return self.decided
        has = self.rows("SELECT 1 FROM duckdb_views() WHERE view_name = 'decision'")
        return self.rows("SELECT * FROM decision ORDER BY seq") if has else None

    def explanations(self, month: date, county: str | None = None) -> list[Row]:
        """Counties' explanations of the figures of a month (default: of every county): one row a finding of a submission in force that has
        an explanation, with the finding's county, unit (null: the county), field, cell, file and message; `state`: explained | settled
        (accepted by the city) | open (the city asks again: `question`) | dismissed.
        """
        known = self.rows("FROM explanation") if self.explained is None else self.explained
        if not known:
            return []
        said = {row["finding"]: row for row in known}
        explained = self.rows(
            f"SELECT DISTINCT ON (id) id AS finding, county, unit, field, sheet, cell, file, code, message "
            f"FROM {self.of_month('finding_all', month)} WHERE month = ? AND id IN (SELECT unnest(?::VARCHAR[])) "
            "AND (?::VARCHAR IS NULL OR county = ?) ORDER BY id, seq DESC",
            [month, list(said), county, county],
        )
        rows = [{**row, **said[row["finding"]]} for row in explained]
        return sorted(rows, key=lambda row: (row["county"], row["unit"] or "", row["field"] or "", row["finding"]))

    def query(self, sql: str, parameters: Parameters | None = None) -> "pd.DataFrame":
        """The result as a DataFrame (decimals as floats: for showing; exact values come from `rows`)."""
        with self.con.cursor() as cursor:
            return cursor.execute(sql, parameters or []).df()

    def rows(self, sql: str, parameters: Parameters | None = None) -> list[Row]:
        """The result as dicts with exact Python values."""
        with self.con.cursor() as cursor:
            result = cursor.execute(sql, parameters or [])
            names = [column[0] for column in result.description]
            return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def rows_as(self, kind: type[Typed], sql: str, parameters: Parameters | None = None) -> list[Typed]:
        """`rows` of a query whose columns are the keys of a TypedDict, in any order."""
        rows = self.rows(sql, parameters)
        if rows and rows[0].keys() != get_type_hints(kind).keys():
            raise TypeError(f"{kind.__name__} has other keys than the columns {', '.join(rows[0])}")
        return cast(list[Typed], rows)

    def close(self) -> None:
        self.con.close()

    def __enter__(self) -> "Release":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_release(
    month: str | date | Path | None = None,
    edition: int | Literal["working"] | None = None,
    settings: Settings | None = None,
    data: str | Path | None = None,
) -> Release:
    """The current release, or the named month's newest released (or named) edition; `2020-06/2` names both; an edition copied elsewhere by
    its folder.

    `edition="working"`: the newest edition (of the month), whether it is released yet or not. `data` is the folder of run-time state
    (default: `SHEQU_DATA`, else the repository's `data/`).
    Errors: `Refusal` when there is no such edition, or it is incomplete or of a newer format.
    """
    if isinstance(month, Path) or (month and (Path(str(month)) / "manifest.json").exists()):
        return open_folder(Path(str(month)))
    if isinstance(month, str) and edition is None and edition_folders.is_name(month):
        return open_release(*released_editions.order(month), settings, data)
    installation = settings or load(data)
    wanted = months.parse(month) if isinstance(month, str) else month
    if isinstance(edition, str):
        release = open_folder(_working(installation, wanted))
    elif wanted is None:
        release = _open_current(installation)
    else:
        release = open_folder(_of_month(installation, wanted, edition))
    return with_decisions(release, installation)


def with_decisions(release: Release, installation: Settings) -> Release:
    """The edition with approvals, reopenings, explanations, replies, notes and extensions since it was made; its figures are unchanged."""
    archive = Archive(installation.archive)
    if not archive.ledger.exists():
        return release
    events = list(archive.decisions())
    life, as_of = month_state.fold(events, []), release.manifest["as_of"]
    since = ("approve", "reopen", "extend")
    known = [e for e in events if e.seq not in life.withdrawn and (e.seq <= as_of or e.kind in since)]
    decided = {
        key: life.months[months.parse(key)].state
        for key in release.manifest["months"]
        if months.parse(key) in life.months
    }
    manifest = {**release.manifest, "states": {**release.manifest.get("states", {}), **decided}}
    explained = _gone_on(release, life, explanation_rows(life))
    replied = task_replies.standing(events, life, installation.reference, archive, release.month)
    noted = note_rows(events, life, release.month)
    return replace(
        release, manifest=manifest, decided=decision_rows(known), explained=explained, replied=replied, noted=noted
    )


def _gone_on(release: Release, life: Life, explained: list[Row]) -> list[Row]:
    """The explanations, also under the later code where the edition has the unit or county under one."""
    said = {(row["text"], row["by"], row["at"]): row for row in explained}
    shown = release.rows("FROM explanation") if said else []
    again = [
        row for row in shown if row["finding"] not in life.answered and (row["text"], row["by"], row["at"]) in said
    ]
    return [*explained, *({**said[row["text"], row["by"], row["at"]], "finding": row["finding"]} for row in again)]


def _open_current(settings: Settings) -> Release:
    """The current release; where it is damaged the newest whole released one, marked as a substitute."""
    released = edition_folders.released(settings.releases, Archive(settings.archive))
    # a pointer to a missing folder is damage; without a pointer the newest is opened
    wanted = edition_folders.named(settings.releases) or next(reversed(released), None)
    if wanted is None:
        raise Refusal("还没有发布任何月份；请先提交报表（shequ submit）并运行（shequ run）")
    rest = [folder for folder in reversed(released) if folder != wanted]
    faults: list[edition_folders.Damaged] = []
    for folder in [wanted, *rest]:
        try:
            verify_files.require_whole(folder)
            opened = open_folder(folder)
        except edition_folders.Damaged as fault:
            faults.append(fault)
        else:
            if not faults:
                return opened
            said = f"当前发布版已损坏，现在显示的是较早的{opened.label}。{faults[0]}。请运行 shequ rebuild，由档案补回"
            return replace(opened, instead_of=said)
    raise faults[0]


def _of_month(settings: Settings, month: date, edition: int | None) -> Path:
    """A month's newest released edition, or the one named, even if it was retracted."""
    standing = list(edition_folders.editions(settings.releases, month))
    if edition is not None:
        folders = [folder for folder in standing if int(folder.name) == edition]
    else:
        folders = edition_folders.released(settings.releases, Archive(settings.archive), month)
    if folders:
        return folders[-1]
    if standing and edition is None:
        raise Refusal(f"{months.label(month)}还没有发布，只有工作版；发布用 shequ release，看工作版请写明 working")
    which = f"第{edition}版" if edition else "任何一版"
    raise Refusal(f"没有{months.label(month)}的{which}；已发布的月份见 shequ status")


def _working(settings: Settings, month: date | None) -> Path:
    editions = edition_folders.usable(settings.releases, Archive(settings.archive), month)
    if not editions:
        raise Refusal(f"没有{months.label(month) if month else '任何月份'}的工作版；请先运行 shequ run")
    return editions[-1]


def open_folder(folder: Path) -> Release:
    """Open a release by its folder. Views over its Parquet are created here, so that a folder may be moved or copied."""
    manifest = edition_folders.read_manifest(folder)
    series = edition_folders.month_tables(folder, manifest)
    con = duckdb.connect(":memory:", config=_CONFIG)
    try:
        _attach(con, folder, manifest, series)
    except duckdb.Error as error:
        con.close()
        raise edition_folders.Damaged(
            f"发布版 {folder.parent.name}/{folder.name} 的文件缺失或损坏，不予打开：{error}"
        ) from error
    return Release(folder, manifest, con, series)


def _closed(manifest: dict[str, Any]) -> list[str]:
    """The databases of closed periods in an edition, in order; none in one of an older format."""
    return sorted(
        name for name in manifest["files"] if name.endswith(".duckdb") and name.startswith(f"{closed_periods.FOLDER}/")
    )


def _tables(con: duckdb.DuckDBPyConnection, database: str) -> list[str]:
    names = con.execute("SELECT table_name FROM duckdb_tables() WHERE database_name = ?", [database]).fetchall()
    return [name for (name,) in names]


def _view(name: str, databases: list[str]) -> str:
    """A view over a table that is split by period among several databases; series in lists are concatenated."""
    parts = " UNION ALL BY NAME ".join(f'SELECT * FROM {database}."{name}"' for database in databases)
    if name == "trail" and len(databases) > 1:
        parts = f"""SELECT policy, indicator, divisions, level, unit, flatten(list(months ORDER BY months[1])) AS months,
                    flatten(list("values" ORDER BY months[1])) AS "values" FROM ({parts}) GROUP BY ALL"""
    return f'CREATE VIEW "{name}" AS {parts}'


def _differ(entries: dict[str, dict[str, Any]]) -> bool:
    """Whether the months of a table have, or may have, different columns, so that every file must be read."""
    shapes = {entry.get("columns") for entry in entries.values()}
    return len(shapes) > 1 or None in shapes or "" in shapes


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _attach(
    con: duckdb.DuckDBPyConnection, folder: Path, manifest: dict[str, Any], series: dict[str, dict[str, Any]]
) -> None:
    con.execute(f"ATTACH {_quoted(folder / 'release.duckdb')} AS ready (READ_ONLY)")
    closed = _closed(manifest)
    for number, name in enumerate(closed):
        con.execute(f"ATTACH {_quoted(folder / name)} AS period_{number} (READ_ONLY)")
    shared = _tables(con, "period_0") if closed else []
    names = _tables(con, "ready")
    for name in names:
        places = ["ready", *(f"period_{number}" for number in range(len(closed)))] if name in shared else ["ready"]
        con.execute(older_formats.completed(name, _view(name, places), manifest["format"]))
    for view in older_formats.missing({*names, *series}):
        con.execute(view)
    for table, entries in series.items():
        files = ", ".join(_quoted(folder / "tables" / table / f"{key}.parquet") for key in sorted(entries))
        view = table if table not in names else f"{table}_all"
        query = f'CREATE VIEW "{view}" AS SELECT * FROM read_parquet([{files}], union_by_name = {_differ(entries)})'
        con.execute(older_formats.completed(table, query, manifest["format"]))
    for view in planner_views.views({*names, *series}):
        con.execute(view)
    con.execute(f"SET allowed_directories = [{_quoted(folder)}]")
    con.execute("SET enable_external_access = false")
    con.execute("SET lock_configuration = true")
