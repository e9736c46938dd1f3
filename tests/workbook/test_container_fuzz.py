"""A slice of the fuzzing run (`fuzz_container.py`); docs/fuzzing.md records the long one."""

import pytest

from tests.workbook.fuzz_container import fuzz


@pytest.mark.slow
def test_two_hundred_mutated_files_end_as_a_workbook_or_a_refusal():
    report = fuzz(seed=20, count=200)
    assert report.failures == []
    assert sum(report.outcomes.values()) == 200
    assert {code for _, code in report.outcomes} > {"read"}
