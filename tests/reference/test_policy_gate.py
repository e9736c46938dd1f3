"""The gate of the register: what is refused, and in which words."""

import shutil
from pathlib import Path

import pytest

from pipelines.errors import Refusal
from pipelines.reference import form
from pipelines.reference.policy import register
from pipelines.reference.policy.expression import compile_expression
from tests import small_city

REFERENCE = small_city.REFERENCE
WHERE = "policies/opinions-2018/register.yaml"


@pytest.fixture(scope="module")
def survey():
    return form.load(REFERENCE)


@pytest.fixture
def refused(survey, tmp_path):
    """`refused(entry)`: the words in which a register with that one indicator, and rollups, is refused."""

    def words(entry: str, rollups: str = "") -> str:
        place = tmp_path / "policies" / "opinions-2018"
        place.mkdir(parents=True, exist_ok=True)
        shutil.copy(REFERENCE / "policies" / "opinions-2018" / "text.txt", place)
        _write(place / "register.yaml", entry, rollups)
        with pytest.raises(Refusal) as caught:
            register.load(tmp_path, survey)
        return str(caught.value)

    return words


def _write(path: Path, entries: str, rollups: str) -> None:
    head = (
        "policy: {id: opinions-2018, title: 意见, issuer: 市委, published: 2018-07-19, since: 2018-07, due: 2020-12}\n"
        f"rollups: {{{rollups}}}\nindicators:\n"
    )
    path.write_text(head + "".join(f"  - {{{entry}}}\n" for entry in entries.split("\n")), encoding="utf-8")


COMMON = 'id: one, name: 一项, wording: required, unit: "%"'
QUOTED = f"{COMMON}, clause: 五, quote: 完善村民中心功能"
COMMUNITY = f"{QUOTED}, of: community"
COUNTY = f"{QUOTED}, of: county"


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        # the entry itself
        (f"{COMMUNITY}, share: facility, headlin: true", f"{WHERE}：one：不认识的键“headlin”；是否为 headline？"),
        (
            f"{COMMUNITY}, share: facility, share: pilot",
            "register.yaml：第4行：键“share”在同一条目中出现两次；请删去一个",
        ),
        (f"{COMMUNITY}, share: facility\n{COMMUNITY}, share: pilot", f"{WHERE}：指标 one 出现两次；请改名或删去一个"),
        (COMMUNITY, "one：share 和 ratio 须恰有其一"),
        (
            f'{COMMUNITY}, share: facility, ratio: {{numerator: staff, denominator: "1"}}',
            "one：share 和 ratio 须恰有其一",
        ),
        (f"{COUNTY}, share: agency, level: town", "one：以县为单位的指标没有 town 级；level 请用 county 或 city"),
        (
            f"{COMMUNITY}, share: facility, breakdown: pilot_typ",
            "one：breakdown：没有字段 pilot_typ；是否为 pilot_type？",
        ),
        # its quote
        (
            f"{COMMON}, of: community, share: facility, clause: 五, quote: 完善村民中心的功能",
            "one：引文“完善村民中心的功能”不在条款 五 中；政策全文中没有这句话；请照原文（含标点）摘录",
        ),
        (
            f"{COMMON}, of: community, share: facility, clause: 三(七), quote: 完善村民中心功能",
            "one：引文“完善村民中心功能”不在条款 三(七) 中；它在 五 中",
        ),
        (
            f"{COMMON}, of: community, share: facility, clause: 三(九), quote: 完善村民中心功能",
            "one：政策没有条款 三(九)；是否为 三(四)？",
        ),
        # its target
        (
            f"{COMMUNITY}, share: facility, target: {{at_least: 50, at_most: 60, by: 2020-12}}",
            "one：target 须恰有 at_least、at_most、between 之一",
        ),
        (
            f"{COMMUNITY}, share: facility, target: {{by: 2020-12}}",
            "one：target 须恰有 at_least、at_most、between 之一",
        ),
        (
            f"{COMMUNITY}, share: facility, target: {{between: [60, 50], by: 2020-12}}",
            "one：target.between 的下限应小于上限",
        ),
        (f"{COMMUNITY}, share: facility, target: {{at_least: 50.00001, by: 2020-12}}", "one：target 最多四位小数"),
        # its expressions
        (
            f"{COMMUNITY}, share: info_platfrm",
            "one：表达式“info_platfrm”中没有字段 info_platfrm；是否为 info_platform？",
        ),
        (f"{COMMUNITY}, share: facility > 3", "one：表达式“facility > 3”中“facility”是是否而“3”是数，不能相比"),
        (f"{COMMUNITY}, share: households", "one：表达式“households”应得是否，实际得数"),
        (
            f"{COMMUNITY}, share: facility AND households",
            "one：表达式“facility AND households”中“households”应为是否，实际为数",
        ),
        (
            f"{COMMUNITY}, share: population / households > 3",
            "one：表达式“population / households > 3”中不允许使用“除法”；请把除数乘到另一边",
        ),
        (
            f"{COMMUNITY}, share: \"kind = '农村社会'\"",
            "one：表达式“kind = '农村社会'”中“农村社会”不是 kind 的可选项；是否为 农村社区？",
        ),
        (
            f"{COMMUNITY}, share: \"established >= '2018年'\"",
            "one：表达式“established >= '2018年'”中“2018年”不是 2018-07 形式的月份",
        ),
        (f'{COMMUNITY}, share: "facility AND ("', "one：表达式“facility AND (”不合语法；请检查括号、引号和运算符"),
        (
            f'{COMMUNITY}, share: "length(name) > 3"',
            "one：表达式“length(name) > 3”中不允许使用“LENGTH(name)”",
        ),
        (
            f"{COMMUNITY}, share: CASE WHEN facility THEN pilot ELSE 1 END",
            "one：表达式“CASE WHEN facility THEN pilot ELSE 1 END”中 CASE 的各个结果类型不一致",
        ),
    ],
)
def test_refused_in_these_words(refused, entry, said):
    assert refused(entry) == said


@pytest.mark.parametrize(
    ("share", "rollups", "said"),
    [
        ("rollup.pilots = 5", "pilots: {sum: pilot}", "one：表达式“rollup.pilots = 5”中 rollup.pilots 只能用 > >= < <= 比较"),
        (
            "5 <= rollup.pilots",
            "pilots: {sum: pilot}",
            "one：表达式“5 <= rollup.pilots”中 rollup.pilots 只能与一个数比较大小，如 rollup.pilots >= 5",
        ),
        ("agency", "pilots: {sum: pilott}", f"{WHERE}：rollups.pilots：表1 没有字段 pilott；是否为 pilot？"),
        ("agency", "pilots: {sum: name}", f"{WHERE}：rollups.pilots：字段 name 不能合计；请用是否或计数字段"),
        ("rollup.pilot >= 5", "pilots: {sum: pilot}", "one：表达式“rollup.pilot >= 5”中没有字段 rollup.pilot；是否为 rollup.pilots？"),
    ],
)  # fmt: skip
def test_a_total_misused_is_refused(refused, share, rollups, said):
    assert refused(f'{COUNTY}, share: "{share}"', rollups) == said


def test_an_id_that_is_no_plain_name_is_refused(refused):
    said = refused(f"{COMMUNITY.replace('id: one', 'id: One-1')}, share: facility")
    assert said.startswith(f"{WHERE}：One-1：“id”的值 'One-1' 不合要求（") and "id 只能用小写字母、数字和下划线" in said


def test_a_policy_that_there_is_not_is_refused(survey):
    with pytest.raises(Refusal, match="没有政策 plan-2030；现有：opinions-2018、plan-2021"):
        register.load(REFERENCE, survey, "plan-2030")


def test_an_indicator_that_there_is_not_is_refused_with_the_nearest(survey):
    with pytest.raises(Refusal, match="没有指标 facility_rurl；是否为 facility_rural"):
        _ = register.load(REFERENCE, survey)["facility_rurl"]


@pytest.mark.parametrize(
    "source", ["facility; DROP TABLE unit", "(SELECT 1) = 1", "facility::INT = 1", "name LIKE '%'"]
)
def test_nothing_but_an_expression_gets_through(survey, source):
    names = register.field_names(survey.community, "answer")
    with pytest.raises(Refusal):
        compile_expression(source, names, "one", "boolean")
