"""An installation with tasks (督办): two counties that stand still from February to May 2020, both behind in May."""

import shutil
from datetime import date
from pathlib import Path

import pytest

from pipelines import months
from tests import made_once, small_city
from tests.books import Office, plain

MAY, JUNE = date(2020, 5, 1), date(2020, 6, 1)
# 任县 becomes 任泽区 in June
BAIXIANG, REN_COUNTY, REN_DISTRICT = "130524", "130526", "130505"
INDICATOR = "facility_rural"


def made(tmp_path_factory: pytest.TempPathFactory) -> Office:
    folder = made_once.folder(tmp_path_factory, "behind", _make)
    return Office(folder / "data", folder / "reference")


def _make(folder: Path) -> None:
    city = small_city.make(folder / "reference", [BAIXIANG, REN_COUNTY, REN_DISTRICT])
    office = Office(folder / "data", small_city.measure_only(city, [INDICATOR]))
    for month in (months.add(MAY, back) for back in (-3, -2, -1, 0)):
        for county in (BAIXIANG, REN_COUNTY):
            office.send(month, county, few)
    office.run(MAY)


def copy(office: Office, folder: Path) -> Office:
    """The same in a folder of its own, for a test that changes it."""
    shutil.copytree(office.settings.data, folder / "data", symlinks=True)
    return Office(folder / "data", office.settings.reference)


def few(unit) -> dict:
    """Three villages in ten have the facility; the target is half of them."""
    return plain(unit) if unit.code[-1] in "135" else {"households": 200, "facility": "否"}
