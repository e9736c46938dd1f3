"""ASGI middleware before Streamlit's own routes.

Streamlit's files are compressed once and kept, its page gets our script, an unknown path is answered 404 in Chinese, and browsers that cannot
run Streamlit's script get the newest report (`/plain`). Nothing here sees a figure or a session.
"""

import asyncio
import gzip
from collections.abc import Awaitable, Callable, MutableMapping
from functools import cache
from pathlib import Path
from typing import Any

from streamlit import file_util

from dashboards import request_identity
from dashboards.front import page_shell, plain_page

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

FILES = Path(__file__).with_name("files")
_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}
_A_YEAR = "public, immutable, max-age=31536000"
# below these Streamlit answers with data and downloads
_NO_PAGES = ("_stcore/", "media/")


class Front:
    """Wraps Streamlit's application; anything but GET of a page or a file goes through unchanged."""

    def __init__(self, app: Application) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            await self.app(scope, receive, send)
            return
        path = below_root(scope)
        if path == "plain" or (page_shell.is_known(path) and plain_page.is_too_old(_browser(scope))):
            await _answer(send, scope, 200, *await asyncio.to_thread(plain_page.page, request_identity.sender(scope)))
        elif file := _files().get(path):
            await _send_file(send, scope, file)
        elif path.startswith(_NO_PAGES):
            await self.app(scope, receive, send)
        else:
            await self.app(_uncompressed(scope), receive, _Shell(scope, path, send).send)


class _Shell:
    """Forwards a response. Streamlit's page is sent with our additions, or as 404 where the path names no page."""

    def __init__(self, scope: Scope, path: str, send: Send) -> None:
        self.scope, self.path, self.onward = scope, path, send
        self.start: Message | None = None
        self.body = b""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_page(message):
            self.start = message
        elif self.start is None:
            await self.onward(message)
        else:
            self.body += message.get("body", b"")
            if not message.get("more_body"):
                await self._page()

    async def _page(self) -> None:
        if not page_shell.is_shell(self.body):
            await self.onward(self.start or {})
            await self.onward({"type": "http.response.body", "body": self.body})
        elif not page_shell.is_known(self.path):
            await _answer(self.onward, self.scope, 404, page_shell.not_found(self.path), "no-store")
        else:
            await _answer(self.onward, self.scope, 200, page_shell.with_additions(self.body), "no-cache")


def _browser(scope: Scope) -> str:
    return request_identity.sender(scope).only("user-agent") or ""


def _uncompressed(scope: Scope) -> Scope:
    """The request without `Accept-Encoding`, because the page is changed before it is sent."""
    return {**scope, "headers": [pair for pair in scope["headers"] if pair[0].lower() != b"accept-encoding"]}


def _is_page(start: Message) -> bool:
    return start["status"] == 200 and any(
        name.lower() == b"content-type" and value.startswith(b"text/html") for name, value in start["headers"]
    )


async def _answer(send: Send, scope: Scope, status: int, body: bytes, caching: str) -> None:
    """A page of our own, compressed where the browser takes it."""
    await _send(send, scope, status, body, gzip.compress(body, 6), _TYPES[".html"], caching)


async def _send_file(send: Send, scope: Scope, file: Path) -> None:
    body, packed = await asyncio.to_thread(_packed, file)
    await _send(send, scope, 200, body, packed, _TYPES[_kind(file)], _A_YEAR)


async def _send(send: Send, scope: Scope, status: int, body: bytes, packed: bytes, kind: str, caching: str) -> None:
    takes = "gzip" in request_identity.sender(scope).only("accept-encoding")
    sent = packed if takes else body
    headers = {
        "content-type": kind,
        "content-length": str(len(sent)),
        "cache-control": caching,
        "vary": "Accept-Encoding",
        "x-content-type-options": "nosniff",
        **({"content-encoding": "gzip"} if takes else {}),
    }
    encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": encoded})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else sent})


@cache
def _packed(file: Path) -> tuple[bytes, bytes]:
    """A file and its compressed form: Streamlit's files and ours do not change while the server runs."""
    body = file.read_bytes()
    if file.suffix == ".gz":
        return gzip.decompress(body), body
    if file.suffix == ".css":
        body = page_shell.without_fonts(body)
    return body, gzip.compress(body, 9)


@cache
def _files() -> dict[str, Path]:
    """path → file of everything that is compressed: no other file can be reached."""
    theirs = Path(file_util.get_static_dir())
    files = {str(file.relative_to(theirs)): file for file in (theirs / "static").rglob("*") if file.suffix in _TYPES}
    return files | {page_shell.address(file): file for file in FILES.iterdir() if _kind(file) in _TYPES}


def _kind(file: Path) -> str:
    """A file's suffix, without that of its compression."""
    return Path(file.name.removesuffix(".gz")).suffix


def below_root(scope: Scope) -> str:
    """The path below the application's root, without slashes at its ends."""
    path, root = scope["path"], scope.get("root_path", "")
    return str(path.removeprefix(root)).strip("/")
