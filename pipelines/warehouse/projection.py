"""The warehouse: the archive projected into DuckDB. Delete it, sync it again, and every figure is the same.

Tables (answer columns come from the form, so a question more is a column more):

| table | one row per | key |
|---|---|---|
| `submission` | submission event | seq |
| `answer` | unit row of 表1 as typed values | seq, row_no |
| `answer_raw` | the same rows as the original text | seq, row_no |
| `county_answer`, `county_raw` | submission with a 表2 | seq |
| `source` | field of a submission's sheet: its place, its header, the factor converted by | seq, part, field |
| `moved` | answer of 表1 on another sheet than the first, where 表1 is on several: sheet and cell | seq, row_no, field |
| `finding` | finding; `phase` is read (by the reader) or rule (by the form's rules) | seq, phase, number |
| `explanation_sent` | finding that a submission's list 问题清单 answers: the text in its column 情况说明 | seq, finding |
| `row_count` | submission judged: its rows read, accepted, held, new, changed, unchanged, kept; whether none counts any more | seq |
| `standing`, `county_standing` | unit (county) of the roster and month, with the answers that count for it | month, unit |
| `county_source` | answer of a county's record that came in another submission than the record's latest: that one | month, unit, field |
| `figure` | policy, indicator, month, divisions and unit of town, county or city level | these |
| `began`, `met` | series of figures and month in which it begins, in which it meets a target | these |
| `fingerprint` | month computed, with the hash of everything it was computed from | month |

The warehouse has one writer; readers open releases and never this file.
"""

import hashlib
import os
import re
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from pipelines.answers import findings, read_failure
from pipelines.answers.findings import Finding
from pipelines.answers.read_failure import Costly
from pipelines.archive.month_state import Life, Received, fold
from pipelines.archive.store import Archive, Event
from pipelines.errors import Refusal
from pipelines.reference.reference_bundle import Reference
from pipelines.system import program_version
from pipelines.warehouse import arrow_rows, continued_findings, read_again, schema
from pipelines.warehouse.arrow_rows import Tables

Progress = Callable[[int, int, str], None]
# how archived submissions are read: in the order given, each to tables or to why it could not be
Read = Callable[[list[Event], Life], Iterable[tuple[Event, Tables | Costly]]]


# MiB: what was read once would otherwise stay in memory until half of it is full
_MOST = 2048


def connect(
    path: Path | str, inside: Path | None = None, durable: bool = True, threads: int | None = None
) -> duckdb.DuckDBPyConnection:
    """A connection in which no SQL can reach a file outside the folder `inside` (by default: outside the database itself),
    fetch an extension, or change this.

    It takes at most half of the machine's memory, and of a large one 2 GiB, which a month of the whole country needs; the rest it
    spills beside the database. One in memory does not spill, and takes half.
    What is not `durable` is a throw-away until another process has put it on disk: its commits wait for no disk.
    """
    half = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**21
    config: dict[str, str | bool | int | float | list[str]] = {
        "fsync_mode": "STANDARD" if durable else "NONE",
        # a throw-away is folded into its file when it is closed; folding every few months is for what must survive
        "checkpoint_threshold": "16MiB" if durable else "4GiB",
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "allow_community_extensions": "false",
        "allow_persistent_secrets": "false",
        "python_enable_replacements": "false",
        "memory_limit": f"{half if path == ':memory:' else min(half, _MOST)}MiB",
        "threads": str(threads or len(os.sched_getaffinity(0))),
        "temp_directory": "" if path == ":memory:" else f"{path}.tmp",
    }
    con = duckdb.connect(str(path), config=config)
    # in this order: each statement is refused once the one after it holds
    con.execute(f"SET allowed_directories = {_folders(inside) if inside else []}")
    con.execute("SET enable_external_access = false")
    con.execute("SET lock_configuration = true")
    return con


def _folders(data: Path) -> str:
    """As an SQL list: DuckDB looks at where a path leads, and the releases may be on another disk."""
    places = [str(place.resolve()).replace("'", "''") for place in (data, data / "releases")]
    return "[" + ", ".join(f"'{place}'" for place in places) + "]"


def scalar(con: duckdb.DuckDBPyConnection, sql: str, parameters: list[object] | dict[str, object] | None = None) -> Any:
    """The first value of a query, or None. All rows are fetched: an unfinished result blocks the connection."""
    rows = con.execute(sql, parameters or []).fetchall()
    return rows[0][0] if rows else None


def among(span: Iterable[date]) -> str:
    """The months as SQL, for `IN`: a condition that can be read off, so that months that are not wanted are skipped unread."""
    return "(" + ", ".join(f"DATE '{month}'" for month in span) + ")"


class Warehouse:
    """The projection, open for writing in this process."""

    def __init__(self, con: duckdb.DuckDBPyConnection, reference: Reference, archive: Archive):
        self.con, self.reference, self.archive = con, reference, archive
        # by the last event folded; folding a long ledger once for each file of a large delivery would be quadratic
        self._lives: dict[int, Life] = {}

    # ---- the projection

    def sync(self, read: Read, progress: Progress | None = None, until: int | None = None) -> list[int]:
        """Apply the events that are not in yet (up to `until`); returns the seqs of the submissions loaded."""
        new = list(self.archive.events(after=self.applied(), until=until))
        submissions = [event for event in new if event.kind == "submission"]
        decided = read_failure.decided(self.archive, self.applied())
        done = 0
        for batch in _batches(self._tables(submissions, decided, read)):
            with self.transaction():
                self.load_many(batch)
            done += len(batch)
            if progress:
                progress(done, len(submissions), batch[-1][0].body["file"])
        with self.transaction():
            self._record_events(new)
            read_again.remember(self, new)
        self._reread(read)
        return [event.seq for event in submissions]

    def _tables(
        self, submissions: list[Event], decided: dict[int, Costly], read: Read, first: bool = True
    ) -> Iterable[tuple[Event, Tables]]:
        """Rows of each submission: read, or refused as noted in the ledger; a new failure is noted there first."""
        for event in submissions:
            if event.seq in decided:
                yield event, self.refused(event, decided[event.seq])
        life = self.life()
        for event, reading in read([event for event in submissions if event.seq not in decided], life):
            if isinstance(reading, Costly):
                if reading.why != read_failure.FAULT:
                    read_failure.note(self.archive, event, reading, first)
                reading = self.refused(event, reading)
            yield event, reading

    def refused(self, event: Event, outcome: Costly) -> Tables:
        """A file that was too costly to read, as rows: nothing but why."""
        kinds = findings.load(self.reference.folder)
        reading = outcome.reading(event.body["file"], event.body["sha256"], kinds)
        return arrow_rows.tables(self.reference.form, event, reading)

    def _reread(self, read: Read) -> None:
        """Read again the reports that a decision or admission affects; after a kill the next sync does it."""
        seqs = read_again.remembered(self.con)
        if not seqs:
            return
        events = [event for event in self.archive.events() if event.seq in seqs]
        decided = {seq: outcome for seq, outcome in read_failure.decided(self.archive, 0).items() if seq in seqs}
        for batch in _batches(self._tables(events, decided, read, first=False)):
            with self.transaction():
                self.load_many(batch)
        with self.transaction():
            read_again.forget(self.con)

    def _record_events(self, events: list[Event]) -> None:
        if events:
            self.con.execute("DELETE FROM meta WHERE key = 'applied'")
            self.con.execute("INSERT INTO meta VALUES ('applied', ?)", [str(events[-1].seq)])

    def applied(self) -> int:
        """Seq of the last event that the projection holds."""
        return int(scalar(self.con, "SELECT value FROM meta WHERE key = 'applied'") or 0)

    def life(self) -> Life:
        """What is in force after the events applied. The same object until something is loaded: only to be read."""
        last = self.applied()
        if last not in self._lives:
            columns = "seq, county, month, refused, sha256, left(received_at, 10)::DATE"
            rows = self.con.execute(f"SELECT {columns} FROM submission WHERE seq <= ? ORDER BY seq", [last]).fetchall()
            replaced = {seq for (seq,) in self.con.execute("SELECT seq FROM row_count WHERE superseded").fetchall()}
            received, first_month = map(Received._make, rows), self.reference.first_month
            self._lives = {last: fold(self.archive.decisions(until=last), received, first_month, replaced)}
            self.continue_decisions(self._lives[last])
        return self._lives[last]

    def continue_decisions(self, life: Life) -> None:
        """What was decided on findings goes on under later codes of their units and counties, by the findings that are known now."""
        life.continues = continued_findings.later_ids(self.con, self.reference.rosters, life.decided_on)

    def forget_life(self) -> None:
        """Discard the folded state after the rows that count have changed."""
        self._lives.clear()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit all that the block writes, or nothing."""
        self.con.execute("BEGIN")
        try:
            yield
        except BaseException:
            self.con.execute("ROLLBACK")
            raise
        self.con.execute("COMMIT")

    @contextmanager
    def unmoved(self) -> Iterator[None]:
        """What the block reads, it reads of one moment, whatever other connections write; it writes temporary tables only."""
        with self.transaction():
            yield

    # ---- loading readings

    def load_many(self, batch: list[tuple[Event, Tables]]) -> None:
        """Load several readings at once, replacing those of their events: planning a wide insert costs more than the rows."""
        self._lives.clear()
        self._unload([event.seq for event, _ in batch])
        parts: dict[str, list[pa.Table]] = {table: [] for table in _LOADED}
        for _, tables in batch:
            for table, rows in tables.items():
                parts[table].append(rows)
        for table, rows in parts.items():
            if rows:
                self._insert(table, pa.concat_tables(rows))

    def _unload(self, seqs: list[int]) -> None:
        known = "SELECT seq FROM submission WHERE seq >= ? AND list_contains(?, seq)"
        there = [seq for (seq,) in self.con.execute(known, [min(seqs), seqs]).fetchall()]
        for table in _LOADED if there else ():
            self.con.execute(f"DELETE FROM {table} WHERE seq >= ? AND list_contains(?, seq)", [min(there), there])

    def _insert(self, table: str, rows: pa.Table) -> None:
        arrow_rows.load(self.con, rows, f"INSERT INTO {table} BY NAME SELECT * FROM incoming")

    def add_findings(self, phase: str, findings: list[tuple[int, str | None, Finding]]) -> None:
        """Findings (seq, county, finding) of one phase, appended; numbered within each submission."""
        if findings:
            moved = self._moved({seq for seq, _, _ in findings})
            placed = [(seq, county, arrow_rows.relocated(f, moved.get(seq, {}))) for seq, county, f in findings]
            self._insert("finding", arrow_rows.finding_table(phase, placed))

    def _moved(self, seqs: set[int]) -> dict[int, dict[tuple[int, str], tuple[str, str]]]:
        """seq → (row, field) → (sheet, cell) of the submissions whose 表1 is on several sheets."""
        rows = self.con.execute(
            "SELECT seq, row_no, field, sheet, cell FROM moved WHERE seq IN (SELECT unnest(?::BIGINT[]))",
            [sorted(seqs)],
        ).fetchall()
        moved: dict[int, dict[tuple[int, str], tuple[str, str]]] = {}
        for seq, row, field, sheet, cell in rows:
            moved.setdefault(seq, {})[row, field] = sheet, cell
        return moved


_LOADED = (
    "submission", "answer", "answer_raw", "county_answer", "county_raw", "source", "moved", "explanation_sent", "finding",
)  # fmt: skip
BATCH = 32


def _batches(read: Iterable[tuple[Event, Tables]]) -> Iterable[list[tuple[Event, Tables]]]:
    rest = iter(read)
    while batch := list(islice(rest, BATCH)):
        yield batch


# ---- opening and schema


@contextmanager
def open_warehouse(path: Path, reference: Reference, archive: Archive, data: Path, durable: bool = True) -> Iterator[Warehouse]:  # fmt: skip
    """The warehouse at `path`, rebuilt where missing, damaged or of another format; SQL reads only `data`. Hold the lock."""
    path.parent.mkdir(parents=True, exist_ok=True)
    con = _open_matching(path, reference, data, durable)
    try:
        yield Warehouse(con, reference, archive)
    finally:
        con.close()


def _open_matching(path: Path, reference: Reference, data: Path, durable: bool) -> duckdb.DuckDBPyConnection:
    if path.exists():
        try:
            con = connect(path, data, durable)
        except duckdb.Error as fault:
            # by the whole phrase: a damaged "block" has a "lock" in it too
            if "could not set lock" in str(fault).lower():
                held = re.search(r"PID (\d+)", str(fault))
                by = f"（进程 {held[1]}）" if held else ""
                raise Refusal(f"数据仓库正被另一个程序打开{by}；请关闭它后再试") from fault
            _check_disk(fault)
        else:
            if _stamp_of(con) == stamp(reference):
                return con
            con.close()
    set_aside(path)
    con = connect(path, data, durable)
    create(con, reference)
    return con


def _check_disk(fault: duckdb.Error) -> None:
    """Errors: `Refusal` for a full or read-only disk. That is no damage to the file, so nothing is set aside."""
    text = str(fault).lower()
    for mark, why in _DISK.items():
        if mark in text:
            raise Refusal(f"数据仓库无法写入：{why}；已存档的内容不受影响。请处理后再试") from fault


_DISK = {
    "no space left": "磁盘已满",
    "disk full": "磁盘已满",
    "read-only file system": "磁盘是只读的",
    "permission denied": "没有读写权限",
}


def set_aside(path: Path) -> None:
    """A projection that cannot be used is renamed with its WAL, not deleted; the last one is kept for a look."""
    # the WAL first: without its file it is ignored, beside another file it would be taken for that one's
    there = [name for name in (path.with_name(path.name + ".wal"), path) if name.exists()]
    if there:
        for old in path.parent.glob(f"{path.name}*.unusable-*"):
            shutil.rmtree(old) if old.is_dir() else old.unlink()
    moment = time.strftime("%Y%m%d-%H%M%S")
    for name in there:
        name.replace(name.with_name(f"{name.name}.unusable-{moment}"))


class SetAside(Refusal):
    """The projection was damaged and has been set aside: the same task, begun again, rebuilds it."""


@contextmanager
def quarantine(path: Path) -> Iterator[None]:
    """Damage that DuckDB meets inside the block: the file is set aside (`SetAside`), so that the next task builds it again."""
    try:
        yield
    except duckdb.Error as fault:
        _check_disk(fault)
        # a failed read of the file is damage, even where closing it has since written over the place
        if f'"{path}"' not in str(fault) and (not path.exists() or _is_sound(path)):
            raise
        set_aside(path)
        raise SetAside(
            f"数据仓库已损坏，已移开（{path.name}.unusable-…）；档案完好，请再运行一次，将由档案自动重建"
        ) from fault


def _is_sound(path: Path) -> bool:
    """Whether every value of every table can be read: DuckDB checks its blocks as it reads them."""
    try:
        con = connect(path)
    except duckdb.Error:
        return False
    try:
        for (name,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall():
            con.execute(f'SELECT bit_xor(hash(t)) FROM "{name}" AS t').fetchall()
    except duckdb.Error:
        return False
    finally:
        con.close()
    return True


def in_memory(reference: Reference, archive: Archive) -> Warehouse:
    """An empty projection that stores nothing: for checking a file before it is sent."""
    # the rows of one file: further threads would only wait for each other
    con = connect(":memory:", threads=1)
    con.execute(";".join(schema.statements(reference.form)))
    read_again.create(con, reference)
    return Warehouse(con, reference, archive)


def stamp(reference: Reference) -> str:
    """What the projection's shape and reading depend on; another stamp means another projection."""
    read_by = program_version.digest(__name__, "pipelines.worker.request_handlers")
    parts = [read_by, reference.digests["form"], reference.rosters.files_digest(), str(reference.first_month)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _stamp_of(con: duckdb.DuckDBPyConnection) -> object:
    try:
        return scalar(con, "SELECT value FROM meta WHERE key = 'stamp'")
    except duckdb.Error:
        # no such table, or damage: either way it is made again
        return None


def create(con: duckdb.DuckDBPyConnection, reference: Reference) -> None:
    """All tables, empty, in one transaction: a kill leaves none or all."""
    con.execute("BEGIN")
    con.execute(";".join(schema.statements(reference.form)))
    con.execute("INSERT INTO meta VALUES ('stamp', ?)", [stamp(reference)])
    read_again.create(con, reference)
    con.execute("COMMIT")
