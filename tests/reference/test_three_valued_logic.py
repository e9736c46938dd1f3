"""No answer is neither yes nor no: the SQL that expressions compile to, against truth tables told in Python."""

from itertools import product

import pytest

from pipelines.reference.policy.expression import Name, compile_expression
from pipelines.warehouse.projection import connect

NAMES = {name: Name("boolean", ("answer", name)) for name in "ab"} | {
    name: Name("number", ("answer", name)) for name in "xy"
}
NAMES["total"] = Name("number", ("answer", "x"), high=("answer", "y"))
MAYBE = (True, False, None)


@pytest.fixture(scope="module")
def con():
    return connect(":memory:")


def judged(con, source: str, **answers):
    """What the compiled expression says of one row."""
    columns = ", ".join(f"?::{'BOOLEAN' if name in 'ab' else 'BIGINT'} AS {name}" for name in answers)
    sql = f"SELECT {compile_expression(source, NAMES, '试').sql()} FROM (SELECT {columns}) AS answer"
    return con.execute(sql, list(answers.values())).fetchall()[0][0]


def both(a, b):
    return False if False in (a, b) else None if None in (a, b) else True


def either(a, b):
    return True if True in (a, b) else None if None in (a, b) else False


def no(a):
    return None if a is None else not a


TABLES = {
    "a AND b": both,
    "a OR b": either,
    "NOT a OR b": lambda a, b: either(no(a), b),
    "NOT (a AND b)": lambda a, b: no(both(a, b)),
    "a AND NOT b": lambda a, b: both(a, no(b)),
    "a OR NOT a": lambda a, b: either(a, no(a)),
    "a = b": lambda a, b: None if None in (a, b) else a == b,
    "a IS NULL OR b": lambda a, b: either(a is None, b),
    "a IS NOT NULL AND b": lambda a, b: both(a is not None, b),
    "CASE WHEN a THEN b ELSE FALSE END": lambda a, b: b if a else False,
}


@pytest.mark.parametrize("source", TABLES)
def test_every_line_of_the_truth_table(con, source):
    wanted = {pair: TABLES[source](*pair) for pair in product(MAYBE, MAYBE)}
    assert {pair: judged(con, source, a=pair[0], b=pair[1]) for pair in wanted} == wanted


@pytest.mark.parametrize(
    ("source", "x", "y", "wanted"),
    [
        ("x >= 5", 5, 0, True), ("x >= 5", 4, 0, False), ("x >= 5", None, 0, None),
        ("x * 100 >= y * 30", 3, 10, True), ("x * 100 >= y * 30", 3, None, None),
        ("x BETWEEN 1 AND y", 3, 3, True), ("x BETWEEN 1 AND y", 0, None, False), ("x BETWEEN 1 AND y", 3, None, None),
        ("x IN (1, 2)", 2, 0, True), ("x IN (1, 2)", None, 0, None), ("x <> 0 OR y = 0", None, 0, True),
        ("-x + y = 0", 4, 4, True),
    ],
)  # fmt: skip
def test_numbers_that_are_not_answered(con, source, x, y, wanted):
    assert judged(con, source, x=x, y=y) is wanted


@pytest.mark.parametrize(
    ("known", "most", "wanted"),
    [
        (5, 9, True),  # five for certain
        (4, 4, False),  # never five
        (4, 5, None),  # the one unanswered decides
        (0, None, None),  # no upper limit is known
        (5, None, True),
    ],
)
def test_a_total_known_within_limits(con, known, most, wanted):
    assert judged(con, "total >= 5", x=known, y=most) is wanted
    assert judged(con, "total < 5", x=known, y=most) is no(wanted)
