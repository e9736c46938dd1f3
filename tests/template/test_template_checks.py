"""A rule as a spreadsheet formula says the same as the rule in SQL, for every combination of answers and gaps."""

import itertools
import re

import duckdb
import pytest

from pipelines.reference.form import SQL_TYPES, Field, Part, Rule
from pipelines.template import cell_checks
from tests.answers import sheets_of_a_form as pages

PART = Part(
    "community",
    "表1",
    (
        Field(id="a", label="甲", type="count"),
        Field(id="b", label="乙", type="count"),
        Field(id="f", label="丙", type="flag"),
        Field(id="g", label="丁", type="flag"),
        Field(id="c", label="戊", type="choice", choices=["x", "y"]),
    ),
)
ANSWERS = {"count": (None, 0, 3, 9), "flag": (None, True, False), "choice": (None, "x", "y")}


def rule(expect: str) -> Rule:
    return Rule(id="r", severity="error", expect=expect, message="不对")


class Cell:
    """A cell as a spreadsheet compares it: an empty one equals "" and is no number."""

    def __init__(self, value: object):
        self.value = value

    def compare(self, sign: str, other: object) -> bool:
        mine, theirs = ("" if v is None else v for v in (self.value, getattr(other, "value", other)))
        if isinstance(mine, str) != isinstance(theirs, str):
            return sign == "<>" or (sign in ("<", "<=") and isinstance(theirs, str))
        operations = {"=": mine == theirs, "<>": mine != theirs, "<": mine < theirs, ">": mine > theirs}
        return operations.get(sign, (mine <= theirs) if sign == "<=" else (mine >= theirs))


def in_spreadsheet(formula: str, answers: dict[str, object]) -> bool:
    """The formula's value, by a small interpreter of the few functions that are used."""
    shown = {
        key: {True: "是", False: "否"}.get(value, value) if isinstance(value, bool) else value
        for key, value in answers.items()
    }
    number = {key: Cell(value) for key, value in shown.items()}
    text = re.sub(r"ISNUMBER\(\$(\w+)\)", lambda m: str(int(isinstance(shown[m[1]], int))), formula)

    def comparison(match: re.Match) -> str:
        left, sign, right = match.groups()
        values = [side(part) for part in (left, right)]
        return str(int(Cell(getattr(values[0], "value", values[0])).compare(sign, values[1])))

    def side(part: str) -> object:
        if part.startswith("$") and "*" not in part:
            return number[part[1:]]
        if part.startswith('"'):
            return part.strip('"')
        factors = [shown[f[1:]] if f.startswith("$") else int(f) for f in part.split("*")]
        return None if None in factors else factors[0] * (factors[1] if len(factors) > 1 else 1)

    operand = r'(?:\$\w+(?:\*\d+)?|"[^"]*"|\d+(?:\*\d+)?)'
    text = re.sub(rf"(?<=\()({operand})(<=|>=|<>|=|<|>)({operand})(?=\))", comparison, text)
    return bool(eval(text, {"__builtins__": {}}))  # noqa: S307 - digits, brackets, * + > only


def in_sql(expect: str, answers: dict[str, object]) -> bool:
    columns = ", ".join(f"CAST(${key} AS {SQL_TYPES[PART[key].type]}) AS {key}" for key in answers)
    return duckdb.execute(f"SELECT ({expect}) IS FALSE FROM (SELECT {columns})", answers).fetchall()[0][0]


@pytest.mark.parametrize(
    "expect",
    [
        "a <= b",
        "a < b AND b <> 3",
        "NOT f OR (a IS NOT NULL AND a > 0)",
        "f OR a IS NULL OR a = 0",
        "NOT f OR g",
        "NOT f OR c IS NOT NULL",
        "NOT (f AND g)",
        "b BETWEEN a AND a * 3",
        "c = 'x' OR f",
        "a >= 3 AND b >= 3 AND f",
    ],
)
def test_formula_and_sql_agree(expect: str):
    formula = cell_checks.broken(rule(expect), PART, lambda field: f"${field}")
    fields = [field.id for field in cell_checks.fields_of(rule(expect), PART)]
    for values in itertools.product(*(ANSWERS[PART[field].type] for field in fields)):
        answers = dict(zip(fields, values, strict=True))
        assert in_spreadsheet(formula, answers) == in_sql(expect, answers), answers


@pytest.mark.parametrize("expect", ["c = roster.kind", "f OR NOT prev.f", "a > abs(b)", "z > 1"])
def test_what_a_spreadsheet_cannot_tell_is_left_to_the_city(expect: str):
    assert cell_checks.broken(rule(expect), PART, lambda field: f"${field}") is None


def test_which_of_the_forms_rules_are_checked_in_the_workbook():
    form = pages.form()
    left = [r.id for r in form.rules if cell_checks.broken(r, form.part(r.form), lambda field: field) is None]
    assert left == ["kind_matches_roster", "facility_not_lost", "platform_not_lost", "households_steady"]
