"""Questions about how a month was reported: copied tables, rows alike in two counties, rounded numbers, slips of
the unit, everything turned to yes at once. They hold nothing back; thresholds and reasons are in `behaviour.yaml`.

Reads the warehouse: `row` (the month's rows with their unit's `uid`, a temporary table), `standing` of earlier months,
`submission` and `source`. Each question is one generated statement over the whole city.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb

from pipelines import months, settings
from pipelines.answers import findings
from pipelines.answers.findings import Finding, Kind, Report
from pipelines.reference import strict_yaml
from pipelines.reference.form import Field, Form
from pipelines.reference.strict_yaml import Entry

Number = int | Decimal
HISTORY_MONTHS = 6
_COUNTED = ("count", "number", "money", "percent")
_CELLS = 20  # of a column that a finding names; of more, the first


class Unchanged(Entry):
    """Asked of a 表1 of which this share of at least `answers` numbers, over `units` units or more, did not change."""

    share: Number
    answers: int
    units: int
    reason: str


class Alike(Entry):
    """Asked where `rows` rows of two counties have the same numbers, at least `numbers` of them not 0."""

    rows: int
    numbers: int
    reason: str


class Round(Entry):
    """Asked of a field with `values` answers from `least` up, of which these shares end in 0 (`tens`), in 0 or 5 (`fives`)."""

    fields: list[str]
    least: int
    values: int
    tens: Number
    fives: Number
    reason: str


class Slip(Entry):
    """An amount of `unit` that is `times` what it was, by a factor of `within` more or less."""

    unit: str
    times: Number
    within: Number
    meant: str
    reason: str


class Turned(Entry):
    """Asked where this share of at least `units` units that answered no last month now answers yes."""

    share: Number
    units: int
    reason: str
    except_: list[str]


class Limits(Entry):
    """`behaviour.yaml`."""

    unchanged: Unchanged
    alike: Alike
    round: Round
    slips: list[Slip]
    turned: Turned


@lru_cache(maxsize=8)
def load(folder: Path) -> Limits:
    """The thresholds of `folder/behaviour.yaml`; unknown keys and values of the wrong type are refused."""
    name = "behaviour.yaml"
    data = dict(strict_yaml.load_yaml(folder / name))
    parts: dict[str, type[Entry]] = {"unchanged": Unchanged, "alike": Alike, "round": Round, "turned": Turned}
    if isinstance(data.get("turned"), dict):
        data["turned"] = {("except_" if key == "except" else key): value for key, value in data["turned"].items()}
    built = {key: strict_yaml.build(model, data.get(key), f"{name}：{key}") for key, model in parts.items()}
    slips = [strict_yaml.build(Slip, slip, f"{name}：slips") for slip in data.get("slips", [])]
    return strict_yaml.build(Limits, {**data, **built, "slips": slips}, name)


def questions(
    con: duckdb.DuckDBPyConnection,
    form: Form,
    month: date,
    seqs: Collection[int],
    limits: Limits | None = None,
    taxonomy: dict[str, Kind] | None = None,
) -> list[tuple[int, str, Finding]]:
    """What to ask about the submissions `seqs` in force in the month: (seq, county, finding), in that order.

    `row` must hold the month's rows, and `standing` the months before; `limits` and `taxonomy` are by default those of
    the reference data.
    """
    if not seqs:
        return []
    folder = settings.load().reference
    asked = _Asked(con, form, month, limits or load(folder), taxonomy or findings.load(folder))
    asked.remember(seqs)
    for ask in (_against_last_month, _slips, _alike, _round):
        ask(asked)
    return asked.findings()


@dataclass
class _Asked:
    """What the questions share: the place of each field, and a report for each submission."""

    con: duckdb.DuckDBPyConnection
    form: Form
    month: date
    limits: Limits
    taxonomy: dict[str, Kind]

    def remember(self, seqs: Iterable[int]) -> None:
        listed = ", ".join(str(int(seq)) for seq in seqs)
        rows = self.rows(f"SELECT seq, county, file FROM submission WHERE seq IN ({listed}) ORDER BY seq")
        self.counties = {seq: county for seq, county, _ in rows}
        self.reports = {seq: Report(file, self.taxonomy) for seq, _, file in rows}
        places = self.con.execute(
            f"SELECT seq, field, sheet, cell FROM source WHERE part = 'community' AND seq IN ({listed})"
        ).fetchall()
        self.places = {(seq, field): (sheet, cell) for seq, field, sheet, cell in places}
        self.all = "SELECT * FROM row WHERE NOT held AND uid IS NOT NULL"
        self.of = f"{self.all} AND seq IN ({listed})"

    @property
    def numbers(self) -> list[str]:
        return [field.id for field in self.form.community if field.type in _COUNTED]

    def comparable(self, fields: Iterable[str]) -> list[str]:
        """The fields whose answers can be compared with last month's: in January not those that begin anew each year."""
        return [field for field in fields if self.month.month > 1 or field not in self.form.community.yearly]

    def rows(self, sql: str, parameters: list[object] | None = None) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = self.con.execute(sql, parameters or []).fetchall()
        return rows

    def pairs(self, columns: str, more: str = "") -> str:
        """This month's rows (`n`) with the accepted ones of the month before (`p`)."""
        before = months.add(self.month, -1)
        return (
            f"SELECT {columns} FROM ({self.of}) AS n JOIN standing AS p ON p.uid = n.uid "
            f"AND p.month = DATE '{before}' AND p.row_state = 'accepted' {more}"
        )

    def ask(
        self,
        code: str,
        seq: int,
        field: str | None,
        rows: Iterable[int],
        *,
        found: str,
        unit: str | None = None,
        expected: str | None = None,
        **words: object,
    ) -> None:
        """A question about cells of one column: all of them, or the first where they are many."""
        place = self.places.get((seq, field or "code")) or next(
            (place for (other, _), place in self.places.items() if other == seq), (None, None)
        )
        numbers = sorted(rows)
        shown = numbers if len(numbers) <= _CELLS else numbers[:1]
        cells = ",".join(f"{place[1]}{row}" for row in shown) if place[1] else None
        self.reports[seq].add(
            code,
            sheet=place[0],
            cell=cells or None,
            row=shown[0] if len(shown) == 1 else None,
            field=field,
            unit=unit,
            found=found,
            expected=expected,
            **words,
        )

    def findings(self) -> list[tuple[int, str, Finding]]:
        return [
            (seq, self.counties[seq], finding) for seq, report in self.reports.items() for finding in report.close()
        ]


def _percent(share: Decimal) -> str:
    """Cut, not rounded: 全部 only where it is all."""
    return "全部" if share >= 1 else f"{int(share * 1000) / 10:g}%"


# ---- everything as last month, every unit turned to yes


def _against_last_month(asked: _Asked) -> None:
    """Unchanged and copied rows in one pass, because joining two months is most of the cost; prefilled rows are not in `row`."""
    numbers = asked.comparable(asked.numbers)
    same = " + ".join(f'coalesce(n."{f}" = p."{f}", FALSE)::INTEGER' for f in numbers)
    both = " + ".join(f'(n."{f}" = p."{f}" IS NOT NULL)::INTEGER' for f in numbers)
    flags = [f.id for f in asked.form.community if f.type == "flag" and f.id not in asked.limits.turned.except_]
    flags = asked.comparable(flags)
    turned = "".join(f", {_TURNED.format(flag)}" for flag in flags)
    confirmed = {seq for (seq,) in asked.rows("SELECT seq FROM finding WHERE code = 'prefilled'")}
    columns = f"n.seq, count(*), sum({same})::BIGINT, sum({both})::BIGINT{turned}"
    for seq, units, equal, comparable, *counts in asked.rows(f"{asked.pairs(columns)} GROUP BY n.seq ORDER BY n.seq"):
        if seq not in confirmed:
            _unchanged(asked, seq, units, equal, comparable)
        for flag, count in zip(flags, counts, strict=True):
            _turned(asked, seq, flag, *divmod(count or 0, _LANE))


_LANE = 1 << 31
# Of the units that said no and have an answer now, how many said yes and how many there are: side by side in one sum.
_TURNED = f"""sum(CASE WHEN NOT p."{{0}}" THEN CASE WHEN n."{{0}}" THEN {_LANE + 1} WHEN NOT n."{{0}}" THEN 1 END END)::BIGINT"""


def _unchanged(asked: _Asked, seq: int, units: int, same: int, both: int) -> None:
    limit = asked.limits.unchanged
    if units >= limit.units and both >= limit.answers and same >= limit.share * both:
        asked.ask("copied_unchanged", seq, None, [], found=_percent(Decimal(same) / both), count=both)


def _turned(asked: _Asked, seq: int, field: str, turned: int, no: int) -> None:
    limit = asked.limits.turned
    if no >= limit.units and turned >= limit.share * no:
        _ask_turned(asked, seq, field, no, turned)


def _ask_turned(asked: _Asked, seq: int, field: str, no: int, turned: int) -> None:
    rows = asked.rows(asked.pairs("n.row_no", f'WHERE n.seq = {seq} AND NOT p."{field}" AND n."{field}"'))
    label = asked.form.community[field].label
    asked.ask(
        "all_turned_yes",
        seq,
        field,
        [row for (row,) in rows],
        found=_percent(Decimal(turned) / no),
        count=no,
        label=label,
    )


# ---- slips of the unit

_Hit = tuple[int, str, Decimal, Decimal]  # row, unit, amount now and as usual


def _slips(asked: _Asked) -> None:
    slips = asked.limits.slips
    fields = [f for f in asked.form.community if f.type in ("money", "number") and any(s.unit == f.unit for s in slips)]
    if not fields:
        return
    medians = ", ".join(_median(f, asked.month) for f in fields)
    since, until = months.add(asked.month, -HISTORY_MONTHS), months.add(asked.month, -1)
    tests = " UNION ALL ".join(_slip_query(f.id, [s for s in slips if s.unit == f.unit]) for f in fields)
    rows = asked.rows(
        f"WITH n AS ({asked.of}), p AS (SELECT uid, {medians} FROM standing WHERE row_state = 'accepted' "
        f"AND month BETWEEN ? AND ? GROUP BY uid) {tests} ORDER BY ALL",
        [since, until],
    )
    columns: dict[tuple[int, str, int], list[_Hit]] = {}
    for field, slip, seq, row_no, unit, now, usual in rows:
        columns.setdefault((seq, field, slip), []).append((row_no, unit, now, usual))
    for (seq, field, slip), hits in columns.items():
        _ask_slips(asked, seq, field, [s for s in slips if s.unit == asked.form.community[field].unit][slip], hits)


def _median(field: Field, month: date) -> str:
    """The median of a unit's earlier amounts; what is decided each year is compared within the year."""
    within = f" AND month >= DATE '{month.replace(month=1)}'" if field.period == "year" else ""
    return f'quantile_disc("{field.id}", 0.5) FILTER ("{field.id}" > 0{within}) AS "{field.id}"'


def _slip_query(field: str, slips: list[Slip]) -> str:
    """The rows of a field whose ratio to the usual is one of the slips; the first that fits."""
    ratio = f'n."{field}" / p."{field}"'
    bounds = [(s.times / Decimal(s.within) * _LESS, s.times * Decimal(s.within) * _MORE) for s in slips]
    cases = " ".join(f"WHEN {ratio} BETWEEN {low:f} AND {high:f} THEN {i}" for i, (low, high) in enumerate(bounds))
    return (
        f'SELECT \'{field}\', CASE {cases} END AS slip, n.seq, n.row_no, n.unit, n."{field}", p."{field}" '
        f'FROM n JOIN p USING (uid) WHERE n."{field}" > 0 AND p."{field}" > 0 AND slip IS NOT NULL'
    )


_LESS, _MORE = Decimal("0.9999"), Decimal("1.0001")  # amounts are kept to a few places: ten times is not met exactly


def _ask_slips(asked: _Asked, seq: int, field: str, slip: Slip, hits: list[_Hit]) -> None:
    """A question a cell; where a whole column slipped, the first ones only, for one answer mends them all."""
    question = asked.form.community[field]
    for row_no, unit, now, usual in hits[:_CELLS]:
        asked.ask(
            "amount_slip",
            seq,
            field,
            [row_no],
            unit=unit,
            found=_plain(now),
            expected=_plain(usual),
            label=question.label,
            unit_name=question.unit,
            times=_times(slip.times),
            meant=slip.meant,
        )


def _times(times: Number) -> str:
    return f" {times} 倍" if times >= 1 else f" {round(1 / times)} 分之一"


def _plain(amount: Decimal) -> str:
    return f"{amount.normalize():f}"


# ---- rows alike in two counties


def _alike(asked: _Asked) -> None:
    limit = asked.limits.alike
    numbers = ", ".join(f'"{f}"' for f in asked.numbers)
    given = " + ".join(f'coalesce("{f}" <> 0, FALSE)::INTEGER' for f in asked.numbers)
    listed = ", ".join(map(str, asked.reports))
    rows = asked.rows(
        f"WITH given AS (SELECT seq, row_no, hash({numbers}) AS content FROM ({asked.all}) "
        f"WHERE {given} >= {limit.numbers}) "
        "SELECT one.seq, submission.county, list(DISTINCT one.row_no) FROM given AS one JOIN given AS other "
        "ON other.content = one.content AND other.seq <> one.seq JOIN submission ON submission.seq = other.seq "
        f"WHERE one.seq IN ({listed}) GROUP BY ALL HAVING count(DISTINCT one.row_no) >= {limit.rows} ORDER BY ALL"
    )
    names = dict(asked.rows("SELECT code, name FROM county")) if rows else {}
    for seq, county, alike in rows:
        asked.ask("alike_rows", seq, "code", alike, found=names.get(county, county), count=len(alike))


# ---- round numbers


def _round(asked: _Asked) -> None:
    limit = asked.limits.round
    fields = [field for field in limit.fields if field in asked.form.community.by_id]
    tests = " UNION ALL ".join(
        f"""SELECT seq, '{f}', count(*), count_if("{f}" % 10 = 0), count_if("{f}" % 5 = 0), min(row_no)
        FROM ({asked.of}) WHERE "{f}" >= {limit.least} GROUP BY seq"""
        for f in fields
    )
    for seq, field, count, tens, fives, first in asked.rows(f"{tests} ORDER BY ALL") if fields else ():
        if count >= limit.values and (tens >= limit.tens * count or fives >= limit.fives * count):
            _ask_round(asked, seq, field, (count, tens, fives), first)


def _ask_round(asked: _Asked, seq: int, field: str, counts: tuple[int, int, int], first: int) -> None:
    count, tens, fives = counts
    shares = f"{_percent(Decimal(tens) / count)}末位为 0、{_percent(Decimal(fives) / count)}末位为 0 或 5"
    label, least = asked.form.community[field].label, asked.limits.round.least
    asked.ask("round_numbers", seq, field, [first], found=shares, label=label, least=least, count=count)
