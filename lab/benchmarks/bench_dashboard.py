"""How fast the dashboard is: its first view beside an empty Streamlit page, every control of every room, fifty sessions at once.

    python -m lab.benchmarks.bench_dashboard [--quick] [--city DIR] [--country DIR] [--sessions 50] [--all]

The first view: in Chromium, from the address to the word on the screen, and to the last bar and square; an empty page and ours by turns,
from two servers that stand side by side, each time in a fresh browser context with nothing cached.

A change: a real server and a session over WebSocket, as a browser holds it. Every room of the dashboard has a server of its own that has
shown only that room; every control that the room sends (month, divisions, indicator, county, units, …) is turned to values that nobody
has asked for before. What is told is the server's CPU from the request until the session has heard the last element: script, queries,
drawing, serialisation, sending. A room's line is its dearest control, the median over the values; `--all` prints every control.

Sessions: so many at once, each through five rooms, held open until all are through; and the same again when they have left.

The city has 29 months (quick: 3), the country 611,793 units in two months (quick: 30,000 units). Both are made where they are not given,
and kept in the folder for temporary files. Without Chromium the first view is not measured, without the national roster the country.
"""

import argparse
import hashlib
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
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from lab.benchmarks import city, country, country_shelf
from lab.benchmarks.measured import Measured
from lab.benchmarks.session import Answer, Session, session
from pipelines.edition import open_folder
from pipelines.edition.edition_folders import current

ROOT = Path(__file__).parents[2]
APP = ROOT / "dashboards" / "app.py"
ROOMS = (
    ("overview", "", {}),
    ("indicator", "indicator", {}),
    ("map", "map", {}),
    ("county", "county", {}),
    ("unit", "unit", {}),
    ("reporting", "reporting", {"room": "state"}),
    ("deciding", "reporting", {"room": "decide"}),
    ("policy", "policy", {}),
    ("quality", "quality", {}),
    ("guide", "guide", {}),
    ("wall", "wall", {}),
)
SOUGHT = ("东", "新村", "1305", "河", "社区")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--no-first-run"]
MILLISECONDS, FIRST_VIEW = 150, 1.5
# of the server under measurement: sessions that have left are forgotten so soon (in operation after 120)
FORGOTTEN = 3


def measure(
    quick: bool = False, held: Path | None = None, whole: Path | None = None, sessions: int = 50, changes: bool = False
) -> list[Measured]:
    """G5 at city and at country size. `held` and `whole` are data folders with releases; `changes` prints every control."""
    held = held or city.kept(3 if quick else city.WHOLE)[0].data
    whole = whole or (_country(30_000 if quick else None) if country.NATIONAL.exists() else None)
    sessions, turns = (min(sessions, 10), 3) if quick else (sessions, 5)
    lines = _first_view(held, 3 if quick else 9)
    for size, data in (("city", held), ("country", whole)):
        if data is None:
            print("the national roster is not there: nothing is measured at country size", file=sys.stderr)
            continue
        size = f"{size}, {_extent(data)}"
        lines += _changes(data, size, turns, changes)
        lines += [Measured("G5", f"{size}: {what}", *taken) for what, taken in crowds(data, sessions).items()]
    return lines


def _country(units: int | None) -> Path:
    """A country's release, made once and kept for the program that made it."""
    made_by = hashlib.sha256()
    for path in (*sorted((ROOT / "pipelines").rglob("*.py")), Path(country.__file__), Path(country_shelf.__file__)):
        made_by.update(path.read_bytes())
    folder = Path(tempfile.gettempdir()) / "shequ-country-release" / f"{units or 'all'}-{made_by.hexdigest()[:12]}"
    if not (folder / "data" / "releases" / "current").exists():
        shutil.rmtree(folder.parent, ignore_errors=True)
        folder.mkdir(parents=True)
        country_shelf.make(folder, units, 2)
    return folder / "data"


def _extent(data: Path) -> str:
    """`611,793 units in 2 months`."""
    release = open_folder(current(data / "releases"))
    try:
        [row] = release.rows("SELECT count(*) AS units FROM unit")
        return f"{row['units']:,} units in {len(release.manifest['months'])} months"
    finally:
        release.close()


@contextmanager
def served(script: Path, data: Path, **options: str) -> Iterator[tuple[str, int]]:
    """A Streamlit server on a free port; its address and its process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    # ours as it is served in operation, an empty page by Streamlit alone
    server = "dashboards.server" if script == APP else "streamlit"
    command = [sys.executable, "-m", server, "run", str(script), "--server.port", str(port)]
    command += [word for name, value in options.items() for word in (f"--server.{name}", value)]
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


# ---- the first view


def _first_view(data: Path, rounds: int) -> list[Measured]:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        print("Chromium is not there: of the first view only the server's part is measured", file=sys.stderr)
        with served(APP, data) as (address, pid), session(address, pid) as reader:
            reader.open()
            taken = [1000 * reader.open().cpu for _ in range(rounds)]
        return [
            Measured("G5", "first view, the server's part only (no Chromium here)", statistics.median(taken), "ms CPU")
        ]
    empty, verdict, board = (statistics.median(taken) for taken in zip(*_views(chromium, data, rounds), strict=True))
    peer = "an empty Streamlit page"
    return [
        Measured("G5", "first view of the overview: its sentence stands", verdict, "s", FIRST_VIEW, empty, peer),
        Measured("G5", "first view of the overview: every bar and square stands", board, "s", FIRST_VIEW, empty, peer),
    ]


def _views(chromium: str, data: Path, rounds: int) -> list[tuple[float, float, float]]:
    """Seconds until the word of the empty page, our sentence, our board, by turns; the first round is not counted."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as engine:
        blank = Path(folder) / "blank.py"
        blank.write_text("import streamlit as st\nst.write('empty')\n")
        browser = engine.chromium.launch(executable_path=chromium, args=QUIET)
        with served(blank, data) as (theirs, _), served(APP, data) as (ours, _):
            views = [
                (
                    *_seen(browser, theirs, "text=empty"),
                    *_seen(browser, ours, "text=项主要指标", ".cells > :last-child"),
                )
                for _ in range(rounds + 1)
            ]
        browser.close()
    return views[1:]


def _seen(browser, address: str, *wanted: str) -> list[float]:
    """Seconds from the address until each of the wanted is on the screen, in a fresh context."""
    context = browser.new_context(viewport={"width": 1920, "height": 1080})
    page, start, taken = context.new_page(), time.perf_counter(), []
    page.goto(address, wait_until="commit")
    for selector in wanted:
        page.locator(selector).first.wait_for(timeout=120_000)
        taken.append(time.perf_counter() - start)
    context.close()
    return taken


# ---- changes


def _changes(data: Path, size: str, turns: int, changes: bool) -> list[Measured]:
    """A line a room: the dearest of its controls."""
    lines = []
    for room, page, address in ROOMS:
        controls = turned(data, page, address, turns)
        for name, answers in controls.items() if changes else ():
            print(
                f"{size}, {room}, {name}: {_cpu(answers):.0f} ms CPU {_clock(answers):.0f} ms, {_kilobytes(answers):.0f} kB"
            )
        if controls:
            name, answers = max(controls.items(), key=lambda item: _cpu(item[1]))
            what = f"{size}: {room}, {len(controls)} controls; the dearest is {name} ({_clock(answers):.0f} ms by the clock, "
            what += f"{_kilobytes(answers):.0f} kB)"
            lines.append(Measured("G5", what, _cpu(answers), "ms CPU", MILLISECONDS))
    return lines


def _cpu(answers: list[Answer]) -> float:
    return 1000 * statistics.median(answer.cpu for answer in answers)


def _clock(answers: list[Answer]) -> float:
    return 1000 * statistics.median(answer.seconds for answer in answers)


def _kilobytes(answers: list[Answer]) -> float:
    return statistics.median(answer.size for answer in answers) / 1000


def turned(data: Path, page: str, address: dict[str, str], turns: int) -> dict[str, list[Answer]]:
    """label → answers of every control of a room, each turned to values that nobody has asked for before."""
    answers: dict[str, list[Answer]] = {}
    with served(APP, data) as (place, pid), session(place, pid) as reader:
        # imports, and what is loaded once for all
        reader.open()
        if page == "unit":
            address = {"unit": _a_unit(data)}
        for control in reader.open(page, **address).controls:
            if control.kind == "text_input":
                wanted = SOUGHT if "查找" in control.label else ()
            else:
                wanted = [option for option in control.options if option != control.now]
                wanted = wanted[:: max(1, len(wanted) // turns)][:turns]
            if wanted:
                answers[control.label] = [reader.turn(control, option) for option in wanted]
            reader.open(page, **address)
    return answers


def _a_unit(data: Path) -> str:
    release = open_folder(current(data / "releases"))
    try:
        return release.rows("SELECT unit FROM unit ORDER BY unit LIMIT 1")[0]["unit"]
    finally:
        release.close()


# ---- sessions


def crowds(data: Path, sessions: int) -> dict[str, tuple]:
    """What so many sessions take, and whether it is given back. The caches, which all share, are filled before by one reader."""
    with served(APP, data, disconnectedSessionTTL=str(FORGOTTEN)) as (address, pid):
        with session(address, pid) as reader:
            for number in range(sessions):
                list(_five(reader, number))
        rest, spent = _memory(pid), time.clock_gettime((~pid << 3) | 2)
        taken, full = _crowd(address, pid, sessions)
        spent, left = time.clock_gettime((~pid << 3) | 2) - spent, _memory(pid)
        for _ in range(2):
            _, again = _crowd(address, pid, sessions)
    who = f"{sessions} sessions at once, five rooms each"
    return {
        f"{who}, the median room": (statistics.median(taken), "s"),
        f"{who}, the slowest": (max(taken), "s"),
        f"{who}, CPU of a room": (1000 * spent / len(taken), "ms CPU"),
        f"{who}, memory of a session": (max(0.0, full - rest) / sessions, "MB"),
        f"{who}, memory of the server": (full, "MB"),
        f"memory when the {sessions} have left (what Python keeps for the next)": (left, "MB"),
        f"memory with the third {sessions}, beside the first": (again, "MB", 1.15, full, "first"),
    }


def _crowd(address: str, pid: int, sessions: int) -> tuple[list[float], float]:
    """Seconds of every answer, and the server's memory while all are there; they have been forgotten when it returns."""
    there = threading.Barrier(sessions + 1)
    with ThreadPoolExecutor(sessions) as pool:
        walks = [pool.submit(_walk, address, pid, number, there) for number in range(sessions)]
        there.wait(timeout=600)
        full = _memory(pid)
        there.wait(timeout=600)
        taken = [seconds for walk in walks for seconds in walk.result()]
    time.sleep(FORGOTTEN + 3)
    return taken, full


def _walk(address: str, pid: int, number: int, there: threading.Barrier) -> list[float]:
    """One reader through five rooms; stays until all are through."""
    with session(address, pid) as reader:
        taken = [answer.seconds for answer in _five(reader, number)]
        there.wait(timeout=600)
        there.wait(timeout=600)
    return taken


def _five(reader: Session, number: int) -> Iterator[Answer]:
    yield reader.open()
    for page in ("county", "indicator", "map"):
        seen = reader.open(page)
        yield seen
        pick = next(c for c in seen.controls if c.label == ("县市区" if page == "county" else "指标"))
        yield reader.turn(pick, pick.options[(7 * number) % len(pick.options)])
    yield reader.open("quality")


def _memory(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--city", type=Path, help="a data folder with releases")
    parser.add_argument("--country", type=Path, help="the same, of a country")
    parser.add_argument("--sessions", type=int, default=50)
    parser.add_argument("--all", action="store_true", help="print every control of every room")
    asked = parser.parse_args()
    print(f"load before: {os.getloadavg()[0]:.1f}")
    answers = measure(asked.quick, asked.city, asked.country, asked.sessions, asked.all)
    for line in answers:
        ratio = f", {line.peer_name} {line.peer:.2f}, ratio {line.ratio:.2f}" if line.peer else ""
        print(f"{line.what}: {line.ours:.2f} {line.unit}{ratio}{'' if line.met is not False else ' NOT MET'}")
    return int(any(line.met is False for line in answers))


if __name__ == "__main__":
    sys.exit(main())
