"""The workbooks themselves: the same every time, marked as invented, readable, with the faults that were planted."""

import copy
import io
from datetime import date

import openpyxl
import pytest

from pipelines import months, sample, template
from pipelines.answers.read_workbook import read_workbook
from pipelines.errors import Refusal
from pipelines.reference import roster
from pipelines.reference.form import Field, Form, Part
from pipelines.reference.roster import KINDS
from pipelines.sample import planted_faults, reporting_habits
from pipelines.sample.plausible_answers import NONE
from tests import small_city

JUNE = date(2019, 6, 1)
PROGRAMME = months.parse_span("2018-08..2020-12")


def read(form, rosters, data: bytes, name: str):
    return read_workbook(data, name, form, rosters, today=date(2026, 1, 1), first_month=date(2018, 7, 1))


def plan(invented) -> dict[date, list[reporting_habits.Report]]:
    return {month: invented.reports(month) for month in PROGRAMME}


# -- the same every time ----------------------------------------------------------------------------------------------


def test_a_month_is_the_same_alone_or_among_others_and_by_any_number_of_processes(form, tmp_path, monkeypatch):
    monkeypatch.setattr(small_city, "YEARS", ("2017", *small_city.YEARS))  # in force when the programme began
    few = roster.load(small_city.make(tmp_path / "reference"))
    alone = {report.file: data for report, data in sample.Sample(form, few).workbooks(JUNE)}
    written = sample.write_samples(form, few, months.parse_span("2019-05..2019-06"), tmp_path / "out", processes=2)
    assert written == sorted(written) == sorted((tmp_path / "out").rglob("*.xlsx"))
    assert alone and {name: (tmp_path / "out" / name).read_bytes() for name in alone} == alone


def test_another_seed_is_another_world(form, rosters, invented):
    other = sample.Sample(form, rosters, seed=1).moment(JUNE)
    assert (other["facility"] != invented.moment(JUNE)["facility"]).any()


def test_months_before_the_programme_are_refused(form, rosters, tmp_path):
    with pytest.raises(Refusal, match="示例数据从2018年7月开始，没有2018年6月；请改选以后的月份"):
        sample.write_samples(form, rosters, [date(2018, 6, 1)], tmp_path)


# -- who reports ------------------------------------------------------------------------------------------------------


def test_everyone_reports_in_the_first_and_in_the_due_month(invented, rosters):
    for month in (PROGRAMME[0], PROGRAMME[-1]):
        originals = [report for report in invented.reports(month) if report.remark != reporting_habits.CORRECTED]
        assert [report.place.code for report in originals] == [county.code for county in rosters.counties(month)]


def test_one_county_is_silent_for_longer_than_answers_are_carried(invented, rosters):
    silent = {
        month: {c.code for c in rosters.counties(month)} - {r.place.code for r in reports}
        for month, reports in plan(invented).items()
    }
    runs = [silent[a] & silent[b] & silent[c] for a, b, c in zip(PROGRAMME, PROGRAMME[1:], PROGRAMME[2:], strict=False)]
    assert any(runs)


def test_some_are_late_some_correct_themselves_and_some_forget_a_sheet(invented):
    reports = [report for reports_of_month in plan(invented).values() for report in reports_of_month]
    assert {report.remark for report in reports} == {"", "补报", "更正"}
    assert all(report.arrives == months.add(report.month, report.remark == "补报") for report in reports)
    assert 0 < sum(not report.with_record for report in reports) < 40
    assert 550 < len(reports) < 640


def test_files_sorted_by_name_are_in_the_order_of_arrival(invented):
    names = [report.file for reports in plan(invented).values() for report in reports]
    original, corrected = "2019-06/巨鹿县2019年6月.xlsx", "2019-06/巨鹿县2019年6月\uff08更正\uff09.xlsx"
    assert {original, corrected} <= set(names)
    assert original < corrected < "2019-07/"


# -- what stands in them ----------------------------------------------------------------------------------------------


def test_every_visible_sheet_is_marked_as_invented(june):
    for name, data in june.items():
        for sheet in openpyxl.load_workbook(io.BytesIO(data), read_only=True):
            if sheet.sheet_state == "visible":
                assert "示例数据" in sheet.cell(1, 1).value, (name, sheet.title)


def test_the_reader_takes_every_workbook_and_finds_the_true_answers(form, rosters, invented, june):
    moment = invented.moment(JUNE)
    position = {unit.code: index for index, unit in enumerate(moment.of.units)}
    for name, data in june.items():
        reading = read(form, rosters, data, name.partition("/")[2])
        assert not reading.refused and reading.month == JUNE, name
        read_households = zip(reading.community.unit, reading.community.values["households"], strict=True)
        same = [moment["households"][position[code]] == value for code, value in read_households if code]
        assert sum(not equal for equal in same) <= 3, name  # at most the planted faults


@pytest.mark.parametrize("layout", ["template", "plain", "subtotals", "grouped"])
def test_each_layout_gives_back_all_answers(form, rosters, invented, june, layout):
    origins = [code for code, habit in invented.habits.items() if habit.layout == layout]
    reports = [report for report in invented.reports(JUNE) if report.origin in origins]
    reading = read(form, rosters, june[reports[0].file], reports[0].file.partition("/")[2])
    moment = invented.moment(JUNE)
    where = {unit.code: index for index, unit in enumerate(moment.of.units)}
    rows = [
        (row, where[code])
        for row, code in enumerate(reading.community.unit)
        if code and not reading.community.held[row]
    ]
    assert len(rows) > 100
    for field in ("facility", "info_platform", "work_fund", "facility_area", "established", "staff"):
        truth = moment.answered(form.community[field])
        wrong = [row for row, at in rows if plain(reading.community.values[field][row]) != truth[at]]
        assert len(wrong) <= 2, (field, wrong)


def plain(value: object) -> int:
    """A typed answer as the sample counts it."""
    if value is None:
        return NONE
    if isinstance(value, date):
        return value.year * 12 + value.month - 1
    return int(value) if isinstance(value, int) else int(value * 10)


@pytest.mark.parametrize("kind", ["flag", "count", "number", "money", "percent", "month", "choice", "text"])
def test_a_question_that_nobody_has_tuned_is_answered_by_its_type(form, rosters, kind):
    question = Field(id="fresh", label="新问题", type=kind, max=500 if kind == "count" else None, choices=["甲", "乙"])
    part = Part("community", form.community.sheet, (*form.community.fields, question))
    wider = Form(form.version, part, form.county, form.rules)
    answers = sample.Sample(wider, rosters).moment(JUNE).answered(question)
    assert (len(set(answers.tolist())) > 1) == (kind != "text")


# -- faults -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def correct(invented) -> template.Table:
    """The rows of 柏乡县 without faults."""
    moment = invented.moment(JUNE)
    habit = next(habit for habit in invented.habits.values() if habit.layout == "template")
    return invented.table(moment.of, moment.of.slices["130524"], invented.answers(moment), habit)


@pytest.mark.parametrize("kind", sorted(planted_faults.KINDS))
def test_every_planted_fault_is_one_that_the_reader_or_a_rule_finds(form, rosters, correct, kind):
    table = copy.deepcopy(correct)
    place = next(county for county in rosters.counties(JUNE) if county.code == "130524")
    field, _, how = planted_faults.KINDS[kind]
    how(table, 7, 0)
    reading = read(form, rosters, template.build(form, place, JUNE, table, {}), "柏乡县2019年6月.xlsx")
    codes = {finding.code for finding in reading.findings}
    if kind.endswith("_within"):  # left to the rules, which run later
        values = reading.community.values
        assert values[field][7] > values[{"certified_workers": "social_workers"}.get(field, "committee_members")][7]
    elif kind == "left_out":
        assert "units_missing" in codes
    else:
        assert any(finding.severity == "error" and finding.row in (12, 13) for finding in reading.findings), codes


def test_faults_are_few(form, invented, correct):
    planted = 0
    for origin in invented.world.origins.counties:
        table = copy.deepcopy(correct)
        planted += len(planted_faults.plant(table, form.community, 2018, "faults", origin, JUNE))
        assert set(table.kinds) <= set(KINDS) and {len(column) for column in table.columns.values()} == {len(table)}
    assert 3 <= planted <= 30
