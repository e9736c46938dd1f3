"""Both sides of every threshold of semantics §6, with the arithmetic in words.

`judge` puts counts of units straight where the program counts them, month by month, and returns what it makes of them.

A reading that the contract leaves open: a target's due date is the last day of its month, and a month's figures are as at its last
day; so an unmet target is 逾期未达标 in the due month's own figures already.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import SimpleNamespace

import pytest

from pipelines import months
from pipelines.archive.store import Archive
from pipelines.figures import figure_counts, forecast, progress
from pipelines.reference import reference_bundle
from pipelines.reference.policy.register import Baseline, Entry_, Indicator, Target
from pipelines.warehouse import projection

POLICY = "opinions-2018"
START, DUE = date(2018, 7, 1), date(2020, 12, 1)


@dataclass(frozen=True)
class Count:
    """One month of a share: `yes` of `scope` units; `q` of them, and `u` besides, unknown."""

    yes: int
    scope: int
    q: int = 0
    u: int = 0


@pytest.fixture(scope="module")
def store(plain_city, tmp_path_factory):
    reference = reference_bundle.load(plain_city)
    return projection.in_memory(reference, Archive(tmp_path_factory.mktemp("none")))


@pytest.fixture
def judge(store, monkeypatch):
    """`judge({month: Count}, at_least=50)`: the figures of those months, in order, of one share with that target."""

    def run(told: dict[date, Count], baseline=None, judged=None, by="2020-12", **target) -> list[dict]:
        register = _Register(_declared(target, baseline, judged, by))
        monkeypatch.setattr(store, "reference", SimpleNamespace(registers=(register,)))
        progress.create(store)
        for table in ("figure", "began", "first_met"):
            store.con.execute(f"DELETE FROM {table}")
        return list(_figures(store, told))

    return run


@dataclass
class _Register:
    """One policy with one indicator."""

    indicator: Indicator
    policy = SimpleNamespace(id=POLICY)
    since = date(2018, 7, 1)

    def __iter__(self):
        yield self.indicator


def _declared(target: dict, baseline, judged, by: str) -> Indicator:
    bound = Target(**target, by=by) if target else None
    entry = Entry_.model_construct(
        id="share", of="community", target=bound, baseline=baseline and Baseline(**baseline), judged=judged
    )
    return Indicator(entry, None, object(), None, None, "个村")


def _figures(store, told: dict[date, Count]) -> Iterator[dict]:
    for month in months.span(min(told), max(told)):
        _count(store, month, told.get(month))
        progress.compute(store, [month])
        cursor = store.con.execute("SELECT * FROM figure WHERE month = ?", [month])
        names = [column[0] for column in cursor.description]
        yield from (dict(zip(names, row, strict=True)) for row in cursor.fetchall())


def _count(store, month: date, count: Count | None) -> None:
    store.con.execute("CREATE OR REPLACE TEMP TABLE counted_0 (month DATE, level VARCHAR, unit VARCHAR, share HUGEINT)")
    if count:
        lanes = (count.yes, count.scope - count.yes - count.q, count.q, count.u)
        packed = sum(number << figure_counts.LANE * place for place, number in enumerate(lanes))
        store.con.execute("INSERT INTO counted_0 VALUES (?, 'city', '130500', ?::HUGEINT)", [month, str(packed)])


def status(found: list[dict]) -> str:
    return found[-1]["status"]


# ---- met, and not quite


@pytest.mark.parametrize(
    ("count", "wanted"),
    [
        (Count(50, 100), "met"),  # exactly half of the villages
        (Count(49, 100), "on_track"),  # one village short, in the baseline month
        (Count(50, 100, u=1), "unproven"),  # 50 of 100 is half, 50 of 101 is not
        (Count(51, 100, q=10), "met"),  # the unknown ones cannot take it below half
        (Count(0, 0), "not_applicable"),
        (Count(0, 0, u=3), "no_data"),  # nobody knows yet whether any unit is in scope
        (Count(0, 100, q=100), "no_data"),
        (Count(0, 100, q=99), "on_track"),  # one answer, no: 0 %
    ],
)
def test_a_share_against_half(judge, count, wanted):
    assert status(judge({START: count}, at_least=50)) == wanted


def test_what_rounds_up_to_the_target_does_not_meet_it(judge):
    """1499 of 2500 are 59.96 %, shown as 60.0."""
    [short] = judge({START: Count(1499, 2500)}, at_least=60)
    assert (short["shown"], short["status"], short["gap"]) == ("60.0", "on_track", 1)
    [met] = judge({START: Count(1500, 2500)}, at_least=60)
    assert (met["shown"], met["status"], met["gap"]) == ("60.0", "met", 0)


def test_nothing_known_has_bounds_and_no_value(judge):
    [found] = judge({START: Count(0, 100, q=100)}, at_least=50)
    assert (found["value"], found["lower"], found["upper"], found["shown"]) == (None, 0, 100, None)


def test_without_units_there_is_neither_value_nor_bound(judge):
    [found] = judge({START: Count(0, 0)}, at_least=50)
    assert (found["value"], found["lower"], found["upper"], found["gap"]) == (None, None, None, None)


def test_without_a_target_it_is_tracked(judge):
    assert status(judge({START: Count(10, 100)})) == "tracked"


@pytest.mark.parametrize(
    ("count", "gap"),
    [
        (Count(49, 100), 1),
        (Count(0, 100), 50),
        (Count(0, 101), 51),  # 50 of 101 are not half: 51
        (Count(50, 100, u=1), 1),  # the one of unknown scope may be one too many
        (Count(49, 100, q=20), 1),
        (Count(80, 100), 0),
    ],
)
def test_gap_is_the_whole_number_of_further_units(judge, count, gap):
    assert judge({START: count}, at_least=50)[-1]["gap"] == gap


# ---- the due month


@pytest.mark.parametrize(
    ("month", "yes", "wanted"),
    [
        (date(2020, 11, 1), 49, "on_track"),
        (DUE, 49, "overdue"),  # its last day is the due date
        (DUE, 50, "met"),
        (date(2021, 1, 1), 49, "overdue"),
        (date(2021, 1, 1), 50, "met"),  # late, and met
    ],
)
def test_the_due_month_decides(judge, month, yes, wanted):
    # from 0 to 49 of the 50 that are needed: a pace above 0.95 before the due date
    assert status(judge({START: Count(0, 100), month: Count(yes, 100)}, at_least=50)) == wanted


def test_an_unproven_target_is_not_overdue(judge):
    assert status(judge({START: Count(0, 100), DUE: Count(50, 100, u=1)}, at_least=50)) == "unproven"


# ---- pace: from 2020-01 (its end: 31 January) to the due month 2020-12 are 335 days, to 2020-06 (30 June) 151

JANUARY, JUNE = date(2020, 1, 1), date(2020, 6, 1)
DAYS, AHEAD = 335, 151


def paced(judge, share_of_the_way: int) -> str:
    """Status in June of a series that began at 0 in January and has gone so many 6,700,000ths of the way to all."""
    whole = DAYS * 20_000
    return status(judge({JANUARY: Count(0, whole), JUNE: Count(share_of_the_way, whole)}, at_least=100))


@pytest.mark.parametrize(
    ("gone", "wanted"),
    [
        # on the line that is AHEAD/DAYS of the way; 20,000 to a day
        (AHEAD * 20_000 * 95 // 100, "on_track"),  # pace exactly 0.95
        (AHEAD * 20_000 * 95 // 100 - 1, "lagging"),  # one unit short of it
        (AHEAD * 20_000 * 60 // 100, "lagging"),  # exactly 0.60
        (AHEAD * 20_000 * 60 // 100 - 1, "off_track"),
        (0, "off_track"),  # nothing done: pace 0
        (AHEAD * 20_000, "on_track"),
    ],
)
def test_pace_at_the_edges(judge, gone, wanted):
    assert paced(judge, gone) == wanted


def test_fewer_than_at_the_start_is_reversing(judge):
    assert status(judge({JANUARY: Count(100_000, 10**6), JUNE: Count(99_999, 10**6)}, at_least=50)) == "reversing"


def test_as_many_as_at_the_start_is_off_track(judge):
    assert status(judge({JANUARY: Count(10, 100), JUNE: Count(10, 100)}, at_least=50)) == "off_track"


def test_the_first_month_with_a_value_is_the_baseline_and_on_track(judge):
    found = judge({JANUARY: Count(0, 100, q=100), JUNE: Count(1, 100)}, at_least=50)
    assert [row["status"] for row in found] == ["no_data", "on_track"]
    assert (found[-1]["base_month"], found[-1]["pace"]) == (JUNE, None)


def test_a_zero_baseline_has_a_pace(judge):
    found = judge({JANUARY: Count(0, 100), JUNE: Count(25, 100)}, at_least=50)[-1]
    assert found["pace"] == pytest.approx((25 / 50) / (AHEAD / DAYS))


def test_what_was_met_and_no_longer_is_reverses(judge):
    told = {JANUARY: Count(40, 100), date(2020, 3, 1): Count(50, 100), JUNE: Count(49, 100)}
    assert [row["status"] for row in judge(told, at_least=50)] == ["on_track", "met", "reversing"]


def test_a_baseline_above_the_target_that_was_lost_reverses(judge):
    told = {JANUARY: Count(60, 100, u=40), JUNE: Count(49, 100)}
    # in January 60 of 100 known, yet 60 of perhaps 140: unproven, never met; the value was above the target all the same
    assert [row["status"] for row in judge(told, at_least=50)] == ["unproven", "reversing"]


def test_a_declared_baseline_counts_from_its_own_month(judge):
    declared = {"month": "2019-12", "value": Decimal("20.5")}
    found = judge({JUNE: Count(30, 100)}, baseline=declared, at_least=50)[-1]
    # 182 of 366 days gone (31 December 2019 to 31 December 2020), 9.5 of 29.5 points
    assert found["pace"] == pytest.approx((9.5 / 29.5) / (182 / 366))
    assert (found["status"], found["base_month"]) == ("lagging", date(2019, 12, 1))


# ---- other targets


@pytest.mark.parametrize(
    ("yes", "wanted"), [(20, "met"), (31, "on_track"), (34, "lagging"), (35, "off_track"), (41, "reversing")]
)
def test_at_most_goes_downwards(judge, yes, wanted):
    # from 40 down to 20; by June 151 of 335 days: 9 points are a pace of 1.00, 6 are 0.67, 5 are 0.55
    assert status(judge({JANUARY: Count(40, 100), JUNE: Count(yes, 100)}, at_most=20)) == wanted


def test_at_most_is_met_by_the_upper_bound(judge):
    assert status(judge({START: Count(20, 100, q=1)}, at_most=20)) == "unproven"
    assert status(judge({START: Count(19, 100, q=1)}, at_most=20)) == "met"


@pytest.mark.parametrize(("yes", "wanted"), [(295, "met"), (305, "met"), (294, "overdue"), (306, "overdue")])
def test_between_has_both_ends(judge, yes, wanted):
    found = judge({DUE: Count(yes, 1000)}, between=[Decimal("29.5"), Decimal("30.5")])
    assert status(found) == wanted


def test_between_from_above_is_paced_towards_its_upper_end(judge):
    found = judge({JANUARY: Count(50, 100), JUNE: Count(40, 100)}, between=[20, 30])[-1]
    assert found["pace"] == pytest.approx((10 / 20) / (AHEAD / DAYS))


# ---- judged in December


def test_an_annual_duty_is_judged_in_december_only(judge):
    told = {date(2019, month, 1): Count(60, 100) for month in range(6, 13)}
    told |= {date(2020, 1, 1): Count(0, 100)}
    found = {row["month"]: row["status"] for row in judge(told, judged="december", at_least=50)}
    assert {status for month, status in found.items() if month.month != 12} == {"tracked"}
    assert found[date(2019, 12, 1)] == "met"


def test_the_baseline_of_an_annual_duty_is_a_december(judge):
    told = {date(2019, 6, 1): Count(90, 100), date(2019, 12, 1): Count(40, 100)}
    assert judge(told, judged="december", at_least=50)[-1]["status"] == "on_track"


# ---- outlook


@pytest.mark.parametrize(
    ("points", "wanted"),
    [
        ([(0, 1.0), (1, 3.0), (2, 5.0)], (2.0, 1.0)),  # a straight line is itself
        ([(0, 0.0), (1, 1.0), (2, 2.0), (3, 30.0), (4, 4.0)], (1.0, 0.0)),  # one odd month does not bend it
        ([(0, 0.0), (1, 1.0), (2, 4.0)], (2.0, 0.0)),  # slopes 1, 2, 3; at time 0: 0, −1, 0
        ([(0, 1.0)], None),
    ],
)
def test_theil_sen(points, wanted):
    assert forecast.theil_sen(points) == wanted


LAST = {"low": 50.0, "high": None}


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ((2.0, 40.0), date(2020, 11, 1)),  # five months of two points
        ((3.0, 40.0), date(2020, 10, 1)),  # in the fourth month: 52
        ((0.0, 40.0), None),
        ((-1.0, 40.0), None),
        ((1.0, 50.0), JUNE),
        ((0.001, 40.0), None),  # in 833 years
        (None, None),
    ],
)
def test_the_month_in_which_the_line_reaches_the_target(line, wanted):
    assert forecast._reaches(line, LAST, JUNE) == wanted


def test_recent_pace_is_units_a_month_over_three_months():
    points = [{"month": months.add(JANUARY, n), "numerator": 10.0 * n} for n in range(6)]
    assert forecast._recent_pace(points, JUNE) == 10
    assert forecast._recent_pace(points[:-1], JUNE) is None


def test_needed_pace_spreads_the_gap_over_the_months_left():
    point = {"month": JUNE, "value": 40.0, "numerator": 40.0, "gap": 12, "low": 50.0, "high": None, "due": DUE}
    found = forecast._outlook((POLICY, "share", "city", "130500"), [point], JUNE)
    assert (found["needed_pace"], found["months_left"], found["slope"]) == (2.0, 6, None)


# ---- second opinion (Open SDG): R = CAGR(observed) / |CAGR(required)|


def test_double_in_half_of_the_time_what_should_double():
    # observed 10 → 20 in 5 years: 2^(1/5) − 1 = 0.1487; required 10 → 40 in 10: 4^(1/10) − 1 = 0.1487. R = 1
    found = forecast.open_sdg(10, 20, 40, 5, 10)
    assert found["ratio"] == pytest.approx(1)
    assert found["category"] == "substantial_progress"
    assert found["score"] == pytest.approx(7.1429 - 4.2857)


def test_lower_is_better_turns_the_sign():
    # 40 → 20 in 5 years, 10 asked in 10: both halve every five years
    found = forecast.open_sdg(40, 20, 10, 5, 10, lower_is_better=True)
    assert (found["ratio"], found["category"]) == (pytest.approx(1), "substantial_progress")
    worse = forecast.open_sdg(40, 50, 10, 5, 10, lower_is_better=True)
    assert worse["category"] == "deterioration" and worse["ratio"] < 0


@pytest.mark.parametrize(
    ("ratio", "category"),
    [
        (0.95, "substantial_progress"), (0.9499, "moderate_progress"), (0.6, "moderate_progress"),
        (0.5999, "limited_progress"), (0.0, "limited_progress"), (-0.0001, "deterioration"),
    ],
)  # fmt: skip
def test_open_sdg_thresholds(ratio, category):
    assert forecast.category_of(ratio) == category


@pytest.mark.parametrize(
    ("ratio", "score"),
    [
        (0.6, 7.1429 * 0.6 - 4.2857),  # all but 0
        (1.0, 2.8572),
        (1.3, 5.0),  # 7.1429 × 1.3 − 4.2857 = 5.00007
        (9.0, 5.0),
        (0.5999999, 4.1667 * 0.5999999 - 2.5),
        (0.0, -2.5),
        (-0.6, -5.0),  # 4.1667 × −0.6 − 2.5 = −5.00002
        (-40.0, -5.0),
    ],
)
def test_open_sdg_scores(ratio, score):
    assert forecast.score_of(ratio) == pytest.approx(score, abs=1e-9)
    assert abs(forecast.score_of(0.6)) < 0.0001


@pytest.mark.parametrize(("low", "current", "better"), [(False, 41, 40), (True, 9, 10)])
def test_a_reached_target_is_tested_first(low, current, better):
    for value in (current, better):
        found = forecast.open_sdg(0, value, 10 if low else 40, 5, 10, lower_is_better=low)
        assert (found["category"], found["score"], found["refused"]) == ("target_achieved", 5.0, None)


@pytest.mark.parametrize(
    ("case", "why"),
    [
        ((0, 10, 40, 5, 10), "基期为 0,增长率没有意义"),
        ((-10, 10, 40, 5, 10), "基期、现值与目标的正负号不同,增长率没有意义"),
        ((10, -5, 40, 5, 10), "基期、现值与目标的正负号不同,增长率没有意义"),
        ((10, 20, 40, 0, 10), "只有基期一个月,或到期月不晚于基期"),
        ((10, 20, 40, 5, 0), "只有基期一个月,或到期月不晚于基期"),
        ((40, 20, 40, 5, 10), "基期等于目标,所需增长为 0"),
    ],
)
def test_open_sdg_is_refused_and_not_patched(case, why):
    found = forecast.open_sdg(*case)
    assert found == {"category": None, "ratio": None, "score": None, "refused": why}


def test_open_sdg_falls_to_nothing():
    """All lost: (0/10)^(1/5) − 1 = −1, against 4^(1/10) − 1 = 0.1487: R = −6.7, the score stops at −5."""
    found = forecast.open_sdg(10, 0, 40, 5, 10)
    assert found["ratio"] == pytest.approx(-1 / (4**0.1 - 1))
    assert (found["category"], found["score"]) == ("deterioration", -5.0)
