"""Closed periods of a series stand in databases that editions share; a reader sees one series."""

from datetime import date

import pytest

from pipelines import months
from pipelines.edition import closed_periods, edition_folders, open_folder, open_release, same_edition, verify_files
from pipelines.monthly import rebuild_editions
from tests import small_city
from tests.books import Office, but

COUNTY = "130571"
SERIES = months.span(date(2018, 11, 1), date(2019, 4, 1))
KEY = "policy, indicator, divisions, level, unit"


@pytest.fixture(scope="module")
def office(tmp_path_factory) -> Office:
    """Six months over two closed periods, each published when it had come; the village's facility comes in January."""
    folder = tmp_path_factory.mktemp("office")
    reference = small_city.make(folder / "reference", [COUNTY])
    office = Office(folder / "data", small_city.measure_only(reference, ("facility_rural", "platform_rural")))
    village = next(unit.name for unit in office.units(SERIES[0], COUNTY) if unit.kind == "农村社区")
    for month in SERIES:
        office.send(month, COUNTY, but(village, facility="是" if month.year > 2018 else "否"))
        office.run(month)
    return office


def folder_of(office: Office, month: date):
    return edition_folders.latest_edition(office.settings.releases, month)


def closed(office: Office, month: date) -> list[str]:
    return sorted(path.stem for path in (folder_of(office, month) / closed_periods.FOLDER).glob("*.duckdb"))


def test_a_series_is_split_into_years_that_are_over_and_quarters():
    split = closed_periods.split([months.key(month) for month in months.span(date(2018, 11, 1), date(2020, 4, 1))])
    assert [period.name for period in split] == ["2018", "2019", "2020-Q1", "2020-Q2"]
    assert [period.before for period in split] == [None, "2018-12", "2019-12", "2020-03"]
    assert split[-1].keys == ("2020-04",)


def test_an_edition_holds_a_quarter_and_links_what_is_over(office):
    assert [closed(office, month) for month in SERIES] == [[], [], ["2018"], ["2018"], ["2018"], ["2018", "2019-Q1"]]
    for name in ("2018.duckdb", "2018.json"):
        assert len({(folder_of(office, month) / "periods" / name).stat().st_ino for month in SERIES[2:]}) == 1


def test_a_manifest_is_as_long_as_a_quarter_and_the_series_is_told_whole(office):
    for month in SERIES:
        manifest = edition_folders.read_manifest(folder_of(office, month))
        own = closed_periods.split(manifest["months"])[-1].keys
        assert {key for entries in manifest["tables"].values() for key in entries} == set(own)
        tables = edition_folders.month_tables(folder_of(office, month), manifest)
        assert list(tables["figure"]) == manifest["months"] == [months.key(m) for m in SERIES if m <= month]
        assert "inputs" not in manifest and same_edition.digest({**manifest, "tables": tables}) == manifest["digest"]


def test_an_edition_whose_page_is_damaged_is_not_opened(office):
    place = folder_of(office, SERIES[-1]) / "periods" / "2018.json"
    whole = place.read_bytes()
    place.unlink()
    place.write_bytes(whole[:-10])
    assert any("periods/2018.json" in fault for fault in verify_files.faults(office.settings.releases))
    with pytest.raises(edition_folders.Damaged, match=r"periods/2018\.json"):
        open_folder(folder_of(office, SERIES[-1]))
    standing = open_release(settings=office.settings)
    assert standing.month == SERIES[-2] and repr(standing) == f"Release {standing.label}"
    place.unlink()
    place.write_bytes(whole)
    assert verify_files.faults(office.settings.releases) == []


def test_a_reader_sees_one_series(office):
    release = open_folder(folder_of(office, SERIES[-1]))
    whole = f"SELECT * FROM figure_all WHERE level <> 'town' OR month = DATE '{SERIES[-1]}'"
    assert release.rows(f"{whole} EXCEPT SELECT * FROM figure") == []
    assert release.rows("SELECT DISTINCT month FROM figure ORDER BY month") == [{"month": month} for month in SERIES]
    again = release.rows(
        f'SELECT {KEY}, list(month ORDER BY month) AS months, list(value ORDER BY month) AS "values" '
        "FROM figure WHERE level <> 'town' GROUP BY ALL ORDER BY ALL"
    )
    assert again == release.rows(f'SELECT {KEY}, months, "values" FROM trail ORDER BY ALL')
    assert {row["months"][0] for row in again} == {SERIES[0]}


def test_the_first_month_of_a_period_is_compared_with_the_last_of_the_one_before(office):
    release = open_folder(folder_of(office, SERIES[-1]))
    steps = release.rows(
        "SELECT month, more FROM step WHERE indicator = 'facility_rural' AND unit = ? AND divisions = 'then' ORDER BY month",
        [COUNTY],
    )
    assert [row["more"] and int(row["more"]) for row in steps] == [None, 0, 1, 0, 0, 0]


def test_a_month_is_read_from_the_one_database_in_which_it_stands(office):
    release = open_folder(folder_of(office, SERIES[-1]))
    for month in SERIES:
        counted = "SELECT count(*) AS n FROM {} WHERE month = ?"
        assert release.rows(counted.format(release.at("step", month)), [month]) == release.rows(
            counted.format("step"), [month]
        )
    assert [release.at("step", month) for month in (SERIES[0], SERIES[2], SERIES[-1])] == [
        'period_0."step"', 'period_1."step"', 'ready."step"',
    ]  # fmt: skip
    assert open_folder(folder_of(office, SERIES[0])).at("step", SERIES[0]) == '"step"'


def test_a_damaged_period_is_found_and_put_back(office):
    place = folder_of(office, SERIES[-1]) / "periods" / "2019-Q1.duckdb"
    place.chmod(0o640)
    place.write_bytes(place.read_bytes()[:-1] + b"?")
    assert verify_files.faults(office.settings.releases) != []
    verdict = rebuild_editions.rebuild(office.settings)
    assert verdict["agrees"] and verdict["restored"] == [f"{months.key(SERIES[-1])}/1"]
    assert verify_files.faults(office.settings.releases) == []
    assert len(open_release(settings=office.settings).rows("SELECT DISTINCT month FROM step")) == len(SERIES)


def test_a_corrected_month_makes_its_period_again_and_leaves_the_old_edition_as_it_was(office):
    before = (folder_of(office, SERIES[-1]) / "periods" / "2018.duckdb").stat().st_ino
    office.send(SERIES[1], COUNTY, but("没有这个村"))
    edition = office.run(SERIES[-1])
    assert edition.number == 2
    assert (edition.folder / "periods" / "2018.duckdb").stat().st_ino != before
    assert (edition.folder.parent / "1" / "periods" / "2018.duckdb").stat().st_ino == before
    [shown] = open_folder(edition.folder).rows(
        "SELECT more FROM step WHERE indicator = 'facility_rural' AND level = 'city' AND divisions = 'then' AND month = ?",
        [SERIES[1]],
    )
    assert int(shown["more"]) == 1
