"""What a release gives of a figure: the keys that acceptance relies on, both ends of a verdict, and the one order of concern."""

from datetime import date
from itertools import pairwise

import pytest

from pipelines import months
from pipelines.edition import Release, figures
from pipelines.figures.progress import CONCERN
from tests import memory_city
from tests.figures.test_change_breakdown import BAIXIANG, submit_all

FIRST = date(2019, 10, 1)
CITY = "130500"
KEYS = [
    "indicator", "month", "level", "unit", "name", "value", "known", "lower", "upper", "numerator", "denominator", "unknown", "failing",
    "carried", "target", "status", "if_low", "if_high", "if_last", "gap", "gap_failing", "gap_unknown", "edition",
]  # fmt: skip


@pytest.fixture(scope="module")
def release(plain_city, tmp_path_factory) -> Release:
    """Six months; one county reports in the first two and then falls silent for longer than answers are lent."""
    city = memory_city.City(tmp_path_factory.mktemp("silent") / "data", plain_city)
    for ahead in range(6):
        submit_all(city, months.add(FIRST, ahead), without=[BAIXIANG] if ahead > 1 else [])
    return city.release(months.add(FIRST, 5))


def test_the_keys_are_those_of_the_architecture(release):
    for level in ("city", "county", "town", "community"):
        rows = figures(release, level=level, indicator="facility_rural")
        assert rows and all(list(row) == KEYS for row in rows)


def test_silence_leaves_the_verdict_open_and_tells_both_ends(release):
    [row] = figures(release, level="city", indicator="facility_rural")
    villages = [
        unit
        for unit in release.rows("SELECT * FROM unit WHERE county_code = ?", [BAIXIANG])
        if unit["kind"] == "农村社区"
    ]
    assert row["unknown"] == len(villages) and row["gap"] == row["gap_failing"] + row["gap_unknown"]
    assert float(row["lower"]) < float(row["known"]) < float(row["upper"])
    [kept] = release.rows(
        "SELECT status, if_low, if_high, if_last, deciding FROM figure WHERE indicator = 'facility_rural' AND level = 'city' "
        "AND divisions = 'then' AND month = ?",
        [release.month],
    )
    assert {name: row[name] for name in ("status", "if_low", "if_high", "if_last")} == {
        name: kept[name] for name in ("status", "if_low", "if_high", "if_last")
    }
    if kept["status"] == "unproven":
        assert kept["deciding"] == BAIXIANG and kept["if_low"] != kept["if_high"]


def test_no_figure_turned_because_a_county_was_silent(release):
    """The counties that report say the same in every month, so nothing fell."""
    assert release.rows("SELECT * FROM figure WHERE status = 'reversing'") == []


def test_the_order_of_concern_goes_by_status_then_by_the_missing_share(release):
    rows = release.rows(
        "SELECT f.status, f.gap_failing, f.needed, s.concern FROM step AS s JOIN figure AS f "
        "USING (policy, indicator, month, divisions, level, unit) WHERE level = 'city' AND divisions = 'then' AND month = ? ORDER BY concern",
        [release.month],
    )
    assert [row["concern"] for row in rows] == list(range(1, len(rows) + 1))
    keys = [
        (CONCERN.get(r["status"], len(CONCERN)), -((r["gap_failing"] or 0) / r["needed"] if r["needed"] else 0))
        for r in rows
    ]
    assert all(first <= second for first, second in pairwise(keys))


def test_places_are_ranked_by_the_share_of_headlines_that_are_behind(release):
    rows = release.rows(
        "SELECT * FROM concern WHERE level = 'county' AND divisions = 'then' AND month = ? ORDER BY rank",
        [release.month],
    )
    shares = [row["behind"] / row["applicable"] for row in rows if row["applicable"]]
    assert shares == sorted(shares, reverse=True) and len(rows) > 1


def test_a_county_that_says_nothing_lags_nowhere_and_leads_nobody(release):
    rows = release.rows(
        "SELECT unit, applicable, behind FROM concern WHERE level = 'county' AND divisions = 'now' AND month = ? ORDER BY rank",
        [release.month],
    )
    assert rows[-1]["unit"] == BAIXIANG and (rows[-1]["applicable"], rows[-1]["behind"]) == (0, 0)
    assert all(row["applicable"] > 0 for row in rows[:-1])
