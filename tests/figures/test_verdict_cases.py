"""The worked examples of `tests/specs/verdicts`: every sentence of semantics §5 and §6, on both sides of its edge."""

from fractions import Fraction
from pathlib import Path

import pytest

from lab.audit import declared
from tests.figures.oracle_v2 import Table

FOLDER = Path(__file__).parents[1] / "specs" / "verdicts"
CASES = [case for path in sorted(FOLDER.glob("*.yaml")) for case in declared.load(path)]
KEYS = {
    "数值": "value", "已知": "known", "下限": "lower", "上限": "upper", "分子": "numerator", "分母": "denominator", "未填报": "unknown",
    "未达到": "failing", "沿用": "carried", "还差": "gap", "还差_未达标": "gap_failing", "还差_未填报": "gap_unknown",
    "状态": "status", "低端": "if_low", "高端": "if_high", "按最近报送": "if_last",
    "显示": "shown", "决定的县": "deciding",
}  # fmt: skip
STATUSES = {
    "不适用": "not_applicable", "无数据": "no_data", "仅监测": "tracked", "已达标": "met", "逾期未达标": "overdue",
    "起步期": "starting", "倒退": "reversing", "进度正常": "on_track", "进度偏慢": "lagging", "严重滞后": "off_track",
    "待核实": "unproven",
}  # fmt: skip

# in place of a result: there is no such figure
NO_FIGURE = "没有这个数字"


def plain(value: object) -> object:
    """What stands in an example: a status, nothing, or an exact number."""
    if value == "空":
        return None
    if isinstance(value, str) and not value[:1].isdigit():
        return STATUSES.get(value, value)
    return Fraction(value)


@pytest.mark.parametrize("case", CASES, ids=[case["says"] for case in CASES])
def test_worked_example(case):
    recomputed = Table(case).figure()
    if case["result"] == NO_FIGURE:
        assert recomputed is None
        return
    assert {name: recomputed[KEYS[name]] for name in case["result"]} == {n: plain(v) for n, v in case["result"].items()}


def test_every_status_has_an_example():
    assert {case["result"].get("状态") for case in CASES if case["result"] != NO_FIGURE} >= set(STATUSES)


def test_no_example_stands_twice():
    assert len({case["says"] for case in CASES}) == len(CASES)
