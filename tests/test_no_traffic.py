"""Nothing leaves the machine: the month's whole way in a network of its own that has no way out, every system call of it watched."""

import os
import re
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from tests import small_city
from tests.books import Office

ROOT = Path(__file__).resolve().parents[1]
APRIL, COUNTY = date(2020, 4, 1), "130571"
WAY = """
import sys
from pathlib import Path
from click.testing import CliRunner
from pipelines.cli.commands import main
data, workbook, out = sys.argv[1:]
for words in (["submit", workbook, "--receipts", out], ["run", "--month", "2020-04"], ["report", "--out", out], ["health"]):
    done = CliRunner().invoke(main, ["--data", data, *words])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.output
    print(words[0], done.exit_code)
from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1 import AppTest
ContextProxy.ip_address, ContextProxy.cookies = None, {}  # as in tests/conftest.py
opened = AppTest.from_file("dashboards/app.py", default_timeout=900).run()
assert not opened.exception
print("pages", len(opened.markdown) > 0)
from dagster import DagsterInstance, materialize
from pipelines.definitions import build_defs
from pipelines import settings
defs = build_defs(settings.load(data))
print("dagster", defs.get_repository_def().name != "")
"""


def alone() -> list[str]:
    """A network of its own, where the kernel gives one: loopback is there and down, nothing else is."""
    for command in (["unshare", "-n"], ["unshare", "-rn"]):
        if (
            shutil.which("unshare")
            and subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0
        ):
            return command
    return []


def test_nothing_leaves_the_machine(tmp_path):
    reference = small_city.measure_only(small_city.make(tmp_path / "reference", [COUNTY]), ("facility_rural",))
    office = Office(tmp_path / "data", reference)
    workbook = office.workbook(APRIL, COUNTY, record={"population": 12000})
    command = [sys.executable, "-c", WAY, str(office.settings.data), str(workbook), str(tmp_path / "out")]
    trace = tmp_path / "trace"
    watched = (
        []
        if not shutil.which("strace")
        else ["strace", "-f", "--seccomp-bpf", "-qq", "-o", str(trace), "-e", "trace=connect,sendto,sendmsg"]
    )
    if not (network := alone()) and not watched:
        pytest.skip("这里既不能隔离网络(unshare)也没有 strace")
    environment = {
        **os.environ,
        "SHEQU_REFERENCE": str(reference),
        "SHEQU_DATA": str(office.settings.data),
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        [*network, *watched, *command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=1800,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.split("\n")[:2] == ["submit 0", "run 0"] and "report 0" in done.stdout
    assert "pages True" in done.stdout and "dagster True" in done.stdout
    if watched:
        calls = trace.read_text(errors="replace").splitlines()
        outside = [line for line in calls if "AF_INET" in line and not re.search(r'127\.0\.0\.1|"::1"', line)]
        assert outside == []
