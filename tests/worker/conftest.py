"""An office that takes workbooks of one small county, made once as reference data."""

import pytest

from pipelines.worker import worker_pool
from tests import small_city
from tests.books import Office

MEASURED = ("facility_rural", "platform_rural", "platform_linked", "agency")


@pytest.fixture(scope="session")
def zone(tmp_path_factory):
    city = small_city.make(tmp_path_factory.mktemp("zone") / "reference", ["130571", "130524"])
    return small_city.measure_only(city, MEASURED)


@pytest.fixture
def office(zone, tmp_path) -> Office:
    yield Office(tmp_path / "data", zone)
    worker_pool.dismiss()
