"""How fast the dashboard is, beside an empty Streamlit page measured in the same run: ratios, not promises.

    python tests/benchmarks/bench_dashboard.py --data DIR [--sessions 50]

Prints: the first view in Chromium against an empty page; the server's time for a filter change and for each page; what fifty
sessions at once cost. Exit status 2 where Chromium is missing.
"""

import argparse
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
APP = ROOT / "dashboards" / "app.py"
PAGES = ("overview", "indicator", "atlas", "county", "unit", "reporting", "policy", "quality", "guide")
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


def server_times(data: Path) -> dict[str, float]:
    """CPU seconds of one run of each page, and of a change of month, without a browser."""
    os.environ["SHEQU_DATA"] = str(data)
    from streamlit.testing.v1 import AppTest

    found = {}
    opened = AppTest.from_file(str(APP), default_timeout=120).run()
    options = opened.selectbox(key="pick-month").options
    for name in PAGES:
        opened.switch_page(f"app_pages/{name}.py").run()
        found[name] = statistics.median(_cpu(opened.run) for _ in range(3))
    opened.switch_page("app_pages/overview.py").run()
    months = opened.selectbox(key="pick-month")
    found["change of month"] = _cpu(lambda: months.select_index(min(1, len(options) - 1)).run())
    return found


def _cpu(action) -> float:
    start = time.process_time()
    action()
    return time.process_time() - start


def crowd(address: str, pid: int, sessions: int) -> dict[str, float]:
    """Sessions at once over WebSocket: seconds until each has its page, the server's CPU, its memory."""
    before = _ticks(pid)
    start = time.perf_counter()
    with ThreadPoolExecutor(sessions) as pool:
        taken = sorted(pool.map(_session, [address] * sessions))
    return {
        "median s": statistics.median(taken),
        "slowest s": taken[-1],
        "all s": time.perf_counter() - start,
        "CPU s a session": (_ticks(pid) - before) / sessions,
        "memory MB": _memory(pid),
    }


def _session(address: str) -> float:
    """Connect as a browser does, ask for the page, read until the script has finished."""
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
                return time.perf_counter() - start


def _ticks(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sessions", type=int, default=50)
    asked = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        print("Chromium is missing: nothing measured")
        return 2
    from playwright.sync_api import sync_playwright

    print(f"load before: {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as engine:
        blank = Path(folder) / "blank.py"
        blank.write_text("import streamlit as st\nst.write('empty')\n")
        browser = engine.chromium.launch(executable_path=chromium, args=QUIET)
        with served(blank, asked.data) as (empty, pid):
            base = first_view(browser, empty, "empty")
            base_crowd = crowd(empty, pid, asked.sessions)
        with served(APP, asked.data) as (address, pid):
            ours = first_view(browser, address, "项主要指标:")
            our_crowd = crowd(address, pid, asked.sessions)
        browser.close()
    print(f"first view: empty {base:.2f} s, overview {ours:.2f} s, ratio {ours / base:.2f}")
    for name in base_crowd:
        print(f"{asked.sessions} sessions, {name}: empty {base_crowd[name]:.2f}, overview {our_crowd[name]:.2f}")
    for name, seconds in server_times(asked.data).items():
        print(f"server CPU, {name}: {seconds:.2f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
