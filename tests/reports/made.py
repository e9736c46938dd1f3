"""Facts made by hand, for sentences: a few lines say all that a case is about."""

from collections import Counter
from datetime import date
from decimal import Decimal
from types import SimpleNamespace

from pipelines.edition.statuses import BEHIND, NAMES
from pipelines.reports.facts import Facts
from pipelines.reports.indicator_figures import Figure, Item

_N = iter(range(10**6))


def figure(
    status="on_track", yes=45, scope=100, gap=None, unknown=0, unit="130500", name="全市", factor=100, carried=0, **more
) -> Figure:
    value = None if status in ("no_data", "not_applicable") else factor * yes / scope
    shown = None if value is None else f"{value:.1f}"
    if gap is not None:
        more = {"gap_failing": max(0, gap - unknown), "gap_unknown": min(gap, unknown), **more}
    if shown and scope > unknown:
        more = {"known_shown": f"{factor * yes / (scope - unknown):.1f}", **more}
    return Figure(
        unit, name, shown, Decimal(yes), Decimal(scope), unknown, 0, carried, status, gap, value, value, value, **more
    )


def item(
    name="甲率", status="on_track", goal="≥50", unit="%", gap_unit="个村", before=None, counties=(), **more
) -> Item:
    factor = 100 if unit == "%" else 1
    entry = dict(
        indicator=f"i{next(_N)}", name=name, goal=goal, unit=unit, gap_unit=gap_unit, factor=factor, is_share=unit ==
        "%", position=0,
        headline=True, judged=None, clause="五", quote="", low=float(goal[1:]) if goal else None, reading=None,
        unverified=None, counted="community",
    )  # fmt: skip
    now = figure(status, factor=factor, **more)
    return Item.of_row(entry, now, before=before, counties=tuple(counties), series=((date(2020, 5, 1), now),))


def facts(
    items=(),
    month=date(2020, 5, 1),
    compared=date(2020, 4, 1),
    counties=("甲县", "乙县", "丙县"),
    sent=None,
    carried=(),
    **more,
) -> Facts:
    listed = tuple({"unit": f"13050{n}", "short": name, "name": name} for n, name in enumerate(counties))
    code = {c["short"]: c["unit"] for c in listed}
    sent = counties if sent is None else sent
    coverage = tuple(
        {"county": c["unit"], "name": c["name"], "units": 10, "accepted": 10 * (c["short"] in sent), "held": 0,
         "carried": 10 * (c["short"] in carried), "missing": 10 * (c["short"] not in (*sent, *carried))}
        for c in listed
    )  # fmt: skip
    manifest = {
        "city": "某市",
        "published_at": "2020-06-05T10:00:00+08:00",
        "month": f"{month:%Y-%m}",
        "edition": 1,
        "kind": "original",
    }
    given = dict(
        release=SimpleNamespace(month=month, manifest=manifest, edition=1, label="2020-05/1", rows=lambda *_: [], noted=[]),
        policy={"id": "p", "title": "实施意见", "due": date(2020, 12, 1), "issuer": "某市"},
        compared=compared, items=tuple(items), counties=listed, coverage=coverage,
        submissions=tuple({"county": code[name], "status": "effective", "refused": False, "file": name} for name in
        sent), findings=(), statuses=NAMES, decisions=(), editions=(), outlook={}, waived={},
    )  # fmt: skip
    given["places"] = tuple(_places(items, listed))
    given |= more
    counts = Counter((finding["county"], finding["severity"]) for finding in given["findings"])
    return Facts(finding_counts=counts, **given)


def _places(items, counties) -> list[dict]:
    """The counties in the order of concern by their figures."""
    rows = []
    for county in counties:
        own = [item.of[county["unit"]].status for item in items if county["unit"] in item.of]
        applicable = [status for status in own if status not in ("not_applicable", "no_data", "tracked")]
        rows.append((sum(status in BEHIND for status in applicable), len(applicable), county))
    rows.sort(key=lambda row: (-row[0] / max(row[1], 1), row[2]["unit"]))
    return [
        {
            "unit": c["unit"],
            "short": c["short"],
            "applicable": of,
            "behind": behind,
            "rank": n,
            "place": len(rows) + 1 - n,
            "placed": len(rows),
            "behind_before": None,
            "place_before": None,
        }
        for n, (behind, of, c) in enumerate(rows, 1)
    ]
