"""Reporting, data quality, approvals, waivers and corrections in sentences and rows."""

from collections import Counter
from datetime import date
from typing import Any

from pipelines import months
from pipelines.edition.figure_types import FigureDifference
from pipelines.edition.phrases import amount, count, day, listed, most_of, sentence
from pipelines.edition.statuses import EDITION_KINDS
from pipelines.edition.table_rows import Decision, FindingRow
from pipelines.punctuation import full_width
from pipelines.reports.facts import Facts
from pipelines.reports.verdict import reported

_NAMED, _MOST_ERRORS = 6, 3


def paragraph(facts: Facts) -> str:
    """七、报送和核实: who reported, what is wrong with the rest, notes, approval, waivers, corrections."""
    parts = [*quality(facts), notes(facts), *approvals(facts), *waivers(facts), *corrections(facts)]
    return "".join(parts)


def quality(facts: Facts) -> list[str]:
    """Sentences on who reported, how much of it counts, and what is wrong with the rest."""
    carried = sum(row["carried"] for row in facts.coverage)
    missing = sum(row["missing"] for row in facts.coverage)
    rest = sentence(
        carried and f"共沿用{count(carried)}个社区（村）的数据",
        missing and f"{count(missing)}个社区（村）暂无数据",
    )
    return [reported(facts) + rest + _late(facts) + _findings(facts)]


def _late(facts: Facts) -> str:
    again = Counter(row["county"] for row in facts.submissions if row["county"])
    twice = [facts.short.get(code, code) for code, times in sorted(again.items()) if times > 1]
    refused = [row["file"] for row in facts.submissions if row["refused"]]
    return sentence(
        twice and f"{listed(twice, 3, '个县（市、区）')}报送不止一次",
        refused and f"{len(refused)}份报表因整份无法采用被退回",
    )


def _findings(facts: Facts) -> str:
    kinds: Counter[str] = Counter()
    for (_, severity), number in facts.finding_counts.items():
        kinds[severity] += number
    if not kinds["error"] and not kinds["warning"]:
        return ""
    found = [(county, n) for (county, severity), n in facts.finding_counts.items() if severity == "error" and county]
    errors = {facts.short.get(county, county): n for county, n in found}
    most = most_of(errors, _MOST_ERRORS, "处")
    counts = [f"错误{count(kinds['error'])}处"] if kinds["error"] else []
    counts += [f"需核实{count(kinds['warning'])}处"] if kinds["warning"] else []
    return sentence(
        f"报表中发现{'、'.join(counts)}",
        most and f"错误{'较多的是' if len(errors) > _MOST_ERRORS else '为'}{most}",
        "已在回执中标注",
    )


def reporting_rows(facts: Facts) -> list[list[str]]:
    """Counties whose reporting is not perfect, with counts; where there are many, those with most units left out."""
    rows = []
    for row in sorted(facts.coverage, key=lambda row: facts.many and row["accepted"] - row["units"]):
        errors, warnings = (facts.finding_counts[row["county"], severity] for severity in ("error", "warning"))
        if row["accepted"] == row["units"] and not (errors or warnings):
            continue
        name = facts.short.get(row["county"], row["name"])
        numbers = [row[key] for key in ("units", "accepted", "held", "carried", "missing")]
        rows.append([name, *map(count, (*numbers, errors, warnings))])
    return rows[: len(facts.shown)]


# ---- decisions


def approvals(facts: Facts) -> list[str]:
    """What was reopened, and whether the month is approved."""
    own = [d for d in facts.decisions or () if d["month"] == months.key(facts.month)]
    last = next((d for d in reversed(own) if d["kind"] == "approve"), None)
    reopened = [d for d in own if d["kind"] == "reopen"]
    state_of_month = f"本月数据已于{_day(last['at'])}由{last['by']}审定。" if facts.approved and last else ""
    told = "".join(
        f"{_day(d['at'])}由{d['by']}重开，原因：{full_width(d['why'] or '').rstrip('。')}。" for d in reopened
    )
    return [told + state_of_month]


def notes(facts: Facts) -> str:
    """What people noted of the month, as it stands in the archive: instructions and events."""
    names = {item.id: item.name for item in facts.items}
    said = [
        f"{full_width(note['text']).rstrip('。')}（{_about(names.get(note['indicator'] or ''))}{note['by']}{_day(note['at'])}记）"
        for note in facts.release.noted
    ]
    return f"本月批示和事件：{'；'.join(said)}。" if said else ""


def _about(indicator: str | None) -> str:
    return f"{indicator}，" if indicator else ""


def waivers(facts: Facts) -> list[str]:
    """Findings that a person accepted, with reason and end."""
    if facts.decisions is None:
        return []
    force = [
        d for d in facts.decisions if d["kind"] == "waive" and (d["until"] or "9999-12") >= months.key(facts.month)
    ]
    if not force:
        return []
    named = [_waiver(d, facts.waived.get(d["finding"] or ""), facts) for d in force]
    return [f"生效的豁免有{len(force)}项：{'；'.join(named)}。"]


def _waiver(decision: Decision, finding: FindingRow | None, facts: Facts) -> str:
    who = facts.short.get(finding["county"] or "", "") if finding else ""
    what = f"{who}“{finding['file']}”{finding['cell'] or ''}" if finding else f"问题{decision['finding']}"
    until = months.label(months.parse(decision["until"])) if decision["until"] else "取消"
    return f"{what}，理由：{decision['why']}，由{decision['by']}批准，有效至{until}"


def corrections(facts: Facts) -> list[str]:
    """What this edition changes against the one before, and which earlier months have a new edition since."""
    manifest = facts.release.manifest
    return [_this_edition(facts, manifest) + _other_months(facts)]


def _this_edition(facts: Facts, manifest: dict[str, Any]) -> str:
    if manifest["edition"] == 1:
        return ""
    changes = manifest.get("changes") or {}
    word = EDITION_KINDS[manifest["kind"]]
    files = [
        f"{months.label(months.parse(row['month']))}{facts.short.get(row['county'], '')}"
        for row in changes.get("submissions_added", [])
    ]
    own = [
        f for f in changes.get("figures", []) if f["month"] == manifest["month"] and f["policy"] == facts.policy["id"]
    ]
    return (
        f"本版为{months.label(facts.month)}数据第{manifest['edition']}版（{word}版）。"
        + sentence(files and f"与上一版相比，新采用{listed(files, _NAMED, '份')}报表")
        + sentence(changes.get("reference") and "指标定义、名册或报表格式等基础资料有调整")
        + _figures_changed(own, facts)
    )


def _figures_changed(rows: list[FigureDifference], facts: Facts) -> str:
    items = {item.id: item for item in facts.items}
    seen = [(items[row["indicator"]], row) for row in rows if row["indicator"] in items]
    if not seen:
        return "本月全市各项指标与上一版一致。"
    seen.sort(key=lambda pair: (not pair[0].headline, pair[0].position))
    named = [
        f"{i.name}由{amount(r['before'], i.unit)}改为{amount(r['after'], i.unit)}"
        for i, r in seen
        if r["before"] != r["after"]
    ]
    if not named:
        return f"本月全市有{len(seen)}项指标的分子、分母有细微变动，现值不变。"
    return f"本月全市指标有变动的：{listed(named, 5, '项')}。"


def _other_months(facts: Facts) -> str:
    """Later editions of earlier months that came out since the month before was first published."""
    if not facts.editions:
        return ""
    own = months.key(facts.month)
    before = months.key(months.add(facts.month, -1))
    start = next((e["at"] for e in facts.editions if e["month"] == before), None)
    newer = [e for e in facts.editions if e["edition"] > 1 and e["month"] < own and start and e["at"] > start]
    named = [f"{months.label(months.parse(e['month']))}第{e['edition']}版" for e in newer]
    return f"上月报告以后，以前月份的数据有更正：{listed(named, _NAMED, '个版本')}。" if named else ""


def _day(stamp: str) -> str:
    return day(date.fromisoformat(stamp[:10]))
