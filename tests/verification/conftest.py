"""An office with one county's report of April 2020, released: every village but twelve says that it has a facility."""

import shutil
from pathlib import Path

import pytest

from tests import made_once, small_city
from tests.books import Office, plain
from tests.verification.spot_office import COUNTY, FACILITY, MONTH


def _report(folder: Path) -> None:
    reference = small_city.measure_only(small_city.make(folder / "reference", [COUNTY]), [FACILITY, "charter"])
    office = Office(folder / "data", reference)
    villages = [unit.code for unit in office.units(MONTH, COUNTY) if unit.kind == "农村社区"]
    without = set(villages[:12])
    office.send(MONTH, COUNTY, lambda u: {**plain(u), "facility": "否"} if u.code in without else plain(u))
    office.run(MONTH)


@pytest.fixture(scope="session")
def reported(tmp_path_factory) -> Office:
    """One county, April 2020: every village but twelve says that it has a facility; released."""
    folder = made_once.folder(tmp_path_factory, "spot", _report)
    return Office(folder / "data", folder / "reference")


@pytest.fixture
def office(reported, tmp_path) -> Office:
    """A copy that a test may change."""
    shutil.copytree(reported.settings.data, tmp_path / "data")
    return Office(tmp_path / "data", reported.settings.reference)
