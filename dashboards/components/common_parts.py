"""Parts that several pages show: verdict, tables of figures, downloads, links that keep the reader's choice."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import urlencode

import streamlit as st

from dashboards import page_list, signin
from dashboards.components import header
from dashboards.components.header import View
from dashboards.queries import city, edition_data, edition_sentences, submission_rows
from dashboards.queries.row_types import FigureRow, MovedRow, PlaceRow, ReportingRow, StandingRow, TownRow
from dashboards.text import change_wording, escape, screen_wording
from dashboards.text.templates import render, show
from pipelines import months
from pipelines.edition import explained_answers, month_coverage, movement_sentences, statuses
from pipelines.edition.explained_answers import Explained

Row = Mapping[str, Any]

_ADDRESSES = {page.file: page.address for page in page_list.PAGES}
PATHS = {page.file: f"app_pages/{page.file}.py" for page in page_list.PAGES}


def link(page: str, label: str, quiet: str = "", **chosen: str) -> None:
    """A link to a page with something chosen; `quiet` stands in grey behind the label."""
    more = f" :gray[{escape.markdown(quiet)}]" if quiet else ""
    st.page_link(PATHS[page], label=escape.markdown(label) + more, query_params=_address(chosen))


def href(page: str, **chosen: str | None) -> str:
    """The address of a page with something chosen: relative, so that it holds behind a proxy's path too. None takes a choice out."""
    return f"{_ADDRESSES[page] or './'}?{urlencode(_address(chosen))}"


def section(page: str, options: Mapping[str, str]) -> str | None:
    """Links to what a page can show besides, which draws nothing before it is asked for. What is open is in the address as `part`."""
    asked = st.query_params.get("part")
    is_open = asked if asked in options else None
    if is_open:
        st.session_state["address"]["part"] = is_open
    links = [
        (label, href(page, part=None if name == is_open else name), name == is_open) for name, label in options.items()
    ]
    show("sections.html", sections=links)
    return is_open


def _address(chosen: Mapping[str, str | None]) -> dict[str, str]:
    kept = {name: value for name, value in header.address().items() if name in header.CARRIED}
    return {name: value for name, value in {**kept, **chosen}.items() if value is not None}


class Said(NamedTuple):
    """A paragraph: a strong beginning and the rest; `quiet` is in smaller weight."""

    text: str
    strong: str = ""
    quiet: bool = False


def said(
    lines: Sequence[Said] = (),
    title: str = "",
    lead: bool = False,
    items: Sequence[str] = (),
    more: Sequence[str] = (),
    more_title: str = "",
) -> str:
    """HTML of sentences as they stand: cheaper than Markdown on both sides. `lead`: the first ones of a page; `more` opens."""
    return render("said.html", lines=lines, title=title, lead=lead, items=items, more=more, more_title=more_title)


def verdict(
    view: View,
    rows: Sequence[PlaceRow],
    reports: Sequence[ReportingRow],
    where: str = "",
    title: str = "",
    more: Sequence[Said] = (),
) -> str:
    """HTML of the answer in sentences: on course or not, what lags, who has reported."""
    arrived = screen_wording.reported(reports) + _covered(view) if reports else ""
    lines = [Said(arrived, where + verdict_sentence(view, rows))] if rows else []
    sentences = (*_who_lags(view, rows), screen_wording.laggards(rows, 2), *_moved(view, rows))
    lines += [Said(sentence) for sentence in sentences if sentence]
    if unproven := screen_wording.unproven(rows, edition_data.short_names(view)):
        lines.append(Said(unproven, quiet=True))
    return said([*lines, *more], title, lead=True)


def _covered(view: View) -> str:
    return screen_wording.covered(month_coverage.of_month(view.release, view.month))


def _who_lags(view: View, rows: Sequence[PlaceRow]) -> list[str]:
    """For the city: counties that lag and that slipped, in one paragraph; for a county: what slipped."""
    if not rows:
        return []
    if rows[0]["level"] == "city":
        return [edition_sentences.who_lags(view) + movement_sentences.who_slipped(edition_sentences.slipped(view))]
    return [change_wording.slipped(edition_sentences.slipped(view, county=rows[0]["place"]))]


def _moved(view: View, rows: Sequence[PlaceRow]) -> list[str]:
    """What work changed since the month before: for the city the indicator that moved most, for a county its own units."""
    if not rows:
        return []
    if rows[0]["level"] == "city":
        return [movement_sentences.what_moved(edition_sentences.moved(view), most=1)]
    return [change_wording.moved_in(edition_sentences.moved(view), rows[0]["place"])]


def verdict_sentence(view: View, rows: Sequence[PlaceRow]) -> str:
    """How many headline indicators of a place stand how, and the time left."""
    whose = screen_wording.deciders(rows, edition_data.short_names(view)) if rows[0]["level"] == "city" else ""
    return screen_wording.verdict(rows, view.due, view.month, whose)


def caveats(view: View) -> None:
    """What is to be said of the month's divisions, and of the age of the reference data: roster, policies, calendar."""
    if changed := city.changed_in(view.release, view.month):
        st.caption(escape.markdown(changed))
    if said := submission_rows.now(view.month).caveats:
        st.caption(escape.markdown(f"请注意：{'；'.join(said)}。"))


class Shown(NamedTuple):
    """A cell whose text is not its value: sorted by `value`, and to the right like a number."""

    text: str
    value: float | Decimal | None


def table(
    rows: Sequence[Row],
    columns: Mapping[str, str],
    link: Callable[[Row], str | None] | None = None,
    height: int | None = None,
) -> None:
    """Rows as an HTML table that sorts, prints and is read aloud; a row opens its `link`. Cells are shown literally."""
    heads = [(title, any(_is_number(row.get(name)) for row in rows)) for name, title in columns.items()]
    lines = [([_shown(row.get(name)) for name in columns], link(row) if link else None) for row in rows]
    show("grid.html", heads=heads, rows=lines, height=height)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | Decimal | Shown) and not isinstance(value, bool)


def _shown(value: object) -> tuple[str, str, str]:
    """Class, text and sorting value of a cell."""
    if isinstance(value, Shown):
        return "n", value.text, "" if value.value is None else str(value.value)
    if _is_number(value):
        return "n", screen_wording.number(value), str(value)
    text = "" if value is None else escape.plain(value)
    return "w" if len(text) > _LONG else "", text, ""


# letters of a text that may break into lines
_LONG = 22


def lines(rows: Sequence[Row], columns: Mapping[str, str], name: str = "lines") -> None:
    """A few rows as a plain table that does not sort; `name` is its class in the style."""
    show(
        "table.html",
        name=name,
        heads=list(columns.values()),
        rows=[[row.get(column) for column in columns] for row in rows],
    )


XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def download(
    rows: Callable[[], Sequence[Row]], count: int, columns: Mapping[str, str], name: str, county: str | None = None
) -> None:
    """Buttons for the rows as a workbook and as CSV, neither with formulas, for those who may export them. Made at the click."""
    if not signin.may("export", county):
        return
    stem = name.removesuffix(".csv")
    kinds = (("下载表格（Excel）", "xlsx", XLSX, escape.workbook), ("CSV", "csv", "text/csv", escape.sheet))
    with st.container(horizontal=True, gap="small"):
        for label, ending, mime, write in kinds:
            file = f"{stem}.{ending}"
            making = signin.exporting(partial(_written, write, rows, columns), file, count, county)
            st.download_button(label, making, file_name=file, mime=mime, on_click="ignore", key=f"download-{file}")


def _written(write: Callable[..., bytes], rows: Callable[[], Sequence[Row]], columns: Mapping[str, str]) -> bytes:
    return write(rows(), columns)


FIGURE_COLUMNS = {
    "name": "指标",
    "sign": "状态",
    "value_cell": "现值",
    "done": "完成",
    "due_units": "应有",
    "known": "已报的",
    "borrowed": "其中沿用",
    "target_text": "目标",
    "gap_cell": "还差",
    "change_cell": "较上月",
    "rank": "位次",
    "bounds": "不确定范围",
    "unproven": "待核实的是",
}
# the same for a file: every number in a column of its own, with its unit in another
EXPORTED = {
    "name": "指标",
    "status_name": "状态",
    "number": "现值",
    "unit": "单位",
    "done": "完成",
    "due_units": "应有",
    "unknown": "未填报",
    "carried": "沿用前月",
    "target": "目标",
    "gap": "还差",
    "gap_failing": "其中未达标",
    "gap_unknown": "其中未填报",
    "gap_unit": "还差的单位",
    "moved": "较上月",
    "rank": "位次",
    "ranked": "参加排名",
    "lower": "下限",
    "upper": "上限",
    "unproven": "待核实的是",
}


def figure_line(row: FigureRow | TownRow) -> dict[str, Any]:
    """A figure for tables and files: numbers as numbers, the rest in words; change and rank where it is compared with the month before."""
    compared: Any = row
    is_compared = "more" in row
    moved = (compared["more"] if row["is_share"] else compared["points"]) if is_compared else None
    return {
        **row,
        "sign": screen_wording.sign(row),
        "status_name": statuses.NAMES[row["status"]],
        "number": None if row["shown"] is None else Decimal(row["shown"]),
        "value_cell": Shown(screen_wording.value(row), row["value"]),
        "done": _whole(row["numerator"]) if row["denominator"] else None,
        "due_units": _whole(row["denominator"]) if row["denominator"] else None,
        "known": screen_wording.known(row),
        "borrowed": row["carried"] or None,
        "target_text": screen_wording.target(row),
        "gap_cell": Shown(
            " ".join(filter(None, (screen_wording.gap_alone(row), screen_wording.gap_note(row)))), row["gap"]
        ),
        "gap_text": screen_wording.gap(row),
        "moved": moved,
        "change_cell": Shown(screen_wording.change(compared) if is_compared else "", moved),
        "rank": compared.get("rank") if row["level"] == "county" else None,
        "bounds": screen_wording.bounds(row),
        "unproven": screen_wording.at_the_ends(row) if row["status"] == "unproven" else "",
    }


def _whole(value: Decimal | None) -> int | Decimal | None:
    return int(value) if value is not None and value == int(value) else value


def columns_used(lines: Sequence[Row], columns: Mapping[str, str]) -> dict[str, str]:
    """The columns in which any of the lines has something."""
    return {name: title for name, title in columns.items() if any(_has_text(line.get(name)) for line in lines)}


def _has_text(value: object) -> bool:
    return bool(value.text) if isinstance(value, Shown) else value not in (None, "")


def moves(view: View, rows: Sequence[MovedRow]) -> None:
    """What moved by work and where, and the counties' figures that moved most against the month before."""
    if said := movement_sentences.what_moved(edition_sentences.moved(view)):
        st.markdown(escape.markdown(said))
    if not rows:
        st.caption("没有可比的上月数字，或与上月相同。")
        return
    moved = [{**figure_line(row), "before": f"{row['shown_before'] or '—'} → {row['shown'] or '—'}"} for row in rows]
    table(
        moved,
        {
            "county": "县市区",
            "name": "指标",
            "change_cell": "较上月（个）",
            "before": "百分比",
            "sign": "状态",
            "gap_cell": "还差",
        },
        link=lambda row: href("county", county=row["place"], indicator=row["indicator"]),
    )


def moves_in_words(rows: Sequence[MovedRow]) -> None:
    """The same in a sentence, for paper."""
    moved = "；".join(f"{row['county']}{row['name']} {screen_wording.change(row)}" for row in rows)
    st.markdown(escape.markdown(f"本月变化最大（个）：{moved or '没有可比的上月数字'}。"))


# explanations that stand beside a figure; more of them open
EXPLAINED = 6


def explained(rows: Sequence[Explained]) -> str:
    """HTML of what counties explain of the answers behind a figure; a unit is named to those who may see units."""
    lines = [f"{explained_answers.sentence(row, signin.may('units', row['county']))}。" for row in rows]
    if not lines:
        return ""
    first, more = lines[:EXPLAINED], lines[EXPLAINED:]
    return said([Said("", "县里的情况说明")], items=first, more=more, more_title=f"其余 {len(more)} 条")


REPORT_COLUMNS = {
    "name": "县市区",
    "state": "状态",
    "when": "收到",
    "units": "应报单位",
    "accepted": "计入",
    "held": "暂不计入",
    "carried": "沿用前月",
    "errors": "错误",
    "warnings": "需核实",
    "times": "报送次数",
}


def reporting(
    reports: Sequence[ReportingRow],
    draw: Callable[[Sequence[Row], Mapping[str, str]], object] = table,
) -> None:
    """Counties of the month: who reported and what was accepted; `draw` shows the table."""
    if not reports:
        st.caption("这个月没有应报的县市区。")
        return
    st.markdown(escape.markdown(screen_wording.to_chase(reports)))
    draw([report_line(row) for row in reports], REPORT_COLUMNS)
    if reports[0]["counties"] > len(reports):
        st.caption(
            f"共 {reports[0]['counties']} 个县市区，这里是最要催办的 {len(reports)} 个：先是未报的，再是错误最多的。"
        )


def report_line(row: ReportingRow) -> dict[str, Any]:
    """A county's report in words."""
    return {**row, "state": screen_wording.reported_state(row), "when": screen_wording.day(row["received_at"])}


def counted_statuses(rows: Sequence[StandingRow]) -> str:
    """`8 个已达标，3 个进度正常` of counties, in the order of concern."""
    counts = Counter(row["status"] for row in rows)
    return "，".join(f"{counts[status]} 个{statuses.NAMES[status]}" for status in statuses.ORDER if status in counts)


def county_options(view: View) -> dict[str, str]:
    """Code → name of the view's counties, for a selector."""
    return {row["unit"]: row["name"] for row in edition_data.counties(view)}


def indicator_options(view: View) -> dict[str, str]:
    """Id → name of the policy's indicators, for a selector."""
    return {row["indicator"]: row["name"] for row in edition_data.indicators(view.release, view.policy)}


def month_text(value) -> str:
    """`2020年6月`; a dash without a month."""
    return months.label(value) if value else "—"
