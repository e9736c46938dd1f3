"""The door for uploads: before a byte of a file is read, whether this session's person may send it, and whether there is room.

Streamlit takes a PUT of every live session and keeps its bytes until the session ends. Here a session is admitted by the page shown after
sign-in, access is checked for every request, and what is kept is limited in size and time (`KEPT` seconds).
"""

import ctypes
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import cast

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from pipelines import settings
from pipelines.access import roles
from pipelines.access.roles import MAY, Actor
from pipelines.errors import Refusal

# bytes of one session, of all sessions, and files of one session; a county's workbook is a few hundred KB
MOST_A_SESSION, MOST_IN_ALL, MOST_FILES = 200 * 2**20, 500 * 2**20, 400
# seconds that an upload is kept, and after which a session that is gone is forgotten (Streamlit resumes one within 120)
KEPT, GONE_AFTER, SWEEP = 1800.0, 150.0, 30.0
# bytes of a multipart body besides its file
FRAMING = 65_536
PATH = re.compile(r"/*_stcore/+upload_file/+([^/]+)/+([^/]+)/*")


@dataclass
class _Admitted:
    """The person of a session, and until which moment (`time.monotonic`) the sign-in counts."""

    person: Actor
    until: float


@dataclass
class _Ledger:
    """Who is admitted, what is on its way (session → bytes) and since when each file is kept. Guarded by `lock`."""

    admitted: dict[str, _Admitted] = field(default_factory=dict)
    coming: dict[str, list[int]] = field(default_factory=dict)
    since: dict[tuple[str, str], float] = field(default_factory=dict)
    gone: dict[str, float] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)


_LEDGER = _Ledger()


class Refused(Exception):
    """An upload that is not taken: HTTP status and the reason in Chinese."""

    def __init__(self, status: int, why: str):
        super().__init__(why)
        self.status = status


# ---- who may


def admit(session: str, person: Actor, seconds: float) -> None:
    """Let a session send files for so many seconds, where its person may submit; called whenever a page is drawn."""
    if "submit" not in MAY[person.role]:
        return dismiss(session)
    with _LEDGER.lock:
        _LEDGER.admitted[session] = _Admitted(person, time.monotonic() + seconds)
    return None


def dismiss(session: str) -> None:
    """Take the right away, and forget what the session had sent."""
    with _LEDGER.lock:
        known = _LEDGER.admitted.pop(session, None)
    if known:
        _forget_session(session)


def _require_admitted(session: str) -> None:
    """Errors: `Refused` for a session that was not let in, whose sign-in ended, or whose person was struck from the list."""
    with _LEDGER.lock:
        known = _LEDGER.admitted.get(session)
    if known is None or time.monotonic() > known.until or not _still_may(known.person):
        raise Refused(403, "未登录或无权报送，不接收文件。请重新登录后再试")


def _still_may(person: Actor) -> bool:
    try:
        access = roles.load(settings.load())
    except Refusal:
        return False
    if access.mode == "local":
        return not settings.anonymous() and person.role == roles.LOCAL
    now = access.find(person.identity)
    return now is not None and "submit" in MAY[now.role]


# ---- how much


@contextmanager
def _reserved(session: str, size: int) -> Iterator[None]:
    """Room for `size` bytes while they come in. Errors: `Refused` where there is none."""
    with _LEDGER.lock:
        mine, files, everything = _held(session)
        if mine + size > MOST_A_SESSION or files >= MOST_FILES:
            raise Refused(413, "本次报送的文件过多或过大，请先提交已选的文件，再继续")
        if everything + size > MOST_IN_ALL:
            raise Refused(503, "正在上传的文件过多，请过几分钟再试")
        _LEDGER.coming.setdefault(session, []).append(size)
    try:
        yield
    finally:
        with _LEDGER.lock:
            _LEDGER.coming[session].remove(size)
            if not _LEDGER.coming[session]:
                del _LEDGER.coming[session]


def _held(session: str) -> tuple[int, int, int]:
    """(bytes, files of the session, bytes of all sessions), kept or on their way."""
    kept = {name: [len(file.data) for file in list(files.values())] for name, files in list(_storage().items())}
    sizes = kept.get(session, []) + _LEDGER.coming.get(session, [])
    everything = sum(map(sum, kept.values())) + sum(map(sum, _LEDGER.coming.values()))
    return sum(sizes), len(sizes), everything


def _storage() -> dict[str, dict[str, UploadedFileRec]]:
    return _manager().file_storage


def _manager() -> MemoryUploadedFileManager:
    """Streamlit's store of uploads, which its server always keeps in memory."""
    return cast(MemoryUploadedFileManager, runtime.get_instance().uploaded_file_mgr)


# ---- giving memory back


def sweep(now: float | None = None) -> int:
    """Forget files kept too long and those of sessions that are gone; returns how many."""
    now = time.monotonic() if now is None else now
    kept = [(session, name) for session, files in list(_storage().items()) for name in list(files)]
    with _LEDGER.lock:
        _LEDGER.since = {place: _LEDGER.since.get(place, now) for place in kept}
        gone = _gone(now, {session for session, _ in kept} | set(_LEDGER.admitted))
        for session in gone:
            _LEDGER.admitted.pop(session, None)
        old = [place for place, since in _LEDGER.since.items() if place[0] in gone or now - since > KEPT]
    for session, name in old:
        _manager().remove_file(session, name)
    if old:
        _trim()
    return len(old)


def _gone(now: float, sessions: set[str]) -> set[str]:
    """Sessions disconnected for longer than Streamlit resumes them."""
    away = {session for session in sessions if not runtime.get_instance().is_active_session(session)}
    _LEDGER.gone = {session: _LEDGER.gone.get(session, now) for session in away}
    return {session for session, since in _LEDGER.gone.items() if now - since > GONE_AFTER}


def _forget_session(session: str) -> None:
    if runtime.exists():
        _manager().remove_session_files(session)
        _trim()


def _trim() -> None:
    """Give freed memory back to the system; the C library keeps it otherwise. Nothing where it is not glibc."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim:
        trim(0)


def keep_sweeping() -> None:
    """Sweep in a thread of its own as long as the server runs."""

    def work() -> None:
        while True:
            time.sleep(SWEEP)
            if runtime.exists():
                sweep()

    threading.Thread(target=work, name="uploads", daemon=True).start()


# ---- the middleware


class Door:
    """ASGI: everything but uploads passes untouched. An upload must say its length, which is then all that is read of it."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (
            scope["type"] != "http"
            or scope["method"] in ("GET", "HEAD", "OPTIONS")
            or "upload_file" not in scope["path"]
        ):
            return await self.app(scope, receive, send)
        try:
            session = _session(scope["path"])
            _require_admitted(session)
            size = _length(scope) if scope["method"] != "DELETE" else 0
            with _reserved(session, size):
                await self.app(scope, _no_longer_than(receive, size + FRAMING), send)
        except Refused as refused:
            await _answer(send, refused)
        return None


def _session(path: str) -> str:
    match = PATH.fullmatch(path)
    if not match:
        raise Refused(404, "没有这个地址")
    return match[1]


def _length(scope: Scope) -> int:
    """The declared length of the body. Errors: `Refused` where it is missing, given twice, or no number."""
    header = [value for name, value in scope["headers"] if name.lower() == b"content-length"]
    if len(header) != 1 or not header[0].isdigit():
        raise Refused(411, "请求没有说明文件大小")
    return int(header[0])


def _no_longer_than(receive: Receive, most: int) -> Receive:
    """The body, cut off where it is longer than its header says."""
    left = most

    async def counted() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        return message if left >= 0 else {"type": "http.disconnect"}

    return counted


async def _answer(send: Send, refused: Refused) -> None:
    body = json.dumps({"detail": str(refused)}, ensure_ascii=False).encode()
    # what the caller still sends is not read: the connection ends with the answer
    headers = [(b"content-type", b"application/json; charset=utf-8"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": refused.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
