"""Streamlit's page with our additions, and the page for a path that names nothing."""

import hashlib
import html
import re
from functools import cache
from pathlib import Path

from streamlit import file_util

from dashboards.page_list import PAGES
from dashboards.text.templates import render

FILES = Path(__file__).with_name("files")
_PRELOADED_FONT = re.compile(rb"<link[^>]*SourceSansVF-Upright[^>]*>")

_LATIN_FONT = re.compile(rb"@font-face\{font-family:Source (?:Sans|Serif|Code Pro);[^}]*\}")


def is_shell(body: bytes) -> bool:
    return b'<div id="root">' in body


def is_known(path: str) -> bool:
    """Whether a path names one of the pages."""
    return path in {page.address for page in PAGES}


def address(file: Path) -> str:
    """`front/shequ.1a2b3c4d.js`: with a part of its hash, so that it may be kept for a year."""
    stem, _, ending = file.name.removesuffix(".gz").rpartition(".")
    return f"front/{stem}.{_hash(file)}.{ending}"


@cache
def _hash(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12]


def with_additions(body: bytes) -> bytes:
    """In Chinese, with our script and the test of the browser; without the font that Streamlit loads and we do not use."""
    page = _PRELOADED_FONT.sub(b"", body).replace(b'<html lang="en">', b'<html lang="zh-CN">', 1)
    page = page.replace(b"<title>Streamlit</title>", "<title>社区治理进展</title>".encode(), 1)
    return page.replace(b"</head>", _additions().encode() + b"</head>", 1)


def without_fonts(style: bytes) -> bytes:
    """Streamlit's style without its Latin fonts: before our theme arrives, the browser would load one for nothing."""
    return _LATIN_FONT.sub(b"", style)


@cache
def _additions() -> str:
    script, drawing = (address(FILES / name) for name in ("shequ.js", "plotly-basic.min.js.gz"))
    return render("shell_head.html", script=script, drawing=drawing, parts=" ".join(_parts()))


# parts of Streamlit that the overview lacks and other pages need: a few kilobytes each, asked for once the first page stands
_LATER = ("Alert", "Button", "ButtonGroup", "Checkbox", "DownloadButton", "NumberInput", "PageLink", "TextInput")


def _parts() -> list[str]:
    folder = Path(file_util.get_static_dir()) / "static" / "js"
    return [f"static/js/{file.name}" for name in _LATER for file in sorted(folder.glob(f"{name}.*.js"))]


def not_found(path: str) -> bytes:
    """The page for an unknown path."""
    return render("not_found.html", path=html.unescape(path)[:80], pages=PAGES).encode()
