"""Every notebook runs from a clean kernel on a release that is not the sample's; what is committed holds no output."""

import asyncio
from pathlib import Path

import nbformat
import pytest

from pipelines.settings import REPOSITORY, Settings, environment

nbclient = pytest.importorskip("nbclient", reason="没有安装 nbclient,不能执行笔记本")
NOTEBOOKS = sorted((REPOSITORY / "notebooks").glob("*.ipynb"))


def test_there_are_six():
    assert [path.stem for path in NOTEBOOKS] == ["01_入门", "02_缺口", "03_区划", "04_质量", "05_对照", "06_抽查"]


@pytest.mark.slow
def test_every_notebook_runs_from_a_clean_kernel(place: Settings, monkeypatch: pytest.MonkeyPatch):
    """All at once: most of the time goes into starting kernels."""
    monkeypatch.setenv("SHEQU_DATA", environment(place)["SHEQU_DATA"])
    done = asyncio.run(_run_all())
    for path, book in zip(NOTEBOOKS, done, strict=True):
        outputs = [cell.outputs for cell in book.cells if cell.cell_type == "code"]
        assert any(outputs), path.name


async def _run_all() -> list[nbformat.NotebookNode]:
    room = asyncio.Semaphore(2)

    async def run(path: Path) -> nbformat.NotebookNode:
        book = nbformat.read(path, as_version=4)
        client = nbclient.NotebookClient(book, timeout=120, resources={"metadata": {"path": str(REPOSITORY)}})
        async with room:
            return await client.async_execute()

    return list(await asyncio.gather(*map(run, NOTEBOOKS)))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_committed_notebooks_hold_no_output(path: Path):
    for cell in nbformat.read(path, as_version=4).cells:
        assert cell.cell_type == "markdown" or (not cell.outputs and cell.execution_count is None), (
            f"{path.name}:请清除输出后再提交"
        )


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_read_and_never_write(path: Path):
    code = "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code")
    for forbidden in (
        "pipelines.intake",
        "pipelines.warehouse.projection",
        "pipelines.archive.store",
        "duckdb.connect",
    ):
        assert forbidden not in code
