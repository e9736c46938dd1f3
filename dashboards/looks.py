"""Colours and signs: one palette for status, the same on every page, in charts and in words.

Every status has a sign as well as a colour, so that it survives a grey printer and a reader who does not tell red from green.
Red stands only where a duty is missed (逾期未达标).
"""

from dataclasses import dataclass

import streamlit as st

SIGNS = {
    "met": "●",
    "unproven": "◐",
    "overdue": "×",
    "on_track": "○",
    "lagging": "▽",
    "off_track": "▼",
    "reversing": "↘",
    "tracked": "–",
    "no_data": "?",
    "not_applicable": "·",
}
NAMES = {
    "met": "已达标",
    "unproven": "待核实",
    "overdue": "逾期未达标",
    "on_track": "进度正常",
    "lagging": "进度偏慢",
    "off_track": "严重滞后",
    "reversing": "倒退",
    "tracked": "仅监测",
    "no_data": "无数据",
    "not_applicable": "不适用",
}
# What wants attention first: the order in which laggards, legends and sentences name them.
ATTENTION = (
    "overdue",
    "reversing",
    "off_track",
    "lagging",
    "unproven",
    "no_data",
    "on_track",
    "met",
    "tracked",
    "not_applicable",
)


def sign(status: str) -> str:
    """`● 已达标`: the sign and the word."""
    return f"{SIGNS.get(status, '?')} {NAMES.get(status, status)}"


@dataclass(frozen=True)
class Ink:
    """Colours of one theme. `fill` and `on` are by status: the area, and the sign upon it."""

    paper: str
    text: str
    quiet: str
    line: str
    faint: str
    accent: str
    unknown: str
    amber: str
    fill: dict[str, str]
    on: dict[str, str]

    def bar(self, status: str) -> str:
        """Colour of a bar: statuses without a colour of their own are drawn in quiet grey."""
        return self.quiet if status in ("tracked", "no_data", "not_applicable") else self.solid[status]

    def mark(self, status: str) -> str:
        """Colour of a sign that stands on paper: strong enough for a thin outline."""
        return {"on_track": self.fill["met"], "unproven": self.fill["met"], "lagging": self.amber}.get(
            status, self.bar(status)
        )

    @property
    def solid(self) -> dict[str, str]:
        """Fills strong enough for a thin bar."""
        return {**self.fill, "on_track": self.fill["unproven"]}


_DARK_ON = "#14181d"
LIGHT = Ink(
    paper="#ffffff",
    text="#1e2530",
    quiet="#6b7580",
    line="#c9cfd4",
    faint="#eef1f3",
    accent="#1f5f8b",
    unknown="#d3d9de",
    amber="#a87900",
    fill={
        "met": "#2b7a8c",
        "unproven": "#8fc3cc",
        "overdue": "#b3261e",
        "on_track": "#d7e9ec",
        "lagging": "#f3d07a",
        "off_track": "#dd8420",
        "reversing": "#84568a",
        "tracked": "#e8eaec",
        "no_data": "#ffffff",
        "not_applicable": "#ffffff",
    },
    on={
        "met": "#ffffff",
        "unproven": "#12343b",
        "overdue": "#ffffff",
        "on_track": "#2b5c66",
        "lagging": "#5a4300",
        "off_track": "#2d1800",
        "reversing": "#ffffff",
        "tracked": "#56606a",
        "no_data": "#6b7580",
        "not_applicable": "#b5bcc2",
    },
)
DARK = Ink(
    paper="#14181d",
    text="#e4e7eb",
    quiet="#9aa4ae",
    line="#3a434d",
    faint="#1d232b",
    accent="#7fb2da",
    unknown="#46505a",
    amber="#e0b84f",
    fill={
        "met": "#4fa6b8",
        "unproven": "#34707c",
        "overdue": "#e5574b",
        "on_track": "#22424a",
        "lagging": "#c79f3f",
        "off_track": "#d9821f",
        "reversing": "#a878ae",
        "tracked": "#2a313a",
        "no_data": "#14181d",
        "not_applicable": "#14181d",
    },
    on={
        "met": _DARK_ON,
        "unproven": "#e4f3f6",
        "overdue": _DARK_ON,
        "on_track": "#a9d3db",
        "lagging": _DARK_ON,
        "off_track": _DARK_ON,
        "reversing": _DARK_ON,
        "tracked": "#9aa4ae",
        "no_data": "#9aa4ae",
        "not_applicable": "#4c5661",
    },
)


def ink() -> Ink:
    """The palette of the theme that the reader's browser shows."""
    return DARK if st.context.theme.type == "dark" else LIGHT


STYLE = """<style>
.stMainBlockContainer { padding: 3.6rem 2rem 2rem; max-width: 1900px; }
.stApp, .stApp table { font-variant-numeric: tabular-nums; }
.stMainBlockContainer p { line-height: 1.65; }
.st-key-verdict p { font-size: 1.28rem; line-height: 1.6; margin-bottom: .1rem; }
.st-key-verdict { padding: .1rem 0 .2rem; }
.st-key-header { border-bottom: 1px solid rgba(128,128,128,.25); padding-bottom: .5rem; margin-bottom: .2rem; }
.st-key-header h1, .st-key-header h2 { padding: 0; }
.st-key-paper_only { display: none; }
/* two drawings of the bars: the narrow one is for phones and paper, and is drawn beforehand, because paper cannot wait */
.st-key-bars_narrow { max-width: 840px; }
@media screen and (min-width: 1400px) {
  .st-key-bars_narrow { position: absolute; top: 0; left: 0; width: 840px; visibility: hidden; pointer-events: none; }
}
@media screen and (max-width: 1399px) { .st-key-bars_wide { display: none; } }
@media (max-width: 640px) {
  .stMainBlockContainer { padding: 3.6rem .9rem 2rem; }
  .st-key-verdict p { font-size: 1.08rem; }
  .st-key-selectors { width: 100% !important; }
}
.stTable td, .stTable th { font-size: .92rem; }
.st-key-wall { padding-top: 1rem; }
.st-key-wall p { font-size: 2.3rem; line-height: 1.6; }
.st-key-wall h2 { font-size: 2.6rem; }
.st-key-wall [data-testid="stCaptionContainer"] p { font-size: 1.15rem; }
.st-key-touch { position: fixed; inset: 0; z-index: 50; }
.st-key-touch .stButton, .st-key-touch [data-testid="stElementContainer"], .st-key-touch button {
  width: 100vw; height: 100vh; opacity: 0; cursor: pointer; }
/* the uploader's own words are English: ours stand above it */
[data-testid="stFileUploaderDropzoneInstructions"] { visibility: hidden; position: relative; }
[data-testid="stFileUploaderDropzoneInstructions"]::after {
  content: "把填好的报表拖到这里,或点右边选择(一次可以多个)"; visibility: visible; position: absolute; left: 0; top: 0; }
[data-testid="stFileUploaderDropzone"] [data-testid="stBaseButton-secondary"] * { font-size: 0; }
[data-testid="stFileUploaderDropzone"] [data-testid="stBaseButton-secondary"]::after {
  content: "选择文件"; font-size: .95rem; }
.st-key-findings table td { overflow-wrap: anywhere; }
@page { size: A4 portrait; margin: 12mm 10mm 14mm; @bottom-right { content: "第 " counter(page) " 页"; font-size: 9pt; } }
@media print {
  .stAppHeader, [data-testid="stSidebar"], .st-key-selectors, .st-key-screen_only,
  .stDownloadButton, .stButton { display: none !important; }
  .stApp, .stMain, .stAppViewContainer { position: static !important; overflow: visible !important; height: auto !important; }
  .stMainBlockContainer { padding: 0; max-width: none; }
  .st-key-bars_wide { display: none; } .st-key-paper_only { display: block; }
  .stMainBlockContainer { zoom: .78; }
  /* a scroll container is one piece to a printer: it would jump to a page of its own */
  [data-testid="stTable"], [data-testid="stTable"] * { overflow: visible !important; }
  [data-testid="stHorizontalBlock"]:has([data-testid="stColumn"]) { display: block; }
  [data-testid="stColumn"] { width: 100% !important; }
  [data-testid="stPlotlyChart"] { break-inside: avoid; }
  .st-key-verdict p { font-size: 11pt; }
  .stTable td, .stTable th { font-size: 8.5pt; padding: 1px 4px; }
  [data-testid="stLayoutWrapper"], [data-testid="stHorizontalBlock"], [data-testid="stVerticalBlock"], [data-testid="stColumn"],
  .st-key-paper_only div, .st-key-paper_only table { break-inside: auto !important; }
  .stTable tr { break-inside: avoid; }
  [data-testid="stSelectbox"] { display: none; }
  [data-testid="stDataFrame"] { break-inside: avoid; }
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
}
</style>"""


def dress() -> None:
    """Put our style on the page. The only HTML of the dashboard: constant text, nothing of it comes from data."""
    st.html(STYLE)
