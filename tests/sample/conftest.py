"""The sample of the repository's own form and rosters."""

from datetime import date

import pytest

from pipelines import sample, settings
from pipelines.reference import form as forms
from pipelines.reference import roster

REFERENCE = settings.REPOSITORY / "data" / "reference"
JUNE = date(2019, 6, 1)


@pytest.fixture(scope="session")
def form() -> forms.Form:
    return forms.load(REFERENCE)


@pytest.fixture(scope="session")
def rosters() -> roster.Rosters:
    return roster.load(REFERENCE)


@pytest.fixture(scope="session")
def invented(form, rosters) -> sample.Sample:
    return sample.Sample(form, rosters)


@pytest.fixture(scope="session")
def june(invented) -> dict[str, bytes]:
    """The workbooks of 2019-06 by file."""
    return {report.file: data for report, data in invented.workbooks(JUNE)}
