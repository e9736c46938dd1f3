"""A small installation made by real means: sample workbooks of three counties, two months, submitted and published."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import lxml.html
import pytest
from click.testing import CliRunner
from streamlit.testing.v1 import AppTest

from dashboards.page_list import PAGES
from pipelines import months, settings
from pipelines.cli.commands import main
from pipelines.errors import Refusal
from pipelines.intake import session, submit_files
from pipelines.monthly import monthly_run
from pipelines.reference import reference_bundle
from pipelines.sample.write_samples import Sample
from pipelines.serving import background_runs
from tests import made_once

ROOT = Path(__file__).parents[2]
APP = ROOT / "dashboards" / "app.py"
MONTHS = ("2020-05", "2020-06")
# small counties, and one with city communities
COUNTIES = ("130502", "130524", "130530")
ADDRESSES = {page.file: page.address for page in PAGES}


class Few(Sample):
    """The sample's world, of which only a few counties report."""

    def reports(self, month):
        return [report for report in super().reports(month) if report.place.code in COUNTIES]


@pytest.fixture(scope="session")
def installed(tmp_path_factory) -> Path:
    """The workbooks, and data folders with one month and with both."""
    return made_once.folder(tmp_path_factory, "dashboards", _install)


def _install(folder: Path) -> None:
    place = settings.load(folder / "both")
    for key, written in _write_workbooks(folder / "workbooks").items():
        submit_files.submit(written, place, by="测试")
        with session.writing(place, "测试") as opened:
            monthly_run.publish_month(opened, place, months.parse(key))
        if key == MONTHS[0]:
            shutil.copytree(place.data, folder / "one")


def _write_workbooks(folder: Path) -> dict[str, list[Path]]:
    reference = reference_bundle.load(settings.load().reference)
    sample, written = Few(reference.form, reference.rosters), {}
    for key in MONTHS:
        for report, content in sample.workbooks(months.parse(key)):
            # named so that they sort in order of arrival
            place = folder / key / report.file
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
            written.setdefault(key, []).append(place)
    return written


@pytest.fixture(scope="session")
def workbooks(installed) -> list[Path]:
    """The filled workbooks of the months, in order of arrival."""
    return sorted(path for path in (installed / "workbooks").rglob("*") if path.is_file())


@pytest.fixture(scope="session")
def made(installed) -> dict[str, Path]:
    """Data folders with one month and with both. The first is a copy, made before the second month came in."""
    return {name: installed / name for name in ("one", "both")}


@pytest.fixture
def empty(tmp_path) -> Path:
    return tmp_path


@pytest.fixture
def fresh(made, tmp_path) -> Path:
    """A copy of the installation that a test may change."""
    return Path(shutil.copytree(made["both"], tmp_path / "data"))


@pytest.fixture
def app(monkeypatch):
    """`app(data, page, **address)`: a page as a reader opens it, run once."""

    def run(data: Path, page: str = "overview", **address: str) -> AppTest:
        monkeypatch.setenv("SHEQU_DATA", str(data))
        opened = AppTest.from_file(str(APP), default_timeout=900)
        if page != "overview":
            # before the first run Streamlit knows a page by its file's name alone
            if page != ADDRESSES[page]:
                opened.run()
            opened.switch_page(f"app_pages/{page}.py")
        for name, value in address.items():
            opened.query_params[name] = value
        return opened.run()

    return run


def here(settings, *arguments: str, doing: str = ""):
    """`background_runs.command` in this process."""
    done = CliRunner().invoke(main, ["--data", str(settings.data), *arguments])
    if done.exit_code:
        raise Refusal(background_runs._reason(done.output))
    yield doing


def texts(page: AppTest) -> str:
    """All words that a page says outside tables and charts, with Markdown's escapes taken off."""
    said = [
        *page.header,
        *page.subheader,
        *page.markdown,
        *page.caption,
        *page.warning,
        *page.info,
        *page.error,
        *page.success,
    ]
    sentences = [block for item in page.get("html") for block in _said(item.proto.body)]
    return "\n".join([*(str(item.value).replace("\\", "") for item in said), *sentences])


def _said(body: str) -> list[str]:
    """The blocks of sentences in a page's HTML, a line each."""
    if 'class="said' not in body:
        return []
    blocks = lxml.html.fragment_fromstring(body, create_parent="div").iterfind(".//div[@class]")
    return [
        "\n".join(" ".join(line.itertext()) for line in block)
        for block in blocks
        if "said" in block.get("class").split()
    ]


def tables(page: AppTest) -> list[list[dict[str, str]]]:
    """The tables of a page: rows by the words of their heads."""
    return [_table(item.proto.body) for item in page.get("html") if "<table" in item.proto.body]


def _table(body: str) -> list[dict[str, str]]:
    rows = lxml.html.fromstring(body).iterfind(".//tr")
    head, *lines = ([cell.text_content() for cell in row] for row in rows)
    return [dict(zip(head, line, strict=True)) for line in lines]


def table_with(page: AppTest, head: str) -> list[dict[str, str]]:
    """The first table with such a head."""
    return next(table for table in tables(page) if table and head in table[0])


# ---- a server, for the browser and for benchmarks


@pytest.fixture(scope="session")
def serve():
    """`serve(data)`: the address of a dashboard served from a folder; stopped when the tests end."""
    running = []

    def start(data: Path) -> str:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = [sys.executable, "-m", "dashboards.server", "run", str(APP), "--server.port", str(port)]
        log = (data.parent / f"server-{port}.log").open("wb")
        environment = {**os.environ, "SHEQU_DATA": str(data)}
        running.append(subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log))
        _wait(f"http://127.0.0.1:{port}/_stcore/health", running[-1])
        return f"http://127.0.0.1:{port}"

    yield start
    for process in running:
        process.terminate()
        process.wait(120)


def _wait(address: str, process: subprocess.Popen) -> None:
    for _ in range(6000):
        assert process.poll() is None, "streamlit ended before it answered"
        try:
            urllib.request.urlopen(address, timeout=1).close()  # noqa: S310 our own address
            return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    raise AssertionError(f"no answer from {address}")
