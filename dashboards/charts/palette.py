"""Colour and sign of each status, the same everywhere; the sign is for grey printers and colour-blind readers. Red is 逾期未达标 only."""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from pipelines.edition.statuses import NAMES, ORDER

SIGNS = {
    "met": "●",
    "unproven": "◐",
    "overdue": "×",
    "starting": "◇",
    "on_track": "○",
    "lagging": "▽",
    "off_track": "▼",
    "reversing": "↘",
    "tracked": "–",
    "no_data": "?",
    "not_applicable": "·",
}
# beside a number or a state: answers carried over from an earlier month stand behind it
CARRIED = "※"
_WITHOUT_COLOUR = ("starting", "tracked", "no_data", "not_applicable")


def legend() -> str:
    """`× 逾期未达标 ↘ 倒退 …`: every sign with its word, in the order of concern."""
    return " ".join(map(sign, ORDER))


def sign(status: str) -> str:
    """`● 已达标`: the sign and the word."""
    return f"{SIGNS[status]} {NAMES[status]}"


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
        return self.quiet if status in _WITHOUT_COLOUR else self.solid[status]

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
        "starting": "#d5dbe8",
        "unproven": "#8fc3cc",
        "overdue": "#b3261e",
        "on_track": "#d7e9ec",
        "lagging": "#f3d07a",
        "off_track": "#cc7418",
        "reversing": "#4a1d5c",
        "tracked": "#e8eaec",
        "no_data": "#ffffff",
        "not_applicable": "#ffffff",
    },
    on={
        "met": "#ffffff",
        "starting": "#3c4a66",
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
        "starting": "#2f3a4e",
        "unproven": "#34707c",
        "overdue": "#e5574b",
        "on_track": "#22424a",
        "lagging": "#ead27f",
        "off_track": "#d08a2e",
        "reversing": "#e6c3ea",
        "tracked": "#2a313a",
        "no_data": "#14181d",
        "not_applicable": "#14181d",
    },
    on={
        "met": _DARK_ON,
        "starting": "#b9c6de",
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


STYLE = Path(__file__).with_name("style.css")


def dress() -> None:
    """Put our style on the page: a file of constant text, nothing of it comes from data."""
    st.html(STYLE)
