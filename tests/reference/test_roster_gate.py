"""What the gate refuses, in the words that a person reads; and what the digest notices."""

import pytest

from pipelines.errors import Refusal
from pipelines.reference import roster


def spoil(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("counties.yaml", "shared_funding: always}", "shared_fundin: always}", "shared_funding"),
        ("counties.yaml", '"130503"', '"130502"', "县（市、区） 130502 出现两次"),
        ("counties.yaml", "from: 2020-06", "from: 2020-13", "130505：“2020-13”不是月份"),
        (
            "counties.yaml",
            "{from: 2020-06}",
            "{from: 2020-06, until: 2020-01}",
            "起始月份 2020-06 晚于结束月份 2020-01",
        ),
        ("counties.yaml", "type: 县级市", "type: 市", "“type”的值 '市' 不合要求"),
        ("rosters/editions.yaml", "cut_off: 2017-10-31", "cut_off: 2017-10-32", "截止日“2017-10-32”不是日期"),
        ("rosters/editions.yaml", "cut_off: 2017-10-31", "cut_off: 2016-07-31", "2017 年版应排在 2016 年版之后"),
        ("rosters/editions.yaml", "xingtai_2017.csv", "xingtai_2071.csv", "找不到名册文件 xingtai_2071.csv"),
        ("succession.yaml", "type: renamed, reason", "type: rename, reason", "“type”的值 'rename' 不合要求"),
        ("succession.yaml", "was: 八〇一居委会, ", "", "请用 was、now 写明两边在名册中的名称"),
        ("succession.yaml", "2017:130582001006", "2018:130582001006", "应为相邻的两版名册"),
        ("succession.yaml", "2016:130582001006", "2023:130582001006", "没有这样的两版名册"),
    ],
)
def test_a_spoiled_declaration_is_refused(reference, file, old, new, words):
    spoil(reference / file, old, new)
    with pytest.raises(Refusal, match=words):
        roster.load(reference).edges(2016, 2017)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("now: 801居委会", "now: 802居委会", "130582001006 在名册中名为“801居委会”，不是“802居委会”"),
        ('to: "2017:130582001006", now: 801居委会', 'to: "2017:130582001999", now: 某居委会', "没有单位 130582001999"),
        ("now: 801居委会, type: renamed", "now: 801居委会, type: recoded", "代码未变应为 renamed"),
    ],
)
def test_a_decision_that_does_not_fit_the_rosters_is_refused(reference, old, new, words):
    spoil(reference / "succession.yaml", old, new)
    with pytest.raises(Refusal, match=words):
        roster.load(reference).edges(2016, 2017)


def test_a_decision_taken_twice_is_refused(reference):
    path = reference / "succession.yaml"
    line = next(line for line in path.read_text(encoding="utf-8").splitlines() if "八〇一" in line and "from" in line)
    spoil(path, line, f"{line}\n{line}")
    with pytest.raises(Refusal, match="被裁定两次"):
        roster.load(reference).edges(2016, 2017)


def test_a_changed_roster_is_refused_until_it_is_registered(reference):
    spoil(reference / "rosters" / "xingtai_2019.csv", "东关社区居委会", "西关社区居委会")
    with pytest.raises(Refusal, match=r"xingtai_2019.csv：文件内容与 editions.yaml 登记的 sha256 不符"):
        roster.load(reference).rows(2019)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("130501100200 甲村委会 东镇\n130501100200 甲村委会 东镇", "代码 130501100200 出现两次"),
        ("13050110020 甲村委会 东镇", "不是12位数字"),
        ("130501100200 甲村委会 东镇\n130501100201 乙村委会 西镇", "130501100 有两个名称"),
        ("130599100200 甲村委会 东镇", "县（市、区） 130599 没有登记在 counties.yaml"),
    ],
)
def test_a_faulty_roster_is_refused(made, lines, words):
    with pytest.raises(Refusal, match=words):
        made({2019: lines}).rows(2019)


def test_a_roster_without_names_of_towns_is_read_with_their_codes(made, tmp_path):
    rosters = made({2019: "130501100200 甲村委会 东镇"})
    (tmp_path / "rosters" / "2019.csv").write_text(
        "code,name,town_code,county_code\n130501100200,甲村委会,130501100,130501\n", encoding="utf-8"
    )
    assert rosters.rows(2019)[0].town == "130501100"


def test_a_missing_column_is_refused(made, tmp_path):
    rosters = made({2019: "130501100200 甲村委会 东镇"})
    (tmp_path / "rosters" / "2019.csv").write_text("code,title\n130501100200,甲\n", encoding="utf-8")
    with pytest.raises(Refusal, match="缺少列 county_code、name、town_code"):
        rosters.rows(2019)


def test_an_unknown_year_is_refused(rosters):
    with pytest.raises(Refusal, match="没有 2015 年版名册；现有：2016、2017"):
        rosters.edges(2015, 2016)


def test_the_digest_is_stable_and_notices_every_file(reference):
    before = roster.load(reference).digest()
    assert roster.load(reference).digest() == before
    seen = {before}
    for name in ("counties.yaml", "kinds.yaml", "succession.yaml", "rosters/editions.yaml", "rosters/xingtai_2016.csv"):
        with (reference / name).open("a", encoding="utf-8") as file:
            file.write("\n")
        seen.add(roster.load(reference).digest())
    assert len(seen) == 6
