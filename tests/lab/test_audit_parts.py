"""The audit's own parts on cases worked by hand: it stands on its own feet, reads exactly, and says what it cannot read."""

import ast
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from lab.audit import answers, archive, compare, dates, declared, expression, rows, workbook
from lab.audit.arithmetic import MET
from lab.audit.city import COMMUNITY, COUNTY, City
from lab.audit.declared import Span
from lab.audit.roster import Roster
from lab.audit.rows import Report
from lab.audit.standing import Answered
from tests import small_city

FOLDER = Path(archive.__file__).parent


def test_it_imports_nothing_of_the_program():
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in FOLDER.glob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    imported = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
    own = {name.split(".")[0] for name in imported}
    assert not own & {"pipelines", "dashboards", "duckdb", "sqlglot", "openpyxl", "pandas", "pyarrow"}


# ---- expressions

T, F, U = True, False, None


@pytest.mark.parametrize(
    ("source", "row", "value"),
    [
        ("a AND b", {"a": F, "b": U}, F), ("a AND b", {"a": T, "b": U}, U), ("a OR b", {"a": T, "b": U}, T),
        ("a OR b", {"a": F, "b": U}, U), ("NOT a", {"a": U}, U), ("NOT a OR b", {"a": T, "b": F}, F),
        ("x >= 1", {"x": U}, U), ("x BETWEEN 1 AND 3", {"x": 3}, T), ("x BETWEEN 1 AND y", {"x": 0, "y": U}, F),
        ("x IS NULL", {"x": U}, T), ("x IS NOT NULL AND x > 0", {"x": U}, F), ("x <> '无'", {"x": "无"}, F),
        ("x * 100 >= y * 30", {"x": Fraction("299.99"), "y": 1000}, F), ("x * 100 >= y * 30", {"x": 300, "y": 1000}, T),
        ("x + y * 2", {"x": 1, "y": 2}, 5), ("(x + y) * 2", {"x": 1, "y": 2}, 6), ("x - y", {"x": 1, "y": U}, U),
        ("CASE WHEN a THEN x WHEN NOT a THEN 0 END", {"a": F, "x": U}, 0),
        ("CASE WHEN a THEN x WHEN NOT a THEN 0 END", {"a": U, "x": 5}, U),
        ("CASE WHEN a THEN x ELSE 7 END", {"a": U, "x": 5}, 7),
        ("m >= since", {"m": date(2018, 7, 1), "since": date(2018, 7, 1)}, T),
        ("r >= 5", {"r": expression.Range(5, 9)}, T), ("r >= 5", {"r": expression.Range(4, 5)}, U),
        ("r >= 5", {"r": expression.Range(3, 4)}, F), ("r >= 5", {"r": expression.Range(4, None)}, U),
        ("r >= 5", {"r": expression.Range(5, None)}, T), ("r < 5", {"r": expression.Range(5, None)}, F),
    ],
)  # fmt: skip
def test_three_valued_logic(source, row, value):
    assert expression.read(source).of(row) == value


@pytest.mark.parametrize("source", ["a ; b", "a b", "f(a)", "a IN (1)", "a / b", "", "CASE WHEN a END"])
def test_what_is_not_in_the_grammar_is_refused(source):
    with pytest.raises(ValueError):
        expression.read(source)


# ---- answers


def question(kind: str, **more) -> declared.Question:
    return declared.question({"id": "x", "label": "题", "type": kind, **more})


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        ("flag", "√", True), ("flag", "ｙ", True), ("flag", "已制定", True), ("flag", 1.0, True), ("flag", True, True),
        ("flag", "☐", False), ("flag", "×", False), ("flag", "false", False), ("flag", "☑是 □否", True),
        ("flag", "□有 ■无", False), ("flag", "-", None), ("flag", "不涉及", None), ("flag", "", None),
        ("count", "１２０", 120), ("count", "1,200", 1200), ("count", "3人", 3), ("count", "无", 0), ("count", 7.0, 7),
        ("number", "120㎡", 120), ("number", 0.1, Fraction(1, 10)), ("percent", "60%", 60), ("percent", 92.5, Fraction("92.5")),
        ("month", "2019年6月份", date(2019, 6, 1)), ("month", "2019.6", date(2019, 6, 1)), ("month", 201906.0, date(2019, 6, 1)),
        ("month", "2019/6/1", date(2019, 6, 1)), ("month", date(2019, 6, 15), date(2019, 6, 1)),
        ("choice", "甲 类", "甲类"),
    ],
)  # fmt: skip
def test_an_answer_is_read_exactly(kind, raw, value):
    units = {"count": "人", "number": "㎡", "percent": "%"}
    assert answers.answer(raw, question(kind, unit=units.get(kind), choices=["甲类"])) == value


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        ("flag", "○"), ("flag", "部分"), ("flag", "□是 □否"), ("flag", "☑是☑否"), ("count", "约30"), ("count", 2.5), ("count", -1.0),
        ("count", "#REF!"), ("count", "3左右"), ("count", date(2019, 1, 1)), ("percent", 0.6), ("month", 2019.1), ("month", "6月"),
        ("month", "2019"), ("choice", "乙类"),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_never_guessed(kind, raw):
    with pytest.raises(answers.Unreadable):
        answers.answer(raw, question(kind, choices=["甲类"]))


def test_a_header_in_yuan_is_converted():
    known = {"社区工作经费": question("money", unit="万元"), "面积": question("number", unit="㎡")}
    assert workbook.label("12.社区工作经费\n(元)", known)[1] == Fraction(1, 10_000)
    assert workbook.label("面积（平方米）", known)[1] == 1
    assert workbook.label("面积(室内)", known)[1] == 1
    with pytest.raises(workbook.NotRead):
        workbook.label("面积(万元)", known)


# ---- what stands, on a small city: 柏乡县, the zone, 任县 that becomes 任泽区


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    return small_city.make(tmp_path_factory.mktemp("audit") / "reference")


@pytest.fixture(scope="module")
def form(reference):
    return declared.form(reference / "form.yaml")


@pytest.fixture(scope="module")
def roster(reference):
    return Roster(reference)


YEARLY = "drills"
VILLAGE = "130524100200"


@pytest.fixture
def answered(roster, form):
    """Nothing answered yet; `drills` counts from 1 January."""
    yearly = {**form.community, YEARLY: question("count", period="year")}
    return Answered(roster, declared.Form(yearly, form.county, (), ()))


def send(
    answered, month: str, given: dict[str, dict | None], record: dict | None = None, county: str = "130524"
) -> None:
    answered.take(Report(county, dates.month(month), given, record, ()))


def village(roster, month: str) -> str:
    return next(code for code in roster.units(dates.month(month)) if code.startswith("130524") and code[9:] >= "200")


def stands(answered, roster, code: str, month: str, then: str) -> tuple[dict, bool]:
    """The answers in force in a month of the unit that had this code in another."""
    uid = roster.units(dates.month(then))[code].uid
    row_in_force = answered.unit(uid, dates.month(month))
    row = dict(zip(answered.community.names, row_in_force.answers, strict=True)) if row_in_force.answers else {}
    return {name: value for name, value in row.items() if value is not None}, row_in_force.carried


def test_answers_are_lent_for_two_months_and_not_for_three(answered, roster):
    code = village(roster, "2019-03")
    send(answered, "2019-03", {code: {"pilot": True, YEARLY: 2}})
    assert stands(answered, roster, code, "2019-03", "2019-03") == ({"pilot": True, YEARLY: 2}, False)
    assert stands(answered, roster, code, "2019-05", "2019-03") == ({"pilot": True, YEARLY: 2}, True)
    assert stands(answered, roster, code, "2019-06", "2019-03") == ({}, False)


def test_year_answers_are_not_lent_across_a_new_year(answered, roster):
    code = village(roster, "2018-12")
    send(answered, "2018-12", {code: {"pilot": True, YEARLY: 2}})
    assert stands(answered, roster, code, "2019-01", "2018-12") == ({"pilot": True}, True)


def test_a_later_row_replaces_the_row_and_the_others_stay(answered, roster):
    first, second = sorted(code for code in roster.units(dates.month("2019-03")) if code.startswith("130524"))[:2]
    send(answered, "2019-03", {first: {"charter": False, "pilot": True}, second: {"charter": True}})
    send(answered, "2019-03", {first: {"charter": True}})
    assert stands(answered, roster, first, "2019-03", "2019-03") == ({"charter": True}, False)
    assert stands(answered, roster, second, "2019-03", "2019-03") == ({"charter": True}, False)


def test_a_held_row_leaves_the_earlier_one_of_the_month(answered, roster):
    code = village(roster, "2019-03")
    send(answered, "2019-03", {code: {"charter": True}})
    send(answered, "2019-03", {code: None})
    assert stands(answered, roster, code, "2019-03", "2019-03") == ({"charter": True}, False)


def test_a_gap_in_an_accepted_row_is_kept(answered, roster):
    code = village(roster, "2019-03")
    send(answered, "2019-02", {code: {"charter": True, "mediation": True}})
    send(answered, "2019-03", {code: {"mediation": True}})
    assert stands(answered, roster, code, "2019-03", "2019-03") == ({"mediation": True}, False)


def test_table_2_is_replaced_answer_by_answer(answered):
    send(answered, "2019-03", {}, {"agency": True, "towns": 5})
    send(answered, "2019-03", {}, {"agency": None, "towns": 6})
    record = dict(
        zip(answered.county_part.names, answered.county("130524", dates.month("2019-03")).answers, strict=True)
    )
    assert (record["agency"], record["towns"]) == (True, 6)


def test_a_county_that_goes_on_under_another_code_keeps_its_table_2(answered):
    send(answered, "2020-05", {}, {"agency": True}, county="130526")
    record = answered.county("130505", dates.month("2020-06"))
    assert (record.carried, dict(zip(answered.county_part.names, record.answers, strict=True))["agency"]) == (
        True,
        True,
    )
    assert answered.county("130505", dates.month("2020-08")).answers == ()


def test_as_last_reported_takes_stock_answers_of_any_age_and_year_ones_of_the_year(answered, roster):
    code = village(roster, "2018-11")
    uid = roster.units(dates.month("2018-11"))[code].uid
    send(answered, "2018-11", {code: {"pilot": True, YEARLY: 2}})
    send(answered, "2019-02", {code: {"charter": True, YEARLY: 1}})
    for month, expected in (("2018-12", {"pilot": True, YEARLY: 2}), ("2019-01", {"pilot": True})):
        last = answered.last(dates.month(month))[0][uid]
        assert {n: v for n, v in zip(answered.community.names, last, strict=True) if v is not None} == expected
    last = answered.last(dates.month("2019-12"))[0][uid]
    given = {n: v for n, v in zip(answered.community.names, last, strict=True) if v is not None}
    assert given == {"pilot": True, "charter": True, YEARLY: 1}


# ---- rosters and divisions


def test_the_merged_county_is_followed_to_its_new_code(roster):
    may, june = dates.month("2020-05"), dates.month("2020-06")
    assert roster.county_then(may, june)["130505"] == "130526"
    old = next(code for code in roster.units(may) if code.startswith("130526") and code[9:] < "200")
    place = roster.places(may, june)[old]
    assert (place.county, place.facts.kind, place.facts.municipal_district) == ("130505", "城市社区", True)
    assert roster.units(may)[old].facts.kind == "城镇社区"


def test_statistical_look_alikes_are_no_units(roster):
    assert all("001" <= code[9:] <= "399" for code in roster.units(dates.month("2020-06")))


def test_a_rollup_is_known_once_the_missing_cannot_change_it(roster, form, reference):
    answered = Answered(roster, form)
    month = dates.month("2019-03")
    villages = [code for code in roster.units(month) if code.startswith("130524") and code[9:] >= "200"]
    send(answered, "2019-03", {code: {"pilot": True} for code in villages[:5]})
    city = City(roster, declared.registers(reference, form)[0], answered, form)
    judged = city.month(month, month)[COUNTY].judged["130524"]
    five = next(i for i in city.of[COUNTY] if i.id == "pilot_five")
    assert judged.states[city.position[five.id]] == MET
    assert len(city.month(month, month)[COMMUNITY].places["county", "130524"]) == len(
        [c for c in roster.units(month) if c.startswith("130524")]
    )


# ---- rows


@pytest.fixture(scope="module")
def units(roster):
    return rows.CountyUnits(roster.units(dates.month("2019-03")), "130524")


def test_a_damaged_code_counts_where_the_name_is_enough(units):
    code, unit = next((c, u) for c, u in units.units.items() if len(units.in_county[rows._name(u.line.name)]) == 1)
    line = unit.line
    assert units.find(code, line.name, line.town_name) == code
    assert units.find(code[:11], line.name, line.town_name) == code
    assert units.find("", line.name, "") == code
    assert units.find("1.30524E+11", line.name, line.town_name) == code


def test_a_whole_code_of_no_unit_is_not_repaired_by_its_name(units):
    code, unit = next(iter(units.units.items()))
    assert units.find(f"{code[:9]}799", unit.line.name, unit.line.town_name) is None


def test_a_code_and_another_units_name_are_an_open_question(units):
    first, second = list(units.units)[:2]
    assert units.find(first, units.units[second].line.name, "") is None


# ---- the ledger


def ledger(tmp_path, *events: tuple[str, dict]) -> archive.Archive:
    lines = [f'{{"seq": {n}, "kind": "{kind}", "body": {body}}}' for n, (kind, body) in enumerate(events, 1)]
    (tmp_path / "ledger.jsonl").write_text("\n".join(lines).replace("'", '"') + "\n", encoding="utf-8")
    return archive.Archive(tmp_path)


FILE = {"file": "表.xlsx", "sha256": "ab"}
MAY = {"month": "2019-05"}


def test_a_withdrawn_submission_is_left_out_and_a_withdrawn_withdrawal_is_none(tmp_path):
    assert [s.seq for s in ledger(tmp_path, ("submission", FILE), ("withdraw", {"seq": 1})).sent()] == []
    events = ("submission", FILE), ("withdraw", {"seq": 1}), ("withdraw", {"seq": 2})
    assert [s.seq for s in ledger(tmp_path, *events).sent()] == [1]


def test_a_submission_for_a_locked_month_waits_until_it_is_reopened(tmp_path):
    locked = ledger(tmp_path, ("submission", FILE), ("approve", MAY), ("submission", FILE))
    may = dates.month("2019-05")
    assert (locked.waits(1, may), locked.waits(3, may), locked.waits(3, may + 1)) == (False, True, False)
    reopened = ledger(tmp_path, ("approve", MAY), ("submission", FILE), ("reopen", MAY))
    assert not reopened.waits(2, may)
    again = ledger(tmp_path, ("approve", MAY), ("submission", FILE), ("reopen", MAY), ("approve", MAY))
    assert not again.waits(2, may)


def test_an_event_that_is_not_followed_is_told(tmp_path):
    assert ledger(tmp_path, ("release", MAY), ("resolve", MAY)).not_followed() == ["ledger 2: resolve"]


# ---- dated declarations


def test_since_and_until_are_both_included():
    span = Span(dates.month("2019-01"), dates.month("2019-03"))
    assert [span.holds(dates.month(f"2019-0{n}")) for n in (1, 3, 4)] == [True, True, False]
    assert not span.holds(dates.month("2018-12"))


def test_days_between_month_ends():
    assert dates.days(dates.month("2018-08"), dates.month("2020-12")) == 853


# ---- comparing


def test_numbers_agree_to_eleven_digits_and_not_less():
    assert compare._same(Fraction(200, 3), "66.666666666667")
    assert not compare._same(Fraction(200, 3), "66.6666667")
    assert not compare._same(Fraction(0), None)
    assert compare._same(None, None)
    assert not compare._same(None, 0)
