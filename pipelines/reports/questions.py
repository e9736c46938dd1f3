"""二、需要研究的事: at most three, each with what would settle it; only what the month's figures give."""

from collections.abc import Callable, Sequence
from fractions import Fraction

from pipelines import months
from pipelines.edition.movement_sentences import recounted
from pipelines.edition.phrases import count, listed, until
from pipelines.edition.statuses import BEHIND
from pipelines.reports.changes import conclusions_changed, corrected
from pipelines.reports.claims import Claim, Proof, figure_proof
from pipelines.reports.county_progress import are_placed
from pipelines.reports.facts import Facts
from pipelines.reports.indicator_figures import Item, by_concern, tenth
from pipelines.reports.next_steps import work
from pipelines.reports.verdict import unproven

_MOST, _NAMED = 3, 3


def claims(facts: Facts) -> list[Claim]:
    """At most three questions, the most urgent first."""
    asked: list[Callable[[Facts], Claim | None]] = [
        _correction,
        _unproven,
        _over,
        _too_slow,
        _divisions,
        _clause,
        _counties,
    ]
    questions = [claim for ask in asked if (claim := ask(facts))]
    return questions[:_MOST]


def asks_of_divisions(facts: Facts) -> bool:
    """Whether one of the questions says how many units are judged as another kind."""
    claim = _divisions(facts)
    return claim is not None and claim in claims(facts)


def _correction(facts: Facts) -> Claim | None:
    """A correction that turned a conclusion: whoever was told the old one must hear of it."""
    if not conclusions_changed(facts):
        return None
    claim = corrected(facts)
    return claim and Claim(f"已报结论须更正：{claim.text}建议以本版为准，并告知已收到上一版的单位。", claim.proofs)


def _unproven(facts: Facts) -> Claim | None:
    """Verdicts that depend on who has not reported."""
    items = [item for item in facts.headline if item.status == "unproven"]
    if not items:
        return None
    detailed = items if len(items) < _NAMED else []
    text = f"{_open(items, facts)}尚不能下结论。建议限期补报，补报前不作结论。"
    proofs = [
        figure_proof(
            facts.policy["id"],
            i.id,
            i.city.unit,
            facts.month,
            status="unproven",
            if_last=i.city.if_last,
            if_low=i.city.if_low,
            deciding=i.city.deciding,
        )
        for i in items
        if i.city
    ]
    named_proofs = [
        Proof(_DECIDING, (facts.policy["id"], i.id, i.city.unit, facts.month), [(len(i.city.deciding.split(",")),)])
        for i in detailed
        if i.city and i.city.deciding
    ]
    silent = Proof(_SILENT, (facts.policy["id"], facts.month, [i.id for i in items]), [(len(_deciding(items)),)])
    return Claim(text, (*proofs, silent, *named_proofs))


def _open(items: Sequence[Item], facts: Facts) -> str:
    """One or two with what they would be; of more only how many, and whose reports they wait for."""
    if len(items) < _NAMED:
        return "、".join(f"{item.name}（{unproven(item, facts.short)}）" for item in items)
    codes = [facts.short.get(code, code) for code in _deciding(items)]
    waiting = f"因{listed(codes, _NAMED, '个县（市、区）')}报送不全，" if codes else ""
    return f"{waiting}{'、'.join(item.name for item in items[: _NAMED - 1])}等{len(items)}项"


def _deciding(items: Sequence[Item]) -> list[str]:
    """The counties whose missing answers decide any of them, by code."""
    found = (code for item in items if item.city for code in (item.city.deciding or "").split(",") if code)
    return sorted(set(found))


_SILENT = """SELECT count(DISTINCT code) FROM (SELECT unnest(string_split(deciding, ',')) AS code FROM figure
             WHERE policy = ? AND month = ? AND level = 'city' AND divisions = 'now' AND list_contains(?, indicator)
               AND status = 'unproven' AND deciding <> '')"""


_DECIDING = """SELECT len(string_split(deciding, ',')) FROM figure
               WHERE policy = ? AND indicator = ? AND unit = ? AND month = ? AND divisions = 'now'"""


def _over(facts: Facts) -> Claim | None:
    """After the due month: what to do with what is not met."""
    items = [item for item in facts.headline if item.status == "overdue"]
    if not items or facts.month < facts.policy["due"]:
        return None
    proofs = [
        figure_proof(facts.policy["id"], i.id, i.city.unit, facts.month, status="overdue") for i in items if i.city
    ]
    return Claim(f"到期未完成的{len(items)}项如何收尾。建议逐项明确时限和责任单位。", tuple(proofs))


def _too_slow(facts: Facts) -> Claim | None:
    """The indicator of greatest concern whose pace does not reach the target in time."""
    for item in by_concern(facts.headline):
        row = facts.outlook.get(item.id)
        if (
            item.status not in BEHIND
            or not row
            or not row["months_left"]
            or row["recent_pace"] is None
            or not item.mostly_known
            or not work(item)
        ):
            continue
        needed, recent = -(-work(item) // row["months_left"]), Fraction(row["recent_pace"]).limit_denominator(3)
        if recent < needed:
            return _slow(facts, item, needed, recent)
    return None


def _slow(facts: Facts, item: Item, needed: int, recent: Fraction) -> Claim:
    """By how much the units needed a month exceed those of the last three months, or that none was added."""
    # what begins anew each January is due in its year's December
    due = until(months.add(facts.month, facts.outlook[item.id]["months_left"] or 0))
    if recent > 0:
        how, proof = _times_slower(facts, item, needed, recent)
        text = f"{item.name}能否于{due}前完成。{how}。建议加大投入或调整安排。"
    else:
        text = f"{item.name}{'停滞' if recent == 0 else '不增反减'}，能否于{due}前完成。建议加大投入或调整安排。"
        proof = Proof(_GROWTH, (facts.policy["id"], item.id), [(0 if recent == 0 else -1,)])
    return Claim(text, (proof, _three()))


def _three() -> Proof:
    """For the months of the recent pace, and how many counties are named."""
    return Proof("SELECT 3", (), [(3,)])


_GROWTH = """SELECT sign(round(recent_pace, 2))::INTEGER FROM outlook
             WHERE policy = ? AND indicator = ? AND level = 'city' AND divisions = 'now'"""


def _times_slower(facts: Facts, item: Item, needed: int, recent: Fraction) -> tuple[str, Proof]:
    times = tenth(needed / recent)
    how = f"所需月均数是近3个月实际的{times}倍" if times > 1 else "所需月均数略高于近3个月实际"
    sql = """SELECT printf('%.1f', floor(10 * ceil(round(gap_failing / months_left, 9)) / recent_pace + 0.5000001) / 10),
                    recent_pace < ceil(round(gap_failing / months_left, 9))
             FROM outlook JOIN figure USING (policy, indicator, level, unit, divisions)
             WHERE policy = ? AND indicator = ? AND level = 'city' AND divisions = 'now' AND month = ?"""
    return how, Proof(sql, (facts.policy["id"], item.id, facts.month), [(str(times), True)])


def _clause(facts: Facts) -> Claim | None:
    """The clause of which most leading indicators are behind, where that are at least two and more than half of it."""
    clauses: dict[str, list[Item]] = {}
    for item in facts.headline:
        clauses.setdefault(item.clause, []).append(item)
    behind = {clause: [item for item in own if item.status in BEHIND] for clause, own in clauses.items()}
    heavy = [clause for clause, own in behind.items() if len(own) >= 2 and 2 * len(own) > len(clauses[clause])]
    if not heavy:
        return None
    clause = max(heavy, key=lambda name: len(behind[name]))
    own, who = behind[clause], facts.office.responsible(facts.policy["id"], clause)
    name = f"第{clause.replace('（', '部分（')}" if "（" in clause else f"第{clause}部分"
    sql = """SELECT count(*), count_if(status IN ('overdue', 'reversing', 'off_track', 'lagging'))
             FROM figure WHERE policy = ? AND month = ? AND level = 'city' AND divisions = 'now' AND list_contains(?, indicator)"""
    key = (facts.policy["id"], facts.month, [item.id for item in clauses[clause] if item.city])
    counts = (
        f"{len(own)}项主要指标均落后"
        if len(own) == len(clauses[clause])
        else f"{len(clauses[clause])}项主要指标中{len(own)}项落后"
    )
    text = f"政策{name}的{counts}。建议由{who}提出资金和时间安排。"
    return Claim(text, (Proof(sql, key, [(len(key[2]), len(own))]),))


def _counties(facts: Facts) -> Claim | None:
    """Counties where at least half of what applies is behind."""
    heavy = [place for place in facts.places if place["applicable"] and 2 * place["behind"] >= place["applicable"]]
    # who reported is not called in for it while the others are silent
    if not heavy or not are_placed(facts):
        return None
    named = [place["short"] for place in heavy]
    sql = """SELECT unit FROM concern WHERE policy = ? AND month = ? AND divisions = 'now' AND level = 'county' AND applicable > 0
             AND 2 * behind >= applicable ORDER BY rank"""
    if len(named) > _NAMED:
        text = f"{len(named)}个县（市、区）有半数或以上主要指标落后，比重较高的是{listed(named[:_NAMED])}。建议约谈这{_NAMED}个，并报整改安排。"
    else:
        text = f"{listed(named)}有半数或以上主要指标落后。建议约谈，并报整改安排。"
    return Claim(text, (Proof(sql, (facts.policy["id"], facts.month), [(p["unit"],) for p in heavy]), _three()))


def _divisions(facts: Facts) -> Claim | None:
    """A change of divisions that changed by what standard units are judged."""
    units = recounted(facts.release) if facts.divisions else 0
    if not units or facts.month >= facts.policy["due"]:
        return None
    sql = """SELECT count(*) FROM standing AS now JOIN standing AS old USING (uid)
             WHERE now.month = ? AND old.month = ? AND now.kind <> old.kind"""
    text = f"区划调整后，{count(units)}个社区（村）改按另一类型的标准考核。建议明确过渡期安排。"
    return Claim(text, (Proof(sql, (facts.month, months.add(facts.month, -1)), [(units,)]),))
