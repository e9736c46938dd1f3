"""What a command loads: a county's clerk waits for it."""

import subprocess
import sys
from datetime import date

import pytest

from pipelines import settings
from tests import small_city
from tests.books import Office, plain

COUNTY = "130571"

NEVER = {"pandas", "dagster", "streamlit", "plotly", "xlsxwriter", "docx", "jinja2"}
CHILD = """
import sys
from pipelines.cli.commands import main
try:
    main(sys.argv[1:])
finally:
    print(*{name.partition(".")[0] for name in sys.modules}, file=sys.stderr)
"""


def loaded(*arguments: str) -> set[str]:
    """Top names of the modules that a command has loaded at its end."""
    command = [sys.executable, "-c", CHILD, *arguments]
    done = subprocess.run(command, cwd=settings.REPOSITORY, capture_output=True, text=True)
    return set(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize("command", ["check", "submit", "run", "template", "status"])
def test_help_loads_no_library_of_the_pipelines(command):
    assert not loaded(command, "--help") & (NEVER | {"pyarrow", "duckdb", "sqlglot", "numpy", "pydantic"})


def test_a_check_loads_what_it_needs_and_no_more(tmp_path, monkeypatch):
    office = Office(tmp_path / "data", small_city.make(tmp_path / "reference", [COUNTY]))
    first, second = date(2020, 4, 1), date(2020, 5, 1)
    office.submit(office.workbook(first, COUNTY, plain, {"agency": "是"}))
    office.run(first)
    monkeypatch.setenv("SHEQU_REFERENCE", str(office.settings.reference))
    sent = office.workbook(second, COUNTY, plain, {"agency": "是"})
    assert not loaded("--data", str(office.settings.data), "check", str(sent)) & NEVER
