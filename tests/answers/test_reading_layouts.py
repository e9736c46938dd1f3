"""A right workbook, reworked in every way that counties do, gives the same answers (issue 3, point 1)."""

from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.answers import reworked_sheets as reworks
from tests.answers import sheets_of_a_form as pages

COUNTIES = ["130524", "130503", "130571", "130581", "130526"]
SETTINGS = settings(
    max_examples=40,
    phases=[Phase.explicit, Phase.generate],
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def small_page(county: str, seed: int) -> pages.Page:
    """A dozen units of three towns, as they stand in the roster."""
    units = pages.units_of(county)
    towns = list(dict.fromkeys(unit.town for unit in units))[:3]
    chosen = [unit for town in towns for unit in [u for u in units if u.town == town][:5]]
    return pages.page(chosen, seed)


def file_name(made: pages.Page) -> str:
    return f"{made.units[0].county}2019年6月.xlsx"


def differences(made: pages.Page, differences) -> list[tuple]:
    got, meant = pages.answers_of(differences) if differences.community else {}, pages.meant_by(made)
    return [
        (code, name, value, got.get(code, {}).get(name, "row not read"))
        for code, values in meant.items()
        for name, value in values.items()
        if got.get(code, {}).get(name, "row not read") != value
    ]


def check(made: pages.Page) -> None:
    reading = pages.reading(pages.book(made), file_name(made))
    messages = [finding.message for finding in reading.findings if finding.severity == "error"]
    assert messages == [] and not reading.refused
    assert (reading.county, reading.month) == (made.units[0].county_code, pages.MONTH)
    assert differences(made, reading)[:5] == []
    assert len(reading.community.row) == len(made.units)
    assert reading.record is not None and reading.record.values == made.meant["record"]


@pytest.mark.parametrize("rework", reworks.ORDER, ids=lambda rework: rework.__name__)
@pytest.mark.parametrize("seed", [1, 2])
def test_one_rework_changes_no_answer(rework, seed):
    check(reworks.apply(small_page(COUNTIES[seed % 5], seed), [rework], Random(seed)))


@SETTINGS
@given(
    st.sampled_from(COUNTIES), st.integers(0, 10**6), st.sets(st.sampled_from(reworks.ORDER), min_size=2, max_size=12)
)
def test_reworks_together_change_no_answer(county, seed, chosen):
    check(reworks.apply(small_page(county, seed), list(chosen), Random(seed)))


def test_all_layout_reworks_at_once():
    check(reworks.apply(small_page("130524", 5), reworks.LAYOUT, Random(5)))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_csv_gives_the_same_answers(encoding):
    made = reworks.apply(small_page("130524", 8), [reworks.shuffle_columns, reworks.subtotals], Random(8))
    reading = pages.reading(pages.csv_bytes(made, encoding), "柏乡县2019年6月.csv")
    assert differences(made, reading) == []
    assert pages.codes(reading, "error") == set()
