"""What a page weighs on the wire, and how long a click takes until the page is stable, beside empty pages under the same head.

    python -m lab.benchmarks.bench_moves [--quick] [--city DIR]

Weight: bytes that a relay between Chromium and the server counts, with a fresh browser context for each page, until the page is drawn.

A click: a cell of the matrix that opens a county with the indicator, a bar that opens an indicator, by turns with a link from one empty
page to another under the same bar, title and selectors, which Streamlit serves by itself. Measured is the time from the click until the
browser is idle on the new page, and how many requests it made; and a click that opens what a page keeps closed.
"""

import argparse
import asyncio
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lab.benchmarks import city
from lab.benchmarks.bench_dashboard import APP, QUIET, served
from lab.benchmarks.measured import Lacking, Measured

OVERVIEW, ANY_PAGE, SLOWER, REQUESTS = 700, 1600, 1.5, 6
PAGES = (
    "",
    "indicator",
    "map",
    "county",
    "unit?unit=130502001021",
    "gaps",
    "compare",
    "reporting",
    "policy",
    "quality",
)
PAGES += ("guide", "wall")
DRAWN = "[data-test-script-state=notRunning][data-test-connection-state=CONNECTED]"
EMPTY = """
import pandas
import streamlit as st
from dashboards import page_list, signin
from dashboards.charts import palette
from dashboards.components import header

def first():
    st.page_link(pages[1], label="go")

def second():
    st.write("there")

st.set_page_config(layout="wide")
palette.dress()
signin.enter()
bodies = [first, second, *[lambda: None] * (len(page_list.PAGES) - 2)]
pages = [
    st.Page(body, title=page.title, url_path=page.address, default=not page.address)
    for body, page in zip(bodies, page_list.PAGES)
]
page = st.navigation(pages, position="top")
header.begin()
header.header()
page.run()
"""


def measure(quick: bool = False, held: Path | None = None) -> list[Measured]:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        raise Lacking("Chromium is not there: apt-get install chromium")
    held = held or city.kept(3 if quick else city.WHOLE)[0].data
    from playwright.sync_api import sync_playwright

    with sync_playwright() as engine, tempfile.TemporaryDirectory() as folder, served(APP, held) as (address, _):
        blank = Path(folder) / "blank.py"
        blank.write_text(EMPTY)
        browser = engine.chromium.launch(executable_path=chromium, args=QUIET)
        with served(blank, held) as (empty, _):
            measured = _weights(browser, address) + _clicks(browser, address, empty, 3 if quick else 9)
        browser.close()
    return measured


# ---- weight


def _weights(browser, address: str) -> list[Measured]:
    kilobytes = {page: _weight(browser, address, page) / 1000 for page in PAGES}
    heaviest = max(PAGES[1:], key=lambda page: kilobytes[page])
    return [
        Measured("G5", "weight of the overview on the wire, nothing cached", kilobytes[""], "kB", OVERVIEW),
        Measured("G5", f"weight of the heaviest page ({heaviest}) on the wire", kilobytes[heaviest], "kB", ANY_PAGE),
    ]


def _weight(browser, address: str, page: str) -> int:
    with relay(int(address.rsplit(":", 1)[1])) as (port, counted):
        context = browser.new_context(viewport={"width": 1366, "height": 768})
        opened = context.new_page()
        opened.goto(f"http://127.0.0.1:{port}/{page}")
        opened.locator(DRAWN).wait_for(timeout=120_000)
        opened.wait_for_load_state("networkidle")
        opened.wait_for_timeout(1000)
        context.close()
        return counted[0]


@contextmanager
def relay(port: int) -> Iterator[tuple[int, list[int]]]:
    """A port that passes everything on to `port` of this machine, and the bytes that came back so far."""
    counted, loop = [0], asyncio.new_event_loop()

    async def passed(reader, writer, counts: bool) -> None:
        while part := await reader.read(65536):
            counted[0] += len(part) if counts else 0
            writer.write(part)
            await writer.drain()
        writer.close()

    async def accepted(reader, writer) -> None:
        theirs, ours = await asyncio.open_connection("127.0.0.1", port)
        # cancelled when the relay ends
        with suppress(asyncio.CancelledError):
            await asyncio.gather(passed(reader, ours, False), passed(theirs, writer, True), return_exceptions=True)

    # a thread of its own: the browser's driver has a loop in this one
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(asyncio.start_server(accepted, "127.0.0.1", 0), loop).result(10)
    try:
        yield server.sockets[0].getsockname()[1], counted
    finally:
        asyncio.run_coroutine_threadsafe(_end_all(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)


async def _end_all() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


# ---- clicks


def _clicks(browser, address: str, empty: str, rounds: int) -> list[Measured]:
    """By turns; the first round, in which everything is loaded for the first time, is not counted."""
    theirs, cells, bars, parts, asked = [], [], [], [], []
    county = address + "/county"
    for _ in range(rounds + 1):
        theirs.append(_click(browser, empty, "[data-testid=stPageLink] a", "text=there")[0])
        for taken, page, link, seen in (
            (cells, address, ".cells a:has(s)", ".focus"),
            (bars, address, ".bar a", "text=走势与目标"),
            (parts, county, ".sections a", ".grid tbody tr:last-child"),
        ):
            seconds, requests = _click(browser, page, link, seen)
            taken.append(seconds)
            asked.append(requests)
    other = statistics.median(theirs[1:])
    peer = "a link between empty pages under the same head"
    return [
        Measured("G5", "a cell of the matrix opens its county", statistics.median(cells[1:]), "s", SLOWER, other, peer),
        Measured("G5", "a bar opens its indicator", statistics.median(bars[1:]), "s", SLOWER, other, peer),
        Measured(
            "G5", "what a county's page keeps closed opens: all its indicators", statistics.median(parts[1:]), "s"
        ),
        Measured("G5", "requests of a click, at most", max(asked), "requests", REQUESTS),
    ]


def _click(browser, address: str, link: str, seen: str) -> tuple[float, int]:
    """Seconds from the click until the new page is drawn and the browser idle, and its requests."""
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    page, asked = context.new_page(), []
    page.goto(address)
    page.locator(link).first.wait_for(timeout=120_000)
    page.locator(DRAWN).wait_for()
    # what the first page fetches for the others once it stands is not the click's
    page.wait_for_timeout(2500)
    page.wait_for_load_state("networkidle")
    page.on("request", lambda request: asked.append(request.url))
    # looked for before: among the matrix' cells the measuring tool takes longer to find one than a page to be drawn
    pointed = page.locator(link).first.element_handle()
    start = time.perf_counter()
    pointed.click()
    page.locator(seen).first.wait_for()
    page.locator(DRAWN).wait_for()
    page.evaluate("new Promise(done => requestIdleCallback(done))")
    taken = time.perf_counter() - start
    context.close()
    return taken, len(asked)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--city", type=Path, help="a data folder with releases")
    asked = parser.parse_args()
    measured = measure(asked.quick, asked.city)
    for line in measured:
        ratio = f", {line.peer_name} {line.peer:.2f}, ratio {line.ratio:.2f}" if line.peer else ""
        print(f"{line.what}: {line.ours:.2f} {line.unit}{ratio}{'' if line.met is not False else ' NOT MET'}")
    return int(any(line.met is False for line in measured))


if __name__ == "__main__":
    sys.exit(main())
