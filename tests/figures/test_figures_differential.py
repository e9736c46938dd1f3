"""The generated SQL against plain Python: random answers with gaps, held rows, missing counties, the 2020-06 boundary.

A small city of real units is enough: what the program does with a unit does not depend on how many others there are.
"""

import random
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from pipelines.answers.community_sheet import Column, CommunityRows
from pipelines.answers.county_sheet import CountyRecord
from pipelines.answers.read_workbook import Reading
from pipelines.archive.store import Archive
from pipelines.figures import as_now as divisions
from pipelines.figures import update
from pipelines.reference import reference_bundle
from pipelines.warehouse import arrow_rows, projection
from tests.figures import answer_tables
from tests.figures.oracle_v2 import Oracle

# around the change of divisions, up to the due month in which the yearly duties are judged, and over a New Year
SPANS = {
    1: [date(2020, m, 1) for m in range(4, 8)],
    2: [date(2020, m, 1) for m in range(10, 13)],
    3: [date(2018, 12, 1), *(date(2019, m, 1) for m in range(1, 4))],
}
# the zone, a county that is recoded in 2020-06, a plain county
COUNTIES = {"130571", "130526", "130505", "130524"}


@pytest.fixture(scope="module")
def reference(split_city):
    return reference_bundle.load(split_city)


def some_units(reference, month):
    """Units of the counties that report; the old districts and 邢台县 never do."""
    return [u for u in reference.rosters.units(month) if u.county_code in COUNTIES]


def reading(reference, month, county, units, rng):
    """A submission of one county: most units, some rows held back by the reader, some that break a rule."""
    given = [u for u in units if u.county_code == county and rng.random() < 0.93]
    form = reference.form
    rows = [anything(form, u, rng) if rng.random() < 0.1 else answer_tables.row(form, u, rng) for u in given]
    values = {f.id: [row.get(f.id) for row in rows] for f in form.community}
    values |= {name: [getattr(u, name) for u in given] for name in ("code", "name", "kind")}
    columns = {f.id: Column(n, "A", f.label, Decimal(1)) for n, f in enumerate(form.community)}
    held, raw = [rng.random() < 0.04 for _ in given], {f.id: [None] * len(given) for f in form.community}
    table = CommunityRows("表1", columns, list(range(5, 5 + len(given))), values["code"], held, values, raw)
    record = CountyRecord("表2", {}, answer_tables.record(form, rng), {}, False) if rng.random() < 0.9 else None
    return Reading("文件.xlsx", "0" * 64, county, month, None, False, table, record, [])


def anything(form, unit, rng):
    """A row that need not keep the rules."""
    answers = {field.id: answer_tables.answer(field, unit.kind, rng) for field in form.community}
    return {**answers, "households": rng.randint(50, 3500)}


def accepted_rows(reference, read, uid):
    """What counts of a reading by the form's error rules, told in plain Python."""
    rows, kept = read.community, {}
    for n, code in enumerate(rows.unit):
        answers = {f: column[n] for f, column in rows.values.items()}
        if not rows.held[n] and not breaks_an_error_rule(answers):
            kept[uid[code]] = answers
    return kept


def breaks_an_error_rule(a):
    def more(x, y):
        return a[x] is not None and a[y] is not None and a[x] > a[y]

    return (
        more("local_members", "committee_members") or more("certified_workers", "social_workers")
        or more("allowance_workers", "certified_workers") or more("insured_members", "committee_members")
        or more("housing_fund_members", "committee_members")
        or (a["facility"] is True and (a["facility_area"] is None or a["facility_area"] <= 0))
        or (a["facility"] is False and a["facility_area"] is not None and a["facility_area"] != 0)
        or (a["platform_linked"] is True and a["info_platform"] is False)
        or (a["pilot"] is True and a["pilot_type"] is None)
    )  # fmt: skip


@pytest.mark.parametrize("seed", SPANS)
def test_sql_and_plain_python_agree_on_every_figure(reference, tmp_path, seed, monkeypatch):
    span = SPANS[seed]
    rng = random.Random(seed)
    archive = Archive(tmp_path)
    store = projection.in_memory(reference, archive)
    oracle = Oracle(reference.folder, "opinions-2018")
    readings = make_readings(reference, archive, oracle, span, rng)
    store.sync(lambda events, life: ((e, arrow_rows.tables(reference.form, e, readings[e.seq])) for e in events))
    update.bring_up_to_date(store, span[-1])
    compared = sum(compare(store, month, oracle.month(month)) for month in span)
    assert compared > 15_000
    together = as_now(store, span)
    for month in span if seed == 1 else ():
        compare(
            store,
            month,
            oracle.month(month, span[-1]),
            divisions.stored_as(store, month, divisions.key(store, span[-1])),
        )
    monkeypatch.setattr(divisions, "_AT_ONCE", 1)
    assert as_now(store, span) == together


def as_now(store, span):
    """Everything that is written of the months by the divisions of the last of them, made anew."""
    name, written = divisions.key(store, span[-1]), ("figure", "began", "met")
    store.con.execute("DELETE FROM fingerprint WHERE what = ?", [name])
    divisions.bring_up_to_date(store, span, span[-1], update.fingerprints(store, span))
    rows = [store.con.execute(f"FROM {t} WHERE divisions = ? ORDER BY ALL", [name]).fetchall() for t in written]
    assert any(rows)
    return rows


def make_readings(reference, archive, oracle, span, rng):
    readings = {}
    for month in span:
        units = some_units(reference, month)
        uid = {u.code: u.uid for u in units}
        for county in sorted({u.county_code for u in units}):
            if rng.random() < 0.25:
                continue  # the county is late: carried, or unknown after two months
            tries = 2 if rng.random() < 0.2 else 1
            for _ in range(tries):
                event = archive.append("submission", {"sha256": f"{rng.random()}", "file": "文件.xlsx"})
                readings[event.seq] = read = reading(reference, month, county, units, rng)
                accept(reference, oracle, month, county, read, uid)
    return readings


def accept(reference, oracle, month, county, read, uid):
    """Rows supersede rows, and answers of 表2 supersede answers: what a later submission leaves out stays in force."""
    oracle.accepted.setdefault(month, {}).update(accepted_rows(reference, read, uid))
    if read.record and not town_platforms_exceed(read.record.values):
        answers = oracle.county_accepted.setdefault(month, {}).setdefault(county, {})
        answers.update(
            {field: value for field, value in read.record.values.items() if value is not None or field not in answers}
        )


def town_platforms_exceed(answers):
    return None not in (answers["town_platforms"], answers["towns"]) and answers["town_platforms"] > answers["towns"]


KEYS = ("value", "known", "lower", "upper", "numerator", "denominator", "unknown", "failing", "carried", "status", "if_low", "if_high",
        "if_last", "gap", "gap_failing", "gap_unknown")  # fmt: skip


def compare(store, month, expected, divisions="then") -> int:
    """Every key of every figure. The ends of a verdict are told by both wherever it is drawn, `if_last` where it is unproven."""
    rows = store.con.execute(
        f"SELECT indicator, level, unit, {', '.join(KEYS)} FROM figure "
        "WHERE month = ? AND divisions = ? AND policy = 'opinions-2018'", [month, divisions],
    ).fetchall()  # fmt: skip
    assert len(rows) == len(expected)
    for indicator, level, unit, *values in rows:
        wanted = expected[indicator, level, unit]
        for key, got in zip(KEYS, values, strict=True):
            assert same(wanted[key], got), (
                month,
                indicator,
                level,
                unit,
                key,
                wanted,
                dict(zip(KEYS, values, strict=True)),
            )
    return len(rows) * len(KEYS)


def same(wanted, got) -> bool:
    if wanted is None or got is None or isinstance(wanted, str):
        return wanted == got
    return abs(Fraction(got) - wanted) < Fraction(1, 10**9)
