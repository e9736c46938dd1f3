"""三、变动及原因: conclusions that a correction turned, what work moved and where, how many were met before; all by today's divisions."""

from datetime import date

from pipelines import months
from pipelines.edition import movement_sentences
from pipelines.edition.figure_types import FigureDifference
from pipelines.edition.movement_sentences import GRADES
from pipelines.edition.phrases import amount, day, listed, sentence
from pipelines.edition.progress_rows import Moved
from pipelines.edition.statuses import NAMES
from pipelines.reports.claims import Claim, Proof, figure_proof
from pipelines.reports.facts import Facts
from pipelines.reports.indicator_figures import Item

_NAMED = 2


def claims(facts: Facts, most: int = _NAMED, with_met: bool = True) -> list[Claim | None]:
    """The sentences of 本月变化 with their proofs."""
    return [*_work(facts, most), met_before(facts) if with_met else None, turned(facts)]


def corrected(facts: Facts) -> Claim | None:
    """Which conclusions this edition changes against the one before it."""
    rows = conclusions_changed(facts)
    if not rows:
        return None
    items = {item.id: item for item in facts.items}
    named = [_turned_by_correction(items[row["indicator"]], row) for row in rows]
    proofs = tuple(
        figure_proof(
            facts.policy["id"], row["indicator"], city.unit, facts.month, status=row["status_after"], shown=row["after"]
        )
        for row in rows
        if (city := items[row["indicator"]].city)
    )
    earlier = Proof(
        "SELECT unnest($before)", {"before": [row["before"] for row in rows]}, [(row["before"],) for row in rows]
    )
    return Claim(f"{listed(named, 5, '项')}。{_why_corrected(facts)}", (*proofs, earlier))


def _turned_by_correction(item: Item, row: FigureDifference) -> str:
    """`甲率由已达标（61.5%）改为逾期未达标（58.9%）`; without the values where they are the same."""
    then, now = (NAMES[row[key] or "no_data"] for key in ("status_before", "status_after"))
    if row["before"] == row["after"]:
        return f"{item.name}由{then}改为{now}"
    return f"{item.name}由{then}（{amount(row['before'], item.unit)}）改为{now}（{amount(row['after'], item.unit)}）"


def _why_corrected(facts: Facts) -> str:
    """Whose reports were corrected, and who reopened the month, where it had been approved."""
    added = (facts.release.manifest.get("changes") or {}).get("submissions_added", [])
    senders = dict.fromkeys(facts.short.get(row["county"], "") for row in added)
    names = [name for name in senders if name]
    reopened = [d for d in facts.decisions or () if d["kind"] == "reopen" and d["month"] == months.key(facts.month)]
    last = reopened[-1] if reopened else None
    return sentence(
        names and f"原因是{listed(names, 3, '个县（市、区）')}更正了报表",
        last and f"本月数据由{last['by']}于{day(date.fromisoformat(last['at'][:10]))}重开",
    )


def conclusions_changed(facts: Facts) -> list[FigureDifference]:
    """City figures of which the edition before concluded something else, leading indicators first."""
    manifest, items = facts.release.manifest, {item.id: item for item in facts.items}
    if manifest["edition"] == 1:
        return []
    rows = [
        row
        for row in (manifest.get("changes") or {}).get("figures", [])
        if row["month"] == manifest["month"]
        and row["policy"] == facts.policy["id"]
        and row["indicator"] in items
        and row.get("status_before") in (*GRADES, "overdue")
        and row.get("status_after") == items[row["indicator"]].status != row["status_before"]
    ]
    return sorted(rows, key=lambda row: (not items[row["indicator"]].headline, items[row["indicator"]].position))


# ---- work


def _work(facts: Facts, most: int) -> list[Claim | None]:
    if facts.compared is None:
        return (
            [Claim("本月是本政策第一个有数据的月份，无上月可比。", (_first_proof(facts),))] if _any_value(facts) else []
        )
    if facts.compared != months.add(facts.month, -1):
        return []
    text = movement_sentences.what_moved(facts.moved, most)
    named = [row for row in facts.moved if row["name"] in text]
    if not text:
        return [_little(facts)]
    return [Claim(text, tuple(p for row in named for p in _moved_proofs(facts, row)))]


def _any_value(facts: Facts) -> bool:
    return any(item.city and item.city.shown for item in facts.items)


def _first_proof(facts: Facts) -> Proof:
    sql = """SELECT count(*) FROM figure WHERE policy = ? AND month < ? AND level = 'city' AND divisions = 'now' AND value IS NOT NULL"""
    return Proof(sql, (facts.policy["id"], facts.month), [(0,)])


def _little(facts: Facts) -> Claim | None:
    """Nothing gained or lost more than two units: said only where enough is known of every leading share."""
    shares = [item for item in facts.headline if item.is_share and item.city and item.city.shown]
    if not shares or not all(item.mostly_known for item in shares):
        return None
    few = movement_sentences.FEW
    nothing = not any(row["gained"] or row["lost"] for row in facts.moved)
    text = "主要指标本月没有新增，也没有减少。" if nothing else f"主要指标本月变动都不超过{few}个单位。"
    sql = """
        SELECT count(*) FROM (
            SELECT indicator, count_if("after" = 1 AND "before" <> 1) AS gained, count_if("before" = 1 AND "after" <> 1) AS lost
            FROM movement_unit JOIN indicator USING (policy, indicator)
            WHERE policy = ? AND part = 'answers' AND headline AND is_share GROUP BY indicator)
        WHERE greatest(gained, lost) > ?"""
    return Claim(text, (Proof(sql, (facts.policy["id"], 0 if nothing else few), [(0,)]),
                        Proof(f"SELECT {few}", (), [(few,)])))  # fmt: skip


def _moved_proofs(facts: Facts, row: Moved) -> tuple[Proof, ...]:
    turned = """SELECT county, count_if("after" = 1 AND "before" <> 1) AS gained, count_if("before" = 1 AND "after" <> 1) AS lost
                FROM movement_unit WHERE policy = ? AND indicator = ? AND part = 'answers' GROUP BY county HAVING gained + lost > 0
                ORDER BY county"""
    totals = """SELECT count_if("after" = 1 AND "before" <> 1), count_if("before" = 1 AND "after" <> 1)
                FROM movement_unit WHERE policy = ? AND indicator = ? AND part = 'answers'"""
    beside = """SELECT coalesce(sum(yes_after - yes_before) FILTER (part = 'boundary'), 0)::BIGINT,
                       coalesce(sum(yes_after - yes_before) FILTER (part = 'correction'), 0)::BIGINT,
                       coalesce(sum(yes_after - yes_before) FILTER (part = 'register'), 0)::BIGINT,
                       coalesce(sum(yes_after - yes_before) FILTER (part = 'reporting'), 0)::BIGINT
                FROM movement WHERE policy = ? AND indicator = ? AND level = 'city'"""
    # reports of units that the roster lists for the first time are no late ones
    came = """SELECT count_if("after" = 1 AND "before" IS DISTINCT FROM 1 AND NOT anew)
                     - count_if("before" = 1 AND "after" IS DISTINCT FROM 1), count_if("after" = 1 AND anew)
              FROM (SELECT *, unit IN (SELECT unit FROM standing WHERE month = ? AND uid NOT IN (
                        SELECT uid FROM standing WHERE month = ?)) AS anew
                    FROM movement_unit WHERE policy = ? AND indicator = ? AND part = 'reporting')"""
    known = (facts.policy["id"], row["indicator"])
    places = sorted((p["unit"], p["gained"], p["lost"]) for p in row["counties"])
    return (
        Proof(turned, known, places),
        Proof(totals, known, [(row["gained"], row["lost"])]),
        Proof(beside, known, [(row["boundary"], row["corrected"], row["defined"], row["reported"])]),
        Proof(came, (facts.month, facts.compared, *known), [(row["reported"] - row["founded"], row["founded"])]),
    )


# ---- how many are met


def met_before(facts: Facts) -> Claim | None:
    """How many leading indicators are met, against last month, the last December and the same month a year ago."""
    now = _met(facts, facts.month)
    if not now and not any(_met(facts, month) for month, _ in _moments(facts)):
        return None
    parts, proofs = [], [_met_proof(facts, facts.month, now)]
    for month, word in _moments(facts):
        then = _met(facts, month)
        parts.append(f"{word}{then}项")
        proofs.append(_met_proof(facts, month, then))
    return Claim(sentence(f"主要指标达标{now}项", parts and "、".join(parts)), tuple(proofs)) if parts else None


def _moments(facts: Facts) -> list[tuple[date, str]]:
    """Months to compare with, of those in which every leading indicator that has a value now had one."""
    month = facts.month
    wanted = [
        (months.add(month, -1), "上月"),
        (date(month.year - 1, 12, 1), "上年底"),
        (months.add(month, -12), "上年同期"),
    ]
    seen: set[date] = set()
    moments = []
    for earlier, word in wanted:
        if earlier not in seen and _comparable(facts, earlier):
            moments.append((earlier, word))
        seen.add(earlier)
    return moments


def _comparable(facts: Facts, month: date) -> bool:
    judged = [item for item in facts.headline if item.goal and not item.judged and item.city and item.city.shown]
    return bool(judged) and all((figure := item.at(month)) and figure.shown for item in judged)


def _met(facts: Facts, month: date) -> int:
    return sum((figure := item.at(month)) is not None and figure.status == "met" for item in facts.headline)


def _met_proof(facts: Facts, month: date, met: int) -> Proof:
    sql = """SELECT count(*) FROM figure WHERE policy = ? AND month = ? AND level = 'city' AND divisions = 'now' AND status = 'met'
             AND list_contains(?, indicator)"""
    return Proof(sql, (facts.policy["id"], month, [item.id for item in facts.headline]), [(met,)])


def turned(facts: Facts) -> Claim | None:
    """Which leading indicators changed their status for the better or worse; to 逾期 because the day came is neither."""
    if facts.compared is None:
        return None
    pairs = [(item, item.before.status) for item in facts.headline if item.before and item.before.status != item.status]
    better = [item for item, then in pairs if _worse(then, item.status) < 0]
    worse = [item for item, then in pairs if _worse(then, item.status) > 0]
    text = sentence(
        better and f"状态好转的有{_listed(better, facts)}",
        worse and f"{'变差' if better else '状态变差'}的有{_listed(worse, facts)}",
    )
    proofs = tuple(proof for item in (*better, *worse) for proof in _turn_proofs(facts, item))
    return Claim(text, proofs) if text else None


def _worse(then: str, now: str) -> int:
    """How many grades worse; 0 where one of them has none."""
    return GRADES.index(now) - GRADES.index(then) if then in GRADES and now in GRADES else 0


def _listed(items: list[Item], facts: Facts) -> str:
    named = [f"{item.name}（{NAMES[item.before.status]}变为{NAMES[item.status]}）" for item in items if item.before]
    return listed(named, _NAMED, "项")


def _turn_proofs(facts: Facts, item: Item) -> tuple[Proof, Proof]:
    assert item.city is not None and item.before is not None
    policy, unit = facts.policy["id"], item.city.unit
    return (
        figure_proof(policy, item.id, unit, facts.month, status=item.status),
        figure_proof(policy, item.id, unit, facts.compared, status=item.before.status),
    )
