"""What a county's sheets looked like last time is remembered; what has changed is a note (issue B, point 6)."""

import random

import pytest

from pipelines.answers import findings
from pipelines.answers.layout_changes import Place, _longest_rising, compare
from tests.answers import sheets_of_a_form as pages

KINDS = findings.load(pages.REFERENCE)
UNITS = pages.units_of("130524")[:6]


def places(made: pages.Page) -> list[Place]:
    """As the warehouse's table `source` has them after the workbook was read."""
    reading = pages.reading(pages.book(made))
    rows, record = reading.community, reading.record
    columns = [Place("community", name, rows.sheet, c.letter, c.header) for name, c in rows.columns.items()]
    return columns + [Place("county", name, record.sheet, cell) for name, cell in record.cells.items()]


def noted(change, before=lambda made: None) -> dict[str, findings.Finding]:
    old, new = pages.page(UNITS), pages.page(UNITS)
    before(old), change(new)
    notes = compare(places(old), places(new), pages.form(), "柏乡县2019年6月.xlsx", KINDS)
    assert {finding.severity for finding in notes} <= {"note"}
    return {finding.code: finding for finding in notes}


def test_the_same_layout_is_not_noted():
    assert noted(lambda made: None) == {}


def test_nothing_is_noted_without_a_last_time():
    assert compare([], places(pages.page(UNITS)), pages.form(), "a.xlsx", KINDS) == []


def test_a_column_that_is_gone_is_named_with_its_old_place():
    notes = noted(lambda made: made.columns.remove(made.column("grids")))
    assert set(notes) == {"layout_gone"}
    assert notes["layout_gone"].found == "网格数（原U）" and notes["layout_gone"].sheet == "Sheet1"
    assert "共 1 个：网格数（原U）" in notes["layout_gone"].message


def test_a_column_that_is_new_is_named_with_its_place():
    notes = noted(lambda made: None, before=lambda made: made.columns.remove(made.column("grids")))
    assert set(notes) == {"layout_new"} and notes["layout_new"].found == "网格数（U）"


def test_a_header_that_says_something_else_is_noted():
    def rename(made):
        made.column("work_fund").header = ["工作经费(元)"]

    notes = noted(rename)
    assert set(notes) == {"layout_renamed"} and "“社区工作经费”改为“工作经费(元)”" in notes["layout_renamed"].found


def test_ordinals_blanks_and_line_breaks_rename_nothing():
    def decorate(made):
        for i, column in enumerate(made.columns, 1):
            column.header = [f"{i}. {column.header[0][:2]}\n{column.header[0][2:]} "]

    assert noted(decorate) == {}


def test_a_column_put_in_between_moves_nothing():
    def insert(made):
        made.columns.insert(3, pages.Column(None, ["备注"], ["无"] * len(UNITS), [None] * len(UNITS)))

    assert noted(insert) == {}


def test_columns_that_left_their_order_are_noted_and_only_they():
    def move(made):
        made.columns.insert(5, made.columns.pop(40))

    notes = noted(move)
    assert set(notes) == {"layout_moved"} and notes["layout_moved"].found.endswith("（AO→F）")


def test_a_line_of_the_record_that_is_gone_is_noted():
    def drop(made):
        made.record_rows.pop(7)

    notes = noted(drop)
    assert set(notes) == {"layout_gone"} and notes["layout_gone"].sheet == "表2"


def test_a_form_turned_inside_out_stays_readable():
    def shuffle(made):
        random.Random(1).shuffle(made.columns)

    moved = noted(shuffle)["layout_moved"]
    assert moved.found.count("→") == 12 and "等" in moved.found


@pytest.mark.parametrize(
    ("numbers", "moved"), [([], 0), ([1, 2, 3], 0), ([3, 1, 2], 1), ([1, 4, 2, 3], 1), ([4, 3, 2, 1], 3)]
)
def test_the_fewest_columns_are_said_to_have_moved(numbers, moved):
    assert len(numbers) - len(_longest_rising(numbers)) == moved


def test_it_is_a_pure_function_of_the_two():
    old, new = places(pages.page(UNITS)), places(pages.page(UNITS, seed=2))
    assert compare(old, new, pages.form(), "a", KINDS) == compare(old, new, pages.form(), "a", KINDS) == []
