"""Releases of the small installation, opened."""

from pathlib import Path

import pytest

from pipelines.edition import Release, open_release
from pipelines.settings import Settings
from tests.reports.small import installation

_HERE: list[Path] = []


@pytest.fixture(scope="session")
def place(tmp_path_factory) -> Settings:
    return installation(small_folder(tmp_path_factory))


def small_folder(tmp_path_factory) -> Path:
    """One folder a process, however many fixtures ask."""
    if not _HERE:
        _HERE.append(tmp_path_factory.mktemp("small"))
    return _HERE[0]


@pytest.fixture(scope="session")
def may(place: Settings) -> Release:
    return open_release("2020-05", settings=place)


@pytest.fixture(scope="session")
def june(place: Settings) -> Release:
    return open_release("2020-06", settings=place)
