"""四、各县（市、区）情况: who lags by share of what applies, who moved up, who slipped; by today's divisions."""

from pipelines.edition import movement_sentences
from pipelines.edition.phrases import sentence
from pipelines.edition.progress_rows import ConcernedPlace
from pipelines.reports.claims import Claim, Proof
from pipelines.reports.facts import Facts

_NAMED = 3
_IMPROVED = 1
_COUNTED = """SELECT applicable::BIGINT, behind::BIGINT, rank FROM concern
              WHERE policy = ? AND month = ? AND divisions = 'now' AND level = 'county' AND unit = ?"""


def claims(facts: Facts, least: bool = False) -> list[Claim | None]:
    """Who lags, who improved, who slipped; the `least` that is to be said is who lags."""
    if not facts.places or (facts.many and not any(place["behind"] for place in facts.places)):
        return []
    return [lagging(facts)] if least else [lagging(facts), improved(facts), slipped(facts)]


def lagging(facts: Facts) -> Claim | None:
    """Who lags, with counts of what applies; that nobody does only where something is judged of every county."""
    text = movement_sentences.who_lags(facts.places)
    if not text:
        return _nobody(facts)
    named = [place for place in facts.places if place["behind"]][:_NAMED]
    return Claim(text, tuple(_proof(facts, place) for place in named))


def _nobody(facts: Facts) -> Claim | None:
    open_ = {"starting", "unproven", "no_data"}
    figures = [
        item.of.get(place["unit"]) for item in facts.headline if item.goal and not item.judged for place in facts.places
    ]
    if not figures or any(figure is None or figure.status in open_ for figure in figures):
        return None
    sql = """SELECT count(*) FROM concern WHERE policy = ? AND month = ? AND divisions = 'now' AND level = 'county' AND behind > 0"""
    return Claim("各县（市、区）主要指标均未落后。", (Proof(sql, (facts.policy["id"], facts.month), [(0,)]),))


def _proof(facts: Facts, place: ConcernedPlace) -> Proof:
    return Proof(
        _COUNTED,
        (facts.policy["id"], facts.month, place["unit"]),
        [(place["applicable"], place["behind"], place["rank"])],
    )


def improved(facts: Facts) -> Claim | None:
    """Who has fewer indicators behind than a month before because units got there, with the change of rank counted from the best. What
    reports, silence or boundaries change is no improvement.
    """
    if facts.compared is None:
        return None
    total, worked = len(facts.places), _by_work(facts)
    better = [
        p
        for p in facts.places
        if p["behind_before"] is not None
        and p["rank_before"]
        and 0 < p["behind_before"] - p["behind"] <= worked.get(p["unit"], 0)
    ]
    better.sort(key=lambda p: ((p["behind"] - (p["behind_before"] or 0)), -p["rank"]))
    named = [f"{p['short']}（{p['behind_before']}项减至{p['behind']}项{_rank(p, total)}）" for p in better[:_IMPROVED]]
    if not named:
        return None
    text = sentence(f"落后指标{'减少较多' if len(better) > _IMPROVED else '减少'}的是{'、'.join(named)}")
    return Claim(text, tuple(proof for place in better[:_IMPROVED] for proof in _rank_proofs(facts, place, total)))


def _by_work(facts: Facts) -> dict[str, int]:
    """County → leading indicators that were behind a month before and now are proven not to be, mostly by answers that changed."""
    rows = facts.release.rows(_WORKED, [facts.policy["id"], facts.month, facts.compared])
    return {row["unit"]: row["indicators"] for row in rows}


_WORKED = """
    SELECT f.unit, count(*) AS indicators FROM figure AS f
    JOIN figure AS b ON (b.policy, b.indicator, b.unit, b.level, b.divisions) = (f.policy, f.indicator, f.unit, f.level, f.divisions)
    JOIN indicator AS i ON (i.policy, i.indicator) = (f.policy, f.indicator)
    JOIN (SELECT policy, indicator, unit, abs(sum(change) FILTER (part = 'answers')) AS work,
                 coalesce(sum(abs(change)) FILTER (part <> 'answers'), 0) AS other
          FROM movement WHERE level = 'county' GROUP BY ALL) AS m ON (m.policy, m.indicator, m.unit) = (f.policy, f.indicator, f.unit)
    WHERE f.policy = ? AND f.month = ? AND b.month = ? AND f.divisions = 'now' AND f.level = 'county' AND i.headline
      AND b.status IN ('overdue', 'reversing', 'off_track', 'lagging') AND f.status IN ('met', 'on_track') AND work > other
    GROUP BY f.unit
"""


def _rank(place: ConcernedPlace, total: int) -> str:
    now, then = total + 1 - place["rank"], total + 1 - (place["rank_before"] or 0)
    return f"，位次由第{then}位升至第{now}位" if now < then else ""


def _rank_proofs(facts: Facts, place: ConcernedPlace, total: int) -> tuple[Proof, Proof]:
    """Ranks counted from the best, among all counties of the month."""
    sql = """
        SELECT behind::BIGINT, total + 1 - rank FROM (
            SELECT unit, behind, rank, count(*) OVER () AS total FROM concern
            WHERE policy = ? AND month = ? AND divisions = 'now' AND level = 'county') WHERE unit = ?"""
    policy, unit = facts.policy["id"], place["unit"]
    return (
        Proof(sql, (policy, facts.month, unit), [(place["behind"], total + 1 - place["rank"])]),
        Proof(sql, (policy, facts.compared, unit), [(place["behind_before"], total + 1 - (place["rank_before"] or 0))]),
    )


def slipped(facts: Facts) -> Claim | None:
    """In which counties leading indicators have a worse status than a month before."""
    text = movement_sentences.who_slipped(facts.slipped, 2)
    if not text:
        return None
    sql = """
        SELECT f.unit, count(*), count_if(f.status = 'reversing') FROM figure AS f
        JOIN figure AS b ON (b.policy, b.indicator, b.unit, b.level, b.divisions) = (f.policy, f.indicator, f.unit, f.level, f.divisions)
        JOIN indicator AS i ON (i.policy, i.indicator) = (f.policy, f.indicator)
        WHERE f.policy = ? AND f.month = ? AND b.month = ? AND f.divisions = 'now' AND f.level = 'county' AND i.headline
          AND list_position(['met', 'on_track', 'lagging', 'off_track', 'reversing'], f.status)
              > list_position(['met', 'on_track', 'lagging', 'off_track', 'reversing'], b.status)
        GROUP BY f.unit ORDER BY f.unit"""
    counts: dict[str, list[int]] = {}
    for row in facts.slipped:
        pair = counts.setdefault(row["unit"], [0, 0])
        pair[0] += 1
        pair[1] += row["status"] == "reversing"
    return Claim(
        text,
        (Proof(sql, (facts.policy["id"], facts.month, facts.compared), [(u, *p) for u, p in sorted(counts.items())]),),
    )
