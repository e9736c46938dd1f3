"""What stands before Streamlit's server: compression, our script on its page, unknown paths, old browsers."""

import asyncio
import gzip
import re
from pathlib import Path

import plotly.offline
import pytest

from dashboards.charts.palette import STYLE
from dashboards.front import middleware, page_shell, plain_page
from dashboards.front.middleware import Front
from pipelines.access import roles

SHELL = b'<!DOCTYPE html><html lang="en"><head><link rel="preload" href="./SourceSansVF-Upright.x.woff2"\n/><title>Streamlit</title></head>'
SHELL += b'<body><div id="root"></div></body></html>'


async def streamlit(scope, receive, send):
    """Answers every path with its page, as Streamlit does."""
    assert b"accept-encoding" not in dict(scope["headers"])
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html; charset=utf-8")]}
    )
    await send({"type": "http.response.body", "body": SHELL})


def answer(path: str, client: str = "127.0.0.1", **headers: str) -> tuple[int, dict[str, str], str]:
    """Status, headers and text of GET, asked for as a browser does."""
    sent = []

    async def send(message):
        sent.append(message)

    given = [(b"accept-encoding", b"gzip, br"), *((name.encode(), value.encode()) for name, value in headers.items())]
    scope = {"type": "http", "method": "GET", "path": path, "headers": given, "client": (client, 1)}
    asyncio.run(Front(streamlit)(scope, None, send))
    got = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], got, gzip.decompress(sent[1]["body"]).decode()


def test_a_page_is_chinese_tests_the_browser_and_loads_no_font():
    status, headers, text = answer("/county")
    assert status == 200 and headers["cache-control"] == "no-cache"
    assert '<html lang="zh-CN">' in text and "<title>社区治理进展</title>" in text and "SourceSans" not in text
    assert "class ShequFloor{static{}}" in text and page_shell.address(middleware.FILES / "shequ.js") in text


@pytest.mark.parametrize("path", ["/nosuch", "/county/nosuch", "/<b>"])
def test_an_unknown_path_is_not_found_and_says_so(path):
    status, _, text = answer(path)
    assert status == 404 and "这个页面" in text and 'href="./county"' in text and "<b>" not in text


def test_files_are_sent_compressed_and_kept_and_no_others():
    _, headers, text = answer("/" + page_shell.address(middleware.FILES / "shequ.js"))
    assert text == (middleware.FILES / "shequ.js").read_text() and "immutable" in headers["cache-control"]
    style = next(path for path in middleware._files() if path.endswith(".css") and "index" in path)
    assert "Source Sans;" not in answer(f"/{style}")[2]
    for path in ("/front/../server.py", "/static/js/nosuch.js", "/front/plotly-basic.LICENSE.txt"):
        assert answer(path)[0] == 404


def test_the_drawing_library_is_the_version_that_plotly_writes_for():
    head = gzip.decompress((middleware.FILES / "plotly-basic.min.js.gz").read_bytes())[:200].decode()
    assert f"v{plotly.offline.get_plotlyjs_version()}" in head


@pytest.fixture
def report(tmp_path, monkeypatch) -> Path:
    """A data folder whose newest edition has a report."""
    file = tmp_path / "report.html"
    file.write_text("<html><body><h1>2020年6月</h1></body></html>", encoding="utf-8")
    monkeypatch.setattr(plain_page, "_report", lambda: file)
    monkeypatch.setenv("SHEQU_DATA", str(tmp_path))
    return tmp_path


def test_an_old_browser_sees_the_newest_report(report):
    _, _, text = answer("/plain")
    assert "您的浏览器版本太旧" in text and "以下是最近一次发布的报告" in text and "2020年6月" in text
    assert "以下是" not in answer("/plain", client="192.0.2.1")[2]
    assert "以下是" not in answer("/plain", **{"x-forwarded-for": "192.0.2.1"})[2]


@pytest.mark.parametrize(
    ("browser", "is_old"),
    [
        ("Chrome/86.0.4240.198", True),
        ("Chrome/93.0", True),
        ("Chrome/94.0", False),
        ("Firefox/92.0", True),
        ("Trident/7.0", True),
    ],
)
def test_a_browser_that_names_itself_as_too_old_gets_the_report_at_once(report, browser, is_old):
    text = answer("/county", **{"user-agent": f"Mozilla/5.0 (Windows NT 10.0) {browser} Safari/537.36"})[2]
    assert ("您的浏览器版本太旧" in text and "2020年6月" in text) is is_old


def test_a_report_is_shown_to_whom_the_proxy_names_and_to_nobody_else(report, monkeypatch):
    (report / "access.yaml").write_text(
        "mode: proxy\nhosts: [a.example]\npeople:\n  - {id: li, name: 李某, role: 领导}\n", encoding="utf-8"
    )
    monkeypatch.setenv("SHEQU_PROXY_SECRET", "s" * 40)
    header = roles.Proxy().user_header.lower()
    assert "以下是" in answer("/plain", **{header: "li", "x-shequ-secret": "s" * 40})[2]
    for headers in (
        {},
        {header: "li"},
        {header: "li", "x-shequ-secret": "s"},
        {header: "wang", "x-shequ-secret": "s" * 40},
    ):
        assert "以下是" not in answer("/plain", **headers)[2]


def test_the_style_needs_no_younger_browser_than_the_floor_that_is_told():
    """`:has` and the property `translate` came with Chrome 105 and 104; what is newer besides has a plain value before it."""
    style = STYLE.read_text(encoding="utf-8")
    assert ":has(" not in style and not re.search(r"[ ;]translate:", style)
