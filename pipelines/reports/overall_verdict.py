"""一、总体判断: one paragraph, the verdict and how far it can be trusted."""

from collections import Counter
from collections.abc import Sequence

from pipelines import months
from pipelines.edition.phrases import count, listed, sentence, until
from pipelines.edition.statuses import BEHIND, NAMES, below_base
from pipelines.reports.claims import Claim, Proof, figure_proof, text_of
from pipelines.reports.facts import Facts
from pipelines.reports.indicator_figures import Item, by_concern
from pipelines.reports.verdict import shortfall, starting

_COUNTED = (
    "met", "on_track", "starting", "lagging", "off_track", "reversing", "overdue", "unproven", "tracked", "no_data", "not_applicable",
)  # fmt: skip
_NAMED, _SILENT = 3, 2


def paragraph(facts: Facts, most: int = _NAMED) -> str:
    """The paragraph 总体判断, with so many that are behind by name."""
    return text_of(claims(facts, most))


def claims(facts: Facts, most: int = _NAMED) -> list[Claim | None]:
    """The paragraph's sentences in order, None for those that have nothing to say."""
    return [tally(facts), _begins(facts), worst(facts, most), trust(facts), term(facts)]


def tally(facts: Facts) -> Claim:
    """How many leading indicators stand how; those without a target are named beside them."""
    statuses = [item.status for item in _with_target(facts)]
    counts, total = Counter(statuses), len(statuses)
    of_policy = f"《{facts.policy['title']}》的" if facts.several else ""
    head = f"截至{months.label(facts.month)}底，{of_policy}{total}项主要指标"
    if len(counts) == 1:
        word = {"met": "全部达标", "no_data": "均无数据"}.get(statuses[0], f"均为“{NAMES[statuses[0]]}”")
        text = f"{head}{word}。"
    else:
        text = sentence(f"{head}中", *(f"{NAMES[s]}{counts[s]}项" for s in _COUNTED if counts[s])).replace(
            "中，", "中", 1
        )
    others = len(facts.headline) - total
    return Claim(f"{text}另有{others}项只作监测。" if others else text, tally_proofs(facts))


def _with_target(facts: Facts) -> list[Item]:
    """The leading indicators that are judged against a target (all where none has one)."""
    return [item for item in facts.headline if item.goal] or list(facts.headline)


def tally_proofs(facts: Facts) -> tuple[Proof, Proof]:
    """Proofs of the counts by status and of their total."""
    policy, ids = facts.policy["id"], [item.id for item in _with_target(facts)]
    counts = """SELECT status, count(*) FROM figure WHERE policy = ? AND month = ? AND level = 'city' AND divisions = 'now'
                AND list_contains(?, indicator) GROUP BY status ORDER BY status"""
    total = "SELECT count(*) FROM indicator WHERE policy = ? AND list_contains(?, indicator)"
    there = Counter(item.status for item in _with_target(facts) if item.city)
    return Proof(counts, (policy, facts.month, ids), sorted(there.items())), Proof(total, (policy, ids), [(len(ids),)])


def _begins(facts: Facts) -> Claim | None:
    """From when the pace of those in 起步期 is judged."""
    text = starting(facts.headline, facts.month)
    begun = [item for item in facts.headline if item.city and item.status == "starting" and item.city.base_month]
    proofs = [
        figure_proof(
            facts.policy["id"], i.id, i.city.unit, facts.month, status="starting", base_month=i.city.base_month
        )
        for i in begun
        if i.city
    ]
    return Claim(text, tuple(proofs)) if text else None


def worst(facts: Facts, most: int = _NAMED) -> Claim | None:
    """Those behind in the order of concern: how many, and of the first ones what they lack."""
    behind = [item for item in by_concern(facts.headline) if item.status in BEHIND]
    if not behind:
        return _none_behind(facts)
    overdue = sum(item.status == "overdue" for item in behind)
    head = f"{overdue}项未按期完成" if overdue == len(behind) else f"{len(behind)}项落后" if overdue == 0 else (
        f"{len(behind)}项落后，其中{overdue}项未按期完成")  # fmt: skip
    lead = "：" if len(behind) <= most else "，较突出的是"
    text = f"{head}{lead}{'、'.join(shortfall(item) for item in behind[:most])}。"
    return Claim(text, (_behind_proof(facts, behind), *(proof_of_gap(facts, item) for item in behind[:most])))


def lower(facts: Facts) -> Claim | None:
    """For the note under table 1: which of its rows are behind their baseline though nothing fell, and why."""
    below = [
        (number, item, item.city)
        for number, item in enumerate(facts.headline, 1)
        if item.city and below_base(item.status, item.city.pace)
    ]
    if not below:
        return None
    policy, ids = facts.policy["id"], [item.id for item in facts.headline]
    proofs = [
        figure_proof(policy, item.id, city.unit, facts.month, status="off_track", pace=city.pace)
        for _, item, city in below
    ]
    rows = [Proof(_ROW, (policy, ids, policy, item.id), [(number,)]) for number, item, _ in below]
    why = below_base("off_track", below[0][2].pace)
    return Claim(f"第{'、'.join(str(number) for number, *_ in below)}项{why}。", (*proofs, *rows))


_ROW = """SELECT count(*) FROM indicator WHERE policy = ? AND list_contains(?, indicator)
          AND position <= (SELECT position FROM indicator WHERE policy = ? AND indicator = ?)"""


def _none_behind(facts: Facts) -> Claim | None:
    """Only where something is judged: an open verdict is no good one."""
    statuses = {item.status for item in _with_target(facts)}
    if not statuses & {"met", "on_track"} or statuses == {"met"}:
        return None
    text = "已能判断的主要指标均未落后。" if statuses - {"met", "on_track"} else "主要指标均未落后。"
    return Claim(text, (_behind_proof(facts, []),))


def _behind_proof(facts: Facts, behind: Sequence[Item]) -> Proof:
    sql = """SELECT indicator FROM figure WHERE policy = ? AND month = ? AND level = 'city' AND divisions = 'now'
             AND list_contains(?, indicator) AND status IN ('overdue', 'reversing', 'off_track', 'lagging') ORDER BY indicator"""
    parameters = (facts.policy["id"], facts.month, [item.id for item in facts.headline])
    return Proof(sql, parameters, [(name,) for name in sorted(item.id for item in behind)])


def proof_of_gap(facts: Facts, item: Item) -> Proof:
    """Proof of everything `shortfall` says of an item."""
    figure = item.city
    assert figure is not None
    return figure_proof(
        facts.policy["id"], item.id, figure.unit, facts.month, shown=figure.shown, gap=figure.gap, gap_failing=figure.gap_failing,
        gap_unknown=figure.gap_unknown, known_shown=figure.known_shown, unknown=figure.unknown, target=item.goal,
    )  # fmt: skip


def trust(facts: Facts) -> Claim | None:
    """On how many units it rests, whether it is approved, and what is 待核实."""
    total = sum(row["units"] for row in facts.coverage)
    if not total:
        return None
    used, lent = (sum(row[key] for row in facts.coverage) for key in ("accepted", "carried"))
    senders = {row["county"] for row in facts.submissions if row["status"] == "effective" and row["county"]}
    sent = len(senders)
    silent = [county["short"] for county in facts.counties if county["unit"] not in senders]
    unproven = [item.name for item in facts.headline if item.status == "unproven"]
    reports = "全部报送" if sent == len(facts.counties) else f"中{sent}个报送" if sent else "均未报送"
    missing = f"（{listed(silent)}未报）" if sent and 0 < len(silent) <= _SILENT else ""
    text = sentence(
        f"{len(facts.counties)}个县（市、区）{reports}{missing}",
        f"采用{count(used)}个社区（村）报表" + (f"（{_share(used, total)}%）" if used < total else ""),
        lent and f"另沿用此前数据{count(lent)}个",
        10 * (used + lent) < 9 * total and "报送不足九成，全市进展不作判断",
        _approval(facts),
        0 < len(unproven) <= _NAMED and f"{listed(unproven)}待核实",
    )
    coverage = (
        "SELECT sum(units)::BIGINT, sum(accepted)::BIGINT, sum(carried)::BIGINT, count(*) FROM coverage WHERE month = ?"
    )
    counties = "SELECT count(DISTINCT county) FROM submission WHERE month = ? AND status = 'effective'"
    return Claim(
        text,
        (
            Proof(coverage, (facts.month,), [(total, used, lent, len(facts.coverage))]),
            Proof(counties, (facts.month,), [(sent,)]),
            Proof(_SHARE, (facts.month,), [(_share(used, total),)]),
            Proof(
                _UNPROVEN, (facts.policy["id"], facts.month, [item.id for item in facts.headline]), [(len(unproven),)]
            ),
        ),
    )


def _approval(facts: Facts) -> str:
    state = facts.release.manifest.get("states", {}).get(months.key(facts.month))
    return {"approved": "数据已经审定", "reopened": "数据审定后又重开，尚未再次审定"}.get(state or "", "数据尚未审定")


_UNPROVEN = """SELECT count(*) FROM figure WHERE policy = ? AND month = ? AND level = 'city' AND divisions = 'now'
               AND list_contains(?, indicator) AND status = 'unproven'"""
_SHARE = """SELECT (tenths // 10)::VARCHAR || '.' || (tenths % 10)::VARCHAR
            FROM (SELECT CASE WHEN part = total THEN 1000 ELSE least(999, (2000 * part + total) // (2 * total)) END AS tenths
                  FROM (SELECT sum(accepted)::BIGINT AS part, sum(units)::BIGINT AS total FROM coverage WHERE month = ?))"""


def _share(part: int, whole: int) -> str:
    """A share of units in percent, half up to one decimal; what is not whole is never said to be."""
    tenths = 1000 if part == whole else min(999, (2000 * int(part) + int(whole)) // (2 * int(whole)))
    return f"{tenths // 10}.{tenths % 10}"


def term(facts: Facts) -> Claim:
    """How far the due date is, or that the term is over."""
    policy, left = facts.policy["id"], months.between(facts.month, facts.policy["due"])
    due = until(facts.policy["due"])
    over = "本月到期" if left == 0 else f"已过{-left}个月"
    text = f"距{due}完成时限还有{left}个月。" if left > 0 else f"{due}的完成时限{over}。"
    last = Proof("SELECT due FROM policy WHERE id = ?", (policy,), [(facts.policy["due"],)])
    distance = Proof(
        "SELECT date_diff('month', ?::DATE, due) FROM policy WHERE id = ?", (facts.month, policy), [(left,)]
    )
    return Claim(text, (last, distance))
