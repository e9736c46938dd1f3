"""The brief as one self-contained page to send by mail: no request leaves it, and it reads without its script.

The pictures are small SVGs drawn by hand instead of a chart library of five megabytes: the file stays below one,
opens at once on a phone and prints. Names are data: escaped where the page is made, set as text where the script
shows them. A content security policy with the hash of the script forbids everything else.
"""

import json
from base64 import b64encode
from hashlib import sha256
from html import escape
from pathlib import Path

from pipelines import months
from pipelines.punctuation import full_width
from pipelines.reports import submission_facts, verdict
from pipelines.reports.brief_docx import MARKS
from pipelines.reports.facts import ATTENTION, Facts, Figure, Item
from pipelines.reports.list_limits import MOST_BEHIND
from pipelines.reports.phrases import aim, count, day, plain_unit, signed
from pipelines.reports.variants import Variant

_HERE = Path(__file__).parent


def build(facts: Facts, variant: Variant) -> bytes:
    """The html of a release's month."""
    css, script = ((_HERE / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    title = f"{facts.city}城乡社区治理工作进展{variant.name}（{variant.period(facts.month)}{facts.sample}）"
    body = "".join(
        (_opening(facts, title, variant), _table(facts, variant), _matrix(facts), _records(facts), _footer(facts))
    )
    mark = b64encode(sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{mark}'"
    return (
        '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><title>{_text(title)}</title>'
        f"<style>{css}</style></head>"
        f'<body><main>{body}</main><script type="application/json" id="data">{_json(_data(facts))}</script>'
        f"<script>{script}</script></body></html>"
    ).encode()


def _text(text: str) -> str:
    return escape(full_width(text))


def _json(data: dict) -> str:
    """JSON that cannot end the element it stands in."""
    return (
        json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c").replace("\u2028", "\\u2028")
    )


# ---- what reads without the script


def _opening(facts: Facts, title: str, variant: Variant) -> str:
    release = f"《{facts.policy['title']}》 数据版本 {facts.release.label}（{day(facts.published)}发布）"
    states = [item.status for item in facts.headline]
    tiles = "".join(
        f'<li><b>{states.count(status)}</b><span class="s {status}">{_text(facts.statuses[status])}</span></li>'
        for status in facts.statuses
        if status in states
    )
    return (
        f'<h1>{_text(title)}</h1><p class="about">{_text(release)}</p>'
        f'<p class="verdict">{_text(verdict.overall(facts, variant.since))}</p>'
        f'<ul class="tiles" aria-label="主要指标状态">{tiles}</ul>'
    )


_HEADS = (
    ("n", "序号", "n"), ("name", "指标", ""), ("target", "目标", "n"), ("value", "现值", "n"), ("counts", "已有/应有",
    "n"),
    ("change", "", "n"), ("state", "状态", ""), ("gap", "还差", "n"),
)  # fmt: skip


def _table(facts: Facts, variant: Variant) -> str:
    names = {"change": f"比{variant.since}"}
    heads = "".join(
        f'<th scope="col" data-key="{key}" class="{css}">{names.get(key, name)}</th>' for key, name, css in _HEADS
    )
    rows = "".join(_row(number, item, facts) for number, item in enumerate(facts.headline, 1))
    return (
        f'<h2>主要指标</h2>{_tools(facts)}<div class="wide"><table><thead><tr>{heads}</tr></thead>'
        f'<tbody id="rows">{rows}</tbody></table></div>'
        f'<p class="about">{_text(_NOTE)}</p>'
    )


_NOTE = (
    "深色为已证实的部分，浅色为未报或待核实的部分，竖线为目标。"
    "点指标名称看条款、走势和各县（市、区）情况。增减按未四舍五入的数计算。"
)


def _tools(facts: Facts) -> str:
    places = "".join(f'<option value="{escape(c["unit"])}">{_text(c["short"])}</option>' for c in facts.shown)
    states = "".join(f'<option value="{key}">{_text(name)}</option>' for key, name in facts.statuses.items())
    return (
        '<div class="tools" id="tools" hidden>'
        '<label>指标 <select id="scope"><option value="headline">主要指标</option>'
        '<option value="all">全部指标</option></select></label>'
        f'<label>范围 <select id="place"><option value="city">全市</option>{places}</select></label>'
        f'<label>状态 <select id="state"><option value="">全部</option>{states}</select></label>'
        '<label>查找 <input id="search" type="search" size="14"></label><span id="count" aria-live="polite">'
        "</span></div>"
    )


def _row(number: int, item: Item, facts: Facts) -> str:
    figure = item.city
    cells = [
        f'<td class="n">{number}</td><td class="name">{_text(item.name)}</td>'
        f'<td class="n">{_text(aim(item.goal, item.unit))}</td>'
    ]
    shown = f"{figure.shown}{item.unit}" if figure and figure.shown is not None else facts.statuses[item.status]
    counts = counted(figure) if figure else "—"
    cells += [f'<td class="n">{_text(text)}</td>' for text in (shown, counts, signed(item.change))]
    cells += [
        f"<td>{_chip(item.status, facts.statuses[item.status])}</td>",
        f'<td class="n">{_text(lack(figure, item) or "—")}</td>',
    ]
    return f"<tr>{''.join(cells)}</tr>"


def counted(figure: Figure) -> str:
    return f"{count(figure.numerator)}/{count(figure.denominator)}"


def lack(figure: Figure | None, item: Item) -> str | None:
    return f"{count(figure.gap)}{plain_unit(item.gap_unit)}" if figure and figure.gap else None


def _chip(status: str, text: str, title: str = "") -> str:
    named = f' title="{_text(title)}"' if title else ""
    return f'<span class="s {status}"{named}>{_text(text)}</span>'


def _matrix(facts: Facts) -> str:
    heads = "".join(f'<th scope="col" title="{_text(item.name)}">{n}</th>' for n, item in enumerate(facts.headline, 1))
    used = {figure.status for item in facts.headline for figure in item.counties}
    legend = "、".join(f"{MARKS[s][0]}={name}" for s, name in facts.statuses.items() if s in used)
    rows = "".join(_matrix_row(county, facts) for county in facts.shown)
    only = MOST_BEHIND if facts.many else ""
    return (
        '<h2>各县（市、区）</h2><div class="wide"><table class="matrix"><thead><tr><th scope="col">县（市、区）</th>'
        f"{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
        f'<p class="about">{_text(f"列号为上表序号；{legend}。{only}")}</p>'
    )


def _matrix_row(county: dict, facts: Facts) -> str:
    known = [item.of.get(county["unit"]) for item in facts.headline]
    cells = "".join(_matrix_cell(item, figure, facts) for item, figure in zip(facts.headline, known, strict=True))
    return f'<tr><th scope="row">{_text(county["short"])}</th>{cells}</tr>'


def _matrix_cell(item: Item, figure: Figure | None, facts: Facts) -> str:
    status = figure.status if figure else "no_data"
    shown = f" {figure.shown}{item.unit}" if figure and figure.shown is not None else ""
    return f"<td>{_chip(status, MARKS[status][0], f'{item.name}{shown} {facts.statuses[status]}')}</td>"


def _records(facts: Facts) -> str:
    said = [
        *submission_facts.quality(facts),
        *submission_facts.approvals(facts),
        *submission_facts.waivers(facts),
        *submission_facts.corrections(facts),
    ]
    return "<h2>报送、审定和更正</h2>" + "".join(f"<p>{_text(text)}</p>" for text in said if text)


def _footer(facts: Facts) -> str:
    version = f"{facts.city}数据版本 {facts.release.label}（{day(facts.published)}发布）。"
    text = f"{version}是否达标按精确数判定；空缺按名册中未报单位处理，不作0计。"
    return f"<footer>{_text(text)}</footer>"


# ---- what the script shows


def _data(facts: Facts) -> dict:
    numbers = {item.id: n for n, item in enumerate(facts.headline, 1)}
    rest = [item for item in facts.items if item.id not in numbers]
    numbers |= {item.id: n for n, item in enumerate(rest, len(numbers) + 1)}
    return {
        "all": False,
        "order": list(ATTENTION),
        "statuses": facts.statuses,
        "places": {county["unit"]: full_width(county["short"]) for county in facts.shown},
        "items": [
            _item(item, numbers[item.id], item.id in {i.id for i in facts.headline}, facts)
            for item in (*facts.headline, *rest)
        ],
    }


def _item(item: Item, number: int, headline: bool, facts: Facts) -> dict:
    known = [item.of[county["unit"]] for county in facts.shown if county["unit"] in item.of]
    return {
        "id": item.id, "n": number, "name": full_width(item.name), "clause": item.clause, "quote": full_width(item.quote),
        "unit": item.unit,
        "goal": aim(item.goal, item.unit), "low": item.low, "headline": headline, "reading": item.reading and
        full_width(item.reading),
        "change": None if item.change is None else str(item.change), "moved": signed(item.change),
        "city": _figure(item.city, item), "counties": {figure.unit: _figure(figure, item) for figure in known},
        "series": [[months.key(month), figure.shown] for month, figure in item.series],
    }  # fmt: skip


def _figure(figure: Figure | None, item: Item) -> dict | None:
    if figure is None:
        return None
    low, high = figure.bounds or (None, None)
    return {
        "v": figure.shown, "l": low, "h": high, "c": counted(figure), "d": float(figure.denominator), "s":
        figure.status,
        "g": lack(figure, item), "gn": figure.gap,
    }  # fmt: skip
