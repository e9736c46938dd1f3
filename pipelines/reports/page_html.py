"""The brief as one self-contained page to send by mail: no request leaves it, and it reads without its script.

The pictures are small SVGs drawn by the script instead of a chart library of five megabytes: the file stays below one megabyte, opens
on a phone and prints. Names are data: the template escapes them, the script sets them as text. A content security policy with the hash
of the script forbids everything else.
"""

import json
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipelines import months
from pipelines.edition import explained_answers, statuses
from pipelines.edition.phrases import aim, count, day, signed
from pipelines.edition.table_rows import CountyName
from pipelines.punctuation import full_width
from pipelines.reports import explanation_section, spot_section, submission_facts, verdict
from pipelines.reports.annexes import MARKS
from pipelines.reports.brief_docx import Section, on_two_pages
from pipelines.reports.facts import Facts
from pipelines.reports.indicator_figures import Figure, Item
from pipelines.reports.list_limits import EXPLAINED_SHOWN, MOST_BEHIND
from pipelines.reports.report_periods import Variant

_FOLDER = Path(__file__).parent / "templates"
_NOTE = (
    "深色为已证实的部分，浅色为未填报的部分，竖线为目标。"
    "点指标名称看条款、走势和各县（市、区）情况。增减按未四舍五入的数计算。"
)


def _printed(value: object) -> object:
    """Text with full-width marks; what a macro has rendered stays as it is."""
    return full_width(value) if type(value) is str else value


environment = Environment(
    loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, finalize=_printed
)


def build(facts: Facts, variant: Variant) -> bytes:
    """The html of a release's month."""
    css, script = (asset(name) for name in ("page.css", "page.js"))
    title = f"{facts.city}城乡社区治理工作进展{variant.name}（{variant.period(facts.month)}{facts.sample}）"
    page = environment.get_template("page.html").render(
        css=css,
        script=script,
        script_hash=b64encode(sha256(script.encode()).digest()).decode(),
        data=_json(_data(facts)),
        title=title,
        edition=f"《{facts.policy['title']}》 数据版本 {facts.release.label}（{day(facts.published)}发布）",
        sections=_sections(facts, variant),
        tiles=_tiles(facts),
        statuses=facts.statuses,
        counties=facts.shown,
        heads=[{"key": key, "name": name or f"比{variant.since}", "css": css} for key, name, css in _HEADS],
        rows=[_row(item, facts) for item in facts.headline],
        note=_NOTE,
        matrix=[_matrix_row(county, facts) for county in facts.shown],
        legend=_legend(facts),
        check_heads=[column.head for column in spot_section.COLUMNS],
        checks=spot_section.rows(facts),
        check_note=spot_section.NOTE,
        footer=_footer(facts),
    )
    return page.encode()


def _sections(facts: Facts, variant: Variant) -> list[Section]:
    """Those of the paper, then who reported and what counties explain."""
    explained = explanation_section.sentences(facts)
    more = [("报送、核实和更正", [submission_facts.paragraph(facts)]), (explanation_section.HEADING, explained)]
    return [*on_two_pages(facts, variant), *((heading, texts) for heading, texts in more if texts)]


def asset(name: str) -> str:
    """Text of a script or style beside the templates."""
    return (_FOLDER / name).read_text(encoding="utf-8")


def _json(data: dict[str, Any]) -> str:
    """JSON that cannot end the element it stands in."""
    return (
        json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c").replace("\u2028", "\\u2028")
    )


# ---- what reads without the script


def _tiles(facts: Facts) -> list[dict[str, Any]]:
    states = [item.status for item in facts.headline]
    return [
        {"status": status, "name": name, "count": states.count(status)}
        for status, name in facts.statuses.items()
        if status in states
    ]


_HEADS = (
    ("n", "序号", "n"), ("name", "指标", ""), ("value", "现值", "n"), ("state", "状态", ""), ("target", "目标", "n"),
    ("counts", "已有/应有", "n"), ("change", "", "n"), ("gap", "还差", "n"),
)  # fmt: skip


def _row(item: Item, facts: Facts) -> dict[str, str]:
    figure = item.city
    shown = figure is not None and figure.shown is not None
    return {
        "name": item.name,
        "target": aim(item.goal, item.unit),
        "value": f"{figure.shown}{item.unit}" if figure and shown else facts.statuses[item.status],
        "counts": counted_with_known(figure, item) if figure else "—",
        "change": signed(item.change),
        "status": item.status,
        "status_name": facts.statuses[item.status],
        "gap": lack(figure, item) or "—",
    }


def counted(figure: Figure) -> str:
    """`2,274/4,977`."""
    return f"{count(figure.numerator)}/{count(figure.denominator)}"


def counted_with_known(figure: Figure, item: Item) -> str:
    """`915/2,622（已报36.7%，缺263个）`."""
    beside = verdict.known(figure, item)
    return f"{counted(figure)}（{beside}）" if beside else counted(figure)


def lack(figure: Figure | None, item: Item) -> str | None:
    """`65个村：3个未达标，62个未填报`; None where nothing is missing."""
    return verdict.short_of(figure, item.gap_unit).removeprefix("还差") if figure and figure.gap else None


def _legend(facts: Facts) -> str:
    used = {figure.status for item in facts.headline for figure in item.counties}
    marks = "、".join(f"{MARKS[s][0]}={name}" for s, name in facts.statuses.items() if s in used)
    return f"列号为上表序号；{marks}。{MOST_BEHIND if facts.many else ''}"


def _matrix_row(county: CountyName, facts: Facts) -> dict[str, Any]:
    cells = [_matrix_cell(item, item.of.get(county["unit"]), facts) for item in facts.headline]
    return {"name": county["short"], "cells": cells}


def _matrix_cell(item: Item, figure: Figure | None, facts: Facts) -> dict[str, str]:
    status = figure.status if figure else "no_data"
    shown = f" {figure.shown}{item.unit}" if figure and figure.shown is not None else ""
    title = f"{item.name}{shown} {facts.statuses[status]}"
    return {"status": status, "mark": MARKS[status][0], "title": title}


def _footer(facts: Facts) -> str:
    version = f"{facts.city}数据版本 {facts.release.label}（{day(facts.published)}发布）。"
    return f"{version}是否达标按精确数判定；空缺按名册中未报单位处理，不作0计。"


# ---- what the script shows


def _data(facts: Facts) -> dict[str, Any]:
    numbers = {item.id: n for n, item in enumerate(facts.headline, 1)}
    rest = [item for item in facts.items if item.id not in numbers]
    numbers |= {item.id: n for n, item in enumerate(rest, len(numbers) + 1)}
    return {
        "all": False,
        "order": list(statuses.ORDER),
        "statuses": facts.statuses,
        "places": {county["unit"]: full_width(county["short"]) for county in facts.shown},
        "items": [
            _item(item, numbers[item.id], item.id in {i.id for i in facts.headline}, facts)
            for item in (*facts.headline, *rest)
        ],
    }


def _item(item: Item, number: int, headline: bool, facts: Facts) -> dict[str, Any]:
    known = [item.of[county["unit"]] for county in facts.shown if county["unit"] in item.of]
    return {
        "id": item.id, "n": number, "name": item.name, "clause": item.clause, "quote": item.quote,
        "unit": item.unit,
        "goal": aim(item.goal, item.unit), "low": item.low, "headline": headline, "reading": item.reading,
        "change": None if item.change is None else str(item.change), "moved": signed(item.change),
        "city": _figure(item.city, item), "counties": {figure.unit: _figure(figure, item) for figure in known},
        "series": [[months.key(month), figure.shown] for month, figure in item.series],
        "said": [full_width(explained_answers.sentence(row)) for row in explanation_section.of_item(item, facts)][:EXPLAINED_SHOWN],
    }  # fmt: skip


def _figure(figure: Figure | None, item: Item) -> dict[str, Any] | None:
    if figure is None:
        return None
    low, high = figure.bounds or (None, None)
    return {
        "v": figure.shown, "l": low, "h": high, "c": counted_with_known(figure, item), "d": float(figure.denominator), "s":
        figure.status,
        "g": lack(figure, item), "gn": figure.gap,
    }  # fmt: skip
