"""The worked examples of `tests/specs/verdicts` once more, by the engine: answers of units in a warehouse, month by month."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from types import SimpleNamespace

import pyarrow as pa
import pytest

from pipelines import months
from pipelines.archive.store import Archive
from pipelines.figures import effective_answers, figure_counts, forecast, last_reported, progress
from pipelines.reference import reference_bundle
from pipelines.reference.form import Field, Form, Part
from pipelines.reference.policy.expression import compile_expression, field_names
from pipelines.reference.policy.register import Entry_, Indicator, _begun_in_turn
from pipelines.reference.roster import COUNTY_TABLE, TABLE
from pipelines.warehouse import projection
from tests.figures.test_verdict_cases import CASES, KEYS, told

COUNTY, CITY, POLICY = "130501", "130500", "case"
# what a unit answers to `inside` and `done`
SAID = {"是": (True, True), "否": (True, False), "未填": (True, None), "不详": (None, None), "外": (False, None)}
LENT = "沿用"


@dataclass(frozen=True)
class Answer:
    """What a group of like units says in a month."""

    group: int
    count: int
    town: str
    inside: bool | None
    done: bool | None
    above: Decimal | None
    below: Decimal | None
    carried: bool


def answer(group: int, row: dict, said: str) -> Answer:
    text = said.removeprefix(LENT)
    above, below = map(Decimal, text.split("/")) if "/" in text else (None, None)
    inside, done = SAID.get(text, (True, None))
    place = {"count": row.get("个数", 1), "town": row.get("镇", "镇")}
    return Answer(group=group, inside=inside, done=done, above=above, below=below, carried=said != text, **place)


class Rosters:
    """A city of one county whose units come and go by the month."""

    city = SimpleNamespace(code=CITY)

    def __init__(self, case: dict):
        self.months = [months.parse(month) for month in case.get("months", ["2020-06"])]
        self.answers = {
            month: [
                answer(n, row, said) for n, row in enumerate(case["units"]) if (said := str(row["各月"][place])) != "无"
            ]
            for place, month in enumerate(self.months)
        }
        named = {row.get("镇", "镇") for row in case["units"]}
        self.towns = {name: f"{COUNTY}{number:03}" for number, name in enumerate(sorted(named))}

    def table(self, month: date) -> pa.Table:
        codes = [(f"{a.group}:{n}", self.towns[a.town]) for a in self.answers.get(month, []) for n in range(a.count)]
        rows = [
            {"code": code, "uid": code, "town_code": town, "county_code": COUNTY, "kind": "农村社区"}
            for code, town in codes
        ]
        return pa.Table.from_pylist(rows, schema=TABLE)

    def county_table(self, month: date) -> pa.Table:
        return pa.Table.from_pylist([{"code": COUNTY, "city_code": CITY}], schema=COUNTY_TABLE)

    def counties(self, month: date) -> list:
        return [SimpleNamespace(code=COUNTY)]

    def edition(self, month: date) -> SimpleNamespace:
        return SimpleNamespace(year=month.year, cut_off=month)

    def as_of(self, month: date, later: date) -> pa.Table:
        return self.table(month).select(["code", "county_code"])


def form(case: dict) -> Form:
    period = "year" if case.get("yearly") else "stock"
    fields = [Field(id=name, label=name, type="flag", period=period) for name in ("inside", "done")]
    fields += [Field(id=name, label=name, type="number", period=period) for name in ("above", "below")]
    return Form("1", Part("community", "表1", tuple(fields)), Part("county", "表2", ()), ())


def indicator(case: dict, asked: Form) -> Indicator:
    ratio = case.get("ratio")
    entry = Entry_.model_validate(
        {
            "id": "case", "name": "例", "clause": "一", "quote": "例", "wording": "required", "unit": "%", "of": "community",
            "target": case.get("targets") or case.get("target") or [], "baseline": case.get("baseline"),
            "since": case.get("since"), "judged": case.get("judged"),
        } | ({"ratio": {"numerator": "above", "denominator": "below", **ratio}} if ratio else {"share": "done"})
    )  # fmt: skip
    entry = entry.model_copy(update={"targets": _begun_in_turn(entry.targets)})
    names = field_names(asked.community, "answer")
    scope, share = (compile_expression(name, names, "case", "boolean") for name in ("inside", "done"))
    parts = [compile_expression(name, names, "case", "number") for name in ("above", "below")]
    return Indicator(entry, scope, None if ratio else share, *(parts if ratio else (None, None)), "个村")


@dataclass(frozen=True)
class Register:
    """One policy with one indicator."""

    indicators: tuple[Indicator, ...]
    policy = SimpleNamespace(id=POLICY)
    since = date(2010, 1, 1)
    rollups = {}

    def __iter__(self):
        return iter(self.indicators)


@pytest.fixture(scope="module")
def reference(plain_city):
    return reference_bundle.load(plain_city)


@pytest.fixture(scope="module")
def store(reference, tmp_path_factory):
    """A projection for all examples: the questions and the indicator have the same names in each."""
    return projection.in_memory(replace(reference, form=form({})), Archive(tmp_path_factory.mktemp("archive")))


def count(store, reference, case: dict) -> Rosters:
    """Count and judge the example's months."""
    asked, rosters = form(case), Rosters(case)
    register = Register((indicator(case, asked),))
    store.reference = SimpleNamespace(**vars(reference) | {"form": asked, "registers": (register,), "rosters": rosters})
    store.reference.rules, store.reference.county_rules = [], []
    for (table,) in store.con.execute("SELECT table_name FROM duckdb_tables() WHERE NOT internal").fetchall():
        store.con.execute(f'DELETE FROM "{table}"')
    for part in (effective_answers, figure_counts, progress):
        part.create(store)
    for month in rosters.months:
        compute(store, rosters, month)
    return rosters


def figure(store, reference, case: dict) -> dict:
    """The figure of the example's last month and place."""
    rosters = count(store, reference, case)
    unit = rosters.towns.get(case.get("place"), CITY)
    cursor = store.con.execute("SELECT * FROM figure WHERE month = ? AND unit = ?", [rosters.months[-1], unit])
    return dict(zip([column[0] for column in cursor.description], cursor.fetchone(), strict=True))


def compute(store, rosters: Rosters, month: date) -> None:
    effective_answers.load_rosters(store, month)
    store.con.execute("INSERT INTO county_standing (month, unit, carried) VALUES (?, ?, FALSE)", [month, COUNTY])
    for a in rosters.answers[month]:
        store.con.execute(
            "INSERT INTO standing (month, unit, uid, row_state, carried, inside, done, above, below) "
            "SELECT ?, ? || n, ? || n, 'accepted', ?, ?, ?, ?, ? FROM range(?) AS every(n)",
            [month, f"{a.group}:", f"{a.group}:", a.carried, a.inside, a.done, a.above, a.below, a.count],
        )
    figure_counts.compute(store, [month])
    progress.compute(store, [month], opened=rosters.months[0])
    last_reported.compute(store, last_reported.Judged(month, "then", "then", rosters.months[0]))


@pytest.mark.parametrize("case", CASES, ids=[case["says"] for case in CASES])
def test_worked_example_by_the_engine(store, reference, case):
    row = figure(store, reference, case)
    for name, value in case["result"].items():
        wanted, got = told(value), row[KEYS[name]]
        if isinstance(wanted, Fraction):
            assert got is not None and abs(Fraction(got) - wanted) < Fraction(1, 10**9), (name, wanted, got)
        else:
            assert got == wanted, (name, row)


TURNED = {
    "months": ["2020-03", "2020-06"],
    "units": [
        {"镇": "甲镇", "个数": 5, "各月": ["否", "是"]},
        {"镇": "甲镇", "个数": 2, "各月": ["是", "否"]},
        {"镇": "甲镇", "个数": 9, "各月": ["是", "是"]},
        # reports that arrived or went missing, units founded or out of scope
        {"镇": "甲镇", "个数": 7, "各月": ["未填", "是"]},
        {"镇": "甲镇", "个数": 8, "各月": ["是", "未填"]},
        {"镇": "甲镇", "个数": 3, "各月": ["不详", "是"]},
        {"镇": "甲镇", "个数": 4, "各月": ["外", "是"]},
        {"镇": "甲镇", "个数": 6, "各月": ["无", "是"]},
    ],
}


def test_pace_counts_units_known_both_times_and_no_reporting(store, reference, monkeypatch):
    rosters = count(store, reference, TURNED)
    monkeypatch.setattr(forecast.as_now, "key", lambda warehouse, month: "then")
    turned = forecast._turned(store, *rosters.months)
    assert turned == {(POLICY, "case", "city", CITY): 3, (POLICY, "case", "county", COUNTY): 3}
