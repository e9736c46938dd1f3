"""The long sheets of the workbook: their columns, their rows, and what is said where a country is too large to list everything."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from pipelines.answers.findings import SEVERITY_NAMES
from pipelines.reports.below_counties import lacking, many_towns
from pipelines.reports.facts import Facts
from pipelines.reports.indicator_figures import Figure, Item
from pipelines.reports.list_limits import COUNTIES_SHOWN, LACKING_LISTED, TOWNS_SHOWN

Value = str | int | float | None


@dataclass(frozen=True)
class Head:
    """A column: its head, width in characters, and how its cells are written: text, number, whole."""

    name: str
    width: float
    kind: str = "text"


Sheet = tuple[list[Head], Sequence[Sequence[Value]]]


def across(item: Item, facts: Facts) -> list[float | None]:
    """An indicator's values, county by county."""
    return [_value(item, county["unit"]) for county in facts.counties]


def matrix(facts: Facts) -> Sheet:
    """Every county in a row, every indicator in a column: for more counties than a sheet can have columns side by side."""
    heads = [Head("县（市、区）", 16), Head("代码", 9), *(Head(i.name, 13, "number") for i in facts.items)]
    rows = [[c["short"], c["unit"], *(_value(i, c["unit"]) for i in facts.items)] for c in facts.counties]
    return heads, rows


def _value(item: Item, unit: str) -> float | None:
    figure = item.of.get(unit)
    return as_float(figure.shown if figure else None)


def as_float(text: str | Decimal | None) -> float | None:
    return None if text is None else float(text)


def of_item(item: Item, facts: Facts) -> Sequence[Figure]:
    """An indicator's counties: all, or where there are many those that lack most."""
    if not facts.many:
        return item.counties
    lack = sorted(item.counties, key=lambda f: (-(f.gap or 0), f.value is None, f.value or 0, f.unit))
    return lack[:COUNTIES_SHOWN]


def about_counties(facts: Facts) -> str:
    if facts.many:
        return f"各项指标还差最多的{COUNTIES_SHOWN}个县（市、区）；全部县（市、区）的现值见“县市区一览”"
    return "各县（市、区）全部指标，一行为一项指标一个县（市、区）"


def about_towns(facts: Facts) -> str:
    if many_towns(facts):
        return f"各项指标还差最多的{TOWNS_SHOWN}个乡镇（街道）；全部乡镇（街道）见发布版的 tables/figure"
    return "各项指标的乡镇（街道）数"


def coverage(facts: Facts) -> Sheet:
    """One row a county: what it sent and what counts of it."""
    numbers = ("应报单位", "已采用", "暂不计入", "沿用", "缺报", "错误", "需核实")
    heads = [Head("县（市、区）", 18), *(Head(n, 11, "whole") for n in numbers), Head("计入的报表", 40)]
    files = {s["county"]: s["file"] for s in facts.submissions if s["status"] == "effective"}
    rows: list[Sequence[Value]] = [
        [
            *(row[key] for key in ("name", "units", "accepted", "held", "carried", "missing")),
            *(facts.finding_counts[row["county"], severity] for severity in ("error", "warning")),
            files.get(row["county"]),
        ]
        for row in facts.coverage
    ]
    return heads, rows


def findings(facts: Facts) -> Sheet:
    """One row a finding."""
    wide = (
        ("县（市、区）", 14),
        ("社区（村）", 20),
        ("性质", 8),
        ("报表", 30),
        ("工作表", 20),
        ("单元格", 12),
        ("填报值", 24),
        ("说明", 90),
    )
    rows: list[Sequence[Value]] = [
        [
            facts.short.get(f["county"] or "", f["county"]),
            f.get("unit_name") or f.get("unit"),
            SEVERITY_NAMES[f["severity"]],
            *(f[key] for key in ("file", "sheet", "cell", "found", "message")),
        ]
        for f in facts.findings
    ]
    return [Head(name, width) for name, width in wide], rows


def about_findings(facts: Facts) -> str:
    about, known = "本月采用的报表中发现的问题，逐处列明", facts.finding_counts.total()
    listed = len(facts.findings)
    return (
        about if known <= listed else f"{about}；共{known:,}处，本表列{listed:,}处，错误在先，其余见数据面板“数据质量”"
    )


def lacking_units(facts: Facts) -> Sheet:
    """One row a unit known to lack a leading indicator: the names behind every gap."""
    heads = [
        Head("指标", 38),
        Head("县（市、区）", 14),
        Head("乡镇（街道）", 16),
        Head("代码", 15),
        Head("社区（村）", 22),
    ]
    items = [i for i in facts.headline if i.counted == "community" and i.is_share and i.city and i.city.lacking]
    units = lacking(facts, [item.id for item in items], LACKING_LISTED)
    rows = [[i.name, row["county"], row["town"], row["unit"], row["name"]] for i in items for row in units[i.id]]
    return heads, rows
