"""What each unit answers in a month. One function a field; a field without one is answered by its type.

Grain: arrays with one whole number a unit: flags 0 and 1, choices by position, months as months since year 0,
numbers, money and percent in tenths; `NONE` where nothing is answered. Consistent with the form's rules: what
depends on another answer asks for it.
"""

import re
from collections.abc import Callable
from datetime import date
from functools import cached_property

import numpy as np

from pipelines.reference.form import KINDS as KINDS_OF
from pipelines.reference.form import Field, Form
from pipelines.reference.roster import KINDS, URBAN
from pipelines.sample import growth, keyed_random
from pipelines.sample.population import Population
from pipelines.sample.programme import SEGMENTS

NONE = -1
TENTHS = ("number", "money", "percent")
_RURAL = SEGMENTS.index("rural")
Answer = Callable[["Moment"], np.ndarray]
ANSWERS: dict[str, Answer] = {}
_PROGRAMME_START = 2018 * 12 + 6


def answers(function: Answer) -> Answer:
    """Registers a function that answers the field of its name."""
    ANSWERS[function.__name__] = function
    return function


class Moment:
    """One month of one population; every field's answers are made once."""

    def __init__(self, form: Form, population: Population, month: date, wages: np.ndarray):
        self.part, self.of, self.month, self.wages = form.community, population, month, wages
        self._bound = _bound(form)
        self.at = growth.index(month)
        self.year, self.progress = month.year, min(self.at / growth.DUE, 2.0)
        self.rural = population.segment == _RURAL
        self._made: dict[str, np.ndarray] = {}

    def __getitem__(self, field_id: str) -> np.ndarray:
        if field_id not in self._made:
            self._made[field_id] = self._make(field_id)
        return self._made[field_id]

    def _make(self, field_id: str) -> np.ndarray:
        answer = ANSWERS.get(field_id)
        return answer(self) if answer else _by_type(self, self.part[field_id])

    def has(self, field_id: str, at: int | None = None) -> np.ndarray:
        return self.of.has(field_id, self.at if at is None else at)

    @property
    def budget(self) -> int:
        """The month in which this year's money was decided: it moves at year ends only."""
        return max(growth.index(date(self.year, 1, 1)) + 4, 0) if self.year > growth.START.year else 0

    @cached_property
    def kind_in_budget(self) -> np.ndarray:
        return self.of.kind_in(max(date(self.year, 1, 1), growth.START))

    def since_january(self, low: float, high: float, purpose: str) -> np.ndarray:
        """A count that grows through the year and starts again in January; events a month between low and high."""
        rate = low + (high - low) * self.of.uniform(purpose)
        return (rate * self.month.month + self.of.uniform(purpose, self.year)).astype(np.int64)

    def answered(self, field: Field) -> np.ndarray:
        """The field's answers, with nothing where it does not apply and, now and then, where it was forgotten."""
        applies = np.isin(self.of.kind, [KINDS.index(kind) for kind in KINDS_OF.get(field.applies, KINDS)])
        forgotten = self.of.uniform("forgotten", field.id, self.at) < (0 if field.id in self._bound else 0.0006)
        return np.where(applies & ~forgotten, self[field.id], NONE)


def _bound(form: Form) -> set[str]:
    """Fields that are always answered: a row without them would be held back, and only planted faults should do that."""
    strict = " ".join(rule.expect for rule in form.rules if rule.severity == "error" and rule.form == "community")
    return {field.id for field in form.community if field.required or field.id in re.findall(r"\w+", strict)}


def _by_type(m: Moment, field: Field) -> np.ndarray:
    if field.period == "year":
        return _of_the_year(m, field)
    turn = m.of.uniform("answer", field.id)
    match field.type:
        case "flag":
            return m.has(field.id).astype(np.int64)
        case "choice":
            return (turn * len(field.choices)).astype(np.int64)
        case "count":
            return (turn * min(field.max or 10, 10) * (0.5 + 0.5 * m.progress)).astype(np.int64)
        case "percent":
            return (700 + turn * 280).astype(np.int64)
        case "number" | "money":
            return (turn * min(field.max or 1000, 1000) * 10).astype(np.int64)
        case "month":
            return 2000 * 12 + (turn * 220).astype(np.int64)
    return np.full(len(m.of.units), NONE)


def _of_the_year(m: Moment, field: Field) -> np.ndarray:
    """What begins again each January: events add up, a budget is decided, a yearly duty is done by December."""
    turn = m.of.uniform("answer", field.id, m.year)
    match field.type:
        case "count":
            return (turn * min(field.max or 10, 10) * m.month.month / 12).astype(np.int64)
        case "number" | "money":
            return (turn * min(field.max or 1000, 1000) * 10).astype(np.int64)
        case "flag":
            december = growth.index(date(m.year, 12, 1))
            return (m.has(field.id, december) & (m.month.month > 12 * turn)).astype(np.int64)
    return np.full(len(m.of.units), NONE)


def _between(low: np.ndarray, high: np.ndarray, turn: np.ndarray) -> np.ndarray:
    return np.exp(np.log(low) + np.log(high / low) * turn)


# -- people ------------------------------------------------------------------------------------------------------------


def _households_2018(m: Moment) -> np.ndarray:
    low = np.array([1000, 800, 500, 80])[m.of.segment]
    high = np.array([4200, 3600, 3000, 1300])[m.of.segment]
    usual = _between(low, high, (m.of.uniform("size") + m.of.uniform("size too")) / 2)
    planned = (
        1500 + m.of.uniform("size") * 1700
    )  # a community set up under the policy keeps to its 1500–3000 households, mostly
    return np.where(m.of.new & ~m.rural, planned, usual)


@answers
def households(m: Moment) -> np.ndarray:
    drift = (m.of.uniform("drift") - np.where(m.rural, 0.65, 0.35)) * 0.03
    return (_households_2018(m) * (1 + drift * m.at / 12)).astype(np.int64)


@answers
def population(m: Moment) -> np.ndarray:
    size = 2.3 + 1.7 * (m.of.uniform("family") + m.of.uniform("family too")) / 2
    return (m["households"] * size).astype(np.int64)


@answers
def established(m: Moment) -> np.ndarray:
    old = 1984 * 12 + m.of.within(0, 34 * 12 - 6, "established")
    new = m.of.since - m.of.within(0, 9, "established")
    known = m.of.uniform("established known") < 0.8
    return np.where(m.of.new, new, np.where(known, old, NONE))


# -- organisation ------------------------------------------------------------------------------------------------------


@answers
def committee_members(m: Moment) -> np.ndarray:
    term = 1 if m.at < 32 else 2  # the committees were elected in spring 2021
    return np.where(m.rural, m.of.within(3, 7, "committee", term), m.of.within(5, 9, "committee", term))


@answers
def local_members(m: Moment) -> np.ndarray:
    share = np.where(
        m.rural, 0.9 + 0.1 * m.of.uniform("local"), 0.35 + 0.15 * m.progress / 2 + 0.5 * m.of.uniform("local")
    )
    return np.minimum((m["committee_members"] * share + 0.5).astype(np.int64), m["committee_members"])


@answers
def subcommittees(m: Moment) -> np.ndarray:
    return np.where(m.has("subcommittees"), m.of.within(7, 9, "subcommittees"), m.of.within(3, 6, "subcommittees"))


@answers
def grids(m: Moment) -> np.ndarray:
    return np.maximum((_households_2018(m) / np.where(m.rural, 260, 320) + 0.5).astype(np.int64), 1)


@answers
def grid_managers(m: Moment) -> np.ndarray:
    more = m.of.uniform("grid managers") < 0.15
    return np.where(m.has("grid_managers"), m["grids"] + more, np.maximum(m["grids"] - 1 - more, 0))


@answers
def deliberations(m: Moment) -> np.ndarray:
    return m.since_january(0.0, 0.5, "deliberations")


@answers
def drills(m: Moment) -> np.ndarray:
    return m.since_january(0.0, 0.2, "drills")


# -- facilities and information ----------------------------------------------------------------------------------------


@answers
def platform_linked(m: Moment) -> np.ndarray:
    return m["info_platform"] * m.has("platform_linked")


@answers
def facility_area(m: Moment) -> np.ndarray:
    needed = _households_2018(m) * 0.3
    enough, turn = m.has("facility_area"), m.of.uniform("area")
    urban = needed * np.where(enough, 1.12 + 0.6 * turn, 0.25 + 0.62 * turn)
    rural = np.where(enough, 120 + 400 * turn, 40 + 90 * turn)
    area = np.where(m.rural, rural, urban)
    new = (m.of.adoption("facility") > 0) & ~m.rural & (m.of.uniform("by the standard") < 0.84)
    area = np.clip(np.where(new, np.maximum(area, 500 + 150 * turn), area), 15, 15000)
    return np.where(m["facility"] == 1, area.astype(np.int64) * 10 + 5 * (m.of.uniform("half") < 0.1), NONE)


@answers
def facility_built(m: Moment) -> np.ndarray:
    since = m.of.adoption("facility")
    before = 1998 * 12 + m.of.within(0, 20 * 12 + 5, "built")
    known = (m["facility"] == 1) & (m.of.uniform("built known") < 0.96)
    return np.where(known, np.where(since > 0, _PROGRAMME_START + since, before), NONE)


@answers
def facility_colocated(m: Moment) -> np.ndarray:
    return m["facility"] * m.has("facility_colocated")


@answers
def facility_discount(m: Moment) -> np.ndarray:
    return m["facility"] * m.has("facility_discount")


@answers
def volunteers(m: Moment) -> np.ndarray:
    share = np.where(m.rural, 0.03, 0.11) * m.of.uniform("volunteers") ** 2 * (0.4 + 0.6 * m.progress)
    return (m["population"] * share).astype(np.int64)


@answers
def social_orgs(m: Moment) -> np.ndarray:
    most = np.where(m.rural, 3, 9)
    return (most * m.of.uniform("social orgs") * (0.4 + 0.6 * m.progress)).astype(np.int64)


@answers
def property_service(m: Moment) -> np.ndarray:
    managed = np.where(m.of.uniform("managed") < np.where(m.rural, 0.15, 0.62), 0, 1)
    return np.where(m.has("property_service"), managed, len(m.part["property_service"].choices) - 1)


# -- staff -------------------------------------------------------------------------------------------------------------


@answers
def staff(m: Moment) -> np.ndarray:
    urban = 4 + (_households_2018(m) / 420 * (0.8 + 0.2 * m.progress)).astype(np.int64)
    return np.where(m.rural, m.of.within(0, 2, "staff"), urban)


@answers
def social_workers(m: Moment) -> np.ndarray:
    more = np.where(
        m.rural,
        m.of.uniform("more workers") < 0.16,
        (m.of.uniform("more workers") * (1.2 + 2.2 * m.progress)).astype(np.int64),
    )
    return np.where(m.has("social_workers"), 1 + more, 0)


@answers
def certified_workers(m: Moment) -> np.ndarray:
    share = np.where(m.rural, 0.10, 0.36) * (0.5 + 0.7 * m.progress)
    return np.minimum((m["social_workers"] * share + m.of.uniform("certified")).astype(np.int64), m["social_workers"])


@answers
def allowance_workers(m: Moment) -> np.ndarray:
    paid = m.of.uniform("allowance") < 0.25 + 0.5 * m.progress
    return m["certified_workers"] * paid


@answers
def trained_staff(m: Moment) -> np.ndarray:
    share = m.of.uniform("trained", m.year) * 1.4 * m.month.month / 12
    return np.minimum((m["staff"] * share).astype(np.int64), m["staff"])


@answers
def member_pay(m: Moment) -> np.ndarray:
    ratio = m.of.uniform("pay")
    enough = np.ceil(m.wages * (1 + 0.12 * ratio) / 100)
    short = np.floor(m.wages * (0.58 + 0.38 * ratio) / 100)
    return np.where(m.has("member_pay", m.budget), enough, short).astype(np.int64) * 1000


def _members(m: Moment, field: str) -> np.ndarray:
    some = (m["committee_members"] * m.of.uniform("some", field)).astype(np.int64)
    return np.where(m.has(field), m["committee_members"], some)


@answers
def insured_members(m: Moment) -> np.ndarray:
    return _members(m, "insured_members")


@answers
def housing_fund_members(m: Moment) -> np.ndarray:
    return np.where(
        m.has("housing_fund_members"),
        m["committee_members"],
        np.minimum(_members(m, "housing_fund_members"), m["insured_members"]),
    )


# -- money -------------------------------------------------------------------------------------------------------------


def _money(m: Moment, field: str, urban: int, town: int) -> np.ndarray:
    """Tenths of 万元 around the standard of what the unit was when the budget was made; budgets move once a year."""
    standard = np.where(m.kind_in_budget == KINDS.index(URBAN), urban, town)
    # mostly one sum for the whole county, as budgets are made
    keys = np.where(m.of.uniform("own sum", field) < 0.8, m.of.home_keys, m.of.keys)
    above = np.array([10, 10, 10, 12, 15])[keyed_random.within(keys, 0, 4, "above", field)]
    below = np.array([0, 3, 5, 6, 8])[keyed_random.within(keys, 0, 4, "below", field)]
    return standard * np.where(m.has(field, m.budget) & ~_cut(m, field), above, below) // 10


def _cut(m: Moment, field: str) -> np.ndarray:
    """2020 was a thin year: money for training was the first to go, and came back the year after."""
    share = 0.36 if field == "it_training_fund" and m.year == 2020 else 0
    return m.of.uniform("cut", field) < share


@answers
def work_fund(m: Moment) -> np.ndarray:
    return _money(m, "work_fund", 100, 50)


@answers
def party_service_fund(m: Moment) -> np.ndarray:
    return _money(m, "party_service_fund", 200, 100)


@answers
def it_training_fund(m: Moment) -> np.ndarray:
    return _money(m, "it_training_fund", 50, 50)


# -- villages, reviews -------------------------------------------------------------------------------------------------


@answers
def pilot_eligible(m: Moment) -> np.ndarray:
    return (m.of.uniform("eligible") < 0.072 + 0.004 * m.progress).astype(np.int64)


@answers
def pilot(m: Moment) -> np.ndarray:
    return m["pilot_eligible"] * m.has("pilot")


@answers
def pilot_type(m: Moment) -> np.ndarray:
    choices = len(m.part["pilot_type"].choices)
    usual = np.minimum((m.of.uniform("pilot type") ** 0.8 * choices).astype(np.int64), choices - 1)
    return np.where(m["pilot"] == 1, usual, NONE)


@answers
def annual_review(m: Moment) -> np.ndarray:
    held = np.where(m.of.uniform("review", m.year) < 0.7, 12, 11)
    december = growth.index(date(m.year, 12, 1))
    return (m.has("annual_review", december) & (m.month.month >= held)).astype(np.int64)


@answers
def satisfaction(m: Moment) -> np.ndarray:
    # asked once a quarter, so the answer stays as it is until the next survey
    quarter = (m.month.month - 1) // 3
    progress = min(max(m.at - (m.month.month - 1) % 3, 0) / growth.DUE, 2.0)
    usual = 760 + 180 * m.of.uniform("satisfaction") + 20 * progress
    mood = 25 * (m.of.uniform("mood", m.year, quarter) - 0.5)
    asked = m.of.uniform("asked") < 0.94
    return np.where(asked, np.minimum(usual + mood, 998), NONE).astype(np.int64)
