"""How units are followed: real edges checked by hand, things that must not match, and what holds of all edges."""

from collections import Counter, defaultdict
from datetime import date
from itertools import combinations, pairwise

import pytest

from pipelines.errors import Refusal
from pipelines.reference.roster import RURAL
from pipelines.reference.roster.kinds import is_unit
from pipelines.reference.roster.succession import RULES
from pipelines.reference.roster.unit_names import Folding, stem, town_stem

YEARS = range(2016, 2024)
PAIRS = list(pairwise(YEARS))

# from, code, name, to, code, name, type, rule, moved: looked up one by one in the CSVs of both years.
EDGES = """
2016 130522100201 北街村委会 2017 130522100001 北街居民委员会 recoded name_in_town -
2016 130532100236 里村村委会 2017 130532100018 里村居委会 recoded name_in_town -
2016 130582001006 八〇一居委会 2017 130582001006 801居委会 renamed reviewed -
2016 130502005205 白塔村委会 2017 130502005013 白塔社区居民委员会 recoded name_in_town -
2017 130532100018 里村居委会 2018 130532001029 里村居委会 recoded name_in_town town
2017 130532100234 东田村村委会 2018 130532001213 东田村村委会 recoded name_in_town town
2017 130503001200 葛庄村委会 2018 130503001056 葛家庄社区居委会 recoded reviewed -
2017 130503008202 林庄村委会 2018 130503008011 林庄社区居委会 recoded name_in_town -
2018 130502001021 东关社区居委会 2019 130502001021 东关社区居委会 same code_and_name -
2019 130521103201 晏家屯村委会 2020 130502103201 晏家屯村委会 recoded name_in_town county
2019 130521104201 南石门村委会 2020 130503102201 南石门村委会 recoded name_in_town county
2019 130521206201 冀家村村委会 2020 130503207201 冀家村村委会 recoded name_in_town county
2019 130526100008 彰台居委会 2020 130505100008 彰台居委会 recoded name_in_town county
2019 130526204201 骆庄六村委会 2020 130505203201 骆庄六村委会 recoded name_in_town county
2019 130527100209 南王庄村委会 2020 130506100209 南王庄村委会 recoded name_in_town county
2019 130527101243 骆驼牧村委会 2020 130506101243 牧村委会 recoded reviewed county
2019 130502200211 北郭庄村委会 2020 130502200016 北郭庄社区居民委员会 recoded name_in_town -
2019 130535200217 大十里村委会 2020 130535200217 大十二里村委会 renamed reviewed -
2020 130502005201 翟村村委会 2021 130502005201 翟村村村民委员会 renamed variant -
2020 130503106217 东牛庄村委会 2021 130503106217 东牛家庄村村民委员会 renamed variant -
2020 130503110202 北明水村委会 2021 130503110202 明水村村民委员会 renamed reviewed -
2020 130505100028 吉家庄居委会 2021 130505100028 吉庄社区居民委员会 renamed variant -
2020 130505100008 彰台居委会 2021 130505100008 彰台居社区居民委员会 renamed reviewed -
2020 130505101213 辛市第一村委会 2021 130505101213 新一村村民委员会 renamed reviewed -
2020 130505202210 前颜懈村委会 2021 130505202010 前颜懈社区居民委员会 recoded name_in_town -
2020 130505202212 温家庄村委会 2021 130505202012 温庄社区居民委员会 recoded reviewed -
2020 130505203201 骆庄六村委会 2021 130505203201 骆庄村第六村民委员会 renamed variant -
2020 130506204204 西大村委会 2021 130506103204 东宋村西大村民委员会 recoded reviewed -
2020 130506204205 东大村委会 2021 130506103205 东宋村东大村民委员会 recoded reviewed -
2020 130506101243 牧村委会 2021 130506101243 骆驼牧村民委员会 renamed reviewed -
2020 130522200206 候家韩村委会 2021 130522104206 侯家韩村民委员会 recoded variant -
2020 130524103203 中町村委会 2021 130524103203 中疃村村民委员会 renamed variant -
2020 130525205201 大张庄村村委会 2021 130525205201 大张家庄村民委员会 renamed variant -
2020 130528209201 大曹庄东镇村委会 2021 130528111201 东镇村村民委员会 recoded variant -
2020 130528001201 王村村委会 2021 130528001001 王村居民委员会 recoded name_in_town -
2020 130528108202 赵羊杯村委会 2021 130528108202 赵羊盃村村民委员会 renamed variant -
2020 130532001023 魏闫庄居委会 2021 130532001023 魏阎庄社区居民委员会 renamed variant -
2020 130533203211 赵家庄村委会 2021 130533111211 北赵庄村民委员会 recoded reviewed -
2020 130535204206 卫罗庵村委会 2021 130535106206 卫罗菴村委会 recoded variant -
2020 130571104217 新荣庄村委会 2021 130571104001 荣庄社区居民委员会 recoded reviewed -
2020 130571100201 东汪村村委会 2021 130571100002 东汪社区居民委员会 recoded name_in_town -
2020 130582201201 册井东南街村委会 2021 130582201201 东南街村村民委员会 renamed variant -
2020 130582104216 称弯村委会 2021 130582104216 城湾村村民委员会 renamed reviewed -
2021 130571104225 善下南村村民委员会 2022 130571001225 善南村村民委员会 recoded reviewed -
2021 130571104224 东赵村西街村村民委员会 2022 130571001224 赵西村村民委员会 recoded reviewed -
2021 130571400014 永红庄社区居民委员会 2022 130571002014 永红庄社区居民委员会 recoded name_in_town -
2021 130528100201 得胜村村民委员会 2022 130528100023 得胜居民委员会 recoded name_in_town -
2021 130506103201 东北部村民委员会 2022 130506103201 三思东北部村民委员会 renamed variant -
2021 130582201201 东南街村村民委员会 2022 130582108201 东南街村村民委员会 recoded name_in_town -
2022 130581001033 冀南路居民委员会 2023 130581001033 冀南路居民委员会 same code_and_name -
"""


def edges_of(rosters, earlier, later):
    return {edge.before.code: edge for edge in rosters.edges(earlier, later) if edge.before}


@pytest.mark.parametrize("line", EDGES.strip().splitlines())
def test_a_real_edge_checked_by_hand(rosters, line):
    earlier, code, was, later, successor, now, kind, rule, moved = line.split()
    edge = edges_of(rosters, int(earlier), int(later))[code]
    assert (edge.after.code, edge.type, edge.rule, edge.moved or "-") == (successor, kind, rule, moved)
    assert (edge.before.name, edge.after.name) == (was, now)
    assert edge.evidence


@pytest.mark.parametrize(
    ("earlier", "code", "tempting"),
    [
        (2020, "130502001063", "130502001063"),  # 东关一社区 / 博物馆社区: the code passed to another community
        (2020, "130502001021", "130502001064"),  # 东关社区: its name now stands at the code that was 东关二社区
        (2020, "130502001064", "130502001064"),  # 东关二社区 / 东关社区
        (2020, "130502200014", "130502200014"),  # 大吴庄社区 / 新吴庄社区: 小吴庄 ended too, so perhaps a merger
        (2020, "130502004058", "130502004058"),  # 西关街社区 / 西关社区, beside 西关西口社区 that ended
        (2020, "130503002062", "130503002062"),  # 秀兰社区 / 守信社区
        (2020, "130502005005", "130502200017"),  # 李家庄社区 of 泉东街道 / of 大梁庄乡: same name, another town
        (2020, "130523100003", "130523100006"),  # 平安小区居委会 / 平安社区居民委员会, among ten new ones
        (2020, "130523205212", "130523205212"),  # 富岗山庄 / 岗底: nothing in the rosters proves it
        (2020, "130535101001", "130535101001"),  # 南居委会 / 东升街居民委员会
        (2021, "130524102210", "130524102210"),  # 南鲁西 / 西大
        (2022, "130503006002", "130503006002"),  # 爱民社区 / 文泉社区
        (2019, "130527100004", "130506100008"),  # 和阳东村居委会 / 和阳社区居委会
    ],
)
def test_a_tempting_match_is_left_open(rosters, earlier, code, tempting):
    edge = edges_of(rosters, earlier, earlier + 1)[code]
    assert (edge.type, edge.after) == ("open", None)
    began = {edge.after.code: edge for edge in rosters.edges(earlier, earlier + 1) if edge.after}
    assert (began[tempting].type, began[tempting].before) == ("open", None)


def test_a_unit_without_any_candidate_is_abolished_or_new(rosters):
    assert edges_of(rosters, 2017, 2018)["130534100009"].type == "abolished"  # 国际羊绒科技园区居委会
    new = {edge.after.code: edge for edge in rosters.edges(2017, 2018) if edge.type == "new"}
    assert new["130532001013"].evidence == "此前为统计用代码 130532001400 育才社区居委会，不是调查单位"
    listed = {edge.after.code: edge for edge in rosters.edges(2016, 2017) if edge.type == "new"}
    assert listed["130571100201"].evidence == "整个乡镇首次列入名册，此前的名册中没有可对应的单位"


# -- the facts of 2020-06 ---------------------------------------------------------------------------------------------


def test_xingtai_county_went_to_two_districts_and_nobody_was_lost(rosters):
    flows = Counter(
        (edge.before.county, edge.after.county) for edge in rosters.edges(2019, 2020) if edge.moved == "county"
    )
    assert flows == {
        ("邢台县", "襄都区"): 19,
        ("邢台县", "信都区"): 501,
        ("任县", "任泽区"): 195,
        ("南和县", "南和区"): 218,
    }


def test_codes_whose_name_changed_between_2019_and_2023_are_the_known_3602(rosters):
    before, after = ({row.code: row.name for row in rosters.rows(year)} for year in (2019, 2023))
    assert sum(before[code] != after[code] for code in before.keys() & after.keys()) == 3602


# -- what holds of all edges ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("earlier", "later"), PAIRS)
def test_every_unit_stands_in_one_edge_on_each_side(rosters, earlier, later):
    edges = rosters.edges(earlier, later)
    before = [edge.before.code for edge in edges if edge.before]
    after = [edge.after.code for edge in edges if edge.after]
    assert sorted(before) == [row.code for row in rosters.rows(earlier) if is_unit(row.code)]
    assert sorted(after) == [row.code for row in rosters.rows(later) if is_unit(row.code)]


@pytest.mark.parametrize(("earlier", "later"), PAIRS)
def test_types_say_what_the_sides_show(rosters, earlier, later):
    for edge in rosters.edges(earlier, later):
        assert edge.rule in RULES
        assert edge.since == rosters.of_year(later).cut_off
        if edge.one_to_one:
            same_code, same_name = edge.before.code == edge.after.code, edge.before.name == edge.after.name
            assert edge.type == ("recoded" if not same_code else "same" if same_name else "renamed")
        else:
            assert (edge.before is None) != (edge.after is None)


@pytest.mark.parametrize(("earlier", "later"), PAIRS)
def test_no_village_takes_the_name_of_a_neighbour(rosters, earlier, later):
    """If codes had been permuted inside a town, a followed village would bear a name that another one there had before."""
    names = defaultdict(set)
    for row in rosters.rows(earlier):
        names[row.town_code, stem(row.name)].add(row.code)
    for edge in rosters.edges(earlier, later):
        if edge.one_to_one and stem(edge.before.name) != stem(edge.after.name):
            assert not names[edge.before.town_code, stem(edge.after.name)] - {edge.before.code}


@pytest.mark.parametrize(("earlier", "later"), list(combinations(YEARS, 2)))
def test_units_reconcile_in_every_county_for_every_pair_of_years(rosters, earlier, later):
    balances = rosters.reconcile(earlier, later)
    for item in balances:
        assert item.before + item.created - item.abolished + item.moved_in - item.moved_out == item.after
    city, counties = balances[-1], balances[:-1]
    assert (city.moved_in, city.moved_out) == (0, 0)
    for field in ("before", "created", "abolished", "created_open", "abolished_open", "after"):
        assert sum(getattr(item, field) for item in counties) == getattr(city, field)
    assert sum(item.moved_in for item in counties) == sum(item.moved_out for item in counties)
    assert city.before == sum(is_unit(row.code) for row in rosters.rows(earlier))


def test_edges_over_several_years_join_the_steps(rosters):
    edges = edges_of(rosters, 2016, 2022)
    assert edges["130532100236"].after.code == "130532001029"  # 里村: village, community, moved with its town
    assert edges["130532100236"].moved == "town"
    assert edges["130526204201"].after.name == "骆庄村第六村民委员会"
    assert edges["130502001063"].type == "open"
    with pytest.raises(Refusal, match="名册只能由旧到新对应"):
        rosters.edges(2020, 2019)


# -- identity and place -----------------------------------------------------------------------------------------------


def test_identity_stays_through_recoding_and_ends_where_the_unit_is_open(rosters):
    uids = {year: {unit.code: unit.uid for unit in rosters.units(date(year, 12, 1))} for year in YEARS}
    assert uids[2016]["130532100236"] == uids[2023]["130532001029"] == "130532100236@2016"
    assert uids[2020]["130502001063"] == "130502001063@2016"
    assert uids[2021]["130502001063"] == "130502001063@2021"
    assert all(len(set(of_year.values())) == len(of_year) for of_year in uids.values())


def test_a_unit_is_followed_both_ways(rosters):
    before, after = date(2019, 6, 1), date(2020, 6, 1)
    later, earlier = (
        {row["code"]: row["to_code"] for row in rosters.as_of(*span).to_pylist()}
        for span in ((before, after), (after, before))
    )
    assert (later["130521104201"], earlier["130503102201"]) == ("130503102201", "130521104201")
    assert rosters.code_in("130521104201", after) == "130503102201"
    gone = {row["code"]: row["placed_by"] for row in rosters.as_of(before, date(2021, 12, 1)).to_pylist()}
    assert gone["130502001063"] == "town"


def test_as_of_places_every_unit_of_2018_under_the_divisions_of_2020(rosters):
    month, now = date(2018, 8, 1), date(2020, 12, 1)
    rows = {row["code"]: row for row in rosters.as_of(month, now).to_pylist()}
    assert list(rows) == [unit.code for unit in rosters.units(month)]
    counties = {county.code for county in rosters.counties(now)}
    assert {row["county_code"] for row in rows.values()} == counties
    village = rows["130521104201"]
    assert (village["town"], village["county"], village["placed_by"], village["reason"]) == (
        "南石门镇",
        "信都区",
        "unit",
        None,
    )
    ended = rows["130527100001"]  # 建设大街居委会: open, but its town lives on
    assert (ended["to_code"], ended["town"], ended["county"], ended["placed_by"]) == (None, "和阳镇", "南和区", "town")
    assert ended["reason"].startswith("2020年版名册：去向或来历未定；可能对应：")


def test_as_of_the_same_month_changes_nothing(rosters):
    month = date(2019, 6, 1)
    for unit, row in zip(rosters.units(month), rosters.as_of(month, month).to_pylist(), strict=True):
        assert (unit.code, unit.town, unit.county, "unit") == (
            row["to_code"],
            row["town"],
            row["county"],
            row["placed_by"],
        )


def test_as_of_an_earlier_month_leaves_the_place_of_a_new_unit_empty(rosters):
    rows = {row["code"]: row for row in rosters.as_of(date(2023, 7, 1), date(2019, 12, 1)).to_pylist()}
    assert rows["130530100001"]["county_code"] is None  # 祥泰社区, new in 2023
    assert rows["130530100001"]["reason"] == "2023年版名册：新设；旧版名册中该乡镇没有任何可能的前身"
    assert rows["130503102201"]["county"] == "邢台县"


# -- rules on made rosters --------------------------------------------------------------------------------------------


def types(rosters):
    return [
        (edge.type, edge.before and edge.before.code[-3:], edge.after and edge.after.code[-3:])
        for edge in rosters.edges(2019, 2020)
    ]


def test_two_names_exchanged_between_two_codes_are_left_open(made):
    before = "130501100001 甲社区居委会 东镇\n130501100002 乙社区居委会 东镇"
    after = "130501100001 乙社区居委会 东镇\n130501100002 甲社区居委会 东镇"
    assert {kind for kind, _, _ in types(made({2019: before, 2020: after}))} == {"open"}


def test_a_name_that_stands_twice_in_its_town_is_left_open(made):
    before = "130501100200 甲村委会 东镇\n130501100201 甲村村委会 东镇"
    after = "130501100001 甲社区居委会 东镇"
    assert {kind for kind, _, _ in types(made({2019: before, 2020: after}))} == {"open"}


def test_a_variant_counts_at_the_same_place_only(made):
    variants = "{characters: 侯候, reason: 试验}"
    before, same_place = "130501100200 候庄村委会 东镇", "130501100200 侯庄村委会 东镇"
    assert types(made({2019: before, 2020: same_place}, variants=variants)) == [("renamed", "200", "200")]
    elsewhere = "130501100201 侯庄村委会 东镇"
    assert [kind for kind, *_ in types(made({2019: before, 2020: elsewhere}, variants=variants))] == ["open", "open"]
    assert [kind for kind, *_ in types(made({2019: before, 2020: same_place}))] == ["open", "open"]


def test_four_fifths_of_the_names_prove_a_town_and_one_less_does_not(made):
    names = "甲乙丙丁戊"
    before = "\n".join(f"13050120020{n} {name}村委会 东乡" for n, name in enumerate(names))
    kept = "\n".join(f"13050110020{n} {name}村委会 西镇" for n, name in enumerate("甲乙丙丁己"))
    fewer = "\n".join(f"13050110020{n} {name}村委会 西镇" for n, name in enumerate("甲乙丙庚己"))
    assert Counter(kind for kind, *_ in types(made({2019: before, 2020: kept}))) == {"recoded": 4, "open": 2}
    assert {kind for kind, *_ in types(made({2019: before, 2020: fewer}))} == {"open"}


def test_a_town_code_given_to_another_town_proves_nothing(made):
    before = "130501100200 甲村委会 东镇\n130501100201 乙村委会 东镇"
    after = "130501100202 甲村委会 西镇\n130501100203 丙村委会 西镇"
    assert ("recoded", "200", "202") not in types(made({2019: before, 2020: after}))


def test_merged_and_split_are_reviewed_edges_and_reconcile(made):
    before = "130501100001 甲居委会 东镇\n130501100002 乙居委会 东镇\n130501100200 丙村委会 东镇"
    after = "130501100003 丁居委会 东镇\n130501100201 丙东村委会 东镇\n130501100202 丙西村委会 东镇"
    decisions = ",".join(
        f'{{from: "2019:130501100{a}", was: {was}, to: "2020:130501100{b}", now: {now}, type: {kind}, reason: 试验}}'
        for a, was, b, now, kind in [
            ("001", "甲居委会", "003", "丁居委会", "merged"),
            ("002", "乙居委会", "003", "丁居委会", "merged"),
            ("200", "丙村委会", "201", "丙东村委会", "split"),
            ("200", "丙村委会", "202", "丙西村委会", "split"),
        ]
    )
    rosters = made({2019: before, 2020: after}, reviewed=decisions)
    assert [kind for kind, *_ in types(rosters)] == ["merged", "merged", "split", "split"]
    city = rosters.reconcile(2019, 2020)[-1]
    assert (city.before, city.created, city.abolished, city.after) == (3, 3, 3, 3)
    reasons = [row["reason"] for row in rosters.as_of(date(2019, 12, 1), date(2020, 12, 1)).to_pylist()]
    assert [reason.split("；")[0] for reason in reasons] == ["2020年版名册：合并"] * 2 + ["2020年版名册：拆分"]


# -- names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "proper"),
    [
        ("东街村委会", "东街"),
        ("东街村村民委员会", "东街"),
        ("东街村村委会", "东街"),
        ("东街社区居委会", "东街"),
        ("东街社区居民委员会", "东街"),
        ("东街居民委员会", "东街"),
        ("东街社区", "东街"),
        ("村委会", "村委会"),
    ],
)
def test_stem_drops_the_style_of_the_committee(name, proper):
    assert stem(name) == proper


def test_town_stem_drops_the_rank():
    assert {town_stem(name) for name in ("黑城乡", "黑城镇", "黑城街道", "黑城街道办事处", "黑城办事处")} == {"黑城"}


def test_folding_sets_aside_fillers_variants_and_the_town():
    folding = Folding(["侯候"])
    assert folding.fold("册井东南街村委会", "册井乡") == folding.fold("东南街村村民委员会", "册井镇")
    assert folding.fold("候家庄村委会", "东镇") == folding.fold("侯庄村民委员会", "东镇")
    assert folding.fold("册井村委会", "册井乡") == "册井"  # a village may bear its town's name
    assert folding.fold("东庄村委会", "东镇") != folding.fold("西庄村委会", "东镇")


def test_reviewed_edges_are_needed(rosters):
    """A decision that a rule takes as well is noise; none of them is about a village that turned into another kind unseen."""
    for earlier, later in PAIRS:
        for edge in rosters.edges(earlier, later):
            if edge.rule == "reviewed" and edge.one_to_one:
                assert stem(edge.before.name) != stem(edge.after.name)


def test_villages_are_never_called_urban(rosters):
    assert {unit.kind for unit in rosters.units(date(2020, 6, 1)) if unit.code[9] in "23"} == {RURAL}
