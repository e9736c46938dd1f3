"""Six questions of planners, answered on another machine from nothing but a copied edition folder."""

import shutil
from pathlib import Path

import pytest

from pipelines.edition import Release, explain, open_release
from pipelines.settings import Settings

INDICATOR = "facility_rural"


@pytest.fixture(scope="module")
def copied(june: Release, tmp_path_factory) -> Release:
    """The edition's folder alone, without installation, ledger or reference data."""
    place = tmp_path_factory.mktemp("elsewhere") / "edition"
    opened = open_release(Path(shutil.copytree(june.folder, place, copy_function=shutil.copy)))
    yield opened
    opened.close()


def test_a_folder_may_be_named_by_text_and_an_edition_by_its_label(copied: Release, june: Release, place: Settings):
    for again in (open_release(str(copied.folder)), open_release(june.label, settings=place)):
        assert again.label == june.label
        again.close()


def test_where_is_most_left_to_do(copied: Release):
    rows = copied.rows(
        """SELECT c.short, f.gap_failing FROM figure AS f JOIN county AS c USING (unit)
           WHERE f.indicator = ? AND f.month = ? AND f.divisions = 'now' AND f.level = 'county' AND f.gap_failing > 0
           ORDER BY f.gap_failing DESC""",
        [INDICATOR, copied.month],
    )
    assert rows and rows[0]["gap_failing"] == max(row["gap_failing"] for row in rows)


def test_which_submission_and_cell_stand_for_a_unit(copied: Release):
    """The same as the way back from the figure says."""
    [unit] = copied.rows(
        "SELECT * FROM unit_source WHERE month = ? AND kind = '农村社区' AND row_state = 'accepted' ORDER BY unit LIMIT 1",
        [copied.month],
    )
    [explained] = explain(copied, INDICATOR, unit=unit["unit"])["units"]
    assert explained["answer"] and {answer["file"] for answer in explained["answer"].values()} == {unit["file"]}
    for field, answer in explained["answer"].items():
        [cell] = copied.rows(
            "SELECT * FROM answer_cell WHERE month = ? AND unit = ? AND field = ?", [copied.month, unit["unit"], field]
        )
        for name in ("file", "sha256", "sheet", "cell"):
            assert cell[name] == answer[name]


def test_every_unit_of_the_roster_has_one_line_whoever_is_silent(copied: Release):
    assert copied.rows("SELECT month, count(*) AS n FROM unit_source GROUP BY ALL ORDER BY ALL") == copied.rows(
        "SELECT month, count(*) AS n FROM standing GROUP BY ALL ORDER BY ALL"
    )
    silent = copied.rows("SELECT 1 FROM unit_source WHERE month = ? AND seq IS NULL LIMIT 1", [copied.month])
    assert silent


def test_how_did_towns_move_over_the_months(copied: Release):
    """Towns add up to the city in every month."""
    rows = copied.rows(
        """SELECT month, sum(numerator)::BIGINT AS has, sum(denominator)::BIGINT AS whole FROM town_series
           WHERE indicator = ? GROUP BY month ORDER BY month""",
        [INDICATOR],
    )
    city = copied.rows(
        """SELECT month, numerator::BIGINT AS has, denominator::BIGINT AS whole FROM figure
           WHERE indicator = ? AND level = 'city' AND divisions = 'now' ORDER BY month""",
        [INDICATOR],
    )
    assert rows == city and len(rows) == len(copied.manifest["months"])


def test_which_units_lack_it(copied: Release):
    [city] = copied.rows(
        "SELECT failing FROM figure WHERE indicator = ? AND month = ? AND level = 'city' AND divisions = 'then'",
        [INDICATOR, copied.month],
    )
    listed = copied.rows(
        f"""SELECT u.county, u.town, u.name FROM "state-opinions-2018" AS s JOIN unit AS u USING (unit)
            WHERE s.month = ? AND s.{INDICATOR} = 2""",
        [copied.month],
    )
    assert len(listed) == city["failing"] > 0


def test_why_did_it_move(copied: Release):
    """The parts of a change add up to it."""
    [row] = copied.rows(
        """SELECT sum(change) AS parts, any_value(now.value) - any_value(earlier.value) AS whole FROM movement AS m
           JOIN figure AS now ON (now.indicator, now.unit, now.month, now.divisions) = (m.indicator, m.unit, ?, 'then')
           JOIN figure AS earlier ON (earlier.indicator, earlier.unit, earlier.month, earlier.divisions) = (m.indicator, m.unit, ?, 'then')
           WHERE m.indicator = ? AND m.level = 'city'""",
        [copied.month, copied.month.replace(month=copied.month.month - 1), INDICATOR],
    )
    assert row["parts"] == pytest.approx(row["whole"])
