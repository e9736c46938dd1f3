"""The page of all benchmarks says what was missed, what failed, what was lacking; one that is measured again leaves the others."""

import json

from lab.benchmarks import __main__ as suite
from lab.benchmarks.__main__ import Run
from lab.benchmarks.measured import Lacking, Measured

WHEN = "2026-11-25 12:00"


def test_the_page_tells_what_is_missed_failed_and_lacking():
    met = Measured("G1", "read", 1.25, "ms", 1.5, 2.5, "calamine")
    missed = Measured("G3", "rebuild", 61.0, "s", 60.0)
    text = suite.page(
        [
            Run("reading", WHEN, 0.1, 3.0, [met, missed]),
            Run("load", WHEN, 0.1, failed=True),
            Run("cluster", WHEN, 0.2, lacking="Java 17"),
        ],
        quick=False,
    )
    assert "1 of 2 targets met" in text
    assert "- **missed**: G3, rebuild" in text
    assert "- **failed**: bench_load" in text
    assert "- not measured: bench_cluster: Java 17" in text
    assert "| read | 1.25 ms | 2.50 ms (calamine) | 0.50 | ≤ 1.5 | yes |" in text
    assert "| rebuild | 61 s |  |  | ≤ 60 | **no** |" in text


def test_one_measured_again_leaves_what_was_measured_of_the_others(tmp_path, monkeypatch):
    monkeypatch.setattr(suite, "PAGE", tmp_path / "performance.md")
    monkeypatch.setattr(suite, "NUMBERS", tmp_path / "performance.json")
    monkeypatch.setattr(suite, "run", lambda name, quick: Run(name, WHEN, 0.0, 1.0, [Measured("G1", name, 1.0, "s")]))
    assert suite.main(["--write", "--only", "reading,city"]) == 0
    monkeypatch.setattr(
        suite, "run", lambda name, quick: Run(name, WHEN, 0.0, 1.0, [Measured("G1", name, 9.0, "s", 2)])
    )
    assert suite.main(["--write", "--only", "city"]) == 1
    kept = json.loads((tmp_path / "performance.json").read_text(encoding="utf-8"))
    assert [(run["name"], run["lines"][0]["ours"]) for run in kept] == [("reading", 1.0), ("city", 9.0)]
    assert "| reading | 1 s |" in (tmp_path / "performance.md").read_text(encoding="utf-8")


def test_a_benchmark_that_lacks_something_says_what(monkeypatch, capsys):
    class Module:
        @staticmethod
        def measure(quick):
            raise Lacking("Chromium\n(apt-get install chromium)")

    monkeypatch.setattr(suite.importlib, "import_module", lambda name: Module)
    assert suite.child("dashboard", False) == suite.LACKING
    assert capsys.readouterr().out == "Chromium (apt-get install chromium)\n"
