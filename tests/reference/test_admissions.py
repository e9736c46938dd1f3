"""Units that the city admits between two editions, and counties that go on whole under another code (semantics §1)."""

from datetime import date

import pytest

from pipelines import settings
from pipelines.reference import reference_bundle, roster
from pipelines.reference.roster import Admission
from tests.reference.conftest import REFERENCE

MAY, JULY, OCTOBER = date(2019, 5, 1), date(2019, 7, 1), date(2019, 10, 1)
TOWN = "130524100"  # 柏乡镇


@pytest.fixture(scope="module")
def rosters():
    return roster.load(REFERENCE)


def admission(name: str, code: str = f"{TOWN}399", kind: str = "农村社区", since: str = "2019-06") -> Admission:
    return Admission.of({"code": code, "name": name, "town": code[:9], "kind": kind, "from": since, "why": "新设"})


def codes(rosters, month: date) -> set[str]:
    return {unit.code for unit in rosters.units(month)}


def test_an_admitted_unit_is_on_the_roster_from_its_first_month(rosters):
    with_one = rosters.with_admissions([admission("新河湾村委会")])
    assert codes(with_one, MAY) == codes(rosters, MAY)
    assert codes(with_one, JULY) - codes(rosters, JULY) == {f"{TOWN}399"}
    [unit] = [unit for unit in with_one.units(JULY) if unit.code == f"{TOWN}399"]
    assert (unit.name, unit.town, unit.county, unit.kind) == ("新河湾村委会", "柏乡镇", "柏乡县", "农村社区")
    assert with_one.table(JULY).num_rows == rosters.table(JULY).num_rows + 1
    assert [unit.code for unit in with_one.units(JULY)] == sorted(codes(with_one, JULY))


def test_it_stays_while_no_edition_lists_it_and_follows_its_town(rosters):
    """任县任城镇 130526100 became 130505100 in 2020-06: the unit goes with it under the code that its town has then."""
    with_one = rosters.with_admissions([admission("新河湾村委会", "130526100399")])
    assert "130526100399" in codes(with_one, OCTOBER) and "130505100399" in codes(with_one, date(2020, 7, 1))
    before, after = ({u.uid: u.code for u in with_one.units(month)} for month in (OCTOBER, date(2020, 7, 1)))
    assert after[next(uid for uid, code in before.items() if code == "130526100399")] == "130505100399"
    placed = with_one.as_of(OCTOBER, date(2020, 7, 1)).to_pylist()
    [place] = [row for row in placed if row["code"] == "130526100399"]
    assert (place["to_code"], place["county"], place["placed_by"]) == ("130505100399", "任泽区", "unit")


def test_an_edition_that_lists_it_ends_the_admission_and_keeps_the_identity(rosters):
    """锦绣乾城社区 is new in the edition of 2019: admitted earlier under a name of another style, it is the same unit."""
    [new] = [edge.after for edge in rosters.edges(2018, 2019) if edge.type == "new"]
    admitted = admission("锦绣乾城社区居委会", f"{new.town_code}199", "城镇社区", since="2019-02")
    with_one = rosters.with_admissions([admitted])
    assert admitted.code in codes(with_one, JULY) and new.code not in codes(with_one, JULY)
    assert admitted.code not in codes(with_one, OCTOBER) and new.code in codes(with_one, OCTOBER)
    [place] = [row for row in with_one.as_of(JULY, OCTOBER).to_pylist() if row["code"] == admitted.code]
    assert (place["to_code"], place["placed_by"]) == (new.code, "unit")
    [place] = [row for row in with_one.as_of(OCTOBER, JULY).to_pylist() if row["code"] == new.code]
    assert (place["to_code"], place["placed_by"]) == (admitted.code, "unit")


def test_before_its_first_month_it_stands_nowhere(rosters):
    with_one = rosters.with_admissions([admission("新河湾村委会")])
    [place] = [row for row in with_one.as_of(JULY, MAY).to_pylist() if row["code"] == f"{TOWN}399"]
    assert (place["to_code"], place["placed_by"], place["reason"]) == (None, None, "增设单位，其时尚未设立")


@pytest.mark.parametrize(("kind", "last"), [("农村社区", "399"), ("城镇社区", "199")])
def test_its_code_is_the_last_of_its_kind_that_nobody_has(rosters, kind, last):
    assert rosters.free_code(TOWN, kind) == f"{TOWN}{last}"
    taken = rosters.with_admissions([admission("甲社区", f"{TOWN}{last}", kind)])
    assert taken.free_code(TOWN, kind) == f"{TOWN}{int(last) - 1}"


def test_a_stated_kind_holds_and_a_usual_one_follows_its_county(rosters):
    usual = admission("甲社区居委会", "130526100199", "城镇社区")
    stated = admission("乙社区居委会", "130524100199", "城市社区")
    with_two = rosters.with_admissions([usual, stated])
    later = date(2020, 7, 1)
    kinds = {unit.name: unit.kind for month in (JULY, later) for unit in with_two.units(month)}
    assert kinds["甲社区居委会"] == "城市社区"  # 任泽区 is a municipal district from 2020-06
    assert {u.kind for u in with_two.units(JULY) if u.name == "甲社区居委会"} == {"城镇社区"}
    assert kinds["乙社区居委会"] == "城市社区"


def test_admissions_are_in_the_digest_and_none_changes_nothing(rosters):
    reference = reference_bundle.load(settings.REPOSITORY / "data" / "reference")
    assert reference.with_admissions([]) is reference
    one = [admission("新河湾村委会")]
    assert reference.with_admissions(one) is reference.with_admissions(list(one))
    assert reference.with_admissions(one).digests["rosters"] != reference.digests["rosters"]
    assert rosters.with_admissions([]).digest() == rosters.digest()


# ---- counties


@pytest.mark.parametrize(
    ("code", "month", "standing"),
    [
        ("130526", date(2020, 5, 1), "130526"),
        ("130526", date(2020, 6, 1), "130505"),
        ("130505", date(2020, 5, 1), "130526"),
        ("130506", date(2019, 5, 1), "130527"),
        ("130502", date(2020, 6, 1), "130502"),
        ("130521", date(2020, 5, 1), "130521"),
        ("130521", date(2020, 6, 1), None),
        ("130524", date(2020, 6, 1), "130524"),
    ],
)
def test_a_county_that_goes_on_whole_keeps_its_identity_and_one_that_was_split_ends(rosters, code, month, standing):
    assert rosters.county_in(code, month) == standing


def test_a_county_has_all_its_codes_under_each_of_them_oldest_first(rosters):
    assert rosters.county_codes("130526") == rosters.county_codes("130505") == ("130526", "130505")
    assert rosters.county_codes("130521") == ("130521",)
