"""A month table is known by what it says: neither the state of the warehouse nor the number of threads changes it."""

import os
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest

from pipelines.archive import receive
from pipelines.edition import content_hash, month_tables
from pipelines.figures import effective_answers, update
from pipelines.intake import month_status, session
from tests import small_city
from tests.books import Office

MONTH = date(2020, 4, 1)
COUNTY, OTHER = "130571", "130524"


@pytest.fixture(scope="module")
def office(tmp_path_factory) -> Office:
    folder = tmp_path_factory.mktemp("office")
    reference = small_city.make(folder / "reference", [COUNTY, OTHER])
    return Office(folder / "data", small_city.measure_only(reference, ("facility_rural", "platform_rural")))


def exported(opened, store) -> dict[str, month_tables.Object]:
    effective_answers.load_rosters(opened, MONTH)
    wanted = month_tables.queries(opened, opened.life(), MONTH)
    return {name: month_tables.stored(store, name, month_tables.asked(opened, query)) for name, query in wanted.items()}


def take(opened, office, *months: date) -> None:
    """The reports of both counties."""
    receiver = receive.Receiver(opened.archive, "测试", month_status.unreplaced(office.settings.data))
    for month in months:
        for county in (COUNTY, OTHER):
            path = office.workbook(month, county, record={"population": 12000})
            receiver.take(path.read_bytes(), path.name)
    session.settle(opened)
    update.bring_up_to_date(opened, max(months))


def test_a_month_is_the_same_bytes_whatever_the_state_of_the_warehouse(office, tmp_path, monkeypatch):
    with session.writing(office.settings, "测试") as opened:
        take(opened, office, MONTH)
        fresh = exported(opened, tmp_path / "fresh")
    with session.writing(office.settings, "测试") as opened:
        reopened = exported(opened, tmp_path / "reopened")
        take(opened, office, date(2020, 5, 1), date(2020, 6, 1), date(2020, 7, 1))
        fuller = exported(opened, tmp_path / "fuller")
        opened.con.execute("CHECKPOINT")
        checkpointed = exported(opened, tmp_path / "checkpointed")
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0})
    with session.writing(office.settings, "测试") as opened:
        alone = exported(opened, tmp_path / "alone")
    assert fresh == reopened == fuller == checkpointed == alone
    assert fresh["county_standing"].rows == 2


def table(**columns) -> pa.Table:
    return pa.table(columns)


def test_what_lies_under_a_null_and_how_rows_are_chunked_is_no_content():
    whole = table(a=pa.array([1, None, 3], pa.int64()), b=pa.array(["甲", "", None]))
    garbage = pa.Array.from_buffers(
        pa.int64(), 3, [pa.py_buffer(b"\x05"), pa.array([1, 7, 3], pa.int64()).buffers()[1]]
    )
    assert content_hash.digest(table(a=garbage, b=whole["b"])) == content_hash.digest(whole)
    chunked = pa.concat_tables([whole.slice(0, 1), whole.slice(1)])
    assert content_hash.digest(chunked) == content_hash.digest(whole)


@pytest.mark.parametrize(
    "other",
    [
        table(a=pa.array([1, 3, None], pa.int64()), b=pa.array(["甲", "", None])),
        table(a=pa.array([1, None, 3], pa.int64()), b=pa.array(["甲", None, ""])),
        table(a=pa.array([1, None, 3], pa.int32()), b=pa.array(["甲", "", None])),
        table(a=pa.array([1, None, 3], pa.int64()), c=pa.array(["甲", "", None])),
        table(b=pa.array(["甲", "", None]), a=pa.array([1, None, 3], pa.int64())),
    ],
    ids=["null elsewhere", "empty for null", "type", "name", "order of columns"],
)
def test_another_value_place_type_or_name_is_other_content(other):
    whole = table(a=pa.array([1, None, 3], pa.int64()), b=pa.array(["甲", "", None]))
    assert content_hash.digest(other) != content_hash.digest(whole)


def test_texts_that_join_alike_are_not_alike():
    assert content_hash.digest(table(a=["ab", "c"])) != content_hash.digest(table(a=["a", "bc"]))


def test_decimals_dates_and_flags_have_content():
    def digest_of(number, day, flag):
        return content_hash.digest(
            table(n=pa.array([Decimal(number)], pa.decimal128(18, 6)), d=pa.array([day], pa.date32()), f=[flag])
        )

    assert (
        len(
            {
                digest_of("1", MONTH, True),
                digest_of("1.000001", MONTH, True),
                digest_of("1", None, True),
                digest_of("1", MONTH, False),
            }
        )
        == 4
    )


def test_a_type_of_no_fixed_meaning_is_refused():
    with pytest.raises(TypeError, match="no content digest"):
        content_hash.digest(table(a=[[1, 2]]))
