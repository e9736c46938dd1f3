"""Both sides of each boundary that decides what a code is and which kind a unit has."""

from datetime import date

import pytest

from pipelines.errors import Refusal
from pipelines.reference.roster import RURAL, TOWN, URBAN, kinds

JUNE, MAY = date(2020, 6, 1), date(2020, 5, 1)


@pytest.mark.parametrize(
    ("digits", "community", "village"),
    [
        ("000", False, False),
        ("001", True, False),
        ("199", True, False),
        ("200", False, True),
        ("399", False, True),
        ("400", False, False),
        ("599", False, False),
        ("600", False, False),
    ],
)
def test_digits_10_to_12_tell_community_village_and_look_alike(digits, community, village):
    code = "130522100" + digits
    assert (kinds.is_community(code), kinds.is_village(code)) == (community, village)
    assert kinds.is_unit(code) == (community or village)


@pytest.mark.parametrize(
    ("digits", "street"), [("000", False), ("001", True), ("099", True), ("100", False), ("400", False)]
)
def test_digits_7_to_9_tell_a_street(digits, street):
    assert kinds.is_street("130581" + digits) is street


def test_in_every_edition_the_code_and_the_name_agree_on_streets_but_for_one_town(rosters):
    for edition in rosters.editions:
        towns = {row.town_code: row.town for row in rosters.rows(edition.year)}
        odd = {code for code, name in towns.items() if kinds.is_street(code) != name.endswith(("街道", "街道办事处"))}
        assert odd == ({"130582004"} if edition.year < 2019 else set())  # 赞善办事处, since 2019 赞善街道


@pytest.mark.parametrize(
    ("code", "county_type", "municipal", "kind"),
    [
        ("130502001001", "市辖区", True, URBAN),
        ("130502101001", "市辖区", True, URBAN),  # a 镇 of a district counts as well
        ("130571400001", "开发区", True, URBAN),
        ("130581001001", "县级市", False, URBAN),  # 街道 of a county-level city
        ("130581100001", "县级市", False, TOWN),  # its 镇
        ("130528001001", "县", False, TOWN),  # 街道 of a county: 宁北街道
        ("130528100001", "县", False, TOWN),
        ("130502001200", "市辖区", True, RURAL),  # a village stays rural wherever it lies
        ("130581001200", "县级市", False, RURAL),
    ],
)
def test_kind_follows_committee_county_and_street(code, county_type, municipal, kind):
    assert kinds.derive(code, county_type, municipal) == kind


def test_a_community_becomes_urban_in_the_month_its_county_becomes_a_district(made):
    rosters = made({2019: LINES})
    assert [unit.kind for unit in rosters.units(MAY)] == [TOWN, RURAL]
    assert [unit.kind for unit in rosters.units(JUNE)] == [URBAN, RURAL]


LINES = "130502100001 东关居委会 东镇\n130502100200 西村村委会 东镇\n130502100400 开发区社区 东镇"


def test_renze_and_nanhe_turn_urban_with_the_edition_of_june_2020(rosters):
    before = {unit.name: unit.kind for unit in rosters.units(MAY) if unit.county == "任县"}
    after = {unit.name: unit.kind for unit in rosters.units(JUNE) if unit.county == "任泽区"}
    assert before["彰台居委会"] == TOWN
    assert after["彰台居委会"] == URBAN


def test_a_reviewed_kind_holds_in_its_months_only(made):
    override = '{code: "130502100001", kind: 城市社区, reason: 试验, from: 2020-01, until: 2020-02}'
    rosters = made({2019: LINES}, overrides=override)
    kinds_by_month = [
        rosters.units(date(year, month, 1))[0].kind for year, month in [(2019, 12), (2020, 1), (2020, 2), (2020, 3)]
    ]
    assert kinds_by_month == [TOWN, URBAN, URBAN, TOWN]


@pytest.mark.parametrize(
    ("code", "words"),
    [("130502100400", "不是居委会或村委会的代码"), ("130502100099", "任何一版名册中都没有代码 130502100099")],
)
def test_a_reviewed_kind_for_a_look_alike_or_an_unknown_code_is_refused(made, code, words):
    with pytest.raises(Refusal, match=words):
        made({2019: LINES}, overrides=f'{{code: "{code}", kind: 城市社区, reason: 试验}}')
