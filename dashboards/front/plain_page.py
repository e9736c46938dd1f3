"""The page for browsers that cannot run Streamlit's script, with the newest report where the reader is known without OpenID Connect."""

import re
from pathlib import Path

from dashboards import request_identity
from dashboards.request_identity import Sender
from dashboards.text.templates import render
from pipelines import settings
from pipelines.access import roles
from pipelines.access.roles import ANYBODY
from pipelines.edition.edition_folders import current

FLOOR = "Chrome、Edge、360 等 94 版以上，或 Firefox 93、Safari 16.4 以上"
# the first version of each engine that can run the pages; Internet Explorer has none
_FIRST = {"Chrome": 94, "Firefox": 93}
_ENGINE = re.compile(r"\b(Chrome|Firefox)/(\d+)")
_SAID = f"您的浏览器版本太旧，打不开本系统的页面。请换用或升级浏览器（{FLOOR}；360 请用“极速模式”）。"


def is_too_old(browser: str) -> bool:
    """Whether a browser names itself as one that cannot run the pages. Others are tested by the page itself: some hide their version."""
    engine = _ENGINE.search(browser)
    return bool(engine and int(engine[2]) < _FIRST[engine[1]]) or "Trident/" in browser or "MSIE " in browser


def page(sender: Sender) -> tuple[bytes, str]:
    """HTML and its caching: the newest report under a notice, or the notice alone."""
    report = _report() if _may_read(sender) else None
    if report is None:
        return _notice_alone().encode(), "no-store"
    notice = (
        f'<p style="margin:0 0 1em;padding:.6em 1em;border:1px solid #c9cfd4">{_SAID}以下是最近一次发布的报告。</p>'
    )
    head, body, rest = report.read_text(encoding="utf-8").partition("<body>")
    return f"{head}{body}{notice}{rest}".encode() if body else _notice_alone().encode(), "no-store"


def _notice_alone() -> str:
    return render("plain_page.html", notice=_SAID)


def _report() -> Path | None:
    folder = current(settings.load().releases)
    return next(iter(sorted((folder / "reports").glob("*.html"))), None) if folder else None


def _may_read(sender: Sender) -> bool:
    """Whether the sender is known without OpenID Connect, whose sign-in is not read here."""
    person, _ = request_identity.who(roles.load(settings.load()), sender)
    return person is not None and person is not ANYBODY
