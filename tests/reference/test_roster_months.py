"""Which edition a month uses, and what it holds: totals, counties, towns, tables."""

import subprocess
import sys
from datetime import date, timedelta

import pytest

from pipelines import months, settings
from pipelines.errors import Refusal
from pipelines.reference.roster import RURAL, TOWN, URBAN

CUT_OFFS = {
    2016: date(2016, 7, 31),
    2017: date(2017, 10, 31),
    2018: date(2018, 10, 31),
    2019: date(2019, 10, 31),
    2020: date(2020, 6, 30),
    2021: date(2021, 10, 31),
    2022: date(2022, 10, 31),
    2023: date(2023, 6, 30),
}
TOTALS = {  # units: urban, town, rural; counted apart with awk from the CSVs
    2016: (5247, 198, 156, 4893),
    2017: (5380, 206, 192, 4982),
    2018: (5393, 216, 200, 4977),
    2019: (5394, 216, 201, 4977),
    2020: (5437, 293, 177, 4967),
    2021: (5346, 235, 205, 4906),
    2022: (5355, 235, 243, 4877),
    2023: (5383, 239, 267, 4877),
}


@pytest.mark.parametrize(("year", "cut_off"), CUT_OFFS.items())
def test_an_edition_is_in_force_from_the_month_of_its_cut_off(rosters, year, cut_off):
    month = cut_off.replace(day=1)
    assert rosters.edition(month).year == year
    if year > 2016:
        assert rosters.edition(months.add(month, -1)).year == year - 1


def test_a_month_after_the_last_edition_uses_the_last(rosters):
    assert rosters.edition(date(2025, 12, 1)).year == 2023


def test_a_month_before_the_first_edition_is_refused(rosters):
    with pytest.raises(Refusal) as refusal:
        rosters.units(date(2016, 6, 1))
    assert str(refusal.value) == "2016年6月没有名册：最早的名册截止于2016-07-31，请选择2016年7月或以后的月份"


def test_a_cut_off_on_the_last_day_counts_and_one_day_later_does_not(made):
    rosters = made({2019: "130501100200 甲村委会 东镇", 2020: "130501100200 乙村委会 东镇"})
    last = rosters.editions[1].cut_off
    assert last == months.last_day(date(2020, 6, 1))
    assert rosters.edition(last.replace(day=1)).year == 2020
    assert rosters.edition((last.replace(day=1) - timedelta(days=1)).replace(day=1)).year == 2019


@pytest.mark.parametrize("year", TOTALS)
def test_totals_by_kind(rosters, year):
    kinds = [unit.kind for unit in rosters.units(CUT_OFFS[year].replace(day=1))]
    assert (len(kinds), kinds.count(URBAN), kinds.count(TOWN), kinds.count(RURAL)) == TOTALS[year]


def test_look_alikes_are_known_but_are_no_units(rosters):
    codes = {unit.code for unit in rosters.units(date(2023, 7, 1))}
    assert "130525106400" in rosters.known_codes()  # 隆尧监狱社区
    assert "130525106400" not in codes


@pytest.mark.parametrize(
    ("month", "districts", "sharing"),
    [
        (date(2018, 8, 1), {"桥东区", "桥西区", "河北邢台经济开发区"}, {"桥东区", "桥西区", "河北邢台经济开发区"}),
        (date(2020, 5, 1), {"桥东区", "桥西区", "河北邢台经济开发区"}, {"桥东区", "桥西区", "河北邢台经济开发区"}),
        (
            date(2020, 6, 1),
            {"襄都区", "信都区", "任泽区", "南和区", "河北邢台经济开发区"},
            {"襄都区", "信都区", "河北邢台经济开发区"},
        ),
    ],
)
def test_districts_and_shared_funding_by_month(rosters, month, districts, sharing):
    counties = rosters.counties(month)
    assert {county.name for county in counties if county.municipal_district} == districts
    assert {county.name for county in counties if county.shared_funding} == sharing


def test_counties_of_a_month(rosters):
    june = rosters.counties(date(2020, 6, 1))
    assert len(june) == 19
    assert len(rosters.counties(date(2020, 5, 1))) == 20
    assert all(county.has_villages for county in june)
    assert {county.short for county in june} >= {"开发区", "襄都区", "南宫市"}
    assert (june[0].city_code, june[0].city) == ("130500", "邢台市")


def test_a_county_without_villages_says_so(made):
    rosters = made({2019: "130501100001 甲居委会 东镇\n130502100200 乙村委会 西镇\n130502100001 丙居委会 西镇"})
    assert [county.has_villages for county in rosters.counties(date(2019, 6, 1))] == [False, True]


def test_towns_are_those_that_have_units(rosters):
    towns = {unit.town_code: unit.town for unit in rosters.units(date(2019, 12, 1))}
    assert towns["130582004"] == "赞善街道"
    assert "130525400" not in towns  # 柳行农场 holds only a look-alike


def test_table_has_one_row_per_unit_and_agrees_with_the_units(rosters):
    month = date(2020, 6, 1)
    table, units = rosters.table(month), rosters.units(month)
    assert table["code"].to_pylist() == [unit.code for unit in units] == sorted({unit.code for unit in units})
    assert table["kind"].to_pylist() == [unit.kind for unit in units]
    row = dict(zip(table["code"].to_pylist(), table.to_pylist(), strict=True))["130505100008"]
    assert (row["name"], row["county"], row["municipal_district"], row["shared_funding"]) == (
        "彰台居委会",
        "任泽区",
        True,
        False,
    )


def test_county_table_has_one_row_per_county(rosters):
    table = rosters.county_table(date(2020, 6, 1))
    assert table.num_rows == 19
    assert table.column_names[:4] == ["code", "name", "short", "type"]


def test_names_that_stand_twice_in_a_county_are_the_known_23(rosters):
    names = [(unit.county_code, unit.name) for unit in rosters.units(date(2023, 6, 1))]
    assert sum(names.count(pair) == 2 for pair in set(names) if names.count(pair) > 1) == 23


def test_loading_and_tables_do_not_import_pandas():
    program = (
        "import sys; from datetime import date; from pipelines import settings; from pipelines.reference import roster;"
        "r = roster.load(settings.load().reference); r.table(date(2020, 6, 1)); r.county_table(date(2020, 6, 1));"
        "sys.exit('pandas' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=settings.REPOSITORY, check=False)
    assert done.returncode == 0
