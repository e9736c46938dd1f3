"""Whatever stands in the cells, reading ends with findings and never with an exception."""

from datetime import date, datetime, time, timedelta
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.answers import findings, read_workbook
from pipelines.answers.findings import Report
from pipelines.workbook.grid import Merge, Sheet, Workbook
from tests.answers import sheets_of_a_form as pages

ODD = [
    None, "", " ", "\u200b", "-", "合计", "小计", "注:", "统计用区划代码", "居民户数", "基本情况", "130524100201", "1.3E+11", 0.0, 1.0, -1.0, 1e308, 2.5,
    float("inf"), float("nan"), 1e-300, True, False, 12, date(2019, 6, 1), datetime(1900, 1, 1, 3), time(3), timedelta(days=3), "长" * 40_000,
    "\x00\x01", "=1+1", "①②③", "(((", "(元)", "元", "%", "2019年13月", "9999-99", "٣", "Ⅷ", "½", "𠙶", "{found}", "%s", "'", "\ud83d\ude00",
]  # fmt: skip
SETTINGS = settings(
    max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)


def read_sheets(sheets: list[Sheet], name: str = "柏乡县2019年6月.xlsx") -> read_workbook.Reading:
    report = Report(name, findings.load(pages.REFERENCE))
    reading = read_workbook.Reading(name, "", findings=report.findings)
    book = Workbook("xlsx", sheets)
    bounds = read_workbook.Bounds(pages.FIRST, pages.TODAY)
    versions = read_workbook.Versions(pages.form(), pages.form().version)
    read_workbook._Reading(book, versions, pages.rosters(), report, reading, bounds, {}).run()
    report.close()
    return reading


def consistent(reading: read_workbook.Reading) -> None:
    """The lists of a table have one entry a row, and every address is one."""
    if reading.community:
        rows = reading.community
        lists = [rows.unit, rows.held, *rows.values.values(), *rows.raw.values()]
        assert {len(values) for values in lists} <= {len(rows.row)}
        assert all(value is None or value == value for values in rows.values.values() for value in values)
    assert all(finding.message.startswith(f"【{finding.code}】文件") for finding in reading.findings)


@SETTINGS
@given(st.integers(0, 10**9), st.integers(1, 120))
def test_odd_cells_anywhere(seed, count):
    random = Random(seed)
    made = pages.page(pages.units_of("130524")[:8], seed % 7)
    rows = [list(row) for row in pages.grid(made)[0]]
    for _ in range(count):
        row = random.choice([row for row in rows if row])
        row[random.randrange(len(row))] = random.choice(ODD)
    sheet = Sheet("Sheet1", rows=rows)
    for _ in range(random.randint(0, 3)):
        top, left = random.randint(1, len(rows)), random.randint(1, 70)
        sheet.merges.append(
            Merge(top, left, top + random.choice([0, 1, 9, 10**6]), left + random.choice([0, 1, 9, 16_000]))
        )
    sheet.errors[(random.randint(1, 15), random.randint(1, 70))] = "#REF!"
    sheet.unevaluated.add((random.randint(1, 15), random.randint(1, 70)))
    record = Sheet("表2", rows=[list(row) for row in made.record_rows])
    for _ in range(random.randint(0, 10)):
        row = random.choice(record.rows)
        row[random.randrange(len(row))] = random.choice(ODD)
    consistent(read_sheets([sheet, record]))


@SETTINGS
@given(st.integers(0, 10**9))
def test_rows_and_columns_in_any_disorder(seed):
    random = Random(seed)
    made = pages.page(pages.units_of("130524")[:8], seed % 7)
    rows = [list(row) for row in pages.grid(made)[0]]
    for _ in range(random.randint(1, 6)):
        at = random.randrange(len(rows))
        change = random.choice(["drop", "double", "cut", "shift", "swap"])
        if change == "drop" and len(rows) > 1:
            del rows[at]
        elif change == "double":
            rows.insert(at, list(rows[at]))
        elif change == "cut":
            rows[at] = rows[at][: random.randint(0, len(rows[at]))]
        elif change == "shift":
            rows[at] = [None, *rows[at]]
        else:
            other = random.randrange(len(rows))
            rows[at], rows[other] = rows[other], rows[at]
    consistent(read_sheets([Sheet("Sheet1", rows=rows)]))


@pytest.mark.parametrize("rows", [[], [[]], [[None]], [["统计用区划代码"]], [["居民户数"] * 70], [[1.0] * 5] * 5])
def test_sheets_with_next_to_nothing(rows):
    assert read_sheets([Sheet("Sheet1", rows=rows)]).refused


def test_a_large_wrong_sheet_is_read_in_bounded_time():
    import time as clock

    made = pages.page(pages.units_of("130524")[:8], 1)
    rows = [list(row) for row in pages.grid(made)[0]][:11]
    bad = [[f"130524999{i % 1000:03d}", "无此村", "无此镇", "什么", *["约"] * 66] for i in range(5_000)]
    started = clock.process_time()
    reading = read_sheets([Sheet("Sheet1", rows=rows + bad)])
    assert clock.process_time() - started < 300
    assert len(reading.findings) <= 100 and any("同类共" in finding.message for finding in reading.findings)
