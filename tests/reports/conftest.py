"""Releases of the small installation, opened."""

import pytest

from pipelines import settings
from pipelines.edition import Release, open_release
from pipelines.settings import Settings
from tests import made_once
from tests.reports.small import installation


@pytest.fixture(scope="session")
def place(tmp_path_factory) -> Settings:
    folder = made_once.folder(tmp_path_factory, "small", installation)
    return Settings(folder, settings.load().reference)


@pytest.fixture(scope="session")
def may(place: Settings) -> Release:
    return open_release("2020-05", settings=place)


@pytest.fixture(scope="session")
def june(place: Settings) -> Release:
    return open_release("2020-06", settings=place)
