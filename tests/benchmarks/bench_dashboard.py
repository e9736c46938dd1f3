"""How fast the dashboard is, beside an empty Streamlit page measured in the same run: ratios, not promises.

    python -m tests.benchmarks.bench_dashboard [--data DIR] [--sessions 50]

The first view in Chromium against an empty page; the server's time for a change of month, indicator or county; what fifty sessions at once
cost. Without a published release, or without Chromium, there is nothing to measure: that is said, exit status 2.
"""

import argparse
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from pipelines import settings
from tests.benchmarks.measured import Measured

ROOT = Path(__file__).parents[2]
APP = ROOT / "dashboards" / "app.py"
PAGES = ("overview", "indicator", "atlas", "county", "unit", "reporting", "policy", "quality", "guide")
# the pages are opened one after another in one session, so a choice may have been seen on the page before
CHANGES = (
    *((page, "month") for page in PAGES),
    ("indicator", "indicator"),
    ("atlas", "indicator"),
    ("county", "county"),
)
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--no-first-run"]


@contextmanager
def served(script: Path, data: Path):
    """A Streamlit server on a free port; its address and its process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.port", str(port)]
    quiet = dict(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "SHEQU_DATA": str(data)}, **quiet)
    try:
        _wait(f"http://127.0.0.1:{port}/_stcore/health")
        yield f"http://127.0.0.1:{port}", process.pid
    finally:
        process.terminate()
        process.wait(10)


def _wait(address: str) -> None:
    for _ in range(300):
        try:
            urllib.request.urlopen(address, timeout=1).close()  # noqa: S310 our own address
            return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    raise SystemExit("streamlit does not answer")


def first_view(browser, address: str, word: str, times: int = 3) -> float:
    """Seconds from the address to the word on the screen, in a fresh browser context; the median."""
    found = []
    for _ in range(times):
        context = browser.new_context(viewport={"width": 1920, "height": 1080})
        page = context.new_page()
        start = time.perf_counter()
        page.goto(address)
        page.get_by_text(word).first.wait_for(timeout=120_000)
        found.append(time.perf_counter() - start)
        context.close()
    return statistics.median(found)


def server_times(data: Path, changes: int) -> dict[str, float]:
    """CPU seconds of a change of month, indicator or county on each page, the median of choices, without a browser."""
    os.environ["SHEQU_DATA"] = str(data)
    from streamlit.testing.v1 import AppTest

    opened = AppTest.from_file(str(APP), default_timeout=120).run()
    release = opened.session_state["view"].release
    opened.query_params["unit"] = release.rows("SELECT unit FROM unit ORDER BY unit LIMIT 1", [])[0]["unit"]
    found = {}
    for page, choice in CHANGES:
        opened.switch_page(f"app_pages/{page}.py").run()
        known = range(min(changes, len(opened.selectbox(key=f"pick-{choice}").options)))
        taken = [_cpu(lambda n=n, choice=choice: _choose(opened, choice, n)) for n in known]
        found[f"{choice}, {page}"] = statistics.median(taken)
    return found


def _choose(opened, choice: str, number: int) -> None:
    opened.selectbox(key=f"pick-{choice}").select_index(number).run()
    assert not opened.exception


def _cpu(action) -> float:
    start = time.process_time()
    action()
    return time.process_time() - start


def crowd(address: str, pid: int, sessions: int) -> dict[str, tuple[float, str]]:
    """Sessions at once over WebSocket, all open until the last has its page: seconds, the server's CPU and memory."""
    before, at_rest = _ticks(pid), _memory(pid)
    with ThreadPoolExecutor(sessions) as pool:
        taken = sorted(pool.map(_session, [address] * sessions, [threading.Barrier(sessions)] * sessions))
    return {
        "median": (statistics.median(taken), "s"),
        "slowest": (taken[-1], "s"),
        "CPU a session": ((_ticks(pid) - before) / sessions, "s CPU"),
        "memory a session": ((_memory(pid) - at_rest) / sessions, "MB"),
        "memory in all": (_memory(pid), "MB"),
    }


def _session(address: str, all_there: threading.Barrier) -> float:
    """Connect as a browser does, ask for the page, read until the script has finished; leave when everybody has."""
    from streamlit.proto.BackMsg_pb2 import BackMsg
    from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
    from websockets.sync.client import connect

    start = time.perf_counter()
    place = address.replace("http", "ws") + "/_stcore/stream"
    with connect(place, origin=address, subprotocols=["streamlit"], max_size=None, open_timeout=120) as socket_:
        message = BackMsg()
        message.rerun_script.query_string = ""
        socket_.send(message.SerializeToString())
        while True:
            heard = ForwardMsg()
            heard.ParseFromString(socket_.recv(timeout=180))
            if heard.WhichOneof("type") == "script_finished":
                taken = time.perf_counter() - start
                all_there.wait()
                return taken


def _ticks(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def measure(quick: bool = False, data: Path | None = None, sessions: int = 50) -> list[Measured]:
    """G5 on a data folder with releases (default: that of `settings`). Nothing where it has none, or Chromium is missing."""
    data = data or settings.load().data
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None or not (data / "releases" / "current").exists():
        return []
    views, changes, sessions = (3, 4, min(sessions, 10)) if quick else (5, 12, sessions)
    (base, _), (ours, crowded) = _in_browser(chromium, data, views, sessions)
    empty = "empty Streamlit page"
    found = [Measured("G5", "first view of the overview", ours, "s", 1.5, base, empty)]
    for name, seconds in server_times(data, changes).items():
        found.append(Measured("G5", f"change of {name}", 1000 * seconds, "ms CPU", 150))
    return [*found, *(Measured("G5", f"{sessions} sessions at once, {name}", *taken) for name, taken in crowded.items())]


def _in_browser(chromium: str, data: Path, views: int, sessions: int) -> list[tuple]:
    """(seconds of the first view, what the crowd cost) of an empty page and of the overview."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as engine:
        blank = Path(folder) / "blank.py"
        blank.write_text("import streamlit as st\nst.write('empty')\n")
        browser = engine.chromium.launch(executable_path=chromium, args=QUIET)
        found = []
        for script, word in ((blank, "empty"), (APP, "项主要指标:")):
            with served(script, data) as (address, pid):
                found.append((first_view(browser, address, word, views), crowd(address, pid, sessions)))
        browser.close()
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--sessions", type=int, default=50)
    asked = parser.parse_args()
    print(f"load before: {os.getloadavg()[0]:.1f}")
    found = measure(data=asked.data, sessions=asked.sessions)
    for line in found:
        ratio = f", {line.peer_name} {line.peer:.2f}, ratio {line.ratio:.2f}" if line.peer else ""
        print(f"{line.what}: {line.ours:.2f} {line.unit}{ratio}")
    return 0 if found else 2


if __name__ == "__main__":
    sys.exit(main())
