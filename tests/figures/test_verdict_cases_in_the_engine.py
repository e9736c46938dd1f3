"""The worked examples of `tests/specs/verdicts` once more, by the engine: answers of units in a warehouse, month by month."""

from dataclasses import asdict, dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from types import SimpleNamespace

import pyarrow as pa
import pytest

from pipelines import months
from pipelines.archive.store import Archive
from pipelines.figures import (
    as_now,
    county_origins,
    effective_answers,
    figure_counts,
    forecast,
    last_reported,
    progress,
)
from pipelines.reference import reference_bundle
from pipelines.reference.form import Field, Form, Part
from pipelines.reference.policy.expression import compile_expression
from pipelines.reference.policy.register import Entry_, Indicator, _begun_in_turn, namespace
from pipelines.reference.roster import AS_OF_TABLE, COUNTY_TABLE, TABLE
from pipelines.warehouse import arrow_rows, projection
from tests.figures.test_verdict_cases import CASES, KEYS, NO_FIGURE
from tests.figures.test_verdict_cases import plain as stated

CITY, POLICY, HERE = "130500", "case", "县"
# what a unit answers to `inside` and `done`
SAID = {"是": (True, True), "否": (True, False), "未填": (True, None), "不明": (None, None), "外": (False, None)}
LENT = "沿用"
AMOUNT = pa.decimal128(18, 6)
ANSWERS = pa.schema(
    {"month": pa.date32(), "group": pa.int32(), "count": pa.int32(), "carried": pa.bool_(), "inside": pa.bool_(), "done": pa.bool_()}
    | {"above": AMOUNT, "below": AMOUNT}
)  # fmt: skip


@dataclass(frozen=True)
class Answer:
    """What a group of like units says in a month."""

    group: int
    count: int
    county: str
    town: str
    kind: str
    inside: bool | None
    done: bool | None
    above: Decimal | None
    below: Decimal | None
    carried: bool


def town_of(row: dict, place: int) -> str:
    """The town in which a group's units are in a month."""
    return in_month(row.get("镇", "镇"), place)


def in_month(named: str | list[str], place: int) -> str:
    return named[place] if isinstance(named, list) else named


def answer(group: int, row: dict, place: int) -> Answer:
    said = str(row["各月"][place])
    text = said.removeprefix(LENT)
    above, below = map(Decimal, text.split("/")) if "/" in text else (None, None)
    inside, done = SAID.get(text, (True, None))
    where = {"count": row.get("个数", 1), "county": row.get("县", HERE), "town": town_of(row, place)}
    kind = in_month(row.get("类型", "农村社区"), place)
    return Answer(
        group=group, kind=kind, inside=inside, done=done, above=above, below=below, carried=said != text, **where
    )


class Rosters:
    """A city whose units come and go by the month."""

    city = SimpleNamespace(code=CITY)

    def __init__(self, case: dict):
        self.case = case
        self.months = [months.parse(month) for month in case.get("months", ["2020-06"])]
        self.answers = {
            month: [answer(n, row, place) for n, row in enumerate(case["units"]) if str(row["各月"][place]) != "无"]
            for place, month in enumerate(self.months)
        }
        every = range(len(self.months))
        named = sorted({(row.get("县", HERE), town_of(row, place)) for row in case["units"] for place in every})
        self.places = {name: f"1305{number:02}" for number, name in enumerate(sorted({c for c, _ in named}), 1)}
        self.towns = {
            (county, town): f"{self.places[county]}{number:03}" for number, (county, town) in enumerate(named)
        }
        self.names = {code: name for name, code in self.places.items()}
        self.places |= {town: code for (_, town), code in self.towns.items()}

    def table(self, month: date, uids: object = None) -> pa.Table:
        rows = []
        for a in self.answers.get(month, []):
            town = self.towns[a.county, a.town]
            unit = {"town_code": town, "county_code": town[:6], "kind": a.kind}
            rows += [{"code": f"{a.group}:{n}", "uid": f"{a.group}:{n}", **unit} for n in range(a.count)]
        return pa.Table.from_pylist(rows, schema=TABLE)

    def county_table(self, month: date) -> pa.Table:
        rows = [{"code": county.code, "city_code": CITY} for county in self.counties(month)]
        return pa.Table.from_pylist(rows, schema=COUNTY_TABLE)

    def counties(self, month: date) -> list:
        """Every county of the example; where counties are counted, those that there are in the month."""
        codes = self.names
        if self.case.get("of") == "county":
            codes = sorted({self.places[a.county] for a in self.answers.get(month, [])})
        return [SimpleNamespace(code=code) for code in codes]

    def edition(self, month: date) -> SimpleNamespace:
        return SimpleNamespace(year=month.year, cut_off=month)

    def as_of(self, month: date, later: date) -> pa.Table:
        """A unit that ended stays where its town went."""
        goes_on = set(self.table(later)["code"].to_pylist())
        rows = []
        for a in self.answers.get(month, []):
            town = self.towns[a.county, town_of(self.case["units"][a.group], self.months.index(later))]
            place = {"town_code": town, "town": "", "county_code": town[:6], "county": ""}
            codes = [f"{a.group}:{n}" for n in range(a.count)]
            rows += [{"code": c, "uid": c, "to_code": c if c in goes_on else None, **place} for c in codes]
        return pa.Table.from_pylist(rows, schema=AS_OF_TABLE)


def form(case: dict) -> Form:
    period = "year" if case.get("yearly") else "stock"
    fields = [Field(id=name, label=name, type="flag", period=period) for name in ("inside", "done")]
    fields += [Field(id=name, label=name, type="number", period=period) for name in ("above", "below")]
    return Form("1", Part("community", "表1", tuple(fields)), Part("county", "表2", tuple(fields)), ())


def indicator(case: dict, asked: Form) -> Indicator:
    ratio, of = case.get("ratio"), case.get("of", "community")
    entry = Entry_.model_validate(
        {
            "id": "case", "name": "例", "clause": "一", "quote": "例", "wording": "required", "unit": "%", "of": of,
            "target": case.get("targets") or case.get("target") or [], "baseline": case.get("baseline"),
            "since": case.get("since"), "judged": case.get("judged"),
        } | ({"ratio": {"numerator": "above", "denominator": "below", **ratio}} if ratio else {"share": "done"})
    )  # fmt: skip
    entry = entry.model_copy(update={"targets": _begun_in_turn(entry.targets)})
    names = namespace(SimpleNamespace(since="2010-01"), {}, asked, of)
    inside = f"inside AND {case['scope']}" if "scope" in case else "inside"
    scope, share = (compile_expression(name, names, "case", "boolean") for name in (inside, "done"))
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
    filled = "SELECT table_name FROM duckdb_tables() WHERE NOT internal AND estimated_size > 0"
    for (table,) in store.con.execute(filled).fetchall():
        store.con.execute(f'DELETE FROM "{table}"')
    for part in (effective_answers, figure_counts, progress):
        part.create(store)
    for month in rosters.months:
        compute(store, rosters, month)
    return rosters


def figure(store, reference, case: dict) -> dict | None:
    """The figure of the example's last month and place; None where there is none."""
    rosters = count(store, reference, case)
    unit = rosters.places.get(case.get("place"), CITY)
    cursor = store.con.execute("SELECT * FROM figure WHERE month = ? AND unit = ?", [rosters.months[-1], unit])
    row = cursor.fetchone()
    if row is None:
        return None
    row = dict(zip([column[0] for column in cursor.description], row, strict=True))
    return row | {"deciding": "、".join(rosters.names[code] for code in (row["deciding"] or "").split(",") if code)}


def compute(store, rosters: Rosters, month: date) -> None:
    if month == rosters.months[-1]:
        effective_answers.load_rosters(store, month)
    else:
        as_now.load_later_divisions(store, [month], rosters.months[-1])
        county_origins.load(store, [], month)
    told_by = [
        [month, rosters.places[a.county], a.carried, a.inside, a.done, a.above, a.below]
        for a in {a.county: a for a in rosters.answers[month]}.values()
    ]
    store.con.executemany("INSERT INTO county_standing VALUES (?, ?, 'accepted', NULL, ?, NULL, ?, ?, ?, ?)", told_by)
    answers = pa.Table.from_pylist([asdict(a) | {"month": month} for a in rosters.answers[month]], schema=ANSWERS)
    arrow_rows.load(
        store.con,
        answers,
        "INSERT INTO standing (month, unit, uid, row_state, carried, inside, done, above, below) "
        "SELECT month, \"group\" || ':' || n, \"group\" || ':' || n, 'accepted', carried, inside, done, above, below "
        "FROM (SELECT *, unnest(range(count)) AS n FROM incoming)",
    )
    figure_counts.compute(store, [month])
    progress.compute(store, [month], opened=rosters.months[0])
    last_reported.compute(store, last_reported.Judged(month, "then", "then", rosters.months[0]))


@pytest.mark.parametrize("case", CASES, ids=[case["says"] for case in CASES])
def test_worked_example_by_the_engine(store, reference, case):
    row = figure(store, reference, case)
    if case["result"] == NO_FIGURE:
        assert row is None
        return
    for name, value in case["result"].items():
        wanted, got = stated(value), row[KEYS[name]]
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
        {"镇": "甲镇", "个数": 3, "各月": ["不明", "是"]},
        {"镇": "甲镇", "个数": 4, "各月": ["外", "是"]},
        {"镇": "甲镇", "个数": 6, "各月": ["无", "是"]},
    ],
}


def test_pace_counts_units_known_both_times_and_no_reporting(store, reference, monkeypatch):
    rosters = count(store, reference, TURNED)
    monkeypatch.setattr(as_now, "key", lambda warehouse, month: "then")
    turned = forecast._turned(store, *rosters.months)
    assert turned == {(POLICY, "case", "city", CITY): 3, (POLICY, "case", "county", rosters.places[HERE]): 3}
