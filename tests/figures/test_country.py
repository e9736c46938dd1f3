"""A small country, as the benchmarks build the large one: units of several counties, loaded answers, two months of figures."""

import csv
import gzip

import pytest

from lab.benchmarks import country
from pipelines import months
from pipelines.figures import update
from pipelines.reference import reference_bundle
from pipelines.warehouse import warehouse_checks
from tests.small_city import REFERENCE

COUNTIES = ("130502", "130524", "130571", "130581")
RURAL_ONLY = "130524"
MONTH = months.add(country.FIRST, 1)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Two months of a country of four counties, one of which has villages only."""
    folder = tmp_path_factory.mktemp("country")
    reference = reference_bundle.load(country.make(folder / "reference", national(folder / "national.csv.gz")))
    store, archive = country.opened(reference)
    for month in (country.FIRST, MONTH):
        country.insert(store, archive, month)
        if month == MONTH:
            # nobody of a county had answered a question, and now all of them do
            store.con.execute("UPDATE standing SET party_org = NULL WHERE unit LIKE '130571%'")
            store.con.execute("UPDATE answer SET party_org = TRUE WHERE unit LIKE '130571%'")
        update.bring_up_to_date(store, month)
    return store


def national(place):
    """A file of the national roster's form: codes and names, no names of towns and counties."""
    with (REFERENCE / "rosters" / "xingtai_2018.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["county_code"] in COUNTIES]
    with gzip.open(place, "wt", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(("code", "name", "town_code", "county_code"))
        out.writerows(
            (row["code"], row["name"], row["town_code"], row["county_code"])
            for row in rows
            if row["county_code"] != RURAL_ONLY or row["code"][9:] >= "200"
        )
    return place


def test_the_country_stands_at_the_top_and_is_the_sum_of_its_counties(store):
    checks = [
        check
        for check in warehouse_checks.declared(store.reference)
        if check.name.startswith(("sums", "key", "roster"))
    ]
    assert len(checks) > 5
    assert [
        (v.check.name, v.ids) for v in warehouse_checks.judge(store, checks, [country.FIRST, MONTH]) if not v.holds
    ] == []
    tops = store.con.execute("SELECT DISTINCT unit FROM figure WHERE level = 'city'").fetchall()
    assert tops == [("100000",)]


def test_every_level_has_figures_in_both_months(store):
    rows = store.con.execute("SELECT month, count(DISTINCT level) FROM figure GROUP BY ALL ORDER BY ALL").fetchall()
    assert rows == [(country.FIRST, 3), (MONTH, 3)]


def test_a_first_answer_of_a_whole_county_is_no_turn_to_yes(store):
    codes = store.con.execute(
        "SELECT code FROM finding WHERE code = 'all_turned_yes' AND field = 'party_org'"
    ).fetchall()
    assert codes == []


def test_county_types_follow_the_code():
    assert [country.county_type(code) for code in ("110101", "130502", "130524", "130581", "130571")] == [
        "市辖区", "市辖区", "县", "县级市", "开发区"]  # fmt: skip
    assert [country.county_type(code) for code in ("222401", "429004", "441900", "500230", "310151")] == [
        "县级市", "县级市", "县级市", "县", "市辖区"]  # fmt: skip
