"""A small installation: two months of three counties lie in its inbox."""

from itertools import islice
from pathlib import Path

import dagster as dg
import pytest

from pipelines import months, settings
from pipelines.definitions import build_defs
from pipelines.reference import reference_bundle
from pipelines.reference.reference_bundle import Reference
from pipelines.sample.write_samples import Sample
from pipelines.settings import Settings

FIRST, LAST = "2018-08", "2018-09"
COUNTIES = 3
AT_ONCE = {"ops": {"submissions": {"config": {"still_for": 0}}}}


@pytest.fixture(scope="session")
def reference() -> Reference:
    return reference_bundle.load(settings.load().reference)


@pytest.fixture(scope="session")
def workbooks(reference, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("workbooks")
    sample = Sample(reference.form, reference.rosters)
    for month in months.parse_span(f"{FIRST}..{LAST}"):
        for report, data in islice(sample.workbooks(month), COUNTIES):
            place = folder / report.file
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
    return folder


def installed(folder: Path, reference: Reference) -> Settings:
    """An empty installation in the folder."""
    installation = Settings(folder / "data", reference.folder)
    installation.inbox.mkdir(parents=True)
    return installation


def run(installation: Settings, instance: dg.DagsterInstance, first: str = FIRST, last: str = LAST):
    """The monthly job over a span of months, as a backfill runs it, in this process."""
    tags = {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}
    job = build_defs(installation).resolve_job_def("monthly")
    return job.execute_in_process(instance=instance, tags=tags, run_config=AT_ONCE, raise_on_error=False)
