"""The catalogue of indicators for officials, in Chinese: `docs/indicators.md`, from the registers and the specs in `tests/specs`."""

from pathlib import Path

from pipelines import settings
from pipelines.edition.statuses import LEVELS, WORDINGS
from pipelines.punctuation import full_width
from pipelines.reference.policy.register import Indicator, Register
from pipelines.reference.reference_bundle import Reference
from pipelines.reference.strict_yaml import Plain, load_yaml

SPECS = settings.REPOSITORY / "tests" / "specs"
SERIES = SPECS / "series"
_COMMON = ("县", "镇", "类型", "个数")


def specs(folder: Path = SPECS) -> list[Plain]:
    """Every worked example: `indicator`, `says`, `units`, `counties`, `figure`; keys as officials say them."""
    return [spec for path in sorted(folder.glob("*.yaml")) for spec in load_yaml(path)]


def cases() -> list[Plain]:
    """Every worked example of a figure's parts and status, over several months: `says`, `months`, `target`, `units`, `result`."""
    return specs(SPECS / "verdicts")


def page(reference: Reference, examples: list[Plain]) -> str:
    """The whole page."""
    policies = (_policy(register, reference, examples) for register in reference.registers)
    series = (block for name, title in _SERIES.items() for block in _series(name, title))
    return "\n".join([_HEAD, *policies, _CASES, *map(_case, cases()), *series])


_HEAD = """# 指标目录

本页由 `make docs` 生成：指标取自 `data/reference/policies/`，算例取自 `tests/specs/`（同时是测试）。请勿手改。

占比 = 100 × 满足条件的单位数 ÷ 范围内单位数，范围内单位由名册决定，与是否报送无关。“未填报”是范围或条件无从判断的单位：
下限把它们都算作没有，上限都算作有；下限达到目标才算达标，仅已报数据达到的为“待核实”。比值只对两项都填报的单位求和。
"""


_CASES = """## 数字和状态的算例

每行一类单位，各月一栏：是、否；未填（在范围内，条件不明）；不明（是否在范围内不明）；外（不在范围内）；无（当月名册没有）；比值写“分子/分母”。
沿用的答案前写“沿用”。结果是最后一个月的，都是精确数。
"""


_SERIES = {
    "outlook": "## 走势的算例\n\n序列最近六个月的 Theil–Sen 直线（各两个月之间升降的中位数），看到期时的值和达到目标的月份。\n",
    "second_opinion": "## 第二意见的算例\n\nOpen SDG 的方法：R = 现在的年均增长率 ÷ |应有的年均增长率|。只作参考，本市状态不以此为准。\n",
    "concern": "## 轻重次序的算例\n\n总览、矩阵、地图、排名、大屏、报告和督办挑选“最需要关注的”，都用这一个次序。\n",
}


def _policy(register: Register, reference: Reference, examples: list[Plain]) -> str:
    policy = register.policy
    lines = [f"## {policy.title}", "", f"{policy.issuer}，{policy.published}。共 {len(register.indicators)} 项指标。"]
    if policy.note:
        lines.append(policy.note)
    shown = [_indicator(i, reference, [e for e in examples if e["indicator"] == i.id]) for i in register]
    return "\n".join([*lines, "", *shown])


def _indicator(indicator: Indicator, reference: Reference, examples: list[Plain]) -> str:
    mark = "（重点）" if indicator.headline else ""
    facts = {
        "条款": f"{indicator.clause}：“{full_width(indicator.quote)}”（{WORDINGS[indicator.wording]}）",
        "计量": f"以{LEVELS[indicator.of]}为单位，{indicator.unit}",
        "范围": _code(indicator.entry.scope) or "全部",
        "算法": _formula(indicator),
        "用到的填报": "、".join(filter(None, (_label(name, indicator, reference) for name in indicator.fields))),
        "目标": _target(indicator),
        "理解": indicator.reading,
        "存疑": indicator.unverified,
    }
    listed = [f"- {name}：{text}" for name, text in facts.items() if text]
    return "\n".join([f"### {indicator.name}{mark} `{indicator.id}`", "", *listed, "", *map(_example, examples)])


def _formula(indicator: Indicator) -> str:
    ratio = indicator.entry.ratio
    if ratio is None:
        return f"100 × 满足 {_code(indicator.entry.share)} 的单位数 ÷ 范围内单位数"
    return f"{ratio.factor} × Σ {_code(ratio.numerator)} ÷ Σ {_code(ratio.denominator)}"


def _code(expression: str | None) -> str:
    return f"`{expression}`" if expression else ""


def _target(indicator: Indicator) -> str:
    target = indicator.target
    if target is None:
        return "无，仅监测"
    december = "，每年 12 月考核" if indicator.judged == "december" else ""
    return f"{LEVELS[indicator.level]} {target.label}{indicator.unit}，{target.by} 月底前{december}"


def _label(name: str, indicator: Indicator, reference: Reference) -> str:
    """How the form words a field; a total over the county's villages by the field that it adds up."""
    part, _, field = name.rpartition(".")
    if part == "rollup":
        register = next(r for r in reference.registers if indicator in r.indicators)
        return f"全县“{reference.form.community[register.rollups[field].sum].label}”合计"
    counted = "county" if part == "county" else indicator.of
    return f"“{reference.form.part(counted)[field].label}”{'（表2）' if counted == 'county' else ''}"


def _example(spec: Plain) -> str:
    blocks = [f"算例：{spec['says']}。", ""]
    for rows in (spec.get("counties"), spec.get("units")):
        if rows:
            blocks += [_table(rows), ""]
    figure = "，".join(f"{name} {value}" for name, value in spec["figure"].items())
    return "\n".join([*blocks, f"→ {figure}", ""])


_BOUNDS = {"at_least": "不低于", "at_most": "不高于", "between": "在"}
_MANNERS = {
    "ratio": "比值",
    "judged": "每年 12 月考核",
    "yearly": "按年的题",
    "scope": "只问一种类型",
    "of": "以县为单位",
    "baseline": "登记簿定了起点",
    "place": "看一个县或镇",
}


def _case(case: Plain) -> str:
    months = case.get("months", ["2020-06"])
    rows = [
        {
            "县": row.get("县"),
            "镇": _over_time(row.get("镇")),
            "类型": _over_time(row.get("类型")),
            "个数": row.get("个数", 1),
            **dict(zip(months, row["各月"], strict=True)),
        }
        for row in case["units"]
    ]
    shown = [{name: value for name, value in row.items() if value is not None} for row in rows]
    targets = case.get("targets") or ([case["target"]] if "target" in case else [])
    manners = [*map(_case_target, targets), *(word for key, word in _MANNERS.items() if case.get(key))]
    figure = case["result"]
    result = figure if isinstance(figure, str) else "，".join(f"{name} {value}" for name, value in figure.items())
    return "\n".join(
        [f"算例：{case['says']}（{'；'.join(manners) or '没有目标'}）。", "", _table(shown), "", f"→ {result}", ""]
    )


def _over_time(named: str | list[str] | None) -> str | None:
    """The town or kind of a row's units, or those that they had from month to month."""
    return " → ".join(named) if isinstance(named, list) else named


def _case_target(target: Plain) -> str:
    name, bound = next((name, target[name]) for name in _BOUNDS if name in target)
    shown = f"{bound[0]} 至 {bound[1]}" if isinstance(bound, list) else bound
    return f"目标{_BOUNDS[name]} {shown}，{target['by']} 月底前"


def _series(name: str, title: str) -> list[str]:
    """The worked examples of outlook, second opinion or order of concern, with their heading."""
    return [title, *map(_series_case, load_yaml(SERIES / f"{name}.yaml"))]


def _series_case(case: Plain) -> str:
    target = f"（{_case_target(case['target'])}）" if "target" in case else ""
    if "values" in case:
        months = (f"前 {ago} 月" if ago else "本月" for ago in range(len(case["values"]) - 1, -1, -1))
        rows = [dict(zip(months, case["values"], strict=True))]
    else:
        plain = {name: value for name, value in case.items() if name not in ("says", "result", "order", "target")}
        rows = plain.pop("figures", None) or plain.pop("places", None) or [plain]
    names = dict.fromkeys(name for row in rows for name in row)
    rows = [{name: row.get(name, "—") for name in names} for row in rows]
    result = case.get("result", {"次序": "、".join(case.get("order", ""))})
    values = "，".join(f"{name} {value}" for name, value in result.items())
    return "\n".join([f"算例：{case['says']}{target}。", "", _table(rows), "", f"→ {values}", ""])


def _table(rows: list[Plain]) -> str:
    names = list(dict.fromkeys(name for row in rows for name in row))
    names.sort(key=lambda name: _COMMON.index(name) if name in _COMMON else len(_COMMON))
    empty = {"个数": "1"}
    lines = [" | ".join(names), " | ".join("---" for _ in names)]
    lines += [" | ".join(str(row.get(name, empty.get(name, "未填"))) for name in names) for row in rows]
    return "\n".join(f"| {line} |" for line in lines)
