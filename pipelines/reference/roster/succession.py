"""How the units of one edition continue in the next: typed, dated edges with their evidence.

Grain: every unit of the earlier edition is in exactly one edge, or in several of type `split`; every unit of the later one
in exactly one, or in several of type `merged`. Look-alikes (codes from 400) are no units here either. Rules decide the
unambiguous cases, a reviewed table the others; a unit that neither decides has an edge of type `open`.

The rules, in this order; each applies to the units that the earlier ones left unmatched:

1. `reviewed`: a person decided (succession.yaml).
2. `code_and_name`: same code, same name.
3. `style`: same code, and the names differ only in the committee's style (村委会, 村民委员会, …).
4. `name_in_town`: same proper name in the same town, or in the town that took its place, and the new code was unused before
   and the old code is unused after. The name must occur once in the town in both editions.
5. `variant`: same place in the town (same code, or same last three digits in the town that took its place), and the names
   are one when interchangeable characters, 家/第/村 and the town's own name are set aside; again once in the town.

A same code alone proves nothing: in 2021 codes of 居委会 passed to other communities.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import NamedTuple

from pipelines.errors import Refusal
from pipelines.reference.roster.kinds import is_community, is_unit, is_village
from pipelines.reference.roster.reviewed_succession import ONE_TO_ONE, Decision
from pipelines.reference.roster.roster_file import Row
from pipelines.reference.roster.unit_names import Folding, stem, town_stem

RULES = ("reviewed", "code_and_name", "style", "name_in_town", "variant", "rest")


class Edge(NamedTuple):
    """One step of a unit from an edition to the next. `open` has one side only: the other is not known.

    `rule` is one of RULES, or `chain` for an edge over several editions. `moved`: "" | "town" | "county", whether it changed
    town or county. `since`: cut-off day of the edition that shows it.
    """

    type: str
    rule: str
    since: date
    before: Row | None
    after: Row | None
    moved: str
    evidence: str

    @property
    def one_to_one(self) -> bool:
        return self.type in ONE_TO_ONE


@dataclass(frozen=True, slots=True)
class TownStep:
    """A town and the one that took its place. `whole`: it is the same town, not absorbed."""

    before: str
    after: str
    whole: bool
    evidence: str


def derive(
    before: Iterable[Row], after: Iterable[Row], since: date, decisions: list[Decision], folding: Folding
) -> tuple[list[Edge], dict[str, TownStep]]:
    """All edges between two editions in code order, and what became of the earlier edition's towns."""
    step = _Step(list(before), list(after), since, folding)
    step.review(decisions)
    step.apply(_same_code)
    step.map_towns()
    step.apply(_name_in_town)
    step.apply(_variant)
    step.leave_rest()
    return sorted(step.edges, key=order), step.towns


def order(edge: Edge) -> tuple[str, str]:
    """By code, for lists of edges."""
    row = edge.before or edge.after
    return row.code if row else "", edge.after.code if edge.after else ""


Match = tuple[str, str, str, str]  # code before, code after, rule, evidence


class _Step:
    """The work between two editions: what is matched, what is left, and what is known of the towns."""

    def __init__(self, before: list[Row], after: list[Row], since: date, folding: Folding):
        self.before = {row.code: row for row in before if is_unit(row.code)}
        self.look_alikes = [row for row in before if row.code not in self.before]
        self.after = {row.code: row for row in after if is_unit(row.code)}
        self.left_before, self.left_after = set(self.before), set(self.after)
        self.since, self.folding = since, folding
        self.towns: dict[str, TownStep] = {}
        self.edges: list[Edge] = []

    def apply(self, rule: Callable[["_Step"], Iterable[Match]]) -> None:
        """Joins the units of a rule's matches, except where two matches claim the same unit."""
        matches = list(rule(self))
        claims_before = Counter(match[0] for match in matches)
        claims_after = Counter(match[1] for match in matches)
        for code, successor, name, evidence in matches:
            if claims_before[code] == claims_after[successor] == 1:
                self.join(code, successor, name, evidence)

    def join(self, code: str, successor: str, rule: str, evidence: str) -> None:
        before, after = self.before[code], self.after[successor]
        same_code = "same" if before.name == after.name else "renamed"
        self._add(same_code if code == successor else "recoded", rule, before, after, evidence)

    def _add(self, kind: str, rule: str, before: Row | None, after: Row | None, evidence: str) -> None:
        self.edges.append(Edge(kind, rule, self.since, before, after, "", evidence))
        self.left_before.discard(before.code if before else "")
        self.left_after.discard(after.code if after else "")

    @cached_property
    def once_before(self) -> set[str]:
        """Of the towns with units that are left, the codes whose proper name is unique in the town."""
        return _once(_of_towns(self.before, {code[:9] for code in self.left_before}), _by_stem)

    @cached_property
    def once_after(self) -> set[str]:
        return _once(_of_towns(self.after, {code[:9] for code in self.left_after}), _by_stem)

    # -- 1 ----------------------------------------------------------------------------------------------------------

    def review(self, decisions: list[Decision]) -> None:
        """Puts the reviewed edges first; one that does not fit the editions or contradicts another is refused."""
        _check_once(decisions)
        for decision in decisions:
            code, successor = decision.codes()
            before = self._reviewed(decision, self.before, code, decision.was)
            after = self._reviewed(decision, self.after, successor, decision.now)
            if decision.type in ONE_TO_ONE and (decision.type == "renamed") != (code == successor):
                raise Refusal(
                    f"succession.yaml：{decision.before} → {decision.after}：代码未变应为 renamed，代码变了应为 recoded"
                )
            self._add(decision.type, "reviewed", before, after, decision.reason)

    def _reviewed(self, decision: Decision, units: dict[str, Row], code: str | None, name: str | None) -> Row | None:
        if code is None:
            return None
        if code not in units:
            raise Refusal(f"succession.yaml：{decision.before} → {decision.after}：该版名册中没有单位 {code}")
        if units[code].name != name:
            raise Refusal(f"succession.yaml：{code} 在名册中名为“{units[code].name}”，不是“{name}”")
        return units[code]

    # -- towns ------------------------------------------------------------------------------------------------------

    def map_towns(self) -> None:
        """Successor of each town, and the units that changed town or county."""
        names_before = {row.town_code: row for row in self.before.values()}
        names_after = {row.town_code: row for row in self.after.values()}
        for code, row in names_before.items():
            if code in names_after:
                step = self._by_code(row, names_after[code])
            else:
                step = self._by_units(row, names_before) or self._by_name(row, names_before, names_after)
            if step:
                self.towns[code] = step

    def _by_code(self, before: Row, after: Row) -> TownStep | None:
        """The town of the same code: under the same proper name, or with half of its units already matched."""
        code = before.town_code
        if town_stem(before.town) != town_stem(after.town):
            members = [unit for unit in self.before if unit.startswith(code)]
            if 2 * len(self.left_before.intersection(members)) > len(members):
                return None
        return TownStep(code, code, True, "乡镇代码未变")

    def _by_units(self, town: Row, names_before: dict[str, Row]) -> TownStep | None:
        """The town where at least four fifths, and at least three, of the proper names of a vanished town reappear."""
        wanted = {stem(self.before[code].name) for code in self.left_before if code.startswith(town.town_code)}
        votes = Counter(
            row.town_code for row in map(self.after.__getitem__, self.left_after) if stem(row.name) in wanted
        ).most_common(2)
        if not votes or votes[0][1] < max(3, 0.8 * len(wanted)):
            return None
        target, votes_for = votes[0]
        return TownStep(
            town.town_code,
            target,
            target not in names_before,
            f"{len(wanted)}个单位名称中{votes_for}个在该乡镇重现",
        )

    def _by_name(self, town: Row, names_before: dict[str, Row], names_after: dict[str, Row]) -> TownStep | None:
        """The only town that is new in the county and bears the same proper name (乡 that became 镇)."""
        named = [
            code
            for code, row in names_after.items()
            if code not in names_before
            and row.county_code == town.county_code
            and town_stem(row.town) == town_stem(town.town)
        ]
        if len(named) != 1:
            return None
        after = names_after[named[0]]
        return TownStep(town.town_code, named[0], True, f"同县内{town.town}改为{after.town}")

    # -- the rest ---------------------------------------------------------------------------------------------------

    def leave_rest(self) -> None:
        """Unmatched units: open where the other edition has a candidate, else new or abolished."""
        origins = defaultdict(list)
        for step in self.towns.values():
            origins[step.after].append(step.before)
        came, gone = self._left_by_town(self.after, self.left_after), self._left_by_town(self.before, self.left_before)
        # a vanished town without a known successor may be any new town without a known predecessor
        from_nowhere = [town for town in came if town not in origins]
        to_nowhere = [town for town in gone if town not in self.towns]
        for row in [self.before[code] for code in sorted(self.left_before)]:
            moved = self.towns.get(row.town_code)
            self._leave("abolished", row, _of(came, [moved.after] if moved else from_nowhere) or _namesakes(row, came))
        for row in [self.after[code] for code in sorted(self.left_after)]:
            listed = row.town_code in origins
            candidates = _of(gone, origins[row.town_code] if listed else to_nowhere) or _namesakes(row, gone)
            self._leave("new", row, candidates, listed)
        self.edges = [self._with_move(edge) for edge in self.edges]

    def _left_by_town(self, units: dict[str, Row], left: set[str]) -> dict[str, list[Row]]:
        towns = defaultdict(list)
        for code in sorted(left):
            towns[code[:9]].append(units[code])
        return dict(towns)

    def _leave(self, kind: str, row: Row, candidates: list[Row], listed: bool = True) -> None:
        evidence = _describe(candidates) if candidates else self._background(kind, row, listed)
        before, after = (row, None) if kind == "abolished" else (None, row)
        self._add("open" if candidates else kind, "rest", before, after, evidence)

    def _background(self, kind: str, row: Row, listed: bool) -> str:
        if kind == "abolished":
            return "新版名册中该乡镇没有任何可能的后继"
        if not listed:
            return "整个乡镇首次列入名册，此前的名册中没有可对应的单位"
        alike = [other for other in self.look_alikes if _look_alike_of(other, row)]
        if alike:
            return f"此前为统计用代码 {alike[0].code} {alike[0].name}，不是调查单位"
        return "旧版名册中该乡镇没有任何可能的前身"

    def _with_move(self, edge: Edge) -> Edge:
        if not (edge.before and edge.after) or edge.before.town_code == edge.after.town_code:
            return edge
        town = self.towns.get(edge.before.town_code)
        stays = town is not None and town.whole and town.after == edge.after.town_code
        moved = "county" if edge.before.county_code != edge.after.county_code else "" if stays else "town"
        return Edge(edge.type, edge.rule, edge.since, edge.before, edge.after, moved, edge.evidence)


# -- rules: what is left in, matches out ------------------------------------------------------------------------------


def _same_code(step: _Step) -> Iterator[Match]:
    for code in step.left_before & step.left_after:
        before, after = step.before[code], step.after[code]
        if before.name == after.name:
            yield code, code, "code_and_name", "代码、名称均未变"
        elif stem(before.name) == stem(after.name) and code in step.once_before and code in step.once_after:
            yield code, code, "style", f"代码未变，名称只改写法：{before.name} → {after.name}"


def _name_in_town(step: _Step) -> Iterator[Match]:
    places = {(row.town_code, stem(row.name)): code for code in step.left_after if (row := step.after[code])}
    for code in step.left_before:
        before, town = step.before[code], step.towns.get(code[:9])
        successor = places.get((town.after, stem(before.name))) if town else None
        free = successor and successor not in step.before and code not in step.after
        if town and free and code in step.once_before and successor in step.once_after:
            yield code, successor, "name_in_town", _tell(town, before, step.after[successor])


def _tell(town: TownStep, before: Row, after: Row) -> str:
    change = "；村改居" if is_village(before.code) and is_community(after.code) else ""
    return f"名称“{stem(before.name)}”在{before.town}、{after.town}中均唯一；{town.evidence}{change}"


def _variant(step: _Step) -> Iterator[Match]:
    by_fold = _by_fold(step.folding)
    once_before = _once(_of_towns(step.before, {code[:9] for code in step.left_before}), by_fold)
    once_after = _once(_of_towns(step.after, {code[:9] for code in step.left_after}), by_fold)
    for code in step.left_before & once_before:
        town = step.towns.get(code[:9])
        successor = town.after + code[9:] if town else ""
        if successor in step.left_after and successor in once_after:
            before, after = step.before[code], step.after[successor]
            if by_fold(before)[1] == by_fold(after)[1]:
                yield (
                    code,
                    successor,
                    "variant",
                    f"乡镇内序号 {code[9:]} 未变，名称为异写：{before.name} → {after.name}",
                )


def _of_towns(units: dict[str, Row], towns: set[str]) -> dict[str, Row]:
    return {code: row for code, row in units.items() if row.town_code in towns}


def _by_stem(row: Row) -> tuple[str, str]:
    return row.town_code, stem(row.name)


def _by_fold(folding: Folding) -> Callable[[Row], tuple[str, str]]:
    return lambda row: (row.town_code, folding.fold(row.name, row.town))


def _once(units: dict[str, Row], key: Callable[[Row], tuple[str, str]]) -> set[str]:
    """Codes of the units whose key is unique."""
    keys = {code: key(row) for code, row in units.items()}
    counts = Counter(keys.values())
    return {code for code, value in keys.items() if counts[value] == 1}


# -- findings ----------------------------------------------------------------------------------------------------------


def _of(units: dict[str, list[Row]], towns: list[str]) -> list[Row]:
    return [row for town in towns for row in units.get(town, [])]


def _namesakes(row: Row, towns: dict[str, list[Row]]) -> list[Row]:
    """Units of the same proper name anywhere in the county: candidates, which make a unit `open` and not `new`."""
    proper = stem(row.name)
    return [
        other
        for code, units in towns.items()
        if code.startswith(row.county_code)
        for other in units
        if stem(other.name) == proper
    ]


def _describe(candidates: list[Row]) -> str:
    shown = "、".join(f"{row.code} {row.name}" for row in candidates[:5])
    more = f"等{len(candidates)}个" if len(candidates) > 5 else ""
    return f"可能对应：{shown}{more}；依据不足，未作对应"


def _look_alike_of(other: Row, row: Row) -> bool:
    return other.town_code == row.town_code and stem(other.name) == stem(row.name)


def _check_once(decisions: list[Decision]) -> None:
    """A unit may be decided once, except that several merge into one and one splits into several."""
    befores = Counter(decision.before for decision in decisions if decision.before and decision.type != "split")
    afters = Counter(decision.after for decision in decisions if decision.after and decision.type != "merged")
    befores.update({decision.before for decision in decisions if decision.before and decision.type == "split"})
    afters.update({decision.after for decision in decisions if decision.after and decision.type == "merged"})
    twice = [point for counts in (befores, afters) for point, count in counts.items() if count > 1]
    if twice:
        raise Refusal(f"succession.yaml：{'、'.join(sorted(twice))} 被裁定两次；请只留一条")
