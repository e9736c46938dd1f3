"""The worked examples of `tests/specs/series`: outlook, second opinion and order of concern (semantics §6), on both sides of each edge."""

from datetime import date
from decimal import Decimal

import duckdb
import pytest

from pipelines import months
from pipelines.documentation import indicator_catalogue
from pipelines.edition.concern import by_concern
from pipelines.edition.ready_tables import CONCERN_OF_FIGURES, CONCERN_OF_PLACES
from pipelines.figures import forecast
from tests.figures.test_verdict_cases import STATUSES

JUNE = date(2020, 6, 1)
CASES = indicator_catalogue.specs(indicator_catalogue.SERIES)
OUTLOOKS = [case for case in CASES if "values" in case]
OPINIONS = [case for case in CASES if {"R", "基期"} & case.keys()]
ORDERS = [case for case in CASES if "order" in case]


def test_no_example_is_left_out():
    assert len(OUTLOOKS) + len(OPINIONS) + len(ORDERS) == len(CASES)


def given(result: dict) -> dict:
    exact = {name: None if value == "空" else value for name, value in result.items()}
    return {name: float(value) if isinstance(value, Decimal) else value for name, value in exact.items()}


@pytest.mark.parametrize("case", OUTLOOKS, ids=[case["says"] for case in OUTLOOKS])
def test_outlook(case):
    target = case["target"]
    bounds = {"low": target.get("at_least"), "high": target.get("at_most"), "due": months.parse(target["by"])}
    ahead = range(1 - len(case["values"]), 1)
    points = [
        {"month": months.add(JUNE, n), "value": value, "gap": None, **bounds}
        for n, value in zip(ahead, case["values"], strict=True)
    ]
    row = forecast._outlook(("p", "i", "city", "1"), points, JUNE, None)
    reaches = row["reaches"] and months.key(row["reaches"])
    assert {"每月": row["slope"], "到期时": row["value_at_due"], "达到": reaches} == given(case["result"])


@pytest.mark.parametrize("case", OPINIONS, ids=[case["says"] for case in OPINIONS])
def test_second_opinion(case):
    if "R" in case:
        ratio = float(case["R"])
        category, score = forecast.category_of(ratio), forecast.score_of(ratio)
    else:
        numbers = [float(case[name]) for name in ("基期", "现值", "目标", "已过年数", "共年数")]
        opinion = forecast.open_sdg(*numbers, case.get("越低越好", False))
        assert (opinion["category"] is None) == (opinion["refused"] is not None)
        ratio, category, score = opinion["ratio"], opinion["category"], opinion["score"]
    rounded = {name: value if value is None else round(value, 4) for name, value in (("R", ratio), ("评分", score))}
    result = rounded | {"类别": category}
    assert {name: result[name] for name in case["result"]} == given(case["result"])


FIGURES = [case for case in ORDERS if "figures" in case]


@pytest.mark.parametrize("case", FIGURES, ids=[case["says"] for case in FIGURES])
def test_order_of_figures(case):
    rows = [
        {
            "name": row["名称"], "status": STATUSES[row["状态"]], "gap": row.get("还差"), "gap_failing": row.get("还差"),
            "needed": row.get("需要"), "numerator": None, "position": position,
        }
        for position, row in enumerate(case["figures"])
    ]  # fmt: skip
    assert "".join(row["name"] for row in by_concern(rows)) == case["order"]
    columns = ("name", "status", "gap_failing", "needed", "position")
    assert ordered(rows, columns, f"{CONCERN_OF_FIGURES}, position") == case["order"]


PLACES = [case for case in ORDERS if "places" in case]


@pytest.mark.parametrize("case", PLACES, ids=[case["says"] for case in PLACES])
def test_order_of_places(case):
    columns = {"名称": "name", "适用": "applicable", "落后": "behind", "所缺": "missing"}
    rows = [{columns[name]: value for name, value in row.items()} for row in case["places"]]
    assert ordered(rows, tuple(columns.values()), f"{CONCERN_OF_PLACES}, name") == case["order"]


def ordered(rows: list[dict], columns: tuple[str, ...], order: str) -> str:
    """The names in the order that SQL gives them."""
    con = duckdb.connect()
    con.execute(
        f"CREATE TABLE t ({', '.join(f'{c} VARCHAR' if c in ('name', 'status') else f'{c} DOUBLE' for c in columns)})"
    )
    con.executemany(
        f"INSERT INTO t VALUES ({', '.join('?' * len(columns))})", [[row[c] for c in columns] for row in rows]
    )
    return "".join(name for (name,) in con.execute(f"SELECT name FROM t ORDER BY {order}").fetchall())
