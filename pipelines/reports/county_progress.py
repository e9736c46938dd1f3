"""四、各县（市、区）情况: who lags by share of what applies, who moved up, who slipped; by today's divisions."""

from pipelines import months
from pipelines.edition import movement_sentences
from pipelines.edition.phrases import listed, sentence
from pipelines.edition.progress_rows import ConcernedPlace
from pipelines.reports.claims import Claim, Proof
from pipelines.reports.facts import Facts

_NAMED = 3
_IMPROVED = 1


def claims(facts: Facts, with_slipped: bool = True, most: int = _NAMED) -> list[Claim | None]:
    """Who lags, with rank and change of rank, who improved, and where there is room who slipped; `most`: how many that lag are named."""
    if not facts.places or (facts.many and not any(place["behind"] for place in facts.places)):
        return []
    return [lagging(facts, most), improved(facts), slipped(facts) if with_slipped else None]


def lagging(facts: Facts, most: int = _NAMED) -> Claim | None:
    """Counties that lag: counts of applicable indicators and rank; that none lags is said only where every county is judged."""
    behind = [place for place in facts.places if place["behind"]]
    if not behind:
        return _nobody(facts)
    named = [_lags(place, n == 0) for n, place in enumerate(behind[:most])]
    few = "" if are_placed(facts) else f"有数据的{behind[0]['placed']}个县（市、区）中，"
    text = sentence(f"{few}{'落后较多' if len(behind) > most else '落后'}的是{'、'.join(named)}")
    placed = Proof(_PLACED, (facts.policy["id"], facts.month), [(behind[0]["placed"],)])
    return Claim(text, (placed, *(proof for place in behind[:most] for proof in _lagging_proofs(facts, place))))


def are_placed(facts: Facts) -> bool:
    """Whether enough counties have data for a place among them to mean something."""
    return any(place["place"] for place in facts.places)


_PLACED = """SELECT count_if(applicable > 0)::BIGINT FROM concern WHERE policy = ? AND month = ? AND divisions = 'now' AND level = 'county'"""


def _lags(place: ConcernedPlace, first: bool) -> str:
    """`平乡县（12项中10项落后，居第19位）`, of the following ones `沙河市（13项中9项，第18位，上月第16位）`; without a place where it has none."""
    word, at = ("落后", "居") if first else ("", "")
    before = place["place_before"]
    moved = f"，上月第{before}位" if before and before != place["place"] else ""
    where = f"，{at}第{place['place']}位{moved}" if place["place"] else ""
    return f"{place['short']}（{place['applicable']}项中{place['behind']}项{word}{where}）"


_APPLICABLE = """SELECT applicable::BIGINT FROM concern
                 WHERE policy = ? AND month = ? AND divisions = 'now' AND level = 'county' AND unit = ?"""


def _lagging_proofs(facts: Facts, place: ConcernedPlace) -> list[Proof]:
    key = (facts.policy["id"], facts.month, place["unit"])
    return [Proof(_APPLICABLE, key, [(place["applicable"],)]), *_place_proofs(facts, place)]


def _place_proofs(facts: Facts, place: ConcernedPlace) -> list[Proof]:
    """How many are behind and the place from the best, now and, where there was one, a month before."""
    now = Proof(_PLACE, (facts.policy["id"], facts.month, place["unit"]), [(place["behind"], place["place"])])
    if place["place"] is None:
        return [Proof(_BEHIND, now.parameters, [(place["behind"],)])]
    if place["place_before"] is None:
        return [now]
    then = (facts.policy["id"], months.add(facts.month, -1), place["unit"])
    return [now, Proof(_PLACE, then, [(place["behind_before"], place["place_before"])])]


# one more than the counties of the month that are better: a smaller share behind, or the same and less missing
_PLACE = """
    SELECT behind::BIGINT, (SELECT 1 + count(*) FROM concern AS o WHERE o.applicable > 0
                            AND (o.policy, o.month, o.divisions, o.level) = (c.policy, c.month, c.divisions, c.level)
                            AND (o.behind * c.applicable < c.behind * o.applicable
                                 OR (o.behind * c.applicable = c.behind * o.applicable AND o.missing < c.missing)))
    FROM concern AS c WHERE policy = ? AND month = ? AND divisions = 'now' AND level = 'county' AND unit = ?"""
_BEHIND = "SELECT behind::BIGINT FROM concern WHERE policy = ? AND month = ? AND divisions = 'now' AND level = 'county' AND unit = ?"


def _nobody(facts: Facts) -> Claim | None:
    open_ = {"starting", "unproven", "no_data"}
    figures = [
        item.of.get(place["unit"]) for item in facts.headline if item.goal and not item.judged for place in facts.places
    ]
    if not figures or any(figure is None or figure.status in open_ for figure in figures):
        return None
    sql = """SELECT count(*) FROM concern WHERE policy = ? AND month = ? AND divisions = 'now' AND level = 'county' AND behind > 0"""
    return Claim("各县（市、区）主要指标均未落后。", (Proof(sql, (facts.policy["id"], facts.month), [(0,)]),))


def improved(facts: Facts) -> Claim | None:
    """Counties with fewer indicators behind than a month before by work, with the change of rank."""
    if facts.compared is None:
        return None
    worked = facts.once(_by_work)
    better = [
        p
        for p in facts.places
        if p["behind_before"] is not None and 0 < p["behind_before"] - p["behind"] <= worked.get(p["unit"], 0)
    ]
    if not better:
        return None
    better.sort(key=lambda p: (p["behind"] - (p["behind_before"] or 0), -_places_won(p), p["rank"]))
    named = [f"{p['short']}（{p['behind_before']}项减至{p['behind']}项{_risen(p)}）" for p in better]
    text = sentence(f"落后指标因工作减少的有{listed(named, _IMPROVED)}")
    counted = Proof(_BETTER, 2 * (facts.policy["id"], facts.month, facts.compared), [(len(better),)])
    return Claim(text, (counted, *(proof for place in better[:_IMPROVED] for proof in _place_proofs(facts, place))))


def _places_won(place: ConcernedPlace) -> int:
    return place["place_before"] - place["place"] if place["place_before"] and place["place"] else 0


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
      AND coalesce(f.base_month < f.month, true)
    GROUP BY f.unit
"""
_BETTER = f"""
    SELECT count(*) FROM ({_WORKED}) AS w JOIN concern AS n USING (unit)
    JOIN concern AS o ON (o.policy, o.divisions, o.level, o.unit) = (n.policy, n.divisions, n.level, n.unit)
    WHERE n.policy = ? AND n.month = ? AND o.month = ? AND n.divisions = 'now' AND n.level = 'county'
      AND o.behind - n.behind BETWEEN 1 AND indicators
"""


def _risen(place: ConcernedPlace) -> str:
    now, then = place["place"], place["place_before"]
    return f"，第{then}位升至第{now}位" if now and then and now < then else ""


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
          AND coalesce(f.base_month < f.month, true)
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
