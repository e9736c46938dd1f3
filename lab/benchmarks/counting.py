"""Packed counters against plain `count_if`, at city size: `python -m lab.benchmarks.counting [MONTHS]`.

`pipelines.figures.figure_counts` sums one packed number an indicator (five counts in lanes of 25 bits). The plain way counts each
state with `count_if`. Both group the same invented states by town, then by county and city, and must give the same counts.
"""

import statistics
import sys
import time

import duckdb

UNITS, TOWNS, COUNTIES, INDICATORS, LANE = 5_400, 194, 20, 54, 25
NAMES = [f"i{number}" for number in range(INDICATORS)]
COUNTS = ("s1", "s2", "s3", "s4", "carried")
ROUNDS = 7


def states(months: int) -> duckdb.DuckDBPyConnection:
    """A table of invented states: a row a month and unit, a column an indicator."""
    con = duckdb.connect()
    con.execute("SET threads = 1")
    columns = ", ".join(f'(hash(unit, month, {number}) % 5)::UTINYINT AS "{name}"' for number, name in enumerate(NAMES))
    con.execute(
        f"CREATE TABLE state AS SELECT month, unit % {TOWNS} AS town, unit % {TOWNS} % {COUNTIES} AS county, "
        f"hash(unit, month) % 10 = 0 AS carried, {columns} FROM range({months}) m(month), range({UNITS}) u(unit)"
    )
    return con


def _totals(inner: str, sums: str) -> str:
    return (
        f"SELECT month, county, town, {sums} FROM ({inner} GROUP BY month, county, town) "
        "GROUP BY GROUPING SETS ((month), (month, county), (month, county, town)) ORDER BY ALL"
    )


def plain() -> str:
    inside = {1: "s1", 2: "s2", 3: "s3", 4: "s4"}
    first = [f'count_if("{n}" = {state}) AS "{n}:{name}"' for n in NAMES for state, name in inside.items()]
    first += [f'count_if(carried AND "{n}" BETWEEN 1 AND 3) AS "{n}:carried"' for n in NAMES]
    sums = [f'sum("{n}:{count}")::BIGINT AS "{n}:{count}"' for n in NAMES for count in COUNTS]
    return _totals(f"SELECT month, county, town, {', '.join(first)} FROM state", ", ".join(sums))


def packed() -> str:
    worth = '0::HUGEINT AS "p0", ' + ", ".join(
        f'{1 << LANE * (s - 1)}::HUGEINT AS "p{s}", '
        f'CASE WHEN carried THEN {(1 << LANE * (s - 1)) + (1 << LANE * 4)}::HUGEINT ELSE "p{s}" END AS "c{s}"'
        for s in (1, 2, 3, 4)
    )
    case = 'CASE "{0}" WHEN 1 THEN c1 WHEN 2 THEN c2 WHEN 3 THEN c3 WHEN 4 THEN p4 ELSE p0 END'
    first = ", ".join(f'sum({case.format(name)}) AS "{name}"' for name in NAMES)
    sums = ", ".join(f'sum("{name}") AS "{name}"' for name in NAMES)
    totals = _totals(f"SELECT month, county, town, {first} FROM (SELECT *, {worth} FROM state)", sums)
    lanes = [
        f'(("{name}" >> {LANE * lane}) & {(1 << LANE) - 1})::BIGINT AS "{name}:{count}"'
        for name in NAMES
        for lane, count in enumerate(COUNTS)
    ]
    return f"SELECT month, county, town, {', '.join(lanes)} FROM ({totals}) ORDER BY ALL"


def measure(con: duckdb.DuckDBPyConnection) -> dict[str, float]:
    """Median seconds of processor of each way, measured in turn."""
    ways = {"plain": plain(), "packed": packed()}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    rows = {}
    for _ in range(ROUNDS):
        for name, sql in ways.items():
            begin = time.process_time()
            rows[name] = con.sql(sql).to_arrow_table()
            seconds[name].append(time.process_time() - begin)
    assert rows["plain"].to_pylist() == rows["packed"].to_pylist()
    return {name: statistics.median(measured) for name, measured in seconds.items()}


if __name__ == "__main__":
    for count in [int(argument) for argument in sys.argv[1:]] or [1, 29]:
        taken = measure(states(count))
        print(f"{count} months: " + ", ".join(f"{name} {value:.3f} s" for name, value in taken.items()), end="; ")
        print(f"plain / packed = {taken['plain'] / taken['packed']:.2f}")
