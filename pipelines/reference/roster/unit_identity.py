"""Persistent identities of units, their place under another month's divisions, and the balance of their numbers.

An identity (`uid`) is code and edition of the unit's first appearance (`130521103201@2016`). It is kept along one-to-one
edges (same, renamed, recoded) and ends where a unit is abolished, merged, split, or open.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.errors import Refusal
from pipelines.reference.roster.arrow import text, texts
from pipelines.reference.roster.kinds import is_unit
from pipelines.reference.roster.reviewed_succession import Review
from pipelines.reference.roster.roster_file import Edition, Row
from pipelines.reference.roster.succession import Edge, TownStep, derive, order
from pipelines.reference.roster.unit_names import Folding


@dataclass(frozen=True, slots=True)
class Balance:
    """Units of a county (or `city`) from one edition to another. created and abolished include the open ones among them."""

    code: str
    name: str
    before: int
    created: int
    created_open: int
    abolished: int
    abolished_open: int
    moved_in: int
    moved_out: int
    after: int


class Succession:
    """Edges between all editions, derived edition by edition when first needed and kept."""

    def __init__(self, editions: list[Edition], rows: Callable[[int], list[Row]], review: Review):
        self._editions = {edition.year: edition for edition in editions}
        self._years = [edition.year for edition in editions]
        self._rows, self._review, self._folding = rows, review, Folding(review.variants)
        self._steps: dict[int, tuple[list[Edge], dict[str, TownStep]]] = {}
        self._uids: dict[int, dict[str, str]] = {}
        self._check_years()

    # -- one step ---------------------------------------------------------------------------------------------------

    def step(self, year: int) -> tuple[list[Edge], dict[str, TownStep]]:
        """Edges and towns from the edition before to the one of `year`."""
        if year not in self._steps:
            earlier = self._years[self._years.index(year) - 1]
            decisions = self._review.between(earlier, year)
            since = self._editions[year].cut_off
            self._steps[year] = derive(self._rows(earlier), self._rows(year), since, decisions, self._folding)
        return self._steps[year]

    def uids(self, year: int) -> dict[str, str]:
        """The identity of each unit of an edition, by code."""
        if year not in self._uids:
            self._uids[year] = self._hand_on(year)
        return self._uids[year]

    def identities(self, year: int, codes: pa.ChunkedArray) -> pa.ChunkedArray | pa.Array:
        """The identity of each of an edition's units, in their order."""
        if year == self._years[0]:
            return pc.binary_join_element_wise(codes, text(str(year)), text("@"))
        uids = self.uids(year)
        return texts(uids[code] for code in codes.to_pylist())

    def _hand_on(self, year: int) -> dict[str, str]:
        own = {row.code: f"{row.code}@{year}" for row in self._rows(year) if is_unit(row.code)}
        if year == self._years[0]:
            return own
        earlier = self.uids(self._years[self._years.index(year) - 1])
        for edge in self.step(year)[0]:
            if edge.one_to_one and edge.before and edge.after:
                own[edge.after.code] = earlier[edge.before.code]
        return own

    # -- several steps ----------------------------------------------------------------------------------------------

    def edges(self, from_year: int, to_year: int) -> list[Edge]:
        """Edges between two editions. Over several steps a unit's edges are joined; ends and beginnings between them are included."""
        span = self._between(from_year, to_year)
        if len(span) == 1:
            return self.step(span[0])[0]
        return self._joined(from_year, to_year)

    def _joined(self, from_year: int, to_year: int) -> list[Edge]:
        units_before, units_after = self.by_uid(from_year), self.by_uid(to_year)
        ends, begins = self.ends(from_year, to_year), self.begins(from_year, to_year)
        edges = [_one_sided(ends[uid], row, None) for uid, row in units_before.items() if uid not in units_after]
        edges += [_one_sided(begins[uid], None, row) for uid, row in units_after.items() if uid not in units_before]
        for uid, before in units_before.items():
            if after := units_after.get(uid):
                moved = self._moved(before, after, from_year, to_year)
                since = self._editions[to_year].cut_off
                edges.append(Edge(_type(before, after), "chain", since, before, after, moved, f"逐年对应，标识 {uid}"))
        return sorted(edges, key=order)

    def _moved(self, before: Row, after: Row, from_year: int, to_year: int) -> str:
        if before.county_code != after.county_code:
            return "county"
        steps = self._town_steps(before.town_code, from_year, to_year)
        whole = all(step and step.whole for step in steps)
        return "" if whole and self.town(before.town_code, from_year, to_year) == after.town_code else "town"

    def _town_steps(self, code: str, from_year: int, to_year: int) -> list[TownStep | None]:
        """A town's steps through the editions; None ends the list where nothing took its place."""
        steps: list[TownStep | None] = []
        for year in self._between(from_year, to_year):
            step = self.step(year)[1].get(code)
            steps.append(step)
            if step is None:
                break
            code = step.after
        return steps

    def town(self, code: str, from_year: int, to_year: int) -> str | None:
        """The town that has a town's place in a later edition; None where none has. One absorbed whole goes with its units."""
        if from_year == to_year:
            return code
        last = self._town_steps(code, from_year, to_year)[-1]
        return last.after if last else None

    def by_uid(self, year: int) -> dict[str, Row]:
        """The units of an edition by identity."""
        uids = self.uids(year)
        return {uids[row.code]: row for row in self._rows(year) if row.code in uids}

    def ends(self, from_year: int, to_year: int) -> dict[str, Edge]:
        """By identity, the edge by which a unit ended between two editions."""
        ends: dict[str, Edge] = {}
        for year in self._between(from_year, to_year):
            uids = self.uids(self._years[self._years.index(year) - 1])
            ends |= {uids[edge.before.code]: edge for edge in self.step(year)[0] if edge.before and not edge.one_to_one}
        return ends

    def begins(self, from_year: int, to_year: int) -> dict[str, Edge]:
        """By identity, the edge by which a unit began between two editions."""
        begins: dict[str, Edge] = {}
        for year in self._between(from_year, to_year):
            uids = self.uids(year)
            begins |= {uids[edge.after.code]: edge for edge in self.step(year)[0] if edge.after and not edge.one_to_one}
        return begins

    # -- places -----------------------------------------------------------------------------------------------------

    def places(self, year: int, divisions: int) -> Iterator[tuple[str | None, ...]]:
        """For each unit of an edition its place under another's divisions; the columns are those of `Rosters.as_of`."""
        there = self.by_uid(divisions)
        towns = {row.town_code: row for row in there.values()}
        reasons = self.ends(year, divisions) if year <= divisions else self.begins(divisions, year)
        for uid, row in self.by_uid(year).items():
            if placed := there.get(uid):
                yield (row.code, uid, placed.code, *placed[2:], "unit", None)
            else:
                town = towns.get(self.town(row.town_code, year, divisions) or "") if year <= divisions else None
                place = (*town[2:], "town") if town else (None,) * 5
                yield (row.code, uid, None, *place, _reason(reasons[uid]))

    # -- balance ----------------------------------------------------------------------------------------------------

    def balances(self, from_year: int, to_year: int, city: tuple[str, str]) -> list[Balance]:
        """One line a county of either edition, in code order, and the city last (nothing moves in or out of it)."""
        units_before, units_after = self.by_uid(from_year), self.by_uid(to_year)
        both = (*units_before.values(), *units_after.values())
        names = dict(sorted({row.county_code: row.county for row in both}.items())) | {city[0]: city[1]}
        counts: dict[str, Counter[str]] = {code: Counter() for code in names}
        self._count(counts, city[0], units_before, units_after, ("before", "abolished"), self.ends(from_year, to_year))
        self._count(counts, city[0], units_after, units_before, ("after", "created"), self.begins(from_year, to_year))
        for uid in units_before.keys() & units_after.keys():
            left, entered = units_before[uid].county_code, units_after[uid].county_code
            if left != entered:
                counts[left]["moved_out"] += 1
                counts[entered]["moved_in"] += 1
        return [_balance(code, names[code], count) for code, count in counts.items()]

    def _count(
        self,
        counts: dict[str, Counter[str]],
        city: str,
        here: dict[str, Row],
        there: dict[str, Row],
        names: tuple[str, str],
        edges: dict[str, Edge],
    ) -> None:
        """Counts one side: all of its units, those that the other side lacks, and the open ones among them."""
        for uid, row in here.items():
            for code in (row.county_code, city):
                counts[code][names[0]] += 1
                if uid not in there:
                    counts[code][names[1]] += 1
                    counts[code][f"{names[1]}_open"] += edges[uid].type == "open"

    # -- internals -----------------------------------------------------------------------------------------------------

    def _between(self, from_year: int, to_year: int) -> list[int]:
        if from_year > to_year:
            raise Refusal(f"名册只能由旧到新对应：{from_year} 年版晚于 {to_year} 年版")
        return [year for year in self._years if from_year < year <= to_year]

    def _check_years(self) -> None:
        pairs = {(str(earlier), str(later)) for earlier, later in pairwise(self._years)}
        later = {pair[1] for pair in pairs}
        earlier = {pair[0] for pair in pairs}
        for decision in self._review.decisions:
            if (decision.before and decision.before[:4] not in earlier) or (
                decision.after and decision.after[:4] not in later
            ):
                raise Refusal(f"succession.yaml：{decision.before} → {decision.after}：没有这样的两版名册")


def _type(before: Row, after: Row) -> str:
    if before.code != after.code:
        return "recoded"
    return "same" if before.name == after.name else "renamed"


_TOLD = {"abolished": "撤销", "new": "新设", "merged": "合并", "split": "拆分", "open": "去向或来历未定"}


def _reason(edge: Edge) -> str:
    return f"{edge.since.year}年版名册：{_TOLD[edge.type]}；{edge.evidence}"


def _one_sided(edge: Edge, before: Row | None, after: Row | None) -> Edge:
    """The end or beginning of an identity between the editions, with the row that it has in the edition asked for."""
    return Edge(edge.type, edge.rule, edge.since, before, after, "", edge.evidence)


def _balance(code: str, name: str, count: Counter[str]) -> Balance:
    fields = ("before", "created", "created_open", "abolished", "abolished_open", "moved_in", "moved_out", "after")
    return Balance(code, name, *(count[field] for field in fields))
