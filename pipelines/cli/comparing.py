"""`shequ compare`: why a figure moved between two months."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

import click

from pipelines import months
from pipelines.cli import printing
from pipelines.cli.options import JSON, MONTH, with_settings
from pipelines.settings import Settings

if TYPE_CHECKING:
    from pipelines.edition.figure_types import Change


@click.command()
@click.argument("m1", type=MONTH)
@click.argument("m2", type=MONTH)
@click.option("--indicator", help="指标代码")
@click.option("--unit", help="市、县代码")
@click.option("--policy", help="政策代码")
@JSON
@with_settings
def compare(settings: Settings, m1: date, m2: date, indicator, unit, policy, as_json: bool) -> None:
    """两个月份之间数字为什么变：工作、报送、区划、更正、口径五部分，相加等于变化。"""
    from pipelines.edition import open_release
    from pipelines.edition.compare_months import compare as between

    release = open_release(settings=settings)
    rows = between(release, m1, m2, indicator, unit, policy)
    if as_json:
        printing.print_json(rows)
        return
    names = {row["indicator"]: row["name"] for row in release.rows("SELECT indicator, name FROM indicator")}
    places = "SELECT unit, arg_max(name, month) AS name FROM place WHERE level = 'county' GROUP BY unit"
    names |= {row["unit"]: row["name"] for row in release.rows(places)}
    printing.say(f"{months.label(m1)}至{months.label(m2)}（发布版 {release.label}）")
    for row in rows:
        if row["from"] is not None or row["to"] is not None:
            printing.say(f"{names[row['indicator']]} {names.get(row['unit'], '全市')}（{row['unit']}）：{_change(row)}")


def _change(row: "Change") -> str:
    from pipelines.edition.figure_types import PART_NAMES

    parts = {name: Fraction(row["parts"][key]) for key, name in PART_NAMES.items()}
    moved = "，".join(f"{name} {_signed(value)}" for name, value in parts.items() if value)
    begun = "没有变化" if row["from"] is not None and row["to"] is not None else "数据有无，属报送"
    return f"{_shown(row['from'])} → {_shown(row['to'])}（{moved or begun}）"


def _shown(value: str | None) -> str:
    return "无数据" if value is None else f"{_rounded(Fraction(value))}"


def _signed(value: Fraction) -> str:
    return f"{_rounded(value):+}"


def _rounded(value: Fraction) -> Decimal:
    return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(Decimal("0.01"), ROUND_HALF_UP)
