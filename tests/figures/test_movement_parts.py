"""The parts of a change for steps of every sort: places that come and go, figures without a value at either end or between (semantics §7)."""

import random
from fractions import Fraction
from itertools import pairwise

import duckdb
import pytest

from pipelines.edition import compare_months
from pipelines.figures.change_breakdown import PARTS, STEPS, Counted, _parts_sql

FIGURES = 200


def some_steps(dice: random.Random) -> dict[str, Counted]:
    """What is counted of one figure at each step; of a place that is not there nothing."""
    steps = {}
    for step in STEPS:
        scope = dice.randint(0, 4)
        if dice.random() < 0.85:
            known = scope > 0 and dice.random() < 0.8
            steps[step] = Counted(100, dice.randint(0, scope), scope, known, not known and dice.random() < 0.8)
    return steps


@pytest.fixture(scope="module")
def figures() -> dict[str, dict[str, Counted]]:
    dice = random.Random(7)
    return {f"i{number}": some_steps(dice) for number in range(FIGURES)}


@pytest.fixture(scope="module")
def movement(figures) -> dict[str, dict[str, dict]]:
    """indicator → part → row of `movement`."""
    con = duckdb.connect()
    for step in STEPS:
        con.execute(
            f"CREATE TABLE step_{step} (indicator VARCHAR, level VARCHAR, unit VARCHAR, factor BIGINT, yes HUGEINT, scope HUGEINT, "
            "has_value BOOLEAN, is_silent BOOLEAN)"
        )
        rows = [
            [name, "county", "1", c.factor, c.yes, c.scope, c.has_value, c.is_silent]
            for name, of in figures.items()
            for c in ([of[step]] if step in of else [])
        ]
        con.executemany(f"INSERT INTO step_{step} VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
    cursor = con.execute(_parts_sql(), {"policy": "p"})
    names = [column[0] for column in cursor.description]
    parts: dict[str, dict[str, dict]] = {}
    for row in cursor.fetchall():
        record = dict(zip(names, row, strict=True))
        parts.setdefault(record["indicator"], {})[record["part"]] = record
    return parts


def value(counted: Counted | None) -> Fraction | None:
    return Fraction(100 * counted.yes, counted.scope) if counted and counted.has_value else None


def test_the_parts_lead_from_the_figure_published_to_the_present_one(figures, movement):
    known = {name for name, of in figures.items() if {value(of.get(STEPS[0])), value(of.get(STEPS[-1]))} != {None}}
    assert movement.keys() == known and 100 < len(known) < FIGURES
    for name in known:
        first, last = (value(figures[name].get(step)) for step in (STEPS[0], STEPS[-1]))
        links = [movement[name][part] for part in PARTS]
        assert (links[0]["before"], links[-1]["after"]) == (first and float(first), last and float(last))
        for column in ("{}", "yes_{}", "scope_{}"):
            assert all(a[column.format("after")] == b[column.format("before")] for a, b in pairwise(links)), links


def test_compare_tells_the_same_parts_and_they_add_up_exactly(figures, movement):
    for name, rows in movement.items():
        of = figures[name]
        values = compare_months._values(of)
        assert (values[0], values[-1]) == (value(of.get(STEPS[0])), value(of.get(STEPS[-1])))
        parts = compare_months._parts(values, compare_months._is_there(of))
        assert sum(parts.values()) == (values[-1] or 0) - (values[0] or 0)
        for part, given in zip(PARTS, parts, strict=True):
            assert rows[part]["change"] == pytest.approx(float(parts[given]), abs=1e-9), (name, part)


def test_a_figure_appears_or_goes_at_one_step_and_a_place_by_boundary(figures, movement):
    for name, rows in movement.items():
        ends = [figures[name].get(step) for step in (STEPS[0], STEPS[-1])]
        if None in map(value, ends):
            turned = [part for part in PARTS if (rows[part]["before"] is None) != (rows[part]["after"] is None)]
            assert len(turned) == 1, rows
            if None in ends:
                assert [part for part in PARTS if rows[part]["change"]] in (turned, []) and turned == ["boundary"]


def test_reports_that_come_are_reporting_and_a_scope_that_opens_by_the_roster_boundary():
    nothing, some = None, Fraction(40)
    steps = {
        "reporting": [nothing] * 5 + [some],
        "boundary": [nothing] * 3 + [some] * 3,
        "corrections": [nothing] * 2 + [some] * 4,
    }
    for part, values in steps.items():
        split = compare_months._parts(values, True)
        assert split == {**dict.fromkeys(compare_months.PARTS, 0), part: some}
        gone = compare_months._parts([None if v else some for v in values], True)
        assert gone == {**dict.fromkeys(compare_months.PARTS, 0), part: -some}


NONE, SILENT, SOME = Counted(100, 0, 0, False), Counted(100, 0, 5, False, True), Counted(100, 2, 5, True)


@pytest.mark.parametrize(
    ("before", "after", "part"),
    [
        (SILENT, SOME, "reporting"),  # 无数据, and the earlier month's report came late
        (NONE, SOME, "corrections"),  # 不适用: what was answered was corrected
        (SOME, SILENT, "reporting"),  # the earlier month's report was taken back, and nobody reports now
        (SOME, NONE, "corrections"),
    ],
)
def test_a_late_report_that_turns_no_data_into_a_value_is_reporting(before, after, part):
    steps = dict(zip(STEPS, [before] * 2 + [after] * 4, strict=True))
    split = compare_months._parts(compare_months._values(steps), True)
    change = Fraction(40) if after is SOME else Fraction(-40)
    assert split == {**dict.fromkeys(compare_months.PARTS, 0), part: change}
