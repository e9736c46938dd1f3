"""Parts of the policy's page."""

from collections.abc import Mapping, Sequence

import streamlit as st

from dashboards.charts import palette
from dashboards.components import common_parts
from dashboards.queries.row_types import IndicatorRow, ParagraphRow, PlaceRow
from dashboards.text import escape, screen_wording

WANTED = {"全文": (True, False), "有指标的段落": (True,), "没有指标的段落": (False,)}


def text(
    paragraphs: Sequence[ParagraphRow], indicators: Sequence[IndicatorRow], rows: Mapping[str, PlaceRow], only: str
) -> None:
    """The policy by paragraph; beside each, the indicators that measure it and their state."""
    by_paragraph = {n: [i for i in indicators if _stands_in(i, p)] for n, p in enumerate(paragraphs)}
    for number, paragraph in enumerate(paragraphs):
        measured = by_paragraph[number]
        if paragraph["heading"]:
            st.markdown(f"#### {escape.markdown(paragraph['text'])}")
        elif bool(measured) in WANTED[only]:
            _paragraph(paragraph, measured, rows)


def _stands_in(indicator: IndicatorRow, paragraph: ParagraphRow) -> bool:
    """A quote belongs to the paragraph in which it stands word for word."""
    return not paragraph["heading"] and _bare(indicator["quote"]) in _bare(paragraph["text"])


def _bare(text: str) -> str:
    return "".join(text.split())


def _paragraph(paragraph: ParagraphRow, measured: Sequence[IndicatorRow], rows: Mapping[str, PlaceRow]) -> None:
    left, right = st.columns([1.35, 1], gap="large")
    with left:
        st.markdown(_marked(paragraph["text"], [i["quote"] for i in measured]))
    with right:
        for indicator in measured:
            row = rows.get(indicator["indicator"])
            state = f"{palette.SIGNS[row['status']]} " if row else ""
            figure = f" {screen_wording.value_with_parts(row)}，目标 {screen_wording.target(row)}" if row else ""
            common_parts.link("indicator", f"{state}{indicator['name']}{figure}", indicator=indicator["indicator"])
        if not measured:
            st.caption("没有指标衡量这一段。")


def _marked(paragraph: str, quotes: list[str]) -> str:
    """The paragraph with the measured sentences in bold."""
    shown = escape.markdown(paragraph)
    for quote in sorted({escape.markdown(quote) for quote in quotes}, key=len, reverse=True):
        if quote in shown and f"**{quote}" not in shown:
            shown = shown.replace(quote, f" **{quote}** ", 1)
    return shown
