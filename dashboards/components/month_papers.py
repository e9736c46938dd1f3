"""The papers of an edition on the page: saving them, and issuing them anew where they would say something else now."""

from collections.abc import Iterator
from pathlib import Path

import streamlit as st

from dashboards import signin
from dashboards.components import clerk
from dashboards.queries.board_rows import Board
from pipelines import settings
from pipelines.access.roles import Actor
from pipelines.monthly import papers
from pipelines.serving import background_runs


def newest(board: Board, by: str | Actor) -> None:
    """The papers of the month's newest edition; where they would say something else now, the button that issues them anew."""
    if edition := board.now.working or board.now.released:
        _downloads(settings.load().releases / edition, edition)
        behind(edition, by)


def behind(edition: str, by: str | Actor) -> None:
    """Where the papers of an edition would say something else now: that they are behind, and the button that issues them anew."""
    place = settings.load()
    if not papers.behind(place, place.releases / edition):
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"{edition} 的报告发出以后，县里的说明或市里的决定、批注有了变化；下次计算或审定时写进报告，也可以现在更新。"
        )
        said = f"{edition} 的报告已更新，以前的各次都留着。"
        clerk.works("更新报告", "papers", lambda: _issue(by, *edition.split("/")), said, stays_on_month=True)


def _downloads(folder: Path, edition: str) -> None:
    """A button a paper, for those who may export: `邢台市城乡社区治理月报_2020-12_第1版.docx` is 下载月报（docx）."""
    if not signin.may("export"):
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"{edition} 的报告：")
        named = [(path.stem.split("_")[0][-2:], path) for path in papers.papers(folder)]
        for kind, path in sorted(named, key=lambda paper: "月季年".find(paper[0][0])):
            made = signin.exporting(path.read_bytes, path.name, 0)
            label = f"下载{kind}（{path.suffix.lstrip('.')}）"
            st.download_button(label, made, file_name=path.name, key=f"paper-{path.name}", on_click="ignore")


def _issue(by: str | Actor, month: str, number: str) -> Iterator[str]:
    clerk.name(by, "publish")
    work = ("report", "--month", month, "--edition", number)
    return background_runs.command(settings.load(), *work, doing="正在更新报告")
