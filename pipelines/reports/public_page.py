"""政务公开: one self-contained page for citizens, city and counties only, without script, findings, explanations or names of persons."""

from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from typing import Any

from pipelines import months
from pipelines.edition.phrases import aim, count, day
from pipelines.edition.statuses import NAMES, ORDER
from pipelines.edition.table_rows import CountyName
from pipelines.reports import overall_verdict, page_html, spot_section, verdict
from pipelines.reports.facts import Facts
from pipelines.reports.indicator_figures import Figure, Item
from pipelines.reports.indicator_table import value
from pipelines.reports.public_data import FILES, Correction

# changed figures that the page lists; the file of corrections has all
_LISTED = 40
# what a status means, for citizens
MEANINGS = {
    "met": "已经达到目标；没有填报的社区（村）即使全部不合格，也达到了。",
    "overdue": "完成期限已过，没有达到目标。",
    "reversing": "以前达到过目标，或比起点时少了。",
    "off_track": "按已经过去的时间，应当完成的工作完成不到六成。",
    "lagging": "按已经过去的时间，应当完成的工作完成六成以上、不到九成五。",
    "on_track": "按已经过去的时间，应当完成的工作完成九成五以上。",
    "starting": "开始统计不到三个月，还不判断快慢。",
    "unproven": "有的社区（村）没有填报，结论会因此不同，所以不下结论；表中写明缺什么。",
    "no_data": "没有一个社区（村）填报，不是零。",
    "tracked": "没有目标，或者只在每年12月判断。",
    "not_applicable": "当地没有这一项所说的社区（村）。",
}


@dataclass(frozen=True)
class Publication:
    """How a month's page came out: days and editions in order, what was corrected, and from when a correction is not on the page yet."""

    dates: tuple[tuple[date, str], ...]
    corrections: tuple[Correction, ...] = ()
    newer: date | None = None
    # file name and title of the month's pages of other policies
    others: tuple[tuple[str, str], ...] = ()


def build(facts: Facts, published: Publication) -> bytes:
    """The html of one policy."""
    headline = {item.id for item in facts.headline}
    return _render(
        "public.html",
        title=title(facts),
        about=_about(facts, published),
        notices=_notices(facts, published),
        verdict=overall_verdict.paragraph(facts),
        tiles=_tally(item.status for item in facts.headline),
        divisions=facts.divisions,
        checks=spot_section.paragraph(facts),
        rows=[_row(item, item.city, facts, None) for item in facts.headline],
        rest=[_row(item, item.city, facts, None) for item in facts.items if item.id not in headline],
        counties=[_county(county, facts) for county in facts.counties],
        meanings=[(NAMES[status], MEANINGS[status]) for status in ORDER],
        corrections=[_correction(correction) for correction in published.corrections],
        others=published.others,
        files=FILES,
        last=_last(facts, published),
    )


def index(city: str, listed: Sequence[tuple[str, str, str, bool]]) -> bytes:
    """The page of all months, the newest first. `listed`: month key, its name, what is said of it, whether it is there."""
    return _render("public_index.html", title=f"{city}城乡社区治理工作进展", months=listed)


def taken_back(month: date, on: date) -> bytes:
    """What stands in the place of a page that was taken back."""
    said = f"{months.label(month)}的数字已于{day(on)}撤回，本页不再提供。如重新公开，仍在此处，并注明更正情况。"
    return _render("public_notice.html", title=f"{months.label(month)}的数字已撤回", said=said)


def title(facts: Facts) -> str:
    """Title of the public page of a month."""
    return f"{facts.city}城乡社区治理工作进展（{months.label(facts.month)}{facts.sample}）"


def _render(template: str, **content: object) -> bytes:
    css = page_html.asset("page.css") + page_html.asset("public.css")
    digest = b64encode(sha256(css.encode()).digest()).decode()
    return page_html.environment.get_template(template).render(css=css, css_hash=digest, **content).encode()


# ---- what the page rests on


def _about(facts: Facts, published: Publication) -> list[str]:
    issuer = facts.office.letterhead.issued_by(facts.city)
    first, last = published.dates[0], published.dates[-1]
    said = f"{day(first[0])}公开" + (f"，{day(last[0])}更新" if last != first else "")
    return [f"{issuer}　{said}", f"依据《{facts.policy['title']}》（{facts.policy['issuer']}）"]


def _notices(facts: Facts, published: Publication) -> list[str]:
    """What a reader must know before any figure."""
    notices = []
    if facts.sample:
        notices.append("本页是示例数据，用于演示，不是真实情况。")
    if published.newer:
        on = day(published.newer)
        notices.append(f"本月数据已于{on}更正，更正后的数字尚未在此公开；以下是更正前的数字。")
    if published.corrections:
        correction = published.corrections[-1]
        notices.append(
            f"本页于{day(correction.on)}更正，改正了{count(len(correction.changed))}处数字或状态，见“更正情况”。"
        )
    if not facts.approved:
        notices.append("本月数据尚未审定，以后可能更正；更正时在此注明。")
    return [*notices, *([verdict.caveats(facts)] if facts.caveats else [])]


def _last(facts: Facts, published: Publication) -> str:
    editions = "；".join(f"{day(on)}公开第{name.partition('/')[2]}版" for on, name in published.dates)
    return (
        f"数据版本 {facts.release.label}。{editions}。是否达标按精确数判定，表中的数四舍五入到一位小数；"
        "应有数按国家统计局统计用区划代码列出的社区（村）计算，没有填报的也在内，不作零计。"
        "“沿用”指本月没有报送、用此前两个月内的答案。"
    )


# ---- figures


def _tally(states: Iterable[str]) -> list[dict[str, Any]]:
    counts = Counter(states)
    return [{"status": status, "name": NAMES[status], "count": counts[status]} for status in ORDER if counts[status]]


def _row(item: Item, figure: Figure | None, facts: Facts, county: CountyName | None) -> dict[str, Any]:
    status = figure.status if figure else "no_data"
    return {
        "name": item.name,
        "value": value(figure, item) if figure else "无数据",
        "counts": _counts(figure, item) if figure and figure.shown is not None else "",
        "target": aim(item.goal, item.unit),
        "status": status,
        "status_name": NAMES[status],
        "gap": page_html.lack(figure, item) or "",
        "why": _why(status, item, figure, facts, county),
        "bar": _bar(item, figure),
    }


def _counts(figure: Figure, item: Item) -> str:
    """`915/2,622（已报36.7%，缺263个）`, and how many units are lent."""
    lent = f"，沿用{count(figure.carried)}个" if figure.carried else ""
    return f"{page_html.counted_with_known(figure, item)}{lent}"


def _why(status: str, item: Item, figure: Figure | None, facts: Facts, county: CountyName | None) -> str:
    """Why there is no verdict; empty where there is one."""
    if status == "unproven":
        return verdict.unproven(replace(item, city=figure), facts.short)
    if status == "no_data":
        return _silence(facts, county)
    if status == "not_applicable":
        return "当地没有这一项所说的社区（村）"
    return "每年12月判断" if status == "tracked" and item.goal else ""


def _silence(facts: Facts, county: CountyName | None) -> str:
    """Why nothing is known: the county did not report, or none of its units answered this."""
    if county is None:
        return "全市没有社区（村）填报这一项"
    silent = all(row["accepted"] + row["carried"] == 0 for row in facts.coverage if row["county"] == county["unit"])
    return "该县（市、区）没有报送，也没有可以沿用的数据" if silent else "没有社区（村）填报这一项"


def _bar(item: Item, figure: Figure | None) -> dict[str, Any] | None:
    """Widths in percent: what is proven, what is unknown beyond it, the target; of shares only."""
    if figure is None or figure.bounds is None or figure.shown is None:
        return None
    low, high = (float(bound) for bound in figure.bounds)
    return {"low": low, "more": round(high - low, 1), "goal": item.low}


def _county(county: CountyName, facts: Facts) -> dict[str, Any]:
    """A county with the headline indicators, as the policy orders them."""
    rows = [_row(item, item.of.get(county["unit"]), facts, county) for item in facts.headline]
    judged = (row["status"] for row in rows if row["status"] not in ("tracked", "not_applicable"))
    return {"name": county["name"], "tally": _tally(judged), "rows": rows}


# ---- corrections


def _correction(correction: Correction) -> dict[str, Any]:
    said = f"{day(correction.on)}，第{_number(correction.edition)}版替代第{_number(correction.before)}版，"
    said += (
        f"改正{count(len(correction.changed))}处数字或状态。"
        if correction.changed
        else "全市和各县（市、区）的数字都没有变。"
    )
    more = len(correction.changed) - _LISTED
    return {
        "said": said + (f"以下列{_LISTED}处，其余{count(more)}处见更正数据文件。" if more > 0 else ""),
        "rows": [
            {"name": row.name, "place": row.place, "before": row.in_words(row.before), "after": row.in_words(row.after)}
            for row in correction.changed[:_LISTED]
        ],
    }


def _number(edition: str) -> str:
    return edition.partition("/")[2]
