"""Spot checks as tables of an edition, by the month that was checked; `figure_spot` by the month that it is about.

| table | one row per |
|---|---|
| `spot_list` | list that was planned for the month: its number's source and day, its draw, its state |
| `spot_claim` | list and claim: what was claimed, how many were visited, and, once closed, what that proves |
| `spot_stratum` | list, claim and stratum: visits by result, with the 核实率 of a stratum and its interval |
| `spot_unit` | closed list, claim and unit that was to be visited: its place in the order, its last result |
| `spot_answer` | closed list, claim, unit and answer recorded, those replaced or late among them |
| `figure_spot` | policy, indicator, month, level and unit of a claim that a list is about: the result of its check for that month |

Units are in an edition only once their list is closed: until then the list is known to the inspectors alone. Shares are exact
in per cent, factors from 0 to 1. An edition of an installation without spot checks has none of these tables, and they are empty.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Context, Decimal
from fractions import Fraction
from typing import TypedDict, cast, get_type_hints

import pyarrow as pa

from pipelines.verification import later_months, sentences, spot_lists, tally
from pipelines.verification.draw import Drawn
from pipelines.verification.estimate import PROVEN, UNCHECKED, UNSUPPORTED, factor
from pipelines.verification.reported_claim import Claim
from pipelines.verification.spot_lists import ListClaim, SpotList

_EXACT = Context(prec=28)
_KINDS = {
    "VARCHAR": pa.string(), "BIGINT": pa.int64(), "DATE": pa.date32(), "BOOLEAN": pa.bool_(),
    "DECIMAL(38,20)": pa.decimal128(38, 20),
}  # fmt: skip
_ABOUT = {"policy": "VARCHAR", "indicator": "VARCHAR", "level": "VARCHAR", "unit": "VARCHAR"}
_OF = {"month": "DATE", "list": "BIGINT", **_ABOUT}


class ResultColumns(TypedDict):
    """The result of a claim: counts of units and exact shares in per cent; null while its list is not closed."""

    status: str | None
    disproven: bool | None
    lower_count: int | None
    low95_count: int | None
    high95_count: int | None
    lower: Decimal | None
    low95: Decimal | None
    high95: Decimal | None
    corrected: Decimal | None


# a row of one of the tables below
Row = dict[str, object]
_SQL = {str | None: "VARCHAR", bool | None: "BOOLEAN", int | None: "BIGINT", Decimal | None: "DECIMAL(38,20)"}
_RESULT = {name: _SQL[kind] for name, kind in get_type_hints(ResultColumns).items()}
# table → column → type in SQL
TABLES: dict[str, dict[str, str]] = {
    "spot_list": {
        "month": "DATE", "list": "BIGINT", "state": "VARCHAR", "edition": "VARCHAR", "planned_by": "VARCHAR", "planned_at": "VARCHAR",
        "source": "VARCHAR", "issue": "VARCHAR", "day": "DATE", "window": "BIGINT", "value": "VARCHAR", "published": "VARCHAR",
        "seed": "VARCHAR", "drawn_by": "VARCHAR", "drawn": "DATE", "until": "DATE", "closed": "DATE", "why": "VARCHAR",
        "visits": "BIGINT", "answered": "BIGINT", "changed": "BIGINT",
    },
    "spot_claim": {
        **_OF, "name": "VARCHAR", "at_most": "BOOLEAN", "counted": "BIGINT", "yes": "BIGINT", "unknown": "BIGINT",
        "target": "DECIMAL(38,20)", "required": "BIGINT", "allowed": "BIGINT", "planned": "BIGINT", "confirmed": "BIGINT",
        "refuted": "BIGINT", "open": "BIGINT", "estimate": "BOOLEAN", **_RESULT, "text": "VARCHAR",
    },
    "spot_stratum": {
        **_OF, "stratum": "VARCHAR", "size": "BIGINT", "planned": "BIGINT", "confirmed": "BIGINT", "refuted": "BIGINT",
        "open": "BIGINT", "spare_confirmed": "BIGINT", "spare_refuted": "BIGINT", "vf": "DECIMAL(38,20)",
        "vf_low": "DECIMAL(38,20)", "vf_high": "DECIMAL(38,20)", "vf_text": "VARCHAR",
    },
    "spot_unit": {
        **_OF, "stratum": "VARCHAR", "place": "BIGINT", "part": "VARCHAR", "uid": "VARCHAR", "code": "VARCHAR", "name": "VARCHAR",
        "town": "VARCHAR", "county_code": "VARCHAR", "county": "VARCHAR", "result": "VARCHAR", "days": "VARCHAR",
        "evidence": "VARCHAR", "inspector": "VARCHAR", "note": "VARCHAR", "group": "VARCHAR",
    },
    "spot_answer": {
        **_OF, "uid": "VARCHAR", "seq": "BIGINT", "number": "BIGINT", "result": "VARCHAR", "evidence": "VARCHAR",
        "inspector": "VARCHAR", "days": "VARCHAR", "note": "VARCHAR", "group": "VARCHAR", "file": "VARCHAR", "sheet": "VARCHAR",
        "cell": "VARCHAR", "late": "BOOLEAN", "withdrawn": "BOOLEAN", "counts": "BOOLEAN",
    },
    "figure_spot": {
        **_ABOUT, "month": "DATE", **_RESULT, "counted": "BIGINT", "required": "BIGINT", "yes": "BIGINT", "list": "BIGINT",
        "checked": "DATE", "closed": "DATE", "text": "VARCHAR",
    },
}  # fmt: skip

Lists = Mapping[int, SpotList]
# states of units in a month, for the indicator of a claim: uid → 1 as claimed, 2 not, 3 and 4 unknown; empty where the figure is not computed
States = Callable[[ListClaim, date], Mapping[str, int]]
Target = Callable[[ListClaim, date], Fraction | None]


def tables(lists: Lists, month: date, states: States, target: Target) -> dict[str, pa.Table]:
    """The month's tables by name; those without a row are left out. `target`: in per cent, as it is in force in the month."""
    own = [spot_list for spot_list in lists.values() if spot_list.month == month]
    rows = {
        "spot_list": [_list(spot_list) for spot_list in own],
        "spot_claim": [_claim(lists, spot_list, claim) for spot_list in own for claim in spot_list.claims.values()],
        "spot_stratum": [row for s in own for claim in s.claims.values() for row in _strata(s, claim)],
        "spot_unit": [row for spot_list in own if spot_list.closing for row in _units(spot_list)],
        "spot_answer": [row for spot_list in own if spot_list.closing for row in _answers(spot_list)],
        "figure_spot": list(_figures(lists, month, states, target)),
    }
    return {name: _table(name, table_rows) for name, table_rows in rows.items() if table_rows}


def _table(name: str, rows: list[Row]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=pa.schema([(c, _KINDS[kind]) for c, kind in TABLES[name].items()]))


def exact(value: Fraction | None) -> Decimal | None:
    """A fraction as the tables hold it: 20 places, the last one rounded."""
    if value is None:
        return None
    return _EXACT.divide(Decimal(value.numerator), Decimal(value.denominator)).quantize(Decimal(1).scaleb(-20))


def _of(spot_list: SpotList, claim: ListClaim) -> Row:
    return {"month": spot_list.month, "list": spot_list.number, **dict(zip(_ABOUT, claim.about, strict=True))}


def _list(spot_list: SpotList) -> Row:
    plan, drawn, closing, course = spot_list.plan, spot_list.draw, spot_list.closing, spot_list.course
    # the list can be drawn from the seed; until it is closed only the inspectors may know it
    shown = drawn if closing else None
    return {
        **{name: plan.body[name] for name in ("edition", "source", "issue", "window")},
        "month": spot_list.month, "list": spot_list.number, "state": state(spot_list), "planned_by": plan.by, "planned_at": plan.at,
        "day": course.day, "value": shown and shown.body["value"], "published": drawn and drawn.body["published"],
        "seed": shown and shown.body["seed"], "drawn_by": drawn and drawn.by, "drawn": course.drawn, "until": course.until,
        "closed": closing and closing.day, "why": spot_list.withdrawal and spot_list.withdrawal.body["why"],
        "visits": len({uid for uid, _ in spot_list.planned_keys()}), "answered": answered(spot_list), "changed": changed(spot_list),
    }  # fmt: skip


def state(spot_list: SpotList) -> str:
    """planned, withdrawn, open or closed, by the ledger alone."""
    return spot_list.course.state(date.min)


def answered(spot_list: SpotList) -> int:
    """Planned units of which every row has a result."""
    missing = {uid for uid, key in spot_list.planned_keys() if (uid, key) not in spot_list.standing}
    return len({uid for uid, _ in spot_list.planned_keys()} - missing)


def changed(spot_list: SpotList) -> int:
    """Rows whose result was changed after it was first recorded."""
    return sum(len({version.answer.result for version in versions}) > 1 for versions in spot_list.versions.values())


def _claim(lists: Lists, spot_list: SpotList, claim: ListClaim) -> Row:
    counts = claim.body()
    names = ("name", "at_most", "counted", "yes", "unknown", "required", "allowed")
    visits = spot_list.visits_of(claim.key) if spot_list.closing else []
    visited = {
        name: sum(getattr(v, name) for v in visits) if spot_list.closing else None
        for name in ("confirmed", "refuted", "open")
    }
    estimate = spot_lists.for_estimate(lists, spot_list, claim)
    return {
        **_of(spot_list, claim), **{name: counts[name] for name in names}, "target": exact(claim.claim.target),
        "planned": sum(claim.planned), **visited, "estimate": estimate, **result_columns(spot_list, claim.key, estimate),
        "text": text(spot_list, claim, estimate),
    }  # fmt: skip


def result_columns(spot_list: SpotList, key: str, estimate: bool) -> ResultColumns:
    """The columns of a result; null while the list is not closed. A list for estimate has no status."""
    result = spot_list.judged(key)
    if result is None:
        return cast(ResultColumns, dict.fromkeys(ResultColumns.__annotations__))
    return {
        "status": None if estimate else PROVEN if result.proven else UNSUPPORTED, "disproven": result.disproven,
        "lower_count": result.lower_count, "low95_count": result.low95_count, "high95_count": result.high95_count,
        "lower": exact(result.lower), "low95": exact(result.share(result.low95_count)),
        "high95": exact(result.share(result.high95_count)), "corrected": exact(result.corrected),
    }  # fmt: skip


def text(spot_list: SpotList, claim: ListClaim, estimate: bool) -> str | None:
    """The sentence of a closed list about a claim."""
    result = spot_list.judged(claim.key)
    if result is None:
        return None
    said = sentences.estimate if estimate else sentences.result
    return said(result, spot_list.visits_of(claim.key), spot_list.month, spot_list.number)


def _strata(spot_list: SpotList, claim: ListClaim) -> Iterator[Row]:
    counted = ("confirmed", "refuted", "open", "spare_confirmed", "spare_refuted")
    if not spot_list.closing:
        for place, planned in zip(claim.strata, claim.planned, strict=True):
            yield {**_of(spot_list, claim), "stratum": place.id, "size": place.size, "planned": planned}
        return
    for visits in spot_list.visits_of(claim.key):
        vf = factor(visits)
        yield {
            **_of(spot_list, claim), "stratum": visits.id, "size": visits.size, "planned": visits.planned,
            **{name: getattr(visits, name) for name in counted}, "vf": exact(vf.value), "vf_low": exact(vf.low),
            "vf_high": exact(vf.high), "vf_text": sentences.factor(visits, vf),
        }  # fmt: skip


def _units(spot_list: SpotList) -> Iterator[Row]:
    for key, strata in spot_list.drawn.items():
        for stratum in strata:
            yield from _visited(spot_list, spot_list.claims[key], stratum)


def _visited(spot_list: SpotList, claim: ListClaim, stratum: Drawn) -> Iterator[Row]:
    """The planned units of a stratum and the 候补 that were due, in order."""
    due = tally.spares_due(stratum, spot_list.results_of(claim.key))
    for place, uid in enumerate(stratum.order, 1):
        part = "planned" if place <= stratum.planned else "spare" if uid in due else None
        if part is None:
            continue
        versions = [v for v in spot_list.versions.get((uid, claim.key), []) if v.counts]
        answer = _answer(versions[-1]) if versions else {"result": tally.OPEN if part == "planned" else None}
        unit = {name: value for name, value in vars(spot_list.units[uid]).items() if name != "uid"}
        yield {
            **_of(spot_list, claim), "stratum": stratum.id, "place": place, "part": part, "uid": uid, **unit, **answer,
        }  # fmt: skip


def _answer(version: spot_lists.Version) -> Row:
    answer = version.answer
    columns = {name: getattr(answer, name) for name in ("result", "evidence", "inspector", "note")}
    return {**columns, "days": "、".join(day.isoformat() for day in answer.days), "group": version.group}


def _answers(spot_list: SpotList) -> Iterator[Row]:
    for (uid, key), versions in sorted(spot_list.versions.items()):
        for number, version in enumerate(versions, 1):
            yield {
                **_of(spot_list, spot_list.claims[key]), "uid": uid, "seq": version.event.body["returned"], "number": number, **_answer(version),
                "file": version.event.body["file"], "sheet": version.answer.sheet, "cell": version.answer.cell,
                "late": version.late, "withdrawn": version.withdrawn, "counts": version.counts,
            }  # fmt: skip


# ---- the table figure_spot


def _figures(lists: Lists, month: date, states: States, target: Target) -> Iterator[Row]:
    """One row a claim that a list of the last twelve months is about; the newest checked month that is closed decides."""
    for about, claim in sorted(_asked(lists, month).items()):
        unit_states = states(claim, month)
        goal = target(claim, month)
        if unit_states and goal is not None:
            yield _figure(lists, about, claim, month, unit_states, goal)


def _asked(lists: Lists, month: date) -> dict[tuple[str, str, str, str], ListClaim]:
    return {
        claim.about: claim
        for spot_list in lists.values()
        if spot_list.withdrawal is None and later_months.speaks(spot_list.month, month)
        for claim in spot_list.claims.values()
    }


def _figure(
    lists: Lists,
    about: tuple[str, str, str, str],
    claim: ListClaim,
    month: date,
    unit_states: Mapping[str, int],
    goal: Fraction,
) -> Row:
    now = Claim(len(unit_states), len(_claimed(claim, unit_states)), goal, claim.claim.at_most)
    row: Row = {
        **dict(zip(_ABOUT, about, strict=True)), "month": month, "counted": now.counted, "required": now.required,
        "yes": now.reported, "status": UNCHECKED if now.met else None,
    }  # fmt: skip
    decides = _newest(lists, about, month)
    if decides is None:
        return row
    assert decides.closing, "only a closed list decides"
    key = next(key for key, listed in decides.claims.items() if listed.about == about)
    lower = standing_lower(decides, key, month, unit_states)
    row |= {"list": decides.number, "checked": decides.month, "closed": decides.closing.day}
    row |= {"lower_count": lower, "lower": exact(Fraction(100 * lower, now.counted))}
    if decides.month == month:
        row |= {
            k: v for k, v in result_columns(decides, key, False).items() if k not in ("lower_count", "lower", "status")
        }
        row["text"] = text(decides, decides.claims[key], False)
        row["status"] = (PROVEN if lower >= now.required else UNSUPPORTED) if now.met else None
    elif now.met and lower >= now.required:
        row |= {"status": PROVEN, "text": sentences.still_holds(decides.month)}
    return row


def _newest(lists: Lists, about: tuple[str, str, str, str], month: date) -> SpotList | None:
    """The deciding list of the newest checked month up to this one; None where that is not closed."""
    checked = sorted({s.month for s in lists.values() if later_months.speaks(s.month, month)}, reverse=True)
    for when in checked:
        decides = spot_lists.deciding(lists, about, when)
        if decides and decides.closing:
            return decides
    return None


def standing_lower(spot_list: SpotList, key: str, month: date, unit_states: Mapping[str, int]) -> int:
    """L in an edition of the checked month, L′ in a later one."""
    result = spot_list.judged(key)
    assert result, "only a closed list decides"
    population = {uid for uids in spot_list.population[key].values() for uid in uids}
    kept = set(unit_states) if spot_list.month == month else _claimed(spot_list.claims[key], unit_states)
    return later_months.standing(result.lower_count, population, kept, spot_list.refuted(key))


def _claimed(claim: ListClaim, unit_states: Mapping[str, int]) -> set[str]:
    wanted = 2 if claim.claim.at_most else 1
    return {uid for uid, state in unit_states.items() if state == wanted}


def about_words(row: Mapping[str, object]) -> str:
    """The status words of a row of `figure_spot`, with the month of the check where it is an earlier one."""
    status = str(row["status"])
    if status == PROVEN and row["text"] and row["checked"] != row["month"]:
        return str(row["text"])
    disproven = "（抽查证明未达标）" if row["disproven"] else "（尚不能证明）"
    return sentences.STATUS[status] + (disproven if status == UNSUPPORTED else "")
