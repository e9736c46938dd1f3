"""Lagging counties, worsened indicators and changes in units: typed rows and sentences from an open edition, for reports and pages.

Everything is by the divisions of the release's month (as-now), so that a change of boundary or kind is not shown as progress or relapse.
The direction of an indicator is given only where at least nine tenths is known in both months and no new year's series begins in the
month.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import cast

from pipelines import months
from pipelines.edition import month_movement
from pipelines.edition.concern import COUNTY_NAMES
from pipelines.edition.month_movement import Query
from pipelines.edition.open_edition import Release
from pipelines.edition.phrases import count, listed, sentence
from pipelines.edition.progress_rows import (
    ConcernedPlace,
    Moved,
    MovedBeside,
    MovedOtherwise,
    MovedPlace,
    Restated,
    Slipped,
)
from pipelines.edition.statuses import NAMES
from pipelines.punctuation import full_width

# from better to worse; statuses without a verdict have no grade
GRADES = ("met", "on_track", "lagging", "off_track", "reversing")
# changes of at most this many units are not mentioned first
FEW = 2
_NAMED = 3


# ---- lagging counties


def who_lags(places: Sequence[ConcernedPlace]) -> str:
    """`落后较多的是平乡县（11项中9项落后）、襄都区（11项中8项）、宁晋县（11项中7项）。`; `places` in the order of concern."""
    behind = [place for place in places if place["behind"]]
    if not behind:
        return ""
    first, *rest = behind[:_NAMED]
    named = [f"{first['short']}（{first['applicable']}项中{first['behind']}项落后）"]
    named += [f"{place['short']}（{place['applicable']}项中{place['behind']}项）" for place in rest]
    return sentence(f"{'落后较多' if len(behind) > _NAMED else '落后'}的是{'、'.join(named)}")


def slipped(release: Release, policy: str, month: date | None = None, divisions: str = "now") -> list[Slipped]:
    """Headline indicators of counties worse than a month before, by code; both months by the release's divisions, or by `then`."""
    month = month or release.month
    rows = release.rows_as(
        Slipped,
        f"""
        SELECT f.unit, coalesce(c.short, f.unit) AS short, f.indicator, i.name, s.status_before, f.status
        FROM {release.at("figure", month)} AS f JOIN {release.at("step", month)} AS s USING
             (policy, indicator, divisions, level, unit, month)
        JOIN indicator AS i USING (policy, indicator) LEFT JOIN ({COUNTY_NAMES}) AS c ON c.unit = f.unit
        WHERE f.policy = $policy AND f.month = $month AND f.divisions = $divisions AND f.level = 'county' AND i.headline
          AND coalesce(f.base_month < f.month, true) ORDER BY f.unit, i.position
        """,
        {
            "policy": policy,
            "month": month,
            "divisions": divisions,
            "roster": release.month if divisions == "now" else month,
        },
    )
    return [{**row, "name": full_width(row["name"])} for row in rows if _worse(row)]


def _worse(row: Slipped) -> bool:
    then, now = row["status_before"], row["status"]
    return then in GRADES and now in GRADES and GRADES.index(now) > GRADES.index(then)


def who_slipped(rows: Sequence[Slipped], most: int = _NAMED) -> str:
    """`本月状态变差的是沙河市2项（其中倒退1项）、威县1项。`"""
    if not rows:
        return ""
    by_county: dict[str, list[Slipped]] = {}
    for row in rows:
        by_county.setdefault(row["unit"], []).append(row)
    counties = sorted(by_county.values(), key=lambda own: (-len(own), own[0]["unit"]))
    named = [f"{own[0]['short']}{len(own)}项{_reversing(own)}" for own in counties]
    return sentence(f"本月状态变差的是{listed(named, most, '个县（市、区）')}")


def _reversing(rows: Sequence[Slipped]) -> str:
    number = sum(row["status"] == "reversing" for row in rows)
    return f"（其中{NAMES['reversing']}{number}项）" if 0 < number < len(rows) else ""


# ---- changes


def has_before(release: Release, policy: str, month: date | None = None) -> bool:
    """Whether the city has a figure of the month before under this policy."""
    return bool(
        release.rows(
            "SELECT 1 FROM figure WHERE policy = ? AND month = ? AND level = 'city' AND value IS NOT NULL LIMIT 1",
            [policy, months.add(month or release.month, -1)],
        )
    )


def moved(release: Release, policy: str, month: date | None = None) -> list[Moved]:
    """Headline shares that moved since the month before, those with most units turned by work first; none in a first month."""
    month = month or release.month
    if not month_movement.is_known(release, month) or not has_before(release, policy, month):
        return []
    headline = release.rows("SELECT indicator FROM indicator WHERE policy = ? AND headline", [policy])
    listed_anew = _listed_anew(release, month)
    with month_movement.query(release, policy, month, [row["indicator"] for row in headline]) as query:
        turned, beside, founded = _turned(query, policy), _beside(query, policy), _founded(query, policy, listed_anew)
        rows = [
            _with_work(
                {**row, "founded": sum(founded.get(row["indicator"], {}).values())},
                turned.get(row["indicator"], []),
                _beside_founded(beside.get(row["indicator"], []), founded.get(row["indicator"], {})),
            )
            for row in _parts(query, policy, month)
        ]
    kept = [row for row in rows if row["gained"] or row["lost"] or _is_moved_otherwise(row)]
    return sorted(kept, key=lambda row: (-max(row["gained"], row["lost"]), row["position"]))


def _parts(query: Query, policy: str, month: date) -> list[MovedOtherwise]:
    """Met units more by each part but work, and whether enough is known in both months, one row per headline share of the city."""
    rows = query(
        """
        WITH met AS (
            SELECT indicator, sum(yes_after - yes_before) FILTER (part = 'boundary')::BIGINT AS boundary,
                   sum(yes_after - yes_before) FILTER (part = 'correction')::BIGINT AS corrected,
                   sum(yes_after - yes_before) FILTER (part = 'register')::BIGINT AS defined,
                   sum(yes_after - yes_before) FILTER (part = 'reporting')::BIGINT AS reported
            FROM movement WHERE policy = $policy AND level = 'city' GROUP BY indicator),
        seen AS (
            SELECT indicator, count(*) = 2 AND bool_and(10 * unknown <= denominator + scope_unknown) AS enough_known
            FROM figure WHERE policy = $policy AND level = 'city' AND divisions = 'now' AND month IN ($month, $before) GROUP BY indicator)
        SELECT indicator, i.name, i.gap_unit, i.position, 0 AS founded, coalesce(enough_known, false) AS enough_known,
               coalesce(boundary, 0) AS boundary, coalesce(corrected, 0) AS corrected, coalesce(defined, 0) AS defined,
               coalesce(reported, 0) AS reported
        FROM indicator AS i JOIN met USING (indicator) LEFT JOIN seen USING (indicator)
        WHERE i.policy = $policy AND i.headline AND i.is_share AND indicator NOT IN (
            SELECT indicator FROM figure
            WHERE policy = $policy AND level = 'city' AND divisions = 'now' AND month = $month AND base_month = $month)
        ORDER BY i.position
        """,
        {"policy": policy, "month": month, "before": months.add(month, -1)},
    )
    return [cast(MovedOtherwise, {**row, "name": full_width(row["name"])}) for row in rows]


def _turned(query: Query, policy: str) -> dict[str, list[MovedPlace]]:
    """By indicator, the counties where units known in both months turned, most gained first."""
    rows = query(
        """
        SELECT m.indicator, m.county AS unit, coalesce(c.short, m.county) AS short,
               count_if(m.after = 1 AND m."before" <> 1) AS gained, count_if(m."before" = 1 AND m.after <> 1) AS lost
        FROM movement_unit AS m LEFT JOIN county AS c ON c.unit = m.county
        WHERE m.policy = ? AND m.part = 'answers' GROUP BY ALL HAVING gained + lost > 0 ORDER BY gained DESC, lost, m.county
        """,
        [policy],
    )
    turned: dict[str, list[MovedPlace]] = {}
    for row in rows:
        place = MovedPlace(unit=row["unit"], short=row["short"], gained=row["gained"], lost=row["lost"])
        turned.setdefault(row["indicator"], []).append(place)
    return turned


def _beside(query: Query, policy: str) -> dict[str, list[MovedBeside]]:
    """By indicator, the counties with met units more or fewer by reports or roster."""
    rows = query(
        """
        SELECT indicator, unit, coalesce(sum(yes_after - yes_before) FILTER (part = 'reporting'), 0)::BIGINT AS reported,
               coalesce(sum(yes_after - yes_before) FILTER (part = 'boundary'), 0)::BIGINT AS boundary
        FROM movement WHERE policy = ? AND level = 'county' GROUP BY ALL HAVING reported <> 0 OR boundary <> 0 ORDER BY unit
        """,
        [policy],
    )
    beside: dict[str, list[MovedBeside]] = {}
    for row in rows:
        place = MovedBeside(unit=row["unit"], reported=row["reported"], founded=0, boundary=row["boundary"])
        beside.setdefault(row["indicator"], []).append(place)
    return beside


def _listed_anew(release: Release, month: date) -> list[str]:
    """Units of a month's roster that were in none a month before under any code: their first report is no late one."""
    now, before = release.of_month("standing", month), release.of_month("standing", months.add(month, -1))
    rows = release.rows(
        f"SELECT unit FROM {now} WHERE month = ? AND uid NOT IN (SELECT uid FROM {before} WHERE month = ?) ORDER BY unit",
        [month, months.add(month, -1)],
    )
    return [row["unit"] for row in rows]


def _founded(query: Query, policy: str, listed_anew: Sequence[str]) -> dict[str, dict[str, int]]:
    """By indicator and county, the met units of those that the roster lists for the first time."""
    if not listed_anew:
        return {}
    rows = query(
        """
        SELECT indicator, county, count(*) AS units FROM movement_unit
        WHERE policy = ? AND part = 'reporting' AND "after" = 1 AND list_contains(?, unit) GROUP BY ALL ORDER BY indicator, county
        """,
        [policy, list(listed_anew)],
    )
    founded: dict[str, dict[str, int]] = {}
    for row in rows:
        founded.setdefault(row["indicator"], {})[row["county"]] = row["units"]
    return founded


def _beside_founded(places: list[MovedBeside], founded: Mapping[str, int]) -> list[MovedBeside]:
    return [{**place, "founded": founded.get(place["unit"], 0)} for place in places]


def _with_work(row: MovedOtherwise, counties: list[MovedPlace], places: list[MovedBeside]) -> Moved:
    gained, lost = sum(place["gained"] for place in counties), sum(place["lost"] for place in counties)
    return {**row, "counties": counties, "gained": gained, "lost": lost, "beside": places}


def _is_moved_otherwise(row: MovedOtherwise) -> bool:
    return any((row["reported"], row["boundary"], row["corrected"], row["defined"]))


def what_moved(rows: Sequence[Moved], most: int = _NAMED) -> str:
    """`本月新增较多的：农村综合服务设施覆盖率新增67个村，其中信都区21个、任泽区14个；…。` with what fell after it.

    Empty where no headline indicator gained or lost more than `FEW` units by work.
    """
    known = [row for row in rows if row["enough_known"]]
    rose = [row for row in known if row["gained"] > FEW and row["gained"] >= row["lost"]][:most]
    fell = [row for row in known if row["lost"] > FEW and row["lost"] > row["gained"]][:most]
    fell.sort(key=lambda row: (row["gained"] - row["lost"], row["position"]))
    return sentence(rose and f"本月新增较多的：{'；'.join(map(of_indicator, rose))}") + sentence(
        fell and f"减少较多的：{'；'.join(map(of_indicator, fell))}"
    )


def of_indicator(row: Moved) -> str:
    """`农村综合服务设施覆盖率新增67个村，其中信都区21个、任泽区14个、…，减少3个，另有5个为补报`."""
    rises = row["gained"] >= row["lost"]
    gained, lost = ("新增", row["gained"]), ("减少", row["lost"])
    (word, most), (other, least) = (gained, lost) if rises else (lost, gained)
    head = f"{row['name']}{word}{count(most)}{full_width(row['gap_unit'] or '个')}" if most else row["name"]
    also = f"{other}{count(least)}个" if least else ""
    return "，".join(filter(None, (head, _where(row, rises), also, beside(row))))


def _where(row: Moved, gained: bool) -> str:
    """The counties of the units gained, or of those lost, most first."""
    by_county = [
        (place["gained"] if gained else place["lost"], place["unit"], place["short"]) for place in row["counties"]
    ]
    by_county.sort(key=lambda entry: (-entry[0], entry[1]))
    places = [(number, short) for number, _, short in by_county if number]
    if (row["gap_unit"] or "").startswith("个县"):
        return f"即{listed([short for _, short in places], _NAMED, '个')}" if places else ""
    if len(places) == 1:
        return f"均在{places[0][1]}"
    named = [f"{short}{count(number)}个" for number, short in places]
    return f"其中{'、'.join(named[:_NAMED])}" if named else ""


def beside(row: Moved) -> str:
    """Changes from other causes than work: `另有5个为补报，46个为新设单位首次填报`; empty where nothing did."""
    parts = [
        _part(row["reported"] - row["founded"], "为补报", "因未报减少"),
        _part(row["founded"], "为新设单位首次填报", ""),
        _part(row["boundary"], "因区划和名册调整增加", "因区划和名册调整减少"),
        _part(row["corrected"], "因更正上月数据增加", "因更正上月数据减少"),
        _part(row["defined"], "因指标定义调整增加", "因指标定义调整减少"),
    ]
    sentence = "，".join(filter(None, parts))
    return f"另有{sentence}" if sentence else ""


def _part(number: int, more: str, fewer: str) -> str:
    return f"{count(abs(number))}个{more if number > 0 else fewer}" if number else ""


# ---- changes of the divisions


def divisions_changed(release: Release) -> str:
    """What changed of the divisions in the release's month, from the reference data; empty where nothing did."""
    if not release.rows("SELECT 1 FROM information_schema.tables WHERE table_name = 'division_change'"):
        return ""
    rows = release.rows("SELECT text FROM division_change WHERE month = ?", [release.month])
    return "；".join(full_width(row["text"]).rstrip("。") for row in rows)


def recounted(release: Release) -> int:
    """Units that were surveyed as another kind of community a month before, in the release's month."""
    [row] = release.rows(
        """SELECT count(*) AS units FROM standing AS now JOIN standing AS old USING (uid)
           WHERE now.month = ? AND old.month = ? AND now.kind <> old.kind""",
        [release.month, months.add(release.month, -1)],
    )
    return int(row["units"])


def restated(release: Release, policy: str) -> list[Restated]:
    """Headline shares whose value a month before is another by the divisions of the release's month, in the register's order."""
    rows = release.rows_as(
        Restated,
        """
        SELECT i.indicator, i.name, t.shown AS "then", b.shown AS like_for_like, n.shown AS now
        FROM figure AS n
        JOIN figure AS t ON (t.policy, t.indicator, t.level, t.divisions, t.month) = (n.policy, n.indicator, 'city', 'then', $before)
        JOIN figure AS b ON (b.policy, b.indicator, b.level, b.divisions, b.month) = (n.policy, n.indicator, 'city', 'now', $before)
        JOIN indicator AS i ON (i.policy, i.indicator) = (n.policy, n.indicator)
        WHERE n.policy = $policy AND n.level = 'city' AND n.divisions = 'now' AND n.month = $month AND i.headline AND i.is_share
          AND t.shown <> b.shown AND n.shown IS NOT NULL ORDER BY i.position
        """,
        {"policy": policy, "month": release.month, "before": months.add(release.month, -1)},
    )
    return [{**row, "name": full_width(row["name"])} for row in rows]


def divisions_paragraph(release: Release, policy: str, most: int = _NAMED, with_units: bool = True) -> str:
    """区划调整说明: what changed, headline shares like for like; `with_units`: also units now judged as another kind."""
    text = divisions_changed(release)
    if not text:
        return ""
    units, rows = recounted(release), restated(release, policy)
    rows = sorted(rows, key=lambda row: -abs(Decimal(row["then"]) - Decimal(row["like_for_like"])))
    named = [
        f"{row['name']}上月按原区划{row['then']}%、按现区划{row['like_for_like']}%，本月{row['now']}%"
        for row in rows[:most]
    ]
    return (
        text
        + (f"，{count(units)}个社区（村）改按另一类型考核。" if units and with_units else "。")
        + (f"受影响较大的是{'；'.join(named)}。" if named else "")
        + ("比较均按现区划，不计作进展或倒退。" if rows or units else "")
    )
