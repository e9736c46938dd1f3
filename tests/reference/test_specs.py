"""The worked examples of the catalogue, run: a few units' answers and the figure that an official would compute by hand."""

import dataclasses
from datetime import date
from decimal import Decimal

import pytest

from pipelines import months, settings
from pipelines.archive.store import Archive
from pipelines.documentation import indicator_catalogue
from pipelines.figures import effective_answers, figure_counts, progress
from pipelines.reference import reference_bundle
from pipelines.warehouse import projection

DECEMBER = date(2020, 12, 1)
SPECS = indicator_catalogue.specs()
ROSTER = {"市辖区": "municipal_district", "市区共担": "shared_funding", "有村": "has_villages"}
OWN = {"县", "类型", "个数", *ROSTER}


@pytest.fixture(scope="module")
def reference():
    return reference_bundle.load(settings.load().reference)


def parsed(field, text):
    """An answer as the tables hold it, from the word in the spec."""
    if field.type == "flag":
        return {"是": True, "否": False}[text]
    if field.type == "month":
        return months.parse(str(text))
    return Decimal(str(text)) if field.type in ("number", "money", "percent") else text


def answers(part, row: dict) -> dict:
    fields = {field.label: field for field in part}
    return {fields[label].id: parsed(fields[label], text) for label, text in row.items() if label not in OWN}


class Town:
    """The units and counties of one spec in a warehouse of its own, which knows the one indicator only."""

    def __init__(self, reference, spec: dict, folder):
        self.register = next(r for r in reference.registers if any(i.id == spec["indicator"] for i in r))
        only = (self.register[spec["indicator"]],)
        self.register = dataclasses.replace(self.register, indicators=only)
        self.form = reference.form
        alone = dataclasses.replace(reference)
        vars(alone)["registers"] = (self.register,)
        self.store = projection.in_memory(alone, Archive(folder))
        for part in (effective_answers, figure_counts, progress):
            part.create(self.store)
        effective_answers.load_rosters(self.store, DECEMBER)
        for table in ("unit", "county"):
            self.store.con.execute(f"DELETE FROM {table}")
        self.counties = spec.get("counties") or [{"县": "甲县"}]
        self.codes = {row["县"]: f"1305{number:02}" for number, row in enumerate(self.counties)}
        for row in self.counties:
            self.county(self.codes[row["县"]], row)
        for row in spec.get("units", []):
            self.units(row)

    def insert(self, table: str, values: dict) -> None:
        names, marks = ", ".join(f'"{name}"' for name in values), ", ".join("?" * len(values))
        self.store.con.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(values.values()))

    def county(self, code: str, row: dict) -> None:
        attributes = {column: row.get(name) == "是" for name, column in ROSTER.items()}
        self.insert(
            "county", {"month": DECEMBER, "code": code, "answered_as": code, "city_code": "130500", **attributes}
        )
        given = answers(self.form.county, row)
        self.insert("county_standing", {"month": DECEMBER, "unit": code, "carried": False, **given})

    def units(self, row: dict) -> None:
        county = next(c for c in self.counties if c["县"] == row.get("县", self.counties[0]["县"]))
        attributes = {column: county.get(name) == "是" for name, column in ROSTER.items()}
        code, given = self.codes[county["县"]], answers(self.form.community, row)
        first, count = projection.scalar(self.store.con, "SELECT count(*) FROM unit"), row.get("个数", 1)
        place = {"town_code": f"{code}001", "county_code": code, "kind": row["类型"], "county_answered_as": code}
        self.repeat("unit", ("code", "uid", "answered_as"), {"month": DECEMBER, **place, **attributes}, first, count)
        self.repeat("standing", ("unit", "uid"), {"month": DECEMBER, "carried": False, **given}, first, count)

    def repeat(self, table: str, keys: tuple, values: dict, first: int, count: int) -> None:
        """The same row so many times, each under a key of its own."""
        names = ", ".join(f'"{name}"' for name in (*keys, *values))
        selected = ", ".join([*(["n::VARCHAR"] * len(keys)), *("?" * len(values))])
        sql = f"INSERT INTO {table} ({names}) SELECT {selected} FROM range({first}, {first + count}) AS one(n)"
        self.store.con.execute(sql, list(values.values()))

    def figure(self) -> dict:
        figure_counts.compute(self.store, [DECEMBER])
        progress.compute(self.store, [DECEMBER])
        sql = (
            "SELECT numerator, denominator, unknown, shown, status, gap, known_shown, gap_failing, gap_unknown FROM figure "
            "WHERE level = 'city' AND divisions = 'then'"
        )
        row = self.store.con.execute(sql).fetchall()[0]
        status = progress.STATUSES[row[4]]
        return {
            "分子": row[0],
            "分母": row[1],
            "未填报": row[2],
            "数值": row[3] or status,
            "状态": status,
            "还差": row[5],
            "已知": row[6],
            "其中未达标": row[7],
            "其中未填报": row[8],
        }


@pytest.mark.parametrize("spec", SPECS, ids=[f"{spec['indicator']}-{spec['says']}" for spec in SPECS])
def test_worked_example(reference, tmp_path, spec):
    row = Town(reference, spec, tmp_path).figure()
    assert {name: row[name] for name in spec["figure"]} == spec["figure"]


def test_every_headline_indicator_of_the_policy_has_an_example(reference):
    shown = {spec["indicator"] for spec in SPECS}
    missing = [indicator.id for indicator in reference.main.headline if indicator.id not in shown]
    assert not missing, f"请在 tests/specs 中为重点指标写算例:{missing}"
