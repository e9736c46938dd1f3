"""Notebooks are stored with their outputs; run again over the same sample data they say the same, and on other data every claim holds."""

import re
from itertools import islice
from pathlib import Path

import nbformat
import pytest

from pipelines.settings import Settings

notebooks = pytest.importorskip("lab.notebooks", reason="没有安装 nbclient，不能执行笔记本")
NOTEBOOKS = notebooks.NOTEBOOKS
SIZE = 1_500_000


def stored(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


def code(book: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in book.cells if cell.cell_type == "code"]


def test_there_are_six():
    assert [path.stem for path in NOTEBOOKS] == ["01_入门", "02_还差", "03_区划", "04_质量", "05_对照", "06_抽查"]


@pytest.mark.slow
def test_every_claim_holds_on_data_that_lack_much(place: Settings, tmp_path: Path):
    """Most counties silent, few months: the assertions of the notebooks are not true of the sample alone.

    All in one kernel, whose names are removed between them: that each runs from a clean one, the next test shows.
    """
    reset = nbformat.v4.new_code_cell("%reset -f")
    parts = [[reset, *code(stored(path))] for path in NOTEBOOKS]
    joined = tmp_path / "joined.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[cell for part in parts for cell in part]), joined)
    outputs = iter(notebooks.said(*notebooks.executed([joined], place)))
    for path, part in zip(NOTEBOOKS, parts, strict=True):
        assert any(list(islice(outputs, len(part)))), path.name


@pytest.mark.slow
def test_what_is_stored_is_what_a_fresh_run_says(tmp_path: Path):
    """`make notebooks` writes them anew."""
    fresh = notebooks.executed(NOTEBOOKS, notebooks.sample(tmp_path))
    for path, book in zip(NOTEBOOKS, fresh, strict=True):
        assert notebooks.said(stored(path)) == notebooks.said(book), f"{path.name}：请运行 make notebooks"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_viewer_sees_texts_tables_and_charts(path: Path):
    """Run from the first cell to the last, without the chart library, a path of a machine or an error."""
    cells = code(stored(path))
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1)), (
        f"{path.name}：请运行 make notebooks"
    )
    outputs = [output for cell in cells for output in cell.outputs]
    charts = [output for output in outputs if "image/png" in output.get("data", {})]
    asked = [
        cell for cell in cells if re.search(r"^(notebook_board|plotly_charts)\.|^figure$", cell.source, re.MULTILINE)
    ]
    assert len(charts) == len(asked) and all(output.metadata["drawn"] for output in charts)
    assert {output.output_type for output in outputs} <= {"stream", "execute_result", "display_data"}
    assert not [output for output in outputs if output.get("name") == "stderr"]
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"<script|vnd\.plotly|/(?:home|root|tmp|work|Users)/", text)


def test_all_of_them_are_small():
    assert sum(path.stat().st_size for path in NOTEBOOKS) <= SIZE


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_read_and_never_write(path: Path):
    source = "\n".join(cell.source for cell in code(stored(path)))
    for forbidden in (
        "pipelines.intake",
        "pipelines.warehouse.projection",
        "pipelines.archive.store",
        "duckdb.connect",
    ):
        assert forbidden not in source
