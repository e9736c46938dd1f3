"""Workbooks of a country and loaded answers of the same units give the same figures, to the last row."""

import pytest

from lab.benchmarks import bench_whole, country, country_agrees

pytestmark = pytest.mark.skipif(not country.NATIONAL.exists(), reason="the national roster lies beside the repository")


def test_figures_from_workbooks_are_those_from_loaded_answers(tmp_path, monkeypatch):
    monkeypatch.setattr(bench_whole.tempfile, "gettempdir", lambda: str(tmp_path))
    differences = country_agrees.differences(1_500)
    assert all(rows for rows, _ in differences.values())
    assert {name: differing for name, (_, differing) in differences.items()} == dict.fromkeys(differences, 0)
