"""The audit over the sample: what the program publishes, recomputed from the workbooks, agrees in every figure and verdict."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from lab.audit import __main__ as audit
from pipelines import months, settings
from pipelines.cli.commands import main
from pipelines.intake import session, submit_files
from pipelines.monthly import monthly_run
from pipelines.reference import reference_bundle
from pipelines.sample.write_samples import Sample
from tests import small_city

pytestmark = pytest.mark.slow
# a New Year between; the change of divisions of 2020-06, a month before and one after
SPANS = {"new_year": "2018-12..2019-01", "merger": "2020-05..2020-07"}
# 柏乡县, the zone, 任县 that becomes 任泽区
COUNTIES = ("130524", "130571", "130526", "130505")


class Few(Sample):
    """The sample's world, of which only a few counties report."""

    def reports(self, month):
        return [report for report in super().reports(month) if report.place.code in COUNTIES]


@pytest.fixture(scope="module", params=SPANS)
def installation(request, tmp_path_factory):
    """A small city, with the sample of these months of its counties submitted and published; (data folder, reference, months)."""
    folder = tmp_path_factory.mktemp(request.param)
    made = settings.Settings(folder / "data", small_city.make(folder / "reference", COUNTIES))
    # the sample grows from the summer of 2018 on: it needs editions that the small city lacks
    whole = reference_bundle.load(small_city.REFERENCE)
    sample = Few(whole.form, whole.rosters)
    for month in _months(SPANS[request.param]):
        submit_files.submit(list(_written(sample, month, folder)), made, by="测试")
        with session.writing(made, "测试") as opened:
            monthly_run.publish_month(opened, made, month)
    return made.data, made.reference, SPANS[request.param]


def _months(span: str) -> list:
    first, last = map(months.parse, span.split(".."))
    return list(months.span(first, last))


def _written(sample: Sample, month, folder: Path):
    for report, content in sample.workbooks(month):
        place = folder / "sample" / report.file
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        yield place


@pytest.fixture
def published(installation, monkeypatch):
    """`shequ figures --json` in this process: a process for every month would take most of the time."""
    data, reference, _ = installation
    monkeypatch.setenv("SHEQU_REFERENCE", str(reference))

    def figures(_, policy: str, month: int, level: str | None = None) -> list[dict]:
        asked = ["--data", str(data), "figures", "--json", "--month", audit.dates.text(month), "--policy", policy]
        done = CliRunner().invoke(main, [*asked, *(["--level", level] if level else [])])
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    monkeypatch.setattr(audit, "_published", figures)
    return figures


def test_every_figure_and_verdict_of_the_sample_is_recomputed_from_its_workbooks(installation, published, capsys):
    data, reference, span = installation
    exit_status = audit.main([str(data), "--months", span, "--reference", str(reference), "--communities"])
    said = capsys.readouterr().out
    assert exit_status == 0, said
    assert "differences: 0" in said
    assert "  status: 0 compared" not in said


# whatever the span: one is enough
@pytest.mark.parametrize("installation", ["merger"], indirect=True)
@pytest.mark.parametrize(("key", "changed"), [("numerator", 7), ("status", "met"), ("gap_unknown", 1)])
def test_a_figure_that_was_altered_is_found(installation, published, monkeypatch, capsys, key, changed):
    data, reference, span = installation

    def altered(*arguments):
        figures = published(*arguments)
        row = next(figure for figure in figures if figure[key] not in (None, changed))
        row[key] = changed
        return figures

    monkeypatch.setattr(audit, "_published", altered)
    exit_status = audit.main([str(data), "--months", span[-7:], "--reference", str(reference)])
    assert exit_status == 1
    assert "differences: 1" in capsys.readouterr().out
