"""A small installation: four counties of the real roster, three months, a correction, a waiver and an approval.

Not the sample that the documentation shows: another seed, most counties silent, so that reports and notebooks meet
what is missing.
"""

from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path

from pipelines import settings
from pipelines.intake import collect_inbox, decisions, session
from pipelines.monthly import monthly_run
from pipelines.reference import reference_bundle
from pipelines.sample.write_samples import Sample
from pipelines.settings import Settings

APRIL, MAY, JUNE = (date(2020, month, 1) for month in (4, 5, 6))
COUNTIES = ("130502", "130523", "130524", "130530")
LATE = "130524"


class FewCounties(Sample):
    """The invented programme, of which only a few counties report."""

    def reports(self, month: date) -> list:
        return [report for report in super().reports(month) if report.origin in COUNTIES]


@cache
def installation(folder: Path) -> Settings:
    """Editions 2020-04/1, 2020-05/1 (one county late), 2020-05/2 (it came; a finding waived, the month approved),
    2020-06/1.
    """
    place = Settings(folder, settings.load().reference)
    reference = reference_bundle.load(place.reference)
    sample = FewCounties(reference.form, reference.rosters, seed=7)
    with session.writing(place, "测试") as opened:
        for month in (APRIL, MAY):
            _receive(opened, place, sample, month, lambda county, month=month: month != MAY or county != LATE)
        monthly_run.publish_month(opened, place, APRIL)
        monthly_run.publish_month(opened, place, MAY)
        _receive(opened, place, sample, MAY, lambda county: county == LATE)
        finding = opened.con.execute(
            "SELECT id FROM finding WHERE severity = 'warning' ORDER BY seq DESC, number LIMIT 1"
        ).fetchone()
    if finding:
        decisions.waive(finding[0], "现场核实无误", date(2020, 12, 1), place, "市局李某")
    with session.writing(place, "测试") as opened:
        monthly_run.publish_month(opened, place, MAY)
        _receive(opened, place, sample, JUNE, lambda county: True)
        monthly_run.publish_month(opened, place, JUNE)
    return place


def _receive(opened, place: Settings, sample: Sample, month: date, wanted) -> None:
    for name, data in _files(sample, month, wanted):
        path = place.inbox / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    collect_inbox.collect(opened, place)


def _files(sample: Sample, month: date, wanted) -> Iterator[tuple[str, bytes]]:
    for report, data in sample.workbooks(month):
        if wanted(report.origin):
            yield report.file, data
