"""The notebooks with their outputs, for viewers that run nothing: `python -m lab.notebooks` (`make notebooks`) runs them over sample data.

What is stored is small and the same on every machine: texts and tables as they are, of a chart a PNG picture with the digest of what it
draws, so that a test can compare without a browser. Needs Chromium and a Chinese font.
"""

import asyncio
import hashlib
import json
import os
import shutil
import tempfile
from base64 import b64encode
from collections.abc import Iterable, Iterator
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import nbclient
import nbformat
import plotly.io
from nbformat import NotebookNode
from PIL import Image

from pipelines import months, settings
from pipelines.intake import collect_inbox, session
from pipelines.monthly import monthly_run
from pipelines.reference import reference_bundle
from pipelines.sample.write_samples import Sample
from pipelines.settings import REPOSITORY, Settings

if TYPE_CHECKING:
    from playwright.sync_api import Page

NOTEBOOKS = sorted((REPOSITORY / "notebooks").glob("*.ipynb"))
# enough for a pace of three months and for the change of divisions of 2020-06
MONTHS = months.span(date(2020, 3, 1), date(2020, 6, 1))
_PLOTLY, _HTML, _PNG = "application/vnd.plotly.v1+json", "text/html", "image/png"
# drawings by `dashboards.charts.notebook_board` begin so, tables by pandas do not
_BOARD, _BOARD_END = "<style>", "</style>"
_WIDTH = 900
# colours of a picture
_COLOURS = 64


def main() -> None:
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory(prefix="shequ-") as folder:
        books = executed(NOTEBOOKS, sample(Path(folder)))
    with sync_playwright() as engine:
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        browser = engine.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--force-device-scale-factor=1"]
        )
        page = browser.new_page(viewport={"width": _WIDTH, "height": 600})
        for path, book in zip(NOTEBOOKS, books, strict=True):
            _draw(book, page)
            nbformat.write(book, path)
        browser.close()


def sample(folder: Path) -> Settings:
    """An installation in `folder` with the sample reports of `MONTHS`, each month released."""
    place = Settings(folder, settings.load().reference)
    reference = reference_bundle.load(place.reference)
    made = Sample(reference.form, reference.rosters)
    with session.writing(place, "示例") as opened:
        for month in MONTHS:
            for report, data in made.workbooks(month):
                path = place.inbox / report.file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
            collect_inbox.collect(opened, place)
            monthly_run.publish_month(opened, place, month)
    return place


def executed(paths: Iterable[Path], place: Settings) -> list[NotebookNode]:
    """The notebooks run from clean kernels, two at a time, over an installation; outputs in full."""
    before = dict(os.environ)
    os.environ.update(settings.environment(place))
    try:
        return asyncio.run(_run_all(list(paths)))
    finally:
        os.environ.clear()
        os.environ.update(before)


async def _run_all(paths: list[Path]) -> list[NotebookNode]:
    room = asyncio.Semaphore(2)

    async def run(path: Path) -> NotebookNode:
        book = nbformat.read(path, as_version=4)
        kept = dict(book.metadata)
        client = nbclient.NotebookClient(
            book,
            timeout=600,
            record_timing=False,
            coalesce_streams=True,
            resources={"metadata": {"path": str(REPOSITORY)}},
        )
        async with room:
            done = await client.async_execute()
        # the kernel's exact version is the machine's
        done.metadata.clear()
        done.metadata.update(kept)
        for cell in done.cells:
            if cell.cell_type == "code":
                cell.outputs = list(_kept(cell.outputs))
        return done

    return list(await asyncio.gather(*map(run, paths)))


def _kept(outputs: Iterable[NotebookNode]) -> Iterator[NotebookNode]:
    """Outputs without the chart library, which a notebook that runs puts beside its first chart."""
    for output in outputs:
        data = output.get("data", {})
        if _PLOTLY in data or "<script" not in data.get(_HTML, ""):
            yield output


# ---- what an output says


def said(book: NotebookNode) -> list[list[str]]:
    """What each cell of code puts out, stored or fresh: texts, tables, of a chart its digest."""
    return [[_said(output) for output in cell.outputs] for cell in book.cells if cell.cell_type == "code"]


def _said(output: NotebookNode) -> str:
    if output.output_type == "stream":
        return output.text
    drawn = output.metadata.get("drawn") or _drawn(output)
    return drawn or output.data.get(_HTML) or output.data["text/plain"]


def _drawn(output: NotebookNode) -> str | None:
    """The digest of what a chart draws, without the style sheet, which all pages share; None of another output."""
    data = output.get("data", {})
    if _PLOTLY in data:
        source = json.dumps(data[_PLOTLY], sort_keys=True)
    elif data.get(_HTML, "").startswith(_BOARD):
        source = data[_HTML].partition(_BOARD_END)[2]
    else:
        return None
    return hashlib.sha256(source.encode()).hexdigest()


# ---- pictures


def _draw(book: NotebookNode, page: "Page") -> None:
    """Each chart replaced by its picture."""
    for output in (output for cell in book.cells if cell.cell_type == "code" for output in cell.outputs):
        if drawn := _drawn(output):
            png = b64encode(_picture(output.data, page)).decode()
            output.data = NotebookNode({_PNG: png, "text/plain": "图"})
            output.metadata = NotebookNode({"drawn": drawn})


def _picture(data: NotebookNode, page: "Page") -> bytes:
    if _PLOTLY in data:
        figure = plotly.io.from_json(json.dumps({key: data[_PLOTLY][key] for key in ("data", "layout")}))
        html = figure.to_html(include_plotlyjs=True, default_width=f"{_WIDTH - 20}px")
    else:
        html = f'<meta charset="utf-8"><body style="margin:8px">{data[_HTML]}</body>'
    page.set_content(html, wait_until="load")
    page.wait_for_timeout(300)
    drawn = page.locator(".plotly-graph-div" if _PLOTLY in data else "body")
    shot = Image.open(BytesIO(drawn.screenshot()))
    small = BytesIO()
    shot.convert("RGB").quantize(_COLOURS).save(small, "PNG", optimize=True)
    return small.getvalue()


if __name__ == "__main__":
    main()
