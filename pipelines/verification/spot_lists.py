"""Spot-check lists folded from the ledger: plan, draw, results, withdrawal and closing of each (§4, §5).

A pure function of events and the archive's objects: no clock. Kinds of events, with the object that each names:

| kind | body | object |
|---|---|---|
| `spot_plan` | list, month, edition, digest, claims, source, issue, day, window, groups | population and units |
| `spot_draw` | list, value, seed, published | the order of every stratum; who inspects which county |
| `spot_result` | list (null: of none that is known), returned (number of the submission), file, late | answers and findings |
| `spot_withdraw` | list, why | |
| `spot_close` | list, how | |

`spot_result` of a submission that was withdrawn counts for nothing; it stays among the versions.
"""

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping, Set
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from fractions import Fraction
from functools import cached_property
from typing import Any

from pipelines import months
from pipelines.archive.store import Event
from pipelines.verification import course, draw, tally
from pipelines.verification.course import Course
from pipelines.verification.draw import Drawn
from pipelines.verification.estimate import Result, Visits, judge
from pipelines.verification.plan import Place
from pipelines.verification.reported_claim import Claim
from pipelines.verification.returned import Answer, Key

PLAN, DRAW, RESULT, WITHDRAW, CLOSE = "spot_plan", "spot_draw", "spot_result", "spot_withdraw", "spot_close"
Load = Callable[[str], bytes]  # an object of the archive by its SHA-256


@dataclass(frozen=True)
class ListClaim:
    """A claim of a list. `planned`: visits in the order of `strata`, enough for `allowed` unconfirmed ones."""

    policy: str
    indicator: str
    name: str
    level: str
    unit: str
    claim: Claim
    strata: tuple[Place, ...]
    planned: tuple[int, ...]
    allowed: int
    look_at: str = ""

    @property
    def key(self) -> str:
        """Id of the claim in the list and in returned answers: `facility_rural`, of a county `facility_rural@130530`."""
        return self.indicator if self.level == "city" else f"{self.indicator}@{self.unit}"

    @property
    def about(self) -> tuple[str, str, str, str]:
        """What is claimed, whatever the month."""
        return self.policy, self.indicator, self.level, self.unit

    def body(self) -> dict[str, Any]:
        """As the plan's event holds it: counts, the target as a text, no floats."""
        claim, shown = self.claim, ("policy", "indicator", "name", "level", "unit", "allowed", "look_at")
        return {
            **{name: getattr(self, name) for name in shown},
            "at_most": claim.at_most, "counted": claim.counted, "yes": claim.reported, "unknown": claim.unknown,
            "target": str(claim.target), "required": claim.required,
            "strata": [asdict(place) for place in self.strata], "planned": list(self.planned),
        }  # fmt: skip

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> "ListClaim":
        """The claim of a plan's event (`body`)."""
        claim = Claim(body["counted"], body["yes"], Fraction(body["target"]), body["at_most"], body["unknown"])
        shown = {name: body[name] for name in ("policy", "indicator", "name", "level", "unit", "allowed", "look_at")}
        strata = tuple(Place(**place) for place in body["strata"])
        return cls(**shown, claim=claim, strata=strata, planned=tuple(body["planned"]))


@dataclass(frozen=True)
class Named:
    """A unit as the roster of the checked month names it."""

    uid: str
    code: str
    name: str
    town: str
    county_code: str
    county: str


@dataclass(frozen=True)
class Version:
    """One recorded answer. `counts`: it is the one in force; `late`: it came after the closing; `withdrawn`: it was taken back."""

    answer: Answer
    event: Event
    late: bool
    withdrawn: bool
    counts: bool
    group: str = ""


@dataclass
class SpotList:
    """One list of the ledger. `taken_back`: numbers of submissions that were withdrawn, whose `results` count for nothing."""

    plan: Event
    load: Load
    draw: Event | None = None
    results: list[Event] = field(default_factory=list)
    taken_back: Set[int] = frozenset()
    withdrawal: Event | None = None
    closing: Event | None = None

    @property
    def number(self) -> int:
        return int(self.plan.body["list"])

    @property
    def month(self) -> date:
        return months.parse(self.plan.body["month"])

    @property
    def plan_hash(self) -> str:
        """SHA-256 of the plan's line in the ledger."""
        return hashlib.sha256(self.plan.line().encode()).hexdigest()

    @property
    def drawn_on(self) -> date | None:
        return self.draw.day if self.draw else None

    @property
    def course(self) -> Course:
        body = self.plan.body
        day, closed = date.fromisoformat(body["day"]), self.closing is not None
        return Course(self.number, day, body["window"], self.drawn_on, self.withdrawal is not None, closed)

    @cached_property
    def claims(self) -> dict[str, ListClaim]:
        """By key, in the order of the plan."""
        return {claim.key: claim for claim in map(ListClaim.of, self.plan.body["claims"])}

    @cached_property
    def _population(self) -> dict[str, Any]:
        return json.loads(self.load(self.plan.body["object"]))

    @cached_property
    def population(self) -> dict[str, dict[str, list[str]]]:
        """Claim → stratum → the uids of the reported units that the list is drawn from."""
        return self._population["claims"]

    @cached_property
    def units(self) -> dict[str, Named]:
        """Every unit of the population by uid."""
        return {uid: Named(uid, *columns) for uid, columns in self._population["units"].items()}

    @cached_property
    def _list(self) -> dict[str, Any]:
        return json.loads(self.load(self.draw.body["object"])) if self.draw else {"claims": {}, "inspects": {}}

    @property
    def inspects(self) -> dict[str, str]:
        """County code → the group that inspects it."""
        return self._list["inspects"]

    @cached_property
    def drawn(self) -> dict[str, list[Drawn]]:
        """Claim → its strata in the order drawn; empty before the draw."""
        return {
            key: [Drawn(stratum["id"], tuple(stratum["order"]), stratum["planned"]) for stratum in strata]
            for key, strata in self._list["claims"].items()
        }

    # ---- results

    @cached_property
    def versions(self) -> dict[Key, list[Version]]:
        """Every recorded answer by unit and claim, replaced ones too, in the order of the ledger."""
        versions: dict[Key, list[Version]] = {}
        for event in self.results:
            recorded = record(self.load, event)
            for answer in recorded["answers"]:
                back = event.body["returned"] in self.taken_back
                _put(versions, Version(answer, event, bool(event.body["late"]), back, not back, recorded["group"]))
        return versions

    @cached_property
    def standing(self) -> dict[Key, Answer]:
        """The answer in force, by unit and claim."""
        return {key: kept[-1].answer for key, all_ in self.versions.items() if (kept := [v for v in all_ if v.counts])}

    def results_of(self, key: str) -> dict[str, str]:
        """Uid → result in force of one claim."""
        return {uid: answer.result for (uid, claim), answer in self.standing.items() if claim == key}

    def planned_keys(self) -> list[Key]:
        """Unit and claim of every row that is to be visited."""
        return [(uid, key) for key, strata in self.drawn.items() for stratum in strata for uid in stratum.visits]

    def spares_due(self) -> list[Key]:
        """候补 that are to be visited now, by claim and stratum in order."""
        return [
            (uid, key)
            for key, strata in self.drawn.items()
            for stratum in strata
            for uid in tally.spares_due(stratum, self.results_of(key))
        ]

    @property
    def without_result(self) -> int:
        """Planned rows, and 候补 that are due, which nobody has answered yet. The list is closed early where there are none."""
        return sum(key not in self.standing for key in (*self.planned_keys(), *self.spares_due()))

    def visits_of(self, key: str) -> list[Visits]:
        """The counts of every stratum of a claim; planned rows without a result count as 未能核实."""
        return [tally.tally(stratum, self.results_of(key)) for stratum in self.drawn[key]]

    def judged(self, key: str) -> Result | None:
        """What the closed list proves of a claim; None while it is open, withdrawn or not drawn."""
        return judge(self.claims[key].claim, self.visits_of(key)) if self.closing else None

    def refuted(self, key: str) -> set[str]:
        """Uids of the population with the result 不属实."""
        return {uid for uid, result in self.results_of(key).items() if result == tally.REFUTED}

    def redrawn(self) -> bool:
        """Whether drawing again from the number in the ledger gives the stored list."""
        if self.draw is None:
            return False
        seed = draw.seed(self.plan.body["digest"], self.plan_hash, self.number, self.draw.body["value"])
        again = draw_claims(seed, self)
        return (seed, again) == (self.draw.body["seed"], self.drawn)


def _put(versions: dict[Key, list[Version]], version: Version) -> None:
    """A later answer replaces the earlier ones; after the closing only where it lowers the bound."""
    before = versions.setdefault(version.answer.key, [])
    stands = next((earlier.answer.result for earlier in reversed(before) if earlier.counts), None)
    lowers = not version.late or tally.counts_after_closing(stands, version.answer.result)
    before.append(replace(version, counts=version.counts and lowers))


def draw_claims(seed: str, planned: SpotList) -> dict[str, list[Drawn]]:
    """Every claim's strata in the order of the tickets."""
    return {
        key: draw.draw(seed, {place.id: planned.population[key][place.id] for place in claim.strata}, claim.planned)
        for key, claim in planned.claims.items()
    }


def lists(events: Iterable[Event], load: Load, withdrawn: Collection[int] = ()) -> dict[int, SpotList]:
    """Every list by number, from the ledger's spot events in order; `withdrawn`: events taken back, by number."""
    by_number: dict[int, SpotList] = {}
    for event in events:
        number = event.body["list"]
        if event.kind == PLAN:
            by_number[number] = SpotList(event, load, taken_back=frozenset(withdrawn))
        elif event.kind == DRAW:
            by_number[number].draw = event
        elif event.kind == WITHDRAW:
            by_number[number].withdrawal = event
        elif event.kind == CLOSE:
            by_number[number].closing = event
        elif number is not None:
            by_number[number].results.append(event)
    return by_number


def deciding(by_number: Mapping[int, SpotList], about: tuple[str, str, str, str], month: date) -> SpotList | None:
    """The list that decides a claim and month: first by the day of its number, not withdrawn; it decides nothing until closed."""
    asked = [s for s in by_number.values() if s.month == month and about in {c.about for c in s.claims.values()}]
    first = course.deciding((spot_list.course for spot_list in asked), date.max)
    return by_number[first.number] if first else None


def for_estimate(by_number: Mapping[int, SpotList], spot_list: SpotList, claim: ListClaim) -> bool:
    """Whether another list decides this claim and month, or the claim was not met as reported."""
    decides = deciding(by_number, claim.about, spot_list.month)
    return not claim.claim.met or (decides is not None and decides.number != spot_list.number)


# ---- objects of the archive


def packed(data: object) -> bytes:
    """An object's bytes: JSON with sorted keys, so that the same content has the same hash."""
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def population_object(claims: Mapping[str, Mapping[str, Iterable[str]]], units: Mapping[str, Named]) -> bytes:
    """The object of `spot_plan`: claim → stratum → uids, and the names of the units."""
    named = {uid: [u.code, u.name, u.town, u.county_code, u.county] for uid, u in units.items()}
    strata = {key: {id: sorted(uids) for id, uids in by_stratum.items()} for key, by_stratum in claims.items()}
    return packed({"claims": strata, "units": named})


def list_object(drawn: Mapping[str, Iterable[Drawn]], inspects: Mapping[str, str]) -> bytes:
    """The object of `spot_draw`: claim → drawn strata, and county code → group that inspects it."""
    strata = {key: [asdict(stratum) for stratum in of_claim] for key, of_claim in drawn.items()}
    return packed({"claims": strata, "inspects": dict(inspects)})


def record_object(group: str, answers: Iterable[Answer], findings: Iterable[object], blank: int) -> bytes:
    """The object of `spot_result`: what was read of one returned file."""
    rows = [{**asdict(answer), "days": [day.isoformat() for day in answer.days]} for answer in answers]
    return packed({"group": group, "answers": rows, "findings": list(map(vars, findings)), "blank": blank})


def record(load: Load, event: Event) -> dict[str, Any]:
    """A recorded file: group, answers, findings as dicts, how many rows were blank."""
    content = json.loads(load(event.body["object"]))
    answers = [Answer(**{**row, "days": tuple(map(date.fromisoformat, row["days"]))}) for row in content["answers"]]
    return {**content, "answers": answers}
