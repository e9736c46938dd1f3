"""Questions about reporting: each asked on its side of the threshold and silent on the other (issue B, point 7)."""

import random
from collections import namedtuple
from datetime import date
from functools import cache

import pytest

from pipelines import months, settings
from pipelines.answers import reporting_anomalies
from pipelines.archive.month_state import Life
from pipelines.archive.store import Archive, Event
from pipelines.errors import Refusal
from pipelines.figures import effective_answers
from pipelines.reference import reference_bundle
from pipelines.warehouse import arrow_rows, projection
from pipelines.workbook.address import letter
from tests.answers import sheets_of_a_form as pages

REFERENCE = settings.REPOSITORY / "data" / "reference"
BEFORE, NOW = date(2019, 5, 1), date(2019, 6, 1)
COUNTIES = {"130503": 60, "130525": 40}  # the first has urban communities, which report funds
Asked = namedtuple("Asked", "code county cell found message field severity")


@pytest.fixture(scope="module")
def reference():
    return reference_bundle.load(REFERENCE)


@pytest.fixture(scope="module")
def limits():
    return reporting_anomalies.load(REFERENCE)


@cache
def read(data: bytes, name: str):
    return pages.reading(data, name)


class City:
    """Two counties that report month after month by workbook, in a warehouse in memory."""

    def __init__(self, reference, folder):
        self.reference = reference
        self.warehouse = projection.in_memory(reference, Archive(folder))
        effective_answers.create(self.warehouse)
        self.seq = 0

    def report(self, month: date, county: str, change=None) -> None:
        """An honest month, which `change(page)` spoils."""
        made = honest(county, month)
        if change:
            change(made)
        self.seq += 1
        name = f"{made.units[0].county}{months.label(month)}.xlsx"
        reading = read(pages.book(made), name)
        assert not reading.refused and reading.month == month
        event = Event(self.seq, "2019-07-01", "submission", "", {"sha256": reading.sha256, "file": name}, "")
        self.warehouse.load_many([(event, arrow_rows.tables(self.reference.form, event, reading))])

    def close(self, month: date) -> list[Asked]:
        """Evaluates the month and asks."""
        rows = self.warehouse.con.execute("SELECT county, seq FROM submission WHERE month = ?", [month]).fetchall()
        life = Life()
        life.month(month).effective.update({county: [seq] for county, seq in rows})
        effective_answers.evaluate(self.warehouse, month, life)
        asked = reporting_anomalies.questions(self.warehouse.con, self.reference.form, month, [seq for _, seq in rows])
        return [Asked(f.code, county, f.cell, f.found, f.message, f.field, f.severity) for _, county, f in asked]


STEADY = {
    "code", "name", "town", "kind", "facility", "facility_area", "info_platform", "pilot_eligible", "member_pay",
    "work_fund",
}  # fmt: skip
MOVING = ("households", "population", "volunteers", "deliberations", "satisfaction", "drills", "trained_staff", "grids")


def honest(county: str, month: date) -> pages.Page:
    """What stays from month to month stays, what moves moves, and all else is left open, so that no rule is broken."""
    made = pages.page(pages.units_of(county, month)[-COUNTIES[county] :])
    made.title = made.title.replace("2019年6月", months.label(month))
    made.record_rows[0][0] = made.record_rows[0][0].replace("2019年6月", months.label(month))
    moving = random.Random(f"{month}{county}")
    for column in made.columns:
        if column.question.id not in STEADY:
            column.values = [moving.randint(30, 99) if column.question.id in MOVING else None for _ in made.units]
    made.column("households").values = [moving.randint(101, 1999) for _ in made.units]
    made.column("population").values = [h * 3 + moving.randint(0, 9) for h in made.column("households").values]
    steady = {"facility": "是", "facility_area": 320.0, "info_platform": "否", "pilot_eligible": "否"}
    urban = {"work_fund": 12.5, "member_pay": 31_250.0, "pilot_eligible": None}
    for field, value in steady.items():
        made.column(field).values = [value for _ in made.units]
    for i, kind in enumerate(made.column("kind").values):
        for field, value in urban.items():
            if field != "pilot_eligible" or kind != "农村社区":
                made.column(field).values[i] = value if kind != "农村社区" else None
    return made


@pytest.fixture
def city(reference, tmp_path):
    made = City(reference, tmp_path)
    for county in COUNTIES:
        made.report(BEFORE, county)
    assert made.close(BEFORE) == []
    return made


def test_an_honest_month_is_not_asked_about(city):
    for county in COUNTIES:
        city.report(NOW, county)
    assert city.close(NOW) == []


# -- copied from last month


def copy_of_last_month(made: pages.Page) -> None:
    last = honest(made.units[0].county_code, BEFORE)
    for name in MOVING:
        made.column(name).values = list(last.column(name).values)


def test_a_month_that_repeats_the_last_is_asked_about(city):
    city.report(NOW, "130503", copy_of_last_month)
    (asked,) = city.close(NOW)
    assert (asked.code, asked.county, asked.found, asked.severity) == ("copied_unchanged", "130503", "全部", "warning")
    assert "是否沿用了上月的表？" in asked.message and asked.cell is None


def test_a_copy_with_a_few_changes_is_still_asked_about(city):
    def nearly(made):
        copy_of_last_month(made)
        made.column("households").values[0] += 1

    city.report(NOW, "130503", nearly)
    (asked,) = city.close(NOW)
    assert asked.code == "copied_unchanged" and asked.found == "99.8%"


def test_a_copy_in_which_one_field_moved_is_not(city):
    def moved(made):
        households = made.column("households").values
        copy_of_last_month(made)
        made.column("households").values = households

    city.report(NOW, "130503", moved)
    assert city.close(NOW) == []


# -- alike in two counties


def villages(made: pages.Page) -> list[int]:
    return [i for i, kind in enumerate(made.column("kind").values) if kind == "农村社区"]


def lend(count: int):
    """The first villages of the other county under this county's codes."""

    def change(made):
        other = honest("130503", NOW)
        for target, source in list(zip(villages(made), villages(other), strict=False))[:count]:
            for column, lent in zip(made.columns, other.columns, strict=True):
                if column.question.id not in ("code", "name", "town", "kind"):
                    column.values[target] = lent.values[source]

    return change


def test_five_rows_alike_in_two_counties_are_asked_about_in_both(city):
    city.report(NOW, "130503"), city.report(NOW, "130525", lend(5))
    asked = [finding for finding in city.close(NOW) if finding.code == "alike_rows"]
    assert [(finding.county, finding.found, finding.cell.count("A")) for finding in asked] == [
        ("130503", "隆尧县", 5), ("130525", "桥西区", 5),
    ]  # fmt: skip
    assert "有 5 行" in asked[0].message and "是否报错了文件" in asked[0].message


def test_four_rows_alike_are_not(city):
    city.report(NOW, "130503"), city.report(NOW, "130525", lend(4))
    assert [finding for finding in city.close(NOW) if finding.code == "alike_rows"] == []


# -- round numbers


def rounded(share: float, step: int):
    def change(made):
        values = made.column("households").values
        count = round(len(values) * share)
        made.column("households").values = [
            value // 10 * 10 + (step if i < count else 1 + i % 4) for i, value in enumerate(values)
        ]
        made.column("population").values = [value * 3 + 1 for value in made.column("households").values]

    return change


@pytest.mark.parametrize(
    ("share", "step", "asked"), [(0.4, 0, True), (0.38, 0, False), (0.6, 5, True), (0.58, 5, False)]
)
def test_round_numbers_are_asked_about_from_their_share_on(city, share, step, asked):
    city.report(NOW, "130503", rounded(share, step))
    findings = [finding for finding in city.close(NOW) if finding.field == "households"]
    assert [finding.code for finding in findings] == ["round_numbers"] * asked
    if asked:
        assert (
            findings[0].cell == "E4" and "这些是不是估计数？" in findings[0].message and findings[0].severity == "note"
        )


def test_too_few_numbers_are_not_judged(city):
    city.report(NOW, "130525", rounded(1, 0))
    assert [finding for finding in city.close(NOW) if finding.field == "households"] == []


# -- slips of the unit


def first_urban(made: pages.Page) -> int:
    return next(i for i, kind in enumerate(made.column("kind").values) if kind != "农村社区")


@pytest.mark.parametrize(
    ("field", "now", "words"),
    [
        ("facility_area", 3.2, "的 100 分之一。是否按百平方米填写？"),
        ("facility_area", 3.3, None),
        ("member_pay", 3.4, "的 10000 分之一。是否按万元填写？"),
        ("member_pay", 0.9, None),
        ("member_pay", 2604.17, "的 12 分之一。是否填的是月报酬？"),
        ("member_pay", 2700, None),
        ("work_fund", 125, "（12.5 万元）的 10 倍。是否小数点错了一位？"),
        ("work_fund", 120, None),
    ],
)
def test_slips_are_known_by_their_ratio_to_the_units_own_history(city, field, now, words):
    place = []

    def change(made):
        row = first_urban(made)
        made.column(field).values[row] = now
        place.append(f"{letter([c.question.id for c in made.columns].index(field) + 1)}{row + 4}")

    city.report(NOW, "130503", change)
    asked = [finding for finding in city.close(NOW) if finding.code == "amount_slip"]
    assert [finding.cell for finding in asked] == (place if words else [])
    assert all(words in finding.message for finding in asked)


def test_a_slip_that_is_mended_is_not_asked_about_again(city):
    def slip(made):
        made.column("member_pay").values[first_urban(made)] = 3.1

    city.report(NOW, "130503", slip)
    assert [finding.code for finding in city.close(NOW)] == ["amount_slip"]
    city.report(months.add(NOW, 1), "130503")
    assert city.close(months.add(NOW, 1)) == []


def test_a_column_that_slipped_is_asked_about_a_few_times_only(city):
    def slip(made):
        made.column("facility_area").values = [3.2 for _ in made.units]

    city.report(NOW, "130503", slip)
    assert [finding.code for finding in city.close(NOW)] == ["amount_slip"] * 20


# -- everything turned to yes


def turn(field: str, count: int):
    def change(made):
        values = made.column(field).values
        turned = [i for i, value in enumerate(values) if value == "否"][:count]
        for i in turned:
            values[i] = "是"

    return change


@pytest.mark.parametrize(("count", "share"), [(57, "95%"), (60, "全部"), (56, None)])
def test_a_question_turned_to_yes_everywhere_at_once_is_asked_about(city, count, share):
    city.report(NOW, "130503", turn("info_platform", count))
    asked = city.close(NOW)
    assert [(finding.code, finding.field, finding.found) for finding in asked] == (
        [("all_turned_yes", "info_platform", share)] if share else []
    )
    if share:
        assert asked[0].cell == "Z4" and "上月填“否”的 60 个社区（村）" in asked[0].message


# -- across a New Year

DECEMBER, JANUARY, FEBRUARY = date(2019, 12, 1), date(2020, 1, 1), date(2020, 2, 1)
YEARLY = ("deliberations", "drills", "trained_staff")


@pytest.fixture
def december(reference, tmp_path):
    made = City(reference, tmp_path)
    made.report(DECEMBER, "130503")
    assert made.close(DECEMBER) == []
    return made


def test_counters_that_stand_as_in_december_are_not_compared_in_january(december):
    """All that is a stock moved: the counters of the year alone are no copy of the table."""

    def change(made):
        last = honest("130503", DECEMBER)
        for name in YEARLY:
            made.column(name).values = list(last.column(name).values)

    december.report(JANUARY, "130503", change)
    assert december.close(JANUARY) == []


def test_a_copied_january_is_known_by_its_stocks_though_the_counters_moved(december):
    def change(made):
        last = honest("130503", DECEMBER)
        for name in set(MOVING) - set(YEARLY):
            made.column(name).values = list(last.column(name).values)

    december.report(JANUARY, "130503", change)
    assert [finding.code for finding in december.close(JANUARY)] == ["copied_unchanged"]


def test_a_budget_is_decided_anew_in_january_and_compared_within_its_year(december):
    def ten_times(made):
        made.column("work_fund").values[first_urban(made)] = 125

    december.report(JANUARY, "130503", ten_times)
    assert december.close(JANUARY) == []
    december.report(FEBRUARY, "130503")
    assert december.close(FEBRUARY) == []  # 12.5 after 125: no slip has a tenth
    december.report(date(2020, 3, 1), "130503", lambda made: ten_times(made))
    assert [finding.code for finding in december.close(date(2020, 3, 1))] == ["amount_slip"]


# -- thresholds


def test_the_thresholds_have_reasons(limits):
    assert all(part.reason for part in (limits.unchanged, limits.alike, limits.round, limits.turned, *limits.slips))


def test_an_unknown_threshold_is_refused(tmp_path):
    text = (REFERENCE / "behaviour.yaml").read_text(encoding="utf-8")
    (tmp_path / "behaviour.yaml").write_text(text.replace("  answers: 200", "  answer: 200"), encoding="utf-8")
    with pytest.raises(Refusal, match=r"behaviour\.yaml：unchanged：不认识的键“answer”；是否为 answers"):
        reporting_anomalies.load(tmp_path)


def test_nothing_is_asked_of_nobody(reference, tmp_path):
    made = City(reference, tmp_path)
    assert reporting_anomalies.questions(made.warehouse.con, reference.form, NOW, []) == []
