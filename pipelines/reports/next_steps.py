"""五、下一步 and 六、上月要求落实情况: pace needed against pace, units to go by county, who is responsible, what became of last month's tasks."""

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

from pipelines import months
from pipelines.edition.phrases import count, listed, most_of, sentence
from pipelines.edition.progress_rows import Task
from pipelines.edition.statuses import BEHIND
from pipelines.punctuation import full_width
from pipelines.reports.claims import Claim, Proof, figure_proof
from pipelines.reports.facts import Facts
from pipelines.reports.indicator_figures import Item, by_concern

_NAMED, _COUNTIES = 3, 2
_ANY = "个"
_OUTLOOK = """SELECT ceil(round(needed_pace, 9))::BIGINT, months_left FROM outlook
              WHERE policy = ? AND indicator = ? AND level = 'city' AND divisions = 'now'"""
_RECENT = """SELECT printf('%.1f', abs(round(recent_pace, 1))) FROM outlook
             WHERE policy = ? AND indicator = ? AND level = 'city' AND divisions = 'now'"""


def claims(facts: Facts, most: int = _NAMED) -> list[Claim]:
    """One request for each of the first leading indicators that are behind, then the counties to report."""
    behind = [item for item in by_concern(facts.headline) if item.status in BEHIND and work(item)]
    requests = [request(facts, item) for item in behind[:most]]
    return [*requests, *([silence] if (silence := reports_due(facts)) else [])]


def work(item: Item) -> int:
    """Units of the city's gap that only work can close."""
    return (item.city.gap_failing if item.city else 0) or 0


def request(facts: Facts, item: Item) -> Claim:
    """`A今后6个月每月须新增36个（近3个月月均7个），请民政部门督促宁晋县（未达标112个）、威县（60个）等办理。`"""
    figure = item.city
    assert figure is not None
    needed, proofs = _pace(facts, item)
    who = facts.office.responsible(facts.policy["id"], item.clause)
    where, county_proofs = _where(facts, item)
    due = "" if facts.month < facts.policy["due"] else "，明确完成时限"
    text = f"{item.name}{needed or f'还须完成{count(work(item))}{full_width(item.gap_unit or _ANY)}'}，请{who}{where}{due}。"
    gap = figure_proof(
        facts.policy["id"], item.id, figure.unit, facts.month, gap_failing=figure.gap_failing, status=item.status
    )
    return Claim(text, (gap, *proofs, *county_proofs))


def _pace(facts: Facts, item: Item) -> tuple[str, list[Proof]]:
    row = facts.outlook.get(item.id)
    # what is overdue has no months left, though what is counted by the year has a new December
    if item.status == "overdue" or not row or not row["months_left"] or row["needed_pace"] is None:
        return "", []
    key = (facts.policy["id"], item.id)
    needed, left = -(-work(item) // row["months_left"]), row["months_left"]
    proofs = [Proof(_OUTLOOK, key, [(needed, left)])]
    text = f"今后{left}个月每月须新增{count(needed)}个"
    if row["recent_pace"] is None or not item.mostly_known:
        return text, proofs
    recent = Fraction(row["recent_pace"]).limit_denominator(3)
    if recent <= 0:
        return f"{text}（近3个月无净增）", [*proofs, Proof(_NO_GROWTH, key, [(True,)])]
    shown = f"{float(recent):.1f}"
    proofs += [Proof(_RECENT, key, [(shown,)]), Proof("SELECT 3", (), [(3,)])]
    return f"{text}（近3个月月均{shown.removesuffix('.0')}个）", proofs


_NO_GROWTH = """SELECT recent_pace < 0.01 FROM outlook WHERE policy = ? AND indicator = ? AND level = 'city' AND divisions = 'now'"""


def _where(facts: Facts, item: Item) -> tuple[str, list[Proof]]:
    """Whom to press: the counties with most units to go, by what only work can close."""
    if item.counted == "county":
        without = [f for f in item.counties if f.status in BEHIND]
        named = [f.name for f in without]
        proofs = [figure_proof(facts.policy["id"], item.id, f.unit, facts.month, status=f.status) for f in without]
        return (f"督促{listed(named, 6, '个县（市、区）')}办理" if named else "办理"), proofs
    gaps = sorted((f for f in item.counties if f.gap_failing), key=lambda f: (-(f.gap_failing or 0), f.unit))[
        :_COUNTIES
    ]
    if not gaps:
        return "办理", []
    named = [f"{f.name}（{'' if n else '未达标'}{count(f.gap_failing or 0)}个）" for n, f in enumerate(gaps)]
    proofs = [figure_proof(facts.policy["id"], item.id, f.unit, facts.month, gap_failing=f.gap_failing) for f in gaps]
    return f"督促{'、'.join(named)}等办理" if len(item.counties) > len(gaps) else f"督促{'、'.join(named)}办理", proofs


def reports_due(facts: Facts) -> Claim | None:
    """Whose silence has to end: counties with units of which nothing is known."""
    silent = sorted((row for row in facts.coverage if row["missing"]), key=lambda row: (-row["missing"], row["county"]))
    if not silent:
        return None
    named = [f"{facts.short.get(r['county'], r['name'])}（{count(r['missing'])}个）" for r in silent]
    text = f"请{listed(named, _COUNTIES, '个县（市、区）')}补报无数据的社区（村）。"
    sql = "SELECT county, missing::BIGINT FROM coverage WHERE month = ? AND missing > 0 ORDER BY missing DESC, county"
    return Claim(text, (Proof(sql, (facts.month,), [(r["county"], r["missing"]) for r in silent]),))


# ---- what became of last month's tasks


def follow_up(facts: Facts, with_idle: bool = True) -> Claim | None:
    """How many of the tasks that stood last month the month's data closed, and how the others went; `with_idle`: who did nothing."""
    if facts.compared != months.add(facts.month, -1):
        return None
    stood = [task for task in facts.tasks if task["stood"]]
    if not stood:
        return None
    # what is lent shows no work, and no lack of it
    reporting = {row["county"] for row in facts.coverage if 10 * row["accepted"] >= 9 * row["units"]}
    idle = Counter(
        task["short"]
        for task in stood
        if task["state"] != "closed" and task["failing"] and (task["done"] or 0) <= 0 and task["county"] in reporting
    )
    replied = sum(replied_to(task, facts) for task in stood)
    text = sentence(
        f"上月督办{len(stood)}项{f'，各县（市、区）答复{replied}项' if replied else ''}",
        *became(stood),
        with_idle and idle and f"无进展事项{'较多' if len(idle) > _COUNTIES else ''}的是{most_of(idle, _COUNTIES)}",
    )
    return Claim(text, _followed_proofs(facts, stood, idle, replied))


# stands: the last month before in which the county was behind with units that lack it, or met the target, was one of the former
_FOLLOWED = """
    WITH series AS (
        SELECT f.*, CASE WHEN status IN ('overdue', 'reversing', 'off_track', 'lagging') AND gap_failing > 0 THEN 1
                         WHEN status = 'met' THEN 0 END AS turn
        FROM figure AS f JOIN indicator AS i USING (policy, indicator)
        WHERE policy = $policy AND level = 'county' AND divisions = 'now' AND month <= $month AND i.headline AND i.is_share),
    task AS (
        SELECT unit, indicator, coalesce(arg_max(turn, month) FILTER (month < $month), 0) AS stood, arg_max(turn, month) AS is_open,
               coalesce(max(gap_failing) FILTER (month = $month), 0) AS failing, max(gap_failing) FILTER (month = $before) AS earlier,
               max(due) FILTER (month = $month) AS due, max(date_diff('month', month, due)) FILTER (month = $before) AS months_left
        FROM series GROUP BY unit, indicator HAVING count_if(month = $month) = 1 AND due IS NOT NULL AND stood = 1),
    paced AS (
        SELECT *, CASE WHEN is_open = 0 THEN 'closed' WHEN failing = 0 THEN 'unclear' WHEN due <= $month THEN 'overdue'
                       WHEN coalesce(earlier, 0) = 0 OR months_left <= 0 THEN 'unclear'
                       WHEN earlier - failing >= ceil(earlier / months_left) THEN 'even' ELSE 'behind' END AS pace
        FROM task)
"""
_PACED = f"{_FOLLOWED} SELECT count(*), {', '.join(f'count_if(pace = {p!r})' for p in ('closed', 'even', 'behind', 'overdue'))} FROM paced"
_IDLE = f"""{_FOLLOWED} SELECT c.short, count(*) FROM paced JOIN county AS c USING (unit)
            JOIN coverage AS v ON v.county = c.unit AND v.month = $month
            WHERE 10 * accepted >= 9 * units AND is_open = 1 AND failing > 0
              AND failing >= coalesce(earlier, failing) GROUP BY c.short ORDER BY c.short"""


def _followed_proofs(facts: Facts, stood: Sequence[Task], idle: Counter[str], replied: int) -> tuple[Proof, ...]:
    key = {"policy": facts.policy["id"], "month": facts.month, "before": facts.compared}
    counts = (len(stood), *_became(stood).values())
    counted = Proof("SELECT $replied", {"replied": replied}, [(replied,)])
    return Proof(_PACED, key, [counts[:5]]), Proof(_IDLE, key, sorted(idle.items())), counted


def became(stood: Sequence[Task]) -> list[str]:
    """What became of tasks that stood last month, as clauses whose numbers add up to them."""
    counts = _became(stood)
    closed = counts.pop("本月办结")
    counts["进度不明"] = len(stood) - closed - sum(counts.values())
    return [f"本月办结{closed}项" if closed else "本月没有办结的", *(f"{word}{n}项" for word, n in counts.items() if n)]


def _became(stood: Sequence[Task]) -> dict[str, int]:
    paces = Counter(task["pace"] for task in stood if task["state"] != "closed")
    return {
        "本月办结": sum(task["state"] == "closed" for task in stood), "达到或超过进度": paces["even"] + paces["ahead"],
        "欠进度": paces["behind"], "逾期未办结": paces["overdue"],
    }  # fmt: skip


def replied_to(task: Task, facts: Facts) -> bool:
    """Whether the county replied to the task as it stood last month: a paper made again later says the same."""
    return any(reply["month"] == months.key(months.add(facts.month, -1)) for reply in task["replies"])
