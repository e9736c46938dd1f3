"""The pictures of the README, made from the running program: `python -m lab.pictures --data DIR` (a folder with a released month).

Needs Chromium and a Chinese font; the receipt's picture needs LibreOffice and poppler as well. Written to `docs/pictures/`.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import openpyxl
from playwright.sync_api import sync_playwright

from lab.benchmarks.bench_dashboard import APP, QUIET, served

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "pictures"


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--data", type=Path, required=True)
    data = asked.parse_args().data.resolve()
    FOLDER.mkdir(parents=True, exist_ok=True)
    _overview(data)
    _receipt()


def _overview(data: Path) -> None:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with served(APP, data) as (address, _), sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=chromium, args=QUIET)
        page = browser.new_page(viewport={"width": 1366, "height": 768})
        page.goto(address)
        page.wait_for_selector(".st-key-matrix_box a", timeout=120_000)
        page.wait_for_timeout(2_000)
        page.screenshot(path=FOLDER / "overview.png")
        browser.close()


def _receipt() -> None:
    """A filled workbook with a word where a number belongs, checked, and the top of the receipt's first sheet."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        shequ = [sys.executable, "-m", "pipelines.cli", "--data", str(folder / "data")]
        options = {"cwd": ROOT, "check": False, "capture_output": True, "env": {**os.environ, "PYTHONPATH": str(ROOT)}}
        subprocess.run([*shequ, "sample", "--months", "2019-06", "--out", str(folder)], **options)
        [workbook] = folder.glob("2019-06/柏乡县*.xlsx")
        _spoil(workbook)
        subprocess.run(
            [*shequ, "submit", str(workbook), "--by", "示例", "--receipts", str(folder / "receipts")], **options
        )
        [receipt] = (folder / "receipts").glob("*.xlsx")
        command = ["soffice", "--headless", "--convert-to", "pdf", "--outdir", str(folder), str(receipt)]
        subprocess.run(command, check=True, capture_output=True)
        part = ["-f", "1", "-l", "1", "-r", "80", "-x", "30", "-y", "20", "-W", "1190", "-H", "310"]
        page = [str(folder / f"{receipt.stem}.pdf"), str(FOLDER / "receipt")]
        subprocess.run(["pdftoppm", *part, "-png", "-singlefile", *page], check=True)


def _spoil(workbook: Path) -> None:
    book = openpyxl.load_workbook(workbook)
    sheet = book.worksheets[0]
    sheet["H9"] = "约300"
    book.save(workbook)


if __name__ == "__main__":
    main()
