"""The worked examples of `tests/specs/verdicts` once more, by the engine: answers of units in a warehouse, month by month.

Examples of the same months are computed together: each has counties, questions and an indicator of its own, and its units tell of
every other example's scope that they are outside.
"""

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
    {"month": pa.date32(), "example": pa.int32(), "group": pa.int32(), "count": pa.int32(), "unit": pa.string(), "carried": pa.bool_()}
    | {"inside": pa.bool_(), "done": pa.bool_(), "above": AMOUNT, "below": AMOUNT}
)  # fmt: skip


@dataclass(frozen=True)
class Answer:
    """What a group of like units of an example says in a month."""

    example: int
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


def answer(example: int, group: int, row: dict, place: int) -> Answer:
    said = str(row["各月"][place])
    text = said.removeprefix(LENT)
    above, below = map(Decimal, text.split("/")) if "/" in text else (None, None)
    inside, done = SAID.get(text, (True, None))
    where = {"count": row.get("个数", 1), "county": row.get("县", HERE), "town": town_of(row, place)}
    kind = in_month(row.get("类型", "农村社区"), place)
    carried = said != text
    return Answer(
        example, group, kind=kind, inside=inside, done=done, above=above, below=below, carried=carried, **where
    )


def months_of(case: dict) -> tuple[date, ...]:
    return tuple(months.parse(month) for month in case.get("months", ["2020-06"]))


class Rosters:
    """A city whose units come and go by the month, of examples with the same months."""

    city = SimpleNamespace(code=CITY)

    def __init__(self, cases: list[dict]):
        self.cases, self.months = cases, months_of(cases[0])
        self.answers = {
            month: [
                answer(example, group, row, place)
                for example, case in enumerate(cases)
                for group, row in enumerate(case["units"])
                if str(row["各月"][place]) != "无"
            ]
            for place, month in enumerate(self.months)
        }
        every = range(len(self.months))
        named = sorted({
            (example, row.get("县", HERE), town_of(row, place))
            for example, case in enumerate(cases) for row in case["units"] for place in every
        })  # fmt: skip
        counties = list(dict.fromkeys((example, county) for example, county, _ in named))
        assert len(counties) < 100, "a county's code has two digits of its own"
        self.places = {place: f"1305{number:02}" for number, place in enumerate(counties, 1)}
        self.names = {code: name for (_, name), code in self.places.items()}
        self.towns = {place: f"{self.places[place[:2]]}{number:03}" for number, place in enumerate(named)}
        self.places |= {(example, town): code for (example, _, town), code in self.towns.items()}

    def table(self, month: date, uids: object = None) -> pa.Table:
        rows = []
        for a in self.answers.get(month, []):
            town = self.towns[a.example, a.county, a.town]
            unit = {"town_code": town, "county_code": town[:6], "kind": a.kind}
            rows += [{"code": code, "uid": code, **unit} for code in codes(a)]
        return pa.Table.from_pylist(rows, schema=TABLE)

    def county_table(self, month: date) -> pa.Table:
        rows = [{"code": county.code, "city_code": CITY} for county in self.counties(month)]
        return pa.Table.from_pylist(rows, schema=COUNTY_TABLE)

    def counties(self, month: date) -> list:
        """Every county of the examples; where counties are counted, those that there are in the month."""
        there = {self.places[a.example, a.county] for a in self.answers.get(month, [])}
        there |= {
            code
            for (example, _), code in self.places.items()
            if code in self.names and self.cases[example].get("of") != "county"
        }
        return [SimpleNamespace(code=code) for code in sorted(there)]

    def edition(self, month: date) -> SimpleNamespace:
        return SimpleNamespace(year=month.year, cut_off=month)

    def as_of(self, month: date, later: date) -> pa.Table:
        """A unit that ended stays where its town went."""
        goes_on = set(self.table(later)["code"].to_pylist())
        rows = []
        for a in self.answers.get(month, []):
            row = self.cases[a.example]["units"][a.group]
            town = self.towns[a.example, a.county, town_of(row, self.months.index(later))]
            place = {"town_code": town, "town": "", "county_code": town[:6], "county": ""}
            rows += [{"code": c, "uid": c, "to_code": c if c in goes_on else None, **place} for c in codes(a)]
        return pa.Table.from_pylist(rows, schema=AS_OF_TABLE)


def codes(a: Answer) -> list[str]:
    return [f"{a.example}:{a.group}:{n}" for n in range(a.count)]


def form(cases: list[dict]) -> Form:
    fields = []
    for n, case in enumerate(cases):
        period = "year" if case.get("yearly") else "stock"
        types = {"inside": "flag", "done": "flag", "above": "number", "below": "number"}
        fields += [Field(id=f"{name}_{n}", label=name, type=type, period=period) for name, type in types.items()]
    return Form("1", Part("community", "表1", tuple(fields)), Part("county", "表2", tuple(fields)), ())


def indicator(n: int, case: dict, asked: Form) -> Indicator:
    ratio, of = case.get("ratio"), case.get("of", "community")
    said = (
        {"ratio": {"numerator": f"above_{n}", "denominator": f"below_{n}", **(ratio or {})}}
        if ratio
        else {"share": f"done_{n}"}
    )
    entry = Entry_.model_validate(
        {
            "id": f"case_{n}", "name": "例", "clause": "一", "quote": "例", "wording": "required", "unit": "%", "of": of,
            "target": case.get("targets") or case.get("target") or [], "baseline": case.get("baseline"),
            "since": case.get("since"), "judged": case.get("judged"),
        } | said
    )  # fmt: skip
    entry = entry.model_copy(update={"targets": _begun_in_turn(entry.targets)})
    names = namespace(SimpleNamespace(since="2010-01"), {}, asked, of)
    inside = f"inside_{n} AND {case['scope']}" if "scope" in case else f"inside_{n}"
    scope, share = (compile_expression(name, names, "case", "boolean") for name in (inside, f"done_{n}"))
    parts = [compile_expression(f"{name}_{n}", names, "case", "number") for name in ("above", "below")]
    return Indicator(entry, scope, None if ratio else share, *(parts if ratio else (None, None)), "个村")


@dataclass(frozen=True)
class Register:
    """One policy with an indicator of each example."""

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
def archive(tmp_path_factory) -> Archive:
    return Archive(tmp_path_factory.mktemp("archive"))


@pytest.fixture(scope="module")
def figure(reference, archive):
    """`figure(case)`: the figure of the example's last month and place; None where there is none."""
    together: dict[tuple, list[dict]] = {}
    for case in CASES:
        together.setdefault(months_of(case), []).append(case)
    told: dict[str, dict | None] = {}

    def of(case: dict) -> dict | None:
        if case["says"] not in told:
            told.update(figures(reference, archive, together[months_of(case)]))
        return told[case["says"]]

    return of


def figures(reference, archive: Archive, cases: list[dict]) -> dict[str, dict | None]:
    """By what each example says: its figure."""
    store, rosters = count(reference, archive, cases)
    cursor = store.con.execute("SELECT * FROM figure WHERE month = ?", [rosters.months[-1]])
    names = [column[0] for column in cursor.description]
    rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    store.con.close()
    there = {(row["indicator"], row["unit"]): row for row in rows}
    for row in rows:
        row["deciding"] = "、".join(rosters.names[code] for code in (row["deciding"] or "").split(",") if code)
    return {
        case["says"]: there.get((f"case_{n}", rosters.places.get((n, case.get("place")), CITY)))
        for n, case in enumerate(cases)
    }


def count(reference, archive: Archive, cases: list[dict]) -> tuple[projection.Warehouse, Rosters]:
    """Count and judge the months of examples."""
    asked, rosters = form(cases), Rosters(cases)
    store = projection.in_memory(replace(reference, form=asked), archive)
    register = Register(tuple(indicator(n, case, asked) for n, case in enumerate(cases)))
    store.reference = SimpleNamespace(**vars(reference) | {"form": asked, "registers": (register,), "rosters": rosters})
    store.reference.rules, store.reference.county_rules = [], []
    for part in (effective_answers, figure_counts, progress):
        part.create(store)
    for month in rosters.months:
        compute(store, rosters, month)
    return store, rosters


def compute(store, rosters: Rosters, month: date) -> None:
    if month == rosters.months[-1]:
        effective_answers.load_rosters(store, month)
    else:
        as_now.load_later_divisions(store, [month], rosters.months[-1])
        county_origins.load(store, [], month)
    tell(store, rosters, month)
    figure_counts.compute(store, [month])
    progress.compute(store, [month], opened=rosters.months[0])
    last_reported.compute(store, last_reported.Judged(month, "then", "then", rosters.months[0]))


def tell(store, rosters: Rosters, month: date) -> None:
    """What every unit and county of the month answers: of its own example what it says, of all others that it is outside."""
    answers = [
        asdict(a) | {"month": month, "unit": rosters.places[a.example, a.county]} for a in rosters.answers[month]
    ]
    by_county = list({a["unit"]: a for a in answers}.values())
    said = "".join(
        f", CASE WHEN example = {n} THEN inside ELSE FALSE END AS inside_{n}"
        + "".join(f", CASE WHEN example = {n} THEN {name} END AS {name}_{n}" for name in ("done", "above", "below"))
        for n in range(len(rosters.cases))
    )
    each = "SELECT * REPLACE (example || ':' || \"group\" || ':' || n AS unit) FROM (SELECT *, unnest(range(count)) AS n FROM incoming)"
    for rows, table, units in (
        (answers, "standing", f"SELECT *, unit AS uid FROM ({each})"),
        (by_county, "county_standing", "FROM incoming"),
    ):
        columns = "month, unit, 'accepted' AS row_state, carried" + (", uid" if table == "standing" else "")
        told = f"INSERT INTO {table} BY NAME SELECT {columns}{said} FROM ({units})"
        arrow_rows.load(store.con, pa.Table.from_pylist(rows, schema=ANSWERS), told)


@pytest.mark.parametrize("case", CASES, ids=[case["says"] for case in CASES])
def test_worked_example_by_the_engine(figure, case):
    row = figure(case)
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


def test_pace_counts_units_known_both_times_and_no_reporting(reference, archive, monkeypatch):
    store, rosters = count(reference, archive, [TURNED])
    monkeypatch.setattr(as_now, "key", lambda warehouse, month: "then")
    turned = forecast._turned(store, *rosters.months)
    assert turned == {(POLICY, "case_0", "city", CITY): 3, (POLICY, "case_0", "county", rosters.places[0, HERE]): 3}
