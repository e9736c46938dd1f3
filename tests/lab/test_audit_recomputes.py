"""The audit over the sample: what the program publishes of three months, recomputed from the workbooks, agrees in every figure."""

import os
import subprocess

import pytest

from lab.audit import __main__ as audit
from pipelines import settings
from tests import small_city

pytestmark = pytest.mark.slow
# a New Year between, and the change of divisions of 2020-06
SPANS = {"new_year": "2018-12..2019-02", "merger": "2020-05..2020-07"}
COUNTIES = ("柏乡县", "河北邢台经济开发区", "任县", "任泽区")


@pytest.fixture(scope="module", params=SPANS)
def installation(request, tmp_path_factory):
    """A small city, with the sample of three months of its counties submitted and run; (data folder, reference, months)."""
    folder = tmp_path_factory.mktemp(request.param)
    reference = small_city.make(folder / "reference")
    span = SPANS[request.param]
    # the sample grows from the summer of 2018 on: it needs editions that the small city lacks
    shequ(folder, small_city.REFERENCE, "sample", "--months", span, "--out", str(folder / "sample"))
    files = [str(path) for path in sorted((folder / "sample").rglob("*.xlsx")) if path.name.startswith(COUNTIES)]
    shequ(folder, reference, "submit", *files, allowed=(0, 1))
    for month in _months(span):
        shequ(folder, reference, "run", "--month", month)
    return folder / "data", reference, span


def _months(span: str) -> list[str]:
    first, last = span.split("..")
    year, month = map(int, first.split("-"))
    listed = [f"{year + (month + n - 1) // 12}-{(month + n - 1) % 12 + 1:02}" for n in range(3)]
    assert listed[-1] == last
    return listed


def shequ(folder, reference, *arguments: str, allowed=(0,)) -> None:
    command = [audit.SHEQU, "--data", str(folder / "data"), *arguments]
    done = subprocess.run(
        command,
        env={**os.environ, "SHEQU_REFERENCE": str(reference)},
        cwd=settings.REPOSITORY,
        capture_output=True,
        text=True,
    )
    assert done.returncode in allowed, done.stdout + done.stderr


ARITHMETIC = "value,known,lower,upper,numerator,denominator,unknown,failing,carried"


def test_every_figure_of_the_sample_is_recomputed_from_its_workbooks(installation, monkeypatch, capsys):
    data, reference, span = installation
    monkeypatch.setenv("SHEQU_REFERENCE", str(reference))
    found = audit.main(
        [str(data), "--months", span, "--reference", str(reference), "--communities", "--keys", ARITHMETIC]
    )
    said = capsys.readouterr().out
    assert found == 0, said
    assert "differences: 0" in said


def test_a_figure_that_was_altered_is_found(installation, monkeypatch, capsys):
    data, reference, span = installation
    monkeypatch.setenv("SHEQU_REFERENCE", str(reference))
    published = audit._published

    def altered(*arguments):
        figures = published(*arguments)
        figures[0]["numerator"] += 1
        return figures

    monkeypatch.setattr(audit, "_published", altered)
    found = audit.main([str(data), "--months", span[-7:], "--reference", str(reference), "--keys", ARITHMETIC])
    assert found == 1
    assert "differences: 1" in capsys.readouterr().out
