"""Small cities of real units, made once."""

import pytest

from tests import small_city


@pytest.fixture(scope="session")
def plain_city(tmp_path_factory):
    """Reference data: a county, the zone, and 任县 that becomes 任泽区."""
    return small_city.make(tmp_path_factory.mktemp("plain") / "reference")


@pytest.fixture(scope="session")
def split_city(tmp_path_factory):
    """Reference data: besides, the districts between which 邢台县 was split in 2020-06."""
    return small_city.make(tmp_path_factory.mktemp("split") / "reference", small_city.SPLIT)
